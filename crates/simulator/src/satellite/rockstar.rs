//! RockSTAR trackers aboard boats, and the pushes that Rock 7 Core makes of what they send.
//!
//! As everything at sea, they follow from a seed: the same settings give the same pushes, to the byte. Each wake is one
//! burst of two pushes, the tracker's own position and the network's, with one number and one time; now and then
//! somebody types a text.

use std::ops::Range;
use std::time::Duration;

use fairlead_model::{Imei, Latitude, Longitude, Time};
use fairlead_wire::rockcore::{Fields, Source, Trigger};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::chance::{self, one_of};
use super::mt::Mailboxes;
use super::sea::{Drift, Track, Waters, moved};

/// Between two wakes.
const INTERVAL_S: i64 = 900;
const MICROS: i64 = 1_000_000;
/// From the fix to the burst.
const FIX_AGE: Duration = Duration::from_secs(13);
const METRES_PER_SECOND_IN_A_KNOT: f64 = 1852.0 / 3600.0;
/// How often somebody types.
const TEXTS: f64 = 0.05;
/// What people type.
const SAID: [&str; 4] = ["Beacon on", "Beacon off", "IRD update 10 min", "On our way"];

/// One tracker.
#[derive(Clone, Debug)]
pub struct RockStar {
    seed: u64,
    imei: Imei,
    serial: u32,
    track: Track,
}

impl RockStar {
    /// The tracker of this index in a seed's world; there are at most 1,000.
    pub fn new(seed: u64, index: u16, waters: Waters) -> Option<Self> {
        // The demo's devices have other numbers.
        let imei = format!("30043499{:04}{:03}", seed % 10_000, index.checked_rem(1_000)?).parse().ok()?;
        let mut rng = chance::stream(seed, &["rockstar", &index.to_string()]);
        let track = Track::sailing(waters, &mut rng);
        Some(Self { seed, imei, serial: 100_000 + u32::from(index), track })
    }

    /// Its IMEI.
    pub const fn imei(&self) -> Imei {
        self.imei
    }

    /// What is pushed of its wakes in a range, in order.
    pub fn pushes(&self, range: Range<Time>) -> Vec<Fields> {
        let first = range.start.micros().div_euclid(INTERVAL_S * MICROS);
        let last = range.end.micros().div_euclid(INTERVAL_S * MICROS);
        let wakes = (first..=last).map(|n| (n, Time::from_micros(n * INTERVAL_S * MICROS)));
        wakes.filter(|(_, at)| range.contains(at)).flat_map(|(n, at)| self.burst(n, at)).collect()
    }

    /// What is pushed of its wakes in a range where it hears what waits in `mailboxes`: an acknowledgement behind the
    /// burst for each message that it got.
    pub fn pushes_hearing(&self, range: Range<Time>, mailboxes: &Mailboxes) -> Vec<Fields> {
        let mut all = Vec::new();
        for push in self.pushes(range) {
            let is_own = push.source == Source::Gps;
            all.push(push.clone());
            if is_own {
                continue;
            }
            let mut last = None;
            while let Some(mt) = mailboxes.fetch(self.imei, push.transmitted_at, last) {
                last = Some(mt.mt_id);
                all.push(acknowledgement(&push, mt.mt_id));
            }
        }
        all
    }

    /// The serial number printed on it.
    pub const fn serial(&self) -> u32 {
        self.serial
    }

    fn burst(&self, n: i64, at: Time) -> Vec<Fields> {
        let mut rng = chance::stream(self.seed, &["rockstar", self.imei.as_str(), &n.to_string()]);
        let drift = self.track.at(at);
        let Some(own) = self.push(n, at, &drift, &mut rng) else { return Vec::new() };
        let cep_km = rng.random_range(2..12);
        let off = |rng: &mut ChaCha8Rng| rng.random_range(-5_000.0..5_000.0);
        let (east, north) = (off(&mut rng), off(&mut rng));
        let (latitude, longitude) = moved(drift.latitude, drift.longitude, east, north);
        let of_network = place(latitude, longitude).map(|position| Fields {
            id: format!("{}I", own.id),
            source: Source::Iridium,
            position,
            cep_km,
            trigger: Trigger::Burst,
            message: None,
            ..own.clone()
        });
        [Some(own), of_network].into_iter().flatten().collect()
    }

    fn push(&self, n: i64, at: Time, drift: &Drift, rng: &mut ChaCha8Rng) -> Option<Fields> {
        let message = rng.random_bool(TEXTS).then(|| one_of(rng, &SAID, "On our way").to_owned());
        let trigger = if message.is_some() { Trigger::Message } else { Trigger::Burst };
        Some(Fields {
            id: format!("{}{n}", self.imei),
            imei: self.imei,
            device_type: "LEOPARD3".to_owned(),
            serial: self.serial,
            momsn: u16::try_from(n.rem_euclid(65_536)).ok()?,
            transmitted_at: at.plus(FIX_AGE),
            measured_at: at,
            trigger,
            source: Source::Gps,
            position: place(drift.latitude, drift.longitude)?,
            cep_km: 0,
            speed_knots: (drift.speed_m_s / METRES_PER_SECOND_IN_A_KNOT * 10.0).round() / 10.0,
            course_deg: whole_degrees(drift.course_deg),
            altitude_m: rng.random_range(0..6),
            battery_percent: rng.random_range(60..=100),
            message,
            message_ack: None,
        })
    }
}

/// The acknowledgement of a message that was sent to the tracker by this number.
pub fn acknowledgement(of: &Fields, number: u64) -> Fields {
    Fields {
        id: format!("{}A{number}", of.id),
        trigger: Trigger::Acknowledge,
        message: None,
        message_ack: Some(number),
        ..of.clone()
    }
}

fn place(latitude: f64, longitude: f64) -> Option<(Latitude, Longitude)> {
    let rounded = |degrees: f64| (degrees * 1e5).round() / 1e5;
    Some((Latitude::new(rounded(latitude))?, Longitude::new(rounded(longitude))?))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "degrees from 0 to 360")]
fn whole_degrees(degrees: f64) -> u16 {
    degrees.clamp(0.0, 360.0).round() as u16
}
