//! Devices by name and id.

use std::collections::HashMap;

use diesel::prelude::*;
use fairlead_model::device::{DeviceKind, DeviceRef};
use fairlead_model::{Clock, DeviceId};
use sha2::{Digest as _, Sha256};

use crate::schema::devices;
use crate::{Conn, Digest, Id, Micros, StoreError, Tx, sequences};

/// One device.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = devices)]
#[diesel(treat_none_as_default_value = false)]
pub struct DeviceRow {
    /// Its id.
    pub id: Id,
    /// The number by which old scripts know it.
    pub number: i64,
    /// What it is.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its name without regard to case; none once it was deleted.
    pub name_key: Option<String>,
    /// Its serial number with its provider.
    pub serial: Option<String>,
    /// SHA-256 of its key.
    pub key_hash: Option<Digest>,
    /// When it was made known.
    pub created_at: Micros,
    /// By whom.
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
}

/// Adds a device of this name, or of the next free one of its kind.
pub(super) fn insert(
    tx: &mut Tx<'_>,
    clock: &Clock,
    kind: DeviceKind,
    name: String,
    actor: &str,
) -> Result<DeviceRow, StoreError> {
    let row = DeviceRow {
        id: DeviceId::new(clock).into(),
        number: sequences::next(tx, &format!("device.{kind}.number"))?,
        kind: kind.as_str().to_owned(),
        name_key: Some(name.to_ascii_lowercase()),
        name,
        serial: None,
        key_hash: None,
        created_at: clock.now().into(),
        created_by: actor.to_owned(),
        deleted_at: None,
    };
    diesel::insert_into(devices::table).values(row.clone()).execute(&mut **tx)?;
    Ok(row)
}

/// The device of a name, in any case.
///
/// # Errors
/// What the database says.
pub fn by_name(conn: &mut Conn, name: &str) -> Result<Option<DeviceRow>, StoreError> {
    let wanted = devices::table.filter(devices::name_key.eq(name.to_ascii_lowercase()));
    Ok(wanted.select(DeviceRow::as_select()).first(conn).optional()?)
}

/// A device, also one that was deleted.
///
/// # Errors
/// What the database says.
pub fn by_id(conn: &mut Conn, id: DeviceId) -> Result<Option<DeviceRow>, StoreError> {
    Ok(devices::table.find(Id::from(id)).select(DeviceRow::as_select()).first(conn).optional()?)
}

/// What these devices are called; unknown ids are left out.
///
/// # Errors
/// What the database says.
pub fn refs(conn: &mut Conn, ids: &[DeviceId]) -> Result<HashMap<DeviceId, DeviceRef>, StoreError> {
    let ids: Vec<Id> = ids.iter().copied().map(Id::from).collect();
    let rows: Vec<(Id, String, String)> = devices::table
        .filter(devices::id.eq_any(ids))
        .select((devices::id, devices::kind, devices::name))
        .load(conn)?;
    rows.into_iter()
        .map(|(id, kind, name)| {
            let id = DeviceId::from(id);
            Ok((id, DeviceRef { id, kind: kind.parse().map_err(StoreError::Fault)?, name }))
        })
        .collect()
}

/// Whether a device may come with this key: its own, or any where it has none.
pub fn key_matches(row: &DeviceRow, key: Option<&str>) -> bool {
    match (row.key_hash, key) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(Digest(kept)), Some(key)) => {
            let given: [u8; 32] = Sha256::digest(key.as_bytes()).into();
            kept.iter().zip(given).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
        }
    }
}
