//! The hub's state and tasks.

use actix_web::web;
use fairlead_model::Clock;
use fairlead_runtime::{Context, Mount, Service};
use fairlead_store::Store;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

use crate::http;
use crate::jobs::frames::{self, Frame};
use crate::jobs::number::{self, Standing};
use crate::settings::Settings;

/// The hub.
pub struct Hub;

/// What the handler needs.
pub(crate) struct State {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) frames: broadcast::Sender<Frame>,
    /// Changes whenever the change feed has grown.
    pub(crate) numbered: watch::Sender<i64>,
    pub(crate) snapshot_modems: i64,
    pub(crate) stop: CancellationToken,
}

impl Service for Hub {
    const NAME: &'static str = "hub";
    type Settings = Settings;

    async fn start(settings: Settings, context: Context) -> anyhow::Result<Mount> {
        let (frames, _) = broadcast::channel(settings.page_buffer.max(16));
        let (store, clock, stop) = (context.store.clone(), context.clock.clone(), context.stop.clone());
        context.spawn("hub frames", frames::run(context.bus.clone(), frames.clone(), stop.clone()));
        let (numbered, _) = watch::channel(0);
        let standing = Standing::default();
        let found = standing.clone();
        context.health.add(move || {
            let check = found.check();
            async move { check }
        });
        let numbering = number::run(
            store.clone(),
            clock.clone(),
            frames.subscribe(),
            numbered.clone(),
            standing,
            stop.clone(),
        );
        context.spawn("hub number", numbering);
        context.spawn("hub forget", number::forget(store, clock, settings.feed_days, stop));
        let state = web::Data::new(State {
            store: context.store.clone(),
            clock: context.clock.clone(),
            frames,
            numbered,
            snapshot_modems: settings.snapshot_modems,
            stop: context.stop.clone(),
        });
        Ok(Mount::new(move |config| {
            config.app_data(state.clone());
            http::mount(config);
        }))
    }
}
