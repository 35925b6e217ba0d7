//! The device's flash: what runs, what is being fetched into `/new`, and what ran before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha1::{Digest, Sha1};

use crate::firmware_tree::FirmwareTree;

/// Bytes of the part of the flash that has files.
const CAPACITY: u64 = 2 * 1_024 * 1_024;
const ROOT: &str = ".";

/// Files by their paths, which begin with `./`.
pub type Files = BTreeMap<String, Arc<[u8]>>;

/// A flash in memory.
#[derive(Clone, Debug)]
pub struct Flash {
    capacity: u64,
    running: Arc<Files>,
    backup: Option<Arc<Files>>,
    fresh: Option<Fresh>,
}

/// The folder `/new`.
#[derive(Clone, Debug)]
struct Fresh {
    folders: BTreeSet<String>,
    files: Files,
}

impl Flash {
    /// A flash with so many bytes for files, and nothing on it.
    pub fn new(capacity: u64) -> Self {
        Self { capacity, running: Arc::default(), backup: None, fresh: None }
    }

    /// A flash on which this version runs.
    pub fn running(tree: &FirmwareTree) -> Self {
        Self { running: Arc::new(tree.files().clone()), ..Self::new(CAPACITY) }
    }

    /// What runs.
    pub fn files(&self) -> &Arc<Files> {
        &self.running
    }

    /// What ran before.
    pub fn backup(&self) -> Option<&Files> {
        self.backup.as_deref()
    }

    /// What lies in `/new`, if it is there.
    pub fn fresh(&self) -> Option<&Files> {
        self.fresh.as_ref().map(|fresh| &fresh.files)
    }

    /// Bytes that are free.
    pub fn free(&self) -> u64 {
        let areas = [Some(self.running.as_ref()), self.backup(), self.fresh()];
        let used = areas.into_iter().flatten().flat_map(BTreeMap::values).map(|content| content.len());
        self.capacity.saturating_sub(u64::try_from(used.sum::<usize>()).unwrap_or(u64::MAX))
    }

    /// Makes `/new`; one that an earlier try left behind stays as it is.
    pub(super) fn make_fresh(&mut self) {
        self.fresh
            .get_or_insert_with(|| Fresh { folders: BTreeSet::from([ROOT.to_owned()]), files: Files::new() });
    }

    /// Removes `/new` with everything in it.
    pub(super) fn remove_fresh(&mut self) {
        self.fresh = None;
    }

    /// Makes a folder in `/new`. One that is there already is no fault; one whose parent is not there is.
    pub(super) fn make_folder(&mut self, path: &str) -> Result<(), String> {
        let fresh = self.fresh.as_mut().ok_or_else(missing)?;
        let path = normal(path);
        if fresh.folders.contains(&path) {
            return Ok(());
        }
        fresh.folders.contains(parent(&path)).then_some(()).ok_or_else(missing)?;
        fresh.folders.insert(path);
        Ok(())
    }

    /// Writes a file into `/new`.
    pub(super) fn write(&mut self, path: &str, content: Vec<u8>) -> Result<(), String> {
        if u64::try_from(content.len()).unwrap_or(u64::MAX) > self.free() {
            return Err("[Errno 28] ENOSPC".to_owned());
        }
        let fresh = self.fresh.as_mut().ok_or_else(missing)?;
        let path = normal(path);
        fresh.folders.contains(parent(&path)).then_some(()).ok_or_else(missing)?;
        fresh.files.insert(path, content.into());
        Ok(())
    }

    /// SHA-1 of a file in `/new`, in hexadecimal, as it is read back from the flash.
    pub(super) fn sha1(&self, path: &str) -> Result<String, String> {
        let content = self.fresh().and_then(|files| files.get(&normal(path))).ok_or_else(missing)?;
        Ok(hex::encode(Sha1::digest(content)))
    }

    /// Moves what runs to `/backup`, and what is new to its place.
    pub(super) fn swap(&mut self) {
        if let Some(fresh) = self.fresh.take() {
            self.backup = Some(std::mem::replace(&mut self.running, Arc::new(fresh.files)));
        }
    }
}

impl Default for Flash {
    /// An ordinary one with nothing on it.
    fn default() -> Self {
        Self::new(CAPACITY)
    }
}

fn missing() -> String {
    "[Errno 2] ENOENT".to_owned()
}

/// `main.py` and `./main.py` are the same file.
fn normal(path: &str) -> String {
    if path == ROOT { path.to_owned() } else { format!("./{}", path.trim_start_matches("./")) }
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or(ROOT, |(parent, _)| parent)
}
