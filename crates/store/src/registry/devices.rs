//! Devices by their names.

use diesel::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::schema::devices;
use crate::{Conn, Digest, Id, Micros, StoreError, Tx};

/// A device.
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
    /// Its name without regard to case; empty once it was deleted.
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

/// The device of this name, in any case.
///
/// # Errors
/// What the database says.
pub fn by_name(conn: &mut Conn, name: &str) -> Result<Option<DeviceRow>, StoreError> {
    let found = devices::table.filter(devices::name_key.eq(name.to_ascii_lowercase()));
    Ok(found.select(DeviceRow::as_select()).first(conn).optional()?)
}

/// Adds a device.
///
/// # Errors
/// [`StoreError::Conflict`] where its name is taken; else what the database says.
pub fn insert(tx: &mut Tx<'_>, row: &DeviceRow) -> Result<(), StoreError> {
    diesel::insert_into(devices::table).values(row.clone()).execute(&mut **tx)?;
    Ok(())
}

/// Whether a device that shows this key may come in: always, where it has none.
pub fn key_matches(row: &DeviceRow, key: Option<&str>) -> bool {
    let Some(wanted) = row.key_hash else { return true };
    let shown: [u8; 32] = Sha256::digest(key.unwrap_or_default().as_bytes()).into();
    // All bytes are looked at, whatever they are.
    shown.iter().zip(wanted.0).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}
