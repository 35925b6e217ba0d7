//! SQLite's one writer: whatever waits is one commit.
//!
//! SQLite lets one connection write at a time, and a commit costs an fsync. So one thread owns the writing
//! connection, takes all units of work that wait, runs them, commits once, and only then answers each of them. Where
//! one fails, the group is rolled back and run again with a savepoint each, so that the one fails alone.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use diesel::connection::SimpleConnection;
use tokio::sync::oneshot;

use crate::{Conn, StoreError, Tx, changes};

/// Units that may wait for the writer; more are refused at once, so that memory stays flat.
const WAITING: usize = 20_000;

/// Most units in one commit, so that the first of them need not wait long.
const GROUP: usize = 512;

pub(crate) struct Writer(SyncSender<Box<dyn Work>>);

/// A unit of work with the place where its answer goes.
pub(crate) struct Unit<F, T> {
    work: F,
    done: Option<(T, u64)>,
    failed: Option<StoreError>,
    reply: oneshot::Sender<Result<(T, u64), StoreError>>,
}

pub(crate) trait Work: Send {
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError>;
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

type Answer<T> = oneshot::Receiver<Result<(T, u64), StoreError>>;

impl<F, T> Unit<F, T>
where
    F: FnMut(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    T: Send + 'static,
{
    pub(crate) fn boxed(work: F) -> (Box<dyn Work>, Answer<T>) {
        let (reply, answer) = oneshot::channel();
        (Box::new(Self { work, done: None, failed: None, reply }), answer)
    }
}

impl<F, T> Work for Unit<F, T>
where
    F: FnMut(&mut Tx<'_>) -> Result<T, StoreError> + Send,
    T: Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let ran = catch_unwind(AssertUnwindSafe(|| (self.work)(tx)))
            .unwrap_or_else(|_| Err(StoreError::Fault("a unit of work panicked".into())))
            .and_then(|done| changes::keep(tx).map(|()| done));
        (self.done, self.failed) = (None, None);
        match ran {
            Ok(done) => {
                self.done = Some((done, tx.outbox_rows));
                Ok(())
            }
            Err(e) => {
                self.failed = Some(e.clone());
                Err(e)
            }
        }
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let result = match (self.failed, committed, self.done) {
            (Some(e), _, _) | (None, Err(e), _) => Err(e),
            (None, Ok(()), Some(done)) => Ok(done),
            (None, Ok(()), None) => Err(StoreError::Fault("a unit of work was not run".into())),
        };
        // Whoever asked may have given up waiting.
        let _ = self.reply.send(result);
    }
}

impl Writer {
    pub(crate) fn start(conn: Conn) -> Result<Self, StoreError> {
        let (sender, receiver) = sync_channel(WAITING);
        std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || write_all(conn, &receiver))
            .map_err(|e| StoreError::Unavailable(format!("no thread for the writer: {e}")))?;
        Ok(Self(sender))
    }

    pub(crate) fn submit(&self, unit: Box<dyn Work>) -> Result<(), StoreError> {
        self.0.try_send(unit).map_err(|e| match e {
            TrySendError::Full(_) => StoreError::Unavailable("too much waits for the store".into()),
            TrySendError::Disconnected(_) => StoreError::Unavailable("the writer stopped".into()),
        })
    }
}

/// Ends when the last [`crate::Store`] of the process is gone.
fn write_all(mut conn: Conn, units: &Receiver<Box<dyn Work>>) {
    while let Ok(first) = units.recv() {
        let mut group = vec![first];
        let committed = match commit_together(&mut conn, &mut group, units) {
            Err(_) => {
                roll_back(&mut conn);
                commit_apart(&mut conn, &mut group)
            }
            committed => committed,
        };
        if committed.is_err() {
            roll_back(&mut conn);
        }
        for unit in group {
            unit.answer(committed.clone());
        }
    }
}

/// Ends whatever a failed commit left behind; without a transaction SQLite says so, and that is well.
fn roll_back(conn: &mut Conn) {
    let _ = conn.batch_execute("ROLLBACK");
}

/// The ordinary case: all units succeed, so none of them needs a savepoint of its own.
fn commit_together(
    conn: &mut Conn,
    group: &mut Vec<Box<dyn Work>>,
    units: &Receiver<Box<dyn Work>>,
) -> Result<(), StoreError> {
    conn.batch_execute("BEGIN IMMEDIATE")?;
    let mut next = 0;
    while let Some(unit) = group.get_mut(next) {
        unit.run(&mut Tx::new(conn))?;
        next += 1;
        if next == group.len() && next < GROUP {
            group.extend(units.try_recv().ok());
        }
    }
    Ok(conn.batch_execute("COMMIT")?)
}

/// One of them failed: all again, each inside its own savepoint, so that it fails alone.
fn commit_apart(conn: &mut Conn, group: &mut [Box<dyn Work>]) -> Result<(), StoreError> {
    conn.batch_execute("BEGIN IMMEDIATE")?;
    for unit in group {
        run_apart(conn, unit.as_mut())?;
    }
    Ok(conn.batch_execute("COMMIT")?)
}

/// Errs only where the whole group is lost: the unit's own failure is answered to it alone.
fn run_apart(conn: &mut Conn, unit: &mut dyn Work) -> Result<(), StoreError> {
    conn.batch_execute("SAVEPOINT unit")?;
    let ran = unit.run(&mut Tx::new(conn));
    if ran.is_err() {
        conn.batch_execute("ROLLBACK TO unit")?;
    }
    Ok(conn.batch_execute("RELEASE unit")?)
}
