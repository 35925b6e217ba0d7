//! The change feed as a program follows it.

use std::time::Duration;

use fairlead_model::device::DeviceKind;
use fairlead_model::problem::{ProblemKind, ProblemState};
use fairlead_model::{ProblemId, Trust};
use fairlead_store::problems::{self, Finding};
use fairlead_store::registry::{ModemChoice, devices, links};
use fairlead_store::satellite::modems;
use fairlead_store::{StoreError, Tx};
use fairlead_testkit::{Backend, PATIENCE};
use serde_json::Value;

use crate::port::Port;

fairlead_testkit::on_both_backends!(
    a_program_sees_each_thing_that_changed_as_it_is_now,
    a_program_that_waits_is_told,
    what_is_no_more_is_told_too,
    a_device_is_told_with_its_modem,
    who_was_away_for_too_long_begins_anew,
);

async fn find(port: &Port, subject: &str) -> ProblemId {
    let (clock, subject) = (port.system.clock.clone(), subject.to_owned());
    let work = move |tx: &mut Tx<'_>| -> Result<ProblemId, StoreError> {
        let finding = Finding {
            kind: ProblemKind::FailedWork,
            subject: subject.clone(),
            reason: "a test".to_owned(),
            modem_id: None,
            imei: None,
            message_id: None,
            held_id: None,
            excerpt: None,
        };
        Ok(problems::record(tx, &clock, finding)?.expect("it is new"))
    };
    port.system.store.write(work).await.unwrap()
}

/// Follows the feed from a number until so many things have come.
async fn follow(port: &Port, mut after: i64, wanted: usize) -> (Vec<Value>, i64) {
    let mut items = Vec::new();
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while items.len() < wanted {
        assert!(tokio::time::Instant::now() < deadline, "only {items:?} came");
        let answer = port.system.get("hub", &format!("/api/v1/feed?after={after}&wait_s=5")).await;
        items.extend(answer["items"].as_array().unwrap().iter().cloned());
        after = answer["next_after"].as_i64().unwrap();
    }
    (items, after)
}

async fn a_program_sees_each_thing_that_changed_as_it_is_now(backend: Backend) {
    let port = Port::open(backend, &[]).await;
    find(&port, "before").await;
    port.system.until("hub", "/api/v1/feed", |feed| feed["next_after"] == 1).await;
    let begun = port.system.get("hub", "/api/v1/feed").await;
    assert_eq!(begun["items"].as_array().unwrap().len(), 0, "what was before is in the lists");

    let clock = port.system.clock.clone();
    let create = move |tx: &mut Tx<'_>| {
        modems::create(tx, &clock, "300434063836590".parse().unwrap(), None, Trust::Signed)
    };
    port.system.store.write(create).await.unwrap();
    let id = find(&port, "now").await;
    let (items, next) = follow(&port, 1, 2).await;
    let kinds: Vec<&str> = items.iter().map(|item| item["type"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"modem") && kinds.contains(&"problem"), "{kinds:?}");

    // Settled meanwhile: whoever asks again from the same number is told how it is now, once.
    let clock = port.system.clock.clone();
    let settle = move |tx: &mut Tx<'_>| problems::settle(tx, &clock, id, ProblemState::Discarded);
    assert!(port.system.store.write(settle).await.unwrap());
    follow(&port, next, 1).await;
    let (again, _) = follow(&port, 1, 2).await;
    let problems: Vec<&Value> = again.iter().filter(|item| item["type"] == "problem").collect();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0]["problem"]["state"], "discarded");
    port.system.stop().await;
}

async fn a_program_that_waits_is_told(backend: Backend) {
    let port = Port::open(backend, &[]).await;
    let client = port.system.client.clone();
    let url = port.system.url("hub", "/api/v1/feed?after=0&wait_s=30");
    let waiting = tokio::spawn(async move {
        let answer: Value = client.get(url).send().await.unwrap().json().await.unwrap();
        answer
    });
    let id = find(&port, "now").await;
    let answer = waiting.await.unwrap();
    assert_eq!(answer["items"][0]["problem"]["id"], id.to_string(), "{answer}");
    port.system.stop().await;
}

async fn what_is_no_more_is_told_too(backend: Backend) {
    let port = Port::open(backend, &[]).await;
    let id = find(&port, "moot").await;
    let (_, next) = follow(&port, 0, 1).await;
    let subjects = vec!["moot".to_owned()];
    let forget = move |tx: &mut Tx<'_>| problems::forget(tx, ProblemKind::FailedWork, subjects.clone());
    assert_eq!(port.system.store.write(forget).await.unwrap(), 1);
    let (items, _) = follow(&port, next, 1).await;
    assert_eq!((&items[0]["type"], &items[0]["id"]), (&"problem_gone".into(), &id.to_string().into()));
    port.system.stop().await;
}

async fn a_device_is_told_with_its_modem(backend: Backend) {
    let port = Port::open(backend, &[]).await;
    let clock = port.system.clock.clone();
    let new = devices::NewDevice {
        kind: DeviceKind::Buoy,
        name: Some("Otter".to_owned()),
        modem: Some(ModemChoice::Imei("300434063836590".to_owned())),
        serial: None,
        since: None,
        groups: Vec::new(),
    };
    let create = move |tx: &mut Tx<'_>| devices::create(tx, &clock, &new, "test");
    let id = port.system.store.write(create).await.unwrap().unwrap().id.into();
    let (items, next) = follow(&port, 0, 2).await;
    let told: Vec<_> = items.iter().map(|item| item["type"].as_str().unwrap()).collect();
    assert_eq!(told, ["modem", "device"]);
    assert_eq!(items[0]["modem"]["device"]["name"], "Otter");
    assert_eq!(items[1]["device"]["modem"]["imei"], "300434063836590");

    let clock = port.system.clock.clone();
    let remove = move |tx: &mut Tx<'_>| {
        links::unlink(tx, clock.now(), id, None, "test")?.unwrap();
        let row = devices::claim(tx, id)?;
        devices::delete(tx, clock.now(), &row)
    };
    port.system.store.write(remove).await.unwrap().unwrap();
    let (items, _) = follow(&port, next, 2).await;
    assert_eq!(items[0]["modem"]["device"], Value::Null);
    assert_eq!((&items[1]["type"], &items[1]["id"]), (&"device_gone".into(), &id.to_string().into()));
    port.system.stop().await;
}

async fn who_was_away_for_too_long_begins_anew(backend: Backend) {
    let port = Port::open(backend, &["hub.feed_days=1"]).await;
    find(&port, "old").await;
    port.system.until("hub", "/api/v1/feed", |feed| feed["next_after"] == 1).await;
    let clock = port.system.clock.clone();
    let ahead = clock.now().plus(Duration::from_secs(2 * 86_400));
    let forget = move |tx: &mut Tx<'_>| fairlead_store::changes::forget_before(tx, ahead, 10);
    assert_eq!(port.system.store.write(forget).await.unwrap(), 1);
    let ask = async |query: &str| {
        let url = port.system.url("hub", &format!("/api/v1/feed{query}"));
        let response = port.system.client.get(url).send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json::<Value>().await.unwrap())
    };
    for query in ["?after=0", "?after=2", "?after=9000"] {
        let (status, problem) = ask(query).await;
        assert_eq!((status, problem["code"].as_str().unwrap()), (410, "FL-0417"), "{query}");
    }
    assert_eq!(ask("?after=1").await.0, 200);
    assert_eq!(ask("?wait_s=31").await.0, 400);
    assert_eq!(ask("?after=-1").await.0, 410);
    port.system.stop().await;
}
