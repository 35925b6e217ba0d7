//! The commands of `cargo xtask`, one module each. To add one: a module, and a line in [`Command`] and in `run`.

mod bench;
mod demo;
mod docs;
mod servers;
mod test;
mod tidy;
mod ui;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Builds, runs, tests and checks the workspace.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// One command each; clap shows the comments as help.
#[derive(Debug, Subcommand)]
enum Command {
    /// Builds everything and plays a believable world.
    Demo(demo::Arguments),
    /// Runs every check and every test, with the servers they need.
    Test(test::Arguments),
    /// Builds the browser pages, where their sources changed.
    Ui,
    /// Starts a private MariaDB and a private RabbitMQ until Ctrl-C.
    Servers,
    /// Checks what compilers do not: first sentences, links, names, the table of dependencies.
    Tidy,
    /// Writes the generated references in docs/reference anew.
    Docs(docs::Arguments),
    /// Measures a part of the system, built for release.
    Bench(bench::Arguments),
}

impl Arguments {
    pub(crate) fn run(self) -> Result<()> {
        match self.command {
            Command::Demo(arguments) => demo::run(&arguments),
            Command::Test(arguments) => test::run(&arguments),
            Command::Ui => ui::run(),
            Command::Servers => servers::run(),
            Command::Tidy => tidy::run(),
            Command::Docs(arguments) => docs::run(&arguments),
            Command::Bench(arguments) => bench::run(&arguments),
        }
    }
}
