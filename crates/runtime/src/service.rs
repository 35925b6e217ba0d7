//! What a service is, and what it is given.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::web;
use fairlead_bus::Bus;
use fairlead_model::Clock;
use fairlead_store::Store;
use fairlead_web::health::Health;
use fairlead_web::networks::TrustedProxies;
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::settings::reference::Section;
use crate::{Common, Facts, Loaded, http};

/// Settings of a service: one struct with defaults that work.
pub trait ServiceSettings:
    DeserializeOwned + Serialize + Default + JsonSchema + Send + Sync + 'static
{
    /// Address and port on which the service's own binary listens.
    fn listen(&self) -> &str;
}

/// One long-running part of the system with one job.
pub trait Service: Send + Sync + 'static {
    /// Its name: the section of its settings, and the end of its binary's name.
    const NAME: &'static str;
    /// Its settings.
    type Settings: ServiceSettings;

    /// Builds its state whole, spawns its tasks, and says what it serves.
    fn start(
        settings: Self::Settings,
        context: Context,
    ) -> impl Future<Output = anyhow::Result<Mount>> + Send;

    /// Adds what `fairlead doctor` should look at for this service, beside what every process stands on. It must be
    /// possible without the service: the command asks while nothing runs.
    fn doctor(settings: &Self::Settings, common: &Common, doctor: &Health) {
        let _ = (settings, common, doctor);
    }
}

/// What a service is given.
#[derive(Clone)]
pub struct Context {
    /// The shared schema.
    pub store: Store,
    /// The queues and topics.
    pub bus: Bus,
    /// The time.
    pub clock: Clock,
    /// The service's own folder, which exists.
    pub folder: PathBuf,
    /// Where it adds what readiness should look at.
    pub health: Health,
    /// Where it says what should be known of it elsewhere.
    pub facts: Facts,
    /// The address under which people reach the pages.
    pub public_url: String,
    /// The proxies whose word about an address is believed.
    pub proxies: TrustedProxies,
    /// The services in this process, by name.
    pub services: Arc<[&'static str]>,
    /// Cancelled when the process drains.
    pub stop: CancellationToken,
    pub(crate) listeners: Listeners,
    pub(crate) tasks: TaskTracker,
    pub(crate) crashed: CancellationToken,
}

/// Where a process listens beside its web server, by name.
pub(crate) type Listeners = Arc<Mutex<BTreeMap<&'static str, SocketAddr>>>;

impl Context {
    /// Takes an address beside the web server's; `name` is how the process tells of it.
    ///
    /// # Errors
    /// A sentence for the person who started the process, where the address cannot be had.
    pub fn listen(&self, name: &'static str, address: &str) -> anyhow::Result<TcpListener> {
        let listener = TcpListener::from_std(http::bind(address)?)?;
        let at = listener.local_addr()?;
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).insert(name, at);
        tracing::info!(address = %at, "{name} are served");
        Ok(listener)
    }

    /// Runs a task for the life of the process. One that panics, or returns before the drain, is a crash: the
    /// process stops with an exit code that says so, and is restarted.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let (stop, crashed) = (self.stop.clone(), self.crashed.clone());
        let running = tokio::spawn(task);
        self.tasks.spawn(async move {
            let ended = running.await;
            if let Err(error) = &ended {
                tracing::error!(task = name, %error, "a task panicked");
            } else if !stop.is_cancelled() {
                tracing::error!(task = name, "a task ended by itself");
            }
            if ended.is_err() || !stop.is_cancelled() {
                crashed.cancel();
            }
        });
    }
}

type Routes = Arc<dyn Fn(&mut web::ServiceConfig) + Send + Sync>;

/// What a service serves over HTTP.
#[derive(Clone)]
pub struct Mount(pub(crate) Routes);

impl Mount {
    /// Mounts the routes that `routes` adds; it is called once for each HTTP worker.
    pub fn new(routes: impl Fn(&mut web::ServiceConfig) + Send + Sync + 'static) -> Self {
        Self(Arc::new(routes))
    }
}

/// A service behind a common face, for a list of services.
pub trait Hosted: Send + Sync {
    /// Its name.
    fn name(&self) -> &'static str;
    /// What its section of the settings allows.
    fn schema(&self) -> Schema;
    /// Its section with the values in use; with the defaults where nothing is loaded.
    ///
    /// # Errors
    /// A sentence about the setting that cannot be used.
    fn section(&self, loaded: Option<&Loaded>) -> anyhow::Result<Section>;
    /// Adds what `fairlead doctor` should look at for it.
    ///
    /// # Errors
    /// A sentence about the setting that cannot be used.
    fn doctor(&self, loaded: &Loaded, doctor: &Health) -> anyhow::Result<()> {
        let _ = (loaded, doctor);
        Ok(())
    }
    /// Where its own binary listens.
    ///
    /// # Errors
    /// A sentence about the setting that cannot be used.
    fn listen(&self, loaded: &Loaded) -> anyhow::Result<String>;
    /// Starts it.
    fn start<'a>(
        &'a self,
        loaded: &'a Loaded,
        context: Context,
    ) -> Pin<Box<dyn Future<Output = anyhow::Result<Mount>> + Send + 'a>>;
}

/// Puts a [`Service`] into a list.
pub struct Host<S>(std::marker::PhantomData<fn() -> S>);

impl<S: Service> Host<S> {
    /// The service.
    pub const fn new() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<S: Service> Default for Host<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Service> Hosted for Host<S> {
    fn name(&self) -> &'static str {
        S::NAME
    }

    fn schema(&self) -> Schema {
        schemars::schema_for!(S::Settings)
    }

    fn section(&self, loaded: Option<&Loaded>) -> anyhow::Result<Section> {
        let settings: S::Settings = loaded.map(|l| l.section(S::NAME)).transpose()?.unwrap_or_default();
        Ok(Section {
            name: S::NAME.to_owned(),
            schema: self.schema(),
            values: serde_json::to_value(settings)?,
        })
    }

    fn doctor(&self, loaded: &Loaded, doctor: &Health) -> anyhow::Result<()> {
        S::doctor(&loaded.section(S::NAME)?, &loaded.common, doctor);
        Ok(())
    }

    fn listen(&self, loaded: &Loaded) -> anyhow::Result<String> {
        Ok(loaded.section::<S::Settings>(S::NAME)?.listen().to_owned())
    }

    fn start<'a>(
        &'a self,
        loaded: &'a Loaded,
        context: Context,
    ) -> Pin<Box<dyn Future<Output = anyhow::Result<Mount>> + Send + 'a>> {
        Box::pin(async move { S::start(loaded.section(S::NAME)?, context).await })
    }
}
