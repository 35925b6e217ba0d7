//! The rooms of this hub: where devices and the pages that talk to them meet.
//!
//! Everything here is independent of sockets. What passes a text on takes one lock, of one room, for some microseconds, and
//! never waits for anybody: not for a reader, not for the disk, not for the store.

pub(crate) mod claims;
pub(crate) mod door;
pub(crate) mod figures;
pub(crate) mod knocks;
pub(crate) mod log;
pub(crate) mod mailbox;
pub(crate) mod mask;
pub(crate) mod neighbours;
pub(crate) mod news;
pub(crate) mod room;
mod values;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fairlead_bus::Bus;
use fairlead_model::room::{RoomFrame, RoomView, Way};
use fairlead_model::{Clock, NodeId, Time};
use fairlead_store::registry::devices;
use fairlead_store::{Store, StoreError, rooms};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use claims::Waiting;
use door::Admitted;
use figures::{Counted, Figures};
use log::Log;
use mailbox::{End, Receiver};
use neighbours::Watchers;
use news::Presences;
use room::{Arrival, Came, Core, News, Text, Unsaid};

/// How long the store may take to say where a device is.
const ASK: Duration = Duration::from_secs(3);

/// The rooms of this hub. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Rooms(Arc<Inner>);

struct Inner {
    node: NodeId,
    clock: Clock,
    store: Store,
    bus: Bus,
    log: Log,
    figures: Figures,
    rooms: Mutex<HashMap<Arc<str>, Arc<Room>>>,
    seats: AtomicU64,
    waiting: Waiting,
    presences: Presences,
    watchers: Watchers,
}

/// A room.
pub(crate) struct Room {
    name: Arc<str>,
    core: Mutex<Core>,
    /// Whether pages of other hubs look into it.
    watched: AtomicBool,
}

/// A device's place in its room; it leaves when this is dropped.
pub(crate) struct DeviceSeat {
    rooms: Rooms,
    room: Arc<Room>,
    seat: u64,
    /// What is said to it.
    pub(crate) texts: Receiver<Text>,
}

/// A page's place in a room; it leaves when this is dropped.
pub(crate) struct PageSeat {
    rooms: Rooms,
    room: Arc<Room>,
    seat: u64,
    /// What it is told.
    pub(crate) news: Receiver<News>,
    /// Whether it has been told how things are.
    pub(crate) begun: bool,
    _counted: Counted,
}

/// Why a page cannot look into a room.
#[derive(Debug)]
pub(crate) enum NotOpened {
    /// There is no device of this name, and there never was.
    NoSuchRoom,
    /// There are too many pages.
    TooMany,
    /// It cannot be found out now.
    Unavailable(StoreError),
}

impl Room {
    fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rooms {
    pub(crate) fn new(store: Store, bus: Bus, clock: Clock, log: Log) -> Self {
        Self(Arc::new(Inner {
            node: NodeId::new(&clock),
            clock,
            store,
            bus,
            log,
            figures: Figures::default(),
            rooms: Mutex::default(),
            seats: AtomicU64::new(1),
            waiting: Waiting::default(),
            presences: Presences::default(),
            watchers: Watchers::default(),
        }))
    }

    pub(crate) fn figures(&self) -> &Figures {
        &self.0.figures
    }

    fn now(&self) -> Time {
        self.0.clock.now()
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<Arc<str>, Arc<Room>>> {
        self.0.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, name: &str) -> Option<Arc<Room>> {
        self.rooms().get(name).cloned()
    }

    /// Does something in a room, which is made where it is not there. Under the lock of all rooms, so that nobody removes it
    /// in between.
    fn enter<T>(&self, name: &str, enter: impl FnOnce(&mut Core) -> T) -> (Arc<Room>, T) {
        let mut rooms = self.rooms();
        let room = match rooms.get(name) {
            Some(room) => room.clone(),
            None => {
                let name: Arc<str> = name.into();
                let watched = AtomicBool::new(self.0.watchers.look_into(&name));
                let core = Mutex::new(Core::new(name.clone()));
                let room = Arc::new(Room { name: name.clone(), core, watched });
                rooms.insert(name, room.clone());
                room
            }
        };
        let entered = enter(&mut room.core());
        (room, entered)
    }

    /// Whether a device of this name has its line here.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.find(name).is_some_and(|room| room.core().has_device())
    }

    /// Removes a room in which nobody is.
    fn tidy(&self, name: &str) {
        let mut rooms = self.rooms();
        if rooms.get(name).is_some_and(|room| room.core().is_idle()) {
            rooms.remove(name);
        }
    }

    /// A device takes its line, at once, whoever had it; the error is from where another device of its name came that keeps
    /// it. It is pinged each `beat`.
    pub(crate) fn arrive(
        &self,
        admitted: Admitted,
        address: &str,
        beat: Duration,
    ) -> Result<DeviceSeat, Box<str>> {
        let Admitted { name, id, key } = admitted;
        let name = name.as_str();
        let seat = self.0.seats.fetch_add(1, Ordering::Relaxed);
        let counted = self.figures().device(id.is_some());
        let (at, now) = (self.now(), Instant::now());
        let arrival = Arrival { seat, id, key, address: address.to_owned(), at, now, beat, counted };
        let (room, came) = self.enter(name, |core| core.arrive(arrival));
        let (texts, old) = match came {
            Came::In { texts, old } => (texts, old),
            Came::Contested { holder } => {
                if self.0.waiting.contested(&room.name, &holder, address) {
                    tracing::warn!(
                        room = name,
                        from = &*holder,
                        also = address,
                        "two devices of one name are there; the first keeps the line"
                    );
                }
                return Err(holder);
            }
        };
        if let Some(old) = old {
            self.figures().taken_over.increment(1);
            if self.0.waiting.taken_over(&room.name, &old, address) {
                let from = &*old;
                tracing::info!(
                    room = name,
                    from,
                    to = address,
                    "a newer connection has taken a device's line"
                );
            }
        }
        self.0.waiting.soon(&room.name);
        self.tell_presence(&room);
        self.0.watchers.look_again();
        Ok(DeviceSeat { rooms: self.clone(), room, seat, texts })
    }

    fn tell_presence(&self, room: &Room) {
        let view = room.core().view(self.now());
        self.0.presences.tell(&room.name, view.device_id, view.presence);
    }

    /// Tells screens which devices came and went, until the process stops.
    pub(crate) async fn tell_presences(&self, stop: CancellationToken) {
        let now = |name: &str| {
            let view = self.find(name)?.core().view(self.now());
            Some((view.device_id, view.presence))
        };
        self.0.presences.run(&self.0.bus, now, &stop).await;
    }

    /// A page comes, to look at a device of the registry or at one that was here before.
    pub(crate) async fn open(&self, name: &str) -> Result<PageSeat, NotOpened> {
        let (name, away) = self.look_up(name).await?;
        let (seat, now) = (self.0.seats.fetch_add(1, Ordering::Relaxed), self.now());
        let (room, news) = self.enter(&name, |core| {
            if let Some((view, epoch)) = away {
                core.is_away(view, epoch, now);
            }
            core.sit_down(seat, now)
        });
        let news = news.ok_or(NotOpened::TooMany)?;
        self.0.watchers.look_again();
        let _counted = self.figures().page();
        Ok(PageSeat { rooms: self.clone(), room, seat, news, begun: false, _counted })
    }

    /// How a line is now.
    pub(crate) async fn view(&self, name: &str) -> Result<RoomView, NotOpened> {
        let (name, away) = self.look_up(name).await?;
        let here = self.find(&name).filter(|room| room.core().has_device());
        match (here, away) {
            (Some(room), _) => Ok(room.core().view(self.now())),
            (None, Some((view, _))) => Ok(view),
            (None, None) => Err(NotOpened::NoSuchRoom),
        }
    }

    /// The name as the registry has it, and how the line is by the store's word.
    async fn look_up(&self, name: &str) -> Result<(String, Option<(RoomView, i64)>), NotOpened> {
        let (asked, now) = (name.to_owned(), self.now());
        let found = self.0.store.read(move |conn| {
            let device = devices::by_name(conn, &asked)?;
            let name = device.as_ref().map_or(asked, |device| device.name.clone());
            let room = rooms::get(conn, &name, now)?.map(|(view, row)| (view, row.epoch));
            let away = match (room, device) {
                // The name was another device's until now.
                (Some((view, epoch)), Some(device))
                    if view.device_id.is_some_and(|id| id != device.id.into()) =>
                {
                    Some((never_here(&device), epoch))
                }
                (None, Some(device)) => Some((never_here(&device), 0)),
                (room, _) => room,
            };
            Ok((name, away))
        });
        let found = tokio::time::timeout(ASK, found).await.unwrap_or_else(|_| {
            Err(StoreError::Unavailable("it did not say in time where the device is".to_owned()))
        });
        match found {
            Ok((name, Some(away))) => Ok((name, Some(away))),
            // Its row may not be written yet, or the store is away: a device that is here is here.
            other if self.find(name).is_some_and(|room| room.core().has_device()) => {
                Ok((other.map_or(name.to_owned(), |(name, _)| name), None))
            }
            Ok((_, None)) => Err(NotOpened::NoSuchRoom),
            Err(error) => Err(NotOpened::Unavailable(error)),
        }
    }

    /// What was said on a device's line, the newest last.
    pub(crate) async fn log(&self, name: &str, most: usize) -> std::io::Result<Vec<log::LogLine>> {
        self.0.log.read(name, most).await
    }

    /// A text of another process for a device that may be here.
    fn say_here(&self, frame: &RoomFrame) {
        let Some(room) = self.find(&frame.room) else { return };
        let text = Text::from(frame.text.clone());
        let mut core = room.core();
        if frame.epoch != 0 && core.epoch() != frame.epoch {
            return;
        }
        match core.say(text.clone()) {
            Ok(()) => {
                drop(core);
                self.said(&room, Some("another process"), &text);
            }
            Err(Unsaid::Full) => {
                self.figures().unsaid.increment(1);
                tracing::warn!(
                    room = frame.room,
                    "a text of another process was not handed to a device that does not keep up"
                );
            }
            Err(Unsaid::NoDevice) => {}
        }
    }

    fn said(&self, room: &Room, who: Option<&str>, text: &str) {
        self.figures().down.increment(1);
        self.write_down(room, Way::Down, who, text);
    }

    fn write_down(&self, room: &Room, way: Way, who: Option<&str>, text: &str) {
        let now = self.now();
        let left_out = room.core().may_log(now);
        if let Ok(left_out) = left_out {
            self.0.log.note(&room.name, now, way, who, text, left_out);
        }
    }

    /// A text for a device that is not here: it may be at another hub.
    async fn say_elsewhere(&self, room: &Room, text: &Text) -> Result<(), String> {
        let name = room.name.to_string();
        let absent = || Err(not_there(&name));
        if self.0.bus.state().kind == "local" {
            return absent();
        }
        let (asked, now) = (name.clone(), self.now());
        let found = self.0.store.read(move |conn| rooms::get(conn, &asked, now));
        let row = match tokio::time::timeout(ASK, found).await {
            Ok(Ok(Some((view, row)))) if view.presence.connected => row,
            Ok(Ok(_)) => return absent(),
            _ => {
                return Err(format!(
                    "{name} is not at this hub, and the store, which knows where it is, does not answer. Nothing was handed on."
                ));
            }
        };
        if row.node == Some(self.0.node.into()) {
            return absent();
        }
        if !self.0.bus.state().reachable {
            return Err(format!(
                "{name} is at another hub, which cannot be reached now. Nothing was handed on."
            ));
        }
        self.0.bus.publish(&self.frame(room, Way::Down, row.epoch, text, now));
        Ok(())
    }

    fn frame(&self, room: &Room, way: Way, epoch: i64, text: &str, at: Time) -> RoomFrame {
        let (room, text) = (room.name.to_string(), text.to_owned());
        RoomFrame { room, way, epoch, from: self.0.node, text, at_micros: at.micros() }
    }
}

/// The line of a device that never had one.
fn never_here(device: &devices::DeviceRow) -> RoomView {
    RoomView {
        name: device.name.clone(),
        device_id: Some(device.id.into()),
        presence: fairlead_model::room::Presence { connected: false, since: device.created_at.into() },
        address: None,
        values: Vec::new(),
        values_at: None,
    }
}

fn not_there(name: &str) -> String {
    format!("{name} is not connected. Nothing was handed on; send it again when the device is there.")
}

impl DeviceSeat {
    /// The name of the room.
    pub(crate) fn name(&self) -> &str {
        &self.room.name
    }

    /// The device said something: it goes to its own pages, wherever they are, and nowhere else.
    pub(crate) fn heard(&self, text: &Text) {
        let (rooms, now) = (&self.rooms, self.rooms.now());
        let mut core = self.room.core();
        core.is_alive(self.seat, Instant::now());
        let heard = core.heard(self.seat, text, now);
        let epoch = core.epoch();
        let log = if heard.stale { Err(()) } else { core.may_log(now) };
        drop(core);
        if heard.stale {
            return;
        }
        rooms.figures().up.increment(1);
        if heard.unwritten {
            rooms.0.waiting.later(&self.room.name);
        }
        if heard.cut_off > 0 {
            rooms.figures().pages_cut_off.increment(heard.cut_off);
        }
        if let Ok(left_out) = log {
            rooms.0.log.note(&self.room.name, now, Way::Up, None, text, left_out);
        }
        if self.room.watched.load(Ordering::Relaxed) {
            rooms.0.bus.publish(&rooms.frame(&self.room, Way::Up, epoch, text, now));
        }
    }

    /// A quarter of a beat has passed, in which something was heard of the device, or not; true where another one of its name
    /// wants the line, so that a sign of life is worth more than else.
    pub(crate) fn quarter(&self, heard: bool) -> bool {
        let (now, mut core) = (Instant::now(), self.room.core());
        if heard {
            core.is_alive(self.seat, now);
        }
        core.is_contested(now)
    }

    /// The device is cut off.
    pub(crate) fn count_cut_off(&self) {
        self.rooms.figures().devices_cut_off.increment(1);
    }

    /// Something that is not passed on is noted.
    pub(crate) fn remark(&self, words: &str) {
        self.rooms.write_down(&self.room, Way::Up, None, words);
    }
}

impl Drop for DeviceSeat {
    fn drop(&mut self) {
        if self.room.core().leave(self.seat, self.rooms.now()) {
            self.rooms.0.waiting.soon(&self.room.name);
            self.rooms.tell_presence(&self.room);
            self.rooms.0.watchers.look_again();
        }
    }
}

impl PageSeat {
    /// Hands a text to the device.
    ///
    /// # Errors
    /// A sentence that says why not.
    pub(crate) async fn say(&self, who: &str, text: Text) -> Result<(), String> {
        let said = self.room.core().say(text.clone());
        let done = match said {
            Ok(()) => Ok(()),
            Err(Unsaid::NoDevice) => self.rooms.say_elsewhere(&self.room, &text).await,
            Err(Unsaid::Full) => Err(format!(
                "{} does not keep up with what it is told. Wait until it has answered, and send it again.",
                self.room.name
            )),
        };
        match &done {
            Ok(()) => self.rooms.said(&self.room, Some(who), &text),
            Err(_) => self.rooms.figures().unsaid.increment(1),
        }
        done
    }
}

impl Drop for PageSeat {
    fn drop(&mut self) {
        self.room.core().stand_up(self.seat);
        self.rooms.tidy(&self.room.name);
        self.rooms.0.watchers.look_again();
    }
}

/// Why a line ended, for the other end of the socket.
pub(crate) fn why(end: End) -> &'static str {
    match end {
        End::TakenOver => "A newer connection has this name.",
        End::Elsewhere => "The device is at another hub.",
        End::Behind => "The page did not keep up.",
        End::Unwanted => "The device is not registered any more.",
    }
}
