//! The courier from outside: a real store, a real bus, and a provider that lies, hangs and dies.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by a panic")]

mod asking;
mod bad_days;
mod desk;
mod handsets;
mod proofs;
mod sending;
