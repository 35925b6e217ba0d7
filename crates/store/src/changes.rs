//! The change feed: which things each unit of work has changed, in the order in which they were committed.
//!
//! Every query that changes a thing that programs follow notes it on its [`Tx`] (a message of a device from when it has
//! been read); what a unit of work has noted is one row, written in its own transaction. Ids and times say nothing about the order of commits, so a row gets its number
//! afterwards, from whoever holds the sequence's row: then no number ever appears behind one that was read.

use std::collections::BTreeSet;

use diesel::prelude::*;
use fairlead_model::{Clock, DeviceId, MessageId, ModemId, MtId, ProblemId, Time};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::schema::{changes, changes_pending};
use crate::{Conn, Id, Micros, StoreError, Tx, sequences};

/// The sequence that numbers the feed.
const SEQUENCE: &str = "changes";

/// Which things have changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Changed {
    /// Messages of devices.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub messages: BTreeSet<MessageId>,
    /// Modems.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub modems: BTreeSet<ModemId>,
    /// Problems.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub problems: BTreeSet<ProblemId>,
    /// Messages to devices.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub outgoing: BTreeSet<MtId>,
    /// Devices of the registry.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub devices: BTreeSet<DeviceId>,
}

/// One step of the feed: what one unit of work has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its number.
    pub seq: i64,
    /// What has changed.
    pub changed: Changed,
}

impl Changed {
    /// Whether nothing has.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many things have.
    pub fn len(&self) -> usize {
        self.messages.len()
            + self.modems.len()
            + self.problems.len()
            + self.outgoing.len()
            + self.devices.len()
    }

    /// These and those.
    pub fn extend(&mut self, other: Self) {
        self.messages.extend(other.messages);
        self.modems.extend(other.modems);
        self.problems.extend(other.problems);
        self.outgoing.extend(other.outgoing);
        self.devices.extend(other.devices);
    }
}

/// Writes down what the unit of work has noted; called once, when it is done.
pub(crate) fn keep(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    if tx.changed.is_empty() {
        return Ok(());
    }
    let body = serde_json::to_string(&std::mem::take(&mut tx.changed))
        .map_err(|e| StoreError::Fault(format!("a change cannot be written: {e}")))?;
    diesel::insert_into(changes_pending::table)
        .values((changes_pending::id.eq(Id::from(Uuid::new_v4())), changes_pending::body.eq(body)))
        .execute(&mut **tx)?;
    Ok(())
}

/// Whether something waits for its place in the feed.
///
/// # Errors
/// What the database says.
pub fn any_pending(conn: &mut Conn) -> Result<bool, StoreError> {
    Ok(!changes_pending::table.select(changes_pending::id).limit(1).load::<Id>(conn)?.is_empty())
}

/// Gives what was committed its place in the feed; returns how many units of work there were, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn put_in_order(tx: &mut Tx<'_>, clock: &Clock, limit: i64) -> Result<usize, StoreError> {
    if !any_pending(tx)? {
        return Ok(0);
    }
    // Holds the sequence until the commit: whoever else numbers waits, and sees then what is done here.
    let first = sequences::next(tx, SEQUENCE)?;
    let pending: Vec<(Id, String)> = changes_pending::table
        .select((changes_pending::id, changes_pending::body))
        .limit(limit)
        .load(&mut **tx)?;
    let now = Micros::from(clock.now());
    let (ids, bodies): (Vec<Id>, Vec<String>) = pending.into_iter().unzip();
    let rows: Vec<_> = (first..)
        .zip(&bodies)
        .map(|(seq, body)| (changes::seq.eq(seq), changes::at.eq(now), changes::body.eq(body)))
        .collect();
    crate::dialect::insert_rows!(&mut **tx, diesel::insert_into(changes::table), rows);
    diesel::delete(changes_pending::table.filter(changes_pending::id.eq_any(&ids))).execute(&mut **tx)?;
    sequences::advance(tx, SEQUENCE, first - 1 + i64::try_from(ids.len()).unwrap_or(0))?;
    Ok(ids.len())
}

/// The newest step's number; 0 where there was none yet.
///
/// # Errors
/// What the database says.
pub fn last(conn: &mut Conn) -> Result<i64, StoreError> {
    sequences::last(conn, SEQUENCE)
}

/// The steps after a number, in order; `None` where the next one is not kept any more, or the number was never given
/// out.
///
/// # Errors
/// What the database says.
pub fn after(conn: &mut Conn, seq: i64, limit: i64) -> Result<Option<Vec<Step>>, StoreError> {
    let steps = steps(conn, seq, limit)?;
    if steps.is_empty() && last(conn)? != seq {
        // Forgotten, never given out, or numbered between the two looks: only then there is something now.
        let steps = self::steps(conn, seq, limit)?;
        return Ok(steps.first().is_some_and(|first| first.seq == seq + 1).then_some(steps));
    }
    // Numbers have no holes, so a hole is what was forgotten.
    Ok(steps.first().is_none_or(|first| first.seq == seq + 1).then_some(steps))
}

fn steps(conn: &mut Conn, seq: i64, limit: i64) -> Result<Vec<Step>, StoreError> {
    let rows: Vec<(i64, String)> = changes::table
        .filter(changes::seq.gt(seq))
        .order(changes::seq.asc())
        .select((changes::seq, changes::body))
        .limit(limit)
        .load(conn)?;
    let read = |(seq, body): (i64, String)| {
        let changed = serde_json::from_str(&body)
            .map_err(|e| StoreError::Fault(format!("step {seq} of the feed cannot be read: {e}")))?;
        Ok(Step { seq, changed })
    };
    rows.into_iter().map(read).collect()
}

/// Forgets the steps before a moment, oldest first, at most `limit`; returns how many. None is forgotten behind one that
/// is kept, whatever the clocks of several hubs said.
///
/// # Errors
/// What the database says.
pub fn forget_before(tx: &mut Tx<'_>, moment: Time, limit: i64) -> Result<usize, StoreError> {
    let oldest: Vec<(i64, Micros)> = changes::table
        .order(changes::seq.asc())
        .select((changes::seq, changes::at))
        .limit(limit)
        .load(&mut **tx)?;
    let old = oldest.into_iter().take_while(|(_, at)| *at < Micros::from(moment));
    match old.last() {
        Some((seq, _)) => Ok(diesel::delete(changes::table.filter(changes::seq.le(seq))).execute(&mut **tx)?),
        None => Ok(0),
    }
}
