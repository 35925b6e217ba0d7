//! The console's state, and the link by which the first person comes in.

use std::time::Duration;

use actix_web::web;
use fairlead_bus::Bus;
use fairlead_model::Clock;
use fairlead_model::role::Role;
use fairlead_runtime::{Context, Mount, Service};
use fairlead_store::{Store, StoreError, people, sign_in};
use fairlead_web::auth::fresh_secret;

use crate::http;
use crate::pages;
use crate::passwords::Passwords;
use crate::settings::{Settings, Tiles};

/// How long to wait before a link is tried again, while the store is away.
const AGAIN: Duration = Duration::from_secs(2);

/// The console.
pub struct Console;

/// What the handlers need.
pub(crate) struct State {
    pub(crate) store: Store,
    pub(crate) bus: Bus,
    pub(crate) clock: Clock,
    pub(crate) session: Duration,
    pub(crate) invitation: Duration,
    pub(crate) is_https: bool,
    pub(crate) public_url: String,
    pub(crate) tiles: Option<Tiles>,
    /// What the pages may load, and from where.
    pub(crate) policy: String,
    pub(crate) passwords: Passwords,
}

impl Service for Console {
    const NAME: &'static str = "console";
    type Settings = Settings;

    async fn start(settings: Settings, context: Context) -> anyhow::Result<Mount> {
        if settings.print_link {
            let valid = Duration::from_secs(u64::from(settings.link_minutes) * 60);
            context.spawn("console link", print_link(context.clone(), valid));
        }
        let tiles = settings.tiles().map_err(anyhow::Error::msg)?;
        let state = web::Data::new(State {
            policy: pages::policy(tiles.as_ref()),
            tiles,
            passwords: Passwords::default(),
            invitation: Duration::from_secs(u64::from(settings.invitation_hours) * 3_600),
            public_url: context.public_url.clone(),
            store: context.store.clone(),
            bus: context.bus.clone(),
            clock: context.clock.clone(),
            session: Duration::from_secs(u64::from(settings.session_hours) * 3_600),
            is_https: context.public_url.starts_with("https://"),
        });
        Ok(Mount::new(move |config| {
            config.app_data(state.clone());
            http::mount(config);
        }))
    }
}

/// Makes a one-time link that signs a person in, good for `valid`.
///
/// # Errors
/// What the store says.
pub async fn sign_in_link(
    store: &Store,
    clock: &Clock,
    public_url: &str,
    role: Role,
    valid: Duration,
) -> Result<String, StoreError> {
    let secret = fresh_secret();
    // On a demo's fast clock the link is good for as long as a person needs.
    let until = clock.now().plus(valid.saturating_mul(clock.speed()));
    let kept = secret.clone();
    store.write(move |tx| sign_in::create_link(tx, role, &kept, until)).await?;
    Ok(format!("{public_url}/sign-in#{secret}"))
}

/// The administrator's way in is printed, not logged: a log is kept, and read by others.
#[expect(clippy::print_stderr, reason = "the link is for the person at the terminal, not for the log")]
async fn print_link(context: Context, valid: Duration) {
    let stop = context.stop.clone();
    loop {
        match first_link(&context, valid).await {
            Ok(None) => break,
            Ok(Some(link)) => {
                eprintln!(
                    "\n  Sign in as administrator (once, within {} min):\n  {link}\n",
                    valid.as_secs() / 60
                );
                break;
            }
            Err(error) => tracing::debug!(%error, "no sign-in link yet"),
        }
        tokio::select! {
            () = tokio::time::sleep(AGAIN) => {}
            () = stop.cancelled() => return,
        }
    }
    stop.cancelled().await;
}

/// The first administrator's link; `None` where somebody can let others in already.
async fn first_link(context: &Context, valid: Duration) -> Result<Option<String>, StoreError> {
    if context.store.read(people::any_administrator).await? {
        return Ok(None);
    }
    sign_in_link(&context.store, &context.clock, &context.public_url, Role::Admin, valid).await.map(Some)
}
