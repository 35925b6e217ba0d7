//! `cargo xtask bench`: release builds, private servers where a benchmark needs them, then `fairlead-bench`.

use std::ffi::OsString;
use std::process::Command;

use anyhow::Result;
use clap::ValueEnum;

use super::servers::{Servers, Wanted};
use crate::process::{run as run_program, say};
use crate::workspace::{Profile, Workspace};

/// What `bench` is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What to measure
    what: What,
    /// Handed on to `fairlead-bench`; --mysql URL and --amqp URL replace the private servers
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    rest: Vec<OsString>,
}

/// The parts that can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Webhooks answered per second, journalled on the local disk
    Intake,
    /// Messages through the durable queues
    Bus,
    /// Rows into the database
    Store,
    /// All of these, one after another
    All,
}

impl What {
    /// The benchmarks' names for `fairlead-bench`.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Intake => &["intake"],
            Self::Bus => &["bus"],
            Self::Store => &["store"],
            Self::All => &["intake", "bus", "store"],
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let workspace = Workspace::find()?;
    say("Building for release: far more than 5 minutes the first time, little afterwards.");
    run_program(workspace.cargo().args(["build", "--release"]))?;
    let servers = Servers::start(
        wanted(arguments.what != What::Intake, "--mysql", &arguments.rest),
        wanted(matches!(arguments.what, What::Bus | What::All), "--amqp", &arguments.rest),
    )?;
    let program = workspace.program("fairlead-bench", Profile::Release)?;
    for name in arguments.what.names() {
        let mut command = Command::new(&program);
        command.arg(name).args(&arguments.rest);
        // The intake depends on its local disk alone, and is measured so.
        if *name != "intake" {
            command.args(servers.mysql.iter().flat_map(|url| ["--mysql", url]));
        }
        if *name == "bus" {
            command.args(servers.amqp.iter().flat_map(|url| ["--amqp", url]));
        }
        run_program(&mut command)?;
    }
    Ok(())
}

/// A private server where the benchmark needs one and the arguments name none.
fn wanted(needed: bool, flag: &str, rest: &[OsString]) -> Wanted {
    let named = rest.iter().any(|word| word.to_string_lossy().split('=').next() == Some(flag));
    if needed && !named { Wanted::Private } else { Wanted::Not }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_server_is_not_started() {
        let rest = ["--mysql=mysql://h/d".into(), "--amqp".into(), "amqp://h".into()];
        assert_eq!(wanted(true, "--mysql", &rest), Wanted::Not);
        assert_eq!(wanted(true, "--amqp", &rest), Wanted::Not);
        assert_eq!(wanted(true, "--mysql", &[]), Wanted::Private);
        assert_eq!(wanted(false, "--mysql", &[]), Wanted::Not);
    }
}
