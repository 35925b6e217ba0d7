//! The firmware service's settings.

use std::collections::BTreeMap;

use fairlead_model::Secret;
use fairlead_runtime::ServiceSettings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sources::SourceSettings;

/// `[firmware]`
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Address and port of the firmware service's own binary.
    pub listen: String,
    /// Hours for which a device may be silent before its upgrade is given up, where it is no part of a roll-out.
    pub job_timeout_h: u32,
    /// A secret that devices show in the path, as `/d/<secret>/v1/buoy/register`: with it they may register at any
    /// time. Empty: there is none.
    pub registration_secret: Secret,
    /// Whether a device that has a key of its own must show it in the path to be upgraded.
    pub require_key: bool,
    /// Whether devices may ask for an upgrade by themselves.
    pub device_init: bool,
    /// The source whose newest prepared version such a device is given.
    pub device_init_source: String,
    /// Most megabytes of the files of one version.
    pub version_max_mb: u32,
    /// Prepared versions that stay on the disk although no device needs them now. Others are made again from the mirror
    /// when they are needed.
    pub keep_versions: u32,
    /// The repositories that firmware comes from, each by a name.
    pub sources: BTreeMap<String, SourceSettings>,
}

impl Settings {
    /// How long a device may be silent, in seconds.
    pub(crate) fn job_timeout_s(&self) -> i64 {
        i64::from(self.job_timeout_h.clamp(1, 24 * 365)) * 3_600
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8086".to_owned(),
            job_timeout_h: 24,
            registration_secret: Secret::default(),
            require_key: false,
            device_init: false,
            device_init_source: String::new(),
            version_max_mb: 64,
            keep_versions: 20,
            sources: BTreeMap::new(),
        }
    }
}

impl ServiceSettings for Settings {
    fn listen(&self) -> &str {
        &self.listen
    }
}
