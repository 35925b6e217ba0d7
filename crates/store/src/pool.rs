//! Connections for reading (both databases) and for writing (MySQL).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use diesel::connection::{Connection, SimpleConnection};
use diesel::r2d2::{self, ManageConnection};

use crate::connection::{self, Conn, Mysql};
use crate::{ATTEMPTS, StoreError, StoreUrl, Tx, changes};

/// Most connections that one process holds open.
const CONNECTIONS: u32 = 12;

/// How long a caller waits for a free or new connection.
const CHECKOUT_TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) struct Pool(r2d2::Pool<Connector>);

/// Makes connections. A MySQL connection is driven by the runtime in which the store was opened; made outside of
/// any it would carry a runtime of its own, which cannot be dropped by a task.
pub(crate) struct Connector {
    url: StoreUrl,
    runtime: Option<tokio::runtime::Handle>,
}

impl ManageConnection for Connector {
    type Connection = Conn;
    type Error = StoreError;

    fn connect(&self) -> Result<Conn, StoreError> {
        let _inside = self.runtime.as_ref().map(tokio::runtime::Handle::enter);
        open(&self.url)
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), StoreError> {
        Ok(conn.ping()?)
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        std::thread::panicking() || conn.is_broken()
    }
}

/// One more connection, ready to use.
pub(crate) fn open(url: &StoreUrl) -> Result<Conn, StoreError> {
    match url {
        StoreUrl::Sqlite(path) => connection::sqlite_reader(path),
        StoreUrl::Mysql(url) => {
            // A server that vanished without a word is noticed by the kernel, not after two hours.
            let joint = if url.contains('?') { '&' } else { '?' };
            let mut conn = Mysql::establish(&format!("{url}{joint}tcp_keepalive=10000"))?;
            conn.batch_execute(
                "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
                 SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'; \
                 SET SESSION innodb_lock_wait_timeout = 5",
            )?;
            Ok(Conn::Mysql(conn))
        }
    }
}

impl Pool {
    pub(crate) fn open(url: &StoreUrl) -> Result<Self, StoreError> {
        let builder = r2d2::Pool::builder()
            .max_size(CONNECTIONS)
            .min_idle(Some(0))
            .connection_timeout(CHECKOUT_TIMEOUT)
            .error_handler(Box::new(Quiet));
        Ok(Self(builder.build_unchecked(Connector {
            url: url.clone(),
            runtime: tokio::runtime::Handle::try_current().ok(),
        })))
    }

    pub(crate) fn with<T>(
        &self,
        query: impl FnOnce(&mut Conn) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        query(&mut *self.0.get()?)
    }

    /// Runs `work` in a transaction, again where the database asks for it; returns the outbox rows written.
    pub(crate) fn transact<T>(
        &self,
        mut work: impl FnMut(&mut Tx<'_>) -> Result<T, StoreError>,
    ) -> Result<(T, u64), StoreError> {
        let mut conn = self.0.get()?;
        let mut attempt = 1;
        loop {
            let result = conn.transaction(|conn| {
                let mut tx = Tx::new(conn);
                // Caught here, the transaction is rolled back and the connection goes on; whoever waits for one
                // would else wait in vain.
                let ran = catch_unwind(AssertUnwindSafe(|| work(&mut tx)));
                let ran = ran.unwrap_or_else(|_| Err(StoreError::Fault("a unit of work panicked".into())));
                ran.and_then(|done| changes::keep(&mut tx).map(|()| (done, tx.outbox_rows)))
            });
            match result {
                // A unique key that appeared between look and write is a race as well: look again.
                Err(StoreError::TryAgain(_) | StoreError::Conflict(_)) if attempt < ATTEMPTS => {
                    std::thread::sleep(Duration::from_millis(u64::from(attempt * attempt)));
                    attempt += 1;
                }
                other => return other,
            }
        }
    }
}

/// r2d2 reports each failed connection; the caller that waits for one says it better.
#[derive(Debug)]
struct Quiet;

impl<E: std::fmt::Display> r2d2::HandleError<E> for Quiet {
    fn handle_error(&self, error: E) {
        tracing::debug!(%error, "a database connection failed");
    }
}
