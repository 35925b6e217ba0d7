//! The intake's journal: one SQLite file of its own, append-only, durable before the answer.
//!
//! One thread owns the file. Whatever waits is one transaction with one fsync; each caller is answered after
//! the commit. There is no index but the sequence number: the store refuses duplicates, not the journal. When a
//! write fails, nothing is accepted until the file has been opened anew and checked.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use fairlead_model::{MessageId, Time};
use tokio::sync::{oneshot, watch};

use crate::{Id, Micros, connection};

mod table {
    diesel::table! {
        journal (seq) {
            seq -> BigInt,
            id -> Binary,
            received_at -> BigInt,
            meta -> Text,
            body -> Binary,
        }
    }
}
use table::journal;

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS journal (\
    seq INTEGER PRIMARY KEY, id BLOB NOT NULL, received_at BIGINT NOT NULL, meta TEXT NOT NULL, body BLOB NOT NULL)";

/// Requests that may wait for the writer. With the commit of a group at a few milliseconds this is far below
/// the 200 ms within which an accepted request is answered; what comes on top is refused at once.
const WAITING: usize = 1_024;

/// Most records in one commit.
const GROUP: usize = 512;

/// How long a file that failed is left alone before it is checked again.
const REST: Duration = Duration::from_secs(1);

/// How long a journal that is just being closed is waited for.
const HANDOVER: Duration = Duration::from_secs(2);

/// SQLite's page size in bytes.
const PAGE: u64 = 4_096;

/// What is kept of one request.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = journal)]
#[diesel(treat_none_as_default_value = false)]
pub struct Record {
    /// The id that the message has in the journal and in the store.
    pub id: Id,
    /// When it was received.
    pub received_at: Micros,
    /// What the intake made of it, as JSON of the intake's own.
    pub meta: String,
    /// The body as it came.
    pub body: Vec<u8>,
}

/// Why a record is not in the journal. None of these may be answered with 200.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// More requests wait than can be answered in time.
    #[error("more requests wait than can be answered in time")]
    Busy,
    /// The file did not take it, or has not been checked since it failed.
    #[error("the journal cannot be written: {0}")]
    Failed(String),
}

/// How the journal is, for readiness and metrics.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct JournalState {
    /// Why nothing is accepted; `None` when all is well.
    pub failed: Option<String>,
    /// Records that wait for the store.
    pub waiting: i64,
    /// Receive time of the oldest of them.
    pub oldest: Option<Time>,
}

enum Command {
    Append(Record, oneshot::Sender<Result<(), JournalError>>),
    Remove(i64, oneshot::Sender<Result<(), JournalError>>),
}

/// The journal of one intake process. Cheap to clone.
#[derive(Clone)]
pub struct Journal {
    commands: SyncSender<Command>,
    reader: Arc<Mutex<SqliteConnection>>,
    appended: watch::Receiver<u64>,
    failed: watch::Receiver<Option<String>>,
}

impl Journal {
    /// Opens the file, or creates it. It takes at most `max_bytes` on the disk.
    ///
    /// # Errors
    /// [`JournalError::Failed`] where the file cannot be opened or is damaged.
    pub fn open(path: &Path, max_bytes: u64) -> Result<Self, JournalError> {
        let lock = lock(path)?;
        let file = File { path: path.to_owned(), max_pages: max_bytes / PAGE };
        let conn = file.open_checked()?;
        let reader = connection::sqlite(path).map_err(|e| JournalError::Failed(e.to_string()))?;
        let (commands, waiting) = sync_channel(WAITING);
        let (appended_tx, appended) = watch::channel(0);
        let (failed_tx, failed) = watch::channel(None);
        let writer =
            JournalWriter { _lock: lock, file, conn: Some(conn), appended: appended_tx, failed: failed_tx };
        std::thread::Builder::new()
            .name("journal-writer".into())
            .spawn(move || writer.run(&waiting))
            .map_err(|e| JournalError::Failed(e.to_string()))?;
        Ok(Self { commands, reader: Arc::new(Mutex::new(reader)), appended, failed })
    }

    /// Keeps a record: when this returns `Ok` it is on the disk.
    ///
    /// # Errors
    /// [`JournalError::Busy`] at once where too many wait; [`JournalError::Failed`] where it could not be kept.
    pub async fn append(&self, record: Record) -> Result<(), JournalError> {
        let (reply, answer) = oneshot::channel();
        self.commands.try_send(Command::Append(record, reply)).map_err(|e| match e {
            TrySendError::Full(_) => JournalError::Busy,
            TrySendError::Disconnected(_) => JournalError::Failed("its writer stopped".into()),
        })?;
        answer.await.unwrap_or_else(|_| Err(JournalError::Failed("its writer stopped".into())))
    }

    /// The oldest records with their sequence numbers, oldest first.
    ///
    /// # Errors
    /// [`JournalError::Failed`] where the file cannot be read.
    pub async fn oldest(&self, limit: i64) -> Result<Vec<(i64, Record)>, JournalError> {
        self.read(move |conn| {
            let rows: Vec<(i64, Id, Micros, String, Vec<u8>)> =
                journal::table.order(journal::seq).limit(limit).load(conn)?;
            let record = |(seq, id, received_at, meta, body)| (seq, Record { id, received_at, meta, body });
            Ok(rows.into_iter().map(record).collect())
        })
        .await
    }

    /// Forgets the records up to and including `seq`, which the store has committed.
    ///
    /// # Errors
    /// [`JournalError::Failed`] where the file cannot be written; the records are then drained again, which
    /// does no harm.
    pub async fn remove_through(&self, seq: i64) -> Result<(), JournalError> {
        let (reply, answer) = oneshot::channel();
        let commands = self.commands.clone();
        // A full channel only means that requests are being kept: wait for a place.
        tokio::task::spawn_blocking(move || commands.send(Command::Remove(seq, reply)))
            .await
            .map_err(|e| JournalError::Failed(e.to_string()))?
            .map_err(|_| JournalError::Failed("its writer stopped".into()))?;
        answer.await.unwrap_or_else(|_| Err(JournalError::Failed("its writer stopped".into())))
    }

    /// Changes whenever records were appended.
    pub fn appended(&self) -> watch::Receiver<u64> {
        self.appended.clone()
    }

    /// Whether records are accepted, and how many wait for the store.
    pub async fn state(&self) -> JournalState {
        let counted = self
            .read(|conn| {
                let waiting: i64 = journal::table.count().get_result(conn)?;
                let oldest: Option<Micros> =
                    journal::table.order(journal::seq).select(journal::received_at).first(conn).optional()?;
                Ok((waiting, oldest))
            })
            .await;
        let failed = self.failed.borrow().clone();
        match counted {
            Ok((waiting, oldest)) => JournalState { failed, waiting, oldest: oldest.map(Into::into) },
            Err(e) => JournalState { failed: failed.or(Some(e.to_string())), ..JournalState::default() },
        }
    }

    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&mut SqliteConnection) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, JournalError> {
        let reader = self.reader.clone();
        tokio::task::spawn_blocking(move || query(&mut reader.lock().unwrap_or_else(PoisonError::into_inner)))
            .await
            .map_err(|e| JournalError::Failed(e.to_string()))?
            .map_err(|e| JournalError::Failed(e.to_string()))
    }
}

impl Record {
    /// A record of what was received.
    pub fn new(id: MessageId, received_at: Time, meta: String, body: Vec<u8>) -> Self {
        Self { id: id.into(), received_at: received_at.into(), meta, body }
    }
}

/// Takes the journal for this process alone: two that drained one file would remove each other's records.
fn lock(path: &Path) -> Result<std::fs::File, JournalError> {
    let failed = |e: &dyn std::fmt::Display| JournalError::Failed(e.to_string());
    let path = path.with_extension("lock");
    let file = std::fs::File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|e| failed(&e))?;
    let deadline = Instant::now() + HANDOVER;
    while file.try_lock().is_err() {
        if Instant::now() > deadline {
            let sentence = "another intake uses it. Give each intake a data.dir of its own";
            return Err(JournalError::Failed(sentence.to_owned()));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(file)
}

struct File {
    path: PathBuf,
    max_pages: u64,
}

impl File {
    /// Opens the file and looks it through: a journal that failed is not trusted on its word.
    fn open_checked(&self) -> Result<SqliteConnection, JournalError> {
        let failed = |e: &dyn std::fmt::Display| JournalError::Failed(e.to_string());
        let mut conn = connection::sqlite(&self.path).map_err(|e| failed(&e))?;
        conn.batch_execute(SCHEMA).map_err(|e| failed(&e))?;
        let limit = format!("PRAGMA max_page_count = {}", self.max_pages.max(16));
        conn.batch_execute(&limit).map_err(|e| failed(&e))?;
        let verdict = connection::sqlite_verdict(&mut conn).map_err(|e| failed(&e))?;
        if verdict == "ok" {
            Ok(conn)
        } else {
            Err(JournalError::Failed(format!("it is damaged: {verdict}")))
        }
    }
}

struct JournalWriter {
    /// Held as long as the journal is written.
    _lock: std::fs::File,
    file: File,
    /// `None` after a failure, until the file has been checked.
    conn: Option<SqliteConnection>,
    appended: watch::Sender<u64>,
    failed: watch::Sender<Option<String>>,
}

impl JournalWriter {
    /// Ends when the last [`Journal`] is gone.
    fn run(mut self, commands: &Receiver<Command>) {
        let mut check_at = Instant::now();
        loop {
            match commands.recv_timeout(REST) {
                Ok(first) => {
                    let mut group = vec![first];
                    group.extend(commands.try_iter().take(GROUP - 1));
                    self.handle(group, &mut check_at);
                }
                Err(RecvTimeoutError::Timeout) => self.check(&mut check_at),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn handle(&mut self, group: Vec<Command>, check_at: &mut Instant) {
        self.check(check_at);
        let result = match &mut self.conn {
            Some(conn) => commit(conn, &group).map_err(|e| e.to_string()),
            None => Err(self.failed.borrow().clone().unwrap_or_default()),
        };
        let mut appended = 0;
        if let (Err(reason), true) = (&result, self.conn.is_some()) {
            tracing::error!(
                reason,
                "the journal cannot be written; nothing is accepted until it was checked"
            );
            self.conn = None;
            *check_at = Instant::now() + REST;
            self.failed.send_replace(Some(reason.clone()));
        }
        for command in group {
            appended += u64::from(matches!(command, Command::Append(..)));
            let (Command::Append(_, reply) | Command::Remove(_, reply)) = command;
            // Whoever asked may have gone away.
            let _ = reply.send(result.clone().map_err(JournalError::Failed));
        }
        if result.is_ok() && appended > 0 {
            self.appended.send_modify(|n| *n += appended);
        }
    }

    /// Opens a file that failed anew, checks it, and makes room in it if that can be done.
    fn check(&mut self, check_at: &mut Instant) {
        if self.conn.is_some() || Instant::now() < *check_at {
            return;
        }
        *check_at = Instant::now() + REST;
        match self.file.open_checked() {
            Ok(conn) => {
                tracing::info!("the journal was checked and is trusted again");
                self.conn = Some(conn);
                self.failed.send_replace(None);
            }
            Err(e) => {
                self.failed.send_replace(Some(e.to_string()));
            }
        }
    }
}

/// Removals first and by themselves, so that a full file can be emptied while more is refused.
fn commit(conn: &mut SqliteConnection, group: &[Command]) -> QueryResult<()> {
    let removed = group.iter().filter_map(|c| match c {
        Command::Remove(seq, _) => Some(*seq),
        Command::Append(..) => None,
    });
    if let Some(through) = removed.max() {
        diesel::delete(journal::table.filter(journal::seq.le(through))).execute(conn)?;
    }
    let records: Vec<&Record> = group
        .iter()
        .filter_map(|c| match c {
            Command::Append(record, _) => Some(record),
            Command::Remove(..) => None,
        })
        .collect();
    if records.is_empty() {
        return Ok(());
    }
    // Not diesel's own transaction: a full disk makes SQLite end it by itself, and diesel then tells of its failed
    // rollback instead of the disk.
    conn.batch_execute("BEGIN IMMEDIATE")?;
    // One prepared statement for each: a long one would have to be read anew each time.
    let mut insert = |record| diesel::insert_into(journal::table).values(record).execute(conn);
    let written = records.into_iter().try_for_each(|record| insert(record).map(|_| ()));
    let written = written.and_then(|()| conn.batch_execute("COMMIT"));
    if written.is_err() {
        // Where nothing is left to be rolled back this says so.
        let _ = conn.batch_execute("ROLLBACK");
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(n: u8) -> Record {
        let (clock, _) = fairlead_model::Clock::manual(Time::from_micros(1_000_000));
        Record::new(MessageId::new(&clock), clock.now(), format!("{n}"), vec![n; 300])
    }

    #[tokio::test]
    async fn what_was_appended_is_there_after_a_restart_and_leaves_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.sqlite");
        let journal = Journal::open(&path, 1 << 20).unwrap();
        for n in 0..5 {
            journal.append(record(n)).await.unwrap();
        }
        drop(journal);
        let journal = Journal::open(&path, 1 << 20).unwrap();
        let rows = journal.oldest(3).await.unwrap();
        assert_eq!(rows.iter().map(|(_, r)| r.body[0]).collect::<Vec<_>>(), [0, 1, 2]);
        journal.remove_through(rows[2].0).await.unwrap();
        assert_eq!(journal.oldest(9).await.unwrap()[0].1.body[0], 3);
        assert_eq!(journal.state().await.waiting, 2);
    }

    #[tokio::test]
    async fn a_full_journal_refuses_keeps_what_it_has_and_recovers_when_room_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(&dir.path().join("j.sqlite"), 24 * PAGE).unwrap();
        let mut kept = 0_i64;
        let refused = loop {
            match journal.append(record(7)).await {
                Ok(()) => kept += 1,
                Err(e) => break e,
            }
        };
        assert!(matches!(&refused, JournalError::Failed(reason) if reason.contains("full")), "{refused}");
        assert!(journal.state().await.failed.is_some());
        let rows = journal.oldest(10_000).await.unwrap();
        assert_eq!(i64::try_from(rows.len()).unwrap(), kept);
        // The drainer makes room; the file is trusted again after its check.
        while journal.remove_through(rows.last().unwrap().0).await.is_err() {
            tokio::task::yield_now().await;
        }
        journal.append(record(8)).await.unwrap();
        assert_eq!(
            journal.state().await,
            JournalState { failed: None, waiting: 1, oldest: Some(Time::from_micros(1_000_000)) }
        );
    }
}
