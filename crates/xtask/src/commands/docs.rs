//! `cargo xtask docs`: the references in docs/reference, printed by the program they describe.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{output, run as run_program, say};
use crate::workspace::{Profile, Workspace};

/// What `fairlead reference` is asked for, and the file that holds its answer.
const REFERENCES: [(&str, &str); 6] = [
    ("settings", "settings.md"),
    ("errors", "errors.md"),
    ("messages", "messages.md"),
    ("metrics", "metrics.md"),
    ("cli", "command-line.md"),
    ("openapi", "openapi.json"),
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
    let folder = workspace.path("docs/reference");
    let mut differ = Vec::new();
    for (name, file) in REFERENCES {
        let text = output(Command::new(&program).args(["reference", name]))?;
        let path = folder.join(file);
        if fs::read_to_string(&path).is_ok_and(|found| found == text) {
            continue;
        }
        differ.push(format!("docs/reference/{file}"));
        if !arguments.check {
            fs::create_dir_all(&folder)?;
            fs::write(&path, text).with_context(|| format!("cannot write docs/reference/{file}"))?;
        }
    }
    match (differ.is_empty(), arguments.check) {
        (true, _) => say("The generated references are up to date"),
        (false, false) => say(format!("Written: {}", differ.join(", "))),
        (false, true) => bail!("not what the program prints: {}; run `cargo xtask docs`", differ.join(", ")),
    }
    Ok(())
}
