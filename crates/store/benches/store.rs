//! What the store takes, each figure beside the ceiling of the same round: the raw database and the same rows.
//!
//! The ceiling of the drain's unit of work is one insert of as many rows into one bare table, one transaction each,
//! through the same driver and with the same durability; a bare row has as many bytes as all that the store writes
//! about one message. The ceiling of a single row is a transaction of its own. Each round has a new database.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use fairlead_model::message::MessageState;
use fairlead_model::{Clock, Time, Trust};
use fairlead_store::outbox::{self, OutboxRow};
use fairlead_store::satellite::held;
use fairlead_store::satellite::messages::{self, MessageRow};
use fairlead_store::{Conn, Digest, Micros, Mysql, Store, StoreError, StoreUrl, Tx};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::runtime::Runtime;

/// Callers that write at once, each one row at a time.
const CALLERS: usize = 64;
/// Connections on which the raw MySQL is asked at once: as many as the store holds.
const CONNECTIONS: usize = 12;
/// Messages that nobody counts.
const WARM_UP: usize = 2_000;
/// The JWT of a push: this many characters.
const TOKEN: usize = 600;

/// Measures the store, beside the raw database.
#[derive(Debug, Parser)]
#[command(name = "store")]
struct Arguments {
    /// A MySQL or MariaDB server, on which databases are made and dropped; without it only SQLite is measured
    #[arg(long, value_name = "URL")]
    mysql: Option<url::Url>,
    /// Where the SQLite files go: the disk that is measured; the folder for temporary files if not given
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Messages through the drain's unit of work
    #[arg(long, default_value_t = 30_000)]
    messages: usize,
    /// Messages in one unit of work
    #[arg(long, default_value_t = 500)]
    batch: usize,
    /// Rows that are written one by one
    #[arg(long, default_value_t = 10_000)]
    rows: usize,
    /// Rows that the raw database is given one by one, on each connection
    #[arg(long, default_value_t = 1_000)]
    raw_rows: usize,
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
    ensure!(
        arguments.rounds > 0 && arguments.batch > 0,
        "at least one round, of batches of at least one message"
    );
    let runtime = Runtime::new()?;
    let _inside = runtime.enter();
    let mut report = Report { batch: arguments.batch, databases: vec![Figures::new("SQLite", 10_000.0)] };
    if arguments.mysql.is_some() {
        report.databases.push(Figures::new("MySQL", 5_000.0));
    }
    for round in 1..=arguments.rounds {
        for figures in &mut report.databases {
            eprintln!("round {round} of {} on {}", arguments.rounds, figures.database);
            let server = arguments.mysql.as_ref().filter(|_| figures.database == "MySQL");
            let database = Database::create(&runtime, server, arguments.folder.as_ref())?;
            let measured = measure(&runtime, &database, &arguments, figures);
            database.drop(&runtime)?;
            measured?;
        }
    }
    if let Some(path) = &arguments.out {
        std::fs::write(path, serde_json::to_string_pretty(&report)?)
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    report.print()
}

/// A database of one round.
struct Database {
    store: Store,
    raw: Raw,
    name: Option<(Store, String)>,
}

/// Where the bare table is.
enum Raw {
    /// A file beside the store's, in a folder that goes with this.
    Sqlite(tempfile::TempDir),
    /// The store's own database.
    Mysql(String),
}

impl Database {
    fn create(runtime: &Runtime, server: Option<&url::Url>, folder: Option<&PathBuf>) -> Result<Self> {
        let (store, raw, name) = if let Some(server) = server {
            let name = format!("fl_{}", Clock::system().new_id().simple());
            let mut url = server.clone();
            url.set_path("information_schema");
            let administrator = Store::open(url.as_str().parse().map_err(anyhow::Error::msg)?)?;
            let create = format!("CREATE DATABASE {name} CHARACTER SET utf8mb4");
            runtime.block_on(administrator.administer(create))?;
            url.set_path(&name);
            let store = Store::open(url.as_str().parse().map_err(anyhow::Error::msg)?)?;
            (store, Raw::Mysql(url.into()), Some((administrator, name)))
        } else {
            let folder = folder.map_or_else(tempfile::tempdir, tempfile::tempdir_in)?;
            let store = Store::open(StoreUrl::Sqlite(folder.path().join("store.sqlite")))?;
            (store, Raw::Sqlite(folder), None)
        };
        runtime.block_on(store.migrate())?;
        let table = match raw {
            Raw::Sqlite(_) => "CREATE TABLE bare (id INTEGER PRIMARY KEY, data BLOB NOT NULL)",
            Raw::Mysql(_) => {
                "CREATE TABLE bare (id BIGINT PRIMARY KEY, data MEDIUMBLOB NOT NULL) ENGINE=InnoDB"
            }
        };
        raw.open()?.batch_execute(table)?;
        Ok(Self { store, raw, name })
    }

    fn drop(self, runtime: &Runtime) -> Result<()> {
        drop(self.store);
        if let Some((administrator, name)) = self.name {
            runtime.block_on(administrator.administer(format!("DROP DATABASE {name}")))?;
        }
        Ok(())
    }
}

impl Raw {
    /// A connection with the durability of the store's, and nothing else of it.
    fn open(&self) -> Result<Conn> {
        match self {
            Self::Sqlite(folder) => {
                let path = folder.path().join("raw.sqlite");
                let mut conn = SqliteConnection::establish(&path.to_string_lossy())?;
                conn.batch_execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")?;
                Ok(Conn::Sqlite(conn))
            }
            Self::Mysql(url) => Ok(Conn::Mysql(Mysql::establish(url)?)),
        }
    }
}

diesel::table! {
    /// The ceiling's one table.
    bare (id) {
        /// Counted up.
        id -> BigInt,
        /// As many bytes as the store writes.
        data -> Binary,
    }
}

/// All that the store writes about one message, in one value.
#[derive(Insertable)]
#[diesel(table_name = bare, treat_none_as_default_value = false)]
struct BareRow {
    id: i64,
    data: Vec<u8>,
}

fn insert_bare(conn: &mut Conn, rows: &[BareRow]) -> Result<()> {
    let inserted = conn.transaction(|conn| match conn {
        Conn::Sqlite(c) => diesel::insert_into(bare::table).values(rows).execute(c),
        Conn::Mysql(c) => diesel::insert_into(bare::table).values(rows).execute(c),
    })?;
    ensure!(inserted == rows.len(), "{inserted} of {} rows were inserted", rows.len());
    Ok(())
}

/// One round on one database.
fn measure(
    runtime: &Runtime,
    database: &Database,
    arguments: &Arguments,
    figures: &mut Figures,
) -> Result<()> {
    let Arguments { messages, batch, rows, raw_rows, .. } = *arguments;
    let Database { store, raw, .. } = database;
    let clock = Clock::system();
    let load = units(&clock, 0..WARM_UP + messages, batch);
    let (warm_up, load) = load.split_at(WARM_UP.div_ceil(batch).min(load.len()));
    let mut bare: Vec<Vec<BareRow>> = warm_up.iter().chain(load).map(Unit::bare).collect();
    let counted = bare.split_off(warm_up.len());
    let count: usize = load.iter().map(|unit| unit.messages.len()).sum();

    let mut conn = raw.open()?;
    bare.iter().try_for_each(|rows| insert_bare(&mut conn, rows))?;
    figures.raw_drain.push(rate(count, || counted.iter().try_for_each(|rows| insert_bare(&mut conn, rows)))?);

    warm_up.iter().try_for_each(|unit| unit.drain(runtime, store))?;
    figures.drain.push(rate(count, || load.iter().try_for_each(|unit| unit.drain(runtime, store)))?);
    figures.repeats.push(rate(count, || load.iter().try_for_each(|unit| unit.drain(runtime, store)))?);
    let all = |conn: &mut Conn| messages::count_since(conn, Time::from_micros(0), i64::MAX);
    let stored = runtime.block_on(store.read(all))?;
    let drained = warm_up.iter().map(|unit| unit.messages.len()).sum::<usize>() + count;
    ensure!(usize::try_from(stored)? == drained, "{stored} of {drained} messages were stored");

    let size = load.first().and_then(|unit| unit.outbox.first()).map_or(0, outbox_bytes);
    let ids = AtomicUsize::new(WARM_UP + messages);
    let mut connections = vec![conn];
    figures.raw_single.push(one_by_one(&mut connections, &ids, raw_rows, size)?);
    if let Raw::Mysql(_) = raw {
        for _ in 1..CONNECTIONS {
            connections.push(raw.open()?);
        }
        figures.raw_single_pooled.push(one_by_one(&mut connections, &ids, raw_rows, size)?);
    }
    let singles: Vec<OutboxRow> = (0..rows).map(|_| outbox_row(&clock)).collect();
    figures.single.push(rate(rows, || runtime.block_on(write_singly(store, singles)))?);
    Ok(())
}

/// Rows a second on these connections at once, each row in a transaction of its own.
fn one_by_one(connections: &mut [Conn], ids: &AtomicUsize, rows: usize, size: usize) -> Result<f64> {
    let write = |conn: &mut Conn| {
        (0..rows).try_for_each(|_| {
            let id = i64::try_from(ids.fetch_add(1, Ordering::Relaxed))?;
            insert_bare(conn, &[BareRow { id, data: vec![b'x'; size] }])
        })
    };
    rate(connections.len() * rows, || {
        std::thread::scope(|scope| {
            let threads: Vec<_> = connections.iter_mut().map(|conn| scope.spawn(|| write(conn))).collect();
            threads.into_iter().try_for_each(|thread| {
                thread.join().map_err(|_| anyhow::anyhow!("a connection's thread panicked"))?
            })
        })
    })
}

/// Many callers at once, each with units of work of one row.
async fn write_singly(store: &Store, rows: Vec<OutboxRow>) -> Result<()> {
    let share = rows.len().div_ceil(CALLERS).max(1);
    let mut callers = tokio::task::JoinSet::new();
    for mine in rows.chunks(share) {
        let (store, mine) = (store.clone(), mine.to_vec());
        callers.spawn(async move {
            for row in mine {
                store.write(move |tx| outbox::insert(tx, std::slice::from_ref(&row))).await?;
            }
            Ok::<_, StoreError>(())
        });
    }
    while let Some(caller) = callers.join_next().await {
        caller??;
    }
    Ok(())
}

/// How many a second.
fn rate(count: usize, work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let start = Instant::now();
    work()?;
    Ok(count as f64 / start.elapsed().as_secs_f64())
}

/// What the intake's drain stores in one unit of work.
#[derive(Clone)]
struct Unit {
    messages: Arc<[(Digest, MessageRow)]>,
    outbox: Arc<[OutboxRow]>,
}

impl Unit {
    fn drain(&self, runtime: &Runtime, store: &Store) -> Result<()> {
        let unit = self.clone();
        Ok(runtime.block_on(store.write(move |tx| unit.store(tx)))?)
    }

    /// The questions and inserts of the drain: what is there already is left alone.
    fn store(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let keys: Vec<Digest> = self.messages.iter().map(|(key, _)| *key).collect();
        let taken = messages::by_keys(tx, &keys)?;
        let mut imeis: Vec<String> = self.messages.iter().map(|(_, row)| row.imei.clone()).collect();
        imeis.sort_unstable();
        imeis.dedup();
        held::signed_since(tx, &imeis)?;
        if taken.is_empty() {
            messages::insert(tx, &self.messages)?;
            outbox::insert(tx, &self.outbox)?;
        } else if taken.len() < keys.len() {
            return Err(StoreError::Fault("a batch was stored in part".to_owned()));
        }
        held::by_keys(tx, &keys).map(drop)
    }

    /// The same bytes for the bare table.
    fn bare(&self) -> Vec<BareRow> {
        let rows = self.messages.iter().zip(self.outbox.iter());
        let row = |((_, message), outbox): (&(Digest, MessageRow), &OutboxRow)| BareRow {
            id: message.momsn.map_or(0, i64::from),
            data: vec![b'x'; message_bytes(message) + outbox_bytes(outbox)],
        };
        rows.map(row).collect()
    }
}

/// The bytes of a message's columns, with those of its duplicate key.
fn message_bytes(row: &MessageRow) -> usize {
    let texts = [&row.provider, &row.imei, &row.trust, &row.state, &row.source];
    let optional = [&row.transmit_time_raw, &row.device_type, &row.serial];
    texts.iter().map(|text| text.len()).sum::<usize>()
        + optional.iter().filter_map(|text| Some(text.as_ref()?.len())).sum::<usize>()
        + row.body.len()
        + row.payload.as_ref().map_or(0, Vec::len)
        // The id, two times, three figures of the estimate, two small numbers; the key and the id with it.
        + 16 + 2 * 8 + 3 * 8 + 2 * 4
        + 32 + 16
}

/// The bytes of an outbox row's columns: the id, two times and the attempt beside the texts.
fn outbox_bytes(row: &OutboxRow) -> usize {
    row.queue.len() + row.body.len() + 16 + 2 * 8 + 4
}

fn units(clock: &Clock, numbers: std::ops::Range<usize>, batch: usize) -> Vec<Unit> {
    let numbers: Vec<usize> = numbers.collect();
    let unit = |numbers: &[usize]| Unit {
        messages: numbers
            .iter()
            .map(|n| (Digest(Sha256::digest(n.to_le_bytes()).into()), message(clock, *n)))
            .collect(),
        outbox: numbers.iter().map(|_| outbox_row(clock)).collect(),
    };
    numbers.chunks(batch).map(unit).collect()
}

/// A message as RockBLOCK pushes it: a form with a token, 50 bytes of data, one of a hundred modems.
fn message(clock: &Clock, n: usize) -> MessageRow {
    let now = Micros::from(clock.now());
    let imei = format!("3004340638{:05}", n % 100);
    let payload = format!("PK001;{n:040};OK").into_bytes();
    let body = format!(
        "imei={imei}&momsn={n}&transmit_time=26-06-01%2011%3A59%3A30&iridium_latitude=37.8248&\
         iridium_longitude=-122.4050&iridium_cep=4&data={}&JWT={}",
        hex::encode(&payload),
        "x".repeat(TOKEN)
    );
    let source = serde_json::json!({
        "content_type": "application/x-www-form-urlencoded", "address": "127.0.0.1",
        "headers": {"user-agent": "a provider's client"}, "differences": [], "unknown": {},
    });
    MessageRow {
        id: clock.new_id().into(),
        provider: "rockblock".to_owned(),
        imei,
        momsn: i32::try_from(n).ok(),
        transmitted_at: Some(now),
        transmit_time_raw: Some("26-06-01 11:59:30".to_owned()),
        received_at: now,
        trust: Trust::Signed.as_str().to_owned(),
        state: MessageState::Waiting.as_str().to_owned(),
        payload: Some(payload),
        payload_raw: None,
        device_type: Some("ROCKBLOCK".to_owned()),
        serial: Some("204514".to_owned()),
        iridium_latitude: Some(37.8248),
        iridium_longitude: Some(-122.405),
        iridium_cep_km: Some(4.0),
        session_status: None,
        modem_id: None,
        summary: None,
        marks: None,
        replaces: None,
        body: body.into_bytes(),
        source: source.to_string(),
    }
}

/// The outbox row that follows a message, as long as the bus writes it.
fn outbox_row(clock: &Clock) -> OutboxRow {
    let (id, now) = (clock.new_id(), clock.now());
    let envelope = serde_json::json!({
        "v": 1, "type": "mo.stored", "id": id, "correlation_id": null, "time": now, "attempt": 0,
        "body": {"message_id": id, "by_hand": false},
    });
    OutboxRow {
        id: id.into(),
        queue: "mo.stored".to_owned(),
        body: envelope.to_string(),
        attempt: 0,
        not_before: now.into(),
        claimed_until: Micros(0),
    }
}

/// Everything that was measured: a rate a second for each round.
#[derive(Debug, Serialize)]
struct Report {
    batch: usize,
    databases: Vec<Figures>,
}

/// One database.
#[derive(Debug, Serialize)]
struct Figures {
    database: &'static str,
    drain_target: f64,
    /// Batches into the bare table.
    raw_drain: Vec<f64>,
    /// The drain's units of work.
    drain: Vec<f64>,
    /// The same once more: all of it is there already.
    repeats: Vec<f64>,
    /// One row a transaction, on one connection.
    raw_single: Vec<f64>,
    /// The same on as many connections as the store has, where a database takes more than one.
    raw_single_pooled: Vec<f64>,
    /// Units of work of one row, by many callers.
    single: Vec<f64>,
}

impl Figures {
    fn new(database: &'static str, drain_target: f64) -> Self {
        let [raw_drain, drain, repeats, raw_single, raw_single_pooled, single] = Default::default();
        Self { database, drain_target, raw_drain, drain, repeats, raw_single, raw_single_pooled, single }
    }
}

impl Report {
    /// Prints the table in Markdown: medians, with the slowest and the fastest round.
    fn print(&self) -> Result<()> {
        let mut out = std::io::stdout().lock();
        writeln!(out, "| figure | database | Fairlead | raw | ratio | target |\n|---|---|---|---|---|---|")?;
        for figures in &self.databases {
            let (database, target) = (figures.database, figures.drain_target);
            let singly = format!("{CALLERS} callers, a row a unit");
            let rows = [
                (
                    format!("drain, {} messages a unit", self.batch),
                    &figures.drain,
                    &figures.raw_drain,
                    format!("≥ {target:.0}/s"),
                ),
                ("drain of repeats".to_owned(), &figures.repeats, &figures.raw_drain, String::new()),
                (
                    format!("{singly}; raw: one connection"),
                    &figures.single,
                    &figures.raw_single,
                    String::new(),
                ),
                (
                    format!("{singly}; raw: {CONNECTIONS} connections"),
                    &figures.single,
                    &figures.raw_single_pooled,
                    String::new(),
                ),
            ];
            for (figure, ours, raw, target) in rows.into_iter().filter(|(_, _, raw, _)| !raw.is_empty()) {
                let ratio = median(ours) / median(raw);
                let (ours, raw) = (shown(ours), shown(raw));
                writeln!(out, "| {figure} | {database} | {ours} | {raw} | {ratio:.2} | {target} |")?;
            }
        }
        Ok(())
    }
}

fn shown(rates: &[f64]) -> String {
    let (least, most) =
        rates.iter().fold((f64::MAX, 0.0_f64), |(least, most), rate| (least.min(*rate), most.max(*rate)));
    format!("{:.0}/s ({least:.0}–{most:.0})", median(rates))
}

fn median(rates: &[f64]) -> f64 {
    let mut sorted = rates.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
