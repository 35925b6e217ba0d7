//! A believable firmware tree, deterministic by seed and version: the size and shape of the real one (107 files, 17 of
//! them empty, in 20 folders with the root, about 486 kB, the largest 89,476 bytes), text of its own.
//!
//! From one version to the next nine files change and one is renamed, so that a device also has something to lose. One
//! file is no text at all, one has lines that end in CR LF, one has no end of line: whoever changes a byte is found out.

mod layout;
mod repository;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rand::Rng;

use crate::satellite::chance;
pub use repository::{Repository, TaggedVersion, write_repository};

/// Bytes of version 0: that of the real tree.
const TOTAL_BYTES: usize = 485_843;
/// Size of the largest file.
const LARGEST_BYTES: usize = 89_476;
/// Size of the icon, which is no text.
const ICON_BYTES: usize = 4_286;
/// Sizes of most files.
const ORDINARY_BYTES: std::ops::Range<usize> = 1_800..6_000;
/// The one that fills up what is missing has at least this.
const LEAST_REST_BYTES: usize = 8_000;
/// Files that change from one version to the next, beside the one that names it.
const CHANGES: usize = 8;

/// The files of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirmwareTree {
    version: u32,
    files: BTreeMap<String, Arc<[u8]>>,
}

impl FirmwareTree {
    /// Version number `version`, from 0, of the firmware of `seed`.
    pub fn new(seed: u64, version: u32) -> Self {
        let revisions = revisions(seed, version);
        let mut files = BTreeMap::new();
        let mut left = TOTAL_BYTES - LARGEST_BYTES - ICON_BYTES;
        for path in layout::files() {
            let revision = revisions.get(path).copied().unwrap_or(0);
            let content = match path {
                layout::LARGEST => text::one_line(seed, path, LARGEST_BYTES),
                layout::ICON => text::no_text(seed, path, ICON_BYTES),
                layout::VERSION => {
                    let content = format!("VERSION = \"{}\"\nBUILD = {version}\n", tag(version));
                    left = left.saturating_sub(content.len());
                    content.into_bytes()
                }
                layout::REST => continue,
                _ => {
                    let bytes =
                        chance::stream(seed, &["firmware", "size", path]).random_range(ORDINARY_BYTES);
                    left = left.saturating_sub(bytes);
                    text::lines(seed, path, bytes, revision)
                }
            };
            files.insert(name(path, version), content.into());
        }
        let rest = left.clamp(LEAST_REST_BYTES, LARGEST_BYTES - 1);
        let revision = revisions.get(layout::REST).copied().unwrap_or(0);
        files.insert(name(layout::REST, version), text::lines(seed, layout::REST, rest, revision).into());
        files.extend(layout::empty_files().map(|path| (path, Arc::from([]))));
        Self { version, files }
    }

    /// The tag under which the repository has it, such as `v3.1.0`.
    pub fn tag(&self) -> String {
        tag(self.version)
    }

    /// Each file's bytes under its path, which begins with `./`.
    pub fn files(&self) -> &BTreeMap<String, Arc<[u8]>> {
        &self.files
    }

    /// Every folder, `.` for the root.
    pub fn folders(&self) -> BTreeSet<String> {
        self.files
            .keys()
            .filter_map(|path| path.rsplit_once('/'))
            .map(|(folder, _)| folder.to_owned())
            .collect()
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> usize {
        self.files.values().map(|content| content.len()).sum()
    }

    /// Paths that are not the same in `other`, in either of the two.
    pub fn differs_in(&self, other: &Self) -> BTreeSet<String> {
        let paths = self.files.keys().chain(other.files.keys());
        paths.filter(|path| self.files.get(*path) != other.files.get(*path)).cloned().collect()
    }
}

/// The tag of a version.
fn tag(version: u32) -> String {
    format!("v3.1.{version}")
}

/// What a file of the layout is called in a version: the notes carry its name.
fn name(path: &str, version: u32) -> String {
    if path == layout::NOTES { format!("./NOTES-3.1.{version}.md") } else { format!("./{path}") }
}

/// How often each file was changed until this version.
fn revisions(seed: u64, version: u32) -> BTreeMap<&'static str, u32> {
    let changing: Vec<&'static str> = layout::files().filter(|path| layout::changes(path)).collect();
    let mut revisions: BTreeMap<&'static str, u32> = BTreeMap::new();
    for number in 1..=version {
        let mut rng = chance::stream(seed, &["firmware", "version", &number.to_string()]);
        let mut changed = BTreeSet::new();
        while changed.len() < CHANGES.min(changing.len()) {
            changed.insert(chance::one_of(&mut rng, &changing, layout::REST));
        }
        for path in changed {
            *revisions.entry(path).or_default() += 1;
        }
        *revisions.entry(layout::NOTES).or_default() += 1;
    }
    revisions
}
