//! The live line's figures: what a thousand open pages cost while the fleet speaks, beside a bare websocket server that
//! sends as many frames of as many bytes.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::StreamExt;
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::load::{Shape, put};
use crate::pool::Source;
use crate::process::Watched;
use crate::server::{Fairlead, Server, free_address};

/// How long news may be on their way after the last push.
const SETTLE: Duration = Duration::from_secs(3);
/// A page is told of a message twice: the message, and its modem's new state.
const CHANGES_A_MESSAGE: f64 = 2.0;

/// What `hub` is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The `fairlead` to measure; the one beside this program if not given
    #[arg(long, value_name = "PROGRAM")]
    server: Option<PathBuf>,
    /// Open pages
    #[arg(long, default_value_t = 1_000)]
    pages: usize,
    /// Changes a second that every page is told
    #[arg(long, default_value_t = 100.0)]
    changes: f64,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 20)]
    seconds: u64,
}

/// Measures, and prints the table.
pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let program = match &arguments.server {
        Some(program) => program.canonicalize().with_context(|| program.display().to_string())?,
        None => std::env::current_exe()?.with_file_name("fairlead"),
    };
    let fairlead = Fairlead::start(&program, "").await?;
    let token = fairlead.token("viewer").await?;
    let server = &fairlead.server;
    let mut source = Source::new(false)?;
    tracing::info!("nobody looks");
    let alone = speak(server, &mut source, arguments).await?;
    tracing::info!("{} pages look", arguments.pages);
    let mut pages = Pages::open(server.address, "/api/v1/live", Some(&token), arguments.pages).await?;
    tokio::time::sleep(SETTLE).await;
    pages.heard.reset();
    let watched = speak(server, &mut source, arguments).await?;
    let told = pages.heard.each();
    ensure!(pages.still_open() == arguments.pages, "only {} pages are left", pages.still_open());
    drop(pages);

    tracing::info!("a bare server sends as much");
    let frames_per_s = told.frames as f64 / arguments.pages as f64 / watched.seconds;
    let bytes = told.bytes.checked_div(told.frames).unwrap_or(0);
    let bare = bare(arguments, frames_per_s, bytes).await?;

    let pages_cost = watched.cores() - alone.cores();
    let each = told.messages as f64 / arguments.pages as f64;
    let rows = [
        ("changes offered", format!("{:.0}/s to each of {} pages", arguments.changes, arguments.pages)),
        ("messages told to each page, of those pushed", format!("{each:.1} of {}", watched.pushed)),
        ("frames to each page", format!("{frames_per_s:.1}/s of {bytes} bytes")),
        ("CPU without pages", format!("{:.2} cores", alone.cores())),
        ("CPU with them", format!("{:.2} cores", watched.cores())),
        ("CPU of the pages alone", format!("{pages_cost:.2} cores")),
        ("bare websocket server, same frames", format!("{:.2} cores", bare.cores())),
        ("bare / pages alone", format!("{:.2}", bare.cores() / pages_cost)),
    ];
    let mut out = std::io::stdout().lock();
    writeln!(out, "| figure | value |\n|---|---|")?;
    for (figure, value) in rows {
        writeln!(out, "| {figure} | {value} |")?;
    }
    Ok(())
}

/// What a span cost.
struct Cost {
    pushed: u64,
    cpu_s: f64,
    seconds: f64,
}

impl Cost {
    fn cores(&self) -> f64 {
        self.cpu_s / self.seconds
    }
}

/// The fleet speaks for a while.
async fn speak(server: &Server, source: &mut Source, arguments: &Arguments) -> Result<Cost> {
    let rate = arguments.changes / CHANGES_A_MESSAGE;
    let span = Duration::from_secs(arguments.seconds);
    let requests = source.requests((rate * span.as_secs_f64()).ceil() as usize + 1, "/rockblock/incoming")?;
    let (cpu, start) = (server.process.cpu_s()?, tokio::time::Instant::now());
    let outcome = put(server.address, requests, Shape::Open { rate, span }, 4).await;
    let seconds = start.elapsed().as_secs_f64();
    let cpu_s = server.process.cpu_s()? - cpu;
    ensure!(outcome.refused + outcome.unanswered == 0, "not every push was taken");
    tokio::time::sleep(SETTLE).await;
    Ok(Cost { pushed: outcome.accepted, cpu_s, seconds })
}

async fn bare(arguments: &Arguments, frames_per_s: f64, bytes: u64) -> Result<Cost> {
    let address = free_address()?;
    let mut command = Command::new(std::env::current_exe()?);
    let every_us = (1e6 / frames_per_s.max(0.1)) as u64;
    command.args(["bare-live", "--listen", &address.to_string()]);
    command.args(["--every-us", &every_us.to_string(), "--bytes", &bytes.to_string()]);
    let server = Server::start(command, address, "/health/ready").await?;
    let pages = Pages::open(address, "/", None, arguments.pages).await?;
    tokio::time::sleep(SETTLE).await;
    let process: Watched = server.process;
    let (cpu, start) = (process.cpu_s()?, tokio::time::Instant::now());
    tokio::time::sleep(Duration::from_secs(arguments.seconds)).await;
    let cost = Cost { pushed: 0, cpu_s: process.cpu_s()? - cpu, seconds: start.elapsed().as_secs_f64() };
    drop(pages);
    Ok(cost)
}

/// What all pages together have heard.
#[derive(Default)]
struct Heard {
    frames: AtomicU64,
    bytes: AtomicU64,
    messages: AtomicU64,
}

/// The same, read at one moment.
struct Told {
    frames: u64,
    bytes: u64,
    messages: u64,
}

impl Heard {
    fn note(&self, text: &str) {
        self.frames.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(u64::try_from(text.len()).unwrap_or(0), Ordering::Relaxed);
        let messages = text.matches("{\"type\":\"message\"").count();
        self.messages.fetch_add(u64::try_from(messages).unwrap_or(0), Ordering::Relaxed);
    }

    fn reset(&self) {
        for counter in [&self.frames, &self.bytes, &self.messages] {
            counter.store(0, Ordering::Relaxed);
        }
    }

    fn each(&self) -> Told {
        Told {
            frames: self.frames.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            messages: self.messages.load(Ordering::Relaxed),
        }
    }
}

/// Open pages; they close when this is dropped.
struct Pages {
    heard: Arc<Heard>,
    tasks: JoinSet<()>,
}

impl Pages {
    async fn open(address: SocketAddr, path: &str, token: Option<&str>, count: usize) -> Result<Self> {
        let (heard, mut tasks) = (Arc::new(Heard::default()), JoinSet::new());
        for _ in 0..count {
            let mut request = format!("ws://{address}{path}").into_client_request()?;
            if let Some(token) = token {
                request.headers_mut().insert("Authorization", format!("Bearer {token}").parse()?);
            }
            let stream = TcpStream::connect(address).await?;
            let (mut page, _) = tokio_tungstenite::client_async(request, stream).await?;
            let heard = heard.clone();
            tasks.spawn(async move {
                while let Some(Ok(message)) = page.next().await {
                    match message {
                        Message::Text(text) => heard.note(&text),
                        Message::Close(_) => return,
                        _ => {}
                    }
                }
            });
        }
        Ok(Self { heard, tasks })
    }

    /// How many of them were not cut off.
    fn still_open(&mut self) -> usize {
        while self.tasks.try_join_next().is_some() {}
        self.tasks.len()
    }
}
