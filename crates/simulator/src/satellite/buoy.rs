//! One device: when it wakes, what it says, and what the network makes of it, message after message.

mod listen;
mod text;
mod wake;

use std::time::Duration;

use fairlead_model::{Imei, Time};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::cast::{Build, Character, Quirk};
use super::chance::{self, bell, one_of};
use super::mt::Mailboxes;
use super::sea::{Drift, Track, moved};
use super::sent::{Estimate, Said, Sent};
use wake::{Wake, Wakes};

/// CEP values in kilometres as seen in the field.
const CEP_KM: [f64; 10] = [2.0, 3.0, 3.0, 4.0, 8.0, 11.0, 93.0, 95.0, 162.0, 275.0];
/// Farthest that the network's estimate lies from the device.
const FARTHEST_ESTIMATE_KM: f64 = 150.0;
/// Share of sessions with status 2: the message is good, the location poor.
const POOR_LOCATION: f64 = 0.02;
/// Share of messages that begin a loss, for a device that loses some.
const LOSS: f64 = 0.012;
/// Most messages lost in a row.
const LONGEST_LOSS: u32 = 4;
/// First MOMSN of a device that is about to wrap.
const NEARLY_WRAPPED: u16 = 65_520;

/// Every session of a device from its power-on, in order, without end unless it falls silent.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    character: Character,
    imei: Imei,
    serial: u32,
    rng: ChaCha8Rng,
    track: Track,
    wakes: Wakes,
    momsn: u16,
    power_on: Time,
    silent_from: Option<Time>,
    losing: u32,
    /// Where it finds what it is told; without it, it is told nothing.
    mailboxes: Option<Mailboxes>,
    /// The last wake, while what it brought has not been looked at.
    unheard: Option<Wake>,
}

/// One time that a device reached the network.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// When.
    pub(crate) at: Time,
    /// The message, unless it was lost on its way to the provider.
    pub(crate) sent: Option<Sent>,
}

/// Both ends of a device's life.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Life {
    /// When it is switched on.
    pub(crate) power_on: Time,
    /// From when it is silent, if that is its fate.
    pub(crate) silent_from: Time,
}

impl Device {
    /// Device number `index` of the world of `seed`.
    pub(crate) fn new(seed: u64, index: usize, character: Character, life: Life) -> Option<Self> {
        let mut rng = chance::stream(seed, &["device", &index.to_string()]);
        let imei = imei(&mut rng, index)?;
        let serial = rng.random_range(200_000..240_000);
        let track = match character.build {
            Build::Handset => Track::sailing(character.waters, &mut rng),
            Build::V2Buoy | Build::V3Buoy { .. } => Track::drifting(character.waters, &mut rng),
        };
        let momsn = match character.quirk {
            Some(Quirk::Wraps) => NEARLY_WRAPPED,
            _ => rng.random_range(0..50_000),
        };
        let switched_on = life.power_on.plus(Duration::from_secs(rng.random_range(0..600)));
        Some(Self {
            wakes: Wakes::new(character.build, switched_on),
            silent_from: (character.quirk == Some(Quirk::FallsSilent)).then_some(life.silent_from),
            power_on: life.power_on,
            losing: 0,
            mailboxes: None,
            unheard: None,
            character,
            imei,
            serial,
            rng,
            track,
            momsn,
        })
    }

    /// The modem's number.
    /// What the cast calls it.
    pub(crate) fn name(&self) -> &'static str {
        self.character.name
    }

    /// The number printed on the modem.
    pub(crate) fn serial(&self) -> u32 {
        self.serial
    }

    pub(crate) fn imei(&self) -> Imei {
        self.imei
    }

    /// From now on the device finds in `mailboxes` what it is told.
    pub(crate) fn attach(&mut self, mailboxes: &Mailboxes) {
        self.mailboxes = Some(mailboxes.clone());
    }

    /// Looks at what the last session brought. This happens as late as can be, when the next session is asked for:
    /// until then more may have been queued before that session.
    fn listen(&mut self) {
        let (Some(wake), Some(mailboxes)) = (self.unheard.take(), &self.mailboxes) else { return };
        let mut last = None;
        let fetch = || {
            let mt = mailboxes.fetch(self.imei, wake.at, last)?;
            last = Some(mt.mt_id);
            Some(mt.payload)
        };
        self.wakes.listen(&wake, fetch, &mut self.rng);
    }

    fn message(&mut self, wake: Wake) -> Sent {
        let drift = self.track.at(wake.at);
        let battery_v = self.battery_v(wake.at);
        let (payload, said) = text::compose(&self.character, &wake, &drift, battery_v, &mut self.rng);
        let momsn = self.momsn;
        self.momsn = self.momsn.wrapping_add(1);
        Sent {
            imei: self.imei,
            serial: self.serial,
            momsn,
            at: wake.at,
            form: self.character.form,
            estimate: estimate(&drift, &mut self.rng),
            session_status: if self.rng.random_bool(POOR_LOCATION) { 2 } else { 0 },
            payload,
            said,
        }
    }

    /// Volts: up by day, down by night, by the sun of the place.
    fn battery_v(&mut self, at: Time) -> f64 {
        let hours = at.micros() as f64 / 3_600_000_000.0;
        let afternoon = (hours + self.character.waters.longitude / 15.0 - 15.0) / 24.0;
        let sun = (std::f64::consts::TAU * afternoon).cos();
        let noise = 0.01 * bell(&mut self.rng);
        if self.character.quirk == Some(Quirk::LowBattery) {
            let days = at.since(self.power_on).as_secs_f64() / 86_400.0;
            (3.46 - 0.04 * days).max(3.05) + 0.05 * sun + noise
        } else {
            4.0 + 0.22 * sun + noise
        }
    }

    /// Whether this message is lost between modem and provider.
    fn is_lost(&mut self, said: &Said) -> bool {
        if self.character.quirk != Some(Quirk::LosesMessages) || *said == Said::Nothing {
            return false;
        }
        if self.losing > 0 {
            self.losing -= 1;
            return true;
        }
        let begins = self.rng.random_bool(LOSS);
        if begins {
            self.losing = self.rng.random_range(0..LONGEST_LOSS);
        }
        begins
    }
}

impl Iterator for Device {
    type Item = Session;

    fn next(&mut self) -> Option<Session> {
        self.listen();
        let wake = self.wakes.next_wake(&mut self.rng)?;
        if self.silent_from.is_some_and(|from| wake.at >= from) {
            return None;
        }
        self.unheard = Some(wake);
        let sent = self.message(wake);
        let is_lost = self.is_lost(&sent.said);
        Some(Session { at: wake.at, sent: (!is_lost).then_some(sent) })
    }
}

/// What the network believes, with four decimals as the provider prints them.
fn estimate(drift: &Drift, rng: &mut ChaCha8Rng) -> Estimate {
    let cep_km = one_of(rng, &CEP_KM, 3.0);
    let away_m = (cep_km * bell(rng).abs()).min(FARTHEST_ESTIMATE_KM) * 1_000.0;
    let bearing = rng.random_range(0.0..std::f64::consts::TAU);
    let (latitude, longitude) =
        moved(drift.latitude, drift.longitude, away_m * bearing.sin(), away_m * bearing.cos());
    Estimate { latitude: four_decimals(latitude), longitude: four_decimals(longitude), cep_km }
}

fn four_decimals(degrees: f64) -> f64 {
    (degrees * 10_000.0).round() / 10_000.0
}

/// An Iridium IMEI with its check digit; `index` keeps the numbers of a world apart.
fn imei(rng: &mut ChaCha8Rng, index: usize) -> Option<Imei> {
    let body = format!("30043406{:01}{:05}", rng.random_range(0..10), index % 100_000);
    let sum: u32 =
        body.chars().filter_map(|c| c.to_digit(10)).enumerate().map(|(place, d)| luhn(place, d)).sum();
    format!("{body}{}", (10 - sum % 10) % 10).parse().ok()
}

/// Every second digit counts double, digits of the product added (ISO/IEC 7812-1).
fn luhn(place: usize, digit: u32) -> u32 {
    let weighted = if place % 2 == 1 { 2 * digit } else { digit };
    weighted / 10 + weighted % 10
}
