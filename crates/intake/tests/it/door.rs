//! One test's intake, and how pushes are made.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use fairlead_intake::Intake;
use fairlead_model::message::MessageView;
use fairlead_model::problem::{ProblemKind, ProblemView};
use fairlead_model::{HeldId, MessageId};
use fairlead_runtime::{Host, Hosted};
use fairlead_store::satellite::held::{self, HeldRow};
use fairlead_store::satellite::messages::{self, MessageRow};
use fairlead_store::{Store, problems};
use fairlead_testkit::{Backend, PATIENCE, System, Urls};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Map, Value, json};

/// The key pair of the simulated provider: public, and therefore fit for tests.
pub const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../simulator/keys");

/// An intake of one's own.
pub struct Door {
    pub system: System,
    pub plain: reqwest::Client,
}

/// One push with the fields of the provider's own example.
#[derive(Clone, Debug)]
pub struct Push {
    pub imei: &'static str,
    pub momsn: u32,
    pub time: String,
    pub data: String,
    /// Further fields, or other values of the usual ones.
    pub more: Vec<(&'static str, String)>,
}

pub const IMEI: &str = "300434063836590";

impl Push {
    pub fn new(momsn: u32) -> Self {
        let data = format!("5043{momsn:08x}");
        Self { imei: IMEI, momsn, time: "26-06-01 11:59:30".to_owned(), data, more: Vec::new() }
    }

    pub fn of(mut self, imei: &'static str) -> Self {
        self.imei = imei;
        self
    }

    pub fn at(mut self, time: &str) -> Self {
        time.clone_into(&mut self.time);
        self
    }

    pub fn data(mut self, hex: impl Into<String>) -> Self {
        self.data = hex.into();
        self
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.more.push((name, value.into()));
        self
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        let usual = [
            ("imei", self.imei.to_owned()),
            ("device_type", "ROCKBLOCK".to_owned()),
            ("serial", "204514".to_owned()),
            ("momsn", self.momsn.to_string()),
            ("transmit_time", self.time.clone()),
            ("iridium_latitude", "37.8248".to_owned()),
            ("iridium_longitude", "-122.4050".to_owned()),
            ("iridium_cep", "4.0".to_owned()),
            ("data", self.data.clone()),
        ];
        let replaced = |name: &str| self.more.iter().any(|(more, _)| *more == name);
        let usual = usual.into_iter().filter(|(name, _)| !replaced(name));
        usual.chain(self.more.iter().cloned()).collect()
    }

    pub fn form(&self) -> String {
        let mut form = reqwest::Url::parse("http://form/").unwrap();
        form.query_pairs_mut().extend_pairs(self.fields());
        form.query().unwrap().to_owned()
    }

    /// As the provider writes it: numbers are numbers.
    pub fn json(&self) -> String {
        let value = |text: &str| serde_json::from_str::<Value>(text).ok().filter(Value::is_number);
        let fields = self.fields().into_iter().map(|(name, text)| {
            let is_text = matches!(name, "imei" | "data" | "JWT");
            let value = value(&text).filter(|_| !is_text).unwrap_or_else(|| json!(text));
            (name.to_owned(), value)
        });
        Value::Object(fields.collect::<Map<_, _>>()).to_string()
    }

    /// The provider's claims: every pushed field as a string.
    pub fn claims(&self) -> Value {
        let mut claims = json!({"iss": "Rock 7", "iat": 1_600_000_000});
        for (name, text) in self.fields() {
            claims[name] = json!(text);
        }
        claims
    }

    /// The same with a token of the simulated provider.
    pub fn signed(self) -> Self {
        let token = token(&self.claims());
        self.with("JWT", token)
    }
}

/// A token as the provider makes it: RS256, no key id.
pub fn token(claims: &Value) -> String {
    let pem = std::fs::read(format!("{KEYS}/simulated-provider.pem")).unwrap();
    let mut header = Header::new(Algorithm::RS256);
    header.typ = None;
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_rsa_pem(&pem).unwrap()).unwrap()
}

/// The setting by which the simulated provider is believed.
pub fn believe() -> String {
    format!("intake.rockblock.public_key_files={KEYS}/simulated-provider.pub.pem")
}

pub fn services() -> Vec<Box<dyn Hosted>> {
    vec![Box::new(Host::<Intake>::new())]
}

impl Door {
    pub async fn open(backend: Backend, set: &[&str]) -> Self {
        Self { system: System::start(backend, services(), set).await, plain: plain() }
    }

    pub async fn open_on(urls: Option<Urls>, set: &[&str]) -> Self {
        Self { system: System::start_on(urls, services(), set).await, plain: plain() }
    }

    /// A request to the door, without a body.
    pub fn post(&self, path: &str, content_type: &str) -> RequestBuilder {
        self.plain.post(self.system.url("intake", path)).header("Content-Type", content_type)
    }

    pub async fn push(&self, push: &Push) -> StatusCode {
        self.push_body("application/x-www-form-urlencoded", push.form()).await.0
    }

    pub async fn push_body(
        &self,
        content_type: &str,
        body: impl Into<reqwest::Body>,
    ) -> (StatusCode, String) {
        answer(self.post("/rockblock/incoming", content_type).body(body)).await
    }

    /// Waits until the journal is empty.
    pub async fn drained(&self) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let ready = self.ready().await;
            if waiting(&ready) == Some(0) {
                return;
            }
            assert!(tokio::time::Instant::now() < deadline, "the journal is not drained: {ready}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What readiness says, ready or not.
    pub async fn ready(&self) -> Value {
        let (_, text) = answer(self.plain.get(self.system.url("intake", "/health/ready"))).await;
        serde_json::from_str(&text).unwrap()
    }

    /// All messages, newest first, once everything has reached the store.
    pub async fn messages(&self) -> Vec<MessageView> {
        self.drained().await;
        let all = |conn: &mut _| messages::list(conn, &messages::Filter::default(), 10_000);
        self.system.store.read(all).await.unwrap()
    }

    /// The one message that was stored, whole.
    pub async fn row(&self, id: MessageId) -> MessageRow {
        self.system.store.read(move |conn| messages::get(conn, id)).await.unwrap()
    }

    /// All problems of a kind, newest first, once everything has reached the store.
    pub async fn problems(&self, kind: ProblemKind) -> Vec<ProblemView> {
        self.drained().await;
        let filter = problems::Filter { kind: Some(kind), ..Default::default() };
        self.system.store.read(move |conn| problems::list(conn, &filter, 10_000)).await.unwrap()
    }

    pub async fn held(&self, id: HeldId) -> Option<HeldRow> {
        self.system.store.read(move |conn| held::get(conn, id)).await.ok()
    }

    pub async fn held_count(&self) -> i64 {
        self.drained().await;
        self.system.store.read(held::count).await.unwrap()
    }

    /// Moves the clock, so that ids have an order.
    pub fn tick(&self) {
        self.system.hand.advance(Duration::from_millis(10));
    }
}

fn plain() -> reqwest::Client {
    reqwest::Client::builder().timeout(PATIENCE).build().unwrap()
}

pub async fn answer(request: RequestBuilder) -> (StatusCode, String) {
    let response = request.send().await.unwrap();
    (response.status(), response.text().await.unwrap())
}

/// How many messages wait in the journal, by the words of readiness.
pub fn waiting(ready: &Value) -> Option<u64> {
    let checks = ready["checks"].as_array()?;
    let journal = checks.iter().find(|check| check["name"] == "intake journal")?;
    journal["reason"].as_str()?.split(' ').next()?.parse().ok()
}

/// Runs a statement on the store, as somebody else might.
pub async fn sql(store: &Store, statement: &'static str) {
    store.write(move |tx| Ok(tx.batch_execute(statement)?)).await.unwrap();
}
