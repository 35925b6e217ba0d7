//! A map of positions as GeoJSON (RFC 7946): of each modem the line of its GPS fixes, and every position as a point with
//! all that its message told. QGIS opens the two kinds as two layers.

use std::io::Write;

use fairlead_model::{Imei, Time};
use fairlead_store::satellite::readings::ReadingRow;
use serde_json::{Value, json};

use super::rows::PositionLine;

/// A map that is being written.
pub(super) struct Map<W: Write> {
    out: W,
    /// Whether a feature was written.
    begun: bool,
}

/// The line of one modem, written as it goes on.
pub(super) struct Line<'m, W: Write> {
    map: &'m mut Map<W>,
    imei: Imei,
    fixes: u64,
    first_at: Time,
    last: Fix,
}

/// Where a device was, in degrees.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Place {
    longitude: f64,
    latitude: f64,
}

#[derive(Clone, Copy)]
struct Fix {
    place: Place,
    at: Time,
}

impl<W: Write> Map<W> {
    pub(super) fn open(mut out: W) -> anyhow::Result<Self> {
        out.write_all(b"{\"type\":\"FeatureCollection\",\"features\":[")?;
        Ok(Self { out, begun: false })
    }

    /// The line of a modem, to be written before its points.
    pub(super) fn line(&mut self, imei: Imei) -> Line<'_, W> {
        let epoch = Time::from_micros(0);
        let nowhere = Fix { place: Place::default(), at: epoch };
        Line { map: self, imei, fixes: 0, first_at: epoch, last: nowhere }
    }

    pub(super) fn point(&mut self, line: &PositionLine) -> anyhow::Result<()> {
        self.next_feature()?;
        let geometry = json!({ "type": "Point", "coordinates": [line.longitude_deg, line.latitude_deg] });
        let feature = json!({ "type": "Feature", "geometry": geometry, "properties": line });
        Ok(serde_json::to_writer(&mut self.out, &feature)?)
    }

    pub(super) fn close(mut self) -> anyhow::Result<()> {
        self.out.write_all(b"\n]}\n")?;
        Ok(self.out.flush()?)
    }

    /// A feature a line, so that a person can look into the file.
    fn next_feature(&mut self) -> anyhow::Result<()> {
        self.out.write_all(if self.begun { b",\n" } else { b"\n" })?;
        self.begun = true;
        Ok(())
    }
}

impl<W: Write> Line<'_, W> {
    /// Goes on to the next reading, where that is a fix of a device whose clock is right: an estimate may be kilometres
    /// off, and a wrong time would lead the line astray.
    pub(super) fn go_on(&mut self, row: &ReadingRow) -> anyhow::Result<()> {
        let (Some(latitude), Some(longitude), false) = (row.latitude, row.longitude, row.clock_ahead) else {
            return Ok(());
        };
        let fix = Fix { place: Place { longitude, latitude }, at: row.device_at.into() };
        match self.fixes {
            0 => self.first_at = fix.at,
            1 => self.begin(fix.place)?,
            _ => self.reach(fix.place)?,
        }
        self.fixes += 1;
        self.last = fix;
        Ok(())
    }

    pub(super) fn close(self) -> anyhow::Result<()> {
        // Fewer than two fixes are no line, and nothing was written.
        if self.fixes < 2 {
            return Ok(());
        }
        let properties = json!({
            "imei": self.imei, "first_at": self.first_at, "last_at": self.last.at, "fixes": self.fixes,
        });
        Ok(write!(self.map.out, "]]}},\"properties\":{properties}}}")?)
    }

    fn begin(&mut self, next: Place) -> anyhow::Result<()> {
        self.map.next_feature()?;
        let head = "{\"type\":\"Feature\",\"geometry\":{\"type\":\"MultiLineString\",\"coordinates\":[[";
        write!(self.map.out, "{head}{}", self.last.place.pair())?;
        self.reach(next)
    }

    /// A line that crosses the antimeridian is cut there, or it would go once around the world (RFC 7946, 3.1.9).
    fn reach(&mut self, next: Place) -> anyhow::Result<()> {
        if let Some([here, there]) = crossing(self.last.place, next) {
            write!(self.map.out, ",{}],[{}", here.pair(), there.pair())?;
        }
        Ok(write!(self.map.out, ",{}", next.pair())?)
    }
}

impl Place {
    fn pair(self) -> Value {
        json!([self.longitude, self.latitude])
    }
}

/// Where the shorter way between two places crosses the antimeridian, on this side and on the other.
fn crossing(from: Place, to: Place) -> Option<[Place; 2]> {
    if (to.longitude - from.longitude).abs() <= 180.0 {
        return None;
    }
    let side = 180.0_f64.copysign(from.longitude);
    let way = to.longitude + 2.0 * side - from.longitude;
    let share = if way == 0.0 { 0.0 } else { (side - from.longitude) / way };
    let latitude = share.mul_add(to.latitude - from.latitude, from.latitude);
    Some([Place { longitude: side, latitude }, Place { longitude: -side, latitude }])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(longitude: f64, latitude: f64) -> Place {
        Place { longitude, latitude }
    }

    #[test]
    fn a_line_is_cut_where_it_crosses_the_antimeridian() {
        assert_eq!(crossing(place(-10.0, 0.0), place(170.0, 0.0)), None);
        let eastward = crossing(place(179.0, 10.0), place(-179.0, 20.0));
        assert_eq!(eastward, Some([place(180.0, 15.0), place(-180.0, 15.0)]));
        let westward = crossing(place(-179.0, -10.0), place(178.0, -40.0));
        assert_eq!(westward, Some([place(-180.0, -20.0), place(180.0, -20.0)]));
        let on_it = crossing(place(180.0, 5.0), place(-180.0, 7.0));
        assert_eq!(on_it, Some([place(180.0, 5.0), place(-180.0, 5.0)]));
    }
}
