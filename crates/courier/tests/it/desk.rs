//! One test's courier, its provider, and the modems that it sends to.

use std::time::Duration;

use fairlead_courier::Courier;
use fairlead_model::queue::MoHeard;
use fairlead_model::{Clock, Imei, MessageId, ModemId, Secret, Time, Trust};
use fairlead_runtime::{Host, Hosted};
use fairlead_simulator::satellite::mt::{Charge, Mailboxes, Mood, MtApi, MtSettings, serve};
use fairlead_store::satellite::modems;
use fairlead_store::satellite::readings::{self, ReadingRow};
use fairlead_testkit::{Backend, System};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

pub const USERNAME: &str = "captain@example.org";
pub const PASSWORD: &str = "x-marks-the-spot";

/// A courier of one's own.
pub struct Desk {
    pub system: System,
    pub provider: MtApi,
    set: Vec<String>,
}

/// The IMEI of the `n`th modem of a test.
pub fn imei(n: u32) -> Imei {
    format!("30043406383{n:04}").parse().unwrap()
}

pub fn minutes(n: u64) -> Duration {
    Duration::from_secs(60 * n)
}

/// The text behind hexadecimal digits.
pub fn hex(digits: &str) -> String {
    String::from_utf8(hex::decode(digits).unwrap()).unwrap()
}

pub fn interval(minutes: u32) -> Value {
    json!({"type": "interval", "minutes": minutes})
}

fn services() -> Vec<Box<dyn Hosted>> {
    vec![Box::new(Host::<Courier>::new())]
}

impl Desk {
    /// A courier whose account is good, and a provider that knows the modems 0 to 9.
    pub async fn open(backend: Backend, set: &[&str]) -> Self {
        Self::with_modems(backend, 10, set).await
    }

    pub async fn with_modems(backend: Backend, count: u32, set: &[&str]) -> Self {
        let settings = MtSettings::new(USERNAME, Secret::new(PASSWORD));
        let provider = serve("127.0.0.1:0", settings, Clock::system(), Mailboxes::of((0..count).map(imei)))
            .await
            .unwrap();
        let mut all = vec![
            format!("courier.rockblock.url={}", provider.url()),
            format!("courier.rockblock.username={USERNAME}"),
            format!("courier.rockblock.password={PASSWORD}"),
            "courier.rockblock.calls_per_minute=600000".to_owned(),
        ];
        all.extend(set.iter().map(|s| (*s).to_owned()));
        let words: Vec<&str> = all.iter().map(String::as_str).collect();
        let system = System::start(backend, services(), &words).await;
        Self { system, provider, set: all }
    }

    /// Starts it again on the data that are there.
    pub async fn restart(&mut self) {
        self.system.stop_services().await;
        let words: Vec<&str> = self.set.iter().map(String::as_str).collect();
        self.system.run(services(), &words).await;
    }

    /// Adds a modem whose device speaks a dialect.
    pub async fn modem(&self, n: u32, dialect: Option<&'static str>) -> ModemId {
        let clock = self.system.clock.clone();
        let work = move |tx: &mut fairlead_store::Tx<'_>| {
            let row = modems::create(tx, &clock, imei(n), None, Trust::Signed)?;
            modems::describe(tx, row.id, None, dialect)?;
            Ok(row.id.into())
        };
        self.system.store.write(work).await.unwrap()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Response {
        self.system.client.post(self.system.url("courier", path)).json(body).send().await.unwrap()
    }

    /// Posts what must be done, and returns the answer.
    pub async fn done(&self, path: &str, body: &Value) -> Value {
        let response = self.post(path, body).await;
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Posts what must be refused, and returns the sentence.
    pub async fn refused(&self, path: &str, body: &Value, with: u16) -> String {
        let response = self.post(path, body).await;
        assert_eq!(response.status(), StatusCode::from_u16(with).unwrap(), "{path} {body}");
        let problem: Value = response.json().await.unwrap();
        problem["detail"].as_str().unwrap().to_owned()
    }

    /// Asks for a message and returns its id.
    pub async fn ask(&self, modem: ModemId, order: Value) -> String {
        let mt = self.done("/api/v1/outgoing", &json!({"modem_id": modem, "order": order})).await;
        mt["id"].as_str().unwrap().to_owned()
    }

    /// Waits until a message is in a state, and returns it.
    pub async fn until(&self, id: &str, state: &str) -> Value {
        let path = format!("/api/v1/outgoing/{id}");
        self.system.until("courier", &path, |detail| detail["mt"]["state"] == state).await["mt"].clone()
    }

    pub async fn get(&self, path: &str) -> Value {
        self.system.get("courier", path).await
    }

    /// The states that a message went through.
    pub async fn steps(&self, id: &str) -> Vec<String> {
        let detail = self.get(&format!("/api/v1/outgoing/{id}")).await;
        let steps = detail["steps"].as_array().unwrap();
        steps.iter().map(|step| step["state"].as_str().unwrap().to_owned()).collect()
    }

    pub fn force(&self, mood: Mood) {
        self.provider.force(mood, 1);
    }

    pub fn charges(&self) -> Vec<Charge> {
        self.provider.charges()
    }

    /// A device is heard: its reading is stored, and the courier told, as the tracker does it.
    pub async fn hear(&self, modem: ModemId, change: impl Fn(&mut ReadingRow) + Send + 'static) {
        let clock = self.system.clock.clone();
        let now = clock.now();
        let work = move |tx: &mut fairlead_store::Tx<'_>| {
            let mut row = reading(&clock, modem, now);
            change(&mut row);
            readings::insert(tx, &[&row])?;
            fairlead_bus::enqueue(tx, &clock, &MoHeard { modem_id: modem }, None)
        };
        self.system.store.write(work).await.unwrap();
    }

    pub async fn close(self) {
        self.system.stop().await;
    }
}

fn reading(clock: &Clock, modem: ModemId, at: Time) -> ReadingRow {
    ReadingRow {
        message_id: MessageId::new(clock).into(),
        modem_id: modem.into(),
        transmitted_at: at.into(),
        momsn: None,
        device_at: at.into(),
        clock_ahead: false,
        late: false,
        kind: "PK101".to_owned(),
        latitude: None,
        longitude: None,
        estimate_latitude: None,
        estimate_longitude: None,
        estimate_accuracy_m: None,
        speed_m_s: None,
        course_deg: None,
        battery_v: None,
        interval_s: None,
        sleep_s: None,
        status: None,
        beacon_on: None,
        dialect: None,
    }
}
