//! The library: versions of firmware, ready to be given to devices, checked at each reading.

mod manifest;

use std::sync::Arc;

use actix_web::web::Bytes;
use fairlead_model::VersionId;
use fairlead_store::StoreError;

pub(crate) use manifest::{FileEntry, Manifest};

/// Why the library does not give out a version or a file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LibraryError {
    /// There is no such version, or no such file in it.
    #[error("there is no such version or file")]
    NotFound,
    /// The version is being prepared.
    #[error("the version is being prepared")]
    NotReady,
    /// The version cannot be given out; a sentence that says why.
    #[error("the version was refused: {0}")]
    Refused(String),
    /// What lies on the disk is not what was prepared, and could not be made again; a sentence that says why.
    #[error("the prepared files are damaged: {0}")]
    Damaged(String),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The versions that can be given to devices. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Library;

impl Library {
    /// What is in a version.
    ///
    /// # Errors
    /// See [`LibraryError`].
    pub(crate) async fn manifest(&self, version: VersionId) -> Result<Arc<Manifest>, LibraryError> {
        let _ = version;
        Err(LibraryError::NotReady)
    }

    /// A file of a version by its git path, or by that with a leading `./`. What is returned has the hash of the
    /// manifest, for certain. Where the folder is missing or damaged it is made again from the mirror first.
    ///
    /// # Errors
    /// See [`LibraryError`].
    pub(crate) async fn file(&self, version: VersionId, path: &str) -> Result<Bytes, LibraryError> {
        let _ = (version, path);
        Err(LibraryError::NotReady)
    }
}
