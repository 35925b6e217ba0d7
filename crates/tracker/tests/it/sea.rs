//! One test's tracker, and the messages that it gets.

use std::time::Duration;

use diesel::prelude::*;
use fairlead_model::queue::MoStored;
use fairlead_model::{Clock, MessageId, Time, Trust};
use fairlead_runtime::{Host, Hosted};
use fairlead_store::satellite::messages::{self, MessageRow};
use fairlead_store::sign_in;
use fairlead_testkit::{Backend, START, System};
use fairlead_tracker::Tracker;
use reqwest::StatusCode;
use serde_json::{Value, json};

pub const IMEI: &str = "300434063836590";

/// A tracker of one's own.
pub struct Sea {
    pub system: System,
}

/// The moment at which the clock of every test stands at first.
pub fn start() -> Time {
    Time::parse_rfc3339(START).unwrap()
}

pub fn minutes(n: u64) -> Duration {
    Duration::from_secs(60 * n)
}

/// A message as the intake stores it, received half a minute after it was sent.
pub fn message(clock: &Clock, imei: &str, momsn: i32, at: Time, text: &str) -> MessageRow {
    MessageRow {
        id: MessageId::new(clock).into(),
        provider: "rockblock".to_owned(),
        imei: imei.to_owned(),
        momsn: Some(momsn),
        transmitted_at: Some(at.into()),
        transmit_time_raw: None,
        received_at: at.plus(Duration::from_secs(30)).into(),
        trust: Trust::Unsigned.as_str().to_owned(),
        state: "waiting".to_owned(),
        payload: Some(text.as_bytes().to_vec()),
        payload_raw: None,
        device_type: None,
        serial: Some("204514".to_owned()),
        iridium_latitude: None,
        iridium_longitude: None,
        iridium_cep_km: None,
        session_status: None,
        modem_id: None,
        summary: None,
        marks: None,
        replaces: None,
        body: b"as it came".to_vec(),
        source: "{}".to_owned(),
    }
}

/// What a v3 buoy sends: its latitude in degrees and minutes, and its interval.
pub fn pk101(at: Time, latitude: &str, interval_min: u32) -> String {
    let utc = at.date_time().format("%H%M%S");
    format!("PK101;lat:{latitude},NS:N,lon:12216.5280,EW:W,utc:{utc},batt:3.7,int:{interval_min},sl:0,st:0")
}

pub fn id_of(row: &MessageRow) -> MessageId {
    row.id.into()
}

fn services() -> Vec<Box<dyn Hosted>> {
    vec![Box::new(Host::<Tracker>::new())]
}

impl Sea {
    pub async fn open(backend: Backend, set: &[&str]) -> Self {
        Self { system: System::start(backend, services(), set).await }
    }

    /// Stops the tracker, and starts it on the data that are there.
    pub async fn restart(&mut self) {
        self.system.stop_services().await;
        self.system.run(services(), &[]).await;
    }

    /// Runs a statement as another service's work, on a database of either kind.
    pub async fn sql(&self, statement: String) {
        let run = move |tx: &mut fairlead_store::Tx<'_>| {
            Ok(diesel::connection::SimpleConnection::batch_execute(&mut **tx, &statement)?)
        };
        self.system.store.write(run).await.unwrap();
    }

    /// Starts another tracker beside this one, where several processes can share what they stand on.
    pub async fn another_tracker(&mut self) {
        self.system.run(services(), &[]).await;
    }

    pub fn message(&self, momsn: i32, at: Time, text: &str) -> MessageRow {
        message(&self.system.clock, IMEI, momsn, at, text)
    }

    /// Stores messages and has them handled in this order, as far as any order is kept.
    pub async fn feed(&self, rows: &[MessageRow]) {
        let keyed: Vec<_> =
            rows.iter().map(|row| (sign_in::hash(&id_of(row).to_string()), row.clone())).collect();
        let clock = self.system.clock.clone();
        let work = move |tx: &mut fairlead_store::Tx<'_>| {
            messages::insert(tx, &keyed)?;
            for (n, (_, row)) in (0..).zip(&keyed) {
                let due = clock.now().plus(Duration::from_micros(n));
                fairlead_bus::enqueue_at(tx, &clock, &stored(id_of(row)), None, due)?;
            }
            Ok(())
        };
        self.system.store.write(work).await.unwrap();
        self.system.hand.advance(Duration::from_millis(10));
    }

    /// Feeds messages and waits until all have been handled.
    pub async fn handle(&self, rows: &[MessageRow]) {
        self.feed(rows).await;
        self.settled().await;
    }

    /// Waits until no message waits.
    pub async fn settled(&self) {
        let none = |page: &Value| page["items"].as_array().unwrap().is_empty();
        self.system.until("tracker", "/api/v1/messages?state=waiting&limit=1", none).await;
    }

    pub async fn get(&self, path: &str) -> Value {
        self.system.get("tracker", path).await
    }

    /// The items of a list's first page.
    pub async fn items(&self, path: &str) -> Vec<Value> {
        self.get(path).await["items"].as_array().unwrap().clone()
    }

    /// The only modem.
    pub async fn modem(&self) -> Value {
        let mut modems = self.items("/api/v1/modems").await;
        assert_eq!(modems.len(), 1, "{modems:?}");
        modems.remove(0)
    }

    /// The gaps of the only modem as (first, last, count), newest first.
    pub async fn gaps(&self) -> Vec<(i64, i64, i64)> {
        let modem = self.modem().await;
        let path = format!("/api/v1/modems/{}/gaps", modem["id"].as_str().unwrap());
        let number = |gap: &Value, name: &str| gap[name].as_i64().unwrap();
        let gaps = self.items(&path).await;
        gaps.iter().map(|g| (number(g, "first_momsn"), number(g, "last_momsn"), number(g, "count"))).collect()
    }

    pub async fn problems(&self, filter: &str) -> Vec<Value> {
        self.items(&format!("/api/v1/problems?{filter}")).await
    }

    /// One message with everything that is known of it.
    pub async fn detail(&self, id: MessageId) -> Value {
        self.get(&format!("/api/v1/messages/{id}")).await
    }

    /// The audit log as actor, action, subject and detail, sorted.
    pub async fn audit(&self) -> Vec<[String; 4]> {
        let entries = self.system.store.read(|conn| {
            let columns = (audit_log::actor, audit_log::action, audit_log::subject, audit_log::detail);
            Ok(audit_log::table.select(columns).load::<(String, String, String, String)>(conn)?)
        });
        let mut entries: Vec<_> =
            entries.await.unwrap().into_iter().map(|(a, b, c, d)| [a, b, c, d]).collect();
        entries.sort_unstable();
        entries
    }

    /// Settles a problem as an administrator; `way` is repair, replay or discard.
    pub async fn settle(&self, problem: &Value, way: &str, text: Option<&str>) -> (StatusCode, Value) {
        self.settle_as(&self.system.client, problem, way, text).await
    }

    pub async fn settle_as(
        &self,
        client: &reqwest::Client,
        problem: &Value,
        way: &str,
        text: Option<&str>,
    ) -> (StatusCode, Value) {
        let path = format!("/api/v1/problems/{}/{way}", problem["id"].as_str().unwrap());
        let mut body = json!({"reason": "a test"});
        if let Some(text) = text {
            body["payload_text"] = json!(text);
        }
        let response = client.post(self.system.url("tracker", &path)).json(&body).send().await.unwrap();
        let status = response.status();
        (status, response.json().await.unwrap())
    }
}

diesel::table! {
    audit_log (id) {
        id -> Binary,
        actor -> Text,
        action -> Text,
        subject -> Text,
        detail -> Text,
    }
}

/// The word on the queue that a message is in the store.
pub const fn stored(message_id: MessageId) -> MoStored {
    MoStored { message_id, by_hand: false }
}
