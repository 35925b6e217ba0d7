//! Devices that wanted a line and were refused: the newest few, so that a person can register one that is missing.

use std::collections::HashMap;

use diesel::prelude::*;
use fairlead_model::Time;
use fairlead_model::room::KnockView;

use crate::dialect::insert_rows;
use crate::schema::knocks;
use crate::{Conn, Micros, StoreError, Tx};

/// Most names that are kept.
pub const KEPT: i64 = 200;

/// Longest sentence that is kept of why, in characters.
const LONGEST_WHY: usize = 200;

/// A name that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = knocks)]
pub struct KnockRow {
    /// The name with which it came.
    pub name: String,
    /// When it came first.
    pub first_at: Micros,
    /// When it came last.
    pub last_at: Micros,
    /// How often it came.
    pub times: i64,
    /// From where it came last.
    pub address: String,
    /// Why it was refused, in a sentence.
    pub why: String,
}

/// Adds what came in since the last time, each name once, and forgets the oldest beyond [`KEPT`].
///
/// # Errors
/// What the database says.
pub fn note(tx: &mut Tx<'_>, came: &[KnockRow]) -> Result<(), StoreError> {
    let names: Vec<&str> = came.iter().map(|knock| knock.name.as_str()).collect();
    let known: HashMap<String, i64> = knocks::table
        .filter(knocks::name.eq_any(names))
        .select((knocks::name, knocks::times))
        .load::<(String, i64)>(&mut **tx)?
        .into_iter()
        .collect();
    let mut new = Vec::new();
    for knock in came {
        let why: String = knock.why.chars().take(LONGEST_WHY).collect();
        match known.get(&knock.name) {
            None => new.push(KnockRow { why, ..knock.clone() }),
            Some(times) => {
                diesel::update(knocks::table.find(&knock.name))
                    .set((
                        knocks::last_at.eq(knock.last_at),
                        knocks::times.eq(times + knock.times),
                        knocks::address.eq(knock.address.clone()),
                        knocks::why.eq(why),
                    ))
                    .execute(&mut **tx)?;
            }
        }
    }
    if !new.is_empty() {
        insert_rows!(&mut **tx, diesel::insert_into(knocks::table), new);
    }
    let beyond: Vec<String> = knocks::table
        .order((knocks::last_at.desc(), knocks::name.desc()))
        .offset(KEPT)
        .limit(KEPT)
        .select(knocks::name)
        .load(&mut **tx)?;
    if !beyond.is_empty() {
        diesel::delete(knocks::table.filter(knocks::name.eq_any(beyond))).execute(&mut **tx)?;
    }
    Ok(())
}

/// All of them, the newest first.
///
/// # Errors
/// What the database says.
pub fn list(conn: &mut Conn) -> Result<Vec<KnockView>, StoreError> {
    let newest = knocks::table.order((knocks::last_at.desc(), knocks::name.desc())).limit(KEPT);
    let rows: Vec<KnockRow> = newest.select(KnockRow::as_select()).load(conn)?;
    Ok(rows.into_iter().map(KnockRow::view).collect())
}

/// Forgets a name; false where it was not there.
///
/// # Errors
/// What the database says.
pub fn forget(tx: &mut Tx<'_>, name: &str) -> Result<bool, StoreError> {
    Ok(diesel::delete(knocks::table.find(name)).execute(&mut **tx)? > 0)
}

impl KnockRow {
    fn view(self) -> KnockView {
        KnockView {
            name: self.name,
            first_at: Time::from(self.first_at),
            last_at: self.last_at.into(),
            times: self.times,
            address: self.address,
            why: self.why,
        }
    }
}
