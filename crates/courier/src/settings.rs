//! The courier's settings.

use std::time::Duration;

use fairlead_model::{Secret, Trust};
use fairlead_runtime::ServiceSettings;
use fairlead_runtime::settings::StringList;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[courier]`
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Address and port of the courier's own binary.
    pub listen: String,
    /// Calls of providers at a time.
    pub concurrency: u16,
    /// Hours after which a message that could not be sent is not sent any more, where the request names no other
    /// time. A handset's command counts from when the handset sent it.
    pub expires_h: u32,
    /// Most messages for one modem that wait here.
    pub waiting_per_modem: u32,
    /// Most messages for one modem that the provider is given before the modem is heard. Iridium holds 50.
    pub held_by_provider: u32,
    /// Days for which the provider keeps a message for a modem that is not heard.
    pub provider_keeps_days: u32,
    /// Empty the provider's queue of a modem (`flush=yes`) when a new interval replaces intervals that it still holds,
    /// and holds nothing else.
    pub flush_superseded: bool,
    /// Which handset steers which buoys, as `300434063836590 > 300434063836591`, one pair an entry.
    pub handsets: StringList,
    /// The least trust with which a handset's command is passed on.
    pub handset_trust: Trust,
    /// The account with RockBLOCK.
    pub rockblock: AccountSettings,
    /// A second account with RockBLOCK.
    pub rockblock_2: AccountSettings,
    /// A third one.
    pub rockblock_3: AccountSettings,
}

/// `[courier.rockblock]`
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AccountSettings {
    /// Where messages are posted to.
    pub url: String,
    /// The account's user name.
    pub username: String,
    /// The account's password.
    pub password: Secret,
    /// Most calls in a minute.
    pub calls_per_minute: u32,
    /// Seconds within which the provider must have answered; after that the outcome is unknown.
    pub timeout_s: u32,
}

impl Settings {
    /// How long a message may wait to be sent.
    pub(crate) fn expires(&self) -> Duration {
        Duration::from_secs(3_600 * u64::from(self.expires_h))
    }
}

impl AccountSettings {
    /// How long an answer is waited for.
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_s.clamp(1, 300).into())
    }

    /// Between two calls.
    pub(crate) fn spacing(&self) -> Duration {
        Duration::from_secs(60) / self.calls_per_minute.max(1)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8085".to_owned(),
            concurrency: 16,
            expires_h: 24,
            waiting_per_modem: 100,
            held_by_provider: 50,
            provider_keeps_days: 5,
            flush_superseded: false,
            handsets: StringList::default(),
            handset_trust: Trust::ListedAddress,
            rockblock: AccountSettings::default(),
            rockblock_2: AccountSettings::default(),
            rockblock_3: AccountSettings::default(),
        }
    }
}

impl Default for AccountSettings {
    fn default() -> Self {
        Self {
            url: "https://rockblock.rock7.com/rockblock/MT".to_owned(),
            username: String::new(),
            password: Secret::default(),
            calls_per_minute: 600,
            timeout_s: 20,
        }
    }
}

impl ServiceSettings for Settings {
    fn listen(&self) -> &str {
        &self.listen
    }
}
