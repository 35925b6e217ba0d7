//! The hub's figures: what an idle device costs, how many texts are passed on for a second of CPU, and how soon a whole
//! fleet is back; each beside the same hub on Python's `websockets` in the same run.

mod client;
mod rival;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::task::JoinSet;
use tokio::time::Instant;

use self::client::{Socket, dial};
use crate::process::Watched;
use crate::server::{Fairlead, free_address};

/// How long memory is left to settle.
const SETTLE: Duration = Duration::from_secs(5);
/// Longest wait for a fleet.
const PATIENCE: Duration = Duration::from_secs(120);
/// Bytes of a text that is passed on.
const TEXT_BYTES: usize = 200;
/// A device's state, as the firmware says it after each command.
const STATE: &str = concat!(
    r#"{"iam":"PK001","dev":"buoy","batt/main_v":4.0575001234567,"rb/enabled":1,"rb/running":"True","gps/enabled":1,"#,
    r#""gps/running":"True","lora/enabled":1,"lora/running":"False","wifi/net/ip":"192.168.4.100"}"#
);
/// Texts that each room has on their way: one, as a device speaks, and many, as a hub is filled.
const ON_THEIR_WAY: [usize; 2] = [1, 16];

/// What `rooms` is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The `fairlead` to measure; the one beside this program if not given
    #[arg(long, value_name = "PROGRAM")]
    server: Option<PathBuf>,
    /// Devices that are idle, and that come back at once
    #[arg(long, default_value_t = 5_000)]
    devices: usize,
    /// Rooms in which texts are passed on
    #[arg(long, default_value_t = 1_000)]
    rooms: usize,
    /// Seconds of each measurement of the relay
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Measure Fairlead alone
    #[arg(long)]
    alone: bool,
}

/// A hub that is measured, whoever made it.
pub(crate) struct Hub {
    process: Watched,
    devices: SocketAddr,
    pages: SocketAddr,
    /// What pages add to their path.
    proof: String,
}

/// Texts passed on, in a second of CPU and in a second.
struct Relay {
    per_cpu_s: f64,
    per_s: f64,
}

/// One figure of one hub.
struct Figure {
    what: String,
    value: f64,
    digits: usize,
    unit: &'static str,
    /// Whether how many times as much it is has a row of its own.
    compared: bool,
}

impl Figure {
    fn new(what: impl Into<String>, value: f64, digits: usize, unit: &'static str) -> Self {
        Self { what: what.into(), value, digits, unit, compared: false }
    }
}

/// Measures, and prints the tables.
pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let program = match &arguments.server {
        Some(program) => program.canonicalize().with_context(|| program.display().to_string())?,
        None => std::env::current_exe()?.with_file_name("fairlead"),
    };
    let mut shown = Vec::new();
    let (devices, pages) = (free_address()?, free_address()?);
    let fairlead = start(&program, devices, pages).await?;
    let proof = format!("?token={}", fairlead.token("operator").await?);
    let hub = Hub { process: fairlead.server.process, devices, pages, proof };
    shown.push(("Fairlead", measure(&hub, arguments).await?));
    drop(fairlead);
    if !arguments.alone {
        let python = rival::install().await?;
        for (name, compression) in [("websockets, plain", None), ("websockets, deflate", Some("deflate"))] {
            let (server, hub) = python.start(compression).await?;
            shown.push((name, measure(&hub, arguments).await?));
            drop(server);
        }
    }
    print(&shown)
}

async fn start(program: &std::path::Path, devices: SocketAddr, pages: SocketAddr) -> Result<Fairlead> {
    let set = [
        format!("hub.device_listen={devices}"),
        format!("hub.page_listen={pages}"),
        "hub.unknown_devices=accept".to_owned(),
    ];
    Fairlead::start_with(program, &set).await
}

async fn measure(hub: &Hub, arguments: &Arguments) -> Result<Vec<Figure>> {
    // What a hub grows by when it is used at all is not a device's.
    drop(fleet(hub, 200).await?);
    tokio::time::sleep(SETTLE).await;
    let before = hub.process.resident_kib()?;
    tracing::info!("{} devices come", arguments.devices);
    let begun = Instant::now();
    let first = fleet(hub, arguments.devices).await?;
    let came_s = begun.elapsed().as_secs_f64();
    tokio::time::sleep(SETTLE).await;
    let idle_kib = (hub.process.resident_kib()? - before) / arguments.devices as f64;
    tracing::info!("they come again, and nobody has said that they had gone");
    let begun = Instant::now();
    let second = fleet(hub, arguments.devices).await?;
    let back_s = begun.elapsed().as_secs_f64();
    let mut figures = vec![
        Figure::new(format!("memory of one of {} idle devices", arguments.devices), idle_kib, 1, " KiB"),
        Figure::new(format!("{} devices come at once", arguments.devices), came_s, 2, " s"),
        Figure::new("they come again, the old lines still open", back_s, 2, " s"),
    ];
    drop((first, second));
    tokio::time::sleep(SETTLE).await;
    for on_their_way in ON_THEIR_WAY {
        let what = format!("{} rooms, {on_their_way} on their way in each", arguments.rooms);
        tracing::info!("{what}");
        let relay = pass_on(hub, arguments, on_their_way).await?;
        let per_cpu_s = Figure::new(format!("texts a CPU-second, {what}"), relay.per_cpu_s, 0, "");
        figures.push(Figure { compared: true, ..per_cpu_s });
        figures.push(Figure::new("the same, texts a second", relay.per_s, 0, ""));
    }
    Ok(figures)
}

/// Devices that all come at once.
async fn fleet(hub: &Hub, count: usize) -> Result<Vec<Socket>> {
    let mut dialling = JoinSet::new();
    for n in 0..count {
        let address = hub.devices;
        dialling.spawn(async move { dial(address, &format!("/F{n:05}")).await });
    }
    let all = async {
        let mut sockets = Vec::with_capacity(count);
        while let Some(dialled) = dialling.join_next().await {
            sockets.push(dialled??);
        }
        Ok::<_, anyhow::Error>(sockets)
    };
    tokio::time::timeout(PATIENCE, all).await.context("not all devices got a line")?
}

/// Texts from a device to a page in each room: as many on their way as are said, for a while.
async fn pass_on(hub: &Hub, arguments: &Arguments, on_their_way: usize) -> Result<Relay> {
    ensure!(STATE.len() == TEXT_BYTES, "{} bytes", STATE.len());
    let mut rooms = Vec::new();
    for n in 0..arguments.rooms {
        let device = dial(hub.devices, &format!("/R{n:05}")).await?;
        let page = dial(hub.pages, &format!("/R{n:05}{}", hub.proof)).await?;
        rooms.push((device, page));
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let span = Duration::from_secs(arguments.seconds);
    let (cpu, begun) = (hub.process.cpu_s()?, Instant::now());
    let mut talking = JoinSet::new();
    for (mut device, mut page) in rooms {
        let frames = client::masked(STATE).repeat(on_their_way);
        talking.spawn(async move {
            let mut passed = 0;
            while begun.elapsed() < span {
                device.write(&frames).await?;
                page.read_texts(on_their_way).await?;
                passed += on_their_way;
            }
            Ok::<_, anyhow::Error>((passed, device, page))
        });
    }
    let mut passed = 0;
    let mut kept = Vec::new();
    while let Some(talked) = talking.join_next().await {
        let (count, device, page) = talked??;
        passed += count;
        kept.push((device, page));
    }
    let cpu_s = hub.process.cpu_s()? - cpu;
    let per_s = passed as f64 / begun.elapsed().as_secs_f64();
    Ok(Relay { per_cpu_s: passed as f64 / cpu_s, per_s })
}

fn print(shown: &[(&str, Vec<Figure>)]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let names: Vec<&str> = shown.iter().map(|(name, _)| *name).collect();
    writeln!(out, "| figure | {} |", names.join(" | "))?;
    writeln!(out, "|{}", "---|".repeat(names.len() + 1))?;
    let own = shown.first().map(|(_, figures)| figures.as_slice()).unwrap_or_default();
    for (n, figure) in own.iter().enumerate() {
        let each = || shown.iter().filter_map(|(_, figures)| figures.get(n));
        let values: Vec<String> = each().map(|f| format!("{:.*}{}", f.digits, f.value, f.unit)).collect();
        writeln!(out, "| {} | {} |", figure.what, values.join(" | "))?;
        if figure.compared {
            let times: Vec<String> = each().map(|f| format!("{:.1}", figure.value / f.value)).collect();
            writeln!(out, "| Fairlead / this | {} |", times.join(" | "))?;
        }
    }
    Ok(())
}
