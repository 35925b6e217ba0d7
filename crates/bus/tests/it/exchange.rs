//! Publishing to an exchange of a foreign broker.

use std::collections::BTreeMap;
use std::time::Duration;

use fairlead_bus::exchange::{Exchange, NotTaken, Publication};
use fairlead_model::{Secret, Time};
use lapin::options::{
    BasicGetOptions, ExchangeDeclareOptions, ExchangeDeleteOptions, QueueBindOptions, QueueDeclareOptions,
    QueueDeleteOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Connection, ConnectionProperties, ExchangeKind};

use crate::servers::PrivateServer;
use crate::world::setting;

/// As long as a slow machine may need.
const LIMIT: Duration = Duration::from_secs(30);

fn amqp_url() -> String {
    setting("FAIRLEAD_TEST_AMQP_URL")
}

/// The broker's address without user and password.
fn address(url: &str) -> String {
    let mut url = url::Url::parse(url).unwrap();
    url.set_username("").unwrap();
    url.set_password(None).unwrap();
    url.to_string()
}

fn exchange(url: &str, name: &str, mandatory: bool, limit: Duration) -> Exchange {
    let password = Secret::new("guest");
    Exchange::open(&address(url), Some(("guest", &password)), name, mandatory, limit).unwrap()
}

fn message<'m>(id: &'m str, key: &'m str, body: &'m [u8]) -> Publication<'m> {
    Publication {
        id,
        key,
        kind: "position",
        content_type: "application/json",
        at: Time::from_micros(1_767_225_600_500_000),
        headers: &[("device", "PK001"), ("empty", "")],
        body,
    }
}

/// An exchange of one test, with a queue that takes the key `positions`.
struct Far {
    channel: Channel,
    name: String,
    _connection: Connection,
}

impl Far {
    async fn make(url: &str) -> Self {
        Self::named(url, format!("x{}", uuid::Uuid::new_v4().simple())).await
    }

    async fn named(url: &str, name: String) -> Self {
        let connection = Connection::connect(url, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let far = Self { channel, name, _connection: connection };
        far.declare().await;
        far
    }

    async fn declare(&self) {
        let (channel, name) = (&self.channel, self.name.as_str());
        let durable = ExchangeDeclareOptions { durable: true, ..Default::default() };
        let none = FieldTable::default;
        channel.exchange_declare(name.into(), ExchangeKind::Topic, durable, none()).await.unwrap();
        let durable = QueueDeclareOptions { durable: true, ..Default::default() };
        channel.queue_declare(name.into(), durable, none()).await.unwrap();
        let bind = QueueBindOptions::default();
        channel.queue_bind(name.into(), name.into(), "positions".into(), bind, none()).await.unwrap();
    }

    async fn get(&self) -> Option<lapin::message::BasicGetMessage> {
        let taken = BasicGetOptions { no_ack: true };
        self.channel.basic_get(self.name.as_str().into(), taken).await.unwrap()
    }

    async fn remove(&self) {
        let name = self.name.as_str();
        self.channel.exchange_delete(name.into(), ExchangeDeleteOptions::default()).await.unwrap();
        self.channel.queue_delete(name.into(), QueueDeleteOptions::default()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_there_as_it_was_published() {
    let far = Far::make(&amqp_url()).await;
    let exchange = exchange(&amqp_url(), &far.name, true, LIMIT);
    let body = "{\"text\":\"Wal \u{1f40b}\"}\n".as_bytes();
    assert_eq!(exchange.publish(message("id-1", "positions", body)).await, Ok(()));
    let got = far.get().await.unwrap();
    assert_eq!(got.data, body);
    let properties = &got.properties;
    assert_eq!(properties.delivery_mode(), &Some(2));
    assert_eq!(properties.message_id().as_ref().unwrap().as_str(), "id-1");
    assert_eq!(properties.content_type().as_ref().unwrap().as_str(), "application/json");
    assert_eq!(properties.kind().as_ref().unwrap().as_str(), "position");
    assert_eq!(properties.app_id().as_ref().unwrap().as_str(), "fairlead");
    assert_eq!(properties.timestamp(), &Some(1_767_225_600));
    let headers: BTreeMap<String, String> = properties
        .headers()
        .as_ref()
        .unwrap()
        .inner()
        .iter()
        .map(|(name, value)| match value {
            AMQPValue::LongString(text) => (name.to_string(), text.to_string()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(headers, BTreeMap::from([("device".into(), "PK001".into()), ("empty".into(), String::new())]));
    far.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_exchange_is_said_so_and_used_once_it_is_there() {
    let far = Far::make(&amqp_url()).await;
    far.remove().await;
    let exchange = exchange(&amqp_url(), &far.name, true, LIMIT);
    for _ in 0..3 {
        let refused = exchange.publish(message("1", "positions", b"x")).await;
        assert_eq!(refused, Err(NotTaken::NoExchange(far.name.clone())));
    }
    far.declare().await;
    assert_eq!(exchange.publish(message("2", "positions", b"x")).await, Ok(()));
    far.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_queue_takes_is_told_apart_from_what_one_takes() {
    let far = Far::make(&amqp_url()).await;
    let strict = exchange(&amqp_url(), &far.name, true, LIMIT);
    let keys: Vec<&str> = (0..60).map(|n| if n % 3 == 0 { "nowhere" } else { "positions" }).collect();
    let published = keys.iter().map(|key| strict.publish(message("id", key, b"x")));
    let results = futures_util::future::join_all(published).await;
    for (key, result) in keys.iter().zip(results) {
        let name = far.name.clone();
        let expected = match *key {
            "positions" => Ok(()),
            key => Err(NotTaken::NoQueue { exchange: name, key: key.to_owned() }),
        };
        assert_eq!(result, expected);
    }
    let lax = exchange(&amqp_url(), &far.name, false, LIMIT);
    assert_eq!(lax.publish(message("id", "nowhere", b"x")).await, Ok(()));
    let long = "k".repeat(256);
    assert_eq!(lax.publish(message("id", &long, b"x")).await, Err(NotTaken::KeyTooLong(256)));
    far.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_let_in_is_told_so() {
    let password = Secret::new("falsch");
    let url = address(&amqp_url());
    let wrong = Exchange::open(&url, Some(("guest", &password)), "amq.topic", false, LIMIT).unwrap();
    let refused = wrong.publish(message("1", "x", b"x")).await;
    assert_eq!(refused, Err(NotTaken::NotLetIn("guest".to_owned())));

    let mut elsewhere = url::Url::parse(&url).unwrap();
    elsewhere.set_path("/no-such-vhost");
    let refused =
        exchange(elsewhere.as_str(), "amq.topic", false, LIMIT).publish(message("1", "x", b"x")).await;
    assert!(
        matches!(&refused, Err(NotTaken::NotAllowed(why)) if why.contains("no-such-vhost")),
        "{refused:?}"
    );

    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = exchange(&format!("amqp://127.0.0.1:{port}"), "amq.topic", false, LIMIT);
    let refused = nobody.publish(message("1", "x", b"x")).await;
    assert!(matches!(&refused, Err(NotTaken::Away(why)) if why.contains("refused")), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_dies_before_it_confirms_has_not_taken_the_message() {
    let mut broker = tokio::task::spawn_blocking(|| PrivateServer::rabbitmq().unwrap()).await.unwrap();
    let far = Far::make(broker.url()).await;
    let quick = exchange(broker.url(), &far.name, true, Duration::from_secs(2));
    let exchange = exchange(broker.url(), &far.name, true, Duration::from_secs(120));
    for exchange in [&quick, &exchange] {
        assert_eq!(exchange.publish(message("before", "positions", b"x")).await, Ok(()));
    }

    broker.freeze().unwrap();
    let silent = quick.publish(message("silence", "positions", b"x")).await;
    assert_eq!(silent, Err(NotTaken::Silent(Duration::from_secs(2))));
    let publishing = exchange.clone();
    let in_flight = tokio::spawn(async move { publishing.publish(message("dies", "positions", b"x")).await });
    tokio::task::yield_now().await;
    broker.kill().unwrap();
    let lost = in_flight.await.unwrap();
    assert!(matches!(&lost, Err(NotTaken::Away(_))), "{lost:?}");

    let broker = tokio::task::spawn_blocking(move || {
        broker.restart().unwrap();
        broker
    })
    .await
    .unwrap();
    // A broker writes down soon, not at once, what was declared: killed that early it may know the exchange and not the queue.
    // Whoever consumes declares it again.
    let _far = Far::named(broker.url(), far.name.clone()).await;
    // The same object finds its way back.
    assert_eq!(exchange.publish(message("after", "positions", b"x")).await, Ok(()));
    drop(broker);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_takes_nothing_for_now_is_told_from_a_silent_one() {
    let short_of_memory = "vm_memory_high_watermark.absolute = 1MB";
    let start = move || PrivateServer::rabbitmq_with(short_of_memory).unwrap();
    let broker = tokio::task::spawn_blocking(start).await.unwrap();
    let exchange = exchange(broker.url(), "amq.topic", false, Duration::from_secs(3));
    for _ in 0..2 {
        let refused = exchange.publish(message("1", "positions", b"x")).await;
        assert_eq!(refused, Err(NotTaken::Blocked));
    }
}
