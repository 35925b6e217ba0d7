//! What the firmware service does by itself: mirroring repositories, preparing versions.

pub(crate) mod mirror;
pub(crate) mod prepare;
