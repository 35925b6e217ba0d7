//! What the firmware service does by itself: one file a job.

pub(crate) mod stages;
pub(crate) mod sweep;
