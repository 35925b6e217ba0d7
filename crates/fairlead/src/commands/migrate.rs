//! `fairlead migrate`: brings the schema up to date.

use std::process::ExitCode;

use fairlead_runtime::Arguments;
use fairlead_store::Store;

use crate::command_line::{load, say};

pub(crate) async fn run(settings: Arguments) -> anyhow::Result<ExitCode> {
    let loaded = load(&settings)?;
    let url = loaded.common.store_url().map_err(anyhow::Error::msg)?;
    std::fs::create_dir_all(&loaded.common.data.dir)?;
    let store = Store::open(url)?;
    let ran = store.migrate().await?;
    let (version, _) = store.schema_version().await?;
    let version = version.unwrap_or_default();
    say(&match ran {
        0 => format!("The schema of {} is up to date ({version}).", store.url()),
        n => format!("{n} migrations were run; the schema of {} is now {version}.", store.url()),
    });
    Ok(ExitCode::SUCCESS)
}
