//! How much room there is.

use std::path::Path;

/// Free bytes on the file system that holds `path`.
///
/// # Errors
/// Where the system does not say.
pub fn free_space(path: &Path) -> std::io::Result<u64> {
    let stats = rustix::fs::statvfs(path)?;
    Ok(stats.f_bavail.saturating_mul(stats.f_frsize))
}
