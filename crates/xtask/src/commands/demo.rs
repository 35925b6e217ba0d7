//! `cargo xtask demo`: builds what the demo needs, then becomes `fairlead demo`.

use std::ffi::OsString;
use std::process::Command;

use anyhow::Result;

use super::ui;
use crate::process::{become_program, run as run_program, say};
use crate::workspace::{Profile, Workspace};

/// What `demo` is told; everything but `--release` goes to `fairlead demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Build for release: slower to build, quicker to run
    #[arg(long)]
    release: bool,
    /// Handed on to `fairlead demo`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    rest: Vec<OsString>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let workspace = Workspace::find()?;
    let (release, rest) = take_release(&arguments.rest);
    let profile = if release || arguments.release { Profile::Release } else { Profile::Dev };
    let several = wants_several_processes(&rest);
    let program = workspace.program("fairlead", profile)?;
    let built = program.is_file();

    say(match (profile, built) {
        (Profile::Dev, false) => {
            "Building the pages and fairlead (dev profile): about 5 minutes the first time."
        }
        (Profile::Release, false) => {
            "Building the pages and fairlead (release profile): far more than 5 minutes the first time."
        }
        (Profile::Dev, true) => "Building what changed of the pages and fairlead (dev profile).",
        (Profile::Release, true) => "Building what changed of the pages and fairlead (release profile).",
    });
    if several {
        say("A database or a broker was given: the programs of the single services are built too.");
    }
    say("Then the demo starts, and says where to look. Ctrl-C ends it.");

    ui::build(&workspace)?;
    let mut build = workspace.cargo();
    build.arg("build").args(profile.flags());
    if !several {
        build.args(["--package", "fairlead", "--bin", "fairlead"]);
    }
    run_program(&mut build)?;
    become_program(Command::new(program).arg("demo").args(rest))
}

/// Takes our own flag out of what goes to `fairlead demo`, wherever it stands.
fn take_release(rest: &[OsString]) -> (bool, Vec<OsString>) {
    let kept: Vec<OsString> = rest.iter().filter(|word| *word != "--release").cloned().collect();
    (kept.len() < rest.len(), kept)
}

/// Whether the demo runs one process per service.
fn wants_several_processes(rest: &[OsString]) -> bool {
    rest.iter().any(|word| {
        let word = word.to_string_lossy();
        ["--mysql", "--amqp"].contains(&word.split('=').next().unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn release_is_ours_wherever_it_stands() {
        assert_eq!(take_release(&words("--port 1 --release -v")), (true, words("--port 1 -v")));
        assert_eq!(take_release(&words("--port 1")), (false, words("--port 1")));
    }

    #[test]
    fn a_server_means_several_processes() {
        assert!(wants_several_processes(&words("--mysql mysql://h/d")));
        assert!(wants_several_processes(&words("-x --amqp=amqp://h")));
        assert!(!wants_several_processes(&words("--mysqlx")));
    }
}
