//! `cargo xtask`: builds, runs, tests and checks the workspace. No product logic lives here.

mod commands;
mod packages;
mod process;
#[path = "../../testkit/src/servers/mod.rs"]
#[expect(dead_code, unreachable_pub, reason = "shared with the tests, which also kill and freeze servers")]
mod servers;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match commands::Arguments::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A sentence, with its causes; a stack of our own calls would help nobody.
            process::say(format!("Error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
