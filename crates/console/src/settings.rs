//! The console's settings.

use fairlead_runtime::ServiceSettings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[console]`
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Address and port of the console's own binary.
    pub listen: String,
    /// Print a one-time sign-in link for an administrator at start.
    pub print_link: bool,
    /// How long that link is good for, in minutes.
    pub link_minutes: u32,
    /// How long a session lasts, in hours.
    pub session_hours: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8084".to_owned(),
            print_link: true,
            link_minutes: 60,
            session_hours: 24 * 14,
        }
    }
}

impl ServiceSettings for Settings {
    fn listen(&self) -> &str {
        &self.listen
    }
}
