//! The three radios of a device, which a technician starts and stops one by one.

mod gps;
mod lora;
mod rock_block;

use std::str::FromStr;

use fairlead_model::Time;
use rand_chacha::ChaCha8Rng;

use gps::Gps;
use lora::Lora;
use rock_block::RockBlock;

/// One of the radios.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driver {
    /// Its receiver of positions.
    Gps,
    /// Its satellite modem.
    RockBlock,
    /// Its short-range radio.
    Lora,
}

impl Driver {
    /// What it is called in orders and values.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Gps => "gps",
            Self::RockBlock => "rb",
            Self::Lora => "lora",
        }
    }
}

impl FromStr for Driver {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Gps, Self::RockBlock, Self::Lora].into_iter().find(|one| one.as_str() == text).ok_or(())
    }
}

/// Whether a driver is there, and whether it runs.
#[derive(Clone, Copy, Debug, Default)]
struct Switch {
    awake: bool,
    runs: bool,
    broken: bool,
}

impl Switch {
    fn wake(&mut self) -> bool {
        self.awake = !self.broken;
        self.awake
    }
}

/// All three.
#[derive(Clone, Debug)]
pub(super) struct Drivers {
    switches: [(Driver, Switch); 3],
    gps: Gps,
    rock_block: RockBlock,
    lora: Lora,
}

impl Drivers {
    pub(super) fn new(rng: &mut ChaCha8Rng) -> Self {
        Self {
            // In the order in which a state shows them.
            switches: [Driver::RockBlock, Driver::Gps, Driver::Lora]
                .map(|driver| (driver, Switch::default())),
            gps: Gps::new(rng),
            rock_block: RockBlock::new(rng),
            lora: Lora::default(),
        }
    }

    pub(super) fn break_down(&mut self, driver: Driver) {
        if let Some(switch) = self.switch(driver) {
            *switch = Switch { broken: true, ..Switch::default() };
        }
    }

    pub(super) fn sleep(&mut self) {
        for (_, switch) in &mut self.switches {
            *switch = Switch { broken: switch.broken, ..Switch::default() };
        }
    }

    /// Wakes all of them, and gives how many do not answer.
    pub(super) fn wake(&mut self) -> usize {
        self.switches.iter_mut().filter_map(|(_, switch)| (!switch.wake()).then_some(())).count()
    }

    pub(super) fn start(&mut self, driver: Driver) -> Result<(), String> {
        let refusal = || format!("{} does not answer", driver.as_str());
        let switch = self.switch(driver).ok_or_else(refusal)?;
        switch.wake().then_some(()).ok_or_else(refusal)?;
        if !std::mem::replace(&mut switch.runs, true) {
            match driver {
                Driver::Gps => self.gps.start(),
                Driver::RockBlock => self.rock_block.start(),
                Driver::Lora => {}
            }
        }
        Ok(())
    }

    pub(super) fn stop(&mut self, driver: Driver) {
        if let Some(switch) = self.switch(driver) {
            switch.runs = false;
        }
    }

    pub(super) fn runs(&self, driver: Driver) -> bool {
        self.switches.iter().any(|(one, switch)| *one == driver && switch.runs)
    }

    pub(super) fn is_live(&self) -> bool {
        self.switches.iter().any(|(_, switch)| switch.runs)
    }

    /// Hands LoRa a text.
    pub(super) fn send_lora(&mut self, text: &str) {
        self.lora.send(text);
    }

    /// The drivers' part of a state. One that sleeps is `false`, one that is awake `1`: the firmware mixes its types.
    pub(super) fn state(&self) -> String {
        let parts = self.switches.iter().map(|(driver, switch)| {
            let name = driver.as_str();
            let enabled = if switch.awake { "1" } else { "false" };
            format!(r#""{name}/enabled": {enabled}, "{name}/running": {}"#, switch.runs)
        });
        parts.collect::<Vec<_>>().join(", ")
    }

    /// A second's values of those that run.
    pub(super) fn live(&mut self, now: Time, rng: &mut ChaCha8Rng) -> Vec<String> {
        let mut values = Vec::new();
        if self.runs(Driver::Gps) {
            values.extend(self.gps.live(now, rng));
        }
        if self.runs(Driver::RockBlock) {
            values.extend(self.rock_block.live(rng));
        }
        if self.runs(Driver::Lora) {
            values.extend(self.lora.live(now, rng));
        }
        values
    }

    fn switch(&mut self, driver: Driver) -> Option<&mut Switch> {
        self.switches.iter_mut().find(|(one, _)| *one == driver).map(|(_, switch)| switch)
    }
}
