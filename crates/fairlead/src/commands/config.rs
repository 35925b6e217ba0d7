//! `fairlead config`: the settings in use, as a file with every setting explained.

use std::process::ExitCode;

use clap::Args;
use fairlead_runtime::Arguments;
use fairlead_runtime::settings::reference;
use serde_json::{Map, Value};

use crate::command_line::{load, say, sections};

#[derive(Debug, Args)]
pub(crate) struct Config {
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

impl Config {
    pub(crate) fn run(self, settings: &Arguments) -> anyhow::Result<ExitCode> {
        let loaded = load(settings)?;
        let used = sections(Some(&loaded))?;
        if self.json {
            let all: Map<String, Value> =
                used.iter().map(|s| (s.name.clone(), reference::masked(s))).collect();
            say(&serde_json::to_string_pretty(&all)?);
        } else {
            say(reference::annotated(&used, &sections(None)?).trim_end());
        }
        Ok(ExitCode::SUCCESS)
    }
}
