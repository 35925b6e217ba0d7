//! Gives what was committed its place in the change feed, and forgets what is too old.
//!
//! Several hubs may do so at once: one of them holds the sequence, the others wait for it.

use std::time::Duration;

use fairlead_model::Clock;
use fairlead_store::{Store, StoreError, changes};
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::frames::Frame;

/// How often is looked, whether news have come or not: another process may have written.
const LOOK: Duration = Duration::from_secs(1);

/// Shortest time between two looks, so that a flood is numbered in large groups.
const GATHER: Duration = Duration::from_millis(100);

/// Most units of work that are numbered in one transaction.
const GROUP: i64 = 500;

/// How often old steps are forgotten.
const FORGET: Duration = Duration::from_secs(600);

/// Most steps that are forgotten in one transaction.
const FORGOTTEN_TOGETHER: i64 = 1_000;

/// Length of a day.
const DAY: Duration = Duration::from_secs(86_400);

/// Numbers until the process stops; `numbered` changes whenever the feed has grown.
pub(crate) async fn run(
    store: Store,
    clock: Clock,
    mut news: broadcast::Receiver<Frame>,
    numbered: watch::Sender<()>,
    stop: CancellationToken,
) {
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = look.tick() => {}
            // That something was said is enough; what it was is in the store.
            _ = news.recv() => {}
            () = stop.cancelled() => return,
        }
        loop {
            match number(&store, &clock).await {
                Ok(0) => break,
                Ok(_) => {
                    numbered.send_replace(());
                }
                Err(error) => {
                    tracing::debug!(%error, "the change feed was not numbered; trying again");
                    break;
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(GATHER) => {}
            () = stop.cancelled() => return,
        }
        news = news.resubscribe();
    }
}

async fn number(store: &Store, clock: &Clock) -> Result<usize, StoreError> {
    // A look costs nothing; a transaction on an embedded store costs the writer's turn.
    if !store.read(changes::any_pending).await? {
        return Ok(0);
    }
    let clock = clock.clone();
    store.write(move |tx| changes::put_in_order(tx, &clock, GROUP)).await
}

/// Forgets steps that are older than `days`, until the process stops.
pub(crate) async fn forget(store: Store, clock: Clock, days: u32, stop: CancellationToken) {
    let mut next = Instant::now() + GATHER;
    loop {
        tokio::select! {
            () = tokio::time::sleep_until(next) => {}
            () = stop.cancelled() => return,
        }
        let before = clock.now().minus(DAY.saturating_mul(days));
        let forgotten =
            store.write(move |tx| changes::forget_before(tx, before, FORGOTTEN_TOGETHER)).await.unwrap_or(0);
        let more = i64::try_from(forgotten).is_ok_and(|n| n == FORGOTTEN_TOGETHER);
        next = Instant::now() + if more { GATHER } else { FORGET };
    }
}
