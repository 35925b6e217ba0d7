//! The crate from outside: the known pairs of the original system, its pinned behaviours, real sizes, and
//! properties over built and mutated bytes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so by panicking, in its helpers too"
)]

mod doors;
mod pinned;
mod properties;
mod speakers;
mod vectors;
