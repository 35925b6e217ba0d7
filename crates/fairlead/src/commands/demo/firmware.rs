//! The demo's firmware: a repository with two versions, and a roll-out of the newer one that meets a bad device.

use std::process::Stdio;
use std::time::Duration;

use fairlead_model::firmware::{RolloutState, RolloutView, VersionState, VersionView};
use fairlead_model::{Clock, DeviceId, VersionId};
use fairlead_simulator::firmware_tree::{Repository, write_repository};
use fairlead_store::Store;
use fairlead_store::firmware::jobs;
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Stage;
use super::devices::OnLine;
use super::person::Person;
use crate::command_line::tell;

/// The source's name in the settings.
const SOURCE: &str = "scout";

/// How many devices each stage of the roll-out has. The bad one is in the second.
const STAGES: [usize; 3] = [2, 3, 3];

/// Percentage of a stage's devices that must succeed before the next one begins.
const SUCCESS_PERCENT: i32 = 60;

/// Percentage of a stage's devices whose failing stops the roll-out: one of three is enough.
const ERROR_PERCENT: i32 = 30;

/// From the invitation to the beginning of the roll-out: time to find the page.
pub(super) const BEFORE: Duration = Duration::from_secs(15);

/// How long the mirror and the versions may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Between two looks.
const LOOK: Duration = Duration::from_millis(500);

/// How long a device may be silent, in real time.
const SILENCE_S: i64 = 600;

/// The shortest and the longest silence that a roll-out can be given, in seconds of the demo's clock.
const SILENCE_BOUNDS_S: (i64, i64) = (60, 7_776_000);

/// A repository that the demo's Fairlead mirrors.
pub(super) struct Firmware(Repository);

/// A roll-out that can be started.
pub(super) struct Rollout {
    person: Person,
    made: RolloutView,
}

impl Firmware {
    /// Writes the repository; where the `git` program is missing, there is no firmware in this demo.
    pub(super) async fn write(stage: &Stage, seed: u64) -> anyhow::Result<Option<Self>> {
        let found = std::process::Command::new("git").arg("--version").stdout(Stdio::null()).status();
        if !found.is_ok_and(|status| status.success()) {
            tell("The program git is not installed, so this demo has no firmware (Debian: apt install git).");
            return Ok(None);
        }
        let folder = stage.folder.join("firmware-repository");
        write_repository(&folder, seed, 2).await.map(|repository| Some(Self(repository)))
    }

    /// What the firmware service is set to, as `key=value`.
    pub(super) fn settings(&self) -> Vec<String> {
        vec![format!("firmware.sources.{SOURCE}.url={}", self.0.url())]
    }

    /// Prepares both versions, notes the older one as what the devices have, and makes a roll-out of the newer one.
    /// Those of the `workshop` take part, `bench` does not.
    pub(super) async fn plan(
        &self,
        stage: &Stage,
        store: &Store,
        person: &Person,
        workshop: &[OnLine],
        bench: &OnLine,
    ) -> anyhow::Result<Rollout> {
        let mut ready = Vec::new();
        for version in &self.0.versions {
            ready.push(prepared(person, &version.tag).await?);
        }
        let [older, newer] = ready.as_slice() else { anyhow::bail!("the repository has not two versions") };
        let have = workshop.iter().chain([bench]).map(|device| device.id).collect();
        note_seen(store, &stage.clock, have, older.id).await?;
        let mut left = workshop;
        let mut stages = Vec::new();
        for count in STAGES {
            let (some, rest) = left.split_at_checked(count).unwrap_or((left, &[]));
            left = rest;
            let ids: Vec<DeviceId> = some.iter().map(|device| device.id).collect();
            stages.push(json!({
                "device_ids": ids, "success_percent": SUCCESS_PERCENT, "error_percent": ERROR_PERCENT,
            }));
        }
        let (least, most) = SILENCE_BOUNDS_S;
        let body = json!({
            "name": format!("{} for the workshop", newer.revision),
            "version_id": newer.id,
            "stages": stages,
            "call_devices": true,
            "job_timeout_s": (SILENCE_S * i64::from(stage.speed)).clamp(least, most),
            "reason": "to show it",
        });
        let made = person.post("firmware/rollouts", &body, None).await?;
        Ok(Rollout { person: person.clone(), made })
    }
}

/// Chooses a version as soon as the repository was mirrored, and waits until it can be given out.
async fn prepared(person: &Person, tag: &str) -> anyhow::Result<VersionView> {
    let wanted = json!({"source": SOURCE, "revision": tag});
    let deadline = Instant::now() + PATIENCE;
    loop {
        let version: Option<VersionView> = person.try_post("firmware/versions", &wanted).await?;
        match version {
            Some(version) if version.state == VersionState::Ready => return Ok(version),
            Some(VersionView { state: VersionState::Refused, cause, .. }) => {
                anyhow::bail!("{tag} cannot be given out: {}", cause.unwrap_or_default())
            }
            _ => {}
        }
        anyhow::ensure!(Instant::now() < deadline, "the firmware {tag} was not prepared in time");
        tokio::time::sleep(LOOK).await;
    }
}

async fn note_seen(
    store: &Store,
    clock: &Clock,
    devices: Vec<DeviceId>,
    version: VersionId,
) -> anyhow::Result<()> {
    let now = clock.now();
    let noted = store
        .write(move |tx| devices.iter().try_for_each(|device| jobs::note_seen(tx, *device, version, now)));
    Ok(noted.await?)
}

impl Rollout {
    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.made.name
    }

    /// Starts it after a while, and says what became of it. What comes then is up to people.
    pub(super) async fn run(self, stop: CancellationToken) {
        if let Some(Err(error)) = stop.run_until_cancelled(self.play()).await {
            tell(&format!("The roll-out could not be shown: {error:#}"));
        }
    }

    async fn play(&self) -> anyhow::Result<()> {
        tokio::time::sleep(BEFORE).await;
        let path = format!("firmware/rollouts/{}", self.made.id);
        let _: Value =
            self.person.post(&format!("{path}/start"), &json!({"reason": "to show it"}), None).await?;
        tell(&format!("  The roll-out {} begins.", self.made.name));
        loop {
            let now: RolloutView = self.person.get(&path).await?;
            if now.state != RolloutState::Running {
                let why = now.cause.map(|cause| format!(": {cause}")).unwrap_or_default();
                let hint = match now.state {
                    RolloutState::Stopped => " It goes on if you resume it, on its page.",
                    _ => "",
                };
                tell(&format!("  The roll-out {} is {}{why}{hint}", now.name, now.state.as_str()));
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
