//! The world: a cast of devices whose every message follows from a seed.

use std::ops::Range;
use std::time::Duration;

use anyhow::Result;
use fairlead_model::{Clock, Imei, Time};
use serde::{Deserialize, Serialize};

use super::buoy::{Device, Life};
use super::cast::{self, Character};
use super::chance;
use super::events::Events;
use super::mt::{self, Mailboxes, MtApi, MtSettings};
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

    /// The modems by the numbers printed on them.
    pub fn serials(&self) -> impl Iterator<Item = (u32, Imei)> {
        self.devices.iter().map(|device| (device.serial(), device.imei()))
    }

    /// The modem of the device that has this name in the cast.
    pub fn modem(&self, name: &str) -> Option<Imei> {
        self.devices.iter().find(|device| device.name() == name).map(Device::imei)
    }

    /// The same world, whose devices hear what is queued in `mailboxes`. As long as nothing is queued, they send the
    /// same messages to the byte.
    #[must_use]
    pub fn hearing(mut self, mailboxes: &Mailboxes) -> Self {
        self.attach(mailboxes);
        self
    }

    /// Starts the provider's MT API for the modems of this world, whose devices hear from now on what it queues.
    /// `clock` should be the one that the world is played by.
    ///
    /// # Errors
    /// Where it is impossible to listen on `address`.
    pub async fn serve_mt(&mut self, address: &str, settings: MtSettings, clock: Clock) -> Result<MtApi> {
        let mailboxes = Mailboxes::of(self.modems());
        self.attach(&mailboxes);
        mt::serve(address, settings, clock, mailboxes).await
    }

    fn attach(&mut self, mailboxes: &Mailboxes) {
        for device in &mut self.devices {
            device.attach(mailboxes);
        }
    }

    /// Every message from `range.start` to before `range.end`, in the order in which the network took them.
    /// Ranges that meet give together what one range over both gives.
    pub fn events(&self, range: Range<Time>) -> impl Iterator<Item = Sent> + Send + use<> {
        self.merged(range.start, Some(range.end))
    }

    /// Every message from `from` on, without end.
    pub fn events_from(&self, from: Time) -> impl Iterator<Item = Sent> + Send + use<> {
        self.merged(from, None)
    }

    /// Every push of the messages of [`Self::events`] in the order in which they are due, with these faults.
    pub fn deliveries(
        &self,
        range: Range<Time>,
        faults: Faults,
    ) -> impl Iterator<Item = Delivery> + Send + use<> {
        self.schedule(range.start, Some(range.end), faults)
    }

    /// Every push of the messages of [`Self::events_from`], without end.
    pub fn deliveries_from(
        &self,
        from: Time,
        faults: Faults,
    ) -> impl Iterator<Item = Delivery> + Send + use<> {
        self.schedule(from, None, faults)
    }

    /// The pushes of the messages from `from` to before `end`, for one who asks by the clock.
    pub(crate) fn schedule(&self, from: Time, end: Option<Time>, faults: Faults) -> Schedule {
        Schedule::new(self.merged(from, end), self.settings.seed, faults)
    }

    fn merged(&self, from: Time, end: Option<Time>) -> Events {
        Events::new(self.devices.clone(), from, end)
    }
}

fn fleet_cast(seed: u64, count: u32) -> Vec<Character> {
    let mut rng = chance::stream(seed, &["fleet"]);
    (0..count).map(|_| cast::of_fleet(&mut rng)).collect()
}
