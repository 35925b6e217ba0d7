//! Brings what became of the lines to the store: who has which, and what was said last.
//!
//! A device has its line before the store knows. Whatever has changed within a moment is one transaction for all rooms; a
//! store that is away is tried again, and by then what counts is how things are then, not each step that led there.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fairlead_model::room::HubNote;
use fairlead_model::{NodeId, Time};
use fairlead_store::audit::{self, Entry};
use fairlead_store::rooms::{self, Change, Settled};
use fairlead_store::{StoreError, Tx, knocks};
use fairlead_web::health::Check;
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::room::{Core, Standing, Unwritten};
use super::{Room, Rooms};

/// Changes are gathered for so long.
const GATHER: Duration = Duration::from_millis(50);

/// What devices said last is written so often.
const LATER: Duration = Duration::from_secs(5);

/// Most rooms in one transaction.
const TOGETHER: usize = 500;

/// Pause after the store has refused.
const AGAIN: Duration = Duration::from_millis(500);

/// A hub says so often that it is alive,
const RENEW: Duration = Duration::from_secs(5);

/// and is believed for so long.
const LEASE: Duration = Duration::from_secs(15);

/// Between two looks for hubs that have died.
const SWEEP: Duration = Duration::from_secs(60);

/// How long the last word to the store may take.
const LAST_WORD: Duration = Duration::from_secs(4);

/// Between two entries of the audit log about one name.
const AUDIT_AGAIN: Duration = Duration::from_secs(60);

/// Most entries of the audit log at a time; what comes on top is one entry that says how many.
const AUDITED: usize = 20;

/// What is to be written.
#[derive(Default)]
pub(crate) struct Waiting {
    inside: Mutex<Inside>,
    news: Notify,
}

#[derive(Default)]
struct Inside {
    soon: HashSet<Arc<str>>,
    later: HashSet<Arc<str>>,
    taken_over: Vec<TakenOver>,
    /// Takeovers beyond those that are listed.
    more_taken_over: usize,
    audited: HashMap<(Arc<str>, Happened), Instant>,
    /// Why the last write failed.
    failed: Option<String>,
}

struct TakenOver {
    name: Arc<str>,
    what: Happened,
    from: Box<str>,
    to: Box<str>,
}

/// What two connections of one name did.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Happened {
    /// The newer one has the line.
    TakenOver,
    /// The older one keeps it.
    Contested,
}

impl TakenOver {
    /// Its action, subject and detail in the audit log.
    fn entry(self) -> (&'static str, String, String) {
        let Self { name, what, from, to } = self;
        let (action, detail) = match what {
            Happened::TakenOver => ("room.taken_over", format!("from a connection of {from} by one of {to}")),
            Happened::Contested => {
                ("room.contested", format!("the device of {from} keeps the line, one of {to} is turned away"))
            }
        };
        (action, format!("room {name}"), detail)
    }
}

impl Waiting {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A device came or went.
    pub(crate) fn soon(&self, name: &Arc<str>) {
        self.inside().soon.insert(name.clone());
        self.news.notify_one();
    }

    /// What a device said last is other than it was.
    pub(crate) fn later(&self, name: &Arc<str>) {
        self.inside().later.insert(name.clone());
    }

    /// A device's line was taken by another connection; written down once a minute for each name, and then true.
    pub(crate) fn taken_over(&self, name: &Arc<str>, from: &str, to: &str) -> bool {
        self.happened(TakenOver {
            name: name.clone(),
            what: Happened::TakenOver,
            from: from.into(),
            to: to.into(),
        })
    }

    /// A device was turned away because another of its name has the line; the same.
    pub(crate) fn contested(&self, name: &Arc<str>, holder: &str, also: &str) -> bool {
        let (from, to) = (holder.into(), also.into());
        let is_news = self.happened(TakenOver { name: name.clone(), what: Happened::Contested, from, to });
        self.news.notify_one();
        is_news
    }

    fn happened(&self, happened: TakenOver) -> bool {
        let (now, mut inside) = (Instant::now(), self.inside());
        let key = (happened.name.clone(), happened.what);
        if inside.audited.get(&key).is_some_and(|at| now - *at < AUDIT_AGAIN) {
            return false;
        }
        if inside.audited.len() > 10_000 {
            inside.audited.retain(|_, at| now - *at < AUDIT_AGAIN);
        }
        inside.audited.insert(key, now);
        if inside.taken_over.len() >= AUDITED {
            inside.more_taken_over += 1;
        } else {
            inside.taken_over.push(happened);
        }
        true
    }

    fn take(&self, later_too: bool) -> Vec<Arc<str>> {
        let mut inside = self.inside();
        let mut names = std::mem::take(&mut inside.soon);
        if later_too {
            names.extend(std::mem::take(&mut inside.later));
        }
        // Always the same order, so that two hubs do not wait for each other.
        let mut names: Vec<_> = names.into_iter().collect();
        names.sort_unstable();
        names
    }

    fn failed(&self, why: Option<String>) {
        self.inside().failed = why;
    }
}

/// Writes lines; a device that has one knocks no more.
fn write_all(
    tx: &mut Tx<'_>,
    node: NodeId,
    now: Time,
    changes: &[Change],
) -> Result<Vec<Settled>, StoreError> {
    let came = changes.iter().filter(|change| change.gone.is_none() && change.held.is_none());
    knocks::forget_all(tx, came.map(|change| change.name.as_str()))?;
    rooms::settle(tx, node, now, changes)
}

impl Rooms {
    /// Writes until the process stops and `left` says that all devices have gone.
    pub(crate) async fn keep_written(&self, stop: CancellationToken, left: CancellationToken) {
        let mut later = tokio::time::interval(LATER);
        later.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !stop.is_cancelled() {
            let later_too = tokio::select! {
                () = self.0.waiting.news.notified() => {
                    tokio::time::sleep(GATHER).await;
                    false
                }
                _ = later.tick() => true,
                () = stop.cancelled() => break,
            };
            let names = self.0.waiting.take(later_too);
            if !self.write(&names).await {
                tokio::select! {
                    () = tokio::time::sleep(AGAIN) => {}
                    () = stop.cancelled() => {}
                }
            }
        }
        left.cancelled().await;
        let last_word = async {
            self.write(&self.0.waiting.take(true)).await;
            let (node, now) = (self.0.node, self.now());
            self.0.store.write(move |tx| rooms::end(tx, node, now)).await
        };
        match tokio::time::timeout(LAST_WORD, last_word).await {
            Ok(Ok(())) => {}
            _ => tracing::warn!(
                "the store was not told that the devices have gone; it is seen in a few seconds"
            ),
        }
    }

    /// Writes what became of some rooms; false where not all of it was written.
    async fn write(&self, names: &[Arc<str>]) -> bool {
        let mut all = true;
        for names in names.chunks(TOGETHER) {
            all &= self.write_together(names).await;
        }
        self.audit_takeovers().await;
        all
    }

    async fn write_together(&self, names: &[Arc<str>]) -> bool {
        let found = names.iter().filter_map(|name| self.find(name));
        let unwritten: Vec<Unwritten> = found.filter_map(|room| room.core().unwritten()).collect();
        let changes: Vec<_> = unwritten.iter().map(|unwritten| unwritten.change.clone()).collect();
        if changes.is_empty() {
            return true;
        }
        let (node, now) = (self.0.node, self.now());
        let settled = self.0.store.write(move |tx| write_all(tx, node, now, &changes)).await;
        match settled {
            Ok(settled) => {
                self.0.waiting.failed(None);
                self.settled(&unwritten, &settled);
                true
            }
            Err(error) => {
                tracing::warn!(%error, rooms = names.len(), "devices' lines wait for the store");
                self.0.waiting.failed(Some(error.to_string()));
                for unwritten in &unwritten {
                    if let Some(room) = self.find(&unwritten.change.name) {
                        room.core().is_not_written(unwritten);
                        self.0.waiting.soon(&room.name);
                    }
                }
                false
            }
        }
    }

    fn settled(&self, unwritten: &[Unwritten], settled: &[Settled]) {
        let (now, mut note) = (self.now(), HubNote::from(self.0.node));
        for (unwritten, settled) in unwritten.iter().zip(settled) {
            let name = &unwritten.change.name;
            let Some(room) = self.find(name) else { continue };
            let lost = room.core().is_written(unwritten, settled, now);
            if unwritten.change.state.is_some() && matches!(settled, Settled::Held { earlier: Some(_), .. }) {
                self.0.waiting.later(&room.name);
            }
            match settled {
                Settled::Held { epoch, taken_from, .. } if unwritten.change.held != Some(*epoch) => {
                    note.taken.push((name.clone(), *epoch));
                    if let Some(from) = taken_from {
                        self.0.waiting.taken_over(&room.name, from, &unwritten.change.address);
                    }
                }
                Settled::Left => note.left.push(name.clone()),
                Settled::Lost { .. } if lost => {
                    tracing::info!(
                        room = name,
                        "a newer connection at another hub has taken a device's line"
                    );
                    self.0.watchers.look_again();
                }
                _ => {}
            }
            self.tidy(name);
        }
        if !(note.taken.is_empty() && note.left.is_empty()) {
            self.0.bus.publish(&note);
        }
    }

    async fn audit_takeovers(&self) {
        let (listed, more) = {
            let mut inside = self.0.waiting.inside();
            (std::mem::take(&mut inside.taken_over), std::mem::take(&mut inside.more_taken_over))
        };
        if listed.is_empty() {
            return;
        }
        let mut entries: Vec<(&str, String, String)> = listed.into_iter().map(TakenOver::entry).collect();
        if more > 0 {
            let detail = format!("and {more} more in the same moment");
            entries.push(("room.taken_over", "rooms".to_owned(), detail));
        }
        let clock = self.0.clock.clone();
        let work = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            for (action, subject, detail) in &entries {
                let entry = Entry { actor: "device", action, subject: subject.clone(), detail };
                audit::record(tx, &clock, &entry)?;
            }
            Ok(())
        };
        if let Err(error) = self.0.store.write(work).await {
            tracing::warn!(%error, "that lines were taken over is not in the audit log");
        }
    }

    /// Says that this hub is alive, and looks after hubs that are not, until the process stops.
    pub(crate) async fn keep_alive(&self, stop: CancellationToken) {
        let mut renew = tokio::time::interval(RENEW);
        renew.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut sweep_at = Instant::now();
        loop {
            tokio::select! {
                _ = renew.tick() => {}
                () = stop.cancelled() => return,
            }
            match self.renew().await {
                Ok(true) => self.claim_again(),
                Ok(false) => {}
                Err(error) => {
                    tracing::debug!(%error, "the store was not told that this hub is alive");
                    continue;
                }
            }
            let all = Instant::now() >= sweep_at;
            if let Err(error) = self.look_up_held(all).await {
                tracing::debug!(%error, "the registry does not say how the devices on the line stand");
            }
            if let Err(error) = self.give_up_lost().await {
                tracing::debug!(%error, "the store does not say which rooms other hubs have");
            }
            if Instant::now() >= sweep_at {
                sweep_at = Instant::now() + SWEEP;
                let before = self.now().minus(self.in_clock_time(SWEEP));
                loop {
                    match self.0.store.write(move |tx| rooms::sweep(tx, before)).await {
                        Ok(true) if !stop.is_cancelled() => {}
                        Ok(_) => break,
                        Err(error) => {
                            tracing::debug!(%error, "rooms of hubs that have died were not tidied up");
                            break;
                        }
                    }
                }
            }
        }
    }

    /// A span of the real time as one of the system's clock, which runs faster in a demo.
    fn in_clock_time(&self, span: Duration) -> Duration {
        span.saturating_mul(self.0.clock.speed())
    }

    async fn renew(&self) -> Result<bool, StoreError> {
        let (node, until) = (self.0.node, self.now().plus(self.in_clock_time(LEASE)));
        self.0.store.write(move |tx| rooms::renew(tx, node, until)).await
    }

    /// Others may have thought that this hub was dead.
    fn claim_again(&self) {
        let rooms: Vec<_> = self.rooms().values().cloned().collect();
        for room in rooms.iter().filter(|room| room.core().has_device()) {
            self.0.waiting.soon(&room.name);
        }
    }

    /// Looks up how the devices on the line stand with the registry: those that it did not know each time, `all` sometimes.
    /// Whoever registered itself, or was changed while no word of it came through, is seen here.
    async fn look_up_held(&self, all: bool) -> Result<(), StoreError> {
        let rooms: Vec<_> = self.rooms().values().cloned().collect();
        let looked_at = |core: &Core| core.has_device() && (all || core.device_id().is_none());
        let held: Vec<_> = rooms.into_iter().filter(|room| looked_at(&room.core())).collect();
        for rooms in held.chunks(TOGETHER) {
            let keys: Vec<String> = rooms.iter().map(|room| room.name.to_ascii_lowercase()).collect();
            // A device that comes in meanwhile has been looked up just now.
            let seats: Vec<_> = rooms.iter().map(|room| room.core().seat()).collect();
            let found = self.0.store.read(move |conn| rooms::registered_as(conn, &keys)).await?;
            let found: HashMap<String, _> = found
                .into_iter()
                .filter_map(|row| Some((row.name_key?, (row.id.into(), row.key_hash))))
                .collect();
            for (room, seat) in rooms.iter().zip(seats) {
                let stands = {
                    let core = room.core();
                    if core.seat() != seat {
                        continue;
                    }
                    core.standing(found.get(&room.name.to_ascii_lowercase()).copied())
                };
                self.follow(room, stands);
            }
        }
        Ok(())
    }

    fn follow(&self, room: &Room, stands: Standing) {
        let news = match stands {
            Standing::Fine => false,
            Standing::MadeKnown(id) => room.core().is_registered(id),
            Standing::Unwanted => room.core().let_go(self.now()),
        };
        if news {
            self.0.waiting.soon(&room.name);
            self.tell_presence(room);
        }
    }

    /// Lets go of what other hubs have taken, should their word not have come.
    async fn give_up_lost(&self) -> Result<(), StoreError> {
        if self.0.bus.state().kind == "local" {
            return Ok(());
        }
        let rooms: Vec<_> = self.rooms().values().cloned().collect();
        let held: Vec<String> =
            rooms.iter().filter(|room| room.core().has_device()).map(|room| room.name.to_string()).collect();
        for names in held.chunks(TOGETHER) {
            let (node, names) = (self.0.node, names.to_vec());
            let lost = self.0.store.read(move |conn| rooms::lost(conn, node, &names)).await?;
            self.lose(&lost, self.now());
        }
        Ok(())
    }

    /// Other hubs have these rooms.
    pub(crate) fn lose(&self, taken: &[(String, i64)], now: Time) {
        for (name, epoch) in taken {
            let Some(room) = self.find(name) else { continue };
            if room.core().lose(*epoch, now) {
                tracing::info!(room = name, "a newer connection at another hub has taken a device's line");
                self.0.watchers.look_again();
                self.tidy(name);
            }
        }
    }

    /// What is found of the lines, for the health of the process.
    pub(crate) fn check(&self) -> Check {
        let (devices, pages) = (self.figures().devices(), self.figures().pages());
        let failed = self.0.waiting.inside().failed.clone();
        match failed {
            None => Check::good(
                "devices' port",
                format!("{devices} devices are here, and {pages} pages talk to them."),
            ),
            Some(why) => {
                let found = format!("{devices} devices are here; the store is not told of all: {why}.");
                Check::bad("devices' port", found).bearable().advice(
                    "Bring the store back. Devices and pages go on meanwhile; lists show the state before.",
                )
            }
        }
    }
}
