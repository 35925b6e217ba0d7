//! From a message to what is delivered for it: which routes it fits, what they write, and that each writes it once.

use diesel::prelude::*;
use fairlead_model::Time;
use fairlead_model::mt::Order;
use fairlead_testkit::Backend;
use fairlead_wire::rockcore::{Source, Trigger};
use serde_json::{Value, json};

use crate::passed::{NORTH, SOUTH, at, burst, delivered, form, passed, pushed, report};
use crate::registry::{A, B, ask, made, modem_id, path, post};
use crate::routes::{device, endpoint, of, route, to, wanted};
use crate::sea::{IMEI, Sea, id_of, message, pk101, start, stored};

fairlead_testkit::on_both_backends!(
    what_fits_is_delivered_as_each_target_wants_it,
    each_target_is_woken_once_and_each_route_says_how_it_does,
    a_message_is_passed_on_once_however_often_it_is_handled,
    what_could_not_be_read_is_passed_on_once_repaired,
    two_trackers_pass_on_each_message_once,
    a_source_is_a_device_a_group_a_kind_or_everybody,
    a_message_is_the_devices_in_which_its_modem_was,
    a_tracker_is_told_and_tells,
    what_cannot_be_told_is_not_told,
    conditions_are_about_the_message_and_where_it_was_before,
    a_late_message_tells_what_it_changes_and_nothing_twice,
    an_answer_does_not_come_back_to_the_route_that_asked,
    a_route_that_is_off_passes_nothing_on,
    three_hundred_routes_pass_on_three_hundred_messages,
);

diesel::table! {
    outbox (id) {
        id -> Binary,
        queue -> Text,
        body -> Text,
    }
}

async fn what_fits_is_delivered_as_each_target_wants_it(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let buoy = device(&sea, "buoy", "PK001", IMEI).await;
    let handset = made(&sea, json!({"kind": "handset", "name": "HS001"})).await;
    let rockstar = made(&sea, json!({"kind": "rockstar", "name": "RS1"})).await;
    let maps = endpoint(&sea, "webhook", "maps", None).await;
    let mut routes = Vec::new();
    for format in ["original", "json", "geojson"] {
        let mut asked = wanted(of(&buoy), &["position"], to(&maps));
        asked["format"] = json!(format);
        routes.push(route(&sea, asked).await["id"].clone());
    }
    for target in [&handset, &rockstar] {
        routes.push(route(&sea, wanted(of(&buoy), &["position"], of(target))).await["id"].clone());
    }
    let sent = Time::parse_rfc3339("2026-06-01T11:07:37Z").unwrap();
    let text =
        "PK001;lat:3749.5074,NS:N,lon:12216.6021,EW:W,utc:110501.086,sog:2.371,cog:45.5,sta:01,batt:3.7";
    let (row, data) = (form(&sea, sent, text), hex::encode(text));
    sea.handle(std::slice::from_ref(&row)).await;

    let found = delivered(&sea).await;
    assert_eq!(found.iter().map(|d| d.route.clone()).collect::<Vec<_>>(), routes);
    let id = json!(id_of(&row));
    for delivery in &found {
        assert_eq!((&delivery.message, &delivery.device), (&id, &buoy["id"]));
        assert_eq!(
            delivery.attributes,
            json!({
                "device": "PK001", "kind": "buoy", "imei": IMEI, "message": "position", "at": sent,
                "position_at": "2026-06-01T11:05:01.086Z",
            })
        );
    }
    let kinds: Vec<_> = found.iter().map(|d| [d.format.as_str(), d.content_type.as_str()]).collect();
    assert_eq!(
        kinds,
        [
            ["original", "application/json"],
            ["json", "application/json"],
            ["geojson", "application/geo+json"],
            ["mt", "application/json"],
            ["mt", "application/json"],
        ]
    );
    assert_eq!(
        found[0].body,
        format!(
            "{{\"imei\": \"{IMEI}\", \"serial\": \"13760\", \"momsn\": 441, \"transmit_time\": \
             \"26-06-01%2011%3A07%3A37\", \"iridium_latitude\": \"37.7740\", \"iridium_longitude\": \
             \"-122.4050\", \"iridium_cep\": \"4.0\", \"iridium_session_status\": \"2\", \"data\": \"{data}\"}}"
        )
    );
    let decoded: Value = serde_json::from_str(&found[1].body).unwrap();
    let seen =
        ["message_id", "message", "kind", "measured_at", "battery_v", "status_bits", "beacon_on", "momsn"];
    assert_eq!(
        seen.map(|name| decoded[name].clone()),
        [
            id.clone(),
            json!("position"),
            json!("PK001"),
            json!("2026-06-01T11:05:01.086Z"),
            json!(3.7),
            json!(1),
            json!(true),
            json!(441)
        ]
    );
    assert_eq!(decoded["device"], json!({"id": buoy["id"], "kind": "buoy", "name": "PK001"}));
    assert!((decoded["speed_m_s"].as_f64().unwrap() - 0.6586).abs() < 1e-4);
    let feature: Value = serde_json::from_str(&found[2].body).unwrap();
    assert_eq!(feature["properties"], decoded);
    assert_eq!(feature["geometry"]["coordinates"], json!([decoded["longitude"], decoded["latitude"]]));
    let told = "+DATA:PK004,3749.5074,N,12216.6021,W,2.371,45.5,110501.0000,1";
    assert_eq!(found[3].order(), Order::Position { text: told.to_owned() });
    let told = "2026-06-01 11:05:01:  37.825123 N, -122.276702 W";
    assert_eq!(found[4].order(), Order::Position { text: told.to_owned() });
    sea.system.stop().await;
}

async fn each_target_is_woken_once_and_each_route_says_how_it_does(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let buoy = device(&sea, "buoy", "PK001", IMEI).await;
    let handset = made(&sea, json!({"kind": "handset", "name": "HS001"})).await;
    let maps = endpoint(&sea, "webhook", "maps", None).await;
    for (format, target) in [("original", to(&maps)), ("json", to(&maps)), ("json", of(&handset))] {
        let mut asked = wanted(of(&buoy), &["position"], target);
        asked["format"] = json!(format);
        route(&sea, asked).await;
    }
    sea.handle(&[report(&sea, IMEI, 1, SOUTH)]).await;
    if backend == Backend::Embedded {
        // Nobody delivers here, so it waits: one word for each target.
        let waiting = sea.system.store.read(|conn| {
            let of_deliveries = outbox::table.filter(outbox::queue.eq("delivery.waiting"));
            Ok(of_deliveries.select(outbox::body).load::<String>(conn)?)
        });
        let waiting = waiting.await.unwrap();
        assert_eq!(waiting.len(), 2);
        for target in [&maps, &handset["id"]] {
            assert!(waiting.iter().any(|body| body.contains(target.as_str().unwrap())), "{waiting:?}");
        }
    }
    let shown = sea.items("/api/v1/routes").await;
    assert!(shown.iter().all(|route| route["waiting"] == 1), "{shown:?}");
    let settled = format!(
        "UPDATE deliveries SET state = 'delivered', due_at = NULL, settled_at = {} WHERE format = 'json'",
        start().micros()
    );
    sea.sql(settled).await;
    let shown = sea.items("/api/v1/routes").await;
    assert_eq!((&shown[1]["waiting"], &shown[1]["delivered_at"]), (&json!(0), &json!(start())));
    assert_eq!((&shown[0]["waiting"], &shown[0]["delivered_at"]), (&json!(1), &Value::Null));
    sea.system.stop().await;
}

async fn a_message_is_passed_on_once_however_often_it_is_handled(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let maps = endpoint(&sea, "webhook", "maps", None).await;
    let all = route(&sea, wanted(json!({"type": "any"}), &["position"], to(&maps))).await;
    let rows = [report(&sea, A, 1, SOUTH), report(&sea, A, 1, NORTH)];
    for row in &rows {
        sea.handle(std::slice::from_ref(row)).await;
    }
    assert_eq!(passed(&sea, &all).await, [1, 1], "two messages of one number are two");
    // The same word again, and a person who puts it through again.
    let (clock, ids) = (sea.system.clock.clone(), rows.clone().map(|row| id_of(&row)));
    let again = move |tx: &mut fairlead_store::Tx<'_>| {
        ids.iter().try_for_each(|id| fairlead_bus::enqueue(tx, &clock, &stored(*id), None))
    };
    sea.system.store.write(again).await.unwrap();
    let problem = sea.problems("kind=conflicting_message").await.remove(0);
    let (status, answer) = sea.settle(&problem, "replay", None).await;
    assert_eq!(status.as_u16(), 200, "{answer}");
    sea.settled().await;
    sea.handle(&[report(&sea, A, 2, SOUTH)]).await;
    assert_eq!(passed(&sea, &all).await, [1, 1, 2]);
    sea.system.stop().await;
}

async fn what_could_not_be_read_is_passed_on_once_repaired(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let maps = endpoint(&sea, "webhook", "maps", None).await;
    let all = wanted(json!({"type": "any"}), &["position", "command", "text", "other"], to(&maps));
    let mut original = all.clone();
    original["format"] = json!("original");
    route(&sea, all).await;
    let original = route(&sea, original).await;
    let bad = sea.message(2, at(2), "PK1O1;lat:4000.0000");
    sea.handle(std::slice::from_ref(&bad)).await;
    assert_eq!(delivered(&sea).await, []);
    let problem = sea.problems("state=open").await.remove(0);
    let right = pk101(at(2), SOUTH, 10);
    let (status, answer) = sea.settle(&problem, "repair", Some(&right)).await;
    assert_eq!(status.as_u16(), 200, "{answer}");
    sea.settled().await;
    let found = delivered(&sea).await;
    assert_eq!(found.len(), 2);
    let repaired = found.iter().find(|d| d.route == original["id"]).unwrap();
    let row: Value = serde_json::from_str(&repaired.body).unwrap();
    assert_eq!(row["data"], hex::encode(&right));
    sea.system.stop().await;
}

async fn two_trackers_pass_on_each_message_once(backend: Backend) {
    let mut sea = Sea::open(backend, &[]).await;
    if backend == Backend::Servers {
        sea.another_tracker().await;
    }
    let maps = endpoint(&sea, "webhook", "maps", None).await;
    let all = route(&sea, wanted(json!({"type": "any"}), &["position"], to(&maps))).await;
    let rows: Vec<_> = (1..=40).map(|n| report(&sea, if n % 2 == 0 { A } else { B }, n, SOUTH)).collect();
    let (clock, ids) = (sea.system.clock.clone(), rows.iter().map(id_of).collect::<Vec<_>>());
    sea.feed(&rows).await;
    let again = move |tx: &mut fairlead_store::Tx<'_>| {
        ids.iter().try_for_each(|id| fairlead_bus::enqueue(tx, &clock, &stored(*id), None))
    };
    sea.system.store.write(again).await.unwrap();
    sea.settled().await;
    sea.handle(&[report(&sea, A, 42, SOUTH)]).await;
    let expected: Vec<i64> = (1..=40).chain([42]).collect();
    assert_eq!(passed(&sea, &all).await, expected);
    sea.system.stop().await;
}

async fn a_source_is_a_device_a_group_a_kind_or_everybody(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let first = device(&sea, "buoy", "PK001", A).await;
    let second = device(&sea, "handset", "HS001", B).await;
    let listener = made(&sea, json!({"kind": "handset", "name": "HS002"})).await;
    let (_, group) = post(&sea, "/api/v1/groups", json!({"name": "bay"})).await;
    let members = json!({"device_ids": [first["id"], second["id"]]});
    let group_path = format!("/api/v1/groups/{}/devices", group["id"].as_str().unwrap());
    ask(&sea, &sea.system.client, reqwest::Method::PUT, &group_path, Some(members)).await;
    let maps = endpoint(&sea, "webhook", "maps", None).await;
    let in_group = json!({"type": "group", "id": group["id"]});
    let mut routes = Vec::new();
    for (source, target) in [
        (of(&first), to(&maps)),
        (in_group.clone(), to(&maps)),
        (json!({"type": "kind", "kind": "handset"}), to(&maps)),
        (json!({"type": "any"}), to(&maps)),
        (in_group, of(&listener)),
    ] {
        routes.push(route(&sea, wanted(source, &["position"], target)).await);
    }
    let stranger = "300434063836592";
    sea.handle(&[report(&sea, A, 1, SOUTH), report(&sea, B, 2, SOUTH), report(&sea, stranger, 3, SOUTH)])
        .await;
    let mut seen = Vec::new();
    for route in &routes {
        seen.push(passed(&sea, route).await);
    }
    assert_eq!(
        seen,
        [vec![1], vec![1, 2], vec![2], vec![1, 2, 3], vec![1]],
        "no handset is told of handsets"
    );
    let of_stranger = delivered(&sea).await.into_iter().find(|d| d.attributes["imei"] == stranger).unwrap();
    assert_eq!(of_stranger.device, Value::Null);
    assert_eq!([&of_stranger.attributes["device"], &of_stranger.attributes["kind"]], [stranger, "modem"]);
    sea.system.stop().await;
}

async fn a_message_is_the_devices_in_which_its_modem_was(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let first = made(&sea, json!({"kind": "buoy", "name": "PK001", "imei": A, "since": at(0)})).await;
    let second = made(&sea, json!({"kind": "buoy", "name": "PK002"})).await;
    let maps = endpoint(&sea, "webhook", "maps", None).await;
    let of_first = route(&sea, wanted(of(&first), &["position"], to(&maps))).await;
    let of_second = route(&sea, wanted(of(&second), &["position"], to(&maps))).await;
    sea.handle(&[report(&sea, A, 1, SOUTH)]).await;
    post(&sea, &path(&first, "unlink"), json!({"at": at(3)})).await;
    let order = json!({"modem_id": modem_id(&sea, A).await, "since": at(5)});
    let (status, effects) = post(&sea, &path(&second, "link"), order).await;
    assert_eq!(status, 200, "{effects}");
    // The newest first: a message that comes late is still whose it was.
    for n in [6, 2, 4] {
        sea.handle(&[report(&sea, A, n, SOUTH)]).await;
    }
    assert_eq!((passed(&sea, &of_first).await, passed(&sea, &of_second).await), (vec![1, 2], vec![6]));
    sea.system.stop().await;
}

async fn a_tracker_is_told_and_tells(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let rockstar = device(&sea, "rockstar", "RS1", B).await;
    let buoy = device(&sea, "buoy", "PK001", A).await;
    let handset = made(&sea, json!({"kind": "handset", "name": "HS001"})).await;
    let maps = endpoint(&sea, "webhook", "maps", None).await;
    let mut routes = Vec::new();
    for (message, target) in [
        ("position", to(&maps)),
        ("text", to(&maps)),
        ("other", to(&maps)),
        ("command", of(&buoy)),
        ("position", of(&handset)),
    ] {
        routes.push(route(&sea, wanted(of(&rockstar), &[message], target)).await);
    }
    let mut by_alert = wanted(of(&rockstar), &["position"], to(&maps));
    by_alert["conditions"] = json!([{"type": "trigger", "any_of": ["alert", "routine"]}]);
    routes.push(route(&sea, by_alert).await);
    let mut of_network = burst(5, Trigger::Burst, None);
    of_network.source = Source::Iridium;
    let mut acknowledged = burst(4, Trigger::Acknowledge, None);
    acknowledged.message_ack = Some(124_196);
    let rows: Vec<_> = [
        burst(1, Trigger::Routine, None),
        burst(2, Trigger::Message, Some("all well")),
        burst(3, Trigger::Message, Some("IRD update 10 min")),
        acknowledged,
        of_network,
    ]
    .iter()
    .map(|fields| pushed(&sea, fields))
    .collect();
    sea.handle(&rows).await;
    let mut seen = Vec::new();
    for route in &routes {
        seen.push(passed(&sea, route).await);
    }
    assert_eq!(seen, [vec![1, 5], vec![2], vec![4], vec![3], vec![1], vec![1]]);
    let found = delivered(&sea).await;
    let body: Value =
        serde_json::from_str(&found.iter().find(|d| d.route == routes[1]["id"]).unwrap().body).unwrap();
    let seen = ["text", "trigger", "altitude_m", "battery_percent", "provider", "kind"]
        .map(|name| body[name].clone());
    assert_eq!(
        seen,
        [
            json!("all well"),
            json!("MESSAGE"),
            json!(12.0),
            json!(82.0),
            json!("rockcore"),
            json!("RS-MESSAGE")
        ]
    );
    let told = found.iter().find(|d| d.route == routes[4]["id"]).unwrap().order();
    let told = json!(told);
    assert!(told["text"].as_str().unwrap().starts_with("+DATA:PK004,3330.0000,S,15115.0000,E,"), "{told}");
    sea.system.stop().await;
}

async fn what_cannot_be_told_is_not_told(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let buoy = device(&sea, "buoy", "PK001", A).await;
    let handset = made(&sea, json!({"kind": "handset", "name": "HS001"})).await;
    let maps = endpoint(&sea, "webhook", "maps", None).await;
    let shows = route(&sea, wanted(of(&buoy), &["position"], of(&handset))).await;
    let keeps = route(&sea, wanted(of(&buoy), &["position"], to(&maps))).await;
    let nowhere = "PK101;lat:99900.0000,NS:N,lon:99900.0000,EW:E,utc:110000,batt:3.7,int:10,sl:0,st:0";
    let mut ahead = report(&sea, A, 3, SOUTH);
    ahead.received_at = at(1).into();
    sea.handle(&[report(&sea, A, 1, SOUTH), sea.message(2, at(2), nowhere), ahead]).await;
    assert_eq!(
        passed(&sea, &shows).await,
        [1],
        "without a position, or with a clock ahead, there is nothing to show"
    );
    assert_eq!(passed(&sea, &keeps).await, [1, 2, 3]);
    // A test push is nobody's.
    sea.handle(&[message(&sea.system.clock, "000000000000000", 9, at(4), "hello")]).await;
    assert_eq!(delivered(&sea).await.len(), 4);
    sea.system.stop().await;
}

async fn conditions_are_about_the_message_and_where_it_was_before(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let buoy = device(&sea, "buoy", "PK001", A).await;
    let maps = endpoint(&sea, "webhook", "maps", None).await;
    let area = json!({"type": "circle", "latitude": 37.8, "longitude": -122.3, "radius_m": 20_000.0});
    let mut routes = Vec::new();
    for condition in [
        json!({"type": "area", "is": "inside", "area": area}),
        json!({"type": "area", "is": "outside", "area": area}),
        json!({"type": "area", "is": "entered", "area": area}),
        json!({"type": "area", "is": "left", "area": area}),
        json!({"type": "field", "field": "late", "compares": "equals", "value": true}),
        json!({"type": "battery_below", "volts": 3.7}),
    ] {
        let mut asked = wanted(of(&buoy), &["position"], to(&maps));
        asked["conditions"] = json!([condition]);
        routes.push(route(&sea, asked).await);
    }
    // In, out, in again; the fourth without a position. One after another: which of them tells depends on the order.
    sea.handle(&[report(&sea, A, 1, SOUTH)]).await;
    sea.handle(&[report(&sea, A, 2, NORTH)]).await;
    let nowhere = "PK101;lat:99900.0000,NS:N,lon:99900.0000,EW:E,utc:110000,batt:3.6,int:10,sl:0,st:0";
    sea.handle(&[sea.message(4, at(4), nowhere)]).await;
    sea.handle(&[report(&sea, A, 5, SOUTH)]).await;
    // Late ones are compared with what was before them, not with what is newest.
    sea.handle(&[report(&sea, A, 3, NORTH)]).await;
    sea.handle(&[report(&sea, A, 6, NORTH)]).await;
    sea.handle(&[report(&sea, A, 7, SOUTH)]).await;
    let mut seen = Vec::new();
    for route in &routes {
        seen.push(passed(&sea, route).await);
    }
    assert_eq!(seen, [vec![1, 5, 7], vec![2, 3, 6], vec![5, 7], vec![2, 6], vec![3], vec![4]]);
    // With another modem it is still the same device.
    post(&sea, &path(&buoy, "unlink"), json!({"at": at(8)})).await;
    sea.handle(&[report(&sea, B, 9, SOUTH)]).await;
    let order = json!({"modem_id": modem_id(&sea, B).await, "since": at(10)});
    let (status, effects) = post(&sea, &path(&buoy, "link"), order).await;
    assert_eq!(status, 200, "{effects}");
    sea.handle(&[report(&sea, B, 11, NORTH)]).await;
    assert_eq!(passed(&sea, &routes[3]).await, [2, 6, 11], "its position before is the other modem's");
    sea.system.stop().await;
}

async fn a_late_message_tells_what_it_changes_and_nothing_twice(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let buoy = device(&sea, "buoy", "PK001", A).await;
    let maps = endpoint(&sea, "webhook", "maps", None).await;
    let area = json!({"type": "circle", "latitude": 37.8, "longitude": -122.3, "radius_m": 20_000.0});
    let mut routes = Vec::new();
    for is in ["entered", "left"] {
        let mut asked = wanted(of(&buoy), &["position"], to(&maps));
        asked["conditions"] = json!([{"type": "area", "is": is, "area": area}]);
        routes.push(route(&sea, asked).await);
    }
    let (inside, outside) = (SOUTH, NORTH);
    // It came in with 10, as it seemed; the burst before that comes late, its newest first, and says that it had with 7.
    for (n, place) in [(1, outside), (10, inside), (9, inside), (8, inside), (7, inside), (6, outside)] {
        sea.handle(&[report(&sea, A, n, place)]).await;
    }
    assert_eq!((passed(&sea, &routes[0]).await, passed(&sea, &routes[1]).await), (vec![10], vec![]));
    // Nobody had seen that it was out in between.
    sea.handle(&[report(&sea, A, 20, inside)]).await;
    sea.handle(&[report(&sea, A, 15, outside)]).await;
    assert_eq!((passed(&sea, &routes[0]).await, passed(&sea, &routes[1]).await), (vec![10, 20], vec![15]));
    // Out with 30, as it seemed; what comes late tells of a second stay, and two come together.
    sea.handle(&[report(&sea, A, 30, outside)]).await;
    sea.handle(&[report(&sea, A, 24, outside), report(&sea, A, 27, inside)]).await;
    let (entered, left) = (passed(&sea, &routes[0]).await, passed(&sea, &routes[1]).await);
    assert_eq!(entered, [10, 20, 27]);
    // Where 24 was handled before 27 was known, 30 had told of it.
    assert!(left == [15, 24, 30] || left == [15, 30], "{left:?}");
    // Handled again, nothing changes.
    let before = delivered(&sea).await.len();
    sea.handle(&[report(&sea, A, 31, outside), report(&sea, A, 28, inside), report(&sea, A, 29, inside)])
        .await;
    assert_eq!(delivered(&sea).await.len(), before);
    sea.system.stop().await;
}

async fn an_answer_does_not_come_back_to_the_route_that_asked(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let buoy = device(&sea, "buoy", "PK001", A).await;
    let maps = endpoint(&sea, "webhook", "maps", None).await;
    let asked = route(&sea, wanted(of(&buoy), &["position"], to(&maps))).await;
    let other = route(&sea, wanted(json!({"type": "any"}), &["position"], to(&maps))).await;
    sea.handle(&[report(&sea, A, 1, SOUTH)]).await;
    // The first route had the buoy told an interval of 20 minutes.
    let modem = modem_id(&sea, A).await;
    let hex = |id: &Value| id.as_str().unwrap().replace('-', "");
    let (mt, made_at) = (sea.system.clock.new_id().simple().to_string(), at(1).micros());
    for row in [
        format!(
            "INSERT INTO mt_messages (id, modem_id, imei, account, kind, value, text, state, state_since, cause, \
             proof, created_at, created_by, expires_at, not_before, attempts, lease_until) VALUES (X'{mt}', X'{}', \
             '{A}', 'default', 'interval', 20, '+DATA:PK006,20;', 'accepted', {made_at}, '', 'answer', {made_at}, \
             'route 1', {made_at}, {made_at}, 1, 0)",
            hex(&modem)
        ),
        format!(
            "INSERT INTO mt_origins (mt_id, route_id, delivery_id, source_modem) VALUES (X'{mt}', X'{}', X'{mt}', \
             X'{mt}')",
            hex(&asked["id"])
        ),
    ] {
        sea.sql(row).await;
    }
    let says = |n: i32, status: u32, minutes: u32| {
        let sent = at(u64::from(n.unsigned_abs()));
        let text = pk101(sent, SOUTH, minutes).replace("st:0", &format!("st:{status}"));
        sea.message(n, sent, &text)
    };
    // Accepted with its value; accepted with another one's; rejected; an ordinary word.
    sea.handle(&[says(2, 3, 20), says(3, 3, 30), says(4, 4, 20), says(5, 0, 20)]).await;
    assert_eq!(passed(&sea, &asked).await, [1, 3, 5]);
    assert_eq!(passed(&sea, &other).await, [1, 2, 3, 4, 5], "another route may hear of it");
    sea.system.stop().await;
}

async fn a_route_that_is_off_passes_nothing_on(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let maps = endpoint(&sea, "webhook", "maps", None).await;
    let all = route(&sea, wanted(json!({"type": "any"}), &["position"], to(&maps))).await;
    let at_route = |what: &str| format!("/api/v1/routes/{}/{what}", all["id"].as_str().unwrap());
    sea.handle(&[report(&sea, A, 1, SOUTH)]).await;
    post(&sea, &at_route("disable"), json!({})).await;
    sea.handle(&[report(&sea, A, 2, SOUTH)]).await;
    post(&sea, &at_route("enable"), json!({})).await;
    sea.handle(&[report(&sea, A, 3, SOUTH)]).await;
    assert_eq!(passed(&sea, &all).await, [1, 3]);
    // A new route is asked about what comes from then on.
    let second = endpoint(&sea, "webhook", "second", None).await;
    let later = route(&sea, wanted(json!({"type": "any"}), &["position"], to(&second))).await;
    sea.handle(&[report(&sea, A, 4, SOUTH)]).await;
    assert_eq!(passed(&sea, &later).await, [4]);
    sea.system.stop().await;
}

async fn three_hundred_routes_pass_on_three_hundred_messages(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let buoy = device(&sea, "buoy", "PK001", A).await;
    let maps = endpoint(&sea, "webhook", "maps", None).await;
    for n in 0..300 {
        let mut asked =
            wanted(if n % 2 == 0 { of(&buoy) } else { json!({"type": "any"}) }, &["position"], to(&maps));
        asked["conditions"] = json!([{"type": "field", "field": "momsn", "compares": "equals", "value": n}]);
        route(&sea, asked).await;
    }
    let rows: Vec<_> = (0..300).map(|n| report(&sea, A, n, SOUTH)).collect();
    sea.handle(&rows).await;
    let found = delivered(&sea).await;
    assert_eq!(found.len(), 300);
    let page = sea.items("/api/v1/routes?limit=500").await;
    assert!(page.iter().all(|route| route["waiting"] == 1));
    sea.system.stop().await;
}
