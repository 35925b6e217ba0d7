//! Groups, queues, and the window in which devices register.

use fairlead_store::reports;
use fairlead_testkit::Backend;
use reqwest::Method;
use serde_json::{Value, json};

use crate::registry::{address, ask, made, post};
use crate::sea::{Sea, minutes};

fairlead_testkit::on_both_backends!(
    a_group_has_the_devices_that_it_is_given,
    a_group_has_a_name_of_its_own,
    a_device_is_put_into_groups,
    devices_register_while_somebody_lets_them,
);

async fn put(sea: &Sea, group: &Value, ids: &[&Value]) -> (u16, Value) {
    let path = format!("/api/v1/groups/{}/devices", group["id"].as_str().unwrap());
    ask(sea, &sea.system.client, Method::PUT, &path, Some(json!({ "device_ids": ids }))).await
}

async fn of_group(sea: &Sea, group: &Value) -> Vec<Value> {
    let path = format!("/api/v1/devices?group_id={}", group["id"].as_str().unwrap());
    sea.items(&path).await.iter().map(|device| device["name"].clone()).collect()
}

async fn a_group_has_the_devices_that_it_is_given(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let (_, bay) = post(&sea, "/api/v1/groups", json!({"name": " Bay "})).await;
    assert_eq!((&bay["name"], &bay["devices"]), (&json!("Bay"), &json!(0)));
    let mut devices = Vec::new();
    for _ in 0..3 {
        devices.push(made(&sea, json!({"kind": "buoy"})).await);
    }
    let [one, two, three] = [0, 1, 2].map(|n: usize| &devices[n]["id"]);
    let (status, group) = put(&sea, &bay, &[one, two, two]).await;
    assert_eq!((status, &group["devices"]), (200, &json!(2)));
    put(&sea, &bay, &[two, three]).await;
    assert_eq!(of_group(&sea, &bay).await, ["PK002", "PK003"]);
    let nobody = json!("019e830e-1a00-7edf-a648-1715466fba82");
    let (status, answer) = put(&sea, &bay, &[one, &nobody]).await;
    assert_eq!(
        (status, &answer["errors"]),
        (422, &json!([format!("There is no device {}.", nobody.as_str().unwrap())]))
    );
    assert_eq!(of_group(&sea, &bay).await, ["PK002", "PK003"], "it stays as it was");

    // A deleted device is in no group, and a removed group leaves its devices alone.
    ask(&sea, &sea.system.client, Method::DELETE, &address(&devices[1]), None).await;
    assert_eq!(sea.items("/api/v1/groups").await[0]["devices"], 1);
    assert_eq!(put(&sea, &bay, &[two]).await.0, 422);
    let path = format!("/api/v1/groups/{}", bay["id"].as_str().unwrap());
    assert_eq!(ask(&sea, &sea.system.client, Method::DELETE, &path, None).await.0, 204);
    assert_eq!(ask(&sea, &sea.system.client, Method::DELETE, &path, None).await.0, 404);
    assert_eq!(put(&sea, &bay, &[one]).await.0, 404);
    assert_eq!(sea.get(&address(&devices[2])).await["groups"], json!([]));
    let many: Vec<Value> = (0..5_001).map(|_| json!(sea.system.clock.new_id())).collect();
    let (status, answer) = put(&sea, &bay, &many.iter().collect::<Vec<_>>()).await;
    assert_eq!((status, &answer["detail"]), (422, &json!("A group has at most 5000 devices.")));
    let audit: Vec<_> =
        sea.audit().await.into_iter().map(|[_, action, _, detail]| [action, detail]).collect();
    for entry in [["group.add", "Bay"], ["group.devices", "Bay: 2 devices"], ["group.remove", "Bay"]] {
        assert!(audit.contains(&entry.map(str::to_owned)), "{audit:?}");
    }
    sea.system.stop().await;
}

async fn a_group_has_a_name_of_its_own(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let names = ["bay", "Bay", "BAY", "bAy"];
    let asked = names.map(|name| post(&sea, "/api/v1/groups", json!({ "name": name })));
    let answers = futures_util::future::join_all(asked).await;
    let statuses: Vec<u16> = answers.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{answers:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 3, "{answers:?}");
    for wrong in ["", "  ", "a;b", "a\nb", &"x".repeat(65)] {
        let (status, answer) = post(&sea, "/api/v1/groups", json!({ "name": wrong })).await;
        let sentence = "A group's name has 1 to 64 characters, none of them `;` or a control character.";
        assert_eq!((status, &answer["errors"]), (422, &json!([sentence])), "{wrong:?}");
    }
    for name in ["Zürich", "Ärmel"] {
        assert_eq!(post(&sea, "/api/v1/groups", json!({ "name": name })).await.0, 201);
    }
    let first = sea.get("/api/v1/groups?limit=2").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(cursor, "Zürich");
    let rest = sea.items(&format!("/api/v1/groups?cursor={cursor}")).await;
    assert_eq!((rest.len(), &rest[0]["name"]), (1, &json!("Ärmel")));
    sea.system.stop().await;
}

async fn a_device_is_put_into_groups(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let (_, bay) = post(&sea, "/api/v1/groups", json!({"name": "bay"})).await;
    let (_, spare) = post(&sea, "/api/v1/groups", json!({"name": "Apart"})).await;
    let device = made(&sea, json!({"kind": "buoy", "group_ids": [bay["id"], bay["id"]]})).await;
    let names = |device: &Value| -> Vec<Value> {
        device["groups"].as_array().unwrap().iter().map(|group| group["name"].clone()).collect()
    };
    assert_eq!(names(&device), ["bay"]);
    let patch =
        async |body: Value| ask(&sea, &sea.system.client, Method::PATCH, &address(&device), Some(body)).await;
    let (_, changed) = patch(json!({"group_ids": [bay["id"], spare["id"]]})).await;
    assert_eq!(names(&changed), ["Apart", "bay"]);
    // What is not named stays; null takes away.
    let (_, changed) = patch(json!({"serial": "RS-1"})).await;
    assert_eq!((names(&changed).len(), &changed["serial"]), (2, &json!("RS-1")));
    let (_, changed) = patch(json!({"serial": null, "group_ids": []})).await;
    assert_eq!((names(&changed).len(), &changed["serial"]), (0, &Value::Null));
    let (status, answer) = patch(json!({"serial": "a;b", "group_ids": [device["id"]]})).await;
    assert_eq!((status, answer["errors"].as_array().unwrap().len()), (422, 2), "{answer}");
    assert_eq!(patch(json!({"name": "other"})).await.0, 400, "a name is what a device calls itself");
    sea.system.stop().await;
}

async fn devices_register_while_somebody_lets_them(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let path = "/api/v1/registration";
    let shut = json!({"open_until": null, "opened_by": null, "secret_set": false});
    assert_eq!(sea.get(path).await, shut);
    for minutes in [0, 121] {
        let (status, answer) = post(&sea, path, json!({ "minutes": minutes })).await;
        assert_eq!(
            (status, &answer["detail"]),
            (422, &json!(format!("minutes is 1 to 120, not {minutes}.")))
        );
    }
    let (status, open) = post(&sea, path, json!({"minutes": 10})).await;
    let until = sea.system.clock.now().plus(minutes(10));
    assert_eq!(
        (status, &open),
        (200, &json!({"open_until": until, "opened_by": "test", "secret_set": false}))
    );
    assert_eq!(sea.get(path).await, open);
    sea.system.hand.advance(minutes(10));
    assert_eq!(sea.get(path).await, shut);
    post(&sea, path, json!({"minutes": 120})).await;
    let (status, answer) = ask(&sea, &sea.system.client, Method::DELETE, path, None).await;
    assert_eq!((status, answer), (200, shut.clone()));
    ask(&sea, &sea.system.client, Method::DELETE, path, None).await;
    // Whether there is a secret, only the firmware service knows; it says so in its report.
    for set in [true, false] {
        let row = reports::ReportRow {
            process: "firmware@test:1".to_owned(),
            reported_at: sea.system.clock.now().into(),
            report: json!({"facts": {"registration_secret": set}}).to_string(),
        };
        sea.system.store.write(move |tx| reports::put(tx, &row)).await.unwrap();
        assert_eq!(sea.get(path).await["secret_set"], set);
    }
    let actions: Vec<_> = sea.audit().await.into_iter().map(|[_, action, ..]| action).collect();
    assert_eq!(actions, ["registration.open", "registration.open", "registration.shut"]);
    sea.system.stop().await;
}
