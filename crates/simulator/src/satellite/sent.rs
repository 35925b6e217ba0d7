//! What a device sent: the message as the network took it, and what the device meant by it.

use fairlead_model::{Imei, Time};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::DeliveryForm;

/// One MO message as the network took it from a modem.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    /// The modem.
    pub imei: Imei,
    /// The number printed on it.
    pub serial: u32,
    /// Its message number.
    pub momsn: u16,
    /// When the network took the message: whole seconds, as the push tells them.
    pub at: Time,
    /// How the provider pushes messages of this modem.
    pub form: DeliveryForm,
    /// Where the network believes the modem is.
    pub estimate: Estimate,
    /// Iridium's session status: 0 is good, 2 is good with a poor location.
    pub session_status: u8,
    /// The message's bytes.
    #[serde(serialize_with = "to_hex", deserialize_with = "of_hex")]
    pub payload: Vec<u8>,
    /// What the device meant.
    pub said: Said,
}

/// The satellite network's own estimate of a position.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Degrees north, four decimals.
    pub latitude: f64,
    /// Degrees east, four decimals.
    pub longitude: f64,
    /// Circular error probable in kilometres.
    pub cep_km: f64,
}

/// What a device meant by a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// Where it is and how it fares.
    Position(Reading),
    /// A handset's wish.
    Command,
    /// A text that nobody can read.
    Rubbish,
    /// Nothing: a mailbox check.
    Nothing,
}

/// The figures that a device put into a position text, before they were printed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Degrees north and east; `None` without a fix.
    pub place: Option<(f64, f64)>,
    /// By the device's clock.
    pub measured_at: Time,
    /// Metres per second.
    pub speed_m_s: Option<f64>,
    /// Degrees true.
    pub course_deg: Option<f64>,
    /// Volts.
    pub battery_v: Option<f64>,
    /// Reporting interval in seconds.
    pub interval_s: Option<u32>,
}

impl Sent {
    /// The payload in lower-case hexadecimal, as the provider pushes it.
    pub fn payload_hex(&self) -> String {
        hex::encode(&self.payload)
    }
}

fn to_hex<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex::encode(bytes))
}

fn of_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    hex::decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
}
