//! The firmware service from outside.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by a panic")]

mod device;
mod door;
mod field;
mod proxy;
mod rollouts;
mod upgrades;
