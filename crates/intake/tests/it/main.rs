//! The intake from outside: pushes go in by HTTP, and what became of them is read from the store.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

mod backfill;
mod bodies;
mod cloudloop;
mod door;
mod duplicates;
mod first_run;
mod import;
mod outage;
mod rockstar;
mod trust;
