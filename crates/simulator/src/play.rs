//! Playing a world against an intake: its past as fast as it is accepted, its present by the clock.

mod round;
mod wait;

use std::ops::Range;

use anyhow::Result;
use fairlead_model::{Imei, Time};
use tokio_util::sync::CancellationToken;

use crate::ledger::Ledger;
use crate::satellite::{Provider, World};
use round::{Pace, Round};

/// How far a round has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Pushes that were accepted.
    pub accepted: u64,
    /// Attempts that were not.
    pub failed: u64,
    /// Pushes that will not be tried again.
    pub given_up: u64,
    /// Malformed pushes that were not accepted, as they should not be.
    pub kept_out: u64,
    /// Pushes that an earlier run had settled already.
    pub skipped: u64,
}

/// Pushes everything that happened in `range`, as fast as it is accepted: one push at a time for each modem, so
/// that what should come in order does. Ends when all of it is settled, or `stop` is cancelled.
///
/// # Errors
/// Where the ledger cannot be written.
pub async fn seed_history(
    world: &World,
    range: Range<Time>,
    provider: &Provider,
    ledger: &Ledger,
    stop: &CancellationToken,
    progress: impl FnMut(Progress) + Send,
) -> Result<Progress> {
    let schedule = world.schedule(range.start, Some(range.end), provider.settings().faults);
    Round::new(provider, ledger, schedule, Pace::FlatOut).run(stop, progress).await
}

/// Pushes everything that happens from `from` on, each when it is due by the provider's clock, until `stop` is
/// cancelled. What an earlier run left unanswered is tried again first.
///
/// # Errors
/// Where the ledger cannot be written.
pub async fn play(
    world: &World,
    from: Time,
    provider: &Provider,
    ledger: &Ledger,
    stop: &CancellationToken,
    progress: impl FnMut(Progress) + Send,
) -> Result<Progress> {
    let schedule = world.schedule(from, None, provider.settings().faults);
    let mut round = Round::new(provider, ledger, schedule, Pace::ByClock);
    let modems: Vec<Imei> = world.modems().collect();
    round.resume(|delivery| modems.contains(&delivery.sent.imei));
    round.run(stop, progress).await
}
