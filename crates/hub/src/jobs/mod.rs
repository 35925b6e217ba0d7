//! What the hub does unasked.

pub(crate) mod frames;
pub(crate) mod number;
