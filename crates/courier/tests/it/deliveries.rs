//! Deliveries in the hands of a person: sent again, discarded, and forgotten in the end.

use fairlead_store::Tx;
use fairlead_store::routing::deliveries;
use fairlead_testkit::{Backend, on_both_backends};
use reqwest::Method;
use serde_json::{Value, json};

use crate::mailroom::Mailroom;
use crate::receiver::{Mood, Receiver};

on_both_backends!(
    what_is_switched_off_or_discarded_leaves_no_more,
    what_a_person_wants_sent_again_goes_out_in_a_pause,
    a_letter_that_is_wanted_again_while_it_is_on_its_way_has_all_its_tries,
    much_that_waits_for_a_deleted_endpoint_is_discarded,
    deliveries_are_sent_again_and_discarded_by_hand,
    what_was_settled_long_ago_is_forgotten,
);

async fn what_is_switched_off_or_discarded_leaves_no_more(backend: Backend) {
    let room = Mailroom::open(backend).await;
    let receiver = Receiver::open().await;
    let id = room.slow_webhook_of(&receiver).await;
    let letters = room.letters(id, 40).await;
    receiver.until_requests(1).await;
    room.done(&format!("/api/v1/endpoints/{id}/disable"), json!({"reason": "holidays"})).await;
    receiver.go_on();
    room.until_delivery(letters[0], |delivery| delivery["state"] == "delivered").await;
    room.until_in_hand(&letters, 0).await;
    assert_eq!(receiver.requests(), 1);
    room.done(&format!("/api/v1/endpoints/{id}/enable"), json!({"reason": "back"})).await;
    room.until_empty(id).await;
    assert_eq!(receiver.requests(), 40);
    room.close().await;
    receiver.close().await;

    let room = Mailroom::open(backend).await;
    let receiver = Receiver::open().await;
    let id = room.slow_webhook_of(&receiver).await;
    let letters = room.letters(id, 12).await;
    receiver.until_requests(1).await;
    let reason = json!({"reason": "too old"});
    room.done(&format!("/api/v1/deliveries/{}/discard", letters[1]), reason).await;
    let all = json!({"endpoint_id": id, "state": "waiting", "reason": "too old"});
    assert_eq!(room.done("/api/v1/deliveries/discard", all).await["count"], 11);
    receiver.go_on();
    let last = room.letters(id, 1).await[0];
    room.until_delivery(last, |delivery| delivery["state"] == "delivered").await;
    assert_eq!(receiver.requests(), 2, "what was discarded was not sent");
    room.close().await;
    receiver.close().await;
}

async fn what_a_person_wants_sent_again_goes_out_in_a_pause(backend: Backend) {
    let room = Mailroom::open(backend).await;
    let receiver = Receiver::open().await;
    let id = room.webhook_of("maps", &receiver).await;
    let reason = json!({"reason": "they are back"});
    let all = json!({"endpoint_id": id, "state": "waiting", "reason": "they are back"});
    for by_itself in [true, false] {
        receiver.mood(Mood::RetryAfter(429, 3_600));
        let letter = room.letters(id, 1).await[0];
        room.until_endpoint(id, |endpoint| endpoint["next_try_at"] != Value::Null).await;
        receiver.mood(Mood::Status(200));
        if by_itself {
            room.done(&format!("/api/v1/deliveries/{letter}/redeliver"), reason.clone()).await;
        } else {
            room.done("/api/v1/deliveries/redeliver", all.clone()).await;
        }
        room.until_delivery(letter, |delivery| delivery["state"] == "delivered").await;
    }
    // One that is switched off stays so, and of what rests a portion is as large as it is said to be.
    room.done(&format!("/api/v1/endpoints/{id}/disable"), json!({"reason": "holidays"})).await;
    let letters = room.letters(id, 5).await;
    let before = room.system.clock.now().minus(std::time::Duration::from_secs(10));
    let some = move |tx: &mut Tx<'_>| {
        let waiting = fairlead_model::delivery::DeliveryState::Waiting;
        deliveries::redeliver_some(tx, id, waiting, "tests", before, 2)
    };
    assert_eq!(room.system.store.write(some).await.unwrap(), 2);
    room.done(&format!("/api/v1/deliveries/{}/redeliver", letters[0]), reason).await;
    assert_eq!(room.endpoint(id).await["health"], "off");
    room.close().await;
    receiver.close().await;
}

async fn a_letter_that_is_wanted_again_while_it_is_on_its_way_has_all_its_tries(backend: Backend) {
    let room = Mailroom::open(backend).await;
    let receiver = Receiver::open().await;
    let config = json!({"kind": "webhook", "url": receiver.url(), "timeout_s": 3});
    let (id, _) = room.webhook_with("maps", config).await;
    receiver.mood(Mood::Status(500));
    let letter = room.letters(id, 1).await[0];
    for (tries, rest) in (1..=6).zip([6, 331, 1_981, 7_921, 19_801, 39_601]) {
        room.until_delivery(letter, |delivery| delivery["attempts"] == tries).await;
        // Others go well in between, so the endpoint is not what fails.
        receiver.mood(Mood::Status(200));
        let other = room.letters(id, 1).await[0];
        room.until_delivery(other, |delivery| delivery["state"] == "delivered").await;
        receiver.mood(if tries == 6 { Mood::Held } else { Mood::Status(500) });
        room.advance(rest);
    }
    let asked = 7 + 6;
    receiver.until_requests(asked).await;
    let reason = json!({"reason": "they asked for it"});
    room.done(&format!("/api/v1/deliveries/{letter}/redeliver"), reason).await;
    let again = room.until_delivery(letter, |delivery| delivery["attempts"] == 1).await;
    assert_eq!(again["delivery"]["state"], "waiting", "{again}");
    room.close().await;
    receiver.close().await;
}

async fn much_that_waits_for_a_deleted_endpoint_is_discarded(backend: Backend) {
    let room = Mailroom::open(backend).await;
    let (id, _) = room.webhook("maps", "http://127.0.0.1:9/").await;
    room.done(&format!("/api/v1/endpoints/{id}/disable"), json!({"reason": "holidays"})).await;
    room.letters(id, 1_200).await;
    // Also what is not due for long.
    room.system
        .store
        .write(move |tx| {
            let far = fairlead_model::Time::from_micros(i64::MAX / 2);
            let rest = deliveries::Outcome {
                state: fairlead_model::delivery::DeliveryState::Waiting,
                cause: "It rests.".to_owned(),
                counts: true,
                due_at: Some(far.into()),
                status: None,
                response: None,
                mt_id: None,
            };
            let filter = deliveries::Filter { endpoint: Some(id), ..deliveries::Filter::default() };
            let all = deliveries::list(tx, &filter, 2_000)?;
            let resting: Vec<_> = all.iter().map(|delivery| (delivery.id, rest.clone())).collect();
            deliveries::settle(tx, fairlead_model::Time::from_micros(0), &resting)
        })
        .await
        .unwrap();
    assert_eq!(room.ask(Method::DELETE, &format!("/api/v1/endpoints/{id}"), None).await.0, 204);
    let path = format!("/api/v1/deliveries?endpoint={id}&state=waiting&limit=1");
    let is_empty = |page: &Value| page["items"].as_array().is_some_and(Vec::is_empty);
    room.system.until("courier", &path, is_empty).await;
    assert_eq!(room.listed(id, "discarded").await.len(), 1_200);
    room.close().await;
}

async fn deliveries_are_sent_again_and_discarded_by_hand(backend: Backend) {
    let room = Mailroom::open(backend).await;
    let receiver = Receiver::open().await;
    let id = room.webhook_of("maps", &receiver).await;
    receiver.mood(Mood::Status(413));
    let letters = room.letters(id, 5).await;
    room.until_empty(id).await;
    assert_eq!(room.listed(id, "failed").await.len(), 5);
    let one = |id: fairlead_model::DeliveryId, what: &str| format!("/api/v1/deliveries/{id}/{what}");
    let reason = json!({"reason": "they asked for it"});
    receiver.mood(Mood::Status(200));
    room.done(&one(letters[0], "redeliver"), reason.clone()).await;
    room.until_delivery(letters[0], |delivery| delivery["state"] == "delivered").await;
    assert_eq!(receiver.got()[&letters[0].to_string()].0, 2);
    let discarded = room.done(&one(letters[1], "discard"), reason.clone()).await;
    assert_eq!(discarded["delivery"]["cause"], "test discarded it.");
    assert_eq!(room.post(&one(letters[1], "discard"), reason.clone()).await.0, 409);
    let all = json!({"endpoint_id": id, "state": "failed", "reason": "they asked for all"});
    assert_eq!(room.done("/api/v1/deliveries/redeliver", all).await["count"], 3);
    room.until_empty(id).await;
    assert_eq!(room.listed(id, "delivered").await.len(), 4);
    // What waits for a dead one is discarded together.
    receiver.mood(Mood::Status(500));
    room.letters(id, 700).await;
    room.until_endpoint(id, |endpoint| endpoint["next_try_at"] != Value::Null).await;
    let all = json!({"endpoint_id": id, "state": "waiting", "reason": "too old"});
    assert_eq!(room.done("/api/v1/deliveries/discard", all).await["count"], 700);
    assert_eq!(room.endpoint(id).await["waiting"], 0);
    let wrong = json!({"endpoint_id": id, "state": "delivered", "reason": ""});
    assert_eq!(room.post("/api/v1/deliveries/discard", wrong).await.0, 400);
    let page = room.get("/api/v1/deliveries?limit=2").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    room.close().await;
    receiver.close().await;
}

async fn what_was_settled_long_ago_is_forgotten(backend: Backend) {
    let mut room = Mailroom::open(backend).await;
    let (receiver, dead) = (Receiver::open().await, Receiver::open().await);
    dead.mood(Mood::RetryAfter(429, 3_600));
    let (id, held) = (room.webhook_of("maps", &receiver).await, room.webhook_of("dead", &dead).await);
    room.letters(id, 1_200).await;
    room.letters(held, 1).await;
    room.until_empty(id).await;
    room.advance(29 * 86_400);
    room.letters(id, 3).await;
    room.until_empty(id).await;
    room.advance(2 * 86_400);
    room.restart().await;
    let path = format!("/api/v1/deliveries?endpoint={id}&limit=500");
    room.system
        .until("courier", &path, |page| page["items"].as_array().is_some_and(|items| items.len() == 3))
        .await;
    assert_eq!(room.listed(held, "waiting").await.len(), 1, "what waits is never forgotten");
    room.close().await;
    receiver.close().await;
    dead.close().await;
}
