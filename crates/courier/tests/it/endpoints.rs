//! Endpoints in the hands of a person: made, changed, tested, deleted.

use fairlead_model::role::Role;
use fairlead_model::route::NewRoute;
use fairlead_model::{EndpointId, RouteId};
use fairlead_store::Tx;
use fairlead_store::routing::routes;
use fairlead_testkit::{Backend, on_both_backends};
use reqwest::Method;
use serde_json::{Value, json};

use crate::mailroom::Mailroom;
use crate::receiver::{Mood, Receiver};

on_both_backends!(
    a_change_of_an_endpoint_keeps_the_secrets_that_were_made_meanwhile,
    what_a_person_says_of_an_endpoint_is_checked,
    a_webhooks_address_is_shown_in_short,
    an_endpoint_in_use_stays_and_one_that_goes_takes_what_waits_along,
    a_changed_endpoint_gets_what_waits_at_its_new_address,
    a_test_shows_what_came_of_it,
    a_test_that_is_under_way_does_not_wait,
    secrets_of_another_key_are_a_failure_of_their_endpoint,
);

async fn a_change_of_an_endpoint_keeps_the_secrets_that_were_made_meanwhile(backend: Backend) {
    let room = Mailroom::open(backend).await;
    // A name that is looked up takes its time.
    let (id, _) = room.webhook("maps", "http://localhost:9/").await;
    for keys in 2..=5 {
        let wish = json!({"name": "maps", "config": {"kind": "webhook", "url": "http://localhost:9/"}});
        let path = format!("/api/v1/endpoints/{id}/signing-keys");
        let changes = (0..4).map(|_| room.put(id, wish.clone()));
        let ((status, _), changes) =
            tokio::join!(room.post(&path, json!({})), futures_util::future::join_all(changes));
        assert_eq!(status, 201);
        assert!(changes.iter().all(|(status, _)| *status == 200), "{changes:?}");
        assert_eq!(room.endpoint(id).await["signing_keys"].as_array().unwrap().len(), keys);
    }
    room.close().await;
}

async fn what_a_person_says_of_an_endpoint_is_checked(backend: Backend) {
    let room = Mailroom::open(backend).await;
    let new = |name: &str, url: &str| json!({"name": name, "config": {"kind": "webhook", "url": url}});
    let url = "http://127.0.0.1:9/";
    let (id, secret) = room.webhook("maps", url).await;
    assert!(secret.starts_with("whsec_"));
    let (status, answer) = room.post("/api/v1/endpoints", new("MAPS", url)).await;
    assert_eq!((status.as_u16(), &answer["errors"]), (409, &json!(["The name maps is taken."])));
    let (status, answer) = room
        .post("/api/v1/endpoints", json!({"name": " ", "config": {"kind": "webhook", "url": "ftp://x", "concurrency": 0, "timeout_s": 61}}))
        .await;
    assert_eq!((status.as_u16(), answer["errors"].as_array().unwrap().len()), (422, 4), "{answer}");
    let (status, _) = room.post("/api/v1/endpoints", new("x", "http://user:pw@127.0.0.1/")).await;
    assert_eq!(status, 422);
    // What is secret is never answered.
    let shown = room.endpoint(id).await.to_string();
    assert!(!shown.contains(&secret) && !shown.contains("sealed"), "{shown}");
    let path = format!("/api/v1/endpoints/{id}");
    let changed = json!({"name": "charts", "config": {"kind": "webhook", "url": url, "timeout_s": 5}});
    let (status, answer) = room.ask(Method::PUT, &path, Some(changed)).await;
    assert_eq!(
        (status.as_u16(), &answer["name"], &answer["config"]["timeout_s"]),
        (200, &json!("charts"), &json!(5))
    );
    assert_eq!(answer["signing_keys"].as_array().unwrap().len(), 1);
    for role in [Role::Viewer, Role::Operator] {
        let client = room.system.client_as(role).await;
        let address = room.system.url("courier", &path);
        assert_eq!(client.get(&address).send().await.unwrap().status(), 200);
        assert_eq!(client.delete(&address).send().await.unwrap().status(), 403);
        let tested = client.post(format!("{address}/test")).send().await.unwrap();
        assert_eq!(tested.status(), 403);
    }
    assert_eq!(room.get("/api/v1/endpoints?limit=1").await["items"][0]["name"], "charts");
    let log = room.system.store.read(|conn| fairlead_store::audit::list(conn, None, None, 10)).await.unwrap();
    let actions: Vec<_> = log.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["endpoint.change", "endpoint.create"]);
    room.close().await;
}

async fn a_webhooks_address_is_shown_in_short(backend: Backend) {
    let room = Mailroom::open(backend).await;
    let receiver = Receiver::open().await;
    let id = room.webhook_of("maps", &receiver).await;
    let (path, whole) = (format!("/api/v1/endpoints/{id}"), format!("http://{}/hook", receiver.address));
    let short = format!("http://{}/…", receiver.address);
    for (role, url) in [(Role::Viewer, &short), (Role::Operator, &short), (Role::Admin, &whole)] {
        let client = room.system.client_as(role).await;
        let shown: Value =
            client.get(room.system.url("courier", &path)).send().await.unwrap().json().await.unwrap();
        assert_eq!(shown["config"]["url"], json!(url), "{role:?}");
        let all = client.get(room.system.url("courier", "/api/v1/endpoints")).send().await.unwrap();
        let all = all.text().await.unwrap();
        assert!(all.contains(&short) && !all.contains("/hook"), "{role:?}: {all}");
    }
    // Saved as it is shown, it stays what it is.
    let asked =
        |url: &str| json!({"name": "maps", "config": {"kind": "webhook", "url": url, "timeout_s": 7}});
    let (status, changed) = room.ask(Method::PUT, &path, Some(asked(&short))).await;
    assert_eq!((status.as_u16(), &changed["config"]["timeout_s"]), (200, &json!(7)));
    assert_eq!(changed["config"]["url"], json!(short));
    room.letters(id, 3).await;
    room.until_empty(id).await;
    assert_eq!(receiver.got().len(), 3);
    // Of another host nobody knows what is behind it.
    for (method, path) in [(Method::PUT, path.as_str()), (Method::POST, "/api/v1/endpoints")] {
        let (status, answer) = room.ask(method, path, Some(asked("http://127.0.0.1:9/…"))).await;
        assert_eq!(status, 422);
        assert!(answer["detail"].as_str().unwrap().contains("Give it whole."), "{answer}");
    }
    room.close().await;
    receiver.close().await;
}

/// Makes a route to an endpoint, as the tracker does.
async fn route_to(room: &Mailroom, endpoint: EndpointId) -> RouteId {
    let new: NewRoute = serde_json::from_value(json!({
        "name": "charts", "source": {"type": "any"}, "messages": ["position"],
        "target": {"type": "endpoint", "id": endpoint},
    }))
    .unwrap();
    let clock = room.system.clock.clone();
    let make = move |tx: &mut Tx<'_>| routes::create(tx, &clock, &new, Vec::new(), "test");
    room.system.store.write(make).await.unwrap().unwrap().id
}

async fn an_endpoint_in_use_stays_and_one_that_goes_takes_what_waits_along(backend: Backend) {
    let room = Mailroom::open(backend).await;
    let receiver = Receiver::open().await;
    let id = room.webhook_of("maps", &receiver).await;
    receiver.mood(Mood::Status(500));
    let letters = room.letters(id, 10).await;
    room.until_endpoint(id, |endpoint| endpoint["next_try_at"] != Value::Null).await;
    let route = route_to(&room, id).await;
    let path = format!("/api/v1/endpoints/{id}");
    let (status, answer) = room.ask(Method::DELETE, &path, None).await;
    assert_eq!(
        (status.as_u16(), answer["detail"].as_str().unwrap()),
        (409, "maps is in use by route 1 (charts). Delete that route first, or let it deliver elsewhere.")
    );
    assert_eq!(room.endpoint(id).await["routes"], 1);
    room.system.store.write(move |tx| routes::delete(tx, route)).await.unwrap();
    assert_eq!(room.ask(Method::DELETE, &path, None).await.0, 204);
    assert_eq!(room.ask(Method::GET, &path, None).await.0, 404);
    let one = room.delivery(letters[0]).await["delivery"].clone();
    assert_eq!(
        (&one["state"], &one["cause"]),
        (&json!("discarded"), &json!("The endpoint maps was deleted."))
    );
    assert_eq!(one["endpoint"], Value::Null);
    // A delivery that was made at that very moment goes the same way.
    let late = room.letters(id, 1).await[0];
    let late = room.until_delivery(late, |delivery| delivery["state"] == "discarded").await;
    assert_eq!(late["delivery"]["cause"], "Its endpoint was deleted.");
    let again = format!("/api/v1/deliveries/{}/redeliver", letters[0]);
    assert_eq!(room.post(&again, json!({"reason": "a try"})).await.0, 409);
    room.close().await;
    receiver.close().await;
}

async fn a_changed_endpoint_gets_what_waits_at_its_new_address(backend: Backend) {
    let room = Mailroom::open(backend).await;
    let (old, new) = (Receiver::open().await, Receiver::open().await);
    let (id, secret) = room.webhook("maps", &old.url()).await;
    new.trust(&secret);
    old.mood(Mood::Status(404));
    let letters = room.letters(id, 20).await;
    room.until_endpoint(id, |endpoint| endpoint["next_try_at"] != Value::Null).await;
    let change = json!({"name": "maps", "config": {"kind": "webhook", "url": new.url()}});
    let (status, answer) = room.ask(Method::PUT, &format!("/api/v1/endpoints/{id}"), Some(change)).await;
    assert_eq!((status.as_u16(), &answer["failure"]), (200, &Value::Null));
    room.until_empty(id).await;
    assert_eq!(new.got().len(), 20);
    assert_eq!(new.got()[&letters[3].to_string()].1, "{\"n\":3}");
    room.close().await;
    old.close().await;
    new.close().await;
}

async fn a_test_shows_what_came_of_it(backend: Backend) {
    let room = Mailroom::open(backend).await;
    let receiver = Receiver::open().await;
    let id = room.webhook_of("maps", &receiver).await;
    let path = format!("/api/v1/endpoints/{id}/test");
    let good = room.done(&path, json!({})).await;
    assert_eq!((&good["delivery"]["state"], &good["response"]), (&json!("delivered"), &json!("noted")));
    assert!(good["body"].as_str().unwrap().contains("\"test\":true"), "{good}");
    receiver.mood(Mood::Status(500));
    let bad = room.done(&path, json!({})).await;
    assert_eq!(
        (&bad["delivery"]["state"], &bad["delivery"]["cause"]),
        (&json!("failed"), &json!("It answered 500 Internal Server Error."))
    );
    assert_eq!(receiver.requests(), 2, "a test is tried once");
    assert_eq!(
        room.ask(Method::POST, &format!("/api/v1/endpoints/{}/test", uuid::Uuid::nil()), None).await.0,
        404
    );
    // A test that goes well shows that a failing endpoint is back.
    room.letters(id, 20).await;
    room.until_endpoint(id, |endpoint| endpoint["next_try_at"] != Value::Null).await;
    receiver.mood(Mood::Status(200));
    room.done(&path, json!({})).await;
    room.until_empty(id).await;
    room.close().await;
    receiver.close().await;
}

async fn a_test_that_is_under_way_does_not_wait(backend: Backend) {
    let room = Mailroom::open(backend).await;
    let receiver = Receiver::open().await;
    receiver.mood(Mood::Held);
    let id = room.webhook_of("maps", &receiver).await;
    room.done(&format!("/api/v1/endpoints/{id}/disable"), json!({"reason": "holidays"})).await;
    let path = format!("/api/v1/endpoints/{id}/test");
    let testing = tokio::spawn(room.system.client.post(room.system.url("courier", &path)).send());
    receiver.until_requests(1).await;
    // Whatever becomes of this process, it is nothing that waits.
    assert_eq!(room.endpoint(id).await["waiting"], 0);
    let failed = room.listed(id, "failed").await;
    assert_eq!((failed.len(), &failed[0]["cause"]), (1, &json!("The test was not finished.")));
    receiver.go_on();
    let detail: Value = testing.await.unwrap().unwrap().json().await.unwrap();
    assert_eq!(
        (&detail["delivery"]["state"], &detail["delivery"]["attempts"]),
        (&json!("delivered"), &json!(1))
    );
    room.close().await;
    receiver.close().await;
}

async fn secrets_of_another_key_are_a_failure_of_their_endpoint(backend: Backend) {
    let mut room = Mailroom::open(backend).await;
    let receiver = Receiver::open().await;
    let id = room.webhook_of("maps", &receiver).await;
    let other = "courier.secrets_key=BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    room.restart_with(&[other, "courier.webhook_networks=127.0.0.0/8"]).await;
    let letter = room.letters(id, 1).await[0];
    let failed = room.until_delivery(letter, |delivery| delivery["attempts"] == 1).await;
    let cause = failed["delivery"]["cause"].as_str().unwrap();
    assert!(cause.contains("courier.secrets_key"), "{cause}");
    assert_eq!(receiver.requests(), 0);
    // With the key it goes out.
    room.restart_with(&["courier.webhook_networks=127.0.0.0/8"]).await;
    room.advance(6);
    room.until_empty(id).await;
    assert_eq!(receiver.requests(), 1);
    room.close().await;
    receiver.close().await;
}
