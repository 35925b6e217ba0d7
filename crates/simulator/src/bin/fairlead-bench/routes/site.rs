//! A Fairlead with routes to receivers of this program, all made by its API.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fairlead_model::Clock;
use fairlead_simulator::receiver::Receiver;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::load::{Shape, put};
use crate::peer::Peer;
use crate::pool::Source;
use crate::server::Fairlead;

/// Longest wait for anything.
pub(super) const PATIENCE: Duration = Duration::from_secs(600);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(1);
const WEBHOOK: &str = "/rockblock/incoming";
/// Receivers are on this machine.
const SETTINGS: &str = "\n[courier]\nwebhook_networks = [\"127.0.0.0/8\"]\n";

/// A running Fairlead, and who makes routes there.
pub(super) struct Site {
    pub(super) fairlead: Fairlead,
    pub(super) token: String,
    peer: Peer,
    client: Client,
}

/// A receiver, and the endpoint that it is in Fairlead.
pub(super) struct End {
    pub(super) receiver: Receiver,
    id: String,
    /// Its signing secret.
    pub(super) secret: String,
}

impl Site {
    pub(super) async fn open(program: &Path) -> Result<Self> {
        let fairlead = Fairlead::start(program, SETTINGS).await?;
        let token = fairlead.token("admin").await?;
        let peer = Peer::new(fairlead.server.address, token.clone())?;
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(30)).build()?;
        Ok(Self { fairlead, token, peer, client })
    }

    /// A receiver that gets every position, once its endpoint is on.
    pub(super) async fn end(&self, name: &str, concurrency: u16) -> Result<End> {
        let receiver = Receiver::serve("127.0.0.1:0", Clock::system()).await?;
        let config = json!({
            "kind": "webhook", "url": receiver.url(), "concurrency": concurrency, "timeout_s": 5,
        });
        let made = self.post("endpoints", &json!({"name": name, "enabled": false, "config": config})).await?;
        let text = |pointer: &str| {
            let found = made.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
            found.with_context(|| format!("an endpoint without {pointer}: {made}"))
        };
        let (id, secret) = (text("/endpoint/id")?, text("/signing_secret")?);
        receiver.trust(&secret)?;
        let route = json!({
            "source": {"type": "any"}, "messages": ["position"], "format": "json",
            "target": {"type": "endpoint", "id": id},
        });
        self.post("routes", &route).await?;
        Ok(End { receiver, id, secret })
    }

    /// Switches an endpoint; off, its deliveries wait.
    pub(super) async fn switch(&self, end: &End, word: &str) -> Result<()> {
        let path = format!("endpoints/{}/{word}", end.id);
        self.post(&path, &json!({"reason": "measured"})).await.map(drop)
    }

    /// Pushes so many messages, and waits until the tracker has looked at all.
    pub(super) async fn push(&self, source: &mut Source, count: usize) -> Result<()> {
        let requests = source.requests(count, WEBHOOK)?;
        let before = self.peer.messages().await?;
        let count = u64::try_from(count)?;
        let outcome = put(self.fairlead.server.address, requests, Shape::Count(count), 16).await;
        ensure!(outcome.accepted == count, "only {} of {count} were accepted", outcome.accepted);
        self.settle(before + count).await
    }

    /// Waits until so many messages are stored, and the tracker has looked at all of them.
    pub(super) async fn settle(&self, messages: u64) -> Result<()> {
        self.peer.settle(messages, PATIENCE).await
    }

    pub(super) async fn messages(&self) -> Result<u64> {
        self.peer.messages().await
    }

    /// How many deliveries wait for an endpoint.
    pub(super) async fn waiting(&self, end: &End) -> Result<u64> {
        let url = format!("http://{}/api/v1/endpoints/{}", self.fairlead.server.address, end.id);
        let answer = self.client.get(url).bearer_auth(&self.token).send().await?.error_for_status()?;
        let endpoint: Value = answer.json().await?;
        endpoint.get("waiting").and_then(Value::as_u64).context("an endpoint does not say what waits for it")
    }

    pub(super) fn cpu_s(&self) -> Result<f64> {
        self.fairlead.server.process.cpu_s()
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let url = format!("http://{}/api/v1/{path}", self.fairlead.server.address);
        let answer = self.client.post(url).bearer_auth(&self.token).json(body).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "{path}: {status} {text}");
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }
}

/// From the first delivery that one of these takes until each has taken `count` more than `before`.
pub(super) async fn until_taken(ends: &[&End], before: &[u64], count: u64) -> Result<Duration> {
    let deadline = Instant::now() + PATIENCE;
    let mut first = None;
    loop {
        let now = Instant::now();
        let taken: Vec<u64> =
            ends.iter().zip(before).map(|(end, before)| end.receiver.tally().ids - before).collect();
        if first.is_none() && taken.iter().any(|taken| *taken > 0) {
            first = Some(now);
        }
        if let Some(first) = first
            && taken.iter().all(|taken| *taken >= count)
        {
            return Ok(now - first);
        }
        ensure!(now < deadline, "the receivers have {taken:?} of {count} deliveries each");
        tokio::time::sleep(LOOK).await;
    }
}

/// What these have taken so far.
pub(super) fn taken(ends: &[&End]) -> Vec<u64> {
    ends.iter().map(|end| end.receiver.tally().ids).collect()
}
