//! Brings the schema up to this build's. Migrations only add, so the previous release runs on the new schema.

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::migration::{Migration, MigrationSource};
use diesel::sql_types::{Nullable, Text};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::{Conn, StoreError, StoreUrl, connection, pool};

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const MYSQL: EmbeddedMigrations = embed_migrations!("../../migrations/mysql");

/// Runs what is missing, under a lock of the database, so that several processes may start at once.
pub(crate) fn run(url: &StoreUrl) -> Result<usize, StoreError> {
    let mut conn = match url {
        StoreUrl::Sqlite(path) => connection::sqlite_writer(path)?,
        StoreUrl::Mysql(_) => pool::open(url)?,
    };
    match &mut conn {
        Conn::Sqlite(c) => c.immediate_transaction(|c| run_missing(c, SQLITE)),
        Conn::Mysql(c) => {
            c.batch_execute("DO GET_LOCK('fairlead_migrate', 60)")?;
            let ran = run_missing(c, MYSQL);
            c.batch_execute("DO RELEASE_LOCK('fairlead_migrate')")?;
            ran
        }
    }
}

fn run_missing<DB: diesel::backend::Backend, C: MigrationHarness<DB>>(
    conn: &mut C,
    source: EmbeddedMigrations,
) -> Result<usize, StoreError> {
    let known = wanted();
    let failed = |e: Box<dyn std::error::Error + Send + Sync>| StoreError::Unavailable(e.to_string());
    let newest = conn.applied_migrations().map_err(failed)?.into_iter().max();
    if let Some(newest) = newest.filter(|v| v.to_string() > known) {
        // Migrations only add, so the release before runs on the schema of the one after: a step back is possible.
        tracing::warn!(%newest, known, "the schema is newer than this build; it is left as it is");
        return Ok(0);
    }
    conn.run_pending_migrations(source).map(|ran| ran.len()).map_err(failed)
}

/// The newest migration of this build.
pub(crate) fn wanted() -> String {
    let all: Vec<Box<dyn Migration<diesel::sqlite::Sqlite>>> = SQLITE.migrations().unwrap_or_default();
    all.iter().map(|m| m.name().version().to_string()).max().unwrap_or_default()
}

/// The newest migration in the database. It is only looked at: where nothing was migrated there is not even the table.
pub(crate) fn applied(conn: &mut Conn) -> Result<Option<String>, StoreError> {
    let newest = sql::<Nullable<Text>>("(SELECT MAX(version) FROM __diesel_schema_migrations)");
    match diesel::select(newest).get_result(conn) {
        Err(diesel::result::Error::DatabaseError(_, said)) if is_missing(said.message()) => Ok(None),
        result => Ok(result?),
    }
}

/// What SQLite and MySQL say of a table that there is not.
fn is_missing(message: &str) -> bool {
    message.contains("no such table") || message.contains("doesn't exist")
}
