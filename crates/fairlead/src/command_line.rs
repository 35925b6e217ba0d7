//! What can be asked for on the command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use fairlead_runtime::settings::reference::{self, Section};
use fairlead_runtime::{Arguments, Common, Hosted, Loaded, Shape};
use fairlead_store::Store;

use crate::{commands, services};

/// Fairlead keeps devices in the field on the line. Without a command it serves.
#[derive(Debug, Parser)]
#[command(name = "fairlead", version, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) settings: Arguments,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serves: all services in one process (the default)
    Serve,
    /// Brings the schema of the store up to date
    Migrate,
    /// Looks at store, bus, clock and disk, and says what to do about what it finds
    Doctor(commands::doctor::Doctor),
    /// Prints the settings in use as an annotated file, secrets masked
    Config(commands::config::Config),
    /// Makes, lists and revokes API tokens
    #[command(subcommand)]
    Token(commands::token::Token),
    /// Adds, lists and removes people who may sign in
    #[command(subcommand)]
    User(commands::user::User),
    /// Puts messages or failed work through again
    Replay(commands::replay::Replay),
    /// Copies store and journal into a folder while the server runs
    Backup(commands::backup::Backup),
    /// Writes positions or messages as a table or a map, while the server runs
    Export(commands::export::Export),
    /// Puts in messages from a file that was exported from a provider's pages: closes the gaps of a long outage
    #[command(subcommand)]
    Import(commands::import::Import),
    /// Plays a believable world: simulated buoys, a live map, nothing to install
    Demo(commands::demo::Demo),
    /// Prints a script that completes commands in a shell
    Completions(commands::shell::Completions),
    /// Writes the manual pages
    Man(commands::shell::Man),
    /// Prints a generated reference
    #[command(hide = true)]
    Reference(commands::reference::Reference),
}

impl Cli {
    pub(crate) fn run(self) -> ExitCode {
        let Self { settings, command } = self;
        let done = match command.unwrap_or(Command::Serve) {
            Command::Serve => return fairlead_runtime::run(&settings, services::all(), Shape::OneProcess),
            Command::Reference(reference) => reference.run(),
            Command::Completions(completions) => completions.run(),
            Command::Man(man) => man.run(),
            Command::Backup(backup) => block_on(backup.run(settings)),
            Command::Export(export) => block_on(export.run(settings)),
            Command::Import(import) => block_on(import.run(settings)),
            Command::Config(config) => config.run(&settings),
            Command::Migrate => block_on(commands::migrate::run(settings)),
            Command::Doctor(doctor) => block_on(doctor.run(settings)),
            Command::Token(token) => block_on(token.run(settings)),
            Command::User(user) => block_on(user.run(settings)),
            Command::Replay(replay) => block_on(replay.run(settings)),
            Command::Demo(demo) => block_on(demo.run(settings)),
        };
        done.unwrap_or_else(|e| {
            complain(&format!("{e:#}"));
            ExitCode::from(fairlead_runtime::EXIT_START)
        })
    }
}

fn block_on(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    fairlead_runtime::runtime()?.block_on(work)
}

/// The settings of all services.
pub(crate) fn load(arguments: &Arguments) -> anyhow::Result<Loaded> {
    let services = services::all();
    let schemas: Vec<_> = services.iter().map(|s| (s.name(), s.schema())).collect();
    Ok(Loaded::read(arguments, &schemas)?)
}

/// The store that the settings name, its schema up to date.
pub(crate) async fn open_store(loaded: &Loaded) -> anyhow::Result<Store> {
    let url = loaded.common.store_url().map_err(anyhow::Error::msg)?;
    std::fs::create_dir_all(&loaded.common.data.dir)?;
    let store = Store::open(url)?;
    if loaded.common.store.migrate {
        store.migrate().await?;
    }
    Ok(store)
}

/// All sections of the settings: with the values in use, or with the defaults.
pub(crate) fn sections(loaded: Option<&Loaded>) -> anyhow::Result<Vec<Section>> {
    let common = loaded.map_or_else(Common::default, |l| l.common.clone());
    let mut sections = reference::split(&schemars::schema_for!(Common), &serde_json::to_value(common)?);
    for service in services::all() {
        sections.push(Hosted::section(service.as_ref(), loaded)?);
    }
    Ok(sections)
}

/// What a command prints for a person or a program to read. A reader that has seen enough may leave.
pub(crate) fn say(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// What a command prints about itself.
#[expect(clippy::print_stderr, reason = "standard error is where a command's own news belong")]
pub(crate) fn tell(text: &str) {
    eprintln!("{text}");
}

/// Why a command did not do what was asked.
pub(crate) fn complain(sentence: &str) {
    tell(&format!("fairlead: {sentence}"));
}
