#![doc = include_str!("../README.md")]

mod command_line;
mod commands;
mod openapi;
mod services;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    command_line::Cli::parse().run()
}
