//! Pushes that were not let in, kept as evidence in a bounded table, and the IMEIs that are signed for.

use std::collections::HashMap;

use diesel::prelude::*;
use fairlead_model::{HeldId, Time};

use crate::columns::Digest;
use crate::dialect::on_either;
use crate::schema::{held_pushes, signed_modems};
use crate::{Conn, Id, Micros, StoreError, Tx};

/// A push that was not let in.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = held_pushes)]
#[diesel(treat_none_as_default_value = false)]
pub struct HeldRow {
    /// Its id.
    pub id: Id,
    /// The provider whose door it came to.
    pub provider: String,
    /// `untrusted` or `no_imei`.
    pub why: String,
    /// Why, in a sentence.
    pub reason: String,
    /// The IMEI that it names.
    pub imei: Option<String>,
    /// The duplicate key that it would have.
    pub dup_key: Option<Digest>,
    /// When it came.
    pub received_at: Micros,
    /// The body as it came.
    pub body: Vec<u8>,
    /// How it came, as JSON.
    pub source: String,
}

/// Keeps a push; false where it is kept already (a journal drained twice).
///
/// # Errors
/// What the database says.
pub fn insert(tx: &mut Tx<'_>, row: HeldRow) -> Result<bool, StoreError> {
    let known = held_pushes::table.find(row.id).select(held_pushes::id).first::<Id>(&mut **tx).optional()?;
    if known.is_some() {
        return Ok(false);
    }
    diesel::insert_into(held_pushes::table).values(row).execute(&mut **tx)?;
    Ok(true)
}

/// One held push.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn get(conn: &mut Conn, id: HeldId) -> Result<HeldRow, StoreError> {
    Ok(held_pushes::table.find(Id::from(id)).select(HeldRow::as_select()).first(conn)?)
}

/// The newest one.
///
/// # Errors
/// What the database says.
pub fn newest(conn: &mut Conn) -> Result<Option<HeldRow>, StoreError> {
    let newest = held_pushes::table.order(held_pushes::id.desc()).select(HeldRow::as_select());
    Ok(newest.first(conn).optional()?)
}

/// Removes a push that was let in.
///
/// # Errors
/// What the database says.
pub fn remove(tx: &mut Tx<'_>, id: HeldId) -> Result<(), StoreError> {
    diesel::delete(held_pushes::table.find(Id::from(id))).execute(&mut **tx)?;
    Ok(())
}

/// Held pushes with these duplicate keys: copies of messages that have now come with more trust.
///
/// # Errors
/// What the database says.
pub fn by_keys(conn: &mut Conn, keys: &[Digest]) -> Result<Vec<Id>, StoreError> {
    let keys: Vec<Option<Digest>> = keys.iter().copied().map(Some).collect();
    Ok(held_pushes::table.filter(held_pushes::dup_key.eq_any(keys)).select(held_pushes::id).load(conn)?)
}

/// How many pushes are held.
///
/// # Errors
/// What the database says.
pub fn count(conn: &mut Conn) -> Result<i64, StoreError> {
    Ok(held_pushes::table.count().get_result(conn)?)
}

/// Keeps only the newest `keep` pushes of one kind, and says which went.
///
/// # Errors
/// What the database says.
pub fn trim(tx: &mut Tx<'_>, why: &str, keep: i64) -> Result<Vec<Id>, StoreError> {
    let oldest_kept = held_pushes::table
        .filter(held_pushes::why.eq(why))
        .order(held_pushes::id.desc())
        .offset(keep.max(1) - 1)
        .limit(1)
        .select(held_pushes::id)
        .first::<Id>(&mut **tx)
        .optional()?;
    let Some(oldest_kept) = oldest_kept else { return Ok(Vec::new()) };
    let older = held_pushes::table.filter(held_pushes::why.eq(why)).filter(held_pushes::id.lt(oldest_kept));
    let gone: Vec<Id> = older.select(held_pushes::id).load(&mut **tx)?;
    diesel::delete(held_pushes::table.filter(held_pushes::id.eq_any(gone.clone()))).execute(&mut **tx)?;
    Ok(gone)
}

/// Since when each of these IMEIs is signed for; those that are not are left out.
///
/// # Errors
/// What the database says.
pub fn signed_since(conn: &mut Conn, imeis: &[String]) -> Result<HashMap<String, Time>, StoreError> {
    let rows: Vec<(String, Micros)> =
        signed_modems::table.filter(signed_modems::imei.eq_any(imeis.to_vec())).load(conn)?;
    Ok(rows.into_iter().map(|(imei, since)| (imei, since.into())).collect())
}

/// Notes that an IMEI is signed for from now on.
///
/// # Errors
/// [`StoreError::Conflict`] where it is noted already.
pub fn note_signed(tx: &mut Tx<'_>, imei: &str, since: Time) -> Result<(), StoreError> {
    let row = (signed_modems::imei.eq(imei), signed_modems::since.eq(Micros::from(since)));
    on_either!(&mut **tx, c => diesel::insert_into(signed_modems::table).values(row).execute(c))?;
    Ok(())
}
