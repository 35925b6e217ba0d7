//! `fairlead-simulator`: a believable world of buoys, and the provider that pushes what they send.

use std::process::ExitCode;

use clap::Parser;
use fairlead_simulator::command_line::Arguments;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    Arguments::parse().run().await
}
