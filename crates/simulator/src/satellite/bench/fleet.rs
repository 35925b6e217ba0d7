//! Many devices on the bench at once.

use anyhow::Result;
use fairlead_model::Clock;
use futures_util::future::join_all;

use super::power::{BenchSettings, Powered, Report, switch_on};

/// Devices that are switched on; they are switched off with the end of this.
#[derive(Debug, Default)]
pub struct BenchFleet {
    devices: Vec<Powered>,
}

impl BenchFleet {
    /// Switches on all of these.
    ///
    /// # Errors
    /// Where an address is none.
    pub fn switch_on(devices: impl IntoIterator<Item = BenchSettings>, clock: &Clock) -> Result<Self> {
        let devices = devices.into_iter().map(|device| switch_on(device, clock)).collect::<Result<_>>()?;
        Ok(Self { devices })
    }

    /// `count` devices like `one`, named `PK001`, `PK002`, … where `prefix` is `PK`.
    pub fn alike(one: &BenchSettings, prefix: &str, count: u32) -> Vec<BenchSettings> {
        (1..=count)
            .map(|number| BenchSettings { name: format!("{prefix}{number:03}"), ..one.clone() })
            .collect()
    }

    /// The devices, in the order in which they were given.
    pub fn devices(&self) -> &[Powered] {
        &self.devices
    }

    /// The device of this name.
    pub fn device(&self, name: &str) -> Option<&Powered> {
        self.devices.iter().find(|device| device.name() == name)
    }

    /// How many are like this now.
    pub fn count(&self, is: impl Fn(&Report) -> bool) -> usize {
        self.devices.iter().filter(|device| is(&device.report())).count()
    }

    /// Waits until each has been like this once.
    pub async fn until_each(&self, wanted: impl Fn(&Report) -> bool) {
        join_all(self.devices.iter().map(|device| device.until(&wanted))).await;
    }

    /// Switches all of them off and on at the same moment.
    pub fn power_cycle(&self) {
        self.devices.iter().for_each(Powered::power_cycle);
    }

    /// Switches all of them off.
    pub async fn stop(self) {
        join_all(self.devices.into_iter().map(Powered::stop)).await;
    }
}
