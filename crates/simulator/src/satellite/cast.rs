//! The cast: who is at sea, where, and what is peculiar about them.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::chance::one_of;
use super::sea::Waters;

/// One device, before it is given its numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Character {
    /// What it is called in logs.
    pub name: &'static str,
    /// The firmware it runs.
    pub build: Build,
    /// Where it drifts.
    pub waters: Waters,
    /// How the provider pushes its messages.
    pub form: DeliveryForm,
    /// What is wrong with it.
    pub quirk: Option<Quirk>,
}

/// The firmware of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// Version 2 of the buoy: ten minutes of sleep between reports, counted from the last one.
    V2Buoy,
    /// Version 3 of the buoy: wakes at multiples of its interval from midnight UTC.
    V3Buoy {
        /// Its interval in seconds.
        interval_s: u32,
        /// The text it prints.
        text: V3Text,
    },
    /// A handset aboard a boat.
    Handset,
}

/// The text that a v3 build prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum V3Text {
    /// PK101, the present one.
    Pk101,
    /// PK001 in knots, the older one.
    Pk001,
}

/// How the provider pushes the messages of a modem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryForm {
    /// JSON with a signed token.
    SignedJson,
    /// A form with a signed token.
    SignedForm,
    /// A form without a token, as accounts of 2022 got it.
    PlainForm,
}

/// What is peculiar about a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quirk {
    /// It sends nothing any more from three hours before the present.
    FallsSilent,
    /// Now and then its text cannot be read.
    Rubbish,
    /// Its battery goes down day by day.
    LowBattery,
    /// Some of its messages are lost on their way: its MOMSN skips.
    LosesMessages,
    /// Its MOMSN passes 65,535 within the first day.
    Wraps,
}

const MONTEREY_BAY: Waters = Waters { latitude: 36.78, longitude: -122.06, range_km: 6.0 };
const OFF_MONTEREY: Waters = Waters { latitude: 36.45, longitude: -123.0, range_km: 36.0 };
const OFF_POINT_SUR: Waters = Waters { latitude: 36.0, longitude: -122.75, range_km: 30.0 };
const SOUTH_OF_FAIAL: Waters = Waters { latitude: 37.6, longitude: -28.6, range_km: 40.0 };
const WEST_OF_FAIAL: Waters = Waters { latitude: 39.25, longitude: -29.8, range_km: 36.0 };
const AZORES_TRENCH: Waters = Waters { latitude: 37.3, longitude: -27.0, range_km: 36.0 };
const LIGURIAN_WEST: Waters = Waters { latitude: 43.5, longitude: 8.5, range_km: 18.0 };
const LIGURIAN_EAST: Waters = Waters { latitude: 43.55, longitude: 9.05, range_km: 14.0 };

const MINUTE_S: u32 = 60;

/// The twelve devices of the demo.
pub(crate) const DEMO: [Character; 12] = [
    v2("bay", MONTEREY_BAY, None),
    v2("tired", OFF_MONTEREY, Some(Quirk::LowBattery)),
    v2("faial", SOUTH_OF_FAIAL, None),
    Character { form: DeliveryForm::PlainForm, ..v2("unsigned", WEST_OF_FAIAL, None) },
    v2("gaps", LIGURIAN_WEST, Some(Quirk::LosesMessages)),
    v3("sur", 10, V3Text::Pk101, OFF_POINT_SUR, None),
    Character { form: DeliveryForm::SignedForm, ..v3("canyon", 15, V3Text::Pk101, OFF_MONTEREY, None) },
    v3("silent", 30, V3Text::Pk101, AZORES_TRENCH, Some(Quirk::FallsSilent)),
    v3("garbler", 20, V3Text::Pk101, WEST_OF_FAIAL, Some(Quirk::Rubbish)),
    v3("knots", 10, V3Text::Pk001, LIGURIAN_EAST, None),
    v3("veteran", 60, V3Text::Pk101, AZORES_TRENCH, Some(Quirk::Wraps)),
    Character {
        name: "crew",
        build: Build::Handset,
        waters: Waters { range_km: 10.0, ..LIGURIAN_EAST },
        form: DeliveryForm::SignedJson,
        quirk: None,
    },
];

const fn v2(name: &'static str, waters: Waters, quirk: Option<Quirk>) -> Character {
    Character { name, build: Build::V2Buoy, waters, form: DeliveryForm::SignedJson, quirk }
}

const fn v3(
    name: &'static str,
    minutes: u32,
    text: V3Text,
    waters: Waters,
    quirk: Option<Quirk>,
) -> Character {
    let build = Build::V3Buoy { interval_s: minutes * MINUTE_S, text };
    Character { name, build, waters, form: DeliveryForm::SignedJson, quirk }
}

/// A member of a large fleet for benchmarks: two buoys of three are v3, all sound, all signed.
pub(crate) fn of_fleet(rng: &mut ChaCha8Rng) -> Character {
    let waters = one_of(rng, &[OFF_MONTEREY, SOUTH_OF_FAIAL, AZORES_TRENCH, LIGURIAN_WEST], OFF_MONTEREY);
    if rng.random_bool(1.0 / 3.0) {
        v2("fleet", waters, None)
    } else {
        let minutes = one_of(rng, &[10, 10, 10, 15, 20, 30, 60], 10);
        v3("fleet", minutes, V3Text::Pk101, waters, None)
    }
}
