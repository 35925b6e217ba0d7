//! Pushes built as the provider builds them: what a simulated provider posts.

use fairlead_model::{Imei, Latitude, Longitude, Time};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Number, Value};

use super::{Push, Source, Trigger, parse};
use crate::rockblock::{BodyKind, NoImei};

/// What the provider leaves unencoded in a form (its own example).
const FORM_ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'*');

/// The content of a push.
#[derive(Clone, Debug, PartialEq)]
pub struct Fields {
    /// The provider's name of this message.
    pub id: String,
    /// The tracker.
    pub imei: Imei,
    /// The kind of tracker, as `LEOPARD3`.
    pub device_type: String,
    /// The provider's serial number of the tracker.
    pub serial: u32,
    /// The modem's message number.
    pub momsn: u16,
    /// When the tracker sent it, in whole seconds.
    pub transmitted_at: Time,
    /// When the tracker was there, in whole seconds.
    pub measured_at: Time,
    /// Why it speaks.
    pub trigger: Trigger,
    /// Who found the position.
    pub source: Source,
    /// Degrees north and east; five decimals survive.
    pub position: (Latitude, Longitude),
    /// Circular error probable of the network's position in kilometres.
    pub cep_km: u32,
    /// Speed over ground in knots; one decimal survives.
    pub speed_knots: f64,
    /// Course over ground in whole degrees true.
    pub course_deg: u16,
    /// Altitude in metres.
    pub altitude_m: i32,
    /// Battery in percent of full.
    pub battery_percent: u8,
    /// The text that somebody typed.
    pub message: Option<String>,
    /// The provider's number of the message that the tracker has received.
    pub message_ack: Option<u64>,
}

impl Fields {
    /// The push as a form, encoded once.
    pub fn form_body(&self) -> String {
        let pair = |(name, value, _): (&str, String, bool)| {
            format!("{name}={}", utf8_percent_encode(&value, FORM_ENCODED))
        };
        self.texts().into_iter().map(pair).collect::<Vec<_>>().join("&")
    }

    /// The push as JSON, numbers as numbers, with the token if there is one.
    pub fn json_body(&self, jwt: Option<&str>) -> String {
        let mut body = Map::new();
        for (name, text, plain) in self.texts() {
            let literal = if plain { plain_value(&text) } else { None };
            body.insert(name.to_owned(), literal.unwrap_or(Value::String(text)));
        }
        body.extend(jwt.map(|jwt| ("JWT".to_owned(), Value::from(jwt))));
        Value::Object(body).to_string()
    }

    /// The push as it will be read.
    ///
    /// # Errors
    /// Never for a tracker with an IMEI; the reader does not know that.
    pub fn push(&self) -> Result<Push, NoImei> {
        parse(BodyKind::Form, self.form_body().as_bytes())
    }

    /// Name, text, and whether JSON writes it without quotes.
    fn texts(&self) -> Vec<(&'static str, String, bool)> {
        let time = |time: Time| time.date_time().format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let (latitude, longitude) = self.position;
        let of_gps = self.source == Source::Gps;
        let mut texts = vec![
            ("imei", self.imei.to_string(), false),
            ("device_type", self.device_type.clone(), false),
            ("serial", self.serial.to_string(), true),
            ("momsn", self.momsn.to_string(), true),
            ("transmit_time", time(self.transmitted_at), false),
            ("id", self.id.clone(), false),
            ("transport", "IRIDIUM".to_owned(), false),
            ("txAt", time(self.transmitted_at), false),
            ("at", time(self.measured_at), false),
            ("lat", format!("{:.5}", latitude.degrees()), true),
            ("lon", format!("{:.5}", longitude.degrees()), true),
            ("source", if of_gps { "GPS" } else { "IRIDIUM" }.to_owned(), false),
            ("trigger", self.trigger.to_string(), false),
        ];
        if of_gps {
            texts.extend([
                ("gps_time", time(self.measured_at), false),
                ("sog", format!("{:.1}", self.speed_knots), true),
                ("cog", self.course_deg.to_string(), true),
                ("alt", self.altitude_m.to_string(), true),
                ("battery", self.battery_percent.to_string(), true),
                ("power", "false".to_owned(), true),
            ]);
        } else {
            texts.push(("cep", self.cep_km.to_string(), true));
        }
        texts.extend(self.message.clone().map(|text| ("message", text, false)));
        texts.extend(self.message_ack.map(|number| ("message_ack", number.to_string(), true)));
        texts
    }
}

/// A number or a truth value.
fn plain_value(text: &str) -> Option<Value> {
    match text {
        "true" | "false" => Some(Value::Bool(text == "true")),
        _ => text.parse::<i64>().ok().map(Value::from).or_else(|| {
            let number: f64 = text.parse().ok()?;
            Number::from_f64(number).map(Value::Number)
        }),
    }
}
