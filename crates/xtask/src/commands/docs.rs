//! `cargo xtask docs`: the references and the example of a settings file, printed by the program they describe.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{output, run as run_program, say};
use crate::workspace::{Profile, Workspace};

/// What `fairlead reference` is asked for, and the file that holds its answer.
const REFERENCES: [(&str, &str); 7] = [
    ("settings", "docs/reference/settings.md"),
    ("errors", "docs/reference/errors.md"),
    ("messages", "docs/reference/messages.md"),
    ("metrics", "docs/reference/metrics.md"),
    ("cli", "docs/reference/command-line.md"),
    ("openapi", "docs/reference/openapi.json"),
    ("example", "deploy/fairlead.example.toml"),
];

/// What `docs` is told.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Arguments {
    /// Change nothing; fail where a file differs from what would be written
    #[arg(long)]
    pub(crate) check: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let workspace = Workspace::find()?;
    run_program(workspace.cargo().args(["build", "--package", "fairlead", "--bin", "fairlead"]))?;
    let program = workspace.program("fairlead", Profile::Dev)?;
    let mut differ = Vec::new();
    for (name, file) in REFERENCES {
        let text = output(Command::new(&program).args(["reference", name]))?;
        let path = workspace.path(file);
        if fs::read_to_string(&path).is_ok_and(|found| found == text) {
            continue;
        }
        differ.push(file);
        if !arguments.check {
            fs::write(&path, text).with_context(|| format!("cannot write {file}"))?;
        }
    }
    match (differ.is_empty(), arguments.check) {
        (true, _) => say("The generated references are up to date"),
        (false, false) => say(format!("Written: {}", differ.join(", "))),
        (false, true) => bail!("not what the program prints: {}; run `cargo xtask docs`", differ.join(", ")),
    }
    Ok(())
}
