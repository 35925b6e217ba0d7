//! The routing table as scripts for the system before this one know it.

use fairlead_model::role::Role;
use fairlead_testkit::Backend;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::registry::{A, B, ask, made, post};
use crate::routes::{device, endpoint, of, route, to, wanted};
use crate::sea::{Sea, minutes, pk101, start};

fairlead_testkit::on_both_backends!(
    a_routing_table_is_kept_by_numbers,
    creating_says_all_that_is_wrong,
    switching_and_deleting_say_what_is_wrong,
    a_device_that_is_used_is_not_unlinked,
    the_routing_table_is_for_those_who_may,
);

/// A buoy with modem 1, a handset with modem 2, a RockSTAR, the queues 1 and 2.
async fn fleet(sea: &Sea) -> [Value; 3] {
    let devices = [device(sea, "buoy", "PK001", A).await, device(sea, "handset", "HS001", B).await];
    let rockstar = made(sea, json!({"kind": "rockstar", "name": "RS", "serial": "77"})).await;
    for (n, imei) in (1..).zip([A, B]) {
        let at = start().minus(minutes(30));
        let mut row = crate::sea::message(&sea.system.clock, imei, n, at, &pk101(at, "3750.5117", 10));
        row.serial = Some(format!("1376{n}"));
        sea.handle(&[row]).await;
    }
    endpoint(sea, "sqs", "maps", Some(1)).await;
    endpoint(sea, "sqs", "more", Some(2)).await;
    sea.get("/v1/rockblocks").await;
    let [buoy, handset] = devices;
    [buoy, handset, rockstar]
}

fn side(kind: &str, id: i64, label: &str) -> Value {
    json!({"type": kind, "id": id, "label": label})
}

fn buoy() -> Value {
    side("buoy", 1, "13761")
}

fn handset() -> Value {
    side("handset", 2, "13762")
}

fn asked(mut source: Value, msg: &str, target: Value) -> Value {
    source["msg"] = json!(msg);
    json!({"enabled": true, "source": source, "target": target})
}

async fn text(sea: &Sea, path: &str, body: Value) -> (u16, String) {
    let response = sea.system.client.post(sea.system.url("tracker", path)).json(&body).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

async fn created(sea: &Sea, body: Value) {
    assert_eq!(text(sea, "/v1/routing/create", body.clone()).await, (200, "OK".to_owned()), "{body}");
}

async fn refused(sea: &Sea, body: Value, status: u16, errors: &[&str]) {
    let (found, answer) = post(sea, "/v1/routing/create", body.clone()).await;
    assert_eq!((found, &answer), (status, &json!(errors)), "{body}");
}

async fn a_routing_table_is_kept_by_numbers(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let [of_buoy, ..] = fleet(&sea).await;
    created(&sea, asked(buoy(), "pk001", side("sqs", 2, "more"))).await;
    created(&sea, asked(buoy(), "pk001", handset())).await;
    created(&sea, asked(handset(), "command", buoy())).await;
    created(&sea, asked(handset(), "command", side("sqs", 1, "maps"))).await;
    created(&sea, asked(buoy(), "pk001", side("rockstar", 1, "77"))).await;
    let mut off = asked(handset(), "pk001", side("sqs", 1, "maps"));
    off["enabled"] = json!(false);
    created(&sea, off).await;
    // What cannot be said in the words of then is not in this table.
    let hook = endpoint(&sea, "webhook", "hook", None).await;
    route(&sea, wanted(of(&of_buoy), &["position"], to(&hook))).await;
    route(&sea, wanted(json!({"type": "any"}), &["position"], to(&hook))).await;
    let row = |id: i64, source: (&str, i64), msg: &str, target: (&str, i64), enabled: bool| {
        json!({
            "id": id, "source_device_type": source.0, "source_device": source.1, "msg_type": msg,
            "endpoint_type": target.0, "endpoint_id": target.1, "enabled": enabled,
            "created_at": "2026-06-01T12:00:00.000000", "logical_del": false,
        })
    };
    let mut table = sea.get("/v1/routing").await;
    for row in table.as_array_mut().unwrap() {
        row["created_at"] = json!("2026-06-01T12:00:00.000000");
    }
    assert_eq!(
        table,
        json!([
            row(1, ("buoy", 1), "pk001", ("sqs", 2), true),
            row(2, ("buoy", 1), "pk001", ("handset", 2), true),
            row(3, ("handset", 2), "command", ("buoy", 1), true),
            row(4, ("handset", 2), "command", ("sqs", 1), true),
            row(5, ("buoy", 1), "pk001", ("rockstar", 1), true),
            row(6, ("handset", 2), "pk001", ("sqs", 1), false),
        ])
    );
    let routes = sea.items("/api/v1/routes").await;
    let seen: Vec<_> =
        routes[..3].iter().map(|r| [&r["source_name"], &r["messages"][0], &r["format"]]).collect();
    assert_eq!(
        seen,
        [
            [&json!("PK001"), &json!("position"), &json!("original")],
            [&json!("PK001"), &json!("position"), &Value::Null],
            [&json!("HS001"), &json!("command"), &Value::Null],
        ]
    );
    assert_eq!(
        text(&sea, "/v1/routing/enable", json!({"id": 1, "enable": false})).await,
        (200, "OK".to_owned())
    );
    assert_eq!(sea.get("/v1/routing").await[0]["enabled"], false);
    assert_eq!(
        text(&sea, "/v1/routing/enable", json!({"id": "1", "enable": true})).await,
        (200, "OK".to_owned())
    );
    assert_eq!(sea.get("/v1/routing").await[0]["enabled"], true);
    assert_eq!(text(&sea, "/v1/routing/delete", json!({"id": 1})).await, (200, "OK".to_owned()));
    assert_eq!(sea.get("/v1/routing").await[0]["id"], 2);
    assert_eq!(sea.get("/v1/routing?after=4").await.as_array().unwrap().len(), 2);
    sea.system.stop().await;
}

async fn creating_says_all_that_is_wrong(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    fleet(&sea).await;
    let (queue, maps) = (side("sqs", 1, "maps"), || side("sqs", 1, "maps"));
    refused(&sea, asked(side("buoy", 99, "x"), "pk001", maps()), 404, &["No Source ID: 99"]).await;
    refused(&sea, asked(buoy(), "pk001", side("handset", 98, "x")), 404, &["No Source ID: 98"]).await;
    refused(&sea, asked(side("rockstar", 9, "x"), "pk001", maps()), 404, &["No Source ID: 9"]).await;
    refused(
        &sea,
        asked(side("buoy", 1, "other"), "pk001", maps()),
        422,
        &["Wrong label for modem ID: 1 -> other"],
    )
    .await;
    let both = ["Wrong label for modem ID: 2 -> 13761", "Modem ID: 2 is not of type: buoy"];
    refused(&sea, asked(side("buoy", 2, "13761"), "pk001", maps()), 422, &both).await;
    refused(&sea, asked(buoy(), "pk001", side("sqs", 7, "maps")), 404, &["No Queue ID: 7"]).await;
    refused(
        &sea,
        asked(buoy(), "pk001", side("sqs", 2, "maps")),
        422,
        &["Wrong label for Queue ID: 2 -> maps"],
    )
    .await;
    refused(&sea, asked(buoy(), "pk001", buoy()), 422, &["Buoy cannot target another buoy"]).await;
    let command = ["Buoy cannot target another buoy", "Buoy message type must be pk001"];
    refused(&sea, asked(buoy(), "command", buoy()), 422, &command).await;
    refused(&sea, asked(buoy(), "command", handset()), 422, &["Buoy message type must be pk001"]).await;
    refused(&sea, asked(handset(), "pk001", handset()), 422, &["Handset cannot target another handset"])
        .await;
    refused(&sea, asked(handset(), "pk001", buoy()), 422, &["Handset cannot send pk001 to buoy"]).await;
    refused(&sea, asked(side("toaster", 1, "x"), "pk001", maps()), 422, &["Unknown source type: toaster"])
        .await;
    refused(&sea, asked(buoy(), "pk001", side("mars", 1, "x")), 422, &["Unknown target type: mars"]).await;
    refused(&sea, asked(handset(), "song", maps()), 422, &["Unknown message type: song"]).await;
    created(&sea, asked(buoy(), "pk001", queue.clone())).await;
    refused(&sea, asked(buoy(), "pk001", queue.clone()), 409, &["Duplicate routes found: 1"]).await;
    // A person has given it another format since.
    let routes = sea.items("/api/v1/routes").await;
    let path = format!("/api/v1/routes/{}", routes[0]["id"].as_str().unwrap());
    let other = json!({"name": routes[0]["name"], "source": routes[0]["source"], "messages": routes[0]["messages"],
        "format": "json", "target": {"type": "endpoint", "id": routes[0]["target"]["id"]}});
    let changed = sea.system.client.put(sea.system.url("tracker", &path)).json(&other).send().await.unwrap();
    assert_eq!(changed.status(), 200, "{}", changed.text().await.unwrap());
    refused(&sea, asked(buoy(), "pk001", queue.clone()), 409, &["Duplicate routes found: 1"]).await;
    let wrong_and_there = ["Wrong label for Queue ID: 1 -> x", "Duplicate routes found: 1"];
    refused(&sea, asked(buoy(), "pk001", side("sqs", 1, "x")), 422, &wrong_and_there).await;
    let missing = [
        "Missing enabled",
        "Missing source type",
        "Missing source id",
        "Missing source label",
        "Missing target type",
        "Missing target id",
        "Missing target label",
        "Missing source msg",
    ];
    refused(&sea, json!({}), 422, &missing).await;
    let mut yes = asked(buoy(), "pk001", handset());
    yes["enabled"] = json!("yes");
    refused(&sea, yes, 422, &["`enabled` is true or false."]).await;
    // What only the new rules refuse is said in new words.
    refused(
        &sea,
        asked(side("rockstar", 1, "77"), "pk001", side("rockstar", 1, "77")),
        422,
        &["A rockstar cannot deliver to another rockstar.", "A device is not told its own messages."],
    )
    .await;
    assert_eq!(sea.items("/api/v1/routes").await.len(), 1, "nothing of it was made");
    sea.system.stop().await;
}

async fn switching_and_deleting_say_what_is_wrong(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    fleet(&sea).await;
    created(&sea, asked(buoy(), "pk001", side("sqs", 1, "maps"))).await;
    for (what, body, status, errors) in [
        ("enable", json!({"id": 9, "enable": true}), 404, &["No route for id 9"][..]),
        ("enable", json!({"id": 1}), 422, &["No enable data given."]),
        ("enable", json!({"enable": true}), 422, &["No route ID given.", "No route for id None"]),
        ("enable", json!({}), 422, &["No route ID given.", "No enable data given.", "No route for id None"]),
        ("enable", json!({"id": 1, "enable": "yes"}), 422, &["`enable` is true or false."]),
        ("delete", json!({"id": 9}), 404, &["No route for ID 9 found."]),
        ("delete", json!({}), 422, &["No Route ID sent", "No route for ID None found."]),
    ] {
        let (found, answer) = post(&sea, &format!("/v1/routing/{what}"), body.clone()).await;
        assert_eq!((found, &answer), (status, &json!({ "errors": errors })), "{what} {body}");
    }
    assert_eq!(sea.get("/v1/routing").await[0]["enabled"], true);
    sea.system.stop().await;
}

async fn a_device_that_is_used_is_not_unlinked(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    fleet(&sea).await;
    created(&sea, asked(buoy(), "pk001", handset())).await;
    created(&sea, asked(handset(), "command", buoy())).await;
    let errors = ["Device 1 used in route 1", "Device 1 used in route 2"];
    let (status, answer) = post(&sea, "/v1/buoys/unlink", json!({"id": 1})).await;
    assert_eq!((status, answer), (409, json!({ "errors": errors })));
    for id in [1, 2] {
        text(&sea, "/v1/routing/delete", json!({ "id": id })).await;
    }
    assert_eq!(post(&sea, "/v1/buoys/unlink", json!({"id": 1})).await.0, 200);
    sea.system.stop().await;
}

async fn the_routing_table_is_for_those_who_may(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let viewer = sea.system.client_as(Role::Viewer).await;
    assert_eq!(ask(&sea, &Client::new(), Method::GET, "/v1/routing", None).await.0, 401);
    assert_eq!(ask(&sea, &viewer, Method::GET, "/v1/routing", None).await.0, 200);
    for what in ["create", "enable", "delete"] {
        let path = format!("/v1/routing/{what}");
        assert_eq!(ask(&sea, &Client::new(), Method::POST, &path, Some(json!({}))).await.0, 401, "{path}");
        assert_eq!(ask(&sea, &viewer, Method::POST, &path, Some(json!({}))).await.0, 403, "{path}");
    }
    sea.system.stop().await;
}
