//! Whether Fairlead has worked off what it accepted, by its API.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::Client;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

const PAUSE: Duration = Duration::from_millis(100);
/// Between two looks where only a standstill tells that all is done.
const LONG_PAUSE: Duration = Duration::from_millis(1_500);

/// A program's view of Fairlead.
pub(crate) struct Peer {
    client: Client,
    server: String,
    token: String,
}

/// Counts the records that came from the journal into the store.
const DRAINED: &str = "fairlead_intake_drained_total";

#[derive(Deserialize)]
struct System {
    queues: Vec<Queue>,
}

#[derive(Deserialize)]
struct Queue {
    waiting: u64,
}

#[derive(Deserialize)]
struct Page {
    items: Vec<serde_json::Value>,
}

impl Peer {
    pub(crate) fn new(address: SocketAddr, token: String) -> Result<Self> {
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(30)).build()?;
        Ok(Self { client, server: format!("http://{address}"), token })
    }

    /// Messages that have come into the store since the server started.
    pub(crate) async fn messages(&self) -> Result<u64> {
        let answer = self.client.get(format!("{}/metrics", self.server)).send().await?.error_for_status()?;
        let text = answer.text().await?;
        // Absent until the first has come.
        let count = text.lines().find_map(|line| line.strip_prefix(DRAINED)).unwrap_or("0");
        count.trim().parse().with_context(|| format!("{DRAINED} is `{count}`"))
    }

    /// Waits until at least `messages` are in the store, no more come, every queue is empty and the tracker has
    /// looked at all.
    pub(crate) async fn settle(&self, messages: u64, patience: Duration) -> Result<()> {
        let deadline = Instant::now() + patience;
        let mut before = None;
        loop {
            let System { queues } = self.get("/system").await?;
            let waiting: u64 = queues.iter().map(|queue| queue.waiting).sum();
            let stored = self.messages().await?;
            // Where the number is known beforehand, reaching it is enough.
            let complete = stored >= messages && (messages > 0 || Some(stored) == before);
            if complete && waiting == 0 && self.is_all_tracked().await? {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("{stored} of {messages} messages are stored, {waiting} wait, after {patience:?}");
            }
            before = Some(stored);
            tokio::time::sleep(if messages > 0 { PAUSE } else { LONG_PAUSE }).await;
        }
    }

    async fn is_all_tracked(&self) -> Result<bool> {
        Ok(self.get::<Page>("/messages?state=waiting&limit=1").await?.items.is_empty())
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let url = format!("{}/api/v1{path}", self.server);
        let answer = self.client.get(&url).bearer_auth(&self.token).send().await?.error_for_status()?;
        answer.json().await.with_context(|| format!("{url} answered something else"))
    }
}
