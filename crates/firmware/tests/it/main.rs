//! The firmware service from outside: real git, real stores, and devices that are as strict as the real ones.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by a panic")]

mod bench;
mod clearing;
mod device;
mod door;
mod field;
mod mirrors;
mod proxy;
mod repository;
mod rollouts;
mod servers;
mod signatures;
mod sizes;
mod upgrades;
mod versions;
