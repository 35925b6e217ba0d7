//! `fairlead-bench`: measures Fairlead from outside, each figure beside the ceiling of the same run.

mod bare;
mod connection;
mod courier;
mod firmware;
mod histogram;
mod hub;
mod intake;
mod load;
mod peer;
mod pool;
mod process;
mod report;
mod rival;
mod rooms;
mod routes;
mod server;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

/// Measures Fairlead from outside.
#[derive(Debug, Parser)]
#[command(name = "fairlead-bench", version)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Webhooks answered per second, journalled on the local disk, and messages through the whole path
    Intake(Box<intake::Arguments>),
    /// Messages to devices, through a provider that takes 50 ms
    Courier(courier::Arguments),
    /// The live line to open pages
    Hub(hub::Arguments),
    /// Devices on the line: memory, relay and a reconnecting fleet, beside Python's websockets
    Rooms(rooms::Arguments),
    /// Deliveries by routes: beside dead and slow endpoints, beside a bare client, and of a fleet that wakes together
    Routes(routes::Arguments),
    /// A fleet that is upgraded at once, beside a bare server of the same bytes
    Firmware(firmware::Arguments),
    /// Serve the ceiling of upgrades: the same bytes from memory
    #[command(hide = true)]
    BareFirmware(firmware::bare::Arguments),
    /// Serve the ceiling of the live line: the same text to every page
    #[command(hide = true)]
    BareLive(bare::LiveArguments),
    /// Serve the ceiling: a handler that answers `OK` and stores nothing
    #[command(hide = true)]
    Bare(bare::Arguments),
}

// One thread: the load generator shares the machine with what it measures.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match Arguments::parse().what {
        What::Intake(arguments) => intake::run(&arguments).await,
        What::Courier(arguments) => courier::run(&arguments).await,
        What::Hub(arguments) => hub::run(&arguments).await,
        What::Rooms(arguments) => rooms::run(&arguments).await,
        What::Routes(arguments) => routes::run(&arguments).await,
        What::Firmware(arguments) => firmware::run(&arguments).await,
        What::BareFirmware(arguments) => firmware::bare::run(&arguments).await,
        What::BareLive(arguments) => bare::run_live(&arguments).await,
        What::Bare(arguments) => bare::run(&arguments).await,
    }
}
