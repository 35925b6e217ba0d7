//! Message numbers that were used and never arrived. A gap lies between two messages that follow each other in
//! transmit time, and is kept under the later of them.

use std::collections::HashMap;

use diesel::prelude::*;
use fairlead_model::{MessageId, ModemId};

use crate::schema::momsn_gaps;
use crate::{Conn, Id, Micros, StoreError, Tx};

/// One gap.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = momsn_gaps)]
pub struct GapRow {
    /// The message after the gap.
    pub before_message: Id,
    /// The modem.
    pub modem_id: Id,
    /// First number that is missing.
    pub first_momsn: i32,
    /// Last number that is missing; less than the first where the counter wrapped.
    pub last_momsn: i32,
    /// How many are missing.
    pub missing: i64,
    /// Transmit time of the message before the gap.
    pub after_at: Micros,
    /// Transmit time of the message after the gap.
    pub before_at: Micros,
}

/// Sets the gap that ends at a message; `None` says that there is none.
///
/// # Errors
/// What the database says.
pub fn set(tx: &mut Tx<'_>, before_message: MessageId, gap: Option<GapRow>) -> Result<(), StoreError> {
    diesel::delete(momsn_gaps::table.find(Id::from(before_message))).execute(&mut **tx)?;
    if let Some(gap) = gap {
        diesel::insert_into(momsn_gaps::table).values(gap).execute(&mut **tx)?;
    }
    Ok(())
}

/// The gaps of one modem, newest first, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn list(conn: &mut Conn, modem: ModemId, limit: i64) -> Result<Vec<GapRow>, StoreError> {
    Ok(momsn_gaps::table
        .filter(momsn_gaps::modem_id.eq(Id::from(modem)))
        .order(momsn_gaps::before_at.desc())
        .limit(limit)
        .select(GapRow::as_select())
        .load(conn)?)
}

/// How many messages are missing of each of these modems; those with none are left out.
///
/// # Errors
/// What the database says.
pub fn missing_by_modem(conn: &mut Conn, modems: &[Id]) -> Result<HashMap<Id, i64>, StoreError> {
    let rows: Vec<(Id, i64)> = momsn_gaps::table
        .filter(momsn_gaps::modem_id.eq_any(modems.to_vec()))
        .select((momsn_gaps::modem_id, momsn_gaps::missing))
        .load(conn)?;
    let mut sums = HashMap::new();
    for (modem, missing) in rows {
        *sums.entry(modem).or_default() += missing;
    }
    Ok(sums)
}
