//! Many devices from a table: all of them, or none.

use std::fmt::Write as _;

use fairlead_model::role::Role;
use fairlead_testkit::Backend;
use reqwest::Client;
use serde_json::{Value, json};

use crate::registry::{A, B, heard, made, modem_id, post};
use crate::sea::{Sea, minutes, pk101, start};

fairlead_testkit::on_both_backends!(
    a_table_is_tried_and_then_made,
    one_wrong_line_and_nothing_is_made,
    a_fleet_is_prepared_before_it_speaks,
    a_large_table_is_made,
    of_two_who_send_one_table_at_once_one_makes_it,
    a_table_has_bounds,
);

async fn send(sea: &Sea, client: &Client, query: &str, table: &str) -> (u16, Value) {
    let request = client
        .post(sea.system.url("tracker", &format!("/api/v1/devices/import{query}")))
        .header("Content-Type", "text/csv; charset=utf-8")
        .body(table.to_owned());
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn import(sea: &Sea, query: &str, table: &str) -> Value {
    let (status, report) = send(sea, &sea.system.client, query, table).await;
    assert_eq!(status, 200, "{report}");
    report
}

async fn names(sea: &Sea) -> Vec<String> {
    let devices = sea.items("/api/v1/devices?limit=500").await;
    devices.iter().map(|device| device["name"].as_str().unwrap().to_owned()).collect()
}

async fn a_table_is_tried_and_then_made(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    heard(&sea, &[(A, &[50, 40])]).await;
    for name in ["Monterey", "spare"] {
        assert_eq!(post(&sea, "/api/v1/groups", json!({"name": name})).await.0, 201);
    }
    made(&sea, json!({"kind": "handset", "name": "pk002"})).await;
    let table = format!(
        "kind,name,imei,groups\nbuoy,Otter-1,{A},Monterey; SPARE\nbuoy,,{B},\nBuoy,PK001,,\nhandset,,,spare\n"
    );
    let row = |line: u64, name: Value, kind: &str, imei: Value| json!({"line": line, "name": name, "kind": kind, "imei": imei, "ok": true, "errors": []});
    let tried = import(&sea, "?dry_run=true", &table).await;
    assert_eq!((&tried["made"], &tried["done"]), (&json!(0), &json!(false)));
    assert_eq!(
        tried["rows"],
        json!([
            row(2, json!("Otter-1"), "buoy", json!(A)),
            row(3, Value::Null, "buoy", json!(B)),
            row(4, json!("PK001"), "buoy", Value::Null),
            row(5, Value::Null, "handset", Value::Null),
        ])
    );
    assert_eq!(names(&sea).await, ["pk002"], "nothing was made");

    let report = import(&sea, "", &table).await;
    assert_eq!((&report["made"], &report["done"]), (&json!(4), &json!(true)));
    // A drawn name is neither one that somebody has in whatever case, nor one of the table.
    assert_eq!((&report["rows"][1]["name"], &report["rows"][3]["name"]), (&json!("PK003"), &json!("HS001")));
    let devices = sea.items("/api/v1/devices").await;
    let shown: Vec<_> = devices
        .iter()
        .map(|device| {
            let groups: Vec<_> =
                device["groups"].as_array().unwrap().iter().map(|group| group["name"].clone()).collect();
            json!([device["name"], device["number"], device["modem"]["imei"], groups])
        })
        .collect();
    assert_eq!(
        shown,
        [
            json!(["HS001", 2, null, ["spare"]]),
            json!(["Otter-1", 1, A, ["Monterey", "spare"]]),
            json!(["PK001", 3, null, []]),
            json!(["pk002", 1, null, []]),
            json!(["PK003", 2, B, []]),
        ]
    );
    assert_eq!(
        devices[1]["modem"]["since"],
        json!(start().minus(minutes(50))),
        "it brings its messages along"
    );
    let (_, next) = post(&sea, "/api/v1/devices", json!({"kind": "buoy"})).await;
    assert_eq!((&next["name"], &next["number"]), (&json!("PK004"), &json!(4)));
    let audit = sea.audit().await;
    let of_table: Vec<_> = audit
        .iter()
        .filter(|[.., detail]| detail.ends_with("of a list"))
        .map(|[.., detail]| detail.clone())
        .collect();
    assert_eq!(of_table.len(), 4, "{audit:?}");
    assert!(of_table[0].starts_with("Otter-1: buoy, modem 300434063836590 since"), "{of_table:?}");
    sea.system.stop().await;
}

async fn one_wrong_line_and_nothing_is_made(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    heard(&sea, &[(A, &[50]), (B, &[50])]).await;
    made(&sea, json!({"kind": "buoy", "name": "PK007", "modem_id": modem_id(&sea, A).await})).await;
    let table = format!(
        "kind,name,imei,groups\n\
         buoy,good,{B},\n\
         boat,PK 8,12,nowhere\n\
         handset,pk007,{A},\n\
         buoy,GOOD,{B},\n\
         rockstar,,,\n\
         buoy,short\n"
    );
    for query in ["?dry_run=true", ""] {
        let report = import(&sea, query, &table).await;
        assert_eq!((&report["made"], &report["done"]), (&json!(0), &json!(false)));
        let found: Vec<_> =
            report["rows"].as_array().unwrap().iter().map(|row| row["errors"].clone()).collect();
        assert_eq!(
            found,
            [
                json!([]),
                json!([
                    "`boat` is no kind of device: buoy, handset, rockstar.",
                    "`PK 8` cannot be a device's name: 1 to 32 letters, digits, `_`, `-` and `.`, beginning with a \
                     letter or digit.",
                    "There is no group nowhere. Make it first.",
                    "`12` is no IMEI: an IMEI is 15 digits.",
                ]),
                json!([
                    "There is a buoy with the name PK007 already, and pk007 differs from it in case only.",
                    format!("Modem {A} is in the buoy PK007. Unlink it there first."),
                ]),
                json!(["Line 2 has the name GOOD as well.", format!("Line 2 has modem {B} as well.")]),
                json!(["A rockstar is not given a name by itself. Choose one."]),
                json!(["The line has 2 columns, the header 4."]),
            ]
        );
        let ok: Vec<_> = report["rows"].as_array().unwrap().iter().map(|row| row["ok"].clone()).collect();
        assert_eq!(ok, [true, false, false, false, false, false]);
    }
    assert_eq!(names(&sea).await, ["PK007"]);

    // By serial number, which both have, and by whatever is known.
    let report = import(&sea, "", "kind,serial\nbuoy,204514\nbuoy,1\n").await;
    assert_eq!(
        [&report["rows"][0]["errors"], &report["rows"][1]["errors"]],
        [
            &json!(["Several modems have the serial number 204514. Name the one by its IMEI."]),
            &json!([
                "No modem is known as 1. One that has not been heard yet is named by its IMEI of 15 digits."
            ])
        ]
    );
    sea.get("/v1/rockblocks").await;
    let report = import(&sea, "", "kind,modem\nbuoy,2\n").await;
    assert_eq!((&report["rows"][0]["imei"], &report["done"]), (&json!(B), &json!(true)));
    sea.system.stop().await;
}

async fn a_fleet_is_prepared_before_it_speaks(backend: Backend) {
    let sea = Sea::open(backend, &["tracker.unsigned_modems_per_day=0"]).await;
    let report = import(&sea, "", &format!("kind,name,imei\nbuoy,PK001,{A}\n")).await;
    assert_eq!(report["done"], true);
    let modem = sea.modem().await;
    assert_eq!(
        (&modem["imei"], &modem["device"]["name"], &modem["last_seen_at"]),
        (&json!(A), &json!("PK001"), &Value::Null)
    );
    // It is known, so its first message needs nobody's leave, and is the device's.
    sea.system.hand.advance(minutes(10));
    let at = sea.system.clock.now();
    let row = sea.message(1, at, &pk101(at, "3750.5117", 10));
    sea.handle(std::slice::from_ref(&row)).await;
    assert_eq!(sea.detail(crate::sea::id_of(&row)).await["message"]["device"]["name"], "PK001");
    assert_eq!(sea.problems("").await, Vec::<Value>::new());
    sea.system.stop().await;
}

async fn a_large_table_is_made(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let mut table = String::from("kind,imei\n");
    for n in 0..5_000 {
        writeln!(table, "{},3004340638{n:05}", if n % 5 == 0 { "handset" } else { "buoy" }).unwrap();
    }
    let report = import(&sea, "", &table).await;
    assert_eq!((&report["made"], &report["done"]), (&json!(5_000), &json!(true)));
    assert_eq!(
        (&report["rows"][4_999]["name"], &report["rows"][4_995]["name"]),
        (&json!("PK4000"), &json!("HS1000"))
    );
    let modems = sea.items("/api/v1/modems?limit=500").await;
    assert!(modems.iter().all(|modem| modem["device"]["name"].is_string()));
    let buoys = sea.get("/v1/buoys").await;
    assert_eq!(buoys.as_array().unwrap().len(), 4_000);
    let (status, answer) = send(&sea, &sea.system.client, "", &(table.clone() + "buoy,\n")).await;
    assert_eq!(
        (status, &answer["detail"]),
        (400, &json!("A table has at most 5000 lines. Send it in parts."))
    );
    let again = import(&sea, "", &table).await;
    assert_eq!(again["done"], false, "its modems are in devices");
    sea.system.stop().await;
}

async fn of_two_who_send_one_table_at_once_one_makes_it(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let table = format!("kind,name,imei\nbuoy,Otter,{A}\nbuoy,,{B}\n");
    let sent = (0..6).map(|_| import(&sea, "", &table));
    let reports = futures_util::future::join_all(sent).await;
    let done: Vec<_> = reports.iter().filter(|report| report["done"] == true).collect();
    assert_eq!(done.len(), 1, "{reports:?}");
    assert_eq!(names(&sea).await, ["Otter", "PK001"]);
    assert_eq!(sea.items("/api/v1/modems").await.len(), 2);
    sea.system.stop().await;
}

async fn a_table_has_bounds(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let client = &sea.system.client;
    let viewer = sea.system.client_as(Role::Viewer).await;
    assert_eq!(send(&sea, &viewer, "?dry_run=true", "kind\nbuoy\n").await.0, 403);
    let (status, answer) = send(&sea, client, "", "name\nPK001\n").await;
    assert_eq!(status, 400);
    assert!(answer["detail"].as_str().unwrap().contains("`kind` must be there"), "{answer}");
    let (status, answer) = send(&sea, client, "", &"x".repeat(1024 * 1024 + 1)).await;
    assert_eq!((status, &answer["detail"]), (413, &json!("The body has at most 1024 KiB.")));
    let (status, answer) = post(&sea, "/api/v1/devices/import", json!({})).await;
    assert_eq!((status, &answer["detail"]), (415, &json!("A table is sent as text/csv.")));
    sea.system.stop().await;
}
