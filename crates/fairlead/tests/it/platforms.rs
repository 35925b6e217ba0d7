//! One device of each platform: what it sends comes in at its own door, and what it is told goes out by the account and
//! under the name that its platform knows it by. Nobody has set any of them up. And on: what a queue gets of it.

use aws_sdk_sqs::config::{Builder, Credentials, Region};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fairlead_courier::Courier;
use fairlead_intake::Intake;
use fairlead_model::{Clock, Imei, Secret};
use fairlead_runtime::{Host, Hosted};
use fairlead_simulator::satellite::mt::{CloudloopAccount, Mailboxes, MtSettings, RockcoreAccount, serve};
use fairlead_testkit::{Backend, System};
use fairlead_tracker::Tracker;
use serde_json::{Value, json};

fairlead_testkit::on_both_backends!(
    who_has_spoken_can_be_told_by_every_platform,
    a_queue_has_the_bodies_of_the_original_backend,
);

const THING: &str = "AagLlVGjyNzQbEOxzvBoRXPekmOvrxJY";
const SERIAL: u32 = 100_015;
const POSITION: &str = "PK101;lat:3749.5117,NS:N,lon:12216.5280,EW:W,utc:115900,batt:3.7,int:10,sl:0,st:0";

fn imei(n: u32) -> Imei {
    format!("30043406383{n:04}").parse().unwrap()
}

fn tracker() -> String {
    let at = "2026-06-01T11:59:30Z";
    json!({
        "id": "first", "imei": imei(2), "device_type": "LEOPARD3", "serial": SERIAL, "momsn": 441, "transport": "IRIDIUM",
        "transmit_time": at, "txAt": at, "at": at, "lat": 37.663, "lon": -122.405, "source": "GPS", "trigger": "ROUTINE",
        "gps_time": at, "sog": 2.5, "cog": 45, "alt": 12, "battery": 82, "power": false,
    })
    .to_string()
}

fn lingo() -> String {
    let at = json!({"year": 2026, "month": 6, "day": 1, "hour": 11, "minute": 59, "second": 30});
    json!({
        "id": "38f132ed-73e7-4488-a743-ec00fe7d7879", "receivedAt": at,
        "identity": {"thingId": THING, "identifier": imei(3), "hardware": {"imei": imei(3), "serial": "3"}},
        "sbd": {"imei": imei(3), "momsn": 7, "mtmsn": 0, "sessionAt": at, "status": "SESSION_STATUS_OK",
            "location": {"latitude": 37.8, "longitude": -122.2, "cep": 3}},
        "message": STANDARD.encode(POSITION),
    })
    .to_string()
}

fn rock_block() -> String {
    format!(
        "imei={}&serial=1&momsn=9&transmit_time=26-06-01+11%3A59%3A30&iridium_latitude=37.8&iridium_longitude=-122.2\
         &iridium_cep=3&iridium_session_status=0&data={}",
        imei(1),
        POSITION.bytes().map(|byte| format!("{byte:02x}")).collect::<String>()
    )
}

async fn who_has_spoken_can_be_told_by_every_platform(backend: Backend) {
    let (user, password) = ("captain@example.org", "x-marks-the-spot");
    let mut settings = MtSettings::new(user, Secret::new(password));
    settings.rockcore = Some(RockcoreAccount {
        username: user.to_owned(),
        password: Secret::new(password),
        trackers: [(SERIAL.to_string(), imei(2))].into(),
    });
    settings.cloudloop =
        Some(CloudloopAccount { token: Secret::new("token"), things: [(THING.to_owned(), imei(3))].into() });
    let boxes = Mailboxes::of((1..=3).map(imei));
    let provider = serve("127.0.0.1:0", settings, Clock::system(), boxes).await.unwrap();
    let set = [
        format!("courier.rockblock.url={}", provider.url()),
        format!("courier.rockblock.username={user}"),
        format!("courier.rockblock.password={password}"),
        format!("courier.rockcore.url={}", provider.rockcore_url()),
        format!("courier.rockcore.username={user}"),
        format!("courier.rockcore.password={password}"),
        format!("courier.cloudloop.url={}", provider.cloudloop_url()),
        "courier.cloudloop.token=token".to_owned(),
    ];
    let set: Vec<&str> = set.iter().map(String::as_str).collect();
    let services: Vec<Box<dyn Hosted>> = vec![
        Box::new(Host::<Intake>::new()),
        Box::new(Host::<Tracker>::new()),
        Box::new(Host::<Courier>::new()),
    ];
    let system = System::start(backend, services, &set).await;
    let client = reqwest::Client::new();
    let pushes = [
        ("/rockblock/incoming", "application/x-www-form-urlencoded", rock_block()),
        ("/rockstar/incoming", "application/json", tracker()),
        ("/cloudloop/incoming", "application/json", lingo()),
    ];
    for (path, content_type, body) in pushes {
        let push = client.post(system.url("intake", path)).header("Content-Type", content_type).body(body);
        let answer = push.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}: {}", answer.text().await.unwrap());
    }
    let all = |page: &Value| page["items"].as_array().is_some_and(|modems| modems.len() == 3);
    let modems = system.until("tracker", "/api/v1/modems", all).await;
    let id = |n: u32| {
        let modems = modems["items"].as_array().unwrap();
        modems.iter().find(|modem| modem["imei"] == json!(imei(n))).unwrap()["id"].clone()
    };
    let interval = json!({"type": "interval", "minutes": 20});
    let text = json!({"type": "text", "text": "Come home"});
    for (n, account, order) in
        [(1, "rockblock", &interval), (2, "rockcore", &text), (3, "cloudloop", &interval)]
    {
        let asked = json!({"modem_id": id(n), "order": order});
        let asked = system.client.post(system.url("courier", "/api/v1/outgoing")).json(&asked);
        let answer = asked.send().await.unwrap();
        let (status, answer): (_, Value) = (answer.status(), answer.json().await.unwrap());
        assert_eq!(status, 201, "{answer}");
        let path = format!("/api/v1/outgoing/{}", answer["id"].as_str().unwrap());
        let mt = system.until("courier", &path, |mt| mt["mt"]["state"] == "accepted").await;
        assert_eq!(mt["mt"]["account"], account, "{mt}");
    }
    let charges = provider.charges();
    let told: Vec<(Imei, &str)> =
        charges.iter().map(|charge| (charge.imei, charge.account.as_str())).collect();
    assert_eq!(told, [(imei(1), user), (imei(2), user), (imei(3), "cloudloop")]);
    system.stop().await;
    provider.stop();
}

/// From the provider's form to the queue at AWS, as the consumers of the original backend read it: percent-encoding is not
/// undone, the keys stand in their order.
async fn a_queue_has_the_bodies_of_the_original_backend(backend: Backend) {
    let moto = tokio::task::spawn_blocking(fairlead_testkit::moto_url).await.unwrap();
    let config = Builder::new()
        .behavior_version_latest()
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("AKIAEXAMPLE", "geheim", None, None, "test"))
        .endpoint_url(moto)
        .build();
    let queues = aws_sdk_sqs::Client::from_conf(config);
    let name = format!("q{}", uuid::Uuid::new_v4().simple());
    let queue = queues.create_queue().queue_name(name).send().await.unwrap().queue_url.unwrap();
    let services: Vec<Box<dyn Hosted>> = vec![
        Box::new(Host::<Intake>::new()),
        Box::new(Host::<Tracker>::new()),
        Box::new(Host::<Courier>::new()),
    ];
    let system = System::start(backend, services, &[]).await;
    let make = async |service: &str, path: &str, body: Value| -> Value {
        let answer = system.client.post(system.url(service, path)).json(&body).send().await.unwrap();
        let (status, body): (_, Value) = (answer.status(), answer.json().await.unwrap());
        assert_eq!(status, 201, "{body}");
        body
    };
    let endpoint = json!({"name": "queue", "config": {"kind": "sqs", "url": queue},
        "secrets": {"username": "AKIAEXAMPLE", "password": "geheim"}});
    let endpoint = make("courier", "/api/v1/endpoints", endpoint).await["endpoint"]["id"].clone();
    let route = json!({"source": {"type": "any"}, "messages": ["position"], "format": "original",
        "target": {"type": "endpoint", "id": endpoint}});
    make("tracker", "/api/v1/routes", route).await;
    let push = reqwest::Client::new()
        .post(system.url("intake", "/rockblock/incoming"))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(rock_block());
    assert_eq!(push.send().await.unwrap().status(), 200);
    let body = loop {
        let asked = queues.receive_message().queue_url(&queue).wait_time_seconds(5);
        if let Some(message) = asked.send().await.unwrap().messages.unwrap_or_default().pop() {
            break message.body.unwrap();
        }
    };
    let hex = POSITION.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let wanted = format!(
        "{{\"imei\": \"{}\", \"serial\": \"1\", \"momsn\": 9, \"transmit_time\": \"26-06-01+11%3A59%3A30\", \
         \"iridium_latitude\": \"37.8\", \"iridium_longitude\": \"-122.2\", \"iridium_cep\": \"3\", \
         \"iridium_session_status\": \"0\", \"data\": \"{hex}\"}}",
        imei(1)
    );
    assert_eq!(body, wanted);
    system.stop().await;
}
