//! `fairlead demo`: a believable world on a live map, on either shape, with a ledger that counts.

mod devices;
mod embedded;
mod firmware;
mod line;
mod passed_on;
mod person;
mod separate;
mod told;

use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use fairlead_model::role::Role;
use fairlead_model::{Clock, Secret, Time};
use fairlead_runtime::Arguments;
use fairlead_simulator::ledger::Ledger;
use fairlead_simulator::play::{Progress, play, seed_history};
use fairlead_simulator::satellite::bench::BenchFleet;
use fairlead_simulator::satellite::{PUBLIC_KEY_PEM, Provider, ProviderSettings, World, WorldSettings};
use fairlead_simulator::verify::{verify, verify_charges};
use fairlead_store::Store;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use self::devices::{Ashore, HANDSET, OnLine};
use self::firmware::{Firmware, Rollout};
use self::passed_on::{Ends, PassedOn};
use self::person::Person;
use self::told::Account;
use crate::command_line::{say, tell};

/// How much history the world has before it is watched.
const HISTORY: Duration = Duration::from_secs(7 * 86_400);

/// How long the verdict waits for messages that are still on their way.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long the way in is good for.
const LINK: Duration = Duration::from_secs(12 * 3_600);

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Address and port of the pages
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: String,
    /// Seconds of the world in one real second
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    speed: u32,
    /// Where all chance comes from: the same seed gives the same world
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// End after this real time with the ledger's verdict, such as 60s, 5m or 2h; without it, on Ctrl-C
    #[arg(long = "for", value_name = "SPAN", value_parser = span)]
    lasts: Option<Duration>,
    /// Keep everything in this folder, which must be empty or missing; without it, in a temporary one
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Start the separate service binaries on this MySQL or MariaDB schema (with --amqp; needs nginx)
    #[arg(long, value_name = "URL", requires = "amqp")]
    mysql: Option<String>,
    /// Start the separate service binaries on this RabbitMQ (with --mysql; needs nginx)
    #[arg(long, value_name = "URL", requires = "mysql")]
    amqp: Option<String>,
}

/// What is common to both shapes of a demo.
struct Stage {
    listen: String,
    folder: PathBuf,
    clock: Clock,
    origin: Time,
    speed: u32,
    /// Where devices on the line find the hub.
    devices_listen: String,
}

/// Who is at sea, what they said, and what they are told.
struct Play {
    world: World,
    ledger: Ledger,
    account: Account,
    /// Where routes lead to.
    ends: Ends,
    /// What the devices on the line can be given; nothing where git is missing.
    firmware: Option<Firmware>,
}

/// What happens ashore while the world is played.
struct Scene {
    ashore: Ashore,
    fleet: BenchFleet,
    rollout: Option<Rollout>,
    passed_on: PassedOn,
}

/// A running Fairlead, whichever its shape.
enum Site {
    Embedded(embedded::Embedded),
    Separate(separate::Separate),
}

impl Demo {
    pub(crate) async fn run(self, _settings: Arguments) -> anyhow::Result<ExitCode> {
        let (folder, temporary) = self.folder()?;
        let key_file = folder.join("simulated-provider.pem");
        std::fs::write(&key_file, PUBLIC_KEY_PEM)?;
        let origin = Clock::system().now();
        let clock = Clock::scaled(origin, self.speed);
        let devices_listen = separate::free_address()?;
        let stage =
            Stage { listen: self.listen.clone(), folder, clock, origin, speed: self.speed, devices_listen };
        let ledger = Ledger::open(&stage.folder.join("ledger.jsonl"))?;
        let present = stage.clock.now();
        let mut world =
            World::new(ledger.note_world(WorldSettings { seed: self.seed, present, fleet: None })?);
        let account = Account::open(&mut world, &stage).await?;
        let firmware = Firmware::write(&stage, self.seed).await?;
        let ends = Ends::open(&stage).await?;
        let mut own = account.settings();
        own.extend(Ends::settings());
        own.push(format!("intake.rockblock.public_key_files={}", key_file.display()));
        own.push(format!("hub.device_listen={}", stage.devices_listen));
        own.extend(firmware.iter().flat_map(Firmware::settings));
        let site = match (&self.mysql, &self.amqp) {
            (Some(mysql), Some(amqp)) => Site::Separate(separate::start(&stage, &own, mysql, amqp).await?),
            _ => Site::Embedded(embedded::start(&stage, &own).await?),
        };
        let play = Play { world, ledger, account, ends, firmware };
        let verdict = self.perform(&stage, &site, &play).await;
        site.stop().await;
        if temporary && let Err(error) = std::fs::remove_dir_all(&stage.folder) {
            tell(&format!("{} could not be removed: {error}", stage.folder.display()));
        }
        Ok(if verdict? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// The folder, and whether it is to be removed afterwards.
    fn folder(&self) -> anyhow::Result<(PathBuf, bool)> {
        let (folder, temporary) = match &self.data {
            Some(folder) => (folder.clone(), false),
            None => (std::env::temp_dir().join(format!("fairlead-demo-{}", std::process::id())), true),
        };
        // As a server makes its data folder: nobody else's business.
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
        if std::fs::read_dir(&folder)?.next().is_some() {
            anyhow::bail!(
                "{} is not empty. A demo begins its own world: name an empty or a new folder",
                folder.display()
            );
        }
        Ok((folder, temporary))
    }

    /// Plays the world until it is over, and returns the ledger's verdict.
    async fn perform(&self, stage: &Stage, site: &Site, story: &Play) -> anyhow::Result<bool> {
        let Play { world, ledger, account, ends, .. } = story;
        let person = Person::admit(site.store(), &stage.clock, &site.url()).await?;
        let provider = Provider::new(
            &format!("{}/rockblock/incoming", site.url()),
            stage.clock.clone(),
            ProviderSettings::default(),
        )?;
        let present = world.settings().present;
        let stop = CancellationToken::new();
        tokio::spawn(until_over(None, stop.clone()));
        tell("A week of messages comes in as a satellite provider would push it …");
        let past = present.minus(HISTORY)..present;
        let done = seed_history(world, past, &provider, ledger, &stop, |_| {}).await?;
        tell(&format!("… {}", sentence(&done)));
        let mut passed_on = None;
        if !stop.is_cancelled() {
            account.tell(world, &person).await?;
            let scene = self.set(stage, site, story, &person).await?;
            self.invite(stage, site, &scene).await?;
            ends.invite(&site.url(), &account.screen(world, HANDSET)?, &account.api.page());
            tokio::spawn(until_over(self.lasts, stop.clone()));
            let rollout = scene.rollout.map(|rollout| tokio::spawn(rollout.run(stop.clone())));
            let done = play(world, present, &provider, ledger, &stop, |_| {}).await?;
            scene.fleet.stop().await;
            if let Some(rollout) = rollout {
                rollout.await?;
            }
            passed_on = Some(scene.passed_on);
            tell(&format!("\nThe world is over: {}", sentence(&done)));
        }
        let token = Secret::new(person.token());
        let heard = verify(ledger, &site.url(), &token, PATIENCE).await?;
        say(&format!("Messages from devices\n{heard}\n"));
        let told = verify_charges(|| account.api.charges(), &site.url(), &token, PATIENCE).await?;
        say(&format!("Messages to devices\n{told}"));
        let Some(passed_on) = passed_on else { return Ok(heard.passed && told.passed) };
        let story = (world, ledger);
        let passed_on = ends.verify(&passed_on, story, (&site.url(), &token), PATIENCE).await?;
        let published = ends.published().map(|line| format!("\n{line}")).unwrap_or_default();
        say(&format!("\nMessages passed on\n{passed_on}{published}"));
        Ok(heard.passed && told.passed && passed_on.passed)
    }

    /// Registers the devices, puts some of them on the line, and plans new firmware for those.
    async fn set(&self, stage: &Stage, site: &Site, story: &Play, person: &Person) -> anyhow::Result<Scene> {
        let Play { world, firmware, ends, .. } = story;
        let present = world.settings().present;
        let past = present.minus(HISTORY)..present;
        let (at_sea, ashore) = devices::register(site.store(), &stage.clock, world, past).await?;
        let passed_on = ends.connect(stage, person, &at_sea).await?;
        let (hub, server) = (stage.hub(), format!("{}/v1", site.url()));
        let fleet = line::switch_on(stage, &ashore, &hub, &server, self.seed)?;
        let rollout = match firmware {
            Some(firmware) => {
                Some(firmware.plan(stage, site.store(), person, &ashore.workshop, &ashore.bench).await?)
            }
            None => None,
        };
        Ok(Scene { ashore, fleet, rollout, passed_on })
    }

    async fn invite(&self, stage: &Stage, site: &Site, scene: &Scene) -> anyhow::Result<()> {
        let link = fairlead_console::sign_in_link(site.store(), &stage.clock, &site.url(), Role::Admin, LINK)
            .await?;
        let end = match self.lasts {
            Some(lasts) => format!("It ends by itself after {} s.", lasts.as_secs()),
            None => "Ctrl-C ends it, with the ledger's verdict.".to_owned(),
        };
        tell(&format!(
            "\n  The world is playing at {} times the real speed. Look at it (the link works once):\n\n  {link}\n\n  {end}",
            stage.speed
        ));
        let OnLine { id, name } = &scene.ashore.bench;
        tell(&format!(
            "\n  {name} is on the bench, to be talked to:  {}/devices/{id}/bench\n  Devices find the hub at {}; {} \
             knocks there, and nobody knows it.",
            site.url(),
            stage.hub(),
            line::STRANGER
        ));
        if let Some(rollout) = &scene.rollout {
            tell(&format!(
                "  In {} s the roll-out {} begins:  {}/firmware",
                firmware::BEFORE.as_secs(),
                rollout.name(),
                site.url()
            ));
        }
        Ok(())
    }
}

impl Stage {
    /// Settings that both shapes have in common, as `key=value`.
    fn settings(&self) -> Vec<String> {
        vec![
            format!("clock.origin={}", self.origin),
            format!("clock.speed={}", self.speed),
            "log.filter=error".to_owned(),
            "console.print_link=false".to_owned(),
            // A Fairlead that is used may run beside the demo.
            "hub.device_listen=127.0.0.1:0".to_owned(),
            "hub.page_listen=127.0.0.1:0".to_owned(),
        ]
    }

    /// Where devices on the line find the hub.
    fn hub(&self) -> String {
        format!("ws://{}", self.devices_listen)
    }
}

impl Site {
    fn url(&self) -> String {
        match self {
            Self::Embedded(site) => site.url(),
            Self::Separate(site) => site.url(),
        }
    }

    fn store(&self) -> &Store {
        match self {
            Self::Embedded(site) => site.store(),
            Self::Separate(site) => site.store(),
        }
    }

    async fn stop(self) {
        match self {
            Self::Embedded(site) => site.stop().await,
            Self::Separate(site) => site.stop().await,
        }
    }
}

/// Ends the world: on a signal, or after a time.
async fn until_over(lasts: Option<Duration>, stop: CancellationToken) {
    let over = async {
        match lasts {
            Some(lasts) => tokio::time::sleep(lasts).await,
            None => std::future::pending().await,
        }
    };
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return;
    };
    tokio::select! {
        () = over => {}
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    stop.cancel();
}

fn sentence(done: &Progress) -> String {
    format!("{} accepted, {} attempts failed, {} given up.", done.accepted, done.failed, done.given_up)
}

/// A whole number of seconds, minutes or hours.
fn span(text: &str) -> Result<Duration, String> {
    fairlead_simulator::command_line::span(text)
}
