//! One test's courier, its provider, and the modems that it sends to.

use std::time::Duration;

use fairlead_courier::Courier;
use fairlead_model::device::DeviceKind;
use fairlead_model::queue::MoHeard;
use fairlead_model::{Clock, DeviceId, GroupId, Imei, MessageId, ModemId, Secret, Time, Trust};
use fairlead_runtime::{Host, Hosted};
use fairlead_simulator::satellite::mt::{
    Charge, CloudloopAccount, Mailboxes, Mood, MtApi, MtSettings, RockcoreAccount, serve,
};
use fairlead_store::Digest;
use fairlead_store::audit;
use fairlead_store::registry::devices::{self, NewDevice};
use fairlead_store::registry::{ModemChoice, groups};
use fairlead_store::satellite::messages::{self, MessageRow};
use fairlead_store::satellite::modems::{self, StateRow};
use fairlead_store::satellite::mt::things;
use fairlead_store::satellite::readings::{self, ReadingRow};
use fairlead_testkit::{Backend, System};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

pub const USERNAME: &str = "captain@example.org";
pub const PASSWORD: &str = "x-marks-the-spot";
/// Who asks Rock 7 Core.
pub const TRACKERS: &str = "bosun@example.org";
pub const TOKEN: &str = "f7ba9e62-token";

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

/// The serial number of the `n`th modem.
pub fn serial(n: u32) -> String {
    format!("2{n:05}")
}

/// What Cloudloop calls the `n`th modem.
pub fn thing(n: u32) -> String {
    format!("AagLlVGjyNzQbEOxzvBoRXPekmOv{n:04}")
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
    /// A courier with accounts at all three platforms, and a provider that knows the modems 0 to 9 by their serial
    /// numbers and things.
    pub async fn everywhere(backend: Backend, set: &[&str]) -> Self {
        Self::begin(backend, 10, set, true).await
    }

    /// A courier whose account is good, and a provider that knows the modems 0 to 9.
    pub async fn open(backend: Backend, set: &[&str]) -> Self {
        Self::with_modems(backend, 10, set).await
    }

    pub async fn with_modems(backend: Backend, count: u32, set: &[&str]) -> Self {
        Self::begin(backend, count, set, false).await
    }

    async fn begin(backend: Backend, count: u32, set: &[&str], everywhere: bool) -> Self {
        let mut settings = MtSettings::new(USERNAME, Secret::new(PASSWORD));
        settings.rockcore = Some(RockcoreAccount {
            username: TRACKERS.to_owned(),
            password: Secret::new(PASSWORD),
            trackers: (0..count).map(|n| (serial(n), imei(n))).collect(),
        });
        settings.cloudloop = Some(CloudloopAccount {
            token: Secret::new(TOKEN),
            things: (0..count).map(|n| (thing(n), imei(n))).collect(),
        });
        let provider = serve("127.0.0.1:0", settings, Clock::system(), Mailboxes::of((0..count).map(imei)))
            .await
            .unwrap();
        let mut all = vec![
            format!("courier.rockblock.url={}", provider.url()),
            format!("courier.rockblock.username={USERNAME}"),
            format!("courier.rockblock.password={PASSWORD}"),
            "courier.rockblock.calls_per_minute=600000".to_owned(),
        ];
        if everywhere {
            all.push(format!("courier.rockcore.url={}", provider.rockcore_url()));
            all.push(format!("courier.rockcore.username={TRACKERS}"));
            all.push(format!("courier.rockcore.password={PASSWORD}"));
            all.push("courier.rockcore.calls_per_minute=600000".to_owned());
            all.push(format!("courier.cloudloop.url={}", provider.cloudloop_url()));
            all.push(format!("courier.cloudloop.token={TOKEN}"));
            all.push("courier.cloudloop.calls_per_minute=600000".to_owned());
        }
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

    /// Starts another courier beside it, on the same store and bus.
    pub async fn second(&mut self) {
        let words: Vec<&str> = self.set.iter().map(String::as_str).collect();
        self.system.run(services(), &words).await;
    }

    /// Adds a modem whose device speaks a dialect.
    pub async fn modem(&self, n: u32, dialect: Option<&'static str>) -> ModemId {
        let clock = self.system.clock.clone();
        let work = move |tx: &mut fairlead_store::Tx<'_>| {
            let row = modems::create(tx, &clock, imei(n), Some(&serial(n)), Trust::Signed)?;
            modems::describe(tx, row.id, Some(&serial(n)), dialect)?;
            Ok(row.id.into())
        };
        self.system.store.write(work).await.unwrap()
    }

    /// Adds a RockSTAR, which has reported once.
    pub async fn tracker(&self, n: u32) -> ModemId {
        let modem = self.modem(n, None).await;
        let body =
            json!({"id": format!("first{n}"), "imei": imei(n), "serial": serial(n), "trigger": "BURST"});
        self.reported(modem, n, "rockcore", "RS-BURST", &body).await;
        modem
    }

    /// Adds a modem whose messages come by Cloudloop, and that has a name there.
    pub async fn thing(&self, n: u32, dialect: Option<&'static str>) -> ModemId {
        let modem = self.modem(n, dialect).await;
        let clock = self.system.clock.clone();
        let work = move |tx: &mut fairlead_store::Tx<'_>| things::learn(tx, &clock, modem, &thing(n), true);
        self.system.store.write(work).await.unwrap();
        self.session(modem, n, Some(0)).await;
        modem
    }

    /// A session that Cloudloop tells of, in which the modem fetched the MT of this number; in a format that does not
    /// tell where there is none.
    pub async fn session(&self, modem: ModemId, n: u32, mtmsn: Option<u32>) {
        let body = match mtmsn {
            Some(number) => json!({"id": Uuid::new_v4(), "message": "",
                "sbd": {"imei": imei(n), "mtmsn": number}, "identity": {"thingId": thing(n)}}),
            None => json!({"id": Uuid::new_v4(), "imei": imei(n), "data": ""}),
        };
        self.reported(modem, n, "cloudloop", "empty", &body).await;
    }

    /// A tracker acknowledges the message of this number.
    pub async fn acknowledge(&self, modem: ModemId, n: u32, number: &str) {
        self.acknowledge_at(modem, n, number, self.system.clock.now()).await;
    }

    /// The same, sent by the tracker at another time.
    pub async fn acknowledge_at(&self, modem: ModemId, n: u32, number: &str, at: Time) {
        let number: u64 = number.parse().unwrap();
        let body = json!({"id": Uuid::new_v4(), "imei": imei(n), "serial": serial(n), "trigger": "ACKNOWLEDGE",
            "message_ack": number});
        self.reported_at(modem, n, ("rockcore", "RS-ACKNOWLEDGE", Trust::Signed), &body, at).await;
    }

    /// A push of a provider, understood: message, reading and state are stored, and the courier told, as the tracker
    /// does it.
    async fn reported(
        &self,
        modem: ModemId,
        n: u32,
        provider: &'static str,
        kind: &'static str,
        body: &Value,
    ) {
        let at = self.system.clock.now();
        self.reported_at(modem, n, (provider, kind, Trust::Signed), body, at).await;
    }

    /// A push of a provider that nobody vouches for.
    pub async fn unsigned(&self, modem: ModemId, n: u32, provider: &'static str) {
        let at = self.system.clock.now();
        self.reported_at(modem, n, (provider, "PK101", Trust::Unsigned), &json!({}), at).await;
    }

    async fn reported_at(
        &self,
        modem: ModemId,
        n: u32,
        (provider, kind, trust): (&'static str, &'static str, Trust),
        body: &Value,
        at: Time,
    ) {
        let (clock, body) = (self.system.clock.clone(), body.to_string().into_bytes());
        let work = move |tx: &mut fairlead_store::Tx<'_>| {
            let mut read = reading(&clock, modem, at);
            kind.clone_into(&mut read.kind);
            let mut key = [0; 32];
            key[..16].copy_from_slice(MessageId::from(read.message_id).uuid().as_bytes());
            let mut message = message(&read, n, provider, &body);
            trust.as_str().clone_into(&mut message.trust);
            messages::insert(tx, &[(Digest(key), message)])?;
            readings::insert(tx, &[&read])?;
            modems::put_states(tx, &[state(&read)])?;
            fairlead_bus::enqueue(tx, &clock, &MoHeard { modem_id: modem }, None)
        };
        self.system.store.write(work).await.unwrap();
    }

    /// Adds a device to the registry, with a modem in it or without, and puts it into groups.
    pub async fn device(&self, name: &str, modem: Option<ModemId>, groups: &[GroupId]) -> DeviceId {
        let clock = self.system.clock.clone();
        let new = NewDevice {
            kind: DeviceKind::Buoy,
            name: Some(name.to_owned()),
            modem: modem.map(ModemChoice::Id),
            serial: None,
            since: None,
            groups: groups.to_vec(),
        };
        let work = move |tx: &mut fairlead_store::Tx<'_>| {
            Ok(devices::create(tx, &clock, &new, "a test")?.unwrap().id.into())
        };
        self.system.store.write(work).await.unwrap()
    }

    /// Adds a group without devices.
    pub async fn group(&self, name: &'static str) -> GroupId {
        let clock = self.system.clock.clone();
        let work = move |tx: &mut fairlead_store::Tx<'_>| Ok(groups::add(tx, &clock, name)?.unwrap().id);
        self.system.store.write(work).await.unwrap()
    }

    /// Tries to remove a group, and returns why that was refused.
    pub async fn group_is_needed(&self, id: GroupId) -> String {
        let removed = self.system.store.write(move |tx| groups::remove(tx, id)).await.unwrap();
        removed.unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    /// Changes what is there already, which must be done.
    pub async fn put(&self, path: &str, body: &Value) -> Value {
        let response =
            self.system.client.put(self.system.url("courier", path)).json(body).send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Removes what is there.
    pub async fn delete(&self, path: &str) {
        let response = self.system.client.delete(self.system.url("courier", path)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::NO_CONTENT, "{path}");
    }

    /// What was changed by people under an action, newest first: subject and detail.
    pub async fn audited(&self, action: &'static str) -> Vec<(String, String)> {
        let entries = self.system.store.read(|conn| audit::list(conn, None, None, 500)).await.unwrap();
        let wanted = entries.into_iter().filter(|entry| entry.action == action);
        wanted.map(|entry| (entry.subject, entry.detail)).collect()
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

    /// A device was heard so often, once a minute: time goes on by as much.
    pub async fn hear_often(&self, modem: ModemId, count: u64) {
        let first = self.system.clock.now();
        self.system.hand.advance(minutes(count));
        let clock = self.system.clock.clone();
        let work = move |tx: &mut fairlead_store::Tx<'_>| {
            let rows: Vec<ReadingRow> =
                (1..=count).map(|n| reading(&clock, modem, first.plus(minutes(n)))).collect();
            readings::insert(tx, &rows.iter().collect::<Vec<_>>())?;
            fairlead_bus::enqueue(tx, &clock, &MoHeard { modem_id: modem }, None)
        };
        self.system.store.write(work).await.unwrap();
    }

    pub async fn close(self) {
        self.system.stop().await;
    }
}

fn message(read: &ReadingRow, n: u32, provider: &str, body: &[u8]) -> MessageRow {
    MessageRow {
        id: read.message_id,
        provider: provider.to_owned(),
        imei: imei(n).to_string(),
        momsn: None,
        transmitted_at: Some(read.transmitted_at),
        transmit_time_raw: None,
        received_at: read.transmitted_at,
        trust: Trust::Signed.as_str().to_owned(),
        state: "decoded".to_owned(),
        payload: Some(Vec::new()),
        payload_raw: None,
        device_type: None,
        serial: Some(serial(n)),
        iridium_latitude: None,
        iridium_longitude: None,
        iridium_cep_km: None,
        session_status: None,
        modem_id: Some(read.modem_id),
        summary: None,
        marks: None,
        replaces: None,
        body: body.to_vec(),
        source: json!({"content_type": "application/json"}).to_string(),
    }
}

fn state(read: &ReadingRow) -> StateRow {
    StateRow {
        modem_id: read.modem_id,
        last_message_id: read.message_id,
        last_transmitted_at: read.transmitted_at,
        last_received_at: read.transmitted_at,
        momsn: None,
        fix_at: None,
        fix_momsn: None,
        fix_latitude: None,
        fix_longitude: None,
        fix_message_id: None,
        estimate_at: None,
        estimate_latitude: None,
        estimate_longitude: None,
        estimate_accuracy_m: None,
        estimate_message_id: None,
        report_at: None,
        report_momsn: None,
        speed_m_s: None,
        course_deg: None,
        battery_v: None,
        interval_s: 600,
        interval_source: "assumed".to_owned(),
        status: None,
        beacon_on: None,
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
