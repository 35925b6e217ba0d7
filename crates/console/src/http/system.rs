//! `GET /api/v1/system`: whether the line itself is healthy.

use actix_web::web;
use fairlead_model::Time;
use fairlead_store::satellite::{held, messages, modems};
use fairlead_store::{Conn, StoreError, outbox, problems};
use fairlead_web::health::{Check, Health};
use fairlead_web::{ApiError, Viewer};
use serde::Serialize;
use utoipa::ToSchema;

use crate::service::State;

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
    /// What waits to be handled; over a broker, what waits to be published.
    queues: Vec<QueueView>,
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
    /// How many messages wait.
    waiting: i64,
    /// For how long the oldest could have been handled.
    oldest_age_s: u64,
}

/// How much there is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Counts {
    /// Modems.
    modems: i64,
    /// Stored messages.
    messages: i64,
    /// Open problems.
    open_problems: i64,
    /// Pushes that were not let in.
    held: i64,
}

/// How the system is.
#[utoipa::path(get, path = "/api/v1/system", tag = "system", responses((status = 200, body = SystemView)))]
pub(crate) async fn system(
    _: Viewer,
    state: web::Data<State>,
    health: web::Data<Health>,
) -> Result<web::Json<SystemView>, ApiError> {
    let now = state.clock.now();
    let bus = state.bus.state();
    let schema = state.store.schema_version().await;
    let counted = state.store.read(move |conn| Ok((count(conn)?, queues(conn, now)?))).await.ok();
    let (counts, queues) = counted.map_or((None, Vec::new()), |(counts, queues)| (Some(counts), queues));
    let reachable = schema.is_ok();
    let (schema, wanted_schema) = schema.map_or((None, None), |(has, wants)| (has, Some(wants)));
    Ok(web::Json(SystemView {
        version: env!("CARGO_PKG_VERSION"),
        now,
        speed: state.clock.speed(),
        store: StoreView {
            kind: if state.store.is_embedded() { "sqlite" } else { "mysql" },
            reachable,
            schema,
            wanted_schema,
        },
        bus: BusView { kind: bus.kind, reachable: bus.reachable, reason: bus.reason },
        queues,
        checks: health.checks().await,
        counts,
    }))
}

fn count(conn: &mut Conn) -> Result<Counts, StoreError> {
    Ok(Counts {
        modems: modems::count(conn)?,
        messages: messages::count(conn)?,
        open_problems: problems::count_open(conn)?,
        held: held::count(conn)?,
    })
}

fn queues(conn: &mut Conn, now: Time) -> Result<Vec<QueueView>, StoreError> {
    let view = |b: outbox::Backlog| QueueView {
        name: b.queue,
        waiting: b.waiting,
        oldest_age_s: b.oldest.map_or(0, |oldest| now.since(oldest).as_secs()),
    };
    Ok(outbox::backlog(conn)?.into_iter().map(view).collect())
}
