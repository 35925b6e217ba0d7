//! The firmware service's state and tasks.

use std::ops::Deref;
use std::sync::Arc;

use actix_web::web;
use fairlead_bus::Bus;
use fairlead_model::Clock;
use fairlead_runtime::{Context, Mount};
use fairlead_store::Store;

use crate::http;
use crate::library::Library;
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
            store: context.store.clone(),
            bus: context.bus.clone(),
            clock: context.clock.clone(),
            stop: context.stop.clone(),
            settings,
        }));
        let state = web::Data::new(firmware);
        Ok(Mount::new(move |config| {
            config.app_data(state.clone());
            http::mount(config);
        }))
    }
}
