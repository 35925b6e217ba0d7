//! The ledger of credits: a row for every call of a provider.

use diesel::prelude::*;
use fairlead_model::mt::CreditsBy;
use fairlead_model::{CallId, Time};

use crate::schema::{modems, mt_calls};
use crate::{Conn, Id, Micros, StoreError, Tx};

/// Length of a day in microseconds.
const DAY_US: i64 = 86_400_000_000;

/// `mt_calls.outcome` of a call that is under way.
pub const UNDER_WAY: &str = "under_way";

/// Days that one answer covers at most.
const DAYS: i64 = 4_000;

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = mt_calls)]
#[diesel(treat_none_as_default_value = false)]
pub struct CallRow {
    /// Its id.
    pub id: Id,
    /// The message.
    pub mt_id: Id,
    /// The modem that it is for.
    pub modem_id: Id,
    /// The account that pays.
    pub account: String,
    /// The day (UTC), counted from 1970-01-01.
    pub day: i32,
    /// When it was begun.
    pub started_at: Micros,
    /// When its outcome was known.
    pub ended_at: Option<Micros>,
    /// What came of it.
    pub outcome: String,
    /// What it cost; where that is unknown, what it may have cost.
    pub credits: i32,
}

/// A sum of credits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// Of what: the account's name, the modem's IMEI, or the number of the day.
    pub key: String,
    /// Credits.
    pub credits: i64,
    /// Calls.
    pub calls: i64,
}

/// The day (UTC) of a moment, counted from 1970-01-01.
pub fn day(at: Time) -> i32 {
    i32::try_from(at.micros().div_euclid(DAY_US)).unwrap_or(i32::MAX)
}

/// Writes a call down before it is made.
///
/// # Errors
/// What the database says.
pub fn begin(tx: &mut Tx<'_>, row: CallRow) -> Result<(), StoreError> {
    diesel::insert_into(mt_calls::table).values(row).execute(&mut **tx)?;
    Ok(())
}

/// Notes what came of a call.
///
/// # Errors
/// What the database says.
pub fn end(tx: &mut Tx<'_>, id: CallId, at: Time, outcome: &str, credits: i32) -> Result<(), StoreError> {
    diesel::update(mt_calls::table.find(Id::from(id)))
        .set((
            mt_calls::ended_at.eq(Some(Micros::from(at))),
            mt_calls::outcome.eq(outcome),
            mt_calls::credits.eq(credits),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Credits that an account has spent from a day on.
///
/// # Errors
/// What the database says.
pub fn spent(conn: &mut Conn, account: &str, from_day: i32) -> Result<i64, StoreError> {
    let sum: Option<i64> = mt_calls::table
        .filter(mt_calls::account.eq(account))
        .filter(mt_calls::day.ge(from_day))
        .select(diesel::dsl::sum(mt_calls::credits))
        .first(conn)?;
    Ok(sum.unwrap_or(0))
}

/// Sums of credits over the days `from..=to`.
///
/// # Errors
/// What the database says.
pub fn sums(conn: &mut Conn, by: CreditsBy, from: i32, to: i32) -> Result<Vec<Sum>, StoreError> {
    let calls = mt_calls::table.filter(mt_calls::day.between(from, to));
    let total = (diesel::dsl::sum(mt_calls::credits), diesel::dsl::count_star());
    Ok(match by {
        CreditsBy::Account => {
            let rows: Vec<(String, Option<i64>, i64)> = calls
                .group_by(mt_calls::account)
                .select((mt_calls::account, total.0, total.1))
                .limit(DAYS)
                .load(conn)?;
            rows.into_iter().map(|(key, credits, calls)| sum(key, credits, calls)).collect()
        }
        CreditsBy::Modem => {
            let rows: Vec<(Id, Option<i64>, i64)> = calls
                .group_by(mt_calls::modem_id)
                .select((mt_calls::modem_id, total.0, total.1))
                .limit(DAYS)
                .load(conn)?;
            let ids: Vec<Id> = rows.iter().map(|row| row.0).collect();
            let imeis: Vec<(Id, String)> =
                modems::table.filter(modems::id.eq_any(ids)).select((modems::id, modems::imei)).load(conn)?;
            let imei = |id: Id| imeis.iter().find(|known| known.0 == id).map(|known| known.1.clone());
            rows.into_iter()
                .map(|(id, credits, calls)| sum(imei(id).unwrap_or_default(), credits, calls))
                .collect()
        }
        CreditsBy::Day => {
            let rows: Vec<(i32, Option<i64>, i64)> = calls
                .group_by(mt_calls::day)
                .select((mt_calls::day, total.0, total.1))
                .order(mt_calls::day)
                .limit(DAYS)
                .load(conn)?;
            rows.into_iter().map(|(day, credits, calls)| sum(day.to_string(), credits, calls)).collect()
        }
    })
}

fn sum(key: String, credits: Option<i64>, calls: i64) -> Sum {
    Sum { key, credits: credits.unwrap_or(0), calls }
}
