//! The hub's settings.

use fairlead_runtime::ServiceSettings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[hub]`
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Address and port of the hub's own binary.
    pub listen: String,
    /// Frames that wait for one page, each with what happened in a twentieth of a second; a page that is further behind is
    /// cut off and begins anew.
    pub page_buffer: usize,
    /// Most modems in a snapshot; pages ask for the rest.
    pub snapshot_modems: i64,
    /// For how many days the change feed is kept; a program that was away for longer begins anew.
    pub feed_days: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { listen: "127.0.0.1:8083".to_owned(), page_buffer: 256, snapshot_modems: 2_000, feed_days: 30 }
    }
}

impl ServiceSettings for Settings {
    fn listen(&self) -> &str {
        &self.listen
    }
}
