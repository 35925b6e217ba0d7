//! What a device says proves delivery, or not.

use fairlead_testkit::{Backend, on_both_backends};
use serde_json::json;

use crate::desk::{Desk, interval, minutes};

on_both_backends!(a_v3_buoy_confirms_and_rejects, what_cannot_be_shown_says_so, an_answer_settles_an_unknown);

async fn a_v3_buoy_confirms_and_rejects(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let modem = desk.modem(0, Some("v3_buoy")).await;
    let first = desk.ask(modem, interval(20)).await;
    desk.until(&first, "accepted").await;
    desk.system.hand.advance(minutes(10));
    desk.hear(modem, |row| {
        row.status = Some("accepted".into());
        row.interval_s = Some(1_200);
    })
    .await;
    let mt = desk.until(&first, "delivered").await;
    assert!(mt["confirmed_by"].is_string());
    let second = desk.ask(modem, json!({"type": "text", "text": "+DATA:PK006,9999;"})).await;
    desk.until(&second, "accepted").await;
    desk.system.hand.advance(minutes(20));
    // The message of the session that brings it says nothing of it.
    desk.hear(modem, |row| row.status = Some("normal".into())).await;
    desk.system.hand.advance(minutes(20));
    desk.hear(modem, |row| row.status = Some("rejected".into())).await;
    desk.until(&second, "rejected").await;
    desk.close().await;
}

async fn what_cannot_be_shown_says_so(backend: Backend) {
    let desk = Desk::open(backend, &["courier.held_by_provider=1"]).await;
    let modem = desk.modem(0, Some("v2_buoy")).await;
    let (first, second) = (
        desk.ask(modem, json!({"type": "support"})).await,
        desk.ask(modem, json!({"type": "support"})).await,
    );
    desk.until(&first, "accepted").await;
    // The provider holds as many as it takes, until the modem is heard.
    let path = format!("/api/v1/outgoing/{second}");
    let waits = |detail: &serde_json::Value| {
        detail["mt"]["cause"].as_str().unwrap().starts_with("The provider holds")
    };
    desk.system.until("courier", &path, waits).await;
    desk.system.hand.advance(minutes(10));
    desk.hear(modem, |_| {}).await;
    desk.until(&first, "unconfirmable").await;
    desk.until(&second, "accepted").await;
    // One that is never heard is given up when the provider gives it up.
    desk.system.hand.advance(minutes(60 * 24 * 5 + 1));
    let mt = desk.until(&second, "unconfirmable").await;
    assert!(mt["cause"].as_str().unwrap().starts_with("The device was not heard"), "{mt}");
    desk.close().await;
}

async fn an_answer_settles_an_unknown(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let modem = desk.modem(0, Some("v3_buoy")).await;
    desk.force(fairlead_simulator::satellite::mt::Mood::AnswerLost);
    let id = desk.ask(modem, interval(20)).await;
    desk.until(&id, "unknown").await;
    desk.system.hand.advance(minutes(10));
    desk.hear(modem, |row| {
        row.status = Some("accepted".into());
        row.interval_s = Some(1_200);
    })
    .await;
    desk.until(&id, "delivered").await;
    desk.close().await;
}
