//! What can be asked for, and what is refused with a reason.

use fairlead_model::role::Role;
use fairlead_testkit::{Backend, on_both_backends};
use serde_json::json;

use crate::desk::{Desk, interval};

on_both_backends!(
    two_clicks_are_one_message,
    a_device_is_told_only_what_it_heeds,
    roles_and_bounds,
    what_is_offered
);

async fn two_clicks_are_one_message(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let modem = desk.modem(0, Some("v3_buoy")).await;
    let body = json!({"modem_id": modem, "order": interval(20)});
    let click = async |body: &serde_json::Value, key: &str| {
        let post = desk.system.client.post(desk.system.url("courier", "/api/v1/outgoing"));
        post.header("Idempotency-Key", key).json(body).send().await.unwrap()
    };
    let both = futures_util::future::join_all((0..10).map(|_| click(&body, "k1"))).await;
    let mut created = 0;
    let mut ids = std::collections::BTreeSet::new();
    for response in both {
        created += usize::from(response.status() == 201);
        assert!(response.status().is_success(), "{}", response.status());
        let mt: serde_json::Value = response.json().await.unwrap();
        ids.insert(mt["id"].as_str().unwrap().to_owned());
    }
    assert_eq!((created, ids.len()), (1, 1));
    let id = ids.into_iter().next().unwrap();
    desk.until(&id, "accepted").await;
    assert_eq!(desk.charges().len(), 1);
    let other = json!({"modem_id": modem, "order": interval(30)});
    assert_eq!(click(&other, "k1").await.status(), 409);
    assert_eq!(click(&other, "k2").await.status(), 201);
    assert_eq!(click(&other, &"k".repeat(201)).await.status(), 400);
    desk.close().await;
}

async fn a_device_is_told_only_what_it_heeds(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let (v2, v3) = (desk.modem(0, Some("v2_buoy")).await, desk.modem(1, Some("v3_buoy")).await);
    let why = async |modem, order| {
        desk.refused("/api/v1/outgoing", &json!({"modem_id": modem, "order": order}), 422).await
    };
    assert_eq!(why(v3, json!({"type": "beacon", "on": true})).await, "A v3 buoy has no last-mile beacon.");
    assert_eq!(why(v2, interval(1)).await, "An interval for this device has 2 to 1440 minutes.");
    // A person knows better than its texts.
    let path = format!("/api/v1/downlinks/{v2}");
    let said = json!({"generation": "v3_buoy", "reason": "refitted in May"});
    let put = desk.system.client.put(desk.system.url("courier", &path)).json(&said).send().await.unwrap();
    assert_eq!(put.status(), 200);
    desk.ask(v2, interval(1)).await;
    let wrong = json!({"generation": "v4", "reason": ""});
    let put = desk.system.client.put(desk.system.url("courier", &path)).json(&wrong).send().await.unwrap();
    assert_eq!(put.status(), 400);
    desk.close().await;
}

async fn roles_and_bounds(backend: Backend) {
    let desk = Desk::open(backend, &["courier.waiting_per_modem=2"]).await;
    let modem = desk.modem(0, Some("v2_buoy")).await;
    let url = desk.system.url("courier", "/api/v1/outgoing");
    let text = json!({"modem_id": modem, "order": {"type": "text", "text": "+DATA:PK006,5;"}});
    let viewer = desk.system.client_as(Role::Viewer).await;
    assert_eq!(viewer.post(&url).json(&text).send().await.unwrap().status(), 403);
    assert_eq!(viewer.get(&url).send().await.unwrap().status(), 200);
    let operator = desk.system.client_as(Role::Operator).await;
    assert_eq!(operator.post(&url).json(&text).send().await.unwrap().status(), 403);
    desk.done("/api/v1/accounts/rockblock/pause", &json!({"reason": "a test"})).await;
    desk.done("/api/v1/outgoing", &text).await;
    desk.done("/api/v1/outgoing", &text).await;
    let sentence = desk.refused("/api/v1/outgoing", &text, 422).await;
    assert_eq!(sentence, "2 messages wait for this modem already.");
    let nobody = json!({"modem_id": uuid::Uuid::nil(), "order": interval(5)});
    desk.refused("/api/v1/outgoing", &nobody, 404).await;
    let hasty = json!({"modem_id": modem, "order": interval(5), "expires_in_s": 0});
    desk.refused("/api/v1/outgoing", &hasty, 400).await;
    desk.close().await;
}

async fn what_is_offered(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let modem = desk.modem(0, Some("v3_buoy")).await;
    let view = desk.get(&format!("/api/v1/downlinks/{modem}")).await;
    assert_eq!((&view["generation"], &view["wakes"]), (&json!("v3_buoy"), &json!(1)));
    let offer = |kind: &str| {
        view["offers"].as_array().unwrap().iter().find(|offer| offer["kind"] == kind).unwrap().clone()
    };
    assert_eq!(offer("interval")["range"], json!([1, 1440]));
    assert_eq!(offer("beacon")["refusal"], "A v3 buoy has no last-mile beacon.");
    for minutes in [5, 6] {
        let id = desk.ask(modem, interval(minutes)).await;
        desk.until(&id, "accepted").await;
    }
    let view = desk.get(&format!("/api/v1/downlinks/{modem}")).await;
    assert_eq!((&view["before"], &view["wakes"]), (&json!(2), &json!(3)), "one message a wake");
    desk.close().await;
}
