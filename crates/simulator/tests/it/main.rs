//! The crate from outside: the world's messages, the provider's pushes, its books, and the check against Fairlead.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so by panicking, in its helpers too"
)]

mod bench;
mod bodies;
mod ends;
mod firmware_tree;
mod ledger;
mod mt;
mod mt_doors;
mod platforms;
mod play;
mod told;
mod verify;
mod world;

use fairlead_model::Time;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

/// The present of every world here.
fn present() -> Time {
    Time::parse_rfc3339("2026-06-17T14:23:11Z").unwrap()
}
