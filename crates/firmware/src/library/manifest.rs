//! What is in a version: its files with their hashes.

use std::collections::BTreeSet;

use fairlead_model::VersionId;
use fairlead_store::firmware::versions::FileRow;
use fairlead_store::{Digest, StoreError};
use sha2::{Digest as _, Sha256};

/// The files of a version. It never changes once the version is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// SHA-256 of the list of files: one line `sha256  path` each, in the order of paths.
    pub(crate) digest: Digest,
    /// The files, in the order of their paths' bytes.
    pub(crate) files: Vec<FileEntry>,
    /// The folders below the root as git paths, in order; the root itself is left out.
    pub(crate) directories: Vec<String>,
    /// Bytes of all files.
    pub(crate) bytes: i64,
}

/// A file of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileEntry {
    /// As git knows it, without `./`.
    pub(crate) path: String,
    /// Its length.
    pub(crate) bytes: i64,
    /// SHA-1 of its content, in lower-case hexadecimal.
    pub(crate) sha1: String,
    /// SHA-256 of its content, in lower-case hexadecimal.
    pub(crate) sha256: String,
}

impl Manifest {
    /// The manifest of these files.
    pub(crate) fn of(mut files: Vec<FileEntry>) -> Self {
        files.sort_by(|one, other| one.path.cmp(&other.path));
        let mut hasher = Sha256::new();
        let mut directories = BTreeSet::new();
        for file in &files {
            hasher.update(format!("{}  {}\n", file.sha256, file.path));
            let folders = file.path.match_indices('/').filter_map(|(end, _)| file.path.get(..end));
            directories.extend(folders.map(str::to_owned));
        }
        Self {
            digest: Digest(hasher.finalize().into()),
            directories: directories.into_iter().collect(),
            bytes: files.iter().map(|file| file.bytes).sum(),
            files,
        }
    }

    /// The file at a git path, or at one with a leading `./`.
    pub(crate) fn file(&self, path: &str) -> Option<&FileEntry> {
        let path = path.strip_prefix("./").unwrap_or(path);
        let place = self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        self.files.get(place)
    }

    /// The rows of a version's files.
    pub(crate) fn rows(&self, version: VersionId) -> Vec<FileRow> {
        let row = |file: &FileEntry| FileRow {
            version_id: version.into(),
            path: file.path.clone(),
            bytes: file.bytes,
            sha1: file.sha1.clone(),
            sha256: file.sha256.clone(),
        };
        self.files.iter().map(row).collect()
    }

    /// The manifest that rows tell of, which must be the one of this digest.
    ///
    /// # Errors
    /// [`StoreError::Fault`] where it is another one.
    pub(crate) fn of_rows(rows: Vec<FileRow>, digest: Option<Digest>) -> Result<Self, StoreError> {
        let entry =
            |row: FileRow| FileEntry { path: row.path, bytes: row.bytes, sha1: row.sha1, sha256: row.sha256 };
        let manifest = Self::of(rows.into_iter().map(entry).collect());
        if digest == Some(manifest.digest) {
            return Ok(manifest);
        }
        Err(StoreError::Fault("the files of a version in the store are not those of its digest".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> FileEntry {
        FileEntry { path: path.to_owned(), bytes: 1, sha1: "a".repeat(40), sha256: "b".repeat(64) }
    }

    #[test]
    fn paths_are_found_as_devices_and_as_git_write_them_and_in_no_other_form() {
        let manifest = Manifest::of(vec![file("main.py"), file("apps/buoy/a.py"), file("apps/b.py")]);
        assert_eq!(manifest.directories, ["apps", "apps/buoy"]);
        assert_eq!(manifest.bytes, 3);
        assert_eq!(manifest.file("./main.py"), manifest.file("main.py"));
        assert_eq!(manifest.file("apps/buoy/a.py").unwrap().path, "apps/buoy/a.py");
        for odd in
            ["", ".", "./", "/main.py", "././main.py", "apps", "apps/../main.py", "Main.py", "main.py/"]
        {
            assert_eq!(manifest.file(odd), None, "{odd}");
        }
    }

    #[test]
    fn the_digest_says_what_is_in_it_whatever_the_order_was() {
        let one = Manifest::of(vec![file("a"), file("b")]);
        assert_eq!(one, Manifest::of(vec![file("b"), file("a")]));
        assert_ne!(one.digest, Manifest::of(vec![file("a"), file("c")]).digest);
        let id = VersionId::from(uuid::Uuid::nil());
        assert_eq!(Manifest::of_rows(one.rows(id), Some(one.digest)).unwrap(), one);
        let mut rows = one.rows(id);
        rows.pop();
        assert!(Manifest::of_rows(rows, Some(one.digest)).is_err());
    }
}
