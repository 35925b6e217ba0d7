//! The world: a cast of devices whose every message follows from a seed.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;
use std::time::Duration;

use fairlead_model::{Imei, Time};
use serde::{Deserialize, Serialize};

use super::buoy::{Device, Life};
use super::cast::{self, Character};
use super::chance;
use super::plan::{Delivery, Faults};
use super::sent::Sent;
use crate::schedule::Schedule;

/// How long before the present the demo's devices were switched on.
const DEMO_AGE: Duration = Duration::from_secs(8 * 86_400);
/// How long ago the silent one fell silent.
const SILENT_SINCE: Duration = Duration::from_secs(3 * 3_600);

/// What a world follows from: the same settings give the same messages, to the byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorldSettings {
    /// Where all chance comes from.
    pub seed: u64,
    /// The moment that the story is told from: one device fell silent three hours before it.
    pub present: Time,
    /// `None` for the demo's cast, or so many buoys of a large fleet.
    pub fleet: Option<u32>,
}

/// Devices at sea.
#[derive(Clone, Debug)]
pub struct World {
    settings: WorldSettings,
    devices: Vec<Device>,
}

impl World {
    /// The twelve devices of the demo, at sea for eight days.
    pub fn demo(seed: u64, present: Time) -> Self {
        Self::new(WorldSettings { seed, present, fleet: None })
    }

    /// A large fleet of sound and signed buoys, switched on at `present`.
    pub fn fleet(seed: u64, present: Time, count: u32) -> Self {
        Self::new(WorldSettings { seed, present, fleet: Some(count) })
    }

    /// The world that follows from these settings.
    pub fn new(settings: WorldSettings) -> Self {
        let (cast, power_on) = match settings.fleet {
            None => (cast::DEMO.to_vec(), settings.present.minus(DEMO_AGE)),
            Some(count) => (fleet_cast(settings.seed, count), settings.present),
        };
        let life = Life { power_on, silent_from: settings.present.minus(SILENT_SINCE) };
        let devices = cast
            .into_iter()
            .enumerate()
            .filter_map(|(index, character)| Device::new(settings.seed, index, character, life))
            .collect();
        Self { settings, devices }
    }

    /// What this world follows from.
    pub fn settings(&self) -> &WorldSettings {
        &self.settings
    }

    /// The modems of this world, in the order of the cast.
    pub fn modems(&self) -> impl Iterator<Item = Imei> {
        self.devices.iter().map(Device::imei)
    }

    /// Every message from `range.start` to before `range.end`, in the order in which the network took them.
    /// Ranges that meet give together what one range over both gives.
    pub fn events(&self, range: Range<Time>) -> impl Iterator<Item = Sent> + Send + use<> {
        self.events_from(range.start).take_while(move |sent| sent.at < range.end)
    }

    /// Every push of the messages of [`Self::events`] in the order in which they are due, with these faults.
    pub fn deliveries(
        &self,
        range: Range<Time>,
        faults: Faults,
    ) -> impl Iterator<Item = Delivery> + Send + use<> {
        Schedule::new(self.events(range), self.settings.seed, faults)
    }

    /// Every push of the messages of [`Self::events_from`], without end.
    pub fn deliveries_from(
        &self,
        from: Time,
        faults: Faults,
    ) -> impl Iterator<Item = Delivery> + Send + use<> {
        Schedule::new(self.events_from(from), self.settings.seed, faults)
    }

    /// Every message from `from` on, without end.
    pub fn events_from(&self, from: Time) -> impl Iterator<Item = Sent> + Send + use<> {
        Events::new(self.devices.clone()).skip_while(move |sent| sent.at < from)
    }
}

fn fleet_cast(seed: u64, count: u32) -> Vec<Character> {
    let mut rng = chance::stream(seed, &["fleet"]);
    (0..count).map(|_| cast::of_fleet(&mut rng)).collect()
}

/// The messages of several devices merged by time.
#[derive(Clone, Debug)]
struct Events {
    devices: Vec<Device>,
    /// The next message of each device, soonest first.
    heads: Vec<Option<Sent>>,
    order: BinaryHeap<Reverse<(Time, usize)>>,
}

impl Events {
    fn new(mut devices: Vec<Device>) -> Self {
        let heads: Vec<Option<Sent>> = devices.iter_mut().map(Iterator::next).collect();
        let order = heads
            .iter()
            .enumerate()
            .filter_map(|(index, head)| Some(Reverse((head.as_ref()?.at, index))))
            .collect();
        Self { devices, heads, order }
    }
}

impl Iterator for Events {
    type Item = Sent;

    fn next(&mut self) -> Option<Sent> {
        let Reverse((_, index)) = self.order.pop()?;
        let following = self.devices.get_mut(index)?.next();
        if let Some(sent) = &following {
            self.order.push(Reverse((sent.at, index)));
        }
        std::mem::replace(self.heads.get_mut(index)?, following)
    }
}
