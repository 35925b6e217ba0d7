//! One room: a device, the pages that talk to it, and what is known of both. No I/O: what it says goes into mailboxes.

use std::sync::Arc;
use std::time::Duration;

use fairlead_model::room::{Presence, RoomView};
use fairlead_model::{DeviceId, Time};
use fairlead_store::Digest;
use fairlead_store::rooms::{self, Change, Settled};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::figures::Counted;
use super::mailbox::{Bounds, End, Receiver, Sender, mailbox};
use super::values::Values;

/// A text on its way, shared by all who hear it and never copied.
pub(crate) type Text = Utf8Bytes;

/// What waits for a device. The firmware rests for 6 to 15 s while it looks at its hardware.
const FOR_DEVICE: Bounds = Bounds { items: 64, bytes: 2 * 1024 * 1024 };

/// What waits for a page.
const FOR_PAGE: Bounds = Bounds { items: 256, bytes: 4 * 1024 * 1024 };

/// Most pages in one room.
const PAGES: usize = 100;

/// Most texts of a room that are written to its log in one second; the rest is counted.
const LOGGED_A_SECOND: u32 = 100;

/// So many takeovers between live connections of different addresses are two devices of one name: from then on whoever has
/// the line keeps it.
const TAKEOVERS: usize = 2;

/// Within this time, which begins anew with each that is turned away.
const CONTEST: Duration = Duration::from_secs(60);

/// What pages are told.
#[derive(Clone, Debug)]
pub(crate) enum News {
    /// The device said something.
    Heard {
        /// When.
        at: Time,
        /// What.
        text: Text,
    },
    /// The line is so from now on.
    Changed(Arc<RoomView>),
}

/// A device that comes.
pub(crate) struct Arrival {
    /// The number of its connection in this process.
    pub(crate) seat: u64,
    /// The device of the registry.
    pub(crate) id: Option<DeviceId>,
    /// The key that was asked of it, hashed.
    pub(crate) key: Option<Digest>,
    /// From where it comes.
    pub(crate) address: String,
    /// When.
    pub(crate) at: Time,
    /// The same, by a clock that is never set.
    pub(crate) now: Instant,
    /// Between two pings.
    pub(crate) beat: Duration,
    /// Counts it for as long as it is there.
    pub(crate) counted: Counted,
}

/// What became of a device that came.
pub(crate) enum Came {
    /// It has the line.
    In {
        /// Where its texts come out.
        texts: Receiver<Text>,
        /// From where the device came that had the line until now.
        old: Option<Box<str>>,
    },
    /// Another device of this name is on the line, and keeps it.
    Contested {
        /// From where that one came.
        holder: Box<str>,
    },
}

/// How a device on the line stands with the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// As it was when it came.
    Fine,
    /// It was made known as this device.
    MadeKnown(DeviceId),
    /// It would not be let in as it came: it is known no more, or needs a key, or another one.
    Unwanted,
}

/// Why a text was not handed to the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsaid {
    /// It is not here.
    NoDevice,
    /// Too much waits for it.
    Full,
}

/// What came of a text of the device.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    /// It came from a connection that has lost the line: nobody was told.
    pub(crate) stale: bool,
    /// What the device says has begun to differ from what is written.
    pub(crate) unwritten: bool,
    /// Pages that did not keep up and were cut off.
    pub(crate) cut_off: u64,
}

/// A change to be written, and whose it is.
#[derive(Clone, Debug)]
pub(crate) struct Unwritten {
    /// The connection.
    pub(crate) seat: u64,
    /// The change.
    pub(crate) change: Change,
}

/// The state of a room.
pub(crate) struct Core {
    name: Arc<str>,
    device: Option<Device>,
    /// The last device's going, until it is written.
    went: Option<Unwritten>,
    /// How the line is while the device is not here: gone, or at another hub.
    away: Option<RoomView>,
    /// The newest connection at another hub that is known.
    away_epoch: i64,
    pages: Vec<Page>,
    values: Values,
    values_unwritten: bool,
    /// Whose they are, of the registry's devices.
    values_of: Option<DeviceId>,
    logged: (i64, u32),
    /// When live connections of other addresses lost the line last.
    takeovers: Vec<Instant>,
}

struct Device {
    seat: u64,
    id: Option<DeviceId>,
    key: Option<Digest>,
    address: Box<str>,
    since: Time,
    epoch: Option<i64>,
    /// When something was heard of it last.
    heard: Instant,
    beat: Duration,
    outbox: Sender<Text>,
    _counted: Counted,
}

struct Page {
    seat: u64,
    inbox: Sender<News>,
}

impl Core {
    pub(crate) fn new(name: Arc<str>) -> Self {
        Self {
            name,
            device: None,
            went: None,
            away: None,
            away_epoch: 0,
            pages: Vec::new(),
            values: Values::default(),
            values_unwritten: false,
            values_of: None,
            logged: (0, 0),
            takeovers: Vec::new(),
        }
    }

    /// A device takes the line, at once, whoever had it; but not where two devices of this name take it from each other.
    pub(crate) fn arrive(&mut self, arrival: Arrival) -> Came {
        let Arrival { seat, id, key, address, at, now, beat, counted } = arrival;
        if let Some(holder) = self.keeps_the_line(&address, now) {
            return Came::Contested { holder };
        }
        if self.values_of.is_some() && self.values_of != id {
            // The name is another device's now.
            (self.values, self.values_unwritten) = (Values::default(), false);
        }
        self.values_of = id;
        let (outbox, texts) = mailbox(FOR_DEVICE);
        let address = address.into_boxed_str();
        let device = Device {
            seat,
            id,
            key,
            address,
            since: at,
            epoch: None,
            heard: now,
            beat,
            outbox,
            _counted: counted,
        };
        let old = self.device.replace(device);
        // Its going need not be written: that a device is there is the newer truth.
        self.went = None;
        self.away = None;
        let old = old.map(|old| {
            old.outbox.end(End::TakenOver);
            old.address
        });
        self.tell_how_it_is(at);
        Came::In { texts, old }
    }

    /// From where the device comes that has the line and keeps it, should one come from this address. A connection that is
    /// dead, or whose own address comes again, is in nobody's way.
    fn keeps_the_line(&mut self, address: &str, now: Instant) -> Option<Box<str>> {
        let holder = self.device.as_ref().filter(|holder| *holder.address != *address)?;
        let silent = now.saturating_duration_since(holder.heard);
        self.takeovers.retain(|at| now.saturating_duration_since(*at) < CONTEST);
        if self.takeovers.len() >= TAKEOVERS && silent < holder.beat {
            self.takeovers.fill(now);
            return Some(holder.address.clone());
        }
        if silent <= holder.beat / 4 {
            self.takeovers.push(now);
        }
        None
    }

    /// Something was heard of the device.
    pub(crate) fn is_alive(&mut self, seat: u64, now: Instant) {
        if let Some(device) = self.device.as_mut().filter(|device| device.seat == seat) {
            device.heard = now;
        }
    }

    /// Whether another device of this name wanted the line a moment ago.
    pub(crate) fn is_contested(&self, now: Instant) -> bool {
        let lately = |at: &&Instant| now.saturating_duration_since(**at) < CONTEST;
        self.takeovers.iter().filter(lately).count() >= TAKEOVERS
    }

    /// A connection of the device ends; true where it had the line.
    pub(crate) fn leave(&mut self, seat: u64, at: Time) -> bool {
        self.device.as_ref().is_some_and(|device| device.seat == seat) && self.let_go(at)
    }

    /// The device is not to have a line any more; true where it had one.
    pub(crate) fn let_go(&mut self, at: Time) -> bool {
        let Some(mut went) = self.unwritten_device() else { return false };
        went.change.gone = Some(at);
        self.went = Some(went);
        let mut view = self.view(at);
        view.presence = Presence { connected: false, since: at };
        self.away = Some(view);
        self.end_device(End::Unwanted);
        self.tell_how_it_is(at);
        true
    }

    /// Another hub has the line under this epoch; true where the device was still here.
    pub(crate) fn lose(&mut self, epoch: i64, at: Time) -> bool {
        self.away_epoch = self.away_epoch.max(epoch);
        let held = self.device.as_ref().and_then(|device| device.epoch);
        if held.is_none_or(|held| held >= epoch) {
            return false;
        }
        self.away = Some(self.view(at));
        self.end_device(End::Elsewhere);
        true
    }

    fn end_device(&mut self, end: End) {
        if let Some(device) = self.device.take() {
            device.outbox.end(end);
        }
    }

    /// The device said something.
    pub(crate) fn heard(&mut self, seat: u64, text: &Text, at: Time) -> Heard {
        if self.device.as_ref().is_none_or(|device| device.seat != seat) {
            return Heard { stale: true, ..Heard::default() };
        }
        let kept = self.values.note(text, at);
        let unwritten = kept && !std::mem::replace(&mut self.values_unwritten, kept);
        Heard { stale: false, unwritten, cut_off: self.pass_on(text, at) }
    }

    /// The device said something at another hub; answers how many pages were cut off. What an older connection said is
    /// not passed on.
    pub(crate) fn heard_elsewhere(&mut self, epoch: i64, text: &Text, at: Time) -> u64 {
        if self.device.is_some() || (epoch != 0 && epoch < self.away_epoch) {
            return 0;
        }
        self.away_epoch = self.away_epoch.max(epoch);
        self.pass_on(text, at)
    }

    fn pass_on(&mut self, text: &Text, at: Time) -> u64 {
        self.tell(text.len(), || News::Heard { at, text: text.clone() })
    }

    /// Tells all pages; one that is too far behind is cut off.
    fn tell(&mut self, bytes: usize, news: impl Fn() -> News) -> u64 {
        let behind = self.pages.extract_if(.., |page| page.inbox.offer(news(), bytes).is_err());
        behind.map(|page| page.inbox.end(End::Behind)).count().try_into().unwrap_or(u64::MAX)
    }

    fn tell_how_it_is(&mut self, now: Time) {
        if !self.pages.is_empty() {
            let view = Arc::new(self.view(now));
            let bytes = view.values.iter().map(String::len).sum();
            self.tell(bytes, || News::Changed(view.clone()));
        }
    }

    /// Something for the device.
    pub(crate) fn say(&mut self, text: Text) -> Result<(), Unsaid> {
        let device = self.device.as_ref().ok_or(Unsaid::NoDevice)?;
        let bytes = text.len();
        device.outbox.offer(text, bytes).map_err(|_| Unsaid::Full)
    }

    /// A page comes; answers where its news come out, beginning with how the line is. `None` where there are too many.
    pub(crate) fn sit_down(&mut self, seat: u64, now: Time) -> Option<Receiver<News>> {
        if self.pages.len() >= PAGES {
            return None;
        }
        let (inbox, news) = mailbox(FOR_PAGE);
        let view = Arc::new(self.view(now));
        let bytes = view.values.iter().map(String::len).sum();
        // The mailbox is empty: this fits.
        let _ = inbox.offer(News::Changed(view), bytes);
        self.pages.push(Page { seat, inbox });
        Some(news)
    }

    /// A page goes.
    pub(crate) fn stand_up(&mut self, seat: u64) {
        self.pages.retain(|page| page.seat != seat);
    }

    /// How the line is, as far as it is known here.
    pub(crate) fn view(&self, now: Time) -> RoomView {
        match (&self.device, &self.away) {
            (Some(device), _) => RoomView {
                name: self.name.to_string(),
                device_id: device.id,
                presence: Presence { connected: true, since: device.since },
                address: Some(device.address.to_string()),
                values: self.values.all().map(|(_, text)| text.to_owned()).collect(),
                values_at: self.values.newest(),
            },
            (None, Some(away)) => away.clone(),
            (None, None) => RoomView {
                name: self.name.to_string(),
                device_id: None,
                presence: Presence { connected: false, since: now },
                address: None,
                values: Vec::new(),
                values_at: None,
            },
        }
    }

    /// How the line is by the store's word, which counts while the device is not here; pages are told where that is new.
    pub(crate) fn is_away(&mut self, view: RoomView, epoch: i64, now: Time) {
        if self.device.is_some() || self.went.is_some() {
            return;
        }
        self.away_epoch = self.away_epoch.max(epoch);
        if self
            .away
            .as_ref()
            .is_none_or(|away| away.presence != view.presence || away.address != view.address)
        {
            self.away = Some(view);
            self.tell_how_it_is(now);
        } else {
            self.away = Some(view);
        }
    }

    /// Whether the device is here.
    pub(crate) fn has_device(&self) -> bool {
        self.device.is_some()
    }

    /// The number of the device's connection.
    pub(crate) fn seat(&self) -> Option<u64> {
        self.device.as_ref().map(|device| device.seat)
    }

    /// Whether pages look into the room from here, while the device is not.
    pub(crate) fn looks_elsewhere(&self) -> bool {
        self.device.is_none() && !self.pages.is_empty()
    }

    /// Whether nobody would miss the room.
    pub(crate) fn is_idle(&self) -> bool {
        self.device.is_none() && self.pages.is_empty() && self.went.is_none()
    }

    /// Under which epoch the store knows the device's connection; 0 where it does not.
    pub(crate) fn epoch(&self) -> i64 {
        self.device.as_ref().and_then(|device| device.epoch).unwrap_or(0)
    }

    /// The device of the registry.
    pub(crate) fn device_id(&self) -> Option<DeviceId> {
        self.device.as_ref().and_then(|device| device.id)
    }

    /// The device was made known to the registry; true where that is news.
    pub(crate) fn is_registered(&mut self, id: DeviceId) -> bool {
        match &mut self.device {
            Some(device) if device.id != Some(id) => {
                device.id = Some(id);
                self.values_of = Some(id);
                true
            }
            _ => false,
        }
    }

    /// How the device stands that is here, by the registry as it is now; `None` for nobody of this name.
    pub(crate) fn standing(&self, found: Option<(DeviceId, Option<Digest>)>) -> Standing {
        let Some(device) = &self.device else { return Standing::Fine };
        match (device.id, found) {
            (None, Some((id, None))) => Standing::MadeKnown(id),
            (None, Some((_, Some(_)))) => Standing::Unwanted,
            (Some(_), None) => Standing::Unwanted,
            (Some(was), Some((is, _))) if was != is => Standing::Unwanted,
            (Some(_), Some((_, Some(key)))) if device.key != Some(key) => Standing::Unwanted,
            _ => Standing::Fine,
        }
    }

    /// What the device said last, with times.
    pub(crate) fn values(&self) -> Vec<(Time, Text)> {
        self.values.all().map(|(at, text)| (at, Text::from(text.to_owned()))).collect()
    }

    /// Whether one more text may be written to the log now; else how many were left out is told with the first of the next
    /// second.
    pub(crate) fn may_log(&mut self, at: Time) -> Result<u32, ()> {
        let second = at.micros() / 1_000_000;
        let (last, count) = self.logged;
        if second != last {
            self.logged = (second, 1);
            return Ok(count.saturating_sub(LOGGED_A_SECOND));
        }
        self.logged.1 = count.saturating_add(1);
        if count < LOGGED_A_SECOND { Ok(0) } else { Err(()) }
    }

    /// What is to be written.
    pub(crate) fn unwritten(&mut self) -> Option<Unwritten> {
        let mut unwritten = self.went.clone().or_else(|| self.unwritten_device())?;
        if std::mem::take(&mut self.values_unwritten)
            && let Some(newest) = self.values.newest()
        {
            unwritten.change.state = Some((rooms::write_state(self.values.all()), newest));
        }
        Some(unwritten)
    }

    fn unwritten_device(&self) -> Option<Unwritten> {
        let device = self.device.as_ref()?;
        let change = Change {
            name: self.name.to_string(),
            device_id: device.id,
            address: device.address.to_string(),
            since: device.since,
            gone: None,
            held: device.epoch,
            state: None,
        };
        Some(Unwritten { seat: device.seat, change })
    }

    /// What was to be written was not.
    pub(crate) fn is_not_written(&mut self, unwritten: &Unwritten) {
        self.values_unwritten |= unwritten.change.state.is_some();
    }

    /// What came of a change; true where the device was lost to another hub.
    pub(crate) fn is_written(&mut self, unwritten: &Unwritten, settled: &Settled, now: Time) -> bool {
        let here = self.device.as_mut().filter(|device| device.seat == unwritten.seat);
        match (settled, here) {
            (Settled::Held { epoch, earlier, .. }, Some(device)) => {
                device.epoch = Some(*epoch);
                if let Some(earlier) = earlier {
                    self.values.add_earlier(rooms::read_state(earlier));
                    // What was written just now took its place.
                    self.values_unwritten |= unwritten.change.state.is_some();
                }
                false
            }
            (Settled::Lost { epoch }, Some(device)) => {
                device.epoch = Some(epoch - 1);
                self.lose(*epoch, now)
            }
            (Settled::Left, None) => {
                self.went.take_if(|went| went.seat == unwritten.seat);
                false
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rooms::figures::Figures;

    fn at(second: i64) -> Time {
        Time::from_micros(second * 1_000_000)
    }

    fn room() -> Core {
        Core::new("PK001".into())
    }

    const BEAT: Duration = Duration::from_secs(60);

    fn arrival(seat: u64, address: &str, now: Instant) -> Arrival {
        let (address, counted) = (address.to_owned(), Figures::default().device(false));
        let at = at(i64::try_from(seat).unwrap());
        Arrival { seat, id: None, key: None, address, at, now, beat: BEAT, counted }
    }

    fn arrive(room: &mut Core, seat: u64) -> (Receiver<Text>, Option<Box<str>>) {
        match room.arrive(arrival(seat, &format!("10.0.0.{seat}"), Instant::now())) {
            Came::In { texts, old } => (texts, old),
            Came::Contested { holder } => panic!("{holder} keeps the line"),
        }
    }

    /// Who keeps the line where one comes from this address.
    fn kept_by(room: &mut Core, seat: u64, address: &str, now: Instant) -> Option<String> {
        match room.arrive(arrival(seat, address, now)) {
            Came::In { .. } => None,
            Came::Contested { holder } => Some(holder.to_string()),
        }
    }

    #[test]
    fn of_two_live_devices_of_one_name_the_first_keeps_the_line() {
        let (mut room, begin) = (room(), Instant::now());
        let after = |seconds| begin + Duration::from_secs(seconds);
        assert_eq!(kept_by(&mut room, 1, "a", after(0)), None);
        assert_eq!(kept_by(&mut room, 2, "b", after(5)), None);
        assert_eq!(kept_by(&mut room, 3, "a", after(10)), None);
        assert!(room.is_contested(after(10)));
        for n in 3..40 {
            room.is_alive(3, after(5 * n));
            assert_eq!(kept_by(&mut room, 4, "b", after(5 * n)).as_deref(), Some("a"), "{n}");
        }
        // Its own address takes over at once, and is kept like the one before.
        assert_eq!(kept_by(&mut room, 5, "a", after(200)), None);
        assert_eq!(kept_by(&mut room, 6, "b", after(203)).as_deref(), Some("a"));
        // Silent for a beat, it is in nobody's way.
        assert_eq!(kept_by(&mut room, 7, "b", after(262)), None);
        assert!(!room.is_contested(after(400)));
    }

    fn ids() -> [DeviceId; 2] {
        let (clock, _) = fairlead_model::Clock::manual(at(0));
        [clock.new_id(), clock.new_id()].map(DeviceId::from)
    }

    #[test]
    fn what_was_kept_before_is_written_again_with_what_came_since() {
        let mut room = room();
        let (_texts, _) = arrive(&mut room, 1);
        room.heard(1, &text(r#"{"new":1}"#), at(2));
        let claim = room.unwritten().unwrap();
        let earlier = Some(rooms::write_state([(at(1), r#"{"old":1}"#)].into_iter()));
        room.is_written(&claim, &Settled::Held { epoch: 1, earlier, taken_from: None }, at(3));
        let (state, _) = room.unwritten().unwrap().change.state.expect("both are to be written");
        assert_eq!(rooms::read_state(&state).len(), 2);
    }

    #[test]
    fn a_device_that_has_anothers_name_has_not_its_values() {
        let (mut room, now) = (room(), Instant::now());
        let [one, two] = ids();
        let arrives = |seat, id| Arrival { id: Some(id), ..arrival(seat, "a", now) };
        room.arrive(arrives(1, one));
        room.heard(1, &text(r#"{"a":1}"#), at(2));
        room.arrive(arrives(2, one));
        assert_eq!(room.values().len(), 1);
        room.arrive(arrives(3, two));
        assert!(room.values().is_empty() && room.unwritten().unwrap().change.state.is_none());
    }

    #[test]
    fn a_device_that_would_not_be_let_in_any_more_is_unwanted() {
        let (mut room, now) = (room(), Instant::now());
        let [one, two] = ids();
        let (key, other) = (Digest([1; 32]), Digest([2; 32]));
        assert_eq!(room.standing(None), Standing::Fine);
        room.arrive(arrival(1, "a", now));
        assert_eq!(room.standing(None), Standing::Fine);
        assert_eq!(room.standing(Some((one, None))), Standing::MadeKnown(one));
        assert_eq!(room.standing(Some((one, Some(key)))), Standing::Unwanted);
        room.arrive(Arrival { id: Some(one), key: Some(key), ..arrival(2, "a", now) });
        for fine in [None, Some(key)] {
            assert_eq!(room.standing(Some((one, fine))), Standing::Fine);
        }
        for unwanted in [None, Some((one, Some(other))), Some((two, None))] {
            assert_eq!(room.standing(unwanted), Standing::Unwanted);
        }
    }

    #[test]
    fn a_device_whose_address_changes_has_its_line_at_once() {
        let (mut room, begin) = (room(), Instant::now());
        for n in 0..20 {
            // Its old connection has said nothing for a while.
            let now = begin + Duration::from_secs(16 * n);
            assert_eq!(kept_by(&mut room, n, &format!("10.0.0.{n}"), now), None);
        }
    }

    fn text(words: &str) -> Text {
        Text::from(words.to_owned())
    }

    async fn next_text(news: &mut Receiver<News>) -> String {
        loop {
            if let News::Heard { text, .. } = news.next().await.unwrap() {
                return text.to_string();
            }
        }
    }

    #[tokio::test]
    async fn the_newest_connection_has_the_line_and_the_older_ones_have_no_voice() {
        let mut room = room();
        let mut page = room.sit_down(100, at(0)).unwrap();
        let (mut first, none) = arrive(&mut room, 1);
        assert_eq!(none, None);
        room.say(text("to the first")).unwrap();
        let (mut second, old) = arrive(&mut room, 2);
        assert_eq!(old.as_deref(), Some("10.0.0.1"));
        assert_eq!(first.next().await, Err(End::TakenOver), "what waited for it goes nowhere");
        assert!(room.heard(1, &text("late"), at(3)).stale);
        assert!(!room.heard(2, &text("new"), at(3)).stale);
        assert_eq!(next_text(&mut page).await, "new");
        assert_eq!(second.take(), None);
        assert!(!room.leave(1, at(4)), "the older connection cannot take the line away");
        assert!(room.has_device() && room.leave(2, at(5)));
        assert_eq!(room.say(text("x")), Err(Unsaid::NoDevice));
    }

    #[tokio::test]
    async fn a_page_that_comes_later_sees_how_things_are() {
        let mut room = room();
        let (_texts, _) = arrive(&mut room, 1);
        assert!(room.heard(1, &text(r#"{"batt/main_v":4.1}"#), at(2)).unwritten);
        assert!(!room.heard(1, &text(r#"{"batt/main_v":4.2}"#), at(3)).unwritten, "it is known to differ");
        let mut page = room.sit_down(100, at(4)).unwrap();
        let News::Changed(view) = page.next().await.unwrap() else { panic!("not how it is") };
        assert_eq!(view.values, [r#"{"batt/main_v":4.2}"#]);
        assert!(view.presence.connected && view.values_at == Some(at(3)));
        room.leave(1, at(9));
        let News::Changed(view) = page.next().await.unwrap() else { panic!("not how it is") };
        assert_eq!(view.presence, Presence { connected: false, since: at(9) });
        assert_eq!(view.values.len(), 1);
    }

    #[tokio::test]
    async fn a_page_that_does_not_keep_up_costs_only_itself() {
        let mut room = room();
        let (_texts, _) = arrive(&mut room, 1);
        let mut slow = room.sit_down(100, at(0)).unwrap();
        let mut quick = room.sit_down(101, at(0)).unwrap();
        let mut cut_off = 0;
        for n in 0..300 {
            cut_off += room.heard(1, &text(&n.to_string()), at(1)).cut_off;
            assert_eq!(next_text(&mut quick).await, n.to_string());
        }
        assert_eq!(cut_off, 1);
        assert_eq!(slow.next().await.unwrap_err(), End::Behind);
    }

    #[test]
    fn a_device_that_does_not_read_is_told_no_more() {
        let mut room = room();
        let (_texts, _) = arrive(&mut room, 1);
        for _ in 0..FOR_DEVICE.items {
            room.say(text("x")).unwrap();
        }
        assert_eq!(room.say(text("x")), Err(Unsaid::Full));
    }

    #[test]
    fn a_claim_is_written_and_what_came_of_it_counts_for_that_connection_only() {
        let mut room = room();
        let (_first, _) = arrive(&mut room, 1);
        let claim = room.unwritten().unwrap();
        assert_eq!((claim.change.held, claim.change.gone), (None, None));
        let (_second, _) = arrive(&mut room, 2);
        let held = |epoch| Settled::Held { epoch, earlier: None, taken_from: None };
        room.is_written(&claim, &held(7), at(3));
        assert_eq!(room.epoch(), 0, "the older connection's claim is not the newer one's");
        let claim = room.unwritten().unwrap();
        room.is_written(&claim, &held(8), at(3));
        assert_eq!(room.epoch(), 8);
        assert!(!room.lose(8, at(4)) && room.has_device());
        assert!(room.lose(9, at(4)) && !room.has_device());
        assert!(room.unwritten().is_none(), "the other hub writes now");
        assert_eq!(room.heard_elsewhere(8, &text("late"), at(5)), 0);
    }

    #[tokio::test]
    async fn what_an_older_connection_elsewhere_said_is_not_passed_on() {
        let mut room = room();
        let mut page = room.sit_down(100, at(0)).unwrap();
        room.heard_elsewhere(3, &text("new"), at(1));
        room.heard_elsewhere(2, &text("old"), at(1));
        room.heard_elsewhere(0, &text("not claimed yet"), at(1));
        assert_eq!(next_text(&mut page).await, "new");
        assert_eq!(next_text(&mut page).await, "not claimed yet");
    }

    #[test]
    fn what_was_not_written_is_tried_again() {
        let mut room = room();
        let (_texts, _) = arrive(&mut room, 1);
        room.heard(1, &text(r#"{"a":1}"#), at(2));
        let tried = room.unwritten().unwrap();
        assert!(tried.change.state.is_some());
        room.is_not_written(&tried);
        room.leave(1, at(9));
        let again = room.unwritten().unwrap();
        assert_eq!((again.change.gone, again.change.state.is_some()), (Some(at(9)), true));
        assert!(!room.is_idle());
        room.is_written(&again, &Settled::Left, at(9));
        assert!(room.is_idle());
    }

    #[test]
    fn a_flood_is_not_written_down_whole() {
        let mut room = room();
        let written = (0..1_000).filter(|_| room.may_log(at(1)).is_ok()).count();
        assert_eq!(written, 100);
        assert_eq!(room.may_log(at(2)), Ok(900));
        assert_eq!(room.may_log(at(3)), Ok(0));
    }
}
