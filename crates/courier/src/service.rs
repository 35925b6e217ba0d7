//! The courier's state and tasks.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use fairlead_bus::{Bus, Consumer};
use fairlead_model::Clock;
use fairlead_model::mt::MtState;
use fairlead_runtime::{Common, Context, Mount};
use fairlead_store::Store;
use fairlead_store::satellite::mt::MtRow;
use fairlead_web::health::Health;

use crate::deliveries::{self, Lanes, Wake};
use crate::drivers::{self, Account};
use crate::endpoints::{Dialling, Ground, Sealer, look_for_key};
use crate::http;
use crate::jobs::{hear::Hear, schedule, serve::Serve, sweep};
use crate::settings::Settings;

/// The courier. Cheap to clone.
#[derive(Clone)]
pub struct Courier(Arc<Inner>);

/// What its parts need.
pub struct Inner {
    pub(crate) settings: Settings,
    pub(crate) accounts: BTreeMap<&'static str, Account>,
    pub(crate) lanes: Arc<Lanes>,
    pub(crate) store: Store,
    pub(crate) bus: Bus,
    pub(crate) clock: Clock,
    pub(crate) stop: tokio_util::sync::CancellationToken,
}

impl Deref for Courier {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl fairlead_runtime::Service for Courier {
    const NAME: &'static str = "courier";
    type Settings = Settings;

    async fn start(settings: Settings, context: Context) -> anyhow::Result<Mount> {
        let dialling = Dialling::new(&settings.webhook_networks.0).map_err(anyhow::Error::msg)?;
        let bus_prefix = context.bus.prefix().to_owned();
        let ground = Ground { clock: context.clock.clone(), dialling, bus_prefix };
        let sealer = Sealer::open(&settings.secrets_key, &context.folder)?;
        let courier = Self(Arc::new(Inner {
            lanes: Arc::new(Lanes::new(sealer, ground)),
            accounts: drivers::accounts(&settings)?,
            store: context.store.clone(),
            bus: context.bus.clone(),
            clock: context.clock.clone(),
            stop: context.stop.clone(),
            settings,
        }));
        // No other process can be calling for what lies in an embedded store.
        if courier.store.is_embedded() {
            sweep::orphans(&courier).await?;
            courier.store.write(fairlead_store::routing::deliveries::release_all).await?;
        }
        let concurrency = usize::from(courier.settings.concurrency.max(1));
        let (serve, stop) = (Serve(courier.clone()), context.stop.clone());
        let bus = context.bus.clone();
        context.spawn("courier serve", async move { bus.consume(serve, concurrency, stop).await });
        let (hear, bus, stop) = (Hear(courier.clone()), context.bus.clone(), context.stop.clone());
        context.spawn("courier hear", async move { bus.consume(hear, 8, stop).await });
        let (wake, bus, stop) = (Wake(courier.clone()), context.bus.clone(), context.stop.clone());
        context.spawn("courier wake", async move { bus.consume(wake, Wake::TOGETHER, stop).await });
        context.spawn("courier deliveries", deliveries::run(courier.clone()));
        context.spawn("courier tidy", deliveries::tidy(courier.clone()));
        context.spawn("courier sweep", sweep::run(courier.clone()));
        context.spawn("courier schedules", schedule::run(courier.clone()));
        let state = web::Data::new(courier);
        Ok(Mount::new(move |config| {
            config.app_data(state.clone());
            http::mount(config);
        }))
    }

    fn doctor(settings: &Settings, common: &Common, doctor: &Health) {
        let (key, folder) = (settings.secrets_key.clone(), common.data.dir.join(Self::NAME));
        doctor.add(move || std::future::ready(look_for_key(&key, &folder)));
        // A setting that cannot be used is refused at the start, with a sentence.
        for account in drivers::accounts(settings).unwrap_or_default().into_values() {
            if let Some(driver) = account.driver.map(Arc::new) {
                let name = account.name;
                doctor.add(move || drivers::reached(name, driver.clone()));
            }
        }
    }
}

impl Inner {
    pub(crate) fn account(&self, name: &str) -> Option<&Account> {
        self.accounts.get(name)
    }

    /// Puts a message into a state from now on.
    pub(crate) fn settle(&self, row: &mut MtRow, state: MtState, cause: impl Into<String>) {
        row.state = state.as_str().to_owned();
        row.state_since = self.clock.now().into();
        row.cause = cause.into();
    }

    /// A span of real time on this system's clock, which may be running faster.
    pub(crate) fn on_the_clock(&self, real: Duration) -> Duration {
        real.saturating_mul(self.clock.speed())
    }
}
