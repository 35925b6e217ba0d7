//! Numbers for rows that have none: exactly as many rows in a gap as it lacks are what it lacks, in their order.

use std::collections::BTreeSet;

use fairlead_model::Imei;
use fairlead_store::satellite::gaps::{self, GapRow};
use fairlead_store::satellite::modems;
use fairlead_store::{Conn, StoreError};

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
        let within = |row: &Candidate| {
            let at = fairlead_store::Micros::from(row.read.transmitted_at);
            gap.after_at < at && at < gap.before_at
        };
        let mut missing: Vec<&mut Candidate> = rows.iter_mut().filter(|row| within(row)).collect();
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
