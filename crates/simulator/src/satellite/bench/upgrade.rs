//! The app `updatepy`: fetches new firmware, file by file, as the real one does.
//!
//! It has no time-outs and gives up at nothing but an exception, after which it says nothing to the server, leaves
//! `/new` as it is, and starts anew. A status that it does not know keeps it asking for ever.

use std::time::Duration;

use anyhow::Result;
use fairlead_model::device::DeviceKind;
use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::flash::Flash;
use super::habits::Habits;
use super::http::{Halt, Power, Server};
use super::trouble::Trouble;
use crate::satellite::chance;

/// The job is being prepared: ask for how it is.
const INIT: u64 = 0;
/// The files can be fetched.
const READY: u64 = 2;
/// There is nothing to fetch.
const NOT_AVAILABLE: u64 = 9;
/// There is no job.
const NONE: u64 = 10;
/// The network is there after this.
const JOINED: Duration = Duration::from_secs(2);

/// How a try to upgrade ended. The device starts anew after each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The new version runs, and the server was told so.
    Upgraded,
    /// There was nothing to fetch.
    Nothing,
    /// The device fetched everything and said that it failed.
    SaidFailed,
    /// Something was raised; the server was told nothing.
    Raised(String),
    /// The power failed in mid-transfer.
    PowerCut,
    /// There was no network.
    NoNetwork,
}

/// The client of one device.
#[derive(Clone, Debug)]
pub struct UpgradeClient {
    server: Server,
    path: String,
    habits: Habits,
    trouble: Trouble,
    rng: ChaCha8Rng,
}

impl UpgradeClient {
    /// The client of the device `name`, which has `server` stored, such as `http://host:8080/v1`.
    ///
    /// # Errors
    /// Where `server` is no address of plain HTTP.
    pub fn new(server: &str, kind: DeviceKind, name: &str, seed: u64) -> Result<Self> {
        Ok(Self {
            server: Server::parse(server)?,
            path: format!("/{kind}/{name}/upgrade"),
            habits: Habits::default(),
            trouble: Trouble::None,
            rng: chance::stream(seed, &["upgrade", name]),
        })
    }

    /// In another hurry than the real one.
    #[must_use]
    pub fn with_habits(mut self, habits: Habits) -> Self {
        self.habits = habits;
        self
    }

    /// With something wrong.
    #[must_use]
    pub fn with_trouble(mut self, trouble: Trouble) -> Self {
        self.trouble = trouble;
        self
    }

    /// Tries once, from the start of the app to the next reset. This may never return: whoever asks cancels it, and the
    /// flash is as it would be after a reset.
    pub async fn run(&mut self, flash: &mut Flash) -> Ended {
        match self.trouble {
            Trouble::Silent => std::future::pending::<()>().await,
            Trouble::NoNetwork => {
                tokio::time::sleep(self.habits.span(self.habits.wifi)).await;
                return Ended::NoNetwork;
            }
            _ => tokio::time::sleep(self.habits.span(JOINED)).await,
        }
        let mut power = self.power();
        match self.steps(flash, &mut power).await {
            Ok(ended) => ended,
            Err(Halt::Raised(text)) => Ended::Raised(text),
            Err(Halt::PowerCut) => Ended::PowerCut,
        }
    }

    fn power(&mut self) -> Power {
        let Trouble::Cut { times: times @ 1.., within } = self.trouble else { return Power::default() };
        self.trouble = Trouble::Cut { times: times - 1, within };
        Power::failing_after(Some(self.rng.random_range(1..=within.max(1))))
    }

    async fn steps(&mut self, flash: &mut Flash, power: &mut Power) -> Result<Ended, Halt> {
        flash.make_fresh();
        let Some(job) = self.wait_until_ready(flash.free(), power).await? else {
            flash.remove_fresh();
            self.ask(&json!({"cmd": "complete", "job_id": 0, "status": false}), power).await?;
            return Ok(Ended::Nothing);
        };
        let metadata = self.ask(&json!({"cmd": "metadata", "job_id": job}), power).await?;
        let size = metadata.get("size").and_then(Value::as_u64).ok_or_else(|| key_error("size"))?;
        // More than nine tenths of what is free.
        if size.saturating_mul(10) > flash.free().saturating_mul(9) {
            return Err(Halt::Raised("Not enough space".to_owned()));
        }
        let folders = metadata.get("dirs").and_then(Value::as_array).ok_or_else(|| key_error("dirs"))?;
        for folder in folders {
            flash.make_folder(folder.as_str().unwrap_or_default()).map_err(Halt::Raised)?;
        }
        let files = metadata.get("files").and_then(Value::as_object).ok_or_else(|| key_error("files"))?;
        // A dictionary there has no order.
        let mut files: Vec<(&String, &Value)> = files.iter().collect();
        files.shuffle(&mut self.rng);
        for (done, (path, facts)) in (0_u32..).zip(files) {
            let sha1 = facts.get(1).and_then(Value::as_str).ok_or_else(|| key_error("sha1"))?;
            self.fetch(&job, path, done, flash, power).await?;
            if flash.sha1(path).map_err(Halt::Raised)? != sha1 {
                return Err(Halt::Raised("File didn't hash".to_owned()));
            }
        }
        if self.trouble == Trouble::SaysFailed {
            self.ask(&json!({"cmd": "complete", "job_id": job, "status": false}), power).await?;
            return Ok(Ended::SaidFailed);
        }
        flash.swap();
        self.ask(&json!({"cmd": "complete", "job_id": job, "status": true}), power).await?;
        Ok(Ended::Upgraded)
    }

    /// The job, once its files can be fetched; `None` where the first answer is that there is none.
    async fn wait_until_ready(&mut self, free: u64, power: &mut Power) -> Result<Option<Value>, Halt> {
        let mut request = json!({"cmd": "check", "space": free});
        let mut is_first = true;
        loop {
            let answer = self.ask(&request, power).await?;
            let job = answer.get("job_id").ok_or_else(|| key_error("job_id"))?;
            let status = answer.get("status").ok_or_else(|| key_error("status"))?;
            match status.as_u64() {
                Some(READY) => return Ok(Some(job.clone())),
                Some(NOT_AVAILABLE | NONE) if is_first => return Ok(None),
                Some(INIT) => request = json!({"cmd": "status", "job_id": job}),
                _ => {}
            }
            is_first = false;
            tokio::time::sleep(self.habits.span(self.habits.upgrade_pause)).await;
        }
    }

    async fn fetch(
        &self,
        job: &Value,
        path: &str,
        done: u32,
        flash: &mut Flash,
        power: &mut Power,
    ) -> Result<(), Halt> {
        let request = json!({"cmd": "get_file", "job_id": job, "file_path": path});
        tokio::time::sleep(self.habits.span(self.habits.request)).await;
        let mut content = self.server.file(&self.path, &request, power).await?;
        tokio::time::sleep(self.habits.fetched(content.len())).await;
        if let Trouble::BrokenFlash { after } = self.trouble
            && done >= after
            && let Some(byte) = content.first_mut()
        {
            *byte ^= 1;
        }
        flash.write(path, content).map_err(Halt::Raised)
    }

    async fn ask(&self, request: &Value, power: &mut Power) -> Result<Value, Halt> {
        tokio::time::sleep(self.habits.span(self.habits.request)).await;
        self.server.json(&self.path, request, power).await
    }
}

fn key_error(key: &str) -> Halt {
    Halt::Raised(format!("KeyError: {key}"))
}
