//! The lane of one endpoint: takes what waits for it, sends, and writes down what came of it, until nothing is due.
//!
//! Letters are sent while the turn before is being written, so that neither waits for the other.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fairlead_model::{DeliveryId, EndpointId, Time};
use fairlead_store::StoreError;
use fairlead_store::routing::deliveries::DeliveryRow;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Instant, sleep_until};

use super::turn::{self, Tried, Turn};
use super::{Bell, Lanes};
use crate::endpoints::{Driver, Fault, Letter, Sent};
use crate::service::Courier;

/// Most letters in hand.
const MOST: usize = 512;
/// Letters that a lane takes at first.
const AT_FIRST: usize = 16;
/// The longest that an outcome waits for others to be written with.
const LINGER: Duration = Duration::from_millis(50);
/// What is left of a claim when a letter is sent must be longer than its try by this.
const MARGIN: Duration = Duration::from_secs(10);
/// After the store has failed.
const REST: Duration = Duration::from_secs(1);
/// A portion that went out within this may be larger the next time; one that took longer than the other, smaller.
const QUICK: Duration = Duration::from_secs(1);
const SLOW: Duration = Duration::from_secs(5);

type Flight = Pin<Box<dyn Future<Output = Tried> + Send>>;
type TurnTaken = Result<Option<Turn>, StoreError>;

/// A letter in hand.
struct InHand {
    letter: Letter,
    row: Place,
}

/// Where a letter stands among those that wait.
#[derive(Clone, Copy)]
struct Place {
    due_at: Option<fairlead_store::Micros>,
    claimed_until: Time,
    is_probe: bool,
}

/// One endpoint's lane.
struct Lane {
    courier: Courier,
    lanes: Arc<Lanes>,
    id: EndpointId,
    driver: Option<Result<Arc<Driver>, String>>,
    waiting: VecDeque<InHand>,
    flying: FuturesUnordered<Flight>,
    /// One at most.
    turns: FuturesUnordered<Pin<Box<dyn Future<Output = TurnTaken> + Send>>>,
    /// What came of letters, and is not written down.
    tried: Vec<Tried>,
    /// Since when.
    oldest: Option<Instant>,
    /// What the turn writes down that is being taken.
    writing: Vec<Tried>,
    /// Claims that ran out before their letters were sent.
    unsent: Vec<DeliveryId>,
    /// Letters that are wanted in hand; so many were asked for last, and when.
    want: usize,
    asked: usize,
    asked_at: Instant,
    /// Whether there may be more than is in hand.
    more: bool,
    rest_until: Option<Instant>,
}

/// Runs until nothing is due, or nothing may be sent.
pub(crate) async fn run(courier: Courier, lanes: Arc<Lanes>, id: EndpointId, bell: Arc<Bell>) {
    let stop = courier.stop.clone();
    let mut lane = Lane {
        courier,
        lanes,
        id,
        driver: None,
        waiting: VecDeque::new(),
        flying: FuturesUnordered::new(),
        turns: FuturesUnordered::new(),
        tried: Vec::new(),
        oldest: None,
        writing: Vec::new(),
        unsent: Vec::new(),
        want: AT_FIRST,
        asked: 0,
        asked_at: Instant::now(),
        more: true,
        rest_until: None,
    };
    loop {
        let stopping = stop.is_cancelled();
        lane.more |= bell.was_rung();
        if stopping {
            lane.put_down();
        }
        lane.send();
        let at_rest = lane.rest_until.is_some();
        if lane.turns.is_empty() && !at_rest && lane.wants_a_turn(stopping) {
            lane.take_a_turn(stopping);
        }
        if lane.turns.is_empty() && !at_rest && lane.flying.is_empty() {
            return;
        }
        let linger = lane.oldest.map(|oldest| oldest + LINGER).filter(|_| lane.turns.is_empty() && !at_rest);
        tokio::select! {
            Some(tried) = lane.flying.next(), if !lane.flying.is_empty() => lane.landed(tried),
            Some(taken) = lane.turns.next(), if !lane.turns.is_empty() => {
                if !lane.took(taken, stopping) {
                    return;
                }
            }
            () = bell.rung() => lane.more = true,
            () = until(linger), if linger.is_some() => {}
            () = until(lane.rest_until), if at_rest => lane.rest_until = None,
            () = stop.cancelled(), if !stopping => {}
        }
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

impl Lane {
    /// Sends as many letters as may be on their way at a time.
    fn send(&mut self) {
        let Some(driver) = &self.driver else { return };
        let (at_once, patience) =
            driver.as_ref().map_or((1, Duration::ZERO), |driver| (driver.at_once(), driver.patience()));
        let least = self.courier.on_the_clock(patience + MARGIN);
        while self.flying.len() < at_once {
            let Some(InHand { letter, row }) = self.waiting.pop_front() else { return };
            let now = self.courier.clock.now();
            if row.claimed_until.since(now) < least {
                // It is taken anew, if nobody else has done so.
                if row.claimed_until > now {
                    self.unsent.push(letter.id);
                }
                self.more = true;
                continue;
            }
            self.flying.push(Box::pin(fly(driver.clone(), letter, row)));
        }
    }

    fn landed(&mut self, tried: Tried) {
        self.lanes.count(self.driver.as_ref().and_then(|driver| driver.as_deref().ok()), &tried.sent);
        self.oldest.get_or_insert_with(Instant::now);
        self.tried.push(tried);
    }

    fn wants_a_turn(&self, stopping: bool) -> bool {
        let is_idle = self.flying.is_empty() && self.waiting.is_empty();
        let has_lingered = self.oldest.is_some_and(|oldest| oldest.elapsed() >= LINGER);
        let has_words = !self.tried.is_empty() || !self.unsent.is_empty();
        let is_hungry = self.more && !stopping && self.waiting.len() <= self.want / 2;
        is_hungry || has_words && (is_idle || has_lingered || stopping || self.tried.len() >= MOST / 2)
    }

    fn take_a_turn(&mut self, stopping: bool) {
        self.asked = if stopping { 0 } else { self.want.saturating_sub(self.waiting.len()) };
        self.asked_at = Instant::now();
        self.more = false;
        self.writing = std::mem::take(&mut self.tried);
        self.oldest = None;
        let unsent = std::mem::take(&mut self.unsent);
        let (courier, id, asked, tried) = (self.courier.clone(), self.id, self.asked, self.writing.clone());
        self.turns.push(Box::pin(async move {
            let store = courier.store.clone();
            store.write(move |tx| turn::take(tx, &courier, id, &tried, &unsent, asked)).await
        }));
    }

    /// What came of a turn; false where nothing is left to do.
    fn took(&mut self, taken: TurnTaken, stopping: bool) -> bool {
        match taken {
            Ok(Some(turn)) => {
                self.writing.clear();
                self.driver = Some(self.lanes.driver(&turn.endpoint));
                self.lanes.tell(&self.courier, &turn);
                self.size(turn.claimed.len());
                for row in turn.claimed {
                    self.take_in_hand(row, turn.is_probe);
                }
                true
            }
            Ok(None) => {
                self.lanes.forget(self.id);
                false
            }
            Err(error) if stopping => {
                tracing::warn!(%error, endpoint = %self.id, "what came of letters was not written down");
                false
            }
            Err(error) => {
                tracing::warn!(%error, endpoint = %self.id, "a lane waits for the store");
                // It is known what came of them, and it is written down as soon as that can be.
                let mut known = std::mem::take(&mut self.writing);
                known.append(&mut self.tried);
                self.tried = known;
                self.oldest = Some(Instant::now());
                self.more = true;
                self.rest_until = Some(Instant::now() + REST);
                true
            }
        }
    }

    /// How many letters are wanted in hand from now on: as many as go out in about a second.
    fn size(&mut self, came: usize) {
        let floor =
            self.driver.as_ref().and_then(|driver| driver.as_ref().ok()).map_or(1, |driver| driver.at_once());
        if came > 0 && came >= self.asked {
            self.more = true;
            let took = self.asked_at.elapsed();
            if took < QUICK {
                self.want *= 2;
            } else if took > SLOW {
                self.want /= 2;
            }
        }
        self.want = self.want.clamp(floor, MOST);
    }

    fn take_in_hand(&mut self, row: DeliveryRow, is_probe: bool) {
        let place = Place { due_at: row.due_at, claimed_until: row.claimed_until.into(), is_probe };
        let (id, attempt) = (row.id.into(), row.attempts.saturating_add(1));
        match row.attributes() {
            Ok(attributes) => {
                let letter = Letter {
                    id,
                    attempt,
                    created_at: row.created_at.into(),
                    format: row.format,
                    content_type: row.content_type,
                    attributes,
                    body: Bytes::from(row.body),
                };
                self.waiting.push_back(InHand { letter, row: place });
            }
            Err(error) => {
                tracing::error!(%error, delivery = %id, "a delivery cannot be read");
                self.tried.push(place.tried(id, attempt, Sent::failed("It cannot be read.", Fault::Never)));
            }
        }
    }

    /// The process stops: what was not sent is nobody's.
    fn put_down(&mut self) {
        let now = self.courier.clock.now();
        let waiting = self.waiting.drain(..).filter(|in_hand| in_hand.row.claimed_until > now);
        self.unsent.extend(waiting.map(|in_hand| in_hand.letter.id));
    }
}

impl Place {
    fn tried(self, id: DeliveryId, attempt: i32, sent: Sent) -> Tried {
        let Self { due_at, is_probe, .. } = self;
        Tried { id, attempt, due_at, is_probe, sent, jitter: rand::random() }
    }
}

/// Makes one try.
async fn fly(driver: Result<Arc<Driver>, String>, letter: Letter, row: Place) -> Tried {
    let sent = match driver {
        Ok(driver) => driver.send(&letter).await,
        Err(why) => Sent::failed(why, Fault::Again),
    };
    row.tried(letter.id, letter.attempt, sent)
}
