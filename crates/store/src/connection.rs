//! One connection type for both databases.
//!
//! [`Conn`] lets a query be written once and be type-checked for SQLite and for MySQL. [`Mysql`] makes the
//! pure-Rust MySQL connection, which is asynchronous, usable from blocking code: it only hands on.

use std::any::Any;
use std::path::Path;

use diesel::connection::{
    AnsiTransactionManager, CacheSize, Connection, Instrumentation, LoadConnection, SimpleConnection,
    TransactionManager, TransactionManagerStatus,
};
use diesel::internal::derives::multiconnection::{ConnectionSealed, MultiConnectionHelper};
use diesel::migration::{CREATE_MIGRATIONS_TABLE, MigrationConnection};
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::sql_types::TypeMetadata;
use diesel::sqlite::SqliteConnection;
use diesel::{ConnectionResult, QueryResult, RunQueryDsl};
use diesel_async::AsyncMysqlConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;

use crate::StoreError;

type Inner = AsyncConnectionWrapper<AsyncMysqlConnection>;
type InnerManager = <Inner as Connection>::TransactionManager;

/// A connection to the store, whichever database it is.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// The embedded database.
    Sqlite(SqliteConnection),
    /// MySQL or MariaDB.
    Mysql(Mysql),
}

/// A blocking MySQL connection over the asynchronous one. Only to be used on threads that may block.
pub struct Mysql(Inner);

/// Transactions of [`Mysql`]: all state is the inner connection's.
pub struct MysqlTransactions;

impl SimpleConnection for Mysql {
    fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        SimpleConnection::batch_execute(&mut self.0, query)
    }
}

impl ConnectionSealed for Mysql {}

impl Connection for Mysql {
    type Backend = diesel::mysql::Mysql;
    type TransactionManager = MysqlTransactions;

    fn establish(url: &str) -> ConnectionResult<Self> {
        <Inner as Connection>::establish(url).map(Self)
    }

    fn execute_returning_count<T>(&mut self, source: &T) -> QueryResult<usize>
    where
        T: QueryFragment<Self::Backend> + QueryId,
    {
        <Inner as Connection>::execute_returning_count(&mut self.0, source)
    }

    fn transaction_state(
        &mut self,
    ) -> &mut <MysqlTransactions as TransactionManager<Self>>::TransactionStateData {
        <Inner as Connection>::transaction_state(&mut self.0)
    }

    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        <Inner as Connection>::instrumentation(&mut self.0)
    }

    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        <Inner as Connection>::set_instrumentation(&mut self.0, instrumentation);
    }

    fn set_prepared_statement_cache_size(&mut self, size: CacheSize) {
        <Inner as Connection>::set_prepared_statement_cache_size(&mut self.0, size);
    }
}

impl LoadConnection for Mysql {
    type Cursor<'conn, 'query> = <Inner as LoadConnection>::Cursor<'conn, 'query>;
    type Row<'conn, 'query> = <Inner as LoadConnection>::Row<'conn, 'query>;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> QueryResult<Self::Cursor<'conn, 'query>>
    where
        T: Query + QueryFragment<Self::Backend> + QueryId + 'query,
        Self::Backend: diesel::expression::QueryMetadata<T::SqlType>,
    {
        <Inner as LoadConnection>::load(&mut self.0, source)
    }
}

impl TransactionManager<Mysql> for MysqlTransactions {
    type TransactionStateData = <InnerManager as TransactionManager<Inner>>::TransactionStateData;

    fn begin_transaction(conn: &mut Mysql) -> QueryResult<()> {
        InnerManager::begin_transaction(&mut conn.0)
    }

    fn rollback_transaction(conn: &mut Mysql) -> QueryResult<()> {
        InnerManager::rollback_transaction(&mut conn.0)
    }

    fn commit_transaction(conn: &mut Mysql) -> QueryResult<()> {
        InnerManager::commit_transaction(&mut conn.0)
    }

    fn transaction_manager_status_mut(conn: &mut Mysql) -> &mut TransactionManagerStatus {
        InnerManager::transaction_manager_status_mut(&mut conn.0)
    }

    fn is_broken_transaction_manager(conn: &mut Mysql) -> bool {
        InnerManager::is_broken_transaction_manager(&mut conn.0)
    }
}

impl MigrationConnection for Mysql {
    fn setup(&mut self) -> QueryResult<usize> {
        self.batch_execute(CREATE_MIGRATIONS_TABLE).map(|()| 0)
    }
}

impl diesel::r2d2::R2D2Connection for Mysql {
    fn ping(&mut self) -> QueryResult<()> {
        self.batch_execute("SELECT 1")
    }

    fn is_broken(&mut self) -> bool {
        MysqlTransactions::is_broken_transaction_manager(self)
    }
}

impl MultiConnectionHelper for Mysql {
    fn to_any<'a>(
        lookup: &mut <diesel::mysql::Mysql as TypeMetadata>::MetadataLookup,
    ) -> &mut (dyn Any + 'a) {
        lookup
    }

    fn from_any(lookup: &mut dyn Any) -> Option<&mut <diesel::mysql::Mysql as TypeMetadata>::MetadataLookup> {
        lookup.downcast_mut()
    }
}

impl Conn {
    /// Whether a transaction was left half done, so that the connection must not be used again.
    pub(crate) fn is_broken(&mut self) -> bool {
        match self {
            Self::Sqlite(c) => {
                <AnsiTransactionManager as TransactionManager<SqliteConnection>>::is_broken_transaction_manager(c)
            }
            Self::Mysql(c) => MysqlTransactions::is_broken_transaction_manager(c),
        }
    }

    /// Whether the other end still answers (the embedded database always does).
    pub(crate) fn ping(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Mysql(c) => diesel::r2d2::R2D2Connection::ping(c),
        }
    }
}

/// A SQLite connection that reads.
pub(crate) fn sqlite_reader(path: &Path) -> Result<Conn, StoreError> {
    let mut conn = sqlite(path)?;
    conn.batch_execute("PRAGMA query_only = ON")?;
    Ok(Conn::Sqlite(conn))
}

/// The SQLite connection that writes: what it has committed is on the disk.
pub(crate) fn sqlite_writer(path: &Path) -> Result<Conn, StoreError> {
    let mut conn = sqlite(path)?;
    conn.batch_execute("PRAGMA cache_size = -32000")?;
    Ok(Conn::Sqlite(conn))
}

/// A SQLite file as it is: nothing about it is changed.
pub(crate) fn sqlite_plain(path: &Path) -> Result<SqliteConnection, StoreError> {
    Ok(SqliteConnection::establish(&path.to_string_lossy())?)
}

/// What SQLite says of a file that it has looked through; `ok` where nothing is wrong with it.
pub(crate) fn sqlite_verdict(conn: &mut SqliteConnection) -> QueryResult<String> {
    let verdict =
        diesel::dsl::sql::<diesel::sql_types::Text>("(SELECT quick_check FROM pragma_quick_check LIMIT 1)");
    diesel::select(verdict).get_result(conn)
}

pub(crate) fn sqlite(path: &Path) -> Result<SqliteConnection, StoreError> {
    let mut conn = sqlite_plain(path)?;
    conn.batch_execute(
        "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
         PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8000; \
         PRAGMA wal_autocheckpoint = 8000",
    )?;
    Ok(conn)
}
