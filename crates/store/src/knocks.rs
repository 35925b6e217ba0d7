//! Devices that wanted a line and were refused: the newest few, so that a person can register one that is missing.

use std::collections::{BTreeSet, HashMap, HashSet};

use diesel::prelude::*;
use fairlead_model::Time;
use fairlead_model::room::KnockView;

use crate::dialect::insert_rows;
use crate::schema::{devices, knocks};
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

/// Adds what came in since the last time, each name once, and forgets those beyond [`KEPT`].
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
    let all: Vec<(Micros, String, String)> =
        knocks::table.select((knocks::last_at, knocks::name, knocks::address)).load(&mut **tx)?;
    let beyond = too_many(all, usize::try_from(KEPT).unwrap_or(usize::MAX));
    if !beyond.is_empty() {
        diesel::delete(knocks::table.filter(knocks::name.eq_any(beyond))).execute(&mut **tx)?;
    }
    Ok(())
}

/// The names beyond `most` of knocks given as (last time, name, address): the oldest of whichever address has most of them,
/// so that whoever tries many names pushes out its own.
fn too_many(all: Vec<(Micros, String, String)>, most: usize) -> Vec<String> {
    let mut beyond = Vec::new();
    let mut left = all.len();
    let mut by_address: HashMap<String, BTreeSet<(Micros, String)>> = HashMap::new();
    for (at, name, address) in all {
        by_address.entry(address).or_default().insert((at, name));
    }
    while left > most {
        // Where two have as many, the one goes that is older.
        let fullest = by_address
            .values_mut()
            .max_by(|a, b| a.len().cmp(&b.len()).then_with(|| b.first().cmp(&a.first())));
        let Some((_, name)) = fullest.and_then(BTreeSet::pop_first) else { break };
        beyond.push(name);
        left -= 1;
    }
    beyond
}

/// All of them, the newest first; but those whose device was made known since.
///
/// # Errors
/// What the database says.
pub fn list(conn: &mut Conn) -> Result<Vec<KnockView>, StoreError> {
    let newest = knocks::table.order((knocks::last_at.desc(), knocks::name.desc())).limit(KEPT);
    let rows: Vec<KnockRow> = newest.select(KnockRow::as_select()).load(conn)?;
    let keys = rows.iter().map(|row| Some(row.name.to_ascii_lowercase())).collect::<Vec<_>>();
    let made: HashMap<Option<String>, Micros> = devices::table
        .filter(devices::name_key.eq_any(keys))
        .select((devices::name_key, devices::created_at))
        .load(conn)?
        .into_iter()
        .collect();
    let waits =
        |row: &KnockRow| made.get(&Some(row.name.to_ascii_lowercase())).is_none_or(|at| *at <= row.last_at);
    Ok(rows.into_iter().filter(waits).map(KnockRow::view).collect())
}

/// Forgets names that are let in now, without regard to case.
///
/// # Errors
/// What the database says.
pub fn forget_all<'a>(tx: &mut Tx<'_>, names: impl Iterator<Item = &'a str>) -> Result<(), StoreError> {
    let names: HashSet<String> = names.map(str::to_ascii_lowercase).collect();
    if names.is_empty() {
        return Ok(());
    }
    // A few hundred at most.
    let mut knocked: Vec<String> = knocks::table.select(knocks::name).load(&mut **tx)?;
    knocked.retain(|name| names.contains(&name.to_ascii_lowercase()));
    if !knocked.is_empty() {
        diesel::delete(knocks::table.filter(knocks::name.eq_any(knocked))).execute(&mut **tx)?;
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_tries_many_names_pushes_out_its_own() {
        let knock = |at: i64, name: &str, from: &str| (Micros(at), name.to_owned(), from.to_owned());
        let mut all = vec![knock(1, "PK001", "a"), knock(2, "PK002", "b"), knock(3, "PK003", "b")];
        all.extend((0..300).map(|n| knock(100 + n, &format!("N{n}"), "stranger")));
        let beyond = too_many(all.clone(), 200);
        assert_eq!(beyond, (0..103).map(|n| format!("N{n}")).collect::<Vec<_>>());
        all.truncate(3);
        assert_eq!(too_many(all.clone(), 3), Vec::<String>::new());
        assert_eq!(too_many(all, 1), ["PK002", "PK001"]);
    }
}
