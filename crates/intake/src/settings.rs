//! The intake's settings.

use fairlead_model::{Secret, Trust};
use fairlead_runtime::ServiceSettings;
use fairlead_runtime::settings::StringList;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where Cloudloop's requests come from (its page on HTTP destinations).
const CLOUDLOOP_ADDRESSES: [&str; 2] = ["35.178.100.117/32", "52.56.155.169/32"];

/// `[intake]`
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Address and port of the intake's own binary.
    pub listen: String,
    /// Most megabytes that the journal may take on the disk. When they are used up, pushes are refused with 503.
    pub journal_max_mb: u64,
    /// How many pushes that were not let in are kept, of each kind; the oldest go first.
    pub held_keep: i64,
    /// How many of them are kept in a minute; more are answered and counted, not kept.
    pub held_per_minute: u32,
    /// The door for RockBLOCK's webhook.
    pub rockblock: RockblockSettings,
    /// The door for Rock 7 Core's push API, by which RockSTAR trackers speak.
    pub rockcore: RockcoreSettings,
    /// The door for Cloudloop's webhook.
    pub cloudloop: CloudloopSettings,
}

/// `[intake.rockblock]`
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RockblockSettings {
    /// The least trust with which a push is let in.
    pub require_trust: Trust,
    /// A secret that makes `/rockblock/incoming/<secret>` a trusted path. Empty: there is none.
    pub secret_path: Secret,
    /// Networks that the provider pushes from, as `212.71.235.32/32, 109.74.196.135/32`. Empty: none is trusted
    /// for its address.
    pub allow_list: StringList,
    /// Whether the key that the provider publishes is believed.
    pub published_key: bool,
    /// Files with further public keys (PEM) that are believed.
    pub public_key_files: StringList,
    /// Let unsigned pushes in even after the provider has signed for the same IMEI. Only for an account with
    /// several delivery formats.
    pub unsigned_after_signed: bool,
}

/// `[intake.rockcore]`
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RockcoreSettings {
    /// The least trust with which a push is let in.
    pub require_trust: Trust,
    /// A secret that makes `/rockstar/incoming/<secret>` a trusted path. Empty: there is none.
    pub secret_path: Secret,
    /// Networks that the provider pushes from, as `212.71.235.32/32`. Empty: none is trusted for its address.
    pub allow_list: StringList,
    /// Whether the key that the provider publishes is believed.
    pub published_key: bool,
    /// Files with further public keys (PEM) that are believed.
    pub public_key_files: StringList,
    /// Let unsigned pushes in even after the provider has signed for the same IMEI. Only for an account with
    /// several delivery formats.
    pub unsigned_after_signed: bool,
}

/// `[intake.cloudloop]`
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CloudloopSettings {
    /// The least trust with which a push is let in. Cloudloop does not sign.
    pub require_trust: Trust,
    /// A secret that makes `/cloudloop/incoming/<secret>` a trusted path. Empty: there is none.
    pub secret_path: Secret,
    /// Networks that Cloudloop pushes from; these two are documented. Empty: none is trusted for its address.
    pub allow_list: StringList,
    /// Let pushes in that nobody vouches for, even for an IMEI that the older platform has signed for.
    pub unsigned_after_signed: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8081".to_owned(),
            journal_max_mb: 8_192,
            held_keep: 10_000,
            held_per_minute: 120,
            rockblock: RockblockSettings::default(),
            rockcore: RockcoreSettings::default(),
            cloudloop: CloudloopSettings::default(),
        }
    }
}

impl Default for RockblockSettings {
    fn default() -> Self {
        Self {
            require_trust: Trust::Unsigned,
            secret_path: Secret::default(),
            allow_list: StringList::default(),
            published_key: true,
            public_key_files: StringList::default(),
            unsigned_after_signed: false,
        }
    }
}

impl Default for RockcoreSettings {
    fn default() -> Self {
        Self {
            require_trust: Trust::Unsigned,
            secret_path: Secret::default(),
            allow_list: StringList::default(),
            published_key: true,
            public_key_files: StringList::default(),
            unsigned_after_signed: false,
        }
    }
}

impl Default for CloudloopSettings {
    fn default() -> Self {
        Self {
            require_trust: Trust::Unsigned,
            secret_path: Secret::default(),
            allow_list: StringList(CLOUDLOOP_ADDRESSES.map(str::to_owned).to_vec()),
            unsigned_after_signed: false,
        }
    }
}

impl ServiceSettings for Settings {
    fn listen(&self) -> &str {
        &self.listen
    }
}
