//! What the bus carries, beside the ceiling of the same round: raw lapin with confirms on the same queue.
//!
//! Over RabbitMQ and MySQL: messages published by raw lapin; as many published from the outbox, until the last is
//! confirmed and its row gone; and the whole way, from enqueueing to the acknowledgement of a consumer that does
//! nothing. In one process over SQLite: the whole way. CPU is this process's alone, not the servers'.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use fairlead_bus::{Bus, BusUrl, Consumer, Delivery, Options, Verdict, enqueue_many};
use fairlead_model::Clock;
use fairlead_model::queue::QueueMessage;
use fairlead_store::{Store, StoreUrl, outbox};
use futures_util::{StreamExt, TryStreamExt};
use lapin::options::{
    BasicPublishOptions, ConfirmSelectOptions, ExchangeDeleteOptions, QueueDeleteOptions, QueuePurgeOptions,
};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties};
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Messages in one unit of work.
const BATCH: usize = 500;
/// Messages that nobody counts.
const WARM_UP: usize = 2_000;
/// What an envelope adds to its message, roughly.
const ENVELOPE: usize = 190;
/// Between two looks whether all is done.
const LOOK: Duration = Duration::from_millis(25);
/// Longest wait for all of it.
const PATIENCE: Duration = Duration::from_secs(300);
const PERSISTENT: u8 = 2;
/// Of the raw publisher's rate.
const PUBLISHER_TARGET: f64 = 0.7;

/// Measures the bus, beside raw lapin.
#[derive(Debug, Parser)]
#[command(name = "bus")]
struct Arguments {
    /// A RabbitMQ broker; without it, and --mysql, only the bus in one process is measured
    #[arg(long, value_name = "URL", requires = "mysql")]
    amqp: Option<String>,
    /// A MySQL or MariaDB server, on which databases are made and dropped
    #[arg(long, value_name = "URL", requires = "amqp")]
    mysql: Option<url::Url>,
    /// Messages of each figure
    #[arg(long, default_value_t = 20_000)]
    messages: usize,
    /// Bytes of a message, its envelope included
    #[arg(long, default_value_t = 500)]
    bytes: usize,
    /// Messages that raw lapin has in flight
    #[arg(long, default_value_t = 200)]
    in_flight: usize,
    /// Publishers of the bus, each with its own channel; the bus's own default if not given
    #[arg(long)]
    publishers: Option<usize>,
    /// Messages that the consumer is given at a time
    #[arg(long, default_value_t = 128)]
    concurrency: usize,
    /// How often all of it is measured; the table has the medians
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Where to write the figures as JSON
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Said by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    ensure!(arguments.rounds > 0 && arguments.messages > 0, "at least one round, of at least one message");
    let runtime = Runtime::new()?;
    let _inside = runtime.enter();
    let mut report = Report { bytes: arguments.bytes, ..Report::default() };
    for round in 1..=arguments.rounds {
        eprintln!("round {round} of {}", arguments.rounds);
        if let (Some(mysql), Some(amqp)) = (&arguments.mysql, &arguments.amqp) {
            let database = Database::create(&runtime, mysql)?;
            let measured = runtime.block_on(over_the_broker(&database.store, amqp, &arguments, &mut report));
            database.drop(&runtime)?;
            measured?;
        }
        let folder = tempfile::tempdir()?;
        let store = Store::open(StoreUrl::Sqlite(folder.path().join("store.sqlite")))?;
        runtime.block_on(in_one_process(&store, &arguments, &mut report))?;
    }
    if let Some(path) = &arguments.out {
        std::fs::write(path, serde_json::to_string_pretty(&report)?)
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    report.print()
}

/// A MySQL database of one round.
struct Database {
    store: Store,
    administrator: Store,
    name: String,
}

impl Database {
    fn create(runtime: &Runtime, server: &url::Url) -> Result<Self> {
        let name = format!("fl_{}", Clock::system().new_id().simple());
        let mut url = server.clone();
        url.set_path("information_schema");
        let administrator = Store::open(url.as_str().parse().map_err(anyhow::Error::msg)?)?;
        let create = format!("CREATE DATABASE {name} CHARACTER SET utf8mb4");
        runtime.block_on(administrator.administer(create))?;
        url.set_path(&name);
        let store = Store::open(url.as_str().parse().map_err(anyhow::Error::msg)?)?;
        Ok(Self { store, administrator, name })
    }

    fn drop(self, runtime: &Runtime) -> Result<()> {
        drop(self.store);
        Ok(runtime.block_on(self.administrator.administer(format!("DROP DATABASE {}", self.name)))?)
    }
}

/// One round over RabbitMQ and MySQL.
async fn over_the_broker(
    store: &Store,
    amqp: &str,
    arguments: &Arguments,
    report: &mut Report,
) -> Result<()> {
    store.migrate().await?;
    let defaults = Options::default();
    let prefix = format!("fl-{}", Clock::system().new_id().simple());
    let publishers = arguments.publishers.unwrap_or(defaults.publishers);
    let options = Options { prefix: prefix.clone(), publishers, ..defaults };
    let url: BusUrl = amqp.parse().map_err(anyhow::Error::msg)?;
    let bus = Bus::open(url, store.clone(), Clock::system(), options);
    let raw = Raw::connect(amqp, prefix).await?;
    let measured = measure(&bus, store, &raw, arguments, report).await;
    drop(bus);
    raw.remove_everything().await?;
    measured
}

async fn measure(
    bus: &Bus,
    store: &Store,
    raw: &Raw,
    arguments: &Arguments,
    report: &mut Report,
) -> Result<()> {
    // Also makes the queue, with the bus's own arguments.
    whole_way(bus, store, &jobs(WARM_UP, arguments.bytes), arguments.concurrency).await?;
    let jobs = jobs(arguments.messages, arguments.bytes);
    raw.publish(WARM_UP, arguments).await?;
    raw.purge().await?;

    let watch = Watch::start()?;
    raw.publish(arguments.messages, arguments).await?;
    report.raw.push(watch.stop(arguments.messages)?);
    raw.purge().await?;

    enqueue(store, &jobs).await?;
    let watch = Watch::start()?;
    let publisher = Publisher::start(bus);
    until_empty(store).await?;
    report.publisher.push(watch.stop(arguments.messages)?);
    publisher.stop().await?;
    let arrived = raw.purge().await?;
    ensure!(arrived as usize >= jobs.len(), "{arrived} of {} messages are in the queue", jobs.len());

    report.whole_way.push(whole_way(bus, store, &jobs, arguments.concurrency).await?);
    Ok(())
}

/// One round in one process.
async fn in_one_process(store: &Store, arguments: &Arguments, report: &mut Report) -> Result<()> {
    store.migrate().await?;
    let bus = Bus::open(BusUrl::Local, store.clone(), Clock::system(), Options::default());
    whole_way(&bus, store, &jobs(WARM_UP, arguments.bytes), arguments.concurrency).await?;
    let jobs = jobs(arguments.messages, arguments.bytes);
    report.local.push(whole_way(&bus, store, &jobs, arguments.concurrency).await?);
    Ok(())
}

/// From the first unit of work that enqueues until the consumer has stopped, all of its messages acknowledged.
async fn whole_way(bus: &Bus, store: &Store, jobs: &[Job], concurrency: usize) -> Result<Spent> {
    let watch = Watch::start()?;
    let publisher = Publisher::start(bus);
    let (seen, mut all) = watch::channel(Seen::of(jobs.len()));
    let (consuming, stop) = (bus.clone(), CancellationToken::new());
    let stopped = stop.clone();
    let consumer = tokio::spawn(async move { consuming.consume(Idle(seen), concurrency, stopped).await });
    enqueue(store, jobs).await?;
    tokio::time::timeout(PATIENCE, all.wait_for(|seen| seen.missing == 0)).await??;
    until_empty(store).await?;
    stop.cancel();
    consumer.await?;
    let spent = watch.stop(jobs.len())?;
    publisher.stop().await?;
    Ok(spent)
}

async fn enqueue(store: &Store, jobs: &[Job]) -> Result<()> {
    let clock = Clock::system();
    for unit in jobs.chunks(BATCH) {
        let (clock, unit) = (clock.clone(), unit.to_vec());
        store.write(move |tx| enqueue_many(tx, &clock, &unit, None)).await?;
    }
    Ok(())
}

/// Waits until all that was enqueued has left the outbox.
async fn until_empty(store: &Store) -> Result<()> {
    let ever = Clock::system().now().plus(Duration::from_secs(1_000_000));
    let start = Instant::now();
    while !store.read(move |conn| outbox::due(conn, Job::NAME, ever, 1)).await?.is_empty() {
        ensure!(start.elapsed() < PATIENCE, "the outbox does not run empty");
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

/// The work of the figures.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Job {
    n: usize,
    text: String,
}

impl QueueMessage for Job {
    const NAME: &'static str = "bench";
    const VERSION: u32 = 1;
    const PURPOSE: &'static str = "Only a measurement.";
}

fn jobs(count: usize, bytes: usize) -> Vec<Job> {
    let text = "x".repeat(bytes.saturating_sub(ENVELOPE));
    (0..count).map(|n| Job { n, text: text.clone() }).collect()
}

/// A consumer that does nothing but tick off.
struct Idle(watch::Sender<Seen>);

/// Which messages have come.
struct Seen {
    came: Vec<bool>,
    missing: usize,
}

impl Seen {
    fn of(count: usize) -> Self {
        Self { came: vec![false; count], missing: count }
    }

    /// Says whether it was the last.
    fn tick_off(&mut self, n: usize) -> bool {
        if let Some(came) = self.came.get_mut(n).filter(|came| !**came) {
            *came = true;
            self.missing -= 1;
        }
        self.missing == 0
    }
}

impl Consumer for Idle {
    type Message = Job;

    async fn handle(&self, delivery: Delivery<Job>) -> Verdict {
        self.0.send_if_modified(|seen| seen.tick_off(delivery.message.n));
        Verdict::Done
    }
}

/// The bus's publishers at work.
struct Publisher {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Publisher {
    fn start(bus: &Bus) -> Self {
        let (bus, stop) = (bus.clone(), CancellationToken::new());
        let stopped = stop.clone();
        let task = tokio::spawn(async move { bus.run_publisher(stopped).await });
        Self { stop, task }
    }

    async fn stop(self) -> Result<()> {
        self.stop.cancel();
        Ok(self.task.await?)
    }
}

/// lapin by itself, on the queue of the bus.
struct Raw {
    connection: Connection,
    channel: Channel,
    prefix: String,
    queue: String,
}

impl Raw {
    async fn connect(amqp: &str, prefix: String) -> Result<Self> {
        let connection = Connection::connect(amqp, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        let queue = format!("{prefix}.{}", Job::NAME);
        Ok(Self { connection, channel, prefix, queue })
    }

    /// Publishes as the bus does: persistent, mandatory, confirmed, as many in flight at any time.
    async fn publish(&self, count: usize, arguments: &Arguments) -> Result<()> {
        let body: Arc<[u8]> = vec![b'x'; arguments.bytes].into();
        futures_util::stream::iter(0..count)
            .map(|_| self.publish_one(&body))
            .buffer_unordered(arguments.in_flight.max(1))
            .try_for_each(|()| async { Ok(()) })
            .await
    }

    async fn publish_one(&self, body: &[u8]) -> Result<()> {
        let mandatory = BasicPublishOptions { mandatory: true, ..Default::default() };
        let properties = BasicProperties::default()
            .with_delivery_mode(PERSISTENT)
            .with_content_type("application/json".into())
            .with_message_id(Clock::system().new_id().to_string().into())
            .with_type(Job::NAME.into());
        let queue = self.queue.as_str().into();
        let confirm =
            self.channel.basic_publish("".into(), queue, mandatory, body, properties).await?.await?;
        ensure!(matches!(confirm, Confirmation::Ack(None)), "the broker did not take a message");
        Ok(())
    }

    /// Empties the queue; says how many messages were in it.
    async fn purge(&self) -> Result<u32> {
        Ok(self.channel.queue_purge(self.queue.as_str().into(), QueuePurgeOptions::default()).await?)
    }

    async fn remove_everything(&self) -> Result<()> {
        let dead = format!("{}.dead", self.prefix);
        for queue in [&self.queue, &dead] {
            self.channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await?;
        }
        self.channel.exchange_delete(dead.as_str().into(), ExchangeDeleteOptions::default()).await?;
        Ok(self.connection.close(200, "done".into()).await?)
    }
}

/// Time and this process's CPU since a moment.
struct Watch {
    start: Instant,
    cpu_s: f64,
}

impl Watch {
    fn start() -> Result<Self> {
        Ok(Self { start: Instant::now(), cpu_s: cpu_s()? })
    }

    fn stop(self, messages: usize) -> Result<Spent> {
        let (seconds, messages) = (self.start.elapsed().as_secs_f64(), messages as f64);
        let cpu_s_per_1000 = 1_000.0 * (cpu_s()? - self.cpu_s) / messages;
        Ok(Spent { rate: messages / seconds, cpu_s_per_1000 })
    }
}

/// CPU seconds of this process so far. Clock ticks are 100 a second on every Linux architecture.
fn cpu_s() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name in parentheses may hold blanks; state is the first field behind it, utime the twelfth.
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks: Result<Vec<f64>, _> = after_name.split(' ').skip(11).take(2).map(str::parse).collect();
    Ok(ticks?.iter().sum::<f64>() / 100.0)
}

/// What one figure of one round has taken.
#[derive(Debug, Serialize)]
struct Spent {
    rate: f64,
    cpu_s_per_1000: f64,
}

/// Everything that was measured, once for each round.
#[derive(Debug, Default, Serialize)]
struct Report {
    bytes: usize,
    /// Raw lapin, until the last confirm.
    raw: Vec<Spent>,
    /// From the outbox, until the last row is gone.
    publisher: Vec<Spent>,
    /// From enqueueing to the acknowledgement, over RabbitMQ and MySQL.
    whole_way: Vec<Spent>,
    /// The same in one process over SQLite.
    local: Vec<Spent>,
}

impl Report {
    /// Prints the table in Markdown: medians, with the slowest and the fastest round.
    fn print(&self) -> Result<()> {
        let raw = median(&self.raw, |spent| spent.rate);
        let rows = [
            ("raw lapin, confirmed", &self.raw, String::new()),
            ("published from the outbox", &self.publisher, format!("≥ {PUBLISHER_TARGET:.2}")),
            ("the whole way, RabbitMQ and MySQL", &self.whole_way, String::new()),
            ("the whole way, in one process over SQLite", &self.local, String::new()),
        ];
        let mut out = std::io::stdout().lock();
        writeln!(out, "| figure, {} bytes | messages | of raw | target | CPU per 1,000 |", self.bytes)?;
        writeln!(out, "|---|---|---|---|---|")?;
        for (figure, spent, target) in rows.into_iter().filter(|(_, spent, _)| !spent.is_empty()) {
            let ratio = median(spent, |spent| spent.rate) / raw;
            let ratio = if ratio.is_nan() { String::new() } else { format!("{ratio:.2}") };
            let (rates, cpu) = (shown(spent), median(spent, |spent| spent.cpu_s_per_1000));
            writeln!(out, "| {figure} | {rates} | {ratio} | {target} | {cpu:.3} s |")?;
        }
        Ok(())
    }
}

fn shown(spent: &[Spent]) -> String {
    let rates = spent.iter().map(|spent| spent.rate);
    let (least, most) =
        rates.fold((f64::MAX, 0.0_f64), |(least, most), rate| (least.min(rate), most.max(rate)));
    format!("{:.0}/s ({least:.0}–{most:.0})", median(spent, |spent| spent.rate))
}

fn median(spent: &[Spent], figure: impl Fn(&Spent) -> f64) -> f64 {
    let mut sorted: Vec<f64> = spent.iter().map(figure).collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
