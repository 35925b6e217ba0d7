//! People who ask for messages to devices all the time, whoever is dead, and know afterwards what they asked.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fairlead_model::ModemId;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::process::PATIENCE;

/// How many ask at a time.
const ASKERS: u64 = 4;
/// Share of requests after which an older message is called off.
const CALLED_OFF: f64 = 0.05;
/// Share of messages that expire within a second.
const SHORT_LIVED: f64 = 0.03;
/// Between two requests.
const PAUSE: Duration = Duration::from_millis(2);
/// Before a request is sent again that was not answered.
const AGAIN: Duration = Duration::from_millis(20);

/// What is asked for.
#[derive(Clone, Copy)]
pub enum Wishes {
    /// All kinds of things until the asker is stopped: some give way to others, some expire, some are called off.
    Mixed,
    /// So many by each asker, all of them meant to be sent.
    Plain(usize),
}

impl Wishes {
    fn most(self) -> usize {
        match self {
            Self::Mixed => usize::MAX,
            Self::Plain(most) => most,
        }
    }

    fn is_mixed(self) -> bool {
        matches!(self, Self::Mixed)
    }
}

/// Askers at work.
pub struct Asking {
    asked: Arc<AtomicUsize>,
    stop: CancellationToken,
    askers: JoinSet<Vec<String>>,
}

impl Asking {
    /// Asks for messages to these modems, each at the next of the `couriers`.
    pub fn begin(couriers: &[String], token: &str, modems: &[ModemId], wishes: Wishes) -> Self {
        let (asked, stop) = (Arc::new(AtomicUsize::new(0)), CancellationToken::new());
        let askers = (0..ASKERS)
            .map(|name| Asker {
                name,
                rng: ChaCha8Rng::seed_from_u64(name),
                client: reqwest::Client::new(),
                token: token.to_owned(),
                couriers: couriers.to_vec(),
                modems: modems.to_vec(),
                wishes,
                asked: asked.clone(),
                ids: Vec::new(),
            })
            .map(|asker| asker.work(stop.clone()))
            .collect();
        Self { asked, stop, askers }
    }

    /// How many requests were answered.
    pub fn count(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Stops asking, and returns the ids of all that was asked.
    pub async fn end(self) -> BTreeSet<String> {
        self.stop.cancel();
        self.all().await
    }

    /// Waits until all is asked.
    pub async fn all(self) -> BTreeSet<String> {
        let ids = self.askers.join_all().await.concat();
        let all = ids.len();
        let ids: BTreeSet<String> = ids.into_iter().collect();
        assert_eq!(ids.len(), all, "two requests of different keys made one message");
        ids
    }
}

/// One of those who ask, with a story of its own.
struct Asker {
    name: u64,
    rng: ChaCha8Rng,
    client: reqwest::Client,
    token: String,
    couriers: Vec<String>,
    modems: Vec<ModemId>,
    wishes: Wishes,
    asked: Arc<AtomicUsize>,
    ids: Vec<String>,
}

impl Asker {
    async fn work(mut self, stop: CancellationToken) -> Vec<String> {
        let most = self.wishes.most();
        while !stop.is_cancelled() && self.ids.len() < most {
            let modem = self.modems[self.rng.random_range(0..self.modems.len())];
            // Some at a time for one modem: they must wait for each other.
            for _ in 0..self.rng.random_range(1..=4).min(most - self.ids.len()) {
                let id = self.ask(modem).await;
                self.ids.push(id);
                self.asked.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(PAUSE).await;
            }
            if self.wishes.is_mixed() && self.rng.random_bool(CALLED_OFF) {
                self.call_off_the_last().await;
            }
        }
        self.ids
    }

    /// Asks until there is an answer, always with the same key.
    async fn ask(&mut self, modem: ModemId) -> String {
        let is_mixed = self.wishes.is_mixed();
        let order = match self.rng.random_range(0..5) {
            // It takes the place of one that waits.
            0 if is_mixed => json!({"type": "interval", "minutes": self.rng.random_range(1..=1_440)}),
            _ => json!({"type": "sleep", "seconds": self.rng.random_range(1..=259_200)}),
        };
        let mut body = json!({"modem_id": modem, "order": order, "reason": "a test"});
        if is_mixed && self.rng.random_bool(SHORT_LIVED) {
            body["expires_in_s"] = json!(1);
        }
        let key = format!("{}-{}", self.name, self.ids.len());
        let mt = self.post("/api/v1/outgoing", &body, Some(&key)).await;
        mt.unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// Calls a message off, if it is not too late.
    async fn call_off_the_last(&self) {
        let Some(id) = self.ids.last() else { return };
        self.post(&format!("/api/v1/outgoing/{id}/cancel"), &json!({"reason": "a test"}), None).await;
    }

    /// Posts until there is an answer; `None` where it is too late for what is wanted.
    async fn post(&self, path: &str, body: &Value, key: Option<&str>) -> Option<Value> {
        let deadline = Instant::now() + PATIENCE;
        for courier in self.couriers.iter().cycle().skip(self.ids.len() % self.couriers.len()) {
            let mut request =
                self.client.post(format!("{courier}{path}")).bearer_auth(&self.token).json(body);
            if let Some(key) = key {
                request = request.header("Idempotency-Key", key);
            }
            if let Ok(response) = request.send().await {
                let status = response.status();
                if status == 409 && key.is_none() {
                    return None;
                }
                assert!(
                    !status.is_client_error(),
                    "{path} {body}: {status} {}",
                    response.text().await.unwrap()
                );
                if status.is_success()
                    && let Ok(answer) = response.json().await
                {
                    return Some(answer);
                }
            }
            assert!(Instant::now() < deadline, "nobody answered {path} {body}");
            tokio::time::sleep(AGAIN).await;
        }
        None
    }
}
