//! The data folder, and how much room there is.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

/// Rights of folders that are made: messages and hashed secrets are nobody else's business.
const PRIVATE: u32 = 0o700;

/// Makes the data folder where it is missing.
pub(crate) fn make_folder(path: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(PRIVATE).create(path)
}

/// Free bytes on the file system that holds `path`.
pub(crate) fn free_space(path: &Path) -> std::io::Result<u64> {
    let stats = rustix::fs::statvfs(path)?;
    Ok(stats.f_bavail.saturating_mul(stats.f_frsize))
}
