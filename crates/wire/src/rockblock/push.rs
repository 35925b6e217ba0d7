//! One pushed MO message, read as far as it can be.

use std::borrow::Cow;
use std::collections::BTreeMap;

use fairlead_model::{Fix, Imei, Latitude, Longitude, PositionSource, Time};

use super::body::{NoImei, RawFields};
use super::fault::Fault;
use super::transmit_time::parse_transmit_time;
use crate::excerpt::excerpt;
use crate::pk::MO_LIMIT_BYTES;

/// Most characters that are kept of an unknown field's name.
pub(crate) const MAX_UNKNOWN_NAME: usize = 64;
/// Most characters that are kept of an unknown field's value.
pub(crate) const MAX_UNKNOWN_VALUE: usize = 1024;
const METRES_PER_KM: f64 = 1000.0;

/// Names of the fields on the wire.
pub(crate) mod name {
    pub(crate) const IMEI: &str = "imei";
    pub(crate) const DEVICE_TYPE: &str = "device_type";
    pub(crate) const SERIAL: &str = "serial";
    pub(crate) const MOMSN: &str = "momsn";
    pub(crate) const TRANSMIT_TIME: &str = "transmit_time";
    pub(crate) const LATITUDE: &str = "iridium_latitude";
    pub(crate) const LONGITUDE: &str = "iridium_longitude";
    pub(crate) const CEP: &str = "iridium_cep";
    pub(crate) const SESSION_STATUS: &str = "iridium_session_status";
    pub(crate) const DATA: &str = "data";
    pub(crate) const JWT: &str = "JWT";

    pub(super) const ALL: [&str; 11] = [
        IMEI,
        DEVICE_TYPE,
        SERIAL,
        MOMSN,
        TRANSMIT_TIME,
        LATITUDE,
        LONGITUDE,
        CEP,
        SESSION_STATUS,
        DATA,
        JWT,
    ];
}

/// The satellite network's own estimate of where the modem is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Degrees north.
    pub latitude: Latitude,
    /// Degrees east.
    pub longitude: Longitude,
    /// Circular error probable in kilometres: half of such estimates are nearer than this.
    pub cep_km: Option<f64>,
}

impl Estimate {
    /// The estimate as a position with its radius in metres.
    pub fn fix(&self) -> Fix {
        Fix {
            latitude: self.latitude,
            longitude: self.longitude,
            accuracy_m: self.cep_km.map(|km| km * METRES_PER_KM),
            source: PositionSource::Satellite,
        }
    }
}

/// One pushed MO message. A field that is missing, empty or unreadable is `None`; where it should have been
/// there, a fault says so.
#[derive(Clone, Debug, PartialEq)]
pub struct Push {
    /// The modem.
    pub imei: Imei,
    /// `ROCKBLOCK` in every capture.
    pub device_type: Option<String>,
    /// The provider's serial number of the modem.
    pub serial: Option<String>,
    /// The modem's message number; wraps from 65,535 to 0.
    pub momsn: Option<u16>,
    /// The message number as pushed.
    pub momsn_raw: Option<String>,
    /// When the network took the message, to the second.
    pub transmitted_at: Option<Time>,
    /// The transmit time as pushed, decoded once.
    pub transmit_time_raw: Option<String>,
    /// Where the network thinks that the modem is.
    pub estimate: Option<Estimate>,
    /// How the session ended, by Iridium's numbers; 0 is well.
    pub session_status: Option<i32>,
    /// The hexadecimal payload as pushed; empty for a mailbox check.
    pub data_raw: String,
    /// The payload; empty for a mailbox check, `None` where `data` is missing or not hexadecimal.
    pub payload: Option<Vec<u8>>,
    /// The provider's token over this message, not verified.
    pub jwt: Option<String>,
    /// Fields that are not in the provider's description, bounded in number and length.
    pub unknown: BTreeMap<String, String>,
    /// What is wrong with the push.
    pub faults: Vec<Fault>,
}

impl Push {
    /// Whether the modem only asked for waiting MT messages and sent nothing.
    pub fn is_mailbox_check(&self) -> bool {
        self.payload.as_ref().is_some_and(Vec::is_empty)
    }

    pub(crate) fn from_fields(raw: RawFields<'_>) -> Result<Self, NoImei> {
        let mut fields = Fields::sort(raw);
        let imei_text = fields.take(name::IMEI).ok_or(NoImei::Missing)?;
        let imei = imei_text.parse().map_err(|_| NoImei::Unreadable { found: excerpt(&imei_text) })?;
        let momsn_raw = fields.take_expected(name::MOMSN);
        let transmit_time_raw = fields.take_expected(name::TRANSMIT_TIME);
        let estimate = fields.estimate();
        let (data_raw, payload) = fields.payload();
        Ok(Self {
            imei,
            device_type: fields.take(name::DEVICE_TYPE),
            serial: fields.take(name::SERIAL),
            momsn: fields.read(name::MOMSN, momsn_raw.as_deref(), integer, "a number from 0 to 65535"),
            momsn_raw,
            transmitted_at: fields.read(
                name::TRANSMIT_TIME,
                transmit_time_raw.as_deref(),
                parse_transmit_time,
                "a UTC time like 20-10-02 21:07:37",
            ),
            transmit_time_raw,
            estimate,
            session_status: fields.take_read(name::SESSION_STATUS, integer, "a whole number"),
            data_raw,
            payload,
            jwt: fields.take(name::JWT),
            unknown: fields.unknown,
            faults: fields.faults,
        })
    }
}

/// The fields by name, on their way into a push.
struct Fields<'a> {
    /// A dozen at most.
    known: Vec<(&'static str, Cow<'a, str>)>,
    unknown: BTreeMap<String, String>,
    faults: Vec<Fault>,
}

impl<'a> Fields<'a> {
    /// The first of each name wins: a second one could only have been added on the way.
    fn sort(raw: RawFields<'a>) -> Self {
        let known = Vec::with_capacity(raw.pairs.len().min(name::ALL.len()));
        let mut fields = Self { known, unknown: BTreeMap::new(), faults: Vec::new() };
        for (name, value) in raw.pairs {
            let known = name::ALL.into_iter().find(|known| *known == name);
            match known {
                Some(known) if !fields.has(known) => fields.known.push((known, value)),
                None => fields.keep_unknown(&name, &value),
                Some(_) => fields.faults.push(Fault::Duplicate { field: excerpt(&name) }),
            }
        }
        if raw.cut {
            fields.faults.push(Fault::TooManyFields);
        }
        fields
    }

    fn has(&self, name: &str) -> bool {
        self.known.iter().any(|(known, _)| *known == name)
    }

    fn remove(&mut self, name: &str) -> Option<String> {
        let at = self.known.iter().position(|(known, _)| *known == name)?;
        Some(self.known.swap_remove(at).1.into_owned())
    }

    fn keep_unknown(&mut self, name: &str, value: &str) {
        let short_name: String = name.chars().take(MAX_UNKNOWN_NAME).collect();
        let short_value: String = value.chars().take(MAX_UNKNOWN_VALUE).collect();
        if self.unknown.contains_key(&short_name) {
            self.faults.push(Fault::Duplicate { field: excerpt(name) });
            return;
        }
        if short_name.len() < name.len() || short_value.len() < value.len() {
            self.faults.push(Fault::UnknownCut { field: excerpt(name) });
        }
        self.unknown.insert(short_name, short_value);
    }

    /// The field's text, if any.
    fn take(&mut self, name: &'static str) -> Option<String> {
        self.remove(name).filter(|text| !text.trim().is_empty())
    }

    /// The field's text; a fault where there is none.
    fn take_expected(&mut self, name: &'static str) -> Option<String> {
        let text = self.take(name);
        if text.is_none() {
            self.faults.push(Fault::Missing { field: name });
        }
        text
    }

    /// Reads a text; a fault where it is there and cannot be read.
    fn read<T>(
        &mut self,
        field: &'static str,
        text: Option<&str>,
        read: impl FnOnce(&str) -> Option<T>,
        wanted: &'static str,
    ) -> Option<T> {
        let text = text?;
        let value = read(text);
        if value.is_none() {
            self.faults.push(Fault::Unreadable { field, found: excerpt(text), wanted });
        }
        value
    }

    fn take_read<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
        wanted: &'static str,
    ) -> Option<T> {
        let text = self.take(field);
        self.read(field, text.as_deref(), read, wanted)
    }

    /// Both coordinates, or none. A push without any is no fault: portal test pushes have none.
    fn estimate(&mut self) -> Option<Estimate> {
        let lone = match (self.has(name::LATITUDE), self.has(name::LONGITUDE)) {
            (true, false) => Some(name::LONGITUDE),
            (false, true) => Some(name::LATITUDE),
            (true, true) | (false, false) => None,
        };
        self.faults.extend(lone.map(|field| Fault::Missing { field }));
        let latitude =
            self.take_read(name::LATITUDE, |t| Latitude::new(decimal(t)?), "degrees from -90 to 90");
        let longitude =
            self.take_read(name::LONGITUDE, |t| Longitude::new(decimal(t)?), "degrees from -180 to 180");
        let cep_km = self.take_read(name::CEP, |t| decimal(t).filter(|km| *km >= 0.0), "kilometres");
        Some(Estimate { latitude: latitude?, longitude: longitude?, cep_km })
    }

    /// `data` as pushed and decoded. Blanks inside the hexadecimal are tolerated, as in the provider's example.
    fn payload(&mut self) -> (String, Option<Vec<u8>>) {
        let Some(raw) = self.remove(name::DATA) else {
            self.faults.push(Fault::Missing { field: name::DATA });
            return (String::new(), None);
        };
        let payload = self.read(name::DATA, Some(&raw), decode_hex, "hexadecimal bytes");
        let bytes = payload.as_ref().map_or(0, Vec::len);
        if bytes > MO_LIMIT_BYTES {
            self.faults.push(Fault::TooLong { bytes });
        }
        (raw, payload)
    }
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    hex::decode(digits).ok()
}

/// A whole number, also written `932.0` as some JSON libraries print it.
pub(crate) fn integer<T: std::str::FromStr>(text: &str) -> Option<T> {
    let text = text.trim();
    let whole = match text.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|b| b == b'0') => whole,
        _ => text,
    };
    whole.parse().ok()
}

/// A finite number. Exponents are JSON and allowed; the words `inf` and `nan` are not numbers here.
pub(crate) fn decimal(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E'));
    text.parse().ok().filter(|value: &f64| plain && value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::super::{BodyKind, parse};
    use super::*;

    const IMEI: &str = "imei=300434063836590";

    fn form(rest: &str) -> Push {
        parse(BodyKind::Form, format!("{IMEI}&{rest}").as_bytes()).unwrap()
    }

    fn sentences(push: &Push) -> Vec<String> {
        push.faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn imei_and_data_alone_are_a_message_with_faults() {
        let push = form("data=504B");
        assert_eq!(push.payload.as_deref(), Some(&b"PK"[..]));
        assert_eq!(push.estimate, None);
        assert_eq!(sentences(&push), ["`momsn` is missing", "`transmit_time` is missing"]);
    }

    #[test]
    fn each_bad_field_costs_that_field_and_is_named() {
        let push = form(
            "momsn=65536&transmit_time=2020-03-15+22:12:51&iridium_latitude=91&iridium_longitude=inf\
             &iridium_cep=-1&iridium_session_status=x&data=zz",
        );
        assert_eq!(
            sentences(&push),
            [
                "`iridium_latitude` is `91`, not degrees from -90 to 90",
                "`iridium_longitude` is `inf`, not degrees from -180 to 180",
                "`iridium_cep` is `-1`, not kilometres",
                "`data` is `zz`, not hexadecimal bytes",
                "`momsn` is `65536`, not a number from 0 to 65535",
                "`transmit_time` is `2020-03-15 22:12:51`, not a UTC time like 20-10-02 21:07:37",
                "`iridium_session_status` is `x`, not a whole number",
            ]
        );
        assert_eq!((push.momsn, push.transmitted_at, push.payload), (None, None, None));
        assert_eq!(push.data_raw, "zz");
        assert_eq!(push.transmit_time_raw.as_deref(), Some("2020-03-15 22:12:51"));
    }

    #[test]
    fn empty_data_is_a_mailbox_check_and_missing_data_a_fault() {
        let check = form("momsn=1&transmit_time=20-10-02+21:07:37&data=");
        assert!(check.is_mailbox_check());
        assert_eq!(check.faults, []);
        let missing = form("momsn=1&transmit_time=20-10-02+21:07:37");
        assert!(!missing.is_mailbox_check());
        assert_eq!(missing.faults, [Fault::Missing { field: "data" }]);
    }

    #[test]
    fn the_first_of_two_equal_names_wins_and_the_second_is_marked() {
        let push =
            form("momsn=1&momsn=2&imei=300434063836591&id=77&id=78&data=&transmit_time=20-10-02+21:07:37");
        assert_eq!((push.imei.as_str(), push.momsn), ("300434063836590", Some(1)));
        assert_eq!(push.unknown, BTreeMap::from([("id".to_owned(), "77".to_owned())]));
        assert_eq!(
            sentences(&push),
            [
                "`momsn` came more than once; the first was taken",
                "`imei` came more than once; the first was taken",
                "`id` came more than once; the first was taken",
            ]
        );
    }

    #[test]
    fn the_payload_may_be_longer_than_a_modem_sends() {
        let of = |bytes: usize| {
            form(&format!("momsn=1&transmit_time=20-10-02+21:07:37&data={}", "00".repeat(bytes)))
        };
        assert_eq!(of(340).faults, []);
        assert_eq!(sentences(&of(341)), ["`data` holds 341 bytes; a modem sends 340 at most"]);
        assert_eq!(of(341).payload.unwrap().len(), 341);
    }

    #[test]
    fn blanks_and_case_of_hexadecimal_do_not_matter() {
        assert_eq!(form("data=50+4b%0D%0A30").payload.as_deref(), Some(&b"PK0"[..]));
        assert_eq!(form("data=504b3").payload, None);
    }

    #[test]
    fn unknown_fields_are_kept_up_to_a_bound() {
        let push = form(&format!("x={}&{}=y&data=", "v".repeat(1025), "n".repeat(65)));
        assert_eq!(push.unknown.get("x").unwrap().len(), 1024);
        assert_eq!(push.unknown.get(&"n".repeat(64)).unwrap(), "y");
        assert_eq!(push.faults.iter().filter(|f| matches!(f, Fault::UnknownCut { .. })).count(), 2);
    }

    #[test]
    fn half_an_estimate_is_none() {
        let push = form("iridium_latitude=1&data=&momsn=932.0&transmit_time=20-10-02+21:07:37");
        assert_eq!(push.estimate, None);
        assert_eq!(push.momsn, Some(932));
        assert_eq!(sentences(&push), ["`iridium_longitude` is missing"]);
    }

    #[test]
    fn an_estimate_is_a_wide_position() {
        let fix = form("iridium_latitude=37.7740&iridium_longitude=-122.4050&iridium_cep=2.0")
            .estimate
            .unwrap()
            .fix();
        assert_eq!((fix.latitude.degrees(), fix.longitude.degrees()), (37.774, -122.405));
        assert_eq!((fix.accuracy_m, fix.source), (Some(2000.0), PositionSource::Satellite));
    }

    #[test]
    fn no_imei_is_a_sentence() {
        let refusal = |body: &[u8]| parse(BodyKind::Form, body).unwrap_err().to_string();
        assert_eq!(refusal(b""), "`imei` is missing");
        assert_eq!(refusal(b"imei=+"), "`imei` is missing");
        assert_eq!(refusal(b"imei=30%00"), "`imei` is `30\\u{0}`, not 15 digits");
        assert!(refusal(&b"imei=".iter().copied().chain([b'9'; 100_000]).collect::<Vec<_>>()).len() < 100);
    }
}
