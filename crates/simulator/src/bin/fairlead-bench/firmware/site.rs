//! Fairlead with a repository of firmware, in one process or as services of their own, and what a person does there.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use fairlead_model::device::DeviceView;
use fairlead_model::firmware::{JobState, JobView, VersionState, VersionView};
use reqwest::{Client, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::Instant;

use super::SOURCE;
use crate::process::Watched;
use crate::server::{Fairlead, Server, free_address, token};

/// Longest wait for a version.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// A running Fairlead.
pub(super) struct Site {
    /// What devices have stored, such as `http://host:8080/v1`.
    pub(super) devices: String,
    /// The process that they come to.
    pub(super) process: Watched,
    client: Client,
    registry: String,
    firmware: String,
    // Ended when this is dropped, the folder last.
    _running: Running,
}

enum Running {
    One { _fairlead: Fairlead },
    Services { _tracker: Server, _firmware: Server, _folder: TempDir },
}

impl Site {
    /// Fairlead in one process.
    pub(super) async fn one(program: &Path, repository: &str) -> Result<Self> {
        let fairlead = Fairlead::start(program, &format!("\n{}", source(repository))).await?;
        let token = fairlead.token("operator").await?;
        let Server { address, process, .. } = fairlead.server;
        Self::new([address, address], process, &token, Running::One { _fairlead: fairlead })
    }

    /// What knows devices and what gives them firmware, one process each, on a database that must exist and be empty.
    pub(super) async fn services(program: &Path, mysql: &str, amqp: &str, repository: &str) -> Result<Self> {
        let folder = tempfile::tempdir().context("a temporary folder")?;
        let (tracker, firmware) = (free_address()?, free_address()?);
        let config = folder.path().join("fairlead.toml");
        let text = format!(
            "[store]\nurl = \"{mysql}\"\n\n[bus]\nurl = \"{amqp}\"\nprefix = \"bench{}\"\n\n[data]\ndir = {:?}\n\n\
             [log]\nfilter = \"warn\"\n\n[tracker]\nlisten = \"{tracker}\"\n\n[firmware]\nlisten = \"{firmware}\"\n\n{}",
            std::process::id(),
            folder.path().join("data"),
            source(repository),
        );
        std::fs::write(&config, text)?;
        let start = async |name: &str, address| {
            let mut command = Command::new(program.with_file_name(format!("fairlead-{name}")));
            command.arg("--config").arg(&config).current_dir(folder.path()).stdout(Stdio::null());
            Server::start(command, address, "/health/ready").await
        };
        let (tracker, firmware) = (start("tracker", tracker).await?, start("firmware", firmware).await?);
        let token = token(program, &config, "operator").await?;
        let (addresses, process) = ([tracker.address, firmware.address], firmware.process);
        let running = Running::Services { _tracker: tracker, _firmware: firmware, _folder: folder };
        Self::new(addresses, process, &token, running)
    }

    fn new(
        [tracker, firmware]: [std::net::SocketAddr; 2],
        process: Watched,
        token: &str,
        running: Running,
    ) -> Result<Self> {
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert(reqwest::header::AUTHORIZATION, format!("Bearer {token}").parse()?);
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(30)).default_headers(headers);
        Ok(Self {
            devices: format!("http://{firmware}/v1"),
            process,
            client: client.build()?,
            registry: format!("http://{tracker}/api/v1/devices"),
            firmware: format!("http://{firmware}/api/v1/firmware"),
            _running: running,
        })
    }

    /// Makes buoys known.
    pub(super) async fn buoys(&self, count: usize) -> Result<Vec<DeviceView>> {
        let mut devices = Vec::new();
        for _ in 0..count {
            devices.push(self.post(&self.registry, &json!({"kind": "buoy"})).await?);
        }
        Ok(devices)
    }

    /// Chooses a version as soon as its repository was mirrored, and waits until it can be given out.
    pub(super) async fn version(&self, tag: &str) -> Result<VersionView> {
        let url = format!("{}/versions", self.firmware);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let wanted = json!({"source": SOURCE, "revision": tag});
            let answer = self.client.post(&url).json(&wanted).send().await?;
            if answer.status() != StatusCode::SERVICE_UNAVAILABLE {
                let version: VersionView = answer.error_for_status()?.json().await?;
                match version.state {
                    VersionState::Ready => return Ok(version),
                    VersionState::Preparing => {}
                    VersionState::Refused => bail!("{tag} was refused: {:?}", version.cause),
                }
            }
            ensure!(Instant::now() < deadline, "{tag} is not ready within {PATIENCE:?}");
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Wants the device to have the version.
    pub(super) async fn upgrade(&self, device: &DeviceView, version: &VersionView) -> Result<JobView> {
        let wanted = json!({"device_id": device.id, "version_id": version.id, "call_device": false});
        let job: JobView = self.post(&format!("{}/jobs", self.firmware), &wanted).await?;
        ensure!(job.state == JobState::Ready, "the job of {} is {:?}", device.name, job.state);
        Ok(job)
    }

    /// Whether a job has succeeded and all its files were seen to go.
    pub(super) async fn has_succeeded(&self, job: &JobView) -> Result<bool> {
        let url = format!("{}/jobs/{}", self.firmware, job.id);
        let job: JobView = self.client.get(url).send().await?.error_for_status()?.json().await?;
        Ok(job.state == JobState::Succeeded && job.files_done == job.files)
    }

    async fn post<T: DeserializeOwned>(&self, url: &str, body: &Value) -> Result<T> {
        let answer = self.client.post(url).json(body).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }
}

fn source(repository: &str) -> String {
    format!("[firmware.sources.{SOURCE}]\nurl = \"{repository}\"\n")
}
