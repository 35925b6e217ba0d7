//! Areas on the Earth. A circle is measured along great circles; a polygon's sides are straight in longitude and latitude,
//! as GeoJSON's are, and may cross the date line.

use fairlead_model::route::Area;
use geo::{Distance, Haversine, Intersects, LineString, Point, Polygon};

/// Fewest and most corners of a polygon.
const CORNERS: std::ops::RangeInclusive<usize> = 3..=200;

/// Half the way around the Earth, metres: no circle is wider.
const WIDEST_M: f64 = 20_038_000.0;

/// A full turn, degrees.
const TURN: f64 = 360.0;

/// Whether a place (degrees north and east) lies in an area; its edge belongs to it.
pub(crate) fn contains(area: &Area, (latitude, longitude): (f64, f64)) -> bool {
    match area {
        Area::Circle { latitude: north, longitude: east, radius_m } => {
            Haversine.distance(Point::new(*east, *north), Point::new(longitude, latitude)) <= *radius_m
        }
        Area::Polygon { corners } => {
            let Some(ring) = unrolled(corners) else { return false };
            let polygon = Polygon::new(LineString::from(ring), Vec::new());
            // A ring that crosses the date line goes on beyond 180 degrees, to either side.
            [0.0, TURN, -TURN].iter().any(|turn| polygon.intersects(&Point::new(longitude + turn, latitude)))
        }
    }
}

/// The corners with longitudes that go on beyond the date line where the ring crosses it: from corner to corner it goes
/// the shorter way. `None` where it goes around a pole.
fn unrolled(corners: &[[f64; 2]]) -> Option<Vec<(f64, f64)>> {
    let [first, ..] = corners else { return None };
    let mut ring: Vec<(f64, f64)> = Vec::with_capacity(corners.len() + 1);
    let mut before = first[0];
    for [longitude, latitude] in corners.iter().chain([first]) {
        let step = (longitude - before).rem_euclid(TURN);
        before += if step > TURN / 2.0 { step - TURN } else { step };
        ring.push((before, *latitude));
    }
    ((before - first[0]).abs() < TURN / 2.0).then_some(ring)
}

/// What is wrong with an area, a sentence each.
pub(crate) fn flaws(area: &Area) -> Vec<String> {
    let mut flaws = Vec::new();
    let on_earth = |latitude: f64, longitude: f64| latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
    let nowhere = |latitude: f64, longitude: f64| {
        format!(
            "{latitude}, {longitude} is no place: latitudes are −90 to 90, longitudes −180 to 180 degrees."
        )
    };
    match area {
        Area::Circle { latitude, longitude, radius_m } => {
            if !on_earth(*latitude, *longitude) {
                flaws.push(nowhere(*latitude, *longitude));
            }
            if !(1.0..=WIDEST_M).contains(radius_m) {
                flaws.push(format!("A circle's radius is 1 to {WIDEST_M:.0} metres."));
            }
        }
        Area::Polygon { corners } => {
            let beyond = corners.iter().find(|[longitude, latitude]| !on_earth(*latitude, *longitude));
            if let Some([longitude, latitude]) = beyond {
                flaws
                    .push(format!("{} A corner is `[longitude, latitude]`.", nowhere(*latitude, *longitude)));
            } else if !CORNERS.contains(&corners.len()) || distinct(corners) < *CORNERS.start() {
                flaws.push(format!("A polygon has {} to {} corners.", CORNERS.start(), CORNERS.end()));
            } else if unrolled(corners).is_none() {
                flaws.push("A polygon cannot go around a pole. Take a circle.".to_owned());
            }
        }
    }
    flaws
}

/// How many corners there are, those that come again counted once.
fn distinct(corners: &[[f64; 2]]) -> usize {
    let mut places: Vec<[u64; 2]> =
        corners.iter().map(|corner| corner.map(|v| (v + 0.0).to_bits())).collect();
    places.sort_unstable();
    places.dedup();
    places.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polygon(corners: &[[f64; 2]]) -> Area {
        Area::Polygon { corners: corners.to_vec() }
    }

    fn circle(latitude: f64, longitude: f64, radius_m: f64) -> Area {
        Area::Circle { latitude, longitude, radius_m }
    }

    #[test]
    fn a_circle_is_measured_along_great_circles() {
        // A degree of latitude is 111.195 km on the sphere.
        assert!(contains(&circle(37.0, -122.0, 111_200.0), (38.0, -122.0)));
        assert!(!contains(&circle(37.0, -122.0, 111_190.0), (38.0, -122.0)));
        // Far north a degree of longitude is short.
        assert!(contains(&circle(80.0, 0.0, 20_000.0), (80.0, 1.0)));
        assert!(!contains(&circle(0.0, 0.0, 20_000.0), (0.0, 1.0)));
        assert!(contains(&circle(0.0, 179.9, 30_000.0), (0.0, -179.9)), "across the date line");
        assert!(contains(&circle(89.9, 0.0, 30_000.0), (89.9, 180.0)), "across the pole");
        assert!(contains(&circle(-33.8, 151.2, 1_000.0), (-33.805, 151.205)));
    }

    #[test]
    fn a_polygon_is_closed_by_itself_and_its_edge_belongs_to_it() {
        let bay = polygon(&[[-123.0, 37.0], [-122.0, 37.0], [-122.0, 38.0], [-123.0, 38.0]]);
        assert!(contains(&bay, (37.5, -122.5)));
        assert!(contains(&bay, (37.0, -122.5)), "on its edge");
        assert!(!contains(&bay, (36.999, -122.5)));
        assert!(!contains(&bay, (37.5, 122.5)));
        let closed = polygon(&[[-123.0, 37.0], [-122.0, 37.0], [-122.0, 38.0], [-123.0, 37.0]]);
        assert!(contains(&closed, (37.1, -122.1)) && flaws(&closed).is_empty());
        let notch = polygon(&[[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [2.0, 1.0], [0.0, 4.0]]);
        assert!(contains(&notch, (0.5, 2.0)) && !contains(&notch, (3.0, 2.0)));
    }

    #[test]
    fn a_polygon_may_cross_the_date_line_either_way() {
        let corners = [[179.0, -18.0], [-179.0, -18.0], [-179.0, -16.0], [179.0, -16.0]];
        let mut backwards = corners;
        backwards.reverse();
        for fiji in [polygon(&corners), polygon(&backwards)] {
            assert!(flaws(&fiji).is_empty());
            for inside in [(-17.0, 179.5), (-17.0, -179.5), (-17.0, 180.0), (-17.0, -180.0)] {
                assert!(contains(&fiji, inside), "{inside:?}");
            }
            for outside in [(-17.0, 178.9), (-17.0, -178.9), (-17.0, 0.0), (-15.9, 180.0)] {
                assert!(!contains(&fiji, outside), "{outside:?}");
            }
        }
        let west = polygon(&[[-179.0, 0.0], [170.0, 0.0], [170.0, 10.0], [-179.0, 10.0]]);
        assert!(contains(&west, (5.0, 175.0)) && !contains(&west, (5.0, -170.0)));
    }

    #[test]
    fn what_is_no_area_is_said() {
        let said = |area: &Area| flaws(area).join(" ");
        assert_eq!(said(&circle(37.0, -122.0, 500.0)), "");
        assert_eq!(said(&circle(37.0, -122.0, 0.0)), "A circle's radius is 1 to 20038000 metres.");
        assert_eq!(flaws(&circle(91.0, 0.0, f64::NAN)).len(), 2);
        assert_eq!(said(&polygon(&[[0.0, 0.0], [1.0, 1.0]])), "A polygon has 3 to 200 corners.");
        assert_eq!(said(&polygon(&[[0.0, 0.0], [1.0, 1.0], [0.0, 0.0]])), "A polygon has 3 to 200 corners.");
        assert_eq!(said(&polygon(&vec![[0.0, 0.0]; 201])), "A polygon has 3 to 200 corners.");
        assert!(said(&polygon(&[[37.0, -122.0], [38.0, -122.0], [38.0, -121.0]])).contains("no place"));
        let around = polygon(&[[0.0, 70.0], [120.0, 70.0], [-120.0, 70.0]]);
        assert_eq!(said(&around), "A polygon cannot go around a pole. Take a circle.");
    }
}
