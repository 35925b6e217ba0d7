//! The life of a process: start, ready, drain, end.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use fairlead_bus::{Bus, BusUrl};
use fairlead_model::Clock;
use fairlead_store::{Store, StoreUrl};
use fairlead_web::health::{Check, Health};
use fairlead_web::networks::TrustedProxies;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::lock::{self, FolderLock};
use crate::report::Reporter;
use crate::service::Listeners;
use crate::tls::Certificate;
use crate::{
    Arguments, Common, Context, EXIT_CRASH, Facts, Hosted, Loaded, disk, doctor, files, http, logging,
    systemd,
};

/// How long a drain may take; what is not done by then is found again after the next start.
const DRAIN: Duration = Duration::from_secs(25);

/// How long to wait before the schema is tried again, when the database was not there.
const MIGRATE_AGAIN: Duration = Duration::from_secs(2);

/// The two shapes, and nothing between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// All services in one process: bus `local:`, any store.
    OneProcess,
    /// One binary a service: RabbitMQ and MySQL/MariaDB, both required.
    Several,
}

/// A process that is about to start.
pub struct Process {
    /// Its settings.
    pub loaded: Loaded,
    /// Its services.
    pub services: Vec<Box<dyn Hosted>>,
    /// Its shape.
    pub shape: Shape,
    /// Its clock.
    pub clock: Clock,
}

/// A process that runs.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its store, for whoever started it in their own process.
    pub store: Store,
    server: ServerHandle,
    stop: CancellationToken,
    crashed: CancellationToken,
    tasks: TaskTracker,
    listeners: Listeners,
    _lock: Option<FolderLock>,
}

/// From the command line to the exit code.
pub(crate) async fn live(
    arguments: &Arguments,
    services: Vec<Box<dyn Hosted>>,
    shape: Shape,
) -> anyhow::Result<ExitCode> {
    let schemas: Vec<_> = services.iter().map(|s| (s.name(), s.schema())).collect();
    let loaded = Loaded::read(arguments, &schemas)?;
    logging::start(&loaded.common.log)?;
    files::allow_all();
    let clock = loaded.common.clock.clock().map_err(anyhow::Error::msg)?;
    let running = Process { loaded, services, shape, clock }.start().await?;
    systemd::ready();
    let crashed = running.until_signal().await?;
    systemd::stopping();
    running.stop().await;
    Ok(if crashed { ExitCode::from(EXIT_CRASH) } else { ExitCode::SUCCESS })
}

impl Process {
    /// Starts everything, and returns when requests are served.
    ///
    /// # Errors
    /// A sentence for the person who started it.
    pub async fn start(self) -> anyhow::Result<Running> {
        let common = &self.loaded.common;
        let (store_url, bus_url) = urls(common, self.shape)?;
        disk::make_folder(&common.data.dir)
            .map_err(|e| anyhow::anyhow!("data.dir {} cannot be made: {e}", common.data.dir.display()))?;
        let lock = match self.shape {
            Shape::OneProcess => Some(lock::take(&common.data.dir)?),
            Shape::Several => None,
        };
        let certificate = Certificate::of(&common.http.tls)?;
        let proxies = common.http.proxies().map_err(anyhow::Error::msg)?;
        let listen = self.listen()?;
        let listener = http::bind(&listen)?;
        let address = listener.local_addr()?;
        // Before the services, which look their counters up as they start.
        let metrics = metrics_handle();
        let store = Store::open(store_url)?;
        let mut context = self.context(store.clone(), bus_url, address);
        context.proxies = proxies.clone();
        self.prepare_schema(&context).await?;
        watch_parts(&context);
        let mut mounts = Vec::new();
        for service in &self.services {
            let mut context = context.clone();
            context.folder = common.data.dir.join(service.name());
            std::fs::create_dir_all(&context.folder)?;
            mounts.push(service.start(&self.loaded, context).await?);
        }
        let shared = http::Shared {
            store: store.clone(),
            clock: self.clock.clone(),
            health: context.health.clone(),
            metrics,
            proxies,
        };
        let tls = certificate.as_ref().map(Certificate::config).transpose()?;
        let only_tls = common.http.is_https_for_good();
        let (serving, address) = http::serve(listener, tls, only_tls, shared, mounts)?;
        if let Some(certificate) = certificate {
            let hangup = signal(SignalKind::hangup())?;
            context.spawn("certificate", certificate.keep(hangup, context.stop.clone()));
        }
        let server = serving.handle();
        context.spawn("http server", async move {
            if let Err(error) = serving.await {
                tracing::error!(%error, "the HTTP server failed");
            }
        });
        let reporter = Reporter::new(&context, self.doctor(&context)?, &self.name(), address.port());
        context.spawn("report", reporter.run());
        let names: Vec<_> = self.services.iter().map(|s| s.name()).collect();
        tracing::info!(%address, store = %store.url(), services = names.join(" "), "serving");
        let Context { stop, crashed, tasks, listeners, .. } = context;
        Ok(Running { address, store, server, stop, crashed, tasks, listeners, _lock: lock })
    }

    /// What it is called where several are listed.
    fn name(&self) -> String {
        match (self.shape, self.services.as_slice()) {
            (Shape::Several, [service]) => service.name().to_owned(),
            _ => "fairlead".to_owned(),
        }
    }

    /// What it stands on, its servers included.
    fn doctor(&self, context: &Context) -> anyhow::Result<Health> {
        let looks = doctor::looks(&self.loaded, &self.services, self.shape)?;
        let store = context.store.clone();
        looks.add(move || {
            let store = store.clone();
            async move { doctor::store(&store).await }
        });
        let bus = context.bus.clone();
        looks.add(move || {
            let bus = bus.clone();
            async move { doctor::bus(&bus).await }
        });
        Ok(looks)
    }

    fn listen(&self) -> anyhow::Result<String> {
        match (self.shape, self.services.as_slice()) {
            (Shape::Several, [service]) => service.listen(&self.loaded),
            _ => Ok(self.loaded.common.http.listen.clone()),
        }
    }

    fn context(&self, store: Store, bus_url: BusUrl, address: SocketAddr) -> Context {
        let common = &self.loaded.common;
        let options = fairlead_bus::Options { prefix: common.bus.prefix.clone(), ..Default::default() };
        Context {
            bus: Bus::open(bus_url, store.clone(), self.clock.clone(), options),
            store,
            clock: self.clock.clone(),
            folder: common.data.dir.clone(),
            health: Health::default(),
            facts: Facts::default(),
            public_url: common.http.public_address(&address.to_string()),
            proxies: TrustedProxies::default(),
            services: self.services.iter().map(|s| s.name()).collect::<Arc<[_]>>(),
            listeners: Listeners::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            crashed: CancellationToken::new(),
        }
    }

    /// SQLite's schema is made at once; a MySQL server may come later, and work that needs it waits.
    async fn prepare_schema(&self, context: &Context) -> anyhow::Result<()> {
        if !self.loaded.common.store.migrate {
            return Ok(());
        }
        let store = context.store.clone();
        if store.is_embedded() {
            store.migrate().await?;
            return Ok(());
        }
        let stop = context.stop.clone();
        context.tasks.spawn(async move {
            while let Err(error) = store.migrate().await {
                tracing::warn!(%error, "the schema could not be prepared; trying again");
                tokio::select! {
                    () = tokio::time::sleep(MIGRATE_AGAIN) => {}
                    () = stop.cancelled() => return,
                }
            }
        });
        Ok(())
    }
}

fn urls(common: &Common, shape: Shape) -> anyhow::Result<(StoreUrl, BusUrl)> {
    let store = common.store_url().map_err(anyhow::Error::msg)?;
    let bus = common.bus_url().map_err(anyhow::Error::msg)?;
    let (embedded, local) = (matches!(store, StoreUrl::Sqlite(_)), matches!(bus, BusUrl::Local));
    match shape {
        Shape::OneProcess if !local => anyhow::bail!(
            "`fairlead serve` runs all services in one process and needs bus.url = \"local:\". With RabbitMQ, start \
             the separate binaries (fairlead-intake, fairlead-tracker, fairlead-courier, fairlead-firmware, fairlead-hub, \
             fairlead-console)"
        ),
        Shape::Several if local || embedded => anyhow::bail!(
            "separate service binaries meet in RabbitMQ and MySQL/MariaDB: set bus.url = \"amqp://…\" and \
             store.url = \"mysql://…\", or run everything in one process with `fairlead serve`"
        ),
        _ => Ok((store, bus)),
    }
}

/// What every process looks at and does, whichever services it has.
fn watch_parts(context: &Context) {
    let store = context.store.clone();
    context.health.add(move || {
        let store = store.clone();
        async move {
            match store.ping().await {
                Ok(()) => Check::good("store", "It answers."),
                Err(e) => Check::bad("store", format!("It does not answer: {e}."))
                    .bearable()
                    .advice("Start the database server, or correct store.url. Messages wait in the journal."),
            }
        }
    });
    let bus = context.bus.clone();
    context.health.add(move || {
        let state = bus.state();
        async move {
            match (state.reachable, state.reason) {
                (true, _) => Check::good(
                    "bus",
                    if state.kind == "local" { "It is in this process." } else { "The broker is reached." },
                ),
                (false, reason) => Check::bad("bus", reason.unwrap_or_default())
                    .bearable()
                    .advice("Start RabbitMQ, or correct bus.url. Messages wait in the store."),
            }
        }
    });
    let (bus, stop) = (context.bus.clone(), context.stop.clone());
    context.tasks.spawn(async move { bus.run_publisher(stop).await });
    let (bus, stop) = (context.bus.clone(), context.stop.clone());
    context.tasks.spawn(async move { bus.run_dead_letters(stop).await });
    context.tasks.spawn(systemd::watch(context.stop.clone()));
}

/// The process's recorder of metrics; a second start in one process (tests) records into one of its own.
fn metrics_handle() -> PrometheusHandle {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::debug!("metrics are recorded by the first server of this process");
    }
    handle
}

impl Running {
    /// Where it listens for others than people and programs, as for `devices`; absent where it does not.
    pub fn listener(&self, name: &str) -> Option<SocketAddr> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied()
    }

    /// Waits for SIGTERM, SIGINT or a crash; true for a crash.
    ///
    /// # Errors
    /// Where the system does not give signals.
    pub async fn until_signal(&self) -> anyhow::Result<bool> {
        let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::select! {
            _ = term.recv() => Ok(false),
            _ = int.recv() => Ok(false),
            () = self.crashed.cancelled() => Ok(true),
        }
    }

    /// Completes when a part of the process has crashed.
    pub async fn crashed(&self) {
        self.crashed.cancelled().await;
    }

    /// Answers what was asked, finishes what is in hand, and ends.
    pub async fn stop(self) {
        tracing::info!("draining");
        let drained = tokio::time::timeout(DRAIN, async {
            self.stop.cancel();
            self.server.stop(true).await;
            self.tasks.close();
            self.tasks.wait().await;
        });
        if drained.await.is_err() {
            tracing::warn!("not everything was finished in time; it is found again at the next start");
        }
        tracing::info!("stopped");
    }
}
