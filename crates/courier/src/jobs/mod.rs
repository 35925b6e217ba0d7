//! What the courier does by itself: one file a job.

pub(crate) mod hear;
pub(crate) mod serve;
pub(crate) mod steer;
pub(crate) mod sweep;
