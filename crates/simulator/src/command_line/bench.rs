//! `fairlead-simulator bench`: devices on the bench, and `fairlead-simulator repository`: firmware for them.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use fairlead_model::device::DeviceKind;
use fairlead_model::{Clock, Secret};
use tokio_util::sync::CancellationToken;

use super::{say, secret, span, stop_after};
use crate::firmware_tree::{FirmwareTree, write_repository};
use crate::satellite::bench::{BenchFleet, BenchSettings, Doing, Flash, Habits, Powered, Trouble, register};

#[derive(Debug, clap::Args)]
pub(super) struct BenchArguments {
    /// Where devices find the hub
    #[arg(long, value_name = "ADDRESS", default_value = "ws://127.0.0.1:7777")]
    hub: String,
    /// The server as devices have it stored
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080/v1")]
    server: String,
    /// The device's name; with --register, the one that it says it has
    #[arg(long, required_unless_present_any = ["count", "register"])]
    name: Option<String>,
    /// So many devices, named PK001, PK002, …
    #[arg(long, conflicts_with_all = ["name", "register"], value_parser = clap::value_parser!(u32).range(1..=10_000))]
    count: Option<u32>,
    /// What they are: buoy or handset
    #[arg(long, default_value = "buoy", value_parser = kind)]
    kind: DeviceKind,
    /// What the device shows when it connects
    #[arg(long, env = "FAIRLEAD_SIMULATOR_DEVICE_KEY", hide_env_values = true, value_parser = secret)]
    key: Option<Secret>,
    /// Ask the server for a name first
    #[arg(long)]
    register: bool,
    /// What goes wrong when the device fetches firmware
    #[arg(long, value_enum, default_value_t = TroubleName::None)]
    trouble: TroubleName,
    /// How many times as fast as a real device
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    haste: u32,
    /// After how long a device that went into service is taken back to the bench, such as 2m; never without it
    #[arg(long, value_name = "SPAN", value_parser = span)]
    back_after: Option<Duration>,
    /// Where all chance comes from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long, such as 60s, 5m or 2h; until Ctrl-C where it is not given
    #[arg(long = "for", value_name = "SPAN", value_parser = span)]
    span: Option<Duration>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum TroubleName {
    /// Nothing
    None,
    /// The power fails in the first three transfers
    Cut,
    /// The flash reads back otherwise than it was written
    BrokenFlash,
    /// It is not heard any more
    Silent,
    /// It says that it failed
    SaysFailed,
    /// It finds no network
    NoNetwork,
}

impl From<TroubleName> for Trouble {
    fn from(name: TroubleName) -> Self {
        match name {
            TroubleName::None => Self::None,
            TroubleName::Cut => Self::Cut { times: 3, within: 500_000 },
            TroubleName::BrokenFlash => Self::BrokenFlash { after: 30 },
            TroubleName::Silent => Self::Silent,
            TroubleName::SaysFailed => Self::SaysFailed,
            TroubleName::NoNetwork => Self::NoNetwork,
        }
    }
}

impl BenchArguments {
    pub(super) async fn run(self) -> Result<ExitCode> {
        let mut name = self.name.unwrap_or_default();
        if self.register {
            let iam = (!name.is_empty()).then_some(name.as_str());
            name = register(&self.server, self.kind, iam).await?;
            say(&format!("The server calls this device {name}"))?;
        }
        let one = BenchSettings {
            kind: self.kind,
            key: self.key,
            flash: Flash::running(&FirmwareTree::new(self.seed, 0)),
            habits: Habits { haste: self.haste, back_on_bench: self.back_after, ..Habits::REAL },
            trouble: self.trouble.into(),
            seed: self.seed,
            ..BenchSettings::new(&self.hub, &self.server, &name)
        };
        let devices = match (self.count, self.kind.prefix()) {
            (Some(count), prefix) => BenchFleet::alike(&one, prefix.unwrap_or("PK"), count),
            (None, _) => vec![one],
        };
        let fleet = BenchFleet::switch_on(devices, &Clock::system())?;
        let stop = CancellationToken::new();
        tokio::spawn(stop_after(self.span, stop.clone()));
        let told = futures_util::future::try_join_all(fleet.devices().iter().map(tell));
        if let Some(failed) = stop.run_until_cancelled(told).await {
            failed?;
        }
        fleet.stop().await;
        Ok(ExitCode::SUCCESS)
    }
}

/// Tells whatever a device does, for ever.
async fn tell(device: &Powered) -> Result<()> {
    let mut report = device.report();
    let mut upgrades = 0;
    loop {
        if report.upgrades > upgrades
            && let Some(ended) = &report.last_upgrade
        {
            say(&format!("{}: the upgrade ended: {ended:?}", device.name()))?;
            upgrades = report.upgrades;
        }
        say(&format!("{} {}", device.name(), sentence(report.doing)))?;
        report = device.changes_from(report.doing).await;
    }
}

fn sentence(doing: Doing) -> String {
    match doing {
        Doing::Starting => "is starting".to_owned(),
        Doing::Dialling => "dials".to_owned(),
        Doing::OnLine => "is on the line".to_owned(),
        Doing::Silent => "met an exception: its line is open, and nobody is there".to_owned(),
        Doing::Away(app) => format!("does the work of {app}, away from the hub"),
        Doing::Upgrading => "fetches firmware".to_owned(),
        Doing::NoNetwork => "does not find the network that it has stored".to_owned(),
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct RepositoryArguments {
    /// An empty or a new folder
    folder: PathBuf,
    /// How many versions
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=50))]
    versions: u32,
    /// Where all chance comes from
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl RepositoryArguments {
    pub(super) async fn run(self) -> Result<ExitCode> {
        let repository = write_repository(&self.folder, self.seed, self.versions).await?;
        say(&repository.url())?;
        for version in &repository.versions {
            say(&format!("{} {}", version.commit, version.tag))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn kind(text: &str) -> Result<DeviceKind, String> {
    match text.parse() {
        Ok(kind @ (DeviceKind::Buoy | DeviceKind::Handset)) => Ok(kind),
        _ => Err(format!("`{text}` is neither buoy nor handset")),
    }
}
