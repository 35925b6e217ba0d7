//! Who changed what: every change by a person, or by a program in a person's name.

use diesel::prelude::*;
use fairlead_model::{AuditId, Clock, Time};

use crate::dialect::{TOGETHER, insert_rows};
use crate::schema::audit_log;
use crate::{Conn, Id, Micros, StoreError, Tx};

/// A change that was made.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_log)]
#[diesel(treat_none_as_default_value = false)]
pub struct EntryRow {
    /// Its id.
    pub id: Id,
    /// When.
    pub at: Micros,
    /// Who.
    pub actor: String,
    /// What, as a word.
    pub action: String,
    /// To what: a kind and an id.
    pub subject: String,
    /// Why, in the person's words.
    pub detail: String,
}

/// One change, as it is written down.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// Who: the name of the session or of the token.
    pub actor: &'a str,
    /// What, as a word like `problem.discard`.
    pub action: &'a str,
    /// To what: a kind and an id.
    pub subject: String,
    /// Why, in the person's words.
    pub detail: &'a str,
}

/// Writes a change down in the transaction that makes it.
///
/// # Errors
/// What the database says; the change must then not be made.
pub fn record(tx: &mut Tx<'_>, clock: &Clock, entry: &Entry<'_>) -> Result<(), StoreError> {
    diesel::insert_into(audit_log::table).values(row(clock, entry)).execute(&mut **tx)?;
    Ok(())
}

/// Writes many changes down in the transaction that makes them.
///
/// # Errors
/// As [`record`].
pub fn record_many(tx: &mut Tx<'_>, clock: &Clock, entries: &[Entry<'_>]) -> Result<(), StoreError> {
    for some in entries.chunks(TOGETHER) {
        let rows = some.iter().map(|entry| row(clock, entry));
        insert_rows!(&mut **tx, diesel::insert_into(audit_log::table), rows);
    }
    Ok(())
}

fn row(clock: &Clock, entry: &Entry<'_>) -> EntryRow {
    let now: Time = clock.now();
    EntryRow {
        id: AuditId::new(clock).into(),
        at: now.into(),
        actor: entry.actor.to_owned(),
        action: entry.action.to_owned(),
        subject: entry.subject.clone(),
        detail: entry.detail.chars().take(2_000).collect(),
    }
}

/// One page of changes, newest first, of everybody or of one.
///
/// # Errors
/// What the database says.
pub fn list(
    conn: &mut Conn,
    actor: Option<&str>,
    before: Option<AuditId>,
    limit: i64,
) -> Result<Vec<EntryRow>, StoreError> {
    let mut query = audit_log::table.select(EntryRow::as_select()).into_boxed();
    if let Some(actor) = actor {
        query = query.filter(audit_log::actor.eq(actor.to_owned()));
    }
    if let Some(before) = before {
        query = query.filter(audit_log::id.lt(Id::from(before)));
    }
    Ok(query.order(audit_log::id.desc()).limit(limit).load(conn)?)
}
