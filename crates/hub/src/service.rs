//! The hub's state and tasks.

use std::time::Duration;

use actix_web::web;
use anyhow::Context as _;
use fairlead_model::Clock;
use fairlead_runtime::{Common, Context, Mount, Service, files};
use fairlead_store::Store;
use fairlead_web::health::{Check, Health};
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

use crate::http;
use crate::jobs::frames::{self, Frame};
use crate::jobs::number::{self, Standing};
use crate::ports::{self, device, page};
use crate::rooms::door::Door;
use crate::rooms::knocks::Knocks;
use crate::rooms::{Rooms, log};
use crate::settings::Settings;

/// Open files that the process needs besides its devices.
const OTHER_FILES: u64 = 500;

/// The hub.
pub struct Hub;

/// What the handlers need.
pub(crate) struct State {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) frames: broadcast::Sender<Frame>,
    /// Changes whenever the change feed has grown.
    pub(crate) numbered: watch::Sender<i64>,
    pub(crate) snapshot_modems: i64,
    pub(crate) rooms: Rooms,
    pub(crate) stop: CancellationToken,
}

impl Service for Hub {
    const NAME: &'static str = "hub";
    type Settings = Settings;

    async fn start(settings: Settings, context: Context) -> anyhow::Result<Mount> {
        let rooms = start_rooms(&settings, &context).await?;
        let (frames, _) = broadcast::channel(settings.page_buffer.max(16));
        let numbered = start_news(&settings, &context, &frames);
        let state = web::Data::new(State {
            store: context.store.clone(),
            clock: context.clock.clone(),
            frames,
            numbered,
            snapshot_modems: settings.snapshot_modems,
            rooms,
            stop: context.stop.clone(),
        });
        Ok(Mount::new(move |config| {
            config.app_data(state.clone());
            http::mount(config);
        }))
    }

    fn doctor(settings: &Settings, _: &Common, doctor: &Health) {
        let found = look_at_port(settings);
        doctor.add(move || std::future::ready(found.clone()));
    }
}

/// The live line and the change feed.
fn start_news(
    settings: &Settings,
    context: &Context,
    frames: &broadcast::Sender<Frame>,
) -> watch::Sender<i64> {
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
    numbered
}

/// Devices on the line, and the pages that talk to them.
async fn start_rooms(settings: &Settings, context: &Context) -> anyhow::Result<Rooms> {
    let Context { store, bus, clock, stop, .. } = context.clone();
    let folder = context.folder.join("rooms");
    let (log, keeper) =
        log::open(folder.clone()).with_context(|| format!("{} cannot be made", folder.display()))?;
    context.spawn("hub log", keeper.run(stop.clone()));
    let rooms = Rooms::new(store.clone(), bus.clone(), clock.clone(), log);
    let knocks = Knocks::default();
    context.spawn("hub knocks", knocks.clone().run(store.clone(), bus.clone(), stop.clone()));
    let (door, errand) = Door::new(store.clone(), settings.unknown_devices);
    context.spawn("hub door", errand.run(stop.clone()));

    // Cancelled when all who were there have gone, so that the store is told so at the very end.
    let left = CancellationToken::new();
    let devices = device::Devices::new(device::Parts {
        rooms: rooms.clone(),
        door,
        knocks,
        clock: clock.clone(),
        proxies: context.proxies.clone(),
        most: usize::try_from(settings.device_connections).unwrap_or(usize::MAX),
        beat: Duration::from_secs(settings.device_ping_s.max(1).into()),
        stop: stop.clone(),
    });
    if settings.device_listen.is_empty() {
        left.cancel();
    } else {
        let listener = context.listen("devices", &settings.device_listen).context("hub.device_listen")?;
        let (left, stop) = (left.clone(), stop.clone());
        context.spawn("hub devices", async move {
            let welcome = move |stream, from, introducing| devices.clone().welcome(stream, from, introducing);
            ports::serve(listener, stop, welcome).await;
            left.cancel();
        });
    }
    if !settings.page_listen.is_empty() {
        let listener = context.listen("pages", &settings.page_listen).context("hub.page_listen")?;
        let (rooms, stop) = (rooms.clone(), stop.clone());
        let pages = page::Pages::new(page::Parts { rooms, store, clock, stop: stop.clone() });
        let welcome = move |stream, from, introducing| pages.clone().welcome(stream, from, introducing);
        context.spawn("hub pages", ports::serve(listener, stop, welcome));
    }
    spawn_rooms(context, &rooms, left);
    Ok(rooms)
}

fn spawn_rooms(context: &Context, rooms: &Rooms, left: CancellationToken) {
    let stop = &context.stop;
    let (own, stopped) = (rooms.clone(), stop.clone());
    context.spawn("hub claims", async move { own.keep_written(stopped, left).await });
    let (own, stopped) = (rooms.clone(), stop.clone());
    context.spawn("hub lease", async move { own.keep_alive(stopped).await });
    let (own, stopped) = (rooms.clone(), stop.clone());
    context.spawn("hub others", async move { own.hear_others(stopped).await });
    let (own, stopped) = (rooms.clone(), stop.clone());
    context.spawn("hub looks", async move { own.tell_others(stopped).await });
    let (own, stopped) = (rooms.clone(), stop.clone());
    context.spawn("hub presences", async move { own.tell_presences(stopped).await });
    let own = rooms.clone();
    context.health.add(move || std::future::ready(own.check()));
}

/// Whether the devices' port can hold the devices that it is to hold.
fn look_at_port(settings: &Settings) -> Check {
    const NAME: &str = "devices' port";
    if settings.device_listen.is_empty() {
        return Check::good(NAME, "Devices are not served: hub.device_listen is empty.");
    }
    let wanted = u64::from(settings.device_connections) + OTHER_FILES;
    match files::most() {
        Some(most) if most < wanted => {
            let found = format!(
                "hub.device_connections is {}, and the system allows this process {most} open files.",
                settings.device_connections
            );
            Check::bad(NAME, found)
                .bearable()
                .advice("Raise the limit (LimitNOFILE of the systemd unit, ulimit -n), or lower the setting.")
        }
        _ => Check::good(
            NAME,
            format!("{}, for up to {} devices.", settings.device_listen, settings.device_connections),
        ),
    }
}
