//! `fairlead completions` and `fairlead man`: what a shell and a reader of manuals want.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::command_line::{Cli, say};

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "fairlead", &mut script);
        say(String::from_utf8(script)?.trim_end());
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Where to put the pages, one a command
    folder: PathBuf,
}

impl Man {
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        let folder = &self.folder;
        let write = || {
            std::fs::create_dir_all(folder)?;
            clap_mangen::generate_to(Cli::command(), folder)
        };
        write().with_context(|| format!("the pages cannot be put into {}", folder.display()))?;
        say(&format!("Read them with `man {}/fairlead.1`.", folder.display()));
        Ok(ExitCode::SUCCESS)
    }
}
