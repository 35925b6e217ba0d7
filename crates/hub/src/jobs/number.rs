//! Gives what was committed its place in the change feed, and forgets what is too old.
//!
//! Several hubs may do so at once: one of them holds the sequence, the others wait for it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fairlead_model::Clock;
use fairlead_store::{Store, StoreError, changes};
use fairlead_web::health::Check;
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::frames::Frame;

/// How often is looked, whether news have come or not: another process may have written.
const LOOK: Duration = Duration::from_secs(1);

/// Shortest time between two looks, so that a flood is numbered in large groups.
const GATHER: Duration = Duration::from_millis(100);

/// Most units of work that are numbered in one transaction.
const GROUP: i64 = 200;

/// How often old steps are forgotten.
const FORGET: Duration = Duration::from_secs(600);

/// Most steps that are forgotten in one transaction.
const FORGOTTEN_TOGETHER: i64 = 1_000;

/// Length of a day.
const DAY: Duration = Duration::from_secs(86_400);

/// Numbers until the process stops; `numbered` changes whenever the feed has grown, by whichever hub.
pub(crate) async fn run(
    store: Store,
    clock: Clock,
    mut news: broadcast::Receiver<Frame>,
    numbered: watch::Sender<i64>,
    standing: Standing,
    stop: CancellationToken,
) {
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !stop.is_cancelled() {
        tokio::select! {
            _ = look.tick() => {}
            // That something was said is enough; what it was is in the store.
            _ = news.recv() => {}
            () = stop.cancelled() => return,
        }
        // Less than a whole group waits for the next look: a flood is numbered in large ones.
        let done = loop {
            match number(&store, &clock).await {
                Ok(n) if i64::try_from(n).is_ok_and(|n| n == GROUP) && !stop.is_cancelled() => {}
                done => break done,
            }
        };
        let last = store.read(changes::last).await;
        if let Ok(last) = last {
            numbered.send_if_modified(|known| std::mem::replace(known, last) != last);
        }
        standing.is(done.err());
        tokio::select! {
            () = tokio::time::sleep(GATHER) => {}
            () = stop.cancelled() => return,
        }
        news = news.resubscribe();
    }
}

/// How numbering stands, for the health of the process.
#[derive(Clone, Default)]
pub(crate) struct Standing(Arc<Mutex<Option<String>>>);

impl Standing {
    fn is(&self, failed: Option<StoreError>) {
        if let Some(error) = &failed {
            tracing::debug!(%error, "the change feed was not numbered; trying again");
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = failed.map(|error| error.to_string());
    }

    /// What is found of it.
    pub(crate) fn check(&self) -> Check {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            None => Check::good("change feed", "What changes is given its place."),
            Some(why) => {
                let found = format!("What changes waits for its place, and is kept: {why}.");
                Check::bad("change feed", found)
                    .bearable()
                    .advice("Bring the store back; programs lose nothing.")
            }
        }
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
