//! The firmware service's settings.

use fairlead_runtime::ServiceSettings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[firmware]`
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Address and port of the firmware service's own binary.
    pub listen: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self { listen: "127.0.0.1:8086".to_owned() }
    }
}

impl ServiceSettings for Settings {
    fn listen(&self) -> &str {
        &self.listen
    }
}
