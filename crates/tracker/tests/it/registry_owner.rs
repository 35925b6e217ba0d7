//! Whose messages are, and what the pages are told of it.

use fairlead_runtime::Host;
use fairlead_testkit::{Backend, System};
use fairlead_tracker::Tracker;
use reqwest::Method;
use serde_json::{Value, json};

use crate::ear::Ear;
use crate::registry::{A, B, address, ask, done, made, modem_id, path, post};
use crate::sea::{Sea, id_of, message, minutes, pk101, start};

fairlead_testkit::on_both_backends!(
    old_messages_stay_with_the_device_that_sent_them,
    a_repaired_copy_is_its_originals_devices,
    the_pages_are_told_what_changes,
);

/// The ids of a list of messages.
async fn ids(sea: &Sea, query: &str) -> Vec<String> {
    let messages = sea.items(&format!("/api/v1/messages?{query}")).await;
    messages.iter().map(|message| message["id"].as_str().unwrap().to_owned()).collect()
}

async fn old_messages_stay_with_the_device_that_sent_them(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let clock = sea.system.clock.clone();
    let mut rows = Vec::new();
    for (imei, n) in [(A, 0_i32), (A, 1), (B, 2), (A, 3)] {
        let at = start().minus(minutes(60)).plus(minutes(10 * u64::from(n.unsigned_abs())));
        rows.push(message(&clock, imei, n, at, &pk101(at, "3750.5117", 10)));
        sea.system.hand.advance(std::time::Duration::from_millis(2));
    }
    sea.handle(&rows).await;
    let (a, b) = (modem_id(&sea, A).await, modem_id(&sea, B).await);
    let id = |n: usize| id_of(&rows[n]).to_string();
    let one = made(&sea, json!({"kind": "buoy", "name": "one", "modem_id": a})).await;
    let two = made(&sea, json!({"kind": "handset", "name": "two"})).await;
    let of = |device: &Value| format!("device_id={}", device["id"].as_str().unwrap());
    assert_eq!(ids(&sea, &of(&one)).await, [id(3), id(1), id(0)], "it brought all its messages along");

    // Modem A moves from one to two in the past; one gets modem B.
    let moved = start().minus(minutes(35));
    done(&sea, &one, "unlink", json!({"at": moved})).await;
    done(&sea, &two, "link", json!({"modem_id": a, "since": moved})).await;
    done(&sea, &one, "link", json!({"modem_id": b, "since": start().minus(minutes(1))})).await;
    sea.system.hand.advance(minutes(1));
    let at = sea.system.clock.now();
    let newest = message(&clock, B, 4, at, &pk101(at, "3750.5117", 10));
    sea.handle(std::slice::from_ref(&newest)).await;
    let newest = id_of(&newest).to_string();
    assert_eq!(ids(&sea, &of(&one)).await, [newest.clone(), id(1), id(0)]);
    assert_eq!(ids(&sea, &of(&two)).await, [id(3)]);
    assert_eq!(ids(&sea, &format!("{}&limit=1&cursor={newest}", of(&one))).await, [id(1)]);
    assert_eq!(ids(&sea, &format!("{}&modem_id={}", of(&one), b.as_str().unwrap())).await, [newest]);
    assert_eq!(ids(&sea, &format!("{}&state=problem", of(&one))).await, Vec::<String>::new());

    // Each list says the same as each message.
    let all = sea.items("/api/v1/messages").await;
    let owners: Vec<_> = all.iter().rev().map(|message| message["device"]["name"].clone()).collect();
    assert_eq!(owners, [json!("one"), json!("one"), Value::Null, json!("two"), json!("one")]);
    for message in &all {
        assert_eq!(sea.detail(message["id"].as_str().unwrap().parse().unwrap()).await["message"], *message);
    }
    let (status, _) = ask(
        &sea,
        &sea.system.client,
        Method::GET,
        "/api/v1/messages?device_id=019e830e-1a00-7edf-a648-1715466fba82",
        None,
    )
    .await;
    assert_eq!(status, 404);
    sea.system.stop().await;
}

async fn a_repaired_copy_is_its_originals_devices(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let at = start().minus(minutes(60));
    sea.handle(&[sea.message(1, at, "PK0x1;lat")]).await;
    let a = modem_id(&sea, A).await;
    let one = made(&sea, json!({"kind": "buoy", "name": "one", "modem_id": a})).await;
    done(&sea, &one, "unlink", json!({"at": at.plus(minutes(1))})).await;
    made(&sea, json!({"kind": "buoy", "name": "two", "modem_id": a})).await;
    sea.system.hand.advance(minutes(1));
    let problem = sea.problems("state=open").await.remove(0);
    let (status, _) = sea.settle(&problem, "repair", Some(&pk101(at, "3750.5117", 10))).await;
    assert_eq!(status.as_u16(), 200);
    sea.system.hand.advance(minutes(1));
    sea.settled().await;
    let messages = sea.items("/api/v1/messages").await;
    assert_eq!(messages[0]["replaces"], messages[1]["id"]);
    let owners: Vec<_> = messages.iter().map(|message| message["device"]["name"].clone()).collect();
    assert_eq!(owners, ["one", "one"]);
    assert_eq!(ids(&sea, &format!("device_id={}", one["id"].as_str().unwrap())).await.len(), 2);
    sea.system.stop().await;
}

async fn the_pages_are_told_what_changes(backend: Backend) {
    let services: Vec<Box<dyn fairlead_runtime::Hosted>> =
        vec![Box::new(Host::<Tracker>::new()), Box::new(Host::<Ear>::new())];
    let sea = Sea { system: System::start(backend, services, &[]).await };
    let heard = async |wanted: &dyn Fn(&Value) -> bool| {
        let any = |heard: &Value| heard.as_array().unwrap().iter().any(wanted);
        sea.system.until("ear", "/heard", any).await;
    };
    let device = made(&sea, json!({"kind": "buoy", "name": "Otter"})).await;
    // News are passing, and on a broker nobody listens at once: it is told until it was heard.
    let deadline = tokio::time::Instant::now() + fairlead_testkit::PATIENCE;
    while sea.system.get("ear", "/heard").await == json!([]) {
        assert!(tokio::time::Instant::now() < deadline, "nothing was heard");
        let change = json!({"serial": "7"});
        ask(&sea, &sea.system.client, Method::PATCH, &address(&device), Some(change)).await;
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    heard(&|news| news["type"] == "device" && news["device"]["serial"] == "7").await;

    let at = start().minus(minutes(60));
    sea.handle(&[sea.message(1, at, &pk101(at, "3750.5117", 10))]).await;
    heard(&|news| news["type"] == "message" && news["message"]["device"] == Value::Null).await;
    let a = modem_id(&sea, A).await;
    done(&sea, &device, "link", json!({"modem_id": a})).await;
    heard(&|news| news["type"] == "device" && news["device"]["modem"]["imei"] == A).await;
    heard(&|news| news["type"] == "modem" && news["modem"]["device"]["name"] == "Otter").await;
    let at = start().minus(minutes(50));
    sea.handle(&[sea.message(2, at, &pk101(at, "3750.5117", 10))]).await;
    heard(&|news| news["type"] == "message" && news["message"]["device"]["name"] == "Otter").await;

    let (_, group) = post(&sea, "/api/v1/groups", json!({"name": "bay"})).await;
    let members = format!("/api/v1/groups/{}/devices", group["id"].as_str().unwrap());
    let body = json!({"device_ids": [device["id"]]});
    assert_eq!(ask(&sea, &sea.system.client, Method::PUT, &members, Some(body)).await.0, 200);
    heard(&|news| news["type"] == "device" && news["device"]["groups"][0]["name"] == "bay").await;
    let (status, _) = post(&sea, &path(&device, "unlink"), json!({})).await;
    assert_eq!(status, 200);
    let (status, _) = ask(&sea, &sea.system.client, Method::DELETE, &address(&device), None).await;
    assert_eq!(status, 204);
    heard(&|news| news["type"] == "device_gone" && news["id"] == device["id"]).await;
    sea.system.stop().await;
}
