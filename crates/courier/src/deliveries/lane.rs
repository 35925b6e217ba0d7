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
use fairlead_store::routing::endpoints::Endpoint;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Instant, sleep_until};

use super::turn::{self, Tried, Turn};
use super::{Bell, Lanes, rules};
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
/// After a portion that went out within this more may be in hand; after one that took longer than the other, less.
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

/// Letters that were taken together, as many as were asked for.
struct Portion {
    /// Which of all letters that came in hand is its last.
    last: usize,
    since: Instant,
}

/// One endpoint's lane.
struct Lane {
    courier: Courier,
    lanes: Arc<Lanes>,
    id: EndpointId,
    driver: Option<Result<Arc<Driver>, String>>,
    /// The endpoint as the last turn found it, with what came of letters since.
    endpoint: Option<Endpoint>,
    waiting: VecDeque<InHand>,
    /// Those of which something still waits.
    portions: VecDeque<Portion>,
    /// Letters that ever came in hand.
    came: usize,
    flying: FuturesUnordered<Flight>,
    /// One at most.
    turns: FuturesUnordered<Pin<Box<dyn Future<Output = TurnTaken> + Send>>>,
    /// What came of letters, and is not written down.
    tried: Vec<Tried>,
    /// Since when.
    oldest: Option<Instant>,
    /// What the turn writes down that is being taken.
    writing: Vec<Tried>,
    /// Claims whose letters were not sent.
    unsent: Vec<DeliveryId>,
    /// Letters that are wanted in hand; so many were asked for last.
    want: usize,
    asked: usize,
    /// Whether there may be more than is in hand.
    more: bool,
    /// Whether what the turn brings that is being taken is out of date.
    is_old: bool,
    /// Whether the store has refused what was to be written down.
    refused: bool,
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
        endpoint: None,
        waiting: VecDeque::new(),
        portions: VecDeque::new(),
        came: 0,
        flying: FuturesUnordered::new(),
        turns: FuturesUnordered::new(),
        tried: Vec::new(),
        oldest: None,
        writing: Vec::new(),
        unsent: Vec::new(),
        want: AT_FIRST,
        asked: 0,
        more: true,
        is_old: false,
        refused: false,
        rest_until: None,
    };
    loop {
        let stopping = stop.is_cancelled();
        lane.more |= bell.was_rung();
        if bell.wants_anew() {
            lane.begin_anew();
        }
        if stopping {
            // What was not sent is nobody's.
            lane.put_down(|_| false);
        }
        lane.send();
        lane.size();
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
        self.learn(&tried);
        self.tried.push(tried);
        self.heed();
    }

    /// What a letter tells of its endpoint counts at once, not only once it is written down.
    fn learn(&mut self, tried: &Tried) {
        let now = self.courier.clock.now();
        if let Some(endpoint) = &mut self.endpoint {
            rules::note(&mut endpoint.state, &tried.sent, tried.is_probe, now);
        }
    }

    /// Puts down what may not go out as the endpoint is now.
    fn heed(&mut self) {
        let Some(endpoint) = &self.endpoint else { return };
        let now = self.courier.clock.now();
        let goes = |is_probe| endpoint.enabled && rules::may_go(&endpoint.state, is_probe, now);
        let (any, probe) = (goes(false), goes(true));
        if !any {
            self.put_down(|place| probe && place.is_probe);
        }
    }

    /// Somebody has changed the endpoint, or what waits for it: all that was not sent is taken anew.
    fn begin_anew(&mut self) {
        self.put_down(|_| false);
        self.more = true;
        self.is_old = !self.turns.is_empty();
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
                self.refused = false;
                self.driver = Some(self.lanes.driver(&turn.endpoint));
                self.lanes.tell(&self.courier, &turn);
                self.take_in_hand(turn);
                if std::mem::take(&mut self.is_old) {
                    self.begin_anew();
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
                self.keep(&error);
                self.more = true;
                self.is_old = false;
                self.rest_until = Some(Instant::now() + REST);
                true
            }
        }
    }

    /// It is known what came of letters, and it is written down as soon as that can be. What the store refuses it would
    /// refuse again: then without the peer's words, and if that is refused, too, claims run out.
    fn keep(&mut self, error: &StoreError) {
        let mut known = std::mem::take(&mut self.writing);
        if error.is_passing() {
            tracing::warn!(%error, endpoint = %self.id, "a lane waits for the store");
        } else {
            tracing::error!(%error, endpoint = %self.id, "what came of letters is refused");
            if std::mem::replace(&mut self.refused, true) {
                known.clear();
            }
            known.iter_mut().for_each(Tried::leave_words_out);
            self.tried.iter_mut().for_each(Tried::leave_words_out);
        }
        known.append(&mut self.tried);
        self.tried = known;
        self.oldest = Some(Instant::now());
    }

    /// How many letters are wanted in hand from now on: as many as go out in about a second.
    fn size(&mut self) {
        let gone = self.came - self.waiting.len();
        while let Some(portion) = self.portions.pop_front_if(|portion| portion.last <= gone) {
            let took = portion.since.elapsed();
            if took < QUICK {
                self.want *= 2;
            } else if took > SLOW {
                self.want /= 2;
            }
        }
        let floor =
            self.driver.as_ref().and_then(|driver| driver.as_ref().ok()).map_or(1, |driver| driver.at_once());
        self.want = self.want.clamp(floor, MOST);
    }

    /// What a turn has brought, and what it says of the endpoint.
    fn take_in_hand(&mut self, turn: Turn) {
        let is_full = !turn.claimed.is_empty() && turn.claimed.len() >= self.asked;
        self.more |= is_full;
        for row in turn.claimed {
            let is_late = turn.late.contains(&row.id.into());
            self.take_one(row, turn.is_probe, is_late);
        }
        if is_full {
            self.portions.push_back(Portion { last: self.came, since: Instant::now() });
        }
        self.endpoint = Some(turn.endpoint);
        // What has come back meanwhile is newer.
        let since = std::mem::take(&mut self.tried);
        since.iter().for_each(|tried| self.learn(tried));
        self.tried = since;
        self.heed();
    }

    fn take_one(&mut self, row: DeliveryRow, is_probe: bool, is_late: bool) {
        let place = Place { due_at: row.due_at, claimed_until: row.claimed_until.into(), is_probe };
        let (id, attempt) = (row.id.into(), row.attempts.saturating_add(1));
        match row.attributes() {
            Ok(attributes) => {
                let letter = Letter {
                    id,
                    attempt,
                    created_at: row.created_at.into(),
                    is_late,
                    format: row.format,
                    content_type: row.content_type,
                    attributes,
                    body: Bytes::from(row.body),
                };
                self.waiting.push_back(InHand { letter, row: place });
                self.came += 1;
            }
            Err(error) => {
                tracing::error!(%error, delivery = %id, "a delivery cannot be read");
                self.tried.push(place.tried(id, attempt, Sent::failed("It cannot be read.", Fault::Never)));
                self.oldest.get_or_insert_with(Instant::now);
            }
        }
    }

    /// Puts down what was not sent, but for what is kept: it is given back with the next turn.
    fn put_down(&mut self, keeps: impl Fn(&Place) -> bool) {
        let now = self.courier.clock.now();
        let (kept, down): (VecDeque<_>, VecDeque<_>) =
            std::mem::take(&mut self.waiting).into_iter().partition(|in_hand| keeps(&in_hand.row));
        self.waiting = kept;
        if !down.is_empty() {
            self.portions.clear();
            self.oldest.get_or_insert_with(Instant::now);
        }
        let claimed = down.into_iter().filter(|in_hand| in_hand.row.claimed_until > now);
        self.unsent.extend(claimed.map(|in_hand| in_hand.letter.id));
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
