//! The provider's desk: checks what is asked for, queues it, and charges for it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use fairlead_model::{Clock, Imei};
use fairlead_wire::pk::MT_LIMIT_BYTES;
use rand::Rng;

use super::charge::Charge;
use super::door::Door;
use super::mood::Moods;
use super::order::Order;
use super::{Mailboxes, Mood, MtSettings, QueueFull, Refusal};
use crate::satellite::chance;

/// One credit pays for so many bytes.
const BYTES_PER_CREDIT: usize = 50;
/// The numbers that an account's first MT may have.
const FIRST_MT: std::ops::Range<u64> = 4_000_000..4_900_000;

/// Everything that the API knows. Shared by reference.
#[derive(Debug)]
pub(super) struct Desk {
    settings: MtSettings,
    clock: Clock,
    mailboxes: Mailboxes,
    books: Mutex<Books>,
}

#[derive(Debug)]
struct Books {
    moods: Moods,
    requests: u64,
    next_mt: u64,
    credits_left: Option<u64>,
    charges: Vec<Charge>,
}

impl Desk {
    pub(super) fn new(settings: MtSettings, clock: Clock, mailboxes: Mailboxes) -> Self {
        let books = Books {
            moods: Moods::new(settings.seed, settings.moods.clone()),
            requests: 0,
            next_mt: chance::stream(settings.seed, &["mt", "number"]).random_range(FIRST_MT),
            credits_left: settings.credits,
            charges: Vec::new(),
        };
        Self { settings, clock, mailboxes, books: Mutex::new(books) }
    }

    pub(super) fn mailboxes(&self) -> &Mailboxes {
        &self.mailboxes
    }

    /// Counts a request and decides its mood.
    pub(super) fn next_mood(&self) -> Mood {
        let mut books = self.books();
        books.requests += 1;
        books.moods.next()
    }

    /// Queues and charges an MT; gives its number.
    pub(super) fn take(&self, order: &Order) -> Result<u64, Refusal> {
        let (imei, payload, account) = self.check(order)?;
        let credits = u64::try_from(payload.len().div_ceil(BYTES_PER_CREDIT)).unwrap_or(u64::MAX);
        // From here on under one lock, so that numbers, queues and charges agree.
        let mut books = self.books();
        let credits_left = match books.credits_left {
            Some(left) => Some(left.checked_sub(credits).ok_or(Refusal::NO_CREDIT)?),
            None => None,
        };
        if order.flush {
            self.mailboxes.flush(imei);
        }
        let (at, mt_id, payload_hex) = (self.clock.now(), books.next_mt, hex::encode(&payload));
        self.mailboxes.queue(imei, mt_id, at, payload).map_err(|QueueFull| Refusal::QUEUE_FULL)?;
        books.next_mt += 1;
        books.credits_left = credits_left;
        books.charges.push(Charge {
            at,
            mt_id,
            imei,
            platform: order.door.platform().to_owned(),
            account,
            payload: payload_hex,
            credits,
            answered: false,
            request_id: order.request_id.clone(),
        });
        Ok(mt_id)
    }

    /// The modem, the text and the account that pays.
    fn check(&self, order: &Order) -> Result<(Imei, Vec<u8>, String), Refusal> {
        let (imei, account) = self.admit(order)?;
        let imei = imei.filter(|imei| self.mailboxes.has(*imei)).ok_or(Refusal::UNKNOWN_MODEM)?;
        if self.settings.without_rental.contains(&imei) {
            return Err(Refusal::NO_LINE_RENTAL);
        }
        if order.data.is_empty() {
            return Err(Refusal::NO_DATA);
        }
        let payload = match order.door {
            Door::Rockcore { .. } => order.data.clone().into_bytes(),
            Door::Rockblock | Door::Cloudloop => hex::decode(&order.data).map_err(|_| Refusal::BAD_HEX)?,
        };
        if payload.len() > MT_LIMIT_BYTES { Err(Refusal::TOO_LONG) } else { Ok((imei, payload, account)) }
    }

    /// The modem that is meant, where the door knows it, and who asks.
    fn admit(&self, order: &Order) -> Result<(Option<Imei>, String), Refusal> {
        match &order.door {
            Door::Rockblock => {
                let MtSettings { username, password, .. } = &self.settings;
                let is_known = order.username == *username && order.password == password.expose();
                is_known.then(|| (order.imei.parse().ok(), order.username.clone())).ok_or(Refusal::LOGIN)
            }
            Door::Rockcore { serial } => {
                let account = self.settings.rockcore.as_ref().ok_or(Refusal::LOGIN)?;
                let is_known =
                    order.username == account.username && order.password == account.password.expose();
                is_known
                    .then(|| (account.trackers.get(serial).copied(), order.username.clone()))
                    .ok_or(Refusal::LOGIN)
            }
            Door::Cloudloop => {
                let account = self.settings.cloudloop.as_ref().ok_or(Refusal::LOGIN)?;
                let is_known = order.token == account.token.expose();
                is_known
                    .then(|| (account.things.get(&order.thing).copied(), "cloudloop".to_owned()))
                    .ok_or(Refusal::LOGIN)
            }
        }
    }

    /// Notes whether the client was told of an MT.
    pub(super) fn note_answered(&self, mt_id: u64, answered: bool) {
        if let Some(charge) = self.books().charges.iter_mut().rev().find(|charge| charge.mt_id == mt_id) {
            charge.answered = answered;
        }
    }

    pub(super) fn force(&self, mood: Mood, times: u32) {
        self.books().moods.force(mood, times);
    }

    pub(super) fn let_be(&self) {
        self.books().moods.let_be();
    }

    pub(super) fn forced(&self) -> u64 {
        self.books().moods.forced()
    }

    pub(super) fn requests(&self) -> u64 {
        self.books().requests
    }

    pub(super) fn charges(&self) -> Vec<Charge> {
        self.books().charges.clone()
    }

    pub(super) fn credits_left(&self) -> Option<u64> {
        self.books().credits_left
    }

    pub(super) fn set_credits(&self, credits: Option<u64>) {
        self.books().credits_left = credits;
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        // Every change is whole before the lock is released, a panicking thread or not.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
