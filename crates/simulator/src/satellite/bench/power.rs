//! A device that is switched on: a task of its own, and what can be seen of it from outside.

use std::sync::Arc;

use anyhow::Result;
use fairlead_model::device::DeviceKind;
use fairlead_model::{Clock, Secret};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::app::App;
use super::device::BenchDevice;
use super::flash::{Files, Flash};
use super::habits::Habits;
use super::life::Life;
use super::line::Hub;
use super::trouble::Trouble;
use super::upgrade::{Ended, UpgradeClient};
use super::wifi::Wifi;
use crate::satellite::chance;

/// What a device is made of.
#[derive(Clone, Debug)]
pub struct BenchSettings {
    /// The hub, such as `ws://127.0.0.1:7777`.
    pub hub: String,
    /// The server as the device has it stored, such as `http://127.0.0.1:8080/v1`.
    pub server: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: DeviceKind,
    /// What it shows when it connects.
    pub key: Option<Secret>,
    /// Its networks; without them it is on one of its own.
    pub wifi: Option<Wifi>,
    /// What is on its flash.
    pub flash: Flash,
    /// How long things take.
    pub habits: Habits,
    /// What is wrong with it.
    pub trouble: Trouble,
    /// Where its chance comes from, together with its name.
    pub seed: u64,
}

impl BenchSettings {
    /// A sound buoy with nothing on its flash and the real one's habits.
    pub fn new(hub: &str, server: &str, name: &str) -> Self {
        Self {
            hub: hub.to_owned(),
            server: server.to_owned(),
            name: name.to_owned(),
            kind: DeviceKind::Buoy,
            key: None,
            wifi: None,
            flash: Flash::default(),
            habits: Habits::default(),
            trouble: Trouble::None,
            seed: 1,
        }
    }
}

/// What a device does at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// It is starting.
    Starting,
    /// It tries to reach the hub.
    Dialling,
    /// It is on the line, or believes so.
    OnLine,
    /// It met an exception: its line is open, and nobody is there.
    Silent,
    /// It does this app's work, away from the hub.
    Away(App),
    /// It fetches firmware.
    Upgrading,
    /// The network that it has stored is not in reach, or has another password.
    NoNetwork,
}

/// What can be seen of a device.
#[derive(Clone, Debug)]
pub struct Report {
    /// What it does.
    pub doing: Doing,
    /// How often it started.
    pub starts: u64,
    /// How often it had a line.
    pub lines: u64,
    /// Texts that it heard.
    pub heard: u64,
    /// Upgrades that it tried and that came to an end.
    pub upgrades: u64,
    /// How the last of them ended.
    pub last_upgrade: Option<Ended>,
    /// The files of the version that runs.
    pub files: Arc<Files>,
}

/// A device that is switched on. It is switched off with the end of this.
#[derive(Debug)]
pub struct Powered {
    name: String,
    report: watch::Receiver<Report>,
    button: Arc<Notify>,
    stop: CancellationToken,
    task: JoinHandle<()>,
    _off_with_the_last: DropGuard,
}

/// Switches a device on. What it shows as the time comes from `clock`; how long things take is real time.
///
/// # Errors
/// Where an address is none.
pub fn switch_on(settings: BenchSettings, clock: &Clock) -> Result<Powered> {
    let BenchSettings { hub, server, name, kind, key, wifi, flash, habits, trouble, seed } = settings;
    let wifi = wifi
        .unwrap_or_else(|| Wifi::on("Boathouse", "low tide", 21).reaches("Harbour Office", "slack water"));
    let client = UpgradeClient::new(&server, kind, &name, seed)?.with_habits(habits).with_trouble(trouble);
    let target = match key {
        Some(key) => format!("/{name}?key={}", key.expose()),
        None => format!("/{name}"),
    };
    let (sender, report) = watch::channel(Report {
        doing: Doing::Starting,
        starts: 0,
        lines: 0,
        heard: 0,
        upgrades: 0,
        last_upgrade: None,
        files: flash.files().clone(),
    });
    let life = Life {
        hub: Hub::parse(&hub)?,
        target,
        device: BenchDevice::new(&name, kind, wifi, seed, clock.clone()),
        client,
        flash,
        habits,
        report: sender,
        line: None,
        rng: chance::stream(seed, &["line", &name]),
    };
    let (button, stop) = (Arc::new(Notify::new()), CancellationToken::new());
    let task = tokio::spawn({
        let (button, stop) = (button.clone(), stop.clone());
        async move {
            stop.run_until_cancelled(life.live(&button)).await;
        }
    });
    Ok(Powered { name, report, button, task, _off_with_the_last: stop.clone().drop_guard(), stop })
}

impl Powered {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What can be seen of it now.
    pub fn report(&self) -> Report {
        self.report.borrow().clone()
    }

    /// Waits until `wanted` holds.
    pub async fn until(&self, wanted: impl FnMut(&Report) -> bool) -> Report {
        match self.report.clone().wait_for(wanted).await {
            Ok(report) => report.clone(),
            // It was switched off: this will never be.
            Err(_) => std::future::pending().await,
        }
    }

    /// Waits until it does something else than `doing`, and gives what.
    pub async fn changes_from(&self, doing: Doing) -> Report {
        self.until(|report| report.doing != doing).await
    }

    /// Switches it off and on, whatever it does. Its line is not closed; nobody is there any more.
    pub fn power_cycle(&self) {
        self.button.notify_one();
    }

    /// Switches it off.
    pub async fn stop(self) {
        self.stop.cancel();
        // A task that panicked is off as well.
        let _ = self.task.await;
    }
}
