//! What a page waits for with a million stored messages: every question that the pages ask, over HTTP, beside the ceiling
//! of the same run: a handler of the same server that does nothing, and an empty question to the same store.

use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use diesel::connection::SimpleConnection as _;
use fairlead_model::{ModemId, Time};
use fairlead_runtime::{Host, Hosted};
use fairlead_store::{Store, satellite::modems};
use fairlead_testkit::{START, System, Urls};

/// Modems of the fleet.
const MODEMS: u64 = 1_000;
/// Seconds between two messages of the fleet: each modem speaks every ten minutes.
const BETWEEN_S: f64 = 0.6;
/// The limit that a page's question must stay within.
const LIMIT: Duration = Duration::from_millis(200);

/// Measures the API on a full store.
#[derive(Debug, Parser)]
#[command(name = "api")]
struct Arguments {
    /// A MySQL or MariaDB server, on which a database is made and dropped; without it only SQLite is measured
    #[arg(long, value_name = "URL", requires = "amqp")]
    mysql: Option<String>,
    /// A broker, for the separate services
    #[arg(long, value_name = "URL", requires = "mysql")]
    amqp: Option<String>,
    /// Stored messages
    #[arg(long, default_value_t = 1_000_000)]
    messages: u64,
    /// How often each question is asked
    #[arg(long, default_value_t = 100)]
    times: usize,
    /// Said by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    ensure!(
        arguments.times > 0 && arguments.messages >= MODEMS,
        "at least one question, and a message a modem"
    );
    tokio::runtime::Runtime::new()?.block_on(run(&arguments))
}

async fn run(arguments: &Arguments) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "| database | question | p50 | p99 | answer |\n|---|---|---|---|---|")?;
    let mut slowest = (Duration::ZERO, String::new());
    let servers = arguments.mysql.clone().zip(arguments.amqp.clone());
    let servers = servers.map(|(mysql, amqp)| ("MySQL", Some(Urls { mysql, amqp })));
    for (database, urls) in std::iter::once(("SQLite", None)).chain(servers) {
        let system = System::start_on(urls, services(), &["console.print_link=false"]).await;
        eprintln!("{database}: {} messages are written", arguments.messages);
        fill(&system.store, arguments.messages).await?;
        for (name, service, path) in questions(&system).await? {
            let asked = ask(&system, service, &path, arguments.times).await.with_context(|| path.clone())?;
            writeln!(
                out,
                "| {database} | {name} | {:.1} ms | {:.1} ms | {} kB |",
                asked.p50.as_secs_f64() * 1e3,
                asked.p99.as_secs_f64() * 1e3,
                asked.bytes.div_ceil(1_000)
            )?;
            if asked.p99 > slowest.0 {
                slowest = (asked.p99, format!("{database}: {name}"));
            }
        }
        system.stop().await;
    }
    let (time, name) = slowest;
    writeln!(out, "\nSlowest: {name}, {:.1} ms of {} ms.", time.as_secs_f64() * 1e3, LIMIT.as_millis())?;
    Ok(())
}

fn services() -> Vec<Box<dyn Hosted>> {
    vec![
        Box::new(Host::<fairlead_intake::Intake>::new()),
        Box::new(Host::<fairlead_tracker::Tracker>::new()),
        Box::new(Host::<fairlead_courier::Courier>::new()),
        Box::new(Host::<fairlead_hub::Hub>::new()),
        Box::new(Host::<fairlead_console::Console>::new()),
    ]
}

/// What the pages ask, and before it the ceilings.
async fn questions(system: &System) -> Result<Vec<(&'static str, &'static str, String)>> {
    let fleet = system.store.read(|conn| modems::list(conn, None, 2)).await?;
    let modem: ModemId = fleet.get(1).context("the fleet is empty")?.id;
    let week_ago = start().minus(Duration::from_secs(7 * 86_400));
    let middle = start().minus(Duration::from_secs(3 * 86_400));
    let list = system.get("tracker", "/api/v1/messages?limit=1").await;
    let message =
        list.pointer("/items/0/id").and_then(serde_json::Value::as_str).context("no message")?.to_owned();
    let old = uuid_at(middle);
    Ok(vec![
        ("ceiling: a handler that does nothing", "tracker", "/health/live".to_owned()),
        ("ceiling: a session alone", "console", "/api/v1/session".to_owned()),
        ("fleet, 500 modems", "tracker", "/api/v1/modems?limit=500".to_owned()),
        ("one modem", "tracker", format!("/api/v1/modems/{modem}")),
        (
            "its week, 500 readings",
            "tracker",
            format!("/api/v1/modems/{modem}/readings?limit=500&from={week_ago}"),
        ),
        ("its track, 500 positions", "tracker", format!("/api/v1/modems/{modem}/positions?limit=500")),
        ("its gaps", "tracker", format!("/api/v1/modems/{modem}/gaps")),
        ("its notes", "tracker", format!("/api/v1/modems/{modem}/notes")),
        ("its messages", "tracker", format!("/api/v1/messages?limit=100&modem_id={modem}")),
        ("messages", "tracker", "/api/v1/messages?limit=100".to_owned()),
        ("messages, far back", "tracker", format!("/api/v1/messages?limit=100&cursor={old}")),
        ("messages with problems", "tracker", "/api/v1/messages?limit=100&state=problem".to_owned()),
        ("one message", "tracker", format!("/api/v1/messages/{message}")),
        ("open problems", "tracker", "/api/v1/problems?limit=100&state=open".to_owned()),
        ("settled problems", "tracker", "/api/v1/problems?limit=100&state=discarded".to_owned()),
        ("outgoing", "courier", "/api/v1/outgoing?limit=100".to_owned()),
        ("outgoing, unknown", "courier", "/api/v1/outgoing?limit=100&state=unknown".to_owned()),
        ("what a device can be told", "courier", format!("/api/v1/downlinks/{modem}")),
        ("accounts", "courier", "/api/v1/accounts".to_owned()),
        ("credits by day", "courier", "/api/v1/credits?by=day".to_owned()),
        ("system", "console", "/api/v1/system".to_owned()),
        ("first run", "console", "/api/v1/first-run".to_owned()),
        ("people", "console", "/api/v1/people".to_owned()),
        ("audit log", "console", "/api/v1/audit?limit=100".to_owned()),
        ("change feed, 100 steps", "hub", "/api/v1/feed?after=5000".to_owned()),
    ])
}

/// How long a question took.
struct Asked {
    p50: Duration,
    p99: Duration,
    bytes: usize,
}

async fn ask(system: &System, service: &str, path: &str, times: usize) -> Result<Asked> {
    let url = system.url(service, path);
    let (mut took, mut bytes) = (Vec::with_capacity(times), 0);
    for _ in 0..times {
        let start = Instant::now();
        let answer = system.client.get(&url).send().await?.error_for_status()?.bytes().await?;
        took.push(start.elapsed());
        bytes = answer.len();
    }
    took.sort_unstable();
    let at =
        |share: f64| took.get(((times - 1) as f64 * share).round() as usize).copied().unwrap_or_default();
    Ok(Asked { p50: at(0.5), p99: at(0.99), bytes })
}

fn start() -> Time {
    Time::parse_rfc3339(START).unwrap_or(Time::from_micros(0))
}

/// The first id of a moment.
fn uuid_at(at: Time) -> String {
    let ms = at.micros() / 1_000;
    format!("{:08x}-{:04x}-7000-8000-000000000000", ms >> 16, ms & 0xffff)
}

/// Rows by number `n`, newest last. `{id}` is an id of the message's moment, `{us}` that moment in microseconds,
/// `{modem}` the id of its modem, `{imei}` that one's IMEI.
const FILL: &[(&str, u64, &str)] = &[
    (
        "modems (id, imei, serial, dialect, first_seen_at, first_trust)",
        1_000,
        "{modem}, {imei}, CONCAT('20', n), 'v3_buoy', {us}, 'signed'",
    ),
    (
        "modem_states (modem_id, last_message_id, last_transmitted_at, last_received_at, momsn, fix_at, fix_momsn, \
         fix_latitude, fix_longitude, fix_message_id, estimate_at, estimate_latitude, estimate_longitude, \
         estimate_accuracy_m, estimate_message_id, report_at, report_momsn, speed_m_s, course_deg, battery_v, \
         interval_s, interval_source, status, beacon_on)",
        1_000,
        "{modem}, {id}, {us}, {us}, 7, {us}, 7, n % 90, n % 180, {id}, {us}, n % 90, n % 180, 5000, {id}, {us}, 7, 0.5, \
         90, 12.5, 600, 'reported', 'normal', 0",
    ),
    (
        "mo_messages (id, provider, imei, momsn, transmitted_at, transmit_time_raw, received_at, trust, state, payload, \
         device_type, serial, iridium_latitude, iridium_longitude, iridium_cep_km, session_status, modem_id, summary, \
         marks, body, source)",
        0,
        "{id}, 'rockblock', {imei}, (n - n % 1000) / 1000 % 65536, {us}, '26-06-01 12:00:00', {us}, 'signed', \
         CASE WHEN n % 500 = 0 THEN 'problem' ELSE 'decoded' END, \
         'PK001;lat:4512.3456,NS:N,lon:01312.3456,EW:E,utc:120000.00,sog:1.2,cog:90,sta:00,batt:12.5', \
         'ROCKBLOCK', '20', 45.2, 13.2, 5, 0, {modem}, 'Fix at 45.2 N 13.2 E, 1.2 kn, 12.5 V', \
         CASE WHEN n % 10 = 0 THEN '[\"The unit of the speed is not known.\"]' ELSE NULL END, \
         'imei=300434063836500&momsn=7&transmit_time=26-06-01%2012%3A00%3A00&iridium_latitude=45.2&data=504b303031', '{}'",
    ),
    (
        "readings (message_id, modem_id, transmitted_at, momsn, device_at, clock_ahead, late, kind, latitude, longitude, \
         estimate_latitude, estimate_longitude, estimate_accuracy_m, speed_m_s, course_deg, battery_v, interval_s, \
         status, beacon_on, dialect)",
        0,
        "{id}, {modem}, {us}, (n - n % 1000) / 1000 % 65536, {us}, 0, 0, 'PK001', n % 90, n % 180, n % 90, n % 180, 5000, 0.6, 90, \
         12.5, 600, 'normal', 0, 'v3_buoy'",
    ),
    (
        "momsn_gaps (before_message, modem_id, first_momsn, last_momsn, missing, after_at, before_at)",
        10_000,
        "{id}, {modem}, 1, 3, 3, {us}, {us}",
    ),
    (
        "problems (id, kind, subject, reason, state, created_at, changed_at, modem_id)",
        20_000,
        "{id}, 'unreadable_text', n, 'The type cannot be read.', \
         CASE WHEN n % 40 = 0 THEN 'open' ELSE 'discarded' END, {us}, {us}, {modem}",
    ),
    (
        "mt_messages (id, modem_id, imei, account, kind, text, state, state_since, cause, proof, created_at, created_by, \
         expires_at, not_before, attempts, lease_until)",
        50_000,
        "{id}, {modem}, {imei}, 'rockblock', 'support', 'PK007', \
         CASE WHEN n % 1000 = 0 THEN 'unknown' ELSE 'delivered' END, {us}, 'It answered.', 'none', {us}, 'ada', {us}, \
         {us}, 1, 0",
    ),
    ("mt_history (id, mt_id, at, state, cause)", 50_000, "{id}, {id}, {us}, 'delivered', 'It answered.'"),
    (
        "mt_calls (id, mt_id, modem_id, account, day, started_at, outcome, credits)",
        50_000,
        "{id}, {id}, {modem}, 'rockblock', ({us} - {us} % 86400000000) / 86400000000, {us}, 'accepted', 1",
    ),
    (
        "audit_log (id, at, actor, action, subject, detail)",
        20_000,
        "{id}, {us}, 'ada', 'problem.discard', n, 'seen'",
    ),
    ("modem_notes (id, modem_id, at, author, text)", 10_000, "{id}, {modem}, {us}, 'ada', 'A new battery.'"),
    ("sequences (name, last)", 1, "'changes', 10000"),
    (
        "changes (seq, at, body)",
        10_000,
        "n, {us}, CONCAT('{\"modems\":[\"01900000-0000-7000-8000-', {modem12}, '\"]}')",
    ),
];

/// Rows in one statement: a unit of work is bounded.
const CHUNK: u64 = 50_000;

/// Writes the rows by the database's own hand: far faster than one message after the other.
async fn fill(store: &Store, messages: u64) -> Result<()> {
    let embedded = store.is_embedded();
    for (table, rows, values) in FILL {
        let rows = if *rows == 0 { messages } else { *rows };
        let values = in_words_of(embedded, rows, values);
        let name = table.split(' ').next().unwrap_or_default();
        for first in (1..=rows).step_by(usize::try_from(CHUNK)?) {
            let last = rows.min(first + CHUNK - 1);
            let numbers = format!(
                "WITH RECURSIVE t (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM t WHERE n < {last})"
            );
            let insert = format!("INSERT INTO {table} {numbers} SELECT {values} FROM t");
            let script = if embedded {
                insert
            } else {
                format!("SET SESSION max_recursive_iterations = 100000; {insert}")
            };
            let written = store.write(move |tx| Ok(tx.batch_execute(&script)?)).await;
            written.with_context(|| format!("{name} cannot be filled"))?;
        }
        let analyze = if embedded { format!("ANALYZE {name}") } else { format!("ANALYZE TABLE {name}") };
        store.write(move |tx| Ok(tx.batch_execute(&analyze)?)).await?;
    }
    Ok(())
}

/// A row's values in the words of a database.
fn in_words_of(embedded: bool, rows: u64, values: &str) -> String {
    let start_us = start().micros();
    let between_us = (BETWEEN_S * 1e6) as u64;
    // The last row is of now, whatever the table's number of rows.
    let us = format!("({start_us} - ({rows} - n) * {between_us})");
    let number = format!("n % {MODEMS}");
    let (id, modem12, modem) = if embedded {
        let modem12 = format!("printf('%012x', {number})");
        (
            format!("unhex(printf('%012x7000%016x', {us} / 1000, n))"),
            modem12.clone(),
            format!("unhex('01900000000070008000' || {modem12})"),
        )
    } else {
        let modem12 = format!("LPAD(LOWER(HEX({number})), 12, '0')");
        (
            format!("UNHEX(CONCAT(LPAD(HEX({us} DIV 1000), 12, '0'), '7000', LPAD(HEX(n), 16, '0')))"),
            modem12.clone(),
            format!("UNHEX(CONCAT('01900000000070008000', {modem12}))"),
        )
    };
    values
        .replace("{id}", &id)
        .replace("{us}", &us)
        .replace("{modem}", &modem)
        .replace("{modem12}", &modem12)
        .replace("{imei}", &format!("300434063800000 + {number}"))
}
