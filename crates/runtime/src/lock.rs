//! One server for one data folder.

use std::fs::{File, TryLockError};
use std::path::Path;

/// Held as long as the process serves from the folder; the system lets go of it when the process ends, however.
pub(crate) struct FolderLock(#[expect(dead_code, reason = "held, not read")] File);

/// Takes the folder, or says who has it.
pub(crate) fn take(folder: &Path) -> anyhow::Result<FolderLock> {
    let path = folder.join("serve.lock");
    let open = File::options().create(true).truncate(false).write(true).open(&path);
    let file = open.map_err(|e| anyhow::anyhow!("{} cannot be written: {e}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(FolderLock(file)),
        Err(TryLockError::WouldBlock) => anyhow::bail!(
            "another fairlead serves from {} already. Stop it first, or give this one a data.dir of its own",
            folder.display()
        ),
        Err(TryLockError::Error(e)) => anyhow::bail!("{} cannot be locked: {e}", path.display()),
    }
}
