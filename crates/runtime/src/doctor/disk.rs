//! The data folder and the disk below it.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fairlead_web::health::Check;

use crate::disk::{free_space, make_folder};

/// An fsync slower than this cannot keep the promise of 200 ms under load.
const SLOW_FSYNC: Duration = Duration::from_millis(50);

/// How often the disk is asked to sync; the mean counts.
const SYNCS: u32 = 20;

/// Least free space in bytes.
const LEAST_FREE: u64 = 1 << 30;

/// Rights that those have who are neither the folder's owner nor of its group.
const OTHERS: u32 = 0o007;

/// Whether this process can write to the folder, and nobody else can look into it.
pub(super) async fn folder(dir: PathBuf) -> Check {
    blocking("folder", move || {
        let probe = probe(&dir, "write");
        let tried = make_folder(&dir).and_then(|()| std::fs::write(&probe, b"?"));
        // Left over or never made: either way it must not stay.
        let _ = std::fs::remove_file(&probe);
        let shown = dir.display();
        if let Err(e) = tried {
            return Check::bad("folder", format!("{shown} cannot be written: {e}."))
                .advice("Give it to the user that runs Fairlead, or set data.dir.");
        }
        match std::fs::metadata(&dir).map(|found| found.permissions().mode()) {
            Ok(mode) if mode & OTHERS != 0 => {
                Check::bad("folder", format!("Every user of this machine can look into {shown}."))
                    .bearable()
                    .advice(format!("chmod o= {shown}"))
            }
            _ => Check::good("folder", format!("{shown} can be written, and is nobody else's.")),
        }
    })
    .await
}

/// Whether there is room.
pub(super) async fn room(dir: PathBuf) -> Check {
    blocking("disk", move || match free_space(&dir) {
        Ok(free) if free >= LEAST_FREE => Check::good("disk", format!("{} GB are free.", free >> 30)),
        Ok(free) => Check::bad("disk", format!("Only {} MB are free.", free >> 20))
            .bearable()
            .advice("Make room: without it messages are refused."),
        Err(e) => Check::bad("disk", format!("It does not say how much is free: {e}."))
            .bearable()
            .advice("Check the disk."),
    })
    .await
}

/// How long the disk below a folder takes to sync.
pub async fn fsync(dir: PathBuf) -> Check {
    blocking("fsync", move || {
        let path = probe(&dir, "fsync");
        let measured = measure(&path);
        let _ = std::fs::remove_file(&path);
        match measured {
            Ok(time) if time < SLOW_FSYNC => {
                Check::good("fsync", format!("{:.1} ms each.", time.as_secs_f64() * 1e3))
            }
            Ok(time) => {
                Check::bad("fsync", format!("{:.0} ms each.", time.as_secs_f64() * 1e3)).bearable().advice(
                    "Put data.dir on a disk that syncs faster; messages are answered only after an fsync.",
                )
            }
            Err(e) => Check::bad("fsync", format!("It cannot be measured: {e}."))
                .bearable()
                .advice("Check the disk."),
        }
    })
    .await
}

fn measure(path: &Path) -> std::io::Result<Duration> {
    let mut file = std::fs::File::create(path)?;
    let start = Instant::now();
    for _ in 0..SYNCS {
        file.write_all(&[0; 512])?;
        file.sync_data()?;
    }
    Ok(start.elapsed() / SYNCS)
}

/// A file of this process alone: others may be looking at the same folder.
fn probe(dir: &Path, what: &str) -> PathBuf {
    dir.join(format!("doctor.{what}.{}", std::process::id()))
}

/// A disk may hang, and a runtime's thread must not.
async fn blocking(name: &'static str, look: impl FnOnce() -> Check + Send + 'static) -> Check {
    let looked = tokio::task::spawn_blocking(look).await;
    looked.unwrap_or_else(|e| Check::bad(name, format!("The look at it broke off: {e}.")).bearable())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_that_others_can_read_is_found_and_nothing_is_left_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("data");
        assert!(super::folder(dir.clone()).await.ok, "it is made as the start makes it");
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).unwrap();
        let found = super::folder(dir.clone()).await;
        assert!(!found.ok && !found.essential && found.advice.unwrap().starts_with("chmod o= "));
        assert!(fsync(dir.clone()).await.reason.contains("ms each"));
        assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 0);
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let found = super::folder(file).await;
        assert!(!found.ok && found.essential, "{found:?}");
    }
}
