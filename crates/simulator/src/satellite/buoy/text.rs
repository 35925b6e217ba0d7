//! What a device prints into a message, and what it meant by it.

use std::time::Duration;

use fairlead_model::{Latitude, Longitude, Time};
use fairlead_wire::pk::mo::{V2Fix, V3Wake, handset_command};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::wake::{Errand, Standing, Wake};
use crate::satellite::cast::{Build, Character, Quirk, V3Text};
use crate::satellite::chance::{bell, one_of};
use crate::satellite::sea::Drift;
use crate::satellite::sent::{Reading, Said};

const KM_H_PER_M_S: f64 = 3.6;
const KNOTS_PER_M_S: f64 = 3_600.0 / 1_852.0;
/// Share of a v2 buoy's reports whose battery reading failed.
const NO_BATTERY: f64 = 0.01;
/// Share of a garbler's messages that nobody can read.
const RUBBISH: f64 = 0.04;
/// Scatter of a GPS fix in degrees, about 4 m.
const GPS_SCATTER_DEG: f64 = 0.000_04;

/// The bytes of a message and their meaning.
pub(super) fn compose(
    character: &Character,
    wake: &Wake,
    drift: &Drift,
    battery_v: f64,
    rng: &mut ChaCha8Rng,
) -> (Vec<u8>, Said) {
    let (standing, fix) = match wake.errand {
        Errand::Command(command) => return (handset_command(command).into_bytes(), Said::Command),
        Errand::MailboxCheck => return (Vec::new(), Said::Nothing),
        Errand::Report { standing, fix } | Errand::Confirmation { standing, fix } => (standing, fix),
    };
    let drift = scattered(drift, rng);
    let (text, reading) = match character.build {
        Build::V3Buoy { text, .. } => v3(wake.at, fix.then_some(drift), battery_v, &standing, text, rng),
        Build::V2Buoy => v2(wake.at, &drift, Some((standing.status, battery_v)), rng),
        Build::Handset => v2(wake.at, &drift, None, rng),
    };
    if character.quirk == Some(Quirk::Rubbish) && rng.random_bool(RUBBISH) {
        return (garbled(&text, rng), Said::Rubbish);
    }
    (text.into_bytes(), Said::Position(reading))
}

/// A text of the older builds; only a buoy has a status and a battery to tell of.
fn v2(at: Time, drift: &Drift, of_buoy: Option<(u8, f64)>, rng: &mut ChaCha8Rng) -> (String, Reading) {
    let measured_at = at.minus(Duration::from_millis(rng.random_range(1_200..40_000)));
    let (Some(latitude), Some(longitude)) = (Latitude::new(drift.latitude), Longitude::new(drift.longitude))
    else {
        return (String::new(), no_reading(measured_at));
    };
    let fix = V2Fix {
        latitude,
        longitude,
        at: measured_at,
        speed_km_h: drift.speed_m_s * KM_H_PER_M_S,
        course_deg: printable_course(drift.course_deg),
    };
    let reading = Reading {
        place: Some((drift.latitude, drift.longitude)),
        measured_at,
        speed_m_s: Some(drift.speed_m_s),
        course_deg: Some(fix.course_deg),
        battery_v: None,
        interval_s: None,
    };
    let Some((status, battery_v)) = of_buoy else {
        return (fix.handset_pk001(), reading);
    };
    let battery_v = (!rng.random_bool(NO_BATTERY)).then_some(battery_v);
    (fix.buoy_pk001(status, battery_v), Reading { battery_v, ..reading })
}

fn v3(
    at: Time,
    drift: Option<Drift>,
    battery_v: f64,
    standing: &Standing,
    text: V3Text,
    rng: &mut ChaCha8Rng,
) -> (String, Reading) {
    let measured_at = at.minus(Duration::from_secs(rng.random_range(12..40)));
    let wake = V3Wake {
        place: drift.map(|d| (d.latitude as f32, d.longitude as f32)),
        at: measured_at,
        battery_v: battery_v as f32,
        interval_s: standing.interval_s,
        sleep_s: standing.sleep_s,
        reason: standing.reason,
    };
    let reading = Reading {
        place: drift.map(|d| (d.latitude, d.longitude)),
        battery_v: Some(battery_v),
        ..no_reading(measured_at)
    };
    match text {
        V3Text::Pk101 => (wake.pk101(), Reading { interval_s: Some(standing.interval_s), ..reading }),
        V3Text::Pk001 => {
            let speed_m_s = drift.map_or(0.0, |d| d.speed_m_s);
            let course_deg = drift.map_or(0.0, |d| printable_course(d.course_deg));
            let text = wake.pk001((speed_m_s * KNOTS_PER_M_S) as f32, course_deg as f32);
            (text, Reading { speed_m_s: Some(speed_m_s), course_deg: Some(course_deg), ..reading })
        }
    }
}

fn no_reading(measured_at: Time) -> Reading {
    Reading { place: None, measured_at, speed_m_s: None, course_deg: None, battery_v: None, interval_s: None }
}

/// One decimal is printed, and 360.0 is north again.
fn printable_course(course_deg: f64) -> f64 {
    if course_deg >= 359.95 { 0.0 } else { course_deg }
}

fn scattered(drift: &Drift, rng: &mut ChaCha8Rng) -> Drift {
    Drift {
        latitude: drift.latitude + GPS_SCATTER_DEG * bell(rng),
        longitude: drift.longitude + GPS_SCATTER_DEG * bell(rng),
        ..*drift
    }
}

/// What a failing serial line makes of a text: bytes above 127, a lost beginning, or a type that nobody knows.
fn garbled(text: &str, rng: &mut ChaCha8Rng) -> Vec<u8> {
    let bytes = text.as_bytes();
    match one_of(rng, &[0_u8, 1, 2], 0) {
        0 => bytes.iter().enumerate().map(|(i, b)| if i % 7 == 3 { b | 0x80 } else { *b }).collect(),
        1 => bytes.iter().skip(rng.random_range(1..20)).copied().collect(),
        _ => [b"PK9".as_slice(), &bytes.iter().skip(3).copied().collect::<Vec<u8>>()].concat(),
    }
}
