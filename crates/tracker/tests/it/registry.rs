//! Devices and the modems in them: what can be made, linked, unlinked and deleted, and what cannot.

use fairlead_model::role::Role;
use fairlead_store::registry::devices::{by_id, key_matches};
use fairlead_testkit::Backend;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::sea::{Sea, message, minutes, pk101, start};

fairlead_testkit::on_both_backends!(
    a_device_is_made_linked_unlinked_and_deleted,
    all_that_is_wrong_is_said_at_once,
    a_link_says_first_what_it_changes,
    a_link_fits_into_the_history,
    a_modem_is_in_one_device_however_many_link_it_at_once,
    a_name_is_one_devices_however_many_ask_for_it_at_once,
    a_link_and_a_deletion_at_once_leave_no_linked_ghost,
    a_device_is_found_by_what_is_known_of_it,
    a_key_is_shown_once,
    the_registry_is_for_operators,
);

/// Asks, and returns status and answer; an empty answer is `null`.
pub async fn ask(
    sea: &Sea,
    client: &Client,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> (u16, Value) {
    let mut request = client.request(method, sea.system.url("tracker", path));
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

pub async fn post(sea: &Sea, path: &str, body: Value) -> (u16, Value) {
    ask(sea, &sea.system.client, Method::POST, path, Some(body)).await
}

/// Makes a device, and returns it.
pub async fn made(sea: &Sea, body: Value) -> Value {
    let (status, device) = post(sea, "/api/v1/devices", body).await;
    assert_eq!(status, 201, "{device}");
    device
}

/// Links or unlinks as asked, and returns what it changed.
pub async fn done(sea: &Sea, device: &Value, what: &str, order: Value) -> Value {
    let (status, effects) = post(sea, &path(device, what), order).await;
    assert_eq!((status, &effects["done"]), (200, &json!(true)), "{effects}");
    effects
}

pub fn path(device: &Value, what: &str) -> String {
    format!("{}/{what}", address(device))
}

pub fn address(device: &Value) -> String {
    format!("/api/v1/devices/{}", device["id"].as_str().unwrap())
}

/// The id of a modem by its IMEI.
pub async fn modem_id(sea: &Sea, imei: &str) -> Value {
    let modems = sea.items("/api/v1/modems?limit=500").await;
    modems.into_iter().find(|modem| modem["imei"] == imei).unwrap()["id"].clone()
}

/// Has modems heard, one after the other, each with messages so many minutes before the start.
pub async fn heard(sea: &Sea, modems: &[(&str, &[u64])]) {
    for (imei, before) in modems {
        let mut rows = Vec::new();
        for (n, minute) in (1..).zip(*before) {
            let at = start().minus(minutes(*minute));
            rows.push(message(&sea.system.clock, imei, n, at, &pk101(at, "3750.5117", 10)));
        }
        sea.handle(&rows).await;
    }
}

pub const A: &str = "300434063836590";
pub const B: &str = "300434063836591";

async fn a_device_is_made_linked_unlinked_and_deleted(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    heard(&sea, &[(A, &[50, 40]), (B, &[30])]).await;
    let (a, b) = (modem_id(&sea, A).await, modem_id(&sea, B).await);
    let buoy = made(&sea, json!({"kind": "buoy", "name": "Otter-1", "modem_id": a})).await;
    assert_eq!(
        (&buoy["name"], &buoy["number"], &buoy["kind"], &buoy["created_by"], &buoy["has_key"]),
        (&json!("Otter-1"), &json!(1), &json!("buoy"), &json!("test"), &json!(false))
    );
    // The modem never was in a device: from its first message on it is this one's.
    let first = start().minus(minutes(50));
    assert_eq!(buoy["modem"], json!({"id": a, "imei": A, "serial": "204514", "since": first}));
    assert_eq!(sea.get(&address(&buoy)).await, buoy);

    // Names are drawn by kind, from one on.
    let drawn = made(&sea, json!({"kind": "buoy"})).await;
    assert_eq!(
        (&drawn["name"], &drawn["number"], &drawn["modem"]),
        (&json!("PK001"), &json!(2), &Value::Null)
    );
    let handset = made(&sea, json!({"kind": "handset", "serial": " 7 "})).await;
    assert_eq!(
        (&handset["name"], &handset["number"], &handset["serial"]),
        (&json!("HS001"), &json!(1), &json!("7"))
    );

    // A linked device is not deleted; an unlinked one is, and its name is free.
    let address = &address(&buoy);
    let (status, answer) = ask(&sea, &sea.system.client, Method::DELETE, address, None).await;
    assert_eq!(
        (status, &answer["errors"]),
        (409, &json!([format!("Otter-1 has modem {A}. Unlink that one first.")]))
    );
    sea.system.hand.advance(minutes(5));
    let effects = done(&sea, &buoy, "unlink", json!({})).await;
    assert_eq!((&effects["since"], &effects["until"]), (&json!(first), &json!(sea.system.clock.now())));
    let effects = done(&sea, &buoy, "link", json!({"modem_id": b})).await;
    assert_eq!(effects["since"], json!(sea.system.clock.now()), "the device's last modem left now");
    sea.system.hand.advance(minutes(5));
    done(&sea, &buoy, "unlink", json!({})).await;

    let history = sea.items(&path(&buoy, "links")).await;
    let shown: Vec<_> =
        history.iter().map(|link| [&link["imei"], &link["device"]["name"], &link["unlinked_by"]]).collect();
    assert_eq!(
        shown,
        [[&json!(B), &json!("Otter-1"), &json!("test")], [&json!(A), &json!("Otter-1"), &json!("test")]]
    );
    let of_modem = sea.items(&format!("/api/v1/modems/{}/links", a.as_str().unwrap())).await;
    assert_eq!(of_modem, [history[1].clone()]);

    let (status, _) = ask(&sea, &sea.system.client, Method::DELETE, address, None).await;
    assert_eq!(status, 204);
    let (status, _) = ask(&sea, &sea.system.client, Method::DELETE, address, None).await;
    assert_eq!(status, 404);
    assert_eq!(sea.items(&path(&buoy, "links")).await, history, "history stays");
    let again = made(&sea, json!({"kind": "handset", "name": "OTTER-1"})).await;
    assert_eq!((&again["kind"], &again["number"]), (&json!("handset"), &json!(2)));
    let names: Vec<_> = sea.items("/api/v1/devices").await.iter().map(|d| d["name"].clone()).collect();
    assert_eq!(names, ["HS001", "OTTER-1", "PK001"]);

    let changes: Vec<_> = sea.audit().await.into_iter().map(|[_, action, ..]| action).collect();
    assert_eq!(
        changes,
        [
            "device.create",
            "device.create",
            "device.create",
            "device.create",
            "device.delete",
            "device.link",
            "device.unlink",
            "device.unlink"
        ]
    );
    sea.system.stop().await;
}

async fn all_that_is_wrong_is_said_at_once(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    heard(&sea, &[(A, &[50])]).await;
    let a = modem_id(&sea, A).await;
    made(&sea, json!({"kind": "buoy", "name": "PK007", "modem_id": a})).await;
    let nobody = "019e830e-1a00-7edf-a648-1715466fba82";
    let long = "9".repeat(65);
    let wrong = json!({
        "kind": "handset", "name": "pk007", "modem_id": a, "serial": long, "group_ids": [nobody]
    });
    let (status, answer) = post(&sea, "/api/v1/devices", wrong).await;
    let errors = [
        "There is a buoy with the name PK007 already, and pk007 differs from it in case only.".to_owned(),
        format!("Modem {A} is in the buoy PK007. Unlink it there first."),
        "A serial number has 1 to 64 characters, none of them `;` or a control character.".to_owned(),
        format!("There is no group {nobody}. Make it first."),
    ];
    assert_eq!((status, &answer["errors"]), (422, &json!(errors)));
    assert_eq!(answer["detail"], json!(errors.join(" ")));

    for (body, status, errors) in [
        (json!({"kind": "buoy", "name": "PK007"}), 409, vec!["There is a buoy with the name PK007 already.".to_owned()]),
        (
            json!({"kind": "buoy", "name": "PK 8", "imei": "12"}),
            422,
            vec![
                "`PK 8` cannot be a device's name: 1 to 32 letters, digits, `_`, `-` and `.`, beginning with a \
                 letter or digit."
                    .to_owned(),
                "`12` is no IMEI: an IMEI is 15 digits.".to_owned(),
            ],
        ),
        (
            json!({"kind": "buoy", "imei": "000000000000000"}),
            422,
            vec!["000000000000000 is the sender of test pushes, and no modem.".to_owned()],
        ),
        (
            json!({"kind": "buoy", "modem_id": nobody, "since": start()}),
            422,
            vec![format!(
                "No modem is known as {nobody}. One that has not been heard yet is named by its IMEI of 15 digits."
            )],
        ),
        (
            json!({"kind": "buoy", "since": start()}),
            422,
            vec!["`since` is for a modem, and none is named.".to_owned()],
        ),
        (
            json!({"kind": "buoy", "modem_id": nobody, "imei": A}),
            422,
            vec!["Name the modem by `modem_id` or by `imei`, not by both.".to_owned()],
        ),
        (
            json!({"kind": "rockstar"}),
            422,
            vec!["A rockstar is not given a name by itself. Choose one.".to_owned()],
        ),
    ] {
        let (found, answer) = post(&sea, "/api/v1/devices", body.clone()).await;
        assert_eq!((found, &answer["errors"]), (status, &json!(errors)), "{body}");
    }
    for body in [json!({"kind": "boat"}), json!({}), json!({"kind": "buoy", "colour": "red"})] {
        assert_eq!(post(&sea, "/api/v1/devices", body).await.0, 400);
    }
    assert_eq!(sea.items("/api/v1/devices").await.len(), 1, "nothing of it was made");
    sea.system.stop().await;
}

async fn a_link_says_first_what_it_changes(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    heard(&sea, &[(A, &[50, 40, 30])]).await;
    let a = modem_id(&sea, A).await;
    let handset = made(&sea, json!({"kind": "handset", "name": "Bench"})).await;
    let named = json!({"id": handset["id"], "kind": "handset", "name": "Bench"});
    let modem = json!({"id": a, "imei": A, "serial": "204514"});
    let (_, tried) = post(&sea, &path(&handset, "link"), json!({"modem_id": a, "dry_run": true})).await;
    assert_eq!(
        tried,
        json!({
            "device": named, "modem": modem, "since": start().minus(minutes(50)), "until": null, "messages": 3,
            "from": null, "waiting_outgoing": 0, "done": false,
            "warnings": [format!("Modem {A} has spoken as a v3 buoy, and Bench is a handset.")],
        })
    );
    let later = json!({"modem_id": a, "since": start().minus(minutes(40)), "dry_run": true});
    let (_, tried) = post(&sea, &path(&handset, "link"), later).await;
    assert_eq!(
        (&tried["messages"], &tried["warnings"][1]),
        (&json!(2), &json!("1 message before that moment belongs to no device."))
    );
    assert_eq!(sea.items(&path(&handset, "links")).await, Vec::<Value>::new(), "nothing was done");
    assert_eq!(sea.modem().await["device"], Value::Null);

    let linked = done(&sea, &handset, "link", json!({"modem_id": a})).await;
    assert_eq!((&linked["messages"], &linked["modem"]), (&json!(3), &modem));
    assert_eq!(sea.modem().await["device"], named);
    let at = start().minus(minutes(35));
    let (_, tried) = post(&sea, &path(&handset, "unlink"), json!({"at": at, "dry_run": true})).await;
    assert_eq!(
        (&tried["messages"], &tried["from"], &tried["until"], &tried["done"]),
        (&json!(1), &named, &json!(at), &json!(false))
    );
    assert_eq!(sea.modem().await["device"], named, "nothing was done");
    done(&sea, &handset, "unlink", json!({"at": at})).await;
    assert_eq!(sea.modem().await["device"], Value::Null);
    sea.system.stop().await;
}

async fn a_link_fits_into_the_history(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    heard(&sea, &[(A, &[50, 40, 30]), (B, &[45])]).await;
    let (a, b) = (modem_id(&sea, A).await, modem_id(&sea, B).await);
    let one = made(&sea, json!({"kind": "buoy", "name": "one", "modem_id": a})).await;
    let two = made(&sea, json!({"kind": "buoy", "name": "two"})).await;
    let left = start().minus(minutes(35));
    let (first, before, ahead) =
        (start().minus(minutes(50)), start().minus(minutes(36)), start().plus(minutes(1)));
    for (at, why) in [(start().minus(minutes(51)), "too early"), (ahead, "too late")] {
        let (status, answer) = post(&sea, &path(&one, "unlink"), json!({"at": at})).await;
        let sentence = format!("one has modem {A} since {first}. It can leave between then and now.");
        assert_eq!((status, &answer["errors"]), (422, &json!([sentence])), "{why}");
    }
    done(&sea, &one, "unlink", json!({"at": left})).await;
    let (status, answer) = post(&sea, &path(&one, "unlink"), json!({})).await;
    assert_eq!((status, &answer["errors"]), (409, &json!(["one has no modem."])));

    let refused = async |device: &Value, modem: &Value, since: fairlead_model::Time| {
        let (status, answer) =
            post(&sea, &path(device, "link"), json!({"modem_id": modem, "since": since})).await;
        assert_eq!(status, 422, "{answer}");
        answer["errors"][0].as_str().unwrap().to_owned()
    };
    assert_eq!(
        refused(&two, &a, before).await,
        format!(
            "The modem was in a device until {left}. A new link begins then at the earliest, not at {before}."
        )
    );
    assert_eq!(
        refused(&one, &b, before).await,
        format!(
            "The device had another modem until {left}. A new link begins then at the earliest, not at {before}."
        )
    );
    assert_eq!(refused(&two, &a, ahead).await, format!("A link cannot begin in the future, at {ahead}."));

    // A modem that was in a device begins anew now, unless it is said; one that never was brings its messages along,
    // as far as the device had no other.
    let (_, tried) = post(&sea, &path(&two, "link"), json!({"modem_id": a, "dry_run": true})).await;
    assert_eq!((&tried["since"], &tried["messages"]), (&json!(sea.system.clock.now()), &json!(0)));
    let effects = done(&sea, &two, "link", json!({"modem_id": a, "since": left})).await;
    assert_eq!(effects["messages"], 1);
    let effects = done(&sea, &one, "link", json!({"modem_id": b})).await;
    assert_eq!((&effects["since"], &effects["messages"]), (&json!(left), &json!(0)));
    assert_eq!(effects["warnings"], json!(["1 message before that moment belongs to no device."]));

    // Both have one now.
    let (status, answer) = post(&sea, &path(&one, "link"), json!({"modem_id": a})).await;
    let sentences = [
        format!("one has modem {B}. Unlink that one first."),
        format!("Modem {A} is in the buoy two. Unlink it there first."),
    ];
    assert_eq!((status, &answer["errors"]), (409, &json!(sentences)));
    let (status, _) =
        post(&sea, "/api/v1/devices/019e830e-1a00-7edf-a648-1715466fba82/link", json!({"modem_id": a})).await;
    assert_eq!(status, 404);
    sea.system.stop().await;
}

async fn a_modem_is_in_one_device_however_many_link_it_at_once(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    heard(&sea, &[(A, &[50])]).await;
    let a = modem_id(&sea, A).await;
    let mut devices = Vec::new();
    for n in 0..8 {
        devices.push(made(&sea, json!({"kind": "buoy", "name": format!("buoy-{n}")})).await);
    }
    for _ in 0..3 {
        let links = devices
            .iter()
            .map(|device| async { post(&sea, &path(device, "link"), json!({"modem_id": a})).await });
        let answers = futures_util::future::join_all(links).await;
        let linked: Vec<_> = answers.iter().filter(|(status, _)| *status == 200).collect();
        assert_eq!(linked.len(), 1, "{answers:?}");
        assert_eq!(answers.iter().filter(|(status, _)| *status == 409).count(), 7, "{answers:?}");
        let device = linked[0].1["device"].clone();
        assert_eq!(sea.modem().await["device"], device);
        sea.system.hand.advance(minutes(1));
        done(&sea, &device, "unlink", json!({})).await;
    }
    let history = sea.items(&format!("/api/v1/modems/{}/links", a.as_str().unwrap())).await;
    assert_eq!(history.len(), 3);
    sea.system.stop().await;
}

async fn a_name_is_one_devices_however_many_ask_for_it_at_once(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let names = ["Otter", "otter", "OTTER", "oTTer"];
    let bodies = names.iter().zip(["buoy", "handset", "rockstar", "buoy"]);
    let asked = bodies.map(|(name, kind)| post(&sea, "/api/v1/devices", json!({"kind": kind, "name": name})));
    let answers = futures_util::future::join_all(asked).await;
    let statuses: Vec<_> = answers.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{answers:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 3, "{answers:?}");
    assert_eq!(sea.items("/api/v1/devices").await.len(), 1);
    sea.system.stop().await;
}

async fn a_link_and_a_deletion_at_once_leave_no_linked_ghost(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    heard(&sea, &[(A, &[50])]).await;
    let a = modem_id(&sea, A).await;
    for n in 0..6 {
        let device = made(&sea, json!({"kind": "buoy", "name": format!("buoy-{n}")})).await;
        let address = address(&device);
        let link = path(&device, "link");
        let (link, delete) = tokio::join!(
            post(&sea, &link, json!({"modem_id": a})),
            ask(&sea, &sea.system.client, Method::DELETE, &address, None),
        );
        match (link.0, delete.0) {
            (200, 409) => {
                sea.system.hand.advance(minutes(1));
                done(&sea, &device, "unlink", json!({})).await;
            }
            (404, 204) => assert_eq!(sea.modem().await["device"], Value::Null),
            both => assert_eq!(both, (200, 409), "{link:?} {delete:?}"),
        }
    }
    sea.system.stop().await;
}

async fn a_device_is_found_by_what_is_known_of_it(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    heard(&sea, &[(A, &[50]), (B, &[40])]).await;
    let a = modem_id(&sea, A).await;
    let (_, group) = post(&sea, "/api/v1/groups", json!({"name": "Monterey"})).await;
    for (name, kind, modem, groups) in [
        ("Otter_1", "buoy", Some(&a), vec![group["id"].clone()]),
        ("Otter-2", "buoy", None, vec![]),
        ("seal.3", "handset", None, vec![group["id"].clone()]),
        ("whale", "rockstar", None, vec![]),
    ] {
        let mut body = json!({"kind": kind, "name": name, "group_ids": groups});
        if let Some(modem) = modem {
            body["modem_id"] = modem.clone();
        }
        if kind == "rockstar" {
            body["serial"] = json!("RS-77");
        }
        made(&sea, body).await;
    }
    let group = group["id"].as_str().unwrap();
    for (query, wanted) in [
        ("", vec!["Otter-2", "Otter_1", "seal.3", "whale"]),
        ("q=otter", vec!["Otter-2", "Otter_1"]),
        ("q=R_1", vec!["Otter_1"]),
        ("q=_", vec!["Otter_1"]),
        ("q=%25", vec![]),
        ("q=!", vec![]),
        ("q=836590", vec!["Otter_1"]),
        ("q=204514", vec!["Otter_1"]),
        ("q=rs-7", vec!["whale"]),
        ("kind=handset", vec!["seal.3"]),
        ("linked=true", vec!["Otter_1"]),
        ("linked=false&kind=buoy", vec!["Otter-2"]),
        (&format!("group_id={group}"), vec!["Otter_1", "seal.3"]),
        (&format!("group_id={group}&linked=false&q=SEAL"), vec!["seal.3"]),
        ("cursor=OTTER_1", vec!["seal.3", "whale"]),
    ] {
        let found = sea.items(&format!("/api/v1/devices?{query}")).await;
        let names: Vec<_> = found.iter().map(|device| device["name"].as_str().unwrap()).collect();
        assert_eq!(names, wanted, "{query}");
    }
    let first = sea.get("/api/v1/devices?limit=3").await;
    let rest = sea.items(&format!("/api/v1/devices?cursor={}", first["next_cursor"].as_str().unwrap())).await;
    assert_eq!((first["items"].as_array().unwrap().len(), rest.len()), (3, 1));
    for wrong in ["kind=boat", "linked=maybe", "limit=0", "group_id=x", &format!("q={}", "x".repeat(65))] {
        let (status, _) =
            ask(&sea, &sea.system.client, Method::GET, &format!("/api/v1/devices?{wrong}"), None).await;
        assert_eq!(status, 400, "{wrong}");
    }
    sea.system.stop().await;
}

async fn a_key_is_shown_once(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let device = made(&sea, json!({"kind": "buoy"})).await;
    let (status, first) = ask(&sea, &sea.system.client, Method::POST, &path(&device, "key"), None).await;
    assert_eq!(status, 200);
    let key = first["key"].as_str().unwrap().to_owned();
    assert!(key.len() == 32 && key.chars().all(|c| c.is_ascii_hexdigit()), "{key}");
    let id = device["id"].as_str().unwrap().parse().unwrap();
    let row = async |sea: &Sea| sea.system.store.read(move |conn| by_id(conn, id)).await.unwrap().unwrap();
    let kept = row(&sea).await;
    assert!(key_matches(&kept, Some(&key)));
    assert!(
        !key_matches(&kept, Some("")) && !key_matches(&kept, None) && !key_matches(&kept, Some(&key[1..]))
    );
    let (_, second) = ask(&sea, &sea.system.client, Method::POST, &path(&device, "key"), None).await;
    let kept = row(&sea).await;
    assert!(key_matches(&kept, second["key"].as_str()) && !key_matches(&kept, Some(&key)));
    let shown = sea.get(&address(&device)).await;
    assert_eq!(shown["has_key"], true);
    assert!(!shown.to_string().contains(second["key"].as_str().unwrap()));
    assert!(!format!("{:?}", sea.audit().await).contains(second["key"].as_str().unwrap()));
    let (status, _) = ask(&sea, &sea.system.client, Method::DELETE, &path(&device, "key"), None).await;
    assert_eq!(status, 204);
    assert!(key_matches(&row(&sea).await, None));
    sea.system.stop().await;
}

async fn the_registry_is_for_operators(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let viewer = sea.system.client_as(Role::Viewer).await;
    let operator = sea.system.client_as(Role::Operator).await;
    let device = made(&sea, json!({"kind": "buoy"})).await;
    let address = address(&device);
    let changes = [
        (Method::POST, "/api/v1/devices".to_owned(), Some(json!({"kind": "buoy"}))),
        (Method::PATCH, address.clone(), Some(json!({}))),
        (Method::DELETE, address.clone(), None),
        (Method::POST, path(&device, "key"), None),
        (Method::DELETE, path(&device, "key"), None),
        (Method::POST, path(&device, "link"), Some(json!({"modem_id": device["id"], "dry_run": true}))),
        (Method::POST, path(&device, "unlink"), Some(json!({"dry_run": true}))),
        (Method::POST, "/api/v1/groups".to_owned(), Some(json!({"name": "x"}))),
        (Method::POST, "/api/v1/registration".to_owned(), Some(json!({"minutes": 5}))),
        (Method::DELETE, "/api/v1/registration".to_owned(), None),
    ];
    for (method, path, body) in changes {
        let stranger = ask(&sea, &Client::new(), method.clone(), &path, body.clone()).await.0;
        let looker = ask(&sea, &viewer, method.clone(), &path, body).await.0;
        assert_eq!((stranger, looker), (401, 403), "{method} {path}");
    }
    let lists = ["/api/v1/devices", "/api/v1/groups", "/api/v1/registration", &address];
    for path in lists {
        assert_eq!(ask(&sea, &Client::new(), Method::GET, path, None).await.0, 401, "{path}");
        assert_eq!(ask(&sea, &viewer, Method::GET, path, None).await.0, 200, "{path}");
    }
    let (status, _) = ask(&sea, &operator, Method::PATCH, &address, Some(json!({"serial": "7"}))).await;
    assert_eq!(status, 200);
    sea.system.stop().await;
}
