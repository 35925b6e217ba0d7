//! The figures of upgrades: a whole fleet that fetches a firmware of 107 files at once, as slowly as real devices and as
//! fast as the machine lets it, beside a bare server that answers the same bytes from memory to the same clients.

pub(crate) mod bare;
mod site;

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fairlead_model::device::DeviceKind;
use fairlead_simulator::firmware_tree::{FirmwareTree, Repository, TaggedVersion, write_repository};
use fairlead_simulator::satellite::bench::{Ended, Flash, Habits, UpgradeClient};
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio::time::Instant;

use self::site::Site;
use crate::process::Watched;
use crate::server::{Server, free_address};

/// Of the simulated firmware.
const SEED: u64 = 11;
/// What the repository is called.
const SOURCE: &str = "scout";
/// Requests of an upgrade beside one for each file: `check`, `metadata` and `complete`.
const BESIDE_FILES: usize = 3;
/// A real device needs this to join its network, before its first request.
const JOINING: Duration = Duration::from_secs(2);
/// How long the server is left to write down that the jobs were made.
const SETTLE: Duration = Duration::from_secs(2);
/// Longest wait for a fleet.
const PATIENCE: Duration = Duration::from_secs(300);

/// What `firmware` is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The `fairlead` to measure, with the services beside it; the one beside this program if not given
    #[arg(long, value_name = "PROGRAM")]
    server: Option<PathBuf>,
    /// Devices that are upgraded at once
    #[arg(long, default_value_t = 50)]
    devices: usize,
    /// How often the fleet is upgraded as fast as it can
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Measure the separate services too, on this empty database
    #[arg(long, value_name = "URL", requires = "amqp")]
    mysql: Option<String>,
    /// And this broker
    #[arg(long, value_name = "URL", requires = "mysql")]
    amqp: Option<String>,
}

/// How a fleet goes about it.
struct Pace {
    name: &'static str,
    habits: Habits,
    rounds: u32,
}

/// What fleets have cost, added up.
#[derive(Default)]
struct Cost {
    upgrades: usize,
    requests: usize,
    cpu_s: f64,
    /// From the first request to the last answer.
    seconds: f64,
    /// Devices that were refused anything, or did not get what they should.
    refused: usize,
    /// What the first of them says.
    why: Option<String>,
    peak_mib: f64,
}

/// One server under one pace.
struct Row {
    pace: &'static str,
    server: &'static str,
    cost: Cost,
}

/// Measures one shape after the other, and prints the table.
pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let program = match &arguments.server {
        Some(program) => program.canonicalize().with_context(|| program.display().to_string())?,
        None => std::env::current_exe()?.with_file_name("fairlead"),
    };
    let folder = tempfile::tempdir().context("a temporary folder")?;
    let repository = write_repository(&folder.path().join(SOURCE), SEED, 3).await?;
    let paces = [
        Pace { name: "the real one", habits: Habits::REAL, rounds: 1 },
        Pace { name: "none", habits: Habits::HURRIED, rounds: arguments.rounds.max(1) },
    ];
    let mut rows = Vec::new();
    let site = Site::one(&program, &repository.url()).await?;
    fairlead(&site, "one process", arguments, &repository, &paces, &mut rows).await?;
    drop(site);
    if let (Some(mysql), Some(amqp)) = (&arguments.mysql, &arguments.amqp) {
        let site = Site::services(&program, mysql, amqp, &repository.url()).await?;
        fairlead(&site, "a service", arguments, &repository, &paces, &mut rows).await?;
    }
    bare(arguments, &repository, &paces, &mut rows).await?;
    print(&rows)
}

/// Versions to upgrade from and to.
fn versions(repository: &Repository) -> Result<(&FirmwareTree, [&TaggedVersion; 2])> {
    let [old, one, other] = repository.versions.as_slice() else { anyhow::bail!("no three versions") };
    Ok((&old.tree, [one, other]))
}

async fn fairlead(
    site: &Site,
    server: &'static str,
    arguments: &Arguments,
    repository: &Repository,
    paces: &[Pace],
    rows: &mut Vec<Row>,
) -> Result<()> {
    let (old, new) = versions(repository)?;
    let devices = site.buoys(arguments.devices).await?;
    let names: Vec<&str> = devices.iter().map(|device| device.name.as_str()).collect();
    let prepared = [site.version(&new[0].tag).await?, site.version(&new[1].tag).await?];
    let mut turns = new.iter().zip(&prepared).cycle();
    for pace in paces {
        let mut cost = Cost::default();
        site.process.reset_peak();
        for round in 0..pace.rounds {
            tracing::info!("{server}, pace: {}, round {}", pace.name, round + 1);
            let (new, version) = turns.next().context("two versions")?;
            let mut jobs = Vec::new();
            for device in &devices {
                jobs.push(site.upgrade(device, version).await?);
            }
            tokio::time::sleep(SETTLE).await;
            cost.add(fleet(site.process, &site.devices, &names, old, &new.tree, pace).await?);
            for job in &jobs {
                ensure!(cost.refused > 0 || site.has_succeeded(job).await?, "job {} is not done", job.number);
            }
        }
        rows.push(Row { pace: pace.name, server, cost });
    }
    Ok(())
}

/// The ceiling.
async fn bare(
    arguments: &Arguments,
    repository: &Repository,
    paces: &[Pace],
    rows: &mut Vec<Row>,
) -> Result<()> {
    let (old, [new, _]) = versions(repository)?;
    let address = free_address()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["bare-firmware", "--listen", &address.to_string(), "--version", "1"]);
    let server = Server::start(command, address, "/health/ready").await?;
    let names: Vec<String> = (1..=arguments.devices).map(|number| format!("PK{number:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for pace in paces {
        let mut cost = Cost::default();
        for round in 0..pace.rounds {
            tracing::info!("bare, pace: {}, round {}", pace.name, round + 1);
            let url = format!("http://{address}/v1");
            cost.add(fleet(server.process, &url, &names, old, &new.tree, pace).await?);
        }
        rows.push(Row { pace: pace.name, server: "bare", cost });
    }
    Ok(())
}

/// Devices that all begin at once; what they cost the server.
async fn fleet(
    process: Watched,
    server: &str,
    names: &[&str],
    old: &FirmwareTree,
    new: &FirmwareTree,
    pace: &Pace,
) -> Result<Cost> {
    let running = Flash::running(old);
    let mut upgrading = JoinSet::new();
    let (cpu, begun) = (process.cpu_s()?, Instant::now());
    for name in names {
        let client = UpgradeClient::new(server, DeviceKind::Buoy, name, SEED)?;
        let (mut client, mut flash) = (client.with_habits(pace.habits), running.clone());
        upgrading.spawn(async move { (client.run(&mut flash).await, flash) });
    }
    let mut cost = Cost::default();
    let all = async {
        while let Some(ended) = upgrading.join_next().await {
            let (ended, flash) = ended?;
            cost.note(&ended, **flash.files() == *new.files());
        }
        Ok::<_, anyhow::Error>(())
    };
    tokio::time::timeout(PATIENCE, all).await.context("not all devices have ended")??;
    cost.cpu_s = process.cpu_s()? - cpu;
    cost.seconds = begun.elapsed().saturating_sub(JOINING / pace.habits.haste.max(1)).as_secs_f64();
    cost.requests = cost.upgrades * (new.files().len() + BESIDE_FILES);
    cost.peak_mib = process.peak_mib()?;
    Ok(cost)
}

impl Cost {
    fn note(&mut self, ended: &Ended, is_right: bool) {
        if *ended == Ended::Upgraded && is_right {
            self.upgrades += 1;
        } else {
            self.refused += 1;
            self.why.get_or_insert_with(|| format!("{ended:?}"));
        }
    }

    fn add(&mut self, more: Self) {
        self.upgrades += more.upgrades;
        self.requests += more.requests;
        self.cpu_s += more.cpu_s;
        self.seconds += more.seconds;
        self.refused += more.refused;
        self.why = self.why.take().or(more.why);
        self.peak_mib = self.peak_mib.max(more.peak_mib);
    }
}

fn print(rows: &[Row]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "| pace | server | upgrades | refused | requests | duration | CPU | share of a core | CPU of 1,000 requests | \
         bare / this | memory |\n|{}",
        "---|".repeat(11)
    )?;
    for Row { pace, server, cost } in rows {
        let bare = rows.iter().find(|row| row.pace == *pace && row.server == "bare");
        let each = |cost: &Cost| cost.cpu_s * 1e3 / cost.requests as f64;
        writeln!(
            out,
            "| {pace} | {server} | {} | {} | {} | {:.1} s | {:.2} s | {:.1} % | {:.3} s | {:.2} | {:.0} MiB |",
            cost.upgrades,
            cost.refused,
            cost.requests,
            cost.seconds,
            cost.cpu_s,
            100.0 * cost.cpu_s / cost.seconds,
            each(cost),
            bare.map_or(1.0, |bare| each(&bare.cost) / each(cost)),
            cost.peak_mib,
        )?;
        if let Some(why) = &cost.why {
            tracing::warn!("{server}, pace: {pace}: the first that was refused: {why}");
        }
    }
    Ok(())
}
