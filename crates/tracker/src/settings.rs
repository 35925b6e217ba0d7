//! The tracker's settings.

use fairlead_runtime::ServiceSettings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[tracker]`
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Address and port of the tracker's own binary.
    pub listen: String,
    /// Messages that are worked on at a time.
    pub concurrency: u16,
    /// How many modems unsigned messages may add in a day (UTC). Beyond that they wait for a person.
    pub unsigned_modems_per_day: i64,
    /// Interval in seconds that silence is measured against where a device neither says its own nor has sent
    /// enough to see it.
    pub assumed_interval_s: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8082".to_owned(),
            concurrency: 512,
            unsigned_modems_per_day: 100,
            assumed_interval_s: 600,
        }
    }
}

impl ServiceSettings for Settings {
    fn listen(&self) -> &str {
        &self.listen
    }
}
