//! The firmware service's state and tasks.

use fairlead_runtime::{Context, Mount, Service};

use crate::http;
use crate::settings::Settings;

/// The firmware service.
pub struct Firmware;

impl Service for Firmware {
    const NAME: &'static str = "firmware";
    type Settings = Settings;

    async fn start(_: Settings, _: Context) -> anyhow::Result<Mount> {
        Ok(Mount::new(http::mount))
    }
}
