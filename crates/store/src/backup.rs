//! A copy of a SQLite file while others use it.

use std::ffi::OsString;
use std::fs::File;
use std::path::Path;

use diesel::RunQueryDsl;
use diesel::sql_types::Text;

use crate::{StoreError, connection};

/// Copies a SQLite file as it is at one moment, whoever writes to it meanwhile. The copy is checked and on the disk
/// when this returns, and appears under its name only then. Blocks for as long as that takes.
///
/// # Errors
/// [`StoreError::Refused`] where there is nothing to copy, or something has the copy's name already; else what SQLite
/// or the disk says.
pub fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    for (path, exists, sentence) in [(from, true, "does not exist"), (to, false, "exists already")] {
        if path.exists() != exists {
            return Err(StoreError::Refused(format!("{} {sentence}", path.display())));
        }
    }
    let disk = |e: std::io::Error| StoreError::Unavailable(format!("{}: {e}", to.display()));
    let mut unfinished = OsString::from(to);
    unfinished.push(".unfinished");
    let unfinished = Path::new(&unfinished);
    match std::fs::remove_file(unfinished) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(disk(e)),
        _ => {}
    }
    let mut conn = connection::sqlite(from)?;
    diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(unfinished.to_string_lossy()).execute(&mut conn)?;
    check(unfinished)?;
    File::open(unfinished).and_then(|file| file.sync_all()).map_err(disk)?;
    std::fs::rename(unfinished, to).map_err(disk)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(disk)
}

/// Looks a copy through.
fn check(path: &Path) -> Result<(), StoreError> {
    let mut conn = connection::sqlite_plain(path)?;
    let verdict = connection::sqlite_verdict(&mut conn)?;
    if verdict == "ok" { Ok(()) } else { Err(StoreError::Fault(format!("the copy is damaged: {verdict}"))) }
}
