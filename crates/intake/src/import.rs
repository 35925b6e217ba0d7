//! Messages from a file that somebody exported from the provider's pages: they close the gaps that an outage beyond the
//! provider's patience has left.
//!
//! A row takes the way of a push into the store, under the same duplicate key. The provider's own table names neither
//! IMEI nor MOMSN: the modem is then found by its serial number, a message that is here already by its time and text,
//! and numbers are given only where exactly as many rows lie in a gap as it lacks.

mod numbers;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fairlead_model::{Clock, Imei, MessageId, Trust};
use fairlead_store::audit::{self, Entry};
use fairlead_store::satellite::messages::{self, MessageRow};
use fairlead_store::satellite::{modems, readings};
use fairlead_store::{Conn, Digest, Store, StoreError, Tx};
use fairlead_wire::rockblock::export::{ExportedRow, NoMessage, read_row};
use serde::Serialize;
use utoipa::ToSchema;

use crate::jobs::drain::{self, Doors, Policy};
use crate::pushed::{Keys, Provider, Pushed};
use crate::record::{self, Imported, Prepared, Source};

pub use table::Table;

/// Longest subject in the audit log, in characters.
const SUBJECT: usize = 128;

/// Most gaps of which a report says that they are closed.
const MOST_CLOSED: usize = 100;

/// Rows in one unit of work.
const BATCH: usize = 200;

/// What a person lets in: nothing is held for want of a signature, and no bound on new modems applies.
const BY_HAND: Policy = Policy {
    unsigned_after_signed: Doors { rockblock: true, rockcore: true, cloudloop: true },
    held_keep: i64::MAX,
    by_hand: true,
};

/// How a file is imported.
#[derive(Clone, Debug)]
pub struct Import {
    /// The file's name, without its folder.
    pub file: String,
    /// The modem of rows that name none.
    pub imei: Option<Imei>,
    /// Only say what would come of it.
    pub dry_run: bool,
    /// Who imports, for the audit log.
    pub actor: String,
}

/// What came of an import. Rows are counted from 1, without the heading.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Rows in the file.
    pub rows: usize,
    /// Messages that are new.
    pub new: usize,
    /// Of those, how many were given a number because exactly they were missing.
    pub numbered: usize,
    /// Of those, how many have no number: a gap around them stays open.
    pub without_number: usize,
    /// Messages that were here already.
    pub known: usize,
    /// Rows about messages to devices, which are left out.
    pub to_devices: usize,
    /// Headings of columns that nobody recognised, and that were left out.
    pub unknown_columns: Vec<String>,
    /// Gaps that the new messages close, the first hundred.
    pub closes: Vec<ClosedGap>,
    /// Rows that were not understood, and why.
    pub not_understood: Vec<NotUnderstood>,
}

/// A gap that an import closes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClosedGap {
    /// The modem.
    #[schema(value_type = String)]
    pub imei: Imei,
    /// The first number that was missing.
    pub first_momsn: i32,
    /// The last one.
    pub last_momsn: i32,
    /// How many were.
    pub missing: i64,
}

/// A row that was not understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct NotUnderstood {
    /// The row.
    pub row: usize,
    /// Why, in a sentence.
    pub reason: String,
}

/// A row as it goes into the store.
struct Ready {
    row: usize,
    message: Prepared,
}

/// A row on its way to a message.
#[derive(Clone, Debug)]
struct Candidate {
    row: usize,
    imei: Imei,
    momsn: Option<u16>,
    read: ExportedRow,
    body: Vec<u8>,
}

impl Import {
    /// Imports a table.
    ///
    /// # Errors
    /// What the database says. Everything before the unit of work that failed is in; importing again is harmless.
    pub async fn run(&self, store: &Store, clock: &Clock, table: &Table) -> Result<Report, StoreError> {
        let mut report =
            Report { rows: table.rows.len(), unknown_columns: table.unknown(), ..Report::default() };
        let candidates = self.candidates(store, table, &mut report).await?;
        let mut by_modem: BTreeMap<Imei, Vec<Candidate>> = BTreeMap::new();
        for candidate in candidates {
            by_modem.entry(candidate.imei).or_default().push(candidate);
        }
        for (imei, mut candidates) in by_modem {
            candidates
                .sort_by_key(|candidate| (candidate.read.transmitted_at, candidate.momsn, candidate.row));
            let all = candidates.len();
            let mut fresh = store.read(move |conn| unknown_here(conn, imei, &candidates)).await?;
            report.known += all - fresh.len();
            let gaps = store.read(move |conn| numbers::gaps(conn, imei)).await?;
            let given = numbers::give(&mut fresh, &gaps);
            let closes = numbers::closed(&fresh, &gaps).into_iter().map(|gap| ClosedGap {
                imei,
                first_momsn: gap.first_momsn,
                last_momsn: gap.last_momsn,
                missing: gap.missing,
            });
            report.closes.extend(closes.take(MOST_CLOSED.saturating_sub(report.closes.len())));
            self.store(store, clock, fresh, &given, &mut report).await?;
        }
        if !self.dry_run {
            self.note(store, clock, &report).await?;
        }
        report.not_understood.sort_by_key(|row| row.row);
        Ok(report)
    }

    /// The rows that are messages of a modem.
    async fn candidates(
        &self,
        store: &Store,
        table: &Table,
        report: &mut Report,
    ) -> Result<Vec<Candidate>, StoreError> {
        let mut candidates = Vec::new();
        let mut by_serial: BTreeMap<String, Result<Imei, String>> = BTreeMap::new();
        for (row, cells) in (1..).zip(&table.rows) {
            let mut refuse = |reason: String| report.not_understood.push(NotUnderstood { row, reason });
            let read = match read_row(cells.iter().map(|(heading, cell)| (&**heading, cell.as_str()))) {
                Ok(read) => read,
                Err(NoMessage::ToDevice) => {
                    report.to_devices += 1;
                    continue;
                }
                Err(why) => {
                    refuse(sentence(&why.to_string()));
                    continue;
                }
            };
            let imei = match (read.imei, self.imei, read.serial.clone()) {
                (Some(imei), ..) => Ok(imei),
                (None, Some(imei), _) => Ok(imei),
                (None, None, Some(serial)) => match by_serial.get(&serial) {
                    Some(known) => known.clone(),
                    None => {
                        let found = modem_of(store, serial.clone()).await?;
                        by_serial.insert(serial, found.clone());
                        found
                    }
                },
                (None, None, None) => {
                    Err("It names no modem. Say with --imei whose messages these are.".to_owned())
                }
            };
            match imei {
                Ok(imei) => {
                    let body = Table::json(cells).into_bytes();
                    candidates.push(Candidate { row, imei, momsn: read.momsn, read, body });
                }
                Err(reason) => refuse(reason),
            }
        }
        Ok(candidates)
    }

    /// Puts messages in, some at a time, and counts those that were not here.
    async fn store(
        &self,
        store: &Store,
        clock: &Clock,
        fresh: Vec<Candidate>,
        given: &BTreeSet<usize>,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        for batch in fresh.chunks(BATCH) {
            let ready = |c: &Candidate| self.prepare(clock, c);
            let prepared: Vec<Ready> = batch.iter().filter_map(ready).collect();
            let (clock, dry_run) = (clock.clone(), self.dry_run);
            let prepared = Arc::new(prepared);
            let new = if dry_run {
                store.read(move |conn| not_here(conn, &prepared)).await?
            } else {
                store.write(move |tx| put_in(tx, &clock, &prepared)).await?
            };
            report.known += batch.len() - new.len();
            report.new += new.len();
            report.numbered += new.iter().filter(|row| given.contains(row)).count();
            let numberless = batch.iter().filter(|c| c.momsn.is_none() && new.contains(&c.row));
            report.without_number += numberless.count();
        }
        Ok(())
    }

    fn prepare(&self, clock: &Clock, candidate: &Candidate) -> Option<Ready> {
        let push = Pushed::Rockblock(Box::new(candidate.read.push(candidate.imei, candidate.momsn)?));
        let source = Source {
            content_type: Some("application/json".to_owned()),
            import: Some(Imported { file: self.file.clone(), row: candidate.row }),
            ..Source::default()
        };
        let (id, now) = (MessageId::new(clock), clock.now());
        let row: MessageRow = record::message_row(
            id,
            now,
            Provider::Rockblock,
            &push,
            Trust::Unsigned,
            source,
            &candidate.body,
        );
        let message = Prepared::Message {
            keys: push.keys(),
            trust: Trust::Unsigned,
            row: Box::new(row),
            faults: push.faults().iter().map(ToString::to_string).collect(),
        };
        Some(Ready { row: candidate.row, message })
    }

    async fn note(&self, store: &Store, clock: &Clock, report: &Report) -> Result<(), StoreError> {
        let (clock, actor, file) = (clock.clone(), self.actor.clone(), self.file.clone());
        let detail = format!("{} rows, {} new", report.rows, report.new);
        let note = move |tx: &mut Tx<'_>| {
            let subject = format!("file {file}").chars().take(SUBJECT).collect();
            audit::record(
                tx,
                &clock,
                &Entry { actor: &actor, action: "messages.import", subject, detail: &detail },
            )
        };
        store.write(note).await
    }
}

/// The modem of a serial number, or why it is not known.
async fn modem_of(store: &Store, serial: String) -> Result<Result<Imei, String>, StoreError> {
    let wanted = serial.clone();
    let imeis = store.read(move |conn| modems::imeis_of_serial(conn, &wanted)).await?;
    Ok(match imeis.as_slice() {
        [imei] => imei.parse().map_err(|_| format!("The modem with the serial number {serial} has no IMEI.")),
        [] => Err(format!(
            "No modem with the serial number {serial} has been heard. Say with --imei whose messages these are."
        )),
        _ => Err(format!(
            "Several modems have the serial number {serial}. Say with --imei whose messages these are."
        )),
    })
}

/// Those that have no message of the same second and text here. What has other numbers is another message.
fn unknown_here(conn: &mut Conn, imei: Imei, rows: &[Candidate]) -> Result<Vec<Candidate>, StoreError> {
    let Some((modem, _)) = modems::by_imei(conn, imei.as_str())? else { return Ok(rows.to_vec()) };
    let mut unknown = Vec::new();
    for row in rows {
        let ids = readings::of_second(conn, modem.id, row.read.transmitted_at.into())?;
        let there = if ids.is_empty() { Vec::new() } else { messages::get_all(conn, &ids)? };
        let number = row.momsn.map(i32::from);
        let same = |message: &MessageRow| {
            message.payload.as_deref() == Some(row.read.payload.as_slice())
                && (message.momsn.is_none() || number.is_none() || message.momsn == number)
        };
        if !there.iter().any(same) {
            unknown.push(row.clone());
        }
    }
    Ok(unknown)
}

/// The rows whose keys nobody has; of two rows with one key, the first. A row that was given a number now may be here
/// without one: an import that was cut off gave it none, because there was no gap yet.
fn not_here(conn: &mut Conn, ready: &[Ready]) -> Result<BTreeSet<usize>, StoreError> {
    let keys: Vec<Digest> = ready.iter().flat_map(Ready::keys).collect();
    let taken = messages::by_keys(conn, &keys)?;
    let mut seen = BTreeSet::new();
    let mut is_new = |one: &&Ready| {
        let Some(first) = one.message.keys() else { return false };
        !one.keys().any(|key| taken.contains_key(&key)) && seen.insert(first.message.0)
    };
    Ok(ready.iter().filter(|one| is_new(one)).map(|one| one.row).collect())
}

impl Ready {
    fn keys(&self) -> impl Iterator<Item = Digest> {
        self.message.keys().into_iter().flat_map(Keys::of_message)
    }
}

fn put_in(tx: &mut Tx<'_>, clock: &Clock, ready: &[Ready]) -> Result<BTreeSet<usize>, StoreError> {
    let new = not_here(tx, ready)?;
    let items: Vec<Prepared> = ready.iter().map(|one| one.message.clone()).collect();
    drain::store_batch(tx, clock, BY_HAND, &items)?;
    Ok(new)
}

/// What the wire says of a row, as a sentence of its own.
fn sentence(said: &str) -> String {
    let mut letters = said.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}
