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
    /// Address and port for devices on the line, which come without TLS: `ws://HOST:7777/NAME`. Empty: none.
    pub device_listen: String,
    /// Address and port for pages made for the hub that Fairlead takes the place of: `ws://HOST:7770/NAME`, texts passed on
    /// as they are. Its users show a session cookie, `Authorization: Bearer` or `?token=`. Empty: none.
    pub page_listen: String,
    /// What becomes of a device that nobody has registered: `refuse` notes it, so that a person can register it; `accept`
    /// gives it a line.
    pub unknown_devices: UnknownDevices,
    /// Most devices at a time. Each takes one open file of the process.
    pub device_connections: u32,
    /// Seconds between two pings of a device. One that is not heard of for three times as long has gone. Devices that look
    /// at their hardware do not answer meanwhile: 60 is well.
    pub device_ping_s: u32,
}

/// What becomes of a device that nobody has registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnknownDevices {
    /// It is refused, and noted.
    Refuse,
    /// It has a line.
    Accept,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8083".to_owned(),
            page_buffer: 256,
            snapshot_modems: 2_000,
            feed_days: 30,
            device_listen: "0.0.0.0:7777".to_owned(),
            page_listen: "127.0.0.1:7770".to_owned(),
            unknown_devices: UnknownDevices::Refuse,
            device_connections: 10_000,
            device_ping_s: 60,
        }
    }
}

impl ServiceSettings for Settings {
    fn listen(&self) -> &str {
        &self.listen
    }
}
