//! Numbers that are given out once, in the transaction that uses them.

use diesel::prelude::*;

use crate::schema::sequences;
use crate::{Conn, StoreError, Tx};

/// The next number, 1 at the beginning. Until the transaction ends, nobody else is given one of this sequence.
///
/// # Errors
/// What the database says.
pub fn next(tx: &mut Tx<'_>, name: &str) -> Result<i64, StoreError> {
    // The update comes first: it locks the row, and what is read afterwards is what others have committed.
    let drawn = diesel::update(sequences::table.find(name)).set(sequences::last.eq(sequences::last + 1));
    if drawn.execute(&mut **tx)? == 0 {
        // Two first ones at once: one of them is refused for the key, and its unit runs again.
        diesel::insert_into(sequences::table)
            .values((sequences::name.eq(name), sequences::last.eq(1_i64)))
            .execute(&mut **tx)?;
    }
    last(tx, name)
}

/// Notes the number that was given out last, by the unit of work that has drawn the [`next`] one.
///
/// # Errors
/// What the database says.
pub fn advance(tx: &mut Tx<'_>, name: &str, to: i64) -> Result<(), StoreError> {
    diesel::update(sequences::table.find(name)).set(sequences::last.eq(to)).execute(&mut **tx)?;
    Ok(())
}

/// The number given out last, 0 at the beginning.
///
/// # Errors
/// What the database says.
pub fn last(conn: &mut Conn, name: &str) -> Result<i64, StoreError> {
    let found: Option<i64> = sequences::table.find(name).select(sequences::last).first(conn).optional()?;
    Ok(found.unwrap_or(0))
}
