//! Schedules: done once at their time, whoever is running and whatever breaks.

use std::time::Duration;

use fairlead_model::role::Role;
use fairlead_testkit::{Backend, on_both_backends};
use serde_json::{Value, json};

use crate::desk::{Desk, hex, interval, minutes};

on_both_backends!(
    a_schedule_is_done_once_by_two_couriers,
    a_run_that_broke_off_repeats_nothing,
    what_was_missed_is_caught_up_within_an_hour,
    a_schedule_is_changed_switched_off_and_run_by_hand,
    all_that_is_wrong_is_said_at_once,
);

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// A schedule for 12:30 UTC, half an hour after the clock begins.
fn daily(audience: &Value, order: &Value) -> Value {
    json!({"name": "Night rhythm", "enabled": true, "audience": audience, "order": order, "days": DAYS,
        "at": "14:30", "time_zone": "europe/rome"})
}

async fn fleet(desk: &Desk, count: u32) -> Value {
    let group = desk.group("North").await;
    for n in 0..count {
        let modem = desk.modem(n, Some("v3_buoy")).await;
        desk.device(&format!("PK00{n}"), Some(modem), &[group]).await;
    }
    json!({"type": "group", "id": group})
}

async fn add(desk: &Desk, body: &Value) -> Value {
    desk.done("/api/v1/schedules", body).await
}

/// Waits until the one schedule is done next at a time, and returns it.
async fn until_next(desk: &Desk, at: &str) -> Value {
    let wanted = |list: &Value| list["items"][0]["next_at"] == at;
    desk.system.until("courier", "/api/v1/schedules", wanted).await["items"][0].clone()
}

/// Waits until nothing waits to be sent any more, and returns what was.
async fn all_sent(desk: &Desk) -> Vec<String> {
    let settled = |list: &Value| list["items"].as_array().unwrap().is_empty();
    for state in ["queued", "sending"] {
        desk.system.until("courier", &format!("/api/v1/outgoing?state={state}"), settled).await;
    }
    desk.charges().iter().map(|charge| hex(&charge.payload)).collect()
}

async fn a_schedule_is_done_once_by_two_couriers(backend: Backend) {
    let mut desk = Desk::open(backend, &[]).await;
    let audience = fleet(&desk, 3).await;
    desk.device("PK009", None, &[audience["id"].as_str().unwrap().parse::<uuid::Uuid>().unwrap().into()])
        .await;
    let made = add(&desk, &daily(&audience, &interval(20))).await;
    assert_eq!(
        (&made["next_at"], &made["time_zone"], &made["audience_name"]),
        (&json!("2026-06-01T12:30:00Z"), &json!("Europe/Rome"), &json!("North"))
    );
    if backend == Backend::Servers {
        // In one process there is one courier.
        desk.second().await;
    }
    desk.system.hand.advance(minutes(30));
    let done = until_next(&desk, "2026-06-02T12:30:00Z").await;
    assert_eq!(done["last_result"], "3 devices were told. 1 device was not: PK009 has no modem.");
    assert_eq!(done["last_at"], "2026-06-01T12:30:00Z");
    assert_eq!(all_sent(&desk).await, ["+DATA:PK006,20;"; 3]);
    let outgoing = desk.get("/api/v1/outgoing").await;
    for mt in outgoing["items"].as_array().unwrap() {
        assert_eq!(mt["created_by"], "schedule Night rhythm");
    }
    // The next day again.
    desk.system.hand.advance(minutes(24 * 60));
    until_next(&desk, "2026-06-03T12:30:00Z").await;
    assert_eq!(all_sent(&desk).await.len(), 6);
    desk.close().await;
}

async fn a_run_that_broke_off_repeats_nothing(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let audience = fleet(&desk, 3).await;
    let made = add(&desk, &daily(&audience, &interval(20))).await;
    desk.system.hand.advance(minutes(30));
    until_next(&desk, "2026-06-02T12:30:00Z").await;
    assert_eq!(all_sent(&desk).await.len(), 3);
    // As a courier leaves it that dies when it has told all, and has not said so.
    let id: uuid::Uuid = made["id"].as_str().unwrap().parse().unwrap();
    let planned = fairlead_model::Time::parse_rfc3339("2026-06-01T12:30:00Z").unwrap();
    let work = move |tx: &mut fairlead_store::Tx<'_>| {
        use fairlead_store::satellite::mt::schedules;
        let mut row = schedules::claim(tx, id.into())?;
        row.next_at = Some(planned.into());
        row.last_result = None;
        schedules::put(tx, &row)
    };
    desk.system.store.write(work).await.unwrap();
    let done = until_next(&desk, "2026-06-02T12:30:00Z").await;
    assert_eq!(done["last_result"], "3 devices were told.");
    assert_eq!(all_sent(&desk).await.len(), 3);
    desk.close().await;
}

async fn what_was_missed_is_caught_up_within_an_hour(backend: Backend) {
    let mut desk = Desk::open(backend, &[]).await;
    let audience = fleet(&desk, 1).await;
    add(&desk, &daily(&audience, &interval(20))).await;
    desk.system.stop_services().await;
    // 13:29:59 UTC.
    desk.system.hand.advance(minutes(90) - Duration::from_secs(1));
    desk.restart().await;
    let done = until_next(&desk, "2026-06-02T12:30:00Z").await;
    let result = "It was due at 2026-06-01T12:30:00Z, and done late. 1 device was told.";
    assert_eq!(done["last_result"], result);
    assert_eq!(all_sent(&desk).await.len(), 1);
    // Three days later, an hour after the time.
    desk.system.stop_services().await;
    desk.system.hand.advance(minutes(3 * 24 * 60) + Duration::from_secs(1));
    desk.restart().await;
    let missed = until_next(&desk, "2026-06-05T12:30:00Z").await;
    assert_eq!(
        missed["last_result"],
        "It was due at 2026-06-02T12:30:00Z, when nothing ran, and was left out: that is too long ago."
    );
    assert_eq!(missed["last_at"], done["last_at"]);
    assert_eq!(all_sent(&desk).await.len(), 1);
    // Of several that were missed the last one is done, where it is not too late for it.
    desk.system.stop_services().await;
    desk.system.hand.advance(minutes(2 * 24 * 60) - minutes(30));
    desk.restart().await;
    let done = until_next(&desk, "2026-06-07T12:30:00Z").await;
    let result = "It was due at 2026-06-06T12:30:00Z, and done late. 1 device was told.";
    assert_eq!(done["last_result"], result);
    assert_eq!(all_sent(&desk).await.len(), 2);
    desk.close().await;
}

async fn a_schedule_is_changed_switched_off_and_run_by_hand(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let modem = desk.modem(0, Some("v3_buoy")).await;
    let device = desk.device("PK001", Some(modem), &[]).await;
    let audience = json!({"type": "device", "id": device});
    let mut body = daily(&audience, &interval(20));
    let made = add(&desk, &body).await;
    let path = format!("/api/v1/schedules/{}", made["id"].as_str().unwrap());
    body["enabled"] = json!(false);
    body["days"] = json!(["friday", "tuesday", "friday"]);
    let off = desk.put(&path, &body).await;
    assert_eq!(
        (&off["enabled"], &off["next_at"], &off["days"]),
        (&json!(false), &Value::Null, &json!(["tuesday", "friday"]))
    );
    body["enabled"] = json!(true);
    assert_eq!(desk.put(&path, &body).await["next_at"], "2026-06-02T12:30:00Z");
    // Two clicks are one run.
    for _ in 0..2 {
        let run = desk.system.client.post(desk.system.url("courier", &format!("{path}/run")));
        let run =
            run.header("Idempotency-Key", "k1").json(&json!({"reason": "at once"})).send().await.unwrap();
        assert_eq!(run.status(), 200);
        let shown: Value = run.json().await.unwrap();
        assert_eq!(
            (&shown["last_result"], &shown["next_at"]),
            (&json!("1 device was told."), &json!("2026-06-02T12:30:00Z"))
        );
    }
    assert_eq!(all_sent(&desk).await, ["+DATA:PK006,20;"]);
    assert_eq!(desk.audited("schedule.run").await.len(), 2);
    // A free text is for administrators.
    let operator = desk.system.client_as(Role::Operator).await;
    let text = daily(&audience, &json!({"type": "text", "text": "+DATA:PK006,5;"}));
    let url = desk.system.url("courier", "/api/v1/schedules");
    assert_eq!(operator.post(&url).json(&text).send().await.unwrap().status(), 403);
    assert_eq!(operator.get(&url).send().await.unwrap().status(), 200);
    desk.delete(&path).await;
    assert_eq!(desk.get("/api/v1/schedules").await["items"], json!([]));
    assert_eq!(desk.post(&format!("{path}/run"), &json!({"reason": ""})).await.status(), 404);
    desk.close().await;
}

async fn all_that_is_wrong_is_said_at_once(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let nobody = json!({"type": "group", "id": uuid::Uuid::nil()});
    let wrong = json!({"name": " ", "enabled": true, "audience": nobody, "order": interval(0), "days": [],
        "at": "24:00", "time_zone": "Mars/Base"});
    let response = desk.post("/api/v1/schedules", &wrong).await;
    assert_eq!(response.status(), 422);
    let problem: Value = response.json().await.unwrap();
    assert_eq!(
        problem["errors"],
        json!([
            "A schedule's name has 1 to 64 characters, no control characters.",
            "A schedule has at least one day of the week.",
            "`at` is a time like 06:30, not `24:00`.",
            "There is no time zone `Mars/Base`. One is named like `Europe/Rome`, or `UTC`.",
            "An interval for this device has 1 to 1440 minutes.",
            "There is no such device or group.",
        ])
    );
    let audience = fleet(&desk, 1).await;
    add(&desk, &daily(&audience, &interval(20))).await;
    let group: uuid::Uuid = audience["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(
        desk.group_is_needed(group.into()).await,
        "The schedule Night rhythm tells the group North. Change or delete it first."
    );
    desk.close().await;
}
