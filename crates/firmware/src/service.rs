//! The firmware service's state and tasks.

use std::ops::Deref;
use std::sync::Arc;

use actix_web::web;
use fairlead_bus::Bus;
use fairlead_model::{Clock, NodeId};
use fairlead_runtime::{Context, Mount};
use fairlead_store::Store;
use tokio::sync::Notify;

use crate::door;
use crate::http;
use crate::jobs::{stages, sweep};
use crate::library::Library;
use crate::progress::Progress;
use crate::settings::Settings;

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
    /// Versions that can be given out.
    pub(crate) library: Library,
    /// Their lists as devices read them.
    pub(crate) listings: door::Listings,
    /// What devices have fetched since it was written down.
    pub(crate) progress: Progress,
    /// New names that devices may still be given.
    pub(crate) new_names: door::register::Budget,
    /// Who says what this process says in rooms.
    pub(crate) node: NodeId,
    /// Told when a roll-out may have something to do.
    pub(crate) stages_due: Notify,
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
        let firmware = Self(Arc::new(Inner {
            library: Library,
            listings: door::Listings::default(),
            progress: Progress::default(),
            new_names: door::register::Budget::default(),
            node: NodeId::new(&context.clock),
            stages_due: Notify::new(),
            store: context.store.clone(),
            bus: context.bus.clone(),
            clock: context.clock.clone(),
            stop: context.stop.clone(),
            settings,
        }));
        context.spawn("firmware sweep", sweep::run(firmware.clone()));
        context.spawn("firmware stages", stages::run(firmware.clone()));
        let state = web::Data::new(firmware);
        Ok(Mount::new(move |config| {
            config.app_data(state.clone());
            http::mount(config);
        }))
    }
}
