//! Each answer of the provider, and what follows from it.

use std::time::Duration;

use fairlead_simulator::satellite::mt::Mood;
use fairlead_testkit::{Backend, on_both_backends};
use serde_json::json;

use crate::desk::{Desk, hex, interval, minutes};

on_both_backends!(
    an_accepted_message_tells_its_life,
    a_refusal_about_the_account_pauses_it,
    a_refusal_about_the_modem_marks_it,
    a_bug_is_never_tried_again,
    a_system_error_is_tried_again_later,
    a_provider_that_is_not_there_costs_nothing,
    what_nobody_knows_is_never_repeated,
    a_newer_interval_takes_the_place_of_an_older_one,
    the_providers_queue_is_emptied_for_a_newer_interval,
    a_message_expires,
    a_message_is_called_off,
    without_credentials_messages_wait,
    credits_add_up,
);

async fn an_accepted_message_tells_its_life(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let modem = desk.modem(0, Some("v3_buoy")).await;
    let id = desk.ask(modem, interval(20)).await;
    let mt = desk.until(&id, "accepted").await;
    assert_eq!(mt["text"], "+DATA:PK006,20;");
    assert_eq!(desk.steps(&id).await, ["queued", "sending", "accepted"]);
    let charges = desk.charges();
    assert_eq!(charges.len(), 1);
    assert_eq!(mt["provider_id"], charges[0].mt_id.to_string());
    assert_eq!(charges[0].request_id.as_deref(), Some(id.as_str()));
    assert_eq!(hex(&charges[0].payload), "+DATA:PK006,20;");
    desk.close().await;
}

async fn a_refusal_about_the_account_pauses_it(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let modem = desk.modem(0, Some("v3_buoy")).await;
    desk.provider.set_credits(Some(0));
    let first = desk.ask(modem, json!({"type": "sleep", "seconds": 600})).await;
    let paused = |list: &serde_json::Value| list["items"][0]["state"] == "paused";
    let list = desk.system.until("courier", "/api/v1/accounts", paused).await;
    let reason = list["items"][0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("The provider refused it: 13"), "{reason}");
    let second = desk.ask(modem, json!({"type": "sleep", "seconds": 900})).await;
    desk.until(&second, "queued").await;
    desk.provider.set_credits(None);
    desk.done("/api/v1/accounts/rockblock/resume", &json!({"reason": "topped up"})).await;
    desk.until(&first, "accepted").await;
    desk.until(&second, "accepted").await;
    let seconds: Vec<_> = desk.charges().iter().map(|charge| hex(&charge.payload)).collect();
    assert_eq!(seconds, ["+DATA:PK007,600;", "+DATA:PK007,900;"], "in the order in which it was asked");
    desk.close().await;
}

async fn a_refusal_about_the_modem_marks_it(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    // The provider knows the modems 0 to 9.
    let modem = desk.modem(77, Some("v3_buoy")).await;
    let id = desk.ask(modem, interval(20)).await;
    let mt = desk.until(&id, "failed").await;
    assert!(mt["cause"].as_str().unwrap().contains("11, "), "{mt}");
    let body = json!({"modem_id": modem, "order": interval(30)});
    let sentence = desk.refused("/api/v1/outgoing", &body, 422).await;
    assert!(sentence.starts_with("The provider takes nothing for this modem"), "{sentence}");
    let path = desk.system.url("courier", &format!("/api/v1/downlinks/{modem}"));
    let clear = json!({"clear_fault": true, "reason": "registered now"});
    assert_eq!(desk.system.client.put(path).json(&clear).send().await.unwrap().status(), 200);
    desk.ask(modem, interval(30)).await;
    desk.close().await;
}

async fn a_bug_is_never_tried_again(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let modem = desk.modem(0, Some("v3_buoy")).await;
    for code in [14, 15, 16, 42] {
        desk.force(Mood::Answer { code });
        let id = desk.ask(modem, json!({"type": "sleep", "seconds": 600})).await;
        desk.until(&id, "failed").await;
    }
    desk.system.hand.advance(minutes(120));
    let id = desk.ask(modem, interval(5)).await;
    desk.until(&id, "accepted").await;
    assert_eq!((desk.provider.requests(), desk.charges().len()), (5, 1));
    desk.close().await;
}

async fn a_system_error_is_tried_again_later(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let modem = desk.modem(0, Some("v3_buoy")).await;
    desk.force(Mood::Answer { code: 99 });
    desk.force(Mood::Http500SystemError);
    let id = desk.ask(modem, interval(20)).await;
    for attempt in 1..=2 {
        let path = format!("/api/v1/outgoing/{id}");
        let waits = move |detail: &serde_json::Value| {
            detail["mt"]["state"] == "queued" && detail["mt"]["attempts"] == attempt
        };
        let detail = desk.system.until("courier", &path, waits).await;
        assert!(detail["mt"]["next_try_at"].is_string(), "{detail}");
        desk.system.hand.advance(minutes(5));
    }
    desk.until(&id, "accepted").await;
    assert_eq!((desk.provider.requests(), desk.charges().len()), (3, 1));
    desk.close().await;
}

async fn a_provider_that_is_not_there_costs_nothing(backend: Backend) {
    // A port of this machine that nobody listens on.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let set = format!("courier.rockblock.url=http://{nobody}/rockblock/MT");
    let desk = Desk::open(backend, &[&set]).await;
    let modem = desk.modem(0, Some("v3_buoy")).await;
    let id = desk.ask(modem, interval(20)).await;
    let path = format!("/api/v1/outgoing/{id}");
    let tried =
        |detail: &serde_json::Value| detail["mt"]["state"] == "queued" && detail["mt"]["attempts"] == 1;
    let detail = desk.system.until("courier", &path, tried).await;
    let cause = detail["mt"]["cause"].as_str().unwrap();
    assert!(cause.starts_with("The provider could not be reached"), "{cause}");
    let credits = desk.get("/api/v1/credits?by=account").await;
    assert_eq!((&credits["items"][0]["credits"], &credits["items"][0]["calls"]), (&json!(0), &json!(1)));
    desk.close().await;
}

async fn what_nobody_knows_is_never_repeated(backend: Backend) {
    let desk = Desk::open(backend, &["courier.rockblock.timeout_s=1"]).await;
    let moods = [Mood::Hang, Mood::Close, Mood::AnswerLost, Mood::Garbage, Mood::Redirect, Mood::Http500];
    for (n, mood) in (0..).zip(moods) {
        let modem = desk.modem(n, Some("v3_buoy")).await;
        desk.force(mood);
        let id = desk.ask(modem, interval(20)).await;
        let mt = desk.until(&id, "unknown").await;
        assert!(mt["cause"].as_str().unwrap().ends_with("The provider may have it or not."), "{mood:?} {mt}");
        // The account rests for a while after each.
        desk.system.hand.advance(minutes(60));
    }
    assert_eq!(desk.provider.requests(), 6);
    let unknown = desk.get("/api/v1/outgoing?state=unknown").await;
    let ids: Vec<String> =
        unknown["items"].as_array().unwrap().iter().map(|mt| mt["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 6);
    // Whoever looks after a weekend can still have it sent again, although its time was over.
    desk.system.hand.advance(minutes(60 * 60));
    for (id, decision, becomes) in
        [(&ids[0], "sent", "accepted"), (&ids[1], "give_up", "failed"), (&ids[2], "send_again", "accepted")]
    {
        let path = format!("/api/v1/outgoing/{id}/settle");
        let body = json!({"decision": decision, "reason": "asked the provider"});
        desk.done(&path, &body).await;
        desk.until(id, becomes).await;
        let sentence = desk.refused(&path, &body, 409).await;
        assert_eq!(sentence, "Its outcome is not unknown, so there is nothing to settle.");
    }
    assert_eq!(desk.provider.requests(), 7);
    desk.close().await;
}

async fn a_newer_interval_takes_the_place_of_an_older_one(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let modem = desk.modem(0, Some("v2_buoy")).await;
    desk.done("/api/v1/accounts/rockblock/pause", &json!({"reason": "a test"})).await;
    let old = desk.ask(modem, interval(20)).await;
    let other = desk.ask(modem, json!({"type": "beacon", "on": true})).await;
    let new = desk.ask(modem, interval(30)).await;
    let mt = desk.until(&old, "superseded").await;
    assert_eq!(mt["cause"], format!("A newer interval took its place: {new}."));
    desk.done("/api/v1/accounts/rockblock/resume", &json!({"reason": "a test"})).await;
    desk.until(&other, "accepted").await;
    desk.until(&new, "accepted").await;
    assert_eq!(desk.charges().len(), 2);
    desk.close().await;
}

async fn the_providers_queue_is_emptied_for_a_newer_interval(backend: Backend) {
    let desk = Desk::open(backend, &["courier.flush_superseded=true"]).await;
    let modem = desk.modem(0, Some("v3_buoy")).await;
    let old = desk.ask(modem, interval(20)).await;
    desk.until(&old, "accepted").await;
    let new = desk.ask(modem, interval(30)).await;
    desk.until(&new, "accepted").await;
    desk.until(&old, "superseded").await;
    assert_eq!(desk.provider.mailboxes().waiting(crate::desk::imei(0)).len(), 1);
    desk.close().await;
}

async fn a_message_expires(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let modem = desk.modem(0, Some("v3_buoy")).await;
    desk.done("/api/v1/accounts/rockblock/pause", &json!({"reason": "a test"})).await;
    let body = json!({"modem_id": modem, "order": interval(5), "expires_in_s": 600});
    let mt = desk.done("/api/v1/outgoing", &body).await;
    desk.system.hand.advance(minutes(11));
    desk.until(mt["id"].as_str().unwrap(), "expired").await;
    desk.done("/api/v1/accounts/rockblock/resume", &json!({"reason": "a test"})).await;
    let next = desk.ask(modem, interval(6)).await;
    desk.until(&next, "accepted").await;
    assert_eq!(desk.charges().len(), 1);
    desk.close().await;
}

async fn a_message_is_called_off(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let modem = desk.modem(0, Some("v3_buoy")).await;
    desk.done("/api/v1/accounts/rockblock/pause", &json!({"reason": "a test"})).await;
    let id = desk.ask(modem, interval(5)).await;
    let path = format!("/api/v1/outgoing/{id}/cancel");
    desk.done(&path, &json!({"reason": "a slip"})).await;
    desk.refused(&path, &json!({"reason": "again"}), 409).await;
    desk.done("/api/v1/accounts/rockblock/resume", &json!({"reason": "a test"})).await;
    let next = desk.ask(modem, interval(6)).await;
    desk.until(&next, "accepted").await;
    let steps = desk.steps(&id).await;
    assert_eq!(steps.last().map(String::as_str), Some("cancelled"));
    assert!(!steps.contains(&"sending".to_owned()), "{steps:?}");
    assert_eq!(desk.provider.requests(), 1);
    desk.close().await;
}

async fn without_credentials_messages_wait(backend: Backend) {
    let desk = Desk::open(backend, &["courier.rockblock.password="]).await;
    let modem = desk.modem(0, Some("v3_buoy")).await;
    let id = desk.ask(modem, interval(5)).await;
    let path = format!("/api/v1/outgoing/{id}");
    let told = |detail: &serde_json::Value| detail["mt"]["cause"].as_str().unwrap().contains("is not set");
    let detail = desk.system.until("courier", &path, told).await;
    assert_eq!(detail["mt"]["state"], "queued");
    assert_eq!(desk.get("/api/v1/accounts").await["items"][0]["state"], "no_credentials");
    desk.close().await;
}

async fn credits_add_up(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let modem = desk.modem(0, Some("v2_buoy")).await;
    let long = "x".repeat(51);
    for order in [interval(5), json!({"type": "text", "text": long})] {
        let id = desk.ask(modem, order).await;
        desk.until(&id, "accepted").await;
    }
    desk.system.hand.advance(Duration::from_secs(86_400));
    let id = desk.ask(modem, json!({"type": "support"})).await;
    desk.until(&id, "accepted").await;
    for (by, sums) in [("account", vec![4]), ("modem", vec![4]), ("day", vec![3, 1])] {
        let list = desk.get(&format!("/api/v1/credits?by={by}")).await;
        let credits: Vec<i64> =
            list["items"].as_array().unwrap().iter().map(|sum| sum["credits"].as_i64().unwrap()).collect();
        assert_eq!(credits, sums, "{list}");
    }
    let account = desk.get("/api/v1/accounts").await["items"][0].clone();
    assert_eq!((&account["credits_today"], &account["credits_30_days"]), (&json!(1), &json!(4)));
    assert_eq!(desk.charges().iter().map(|charge| charge.credits).sum::<u64>(), 4);
    desk.close().await;
}
