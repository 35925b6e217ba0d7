//! The courier from outside: a real store, a real bus, and a provider that lies, hangs and dies.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by a panic")]

mod asking;
mod bad_days;
mod budgets;
mod deliveries;
mod desk;
mod endpoints;
mod groups;
mod mailroom;
mod peers;
mod platforms;
mod proofs;
mod quay;
mod receiver;
mod routed;
mod schedules;
mod sending;
mod webhooks;
