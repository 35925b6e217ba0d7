//! Which build is speaking: PK001 alone does not say, its manner does.

use fairlead_model::message::Dialect;

use super::field::{Field, Fields};
use super::report::ReportKind;
use crate::nmea;

/// Digits before the point in a zero-padded latitude (`DDMM`).
const PADDED_LATITUDE: usize = 4;
/// Digits before the point in a zero-padded longitude (`DDDMM`).
const PADDED_LONGITUDE: usize = 5;

/// The build that printed a position text; `None` where its manner fits none or more than one.
pub(super) fn infer(kind: ReportKind, fields: &Fields<'_>) -> Option<Dialect> {
    match kind {
        ReportKind::Pk101 => Some(Dialect::V3Buoy),
        ReportKind::Pk001 if speaks_v3(fields) => Some(Dialect::V3Buoy),
        ReportKind::Pk001 if speaks_v2(fields) => Some(Dialect::V2Buoy),
        ReportKind::Pk001 if !fields.carries(Field::Sta) && !fields.carries(Field::Batt) => {
            Some(Dialect::Handset)
        }
        // Over the satellite only old handsets send PK004, and those without a status.
        ReportKind::Pk004 if !fields.carries(Field::Sta) => Some(Dialect::Handset),
        ReportKind::Pk001 | ReportKind::Pk003 | ReportKind::Pk004 => None,
    }
}

/// Any one of these is printed by v3 builds only.
fn speaks_v3(fields: &Fields<'_>) -> bool {
    let own_keys = [Field::Int, Field::Sl, Field::St].into_iter().any(|field| fields.carries(field));
    let padding = paddings(fields);
    let utc_hundredths = fields.text(Field::Utc).is_some_and(|utc| utc.ends_with(".00"));
    own_keys
        || padding.into_iter().any(|p| p == Some(Padding::Missing))
        || fields.decimals(Field::Batt) == Some(2)
        || utc_hundredths
}

/// All of these together are printed by v2 buoys only.
fn speaks_v2(fields: &Fields<'_>) -> bool {
    let padding = paddings(fields);
    let padded = padding.contains(&Some(Padding::Full)) && !padding.contains(&Some(Padding::Odd));
    padded && fields.decimals(Field::Utc) == Some(3) && fields.decimals(Field::Batt) == Some(1)
}

#[derive(Clone, Copy, PartialEq)]
enum Padding {
    Full,
    Missing,
    /// More digits than the degrees of that axis have: the 999 of no fix, or damage.
    Odd,
}

/// How latitude and longitude are padded; `None` where there is no such text.
fn paddings(fields: &Fields<'_>) -> [Option<Padding>; 2] {
    [(Field::Lat, PADDED_LATITUDE), (Field::Lon, PADDED_LONGITUDE)].map(|(field, full)| {
        let text = fields.text(field)?;
        Some(match nmea::whole_digits(text) {
            Some(digits) if digits == full => Padding::Full,
            Some(digits) if digits < full => Padding::Missing,
            Some(_) | None => Padding::Odd,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: &str) -> Option<Dialect> {
        infer(ReportKind::Pk001, &Fields::of_pairs(body).unwrap())
    }

    #[test]
    fn the_manner_of_a_text_tells_the_build() {
        let place = "lat:3749.5074,NS:N,lon:12216.6021,EW:W";
        for (rest, dialect) in [
            ("utc:210501.086,sog:2,cog:4,sta:01,batt:3.7", Some(Dialect::V2Buoy)),
            ("utc:210501.086,sog:2,cog:4,batt:3.7", Some(Dialect::V2Buoy)),
            ("utc:210501.00,sog:2,cog:4,batt:3.7", Some(Dialect::V3Buoy)),
            ("utc:210501.086,sog:2,cog:4,batt:3.71", Some(Dialect::V3Buoy)),
            ("utc:210501,batt:3.7,int:10,sl:0,st:1", Some(Dialect::V3Buoy)),
            ("utc:210501.086,sog:2,cog:4", Some(Dialect::Handset)),
            // The v2 buoy leaves the battery out when it cannot measure it; then nothing tells.
            ("utc:210501.086,sog:2,cog:4,sta:01", None),
            ("utc:210501.0860,sog:2,cog:4,sta:01,batt:3.7", None),
            ("utc:210501.086,sog:2,cog:4,sta:01,batt:4", None),
            ("utc:210501.086,sog:2,cog:4,batt:", None),
        ] {
            assert_eq!(of(&format!("{place},{rest}")), dialect, "{rest}");
        }
    }

    #[test]
    fn unpadded_degrees_are_v3_on_either_axis() {
        assert_eq!(of("lat:800.0120,lon:15112.5702"), Some(Dialect::V3Buoy));
        assert_eq!(of("lat:0800.0120,lon:515.0000,sta:01,batt:3.7"), Some(Dialect::V3Buoy));
        assert_eq!(of("lat:0800.0120,lon:00515.0000,sta:01"), None);
    }
}
