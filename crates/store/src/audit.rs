//! Who changed what: every change by a person, or by a program in a person's name.

use diesel::prelude::*;
use fairlead_model::{Clock, Time};

use crate::schema::audit_log;
use crate::{Id, Micros, StoreError, Tx};

#[derive(Insertable)]
#[diesel(table_name = audit_log)]
#[diesel(treat_none_as_default_value = false)]
struct NewEntry {
    id: Id,
    at: Micros,
    actor: String,
    action: String,
    subject: String,
    detail: String,
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
    let now: Time = clock.now();
    let row = NewEntry {
        id: clock.new_id().into(),
        at: now.into(),
        actor: entry.actor.to_owned(),
        action: entry.action.to_owned(),
        subject: entry.subject.clone(),
        detail: entry.detail.chars().take(2_000).collect(),
    };
    diesel::insert_into(audit_log::table).values(row).execute(&mut **tx)?;
    Ok(())
}
