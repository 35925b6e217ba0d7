//! What this process says of itself, in the store, for whoever looks at the system.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fairlead_model::Time;
use fairlead_store::StoreError;
use fairlead_store::reports::{self, ReportRow};
use fairlead_web::health::{Check, Health, Report, is_ready};
use serde_json::{Map, Value};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::Context;

/// Between two reports. Whoever reads them counts on it.
const REPORT: Duration = Duration::from_secs(5);

/// Between two looks at what the process stands on: some of them cost.
const LOOK: Duration = Duration::from_secs(3_600);

/// The same where something was not well, so that what was mended is seen to be.
const LOOK_AGAIN: Duration = Duration::from_secs(300);

/// Reports of processes that were not heard for so long are removed.
const FORGET: Duration = Duration::from_secs(86_400);

/// How long a drain waits for the report to be removed.
const GOODBYE: Duration = Duration::from_secs(2);

/// What services want to be known of them elsewhere: small values by name, in each report. Cheap to clone.
#[derive(Clone, Default)]
pub struct Facts(Arc<Mutex<Map<String, Value>>>);

impl Facts {
    /// Says what is so from now on.
    pub fn set(&self, name: &str, value: Value) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), value);
    }

    fn all(&self) -> Map<String, Value> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Reports for one process.
pub(crate) struct Reporter {
    context: Context,
    doctor: Health,
    process: String,
    started_at: Time,
    /// Cancelled when the first report is in the store: by then the schema is as this build wants it.
    written: CancellationToken,
}

impl Reporter {
    /// `doctor` is what the process stands on; `name` and `port` tell it from others on this machine.
    pub(crate) fn new(context: &Context, doctor: Health, name: &str, port: u16) -> Self {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Self {
            context: context.clone(),
            doctor,
            process: format!("{name}@{host}:{port}"),
            started_at: context.clock.now(),
            written: CancellationToken::new(),
        }
    }

    /// Reports until the process drains. One that drains in good order leaves no report behind; one that crashed does,
    /// and is missed.
    pub(crate) async fn run(self) {
        let (found, findings) = watch::channel(Vec::new());
        let stop = &self.context.stop;
        let reports = async {
            self.repeat(findings).await;
            if !self.context.crashed.is_cancelled() {
                self.leave().await;
            }
        };
        tokio::select! {
            () = reports => {}
            () = self.look(found) => {}
            () = async { stop.cancelled().await; tokio::time::sleep(GOODBYE).await } => {}
        }
    }

    /// Never breaks a write off: it might come after the goodbye.
    async fn repeat(&self, mut findings: watch::Receiver<Vec<Check>>) {
        loop {
            let found = findings.borrow_and_update().clone();
            match self.report(found).await {
                Ok(()) => self.written.cancel(),
                // The store is away; health says so.
                Err(error) => tracing::debug!(%error, "the process could not report"),
            }
            tokio::select! {
                () = tokio::time::sleep(REPORT) => {}
                Ok(()) = findings.changed() => {}
                () = self.context.stop.cancelled() => return,
            }
        }
    }

    async fn report(&self, findings: Vec<Check>) -> Result<(), StoreError> {
        let Context { store, clock, health, facts, services, .. } = &self.context;
        let checks = health.checks().await;
        let report = Report {
            services: services.iter().map(|&name| name.to_owned()).collect(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: self.started_at,
            ready: is_ready(&checks),
            checks,
            findings,
            facts: facts.all(),
        };
        let report = serde_json::to_string(&report).map_err(|e| StoreError::BadData(e.to_string()))?;
        let row = ReportRow { process: self.process.clone(), reported_at: clock.now().into(), report };
        store.write(move |tx| reports::put(tx, &row)).await
    }

    /// Looks at what the process stands on, and forgets those that were not heard for long.
    async fn look(&self, found: watch::Sender<Vec<Check>>) {
        self.written.cancelled().await;
        loop {
            let checks = self.doctor.checks().await;
            let pause = if checks.iter().all(|check| check.ok) { LOOK } else { LOOK_AGAIN };
            found.send_replace(checks);
            let clock = &self.context.clock;
            let before = clock.now().minus(FORGET.saturating_mul(clock.speed()));
            if let Err(error) = self.context.store.write(move |tx| reports::forget(tx, before)).await {
                tracing::debug!(%error, "old reports could not be removed");
            }
            tokio::time::sleep(pause).await;
        }
    }

    async fn leave(&self) {
        let process = self.process.clone();
        if let Err(error) = self.context.store.write(move |tx| reports::remove(tx, &process)).await {
            tracing::debug!(%error, "the process could not take its report back");
        }
    }
}
