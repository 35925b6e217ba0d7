//! The fields of a position text: by key (PK001, PK101) or by place (PK004, PK003).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use super::{MO_LIMIT_BYTES, Mark};
use crate::excerpt::excerpt;

/// Most parts that are read: an MO text of 340 bytes holds no more.
const MAX_PARTS: usize = MO_LIMIT_BYTES / 2;
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
        let mut parts = body.split(',').map(str::trim).filter(|part| !part.is_empty());
        for part in parts.by_ref().take(MAX_PARTS) {
            match part.split_once(':') {
                Some((key, value)) => fields.put(key.trim(), value.trim()),
                None => fields.marks.push(Mark::NotAPair { found: excerpt(part) }),
            }
        }
        fields.marks.extend(parts.next().map(|part| Mark::Surplus { found: excerpt(part) }));
        (!fields.texts.is_empty() || !fields.unknown.is_empty()).then_some(fields)
    }

    /// Reads fields by their place in `order`. `None` where there is nothing.
    pub(super) fn of_places(body: &'a str, order: &[Field]) -> Option<Self> {
        let mut parts = body.split(',').map(str::trim);
        let texts = order.iter().copied().zip(parts.by_ref()).collect();
        let marks = parts.take(MAX_PARTS).map(|part| Mark::Surplus { found: excerpt(part) }).collect();
        (!body.trim().is_empty()).then_some(Self { texts, unknown: BTreeMap::new(), marks })
    }

    /// Keeps the first of each key: it is the one that an undamaged text would have carried.
    fn put(&mut self, key: &str, value: &'a str) {
        let is_first = match Field::ALL.into_iter().find(|field| field.key() == key) {
            Some(field) => insert_first(&mut self.texts, field, value),
            None => insert_first(&mut self.unknown, key.to_owned(), value.to_owned()),
        };
        if !is_first {
            self.marks.push(Mark::Repeated { key: excerpt(key) });
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

fn insert_first<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, value: V) -> bool {
    match map.entry(key) {
        Entry::Vacant(place) => {
            place.insert(value);
            true
        }
        Entry::Occupied(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_any_length_leaves_bounded_remarks() {
        assert!(Fields::of_pairs(&"x,".repeat(100_000)).is_none());
        let body = format!("lat:1{}", ",x".repeat(100_000));
        let pairs = Fields::of_pairs(&body).unwrap();
        assert_eq!(pairs.marks.len(), 170);
        assert_eq!(pairs.marks.last(), Some(&Mark::Surplus { found: "`x`".to_owned() }));
        assert_eq!(Fields::of_places(&body, &[Field::Lat]).unwrap().marks.len(), 170);
    }

    #[test]
    fn fields_by_place_stop_where_the_text_stops() {
        let fields = Fields::of_places("1,,3", &[Field::Lat, Field::Ns, Field::Lon, Field::Ew]).unwrap();
        assert_eq!((fields.text(Field::Lat), fields.text(Field::Lon)), (Some("1"), Some("3")));
        assert!(fields.carries(Field::Ns) && fields.text(Field::Ns).is_none());
        assert!(!fields.carries(Field::Ew));
        assert_eq!(fields.marks, []);
    }
}
