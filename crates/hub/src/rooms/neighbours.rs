//! Other hubs, and whoever else has a word for a device: what crosses between processes.
//!
//! A device's texts go over the bus only while some other hub has said that its pages look into that room. Each hub says so
//! whenever it changes, and every few seconds, because the bus may lose a word.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fairlead_bus::News as BusNews;
use fairlead_model::live::LiveEvent;
use fairlead_model::room::{HubNote, RoomFrame, Way};
use fairlead_model::{DeviceId, NodeId, Time};
use fairlead_store::rooms;
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::room::Text;
use super::{ASK, Room, Rooms};

/// How often a hub says where its pages look.
const SAY: Duration = Duration::from_secs(5);

/// For how long it is believed.
const BELIEVED: Duration = Duration::from_secs(16);

/// Shortest time between two words.
const BREATH: Duration = Duration::from_millis(20);

/// Where the pages of other hubs look.
#[derive(Default)]
pub(crate) struct Watchers {
    hubs: Mutex<HashMap<NodeId, Watcher>>,
    changed: Notify,
    /// Another hub has asked where our pages look.
    asked: AtomicBool,
    /// Lines that came to be elsewhere, or ended there.
    touched: Mutex<HashSet<String>>,
}

struct Watcher {
    until: Instant,
    looks: HashSet<String>,
}

impl Watchers {
    fn hubs(&self) -> MutexGuard<'_, HashMap<NodeId, Watcher>> {
        self.hubs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn touched(&self) -> MutexGuard<'_, HashSet<String>> {
        self.touched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether pages of other hubs look into this room.
    pub(crate) fn look_into(&self, name: &str) -> bool {
        self.hubs().values().any(|watcher| watcher.looks.contains(name))
    }

    /// Where our own pages look may have changed.
    pub(crate) fn look_again(&self) {
        self.changed.notify_one();
    }
}

impl Rooms {
    /// Hears what others say until the process stops.
    pub(crate) async fn hear_others(&self, stop: CancellationToken) {
        let bus = self.0.bus.clone();
        let mut frames = bus.subscribe::<RoomFrame>();
        let mut notes = bus.subscribe::<HubNote>();
        let mut live = bus.subscribe::<LiveEvent>();
        loop {
            tokio::select! {
                frame = frames.next() => if let BusNews::Message(frame) = frame {
                    self.hear_frame(&frame);
                },
                note = notes.next() => match note {
                    BusNews::Message(note) if note.from != self.0.node => self.hear_note(note),
                    BusNews::Message(_) => {}
                    BusNews::Missed => {
                        self.0.bus.publish(&HubNote { asks: true, ..HubNote::from(self.0.node) });
                        self.0.watchers.look_again();
                    }
                },
                event = live.next() => self.hear_live(event),
                () = stop.cancelled() => return,
            }
        }
    }

    fn hear_frame(&self, frame: &RoomFrame) {
        if frame.from == self.0.node {
            return;
        }
        match frame.way {
            Way::Down => self.say_here(frame),
            Way::Up => {
                let Some(room) = self.find(&frame.room) else { return };
                let (text, at) = (Text::from(frame.text.clone()), Time::from_micros(frame.at_micros));
                let cut_off = room.core().heard_elsewhere(frame.epoch, &text, at);
                self.figures().pages_cut_off.increment(cut_off);
            }
        }
    }

    /// A device was made known, or is no more.
    fn hear_live(&self, event: BusNews<LiveEvent>) {
        match event {
            BusNews::Message(LiveEvent::Device { device }) => {
                if let Some(room) = self.find(&device.name)
                    && room.core().is_registered(device.id)
                {
                    self.0.waiting.soon(&room.name);
                    self.tell_presence(&room);
                }
            }
            BusNews::Message(LiveEvent::DeviceGone { id }) => self.dismiss(id),
            _ => {}
        }
    }

    fn dismiss(&self, id: DeviceId) {
        let rooms: Vec<_> = self.rooms().values().cloned().collect();
        for room in rooms.iter().filter(|room| room.core().device_id() == Some(id)) {
            if room.core().let_go(self.now()) {
                self.0.waiting.soon(&room.name);
                self.tell_presence(room);
            }
        }
    }

    fn hear_note(&self, note: HubNote) {
        self.lose(&note.taken, self.now());
        self.0.watchers.asked.fetch_or(note.asks, Ordering::Relaxed);
        if let Some(looks) = note.looks {
            self.others_look(note.from, looks.into_iter().collect());
        }
        let touched = note.taken.into_iter().map(|(name, _)| name).chain(note.left);
        let touched =
            touched.filter(|name| self.find(name).is_some_and(|room| room.core().looks_elsewhere()));
        self.0.watchers.touched().extend(touched);
        self.0.watchers.look_again();
    }

    /// Another hub's pages look into these rooms now; those that are new there are told what the device said last.
    fn others_look(&self, hub: NodeId, looks: HashSet<String>) {
        let until = Instant::now() + BELIEVED;
        let before = {
            let mut hubs = self.0.watchers.hubs();
            let before = hubs.insert(hub, Watcher { until, looks: looks.clone() });
            before.map(|watcher| watcher.looks).unwrap_or_default()
        };
        for name in looks.symmetric_difference(&before) {
            let Some(room) = self.find(name) else { continue };
            room.watched.store(self.0.watchers.look_into(name), Ordering::Relaxed);
            if looks.contains(name) {
                self.repeat_values(&room);
            }
        }
    }

    fn repeat_values(&self, room: &Room) {
        let (values, epoch) = {
            let core = room.core();
            if !core.has_device() {
                return;
            }
            (core.values(), core.epoch())
        };
        for (at, text) in values {
            self.0.bus.publish(&self.frame(room, Way::Up, epoch, &text, at));
        }
    }

    /// Asks the store how lines are into which pages look from here, without the device.
    async fn look_after(&self, names: impl IntoIterator<Item = String>) {
        for name in names {
            let (asked, now) = (name.clone(), self.now());
            let found = self.0.store.read(move |conn| rooms::get(conn, &asked, now));
            match tokio::time::timeout(ASK, found).await {
                Ok(Ok(Some((view, row)))) => {
                    if let Some(room) = self.find(&name) {
                        room.core().is_away(view, row.epoch, now);
                    }
                }
                Ok(Ok(None)) => {}
                // It is asked again in a few seconds.
                Ok(Err(_)) | Err(_) => return,
            }
        }
    }

    /// Says where our pages look, whenever it has changed and every few seconds, until the process stops.
    pub(crate) async fn tell_others(&self, stop: CancellationToken) {
        if self.0.bus.state().kind == "local" {
            // There is no other hub.
            return stop.cancelled().await;
        }
        let mut say = tokio::time::interval(SAY);
        say.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut said = None;
        loop {
            let again = tokio::select! {
                _ = say.tick() => true,
                () = self.0.watchers.changed.notified() => false,
                () = stop.cancelled() => return,
            };
            let asked = self.0.watchers.asked.swap(false, Ordering::Relaxed);
            let looks = self.looks();
            if again || asked || said.as_ref() != Some(&looks) {
                self.0.bus.publish(&HubNote { looks: Some(looks.clone()), ..HubNote::from(self.0.node) });
                said = Some(looks.clone());
            }
            let touched = std::mem::take(&mut *self.0.watchers.touched());
            if again {
                self.forget_silent();
                self.look_after(looks).await;
            } else {
                self.look_after(touched).await;
            }
            tokio::time::sleep(BREATH).await;
        }
    }

    fn looks(&self) -> Vec<String> {
        let rooms: Vec<Arc<Room>> = self.rooms().values().cloned().collect();
        let mut looks: Vec<String> = rooms
            .iter()
            .filter(|room| room.core().looks_elsewhere())
            .map(|room| room.name.to_string())
            .collect();
        looks.sort_unstable();
        looks
    }

    /// A hub that says nothing any more has no pages.
    fn forget_silent(&self) {
        let now = Instant::now();
        let silent: Vec<String> = {
            let mut hubs = self.0.watchers.hubs();
            hubs.extract_if(|_, watcher| watcher.until < now).flat_map(|(_, watcher)| watcher.looks).collect()
        };
        for name in silent {
            if let Some(room) = self.find(&name) {
                room.watched.store(self.0.watchers.look_into(&name), Ordering::Relaxed);
            }
        }
    }
}
