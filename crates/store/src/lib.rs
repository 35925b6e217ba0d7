#![doc = include_str!("../README.md")]

mod columns;
mod connection;
mod dialect;
mod error;
mod migrate;
mod pool;
mod schema;
mod url;
mod writer;

pub mod audit;
pub mod backup;
pub mod changes;
pub mod firmware;
pub mod journal;
pub mod knocks;
pub mod milestones;
pub mod outbox;
pub mod people;
pub mod problems;
pub mod registry;
pub mod reports;
pub mod rooms;
pub mod routing;
pub mod satellite;
pub mod sequences;
pub mod sign_in;

use std::sync::Arc;
use std::time::Duration;

pub use columns::{Digest, Id, Micros};
pub use connection::{Conn, Mysql};
pub use error::StoreError;
use pool::Pool;
use tokio::sync::watch;
pub use url::StoreUrl;
use writer::{Unit, Writer};

/// Bound on one unit of work, waiting included. Past it the caller is told that the store is not available.
const UNIT_TIMEOUT: Duration = Duration::from_secs(30);

/// How often a unit of work is tried when the database asks for it.
const ATTEMPTS: u32 = 8;

/// The store of one process. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    url: StoreUrl,
    pool: Pool,
    /// The one writer of SQLite; MySQL writes on the pool.
    writer: Option<Writer>,
    outbox_written: watch::Sender<u64>,
}

/// A connection inside a transaction: what must be written together is written through one of these.
pub struct Tx<'c> {
    conn: &'c mut Conn,
    outbox_rows: u64,
    changed: changes::Changed,
}

impl<'c> Tx<'c> {
    fn new(conn: &'c mut Conn) -> Self {
        Self { conn, outbox_rows: 0, changed: changes::Changed::default() }
    }
}

impl std::ops::Deref for Tx<'_> {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        self.conn
    }
}

impl std::ops::DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut Conn {
        self.conn
    }
}

impl Store {
    /// Opens the store. A SQLite file is created where it is missing; a MySQL server need not be up yet: its
    /// connections are made when they are needed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where the SQLite file cannot be opened.
    pub fn open(url: StoreUrl) -> Result<Self, StoreError> {
        let pool = Pool::open(&url)?;
        let writer = match &url {
            StoreUrl::Sqlite(path) => Some(Writer::start(connection::sqlite_writer(path)?)?),
            StoreUrl::Mysql(_) => None,
        };
        let (outbox_written, _) = watch::channel(0);
        Ok(Self(Arc::new(Inner { url, pool, writer, outbox_written })))
    }

    /// Where the store is.
    pub fn url(&self) -> &StoreUrl {
        &self.0.url
    }

    /// Whether this is the embedded database.
    pub fn is_embedded(&self) -> bool {
        self.0.writer.is_some()
    }

    /// Changes whenever this process has committed rows of the outbox.
    pub fn outbox_written(&self) -> watch::Receiver<u64> {
        self.0.outbox_written.subscribe()
    }

    /// Runs a query that changes nothing.
    ///
    /// # Errors
    /// What the query says; [`StoreError::Unavailable`] where no connection can be had in time.
    pub async fn read<T, F>(&self, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, StoreError> + Send + 'static,
    {
        let store = self.clone();
        let work = tokio::task::spawn_blocking(move || store.0.pool.with(query));
        in_time(work).await
    }

    /// Runs a unit of work in a transaction: all of it is durable when this returns `Ok`, none of it where it
    /// returns an error other than a time-out. The work may be run more than once, when the database asks for it.
    ///
    /// # Errors
    /// What the work says; [`StoreError::Unavailable`] where it cannot be made durable now.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (written, outbox_rows) = if let Some(writer) = &self.0.writer {
            let (unit, answer) = Unit::boxed(work);
            writer.submit(unit)?;
            let answer =
                async { answer.await.map_err(|_| StoreError::Unavailable("the writer stopped".into())) };
            tokio::time::timeout(UNIT_TIMEOUT, answer).await.map_err(|_| timed_out())???
        } else {
            let store = self.clone();
            in_time(tokio::task::spawn_blocking(move || store.0.pool.transact(work))).await?
        };
        if outbox_rows > 0 {
            self.0.outbox_written.send_modify(|n| *n += outbox_rows);
        }
        Ok(written)
    }

    /// Brings the schema up to this build's, under a lock, and says how many migrations were run.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where the database cannot be reached.
    pub async fn migrate(&self) -> Result<usize, StoreError> {
        let url = self.0.url.clone();
        in_time(tokio::task::spawn_blocking(move || migrate::run(&url))).await
    }

    /// Runs one statement of a database administrator, outside of any transaction: tests make and drop their
    /// databases with it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn administer(&self, statement: String) -> Result<(), StoreError> {
        let run =
            move |conn: &mut Conn| Ok(diesel::connection::SimpleConnection::batch_execute(conn, &statement)?);
        self.read(run).await
    }

    /// The version of the schema, and of the one that this build wants: equal when all is well.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where the database cannot be reached.
    pub async fn schema_version(&self) -> Result<(Option<String>, String), StoreError> {
        self.read(|conn| Ok((migrate::applied(conn)?, migrate::wanted()))).await
    }

    /// How many bytes the data take, as far as the database says so cheaply.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where the database cannot be reached, or does not say.
    pub async fn size(&self) -> Result<u64, StoreError> {
        let url = self.0.url.clone();
        self.read(move |conn| dialect::size(conn, &url)).await
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] with the reason where it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.read(|conn| Ok(conn.ping()?)).await
    }
}

async fn in_time<T>(work: tokio::task::JoinHandle<Result<T, StoreError>>) -> Result<T, StoreError> {
    match tokio::time::timeout(UNIT_TIMEOUT, work).await {
        Ok(Ok(result)) => result,
        Ok(Err(join)) => Err(StoreError::Fault(format!("a unit of work panicked: {join}"))),
        Err(_) => Err(timed_out()),
    }
}

fn timed_out() -> StoreError {
    StoreError::Unavailable(format!("no answer within {} s", UNIT_TIMEOUT.as_secs()))
}
