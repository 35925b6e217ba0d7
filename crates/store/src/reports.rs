//! What each process says of itself every few seconds. A report is JSON; what is in it is the processes' affair.

use diesel::prelude::*;
use fairlead_model::Time;

use crate::dialect::insert_rows;
use crate::schema::service_reports;
use crate::{Conn, Micros, StoreError, Tx};

/// Most reports that are listed: more processes than a system has.
const MOST: i64 = 200;

/// The newest report of one process.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = service_reports)]
pub struct ReportRow {
    /// The process, as `intake@host:8081`.
    pub process: String,
    /// When it said so, by its own clock.
    pub reported_at: Micros,
    /// What it said, as JSON.
    pub report: String,
}

/// Writes a report in place of the process's last one.
///
/// # Errors
/// What the database says.
pub fn put(tx: &mut Tx<'_>, row: &ReportRow) -> Result<(), StoreError> {
    insert_rows!(&mut **tx, diesel::replace_into(service_reports::table), [row]);
    Ok(())
}

/// The newest report of each process, by the processes' names.
///
/// # Errors
/// What the database says.
pub fn list(conn: &mut Conn) -> Result<Vec<ReportRow>, StoreError> {
    Ok(service_reports::table
        .order(service_reports::process)
        .limit(MOST)
        .select(ReportRow::as_select())
        .load(conn)?)
}

/// Removes the report of a process that ends in good order.
///
/// # Errors
/// What the database says.
pub fn remove(tx: &mut Tx<'_>, process: &str) -> Result<(), StoreError> {
    diesel::delete(service_reports::table.find(process)).execute(&mut **tx)?;
    Ok(())
}

/// Removes the reports of processes that have not been heard since a moment.
///
/// # Errors
/// What the database says.
pub fn forget(tx: &mut Tx<'_>, before: Time) -> Result<usize, StoreError> {
    let old = service_reports::table.filter(service_reports::reported_at.lt(Micros::from(before)));
    Ok(diesel::delete(old).execute(&mut **tx)?)
}
