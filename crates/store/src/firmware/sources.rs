//! How each mirror of a firmware repository is: when it was fetched, and what is wrong where it fails.

use diesel::prelude::*;

use crate::dialect::on_either;
use crate::schema::firmware_sources;
use crate::{Conn, Micros, StoreError, Tx};

/// Longest failure that is kept, in characters.
const FAILURE: usize = 1_000;

/// How a mirror is.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = firmware_sources)]
#[diesel(treat_none_as_default_value = false)]
pub struct SourceRow {
    /// Its name in the settings.
    pub name: String,
    /// When somebody tried to fetch it last.
    pub looked_at: Option<Micros>,
    /// When it was fetched last.
    pub fetched_at: Option<Micros>,
    /// When fetching failed last, where it has failed since.
    pub failed_at: Option<Micros>,
    /// Why, in a sentence.
    pub failure: Option<String>,
    /// Size of the mirror in bytes.
    pub bytes: i64,
}

impl SourceRow {
    /// One that was never fetched.
    pub fn fresh(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            looked_at: None,
            fetched_at: None,
            failed_at: None,
            failure: None,
            bytes: 0,
        }
    }
}

/// How a mirror is; fresh where nothing was noted of it.
///
/// # Errors
/// What the database says.
pub fn get(conn: &mut Conn, name: &str) -> Result<SourceRow, StoreError> {
    let found = firmware_sources::table.find(name).select(SourceRow::as_select()).first(conn).optional()?;
    Ok(found.unwrap_or_else(|| SourceRow::fresh(name)))
}

/// Notes how a mirror is from now on. Whoever mirrors on several machines: the last word counts.
///
/// # Errors
/// What the database says.
pub fn put(tx: &mut Tx<'_>, row: &SourceRow) -> Result<(), StoreError> {
    let mut row = row.clone();
    row.failure = row.failure.map(|failure| failure.chars().take(FAILURE).collect());
    on_either!(&mut **tx, c => diesel::replace_into(firmware_sources::table).values(&row).execute(c))?;
    Ok(())
}
