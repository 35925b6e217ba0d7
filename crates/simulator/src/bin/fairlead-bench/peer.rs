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
    base: String,
    token: String,
}

#[derive(Deserialize)]
struct System {
    queues: Vec<Queue>,
    /// Absent while the store is away.
    counts: Option<Counts>,
}

#[derive(Deserialize)]
struct Queue {
    waiting: u64,
}

#[derive(Deserialize)]
struct Counts {
    messages: u64,
}

#[derive(Deserialize)]
struct Page {
    items: Vec<serde_json::Value>,
}

impl Peer {
    pub(crate) fn new(address: SocketAddr, token: String) -> Result<Self> {
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(30)).build()?;
        Ok(Self { client, base: format!("http://{address}/api/v1"), token })
    }

    /// Messages in the store.
    pub(crate) async fn messages(&self) -> Result<u64> {
        Ok(self.get::<System>("/system").await?.counts.context("the store is away")?.messages)
    }

    /// Waits until at least `messages` are in the store, no more come, every queue is empty and the tracker has
    /// looked at all.
    pub(crate) async fn settle(&self, messages: u64, patience: Duration) -> Result<()> {
        let deadline = Instant::now() + patience;
        let mut before = None;
        loop {
            let System { queues, counts } = self.get("/system").await?;
            let waiting: u64 = queues.iter().map(|queue| queue.waiting).sum();
            let stored = counts.map(|counts| counts.messages);
            // Where the number is known beforehand, reaching it is enough.
            let complete = stored.is_some_and(|n| n >= messages) && (messages > 0 || stored == before);
            if complete && waiting == 0 && self.is_all_tracked().await? {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("{stored:?} of {messages} messages are stored, {waiting} wait, after {patience:?}");
            }
            before = stored;
            tokio::time::sleep(if messages > 0 { PAUSE } else { LONG_PAUSE }).await;
        }
    }

    async fn is_all_tracked(&self) -> Result<bool> {
        Ok(self.get::<Page>("/messages?state=waiting&limit=1").await?.items.is_empty())
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let url = format!("{}{path}", self.base);
        let answer = self.client.get(&url).bearer_auth(&self.token).send().await?.error_for_status()?;
        answer.json().await.with_context(|| format!("{url} answered something else"))
    }
}
