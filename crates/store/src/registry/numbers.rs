//! The numbers by which old scripts know modems, given out when such a script asks.

use std::collections::HashMap;

use diesel::prelude::*;
use fairlead_model::ModemId;

use crate::dialect::{TOGETHER, insert_rows};
use crate::schema::{modem_numbers, modems};
use crate::{Conn, Id, StoreError, Tx, sequences};

/// The sequence of the numbers.
const SEQUENCE: &str = "modem.number";

/// The numbers of these modems, as far as they have one.
///
/// # Errors
/// What the database says.
pub fn of(conn: &mut Conn, modems: &[ModemId]) -> Result<HashMap<ModemId, i64>, StoreError> {
    let ids: Vec<Id> = modems.iter().copied().map(Id::from).collect();
    let rows: Vec<(Id, i64)> = modem_numbers::table.filter(modem_numbers::modem_id.eq_any(ids)).load(conn)?;
    Ok(rows.into_iter().map(|(id, number)| (id.into(), number)).collect())
}

/// The numbers of these modems, given to those that have none, in their order.
///
/// # Errors
/// [`StoreError::Conflict`] where somebody was faster; else what the database says.
pub fn give(tx: &mut Tx<'_>, modems: &[ModemId]) -> Result<HashMap<ModemId, i64>, StoreError> {
    // Holds the sequence: whoever else gives numbers waits, and sees then what is done here.
    let first = sequences::next(tx, SEQUENCE)?;
    let mut known = of(tx, modems)?;
    let new: Vec<(ModemId, i64)> =
        modems.iter().filter(|id| !known.contains_key(id)).copied().zip(first..).collect();
    for some in new.chunks(TOGETHER) {
        let rows = some
            .iter()
            .map(|(id, n)| (modem_numbers::modem_id.eq(Id::from(*id)), modem_numbers::number.eq(*n)));
        insert_rows!(&mut **tx, diesel::insert_into(modem_numbers::table), rows);
    }
    sequences::advance(tx, SEQUENCE, new.last().map_or(first - 1, |(_, last)| *last))?;
    known.extend(new);
    Ok(known)
}

/// The modem of a number.
///
/// # Errors
/// What the database says.
pub fn modem(conn: &mut Conn, number: i64) -> Result<Option<ModemId>, StoreError> {
    let numbered = modem_numbers::table.filter(modem_numbers::number.eq(number));
    Ok(numbered.select(modem_numbers::modem_id).first::<Id>(conn).optional()?.map(Into::into))
}

/// One page of modems in the order in which they came, behind the one with id `after`.
///
/// # Errors
/// What the database says.
pub fn modems_after(conn: &mut Conn, after: Option<ModemId>, limit: i64) -> Result<Vec<ModemId>, StoreError> {
    let after = Id::from(after.unwrap_or_else(|| uuid::Uuid::nil().into()));
    let ids: Vec<Id> = modems::table
        .filter(modems::id.gt(after))
        .order(modems::id)
        .limit(limit)
        .select(modems::id)
        .load(conn)?;
    Ok(ids.into_iter().map(Into::into).collect())
}
