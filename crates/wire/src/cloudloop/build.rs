//! Pushes built as Cloudloop builds them: what a simulated provider posts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{Datelike, Timelike};
use fairlead_model::Time;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::rockblock;

/// What is left unencoded in a form.
const FORM_ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'*');

/// How a destination of Cloudloop is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON (Lingo), the recommended one.
    Lingo,
    /// JSON (Core), with the old platform's names.
    Core,
    /// Form parameters, with the same names.
    Form,
}

/// The content of a push.
#[derive(Clone, Debug, PartialEq)]
pub struct Fields {
    /// Cloudloop's name of this message.
    pub id: String,
    /// The number of the MT message that was fetched in this session; 0 for none.
    pub mtmsn: u32,
    /// Cloudloop's name of the modem.
    pub thing_id: String,
    /// The message.
    pub sbd: rockblock::Fields,
}

impl Fields {
    /// The body in a format.
    pub fn body(&self, format: Format) -> String {
        match format {
            Format::Lingo => self.lingo().to_string(),
            Format::Core => {
                let texts =
                    self.legacy().into_iter().map(|(name, text)| (name.to_owned(), Value::from(text)));
                Value::Object(texts.collect()).to_string()
            }
            Format::Form => {
                let pair = |(name, value): (&str, String)| {
                    format!("{name}={}", utf8_percent_encode(&value, FORM_ENCODED))
                };
                self.legacy().into_iter().map(pair).collect::<Vec<_>>().join("&")
            }
        }
    }

    fn lingo(&self) -> Value {
        let sbd = &self.sbd;
        let (imei, at) = (sbd.imei.to_string(), moment(sbd.transmitted_at));
        json!({
            "id": self.id,
            "receivedAt": at,
            "identity": {
                "accountId": "simulated",
                "subscriber": { "id": "simulated", "type": "SUBSCRIBER_TYPE_SBD", "description": "" },
                "hardware": {
                    "id": "simulated",
                    "type": "HARDWARE_TYPE_ROCKBLOCK",
                    "imei": imei,
                    "serial": sbd.serial.to_string(),
                },
                "identifier": imei,
                "thingId": self.thing_id,
            },
            "sbd": {
                "imei": imei,
                "cdrReference": "0",
                "momsn": sbd.momsn,
                "mtmsn": self.mtmsn,
                "sessionAt": at,
                "status": if sbd.session_status.unwrap_or(0) == 0 { "SESSION_STATUS_OK" } else { "SESSION_STATUS_OTHER" },
                "location": {
                    "latitude": sbd.latitude.degrees(),
                    "longitude": sbd.longitude.degrees(),
                    "cep": sbd.cep_km,
                },
            },
            "message": STANDARD.encode(&sbd.payload),
        })
    }

    fn legacy(&self) -> Vec<(&'static str, String)> {
        let sbd = &self.sbd;
        vec![
            ("imei", sbd.imei.to_string()),
            ("device_type", "ROCKBLOCK".to_owned()),
            ("serial", sbd.serial.to_string()),
            ("momsn", sbd.momsn.to_string()),
            ("transmit_time", sbd.transmitted_at.date_time().format("%Y-%m-%dT%H:%M:%SZ").to_string()),
            ("id", self.id.clone()),
            ("iridium_latitude", format!("{:.4}", sbd.latitude.degrees())),
            ("iridium_longitude", format!("{:.4}", sbd.longitude.degrees())),
            ("cep", format!("{:.1}", sbd.cep_km)),
            ("data", hex::encode(&sbd.payload)),
        ]
    }
}

fn moment(time: Time) -> Value {
    let at = time.date_time();
    json!({
        "year": at.year(), "month": at.month(), "day": at.day(),
        "hour": at.hour(), "minute": at.minute(), "second": at.second(),
    })
}
