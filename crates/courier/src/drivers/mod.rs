//! Providers: each turns a message into one call, and what came of it into an [`Outcome`].

mod call;
mod cloudloop;
mod rockblock;
mod rockcore;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fairlead_model::MtId;
use fairlead_web::health::Check;
use fairlead_wire::Refusal;

use self::cloudloop::Cloudloop;
use self::rockblock::Rockblock;
use self::rockcore::Rockcore;
use crate::settings::Settings;

/// The account that pays where nothing speaks for another one.
pub(crate) const ROCKBLOCK: &str = "rockblock";
/// The account for RockSTAR trackers.
pub(crate) const ROCKCORE: &str = "rockcore";
/// The account for modems whose messages come by Cloudloop.
pub(crate) const CLOUDLOOP: &str = "cloudloop";

/// Who carries a message. An account's name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Provider {
    Rockblock,
    Rockcore,
    Cloudloop,
}

impl Provider {
    pub(crate) fn of_account(name: &str) -> Self {
        match name {
            ROCKCORE => Self::Rockcore,
            CLOUDLOOP => Self::Cloudloop,
            _ => Self::Rockblock,
        }
    }

    /// The word in answers of the API.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Rockblock => "rockblock",
            Self::Rockcore => "rockcore",
            Self::Cloudloop => "cloudloop",
        }
    }

    /// The settings without which an account of it sends nothing, in a sentence.
    pub(crate) fn not_set(self, account: &str) -> String {
        match self {
            Self::Rockblock | Self::Rockcore => {
                format!("courier.{account}.username or courier.{account}.password is not set.")
            }
            Self::Cloudloop => format!("courier.{account}.token is not set."),
        }
    }
}

/// What is sent.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    /// The message, for the provider's logs and ours.
    pub(crate) id: MtId,
    /// What the provider calls the modem: its IMEI, its serial number or its thing.
    pub(crate) address: String,
    pub(crate) text: String,
    /// The provider empties the modem's queue first, where it can.
    pub(crate) flush: bool,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// An answer was read: the provider has it.
    Taken { provider_id: String },
    /// An answer was read: it has not.
    Refused { refusal: Refusal, said: String },
    /// No connection was made, so not a byte of the request left.
    NotSent { why: String },
    /// Anything else.
    Unknown { why: String },
}

/// The way to one provider.
pub(crate) enum Driver {
    Rockblock(Rockblock),
    Rockcore(Rockcore),
    Cloudloop(Cloudloop),
}

impl Driver {
    /// Makes a call, once.
    pub(crate) async fn send(&self, parcel: &Parcel) -> Outcome {
        match self {
            Self::Rockblock(driver) => driver.send(parcel).await,
            Self::Rockcore(driver) => driver.send(parcel).await,
            Self::Cloudloop(driver) => driver.send(parcel).await,
        }
    }

    /// Whether the provider is there.
    async fn greet(&self) -> Result<(), String> {
        match self {
            Self::Rockblock(driver) => driver.greet().await,
            Self::Rockcore(driver) => driver.greet().await,
            Self::Cloudloop(driver) => driver.greet().await,
        }
    }
}

/// One account with a provider.
pub(crate) struct Account {
    pub(crate) name: &'static str,
    pub(crate) provider: Provider,
    /// An answer is waited for so long.
    pub(crate) timeout: Duration,
    /// Between two calls.
    pub(crate) spacing: Duration,
    /// `None` without user name, password or token.
    pub(crate) driver: Option<Driver>,
}

/// Whether an account's provider is there, by a question that costs nothing.
pub(crate) async fn reached(name: &'static str, driver: Arc<Driver>) -> Check {
    match driver.greet().await {
        Ok(()) => Check::good("provider", format!("The provider of courier.{name} is reached.")),
        Err(why) => Check::bad("provider", format!("The provider of courier.{name} is not reached: {why}."))
            .bearable()
            .advice(format!("Let this machine reach it, or correct courier.{name}.url.")),
    }
}

/// The accounts of the settings: the first always, the others where they have a user name or a token.
///
/// # Errors
/// A sentence about the setting that cannot be used.
pub(crate) fn accounts(settings: &Settings) -> anyhow::Result<BTreeMap<&'static str, Account>> {
    let mut accounts = BTreeMap::new();
    let mut add = |name, pace: Pace, driver| {
        let Pace { timeout, spacing } = pace;
        let provider = Provider::of_account(name);
        accounts.insert(name, Account { name, provider, timeout, spacing, driver });
    };
    for (name, settings, always) in [
        (ROCKBLOCK, &settings.rockblock, true),
        ("rockblock_2", &settings.rockblock_2, false),
        ("rockblock_3", &settings.rockblock_3, false),
    ] {
        if !always && settings.username.is_empty() {
            continue;
        }
        let pace = Pace::of(settings.calls_per_minute, settings.timeout_s);
        let complete = !settings.username.is_empty() && !settings.password.is_empty();
        let driver = complete.then(|| Rockblock::new(name, settings, pace.timeout)).transpose()?;
        add(name, pace, driver.map(Driver::Rockblock));
    }
    let rockcore = &settings.rockcore;
    if !rockcore.username.is_empty() {
        let pace = Pace::of(rockcore.calls_per_minute, rockcore.timeout_s);
        let complete = !rockcore.password.is_empty();
        let driver = complete.then(|| Rockcore::new(ROCKCORE, rockcore, pace.timeout)).transpose()?;
        add(ROCKCORE, pace, driver.map(Driver::Rockcore));
    }
    let cloudloop = &settings.cloudloop;
    if !cloudloop.token.is_empty() {
        let pace = Pace::of(cloudloop.calls_per_minute, cloudloop.timeout_s);
        let driver = Cloudloop::new(CLOUDLOOP, cloudloop, pace.timeout)?;
        add(CLOUDLOOP, pace, Some(Driver::Cloudloop(driver)));
    }
    Ok(accounts)
}

/// How fast a provider is called, and how long it is waited for.
#[derive(Clone, Copy)]
struct Pace {
    timeout: Duration,
    spacing: Duration,
}

impl Pace {
    fn of(calls_per_minute: u32, timeout_s: u32) -> Self {
        Self {
            timeout: Duration::from_secs(timeout_s.clamp(1, 300).into()),
            spacing: Duration::from_secs(60) / calls_per_minute.max(1),
        }
    }
}
