//! What the firmware service does by itself: one file a job.

pub(crate) mod mirror;
pub(crate) mod prepare;
pub(crate) mod stages;
pub(crate) mod sweep;
