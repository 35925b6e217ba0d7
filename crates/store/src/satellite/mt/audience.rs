//! Whom an order reaches: a device, or the devices of a group, each with the modem that is in it.

use diesel::prelude::*;
use fairlead_model::device::DeviceRef;
use fairlead_model::schedule::Audience;
use fairlead_model::{DeviceId, GroupId, ModemId};

use super::{budgets, schedules};
use crate::registry::views::reference;
use crate::schema::{device_groups, device_links, devices, group_members, modems};
use crate::{Conn, Id, StoreError};

/// What stands in the place of a name where a group or a device is no more.
pub const GONE: &str = "(gone)";

/// A device that is to be told something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// The device.
    pub device: DeviceRef,
    /// The modem that is in it, with its IMEI.
    pub modem: Option<(ModemId, String)>,
}

/// The devices of an audience by name, at most `limit`.
///
/// # Errors
/// [`StoreError::NotFound`] where there is no such group or device any more.
pub fn listeners(conn: &mut Conn, audience: Audience, limit: i64) -> Result<Vec<Listener>, StoreError> {
    let ids = match audience {
        Audience::Device { id } => vec![Id::from(id)],
        Audience::Group { id } => {
            group_name(conn, id)?.ok_or(StoreError::NotFound)?;
            group_members::table
                .filter(group_members::group_id.eq(Id::from(id)))
                .select(group_members::device_id)
                .limit(limit)
                .load(conn)?
        }
    };
    let mut rows: Vec<(Id, String, String)> = devices::table
        .filter(devices::id.eq_any(ids.clone()))
        .filter(devices::deleted_at.is_null())
        .select((devices::id, devices::kind, devices::name))
        .load(conn)?;
    if rows.is_empty() && matches!(audience, Audience::Device { .. }) {
        return Err(StoreError::NotFound);
    }
    rows.sort_by_key(|(_, _, name)| name.to_lowercase());
    let open: Vec<Option<Id>> = ids.into_iter().map(Some).collect();
    let linked: Vec<(Id, Id, String)> = device_links::table
        .inner_join(modems::table.on(modems::id.eq(device_links::modem_id)))
        .filter(device_links::open_device.eq_any(open))
        .select((device_links::device_id, modems::id, modems::imei))
        .load(conn)?;
    let modem_of = |device: Id| {
        let link = linked.iter().find(|(of, ..)| *of == device);
        link.map(|(_, modem, imei)| (ModemId::from(*modem), imei.clone()))
    };
    rows.into_iter()
        .map(|(id, kind, name)| Ok(Listener { device: reference(id, &kind, name)?, modem: modem_of(id) }))
        .collect()
}

/// The name of a group, where there is one of this id.
///
/// # Errors
/// What the database says.
pub fn group_name(conn: &mut Conn, id: GroupId) -> Result<Option<String>, StoreError> {
    Ok(device_groups::table.find(Id::from(id)).select(device_groups::name).first(conn).optional()?)
}

/// The name of a device, where there is one of this id that was not deleted.
///
/// # Errors
/// What the database says.
pub fn device_name(conn: &mut Conn, id: DeviceId) -> Result<Option<String>, StoreError> {
    let living = devices::table.find(Id::from(id)).filter(devices::deleted_at.is_null());
    Ok(living.select(devices::name).first(conn).optional()?)
}

/// What an audience is called, where it is there.
///
/// # Errors
/// What the database says.
pub fn name(conn: &mut Conn, audience: Audience) -> Result<Option<String>, StoreError> {
    match audience {
        Audience::Device { id } => device_name(conn, id),
        Audience::Group { id } => group_name(conn, id),
    }
}

/// What stands against removing a group or a device, a sentence each: the schedule that tells it, and its budget.
pub(crate) fn needed_by(conn: &mut Conn, subject: Id, name: &str) -> Result<Vec<String>, StoreError> {
    let mut reasons = Vec::new();
    if let Some(schedule) = schedules::telling(conn, subject)? {
        reasons.push(format!("The schedule {schedule} tells {name}. Change or delete it first."));
    }
    if budgets::bounds(conn, subject)? {
        reasons.push(format!("There is a budget of credits for {name}. Delete that first."));
    }
    Ok(reasons)
}
