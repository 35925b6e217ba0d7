//! The library: versions of firmware, ready to be given to devices, checked at each reading.

mod make;
mod manifest;
mod shelf;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::web::Bytes;
use fairlead_model::VersionId;
use fairlead_model::firmware::{SignatureState, VersionState};
use fairlead_store::firmware::versions::{self, VersionRow};
use fairlead_store::{Digest, Store, StoreError};
use tokio::sync::Mutex as AsyncMutex;

pub(crate) use make::{Made, MakeError};
pub(crate) use manifest::{FileEntry, Manifest};
use shelf::{Read, Shelf};

use crate::git::Mirrors;
use crate::signature::Judgement;

/// How long a device waits for a repository from which its version must be fetched again. Its client waits without end,
/// but whoever stands between gives up after two minutes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Manifests that are held in memory.
const MANIFESTS: usize = 64;

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
pub(crate) struct Library(Arc<Inner>);

struct Inner {
    store: Store,
    mirrors: Arc<Mirrors>,
    shelf: Shelf,
    /// Most bytes of one version's files.
    most_bytes: u64,
    /// Folders that are kept although no device needs them now.
    kept: i64,
    /// Whoever changes what is on the shelf holds it.
    making: AsyncMutex<()>,
    manifests: Mutex<HashMap<Digest, Arc<Manifest>>>,
}

/// How much the library holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Most megabytes of one version's files.
    pub(crate) version_max_mb: u32,
    /// Folders that are kept although no device needs them now.
    pub(crate) keep_versions: u32,
}

impl Library {
    /// The library below a folder.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub(crate) fn open(
        store: Store,
        mirrors: Arc<Mirrors>,
        folder: &Path,
        bounds: Bounds,
    ) -> std::io::Result<Self> {
        Ok(Self(Arc::new(Inner {
            store,
            mirrors,
            shelf: Shelf::open(folder)?,
            most_bytes: u64::from(bounds.version_max_mb.max(1)) << 20,
            kept: bounds.keep_versions.into(),
            making: AsyncMutex::new(()),
            manifests: Mutex::default(),
        })))
    }

    /// What is in a version.
    ///
    /// # Errors
    /// See [`LibraryError`].
    #[allow(dead_code, reason = "the device door calls it")]
    pub(crate) async fn manifest(&self, version: VersionId) -> Result<Arc<Manifest>, LibraryError> {
        Ok(self.look_up(version).await?.1)
    }

    /// A file of a version by its git path, or by that with a leading `./`. What is returned has the hash of the
    /// manifest, for certain. Where the folder is missing or damaged it is made again from the mirror first.
    ///
    /// # Errors
    /// See [`LibraryError`].
    #[allow(dead_code, reason = "the device door calls it")]
    pub(crate) async fn file(&self, version: VersionId, path: &str) -> Result<Bytes, LibraryError> {
        let (row, manifest) = self.look_up(version).await?;
        let file = manifest.file(path).ok_or(LibraryError::NotFound)?;
        if let Some(content) = self.read(manifest.digest, file).await {
            return Ok(content);
        }
        self.put_away(version, manifest.digest, file).await?;
        // Not while others wait for the shelf: a repository may be silent for long.
        let brought = tokio::time::timeout(PATIENCE, self.0.bring(&row)).await;
        let silent = || LibraryError::Damaged("The repository does not answer now.".to_owned());
        brought.map_err(|_| silent())?.map_err(|error| LibraryError::Damaged(error.to_string()))?;
        let _alone = self.0.making.lock().await;
        // Somebody else may have made it meanwhile.
        if let Some(content) = self.read(manifest.digest, file).await {
            return Ok(content);
        }
        self.mend(&row, manifest.digest).await?;
        let content = self.read(manifest.digest, file).await;
        content.ok_or_else(|| {
            LibraryError::Damaged("What was made again cannot be read: look at the disk.".to_owned())
        })
    }

    /// Prepares a version for the first time.
    ///
    /// # Errors
    /// See [`MakeError`].
    pub(crate) async fn prepare(&self, row: &VersionRow) -> Result<Made, MakeError> {
        // First: one repository that is silent keeps the versions of no other one from being made.
        self.0.bring(row).await?;
        let _alone = self.0.making.lock().await;
        self.0.make(row).await
    }

    /// Who vouches for a version that is ready, as its repository and the keys are now.
    ///
    /// # Errors
    /// See [`LibraryError`].
    pub(crate) async fn judge(&self, row: &VersionRow) -> Result<Option<Judgement>, LibraryError> {
        let Some(mirror) = self.0.mirrors.get(&row.source) else { return Ok(None) };
        let manifest = self.contents(row).await?;
        let judged = self.0.judge(mirror, row, &manifest).await;
        judged.map(Some).map_err(|error| LibraryError::Damaged(error.to_string()))
    }

    /// Takes folders off the disk that no device needs now, beyond those of the versions prepared last.
    ///
    /// # Errors
    /// See [`LibraryError`].
    pub(crate) async fn clear_out(&self) -> Result<(), LibraryError> {
        let most = self.0.kept;
        let _alone = self.0.making.lock().await;
        let kept = self.0.store.read(move |conn| {
            let mut kept: HashSet<Digest> = versions::newest_digests(conn, most)?.into_iter().collect();
            kept.extend(versions::digests_in_use(conn)?);
            Ok(kept)
        });
        let removed = self.0.shelf.keep_only(&kept.await?).await;
        match removed {
            Ok(0) => {}
            Ok(folders) => {
                tracing::info!(folders, "prepared versions that nobody needs now were taken off the disk")
            }
            Err(error) => tracing::warn!(%error, "prepared versions could not be taken off the disk"),
        }
        Ok(())
    }

    /// The version with what is in it, where it can be given out.
    async fn look_up(&self, version: VersionId) -> Result<(VersionRow, Arc<Manifest>), LibraryError> {
        let row = self.0.store.read(move |conn| versions::get(conn, version)).await;
        let row = row.map_err(|error| match error {
            StoreError::NotFound => LibraryError::NotFound,
            other => other.into(),
        })?;
        match row.state()? {
            VersionState::Preparing => return Err(LibraryError::NotReady),
            VersionState::Refused => return Err(LibraryError::Refused(row.cause.unwrap_or_default())),
            VersionState::Ready => {}
        }
        self.check_signature(&row)?;
        let manifest = self.contents(&row).await?;
        Ok((row, manifest))
    }

    /// The settings may have become stricter, or a key may be trusted no more, since the version was prepared.
    fn check_signature(&self, row: &VersionRow) -> Result<(), LibraryError> {
        let Some(source) = self.0.mirrors.get(&row.source).map(|mirror| &mirror.source) else {
            // Nor are there rules for its signatures any more.
            let why = format!("The settings name no repository `{}` any more.", row.source);
            return Err(LibraryError::Refused(why));
        };
        let is_good = row.signature()? == SignatureState::Good
            && row.signed_by.as_ref().is_some_and(|name| source.keys.has(name));
        if is_good || !source.signature_required {
            return Ok(());
        }
        Err(LibraryError::Refused(
            "This repository's versions must be signed by now, and this one is not.".to_owned(),
        ))
    }

    async fn contents(&self, row: &VersionRow) -> Result<Arc<Manifest>, LibraryError> {
        let Some(digest) = row.digest else {
            return Err(StoreError::Fault("a version that is ready has no digest".to_owned()).into());
        };
        if let Some(manifest) = self.remembered().get(&digest) {
            return Ok(manifest.clone());
        }
        let version = VersionId::from(row.id);
        let rows =
            self.0.store.read(move |conn| versions::files(conn, version, None, versions::MOST_FILES)).await?;
        let manifest = Arc::new(Manifest::of_rows(rows, Some(digest))?);
        let mut remembered = self.remembered();
        if remembered.len() >= MANIFESTS {
            remembered.clear();
        }
        remembered.insert(digest, manifest.clone());
        Ok(manifest)
    }

    fn remembered(&self) -> std::sync::MutexGuard<'_, HashMap<Digest, Arc<Manifest>>> {
        self.0.manifests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A file's content where it is there and right.
    async fn read(&self, digest: Digest, file: &FileEntry) -> Option<Bytes> {
        match self.0.shelf.read(digest, file).await {
            Ok(Read::Good(content)) => Some(content),
            Ok(Read::Missing | Read::Damaged) => None,
            Err(error) => {
                tracing::error!(path = file.path, %error, "a prepared file cannot be read");
                None
            }
        }
    }

    /// Takes a folder with a damaged file off the shelf: what is wrong is never given out, even if it cannot be made
    /// again.
    async fn put_away(
        &self,
        version: VersionId,
        digest: Digest,
        file: &FileEntry,
    ) -> Result<(), LibraryError> {
        let _alone = self.0.making.lock().await;
        // Somebody else may have made it again meanwhile.
        if !self.0.shelf.has(digest) || self.read(digest, file).await.is_some() {
            return Ok(());
        }
        metrics::counter!("fairlead_firmware_damaged_total").increment(1);
        tracing::error!(%version, path = file.path, "a prepared file is damaged; the version is made again");
        let discarded = self.0.shelf.discard(digest).await;
        discarded.map_err(|error| LibraryError::Damaged(format!("Its folder cannot be replaced: {error}.")))
    }

    /// Makes a version's folder again, which must come out as it was.
    async fn mend(&self, row: &VersionRow, digest: Digest) -> Result<(), LibraryError> {
        let made = self.0.make(row).await.map_err(|error| LibraryError::Damaged(error.to_string()))?;
        if made.manifest.digest == digest {
            return Ok(());
        }
        Err(LibraryError::Damaged(
            "The mirror makes other files of this commit than it did before.".to_owned(),
        ))
    }
}
