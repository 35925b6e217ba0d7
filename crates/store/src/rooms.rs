//! Lines of devices: which hub has which, and what each device said last.
//!
//! A room belongs to the hub that claimed it last; each claim raises its epoch, and a hub that holds an older one has lost
//! the room. A claim counts only while the hub's own row says that it is alive: one row a hub is renewed, not one a room.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use diesel::prelude::*;
use fairlead_model::room::{Presence, RoomView};
use fairlead_model::{DeviceId, NodeId, Time};

use crate::dialect::insert_rows;
use crate::registry::devices::DeviceRow;
use crate::schema::{devices, hub_nodes, rooms};
use crate::{Conn, Id, Micros, StoreError, Tx};

/// Two claims of one room are told apart by when the devices came, not by which was written first; but not where the other
/// hub's clock is ahead of ours by more than this.
const CLOCKS_AGREE: Duration = Duration::from_secs(5);

/// Rooms of devices that nobody registered are kept up to this many.
const UNREGISTERED_KEPT: i64 = 1_000;

/// Most rooms that are changed in one step of [`sweep`].
const SWEPT_TOGETHER: i64 = 500;

/// A room.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = rooms)]
#[diesel(treat_none_as_default_value = false)]
pub struct RoomRow {
    /// The name with which the device came.
    pub name: String,
    /// The device of the registry.
    pub device_id: Option<Id>,
    /// The hub that has the line; absent while nobody has.
    pub node: Option<Id>,
    /// Grows with each claim.
    pub epoch: i64,
    /// When the device came last.
    pub connected_at: Option<Micros>,
    /// When it went last.
    pub disconnected_at: Option<Micros>,
    /// From where it came last.
    pub address: Option<String>,
    /// The newest object of each kind that it has sent: a JSON list of `[microseconds since 1970, text]`, oldest first.
    pub state: Option<String>,
    /// When it sent the newest of them.
    pub state_at: Option<Micros>,
}

/// What became of a device's line in one hub, to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The room.
    pub name: String,
    /// The device of the registry.
    pub device_id: Option<DeviceId>,
    /// From where the device came.
    pub address: String,
    /// When it came.
    pub since: Time,
    /// When it went; absent while it is there.
    pub gone: Option<Time>,
    /// The epoch under which the hub holds the room, where it has claimed it.
    pub held: Option<i64>,
    /// What the device said, where that has changed: as [`RoomRow::state`], and when it said the newest.
    pub state: Option<(String, Time)>,
}

/// What came of a [`Change`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The hub has the room under this epoch.
    Held {
        /// The epoch.
        epoch: i64,
        /// What was kept of what the device had said before, where the room was claimed just now.
        earlier: Option<String>,
        /// From where the device came that another hub had until now.
        taken_from: Option<String>,
    },
    /// Another hub has it, under this epoch.
    Lost {
        /// The epoch.
        epoch: i64,
    },
    /// Nobody has it.
    Left,
}

/// Says that a hub is alive; true where that was not known, so that it must claim its rooms again.
///
/// # Errors
/// What the database says.
pub fn renew(tx: &mut Tx<'_>, node: NodeId, until: Time) -> Result<bool, StoreError> {
    let (node, until) = (Id::from(node), Micros::from(until));
    let renewed = diesel::update(hub_nodes::table.find(node))
        .set(hub_nodes::lease_until.eq(until))
        .execute(&mut **tx)?;
    if renewed == 0 {
        diesel::insert_into(hub_nodes::table)
            .values((hub_nodes::node.eq(node), hub_nodes::lease_until.eq(until)))
            .execute(&mut **tx)?;
    }
    Ok(renewed == 0)
}

/// The hubs that are alive: a handful.
fn alive(conn: &mut Conn, now: Time) -> Result<HashSet<Id>, StoreError> {
    let alive = hub_nodes::table.filter(hub_nodes::lease_until.gt(Micros::from(now)));
    Ok(alive.select(hub_nodes::node).load(conn)?.into_iter().collect())
}

/// Those of them that have some of these rooms.
fn alive_of(conn: &mut Conn, rows: &[RoomRow], now: Time) -> Result<HashSet<Id>, StoreError> {
    let nodes: HashSet<Id> = rows.iter().filter_map(|row| row.node).collect();
    if nodes.is_empty() {
        return Ok(nodes);
    }
    let alive = hub_nodes::table
        .filter(hub_nodes::node.eq_any(nodes.into_iter().collect::<Vec<_>>()))
        .filter(hub_nodes::lease_until.gt(Micros::from(now)));
    Ok(alive.select(hub_nodes::node).load(conn)?.into_iter().collect())
}

/// Writes what became of some lines in one hub, at most a few hundred; answers each in its place.
///
/// # Errors
/// [`StoreError::TryAgain`] where another hub claims the same room at this moment; else what the database says.
pub fn settle(
    tx: &mut Tx<'_>,
    node: NodeId,
    now: Time,
    changes: &[Change],
) -> Result<Vec<Settled>, StoreError> {
    let names: Vec<&str> = changes.iter().map(|change| change.name.as_str()).collect();
    let found: Vec<RoomRow> =
        rooms::table.filter(rooms::name.eq_any(names)).select(RoomRow::as_select()).load(&mut **tx)?;
    let claim = Claim { node: node.into(), now, alive: alive_of(tx, &found, now)? };
    let known: HashMap<String, RoomRow> = found.into_iter().map(|row| (row.name.clone(), row)).collect();
    let (mut new, mut settled) = (Vec::new(), Vec::with_capacity(changes.len()));
    for change in changes {
        settled.push(match known.get(&change.name) {
            None => {
                let row = claim.first(change);
                let epoch = row.epoch;
                let left = row.node.is_none();
                new.push(row);
                if left { Settled::Left } else { Settled::Held { epoch, earlier: None, taken_from: None } }
            }
            Some(row) => claim.settle(tx, change, row)?,
        });
    }
    if !new.is_empty() {
        insert_rows!(&mut **tx, diesel::insert_into(rooms::table), new);
    }
    Ok(settled)
}

/// Who claims.
struct Claim {
    node: Id,
    now: Time,
    alive: HashSet<Id>,
}

impl Claim {
    /// The row of a room that was never written.
    fn first(&self, change: &Change) -> RoomRow {
        RoomRow {
            name: change.name.clone(),
            device_id: change.device_id.map(Id::from),
            node: change.gone.is_none().then_some(self.node),
            epoch: change.held.unwrap_or(0) + 1,
            connected_at: Some(change.since.into()),
            disconnected_at: change.gone.map(Micros::from),
            address: Some(change.address.clone()),
            state: change.state.as_ref().map(|(text, _)| text.clone()),
            state_at: change.state.as_ref().map(|(_, at)| (*at).into()),
        }
    }

    fn settle(&self, tx: &mut Tx<'_>, change: &Change, row: &RoomRow) -> Result<Settled, StoreError> {
        let mine = row.node == Some(self.node) && change.held == Some(row.epoch);
        let other = row.node.filter(|node| *node != self.node && self.alive.contains(node));
        let lost = other.is_some() && (change.held.is_some() || self.is_later(row, change));
        match (change.gone, mine) {
            (None, true) => {
                self.note_state(tx, change, row)?;
                Ok(Settled::Held { epoch: row.epoch, earlier: None, taken_from: None })
            }
            (None, false) if lost => Ok(Settled::Lost { epoch: row.epoch }),
            (None, false) => {
                let epoch = row.epoch.max(change.held.unwrap_or(0)) + 1;
                self.take(tx, change, row, epoch, Some(self.node))?;
                let taken_from = other.and(row.address.clone());
                let earlier = row.state.clone().filter(|_| !is_anothers(row, change));
                Ok(Settled::Held { epoch, earlier, taken_from })
            }
            // Whoever has it now knows better.
            (Some(_), false) if other.is_some() || change.held.is_some() => Ok(Settled::Left),
            (Some(_), _) => {
                self.take(tx, change, row, row.epoch, None)?;
                Ok(Settled::Left)
            }
        }
    }

    /// Whether the device of the other hub came after ours. One that comes from our future has a wrong clock.
    fn is_later(&self, row: &RoomRow, change: &Change) -> bool {
        let latest = Micros::from(self.now.plus(CLOCKS_AGREE));
        row.connected_at.is_some_and(|at| at > Micros::from(change.since) && at <= latest)
    }

    fn take(
        &self,
        tx: &mut Tx<'_>,
        change: &Change,
        row: &RoomRow,
        epoch: i64,
        node: Option<Id>,
    ) -> Result<(), StoreError> {
        let as_seen = rooms::table.find(&row.name).filter(rooms::epoch.eq(row.epoch));
        let taken = diesel::update(as_seen)
            .set((
                rooms::node.eq(node),
                rooms::epoch.eq(epoch),
                rooms::device_id.eq(change.device_id.map(Id::from)),
                rooms::connected_at.eq(Some(Micros::from(change.since))),
                rooms::disconnected_at.eq(change.gone.map(Micros::from)),
                rooms::address.eq(Some(change.address.clone())),
            ))
            .execute(&mut **tx)?;
        if taken == 0 {
            return Err(StoreError::TryAgain(format!("room {} was claimed meanwhile", row.name)));
        }
        self.note_state(tx, change, row)
    }

    /// Writes what the device said; what another device of this name has said before goes.
    fn note_state(&self, tx: &mut Tx<'_>, change: &Change, row: &RoomRow) -> Result<(), StoreError> {
        if change.state.is_none() && row.state.is_some() && is_anothers(row, change) {
            let nothing: (Option<String>, Option<Micros>) = (None, None);
            diesel::update(rooms::table.find(&row.name))
                .set((rooms::state.eq(nothing.0), rooms::state_at.eq(nothing.1)))
                .execute(&mut **tx)?;
        }
        if let Some((state, at)) = &change.state {
            diesel::update(rooms::table.find(&row.name))
                .set((rooms::state.eq(Some(state.clone())), rooms::state_at.eq(Some(Micros::from(*at)))))
                .execute(&mut **tx)?;
        }
        let device_id = change.device_id.map(Id::from);
        if row.device_id != device_id {
            diesel::update(rooms::table.find(&row.name))
                .set(rooms::device_id.eq(device_id))
                .execute(&mut **tx)?;
        }
        Ok(())
    }
}

/// Whether a room was the one of another device of the registry, whose name has been given anew.
fn is_anothers(row: &RoomRow, change: &Change) -> bool {
    row.device_id.is_some_and(|was| change.device_id.map(Id::from) != Some(was))
}

/// Which of some rooms another hub has by now, with the epoch.
///
/// # Errors
/// What the database says.
pub fn lost(conn: &mut Conn, node: NodeId, names: &[String]) -> Result<Vec<(String, i64)>, StoreError> {
    let elsewhere = rooms::table
        .filter(rooms::name.eq_any(names.to_vec()))
        .filter(rooms::node.is_not_null())
        .filter(rooms::node.ne(Some(Id::from(node))));
    Ok(elsewhere.select((rooms::name, rooms::epoch)).load(conn)?)
}

/// A hub ends in good order: it has no rooms any more.
///
/// # Errors
/// What the database says.
pub fn end(tx: &mut Tx<'_>, node: NodeId, now: Time) -> Result<(), StoreError> {
    let node = Id::from(node);
    let gone: (Option<Id>, Option<Micros>) = (None, Some(now.into()));
    diesel::update(rooms::table.filter(rooms::node.eq(Some(node))))
        .set((rooms::node.eq(gone.0), rooms::disconnected_at.eq(gone.1)))
        .execute(&mut **tx)?;
    diesel::delete(hub_nodes::table.find(node)).execute(&mut **tx)?;
    Ok(())
}

/// Tidies up behind hubs that have died before `before`, and forgets the oldest rooms of devices that nobody registered;
/// true where there may be more of them.
///
/// # Errors
/// What the database says.
pub fn sweep(tx: &mut Tx<'_>, before: Time) -> Result<bool, StoreError> {
    let dead: Vec<(Id, Micros)> = hub_nodes::table
        .filter(hub_nodes::lease_until.lt(Micros::from(before)))
        .select((hub_nodes::node, hub_nodes::lease_until))
        .load(&mut **tx)?;
    for (node, at) in dead {
        let no_node: Option<Id> = None;
        diesel::update(rooms::table.filter(rooms::node.eq(Some(node))))
            .set((rooms::node.eq(no_node), rooms::disconnected_at.eq(Some(at))))
            .execute(&mut **tx)?;
        diesel::delete(hub_nodes::table.find(node)).execute(&mut **tx)?;
    }
    let unregistered = rooms::table.filter(rooms::device_id.is_null()).filter(rooms::node.is_null());
    let oldest: Vec<String> = unregistered
        .order(rooms::disconnected_at.desc())
        .offset(UNREGISTERED_KEPT)
        .limit(SWEPT_TOGETHER)
        .select(rooms::name)
        .load(&mut **tx)?;
    let more = i64::try_from(oldest.len()).is_ok_and(|n| n == SWEPT_TOGETHER);
    if !oldest.is_empty() {
        diesel::delete(rooms::table.filter(rooms::name.eq_any(oldest))).execute(&mut **tx)?;
    }
    Ok(more)
}

/// One room, as it is now.
///
/// # Errors
/// What the database says.
pub fn get(conn: &mut Conn, name: &str, now: Time) -> Result<Option<(RoomView, RoomRow)>, StoreError> {
    let row: Option<RoomRow> = rooms::table.find(name).select(RoomRow::as_select()).first(conn).optional()?;
    let Some(row) = row else { return Ok(None) };
    let alive = alive_of(conn, std::slice::from_ref(&row), now)?;
    Ok(Some((view(&row, &alive), row)))
}

/// One page of rooms by name, all or those with a device that is there, or is not.
///
/// # Errors
/// What the database says.
pub fn list(
    conn: &mut Conn,
    connected: Option<bool>,
    after: Option<&str>,
    limit: i64,
    now: Time,
) -> Result<Vec<RoomView>, StoreError> {
    let nodes: Vec<Option<Id>> = match connected {
        Some(_) => alive(conn, now)?.into_iter().map(Some).collect(),
        None => Vec::new(),
    };
    let mut query = rooms::table.select(RoomRow::as_select()).into_boxed();
    if let Some(after) = after {
        query = query.filter(rooms::name.gt(after.to_owned()));
    }
    match connected {
        Some(true) => query = query.filter(rooms::node.eq_any(nodes)),
        Some(false) => query = query.filter(rooms::node.is_null().or(rooms::node.ne_all(nodes))),
        None => {}
    }
    let rows: Vec<RoomRow> = query.order(rooms::name).limit(limit).load(conn)?;
    let alive = alive_of(conn, &rows, now)?;
    Ok(rows.iter().map(|row| view(row, &alive)).collect())
}

/// The lines of some devices; nothing for those that never had one.
///
/// # Errors
/// What the database says.
pub fn presences(
    conn: &mut Conn,
    devices: &[DeviceId],
    now: Time,
) -> Result<HashMap<DeviceId, Presence>, StoreError> {
    let ids: Vec<Option<Id>> = devices.iter().map(|id| Some(Id::from(*id))).collect();
    let rows: Vec<RoomRow> =
        rooms::table.filter(rooms::device_id.eq_any(ids)).select(RoomRow::as_select()).load(conn)?;
    let alive = alive_of(conn, &rows, now)?;
    let presences = rows.iter().filter_map(|row| Some((row.device_id?.into(), presence(row, &alive))));
    Ok(presences.collect())
}

/// The devices of the registry, for a hub that must know them while the store is away.
///
/// # Errors
/// What the database says.
pub fn registered(conn: &mut Conn, limit: i64) -> Result<Vec<DeviceRow>, StoreError> {
    let devices = devices::table.filter(devices::name_key.is_not_null()).order(devices::id);
    Ok(devices.limit(limit).select(DeviceRow::as_select()).load(conn)?)
}

/// The devices of some names, which are without regard to case.
///
/// # Errors
/// What the database says.
pub fn registered_as(conn: &mut Conn, name_keys: &[String]) -> Result<Vec<DeviceRow>, StoreError> {
    let keys: Vec<Option<String>> = name_keys.iter().cloned().map(Some).collect();
    let devices = devices::table.filter(devices::name_key.eq_any(keys));
    Ok(devices.select(DeviceRow::as_select()).load(conn)?)
}

/// What a device said last, as [`RoomRow::state`] has it: when, and the text; what cannot be read is nothing.
pub fn read_state(state: &str) -> Vec<(Time, String)> {
    let pairs: Vec<(i64, String)> = serde_json::from_str(state).unwrap_or_default();
    pairs.into_iter().map(|(at, text)| (Time::from_micros(at), text)).collect()
}

/// The same for [`RoomRow::state`].
pub fn write_state<'a>(values: impl Iterator<Item = (Time, &'a str)>) -> String {
    let pairs: Vec<(i64, &str)> = values.map(|(at, text)| (at.micros(), text)).collect();
    serde_json::to_string(&pairs).unwrap_or_default()
}

fn presence(row: &RoomRow, alive: &HashSet<Id>) -> Presence {
    let connected = row.node.is_some_and(|node| alive.contains(&node));
    let (came, went) = (row.connected_at, row.disconnected_at);
    // A hub that died has not said when the device went.
    let since = if connected { came } else { went.or(came) };
    Presence { connected, since: since.unwrap_or(Micros(0)).into() }
}

fn view(row: &RoomRow, alive: &HashSet<Id>) -> RoomView {
    RoomView {
        name: row.name.clone(),
        device_id: row.device_id.map(DeviceId::from),
        presence: presence(row, alive),
        address: row.address.clone(),
        values: read_state(row.state.as_deref().unwrap_or("[]")).into_iter().map(|(_, text)| text).collect(),
        values_at: row.state_at.map(Time::from),
    }
}
