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
    /// time. A command that a route passes on counts from
    /// when the handset sent it.
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
    /// The least trust with which a device's message leads to a message to another device.
    pub mt_trust: Trust,
    /// What seals endpoints' secrets in the database: 32 bytes in base64, as `openssl rand -base64 32` makes them. Empty: a key
    /// is made at the first start, in `courier/secrets.key` in `data.dir`. Several couriers need the same key, so with
    /// separate binaries on several machines it is set here. Whoever loses it sets all endpoints' secrets anew.
    pub secrets_key: Secret,
    /// Networks beside the public ones in which webhooks may be, as `10.1.0.0/16`. Without them no address is dialled that is
    /// private, this machine's, or otherwise none of the Internet.
    pub webhook_networks: StringList,
    /// Days for which deliveries are kept that are settled.
    pub deliveries_kept_days: u32,
    /// The account with RockBLOCK.
    pub rockblock: AccountSettings,
    /// A second account with RockBLOCK.
    pub rockblock_2: AccountSettings,
    /// A third one.
    pub rockblock_3: AccountSettings,
    /// The account with Rock 7 Core, for texts to RockSTAR trackers.
    pub rockcore: RockcoreSettings,
    /// The account with Cloudloop, for modems whose messages come by it.
    pub cloudloop: CloudloopSettings,
    /// Wakes of a device after which a problem says that it has not shown that it got a message, as it should have.
    pub proof_wakes: u32,
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

/// `[courier.rockcore]`
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RockcoreSettings {
    /// Where texts are posted to; the tracker's serial number is put behind it.
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

/// `[courier.cloudloop]`
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CloudloopSettings {
    /// Where messages are posted to.
    pub url: String,
    /// The account's token.
    pub token: Secret,
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
            mt_trust: Trust::ListedAddress,
            secrets_key: Secret::default(),
            webhook_networks: StringList::default(),
            deliveries_kept_days: 30,
            rockblock: AccountSettings::default(),
            rockblock_2: AccountSettings::default(),
            rockblock_3: AccountSettings::default(),
            rockcore: RockcoreSettings::default(),
            cloudloop: CloudloopSettings::default(),
            proof_wakes: 5,
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

impl Default for RockcoreSettings {
    fn default() -> Self {
        Self {
            url: "https://core.rock7.com/API2/SendMessage".to_owned(),
            username: String::new(),
            password: Secret::default(),
            calls_per_minute: 60,
            timeout_s: 20,
        }
    }
}

impl Default for CloudloopSettings {
    fn default() -> Self {
        Self {
            url: "https://api.cloudloop.com/Data/DoSendSbdMessage".to_owned(),
            token: Secret::default(),
            calls_per_minute: 120,
            timeout_s: 20,
        }
    }
}

impl ServiceSettings for Settings {
    fn listen(&self) -> &str {
        &self.listen
    }
}
