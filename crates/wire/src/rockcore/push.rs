//! One push, read as far as it can be.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use fairlead_model::{Fix, Imei, Latitude, Longitude, PositionSource, Time};

use super::Trigger;
use crate::excerpt::excerpt;
use crate::nmea::knots_to_m_s;
use crate::rockblock::body::RawFields;
use crate::rockblock::push::{MAX_UNKNOWN_NAME, MAX_UNKNOWN_VALUE, decimal, integer};
use crate::rockblock::{Estimate, Fault, NoImei, parse_transmit_time};

/// Names of the fields on the wire.
pub(super) mod name {
    pub(in super::super) const ID: &str = "id";
    pub(in super::super) const IMEI: &str = "imei";
    pub(in super::super) const JWT: &str = "JWT";
    pub(in super::super) const MOMSN: &str = "momsn";
    pub(in super::super) const TX_AT: &str = "txAt";
    pub(in super::super) const TRANSMIT_TIME: &str = "transmit_time";
    pub(in super::super) const AT: &str = "at";
    pub(in super::super) const LAT: &str = "lat";
    pub(in super::super) const LON: &str = "lon";
    pub(in super::super) const TRIGGER: &str = "trigger";
    pub(in super::super) const SOURCE: &str = "source";
    pub(in super::super) const MESSAGE: &str = "message";
    pub(in super::super) const MESSAGE_ACK: &str = "message_ack";

    /// Every field that is described, but the token.
    pub(in super::super) const ALL: [&str; 34] = [
        "ack_request",
        "alert",
        "alt",
        "app_msg_addr",
        "app_msg_content",
        AT,
        "averageCog",
        "averageSog",
        "battery",
        "beacons",
        "cep",
        "cog",
        "device_type",
        "ext_ref",
        "gps_time",
        ID,
        IMEI,
        "iridium_latitude",
        "iridium_longitude",
        LAT,
        LON,
        MESSAGE,
        MESSAGE_ACK,
        MOMSN,
        "pdop",
        "power",
        "serial",
        "sog",
        SOURCE,
        "temp",
        TRANSMIT_TIME,
        "transport",
        TRIGGER,
        TX_AT,
    ];
}

/// Who found the position `lat`, `lon`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The tracker's own receiver.
    Gps,
    /// The satellite network.
    Iridium,
}

/// One push of a tracker. A value that is missing, empty or unreadable is `None`; where it is there and cannot be
/// read, a fault says so. Which fields a push has depends on the tracker and on the trigger.
#[derive(Clone, Debug, PartialEq)]
pub struct Push {
    /// The provider's name of this message.
    pub id: Option<String>,
    /// The tracker.
    pub imei: Imei,
    /// The kind of tracker.
    pub device_type: Option<String>,
    /// The provider's serial number of the tracker.
    pub serial: Option<String>,
    /// The modem's message number. Over mobile telephony there is a number of another kind, which is not one.
    pub momsn: Option<u16>,
    /// When the tracker sent it.
    pub transmitted_at: Option<Time>,
    /// That time as pushed.
    pub transmit_time_raw: Option<String>,
    /// When the tracker was there.
    pub measured_at: Option<Time>,
    /// Why it speaks.
    pub trigger: Option<Trigger>,
    /// Who found its position; `None` where that is not told, or is a word that nobody described.
    pub source: Option<Source>,
    /// Degrees north and east.
    pub position: Option<(Latitude, Longitude)>,
    /// The network's estimate, where it is told beside the position.
    pub estimate: Option<Estimate>,
    /// Speed over ground in metres per second.
    pub speed_m_s: Option<f64>,
    /// Course over ground in degrees true.
    pub course_deg: Option<f64>,
    /// Altitude in metres.
    pub altitude_m: Option<f64>,
    /// Temperature in degrees Celsius.
    pub temperature_c: Option<f64>,
    /// Battery in percent of full.
    pub battery_percent: Option<f64>,
    /// Whether it has power from outside.
    pub external_power: Option<bool>,
    /// The text that somebody typed.
    pub message: Option<String>,
    /// The provider's number of the message that the tracker has received.
    pub message_ack: Option<u64>,
    /// The provider's token over this push, not verified.
    pub jwt: Option<String>,
    /// Every field but the token, as pushed, bounded in number and length.
    pub fields: BTreeMap<String, String>,
    /// What is wrong with the push.
    pub faults: Vec<Fault>,
}

impl Push {
    /// The fields that nobody described.
    pub fn unknown(&self) -> BTreeMap<String, String> {
        let unknown = self.fields.iter().filter(|(name, _)| !name::ALL.contains(&name.as_str()));
        unknown.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// The position by the tracker's own receiver.
    pub fn fix(&self) -> Option<Fix> {
        let (latitude, longitude) = self.position.filter(|_| self.source == Some(Source::Gps))?;
        Some(Fix { latitude, longitude, accuracy_m: None, source: PositionSource::Gps })
    }

    /// Where the network thinks that the tracker is: told as such, or as the position of a push whose source it is.
    pub fn network_estimate(&self) -> Option<Estimate> {
        let of_network = self.position.filter(|_| self.source == Some(Source::Iridium));
        let cep_km = self.estimate.and_then(|estimate| estimate.cep_km);
        self.estimate.or(of_network.map(|(latitude, longitude)| Estimate { latitude, longitude, cep_km }))
    }

    pub(super) fn from_fields(raw: RawFields<'_>) -> Result<Self, NoImei> {
        let mut fields = Reader::sort(raw);
        let imei_text = fields.text(name::IMEI).ok_or(NoImei::Missing)?;
        let imei = imei_text.parse().map_err(|_| NoImei::Unreadable { found: excerpt(&imei_text) })?;
        let transmit_time_raw = fields.text(name::TX_AT).or_else(|| fields.text(name::TRANSMIT_TIME));
        let transmitted_at = fields.transmitted_at();
        let cellular = fields.text("transport").is_some_and(|t| !t.eq_ignore_ascii_case("iridium"));
        Ok(Self {
            id: fields.expected(name::ID),
            imei,
            device_type: fields.text("device_type"),
            serial: fields.text("serial"),
            momsn: if cellular {
                None
            } else {
                fields.read(name::MOMSN, integer, "a number from 0 to 65535")
            },
            transmitted_at,
            transmit_time_raw,
            measured_at: fields.measured_at(),
            trigger: fields.read(name::TRIGGER, Trigger::read, "a word of capital letters"),
            source: fields.source(),
            position: fields.place(name::LAT, name::LON),
            estimate: fields.estimate(),
            speed_m_s: fields.number("sog", 0.0..=2_000.0, "a speed in knots").map(knots_to_m_s),
            course_deg: fields.number("cog", 0.0..=360.0, "degrees from 0 to 360"),
            altitude_m: fields.number("alt", -12_000.0..=100_000.0, "metres"),
            temperature_c: fields.number("temp", -273.15..=1_000.0, "degrees Celsius"),
            battery_percent: fields.number("battery", 0.0..=100.0, "percent from 0 to 100"),
            external_power: fields.read("power", flag, "true or false"),
            message: fields.text(name::MESSAGE),
            message_ack: fields.read(name::MESSAGE_ACK, integer, "the number of a message"),
            jwt: fields.jwt,
            fields: fields.kept,
            faults: fields.faults,
        })
    }
}

/// The fields by name, on their way into a push.
struct Reader {
    kept: BTreeMap<String, String>,
    jwt: Option<String>,
    faults: Vec<Fault>,
}

impl Reader {
    /// The first of each name wins: a second one could only have been added on the way.
    fn sort(raw: RawFields<'_>) -> Self {
        let mut reader = Self { kept: BTreeMap::new(), jwt: None, faults: Vec::new() };
        for (name, value) in raw.pairs {
            reader.keep(&name, value);
        }
        if raw.cut {
            reader.faults.push(Fault::TooManyFields);
        }
        reader
    }

    fn keep(&mut self, name: &str, value: Cow<'_, str>) {
        let short: String = name.chars().take(MAX_UNKNOWN_NAME).collect();
        if self.kept.contains_key(&short) || (name == name::JWT && self.jwt.is_some()) {
            self.faults.push(Fault::Duplicate { field: excerpt(name) });
        } else if name == name::JWT {
            self.jwt = Some(value.into_owned()).filter(|token| !token.trim().is_empty());
        } else if name::ALL.contains(&name) {
            self.kept.insert(short, value.into_owned());
        } else {
            let cut: String = value.chars().take(MAX_UNKNOWN_VALUE).collect();
            if cut.len() < value.len() || short.len() < name.len() {
                self.faults.push(Fault::UnknownCut { field: excerpt(name) });
            }
            self.kept.insert(short, cut);
        }
    }

    /// The field's text, if any.
    fn text(&self, name: &str) -> Option<String> {
        self.kept.get(name).filter(|text| !text.trim().is_empty()).cloned()
    }

    /// The field's text; a fault where there is none.
    fn expected(&mut self, field: &'static str) -> Option<String> {
        let text = self.text(field);
        if text.is_none() {
            self.faults.push(Fault::Missing { field });
        }
        text
    }

    /// Reads a field; a fault where it is there and cannot be read.
    fn read<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
        wanted: &'static str,
    ) -> Option<T> {
        let text = self.text(field)?;
        let value = read(&text);
        if value.is_none() {
            self.faults.push(Fault::Unreadable { field, found: excerpt(&text), wanted });
        }
        value
    }

    fn number(
        &mut self,
        field: &'static str,
        range: std::ops::RangeInclusive<f64>,
        wanted: &'static str,
    ) -> Option<f64> {
        self.read(field, |text| decimal(text).filter(|value| range.contains(value)), wanted)
    }

    fn time(&mut self, field: &'static str) -> Option<Time> {
        self.read(field, parse_time, "a UTC time like 2020-09-03T20:16:13Z")
    }

    /// `txAt`, or `transmit_time`, which says the same.
    fn transmitted_at(&mut self) -> Option<Time> {
        if self.text(name::TX_AT).is_none() && self.text(name::TRANSMIT_TIME).is_none() {
            self.faults.push(Fault::Missing { field: name::TX_AT });
        }
        let (sent, transmitted) = (self.time(name::TX_AT), self.time(name::TRANSMIT_TIME));
        sent.or(transmitted)
    }

    /// The receiver's time where it tells one, else the time of the event.
    fn measured_at(&mut self) -> Option<Time> {
        let (gps, at) = (self.time("gps_time"), self.time(name::AT));
        gps.or(at)
    }

    /// A position of which nobody says who found it is the tracker's own; a word that nobody described is a fault.
    fn source(&mut self) -> Option<Source> {
        if self.text(name::SOURCE).is_none() {
            return Some(Source::Gps);
        }
        let read = |text: &str| match text.trim().to_ascii_uppercase().as_str() {
            "GPS" | "GNSS" => Some(Source::Gps),
            "IRIDIUM" => Some(Source::Iridium),
            _ => None,
        };
        self.read(name::SOURCE, read, "GPS or IRIDIUM")
    }

    /// Both coordinates, or none.
    fn place(&mut self, lat: &'static str, lon: &'static str) -> Option<(Latitude, Longitude)> {
        match (self.text(lat).is_some(), self.text(lon).is_some()) {
            (true, false) => self.faults.push(Fault::Missing { field: lon }),
            (false, true) => self.faults.push(Fault::Missing { field: lat }),
            (true, true) | (false, false) => {}
        }
        let latitude = self.read(lat, |t| Latitude::new(decimal(t)?), "degrees from -90 to 90");
        let longitude = self.read(lon, |t| Longitude::new(decimal(t)?), "degrees from -180 to 180");
        Some((latitude?, longitude?))
    }

    fn estimate(&mut self) -> Option<Estimate> {
        let place = self.place("iridium_latitude", "iridium_longitude");
        let cep_km = self.number("cep", 0.0..=50_000.0, "kilometres");
        place.map(|(latitude, longitude)| Estimate { latitude, longitude, cep_km })
    }
}

fn flag(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// Reads ISO 8601 with a zone, or without one as UTC; also the two-digit years of the RockBLOCK platform.
pub(crate) fn parse_time(text: &str) -> Option<Time> {
    let text = text.trim();
    let zoneless = || {
        let read = |form| NaiveDateTime::parse_from_str(text, form).ok();
        let time = read("%Y-%m-%dT%H:%M:%S%.f").or_else(|| read("%Y-%m-%d %H:%M:%S%.f"))?;
        Some(DateTime::<Utc>::from_naive_utc_and_offset(time, Utc).into())
    };
    // A year of two digits would be read as one of the first century.
    if text.as_bytes().get(2) == Some(&b'-') {
        return parse_transmit_time(text);
    }
    Time::parse_rfc3339(text).or_else(zoneless)
}

#[cfg(test)]
mod tests {
    use super::super::{BodyKind, parse};
    use super::*;

    fn form(rest: &str) -> Push {
        parse(BodyKind::Form, format!("imei=300434063836590&{rest}").as_bytes()).unwrap()
    }

    fn sentences(push: &Push) -> Vec<String> {
        push.faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_name_is_there_once() {
        let mut unique = name::ALL.to_vec();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), name::ALL.len());
    }

    #[test]
    fn times_are_read_in_every_dress() {
        let wanted = Time::parse_rfc3339("2020-09-03T20:16:13Z");
        for text in [
            "2020-09-03T20:16:13Z",
            " 2020-09-03T22:16:13.000+02:00 ",
            "2020-09-03T20:16:13",
            "2020-09-03 20:16:13",
            "20-09-03 20:16:13",
        ] {
            assert_eq!(parse_time(text), wanted, "{text}");
        }
        for bad in ["", "2020-09-03", "20:16:13", "2020-02-30T00:00:00Z", "1599164173"] {
            assert_eq!(parse_time(bad), None, "{bad}");
        }
    }

    #[test]
    fn each_bad_field_costs_that_field_and_is_named() {
        let push = form(
            "id=x&txAt=soon&momsn=65536&lat=91&lon=1&iridium_latitude=1&sog=-1&cog=361&battery=101&power=maybe\
             &trigger=a+b&source=MOON&message_ack=x&gps_time=y",
        );
        let wanted = [
            "`txAt` is `soon`, not a UTC time like 2020-09-03T20:16:13Z",
            "`momsn` is `65536`, not a number from 0 to 65535",
            "`gps_time` is `y`, not a UTC time like 2020-09-03T20:16:13Z",
            "`trigger` is `a b`, not a word of capital letters",
            "`source` is `MOON`, not GPS or IRIDIUM",
            "`lat` is `91`, not degrees from -90 to 90",
            "`iridium_longitude` is missing",
            "`sog` is `-1`, not a speed in knots",
            "`cog` is `361`, not degrees from 0 to 360",
            "`battery` is `101`, not percent from 0 to 100",
            "`power` is `maybe`, not true or false",
            "`message_ack` is `x`, not the number of a message",
        ];
        assert_eq!(sentences(&push), wanted);
        assert_eq!((push.position, push.fix(), push.speed_m_s), (None, None, None));
        assert_eq!(push.fields["sog"], "-1");
    }

    #[test]
    fn a_number_over_mobile_telephony_is_none() {
        let push = form("id=x&txAt=2023-03-14T09:00:14Z&transport=GPRS&momsn=70153268");
        assert_eq!((push.momsn, push.faults.len()), (None, 0));
        assert_eq!(push.fields["momsn"], "70153268");
    }

    #[test]
    fn every_key_is_kept_and_the_first_of_two_wins() {
        let push = form("id=x&txAt=2023-03-14T09:00:14Z&beacons=b&new=1&id=y&JWT=a.b.c&JWT=d");
        assert_eq!((push.id.as_deref(), push.jwt.as_deref()), (Some("x"), Some("a.b.c")));
        assert_eq!(push.unknown(), BTreeMap::from([("new".to_owned(), "1".to_owned())]));
        assert_eq!(push.fields.len(), 5);
        assert_eq!(
            sentences(&push),
            [
                "`id` came more than once; the first was taken",
                "`JWT` came more than once; the first was taken"
            ]
        );
    }

    #[test]
    fn what_the_network_found_is_no_fix() {
        let push = form("id=x&txAt=2023-03-14T09:00:14Z&source=IRIDIUM&lat=1&lon=2&cep=3");
        assert_eq!((push.fix(), push.estimate), (None, None));
        let estimate = push.network_estimate().unwrap();
        assert_eq!((estimate.latitude.degrees(), estimate.longitude.degrees()), (1.0, 2.0));
    }
}
