//! Routes: what is passed on where.

use std::collections::{HashMap, HashSet};

use diesel::dsl::count_star;
use diesel::prelude::*;
use fairlead_model::delivery::DeliveryState;
use fairlead_model::device::{DeviceKind, DeviceRef};
use fairlead_model::endpoint::EndpointRef;
use fairlead_model::mt::MtState;
use fairlead_model::route::{
    Condition, Format, LIVES_S, NewRoute, RouteMessage, RouteSource, RouteTarget, RouteView,
};
use fairlead_model::{Clock, DeviceId, EndpointId, GroupId, MessageId, ModemId, RouteId, Time};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::deliveries::{TO_DEVICE, target};
use super::{Checked, RouteFlaw};
use crate::registry::devices;
use crate::schema::{
    deliveries, device_groups, devices as device_table, endpoints, mt_messages, mt_origins, routes,
};
use crate::{Conn, Digest, Id, Micros, StoreError, Tx, sequences, sign_in};

/// The sequence of the numbers that old scripts know routes by.
const SEQUENCE: &str = "route.number";

/// Longest name, in characters.
const LONGEST_NAME: usize = 64;

/// Shortest and longest life of a position on its way to a device, seconds.
const LIVES_BETWEEN_S: std::ops::RangeInclusive<i64> = 60..=86_400;

/// One route.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = routes)]
#[diesel(treat_none_as_default_value = false)]
pub struct RouteRow {
    /// Its id.
    pub id: Id,
    /// The number by which old scripts know it.
    pub number: i64,
    /// What people call it; empty where nobody does.
    pub name: String,
    /// Whether it passes anything on.
    pub enabled: bool,
    /// `device`, `group`, `kind` or `any`.
    pub source_kind: String,
    /// The device or the group.
    pub source_id: Option<Id>,
    /// The kind of device.
    pub source_word: Option<String>,
    /// Which messages, as JSON.
    pub messages: String,
    /// On which conditions, as JSON.
    pub conditions: String,
    /// `device` or `endpoint`.
    pub target_kind: String,
    /// The device or the endpoint.
    pub target_id: Id,
    /// The format; none for a device.
    pub format: Option<String>,
    /// Seconds after which a position is too old to be sent to a device.
    pub lives_s: i64,
    /// A digest of all that makes two routes the same.
    pub same_key: Digest,
    /// When it was made.
    pub created_at: Micros,
    /// Who made it.
    pub created_by: String,
    /// When it was changed last.
    pub changed_at: Micros,
}

/// A route, ready to be asked whether a message fits.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// Its id.
    pub id: RouteId,
    /// Its number.
    pub number: i64,
    /// Whose messages.
    pub source: RouteSource,
    /// Which messages.
    pub messages: Vec<RouteMessage>,
    /// On which conditions.
    pub conditions: Vec<Condition>,
    /// Where to.
    pub target: RouteTarget,
    /// What the device is that it delivers to.
    pub target_kind: Option<DeviceKind>,
    /// As what; `None` for a device.
    pub format: Option<Format>,
}

impl RouteRow {
    /// Whose messages.
    ///
    /// # Errors
    /// [`StoreError::Fault`] where the row holds what this program never writes.
    pub fn source(&self) -> Result<RouteSource, StoreError> {
        Ok(match (self.source_kind.as_str(), self.source_id, self.source_word.as_deref()) {
            ("device", Some(id), _) => RouteSource::Device { id: id.into() },
            ("group", Some(id), _) => RouteSource::Group { id: id.into() },
            ("kind", _, Some(word)) => RouteSource::Kind { kind: word.parse().map_err(StoreError::Fault)? },
            ("any", ..) => RouteSource::Any,
            (other, ..) => return Err(StoreError::Fault(format!("`{other}` is no source of a route"))),
        })
    }

    /// Where to.
    ///
    /// # Errors
    /// [`StoreError::Fault`] where the row holds what this program never writes.
    pub fn target(&self) -> Result<RouteTarget, StoreError> {
        Ok(match self.target_kind.as_str() {
            "device" => RouteTarget::Device { id: self.target_id.into() },
            "endpoint" => RouteTarget::Endpoint { id: self.target_id.into() },
            other => return Err(StoreError::Fault(format!("`{other}` is no target of a route"))),
        })
    }

    /// Which messages.
    ///
    /// # Errors
    /// [`StoreError::Fault`] where the row holds what this program never writes.
    pub fn messages(&self) -> Result<Vec<RouteMessage>, StoreError> {
        read(&self.messages)
    }

    fn format(&self) -> Result<Option<Format>, StoreError> {
        self.format.as_deref().map(str::parse).transpose().map_err(StoreError::Fault)
    }

    fn ready(self, target_kind: Option<DeviceKind>) -> Result<Route, StoreError> {
        Ok(Route {
            id: self.id.into(),
            number: self.number,
            source: self.source()?,
            messages: self.messages()?,
            conditions: read(&self.conditions)?,
            target: self.target()?,
            target_kind,
            format: self.format()?,
        })
    }
}

impl Route {
    /// A route that was only asked for.
    ///
    /// # Errors
    /// What the database says.
    pub fn wanted(conn: &mut Conn, new: &NewRoute) -> Result<Self, StoreError> {
        let target_kind = match new.target {
            RouteTarget::Device { id } => living(conn, id)?.map(|device| device.kind),
            RouteTarget::Endpoint { .. } => None,
        };
        Ok(Self {
            id: Uuid::nil().into(),
            number: 0,
            source: new.source,
            messages: new.messages.clone(),
            conditions: new.conditions.clone(),
            target: new.target,
            target_kind,
            format: format_of(new),
        })
    }
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|e| StoreError::Fault(format!("a route cannot be read: {e}")))
}

fn written<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::Fault(format!("a route cannot be written: {e}")))
}

/// As what a route writes: an endpoint gets `json` where nothing is said.
fn format_of(new: &NewRoute) -> Option<Format> {
    match new.target {
        RouteTarget::Endpoint { .. } => Some(new.format.unwrap_or(Format::Json)),
        RouteTarget::Device { .. } => None,
    }
}

/// Each kind of message once, in their order.
fn messages_of(new: &NewRoute) -> Vec<RouteMessage> {
    RouteMessage::ALL.iter().copied().filter(|message| new.messages.contains(message)).collect()
}

/// Whether any route is enabled. Asked before anything else, so that whoever has none pays next to nothing.
///
/// # Errors
/// What the database says.
pub fn any_enabled(conn: &mut Conn) -> Result<bool, StoreError> {
    let enabled = routes::table.filter(routes::enabled.eq(true)).select(routes::id);
    Ok(enabled.first::<Id>(conn).optional()?.is_some())
}

/// The enabled routes whose source can be one of these devices or groups, in the order of their numbers; those of whole
/// kinds and of everybody among them.
///
/// # Errors
/// What the database says.
pub fn fitting(conn: &mut Conn, devices: &[DeviceId], groups: &[GroupId]) -> Result<Vec<Route>, StoreError> {
    let named = devices.iter().map(|id| id.uuid()).chain(groups.iter().map(|id| id.uuid()));
    let named: Vec<Option<Id>> = named.map(|id| Some(id.into())).collect();
    let rows: Vec<(RouteRow, Option<String>)> = routes::table
        .left_join(
            device_table::table
                .on(device_table::id.eq(routes::target_id).and(routes::target_kind.eq("device"))),
        )
        .filter(routes::enabled.eq(true))
        .filter(routes::source_kind.eq_any(["kind", "any"]).or(routes::source_id.eq_any(named)))
        .order(routes::number)
        .select((RouteRow::as_select(), device_table::kind.nullable()))
        .load(conn)?;
    let ready = |(row, kind): (RouteRow, Option<String>)| {
        row.ready(kind.map(|kind| kind.parse()).transpose().map_err(StoreError::Fault)?)
    };
    rows.into_iter().map(ready).collect()
}

/// What was passed on already of these messages, and by which routes: a message that is handled again is not passed on
/// again.
///
/// # Errors
/// What the database says.
pub fn passed_on(
    conn: &mut Conn,
    messages: &[MessageId],
) -> Result<HashSet<(MessageId, RouteId)>, StoreError> {
    let ids: Vec<Option<Id>> = messages.iter().map(|id| Some((*id).into())).collect();
    let rows: Vec<(Option<Id>, Option<Id>)> = deliveries::table
        .filter(deliveries::message_id.eq_any(ids))
        .select((deliveries::message_id, deliveries::route_id))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|(message, route)| Some((message?.into(), route?.into()))).collect())
}

/// What routes told devices for these messages, or are about to: the message, the route, and the order as JSON.
///
/// # Errors
/// What the database says.
pub fn told_devices(
    conn: &mut Conn,
    messages: &[MessageId],
) -> Result<HashSet<(MessageId, RouteId, Vec<u8>)>, StoreError> {
    let ids: Vec<Option<Id>> = messages.iter().map(|id| Some((*id).into())).collect();
    let states = [DeliveryState::Waiting, DeliveryState::Delivered].map(DeliveryState::as_str);
    let rows: Vec<(Option<Id>, Option<Id>, Vec<u8>)> = deliveries::table
        .filter(deliveries::message_id.eq_any(ids))
        .filter(deliveries::target_kind.eq(TO_DEVICE))
        .filter(deliveries::state.eq_any(states))
        .select((deliveries::message_id, deliveries::route_id, deliveries::body))
        .load(conn)?;
    let told =
        rows.into_iter().filter_map(|(message, route, body)| Some((message?.into(), route?.into(), body)));
    Ok(told.collect())
}

/// Something that a route told a modem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The route.
    pub route: RouteId,
    /// The modem that was told.
    pub modem: ModemId,
    /// The kind of order.
    pub kind: String,
    /// The number in it.
    pub value: Option<i64>,
    /// The provider's number for it.
    pub provider_id: Option<String>,
    /// The message that proved it.
    pub confirmed_by: Option<MessageId>,
}

/// What routes told some modems that these may have got: what their answers can be about.
///
/// # Errors
/// What the database says.
pub fn told(conn: &mut Conn, modems: &[ModemId], answers: &[MessageId]) -> Result<Vec<Told>, StoreError> {
    let open = [MtState::Sending, MtState::Accepted, MtState::Unknown].map(MtState::as_str);
    let modems: Vec<Id> = modems.iter().copied().map(Id::from).collect();
    let answers: Vec<Option<Id>> = answers.iter().map(|id| Some((*id).into())).collect();
    type Row = (Id, Id, String, Option<i64>, Option<String>, Option<Id>);
    let rows: Vec<Row> = mt_origins::table
        .inner_join(mt_messages::table.on(mt_messages::id.eq(mt_origins::mt_id)))
        .filter(mt_messages::modem_id.eq_any(modems))
        .filter(mt_messages::state.eq_any(open).or(mt_messages::confirmed_by.eq_any(answers)))
        .select((
            mt_origins::route_id,
            mt_messages::modem_id,
            mt_messages::kind,
            mt_messages::value,
            mt_messages::provider_id,
            mt_messages::confirmed_by,
        ))
        .load(conn)?;
    let told = |(route, modem, kind, value, provider_id, confirmed_by): Row| Told {
        route: route.into(),
        modem: modem.into(),
        kind,
        value,
        provider_id,
        confirmed_by: confirmed_by.map(Into::into),
    };
    Ok(rows.into_iter().map(told).collect())
}

/// Which routes to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// Only those that name this device, group or endpoint.
    pub names: Option<Uuid>,
    /// Only those behind this number (a page's cursor).
    pub after: i64,
}

/// One page of routes by their numbers.
///
/// # Errors
/// What the database says.
pub fn list(conn: &mut Conn, filter: Filter, limit: i64) -> Result<Vec<RouteView>, StoreError> {
    let mut query =
        routes::table.filter(routes::number.gt(filter.after)).select(RouteRow::as_select()).into_boxed();
    if let Some(id) = filter.names.map(Id::from) {
        query = query.filter(routes::source_id.eq(Some(id)).or(routes::target_id.eq(id)));
    }
    let rows = query.order(routes::number).limit(limit).load(conn)?;
    shown(conn, rows)
}

/// One route.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn get(conn: &mut Conn, id: RouteId) -> Result<RouteRow, StoreError> {
    Ok(routes::table.find(Id::from(id)).select(RouteRow::as_select()).first(conn)?)
}

/// One route as shown.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn view(conn: &mut Conn, id: RouteId) -> Result<RouteView, StoreError> {
    let row = get(conn, id)?;
    shown(conn, vec![row])?.pop().ok_or(StoreError::NotFound)
}

/// The numbers of the routes that name a device, a group or an endpoint.
///
/// # Errors
/// What the database says.
pub fn naming(conn: &mut Conn, id: Uuid) -> Result<Vec<i64>, StoreError> {
    let id = Id::from(id);
    // Each by its own index; no route is both.
    let numbers = routes::table.select(routes::number);
    let mut named: Vec<i64> = numbers.filter(routes::source_id.eq(Some(id))).load(conn)?;
    named.extend(numbers.filter(routes::target_id.eq(id)).load::<i64>(conn)?);
    named.sort_unstable();
    Ok(named)
}

/// Routes by their numbers, in words: `route 3`, `routes 3, 5 and 8`.
pub fn in_words(numbers: &[i64]) -> String {
    match numbers {
        [one] => format!("route {one}"),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(ToString::to_string).collect();
            format!("routes {} and {last}", first.join(", "))
        }
        [] => "no route".to_owned(),
    }
}

/// Makes a route, where nothing stands against it; `found` is what the caller has found already.
///
/// # Errors
/// [`StoreError::Conflict`] where somebody was faster; else what the database says.
pub fn create(
    tx: &mut Tx<'_>,
    clock: &Clock,
    new: &NewRoute,
    found: Vec<RouteFlaw>,
    actor: &str,
) -> Result<Checked<RouteView>, StoreError> {
    hold(tx, new)?;
    let flaws = [found, flaws(tx, new, None)?].concat();
    if !flaws.is_empty() {
        return Ok(Err(flaws));
    }
    let now = clock.now();
    let number = sequences::next(tx, SEQUENCE)?;
    let mut row = RouteRow {
        id: RouteId::new(clock).into(),
        number,
        created_at: now.into(),
        created_by: actor.to_owned(),
        ..blank(new)?
    };
    row.changed_at = row.created_at;
    diesel::insert_into(routes::table).values(row.clone()).execute(&mut **tx)?;
    Ok(Ok(view(tx, row.id.into())?))
}

/// Makes another route of one, where nothing stands against it; `found` is what the caller has found already.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id; else as [`create`].
pub fn change(
    tx: &mut Tx<'_>,
    now: Time,
    id: RouteId,
    new: &NewRoute,
    found: Vec<RouteFlaw>,
) -> Result<Checked<RouteView>, StoreError> {
    hold(tx, new)?;
    get(tx, id)?;
    let flaws = [found, flaws(tx, new, Some(id))?].concat();
    if !flaws.is_empty() {
        return Ok(Err(flaws));
    }
    let row = blank(new)?;
    diesel::update(routes::table.find(Id::from(id)))
        .set((
            routes::name.eq(row.name),
            routes::enabled.eq(row.enabled),
            routes::source_kind.eq(row.source_kind),
            routes::source_id.eq(row.source_id),
            routes::source_word.eq(row.source_word),
            routes::messages.eq(row.messages),
            routes::conditions.eq(row.conditions),
            routes::target_kind.eq(row.target_kind),
            routes::target_id.eq(row.target_id),
            routes::format.eq(row.format),
            routes::lives_s.eq(row.lives_s),
            routes::same_key.eq(row.same_key),
            routes::changed_at.eq(Micros::from(now)),
        ))
        .execute(&mut **tx)?;
    Ok(Ok(view(tx, id)?))
}

/// Switches a route on or off.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn enable(tx: &mut Tx<'_>, now: Time, id: RouteId, enabled: bool) -> Result<RouteView, StoreError> {
    diesel::update(routes::table.find(Id::from(id)).filter(routes::enabled.ne(enabled)))
        .set((routes::enabled.eq(enabled), routes::changed_at.eq(Micros::from(now))))
        .execute(&mut **tx)?;
    view(tx, id)
}

/// Deletes a route, and says which it was. What it has made already is delivered.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn delete(tx: &mut Tx<'_>, id: RouteId) -> Result<RouteView, StoreError> {
    let view = view(tx, id)?;
    // Whoever deletes it at the same time was faster.
    match diesel::delete(routes::table.find(Id::from(id))).execute(&mut **tx)? {
        0 => Err(StoreError::NotFound),
        _ => Ok(view),
    }
}

/// All that stands against a route, but that it is there already.
///
/// # Errors
/// What the database says.
pub fn check(conn: &mut Conn, new: &NewRoute) -> Result<Vec<RouteFlaw>, StoreError> {
    let mut flaws = values(new);
    let target = match new.target {
        RouteTarget::Device { id } => {
            let device = living(conn, id)?;
            if device.is_none() {
                flaws.push(RouteFlaw::Missing(format!("There is no device {id} to deliver to.")));
            }
            device
        }
        RouteTarget::Endpoint { id } => {
            let there = endpoints::table.find(Id::from(id)).select(endpoints::id);
            if there.first::<Id>(conn).optional()?.is_none() {
                flaws.push(RouteFlaw::Missing(format!("There is no endpoint {id}.")));
            }
            None
        }
    };
    let source = match new.source {
        RouteSource::Device { id } => {
            let device = living(conn, id)?;
            if device.is_none() {
                flaws.push(RouteFlaw::Missing(format!("There is no device {id} to pass on messages of.")));
            }
            device.map(|device| device.kind)
        }
        RouteSource::Group { id } => {
            let there = device_groups::table.find(Id::from(id)).select(device_groups::id);
            if there.first::<Id>(conn).optional()?.is_none() {
                flaws.push(RouteFlaw::Missing(format!("There is no group {id}.")));
            }
            None
        }
        RouteSource::Kind { kind } => Some(kind),
        RouteSource::Any => None,
    };
    if let Some(target) = target {
        flaws.extend(pair(new, source, target.kind).into_iter().map(RouteFlaw::Pair));
    }
    Ok(flaws)
}

fn flaws(conn: &mut Conn, new: &NewRoute, but: Option<RouteId>) -> Result<Vec<RouteFlaw>, StoreError> {
    let mut flaws = check(conn, new)?;
    let other = same(conn, new)?.filter(|(id, _)| but != Some(*id));
    flaws.extend(other.map(|(_, number)| RouteFlaw::Same(number)));
    Ok(flaws)
}

/// The route that does the same already, with its number.
fn same(conn: &mut Conn, new: &NewRoute) -> Result<Option<(RouteId, i64)>, StoreError> {
    let same = routes::table.filter(routes::same_key.eq(same_key(new)?));
    let same: Option<(Id, i64)> = same.select((routes::id, routes::number)).first(conn).optional()?;
    Ok(same.map(|(id, number)| (id.into(), number)))
}

/// The numbers of routes that pass the same messages on to the same target, whatever the format and the conditions.
///
/// # Errors
/// What the database says.
pub fn alike(conn: &mut Conn, new: &NewRoute) -> Result<Vec<i64>, StoreError> {
    let RouteRow { source_kind, source_id, source_word, messages, target_id, .. } = blank(new)?;
    let alike = routes::table
        .filter(routes::target_id.eq(target_id))
        .filter(routes::source_kind.eq(source_kind))
        .filter(routes::messages.eq(messages))
        .order(routes::number)
        .select((routes::number, routes::source_id, routes::source_word));
    let found: Vec<(i64, Option<Id>, Option<String>)> = alike.load(conn)?;
    let same = |(number, id, word)| (id == source_id && word == source_word).then_some(number);
    Ok(found.into_iter().filter_map(same).collect())
}

/// What is wrong with the values by themselves.
fn values(new: &NewRoute) -> Vec<RouteFlaw> {
    let mut flaws = Vec::new();
    let name = new.name.trim();
    if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        flaws.push(RouteFlaw::Wrong(format!(
            "A route's name has at most {LONGEST_NAME} characters, none of them a control character."
        )));
    }
    if new.messages.is_empty() {
        flaws.push(RouteFlaw::Wrong("A route names at least one kind of message.".to_owned()));
    }
    if new.lives_s.is_some_and(|lives_s| !LIVES_BETWEEN_S.contains(&lives_s)) {
        flaws.push(RouteFlaw::Wrong(format!(
            "A position lives for {} to {} seconds.",
            LIVES_BETWEEN_S.start(),
            LIVES_BETWEEN_S.end()
        )));
    }
    flaws
}

/// Why messages of a source do not go to a device of this kind. What a group holds is seen message by message: those of
/// the target's own kind are passed over.
fn pair(new: &NewRoute, source: Option<DeviceKind>, target: DeviceKind) -> Vec<String> {
    let mut against = Vec::new();
    let only = |wanted| new.messages.iter().all(|message| *message == wanted);
    match target {
        DeviceKind::Buoy => {
            if !only(RouteMessage::Command) {
                against.push("A buoy is told commands, and nothing else.".to_owned());
            }
            if matches!(new.source, RouteSource::Kind { .. }) {
                against.push(
                    "A buoy is steered by devices that are named, or by a group of them, not by a whole kind."
                        .to_owned(),
                );
            }
        }
        DeviceKind::Handset | DeviceKind::Rockstar => {
            if !only(RouteMessage::Position) {
                against.push(format!("A {target} is told positions, and nothing else."));
            }
        }
    }
    if source == Some(target) {
        against.push(format!("A {target} cannot deliver to another {target}."));
    }
    if new.source == RouteSource::Any {
        let sentence = "A message to a device costs credits: name the device, the group or the kind whose messages it is told.";
        against.push(sentence.to_owned());
    }
    let itself = matches!((new.source, new.target),
        (RouteSource::Device { id }, RouteTarget::Device { id: to }) if id == to);
    if itself {
        against.push("A device is not told its own messages.".to_owned());
    }
    against
}

/// A device that was not deleted.
fn living(conn: &mut Conn, id: DeviceId) -> Result<Option<DeviceRef>, StoreError> {
    let row = devices::by_id(conn, id)?.filter(|row| row.deleted_at.is_none());
    row.map(|row| row.named()).transpose()
}

/// Holds what a route names until the transaction ends: nobody deletes it meanwhile.
fn hold(tx: &mut Tx<'_>, new: &NewRoute) -> Result<(), StoreError> {
    let device = |tx: &mut Tx<'_>, id: DeviceId| {
        let same = diesel::update(device_table::table.find(Id::from(id)));
        same.set(device_table::name.eq(device_table::name)).execute(&mut **tx)
    };
    match new.source {
        RouteSource::Device { id } => device(tx, id)?,
        RouteSource::Group { id } => diesel::update(device_groups::table.find(Id::from(id)))
            .set(device_groups::name.eq(device_groups::name))
            .execute(&mut **tx)?,
        RouteSource::Kind { .. } | RouteSource::Any => 0,
    };
    match new.target {
        RouteTarget::Device { id } => device(tx, id)?,
        RouteTarget::Endpoint { id } => diesel::update(endpoints::table.find(Id::from(id)))
            .set(endpoints::name.eq(endpoints::name))
            .execute(&mut **tx)?,
    };
    Ok(())
}

/// What makes two routes the same: source, messages, conditions, target and format.
fn same_key(new: &NewRoute) -> Result<Digest, StoreError> {
    let mut conditions = new.conditions.iter().map(written).collect::<Result<Vec<_>, _>>()?;
    conditions.sort_unstable();
    conditions.dedup();
    let whole = (&new.source, messages_of(new), conditions, &new.target, format_of(new));
    Ok(sign_in::hash(&written(&whole)?))
}

/// The columns of a route as it was asked for; the rest is the caller's.
fn blank(new: &NewRoute) -> Result<RouteRow, StoreError> {
    let (source_kind, source_id, source_word) = match new.source {
        RouteSource::Device { id } => ("device", Some(id.uuid()), None),
        RouteSource::Group { id } => ("group", Some(id.uuid()), None),
        RouteSource::Kind { kind } => ("kind", None, Some(kind.as_str())),
        RouteSource::Any => ("any", None, None),
    };
    let (target_kind, target_id) = target(new.target);
    Ok(RouteRow {
        id: Uuid::nil().into(),
        number: 0,
        name: new.name.trim().to_owned(),
        enabled: new.enabled,
        source_kind: source_kind.to_owned(),
        source_id: source_id.map(Into::into),
        source_word: source_word.map(str::to_owned),
        messages: written(&messages_of(new))?,
        conditions: written(&new.conditions)?,
        target_kind: target_kind.to_owned(),
        target_id: target_id.into(),
        format: format_of(new).map(|format| format.as_str().to_owned()),
        lives_s: new.lives_s.unwrap_or(LIVES_S),
        same_key: same_key(new)?,
        created_at: Micros(0),
        created_by: String::new(),
        changed_at: Micros(0),
    })
}

/// Routes as shown, in their order: a fixed number of queries, however many routes.
fn shown(conn: &mut Conn, rows: Vec<RouteRow>) -> Result<Vec<RouteView>, StoreError> {
    let names = Names::of(conn, &rows)?;
    let ids: Vec<Id> = rows.iter().map(|row| row.id).collect();
    let mut waiting = waiting(conn, &rows)?;
    let mut delivered = delivered(conn, &ids)?;
    let view = |row: RouteRow| {
        let (source, target) = (row.source()?, row.target()?);
        Ok(RouteView {
            source,
            source_name: names.source(source),
            messages: row.messages()?,
            conditions: read(&row.conditions)?,
            target,
            target_device: match target {
                RouteTarget::Device { id } => names.devices.get(&id).cloned(),
                RouteTarget::Endpoint { .. } => None,
            },
            target_endpoint: match target {
                RouteTarget::Endpoint { id } => names.endpoints.get(&id).cloned(),
                RouteTarget::Device { .. } => None,
            },
            format: row.format()?,
            waiting: waiting.remove(&row.id).unwrap_or(0),
            delivered_at: delivered.remove(&row.id),
            id: row.id.into(),
            number: row.number,
            name: row.name,
            enabled: row.enabled,
            lives_s: row.lives_s,
            created_at: row.created_at.into(),
            created_by: row.created_by,
            changed_at: row.changed_at.into(),
        })
    };
    rows.into_iter().map(view).collect()
}

/// What routes name, by what it is called.
struct Names {
    devices: HashMap<DeviceId, DeviceRef>,
    groups: HashMap<GroupId, String>,
    endpoints: HashMap<EndpointId, EndpointRef>,
}

impl Names {
    fn of(conn: &mut Conn, rows: &[RouteRow]) -> Result<Self, StoreError> {
        let (mut named, mut grouped, mut addressed) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            match row.source()? {
                RouteSource::Device { id } => named.push(id),
                RouteSource::Group { id } => grouped.push(Id::from(id)),
                RouteSource::Kind { .. } | RouteSource::Any => {}
            }
            match row.target()? {
                RouteTarget::Device { id } => named.push(id),
                RouteTarget::Endpoint { id } => addressed.push(id),
            }
        }
        let groups: Vec<(Id, String)> = device_groups::table
            .filter(device_groups::id.eq_any(grouped))
            .select((device_groups::id, device_groups::name))
            .load(conn)?;
        Ok(Self {
            devices: devices::refs(conn, &named)?,
            groups: groups.into_iter().map(|(id, name)| (id.into(), name)).collect(),
            endpoints: super::endpoints::refs(conn, &addressed)?,
        })
    }

    fn source(&self, source: RouteSource) -> String {
        match source {
            RouteSource::Device { id } => self.devices.get(&id).map(|device| device.name.clone()),
            RouteSource::Group { id } => self.groups.get(&id).cloned(),
            RouteSource::Kind { kind } => Some(format!("every {kind}")),
            RouteSource::Any => Some("every modem".to_owned()),
        }
        .unwrap_or_default()
    }
}

/// How many deliveries of these routes wait. What waits is found by where it goes to: of what was delivered there are
/// far more.
fn waiting(conn: &mut Conn, rows: &[RouteRow]) -> Result<HashMap<Id, i64>, StoreError> {
    let targets: Vec<Id> = rows.iter().map(|row| row.target_id).collect();
    let ids: Vec<Option<Id>> = rows.iter().map(|row| Some(row.id)).collect();
    let counted: Vec<(Option<Id>, i64)> = deliveries::table
        .filter(deliveries::target_id.eq_any(targets))
        .filter(deliveries::due_at.is_not_null())
        .filter(deliveries::route_id.eq_any(ids))
        .group_by(deliveries::route_id)
        .select((deliveries::route_id, count_star()))
        .load(conn)?;
    Ok(counted.into_iter().filter_map(|(route, waiting)| Some((route?, waiting))).collect())
}

/// When these routes delivered last, as far as they have.
fn delivered(conn: &mut Conn, ids: &[Id]) -> Result<HashMap<Id, Time>, StoreError> {
    let newest = deliveries::table
        .filter(deliveries::route_id.eq(routes::id.nullable()))
        .filter(deliveries::state.eq(DeliveryState::Delivered.as_str()))
        .order(deliveries::id.desc())
        .select(deliveries::settled_at)
        .single_value();
    let rows: Vec<(Id, Option<Micros>)> =
        routes::table.filter(routes::id.eq_any(ids.to_vec())).select((routes::id, newest)).load(conn)?;
    Ok(rows.into_iter().filter_map(|(id, at)| Some((id, at?.into()))).collect())
}
