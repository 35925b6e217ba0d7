//! The routes' figures: what a dead and a slow endpoint cost their neighbours, deliveries beside a bare client, and a fleet
//! that wakes together, from its pushes to an open page.

mod ceiling;
mod neighbours;
mod site;
mod wake;

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};

use site::Site;

/// What `routes` is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The `fairlead` to measure; the one beside this program if not given
    #[arg(long, value_name = "PROGRAM")]
    server: Option<PathBuf>,
    /// Messages to each endpoint, in each part
    #[arg(long, default_value_t = 5_000)]
    messages: usize,
    /// How often the dead and the slow endpoint come and go, and how often the bare client runs
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=20))]
    rounds: u16,
    /// Endpoints, one of them dead and one slow
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(3..=100))]
    endpoints: u16,
    /// Requests at a time to one endpoint, of the courier and of the bare client
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=64))]
    concurrency: u16,
    /// Buoys that wake together
    #[arg(long, default_value_t = 10_000)]
    buoys: u32,
    /// Seconds of their ordinary interval; they wake in a tenth of it
    #[arg(long, default_value_t = 600)]
    interval_s: u64,
}

type Rows = Vec<(&'static str, String)>;

/// Measures one part after the other, and prints the table.
pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let program = match &arguments.server {
        Some(program) => program.canonicalize().with_context(|| program.display().to_string())?,
        None => std::env::current_exe()?.with_file_name("fairlead"),
    };
    let mut rows = Rows::new();
    neighbours::measure(&Site::open(&program).await?, arguments, &mut rows).await?;
    ceiling::measure(&Site::open(&program).await?, arguments, &mut rows).await?;
    wake::measure(&Site::open(&program).await?, arguments, &mut rows).await?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "| figure | value |\n|---|---|")?;
    for (figure, value) in rows {
        writeln!(out, "| {figure} | {value} |")?;
    }
    Ok(())
}
