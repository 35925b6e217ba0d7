//! Queues in one process: workers take their work straight from the outbox.
//!
//! Three stages run beside each other for each consumer: one fetches due rows, one has them handled, one settles what
//! was handled, as many rows in one commit as have come together. What is in hand is remembered, so that no row is
//! handled twice at a time; a row leaves the outbox only once its work is done, so a crash loses nothing.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fairlead_model::queue::QueueMessage;
use fairlead_store::outbox::{self, OutboxRow};
use fairlead_store::{Id, StoreError, Tx};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::bus::Inner;
use crate::handle::{self, Consumer, Portions, Sealed};
use crate::park::park;
use crate::verdict::Settlement;

/// Most rows settled in one commit.
const SETTLED_TOGETHER: usize = 500;

/// Pause between two looks into a queue that was empty a moment ago: any queue's news wakes all.
const BREATH: Duration = Duration::from_millis(2);

/// Pause before the store is asked again after it failed.
const STORE_PAUSE: Duration = Duration::from_millis(250);

/// How often settling is tried while stopping; what is not settled then is handled again after the next start.
const LAST_TRIES: u32 = 20;

/// What this process has in hand, by queue.
#[derive(Default)]
pub(crate) struct Queues(Mutex<HashMap<&'static str, Arc<Hand>>>);

/// What this process has in hand of one queue.
#[derive(Default)]
struct Hand {
    /// One look at a time: a row that was settled during a look must not be taken from its result.
    looking: tokio::sync::Mutex<()>,
    ids: Mutex<Ids>,
}

#[derive(Default)]
struct Ids {
    held: HashSet<Id>,
    /// No longer in hand, but a look that is under way may still show them.
    let_go: Vec<Id>,
}

/// A row in hand, until this is dropped.
struct Held {
    row: OutboxRow,
    hand: Arc<Hand>,
}

impl Held {
    fn sealed(&self) -> Sealed<'_> {
        let attempt = u32::try_from(self.row.attempt).unwrap_or(0);
        Sealed { json: self.row.body.as_bytes(), attempt: Some(attempt) }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.hand.ids().let_go.push(self.row.id);
    }
}

impl Queues {
    fn hand(&self, queue: &'static str) -> Arc<Hand> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(queue).or_default().clone()
    }
}

impl Hand {
    fn ids(&self) -> std::sync::MutexGuard<'_, Ids> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes up to `want` due rows in hand.
    async fn fetch(
        self: &Arc<Self>,
        bus: &Inner,
        queue: &'static str,
        want: usize,
    ) -> Result<Vec<Held>, StoreError> {
        let _alone = self.looking.lock().await;
        let limit = i64::try_from(self.forget() + want).unwrap_or(i64::MAX);
        let now = bus.clock.now();
        let rows = bus.store.read(move |conn| outbox::due(conn, queue, now, limit)).await?;
        Ok(rows.into_iter().filter_map(|row| self.take(row)).take(want).collect())
    }

    /// Forgets what was let go before this look, and says how many are still in hand.
    fn forget(&self) -> usize {
        let mut ids = self.ids();
        for id in std::mem::take(&mut ids.let_go) {
            ids.held.remove(&id);
        }
        ids.held.len()
    }

    fn take(self: &Arc<Self>, row: OutboxRow) -> Option<Held> {
        self.ids().held.insert(row.id).then(|| Held { row, hand: self.clone() })
    }
}

/// Handles one queue until stopped; then finishes what is being handled.
pub(crate) async fn consume<C: Consumer>(
    bus: &Arc<Inner>,
    queues: &Queues,
    consumer: C,
    concurrency: usize,
    stop: CancellationToken,
) {
    let hand = queues.hand(C::Message::NAME);
    let ahead = (4 * concurrency).clamp(32, 512);
    let (fetched, to_handle) = mpsc::channel(ahead);
    let (handled, to_settle) = mpsc::channel(2 * SETTLED_TOGETHER);
    let portions = Portions::of::<C>(concurrency);
    tokio::join!(
        fetch_all(bus, &hand, C::Message::NAME, fetched, &stop),
        handle_all(bus, Arc::new(consumer), &portions, to_handle, handled, &stop),
        settle_all(bus, C::Message::NAME, to_settle, &stop),
    );
}

async fn fetch_all(
    bus: &Inner,
    hand: &Arc<Hand>,
    queue: &'static str,
    fetched: mpsc::Sender<Held>,
    stop: &CancellationToken,
) {
    let mut written = bus.store.outbox_written();
    let batch = fetched.max_capacity() / 2;
    loop {
        let Some(Ok(room)) = stop.run_until_cancelled(fetched.reserve_many(batch)).await else { return };
        written.borrow_and_update();
        let pause = match hand.fetch(bus, queue, batch).await {
            Ok(rows) => {
                let drained = rows.len() < batch;
                room.zip(rows).for_each(|(place, row)| place.send(row));
                if !drained {
                    continue;
                }
                BREATH
            }
            Err(error) => {
                tracing::warn!(queue, %error, "the outbox cannot be read");
                STORE_PAUSE
            }
        };
        bus.backlog.show(&bus.store).await;
        let news = async {
            tokio::time::sleep(pause).await;
            // The sweep finds what other processes wrote, and what has become due.
            let _ = tokio::time::timeout(bus.options.sweep, written.changed()).await;
        };
        if stop.run_until_cancelled(news).await.is_none() {
            return;
        }
    }
}

async fn handle_all<C: Consumer>(
    bus: &Arc<Inner>,
    consumer: Arc<C>,
    portions: &Portions,
    mut to_handle: mpsc::Receiver<Held>,
    handled: mpsc::Sender<(Held, Settlement)>,
    stop: &CancellationToken,
) {
    let mut at_work = JoinSet::new();
    loop {
        let mut portion = Vec::new();
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(_) = at_work.join_next() => {}
            count = to_handle.recv_many(&mut portion, portions.together), if at_work.len() < portions.tasks => {
                if count == 0 {
                    break;
                }
                let (bus, consumer, handled) = (bus.clone(), consumer.clone(), handled.clone());
                at_work.spawn(async move {
                    let sealed: Vec<Sealed<'_>> = portion.iter().map(Held::sealed).collect();
                    let settlements = handle::handle(&bus, &consumer, &sealed).await;
                    for done in portion.into_iter().zip(settlements) {
                        let _ = handled.send(done).await;
                    }
                });
            }
        }
    }
    drop(to_handle);
    while at_work.join_next().await.is_some() {}
}

async fn settle_all(
    bus: &Inner,
    queue: &'static str,
    mut to_settle: mpsc::Receiver<(Held, Settlement)>,
    stop: &CancellationToken,
) {
    let mut batch = Vec::new();
    while to_settle.recv_many(&mut batch, SETTLED_TOGETHER).await > 0 {
        let settlements =
            batch.iter().map(|(held, settlement)| Settled::new(bus, &held.row, settlement)).collect();
        settle(bus, queue, settlements, stop).await;
        batch.clear();
    }
}

/// What is to be written about one row.
#[derive(Clone)]
enum Settled {
    Remove(Id),
    PutOff(Id, i32, fairlead_model::Time),
    Park(Id, String, String),
}

impl Settled {
    fn new(bus: &Inner, row: &OutboxRow, settlement: &Settlement) -> Self {
        match settlement {
            Settlement::Done => Self::Remove(row.id),
            Settlement::PutOff { attempt, pause } => {
                let attempt = i32::try_from(*attempt).unwrap_or(i32::MAX);
                Self::PutOff(row.id, attempt, bus.clock.now().plus(*pause))
            }
            Settlement::Park { reason } => Self::Park(row.id, row.body.clone(), reason.clone()),
        }
    }
}

/// Writes what became of some rows, in one transaction; where the store refuses them together, one by one.
async fn settle(bus: &Inner, queue: &'static str, settled: Vec<Settled>, stop: &CancellationToken) {
    match write_in_time(bus, queue, settled.clone(), stop).await {
        Ok(()) => {}
        Err(error) if settled.len() == 1 => {
            tracing::error!(queue, %error, "what became of a message cannot be written; it is handled again");
            tokio::time::sleep(STORE_PAUSE).await;
        }
        Err(_) => {
            for one in settled {
                Box::pin(settle(bus, queue, vec![one], stop)).await;
            }
        }
    }
}

/// Tries again for as long as the store is away, or a little while once stopped.
async fn write_in_time(
    bus: &Inner,
    queue: &'static str,
    settled: Vec<Settled>,
    stop: &CancellationToken,
) -> Result<(), StoreError> {
    let mut last_tries = 0;
    loop {
        match write(bus, queue, settled.clone()).await {
            Err(error) if error.is_passing() && last_tries < LAST_TRIES => {
                tracing::warn!(queue, %error, "what became of messages waits for the store");
                last_tries += u32::from(stop.is_cancelled());
                tokio::time::sleep(STORE_PAUSE).await;
            }
            result => return result,
        }
    }
}

async fn write(bus: &Inner, queue: &'static str, settled: Vec<Settled>) -> Result<(), StoreError> {
    let clock = bus.clock.clone();
    let work = move |tx: &mut Tx<'_>| {
        let mut gone = Vec::new();
        for one in &settled {
            match one {
                Settled::Remove(id) => gone.push(*id),
                Settled::PutOff(id, attempt, not_before) => outbox::put_off(tx, *id, *attempt, *not_before)?,
                Settled::Park(id, json, reason) => {
                    park(tx, &clock, queue, json, reason)?;
                    gone.push(*id);
                }
            }
        }
        outbox::remove(tx, &gone).map(|_| ())
    };
    bus.store.write(work).await
}
