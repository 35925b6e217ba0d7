//! A message decoded: one JSON object, by itself or as the properties of a GeoJSON feature.

use fairlead_model::device::DeviceKind;
use fairlead_model::route::RouteMessage;
use fairlead_model::{DeviceId, Imei, MessageId, Time};
use schemars::JsonSchema;
use serde::Serialize;

use super::Facts;
use crate::pk::Command;

/// The version of these names: it grows when one of them changes its meaning or goes.
const VERSION: u32 = 1;

/// A message. Every name is always there; what the message does not say is `null`. Units are SI and in the names.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(title = "json")]
pub struct PassedOn {
    /// The version of these names, 1.
    pub version: u32,
    /// The message's id.
    #[schemars(with = "uuid::Uuid")]
    pub message_id: MessageId,
    /// What the message is: `position`, `command`, `text` or `other`.
    #[schemars(with = "String")]
    pub message: RouteMessage,
    /// The device that it is of; `null` where its modem was in none.
    pub device: Option<Sender>,
    /// The modem's number on the network.
    #[schemars(with = "String")]
    pub imei: Imei,
    /// The provider's serial number of the modem.
    pub serial: Option<String>,
    /// Who pushed it: `rockblock`, `rockcore` or `cloudloop`.
    pub provider: String,
    /// The modem's message number, 0 to 65535.
    pub momsn: Option<i32>,
    /// When the network took it.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub transmitted_at: Option<Time>,
    /// When it was received.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub received_at: Time,
    /// The message type, as `PK101` or `RS-BURST`; `empty` for a mailbox check.
    pub kind: String,
    /// The device's own time, to which the values belong; the transmit time where it tells none.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub measured_at: Time,
    /// The time is too far ahead of the arrival to be believed.
    pub clock_ahead: bool,
    /// It was handled after a newer one of the same modem.
    pub late: bool,
    /// Degrees north (WGS 84), by the device's own receiver.
    pub latitude: Option<f64>,
    /// Degrees east (WGS 84), by the device's own receiver.
    pub longitude: Option<f64>,
    /// The network's estimate, degrees north.
    pub estimate_latitude: Option<f64>,
    /// The network's estimate, degrees east.
    pub estimate_longitude: Option<f64>,
    /// Radius of the network's estimate, metres.
    pub estimate_accuracy_m: Option<f64>,
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
    /// Commanded sleep, seconds; 0 is none.
    pub sleep_s: Option<i64>,
    /// The device's word on its wake-up: `normal`, `power_on`, `after_sleep`, `accepted`, `rejected`, `unknown`.
    pub status: Option<String>,
    /// Status bits.
    pub status_bits: Option<u32>,
    /// Whether the last-mile beacon is on.
    pub beacon_on: Option<bool>,
    /// Why a tracker speaks, as `BURST`.
    pub trigger: Option<String>,
    /// The text that somebody typed on a tracker.
    pub text: Option<String>,
    /// What is wanted of a buoy: `beacon`, `interval` or `sleep`.
    pub command: Option<String>,
    /// The number with the command: 1 or 0, minutes, seconds.
    pub command_value: Option<u32>,
    /// The payload in hexadecimal.
    pub payload_hex: Option<String>,
}

/// The device that a message is of.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Sender {
    /// Its id.
    #[schemars(with = "uuid::Uuid")]
    pub id: DeviceId,
    /// `buoy`, `handset` or `rockstar`.
    #[schemars(with = "String")]
    pub kind: DeviceKind,
    /// Its name.
    pub name: String,
}

/// A GeoJSON feature (RFC 7946). Its id is the message's; without a position of its own its geometry is `null`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(title = "geojson")]
pub struct Feature {
    /// Always `Feature`.
    #[serde(rename = "type")]
    pub feature: &'static str,
    /// The message's id.
    #[schemars(with = "uuid::Uuid")]
    pub id: MessageId,
    /// Where the device is.
    pub geometry: Option<Geometry>,
    /// The decoded message, as in the format `json`.
    pub properties: PassedOn,
}

/// A point.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Geometry {
    /// Always `Point`.
    #[serde(rename = "type")]
    pub point: &'static str,
    /// Degrees east, degrees north.
    pub coordinates: [f64; 2],
}

impl PassedOn {
    /// The message, decoded.
    pub fn of(facts: &Facts<'_>) -> Self {
        let (pushed, said) = (&facts.pushed, &facts.said);
        Self {
            version: VERSION,
            message_id: facts.message_id,
            message: facts.message,
            device: facts.device.clone().map(|of| Sender { id: of.id, kind: of.kind, name: of.name }),
            imei: pushed.imei,
            serial: pushed.serial.map(str::to_owned),
            provider: pushed.provider.to_owned(),
            momsn: pushed.momsn,
            transmitted_at: pushed.transmitted_at,
            received_at: facts.received_at,
            kind: said.kind.clone(),
            measured_at: said.measured_at,
            clock_ahead: said.clock_ahead,
            late: said.late,
            latitude: said.fix.map(|(latitude, _)| latitude.degrees()),
            longitude: said.fix.map(|(_, longitude)| longitude.degrees()),
            estimate_latitude: said.estimate.map(|(latitude, ..)| latitude.degrees()),
            estimate_longitude: said.estimate.map(|(_, longitude, _)| longitude.degrees()),
            estimate_accuracy_m: said.estimate.and_then(|(.., accuracy_m)| accuracy_m),
            speed_m_s: said.speed_m_s,
            course_deg: said.course_deg,
            altitude_m: said.altitude_m,
            battery_v: said.battery_v,
            battery_percent: said.battery_percent,
            external_power: said.external_power,
            temperature_c: said.temperature_c,
            interval_s: said.interval_s,
            sleep_s: said.sleep_s,
            status: said.status.clone(),
            status_bits: said.status_bits,
            beacon_on: said.beacon_on,
            trigger: said.trigger.clone(),
            text: said.text.clone(),
            command: said.command.map(|command| word(command).to_owned()),
            command_value: said.command.map(Command::value),
            payload_hex: pushed.payload.map(hex::encode),
        }
    }
}

const fn word(command: Command) -> &'static str {
    match command {
        Command::Beacon { .. } => "beacon",
        Command::Interval(_) => "interval",
        Command::Sleep(_) => "sleep",
    }
}

/// Writes a message decoded.
pub fn json(facts: &Facts<'_>) -> String {
    text(&PassedOn::of(facts))
}

/// Writes a message as a GeoJSON feature.
pub fn geojson(facts: &Facts<'_>) -> String {
    let point = |(latitude, longitude): (fairlead_model::Latitude, fairlead_model::Longitude)| Geometry {
        point: "Point",
        coordinates: [longitude.degrees(), latitude.degrees()],
    };
    text(&Feature {
        feature: "Feature",
        id: facts.message_id,
        geometry: facts.said.fix.map(point),
        properties: PassedOn::of(facts),
    })
}

fn text(value: &impl Serialize) -> String {
    // Texts and numbers are written into memory: nothing of it can fail.
    serde_json::to_string(value).unwrap_or_default()
}
