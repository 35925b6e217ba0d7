//! `fairlead backup`: a copy of everything, made while it runs.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use fairlead_runtime::Arguments;
use fairlead_store::{StoreUrl, backup};

use crate::command_line::{load, say};

/// The key that seals endpoints' secrets, in the data folder.
const SECRETS_KEY: &str = "courier/secrets.key";

#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// Where to put the copy: a new or an empty folder
    folder: PathBuf,
}

impl Backup {
    pub(crate) async fn run(self, settings: Arguments) -> anyhow::Result<ExitCode> {
        let loaded = load(&settings)?;
        let url = loaded.common.store_url().map_err(anyhow::Error::msg)?;
        let folder = &self.folder;
        std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        anyhow::ensure!(
            std::fs::read_dir(folder)?.next().is_none(),
            "{} is not empty: name a new folder for each backup",
            folder.display()
        );
        // The journal first: what leaves it meanwhile is in the store by then, and twice does no harm.
        let journal = loaded.common.data.dir.join("intake/journal.sqlite");
        if journal.exists() {
            copy(&journal, &folder.join("intake/journal.sqlite")).await?;
        }
        // What endpoints ask for is sealed in the store, and opens with this alone.
        let key = loaded.common.data.dir.join(SECRETS_KEY);
        if key.exists() {
            let copy = folder.join(SECRETS_KEY);
            std::fs::create_dir_all(folder.join("courier"))?;
            std::fs::copy(&key, &copy).with_context(|| format!("{} cannot be copied", key.display()))?;
            say(&format!("{} (keep it as you keep passwords)", copy.display()));
        }
        match url {
            StoreUrl::Sqlite(path) => {
                copy(&path, &folder.join("fairlead.sqlite")).await?;
                say(&format!(
                    "All is in {0}. To restore: stop the server, put the contents of {0} in place of {1}, start it.",
                    folder.display(),
                    loaded.common.data.dir.display()
                ));
            }
            url @ StoreUrl::Mysql(_) => say(&format!(
                "The journal is in {}; the store is not: save {url} with `mariadb-dump --single-transaction`.",
                folder.display()
            )),
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let (source, target) = (from.to_owned(), to.to_owned());
    let copied = tokio::task::spawn_blocking(move || backup::copy(&source, &target)).await?;
    copied.with_context(|| format!("{} cannot be copied", from.display()))?;
    let bytes = std::fs::metadata(to)?.len();
    say(&format!("{} ({:.1} MiB)", to.display(), mebibytes(bytes)));
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "it is shown with one digit")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
