//! The demo's devices on the line: one on the bench to talk to, some in the workshop, and a stranger.

use std::time::Duration;

use fairlead_simulator::firmware_tree::FirmwareTree;
use fairlead_simulator::satellite::bench::{BenchFleet, BenchSettings, Flash, Habits, Trouble, Wifi};

use super::Stage;
use super::devices::Ashore;

/// A device that nobody has registered.
pub(super) const STRANGER: &str = "PK077";

/// The place in the workshop of the device that says that its new firmware failed.
pub(super) const BAD: usize = 3;

/// After how long somebody takes a device back that was told to go into service.
const BACK: Duration = Duration::from_secs(60);

/// The first device's place in the network; the others follow.
const FIRST_HOST: u8 = 20;

/// Switches all of them on. `hub` and `server`: where devices find the hub and the web server.
pub(super) fn switch_on(
    stage: &Stage,
    ashore: &Ashore,
    hub: &str,
    server: &str,
    seed: u64,
) -> anyhow::Result<BenchFleet> {
    let tree = FirmwareTree::new(seed, 0);
    let named = ashore.workshop.iter().chain([&ashore.bench]).map(|device| device.name.as_str());
    let devices = named.chain([STRANGER]).zip(FIRST_HOST..).enumerate().map(|(place, (name, host))| {
        let wifi = Wifi::on("Boathouse", "low tide", host).reaches("Harbour Office", "slack water");
        BenchSettings {
            wifi: Some(wifi),
            flash: Flash::running(&tree),
            habits: Habits { back_on_bench: Some(BACK), ..Habits::REAL },
            trouble: if place == BAD { Trouble::SaysFailed } else { Trouble::None },
            seed,
            ..BenchSettings::new(hub, server, name)
        }
    });
    BenchFleet::switch_on(devices.collect::<Vec<_>>(), &stage.clock)
}
