//! The fields of a position text: by key (PK001, PK101) or by place (PK004, PK003).

use std::collections::BTreeMap;
use std::fmt;

use super::Mark;
use crate::excerpt::excerpt;

/// Most unknown pairs that are kept; an MO text of 340 bytes holds at most 170.
const MAX_UNKNOWN: usize = 200;
/// What v2 firmware prints for a value that it does not have.
const NOTHING: &str = "None";

/// A field that a device may report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Latitude in degrees and minutes.
    Lat,
    /// `N` or `S`.
    Ns,
    /// Longitude in degrees and minutes.
    Lon,
    /// `E` or `W`.
    Ew,
    /// UTC time of day.
    Utc,
    /// Speed over ground; the unit depends on the build.
    Sog,
    /// Course over ground in degrees true.
    Cog,
    /// Status bits; the number base depends on the build.
    Sta,
    /// Battery in volts.
    Batt,
    /// Reporting interval in minutes.
    Int,
    /// Commanded sleep in minutes.
    Sl,
    /// Why the device woke.
    St,
}

impl Field {
    /// All fields, in the order in which PK001 carries them.
    pub const ALL: [Self; 12] = [
        Self::Lat,
        Self::Ns,
        Self::Lon,
        Self::Ew,
        Self::Utc,
        Self::Sog,
        Self::Cog,
        Self::Sta,
        Self::Batt,
        Self::Int,
        Self::Sl,
        Self::St,
    ];

    /// The key on the wire.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Lat => "lat",
            Self::Ns => "NS",
            Self::Lon => "lon",
            Self::Ew => "EW",
            Self::Utc => "utc",
            Self::Sog => "sog",
            Self::Cog => "cog",
            Self::Sta => "sta",
            Self::Batt => "batt",
            Self::Int => "int",
            Self::Sl => "sl",
            Self::St => "st",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// The texts of a position text by field, and what did not fit.
#[derive(Debug, Default)]
pub(super) struct Fields<'a> {
    texts: BTreeMap<Field, &'a str>,
    pub(super) unknown: BTreeMap<String, String>,
    pub(super) marks: Vec<Mark>,
}

impl<'a> Fields<'a> {
    /// Reads `key:value` pairs. `None` where there is no pair.
    pub(super) fn of_pairs(body: &'a str) -> Option<Self> {
        let mut fields = Self::default();
        let mut pairs = 0_usize;
        for part in body.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            if let Some((key, value)) = part.split_once(':') {
                pairs += 1;
                fields.put(key.trim(), value.trim());
            } else {
                fields.marks.push(Mark::NotAPair { found: excerpt(part) });
            }
        }
        (pairs > 0).then_some(fields)
    }

    /// Reads fields by their place in `order`. `None` where there is nothing.
    pub(super) fn of_places(body: &'a str, order: &[Field]) -> Option<Self> {
        let mut fields = Self::default();
        for (place, value) in body.split(',').map(str::trim).enumerate() {
            match order.get(place) {
                Some(&field) => {
                    fields.texts.insert(field, value);
                }
                None => fields.marks.push(Mark::Surplus { found: excerpt(value) }),
            }
        }
        (!body.trim().is_empty()).then_some(fields)
    }

    fn put(&mut self, key: &str, value: &'a str) {
        let known = Field::ALL.into_iter().find(|field| field.key() == key);
        let repeated = match known {
            Some(field) => self.texts.contains_key(&field),
            None => self.unknown.contains_key(key),
        };
        match known {
            // The first is the one that an undamaged text would have carried.
            _ if repeated => self.marks.push(Mark::Repeated { key: excerpt(key) }),
            Some(field) => {
                self.texts.insert(field, value);
            }
            None if self.unknown.len() < MAX_UNKNOWN => {
                self.unknown.insert(key.to_owned(), value.to_owned());
            }
            None => self.marks.push(Mark::Surplus { found: excerpt(key) }),
        }
    }

    /// The field's text; `None` where it is missing, empty, or Python's word for nothing.
    pub(super) fn text(&self, field: Field) -> Option<&'a str> {
        self.texts.get(&field).copied().filter(|text| !text.is_empty() && *text != NOTHING)
    }

    /// Whether the device printed that it has no value.
    pub(super) fn says_nothing(&self, field: Field) -> bool {
        self.texts.get(&field) == Some(&NOTHING)
    }

    /// Whether the text carries the field at all, be it empty.
    pub(super) fn carries(&self, field: Field) -> bool {
        self.texts.contains_key(&field)
    }

    /// The number of decimals that a field prints, where it is digits with a point.
    pub(super) fn decimals(&self, field: Field) -> Option<usize> {
        let (whole, fraction) = self.text(field)?.split_once('.')?;
        let plain = whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit());
        plain.then_some(fraction.len())
    }
}
