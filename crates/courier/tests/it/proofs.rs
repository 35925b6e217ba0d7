//! What a device says proves delivery, or not.

use fairlead_model::problem::{ProblemKind, ProblemState, ProblemView};
use fairlead_simulator::satellite::mt::Mood;
use fairlead_store::problems;
use fairlead_testkit::{Backend, on_both_backends};
use serde_json::json;

use crate::desk::{Desk, imei, interval, minutes};

on_both_backends!(
    a_v3_buoy_confirms_and_rejects,
    what_cannot_be_shown_says_so,
    an_answer_settles_an_unknown,
    a_tracker_acknowledges_by_number,
    a_session_tells_that_something_was_fetched,
    a_fetch_is_a_hint_where_a_proof_is_to_come,
    a_proof_that_does_not_come_is_a_problem_once,
    what_nobody_settled_hides_no_proof,
    what_nobody_settled_stops_no_sending,
);

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
    desk.force(Mood::AnswerLost);
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

fn text(words: &str) -> serde_json::Value {
    json!({"type": "text", "text": words})
}

async fn a_tracker_acknowledges_by_number(backend: Backend) {
    let desk = Desk::everywhere(backend, &[]).await;
    let (modem, other) = (desk.tracker(0).await, desk.tracker(1).await);
    let mut sent = Vec::new();
    for (modem, words) in [(modem, "One"), (modem, "Two"), (other, "Three")] {
        let id = desk.ask(modem, text(words)).await;
        let mt = desk.until(&id, "accepted").await;
        assert_eq!(mt["proof"], "receipt");
        sent.push((id, mt["provider_id"].as_str().unwrap().to_owned()));
    }
    desk.system.hand.advance(minutes(15));
    // Another tracker's word for it, and a number that nobody was given, prove nothing.
    desk.acknowledge(other, 1, &sent[1].1).await;
    desk.acknowledge(modem, 0, "9").await;
    desk.system.hand.advance(minutes(15));
    desk.acknowledge(modem, 0, &sent[1].1).await;
    let mt = desk.until(&sent[1].0, "delivered").await;
    assert!(mt["confirmed_by"].is_string());
    assert_eq!(mt["cause"], "The device has acknowledged it by its number.");
    for untouched in [&sent[0].0, &sent[2].0] {
        assert_eq!(desk.get(&format!("/api/v1/outgoing/{untouched}")).await["mt"]["state"], "accepted");
    }
    desk.acknowledge(other, 1, &sent[2].1).await;
    desk.until(&sent[2].0, "delivered").await;
    desk.close().await;
}

async fn a_session_tells_that_something_was_fetched(backend: Backend) {
    let desk = Desk::everywhere(backend, &[]).await;
    let modem = desk.thing(0, Some("v2_buoy")).await;
    let first = desk.ask(modem, json!({"type": "support"})).await;
    desk.until(&first, "accepted").await;
    let second = desk.ask(modem, json!({"type": "support"})).await;
    desk.until(&second, "accepted").await;
    desk.system.hand.advance(minutes(10));
    // It was heard, and fetched nothing.
    desk.session(modem, 0, Some(0)).await;
    desk.system.hand.advance(minutes(10));
    desk.session(modem, 0, Some(7)).await;
    let mt = desk.until(&first, "delivered").await;
    assert!(mt["cause"].as_str().unwrap().starts_with("The modem fetched a message in this session"), "{mt}");
    // The same session counts once, however often it is looked at.
    desk.system.hand.advance(minutes(10));
    desk.session(modem, 0, Some(0)).await;
    let third = desk.ask(modem, json!({"type": "support"})).await;
    desk.until(&third, "accepted").await;
    assert_eq!(desk.steps(&second).await, ["queued", "sending", "accepted"]);
    desk.system.hand.advance(minutes(10));
    desk.session(modem, 0, Some(8)).await;
    desk.until(&second, "delivered").await;
    // A format that does not tell leaves what it always left.
    desk.system.hand.advance(minutes(10));
    desk.session(modem, 0, None).await;
    desk.until(&third, "unconfirmable").await;
    desk.close().await;
}

async fn a_fetch_is_a_hint_where_a_proof_is_to_come(backend: Backend) {
    let desk = Desk::everywhere(backend, &[]).await;
    let modem = desk.thing(0, Some("v3_buoy")).await;
    let id = desk.ask(modem, interval(20)).await;
    desk.until(&id, "accepted").await;
    desk.system.hand.advance(minutes(10));
    desk.session(modem, 0, Some(3)).await;
    let path = format!("/api/v1/outgoing/{id}");
    let fetched = |detail: &serde_json::Value| {
        detail["mt"]["cause"].as_str().unwrap().starts_with("The modem fetched a message in this session")
    };
    desk.system.until("courier", &path, fetched).await;
    desk.system.hand.advance(minutes(1));
    desk.hear(modem, |row| {
        row.status = Some("accepted".into());
        row.interval_s = Some(1_200);
    })
    .await;
    desk.until(&id, "delivered").await;
    assert_eq!(desk.steps(&id).await, ["queued", "sending", "accepted", "accepted", "delivered"]);
    desk.close().await;
}

async fn a_proof_that_does_not_come_is_a_problem_once(backend: Backend) {
    let desk = Desk::everywhere(backend, &["courier.proof_wakes=3"]).await;
    let modem = desk.tracker(0).await;
    let id = desk.ask(modem, text("Come home")).await;
    let number = desk.until(&id, "accepted").await["provider_id"].as_str().unwrap().to_owned();
    let wake = async || {
        desk.system.hand.advance(minutes(15));
        desk.hear(modem, |_| {}).await;
    };
    for _ in 0..3 {
        wake().await;
    }
    let problem = loop {
        if let [problem] = missing(&desk).await.as_slice() {
            break problem.clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!(problem.imei, Some(imei(0)));
    assert!(problem.reason.starts_with("The device was heard 3 times since"), "{}", problem.reason);
    // A person lays it aside; another look does not bring it back.
    let (clock, found) = (desk.system.clock.clone(), problem.id);
    let work =
        move |tx: &mut fairlead_store::Tx<'_>| problems::settle(tx, &clock, found, ProblemState::Discarded);
    assert!(desk.system.store.write(work).await.unwrap());
    let next = desk.ask(modem, text("Now")).await;
    let of_next = desk.until(&next, "accepted").await["provider_id"].as_str().unwrap().to_owned();
    desk.system.hand.advance(minutes(15));
    desk.acknowledge(modem, 0, &of_next).await;
    desk.until(&next, "delivered").await;
    assert_eq!(missing(&desk).await[0].state, ProblemState::Discarded);
    // The proof comes late: the problem is gone.
    desk.system.hand.advance(minutes(15));
    desk.acknowledge(modem, 0, &number).await;
    desk.until(&id, "delivered").await;
    assert_eq!(missing(&desk).await.len(), 0);
    desk.close().await;
}

async fn what_nobody_settled_hides_no_proof(backend: Backend) {
    let desk = Desk::everywhere(backend, &[]).await;
    let modem = desk.tracker(0).await;
    desk.force(Mood::AnswerLost);
    let unsettled = desk.ask(modem, text("Where are you?")).await;
    desk.until(&unsettled, "unknown").await;
    desk.system.hand.advance(minutes(60));
    let early = desk.ask(modem, text("Come home")).await;
    let number_of = |mt: &serde_json::Value| mt["provider_id"].as_str().unwrap().to_owned();
    let of_early = number_of(&desk.until(&early, "accepted").await);
    let acknowledged_at = desk.system.clock.now().plus(minutes(1));
    desk.hear_often(modem, 250).await;
    let late = desk.ask(modem, text("Now")).await;
    let of_late = number_of(&desk.until(&late, "accepted").await);
    desk.system.hand.advance(minutes(15));
    desk.acknowledge(modem, 0, &of_late).await;
    desk.until(&late, "delivered").await;
    // One that was on its way for long stands before all the newest.
    desk.acknowledge_at(modem, 0, &of_early, acknowledged_at).await;
    desk.until(&early, "delivered").await;
    assert_eq!(desk.get(&format!("/api/v1/outgoing/{unsettled}")).await["mt"]["state"], "unknown");
    desk.close().await;
}

async fn what_nobody_settled_stops_no_sending(backend: Backend) {
    let desk = Desk::open(backend, &["courier.held_by_provider=2"]).await;
    let modem = desk.modem(0, Some("v2_buoy")).await;
    // More than a look takes in.
    for _ in 0..9 {
        desk.force(Mood::AnswerLost);
        let unsettled = desk.ask(modem, json!({"type": "support"})).await;
        desk.until(&unsettled, "unknown").await;
        desk.system.hand.advance(minutes(60));
    }
    desk.hear_often(modem, 250).await;
    for _ in 0..3 {
        let id = desk.ask(modem, json!({"type": "support"})).await;
        desk.until(&id, "accepted").await;
        desk.system.hand.advance(minutes(10));
        desk.hear(modem, |_| {}).await;
        desk.until(&id, "unconfirmable").await;
    }
    desk.close().await;
}

async fn missing(desk: &Desk) -> Vec<ProblemView> {
    let filter = problems::Filter { kind: Some(ProblemKind::ProofMissing), ..Default::default() };
    desk.system.store.read(move |conn| problems::list(conn, &filter, 10)).await.unwrap()
}
