//! What the intake does beside answering.

pub(crate) mod drain;
