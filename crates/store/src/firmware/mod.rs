//! Firmware: mirrored repositories, the versions that were chosen from them, and what is in those.

pub mod jobs;
pub mod rollouts;
pub mod seen;
pub mod sources;
pub mod versions;
