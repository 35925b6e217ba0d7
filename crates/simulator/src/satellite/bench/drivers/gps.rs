//! The receiver of positions. The protocol fixes how its keys begin (`gps/location/`, `gps/signal/`, `gps/course/`); what
//! follows is this simulator's own.

use fairlead_model::Time;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::super::python::{single, single_or_none};
use crate::satellite::chance::bell;

/// Seconds that a cold receiver looks for satellites.
const COLD_START: std::ops::Range<u32> = 4..12;
/// A desk near Monterey.
const DESK: (f64, f64) = (36.8044, -121.7869);
/// Spread of a receiver that lies still, in degrees.
const NOISE_DEG: f64 = 0.000_015;

#[derive(Clone, Debug)]
pub(super) struct Gps {
    latitude: f64,
    longitude: f64,
    /// Seconds for which it runs.
    seconds: u32,
    first_fix: u32,
}

impl Gps {
    pub(super) fn new(rng: &mut ChaCha8Rng) -> Self {
        Self {
            latitude: DESK.0 + NOISE_DEG * 10.0 * bell(rng),
            longitude: DESK.1 + NOISE_DEG * 10.0 * bell(rng),
            seconds: 0,
            first_fix: rng.random_range(COLD_START),
        }
    }

    pub(super) fn start(&mut self) {
        self.seconds = 0;
    }

    pub(super) fn live(&mut self, now: Time, rng: &mut ChaCha8Rng) -> Vec<String> {
        self.seconds = self.seconds.saturating_add(1);
        let has_fix = self.seconds > self.first_fix;
        let fixed = |key: &str, value: String| single_or_none(key, has_fix.then_some(value.as_str()));
        let mut values = vec![
            fixed("gps/location/lat", format!("{:.6}", self.latitude + NOISE_DEG * bell(rng))),
            fixed("gps/location/lon", format!("{:.6}", self.longitude + NOISE_DEG * bell(rng))),
            fixed("gps/location/utc", now.date_time().format("%H%M%S%.3f").to_string()),
            fixed("gps/course/sog", format!("{:.1}", 0.1 * bell(rng).abs())),
            fixed("gps/course/cog", format!("{:.1}", rng.random_range(0.0..360.0))),
        ];
        let satellites = if has_fix { rng.random_range(6..12) } else { self.seconds.min(3) };
        values.push(single("gps/signal/fix", if has_fix { "3D" } else { "None" }));
        values.push(single("gps/signal/satellites", &satellites.to_string()));
        values.push(single(
            "gps/signal/hdop",
            &format!("{:.1}", if has_fix { 0.9 + 0.1 * bell(rng).abs() } else { 99.9 }),
        ));
        values
    }
}
