//! Groups of devices, for people and for roll-outs.

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;
use fairlead_model::device::GroupView;
use fairlead_model::{Clock, DeviceId, GroupId};

use super::flaw::{found, readable};
use super::{Checked, Flaw};
use crate::dialect::{TOGETHER, insert_rows};
use crate::satellite::mt::audience;
use crate::schema::{device_groups, devices, group_members};
use crate::{Conn, Id, Micros, StoreError, Tx};

/// Longest name, in characters.
const LONGEST_NAME: usize = 64;

/// Most groups of one device.
pub const MOST_OF_DEVICE: usize = 100;

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = device_groups)]
struct Row {
    id: Id,
    name: String,
    name_key: String,
    created_at: Micros,
}

/// The name in the form by which it is unique.
pub(super) fn name_key(name: &str) -> String {
    name.trim().to_lowercase()
}

/// One page of groups by name, behind the one with this name.
///
/// # Errors
/// What the database says.
pub fn list(conn: &mut Conn, after: Option<&str>, limit: i64) -> Result<Vec<GroupView>, StoreError> {
    let rows: Vec<Row> = device_groups::table
        .filter(device_groups::name_key.gt(name_key(after.unwrap_or_default())))
        .order(device_groups::name_key)
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    shown(conn, rows)
}

/// One group.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn view(conn: &mut Conn, id: GroupId) -> Result<GroupView, StoreError> {
    let row = device_groups::table.find(Id::from(id)).select(Row::as_select()).first(conn)?;
    found(shown(conn, vec![row])?.pop())
}

fn shown(conn: &mut Conn, rows: Vec<Row>) -> Result<Vec<GroupView>, StoreError> {
    let ids: Vec<Id> = rows.iter().map(|row| row.id).collect();
    let counted: Vec<(Id, i64)> = group_members::table
        .filter(group_members::group_id.eq_any(ids))
        .group_by(group_members::group_id)
        .select((group_members::group_id, diesel::dsl::count_star()))
        .load(conn)?;
    let counted: HashMap<Id, i64> = counted.into_iter().collect();
    let view = |row: Row| GroupView {
        id: row.id.into(),
        devices: counted.get(&row.id).copied().unwrap_or(0),
        name: row.name,
        created_at: row.created_at.into(),
    };
    Ok(rows.into_iter().map(view).collect())
}

/// Adds a group.
///
/// # Errors
/// [`StoreError::Conflict`] where somebody was faster; else what the database says.
pub fn add(tx: &mut Tx<'_>, clock: &Clock, name: &str) -> Result<Checked<GroupView>, StoreError> {
    let name = match readable("A group's name", name, LONGEST_NAME) {
        Ok(name) => name,
        Err(flaw) => return Ok(Err(vec![flaw])),
    };
    let key = name_key(&name);
    let taken: Option<String> = device_groups::table
        .filter(device_groups::name_key.eq(&key))
        .select(device_groups::name)
        .first(&mut **tx)
        .optional()?;
    if let Some(taken) = taken {
        return Ok(Err(vec![Flaw::Taken(taken)]));
    }
    let row = Row { id: GroupId::new(clock).into(), name, name_key: key, created_at: clock.now().into() };
    diesel::insert_into(device_groups::table).values(row.clone()).execute(&mut **tx)?;
    Ok(Ok(GroupView { id: row.id.into(), name: row.name, devices: 0, created_at: row.created_at.into() }))
}

/// Removes a group that nothing names; its devices stay. Returns its name.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn remove(tx: &mut Tx<'_>, id: GroupId) -> Result<Checked<String>, StoreError> {
    let name = claim(tx, id)?;
    let needed = audience::needed_by(tx, id.into(), &format!("the group {name}"))?;
    let mut flaws: Vec<Flaw> = needed.into_iter().map(Flaw::Busy).collect();
    flaws.extend(super::devices::routed(tx, &name, id.uuid())?);
    if !flaws.is_empty() {
        return Ok(Err(flaws));
    }
    let left = members(tx, id)?;
    diesel::delete(group_members::table.filter(group_members::group_id.eq(Id::from(id))))
        .execute(&mut **tx)?;
    diesel::delete(device_groups::table.find(Id::from(id))).execute(&mut **tx)?;
    tx.changed.devices.extend(left);
    Ok(Ok(name))
}

/// The name of a group that nobody else changes until the transaction ends.
fn claim(tx: &mut Tx<'_>, id: GroupId) -> Result<String, StoreError> {
    let group = device_groups::table.find(Id::from(id));
    diesel::update(group).set(device_groups::name.eq(device_groups::name)).execute(&mut **tx)?;
    Ok(group.select(device_groups::name).first(&mut **tx)?)
}

/// The devices of a group.
///
/// # Errors
/// What the database says.
pub fn members(conn: &mut Conn, id: GroupId) -> Result<BTreeSet<DeviceId>, StoreError> {
    let ids: Vec<Id> = group_members::table
        .filter(group_members::group_id.eq(Id::from(id)))
        .select(group_members::device_id)
        .load(conn)?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// The groups of each of these devices; those that are in none are left out.
///
/// # Errors
/// What the database says.
pub fn of_devices(
    conn: &mut Conn,
    devices: &[DeviceId],
) -> Result<HashMap<DeviceId, BTreeSet<GroupId>>, StoreError> {
    let ids: Vec<Id> = devices.iter().copied().map(Id::from).collect();
    let rows: Vec<(Id, Id)> = group_members::table
        .filter(group_members::device_id.eq_any(ids))
        .select((group_members::device_id, group_members::group_id))
        .load(conn)?;
    let mut groups: HashMap<DeviceId, BTreeSet<GroupId>> = HashMap::new();
    for (device, group) in rows {
        groups.entry(device.into()).or_default().insert(group.into());
    }
    Ok(groups)
}

/// Makes these, and no others, the devices of a group. Returns those that joined or left.
///
/// # Errors
/// [`StoreError::NotFound`] where there is no such group.
pub fn set_members(
    tx: &mut Tx<'_>,
    id: GroupId,
    wanted: &BTreeSet<DeviceId>,
) -> Result<Checked<BTreeSet<DeviceId>>, StoreError> {
    claim(tx, id)?;
    let ids: Vec<Id> = wanted.iter().copied().map(Id::from).collect();
    let known: Vec<Id> = devices::table
        .filter(devices::id.eq_any(ids))
        .filter(devices::deleted_at.is_null())
        .select(devices::id)
        .load(&mut **tx)?;
    let known: BTreeSet<DeviceId> = known.into_iter().map(Into::into).collect();
    let unknown: Vec<Flaw> = wanted.difference(&known).copied().map(Flaw::NoSuchDevice).collect();
    if !unknown.is_empty() {
        return Ok(Err(unknown));
    }
    let before = members(tx, id)?;
    let left: Vec<Id> = before.difference(wanted).copied().map(Id::from).collect();
    diesel::delete(
        group_members::table
            .filter(group_members::group_id.eq(Id::from(id)))
            .filter(group_members::device_id.eq_any(left)),
    )
    .execute(&mut **tx)?;
    let joined: Vec<(Id, Id)> = wanted.difference(&before).map(|of| (id.into(), (*of).into())).collect();
    insert(tx, &joined)?;
    let changed: BTreeSet<DeviceId> = before.symmetric_difference(wanted).copied().collect();
    tx.changed.devices.extend(&changed);
    Ok(Ok(changed))
}

/// Puts a device into groups in which it is not.
pub(super) fn join(tx: &mut Tx<'_>, device: Id, groups: &[Id]) -> Result<(), StoreError> {
    let groups: BTreeSet<Id> = groups.iter().copied().collect();
    insert(tx, &groups.into_iter().map(|group| (group, device)).collect::<Vec<_>>())
}

/// Writes memberships: group and device.
pub(super) fn insert(tx: &mut Tx<'_>, members: &[(Id, Id)]) -> Result<(), StoreError> {
    for some in members.chunks(TOGETHER) {
        let rows = some.iter().map(|(group, device)| {
            (group_members::group_id.eq(*group), group_members::device_id.eq(*device))
        });
        insert_rows!(&mut **tx, diesel::insert_into(group_members::table), rows);
    }
    Ok(())
}

/// Takes a device out of all its groups.
pub(super) fn leave_all(tx: &mut Tx<'_>, device: Id) -> Result<(), StoreError> {
    diesel::delete(group_members::table.filter(group_members::device_id.eq(device))).execute(&mut **tx)?;
    Ok(())
}

/// What stands against these groups of a device.
pub(super) fn unknown(conn: &mut Conn, wanted: &[GroupId]) -> Result<Vec<Flaw>, StoreError> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    if wanted.len() > MOST_OF_DEVICE {
        return Ok(vec![Flaw::BadText(format!("A device is in at most {MOST_OF_DEVICE} groups."))]);
    }
    let ids: Vec<Id> = wanted.iter().copied().map(Id::from).collect();
    let known: Vec<Id> =
        device_groups::table.filter(device_groups::id.eq_any(ids)).select(device_groups::id).load(conn)?;
    let unknown = wanted.iter().filter(|id| !known.contains(&Id::from(**id)));
    Ok(unknown.map(|id| Flaw::NoSuchGroup(id.to_string())).collect())
}

/// The groups of these names, by the form in which names are unique.
pub(super) fn by_names(conn: &mut Conn, keys: &[String]) -> Result<HashMap<String, Id>, StoreError> {
    let rows: Vec<(String, Id)> = device_groups::table
        .filter(device_groups::name_key.eq_any(keys))
        .select((device_groups::name_key, device_groups::id))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}
