//! What the courier does by itself: one file a job.

pub(crate) mod hear;
pub(crate) mod schedule;
pub(crate) mod serve;
pub(crate) mod sweep;
