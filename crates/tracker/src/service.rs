//! The tracker's state and tasks.

use actix_web::web;
use fairlead_bus::Bus;
use fairlead_model::Clock;
use fairlead_runtime::{Context, Mount, Service};
use fairlead_store::Store;

use crate::http;
use crate::jobs::news::News;
use crate::jobs::remind;
use crate::jobs::understand::{Policy, Understand};
use crate::settings::Settings;

/// The tracker.
pub struct Tracker;

/// What the handlers need.
pub(crate) struct State {
    pub(crate) store: Store,
    pub(crate) bus: Bus,
    pub(crate) clock: Clock,
    pub(crate) news: News,
}

impl Service for Tracker {
    const NAME: &'static str = "tracker";
    type Settings = Settings;

    async fn start(settings: Settings, context: Context) -> anyhow::Result<Mount> {
        let Context { store, bus, clock, stop, .. } = context.clone();
        let news = News::default();
        context.spawn(
            "tracker news",
            news.clone().tell(store.clone(), bus.clone(), clock.clone(), stop.clone()),
        );
        let policy = Policy {
            unsigned_modems_per_day: settings.unsigned_modems_per_day,
            assumed_interval_s: settings.assumed_interval_s,
        };
        let understand =
            Understand { store: store.clone(), clock: clock.clone(), news: news.clone(), policy };
        let (consumer_bus, concurrency) = (bus.clone(), usize::from(settings.concurrency.max(1)));
        context.spawn("tracker remind", remind::run(store.clone(), clock.clone(), stop.clone()));
        context.spawn("tracker understand", async move {
            consumer_bus.consume(understand, concurrency, stop).await;
        });
        let state = web::Data::new(State { store, bus, clock, news });
        Ok(Mount::new(move |config| {
            config.app_data(state.clone());
            http::mount(config);
        }))
    }
}
