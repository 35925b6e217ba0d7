//! Why the store did not do what was asked.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// A failure of the store, by what the caller can do about it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, is read-only, or did not answer in time. The same work may succeed
    /// later; a write that timed out may even have been committed.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// The database asks to try the same work again (deadlock, lock wait, write race).
    #[error("the store asks to try again: {0}")]
    TryAgain(String),
    /// A row with this unique key exists.
    #[error("this exists already: {0}")]
    Conflict(String),
    /// The database refuses these values; trying again cannot help.
    #[error("the store refuses these values: {0}")]
    BadData(String),
    /// There is no such row.
    #[error("there is no such row")]
    NotFound,
    /// The caller's own rule stopped the unit of work; nothing of it was kept.
    #[error("{0}")]
    Refused(String),
    /// A fault in the program, with its cause.
    #[error("a fault in the store: {0}")]
    Fault(String),
}

impl StoreError {
    /// Whether the same work may succeed later without a change.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::TryAgain(_))
    }
}

/// What MySQL says when the data themselves are at fault (errors 1264, 1265, 1292, 1366, 1406, 3140).
const BAD_DATA: [&str; 6] =
    ["Data too long", "Out of range", "Incorrect ", "Data truncated", "Invalid JSON", "CONSTRAINT"];

/// What MySQL says when the same transaction should be tried again (errors 1205, 1213, 1020).
const TRY_AGAIN: [&str; 3] = ["Deadlock found", "Lock wait timeout", "Record has changed since"];

impl From<DieselError> for StoreError {
    fn from(e: DieselError) -> Self {
        match e {
            DieselError::NotFound => Self::NotFound,
            DieselError::DatabaseError(kind, info) => from_database(&kind, info.message()),
            DieselError::SerializationError(e) => Self::BadData(e.to_string()),
            DieselError::DeserializationError(e) => Self::Fault(format!("a row cannot be read: {e}")),
            other => Self::Fault(other.to_string()),
        }
    }
}

fn from_database(kind: &DatabaseErrorKind, message: &str) -> StoreError {
    let text = message.to_owned();
    match kind {
        DatabaseErrorKind::UniqueViolation => StoreError::Conflict(text),
        DatabaseErrorKind::SerializationFailure => StoreError::TryAgain(text),
        DatabaseErrorKind::CheckViolation | DatabaseErrorKind::NotNullViolation => StoreError::BadData(text),
        _ if TRY_AGAIN.iter().any(|sign| message.contains(sign)) => StoreError::TryAgain(text),
        _ if BAD_DATA.iter().any(|sign| message.contains(sign)) => StoreError::BadData(text),
        // A full disk, a lost connection, a read-only server, a missing table before the migration has run:
        // all of them pass, and work that is kept until then is not lost.
        _ => StoreError::Unavailable(text),
    }
}

impl From<diesel::r2d2::PoolError> for StoreError {
    fn from(e: diesel::r2d2::PoolError) -> Self {
        Self::Unavailable(e.to_string())
    }
}

impl From<diesel::ConnectionError> for StoreError {
    fn from(e: diesel::ConnectionError) -> Self {
        Self::Unavailable(e.to_string())
    }
}
