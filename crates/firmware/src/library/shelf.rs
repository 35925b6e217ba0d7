//! The folders in which prepared versions lie. A version's folder is named by its digest, and a file in it by the SHA-256
//! of its content: no path of a repository, and none that a device asks for, ever reaches the file system.

use std::collections::HashSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use actix_web::web::Bytes;
use fairlead_store::Digest;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::FileEntry;
use crate::git::{Blob, BlobReader, Content, RunError};

/// All folders of prepared versions.
#[derive(Clone)]
pub(super) struct Shelf {
    prepared: PathBuf,
    making: PathBuf,
}

/// A folder that is being filled. It is gone when this is dropped, unless it was put on the shelf.
pub(super) struct Making {
    folder: PathBuf,
}

/// What became of reading a file.
pub(super) enum Read {
    /// Its content, with the hash that it must have.
    Good(Bytes),
    /// It is not there, or the folder is not.
    Missing,
    /// It is not what was prepared.
    Damaged,
}

impl Shelf {
    /// The shelf below a folder. What an earlier process was filling when it ended is removed.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub(super) fn open(folder: &Path) -> std::io::Result<Self> {
        let shelf = Self { prepared: folder.join("prepared"), making: folder.join("making") };
        match std::fs::remove_dir_all(&shelf.making) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        std::fs::create_dir_all(&shelf.making)?;
        std::fs::create_dir_all(&shelf.prepared)?;
        Ok(shelf)
    }

    fn folder(&self, digest: Digest) -> PathBuf {
        self.prepared.join(hex::encode(digest.0))
    }

    /// Whether a version has its folder.
    pub(super) fn has(&self, digest: Digest) -> bool {
        self.folder(digest).is_dir()
    }

    /// Reads a file of a version and looks at its hash.
    ///
    /// # Errors
    /// Where the disk does not give it.
    pub(super) async fn read(&self, digest: Digest, file: &FileEntry) -> std::io::Result<Read> {
        let path = self.folder(digest).join(&file.sha256);
        let (wanted, length) = (file.sha256.clone(), u64::try_from(file.bytes).unwrap_or(0));
        let read = tokio::task::spawn_blocking(move || {
            let mut content = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
            match std::fs::File::open(path) {
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Read::Missing),
                // One byte more than it should have tells a longer one.
                opened => opened?.take(length.saturating_add(1)).read_to_end(&mut content)?,
            };
            let is_right = hex::encode(Sha256::digest(&content)) == wanted;
            Ok(if is_right { Read::Good(content.into()) } else { Read::Damaged })
        });
        read.await.map_err(std::io::Error::other)?
    }

    /// A new folder to be filled.
    ///
    /// # Errors
    /// Where the disk does not take it.
    pub(super) async fn start(&self) -> std::io::Result<Making> {
        let folder = self.making.join(Uuid::new_v4().simple().to_string());
        tokio::fs::create_dir(&folder).await?;
        Ok(Making { folder })
    }

    /// Puts a filled folder on the shelf, in the place of one that is there already.
    ///
    /// # Errors
    /// Where the disk does not take it; then what was there stays.
    pub(super) async fn put(&self, making: Making, digest: Digest) -> std::io::Result<()> {
        sync(&making.folder).await?;
        self.discard(digest).await?;
        tokio::fs::rename(&making.folder, self.folder(digest)).await?;
        sync(&self.prepared).await
    }

    /// Takes a version's folder off the shelf, where it is there.
    ///
    /// # Errors
    /// Where the disk does not do it.
    pub(super) async fn discard(&self, digest: Digest) -> std::io::Result<()> {
        // Moved away first: a folder is on the shelf whole or not at all.
        let away = self.making.join(Uuid::new_v4().simple().to_string());
        match tokio::fs::rename(self.folder(digest), &away).await {
            Ok(()) => {
                // It is off the shelf; what is left of it goes when the service starts the next time.
                if let Err(error) = tokio::fs::remove_dir_all(&away).await {
                    tracing::warn!(path = %away.display(), %error, "a folder was not removed");
                }
                Ok(())
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(e),
        }
    }

    /// Takes all folders off the shelf but these; returns how many.
    ///
    /// # Errors
    /// Where the disk does not do it.
    pub(super) async fn keep_only(&self, kept: &HashSet<Digest>) -> std::io::Result<usize> {
        let mut entries = tokio::fs::read_dir(&self.prepared).await?;
        let mut removed = 0;
        while let Some(entry) = entries.next_entry().await? {
            let name = entry.file_name();
            let digest = hex::decode(name.as_encoded_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
            if let Some(digest) = digest.map(Digest).filter(|digest| !kept.contains(digest)) {
                match self.discard(digest).await {
                    Ok(()) => removed += 1,
                    Err(error) => tracing::warn!(%error, "a prepared version was not taken off the disk"),
                }
            }
        }
        Ok(removed)
    }
}

impl Making {
    /// Adds a file from a mirror.
    ///
    /// # Errors
    /// Where git or the disk does not do it.
    pub(super) async fn add(&self, blob: &Blob, from: &mut BlobReader) -> Result<Content, RunError> {
        let incoming = self.folder.join("incoming");
        let mut file = tokio::fs::File::create(&incoming).await?;
        let content = from.copy(blob, &mut file).await?;
        file.sync_all().await?;
        tokio::fs::rename(&incoming, self.folder.join(&content.sha256)).await?;
        Ok(content)
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        // It is on the shelf by now, or nobody wants it.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// What was named in a folder is on the disk.
async fn sync(folder: &Path) -> std::io::Result<()> {
    tokio::fs::File::open(folder).await?.sync_all().await
}
