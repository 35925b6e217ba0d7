//! Messages to other services, written in the transaction of the change that they follow.
//!
//! In one process the workers take their work straight from this table. Over a broker a publisher claims rows,
//! publishes them and removes each after its confirm. Nobody keeps a cursor: ids are made before the commit,
//! so commit order is not id order.

use diesel::prelude::*;
use fairlead_model::Time;

use crate::dialect::{self, insert_rows};
use crate::schema::outbox;
use crate::{Conn, Id, Micros, StoreError, Tx};

/// One message that waits.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = outbox)]
#[diesel(treat_none_as_default_value = false)]
pub struct OutboxRow {
    /// The envelope's id.
    pub id: Id,
    /// The queue's name, without the system's prefix.
    pub queue: String,
    /// The envelope as JSON.
    pub body: String,
    /// How often it was tried before; 0 for a new one.
    pub attempt: i32,
    /// Not to be handled before this moment.
    pub not_before: Micros,
    /// Claimed by a publisher until this moment; 0 when free.
    pub claimed_until: Micros,
}

/// How much waits in one queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// The queue's name.
    pub queue: String,
    /// Rows that wait.
    pub waiting: i64,
    /// The time from which the oldest may be handled.
    pub oldest: Option<Time>,
}

/// Writes messages, to be handled once the transaction has been committed.
///
/// # Errors
/// What the database says; the transaction must then not be committed.
pub fn insert(tx: &mut Tx<'_>, rows: &[OutboxRow]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    insert_rows!(&mut **tx, diesel::insert_into(outbox::table), rows);
    tx.outbox_rows += u64::try_from(rows.len()).unwrap_or(0);
    Ok(())
}

/// Due messages of one queue, oldest first.
///
/// # Errors
/// What the database says.
pub fn due(conn: &mut Conn, queue: &str, now: Time, limit: i64) -> Result<Vec<OutboxRow>, StoreError> {
    Ok(outbox::table
        .filter(outbox::queue.eq(queue))
        .filter(outbox::not_before.le(Micros::from(now)))
        .order((outbox::not_before, outbox::id))
        .limit(limit)
        .select(OutboxRow::as_select())
        .load(conn)?)
}

/// Claims due messages of any queue for the caller until `until`; at most `limit` of them.
///
/// # Errors
/// What the database says.
pub fn claim(tx: &mut Tx<'_>, now: Time, until: Time, limit: i64) -> Result<Vec<OutboxRow>, StoreError> {
    let ids = dialect::claimable_outbox(tx, now.into(), limit)?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = outbox::table.filter(outbox::id.eq_any(ids.clone()));
    diesel::update(rows).set(outbox::claimed_until.eq(Micros::from(until))).execute(&mut **tx)?;
    let rows = outbox::table.filter(outbox::id.eq_any(ids));
    Ok(rows.select(OutboxRow::as_select()).load(&mut **tx)?)
}

/// Gives claimed messages back at once, when they could not be published.
///
/// # Errors
/// What the database says.
pub fn release(conn: &mut Conn, ids: &[Id]) -> Result<usize, StoreError> {
    let mine = outbox::table.filter(outbox::id.eq_any(ids.to_vec()));
    Ok(diesel::update(mine).set(outbox::claimed_until.eq(Micros(0))).execute(conn)?)
}

/// Removes messages that were handled, or that the broker has confirmed.
///
/// # Errors
/// What the database says.
pub fn remove(conn: &mut Conn, ids: &[Id]) -> Result<usize, StoreError> {
    Ok(diesel::delete(outbox::table.filter(outbox::id.eq_any(ids.to_vec()))).execute(conn)?)
}

/// Puts a message off: it is handled again from `not_before` on, as attempt `attempt`.
///
/// # Errors
/// What the database says.
pub fn put_off(conn: &mut Conn, id: Id, attempt: i32, not_before: Time) -> Result<(), StoreError> {
    diesel::update(outbox::table.find(id))
        .set((outbox::attempt.eq(attempt), outbox::not_before.eq(Micros::from(not_before))))
        .execute(conn)?;
    Ok(())
}

/// What waits, by queue.
///
/// # Errors
/// What the database says.
pub fn backlog(conn: &mut Conn) -> Result<Vec<Backlog>, StoreError> {
    let rows: Vec<(String, i64, Option<Micros>)> = outbox::table
        .group_by(outbox::queue)
        .select((outbox::queue, diesel::dsl::count_star(), diesel::dsl::min(outbox::not_before)))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(queue, waiting, oldest)| Backlog { queue, waiting, oldest: oldest.map(Into::into) })
        .collect())
}
