//! From a message to what is delivered for it: which routes it fits, what they write, and that each writes it once.

use std::time::Duration;

use diesel::prelude::*;
use fairlead_model::mt::Order;
use fairlead_model::problem::ProblemKind;
use fairlead_model::{Latitude, Longitude, Time};
use fairlead_store::problems::{self, Finding};
use fairlead_store::satellite::messages::MessageRow;
use fairlead_testkit::Backend;
use fairlead_wire::rockcore::{Fields, Source, Trigger};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::registry::{A, B, ask, made, modem_id, path, post};
use crate::routes::{device, endpoint, of, route, to, wanted};
use crate::sea::{IMEI, Sea, id_of, message, minutes, pk101, start, stored};

fairlead_testkit::on_both_backends!(
    what_fits_is_delivered_as_each_target_wants_it,
    each_target_is_woken_once_and_each_route_says_how_it_does,
    a_message_is_passed_on_once_however_often_it_is_handled,
    what_could_not_be_read_is_passed_on_once_repaired,
    two_trackers_pass_on_each_message_once,
    a_source_is_a_device_a_group_a_kind_or_everybody,
    a_message_is_the_devices_in_which_its_modem_was,
    commands_steer_and_texts_do_not,
    a_contradicted_command_waits_for_a_person,
    a_trackers_burst_is_one_command,
    a_buoy_that_speaks_as_a_handset_steers_nothing,
    a_repaired_command_is_not_told_again,
    a_tracker_is_told_and_tells,
    what_cannot_be_told_is_not_told,
    conditions_are_about_the_message_and_where_it_was_before,
    a_late_message_tells_what_it_changes_and_nothing_twice,
    an_answer_does_not_come_back_to_the_route_that_asked,
    a_route_that_is_off_passes_nothing_on,
    three_hundred_routes_pass_on_three_hundred_messages,
);

diesel::table! {
    deliveries (id) {
        id -> Binary,
        route_id -> Nullable<Binary>,
        target_id -> Binary,
        message_id -> Nullable<Binary>,
        device_id -> Nullable<Binary>,
        state -> Text,
        format -> Text,
        content_type -> Text,
        attributes -> Text,
        body -> Binary,
    }
}

diesel::table! {
    outbox (id) {
        id -> Binary,
        queue -> Text,
        body -> Text,
    }
}

/// What is delivered, as far as a test looks at it.
#[derive(Clone, Debug, PartialEq)]
struct Delivered {
    route: Value,
    target: Value,
    message: Value,
    device: Value,
    format: String,
    content_type: String,
    attributes: Value,
    body: String,
}

impl Delivered {
    fn order(&self) -> Order {
        serde_json::from_str(&self.body).unwrap()
    }
}

type Row =
    (Option<Vec<u8>>, Vec<u8>, Option<Vec<u8>>, Option<Vec<u8>>, String, String, String, String, Vec<u8>);

/// All deliveries in the order in which they were made.
async fn delivered(sea: &Sea) -> Vec<Delivered> {
    let rows: Vec<Row> = sea
        .system
        .store
        .read(|conn| {
            let columns = (
                deliveries::route_id,
                deliveries::target_id,
                deliveries::message_id,
                deliveries::device_id,
                deliveries::state,
                deliveries::format,
                deliveries::content_type,
                deliveries::attributes,
                deliveries::body,
            );
            Ok(deliveries::table.order(deliveries::id).select(columns).load(conn)?)
        })
        .await
        .unwrap();
    let id =
        |bytes: Option<Vec<u8>>| bytes.map_or(Value::Null, |bytes| json!(Uuid::from_slice(&bytes).unwrap()));
    rows.into_iter()
        .map(|(route, target, message, device, state, format, content_type, attributes, body)| {
            assert_eq!(state, "waiting");
            Delivered {
                route: id(route),
                target: id(Some(target)),
                message: id(message),
                device: id(device),
                format,
                content_type,
                attributes: serde_json::from_str(&attributes).unwrap(),
                body: String::from_utf8(body).unwrap(),
            }
        })
        .collect()
}

/// The numbers of the messages that a route has passed on, in order.
async fn passed(sea: &Sea, route: &Value) -> Vec<i64> {
    let mut numbers = Vec::new();
    for delivery in delivered(sea).await {
        if delivery.route == route["id"] {
            let path = format!("/api/v1/messages/{}", delivery.message.as_str().unwrap());
            numbers.push(sea.get(&path).await["message"]["momsn"].as_i64().unwrap());
        }
    }
    numbers.sort_unstable();
    numbers
}

fn at(n: u64) -> Time {
    start().minus(minutes(600)).plus(minutes(10 * n))
}

/// A v3 buoy's report at a latitude, in degrees and minutes.
fn report(sea: &Sea, imei: &str, n: i32, latitude: &str) -> MessageRow {
    let sent = at(u64::from(n.unsigned_abs()));
    message(&sea.system.clock, imei, n, sent, &pk101(sent, latitude, 10))
}

const NORTH: &str = "3850.5117";
const SOUTH: &str = "3750.5117";

/// A message that came as a form, as the provider pushes it.
fn form(sea: &Sea, sent: Time, text: &str) -> MessageRow {
    let data = hex::encode(text);
    let body = format!(
        "imei={IMEI}&device_type=ROCKBLOCK&serial=13760&momsn=441&transmit_time=26-06-01%2011%3A07%3A37\
         &iridium_latitude=37.7740&iridium_longitude=-122.4050&iridium_cep=4.0&iridium_session_status=2&data={data}"
    );
    let source = json!({"content_type": "application/x-www-form-urlencoded"}).to_string();
    MessageRow { body: body.into_bytes(), source, ..sea.message(441, sent, text) }
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

async fn commands_steer_and_texts_do_not(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let handset = device(&sea, "handset", "HS001", A).await;
    let buoy = made(&sea, json!({"kind": "buoy", "name": "PK001"})).await;
    let maps = endpoint(&sea, "webhook", "maps", None).await;
    let steers = route(&sea, wanted(of(&handset), &["command"], of(&buoy))).await;
    let mut asked = wanted(of(&handset), &["command", "other"], to(&maps));
    asked["format"] = json!("json");
    let told = route(&sea, asked).await;
    let said = [
        "PK005;1",
        "PK006;15",
        "PK007;3600",
        "PK006;99999",
        "PK101;lat:99900.0000,NS:N,lon:99900.0000,EW:E,utc:110000,batt:3.7,int:10,sl:0,st:0",
    ];
    let mut rows: Vec<_> =
        (1..).zip(said).map(|(n, text)| sea.message(n, at(u64::from(n.unsigned_abs())), text)).collect();
    let mut check = sea.message(9, at(9), "");
    check.payload = Some(Vec::new());
    rows.push(check);
    // One after another: what comes together may be handled in any order.
    for row in rows {
        sea.handle(&[row]).await;
    }
    let found = delivered(&sea).await;
    let orders: Vec<_> = found.iter().filter(|d| d.route == steers["id"]).map(Delivered::order).collect();
    assert_eq!(
        orders,
        [Order::Beacon { on: true }, Order::Interval { minutes: 15 }, Order::Sleep { seconds: 3_600 }]
    );
    let steering = found.iter().find(|d| d.route == steers["id"]).unwrap();
    assert_eq!((&steering.format, &steering.target), (&"mt".to_owned(), &buoy["id"]));
    assert_eq!(steering.attributes["position_at"], Value::Null);
    assert_eq!(passed(&sea, &told).await, [1, 2, 3, 9]);
    let last = found.iter().find(|d| d.route == told["id"] && d.body.contains("PK006")).unwrap();
    let body: Value = serde_json::from_str(&last.body).unwrap();
    assert_eq!(
        (&body["message"], &body["command"], &body["command_value"]),
        (&json!("command"), &json!("interval"), &json!(15))
    );
    sea.system.stop().await;
}

fn burst(n: u16, trigger: Trigger, text: Option<&str>) -> Fields {
    Fields {
        id: n.to_string(),
        imei: B.parse().unwrap(),
        device_type: "LEOPARD3".to_owned(),
        serial: 100_015,
        momsn: n,
        transmitted_at: at(n.into()),
        measured_at: at(n.into()).minus(Duration::from_secs(20)),
        trigger,
        source: Source::Gps,
        position: (Latitude::new(-33.5).unwrap(), Longitude::new(151.25).unwrap()),
        cep_km: 3,
        speed_knots: 3.6,
        course_deg: 45,
        altitude_m: 12,
        battery_percent: 82,
        message: text.map(str::to_owned),
        message_ack: None,
    }
}

fn pushed(sea: &Sea, fields: &Fields) -> MessageRow {
    let push = fields.push().unwrap();
    MessageRow {
        provider: "rockcore".to_owned(),
        payload: push.message.map(String::into_bytes),
        serial: push.serial,
        body: fields.json_body(None).into_bytes(),
        source: json!({"content_type": "application/json"}).to_string(),
        ..message(&sea.system.clock, B, fields.momsn.into(), fields.transmitted_at, "")
    }
}

/// A handset that steers a buoy, and an endpoint that is told of its commands.
async fn steering(sea: &Sea) -> [Value; 2] {
    let handset = device(sea, "handset", "HS001", A).await;
    let buoy = made(sea, json!({"kind": "buoy", "name": "PK001"})).await;
    let maps = endpoint(sea, "webhook", "maps", None).await;
    let steers = route(sea, wanted(of(&handset), &["command"], of(&buoy))).await;
    let tells = route(sea, wanted(of(&handset), &["command"], to(&maps))).await;
    [steers, tells]
}

/// The orders to devices that a route made.
async fn orders(sea: &Sea, route: &Value) -> Vec<Order> {
    delivered(sea).await.iter().filter(|d| d.route == route["id"]).map(Delivered::order).collect()
}

async fn a_trackers_burst_is_one_command(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let tracker = device(&sea, "rockstar", "RS001", B).await;
    let buoy = made(&sea, json!({"kind": "buoy", "name": "PK001"})).await;
    let steers = route(&sea, wanted(of(&tracker), &["command"], of(&buoy))).await;
    let said = |id: &str, n: u16, words: &str| {
        let fields = Fields { id: id.to_owned(), ..burst(n, Trigger::Message, Some(words)) };
        pushed(&sea, &fields)
    };
    // Together, then after one another; other words at the same moment are another command.
    sea.handle(&[said("a", 1, "Beacon on"), said("b", 1, "Beacon on")]).await;
    sea.handle(&[said("c", 2, "Beacon off")]).await;
    sea.handle(&[said("d", 2, "Beacon off")]).await;
    sea.handle(&[said("e", 2, "IRD update 20 min")]).await;
    sea.handle(&[said("f", 3, "Beacon on")]).await;
    assert_eq!(
        orders(&sea, &steers).await,
        [
            Order::Beacon { on: true },
            Order::Beacon { on: false },
            Order::Interval { minutes: 20 },
            Order::Beacon { on: true },
        ]
    );
    sea.system.stop().await;
}

async fn a_buoy_that_speaks_as_a_handset_steers_nothing(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let buoy = device(&sea, "buoy", "PK001", A).await;
    let other = made(&sea, json!({"kind": "buoy", "name": "PK002"})).await;
    let handset = made(&sea, json!({"kind": "handset", "name": "HS001"})).await;
    let (_, group) = post(&sea, "/api/v1/groups", json!({"name": "bay"})).await;
    let members = format!("/api/v1/groups/{}/devices", group["id"].as_str().unwrap());
    let ids = json!({"device_ids": [buoy["id"], handset["id"]]});
    ask(&sea, &sea.system.client, reqwest::Method::PUT, &members, Some(ids)).await;
    let steers =
        route(&sea, wanted(json!({"type": "group", "id": group["id"]}), &["command"], of(&other))).await;
    let shows = route(&sea, wanted(of(&buoy), &["position"], of(&handset))).await;
    sea.handle(&[sea.message(1, at(1), "PK005;1")]).await;
    sea.handle(&[sea.message(2, at(2), "PK006;15")]).await;
    assert_eq!(orders(&sea, &steers).await, []);
    // A PK004 is passed on as one, whole: eight fields, as text.
    let time = at(3).date_time().format("%H%M%S.000");
    sea.handle(&[sea.message(3, at(3), &format!("PK004;3749.5074,N,12216.6021,W,2.371,45.5,{time},01"))])
        .await;
    let told = json!(orders(&sea, &shows).await);
    let text = told[0]["text"].as_str().unwrap();
    assert!(text.starts_with("+DATA:PK004,3749.5074,N,12216.6021,W,"), "{text}");
    assert_eq!((text.split(',').count(), told.as_array().unwrap().len()), (9, 1), "{text}");
    sea.system.stop().await;
}

async fn a_contradicted_command_waits_for_a_person(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let [steers, tells] = steering(&sea).await;
    sea.handle(&[sea.message(1, at(1), "PK005;1")]).await;
    // The same number and time, and something else in it.
    sea.handle(&[sea.message(1, at(1), "PK005;0")]).await;
    assert_eq!(orders(&sea, &steers).await, [Order::Beacon { on: true }]);
    assert_eq!(passed(&sea, &tells).await, [1, 1], "an endpoint is told of both");
    let problem = sea.problems("kind=conflicting_message").await.remove(0);
    let (status, answer) = sea.settle(&problem, "replay", None).await;
    assert_eq!(status.as_u16(), 200, "{answer}");
    sea.settled().await;
    assert_eq!(orders(&sea, &steers).await, [Order::Beacon { on: true }, Order::Beacon { on: false }]);
    sea.system.stop().await;
}

async fn a_repaired_command_is_not_told_again(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let [steers, tells] = steering(&sea).await;
    for (number, becomes, told) in [(1, "PK006;15", 1), (2, "PK006;30", 2)] {
        let before = orders(&sea, &steers).await.len();
        let said = sea.message(number, at(u64::from(number.unsigned_abs())), "PK006;15");
        sea.handle(std::slice::from_ref(&said)).await;
        let finding = Finding::about(
            ProblemKind::FaultyPush,
            said.id.into(),
            IMEI.parse().unwrap(),
            "iridium_cep is no number".to_owned(),
        );
        let clock = sea.system.clock.clone();
        sea.system.store.write(move |tx| problems::record(tx, &clock, finding.clone())).await.unwrap();
        let problem = sea.problems("state=open").await.remove(0);
        let (status, answer) = sea.settle(&problem, "repair", Some(becomes)).await;
        assert_eq!(status.as_u16(), 200, "{answer}");
        sea.settled().await;
        assert_eq!(orders(&sea, &steers).await.len() - before, told, "{becomes}");
    }
    assert_eq!(passed(&sea, &tells).await, [1, 1, 2, 2], "an endpoint is told of each copy");
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
