//! Is it alive, is it ready, and if not, why: for probes, for people, for metrics.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpResponse, Responder, web};
use fairlead_model::Time;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// What was looked at, as `store` or `intake journal`.
    pub name: String,
    /// Whether it is as it should be.
    pub ok: bool,
    /// Whether the process should get no work while it is not.
    pub essential: bool,
    /// In words.
    pub reason: String,
    /// What to do about it, where it is not well.
    pub advice: Option<String>,
}

/// What a process says of itself every few seconds, for whoever looks at the system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The services in it.
    pub services: Vec<String>,
    /// The build.
    pub version: String,
    /// When it started, by its own clock.
    pub started_at: Time,
    /// Whether it should get work.
    pub ready: bool,
    /// What it looked at just now.
    pub checks: Vec<Check>,
    /// What `fairlead doctor` says on its machine, as of the last hour.
    pub findings: Vec<Check>,
    /// What its services want to be known, by name.
    pub facts: Map<String, Value>,
}

/// Whether a process in which this was found should get work.
pub fn is_ready(checks: &[Check]) -> bool {
    checks.iter().all(|check| check.ok || !check.essential)
}

type Probe = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Check> + Send>> + Send + Sync>;

/// Things to look at, one after the other. Cheap to clone.
#[derive(Clone, Default)]
pub struct Health(Arc<RwLock<Vec<Probe>>>);

impl Health {
    /// Adds something to look at.
    pub fn add<F, Fut>(&self, probe: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Check> + Send + 'static,
    {
        let probe: Probe = Arc::new(move || Box::pin(probe()));
        self.0.write().unwrap_or_else(PoisonError::into_inner).push(probe);
    }

    /// Looks at everything.
    pub async fn checks(&self) -> Vec<Check> {
        let probes: Vec<Probe> = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut checks = Vec::with_capacity(probes.len());
        for probe in probes {
            checks.push(probe().await);
        }
        checks
    }
}

impl Check {
    /// All is well.
    pub fn good(name: &str, reason: impl Into<String>) -> Self {
        Self { name: name.to_owned(), ok: true, essential: true, reason: reason.into(), advice: None }
    }

    /// It is not well, and the process cannot do its work.
    pub fn bad(name: &str, reason: impl Into<String>) -> Self {
        Self { name: name.to_owned(), ok: false, essential: true, reason: reason.into(), advice: None }
    }

    /// The same finding, but the process goes on with its work.
    #[must_use]
    pub fn bearable(mut self) -> Self {
        self.essential = false;
        self
    }

    /// The same finding, with what to do about it.
    #[must_use]
    pub fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

/// The body of `/health/ready`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    /// Whether the process should get work.
    pub ready: bool,
    /// What was looked at.
    pub checks: Vec<Check>,
}

/// Mounts `/health/live`, `/health/ready` and `/metrics`.
pub fn mount(config: &mut web::ServiceConfig) {
    config
        .route("/health/live", web::get().to(live))
        .route("/health/ready", web::get().to(ready))
        .route("/metrics", web::get().to(metrics));
}

async fn live() -> impl Responder {
    "alive\n"
}

async fn ready(health: web::Data<Health>) -> HttpResponse {
    let checks = health.checks().await;
    let ready = is_ready(&checks);
    let mut response = if ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.json(Readiness { ready, checks })
}

async fn metrics(handle: web::Data<PrometheusHandle>) -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, "text/plain; version=0.0.4")).body(handle.render())
}
