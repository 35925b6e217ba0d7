//! A message as the queues of the original backend had it: the keys of RockBLOCK's webhook, undecoded.
//!
//! The original kept a form's values as they came, without taking off their percent-encoding, and printed them by
//! Python's `json.dumps`. Who reads such a queue takes `transmit_time` apart by its encoding.

use std::io;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::ser::Formatter;

use super::{Facts, Pushed};
use crate::rockblock::body::json_fields;
use crate::rockblock::{BodyKind, format_transmit_time};

/// What Python's `quote` encodes.
const QUOTED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'.').remove(b'-').remove(b'~').remove(b'/');

/// The provider whose forms and JSON have these keys.
const PROVIDER: &str = "rockblock";

/// A message as RockBLOCK pushed it. What it did not tell is `null`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "original")]
pub struct Original {
    /// The modem's number on the network.
    pub imei: String,
    /// The provider's serial number of the modem.
    pub serial: Option<String>,
    /// The modem's message number, 0 to 65535.
    pub momsn: Option<i32>,
    /// When the network took it, `YY-MM-DD HH:MM:SS` in UTC, percent-encoded as it came: `20-10-02%2021%3A07%3A37`.
    pub transmit_time: Option<String>,
    /// The network's estimate, degrees north.
    pub iridium_latitude: Option<String>,
    /// The network's estimate, degrees east.
    pub iridium_longitude: Option<String>,
    /// Circular error probable of the estimate, kilometres.
    pub iridium_cep: Option<String>,
    /// How the session ended, by Iridium's numbers.
    pub iridium_session_status: Option<String>,
    /// The payload in hexadecimal; empty for a mailbox check.
    pub data: String,
}

/// Writes a message as the original backend did, byte for byte.
pub fn original(facts: &Facts<'_>) -> String {
    let mut text = Vec::new();
    let mut writer = serde_json::Serializer::with_formatter(&mut text, Python);
    // Texts and numbers are written into memory: nothing of it can fail.
    let _ = Original::of(&facts.pushed).serialize(&mut writer);
    String::from_utf8(text).unwrap_or_default()
}

impl Original {
    /// The message as it was pushed; in the shape of a RockBLOCK's where another provider pushed it.
    pub fn of(pushed: &Pushed<'_>) -> Self {
        let received = received(pushed);
        let figure = |value: Option<f64>| value.map(|value| value.to_string());
        let mut row = Self {
            imei: pushed.imei.to_string(),
            serial: pushed.serial.map(quote),
            momsn: pushed.momsn,
            transmit_time: pushed.transmitted_at.map(|at| quote(&format_transmit_time(at))),
            iridium_latitude: figure(pushed.iridium_latitude),
            iridium_longitude: figure(pushed.iridium_longitude),
            iridium_cep: figure(pushed.iridium_cep_km),
            iridium_session_status: pushed.session_status.map(|status| status.to_string()),
            data: match (pushed.payload, pushed.payload_raw) {
                (Some(payload), _) => hex::encode(payload),
                (None, raw) => quote(raw.unwrap_or_default()),
            },
        };
        if let Some(received) = received {
            let of = |name: &str| received.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
            row.serial = of("serial");
            row.transmit_time = of("transmit_time");
            row.iridium_latitude = of("iridium_latitude");
            row.iridium_longitude = of("iridium_longitude");
            row.iridium_cep = of("iridium_cep");
            row.iridium_session_status = of("iridium_session_status");
            // What a person has repaired is passed on repaired.
            let same = |data: &String| pushed.payload.is_none_or(|payload| is_hex_of(data, payload));
            row.data = of("data").filter(same).unwrap_or(row.data);
        }
        row
    }
}

/// Names and values of RockBLOCK's own body as they lie in a form; `None` where it is another's, or none.
fn received(pushed: &Pushed<'_>) -> Option<Vec<(String, String)>> {
    if pushed.provider != PROVIDER {
        return None;
    }
    let fields: Vec<(String, String)> = match BodyKind::of(pushed.content_type, pushed.body) {
        BodyKind::Form => {
            let pairs = pushed.body.split(|byte| *byte == b'&').filter_map(|pair| {
                let mut halves = pair.splitn(2, |byte| *byte == b'=');
                Some((lossy(halves.next()?), lossy(halves.next().unwrap_or_default())))
            });
            pairs.collect()
        }
        BodyKind::Json => {
            let fields = json_fields(pushed.body).ok()?;
            fields.pairs.into_iter().map(|(name, value)| (name.into_owned(), quote(&value))).collect()
        }
    };
    let imei = fields.iter().find(|(name, _)| name == "imei");
    imei.is_some_and(|(_, imei)| *imei == pushed.imei.to_string()).then_some(fields)
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// As Python's `quote` would.
fn quote(text: &str) -> String {
    utf8_percent_encode(text, QUOTED).to_string()
}

fn is_hex_of(data: &str, payload: &[u8]) -> bool {
    hex::decode(data).is_ok_and(|bytes| bytes == payload)
}

/// Python's `json.dumps`: a blank behind each comma and colon, and nothing but ASCII.
struct Python;

impl Formatter for Python {
    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for character in fragment.chars() {
            if matches!(character, ' '..='~') {
                write!(writer, "{character}")?;
            } else {
                let mut units = [0; 2];
                character.encode_utf16(&mut units).iter().try_for_each(|u| write!(writer, "\\u{u:04x}"))?;
            }
        }
        Ok(())
    }
}
