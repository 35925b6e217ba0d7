//! The firmware service from outside: real git, real stores.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by a panic")]

mod bench;
mod mirrors;
mod repository;
mod servers;
mod signatures;
mod versions;
