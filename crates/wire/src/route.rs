//! What is passed on of a message: to endpoints in three formats, to handsets and trackers as a text.
//!
//! [`Facts`] is all that one needs of a message. [`original`] writes it as the queues of the original backend had it,
//! [`json`] and [`geojson`] decoded; [`handset_text`] and [`rockstar_text`] tell a position to a device.

mod decoded;
mod original;
mod text;

pub use decoded::{Feature, Geometry, PassedOn, Sender, geojson, json};
use fairlead_model::device::DeviceRef;
use fairlead_model::route::{Format, RouteMessage};
use fairlead_model::{Imei, Latitude, Longitude, MessageId, Time};
pub use original::{Original, original};
pub use text::{handset_text, rockstar_text};

use crate::pk::Command;

/// All that one needs of a message to pass it on.
#[derive(Clone, Debug)]
pub struct Facts<'m> {
    /// Its id.
    pub message_id: MessageId,
    /// What it is.
    pub message: RouteMessage,
    /// Whose it is; `None` where its modem was in no device.
    pub device: Option<DeviceRef>,
    /// When it was received.
    pub received_at: Time,
    /// As it was pushed.
    pub pushed: Pushed<'m>,
    /// What it says.
    pub said: Said,
}

/// A message as it was pushed: its body, and the fields that could be read.
#[derive(Clone, Debug)]
pub struct Pushed<'m> {
    /// Whose push: `rockblock`, `rockcore` or `cloudloop`.
    pub provider: &'m str,
    /// The body's `Content-Type`.
    pub content_type: Option<&'m str>,
    /// The body.
    pub body: &'m [u8],
    /// The modem.
    pub imei: Imei,
    /// The provider's serial number of it.
    pub serial: Option<&'m str>,
    /// The modem's message number.
    pub momsn: Option<i32>,
    /// When the network took it.
    pub transmitted_at: Option<Time>,
    /// The network's estimate, degrees north.
    pub iridium_latitude: Option<f64>,
    /// The network's estimate, degrees east.
    pub iridium_longitude: Option<f64>,
    /// Circular error probable of the estimate, kilometres.
    pub iridium_cep_km: Option<f64>,
    /// How the session ended, by Iridium's numbers.
    pub session_status: Option<i32>,
    /// The payload, as a person may have repaired it; `None` where the data were not hexadecimal.
    pub payload: Option<&'m [u8]>,
    /// The data as pushed, where they were not.
    pub payload_raw: Option<&'m str>,
}

/// What a message says. What it does not say, or nobody can read, is `None`.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// The message type, as `PK101` or `RS-BURST`; `empty` for a mailbox check.
    pub kind: String,
    /// The device's own time; the transmit time where it tells none.
    pub measured_at: Time,
    /// The time is too far ahead of the arrival to be believed.
    pub clock_ahead: bool,
    /// It was handled after a newer one of the same modem.
    pub late: bool,
    /// Where the device is, by its own receiver.
    pub fix: Option<(Latitude, Longitude)>,
    /// Where the network thinks that the modem is, and within how many metres.
    pub estimate: Option<(Latitude, Longitude, Option<f64>)>,
    /// Speed over ground, metres per second.
    pub speed_m_s: Option<f64>,
    /// Course over ground, degrees true.
    pub course_deg: Option<f64>,
    /// Altitude, metres.
    pub altitude_m: Option<f64>,
    /// Battery, volts.
    pub battery_v: Option<f64>,
    /// Battery, percent of full.
    pub battery_percent: Option<f64>,
    /// Whether it has power from outside.
    pub external_power: Option<bool>,
    /// Temperature, degrees Celsius.
    pub temperature_c: Option<f64>,
    /// Reporting interval, seconds.
    pub interval_s: Option<i64>,
    /// Commanded sleep, seconds.
    pub sleep_s: Option<i64>,
    /// The device's word on its wake-up.
    pub status: Option<String>,
    /// Status bits.
    pub status_bits: Option<u32>,
    /// Whether the last-mile beacon is on.
    pub beacon_on: Option<bool>,
    /// Why a tracker speaks, as `BURST`.
    pub trigger: Option<String>,
    /// The text that somebody typed on a tracker.
    pub text: Option<String>,
    /// What is wanted of a buoy.
    pub command: Option<Command>,
}

impl Said {
    /// A message of a type that says nothing yet.
    pub fn nothing(kind: &str, measured_at: Time) -> Self {
        Self {
            kind: kind.to_owned(),
            measured_at,
            clock_ahead: false,
            late: false,
            fix: None,
            estimate: None,
            speed_m_s: None,
            course_deg: None,
            altitude_m: None,
            battery_v: None,
            battery_percent: None,
            external_power: None,
            temperature_c: None,
            interval_s: None,
            sleep_s: None,
            status: None,
            status_bits: None,
            beacon_on: None,
            trigger: None,
            text: None,
            command: None,
        }
    }
}

/// Writes a message in a format.
pub fn write(format: Format, facts: &Facts<'_>) -> String {
    match format {
        Format::Original => original(facts),
        Format::Json => json(facts),
        Format::Geojson => geojson(facts),
    }
}

/// The media type of a format.
pub const fn content_type(format: Format) -> &'static str {
    match format {
        Format::Original | Format::Json => "application/json",
        Format::Geojson => "application/geo+json",
    }
}

/// The JSON schema (2020-12) of a format.
pub fn schema(format: Format) -> schemars::Schema {
    match format {
        Format::Original => schemars::schema_for!(Original),
        Format::Json => schemars::schema_for!(PassedOn),
        Format::Geojson => schemars::schema_for!(Feature),
    }
}

#[cfg(test)]
mod tests;
