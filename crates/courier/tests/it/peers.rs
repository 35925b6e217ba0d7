//! Queues and brokers, by way of the courier: from the row of a delivery to what the peer has.

use std::collections::BTreeSet;

use aws_sdk_sqs::config::{Builder, Credentials, Region};
use fairlead_model::EndpointId;
use fairlead_testkit::{Backend, FarExchange, PATIENCE, on_both_backends};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use serde_json::{Value, json};

use crate::mailroom::Mailroom;

on_both_backends!(
    a_queue_at_aws_has_every_letter_and_one_that_is_gone_is_said_so,
    letters_wait_for_an_exchange_that_is_missing,
    letters_wait_for_a_broker_that_restarts,
    what_would_come_back_to_us_is_no_target,
    secrets_are_changed_one_by_one,
    a_broker_keeps_the_newest_also_after_a_restart,
);

async fn a_queue_at_aws_has_every_letter_and_one_that_is_gone_is_said_so(backend: Backend) {
    let room = Mailroom::open(backend).await;
    let moto = tokio::task::spawn_blocking(fairlead_testkit::moto_url).await.unwrap();
    let credentials = Credentials::new("AKIAEXAMPLE", "geheim", None, None, "test");
    let config = Builder::new()
        .behavior_version_latest()
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials)
        .endpoint_url(moto)
        .build();
    let client = aws_sdk_sqs::Client::from_conf(config);
    let name = format!("q{}", uuid::Uuid::new_v4().simple());
    let url = client.create_queue().queue_name(name).send().await.unwrap().queue_url.unwrap();

    let secrets = json!({"username": "AKIAEXAMPLE", "password": "geheim"});
    let id = room.endpoint_with("queue", json!({"kind": "sqs", "url": url}), secrets).await;
    let sent = room.letters(id, 40).await;
    room.until_empty(id).await;
    let mut bodies = BTreeSet::new();
    while bodies.len() < sent.len() {
        let request = client.receive_message().queue_url(&url).max_number_of_messages(10);
        let messages = request.send().await.unwrap().messages.unwrap_or_default();
        assert!(!messages.is_empty(), "{bodies:?}");
        bodies.extend(messages.into_iter().filter_map(|message| message.body));
    }
    assert_eq!(bodies, (0..40).map(|n| format!("{{\"n\":{n}}}")).collect());
    let delivered = room.delivery(sent[0]).await;
    assert_eq!(delivered["delivery"]["state"], "delivered");
    assert!(delivered["response"].as_str().unwrap().len() >= 36, "{delivered}");

    client.delete_queue().queue_url(&url).send().await.unwrap();
    room.letters(id, 1).await;
    let failing = room.until_endpoint(id, |endpoint| endpoint["health"] == "failing").await;
    assert_eq!(failing["failure"], "There is no such queue: check its address, and whether it was deleted.");
    room.close().await;
}

async fn letters_wait_for_an_exchange_that_is_missing(backend: Backend) {
    let room = Mailroom::open(backend).await;
    let far = FarExchange::new().await;
    let config = json!({"kind": "amqp", "url": far.url, "exchange": far.name});
    let secrets = json!({"username": far.username, "password": far.password});
    let id = room.endpoint_with("exchange", config, secrets).await;
    let sent = room.letters(id, 20).await;
    let failing = room.until_endpoint(id, |endpoint| endpoint["health"] == "failing").await;
    let why = format!("The broker has no exchange `{}`: declare it there, or name another one.", far.name);
    assert_eq!(failing["failure"], why);
    far.declare().await;
    until_empty_again(&room, id).await;
    let mut ids = BTreeSet::new();
    // Time leaps here, so a letter may well be there twice.
    while ids.len() < sent.len() {
        let message = far.next(1).await.remove(0);
        assert_eq!(message.key, "fairlead.buoy.PK001");
        ids.insert(message.id);
    }
    assert_eq!(ids, sent.iter().map(ToString::to_string).collect());
    assert_eq!(room.endpoint(id).await["health"], "good");
    far.remove().await;
    room.close().await;
}

async fn letters_wait_for_a_broker_that_restarts(backend: Backend) {
    let room = Mailroom::open(backend).await;
    let mut broker = tokio::task::spawn_blocking(fairlead_testkit::mosquitto).await.unwrap();
    let config = json!({
        "kind": "mqtt", "url": format!("mqtt://127.0.0.1:{}", broker.port()), "retain": false,
    });
    let secrets = json!({"username": "fairlead", "password": "geheim"});
    let id = room.endpoint_with("broker", config, secrets).await;
    room.letters(id, 1).await;
    room.until_empty(id).await;

    broker.stop().unwrap();
    let sent = room.letters(id, 30).await;
    let failing = room.until_endpoint(id, |endpoint| endpoint["health"] == "failing").await;
    let failure = failing["failure"].as_str().unwrap();
    assert!(
        failure.starts_with("The broker cannot be reached: ") || failure.contains("was lost"),
        "{failure}"
    );
    broker.restart().unwrap();
    let mut options = MqttOptions::new("subscriber", "127.0.0.1", broker.port());
    options.set_credentials("fairlead", "geheim");
    let (client, mut events) = AsyncClient::new(options, 10);
    client.subscribe("fairlead/#", QoS::AtLeastOnce).await.unwrap();
    while !matches!(events.poll().await.unwrap(), Event::Incoming(Packet::SubAck(_))) {}
    let listening = tokio::spawn(async move {
        let mut bodies = BTreeSet::new();
        while bodies.len() < 30 {
            if let Event::Incoming(Packet::Publish(publish)) = events.poll().await.unwrap() {
                assert_eq!(publish.topic, "fairlead/buoy/PK001");
                bodies.insert(String::from_utf8(publish.payload.to_vec()).unwrap());
            }
        }
        bodies
    });
    until_empty_again(&room, id).await;
    let bodies = tokio::time::timeout(PATIENCE, listening).await.unwrap().unwrap();
    assert_eq!(bodies, (0..30).map(|n| format!("{{\"n\":{n}}}")).collect());
    assert_eq!(room.delivery(sent[29]).await["delivery"]["state"], "delivered");
    room.close().await;
}

async fn what_would_come_back_to_us_is_no_target(backend: Backend) {
    let room = Mailroom::open(backend).await;
    // Over a broker each test has names of its own.
    let prefix = room.system.bus_prefix();
    for (exchange, key, part) in [
        (format!("{prefix}.dead"), "x".to_owned(), "one of Fairlead's own: choose another."),
        (format!("{prefix}.topic.live"), "x".to_owned(), "one of Fairlead's own: choose another."),
        (String::new(), format!("{prefix}.delivery.waiting"), "choose a key"),
    ] {
        let config = json!({
            "kind": "amqp", "url": "amqp://127.0.0.1", "exchange": exchange, "routing_key": key,
        });
        let (status, answer) =
            room.post("/api/v1/endpoints", json!({"name": "loop", "config": config})).await;
        assert_eq!(status.as_u16(), 422, "{answer}");
        assert!(answer.to_string().contains(part), "{answer}");
    }
    room.close().await;
}

async fn a_broker_keeps_the_newest_also_after_a_restart(backend: Backend) {
    let mut room = Mailroom::open(backend).await;
    let broker = tokio::task::spawn_blocking(fairlead_testkit::mosquitto).await.unwrap();
    let config = json!({"kind": "mqtt", "url": format!("mqtt://127.0.0.1:{}", broker.port())});
    let secrets = json!({"username": "fairlead", "password": "geheim"});
    let id = room.endpoint_with("broker", config, secrets).await;
    let older = room.letters_saying(id, vec!["older".to_owned()]).await[0];
    room.until_empty(id).await;
    room.advance(100);
    room.letters_saying(id, vec!["newest".to_owned()]).await;
    room.until_empty(id).await;
    room.restart().await;
    let path = format!("/api/v1/deliveries/{older}/redeliver");
    room.done(&path, json!({"reason": "they lost it"})).await;
    room.until_delivery(older, |delivery| delivery["state"] == "delivered").await;
    room.done(&format!("/api/v1/endpoints/{id}/test"), json!({})).await;
    let mut options = MqttOptions::new("subscriber", "127.0.0.1", broker.port());
    options.set_credentials("fairlead", "geheim");
    let (client, mut events) = AsyncClient::new(options, 10);
    client.subscribe("fairlead/#", QoS::AtLeastOnce).await.unwrap();
    let kept = async {
        loop {
            if let Event::Incoming(Packet::Publish(publish)) = events.poll().await.unwrap() {
                return publish;
            }
        }
    };
    let kept = tokio::time::timeout(PATIENCE, kept).await.unwrap();
    assert_eq!((kept.topic.as_str(), kept.payload.as_ref()), ("fairlead/buoy/PK001", &b"newest"[..]));
    room.close().await;
}

async fn secrets_are_changed_one_by_one(backend: Backend) {
    let room = Mailroom::open(backend).await;
    let both = json!({"username": "old", "password": "geheim"});
    let queue = "https://sqs.eu-central-1.amazonaws.com/123456789012/buoys";
    for (name, config) in [
        ("broker", json!({"kind": "mqtt", "url": "mqtt://127.0.0.1:9"})),
        ("queue", json!({"kind": "sqs", "url": queue})),
    ] {
        let id = room.endpoint_with(name, config.clone(), both.clone()).await;
        let put = |secrets: Value| room.put(id, json!({"name": name, "config": config, "secrets": secrets}));
        for (wish, username) in [
            (json!({"username": "new"}), "new"),
            (json!({"password": "anders"}), "new"),
            (json!({"username": "newer", "password": null}), "newer"),
            (json!({}), "newer"),
            (Value::Null, "newer"),
        ] {
            let (status, answer) = put(wish).await;
            assert_eq!((status.as_u16(), &answer["username"]), (200, &json!(username)), "{name} {answer}");
            assert_eq!(answer["has_password"], true, "{name} {username}");
        }
        let (status, answer) = put(json!({"password": ""})).await;
        if name == "queue" {
            // A queue takes both or neither.
            assert_eq!(status, 422, "{answer}");
        } else {
            assert_eq!((&answer["username"], &answer["has_password"]), (&json!("newer"), &json!(false)));
        }
        let (status, answer) = put(json!({"username": "", "password": ""})).await;
        assert_eq!((status.as_u16(), &answer["username"]), (200, &Value::Null), "{answer}");
        assert_eq!(answer["has_password"], false);
    }
    room.close().await;
}

/// Lets time go by until nothing waits: a peer that failed is asked again after a pause.
async fn until_empty_again(room: &Mailroom, id: EndpointId) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let endpoint: Value = room.endpoint(id).await;
        if endpoint["waiting"] == 0 {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "{endpoint}");
        room.advance(601);
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}
