#![doc = include_str!("../README.md")]

mod disk;
pub mod doctor;
pub mod files;
mod http;
mod lock;
mod logging;
mod process;
mod report;
mod service;
pub mod settings;
mod systemd;
mod tls;

use std::process::ExitCode;

use mimalloc::MiMalloc;

pub use process::{Process, Running, Shape};
pub use report::Facts;
pub use service::{Context, Host, Hosted, Mount, Service, ServiceSettings};
pub use settings::{Arguments, Common, Loaded};

/// Every service allocates for each message: see `docs/decisions/0008-dependencies.md`.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Exit code where the process could not start: settings, a port in use, a lock.
pub const EXIT_START: u8 = 1;
/// Exit code where a part of the process stopped by itself: a crash, to be restarted.
pub const EXIT_CRASH: u8 = 70;

/// The whole life of a binary that runs one service: `main` calls this and nothing else.
pub fn main<S: Service>() -> ExitCode {
    let arguments = <Arguments as clap::Parser>::parse();
    run(&arguments, vec![Box::new(Host::<S>::new())], Shape::Several)
}

/// Runs services until a signal, or until one of them crashes.
pub fn run(arguments: &Arguments, services: Vec<Box<dyn Hosted>>, shape: Shape) -> ExitCode {
    match runtime().and_then(|rt| rt.block_on(process::live(arguments, services, shape))) {
        Ok(code) => code,
        Err(e) => {
            complain(&format!("{e:#}"));
            ExitCode::from(EXIT_START)
        }
    }
}

/// Begins to log, for a process that is not started by [`run`].
///
/// # Errors
/// A sentence about `log.filter` where it cannot be used.
pub fn start_logging(loaded: &Loaded) -> anyhow::Result<()> {
    logging::start(&loaded.common.log)
}

/// The tokio runtime that services run on.
///
/// # Errors
/// Where the system gives no threads.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    // Which provider the process uses is decided here, once; another part may have asked first (tests do).
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

#[expect(
    clippy::print_stderr,
    reason = "a person at a terminal must see why nothing started, whatever the log level"
)]
fn complain(sentence: &str) {
    eprintln!("fairlead: {sentence}");
}
