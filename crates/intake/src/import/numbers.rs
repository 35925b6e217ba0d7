//! Numbers for rows that have none: exactly as many rows in a gap as it lacks are what it lacks, in their order.

use std::collections::BTreeSet;

use fairlead_model::Imei;
use fairlead_store::satellite::gaps::{self, GapRow};
use fairlead_store::satellite::modems;
use fairlead_store::{Conn, Micros, StoreError};

use super::Candidate;

/// Most gaps of a modem that are looked at, the newest first.
const MOST_GAPS: i64 = 10_000;

/// The gaps of a modem.
pub(super) fn gaps(conn: &mut Conn, imei: Imei) -> Result<Vec<GapRow>, StoreError> {
    match modems::by_imei(conn, imei.as_str())? {
        Some((modem, _)) => gaps::list(conn, modem.id.into(), MOST_GAPS),
        None => Ok(Vec::new()),
    }
}

/// Gives numbers to rows, which are in the order of their times, and says which rows got one.
pub(super) fn give(rows: &mut [Candidate], gaps: &[GapRow]) -> BTreeSet<usize> {
    let mut given = BTreeSet::new();
    for gap in gaps {
        let range = within(rows, gap);
        let missing = rows.get_mut(range).unwrap_or_default();
        let as_many = i64::try_from(missing.len()) == Ok(gap.missing);
        // Of two in one second nobody knows which was first.
        let times: BTreeSet<_> = missing.iter().map(|row| row.read.transmitted_at).collect();
        if !as_many || times.len() < missing.len() || missing.iter().any(|row| row.momsn.is_some()) {
            continue;
        }
        for (row, after) in missing.iter_mut().zip(0_i32..) {
            // The counter has 16 bits.
            row.momsn = u16::try_from((gap.first_momsn + after) & 0xffff).ok();
            given.insert(row.row);
        }
    }
    given
}

/// The gaps of which all numbers are among these rows, which are in the order of their times.
pub(super) fn closed<'g>(rows: &[Candidate], gaps: &'g [GapRow]) -> Vec<&'g GapRow> {
    let is_closed = |gap: &&GapRow| {
        let between = rows.get(within(rows, gap)).unwrap_or_default();
        let numbers: BTreeSet<i32> = between
            .iter()
            .filter_map(|row| Some((i32::from(row.momsn?) - gap.first_momsn) & 0xffff))
            .filter(|after| i64::from(*after) < gap.missing)
            .collect();
        i64::try_from(numbers.len()) == Ok(gap.missing)
    };
    gaps.iter().filter(is_closed).collect()
}

/// Which of the rows, in the order of their times, lie in a gap.
fn within(rows: &[Candidate], gap: &GapRow) -> std::ops::Range<usize> {
    let at = |row: &Candidate| Micros::from(row.read.transmitted_at);
    let first = rows.partition_point(|row| at(row) <= gap.after_at);
    let behind = rows.partition_point(|row| at(row) < gap.before_at);
    first..behind.max(first)
}
