//! What is known of a modem, and how one comes to be known.

use fairlead_model::role::Role;
use fairlead_model::{Imei, Trust};
use fairlead_testkit::Backend;
use serde_json::{Value, json};

use crate::sea::{IMEI, Sea, id_of, message, minutes, pk101, start};

fairlead_testkit::on_both_backends!(
    the_networks_estimate_has_its_radius,
    a_reading_tells_what_its_message_said,
    a_handsets_command_is_read,
    a_session_without_a_text_is_seen,
    unsigned_messages_add_so_many_modems_a_day,
    a_test_push_is_no_modems,
    the_api_is_closed_to_strangers,
);

async fn the_networks_estimate_has_its_radius(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let estimated = |momsn: i32, latitude: f64, longitude: f64, text: &str| {
        let mut row = sea.message(momsn, start().minus(minutes(60 - u64::from(momsn.unsigned_abs()))), text);
        row.iridium_latitude = Some(latitude);
        row.iridium_longitude = Some(longitude);
        row.iridium_cep_km = Some(2.5);
        row
    };
    sea.handle(&[estimated(1, 37.5, -122.25, "PK005;1")]).await;
    let modem = sea.modem().await;
    assert_eq!(modem["fix"], Value::Null);
    assert_eq!(modem["estimate"]["accuracy_m"], 2_500.0);
    assert_eq!(
        (&modem["estimate"]["latitude"], &modem["estimate"]["longitude"]),
        (&json!(37.5), &json!(-122.25))
    );
    assert_eq!(modem["estimate"]["source"], "satellite");

    // 0, 0 is how a session without an estimate is pushed; a fix is better than an estimate.
    let at = start().minus(minutes(58));
    sea.handle(&[
        estimated(2, 0.0, 0.0, &pk101(at, "3750.5117", 10)),
        estimated(3, 38.0, -122.0, &pk101(at, "99900.0000", 10)),
    ])
    .await;
    let modem = sea.modem().await;
    assert_eq!((&modem["fix"]["source"], &modem["fix"]["accuracy_m"]), (&json!("gps"), &Value::Null));
    assert_eq!(modem["estimate"]["latitude"], 38.0);
    let path = format!("/api/v1/modems/{}/positions", modem["id"].as_str().unwrap());
    let track: Vec<_> = sea.items(&path).await.iter().map(|p| p["source"].clone()).collect();
    assert_eq!(track, ["satellite", "gps", "satellite"]);
    sea.system.stop().await;
}

async fn a_reading_tells_what_its_message_said(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let at = start().minus(minutes(60));
    let mut report = sea.message(2, at, &pk101(at, "3730.0000", 10));
    (report.iridium_latitude, report.iridium_longitude) = (Some(38.0), Some(-122.25));
    report.iridium_cep_km = Some(2.5);
    let rows = [sea.message(1, at.minus(minutes(10)), "garbage"), report];
    for row in &rows {
        sea.handle(std::slice::from_ref(row)).await;
    }
    let modem = sea.modem().await["id"].as_str().unwrap().to_owned();
    let readings = sea.items(&format!("/api/v1/modems/{modem}/readings")).await;
    let told = |value: Value| value.as_object().unwrap().clone();
    let nothing = [
        "latitude",
        "longitude",
        "estimate_latitude",
        "estimate_longitude",
        "estimate_accuracy_m",
        "speed_m_s",
        "course_deg",
        "battery_v",
        "interval_s",
        "sleep_s",
        "status",
        "beacon_on",
        "dialect",
    ];
    let mut unread = told(json!({
        "message_id": id_of(&rows[0]), "transmitted_at": at.minus(minutes(10)), "device_at": at.minus(minutes(10)),
        "momsn": 1, "kind": "unread", "late": false, "clock_ahead": false,
    }));
    unread.extend(nothing.map(|name| (name.to_owned(), Value::Null)));
    let mut report = unread.clone();
    report.extend(told(json!({
        "message_id": id_of(&rows[1]), "transmitted_at": at, "device_at": at, "momsn": 2, "kind": "PK101",
        "latitude": 37.5, "longitude": -122.275_466_666_666_67, "estimate_latitude": 38.0,
        "estimate_longitude": -122.25, "estimate_accuracy_m": 2_500.0, "battery_v": 3.7, "interval_s": 600,
        "sleep_s": 0, "status": "normal", "dialect": "v3_buoy",
    })));
    assert_eq!(readings, [Value::Object(report), Value::Object(unread)]);
    assert_eq!(sea.detail(id_of(&rows[1])).await["reading"], readings[0]);
    sea.system.stop().await;
}

async fn a_handsets_command_is_read(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let at = start().minus(minutes(60));
    let rows = [
        sea.message(1, at, "PK005;1"),
        sea.message(2, at.plus(minutes(1)), "PK006;10"),
        sea.message(3, at.plus(minutes(2)), "PK006;abc"),
    ];
    sea.handle(&rows).await;
    let [beacon, interval, wrong] = [0, 1, 2].map(|n| id_of(&rows[n]));
    for (id, summary) in [(beacon, "PK005 1"), (interval, "PK006 10")] {
        let message = &sea.detail(id).await["message"];
        assert_eq!((&message["summary"], &message["state"]), (&json!(summary), &json!("decoded")));
    }
    assert_eq!(sea.modem().await["dialect"], "handset");
    let problems = sea.problems("state=open").await;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(
        (&problems[0]["message_id"], &problems[0]["kind"]),
        (&json!(wrong), &json!("unreadable_text"))
    );
    sea.system.stop().await;
}

async fn a_session_without_a_text_is_seen(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let at = start().minus(minutes(60));
    sea.handle(&[sea.message(1, at, &pk101(at, "3750.5117", 10))]).await;
    let check = sea.message(2, at.plus(minutes(10)), "");
    sea.handle(std::slice::from_ref(&check)).await;
    assert_eq!(sea.detail(id_of(&check)).await["message"]["state"], "empty");
    let modem = sea.modem().await;
    assert_eq!(
        (&modem["momsn"], &modem["open_problems"], &modem["battery_v"]),
        (&json!(2), &json!(0), &json!(3.7))
    );
    assert_eq!(modem["last_seen_at"], json!(at.plus(minutes(10))));
    assert_eq!((&modem["interval_s"], &modem["interval_source"]), (&json!(600), &json!("reported")));
    sea.system.stop().await;
}

async fn unsigned_messages_add_so_many_modems_a_day(backend: Backend) {
    let sea = Sea::open(backend, &["tracker.unsigned_modems_per_day=3"]).await;
    let at = start().minus(minutes(60));
    let of = |n: usize, trust: Trust| {
        let imei = format!("3004340638365{n:02}");
        let mut row = message(&sea.system.clock, &imei, 1, at, &pk101(at, "3750.5117", 10));
        trust.as_str().clone_into(&mut row.trust);
        row
    };
    sea.handle(&[of(0, Trust::Unsigned)]).await;
    let rows: Vec<_> = (1..=12).map(|n| of(n, Trust::Unsigned)).collect();
    sea.handle(&rows).await;
    let known = async || sea.items("/api/v1/modems?limit=500").await.len();
    assert_eq!(known().await, 3, "however many come at once");
    let waiting = sea.problems("kind=new_modem_limit&state=open").await;
    assert_eq!(waiting.len(), 10);

    // A person adds one; whoever is vouched for needs nobody; what is known already goes on.
    let (status, _) = sea.settle(&waiting[0], "replay", None).await;
    assert_eq!(status.as_u16(), 200);
    sea.settled().await;
    assert_eq!(known().await, 4);
    let message = waiting[0]["message_id"].as_str().unwrap();
    assert_eq!(sea.get(&format!("/api/v1/messages/{message}")).await["message"]["state"], "decoded");
    let again = sea.message(2, at.plus(minutes(1)), "PK005;1");
    let imei = waiting[0]["imei"].as_str().unwrap().to_owned();
    sea.handle(&[
        of(20, Trust::Signed),
        of(21, Trust::ListedAddress),
        fairlead_store::satellite::messages::MessageRow { imei, ..again },
    ])
    .await;
    assert_eq!(known().await, 6);
    assert_eq!(sea.problems("kind=new_modem_limit&state=open").await.len(), 9);

    // The next day has its own allowance.
    sea.system.hand.advance(minutes(24 * 60));
    sea.handle(&(30..35).map(|n| of(n, Trust::Unsigned)).collect::<Vec<_>>()).await;
    assert_eq!(known().await, 9);
    sea.system.stop().await;
}

async fn a_test_push_is_no_modems(backend: Backend) {
    let sea = Sea::open(backend, &["tracker.unsigned_modems_per_day=0"]).await;
    let at = start().minus(minutes(60));
    let push = |n: i32, text: &str| message(&sea.system.clock, Imei::TEST.as_str(), n, at, text);
    // Whatever it says: also a second one of the same number and time.
    let pushes = [push(1, "Fairlead test push"), push(1, &pk101(at, "3750.5117", 10)), push(9, "")];
    sea.handle(&pushes).await;
    for row in &pushes {
        let detail = sea.detail(id_of(row)).await;
        let message = &detail["message"];
        assert_eq!((&message["state"], &message["modem_id"]), (&json!("decoded"), &Value::Null));
        assert_eq!((&message["summary"], &message["marks"]), (&json!("Test push: it arrived."), &json!([])));
        assert_eq!(detail["reading"], Value::Null);
    }
    assert_eq!(sea.items("/api/v1/modems").await, Vec::<Value>::new());
    assert_eq!(sea.problems("").await, Vec::<Value>::new());
    sea.system.stop().await;
}

async fn the_api_is_closed_to_strangers(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let at = start().minus(minutes(60));
    sea.handle(&[sea.message(1, at, "garbage")]).await;
    let modem = sea.modem().await["id"].as_str().unwrap().to_owned();
    let problem = &sea.problems("").await[0];
    let message = problem["message_id"].as_str().unwrap();
    let stranger = reqwest::Client::new();
    let with_wrong_token =
        async |url: String| stranger.get(url).bearer_auth("fl_0000").send().await.unwrap().status();
    let viewer = sea.system.client_as(Role::Viewer).await;
    for path in [
        "/api/v1/modems".to_owned(),
        format!("/api/v1/modems/{modem}"),
        format!("/api/v1/modems/{modem}/readings"),
        format!("/api/v1/modems/{modem}/positions"),
        format!("/api/v1/modems/{modem}/notes"),
        format!("/api/v1/modems/{modem}/gaps"),
        "/api/v1/messages".to_owned(),
        format!("/api/v1/messages/{message}"),
        "/api/v1/problems".to_owned(),
    ] {
        let url = sea.system.url("tracker", &path);
        let answer = stranger.get(&url).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 401, "{path}");
        assert!(!answer.text().await.unwrap().contains(IMEI));
        assert_eq!(with_wrong_token(url.clone()).await.as_u16(), 401, "{path}");
        assert_eq!(viewer.get(&url).send().await.unwrap().status().as_u16(), 200, "{path}");
    }
    for way in ["repair", "replay", "discard"] {
        let text = (way == "repair").then_some("PK005;1");
        assert_eq!(sea.settle_as(&stranger, problem, way, text).await.0.as_u16(), 401, "{way}");
        let (status, answer) = sea.settle_as(&viewer, problem, way, text).await;
        assert_eq!((status.as_u16(), &answer["code"]), (403, &json!("FL-0403")), "{way}");
    }
    assert_eq!(sea.problems("").await[0]["state"], "open");
    let operator = sea.system.client_as(Role::Operator).await;
    assert_eq!(sea.settle_as(&operator, problem, "discard", None).await.0.as_u16(), 200);
    sea.system.stop().await;
}
