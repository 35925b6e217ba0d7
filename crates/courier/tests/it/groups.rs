//! One order for all devices of a group.

use fairlead_model::role::Role;
use fairlead_store::registry::groups;
use fairlead_testkit::{Backend, on_both_backends};
use reqwest::Response;
use serde_json::{Value, json};

use crate::desk::{Desk, interval};

on_both_backends!(
    each_device_with_a_modem_is_told,
    two_clicks_are_one_order,
    a_budget_ends_in_the_middle_of_a_group,
    what_cannot_be_asked_of_a_group,
);

const PATH: &str = "/api/v1/outgoing/group";

async fn click(desk: &Desk, key: &str, body: &Value) -> Response {
    let post = desk.system.client.post(desk.system.url("courier", PATH)).header("Idempotency-Key", key);
    post.json(body).send().await.unwrap()
}

fn names(refused: &Value) -> Vec<(&str, &str)> {
    let items = refused.as_array().unwrap().iter();
    items.map(|one| (one["device"]["name"].as_str().unwrap(), one["reason"].as_str().unwrap())).collect()
}

fn ids(taken: &Value) -> Vec<&str> {
    taken.as_array().unwrap().iter().map(|mt| mt["id"].as_str().unwrap()).collect()
}

async fn each_device_with_a_modem_is_told(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let group = desk.group("North").await;
    for (n, build) in [(0, "v3_buoy"), (1, "v2_buoy"), (2, "handset")] {
        let modem = desk.modem(n, Some(build)).await;
        desk.device(&format!("PK00{n}"), Some(modem), &[group]).await;
    }
    desk.device("PK003", None, &[group]).await;
    // In no group.
    let modem = desk.modem(4, Some("v3_buoy")).await;
    desk.device("PK004", Some(modem), &[]).await;
    let body = json!({"group_id": group, "order": interval(20), "reason": "calm sea"});
    let answer = desk.done(PATH, &body).await;
    let imeis: Vec<&str> =
        answer["taken"].as_array().unwrap().iter().map(|mt| mt["imei"].as_str().unwrap()).collect();
    assert_eq!(imeis, ["300434063830000", "300434063830001"]);
    assert_eq!(
        names(&answer["refused"]),
        [("PK002", "A handset shows positions and heeds no command."), ("PK003", "PK003 has no modem.")]
    );
    for id in ids(&answer["taken"]) {
        desk.until(id, "accepted").await;
    }
    assert_eq!(desk.charges().len(), 2);
    let audited = desk.audited("outgoing.ask").await;
    assert_eq!(
        audited,
        [(format!("group {group}"), r#"{"type":"interval","minutes":20} calm sea"#.to_owned())]
    );
    desk.close().await;
}

async fn two_clicks_are_one_order(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let group = desk.group("North").await;
    for n in 0..3 {
        let modem = desk.modem(n, Some("v3_buoy")).await;
        desk.device(&format!("PK00{n}"), Some(modem), &[group]).await;
    }
    let late = desk.device("PK003", None, &[group]).await;
    let body = json!({"group_id": group, "order": {"type": "sleep", "seconds": 600}});
    let both = futures_util::future::join_all((0..4).map(|_| click(&desk, "k1", &body))).await;
    let mut answers = Vec::new();
    for response in both {
        assert_eq!(response.status(), 200);
        answers.push(response.json::<Value>().await.unwrap());
    }
    for answer in &answers {
        assert_eq!(ids(&answer["taken"]), ids(&answers[0]["taken"]));
    }
    for id in ids(&answers[0]["taken"]) {
        desk.until(id, "accepted").await;
    }
    assert_eq!(desk.charges().len(), 3);
    // Whoever could not be told then is told by the same request now, and nobody else.
    let modem = desk.modem(3, Some("v3_buoy")).await;
    let clock = desk.system.clock.clone();
    let link = move |tx: &mut fairlead_store::Tx<'_>| {
        let choice = fairlead_store::registry::ModemChoice::Id(modem);
        let wish = fairlead_store::registry::links::Wish { modem: choice, since: None };
        Ok(fairlead_store::registry::links::link(tx, &clock, late, &wish, "a test")?.unwrap())
    };
    desk.system.store.write(link).await.unwrap();
    let again: Value = click(&desk, "k1", &body).await.json().await.unwrap();
    assert_eq!(ids(&again["taken"])[..3], ids(&answers[0]["taken"])[..]);
    desk.until(ids(&again["taken"])[3], "accepted").await;
    assert_eq!(desk.charges().len(), 4);
    let other = json!({"group_id": group, "order": {"type": "sleep", "seconds": 601}});
    assert_eq!(click(&desk, "k1", &other).await.status(), 409);
    assert_eq!(desk.charges().len(), 4);
    desk.close().await;
}

async fn a_budget_ends_in_the_middle_of_a_group(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let group = desk.group("North").await;
    for n in 0..3 {
        let modem = desk.modem(n, Some("v3_buoy")).await;
        desk.device(&format!("PK00{n}"), Some(modem), &[group]).await;
    }
    let budget = json!({"scope": {"type": "group", "id": group}, "period": "day", "credits": 2});
    desk.done("/api/v1/budgets", &budget).await;
    let answer = desk.done(PATH, &json!({"group_id": group, "order": interval(20)})).await;
    assert_eq!(ids(&answer["taken"]).len(), 2);
    let refused = names(&answer["refused"]);
    assert_eq!((refused.len(), refused[0].0), (1, "PK002"));
    assert!(refused[0].1.starts_with("The daily budget of the group North has 0 of 2"), "{refused:?}");
    for id in ids(&answer["taken"]) {
        desk.until(id, "accepted").await;
    }
    assert_eq!(desk.charges().len(), 2);
    desk.close().await;
}

async fn what_cannot_be_asked_of_a_group(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let nobody = json!({"group_id": uuid::Uuid::nil(), "order": interval(20)});
    assert_eq!(desk.refused(PATH, &nobody, 404).await, "There is no group with this id.");
    let group = desk.group("All").await;
    let ask = |order: Value| json!({"group_id": group, "order": order});
    assert_eq!(desk.done(PATH, &ask(interval(20))).await, json!({"taken": [], "refused": []}));
    let operator = desk.system.client_as(Role::Operator).await;
    let url = desk.system.url("courier", PATH);
    let text = ask(json!({"type": "text", "text": "hello"}));
    assert_eq!(operator.post(&url).json(&text).send().await.unwrap().status(), 403);
    assert_eq!(operator.post(&url).json(&ask(interval(20))).send().await.unwrap().status(), 200);
    desk.refused(PATH, &ask(json!({"type": "position", "text": "x"})), 400).await;
    let clock = desk.system.clock.clone();
    let fill = move |tx: &mut fairlead_store::Tx<'_>| {
        let mut all = std::collections::BTreeSet::new();
        for n in 0..501 {
            let new = fairlead_store::registry::devices::NewDevice {
                kind: fairlead_model::device::DeviceKind::Buoy,
                name: Some(format!("B{n}")),
                modem: None,
                serial: None,
                since: None,
                groups: Vec::new(),
            };
            all.insert(
                fairlead_store::registry::devices::create(tx, &clock, &new, "a test")?.unwrap().id.into(),
            );
        }
        groups::set_members(tx, group, &all).map(|set| drop(set.unwrap()))
    };
    desk.system.store.write(fill).await.unwrap();
    let sentence = desk.refused(PATH, &ask(interval(20)), 422).await;
    assert_eq!(sentence, "One order reaches at most 500 devices, and this group has more. Part it.");
    desk.close().await;
}
