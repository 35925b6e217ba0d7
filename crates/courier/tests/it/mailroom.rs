//! A courier with endpoints, and letters for them.

use std::time::Duration;

use fairlead_courier::Courier;
use fairlead_model::delivery::DeliveryAttributes;
use fairlead_model::queue::DeliveryWaiting;
use fairlead_model::route::RouteTarget;
use fairlead_model::{DeliveryId, EndpointId};
use fairlead_runtime::{Host, Hosted};
use fairlead_store::Tx;
use fairlead_store::routing::deliveries::{self, NewDelivery};
use fairlead_testkit::{Backend, System};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::receiver::{Mood, Receiver};

pub struct Mailroom {
    pub system: System,
    set: Vec<String>,
}

fn services() -> Vec<Box<dyn Hosted>> {
    vec![Box::new(Host::<Courier>::new())]
}

impl Mailroom {
    /// A courier that may dial this machine.
    pub async fn open(backend: Backend) -> Self {
        Self::open_with(backend, &["courier.webhook_networks=127.0.0.0/8"]).await
    }

    pub async fn open_with(backend: Backend, set: &[&str]) -> Self {
        let system = System::start(backend, services(), set).await;
        Self { system, set: set.iter().map(|set| (*set).to_owned()).collect() }
    }

    /// Starts one more courier on the same store.
    pub async fn one_more(&mut self) {
        let set: Vec<&str> = self.set.iter().map(String::as_str).collect();
        self.system.run(services(), &set).await;
    }

    /// Starts it again with these settings.
    pub async fn restart_with(&mut self, set: &[&str]) {
        self.system.stop_services().await;
        self.set = set.iter().map(|set| (*set).to_owned()).collect();
        self.one_more().await;
    }

    pub async fn restart(&mut self) {
        self.system.stop_services().await;
        self.one_more().await;
    }

    /// Asks, and returns status and answer.
    pub async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let mut request = self.system.client.request(method, self.system.url("courier", path));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    pub async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// Posts what must be done.
    pub async fn done(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.post(path, body).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    pub async fn get(&self, path: &str) -> Value {
        self.system.get("courier", path).await
    }

    /// Makes an endpoint, and returns it with its signing secret.
    pub async fn webhook(&self, name: &str, url: &str) -> (EndpointId, String) {
        self.webhook_with(name, json!({"kind": "webhook", "url": url})).await
    }

    pub async fn webhook_with(&self, name: &str, config: Value) -> (EndpointId, String) {
        let made = self.done("/api/v1/endpoints", json!({"name": name, "config": config})).await;
        let id = made["endpoint"]["id"].as_str().unwrap().parse().unwrap();
        (id, made["signing_secret"].as_str().unwrap().to_owned())
    }

    /// Makes an endpoint with a user name and a password.
    pub async fn endpoint_with(&self, name: &str, config: Value, secrets: Value) -> EndpointId {
        let new = json!({"name": name, "config": config, "secrets": secrets});
        let made = self.done("/api/v1/endpoints", new).await;
        made["endpoint"]["id"].as_str().unwrap().parse().unwrap()
    }

    /// Makes an endpoint of a receiver, which checks its signatures.
    pub async fn webhook_of(&self, name: &str, receiver: &Receiver) -> EndpointId {
        let (id, secret) = self.webhook(name, &receiver.url()).await;
        receiver.trust(&secret);
        id
    }

    /// Makes an endpoint of a receiver that answers nothing until it is told to, and is sent one letter at a time.
    pub async fn slow_webhook_of(&self, receiver: &Receiver) -> EndpointId {
        receiver.mood(Mood::Held);
        let config = json!({"kind": "webhook", "url": receiver.url(), "concurrency": 1});
        self.webhook_with("slow", config).await.0
    }

    /// Makes letters, as the tracker does.
    pub async fn letters(&self, endpoint: EndpointId, count: usize) -> Vec<DeliveryId> {
        self.letters_saying(endpoint, (0..count).map(|n| format!("{{\"n\":{n}}}")).collect()).await
    }

    pub async fn letters_saying(&self, endpoint: EndpointId, bodies: Vec<String>) -> Vec<DeliveryId> {
        let clock = self.system.clock.clone();
        let work = move |tx: &mut Tx<'_>| {
            let now = clock.now();
            let new: Vec<NewDelivery> = bodies
                .iter()
                .map(|body| NewDelivery {
                    route: None,
                    target: RouteTarget::Endpoint { id: endpoint },
                    message: None,
                    modem: None,
                    device: None,
                    format: "json".to_owned(),
                    content_type: "application/json".to_owned(),
                    attributes: DeliveryAttributes {
                        device: "PK001".to_owned(),
                        kind: "buoy".to_owned(),
                        imei: "300434063836590".parse().unwrap(),
                        message: "position".to_owned(),
                        at: now,
                        position_at: None,
                    },
                    body: body.clone().into_bytes(),
                })
                .collect();
            let ids = deliveries::insert(tx, &clock, &new)?;
            fairlead_bus::enqueue(tx, &clock, &DeliveryWaiting { target_id: endpoint.uuid() }, None)?;
            Ok(ids)
        };
        self.system.store.write(work).await.unwrap()
    }

    pub async fn endpoint(&self, id: EndpointId) -> Value {
        self.get(&format!("/api/v1/endpoints/{id}")).await
    }

    pub async fn until_endpoint(&self, id: EndpointId, wanted: impl Fn(&Value) -> bool) -> Value {
        self.system.until("courier", &format!("/api/v1/endpoints/{id}"), wanted).await
    }

    /// Waits until nothing waits for an endpoint.
    pub async fn until_empty(&self, id: EndpointId) -> Value {
        self.until_endpoint(id, |endpoint| endpoint["waiting"] == 0).await
    }

    pub async fn delivery(&self, id: DeliveryId) -> Value {
        self.get(&format!("/api/v1/deliveries/{id}")).await
    }

    pub async fn until_delivery(&self, id: DeliveryId, wanted: impl Fn(&Value) -> bool) -> Value {
        let path = format!("/api/v1/deliveries/{id}");
        self.system.until("courier", &path, |detail| wanted(&detail["delivery"])).await
    }

    /// The deliveries of an endpoint in a state, all of them.
    pub async fn listed(&self, endpoint: EndpointId, state: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/api/v1/deliveries?endpoint={endpoint}&state={state}&limit=200{cursor}");
            let mut page = self.get(&path).await;
            items.append(page["items"].as_array_mut().unwrap());
            let Some(next) = page["next_cursor"].as_str() else { return items };
            cursor = format!("&cursor={next}");
        }
    }

    /// How many of these letters somebody has in hand.
    pub async fn in_hand(&self, ids: &[DeliveryId]) -> usize {
        let (ids, now) = (ids.to_vec(), self.system.clock.now());
        let rows = self
            .system
            .store
            .read(move |conn| ids.iter().map(|id| deliveries::get(conn, *id)).collect::<Result<Vec<_>, _>>());
        rows.await.unwrap().iter().filter(|row| row.claimed_until > now.into()).count()
    }

    /// Waits until at most so many of these letters are in somebody's hand.
    pub async fn until_in_hand(&self, ids: &[DeliveryId], most: usize) {
        for _ in 0..600 {
            if self.in_hand(ids).await <= most {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{} are in hand, not {most}", self.in_hand(ids).await);
    }

    /// Changes an endpoint.
    pub async fn put(&self, id: EndpointId, wish: Value) -> (StatusCode, Value) {
        self.ask(Method::PUT, &format!("/api/v1/endpoints/{id}"), Some(wish)).await
    }

    pub fn advance(&self, seconds: u64) {
        self.system.hand.advance(Duration::from_secs(seconds));
    }

    pub async fn close(self) {
        self.system.stop().await;
    }
}
