//! `cargo xtask bench`: release builds and private servers where a benchmark needs them, then what measures:
//! `fairlead-bench` from outside, or the benchmarks of a crate from within.

use std::ffi::OsString;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;

use super::servers::{Servers, Wanted};
use crate::process::{run as run_program, say};
use crate::workspace::{Profile, Workspace};

/// Names a database server.
const MYSQL: &str = "--mysql";
/// Names a broker.
const AMQP: &str = "--amqp";

/// What `bench` is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What to measure
    what: What,
    /// Handed on to what measures; --mysql URL and --amqp URL replace the private servers
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    rest: Vec<OsString>,
}

/// The parts that can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Webhooks answered per second, journalled on the local disk
    Intake,
    /// Messages to devices, through a slow provider
    Courier,
    /// Messages through the durable queues
    Bus,
    /// Rows into the database
    Store,
    /// The live line to a thousand open pages
    Hub,
    /// Devices on the line, beside Python's websockets
    Rooms,
    /// A fleet that fetches new firmware at once
    Firmware,
    /// Deliveries by routes, beside dead endpoints and a bare client
    Routes,
    /// What the pages ask, with a million stored messages
    Api,
    /// All of these, one after another
    All,
}

impl What {
    /// One after another.
    fn parts(self) -> &'static [Part] {
        match self {
            Self::Intake => &[Part::Intake],
            Self::Courier => &[Part::Courier],
            Self::Store => &[Part::Store],
            Self::Bus => &[Part::Bus],
            Self::Hub => &[Part::Hub],
            Self::Rooms => &[Part::Rooms],
            Self::Firmware => &[Part::Firmware],
            Self::Routes => &[Part::Routes],
            Self::Api => &[Part::Api],
            Self::All => &[
                Part::Intake,
                Part::Courier,
                Part::Store,
                Part::Bus,
                Part::Hub,
                Part::Rooms,
                Part::Firmware,
                Part::Routes,
                Part::Api,
            ],
        }
    }
}

/// One benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Intake,
    Courier,
    Store,
    Bus,
    Hub,
    Rooms,
    Firmware,
    Routes,
    Api,
}

impl Part {
    /// What it starts private servers for, where none are named. The intake depends on its local disk alone, and is
    /// measured so.
    fn needs(self) -> &'static [&'static str] {
        match self {
            Self::Intake | Self::Hub | Self::Rooms | Self::Routes => &[],
            Self::Store => &[MYSQL],
            Self::Courier | Self::Bus | Self::Firmware | Self::Api => &[MYSQL, AMQP],
        }
    }

    /// The named servers that it is told of: the intake's rival has a broker.
    fn takes(self) -> &'static [&'static str] {
        if self == Self::Intake { &[AMQP] } else { self.needs() }
    }

    /// Builds what is measured; the command then measures.
    fn prepare(self, workspace: &Workspace) -> Result<Command> {
        let crate_bench = |package, bench| {
            let words = ["bench", "--package", package, "--bench", bench];
            run_program(workspace.cargo().args(words).arg("--no-run"))?;
            let mut command = workspace.cargo();
            command.args(words).arg("--");
            Ok(command)
        };
        let from_outside = |what| {
            run_program(workspace.cargo().args(["build", "--release"]))?;
            let mut command = Command::new(workspace.program("fairlead-bench", Profile::Release)?);
            command.arg(what);
            Ok(command)
        };
        match self {
            Self::Intake => from_outside("intake"),
            Self::Courier => from_outside("courier"),
            Self::Hub => from_outside("hub"),
            Self::Rooms => from_outside("rooms"),
            Self::Firmware => from_outside("firmware"),
            Self::Routes => from_outside("routes"),
            Self::Store => crate_bench("fairlead-store", "store"),
            Self::Bus => crate_bench("fairlead-bus", "bus"),
            Self::Api => crate_bench("fairlead", "api"),
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let workspace = Workspace::find()?;
    let mut rest = arguments.rest.clone();
    let (mysql, amqp) = (take(&mut rest, MYSQL)?, take(&mut rest, AMQP)?);
    ensure!(
        arguments.what != What::All || rest.is_empty(),
        "`all` takes {MYSQL} and {AMQP} only: say more to one part at a time"
    );
    let parts = arguments.what.parts();
    say("Building for release: far more than 5 minutes the first time, little afterwards.");
    let commands = parts.iter().map(|part| part.prepare(&workspace)).collect::<Result<Vec<_>>>()?;
    let servers = Servers::start(wanted(parts, MYSQL, mysql), wanted(parts, AMQP, amqp))?;
    for (part, mut command) in parts.iter().zip(commands) {
        command.args(&rest);
        for (flag, url) in [(MYSQL, &servers.mysql), (AMQP, &servers.amqp)] {
            if part.takes().contains(&flag) {
                command.args(url.iter().flat_map(|url| [flag, url]));
            }
        }
        run_program(&mut command)?;
    }
    Ok(())
}

/// Takes a flag and its value out of the words.
fn take(words: &mut Vec<OsString>, flag: &str) -> Result<Option<String>> {
    let name = |word: &OsString| word.to_string_lossy().split('=').next() == Some(flag);
    let Some(at) = words.iter().position(name) else { return Ok(None) };
    let word = words.remove(at).to_string_lossy().into_owned();
    if let Some((_, value)) = word.split_once('=') {
        return Ok(Some(value.to_owned()));
    }
    ensure!(at < words.len(), "{flag} needs a URL");
    Ok(Some(words.remove(at).into_string().ok().with_context(|| format!("{flag}: not a URL"))?))
}

/// The server that was named, else a private one where a part needs it.
fn wanted(parts: &[Part], flag: &str, named: Option<String>) -> Wanted {
    match named {
        Some(url) => Wanted::Given(url),
        None if parts.iter().any(|part| part.needs().contains(&flag)) => Wanted::Private,
        None => Wanted::Not,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_server_is_not_started() {
        let mut words: Vec<OsString> =
            ["--mysql=mysql://h/d", "--rounds", "1", "--amqp", "amqp://h"].map(Into::into).into();
        let mysql = take(&mut words, MYSQL).unwrap();
        let amqp = take(&mut words, AMQP).unwrap();
        assert_eq!(words, ["--rounds", "1"]);
        assert_eq!(wanted(&[Part::Bus], MYSQL, mysql), Wanted::Given("mysql://h/d".into()));
        assert_eq!(wanted(&[Part::Bus], AMQP, amqp), Wanted::Given("amqp://h".into()));
        assert_eq!(wanted(&[Part::Bus], AMQP, None), Wanted::Private);
        assert_eq!(wanted(&[Part::Store], AMQP, None), Wanted::Not);
        assert_eq!(wanted(&[Part::Intake], MYSQL, None), Wanted::Not);
        assert!(take(&mut vec!["--amqp".into()], AMQP).is_err());
    }

    #[test]
    fn all_is_every_part() {
        let all = [
            Part::Intake,
            Part::Courier,
            Part::Store,
            Part::Bus,
            Part::Hub,
            Part::Rooms,
            Part::Firmware,
            Part::Routes,
            Part::Api,
        ];
        assert_eq!(What::All.parts(), all);
    }
}
