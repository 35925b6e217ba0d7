//! Where MTs wait until their modem's next session.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fairlead_model::{Imei, Time};

/// Most MTs that wait for one modem, as with Iridium's own queue.
pub const QUEUE_LIMIT: usize = 50;

/// An MT in its modem's mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mt {
    /// Its number.
    pub mt_id: u64,
    /// When it was queued.
    pub queued_at: Time,
    /// Its bytes.
    pub payload: Vec<u8>,
    /// The session that brought it to the modem; `None` while it waits.
    pub fetched_at: Option<Time>,
}

/// As many MTs as can be wait for a modem already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueFull;

/// The mailboxes of an account's modems. Clones are the same mailboxes.
#[derive(Clone, Debug)]
pub struct Mailboxes {
    /// `None` where every modem is the account's.
    modems: Option<Arc<BTreeSet<Imei>>>,
    boxes: Arc<Mutex<HashMap<Imei, Vec<Mt>>>>,
}

impl Mailboxes {
    /// Mailboxes of these modems and no others.
    pub fn of(modems: impl IntoIterator<Item = Imei>) -> Self {
        Self { modems: Some(Arc::new(modems.into_iter().collect())), boxes: Arc::default() }
    }

    /// Mailboxes of every modem that is asked for.
    pub fn of_every_modem() -> Self {
        Self { modems: None, boxes: Arc::default() }
    }

    /// Whether there is a mailbox of this modem.
    pub fn has(&self, imei: Imei) -> bool {
        self.modems.as_ref().is_none_or(|modems| modems.contains(&imei))
    }

    /// Queues an MT. The numbers of a modem's MTs must rise.
    ///
    /// # Errors
    /// Where the queue is full.
    pub fn queue(&self, imei: Imei, mt_id: u64, queued_at: Time, payload: Vec<u8>) -> Result<(), QueueFull> {
        let mut boxes = self.boxes();
        let mailbox = boxes.entry(imei).or_default();
        if mailbox.iter().filter(|mt| mt.fetched_at.is_none()).count() >= QUEUE_LIMIT {
            return Err(QueueFull);
        }
        mailbox.push(Mt { mt_id, queued_at, payload, fetched_at: None });
        Ok(())
    }

    /// Drops everything that waits for a modem.
    pub fn flush(&self, imei: Imei) {
        if let Some(mailbox) = self.boxes().get_mut(&imei) {
            mailbox.retain(|mt| mt.fetched_at.is_some());
        }
    }

    /// What waits for a modem, oldest first.
    pub fn waiting(&self, imei: Imei) -> Vec<Mt> {
        self.select(imei, |mt| mt.fetched_at.is_none())
    }

    /// What a modem has fetched, oldest first.
    pub fn fetched(&self, imei: Imei) -> Vec<Mt> {
        self.select(imei, |mt| mt.fetched_at.is_some())
    }

    /// The next MT behind number `last` that the session at `at` brings to a modem. A story that is told a second
    /// time finds in each session what it brought the first time.
    pub(crate) fn fetch(&self, imei: Imei, at: Time, last: Option<u64>) -> Option<Mt> {
        let mut boxes = self.boxes();
        let mt = boxes.get_mut(&imei)?.iter_mut().find(|mt| {
            let is_there = mt.fetched_at.map_or(mt.queued_at < at, |fetched_at| fetched_at == at);
            is_there && last.is_none_or(|last| mt.mt_id > last)
        })?;
        mt.fetched_at = Some(at);
        Some(mt.clone())
    }

    /// The number of the MT that the session at `at` brought to a modem, counted from 1; 0 where it brought none.
    pub(crate) fn mtmsn(&self, imei: Imei, at: Time) -> u32 {
        let fetched = self.fetched(imei);
        let place = fetched.iter().position(|mt| mt.fetched_at == Some(at));
        place.and_then(|place| u32::try_from(place + 1).ok()).unwrap_or(0)
    }

    fn select(&self, imei: Imei, wanted: impl Fn(&Mt) -> bool) -> Vec<Mt> {
        let boxes = self.boxes();
        boxes.get(&imei).into_iter().flatten().filter(|mt| wanted(mt)).cloned().collect()
    }

    fn boxes(&self) -> MutexGuard<'_, HashMap<Imei, Vec<Mt>>> {
        // Every change is whole before the lock is released, a panicking thread or not.
        self.boxes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
