//! Commands that are passed on: once, from whom they may come, to whom they steer.

use fairlead_model::mt::Order;
use fairlead_model::problem::ProblemKind;
use fairlead_store::problems::{self, Finding};
use fairlead_testkit::Backend;
use fairlead_wire::rockcore::{Fields, Trigger};
use serde_json::{Value, json};

use crate::passed::{Delivered, at, burst, delivered, passed, pushed};
use crate::registry::{A, B, ask, made, post};
use crate::routes::{device, endpoint, of, route, to, wanted};
use crate::sea::{IMEI, Sea};

fairlead_testkit::on_both_backends!(
    commands_steer_and_texts_do_not,
    a_contradicted_command_waits_for_a_person,
    a_trackers_burst_is_one_command,
    a_buoy_that_speaks_as_a_handset_steers_nothing,
    a_repaired_command_is_not_told_again,
);

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
