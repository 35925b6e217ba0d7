//! The firmware service's state and tasks.

use std::fs::{File, TryLockError};
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use fairlead_bus::Bus;
use fairlead_model::device::REGISTRATION_SECRET;
use fairlead_model::{Clock, NodeId};
use fairlead_runtime::{Common, Context, Mount};
use fairlead_store::Store;
use fairlead_web::health::{Check, Health};
use tokio::sync::{Notify, Semaphore};

use crate::door;
use crate::git::{self, Mirrors};
use crate::http;
use crate::jobs::{mirror, prepare, stages, sweep};
use crate::library::{Bounds, Library};
use crate::progress::Progress;
use crate::settings::Settings;
use crate::sources;

/// Questions about mirrors that are answered at a time: each is a git that may search for a minute.
const QUESTIONS: usize = 4;

/// The firmware service. Cheap to clone.
#[derive(Clone)]
pub struct Firmware(Arc<Inner>);

/// What its parts need.
pub struct Inner {
    pub(crate) settings: Settings,
    pub(crate) store: Store,
    pub(crate) bus: Bus,
    pub(crate) clock: Clock,
    pub(crate) stop: tokio_util::sync::CancellationToken,
    /// The mirrored repositories.
    pub(crate) mirrors: Arc<Mirrors>,
    /// Versions that can be given out.
    pub(crate) library: Library,
    /// Their lists as devices read them.
    pub(crate) listings: door::Listings,
    /// What devices have fetched since it was written down.
    pub(crate) progress: Progress,
    /// New names that devices may still be given.
    pub(crate) new_names: door::register::Budget,
    /// What was said of devices that were refused.
    pub(crate) said: door::entry::Said,
    /// Questions about mirrors that people may have answered at a time.
    pub(crate) questions: Semaphore,
    /// Who says what this process says in rooms.
    pub(crate) node: NodeId,
    /// Told when a roll-out may have something to do.
    pub(crate) stages_due: Notify,
    /// Told when somebody has chosen a version.
    pub(crate) chosen: Notify,
    /// Held as long as the service works in its folder.
    _folder: File,
}

impl Deref for Firmware {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl fairlead_runtime::Service for Firmware {
    const NAME: &'static str = "firmware";
    type Settings = Settings;

    async fn start(settings: Settings, context: Context) -> anyhow::Result<Mount> {
        let sources = sources::all(&settings.sources).map_err(anyhow::Error::msg)?;
        // Whoever opens the window to register is told whether a device needs it.
        let has_secret = !settings.registration_secret.expose().is_empty();
        context.facts.set(REGISTRATION_SECRET, serde_json::json!(has_secret));
        let lock = take(&context.folder).await?;
        let mirrors = Arc::new(Mirrors::new(&context.folder, sources));
        let bounds =
            Bounds { version_max_mb: settings.version_max_mb, keep_versions: settings.keep_versions };
        let firmware = Self(Arc::new(Inner {
            listings: door::Listings::default(),
            progress: Progress::default(),
            new_names: door::register::Budget::default(),
            said: door::entry::Said::default(),
            questions: Semaphore::new(QUESTIONS),
            node: NodeId::new(&context.clock),
            stages_due: Notify::new(),
            library: Library::open(context.store.clone(), mirrors.clone(), &context.folder, bounds)?,
            mirrors,
            chosen: Notify::new(),
            store: context.store.clone(),
            bus: context.bus.clone(),
            clock: context.clock.clone(),
            stop: context.stop.clone(),
            settings,
            _folder: lock,
        }));
        context.spawn("firmware sweep", sweep::run(firmware.clone()));
        context.spawn("firmware stages", stages::run(firmware.clone()));
        context.spawn("firmware mirror", mirror::run(firmware.clone()));
        context.spawn("firmware prepare", prepare::run(firmware.clone()));
        let looked_at = firmware.clone();
        context.health.add(move || mirror::check(looked_at.clone()));
        let state = web::Data::new(firmware);
        Ok(Mount::new(move |config| {
            config.app_data(state.clone());
            http::mount(config);
        }))
    }

    fn doctor(settings: &Settings, _: &Common, doctor: &Health) {
        if settings.sources.is_empty() {
            return;
        }
        doctor.add(|| async {
            match git::version().await {
                Ok(version) => Check::good("git", format!("It is version {version}.")),
                Err(why) => Check::bad("git", format!("Firmware cannot be mirrored: {why}."))
                    .bearable()
                    .advice("Install git, and openssh-client for repositories that are reached by ssh."),
            }
        });
        for (name, source) in &settings.sources {
            for (key, file) in [("credentials", &source.credentials), ("ssh_key", &source.ssh_key)] {
                let (setting, file) = (format!("firmware.sources.{name}.{key}"), file.clone());
                if !file.as_os_str().is_empty() {
                    doctor.add(move || std::future::ready(readable(&setting, &file)));
                }
            }
        }
    }
}

/// Whether a file of secrets can be read.
fn readable(setting: &str, file: &Path) -> Check {
    match File::open(file) {
        Ok(_) => Check::good(setting, format!("{} can be read.", file.display())),
        Err(e) => Check::bad(setting, format!("{} cannot be read: {e}.", file.display()))
            .bearable()
            .advice("Give it to the user that runs Fairlead, or correct the setting."),
    }
}

/// How long a service that is just ending is waited for, and how often it is looked for.
const ENDING: (Duration, u32) = (Duration::from_millis(100), 50);

/// Takes the folder: two services in one would take each other's work for left-overs. One that is just ending, as in a
/// restart, is waited for.
async fn take(folder: &Path) -> anyhow::Result<File> {
    let path = folder.join("firmware.lock");
    let open = File::options().create(true).truncate(false).write(true).open(&path);
    let file = open.map_err(|e| anyhow::anyhow!("{} cannot be written: {e}", path.display()))?;
    let (pause, looks) = ENDING;
    for _ in 0..looks {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(pause).await,
            Err(TryLockError::Error(e)) => anyhow::bail!("{} cannot be locked: {e}", path.display()),
        }
    }
    anyhow::bail!(
        "another firmware service works in {} already. Stop it first, or give this one a data.dir of its own",
        folder.display()
    )
}
