//! Scripts for the system before this one: their addresses, shapes and words, without its faults.

use diesel::connection::SimpleConnection;
use fairlead_model::EndpointId;
use fairlead_model::endpoint::NewEndpoint;
use fairlead_model::role::Role;
use fairlead_store::routing::endpoints;
use fairlead_store::sign_in;
use fairlead_testkit::Backend;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::registry::{A, B, ask, heard, made, modem_id, post};
use crate::sea::{Sea, minutes, pk101, start};

fairlead_testkit::on_both_backends!(
    lists_have_all_their_columns,
    a_device_is_created_with_its_modem,
    creating_says_all_that_is_wrong,
    a_modem_goes_into_one_device_and_comes_out_again,
    linking_says_all_that_is_wrong,
    unlinking_and_deleting_say_what_is_wrong,
    two_scripts_at_once_create_one_device,
    a_buoy_and_its_messages_can_be_asked_for,
    lists_are_bounded_and_lead_on,
    errors_tell_what_became_of_them,
    the_old_addresses_are_for_those_who_may,
);

const NAIVE: &str = "2026-06-01T12:00:00.000000";

/// Makes a queue at AWS known, as the courier does it.
async fn queue(sea: &Sea, name: &str, url: &str) {
    let new: NewEndpoint =
        serde_json::from_value(json!({"name": name, "config": {"kind": "sqs", "url": url}})).unwrap();
    let clock = sea.system.clock.clone();
    let work = move |tx: &mut fairlead_store::Tx<'_>| {
        endpoints::create(tx, &clock, EndpointId::new(&clock), &new, &endpoints::Kept::default(), "test")
    };
    sea.system.store.write(work).await.unwrap().unwrap();
}

/// Status and text of an answer.
async fn text(sea: &Sea, path: &str, body: Value) -> (u16, String) {
    let response = sea.system.client.post(sea.system.url("tracker", path)).json(&body).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

/// The answer to a request that is refused with a list of texts.
async fn flat(sea: &Sea, path: &str, body: Value, status: u16, errors: &[&str]) {
    let (found, answer) = post(sea, path, body.clone()).await;
    assert_eq!((found, &answer), (status, &json!(errors)), "{body}");
}

/// The answer to a request that is refused with texts under `errors`.
async fn wrapped(sea: &Sea, path: &str, body: Value, status: u16, errors: &[&str]) {
    let (found, answer) = post(sea, path, body.clone()).await;
    assert_eq!((found, &answer), (status, &json!({ "errors": errors })), "{path} {body}");
}

async fn lists_have_all_their_columns(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    for kind in ["buoy", "handset"] {
        made(
            &sea,
            json!({"kind": kind, "name": format!("a-{kind}"), "imei": if kind == "buoy" { A } else { B }}),
        )
        .await;
    }
    made(&sea, json!({"kind": "rockstar", "name": "RS", "serial": "77"})).await;
    queue(&sea, "maps", "https://sqs.example/1/maps").await;
    let device = |name: &str, rb_id: i64| {
        json!([{
            "id": 1, "firmware_version": null, "iam": name, "rb_id": rb_id, "status": null, "created_at": NAIVE,
            "logical_del": false,
        }])
    };
    // Numbers of modems are given out when somebody asks, here for the buoy's first.
    assert_eq!(sea.get("/v1/buoys").await, device("a-buoy", 1));
    assert_eq!(sea.get("/v1/handsets").await, device("a-handset", 2));
    let modem = |id: i64, imei: &str, kind: &str| {
        json!({
            "id": id, "imei": imei, "modem_type": "ROCKBLOCK", "serial": null, "momsn": null, "status": null,
            "device_id": 1, "device_type": kind, "created_at": NAIVE, "logical_del": false,
        })
    };
    assert_eq!(sea.get("/v1/rockblocks").await, json!([modem(1, A, "buoy"), modem(2, B, "handset")]));
    assert_eq!(
        sea.get("/v1/rockstars").await,
        json!([{
            "id": 1, "imei": null, "device_type": "rockstar", "serial": "77", "created_at": NAIVE,
            "logical_del": false,
        }])
    );
    assert_eq!(
        sea.get("/v1/queues").await,
        json!([{
            "id": 1, "queue_name": "maps", "url": "https://sqs.example/1/maps", "created_at": NAIVE,
            "logical_del": false,
        }])
    );
    assert_eq!(sea.get("/v1/errors").await, json!([]));
    sea.system.stop().await;
}

async fn a_device_is_created_with_its_modem(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    heard(&sea, &[(A, &[50]), (B, &[40])]).await;
    sea.get("/v1/rockblocks").await;
    assert_eq!(
        text(&sea, "/v1/buoys/create", json!({"iam": "PK001", "modem": 1})).await,
        (200, "OK".to_owned())
    );
    // Forms send numbers as texts.
    let form = json!({"iam": "HS001", "modem": "2"});
    assert_eq!(text(&sea, "/v1/handsets/create", form).await, (200, "OK".to_owned()));
    let kinds: Vec<_> = sea
        .get("/v1/rockblocks")
        .await
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["device_type"].clone())
        .collect();
    assert_eq!(kinds, ["buoy", "handset"]);
    let devices = sea.items("/api/v1/devices").await;
    let seen: Vec<_> = devices.iter().map(|d| [&d["name"], &d["kind"], &d["modem"]["imei"]]).collect();
    assert_eq!(
        seen,
        [[&json!("HS001"), &json!("handset"), &json!(B)], [&json!("PK001"), &json!("buoy"), &json!(A)]]
    );
    let actions: Vec<_> = sea.audit().await.into_iter().map(|[actor, action, ..]| [actor, action]).collect();
    assert_eq!(actions, [["test", "device.create"], ["test", "device.create"]]);
    sea.system.stop().await;
}

async fn creating_says_all_that_is_wrong(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    heard(&sea, &[(A, &[50]), (B, &[40])]).await;
    sea.get("/v1/rockblocks").await;
    text(&sea, "/v1/buoys/create", json!({"iam": "PK001", "modem": 1})).await;
    let (buoys, handsets) = ("/v1/buoys/create", "/v1/handsets/create");
    flat(&sea, buoys, json!({"modem": 2}), 422, &["Missing Buoy label"]).await;
    flat(&sea, handsets, json!({"iam": "", "modem": 2}), 422, &["Missing Handset label"]).await;
    flat(&sea, buoys, json!({"iam": "PK001", "modem": 2}), 409, &["Buoy with iam PK001 already exists"])
        .await;
    // A name is one device's, whatever it is and however it is written.
    flat(&sea, handsets, json!({"iam": "pk001", "modem": 2}), 409, &["Buoy with iam pk001 already exists"])
        .await;
    flat(&sea, buoys, json!({"iam": "X"}), 422, &["Missing Modem", "Bad modem ID: None"]).await;
    flat(&sea, buoys, json!({"iam": "X", "modem": ""}), 422, &["Missing Modem", "Bad modem ID: "]).await;
    flat(&sea, buoys, json!({"iam": "X", "modem": 999}), 404, &["Bad modem ID: 999"]).await;
    flat(&sea, buoys, json!({"iam": "X", "modem": "three"}), 422, &["Bad modem ID: three"]).await;
    flat(&sea, buoys, json!({"iam": "X", "modem": 1}), 409, &["Modem 1 already linked"]).await;
    flat(&sea, handsets, json!({"iam": "X", "modem": 1}), 409, &["Modem 1 already linked"]).await;
    let all = ["Buoy with iam PK001 already exists", "Modem 1 already linked"];
    flat(&sea, buoys, json!({"iam": "PK001", "modem": 1}), 409, &all).await;
    let none = ["Missing Buoy label", "Missing Modem", "Bad modem ID: None"];
    flat(&sea, buoys, json!({}), 422, &none).await;
    let unfit = "`a b` cannot be a device's name: 1 to 32 letters, digits, `_`, `-` and `.`, beginning with a letter \
                 or digit.";
    flat(&sea, buoys, json!({"iam": "a b", "modem": 999}), 422, &[unfit, "Bad modem ID: 999"]).await;
    let script = "<script>alert(1)</script>";
    let (status, answer) = post(&sea, buoys, json!({"iam": script, "modem": 2})).await;
    assert_eq!(status, 422, "{answer}");
    let bare = sea.system.client.post(sea.system.url("tracker", buoys)).send().await.unwrap();
    assert_eq!(bare.status().as_u16(), 400, "without a body");
    assert_eq!(sea.items("/api/v1/devices").await.len(), 1, "nothing of it was made");
    sea.system.stop().await;
}

async fn a_modem_goes_into_one_device_and_comes_out_again(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    heard(&sea, &[(A, &[50])]).await;
    sea.get("/v1/rockblocks").await;
    for (kind, name) in [("buoy", "PK001"), ("handset", "HS001")] {
        made(&sea, json!({"kind": kind, "name": name})).await;
    }
    assert_eq!(text(&sea, "/v1/buoys/link", json!({"id": 1, "modem": 1})).await, (200, "OK".to_owned()));
    // A handset does not take a buoy's modem, and the buoy can give it back.
    wrapped(&sea, "/v1/handsets/link", json!({"id": 1, "modem": 1}), 409, &["Modem 1 already linked"]).await;
    assert_eq!(sea.get("/v1/rockblocks").await[0]["device_type"], "buoy");
    sea.system.hand.advance(minutes(1));
    let (status, answer) = post(&sea, "/v1/buoys/unlink", json!({"id": "1"})).await;
    assert_eq!((status, answer), (200, json!({"errors": []})));
    let free = sea.get("/v1/rockblocks").await;
    assert_eq!((&free[0]["device_type"], &free[0]["device_id"]), (&json!(""), &Value::Null));
    assert_eq!(text(&sea, "/v1/handsets/link", json!({"id": 1, "modem": 1})).await, (200, "OK".to_owned()));
    assert_eq!(text(&sea, "/v1/buoys/delete", json!({"id": 1})).await, (200, "OK".to_owned()));
    assert_eq!(sea.get("/v1/buoys").await, json!([]));
    let actions: Vec<_> = sea.audit().await.into_iter().map(|[_, action, ..]| action).collect();
    assert_eq!(
        actions,
        ["device.create", "device.create", "device.delete", "device.link", "device.link", "device.unlink"]
    );
    sea.system.stop().await;
}

async fn linking_says_all_that_is_wrong(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    heard(&sea, &[(A, &[50]), (B, &[40])]).await;
    sea.get("/v1/rockblocks").await;
    made(&sea, json!({"kind": "buoy", "name": "PK001", "modem_id": modem_id(&sea, A).await})).await;
    let (buoys, handsets) = ("/v1/buoys/link", "/v1/handsets/link");
    let of_type = "Cannot attempt link of type rockstar";
    wrapped(&sea, "/v1/rockstars/link", json!({"id": 1, "modem": 1}), 422, &[of_type]).await;
    let nothing = [of_type, "Missing rockstar ID", "Missing Modem ID"];
    wrapped(&sea, "/v1/rockstars/link", json!({}), 422, &nothing).await;
    wrapped(&sea, buoys, json!({"modem": 1}), 422, &["Missing buoy ID"]).await;
    wrapped(&sea, handsets, json!({"id": 1}), 422, &["Missing Modem ID"]).await;
    wrapped(&sea, buoys, json!({}), 422, &["Missing buoy ID", "Missing Modem ID"]).await;
    wrapped(&sea, buoys, json!({"id": 7, "modem": 2}), 404, &["No buoy 7 exists"]).await;
    wrapped(&sea, handsets, json!({"id": 1, "modem": 2}), 404, &["No handset 1 exists"]).await;
    wrapped(&sea, buoys, json!({"id": 1, "modem": 9}), 404, &["No Modem with id 9 exists"]).await;
    let both = ["No buoy x exists", "No Modem with id y exists"];
    wrapped(&sea, buoys, json!({"id": "x", "modem": "y"}), 404, &both).await;
    let has = format!("PK001 has modem {A}. Unlink that one first.");
    wrapped(&sea, buoys, json!({"id": 1, "modem": 2}), 409, &[&has]).await;
    wrapped(&sea, buoys, json!({"id": 1, "modem": 1}), 409, &[&has, "Modem 1 already linked"]).await;
    sea.system.stop().await;
}

async fn unlinking_and_deleting_say_what_is_wrong(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    heard(&sea, &[(A, &[50])]).await;
    made(&sea, json!({"kind": "buoy", "name": "PK001", "modem_id": modem_id(&sea, A).await})).await;
    made(&sea, json!({"kind": "buoy", "name": "PK002"})).await;
    let (unlink, delete) = ("/v1/buoys/unlink", "/v1/buoys/delete");
    wrapped(&sea, unlink, json!({"id": 9}), 404, &["No buoy found with id 9."]).await;
    wrapped(&sea, "/v1/handsets/unlink", json!({"id": 1}), 404, &["No handset found with id 1."]).await;
    wrapped(&sea, unlink, json!({"id": 2}), 409, &["No modem attached to buoy 2."]).await;
    wrapped(&sea, unlink, json!({}), 422, &["No useful id included to unlink"]).await;
    wrapped(&sea, "/v1/rockstars/unlink", json!({"id": 1}), 422, &["rockstar is not a valid device"]).await;
    wrapped(&sea, delete, json!({"id": 1}), 409, &["Device 1 still linked. Abort."]).await;
    wrapped(&sea, delete, json!({"id": 9}), 404, &["No such device: 9"]).await;
    wrapped(&sea, delete, json!({}), 422, &["Missing Device ID."]).await;
    let from_here = "Cannot delete rockblock from this interface.";
    wrapped(&sea, "/v1/rockblocks/delete", json!({"id": 1}), 422, &[from_here]).await;
    wrapped(&sea, "/v1/rockblocks/delete", json!({}), 422, &["Missing Device ID.", from_here]).await;
    assert_eq!(text(&sea, delete, json!({"id": 2})).await, (200, "OK".to_owned()));
    wrapped(&sea, delete, json!({"id": 2}), 404, &["No such device: 2"]).await;
    sea.system.stop().await;
}

async fn two_scripts_at_once_create_one_device(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    heard(&sea, &[(A, &[50])]).await;
    sea.get("/v1/rockblocks").await;
    let (buoys, handsets) = tokio::join!(
        text(&sea, "/v1/buoys/create", json!({"iam": "PK001", "modem": 1})),
        text(&sea, "/v1/handsets/create", json!({"iam": "PK001", "modem": 1})),
    );
    let (made, refused) = if buoys.0 == 200 { (buoys, handsets) } else { (handsets, buoys) };
    assert_eq!(made, (200, "OK".to_owned()));
    let errors: Vec<String> = serde_json::from_str(&refused.1).unwrap();
    assert_eq!(refused.0, 409);
    assert!(errors[0].ends_with("with iam PK001 already exists"), "{errors:?}");
    assert_eq!(errors[1..], ["Modem 1 already linked"]);
    sea.system.stop().await;
}

async fn a_buoy_and_its_messages_can_be_asked_for(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let at = start().minus(minutes(50));
    let mut report = sea.message(7, at, &pk101(at, "3750.5117", 10));
    (report.iridium_latitude, report.iridium_longitude) = (Some(38.0), Some(-122.25));
    report.iridium_cep_km = Some(2.5);
    sea.handle(&[report.clone()]).await;
    made(&sea, json!({"kind": "buoy", "name": "PK001", "modem_id": modem_id(&sea, A).await})).await;
    let buoy = sea.get("/v1/buoys/1").await;
    assert_eq!((&buoy["iam"], &buoy["rb_id"]), (&json!("PK001"), &json!(1)));
    assert_eq!(sea.get("/v1/buoys").await, json!([buoy]));
    let said = sea.get("/v1/buoys/1/messages").await;
    let id = crate::sea::id_of(&report).to_string();
    assert_eq!(
        said,
        json!([{
            "id": id, "rbm_id": id, "ird_transmit_time": "2026-06-01T11:10:00.000000", "ird_latitude": 38.0,
            "ird_longitude": -122.25, "ird_cep": 2.5, "device_transmit_time": "2026-06-01T11:10:00.000000",
            "device_latitude": said[0]["device_latitude"], "device_longitude": said[0]["device_longitude"],
            "device_NS": "N", "device_EW": "W", "device_batt": 3.7, "device_cog": null, "device_sog": null,
            "device_status": null, "created_at": "2026-06-01T11:10:30.000000", "logical_del": false,
        }])
    );
    assert!((said[0]["device_latitude"].as_f64().unwrap() - 37.841_861).abs() < 1e-5);
    assert!((said[0]["device_longitude"].as_f64().unwrap() + 122.275_466).abs() < 1e-5);
    for (path, sentence) in [
        ("/v1/buoys/2", "No buoy 2 exists"),
        ("/v1/buoys/PK001", "No buoy PK001 exists"),
        ("/v1/handsets/1", "No handset 1 exists"),
        ("/v1/buoys/2/messages", "No buoy 2 exists"),
    ] {
        let (status, answer) = ask(&sea, &sea.system.client, Method::GET, path, None).await;
        assert_eq!((status, &answer), (404, &json!({"errors": [sentence]})), "{path}");
    }
    sea.system.stop().await;
}

async fn lists_are_bounded_and_lead_on(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let (id, key) = match backend {
        Backend::Embedded => ("CAST(printf('%016d', n) AS BLOB)", "printf('%d', n)"),
        Backend::Servers => ("LPAD(n, 16, '0')", "n"),
    };
    let numbers = "WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5002)";
    let rows = format!(
        "{} INSERT INTO devices (id, number, kind, name, name_key, created_at, created_by) \
         {numbers} SELECT {id}, n, 'buoy', {key}, {key}, 0, '' FROM t; \
         INSERT INTO modems (id, imei, first_seen_at, first_trust) \
         {numbers} SELECT {id}, 300434063830000 + n, 0, 'unsigned' FROM t;",
        if backend == Backend::Servers { "SET SESSION max_recursive_iterations = 100000;" } else { "" }
    );
    sea.system
        .store
        .write(move |tx: &mut fairlead_store::Tx<'_>| Ok(tx.batch_execute(&rows)?))
        .await
        .unwrap();
    for path in ["/v1/buoys", "/v1/rockblocks"] {
        let response = sea.system.client.get(sea.system.url("tracker", path)).send().await.unwrap();
        let link = response.headers()["Link"].to_str().unwrap().to_owned();
        assert_eq!(link, format!("<{path}?after=5000>; rel=\"next\""));
        let first: Vec<Value> = response.json().await.unwrap();
        assert_eq!((first.len(), &first[0]["id"], &first[4_999]["id"]), (5_000, &json!(1), &json!(5_000)));
        let next = link.trim_start_matches('<').split('>').next().unwrap();
        let response = sea.system.client.get(sea.system.url("tracker", next)).send().await.unwrap();
        assert!(response.headers().get("Link").is_none());
        let rest: Vec<Value> = response.json().await.unwrap();
        let ids: Vec<_> = rest.iter().map(|row| row["id"].clone()).collect();
        assert_eq!(ids, [5_001, 5_002], "{path}");
    }
    assert_eq!(sea.get("/v1/rockblocks?after=7000").await, json!([]));
    sea.system.stop().await;
}

async fn errors_tell_what_became_of_them(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let rows =
        [1, 2].map(|n| sea.message(n, start().minus(minutes(60 - u64::from(n.unsigned_abs()))), "garbage"));
    for row in &rows {
        sea.handle(std::slice::from_ref(row)).await;
    }
    let problems = sea.problems("").await;
    sea.settle(&problems[1], "discard", None).await;
    let errors = sea.get("/v1/errors").await;
    let seen: Vec<_> = errors
        .as_array()
        .unwrap()
        .iter()
        .map(|e| [&e["id"], &e["msg_source"], &e["msg_id"], &e["error_status"]])
        .collect();
    let (newer, older) = (json!(crate::sea::id_of(&rows[1])), json!(crate::sea::id_of(&rows[0])));
    assert_eq!(
        seen,
        [
            [&problems[0]["id"], &json!("Iridium"), &newer, &json!("new")],
            [&problems[1]["id"], &json!("Iridium"), &older, &json!("discarded")]
        ]
    );
    assert_eq!(errors[0]["error"], problems[0]["reason"]);
    let before = problems[0]["id"].as_str().unwrap();
    assert_eq!(sea.get(&format!("/v1/errors?before={before}")).await, json!([errors[1]]));
    sea.system.stop().await;
}

async fn the_old_addresses_are_for_those_who_may(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let viewer = sea.system.client_as(Role::Viewer).await;
    let lists =
        ["buoys", "handsets", "rockblocks", "rockstars", "queues", "errors", "buoys/1", "buoys/1/messages"];
    for path in lists.map(|list| format!("/v1/{list}")) {
        assert_eq!(ask(&sea, &Client::new(), Method::GET, &path, None).await.0, 401, "{path}");
        let status = ask(&sea, &viewer, Method::GET, &path, None).await.0;
        assert!([200, 404].contains(&status), "{path}: {status}");
    }
    for path in ["buoys/create", "handsets/create", "buoys/link", "handsets/unlink", "buoys/delete"] {
        let path = format!("/v1/{path}");
        assert_eq!(ask(&sea, &Client::new(), Method::POST, &path, Some(json!({}))).await.0, 401, "{path}");
        assert_eq!(ask(&sea, &viewer, Method::POST, &path, Some(json!({}))).await.0, 403, "{path}");
    }
    // A token that is limited to devices opens them, one that is limited to something else does not.
    for (scope, status) in [("devices", 200), ("messages", 403)] {
        let token = format!("fl_{scope}");
        let (kept, clock) = (token.clone(), sea.system.clock.clone());
        let create = move |tx: &mut fairlead_store::Tx<'_>| {
            let id = sign_in::create_token(tx, &clock, scope, Role::Viewer, &kept, None)?;
            sign_in::limit_token(tx, id, &[scope.parse().unwrap()])
        };
        sea.system.store.write(create).await.unwrap();
        let asked = Client::new().get(sea.system.url("tracker", "/v1/buoys")).bearer_auth(&token);
        assert_eq!(asked.send().await.unwrap().status().as_u16(), status, "{scope}");
    }
    sea.system.stop().await;
}
