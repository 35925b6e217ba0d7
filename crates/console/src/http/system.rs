//! `GET /api/v1/system`: whether the line itself is healthy.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::web;
use fairlead_model::queue::QUEUES;
use fairlead_model::role::Role;
use fairlead_model::{Clock, Time};
use fairlead_store::reports::{self, ReportRow};
use fairlead_store::satellite::{held, messages, modems};
use fairlead_store::{Conn, StoreError, outbox, problems};
use fairlead_web::health::{Check, Health, Report};
use fairlead_web::{ApiError, Viewer};
use serde::Serialize;
use utoipa::ToSchema;

use crate::service::State;

/// A process that was not heard for this long is silent; it reports every five seconds.
const SILENT: Duration = Duration::from_secs(20);

/// What the count of messages looks back on.
const DAY: Duration = Duration::from_secs(86_400);

/// Up to how many messages are counted.
const MOST_MESSAGES: i64 = 10_000;

/// How the system is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SystemView {
    /// The build.
    version: &'static str,
    /// The server's time.
    #[schema(value_type = String, format = DateTime)]
    now: Time,
    /// Seconds of the server's clock in a real second.
    speed: u32,
    /// The store.
    store: StoreView,
    /// The bus.
    bus: BusView,
    /// What waits to be handled.
    queues: Vec<QueueView>,
    /// The processes of this system, as each says of itself.
    services: Vec<ServiceView>,
    /// What this process has looked at.
    checks: Vec<Check>,
    /// How much there is; absent while the store is away.
    counts: Option<Counts>,
}

/// The store.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoreView {
    /// `sqlite` or `mysql`.
    kind: &'static str,
    /// Whether it answers.
    reachable: bool,
    /// The newest migration that was run.
    schema: Option<String>,
    /// The newest migration of this build.
    wanted_schema: Option<String>,
    /// What the data take.
    size_bytes: Option<u64>,
}

/// The bus.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BusView {
    /// `local` or `rabbitmq`.
    kind: &'static str,
    /// Whether it is reached.
    reachable: bool,
    /// Why not.
    reason: Option<String>,
}

/// What waits in a queue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QueueView {
    /// Its name.
    name: String,
    /// How many messages wait in the store; over a broker, to be published.
    waiting: i64,
    /// For how long the oldest of these could have been handled.
    oldest_age_s: u64,
    /// How many wait on the broker to be handled; absent without a broker, and where it does not say.
    on_broker: Option<u32>,
}

/// A process of this system.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ServiceView {
    /// What it is called, as `intake@host:8081`.
    process: String,
    /// The services in it.
    services: Vec<String>,
    /// Its build.
    version: String,
    /// When it started.
    #[schema(value_type = String, format = DateTime)]
    started_at: Time,
    /// When it was heard.
    #[schema(value_type = String, format = DateTime)]
    seen_at: Time,
    /// Whether it should have been heard again by now: it was killed, or cannot reach the store.
    silent: bool,
    /// Whether it can do its work.
    ready: bool,
    /// What it has looked at.
    checks: Vec<Check>,
    /// What `fairlead doctor` says on its machine. Only administrators are told: it names what could be safer.
    findings: Vec<Check>,
}

/// How much there is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Counts {
    /// Modems.
    modems: i64,
    /// Messages that came in the last 24 hours.
    messages_last_day: i64,
    /// Whether there are more than that.
    messages_last_day_is_capped: bool,
    /// Open problems.
    open_problems: i64,
    /// Pushes that were not let in.
    held: i64,
}

/// How the system is.
#[utoipa::path(get, path = "/api/v1/system", tag = "system", responses((status = 200, body = SystemView)))]
pub(crate) async fn system(
    caller: Viewer,
    state: web::Data<State>,
    health: web::Data<Health>,
) -> Result<web::Json<SystemView>, ApiError> {
    let now = state.clock.now();
    let bus = state.bus.state();
    let schema = state.store.schema_version().await;
    let size_bytes = state.store.size().await.ok();
    let stored = state.store.read(move |conn| Stored::read(conn, now)).await.ok();
    let Stored { counts, backlog, reports } = stored.unwrap_or_default();
    let depths = state.bus.depths(&QUEUES).await;
    let reachable = schema.is_ok();
    let (schema, wanted_schema) = schema.map_or((None, None), |(has, wants)| (has, Some(wants)));
    let mut services: Vec<ServiceView> =
        reports.into_iter().filter_map(|row| ServiceView::of(row, &state.clock)).collect();
    if caller.0.role < Role::Admin {
        services.iter_mut().for_each(|service| service.findings.clear());
    }
    Ok(web::Json(SystemView {
        version: env!("CARGO_PKG_VERSION"),
        now,
        speed: state.clock.speed(),
        store: StoreView {
            kind: if state.store.is_embedded() { "sqlite" } else { "mysql" },
            reachable,
            schema,
            wanted_schema,
            size_bytes,
        },
        bus: BusView { kind: bus.kind, reachable: bus.reachable, reason: bus.reason },
        queues: queues(backlog, &depths, now),
        services,
        checks: health.checks().await,
        counts,
    }))
}

/// What the store knows of it.
#[derive(Default)]
struct Stored {
    counts: Option<Counts>,
    backlog: Vec<outbox::Backlog>,
    reports: Vec<ReportRow>,
}

impl Stored {
    fn read(conn: &mut Conn, now: Time) -> Result<Self, StoreError> {
        let messages_last_day = messages::count_since(conn, now.minus(DAY), MOST_MESSAGES + 1)?;
        let counts = Counts {
            modems: modems::count(conn)?,
            messages_last_day: messages_last_day.min(MOST_MESSAGES),
            messages_last_day_is_capped: messages_last_day > MOST_MESSAGES,
            open_problems: problems::count_open(conn)?,
            held: held::count(conn)?,
        };
        Ok(Self { counts: Some(counts), backlog: outbox::backlog(conn)?, reports: reports::list(conn)? })
    }
}

/// Every queue of this build, and whatever else waits.
fn queues(backlog: Vec<outbox::Backlog>, depths: &BTreeMap<String, u32>, now: Time) -> Vec<QueueView> {
    let mut waiting: BTreeMap<String, (i64, u64)> =
        QUEUES.into_iter().map(|name| (name.to_owned(), (0, 0))).collect();
    waiting.extend(backlog.into_iter().map(|queue| {
        let age = queue.oldest.map_or(0, |oldest| now.since(oldest).as_secs());
        (queue.queue, (queue.waiting, age))
    }));
    let view = |(name, (waiting, oldest_age_s))| {
        let on_broker = depths.get(&name).copied();
        QueueView { name, waiting, oldest_age_s, on_broker }
    };
    waiting.into_iter().map(view).collect()
}

impl ServiceView {
    /// Nothing of a report that another release wrote in other words.
    fn of(row: ReportRow, clock: &Clock) -> Option<Self> {
        let report: Report = serde_json::from_str(&row.report)
            .inspect_err(|error| tracing::debug!(process = row.process, %error, "a report cannot be read"))
            .ok()?;
        let seen_at = row.reported_at.into();
        let silent = clock.now().since(seen_at) > SILENT.saturating_mul(clock.speed());
        Some(Self {
            process: row.process,
            services: report.services,
            version: report.version,
            started_at: report.started_at,
            seen_at,
            silent,
            ready: report.ready && !silent,
            checks: report.checks,
            findings: report.findings,
        })
    }
}
