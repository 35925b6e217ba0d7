//! `fairlead-simulator provider`, and the MT side of `fairlead-simulator play`.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::Result;
use fairlead_model::{Clock, Imei, Secret};
use tokio_util::sync::CancellationToken;

use super::{say, secret, stop_after};
use crate::satellite::World;
use crate::satellite::mt::{
    self, CloudloopAccount, Mailboxes, MtApi, MtSettings, RockcoreAccount, believable_moods,
};
use crate::satellite::thing;

#[derive(Debug, clap::Args)]
pub(super) struct ProviderArguments {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    listen: String,
    /// The account's username
    #[arg(long)]
    username: String,
    /// The account's password
    #[arg(long, env = "FAIRLEAD_SIMULATOR_MT_PASSWORD", hide_env_values = true, value_parser = secret)]
    password: Secret,
    /// Credits on the account; without it they never run out
    #[arg(long)]
    credits: Option<u64>,
    /// Where chance and the first MT's number come from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A modem of the account, as often as there are modems; without it every modem is the account's
    #[arg(long, value_name = "IMEI")]
    imei: Vec<Imei>,
    /// A modem of the account that has no line rental
    #[arg(long, value_name = "IMEI")]
    without_rental: Vec<Imei>,
    /// Let the provider have bad moods by chance
    #[arg(long)]
    moody: bool,
    #[command(flatten)]
    platforms: PlatformArguments,
}

/// The accounts with the provider's other platforms.
#[derive(Debug, clap::Args)]
struct PlatformArguments {
    /// The username with which texts for trackers are taken, at `/API2/SendMessage/<serial>`
    #[arg(long, requires = "rockcore_password")]
    rockcore_username: Option<String>,
    /// Its password
    #[arg(long, value_name = "PASSWORD", value_parser = secret, requires = "rockcore_username")]
    #[arg(env = "FAIRLEAD_SIMULATOR_ROCKCORE_PASSWORD", hide_env_values = true)]
    rockcore_password: Option<Secret>,
    /// A tracker of that account, as often as there are trackers
    #[arg(long, value_name = "SERIAL=IMEI", value_parser = named_modem)]
    tracker: Vec<(String, Imei)>,
    /// The token with which MTs for Cloudloop's things are taken, at `/Data/DoSendSbdMessage`
    #[arg(long, value_name = "TOKEN", value_parser = secret)]
    #[arg(env = "FAIRLEAD_SIMULATOR_CLOUDLOOP_TOKEN", hide_env_values = true)]
    cloudloop_token: Option<Secret>,
    /// A modem of that account, as often as there are modems
    #[arg(long, value_name = "THING=IMEI", value_parser = named_modem)]
    thing: Vec<(String, Imei)>,
}

/// A modem by the name that a platform has for it.
fn named_modem(text: &str) -> Result<(String, Imei), String> {
    let (name, imei) = text.split_once('=').ok_or("it is a name, `=`, and an IMEI")?;
    Ok((name.to_owned(), imei.parse().map_err(|error| format!("{error}"))?))
}

impl PlatformArguments {
    fn rockcore(&self) -> Option<RockcoreAccount> {
        let (username, password) = self.rockcore_username.clone().zip(self.rockcore_password.clone())?;
        Some(RockcoreAccount { username, password, trackers: self.tracker.iter().cloned().collect() })
    }

    fn cloudloop(&self) -> Option<CloudloopAccount> {
        let things = self.thing.iter().cloned().collect();
        Some(CloudloopAccount { token: self.cloudloop_token.clone()?, things })
    }
}

impl ProviderArguments {
    pub(super) async fn run(self) -> Result<ExitCode> {
        let settings = MtSettings {
            credits: self.credits,
            without_rental: self.without_rental.iter().copied().collect(),
            seed: self.seed,
            moods: if self.moody { believable_moods() } else { Vec::new() },
            rockcore: self.platforms.rockcore(),
            cloudloop: self.platforms.cloudloop(),
            ..MtSettings::new(self.username, self.password)
        };
        let mailboxes = if self.imei.is_empty() {
            Mailboxes::of_every_modem()
        } else {
            let named = self.platforms.tracker.iter().chain(&self.platforms.thing).map(|(_, imei)| *imei);
            Mailboxes::of(self.imei.into_iter().chain(self.without_rental).chain(named))
        };
        let platforms =
            (self.platforms.rockcore_username.is_some(), self.platforms.cloudloop_token.is_some());
        let api = mt::serve(&self.listen, settings, Clock::system(), mailboxes).await?;
        tell(&api)?;
        if platforms.0 {
            say(&format!("Texts for trackers are taken at {}/<serial>", api.rockcore_url()))?;
        }
        if platforms.1 {
            say(&format!("MTs for Cloudloop's things are taken at {}", api.cloudloop_url()))?;
        }
        let stop = CancellationToken::new();
        tokio::spawn(stop_after(None, stop.clone()));
        stop.cancelled().await;
        say(&format!("{} requests, {} MTs charged.", api.requests(), api.charges().len()))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The provider's MT side beside a world that is played.
#[derive(Debug, clap::Args)]
pub(super) struct MtArguments {
    /// Where to take MTs for the devices of the world
    #[arg(long, value_name = "ADDRESS", requires_all = ["mt_username", "mt_password"])]
    mt_listen: Option<String>,
    /// The username that MTs are sent with
    #[arg(long, value_name = "USERNAME", requires = "mt_listen")]
    mt_username: Option<String>,
    /// The password that MTs are sent with
    #[arg(long, value_name = "PASSWORD", value_parser = secret)]
    #[arg(env = "FAIRLEAD_SIMULATOR_MT_PASSWORD", hide_env_values = true)]
    mt_password: Option<Secret>,
    /// Take MTs as Cloudloop does, too, with this token
    #[arg(long, value_name = "TOKEN", value_parser = secret, requires = "mt_listen")]
    #[arg(env = "FAIRLEAD_SIMULATOR_CLOUDLOOP_TOKEN", hide_env_values = true)]
    mt_token: Option<Secret>,
}

impl MtArguments {
    /// Starts the MT side, where it was asked for. It runs as long as what this returns is kept.
    pub(super) async fn start(self, world: &mut World, clock: &Clock) -> Result<Option<MtApi>> {
        let (Some(listen), Some(username), Some(password)) =
            (self.mt_listen, self.mt_username, self.mt_password)
        else {
            return Ok(None);
        };
        let things: BTreeMap<String, Imei> =
            world.serials().map(|(serial, imei)| (thing(serial), imei)).collect();
        let settings = MtSettings {
            seed: world.settings().seed,
            cloudloop: self.mt_token.map(|token| CloudloopAccount { token, things }),
            ..MtSettings::new(username, password)
        };
        let api = world.serve_mt(&listen, settings, clock.clone()).await?;
        tell(&api)?;
        Ok(Some(api))
    }
}

/// The first line, for whoever started this on port 0.
fn tell(api: &MtApi) -> Result<()> {
    say(&format!("MTs are taken at {}", api.url()))
}
