//! How things drift: a slow gyre, an eddy and the tide, each a loop, so that nobody runs aground.

use std::f64::consts::TAU;

use fairlead_model::Time;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

const METRES_PER_DEGREE: f64 = 111_195.0;
const MICROS_PER_SECOND: f64 = 1_000_000.0;
/// Half the span over which speed and course are measured, in seconds.
const HALF_STEP_S: f64 = 30.0;
/// The principal lunar tide, in seconds.
const TIDE_S: f64 = 12.42 * 3_600.0;
const HOUR_S: f64 = 3_600.0;
const DAY_S: f64 = 86_400.0;

/// A stretch of open water: a centre, and how far things stray from it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waters {
    /// Degrees north of the centre.
    pub latitude: f64,
    /// Degrees east of the centre.
    pub longitude: f64,
    /// Farthest distance from the centre, in kilometres.
    pub range_km: f64,
}

/// A place and the motion there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drift {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Metres per second.
    pub speed_m_s: f64,
    /// Degrees true, 0 to 360.
    pub course_deg: f64,
}

/// One closed loop of a drift.
#[derive(Clone, Copy, Debug)]
struct Loop {
    east_m: f64,
    north_m: f64,
    period_s: f64,
    phase: f64,
}

/// The track of one device: a function of time, so that any moment can be asked for.
#[derive(Clone, Debug)]
pub(crate) struct Track {
    waters: Waters,
    loops: [Loop; 3],
}

impl Track {
    /// A drifting buoy: about 0.1 to 0.4 m/s.
    pub(crate) fn drifting(waters: Waters, rng: &mut ChaCha8Rng) -> Self {
        let range_m = waters.range_km * 1_000.0;
        let tide_m = (0.12 * range_m).min(1_400.0);
        let gyre = Loop::of(rng, 0.60 * range_m, 18.0 * DAY_S..30.0 * DAY_S);
        let eddy = Loop::of(rng, 0.26 * range_m, 3.5 * DAY_S..7.0 * DAY_S);
        Self { waters, loops: [gyre, eddy, Loop::of(rng, tide_m, TIDE_S..TIDE_S * 1.001)] }
    }

    /// A boat under way: some 3 to 9 knots.
    pub(crate) fn sailing(waters: Waters, rng: &mut ChaCha8Rng) -> Self {
        let range_m = waters.range_km * 1_000.0;
        let leg = Loop::of(rng, 0.75 * range_m, 6.0 * HOUR_S..8.0 * HOUR_S);
        let search = Loop::of(rng, 0.15 * range_m, 1.5 * HOUR_S..2.0 * HOUR_S);
        Self { waters, loops: [leg, search, Loop::of(rng, 300.0, HOUR_S..1.2 * HOUR_S)] }
    }

    /// Where the device is at a moment, and how it moves.
    pub(crate) fn at(&self, time: Time) -> Drift {
        let seconds = time.micros() as f64 / MICROS_PER_SECOND;
        let (east, north) = self.offset_m(seconds);
        let before = self.offset_m(seconds - HALF_STEP_S);
        let after = self.offset_m(seconds + HALF_STEP_S);
        let step = ((after.0 - before.0) / (2.0 * HALF_STEP_S), (after.1 - before.1) / (2.0 * HALF_STEP_S));
        let (latitude, longitude) = moved(self.waters.latitude, self.waters.longitude, east, north);
        Drift {
            latitude,
            longitude,
            speed_m_s: step.0.hypot(step.1),
            course_deg: step.0.atan2(step.1).to_degrees().rem_euclid(360.0),
        }
    }

    fn offset_m(&self, seconds: f64) -> (f64, f64) {
        self.loops.iter().fold((0.0, 0.0), |(east, north), one| {
            let angle = TAU * (seconds / one.period_s) + one.phase;
            (east + one.east_m * angle.cos(), north + one.north_m * angle.sin())
        })
    }
}

impl Loop {
    fn of(rng: &mut ChaCha8Rng, radius_m: f64, period_s: std::ops::Range<f64>) -> Self {
        let turn = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
        Self {
            east_m: radius_m * rng.random_range(0.7..1.0),
            north_m: turn * radius_m * rng.random_range(0.7..1.0),
            period_s: rng.random_range(period_s),
            phase: rng.random_range(0.0..TAU),
        }
    }
}

/// A place moved east and north by metres.
pub(crate) fn moved(latitude: f64, longitude: f64, east_m: f64, north_m: f64) -> (f64, f64) {
    let per_degree_east = METRES_PER_DEGREE * latitude.to_radians().cos().max(0.01);
    (latitude + north_m / METRES_PER_DEGREE, longitude + east_m / per_degree_east)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::satellite::chance;

    /// How far two places lie apart, in kilometres (flat: meant for less than some 200 km).
    fn distance_km(a: (f64, f64), b: (f64, f64)) -> f64 {
        let north = (a.0 - b.0) * METRES_PER_DEGREE;
        let east = (a.1 - b.1) * METRES_PER_DEGREE * a.0.to_radians().cos();
        north.hypot(east) / 1_000.0
    }

    #[test]
    fn a_drift_is_slow_and_stays_in_its_waters() {
        let waters = Waters { latitude: 37.6, longitude: -28.6, range_km: 40.0 };
        let mut rng = chance::stream(1, &["sea"]);
        for _ in 0..20 {
            let track = Track::drifting(waters, &mut rng);
            for hour in 0..2_000_i64 {
                let drift = track.at(Time::from_micros(1_700_000_000_000_000 + hour * 3_600_000_000));
                let away =
                    distance_km((drift.latitude, drift.longitude), (waters.latitude, waters.longitude));
                assert!(away < 56.6 && drift.speed_m_s < 0.9, "{away} km, {} m/s", drift.speed_m_s);
            }
        }
    }
}
