//! Letters to a real broker, read back by a real subscriber.

use std::collections::BTreeMap;

use fairlead_model::Secret;
use fairlead_testkit::PATIENCE;
use fairlead_testkit::servers::PrivateServer;
use rumqttc::{AsyncClient, Event, Packet, Publish, SubscribeFilter};
use serde_json::Value;

use super::*;
use crate::endpoints::example::letter;

async fn mosquitto() -> PrivateServer {
    tokio::task::spawn_blocking(fairlead_testkit::mosquitto).await.unwrap()
}

fn user(password: &str) -> OpenSecrets {
    OpenSecrets {
        username: Some("fairlead".to_owned()),
        password: Some(Secret::new(password)),
        ..OpenSecrets::default()
    }
}

fn to(broker: &PrivateServer, topic: &str, qos: u8, prefix: Option<&str>) -> Mqtt {
    let url = format!("mqtt://127.0.0.1:{}", broker.port());
    let broker = Broker { url: &url, topic, qos, retain: true, discovery_prefix: prefix };
    Mqtt::open(&broker, &user("geheim")).unwrap()
}

/// Somebody who listens.
struct Subscriber {
    _client: AsyncClient,
    events: rumqttc::EventLoop,
}

impl Subscriber {
    async fn to(broker: &PrivateServer, topic: &str) -> Self {
        let mut options = MqttOptions::new(uuid::Uuid::new_v4().to_string(), "127.0.0.1", broker.port());
        options.set_credentials("fairlead", "geheim").set_max_packet_size(2 * LARGEST, 1_024);
        let (client, mut events) = AsyncClient::new(options, 10);
        let filter = SubscribeFilter::new(topic.to_owned(), QoS::ExactlyOnce);
        client.subscribe_many([filter]).await.unwrap();
        loop {
            if let Event::Incoming(Packet::SubAck(_)) = events.poll().await.unwrap() {
                return Self { _client: client, events };
            }
        }
    }

    async fn next(&mut self) -> Publish {
        let heard = async {
            loop {
                if let Event::Incoming(Packet::Publish(publish)) = self.events.poll().await.unwrap() {
                    return publish;
                }
            }
        };
        tokio::time::timeout(PATIENCE, heard).await.expect("nothing was heard")
    }
}

fn failed(sent: Sent) -> (String, Fault) {
    match sent {
        Sent::Failed { why, fault, .. } => (why, fault),
        Sent::Delivered { .. } => panic!("it was delivered"),
    }
}

fn is_delivered(sent: &Sent) -> bool {
    matches!(sent, Sent::Delivered { .. })
}

#[tokio::test]
async fn a_topic_has_the_body_byte_for_byte_whatever_the_qos() {
    let broker = mosquitto().await;
    let mut subscriber = Subscriber::to(&broker, "fairlead/#").await;
    let long = "x".repeat(200_000);
    for qos in [0, 1, 2] {
        let mqtt = to(&broker, "fairlead/{kind}/{device}/{imei}", qos, None);
        for body in ["{\"text\":\"Wal \u{1f40b}\"}\n", "", &long] {
            assert!(is_delivered(&mqtt.send(&letter(body, 1)).await), "{qos}");
            let heard = subscriber.next().await;
            assert_eq!(heard.topic, "fairlead/buoy/PK001/300434063836590");
            assert_eq!((heard.payload.as_ref(), heard.qos as u8), (body.as_bytes(), qos));
        }
    }
}

#[tokio::test]
async fn many_letters_at_once_are_each_acknowledged() {
    let broker = mosquitto().await;
    let mut subscriber = Subscriber::to(&broker, "many").await;
    let mqtt = to(&broker, "many", 2, None);
    let letters: Vec<_> = (0..200).map(|n| letter(&n.to_string(), n)).collect();
    let sent = futures_util::future::join_all(letters.iter().map(|letter| mqtt.send(letter))).await;
    assert!(sent.iter().all(is_delivered));
    let mut heard = std::collections::BTreeSet::new();
    while heard.len() < letters.len() {
        heard.insert(String::from_utf8(subscriber.next().await.payload.to_vec()).unwrap());
    }
}

#[tokio::test]
async fn a_name_stays_in_its_level() {
    let broker = mosquitto().await;
    let mut subscriber = Subscriber::to(&broker, "#").await;
    let mqtt = to(&broker, "f/{device}/x", 1, None);
    for (device, topic) in
        [("../a/b", "f/.._a_b/x"), ("+#", "f/__/x"), ("$SYS", "f/_SYS/x"), ("PK001", "f/PK001/x")]
    {
        let mut letter = letter("{}", 1);
        letter.attributes.device = device.to_owned();
        assert!(is_delivered(&mqtt.send(&letter).await));
        assert_eq!(subscriber.next().await.topic, topic);
    }
}

#[tokio::test]
async fn the_broker_keeps_the_newest_and_nothing_older() {
    let broker = mosquitto().await;
    let mqtt = to(&broker, "kept", 1, None);
    for (body, seconds) in [("first", 10), ("newest", 20), ("late", 15)] {
        assert!(is_delivered(&mqtt.send(&letter(body, seconds)).await));
    }
    let kept = Subscriber::to(&broker, "kept").await.next().await;
    assert_eq!((kept.payload.as_ref(), kept.retain), (&b"newest"[..], true));
    // Another driver has not seen it go; the letter knows that it is late.
    let other = to(&broker, "kept", 1, None);
    let late = Letter { is_late: true, ..letter("late again", 15) };
    let mut test = letter("test", 30);
    "test".clone_into(&mut test.attributes.message);
    for letter in [late, test] {
        assert!(is_delivered(&other.send(&letter).await));
    }
    let kept = Subscriber::to(&broker, "kept").await.next().await;
    assert_eq!(kept.payload.as_ref(), b"newest");
    // The test counts for nothing.
    assert!(is_delivered(&other.send(&letter("newer", 25)).await));
    let kept = Subscriber::to(&broker, "kept").await.next().await;
    assert_eq!(kept.payload.as_ref(), b"newer");
}

#[tokio::test]
async fn a_wrong_password_is_said_so() {
    let broker = mosquitto().await;
    let url = format!("mqtt://127.0.0.1:{}", broker.port());
    for secrets in [user("falsch"), OpenSecrets::default()] {
        let to = Broker { url: &url, topic: "x", qos: 1, retain: false, discovery_prefix: None };
        let (why, fault) = failed(Mqtt::open(&to, &secrets).unwrap().send(&letter("x", 1)).await);
        assert_eq!(why, "The broker does not let us in: check user name and password.");
        assert_eq!(fault, Fault::Again);
    }
}

#[tokio::test]
async fn a_broker_that_restarts_loses_nothing_that_was_not_told_as_failed() {
    let mut broker = mosquitto().await;
    let mqtt = to(&broker, "f/{device}", 1, None);
    assert!(is_delivered(&mqtt.send(&letter("before", 1)).await));
    broker.stop().unwrap();
    let (why, fault) = failed(mqtt.send(&letter("away", 2)).await);
    assert!(why.contains("The broker cannot be reached: ") || why.contains("was lost"), "{why}");
    assert_eq!(fault, Fault::Again);
    broker.restart().unwrap();
    let mut subscriber = Subscriber::to(&broker, "f/#").await;
    // What the broker had retained, by its file.
    assert_eq!(subscriber.next().await.payload.as_ref(), b"before");
    assert!(is_delivered(&mqtt.send(&letter("after", 3)).await));
    assert_eq!(subscriber.next().await.payload.as_ref(), b"after");
}

#[tokio::test]
async fn a_broker_that_dies_before_it_acknowledges_has_not_taken_the_letter() {
    let mut broker = mosquitto().await;
    let mqtt = Arc::new(to(&broker, "f", 1, None));
    assert!(is_delivered(&mqtt.send(&letter("before", 1)).await));
    broker.freeze().unwrap();
    let (sender, letter_in_flight) = (mqtt.clone(), letter("in flight", 2));
    let in_flight = tokio::spawn(async move { sender.send(&letter_in_flight).await });
    while mqtt.line.lock().await.as_ref().unwrap().waiting() == 0 {
        tokio::task::yield_now().await;
    }
    broker.kill().unwrap();
    let (why, fault) = failed(in_flight.await.unwrap());
    assert!(why.starts_with("The connection to the broker was lost before"), "{why}");
    assert_eq!(fault, Fault::Again);
    broker.restart().unwrap();
    assert!(is_delivered(&mqtt.send(&letter("after", 3)).await));
}

#[tokio::test]
async fn a_silent_broker_is_left_and_dialled_again() {
    let mut broker = mosquitto().await;
    let mut mqtt = to(&broker, "f", 1, None);
    assert!(is_delivered(&mqtt.send(&letter("before", 1)).await));
    mqtt.limit = Duration::from_secs(1);
    broker.freeze().unwrap();
    let (why, fault) = failed(mqtt.send(&letter("silence", 2)).await);
    assert_eq!((why.as_str(), fault), ("The broker did not answer within 1 s.", Fault::Again));
    broker.thaw().unwrap();
    mqtt.limit = PATIENCE;
    assert!(is_delivered(&mqtt.send(&letter("after", 3)).await));
}

#[tokio::test]
async fn over_tls_a_broker_must_have_a_certificate_that_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let second =
        format!("listener {port} 127.0.0.1\ncertfile {}\nkeyfile {}\n", cert.display(), key.display());
    let _broker = PrivateServer::mosquitto_with(&second).unwrap();
    let url = format!("mqtts://localhost:{port}");
    let to = Broker { url: &url, topic: "x", qos: 1, retain: false, discovery_prefix: None };
    let mut mqtt = Mqtt::open(&to, &user("geheim")).unwrap();
    let (why, fault) = failed(mqtt.send(&letter("x", 1)).await);
    assert!(why.starts_with("The broker cannot be reached: ") && why.contains("certificate"), "{why}");
    assert_eq!(fault, Fault::Again);

    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    mqtt.options.set_transport(Transport::tls_with_config(trusting(roots).unwrap()));
    assert!(is_delivered(&mqtt.send(&letter("x", 1)).await));
}

/// Where the entities of PK001 read.
const STATE: &str = "homeassistant/device_tracker/fairlead_PK001/position/state";

#[tokio::test]
async fn what_was_overtaken_moves_nothing_in_home_assistant() {
    let broker = mosquitto().await;
    let mqtt = to(&broker, "fairlead/{device}", 1, Some("homeassistant"));
    let mut map = Subscriber::to(&broker, STATE).await;
    let mut letters = Subscriber::to(&broker, "fairlead/#").await;
    // The second comes after an outage; the third knows that a newer one was delivered by another courier.
    let overtaken = Letter { is_late: true, ..letter(r#"{"n":3}"#, 15) };
    let came = [letter(r#"{"n":1}"#, 20), letter(r#"{"n":2}"#, 10), overtaken, letter(r#"{"n":4}"#, 30)];
    for letter in &came {
        assert!(is_delivered(&mqtt.send(letter).await));
    }
    for letter in &came {
        assert_eq!(letters.next().await.payload, letter.body);
    }
    for newest in [&came[0], &came[3]] {
        assert_eq!(map.next().await.payload, newest.body);
    }
    let kept = Subscriber::to(&broker, STATE).await.next().await;
    assert_eq!((kept.payload, kept.retain), (came[3].body.clone(), true));
}

#[tokio::test]
async fn home_assistant_finds_a_device_after_its_first_letter() {
    let mut broker = mosquitto().await;
    let mqtt = to(&broker, "fairlead/{kind}/{device}", 1, Some("homeassistant"));
    let test = {
        let mut test = letter("{}", 1);
        "test".clone_into(&mut test.attributes.message);
        test
    };
    let other = {
        let mut other = letter("{}", 1);
        "geojson".clone_into(&mut other.format);
        other
    };
    for letter in [test, other, letter("{}", 2), letter("{}", 3)] {
        assert!(is_delivered(&mqtt.send(&letter).await));
    }
    let mut told = BTreeMap::new();
    let mut subscriber = Subscriber::to(&broker, "homeassistant/+/+/+/config").await;
    for _ in 0..4 {
        let config = subscriber.next().await;
        assert!(config.retain, "{}", config.topic);
        told.insert(config.topic, serde_json::from_slice::<Value>(&config.payload).unwrap());
    }
    let topics: Vec<_> = told.keys().map(String::as_str).collect();
    assert_eq!(
        topics,
        [
            "homeassistant/device_tracker/fairlead_PK001/position/config",
            "homeassistant/sensor/fairlead_PK001/battery/config",
            "homeassistant/sensor/fairlead_PK001/last_seen/config",
            "homeassistant/sensor/fairlead_PK001/speed/config",
        ]
    );
    let device = serde_json::json!({
        "identifiers": ["fairlead_PK001"], "name": "PK001", "manufacturer": "Fairlead", "model": "buoy",
        "serial_number": "300434063836590",
    });
    for (topic, config) in &told {
        assert_eq!(config["device"], device, "{topic}");
        assert_eq!(config["origin"]["name"], "Fairlead", "{topic}");
    }
    let tracker = &told[topics[0]];
    assert_eq!(tracker["unique_id"], "fairlead_PK001_position");
    assert_eq!(tracker["json_attributes_topic"], STATE);
    assert_eq!((&tracker["source_type"], &tracker["name"]), (&"gps".into(), &Value::Null));
    for (at, class, unit) in
        [(1, "voltage", "V".into()), (2, "timestamp", Value::Null), (3, "speed", "m/s".into())]
    {
        let sensor = &told[topics[at]];
        assert_eq!(sensor["state_topic"], STATE);
        assert_eq!((&sensor["device_class"], &sensor["unit_of_measurement"]), (&class.into(), &unit));
    }

    // Told once on each connection: nothing more comes before the next device's.
    let mut next = letter("{}", 4);
    "PK002".clone_into(&mut next.attributes.device);
    assert!(is_delivered(&mqtt.send(&letter("{}", 4)).await));
    assert!(is_delivered(&mqtt.send(&next).await));
    assert!(subscriber.next().await.topic.contains("PK002"));
    broker.kill().unwrap();
    broker.restart().unwrap();
    // A broker that has forgotten is told again.
    let mut subscriber = Subscriber::to(&broker, "homeassistant/+/+/+/config").await;
    while !is_delivered(&mqtt.send(&letter("{}", 5)).await) {}
    assert!(subscriber.next().await.topic.contains("PK001"));
}
