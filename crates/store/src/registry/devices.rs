//! Devices by name: finding, listing, adding, changing and removing them.

use std::collections::HashMap;

use diesel::prelude::*;
use fairlead_model::device::{DeviceKind, DeviceName, DeviceRef};
use fairlead_model::firmware::{JobState, RolloutState, TargetState};
use fairlead_model::{Clock, DeviceId, GroupId, Time};

use super::flaw::{device_name, found};
use super::links::{self, Span};
use super::modem::{self, PreparedModem};
pub use super::views::{refs, shown, view, views};
use super::{Checked, Flaw, ModemChoice, groups, registration};
use crate::routing::routes;
use crate::satellite::mt::audience;
use crate::schema::{device_links, devices, group_members, modems, rollout_targets, rollouts, upgrade_jobs};
use crate::{Conn, Digest, Id, Micros, StoreError, Tx, sequences, sign_in};

/// Longest serial number of a device, in characters.
const LONGEST_SERIAL: usize = 64;

/// A device.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = devices)]
#[diesel(treat_none_as_default_value = false)]
pub struct DeviceRow {
    /// Its id.
    pub id: Id,
    /// The number by which old scripts know it, among those of its kind.
    pub number: i64,
    /// What it is.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The name without regard to case, by which it is unique; empty once it was deleted.
    pub name_key: Option<String>,
    /// Its serial number with its provider.
    pub serial: Option<String>,
    /// SHA-256 of the key that it must show.
    pub key_hash: Option<Digest>,
    /// When it was made known.
    pub created_at: Micros,
    /// Who made it known.
    pub created_by: String,
    /// When it was deleted.
    pub deleted_at: Option<Micros>,
}

impl DeviceRow {
    /// What it is.
    ///
    /// # Errors
    /// [`StoreError::Fault`] where the row holds what this program never writes.
    pub fn kind(&self) -> Result<DeviceKind, StoreError> {
        self.kind.parse().map_err(StoreError::Fault)
    }

    /// The device where it is only named.
    ///
    /// # Errors
    /// [`StoreError::Fault`] where the row holds what this program never writes.
    pub fn named(&self) -> Result<DeviceRef, StoreError> {
        Ok(DeviceRef { id: self.id.into(), kind: self.kind()?, name: self.name.clone() })
    }
}

/// The device of a name, without regard to case.
///
/// # Errors
/// What the database says.
pub fn by_name(conn: &mut Conn, name: &str) -> Result<Option<DeviceRow>, StoreError> {
    let named = devices::table.filter(devices::name_key.eq(name.to_ascii_lowercase()));
    Ok(named.select(DeviceRow::as_select()).first(conn).optional()?)
}

/// A device, also one that was deleted.
///
/// # Errors
/// What the database says.
pub fn by_id(conn: &mut Conn, id: DeviceId) -> Result<Option<DeviceRow>, StoreError> {
    Ok(devices::table.find(Id::from(id)).select(DeviceRow::as_select()).first(conn).optional()?)
}

/// The device that old scripts know by a number, among those of its kind.
///
/// # Errors
/// What the database says.
pub fn by_number(conn: &mut Conn, kind: DeviceKind, number: i64) -> Result<Option<DeviceRow>, StoreError> {
    let numbered = devices::table
        .filter(devices::kind.eq(kind.as_str()))
        .filter(devices::number.eq(number))
        .filter(devices::name_key.is_not_null());
    Ok(numbered.select(DeviceRow::as_select()).first(conn).optional()?)
}

/// The numbers that old scripts know these devices by; unknown ids are left out.
///
/// # Errors
/// What the database says.
pub fn numbers(conn: &mut Conn, ids: &[DeviceId]) -> Result<HashMap<DeviceId, i64>, StoreError> {
    let ids: Vec<Id> = ids.iter().copied().map(Id::from).collect();
    let rows: Vec<(Id, i64)> =
        devices::table.filter(devices::id.eq_any(ids)).select((devices::id, devices::number)).load(conn)?;
    Ok(rows.into_iter().map(|(id, number)| (id.into(), number)).collect())
}

/// One page of the devices of a kind by the numbers that old scripts know, behind `after`.
///
/// # Errors
/// What the database says.
pub fn numbered(
    conn: &mut Conn,
    kind: DeviceKind,
    after: i64,
    limit: i64,
) -> Result<Vec<DeviceRow>, StoreError> {
    Ok(devices::table
        .filter(devices::kind.eq(kind.as_str()))
        .filter(devices::number.gt(after))
        .filter(devices::name_key.is_not_null())
        .order(devices::number)
        .limit(limit)
        .select(DeviceRow::as_select())
        .load(conn)?)
}

/// A device that was not deleted, held until the transaction ends: what is decided by what is read stays true.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn claim(tx: &mut Tx<'_>, id: DeviceId) -> Result<DeviceRow, StoreError> {
    let same = diesel::update(devices::table.find(Id::from(id))).set(devices::name.eq(devices::name));
    same.execute(&mut **tx)?;
    let row = found(by_id(tx, id)?)?;
    found(row.deleted_at.is_none().then_some(row))
}

/// Whether a key opens what is a device's: any does where the device has none. Takes as long for a wrong one as for the
/// right one.
pub fn key_matches(row: &DeviceRow, key: Option<&str>) -> bool {
    let Some(Digest(kept)) = row.key_hash else { return true };
    let Digest(shown) = sign_in::hash(key.unwrap_or_default());
    kept.iter().zip(shown).fold(0, |differing, (kept, shown)| differing | (kept ^ shown)) == 0
}

/// Which devices to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those of this kind.
    pub kind: Option<DeviceKind>,
    /// Only those of this group.
    pub group: Option<GroupId>,
    /// Only those with a modem, or without one.
    pub linked: Option<bool>,
    /// Only those in whose name or serial number this text is, or in their modem's IMEI or serial number; without
    /// regard to case.
    pub text: Option<String>,
    /// Only those behind this name (a page's cursor).
    pub after: Option<String>,
}

/// One page of devices, by name.
///
/// # Errors
/// What the database says.
pub fn list(conn: &mut Conn, filter: &Filter, limit: i64) -> Result<Vec<DeviceRow>, StoreError> {
    let mut query = devices::table
        .left_join(device_links::table.on(device_links::open_device.eq(devices::id.nullable())))
        .left_join(modems::table.on(device_links::open_modem.eq(modems::id.nullable())))
        .filter(devices::name_key.gt(filter.after.clone().unwrap_or_default().to_ascii_lowercase()))
        .select(DeviceRow::as_select())
        .into_boxed();
    if let Some(kind) = filter.kind {
        query = query.filter(devices::kind.eq(kind.as_str()));
    }
    if let Some(group) = filter.group {
        let members = group_members::table.filter(group_members::group_id.eq(Id::from(group)));
        query = query.filter(devices::id.eq_any(members.select(group_members::device_id)));
    }
    match filter.linked {
        Some(true) => query = query.filter(device_links::open_device.is_not_null()),
        Some(false) => query = query.filter(device_links::open_device.is_null()),
        None => {}
    }
    if let Some(text) = &filter.text {
        let pattern = containing(text);
        query = query.filter(
            devices::name_key
                .like(pattern.clone())
                .escape('!')
                .or(devices::serial.like(pattern.clone()).escape('!'))
                .or(modems::imei.nullable().like(pattern.clone()).escape('!'))
                .or(modems::serial.like(pattern).escape('!')),
        );
    }
    Ok(query.order(devices::name_key).limit(limit).load(conn)?)
}

/// A pattern of SQL for texts that hold this one.
fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.to_ascii_lowercase().chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// A device to be added.
#[derive(Clone, Debug)]
pub struct NewDevice {
    /// What it is.
    pub kind: DeviceKind,
    /// Its name; without one it is given the next of its kind's.
    pub name: Option<String>,
    /// The modem in it.
    pub modem: Option<ModemChoice>,
    /// Its serial number with its provider, where it has one of its own.
    pub serial: Option<String>,
    /// Since when the modem's messages are its.
    pub since: Option<Time>,
    /// The groups it is in.
    pub groups: Vec<GroupId>,
}

/// A device to be added, against which nothing stands.
#[derive(Clone, Debug)]
pub struct Plan {
    kind: DeviceKind,
    name: Option<DeviceName>,
    serial: Option<String>,
    modem: Option<(PreparedModem, Span)>,
    groups: Vec<Id>,
}

/// Looks at a device that is to be added: all that stands against it at once.
///
/// # Errors
/// What the database says.
pub fn check(conn: &mut Conn, now: Time, new: &NewDevice) -> Result<Checked<Plan>, StoreError> {
    let mut flaws = Vec::new();
    let name = match new.name.as_deref().map(device_name).transpose() {
        Ok(name) => name,
        Err(flaw) => {
            flaws.push(flaw);
            None
        }
    };
    if let Some(name) = &name
        && let Some(other) = by_name(conn, name.as_str())?
    {
        flaws.push(Flaw::NameTaken { name: name.to_string(), by: other.named()? });
    }
    if new.name.is_none() && new.kind.prefix().is_none() {
        flaws.push(Flaw::BadText(format!("A {} is not given a name by itself. Choose one.", new.kind)));
    }
    let mut linked = None;
    if let Some(choice) = &new.modem {
        match modem::find(conn, choice)? {
            Ok(modem) => match links::span(conn, now, None, &modem, new.since)? {
                Ok(span) => linked = Some((modem, span)),
                Err(more) => flaws.extend(more),
            },
            Err(more) => flaws.extend(more),
        }
    } else if new.since.is_some() {
        flaws.push(Flaw::BadTime("`since` is for a modem, and none is named.".to_owned()));
    }
    let serial = match checked_serial(new.serial.as_deref()) {
        Ok(serial) => serial,
        Err(flaw) => {
            flaws.push(flaw);
            None
        }
    };
    flaws.extend(groups::unknown(conn, &new.groups)?);
    if !flaws.is_empty() {
        return Ok(Err(flaws));
    }
    let groups = new.groups.iter().copied().map(Id::from).collect();
    Ok(Ok(Plan { kind: new.kind, name, serial, modem: linked, groups }))
}

fn checked_serial(serial: Option<&str>) -> Result<Option<String>, Flaw> {
    match serial.map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => super::flaw::readable("A serial number", text, LONGEST_SERIAL).map(Some),
    }
}

/// Adds a device, where nothing stands against it.
///
/// # Errors
/// [`StoreError::Conflict`] where somebody was faster; else what the database says.
pub fn create(
    tx: &mut Tx<'_>,
    clock: &Clock,
    new: &NewDevice,
    actor: &str,
) -> Result<Checked<DeviceRow>, StoreError> {
    match check_claimed(tx, clock.now(), new)? {
        Ok(plan) => make(tx, clock, plan, actor).map(Ok),
        Err(flaws) => Ok(Err(flaws)),
    }
}

/// As [`check`], for the unit of work that goes on with it: nobody else links the modem until it is done.
///
/// # Errors
/// What the database says.
pub fn check_claimed(tx: &mut Tx<'_>, now: Time, new: &NewDevice) -> Result<Checked<Plan>, StoreError> {
    if let Some(choice) = &new.modem {
        links::claim_modem(tx, choice)?;
    }
    check(tx, now, new)
}

/// Adds a device that was looked at.
///
/// # Errors
/// [`StoreError::Conflict`] where somebody was faster; else what the database says.
pub fn make(tx: &mut Tx<'_>, clock: &Clock, plan: Plan, actor: &str) -> Result<DeviceRow, StoreError> {
    let row = add(tx, clock, plan.kind, plan.name.as_ref().map(DeviceName::as_str), plan.serial, actor)?;
    if let Some((modem, span)) = plan.modem {
        let modem = modem.make(tx, clock)?;
        links::open(tx, clock, row.id, modem.id, span, actor)?;
    }
    groups::join(tx, row.id, &plan.groups)?;
    Ok(row)
}

/// Adds a device as it is.
///
/// # Errors
/// [`StoreError::Conflict`] where its name or its number is taken; else what the database says.
pub fn insert(tx: &mut Tx<'_>, row: &DeviceRow) -> Result<(), StoreError> {
    diesel::insert_into(devices::table).values(row.clone()).execute(&mut **tx)?;
    tx.changed.devices.insert(row.id.into());
    Ok(())
}

/// Adds a device of this name, or of the next free one of its kind.
pub(super) fn add(
    tx: &mut Tx<'_>,
    clock: &Clock,
    kind: DeviceKind,
    name: Option<&str>,
    serial: Option<String>,
    actor: &str,
) -> Result<DeviceRow, StoreError> {
    let number = sequences::next(tx, &number_sequence(kind))?;
    let name = match name {
        Some(name) => name.to_owned(),
        None => registration::draw_name(tx, kind)?,
    };
    let row = DeviceRow {
        id: DeviceId::new(clock).into(),
        number,
        kind: kind.as_str().to_owned(),
        name_key: Some(name.to_ascii_lowercase()),
        name,
        serial,
        key_hash: None,
        created_at: clock.now().into(),
        created_by: actor.to_owned(),
        deleted_at: None,
    };
    insert(tx, &row)?;
    Ok(row)
}

/// The sequence of the numbers that old scripts know devices of a kind by.
pub(super) fn number_sequence(kind: DeviceKind) -> String {
    format!("device.{kind}.number")
}

/// Changes what a device is described by: its serial number, and its groups. The device must be claimed.
///
/// # Errors
/// What the database says.
pub fn describe(
    tx: &mut Tx<'_>,
    id: DeviceId,
    serial: Option<Option<&str>>,
    wanted: Option<&[GroupId]>,
) -> Result<Checked<()>, StoreError> {
    let mut flaws = Vec::new();
    let serial = match serial.map(checked_serial).transpose() {
        Ok(serial) => serial,
        Err(flaw) => {
            flaws.push(flaw);
            None
        }
    };
    flaws.extend(groups::unknown(tx, wanted.unwrap_or_default())?);
    if !flaws.is_empty() {
        return Ok(Err(flaws));
    }
    if let Some(serial) = serial {
        let of = devices::table.find(Id::from(id));
        diesel::update(of).set(devices::serial.eq(serial)).execute(&mut **tx)?;
    }
    if let Some(wanted) = wanted {
        groups::leave_all(tx, id.into())?;
        groups::join(tx, id.into(), &wanted.iter().copied().map(Id::from).collect::<Vec<_>>())?;
    }
    tx.changed.devices.insert(id);
    Ok(Ok(()))
}

/// Gives a device a key that it must show from now on, or takes it away. The device must be claimed.
///
/// # Errors
/// What the database says.
pub fn set_key(tx: &mut Tx<'_>, id: DeviceId, key: Option<&str>) -> Result<(), StoreError> {
    diesel::update(devices::table.find(Id::from(id)))
        .set(devices::key_hash.eq(key.map(sign_in::hash)))
        .execute(&mut **tx)?;
    tx.changed.devices.insert(id);
    Ok(())
}

/// Deletes a device that is needed nowhere: its name is free again, and its history stays. It must be claimed.
///
/// # Errors
/// What the database says.
pub fn delete(tx: &mut Tx<'_>, now: Time, row: &DeviceRow) -> Result<Checked<()>, StoreError> {
    let flaws = in_the_way(tx, row)?;
    if !flaws.is_empty() {
        return Ok(Err(flaws));
    }
    groups::leave_all(tx, row.id)?;
    diesel::update(devices::table.find(row.id))
        .set((
            devices::name_key.eq(None::<String>),
            devices::key_hash.eq(None::<Digest>),
            devices::deleted_at.eq(Some(Micros::from(now))),
        ))
        .execute(&mut **tx)?;
    tx.changed.devices.insert(row.id.into());
    Ok(Ok(()))
}

/// Where a device is still needed.
fn in_the_way(conn: &mut Conn, row: &DeviceRow) -> Result<Vec<Flaw>, StoreError> {
    let mut flaws = Vec::new();
    if let Some(imei) = links::imei_in(conn, row.id)? {
        flaws.push(Flaw::HasModem { device: row.named()?, imei });
    }
    flaws.extend(routed(conn, &row.name, row.id.into())?);
    let active: Option<String> = upgrade_jobs::table
        .filter(upgrade_jobs::active_device.eq(Some(row.id)))
        .select(upgrade_jobs::state)
        .first(conn)
        .optional()?;
    if active.is_some_and(|state| state.parse().is_ok_and(JobState::is_active)) {
        let sentence =
            format!("{} is being upgraded. Wait until that is done, or cancel it first.", row.name);
        flaws.push(Flaw::Busy(sentence));
    }
    let ended = [RolloutState::Finished, RolloutState::Cancelled].map(RolloutState::as_str);
    let turns = [TargetState::Waiting, TargetState::Offered].map(TargetState::as_str);
    let rollout: Option<String> = rollout_targets::table
        .inner_join(rollouts::table.on(rollouts::id.eq(rollout_targets::rollout_id)))
        .filter(rollout_targets::device_id.eq(row.id))
        .filter(rollout_targets::state.eq_any(turns))
        .filter(rollouts::state.ne_all(ended))
        .select(rollouts::name)
        .first(conn)
        .optional()?;
    if let Some(rollout) = rollout {
        let sentence =
            format!("{} has its turn in the roll-out {rollout} to come. Cancel that first.", row.name);
        flaws.push(Flaw::Busy(sentence));
    }
    flaws.extend(audience::needed_by(conn, row.id, &row.name)?.into_iter().map(Flaw::Busy));
    Ok(flaws)
}

/// Says which routes name a device or a group, where any do.
pub(super) fn routed(conn: &mut Conn, name: &str, id: uuid::Uuid) -> Result<Option<Flaw>, StoreError> {
    let named = routes::naming(conn, id)?;
    let those = if named.len() == 1 { "that" } else { "those" };
    Ok((!named.is_empty()).then(|| {
        Flaw::Busy(format!("{name} is used in {}. Delete {those} first.", routes::in_words(&named)))
    }))
}
