//! Accounts with a provider: whether each sends, and when it may call next.

use diesel::prelude::*;
use fairlead_model::Time;

use crate::dialect;
use crate::dialect::on_either;
use crate::schema::mt_accounts;
use crate::{Conn, Micros, StoreError, Tx};

/// How an account is.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = mt_accounts)]
#[diesel(treat_none_as_default_value = false)]
pub struct AccountRow {
    /// Its name in the settings.
    pub name: String,
    /// Since when it is paused.
    pub paused_since: Option<Micros>,
    /// Why it is, in a sentence.
    pub pause_reason: Option<String>,
    /// The provider is not called before.
    pub next_call_at: Micros,
    /// Calls whose outcome is unknown since the last one that was answered.
    pub unknown_in_a_row: i32,
}

impl AccountRow {
    /// An account that has never called.
    pub fn fresh(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            paused_since: None,
            pause_reason: None,
            next_call_at: Micros(0),
            unknown_in_a_row: 0,
        }
    }

    /// When the provider may be called next.
    pub fn next_call_at(&self) -> Time {
        self.next_call_at.into()
    }
}

/// How an account is; fresh where nothing was noted of it.
///
/// # Errors
/// What the database says.
pub fn get(conn: &mut Conn, name: &str) -> Result<AccountRow, StoreError> {
    let found = mt_accounts::table.find(name).select(AccountRow::as_select()).first(conn).optional()?;
    Ok(found.unwrap_or_else(|| AccountRow::fresh(name)))
}

/// The same for a unit of work that will change it: until it is done, no other one gets it so.
///
/// # Errors
/// What the database says.
pub fn claim(tx: &mut Tx<'_>, name: &str) -> Result<AccountRow, StoreError> {
    if let Some(row) = dialect::locked_account(tx, name)? {
        return Ok(row);
    }
    // What is not there cannot be locked: of two who would both begin afresh, one would undo the other. Writing it
    // locks it; the second of two is refused for the key, and looks again.
    let row = AccountRow::fresh(name);
    let values = row.clone();
    on_either!(&mut **tx, c => diesel::insert_into(mt_accounts::table).values(values).execute(c))?;
    Ok(row)
}

/// Writes an account down.
///
/// # Errors
/// What the database says.
pub fn put(tx: &mut Tx<'_>, row: &AccountRow) -> Result<(), StoreError> {
    on_either!(&mut **tx, c => diesel::replace_into(mt_accounts::table).values(row).execute(c))?;
    Ok(())
}
