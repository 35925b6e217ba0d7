//! The intake's figures: capacity beside its ceiling, latency at 70 %, behaviour at 200 %, and the whole path.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::process::Command;
use tokio::time::Instant;

use crate::load::{Outcome, Shape, put};
use crate::peer::Peer;
use crate::pool::{Requests, Source};
use crate::report::{AtRate, Capacity, Report, WholePath};
use crate::rival;
use crate::server::{Fairlead, Intake, Server, free_address};

/// The share of the capacity at which latency is measured.
const ORDINARY: f64 = 0.7;
/// And the share at which refusal is.
const OVERLOAD: f64 = 2.0;
/// Connections under overload: enough that the server, not the generator, decides what is refused.
const OVERLOAD_CONNECTIONS: usize = 1_024;
/// Longest wait for the queues to run empty between two loads.
const PATIENCE: Duration = Duration::from_secs(600);
/// A first look at the rate, and what it is made with.
pub(crate) const WARM_UP: Duration = Duration::from_secs(2);
pub(crate) const PROBE: usize = 15_000;
/// Fewest messages that are signed for a load.
const FEWEST: usize = 2_000;
const WEBHOOK: &str = "/rockblock/incoming";

/// What `intake` is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The `fairlead` to measure; the one beside this program if not given
    #[arg(long, value_name = "PROGRAM")]
    server: Option<PathBuf>,
    /// Seconds of each load
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// Keep-alive connections of the loads up to the capacity
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Push signed JSON instead of plain forms
    #[arg(long)]
    signed: bool,
    /// Most messages that are made for one load; more are the same ones again
    #[arg(long, default_value_t = 300_000)]
    most: usize,
    /// Messages through the whole path
    #[arg(long, default_value_t = 20_000)]
    messages: usize,
    /// Where to write the figures as JSON
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Measure FastAPI with aio-pika in the same run (needs python3, --amqp, and PyPI)
    #[arg(long, requires = "amqp")]
    fastapi: bool,
    /// The rival's broker
    #[arg(long, value_name = "URL")]
    amqp: Option<String>,
    /// The process of the rival's broker, where several run
    #[arg(long, value_name = "PID")]
    broker_pid: Option<u32>,
}

impl Arguments {
    fn span(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

/// Measures, writes the JSON and prints the table.
pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let mut source = Source::new(arguments.signed)?;
    let bare = bare(arguments, &mut source).await?;
    let program = match &arguments.server {
        // Servers run in folders of their own.
        Some(program) => program.canonicalize().with_context(|| program.display().to_string())?,
        None => std::env::current_exe()?.with_file_name("fairlead"),
    };
    let alone = alone(arguments, &program, &mut source).await?;
    let fairlead = Fairlead::start(&program, "").await?;
    let mut stage = Stage {
        arguments,
        source,
        peer: Peer::new(fairlead.server.address, fairlead.token("viewer").await?)?,
        server: &fairlead.server,
    };
    let intake = stage.capacity().await?;
    let ordinary = stage.at_rate(ORDINARY, intake.rate, arguments.connections.max(256)).await?;
    let overload = stage.at_rate(OVERLOAD, intake.rate, OVERLOAD_CONNECTIONS).await?;
    let whole_path = stage.whole_path().await?;
    let mut source = stage.source;
    drop(fairlead);

    let rival = match &arguments.amqp {
        Some(amqp) if arguments.fastapi => {
            Some(rival::measure(amqp, arguments.broker_pid, &mut source, arguments.span()).await?)
        }
        _ => None,
    };
    let report = Report { bare, alone, intake, ordinary, overload, whole_path, rival };
    if let Some(path) = &arguments.out {
        std::fs::write(path, serde_json::to_string_pretty(&report)?)
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    report.print()
}

/// The ceiling, on this program's own bare handler. It does not mind the same messages again.
async fn bare(arguments: &Arguments, source: &mut Source) -> Result<Capacity> {
    let address = free_address()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("bare").arg("--listen").arg(address.to_string()).env("RUST_LOG", "warn");
    let server = Server::start(command, address, "/health/ready").await?;
    tracing::info!("the bare handler");
    let requests = source.requests(PROBE, "/")?;
    capacity(&server, requests.clone(), arguments.connections, WARM_UP).await?;
    capacity(&server, requests, arguments.connections, arguments.span()).await
}

/// The webhook's own cost: each push journalled before its answer, and nothing else going on.
async fn alone(arguments: &Arguments, program: &Path, source: &mut Source) -> Result<Capacity> {
    let intake = Intake::start(&program.with_file_name("fairlead-intake")).await?;
    tracing::info!("the intake by itself, warming up");
    let probe = source.requests(PROBE, WEBHOOK)?;
    capacity(&intake.server, probe, arguments.connections, WARM_UP).await?;
    tracing::info!("the intake by itself");
    // The journal keeps repeated ones like any others.
    let requests = source.requests(PROBE, WEBHOOK)?;
    let mut measured = capacity(&intake.server, requests, arguments.connections, arguments.span()).await?;
    measured.fresh = true;
    Ok(measured)
}

/// What a server answers in a closed loop.
pub(crate) async fn capacity(
    server: &Server,
    requests: Rc<Requests>,
    connections: usize,
    span: Duration,
) -> Result<Capacity> {
    let cpu = server.process.cpu_s()?;
    let outcome = put(server.address, requests.clone(), Shape::Closed { span }, connections).await;
    let cpu = server.process.cpu_s()? - cpu;
    answered(&outcome)?;
    Ok(Capacity::of(&outcome, requests.is_fresh(), cpu, server.process.peak_mib()?))
}

fn answered(outcome: &Outcome) -> Result<()> {
    let Outcome { accepted, refused, unanswered, .. } = outcome;
    anyhow::ensure!(*accepted > 0, "nothing was accepted: {refused} refused, {unanswered} unanswered");
    Ok(())
}

/// A running Fairlead and what is sent to it.
struct Stage<'a> {
    arguments: &'a Arguments,
    source: Source,
    peer: Peer,
    server: &'a Server,
}

impl Stage<'_> {
    /// Messages for a load at this rate: none of them was sent before, as repeated ones are cheaper to keep.
    fn fresh(&mut self, rate: f64) -> Result<Rc<Requests>> {
        let wanted = 1.3 * rate * self.arguments.span().as_secs_f64();
        let count = (wanted as usize).clamp(FEWEST, self.arguments.most.max(FEWEST));
        tracing::info!("making {count} messages");
        self.source.requests(count, WEBHOOK)
    }

    async fn capacity(&mut self) -> Result<Capacity> {
        tracing::info!("the intake, warming up");
        let (connections, span) = (self.arguments.connections, self.arguments.span());
        let probe = self.source.requests(PROBE, WEBHOOK)?;
        let estimate = capacity(self.server, probe, connections, WARM_UP).await?.rate;
        self.settle().await?;
        let requests = self.fresh(estimate)?;
        tracing::info!("the intake's capacity");
        let capacity = capacity(self.server, requests, connections, span).await?;
        self.settle().await?;
        Ok(capacity)
    }

    async fn at_rate(&mut self, share: f64, capacity: f64, connections: usize) -> Result<AtRate> {
        let rate = share * capacity;
        // No more than the capacity is ever taken.
        let requests = self.fresh(rate.min(1.2 * capacity))?;
        tracing::info!("{:.0} % of the capacity: {rate:.0} messages a second", share * 100.0);
        self.server.process.reset_peak();
        let cpu = self.server.process.cpu_s()?;
        let shape = Shape::Open { rate, span: self.arguments.span() };
        let outcome = put(self.server.address, requests.clone(), shape, connections).await;
        let cpu = self.server.process.cpu_s()? - cpu;
        let peak_mib = self.server.process.peak_mib()?;
        self.settle().await?;
        Ok(AtRate::of(rate, &outcome, requests.is_fresh(), cpu, peak_mib))
    }

    /// From the first push until the tracker has looked at the last message.
    async fn whole_path(&mut self) -> Result<WholePath> {
        let requests = self.source.requests(self.arguments.messages, WEBHOOK)?;
        tracing::info!("the whole path");
        let before = self.peer.messages().await?;
        let count = u64::try_from(self.arguments.messages)?;
        self.server.process.reset_peak();
        let cpu = self.server.process.cpu_s()?;
        let start = Instant::now();
        let outcome =
            put(self.server.address, requests, Shape::Count(count), self.arguments.connections).await;
        anyhow::ensure!(outcome.accepted == count, "only {} of {count} were accepted", outcome.accepted);
        let answered_s = start.elapsed().as_secs_f64();
        self.peer.settle(before + count, PATIENCE).await?;
        let elapsed_s = start.elapsed().as_secs_f64();
        let cpu = self.server.process.cpu_s()? - cpu;
        Ok(WholePath {
            messages: count,
            answered_s,
            elapsed_s,
            rate: count as f64 / elapsed_s,
            cpu_s_per_1000: 1_000.0 * cpu / count as f64,
            peak_mib: self.server.process.peak_mib()?,
        })
    }

    /// Lets the queues run empty. Some of what was answered late may not have been accepted, so the count is no
    /// condition here.
    async fn settle(&self) -> Result<()> {
        tracing::info!("the queues run empty");
        self.peer.settle(0, PATIENCE).await
    }
}
