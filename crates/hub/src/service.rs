//! The hub's state, and the task that turns the topic into frames.

use std::sync::Arc;

use actix_web::web;
use fairlead_bus::{Bus, News};
use fairlead_model::Clock;
use fairlead_model::live::LiveEvent;
use fairlead_runtime::{Context, Mount, Service};
use fairlead_store::Store;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::http;
use crate::settings::Settings;

/// The hub.
pub struct Hub;

/// What every page is told.
#[derive(Clone, Debug)]
pub(crate) enum Frame {
    /// A change, as JSON, written once for all pages.
    Change(Arc<str>),
    /// Something may have been missed: begin anew.
    Begin,
}

/// What the handler needs.
pub(crate) struct State {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) frames: broadcast::Sender<Frame>,
    pub(crate) snapshot_modems: i64,
    pub(crate) stop: CancellationToken,
}

impl Service for Hub {
    const NAME: &'static str = "hub";
    type Settings = Settings;

    async fn start(settings: Settings, context: Context) -> anyhow::Result<Mount> {
        let (frames, _) = broadcast::channel(settings.page_buffer.max(16));
        context.spawn("hub feed", feed(context.bus.clone(), frames.clone(), context.stop.clone()));
        let state = web::Data::new(State {
            store: context.store.clone(),
            clock: context.clock.clone(),
            frames,
            snapshot_modems: settings.snapshot_modems,
            stop: context.stop.clone(),
        });
        Ok(Mount::new(move |config| {
            config.app_data(state.clone());
            http::mount(config);
        }))
    }
}

/// Writes each piece of news as JSON once, for however many pages.
async fn feed(bus: Bus, frames: broadcast::Sender<Frame>, stop: CancellationToken) {
    let mut news = bus.subscribe::<LiveEvent>();
    loop {
        let next = tokio::select! {
            next = news.next() => next,
            () = stop.cancelled() => return,
        };
        let frame = match next {
            News::Message(event) => match serde_json::to_string(&event) {
                Ok(json) => Frame::Change(json.into()),
                Err(error) => {
                    tracing::error!(%error, "a piece of news cannot be written");
                    continue;
                }
            },
            News::Missed => Frame::Begin,
        };
        // Nobody may be looking.
        let _ = frames.send(frame);
    }
}
