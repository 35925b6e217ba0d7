//! Passing on: the messages of a unit of work against the routes that can fit them.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;

use fairlead_model::delivery::DeliveryAttributes;
use fairlead_model::device::{DeviceKind, DeviceRef};
use fairlead_model::mt::{Order, OrderKind};
use fairlead_model::problem::ProblemKind;
use fairlead_model::queue::DeliveryWaiting;
use fairlead_model::route::{Format, RouteMessage, RouteSource, RouteTarget};
use fairlead_model::{Clock, DeviceId, GroupId, MessageId, ModemId, RouteId};
use fairlead_store::registry::{groups, links};
use fairlead_store::routing::deliveries::{self, NewDelivery};
use fairlead_store::routing::routes::{self, Route, Told};
use fairlead_store::satellite::messages;
use fairlead_store::satellite::readings::{self, Fix, ReadingRow};
use fairlead_store::{Conn, Id, Micros, StoreError, Tx, problems};
use fairlead_wire::pk::Command;
use fairlead_wire::route::{self as wire, Facts, PassedOn};
use serde_json::Value;
use uuid::Uuid;

use super::area;
use super::conditions::{self, Asked};
use super::message::{Before, Heard};
use crate::rockstar;

/// `deliveries.format` of what a device is told.
const TO_DEVICE: &str = "mt";

/// Most messages that are looked through for what was told of a stay in an area.
const LOOKED_THROUGH: i64 = 100;

/// A sleep is answered in whole minutes.
const ANSWERED_TO_S: i64 = 60;

/// Why a route does not pass a message on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    Source,
    Message(RouteMessage),
    Itself,
    Answer,
    Condition(usize),
    Nothing,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source => f.write_str("It is not of one of the route's devices."),
            Self::Message(message) => {
                write!(f, "The route does not pass on messages of the kind `{}`.", message.as_str())
            }
            Self::Itself => {
                f.write_str("The message is of the device that the route delivers to, or of its kind.")
            }
            Self::Answer => f.write_str("The message answers what this route has told the device."),
            Self::Condition(number) => write!(f, "It does not meet condition {number}."),
            Self::Nothing => f.write_str("It has no position that a device could be told."),
        }
    }
}

/// A message with whose it is, before the routes.
pub(crate) struct Asking<'m> {
    pub(crate) heard: &'m Heard,
    facts: Facts<'m>,
    groups: BTreeSet<GroupId>,
    values: OnceCell<Value>,
    before: Option<(f64, f64)>,
    bodies: HashMap<Format, String>,
}

/// What a route makes of a message.
pub(crate) struct Body {
    pub(crate) format: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) bytes: Vec<u8>,
    /// For a device: the text as it gets it, where that is settled here.
    pub(crate) shown: String,
}

/// Passes on the messages of a unit of work. Where no route is enabled, that is one small query.
///
/// Who else than the sender may have written a message is not asked of an endpoint, which is told all there is. A device
/// acts on what it is told, and each time is paid for: it is told nothing of a message that contradicts another one until
/// a person puts it through, and no second time what it was told before the message was repaired.
pub(crate) fn pass_on(
    tx: &mut Tx<'_>,
    clock: &Clock,
    heard: &[Heard],
    by_hand: &HashSet<Id>,
) -> Result<(), StoreError> {
    if heard.is_empty() || !routes::any_enabled(tx)? {
        return Ok(());
    }
    let senders: Vec<(String, Micros)> = heard.iter().map(|h| (h.row.imei.clone(), h.sent_at())).collect();
    let owners = links::owners(tx, &senders)?;
    let devices: BTreeSet<DeviceId> = owners.iter().flatten().map(|(device, _)| device.id).collect();
    let devices: Vec<DeviceId> = devices.into_iter().collect();
    let groups = groups::of_devices(tx, &devices)?;
    let all: BTreeSet<GroupId> = groups.values().flatten().copied().collect();
    let routes = routes::fitting(tx, &devices, &all.into_iter().collect::<Vec<_>>())?;
    if routes.is_empty() {
        return Ok(());
    }
    let told = told(tx, heard)?;
    let doubts = match routes.iter().any(tells_a_device) {
        true => Doubts::about(tx, heard, by_hand)?,
        false => Doubts::default(),
    };
    let together: HashSet<MessageId> = heard.iter().map(Heard::id).collect();
    let content_types: Vec<Option<String>> = heard.iter().map(Heard::content_type).collect();
    let mut new = Vec::new();
    for ((heard, owner), content_type) in heard.iter().zip(owners).zip(&content_types) {
        let of = owner.as_ref().and_then(|(device, _)| groups.get(&device.id)).cloned();
        let device = owner.as_ref().map(|(device, _)| device.clone());
        let mut asking = Asking::of(heard, device, of.unwrap_or_default(), content_type.as_deref())?;
        let mut open: Vec<&Route> =
            routes.iter().filter(|route| asking.concerns(route, &told).is_ok()).collect();
        if open.iter().any(|route| asking.needs_before(route)) {
            asking.look_before(tx, owner.map(|(_, since)| since))?;
            if let Some(late) = Late::of(tx, &asking)? {
                let next = late.next(tx, &together)?;
                let content_type = next.as_ref().and_then(Heard::content_type);
                let next = next.as_ref().map(|next| asking.of_the_same(next, content_type.as_deref()));
                new.extend(late.comes_between(tx, next.transpose()?, &mut open)?);
            }
        }
        for route in open {
            let delivery = asking.passed_on(route, &doubts, &new)?;
            new.extend(delivery);
        }
    }
    deliver(tx, clock, new)
}

/// A message that came after some that were sent behind it: those were compared with what was known to be before them.
struct Late<'l> {
    asking: &'l Asking<'l>,
    /// Where its device was behind it.
    behind: Vec<Fix>,
    /// What of those was told.
    told: HashSet<(MessageId, RouteId)>,
}

impl<'l> Late<'l> {
    /// `None` where nothing that was passed on depends on it.
    fn of(conn: &mut Conn, asking: &'l Asking<'l>) -> Result<Option<Self>, StoreError> {
        let (Before::Ask, reading) = (asking.heard.before, &asking.heard.reading) else { return Ok(None) };
        if reading.clock_ahead {
            return Ok(None);
        }
        let behind = readings::fixes_after(conn, reading.modem_id, reading.place(), LOOKED_THROUGH)?;
        if behind.is_empty() {
            return Ok(None);
        }
        let ids: Vec<MessageId> = behind.iter().map(|(id, _)| *id).collect();
        let told = routes::passed_on(conn, &ids)?;
        Ok(Some(Self { asking, behind, told }))
    }

    /// The message behind it that was handled before, and that is of the same device.
    fn next(&self, conn: &mut Conn, together: &HashSet<MessageId>) -> Result<Option<Heard>, StoreError> {
        let Some((id, _)) = self.behind.iter().find(|(id, _)| !together.contains(id)) else {
            return Ok(None);
        };
        let row = messages::get_all(conn, &[*id])?.pop();
        let reading = readings::of_messages(conn, &[*id])?.remove(id);
        let Some(next) = row.zip(reading).and_then(|(row, reading)| Heard::again(row, reading)) else {
            return Ok(None);
        };
        let owner = links::owners(conn, &[(next.row.imei.clone(), next.sent_at())])?.pop().flatten();
        let device = self.asking.facts.device.as_ref().map(|device| device.id);
        Ok((owner.map(|(device, _)| device.id) == device).then_some(next))
    }

    /// Whether it is told already that the device came into an area, or left it, before a message at `position`: of all that
    /// was sent from then on until it left again, or came back, one was. The message is this one, or one behind it.
    fn was_told(&self, route: &Route, message: MessageId, position: (f64, f64)) -> bool {
        let areas: Vec<_> = route.conditions.iter().filter_map(conditions::crossed).collect();
        let same = |other: (f64, f64)| {
            areas.iter().all(|area| area::contains(area, position) == area::contains(area, other))
        };
        let from = self.behind.iter().position(|(id, _)| *id == message).unwrap_or(0);
        let mut stay = self.behind.iter().skip(from).take_while(|(_, other)| same(*other));
        stay.any(|(id, _)| self.told.contains(&(*id, route.id)))
    }

    /// Takes away the routes that have told already what this message would tell, and returns what the one behind it is to
    /// tell, as is only known now.
    fn comes_between(
        &self,
        conn: &mut Conn,
        mut next: Option<Asking<'_>>,
        routes: &mut Vec<&Route>,
    ) -> Result<Vec<NewDelivery>, StoreError> {
        let Some(here) = self.asking.fix() else { return Ok(Vec::new()) };
        let mut new = Vec::new();
        if let Some(next) = &mut next
            && let Some(there) = next.fix()
        {
            next.look_before(conn, None)?;
            let alone = std::slice::from_ref(next.heard);
            let (told, doubts) = (told(conn, alone)?, Doubts::about(conn, alone, &HashSet::new())?);
            for route in routes.iter().filter(|route| self.asking.needs_before(route)) {
                if next.concerns(route, &told).is_ok() && !self.was_told(route, next.heard.id(), there) {
                    new.extend(next.passed_on(route, &doubts, &[])?);
                }
            }
        }
        routes.retain(|route| {
            !self.asking.needs_before(route) || !self.was_told(route, self.asking.heard.id(), here)
        });
        Ok(new)
    }
}

fn tells_a_device(route: &Route) -> bool {
    matches!(route.target, RouteTarget::Device { .. })
}

/// What stands against telling a device of messages.
#[derive(Default)]
struct Doubts {
    contradicted: HashSet<MessageId>,
    /// Commands of a tracker that came several times at once, each with the others.
    repeats: HashMap<MessageId, Vec<MessageId>>,
    told: HashSet<(MessageId, RouteId, Vec<u8>)>,
}

impl Doubts {
    fn about(conn: &mut Conn, heard: &[Heard], by_hand: &HashSet<Id>) -> Result<Self, StoreError> {
        let unasked: Vec<MessageId> =
            heard.iter().filter(|heard| !by_hand.contains(&heard.row.id)).map(Heard::id).collect();
        let contradicted = problems::open_about(conn, ProblemKind::ConflictingMessage, &unasked)?;
        let repeats = repeats(conn, heard)?;
        let replaced = heard.iter().filter_map(|heard| heard.row.replaces).map(MessageId::from);
        let before: Vec<MessageId> = replaced.chain(repeats.values().flatten().copied()).collect();
        let told = match before.is_empty() {
            true => HashSet::new(),
            false => routes::told_devices(conn, &before)?,
        };
        Ok(Self { contradicted, repeats, told })
    }

    fn stand_against(&self, heard: &Heard, route: &Route, body: &Body, new: &[NewDelivery]) -> bool {
        if self.contradicted.contains(&heard.id()) {
            return true;
        }
        let repeats = self.repeats.get(&heard.id()).into_iter().flatten().copied();
        let mut before = heard.row.replaces.map(MessageId::from).into_iter().chain(repeats);
        before.any(|id| {
            self.told.contains(&(id, route.id, body.bytes.clone()))
                || new.iter().any(|new| {
                    (new.message, new.route) == (Some(id), Some(route.id)) && new.body == body.bytes
                })
        })
    }
}

/// A tracker's burst is several pushes of one moment and number. Should each of them carry the words by which it steers,
/// these are one command.
fn repeats(conn: &mut Conn, heard: &[Heard]) -> Result<HashMap<MessageId, Vec<MessageId>>, StoreError> {
    let mut repeats = HashMap::new();
    for heard in heard.iter().filter(|heard| heard.extra.command.is_some() && rockstar::sent(&heard.row)) {
        let ReadingRow { modem_id, transmitted_at, momsn, .. } = heard.reading;
        let twins = readings::twins(conn, modem_id, transmitted_at, momsn, heard.id())?;
        if !twins.is_empty() {
            repeats.insert(heard.id(), twins.into_iter().map(MessageId::from).collect());
        }
    }
    Ok(repeats)
}

/// Writes deliveries, but those that were made before, and wakes whoever delivers to their targets.
fn deliver(tx: &mut Tx<'_>, clock: &Clock, mut new: Vec<NewDelivery>) -> Result<(), StoreError> {
    if new.is_empty() {
        return Ok(());
    }
    let messages: BTreeSet<MessageId> = new.iter().filter_map(|delivery| delivery.message).collect();
    let mut done = routes::passed_on(tx, &messages.into_iter().collect::<Vec<_>>())?;
    new.retain(|delivery| delivery.message.zip(delivery.route).is_none_or(|pair| done.insert(pair)));
    deliveries::insert(tx, clock, &new)?;
    let targets: BTreeSet<Uuid> = new.iter().map(|delivery| deliveries::target(delivery.target).1).collect();
    let waiting: Vec<DeliveryWaiting> =
        targets.into_iter().map(|target_id| DeliveryWaiting { target_id }).collect();
    fairlead_bus::enqueue_many(tx, clock, &waiting, None)
}

/// What routes told the modems that answer something here.
fn told(conn: &mut Conn, heard: &[Heard]) -> Result<Vec<Told>, StoreError> {
    let answering: Vec<&Heard> = heard.iter().filter(|heard| heard.answers()).collect();
    if answering.is_empty() {
        return Ok(Vec::new());
    }
    let modems: BTreeSet<ModemId> = answering.iter().map(|heard| heard.modem()).collect();
    let messages: Vec<MessageId> = answering.iter().map(|heard| heard.id()).collect();
    routes::told(conn, &modems.into_iter().collect::<Vec<_>>(), &messages)
}

/// Whether a message can be the answer to something that a route told its modem.
fn answers(heard: &Heard, told: &Told) -> bool {
    if told.modem != heard.modem() {
        return false;
    }
    if told.confirmed_by == Some(heard.id()) {
        return true;
    }
    if let Some(number) = heard.extra.acknowledges {
        return told.provider_id.as_deref() == Some(number.to_string().as_str());
    }
    let ReadingRow { status, interval_s, sleep_s, .. } = &heard.reading;
    match (status.as_deref(), told.kind.parse()) {
        (Some("accepted"), Ok(OrderKind::Interval)) => told.value.map(|minutes| minutes * 60) == *interval_s,
        (Some("accepted"), Ok(OrderKind::Sleep)) => {
            sleep_s.zip(told.value).is_some_and(|(says, told)| (says - told).abs() < ANSWERED_TO_S)
        }
        (Some("accepted" | "rejected"), _) => true,
        _ => false,
    }
}

impl<'m> Asking<'m> {
    pub(crate) fn of(
        heard: &'m Heard,
        device: Option<DeviceRef>,
        groups: BTreeSet<GroupId>,
        content_type: Option<&'m str>,
    ) -> Result<Self, StoreError> {
        let facts = heard.facts(device, content_type)?;
        Ok(Self { heard, facts, groups, values: OnceCell::new(), before: None, bodies: HashMap::new() })
    }

    /// Another message of the same device.
    fn of_the_same<'o>(
        &self,
        heard: &'o Heard,
        content_type: Option<&'o str>,
    ) -> Result<Asking<'o>, StoreError> {
        Asking::of(heard, self.facts.device.clone(), self.groups.clone(), content_type)
    }

    /// Whether it is of a route's source, of its kinds of message, and not kept from it.
    pub(crate) fn concerns(&self, route: &Route, told: &[Told]) -> Result<(), Why> {
        let device = self.facts.device.as_ref();
        let fits = match route.source {
            RouteSource::Any => true,
            RouteSource::Device { id } => device.is_some_and(|device| device.id == id),
            RouteSource::Group { id } => self.groups.contains(&id),
            RouteSource::Kind { kind } => device.is_some_and(|device| device.kind == kind),
        };
        if !fits {
            return Err(Why::Source);
        }
        if !route.messages.contains(&self.facts.message) {
            return Err(Why::Message(self.facts.message));
        }
        // Of a group, those of the target's own kind are passed over; and nobody is told what it said itself.
        if device.is_some_and(|device| route.target_kind == Some(device.kind)) {
            return Err(Why::Itself);
        }
        if told.iter().any(|told| told.route == route.id && answers(self.heard, told)) {
            return Err(Why::Answer);
        }
        Ok(())
    }

    /// Where its own receiver was, degrees north and east.
    fn fix(&self) -> Option<(f64, f64)> {
        self.facts.said.fix.map(|(latitude, longitude)| (latitude.degrees(), longitude.degrees()))
    }

    /// Whether a route asks where the device was before, of a message that says where it is.
    pub(crate) fn needs_before(&self, route: &Route) -> bool {
        self.facts.said.fix.is_some()
            && route.conditions.iter().any(|condition| conditions::crossed(condition).is_some())
    }

    /// Finds out where the device was before; its modem was in it since `since`.
    pub(crate) fn look_before(&mut self, conn: &mut Conn, since: Option<Micros>) -> Result<(), StoreError> {
        let Some(device) = &self.facts.device else { return Ok(()) };
        let (heard, reading) = (self.heard, &self.heard.reading);
        self.before = match heard.before {
            Before::Known { latitude, longitude, at } if since.is_some_and(|since| at >= since) => {
                Some((latitude, longitude))
            }
            _ => readings::fix_before(conn, device.id, reading.modem_id, reading.place())?,
        };
        Ok(())
    }

    /// What a route makes of it, where it fits.
    fn passed_on(
        &mut self,
        route: &Route,
        doubts: &Doubts,
        new: &[NewDelivery],
    ) -> Result<Option<NewDelivery>, StoreError> {
        if self.meets(route).is_err() {
            return Ok(None);
        }
        let Some(body) = self.body(route)? else { return Ok(None) };
        let is_doubtful = tells_a_device(route) && doubts.stand_against(self.heard, route, &body, new);
        Ok((!is_doubtful).then(|| self.delivery(route, body)))
    }

    /// Whether it meets all conditions of a route.
    pub(crate) fn meets(&self, route: &Route) -> Result<(), Why> {
        for (number, condition) in (1..).zip(&route.conditions) {
            let values = self
                .values
                .get_or_init(|| serde_json::to_value(PassedOn::of(&self.facts)).unwrap_or_default());
            let asked = Asked { said: &self.facts.said, values, before: self.before };
            if !conditions::meets(condition, asked) {
                return Err(Why::Condition(number));
            }
        }
        Ok(())
    }

    /// What a route makes of it; `None` where there is nothing to tell.
    pub(crate) fn body(&mut self, route: &Route) -> Result<Option<Body>, StoreError> {
        if let RouteTarget::Device { .. } = route.target {
            let Some(order) = self.order(route.target_kind) else { return Ok(None) };
            let bytes = serde_json::to_vec(&order)
                .map_err(|e| StoreError::Fault(format!("an order cannot be written: {e}")))?;
            let shown = match (&order, self.facts.said.command) {
                (Order::Position { text }, _) => text.clone(),
                (_, Some(command)) => fairlead_wire::pk::MtText::command(command).as_str().to_owned(),
                _ => String::new(),
            };
            return Ok(Some(Body { format: TO_DEVICE, content_type: "application/json", bytes, shown }));
        }
        let format = route.format.unwrap_or(Format::Json);
        let facts = &self.facts;
        let text = self.bodies.entry(format).or_insert_with(|| wire::write(format, facts));
        Ok(Some(Body {
            format: format.as_str(),
            content_type: wire::content_type(format),
            bytes: text.as_bytes().to_vec(),
            shown: text.clone(),
        }))
    }

    /// What a device is told.
    fn order(&self, kind: Option<DeviceKind>) -> Option<Order> {
        Some(match kind? {
            DeviceKind::Handset => Order::Position { text: wire::handset_text(&self.facts)? },
            DeviceKind::Rockstar => Order::Position { text: wire::rockstar_text(&self.facts)? },
            DeviceKind::Buoy => match self.facts.said.command? {
                Command::Beacon { on } => Order::Beacon { on },
                Command::Interval(interval) => Order::Interval { minutes: interval.minutes().into() },
                Command::Sleep(span) => Order::Sleep { seconds: span.seconds() },
            },
        })
    }

    fn delivery(&self, route: &Route, body: Body) -> NewDelivery {
        let (heard, facts) = (self.heard, &self.facts);
        let device = facts.device.as_ref();
        NewDelivery {
            route: Some(route.id),
            target: route.target,
            message: Some(heard.id()),
            modem: Some(heard.modem()),
            device: device.map(|device| device.id),
            format: body.format.to_owned(),
            content_type: body.content_type.to_owned(),
            attributes: DeliveryAttributes {
                device: device.map_or_else(|| facts.pushed.imei.to_string(), |device| device.name.clone()),
                kind: device.map_or("modem", |device| device.kind.as_str()).to_owned(),
                imei: facts.pushed.imei,
                message: facts.message.as_str().to_owned(),
                at: heard.sent_at().into(),
                position_at: facts.said.fix.map(|_| facts.said.measured_at),
            },
            body: body.bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use diesel::Connection as _;
    use diesel::connection::{InstrumentationEvent, SimpleConnection as _};
    use fairlead_model::Time;
    use fairlead_model::route::{Condition, NewRoute};
    use fairlead_testkit::Backend;

    use super::*;
    use crate::http::routes::preview::example;

    /// Queries that passing on so many messages past so many routes takes.
    async fn queries(of_messages: i32, of_routes: i64) -> usize {
        let (store, _folder, _) = fairlead_testkit::store(Backend::Embedded).await;
        let (clock, _hand) = Clock::manual(Time::parse_rfc3339("2026-06-01T12:00:00Z").unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = asked.clone();
        let work = move |tx: &mut Tx<'_>| {
            let endpoint = clock.new_id();
            tx.batch_execute(&format!(
                "INSERT INTO endpoints (id, kind, name, name_key, enabled, config, created_at, created_by, \
                 changed_at) VALUES (X'{}', 'webhook', 'maps', 'maps', 1, '{{}}', 0, '', 0)",
                endpoint.simple()
            ))?;
            for n in 0..of_routes {
                let new = NewRoute {
                    name: String::new(),
                    enabled: true,
                    source: RouteSource::Any,
                    messages: vec![RouteMessage::Position],
                    conditions: vec![Condition::BatteryBelow { volts: 4.0 + n as f64 / 1_000.0 }],
                    target: RouteTarget::Endpoint { id: endpoint.into() },
                    format: None,
                    lives_s: None,
                };
                routes::create(tx, &clock, &new, Vec::new(), "test")?.unwrap();
            }
            let heard: Vec<Heard> =
                (0..of_messages).map(|_| example(&clock, RouteMessage::Position).unwrap()).collect();
            let ear = counted.clone();
            tx.set_instrumentation(move |event: InstrumentationEvent<'_>| {
                if let InstrumentationEvent::StartQuery { query, .. } = event
                    && query.to_string().starts_with("SELECT")
                {
                    ear.fetch_add(1, Ordering::Relaxed);
                }
            });
            pass_on(tx, &clock, &heard, &HashSet::new())
        };
        store.write(work).await.unwrap();
        asked.load(Ordering::Relaxed)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn neither_messages_nor_routes_multiply_the_queries() {
        assert_eq!(queries(40, 0).await, 1, "without a route there is one small query");
        let few = queries(1, 1).await;
        assert_eq!(queries(40, 300).await, few);
        assert!(few <= 6, "{few}");
    }
}
