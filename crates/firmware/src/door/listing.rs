//! What a device may see of a version: the list of its files as devices want it, without what git keeps for itself.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use fairlead_model::VersionId;
use serde::Serialize;

use crate::library::{FileEntry, Library, LibraryError, Manifest};

/// Versions whose lists are kept at hand.
const AT_HAND: usize = 16;

/// The files of a version that devices are given.
#[derive(Debug)]
pub(crate) struct Listing {
    /// The files, in the order of their paths.
    files: Vec<FileEntry>,
    /// Their lengths, in the same order.
    pub(crate) sizes: Arc<[i64]>,
    /// Bytes of all files.
    pub(crate) bytes: i64,
}

/// The answer to `metadata`.
#[derive(Serialize)]
struct Metadata<'l> {
    size: i64,
    dirs: Vec<String>,
    files: BTreeMap<String, (i64, &'l str)>,
}

impl Listing {
    /// The list of a manifest. Folders with `.git` in their path are git's and its hosts'; a file `.gitignore` in
    /// another folder is not.
    pub(crate) fn of(manifest: &Manifest) -> Self {
        let is_given = |file: &&FileEntry| {
            let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            !folder.contains(".git")
        };
        let files: Vec<FileEntry> = manifest.files.iter().filter(is_given).cloned().collect();
        let sizes: Arc<[i64]> = files.iter().map(|file| file.bytes).collect();
        Self { bytes: sizes.iter().sum(), sizes, files }
    }

    /// The list as devices read it: paths begin with `./`, and a folder comes before what is in it.
    pub(crate) fn metadata(&self) -> serde_json::Result<String> {
        let folders = self.files.iter().flat_map(|file| {
            file.path.match_indices('/').filter_map(|(end, _)| Some(format!("./{}", file.path.get(..end)?)))
        });
        let mut dirs: Vec<String> = folders.chain([".".to_owned()]).collect();
        dirs.sort_unstable();
        dirs.dedup();
        let files =
            self.files.iter().map(|file| (format!("./{}", file.path), (file.bytes, file.sha1.as_str())));
        serde_json::to_string(&Metadata { size: self.bytes, dirs, files: files.collect() })
    }

    /// The file that a device asks for, and its place. Only what is on the list is found: paths are compared, never
    /// followed.
    pub(crate) fn file(&self, path: &str) -> Option<(usize, &FileEntry)> {
        let path = path.strip_prefix("./").unwrap_or(path);
        let place = self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        Some((place, self.files.get(place)?))
    }

    /// The paths at places that are not in a set, at most `most`.
    pub(crate) fn missing(&self, is_seen: impl Fn(usize) -> bool, most: usize) -> Vec<&str> {
        let missing = self.files.iter().enumerate().filter(|(place, _)| !is_seen(*place));
        missing.map(|(_, file)| file.path.as_str()).take(most).collect()
    }
}

/// The lists that were asked for last. A version never changes, so neither does its list.
#[derive(Debug, Default)]
pub(crate) struct Listings(Mutex<VecDeque<(VersionId, Arc<Listing>)>>);

impl Listings {
    /// The list of a version for who gets its files from the library, which looks itself whether it may be given out.
    ///
    /// # Errors
    /// See [`LibraryError`].
    pub(crate) async fn for_files(
        &self,
        library: &Library,
        version: VersionId,
    ) -> Result<Arc<Listing>, LibraryError> {
        let at_hand = self.at_hand(version);
        match at_hand {
            Some(listing) => Ok(listing),
            None => self.get(library, version).await,
        }
    }

    fn at_hand(&self, version: VersionId) -> Option<Arc<Listing>> {
        let at_hand = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        at_hand.iter().find(|(id, _)| *id == version).map(|(_, listing)| listing.clone())
    }

    /// The list of a version.
    ///
    /// # Errors
    /// See [`LibraryError`].
    pub(crate) async fn get(
        &self,
        library: &Library,
        version: VersionId,
    ) -> Result<Arc<Listing>, LibraryError> {
        // The library says whether it may be given out now.
        let manifest = library.manifest(version).await?;
        if let Some(listing) = self.at_hand(version) {
            return Ok(listing);
        }
        let listing = Arc::new(Listing::of(&manifest));
        let mut at_hand = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        at_hand.push_front((version, listing.clone()));
        at_hand.truncate(AT_HAND);
        Ok(listing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(paths: &[&str]) -> Listing {
        let file = |path: &&str| FileEntry {
            path: (*path).to_owned(),
            bytes: 3,
            sha1: "a".repeat(40),
            sha256: "b".repeat(64),
        };
        Listing::of(&Manifest::of(paths.iter().map(file).collect()))
    }

    #[test]
    fn the_list_is_as_devices_want_it() {
        let listing =
            listing(&["main.py", "apps/buoy/a.py", ".gitignore", ".github/workflows/ci.yml", "a/.git/x"]);
        let text = listing.metadata().unwrap();
        let sha = "a".repeat(40);
        assert_eq!(
            text,
            format!(
                r#"{{"size":9,"dirs":[".","./apps","./apps/buoy"],"files":{{"./.gitignore":[3,"{sha}"],"./apps/buoy/a.py":[3,"{sha}"],"./main.py":[3,"{sha}"]}}}}"#
            )
        );
    }

    #[test]
    fn only_what_is_on_the_list_is_found() {
        let listing = listing(&["main.py", "apps/a.py", "a/.git/config"]);
        for (path, place) in [("./main.py", 1), ("main.py", 1), ("./apps/a.py", 0)] {
            assert_eq!(listing.file(path).unwrap().0, place, "{path}");
        }
        for path in [
            "",
            ".",
            "./",
            "../main.py",
            "./../main.py",
            "apps/../main.py",
            "/main.py",
            "/etc/passwd",
            "a/.git/config",
            ".git/config",
            "./apps",
            "main.py\0",
            "MAIN.PY",
            "././main.py",
            "..%2fmain.py",
            "apps\\a.py",
        ] {
            assert!(listing.file(path).is_none(), "{path}");
        }
        assert_eq!(listing.missing(|place| place == 0, 9), ["main.py"]);
        assert!(listing.missing(|_| false, 1).len() == 1);
    }
}
