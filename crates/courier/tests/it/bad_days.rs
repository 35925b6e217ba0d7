//! Bad days: what was asked is accounted for, and nothing is charged twice.

use std::collections::BTreeMap;

use fairlead_model::mt::MtState;
use fairlead_simulator::satellite::mt::{Mood, charged_more_than_once};
use fairlead_store::satellite::mt;
use fairlead_testkit::{Backend, on_both_backends};
use serde_json::json;

use crate::desk::{Desk, interval, minutes};

on_both_backends!(
    a_call_that_was_left_behind_is_unknown,
    a_provider_that_hangs_makes_few_unknowns,
    a_thousand_wait_for_an_account,
    the_clock_jumps_while_a_call_is_made,
    a_mixed_day_adds_up,
);

/// How many messages are in each state.
async fn states(desk: &Desk) -> BTreeMap<String, usize> {
    let rows = desk.system.store.read(|conn| mt::list(conn, &mt::Filter::default(), 5_000)).await.unwrap();
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(row.state).or_default() += 1;
    }
    counts
}

/// Moves the clock on whenever nothing moves by itself: a clock that ran while calls are made would have them look
/// abandoned.
async fn until_all_are_settled(desk: &Desk) {
    let mut before = BTreeMap::new();
    for _ in 0..3_000 {
        let counts = states(desk).await;
        if !counts.contains_key("queued") && !counts.contains_key("sending") {
            return;
        }
        if counts == before && !counts.contains_key("sending") {
            desk.system.hand.advance(minutes(1));
        }
        before = counts;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(before.is_empty(), "not settled: {before:?}");
}

async fn a_call_that_was_left_behind_is_unknown(backend: Backend) {
    let mut desk = Desk::open(backend, &[]).await;
    let modem = desk.modem(0, Some("v3_buoy")).await;
    desk.done("/api/v1/accounts/rockblock/pause", &json!({"reason": "a test"})).await;
    let id = desk.ask(modem, interval(20)).await;
    desk.system.stop_services().await;
    // As a courier leaves it that dies in the middle of a call.
    let (clock, wanted) = (desk.system.clock.clone(), id.clone());
    let work = move |tx: &mut fairlead_store::Tx<'_>| {
        let mut row = mt::get(tx, wanted.parse().unwrap())?;
        row.state = "sending".to_owned();
        row.lease_until = clock.now().plus(minutes(2)).into();
        row.sent_at = Some(clock.now().into());
        mt::change(tx, &clock, MtState::Queued, &row).map(drop)
    };
    desk.system.store.write(work).await.unwrap();
    desk.system.hand.advance(minutes(3));
    desk.restart().await;
    desk.until(&id, "unknown").await;
    assert_eq!(desk.provider.requests(), 0);
    desk.close().await;
}

async fn a_provider_that_hangs_makes_few_unknowns(backend: Backend) {
    let set = ["courier.rockblock.timeout_s=1", "courier.concurrency=4"];
    let desk = Desk::with_modems(backend, 100, &set).await;
    desk.provider.force(Mood::Hang, 1_000);
    for n in 0..40 {
        let modem = desk.modem(n, Some("v3_buoy")).await;
        desk.ask(modem, interval(20)).await;
    }
    let first = |list: &serde_json::Value| list["items"].as_array().unwrap().len() >= 4;
    desk.system.until("courier", "/api/v1/outgoing?state=unknown", first).await;
    // The account rests: the others wait, and are not spent on a provider that does not answer.
    let counts = states(&desk).await;
    assert!(counts["unknown"] <= 8 && counts["queued"] >= 32, "{counts:?}");
    desk.provider.let_be();
    until_all_are_settled(&desk).await;
    let counts = states(&desk).await;
    assert_eq!(counts["unknown"] + counts["accepted"], 40, "{counts:?}");
    assert!(charged_more_than_once(&desk.charges()).is_empty());
    desk.close().await;
}

async fn a_thousand_wait_for_an_account(backend: Backend) {
    let desk = Desk::with_modems(backend, 1_000, &[]).await;
    desk.done("/api/v1/accounts/rockblock/pause", &json!({"reason": "a test"})).await;
    for n in 0..1_000 {
        let modem = desk.modem(n, Some("v3_buoy")).await;
        desk.ask(modem, interval(20)).await;
    }
    assert_eq!(desk.get("/api/v1/accounts").await["items"][0]["waiting"], 1_000);
    assert_eq!(desk.provider.requests(), 0);
    desk.done("/api/v1/accounts/rockblock/resume", &json!({"reason": "a test"})).await;
    until_all_are_settled(&desk).await;
    assert_eq!(states(&desk).await, BTreeMap::from([("accepted".to_owned(), 1_000)]));
    assert_eq!(desk.charges().len(), 1_000);
    assert!(charged_more_than_once(&desk.charges()).is_empty());
    desk.close().await;
}

async fn the_clock_jumps_while_a_call_is_made(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let modem = desk.modem(0, Some("v3_buoy")).await;
    // Long enough that the sweep comes by.
    desk.force(Mood::Slow { millis: 12_000 });
    let id = desk.ask(modem, interval(20)).await;
    desk.until(&id, "sending").await;
    desk.system.hand.advance(minutes(60));
    desk.until(&id, "unknown").await;
    // The answer is read all the same, and it is about this very call.
    desk.until(&id, "accepted").await;
    assert_eq!(desk.steps(&id).await, ["queued", "sending", "unknown", "accepted"]);
    assert_eq!(desk.charges().len(), 1);
    desk.close().await;
}

async fn a_mixed_day_adds_up(backend: Backend) {
    const ALL: usize = 200;
    let desk = Desk::with_modems(backend, 20, &["courier.rockblock.timeout_s=1"]).await;
    let mut modems = Vec::new();
    for n in 0..20 {
        modems.push(desk.modem(n, Some("v2_buoy")).await);
    }
    let moods = [
        Mood::AnswerLost,
        Mood::Normal,
        Mood::Http500,
        Mood::Answer { code: 99 },
        Mood::OkTwice,
        Mood::Close,
        Mood::Answer { code: 15 },
        Mood::Normal,
    ];
    for n in 0..ALL {
        if n.is_multiple_of(3) {
            desk.force(moods[n / 3 % moods.len()]);
        }
        desk.ask(modems[n % 20], json!({"type": "beacon", "on": n.is_multiple_of(2)})).await;
    }
    until_all_are_settled(&desk).await;
    let counts = states(&desk).await;
    assert_eq!(counts.values().sum::<usize>(), ALL);
    let charges = desk.charges();
    assert!(charged_more_than_once(&charges).is_empty());
    // What is charged was accepted, or nobody knows.
    assert!(
        charges.len() >= counts["accepted"] && charges.len() <= counts["accepted"] + counts["unknown"],
        "{counts:?}"
    );
    assert_eq!(counts.keys().collect::<Vec<_>>(), ["accepted", "failed", "unknown"]);
    desk.close().await;
}
