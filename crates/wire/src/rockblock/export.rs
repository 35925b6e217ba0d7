//! Rows of a file that somebody exported from the provider's pages: the back-fill after a long outage.
//!
//! The pages' own table has `Date Time (UTC),Device,Direction,Payload,Approx Lat/Lng,Payload (Text),Length
//! (Bytes),Credits`, with times like `14/Mar/2023 09:00:14`, and names neither IMEI nor MOMSN. Other tables are a
//! person's own. So names of columns are recognised freely, and what is in them strictly: a row that could be read in
//! two ways is not read.

use std::collections::BTreeMap;
use std::str::FromStr;

use chrono::{NaiveDateTime, TimeZone as _, Utc};
use fairlead_model::{Imei, Time};

use super::push::name;
use super::{Fault, Push, RawFields, format_transmit_time, parse_transmit_time};
use crate::excerpt::excerpt;

/// A row as it was read: which modem it is about may be known by its serial number alone.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportedRow {
    /// The modem, where the row names its IMEI.
    pub imei: Option<Imei>,
    /// The provider's serial number of the modem, where the row names one; also the digits in `RockBLOCK 12345`.
    pub serial: Option<String>,
    /// The modem's message number; the provider's own table has none.
    pub momsn: Option<u16>,
    /// When the network took the message, in whole seconds.
    pub transmitted_at: Time,
    /// The payload.
    pub payload: Vec<u8>,
    /// The further fields of a push, by their names on the wire.
    further: BTreeMap<&'static str, String>,
}

/// Why a row is not a message; it displays as a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoMessage {
    /// It is about a message *to* a device.
    #[error("it is a message to the device, not from it")]
    ToDevice,
    /// A column that every message needs is not there, or empty.
    #[error("it has no {what}; {wanted}")]
    Missing {
        /// What is missing.
        what: &'static str,
        /// By which columns it is recognised.
        wanted: &'static str,
    },
    /// A value that cannot be read.
    #[error("its {what} is {found}, not {wanted}")]
    Unreadable {
        /// What the value is.
        what: &'static str,
        /// What it says, shortened and escaped.
        found: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// Two columns tell different things.
    #[error("{0}")]
    Contradiction(String),
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Imei,
    Serial,
    Device,
    Momsn,
    Time,
    Direction,
    Hex,
    Text,
    Length,
    Place,
    Latitude,
    Longitude,
    Cep,
    Status,
    Nothing,
}

impl Column {
    /// By the letters and digits of its heading.
    fn of(heading: &str) -> Option<Self> {
        let plain: String =
            heading.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        Some(match plain.as_str() {
            "imei" | "deviceimei" | "modemimei" => Self::Imei,
            "serial" | "serialnumber" | "serialno" | "rockblockserial" => Self::Serial,
            "device" | "devicename" | "rockblock" | "modem" | "name" | "label" | "from" => Self::Device,
            "momsn" | "msn" | "mosequence" | "mosequencenumber" | "sequencenumber" => Self::Momsn,
            "datetimeutc" | "datetime" | "date" | "time" | "timeutc" | "dateutc" | "timestamp"
            | "timestamputc" | "transmittime" | "transmittimeutc" | "transmittedat" | "transmitted"
            | "sessiontime" | "sessionat" | "sentat" | "sent" | "txat" | "at" => Self::Time,
            "direction" | "dir" | "mtmo" | "momt" => Self::Direction,
            "payload" | "payloadhex" | "data" | "datahex" | "hex" | "messagehex" => Self::Hex,
            "payloadtext" | "text" | "message" | "messagetext" | "ascii" => Self::Text,
            "lengthbytes" | "length" | "bytes" | "size" | "sizebytes" => Self::Length,
            "approxlatlng" | "approxlatlon" | "latlng" | "latlon" | "location" | "position"
            | "approxlocation" => Self::Place,
            "iridiumlatitude" | "latitude" | "lat" | "approxlat" | "approxlatitude" => Self::Latitude,
            "iridiumlongitude" | "longitude" | "lon" | "lng" | "long" | "approxlng" | "approxlon"
            | "approxlongitude" => Self::Longitude,
            "iridiumcep" | "cep" | "cepkm" | "accuracykm" => Self::Cep,
            "iridiumsessionstatus" | "sessionstatus" => Self::Status,
            "credits" | "creditsused" | "cost" | "id" | "messageid" | "devicetype" | "type" | "status"
            | "jwt" | "receivedat" | "account" => Self::Nothing,
            _ => return None,
        })
    }
}

/// The headings that nobody recognises.
pub fn unknown_headings<'a>(headings: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    headings
        .into_iter()
        .filter(|heading| !heading.trim().is_empty() && Column::of(heading).is_none())
        .collect()
}

/// Reads one row of headings and cells.
///
/// # Errors
/// [`NoMessage`] where it is none, or could be read in two ways.
pub fn read_row<'a>(cells: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<ExportedRow, NoMessage> {
    let row = Row::sort(cells)?;
    if let Some(direction) = row.get(Column::Direction) {
        match direction.to_ascii_lowercase().as_str() {
            "mo" | "from device" | "in" | "incoming" | "received" | "rx" => {}
            "mt" | "to device" | "out" | "outgoing" | "sent" | "tx" => return Err(NoMessage::ToDevice),
            _ => return Err(unreadable("direction", direction, "MO or MT")),
        }
    }
    let time = row.get(Column::Time).ok_or(NoMessage::Missing {
        what: "time",
        wanted: "a column like `Date Time (UTC)` or `transmit_time` tells it",
    })?;
    let transmitted_at = parse_time(time).ok_or_else(|| {
        unreadable("time", time, "a UTC time like 14/Mar/2023 09:00:14 or 2023-03-14 09:00:14")
    })?;
    let number = |column, what, wanted| row.read::<u16>(column, what, wanted);
    Ok(ExportedRow {
        imei: row.read(Column::Imei, "IMEI", "15 digits")?,
        serial: row.get(Column::Serial).map(str::to_owned).or_else(|| row.serial_of_device()),
        momsn: number(Column::Momsn, "MOMSN", "a number from 0 to 65535")?,
        transmitted_at,
        payload: row.payload()?,
        further: row.further()?,
    })
}

impl ExportedRow {
    /// The row as a push of this modem and number, so that it has the same duplicate key.
    pub fn push(&self, imei: Imei, momsn: Option<u16>) -> Option<Push> {
        let mut pairs = vec![
            (name::IMEI, imei.to_string()),
            (name::TRANSMIT_TIME, format_transmit_time(self.transmitted_at)),
            (name::DATA, hex::encode(&self.payload)),
        ];
        pairs.extend(momsn.map(|momsn| (name::MOMSN, momsn.to_string())));
        pairs.extend(self.serial.clone().map(|serial| (name::SERIAL, serial)));
        pairs.extend(self.further.iter().map(|(name, text)| (*name, text.clone())));
        let pairs = pairs.into_iter().map(|(name, text)| (name.into(), text.into())).collect();
        let mut push = Push::from_fields(RawFields { pairs, cut: false }).ok()?;
        // The provider's table has no numbers: that is no fault of the row.
        push.faults.retain(|fault| *fault != Fault::Missing { field: name::MOMSN });
        Some(push)
    }
}

/// The cells of a row by what they hold.
struct Row<'a>(Vec<(Column, &'a str)>);

impl<'a> Row<'a> {
    fn sort(cells: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, NoMessage> {
        let mut sorted: Vec<(Column, &'a str)> = Vec::new();
        for (heading, cell) in cells {
            let Some(column) = Column::of(heading).filter(|column| *column != Column::Nothing) else {
                continue;
            };
            let cell = cell.trim();
            // An empty payload is a mailbox check, not an absent one.
            if cell.is_empty() && column != Column::Hex {
                continue;
            }
            match sorted.iter().find(|(known, _)| *known == column) {
                None => sorted.push((column, cell)),
                Some((_, first)) if *first == cell => {}
                Some((_, first)) => {
                    let (one, other) = (excerpt(first), excerpt(cell));
                    let about = excerpt(heading);
                    return Err(NoMessage::Contradiction(format!(
                        "two of its columns tell the same thing differently: {one} and, in {about}, {other}"
                    )));
                }
            }
        }
        Ok(Self(sorted))
    }

    fn get(&self, column: Column) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| *known == column).map(|(_, cell)| *cell)
    }

    fn read<T: FromStr>(
        &self,
        column: Column,
        what: &'static str,
        wanted: &'static str,
    ) -> Result<Option<T>, NoMessage> {
        let Some(cell) = self.get(column) else { return Ok(None) };
        cell.parse().map(Some).map_err(|_| unreadable(what, cell, wanted))
    }

    /// The only number in the device's name.
    fn serial_of_device(&self) -> Option<String> {
        let device = self.get(Column::Device)?;
        let mut numbers = device.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
        let only = numbers.next()?;
        (numbers.next().is_none() && only.len() < 15).then(|| only.to_owned())
    }

    fn payload(&self) -> Result<Vec<u8>, NoMessage> {
        let (hex_cell, text) = (self.get(Column::Hex), self.get(Column::Text));
        let payload = match (hex_cell, text) {
            (Some(cell), text) if !cell.is_empty() || text.is_none() => {
                let digits: String = cell.split_whitespace().collect();
                let digits = digits.strip_prefix("0x").unwrap_or(&digits);
                hex::decode(digits).map_err(|_| unreadable("payload", cell, "hexadecimal bytes"))?
            }
            (_, Some(text)) => text.as_bytes().to_vec(),
            _ => {
                let wanted = "a column like `Payload` or `data` tells it in hexadecimal";
                return Err(NoMessage::Missing { what: "payload", wanted });
            }
        };
        match self.read::<usize>(Column::Length, "length", "a number of bytes")? {
            Some(length) if length != payload.len() => Err(NoMessage::Contradiction(format!(
                "its payload has {} bytes, and its length says {length}",
                payload.len()
            ))),
            _ => Ok(payload),
        }
    }

    /// The estimate and the session's status, as a push has them.
    fn further(&self) -> Result<BTreeMap<&'static str, String>, NoMessage> {
        let mut further = BTreeMap::new();
        if let Some(place) = self.get(Column::Place) {
            let halves = place.split_once(',').or_else(|| place.split_once(' '));
            let (latitude, longitude) =
                halves.ok_or_else(|| unreadable("place", place, "a latitude and a longitude"))?;
            further.insert(name::LATITUDE, latitude.trim().to_owned());
            further.insert(name::LONGITUDE, longitude.trim().to_owned());
        }
        let columns = [
            (Column::Latitude, name::LATITUDE),
            (Column::Longitude, name::LONGITUDE),
            (Column::Cep, name::CEP),
            (Column::Status, name::SESSION_STATUS),
        ];
        for (column, name) in columns {
            if let Some(cell) = self.get(column) {
                further.insert(name, cell.to_owned());
            }
        }
        Ok(further)
    }
}

fn unreadable(what: &'static str, found: &str, wanted: &'static str) -> NoMessage {
    NoMessage::Unreadable { what, found: excerpt(found), wanted }
}

/// A time of the provider's pages, of a push, or ISO 8601. Days and months in figures between strokes are not read:
/// 03/04 is two days.
fn parse_time(text: &str) -> Option<Time> {
    let text = text.trim().trim_end_matches("UTC").trim_end();
    if let Some(time) = parse_transmit_time(text).or_else(|| Time::parse_rfc3339(text)) {
        return in_this_century(time);
    }
    let forms = [
        "%d/%b/%Y %H:%M:%S",
        "%d-%b-%Y %H:%M:%S",
        "%d %b %Y %H:%M:%S",
        "%b %d, %Y %H:%M:%S",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y/%m/%d %H:%M:%S",
    ];
    let read = |form: &&str| NaiveDateTime::parse_from_str(text, form).ok();
    in_this_century(Utc.from_utc_datetime(&forms.iter().find_map(read)?).into())
}

/// In whole seconds, as a push tells it; `None` where its two digits of a year could not say it.
fn in_this_century(time: Time) -> Option<Time> {
    let whole = Time::from_micros(time.micros().div_euclid(1_000_000) * 1_000_000);
    (parse_transmit_time(&format_transmit_time(whole)) == Some(whole)).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::super::{BodyKind, parse};
    use super::*;

    const HEADINGS: [&str; 8] = [
        "Date Time (UTC)",
        "Device",
        "Direction",
        "Payload",
        "Approx Lat/Lng",
        "Payload (Text)",
        "Length (Bytes)",
        "Credits",
    ];

    fn row(cells: [&str; 8]) -> Result<ExportedRow, NoMessage> {
        read_row(HEADINGS.into_iter().zip(cells))
    }

    fn refusal(cells: &[(&str, &str)]) -> String {
        read_row(cells.iter().copied()).unwrap_err().to_string()
    }

    #[test]
    fn the_pages_own_table_is_read() {
        let cells = [
            "14/Mar/2023 09:00:14",
            "RockBLOCK 204514",
            "MO",
            "504b3030353b31",
            "37.8248,-122.4050",
            "PK005;1",
            "7",
            "1",
        ];
        let read = row(cells).unwrap();
        assert_eq!((read.imei, read.serial.as_deref(), read.momsn), (None, Some("204514"), None));
        assert_eq!(unknown_headings(HEADINGS), Vec::<&str>::new());
        let push = read.push("300434063836590".parse().unwrap(), Some(441)).unwrap();
        assert_eq!(push.faults, []);
        assert_eq!(push.estimate.unwrap().longitude.degrees(), -122.405);
        let pushed = "imei=300434063836590&momsn=441&transmit_time=23-03-14+09:00:14&data=504b3030353b31";
        let pushed = parse(BodyKind::Form, pushed.as_bytes()).unwrap();
        assert_eq!(push.duplicate_key("rockblock"), pushed.duplicate_key("rockblock"));
        assert_eq!(read.push(push.imei, None).unwrap().faults, []);
    }

    #[test]
    fn a_push_kept_as_json_is_a_row_too() {
        let cells = [
            ("imei", "300434063836590"),
            ("momsn", "7"),
            ("transmit_time", "23-03-14 09:00:14"),
            ("data", ""),
            ("iridium_cep", "4.0"),
            ("device_type", "ROCKBLOCK"),
        ];
        let read = read_row(cells).unwrap();
        assert_eq!((read.momsn, read.payload.len()), (Some(7), 0));
        assert!(read.push(read.imei.unwrap(), read.momsn).unwrap().is_mailbox_check());
    }

    #[test]
    fn what_is_no_message_says_why() {
        let time = ("time", "2023-03-14T09:00:14Z");
        for (cells, sentence) in [
            (vec![("Direction", "MT"), time], "it is a message to the device, not from it"),
            (
                vec![("data", "00")],
                "it has no time; a column like `Date Time (UTC)` or `transmit_time` tells it",
            ),
            (vec![time], "it has no payload; a column like `Payload` or `data` tells it in hexadecimal"),
            (
                vec![("time", "03/04/2023 09:00:14"), ("data", "00")],
                "its time is `03/04/2023 09:00:14`, not a UTC time like 14/Mar/2023 09:00:14 or 2023-03-14 09:00:14",
            ),
            (vec![time, ("data", "zz")], "its payload is `zz`, not hexadecimal bytes"),
            (vec![time, ("data", "00"), ("Length", "2")], "its payload has 1 bytes, and its length says 2"),
            (
                vec![time, ("data", "00"), ("momsn", "65536")],
                "its MOMSN is `65536`, not a number from 0 to 65535",
            ),
            (vec![time, ("data", "00"), ("IMEI", "12")], "its IMEI is `12`, not 15 digits"),
            (
                vec![time, ("data", "00"), ("Payload", "01")],
                "two of its columns tell the same thing differently: `00` and, in `Payload`, `01`",
            ),
        ] {
            assert_eq!(refusal(&cells), sentence);
        }
    }

    #[test]
    fn times_are_read_strictly() {
        let wanted = Time::parse_rfc3339("2023-03-14T09:00:14Z");
        for text in [
            "14/Mar/2023 09:00:14",
            "14-Mar-2023 09:00:14",
            "Mar 14, 2023 09:00:14",
            "23-03-14 09:00:14",
            "2023-03-14 09:00:14.250",
            "2023-03-14 09:00:14 UTC",
            "2023-03-14T11:00:14+02:00",
        ] {
            assert_eq!(parse_time(text), wanted, "{text}");
        }
        for bad in ["", "14/03/2023 09:00:14", "14/Mar/2023", "1999-12-31 00:00:00", "1678784414"] {
            assert_eq!(parse_time(bad), None, "{bad}");
        }
    }
}
