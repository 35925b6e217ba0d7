//! Devices as they are shown: a fixed number of queries, however many devices.

use std::collections::HashMap;

use diesel::prelude::*;
use fairlead_model::device::{DeviceRef, DeviceView, GroupRef, LinkedModem};
use fairlead_model::firmware::FirmwareSeen;
use fairlead_model::room::Presence;
use fairlead_model::{DeviceId, Time};

use super::devices::DeviceRow;
use crate::schema::{
    device_firmware, device_groups, device_links, devices, firmware_versions, group_members, hub_nodes,
    modems, rooms,
};
use crate::{Conn, Id, Micros, StoreError};

/// One device as shown.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id, or it was deleted.
pub fn view(conn: &mut Conn, id: DeviceId, now: Time) -> Result<DeviceView, StoreError> {
    views(conn, &[id], now)?.pop().ok_or(StoreError::NotFound)
}

/// These devices as shown, by name; unknown and deleted ones are left out.
///
/// # Errors
/// What the database says.
pub fn views(conn: &mut Conn, ids: &[DeviceId], now: Time) -> Result<Vec<DeviceView>, StoreError> {
    let ids: Vec<Id> = ids.iter().copied().map(Id::from).collect();
    let mut rows: Vec<DeviceRow> = devices::table
        .filter(devices::id.eq_any(ids))
        .filter(devices::deleted_at.is_null())
        .select(DeviceRow::as_select())
        .load(conn)?;
    rows.sort_by(|a, b| a.name_key.cmp(&b.name_key));
    shown(conn, rows, now)
}

/// These devices where they are only named, deleted ones among them; unknown ids are left out.
///
/// # Errors
/// What the database says.
pub fn refs(conn: &mut Conn, ids: &[DeviceId]) -> Result<HashMap<DeviceId, DeviceRef>, StoreError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<Id> = ids.iter().copied().map(Id::from).collect();
    let rows: Vec<(Id, String, String)> = devices::table
        .filter(devices::id.eq_any(ids))
        .select((devices::id, devices::kind, devices::name))
        .load(conn)?;
    rows.into_iter().map(|(id, kind, name)| Ok((id.into(), reference(id, &kind, name)?))).collect()
}

/// A device where it is only named.
pub(crate) fn reference(id: Id, kind: &str, name: String) -> Result<DeviceRef, StoreError> {
    Ok(DeviceRef { id: id.into(), kind: kind.parse().map_err(StoreError::Fault)?, name })
}

/// Devices as shown, in their order.
///
/// # Errors
/// What the database says.
pub fn shown(conn: &mut Conn, rows: Vec<DeviceRow>, now: Time) -> Result<Vec<DeviceView>, StoreError> {
    let ids: Vec<Id> = rows.iter().map(|row| row.id).collect();
    let mut modems = linked_modems(conn, &ids)?;
    let mut groups = groups(conn, &ids)?;
    let mut presences = presences(conn, &ids, now)?;
    let mut firmware = firmware_seen(conn, &ids)?;
    let view = |row: DeviceRow| {
        Ok(DeviceView {
            id: row.id.into(),
            kind: row.kind()?,
            number: row.number,
            serial: row.serial,
            created_at: row.created_at.into(),
            created_by: row.created_by,
            modem: modems.remove(&row.id),
            groups: groups.remove(&row.id).unwrap_or_default(),
            has_key: row.key_hash.is_some(),
            presence: presences.remove(&row.id),
            firmware: firmware.remove(&row.id),
            name: row.name,
        })
    };
    rows.into_iter().map(view).collect()
}

fn linked_modems(conn: &mut Conn, ids: &[Id]) -> Result<HashMap<Id, LinkedModem>, StoreError> {
    let open: Vec<Option<Id>> = ids.iter().copied().map(Some).collect();
    let rows: Vec<(Id, Id, String, Option<String>, Micros)> = device_links::table
        .inner_join(modems::table.on(modems::id.eq(device_links::modem_id)))
        .filter(device_links::open_device.eq_any(open))
        .select((device_links::device_id, modems::id, modems::imei, modems::serial, device_links::since))
        .load(conn)?;
    let read = |(device, id, imei, serial, since): (Id, Id, String, Option<String>, Micros)| {
        let imei = imei.parse().map_err(|e| StoreError::Fault(format!("{imei}: {e}")))?;
        Ok((device, LinkedModem { id: id.into(), imei, serial, since: since.into() }))
    };
    rows.into_iter().map(read).collect()
}

fn groups(conn: &mut Conn, ids: &[Id]) -> Result<HashMap<Id, Vec<GroupRef>>, StoreError> {
    let rows: Vec<(Id, Id, String)> = group_members::table
        .inner_join(device_groups::table.on(device_groups::id.eq(group_members::group_id)))
        .filter(group_members::device_id.eq_any(ids.to_vec()))
        .select((group_members::device_id, device_groups::id, device_groups::name))
        .load(conn)?;
    let mut groups: HashMap<Id, Vec<GroupRef>> = HashMap::new();
    for (device, id, name) in rows {
        groups.entry(device).or_default().push(GroupRef { id: id.into(), name });
    }
    groups.values_mut().for_each(|of| of.sort_by_key(|group| group.name.to_lowercase()));
    Ok(groups)
}

/// How the lines of devices are; those that never had one are left out. A room whose hub is past its time has nobody,
/// since that time at the earliest.
fn presences(conn: &mut Conn, ids: &[Id], now: Time) -> Result<HashMap<Id, Presence>, StoreError> {
    type Line = (Option<Id>, Option<Micros>, Option<Micros>, Option<Micros>);
    let wanted: Vec<Option<Id>> = ids.iter().copied().map(Some).collect();
    let rows: Vec<Line> = rooms::table
        .left_join(hub_nodes::table.on(rooms::node.eq(hub_nodes::node.nullable())))
        .filter(rooms::device_id.eq_any(wanted))
        .select((
            rooms::device_id,
            rooms::connected_at,
            rooms::disconnected_at,
            hub_nodes::lease_until.nullable(),
        ))
        .load(conn)?;
    let mut presences: HashMap<Id, Presence> = HashMap::new();
    for (device, connected_at, disconnected_at, lease) in rows {
        let (Some(device), Some(came)) = (device, connected_at) else { continue };
        let ended = disconnected_at.filter(|went| *went > came);
        let connected = ended.is_none() && lease.is_some_and(|until| until > Micros::from(now));
        let since: Time = if connected { came } else { ended.or(lease).unwrap_or(came) }.into();
        let presence = Presence { connected, since };
        // A device that came under several spellings is where it is connected, or was last.
        let known = presences.entry(device).or_insert_with(|| presence.clone());
        if (presence.connected, presence.since) > (known.connected, known.since) {
            *known = presence;
        }
    }
    Ok(presences)
}

/// The firmware that devices were seen with last; those that were never seen with any are left out.
fn firmware_seen(conn: &mut Conn, ids: &[Id]) -> Result<HashMap<Id, FirmwareSeen>, StoreError> {
    let rows: Vec<(Id, Id, String, String, String, Micros)> = device_firmware::table
        .inner_join(firmware_versions::table.on(firmware_versions::id.eq(device_firmware::version_id)))
        .filter(device_firmware::device_id.eq_any(ids.to_vec()))
        .select((
            device_firmware::device_id,
            firmware_versions::id,
            firmware_versions::source,
            firmware_versions::revision,
            firmware_versions::commit_id,
            device_firmware::since,
        ))
        .load(conn)?;
    let seen =
        |(device, version, source, revision, commit, since): (Id, Id, String, String, String, Micros)| {
            (
                device,
                FirmwareSeen { version_id: version.into(), source, revision, commit, since: since.into() },
            )
        };
    Ok(rows.into_iter().map(seen).collect())
}
