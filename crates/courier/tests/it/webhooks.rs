//! Webhooks on good days and bad ones.

use std::collections::BTreeSet;
use std::time::Duration;

use fairlead_model::{EndpointId, Time};
use fairlead_testkit::{Backend, on_both_backends};
use reqwest::Method;
use serde_json::{Value, json};

use crate::mailroom::Mailroom;
use crate::receiver::{Mood, Receiver, resetting};

on_both_backends!(
    letters_arrive_signed_by_every_secret,
    a_dead_endpoint_costs_the_others_nothing,
    a_failing_letter_is_tried_again_and_fails_in_the_end,
    five_days_of_failing_switch_an_endpoint_off_and_a_person_switches_it_on,
    one_that_is_gone_is_switched_off,
    one_that_wants_fewer_is_left_alone,
    one_that_wants_fewer_gets_nothing_more_of_what_is_in_hand,
    one_that_wants_fewer_for_days_is_switched_off,
    of_a_slow_endpoints_letters_few_are_in_hand,
    a_redirect_is_not_followed,
    an_endless_answer_is_cut_off,
    one_that_resets_and_one_that_hangs_fail_with_a_sentence,
    one_that_answers_after_29_seconds_has_taken_it_at_the_first_try,
    what_is_not_public_is_not_dialled,
    a_courier_that_stops_in_the_middle_loses_nothing,
);

async fn letters_arrive_signed_by_every_secret(backend: Backend) {
    let room = Mailroom::open(backend).await;
    let receiver = Receiver::open().await;
    let id = room.webhook_of("maps", &receiver).await;
    assert_eq!(room.endpoint(id).await["health"], "new");
    let sent = room.letters(id, 300).await;
    room.until_empty(id).await;
    let got = receiver.got();
    assert_eq!(got.keys().cloned().collect::<BTreeSet<_>>(), sent.iter().map(ToString::to_string).collect());
    assert!(got.values().all(|(times, _)| *times == 1));
    assert_eq!(got[&sent[7].to_string()].1, "{\"n\":7}");
    let detail = room.delivery(sent[7]).await;
    assert_eq!(
        (&detail["delivery"]["state"], &detail["delivery"]["attempts"], &detail["delivery"]["status"]),
        (&json!("delivered"), &json!(1), &json!(200))
    );
    assert_eq!((&detail["body"], &detail["response"]), (&json!("{\"n\":7}"), &json!("noted")));
    assert_eq!(room.endpoint(id).await["health"], "good");
    // A second secret signs, too; then the first is deleted.
    assert_eq!(receiver.signatures(), [1]);
    let made = room.done(&format!("/api/v1/endpoints/{id}/signing-keys"), json!({})).await;
    let numbers: Vec<_> =
        made["endpoint"]["signing_keys"].as_array().unwrap().iter().map(|key| &key["number"]).collect();
    assert_eq!(numbers, [&json!(2), &json!(1)]);
    room.letters(id, 1).await;
    receiver.until_requests(301).await;
    assert_eq!(receiver.signatures(), [1, 2]);
    receiver.trust(made["signing_secret"].as_str().unwrap());
    let path = |number: i32| format!("/api/v1/endpoints/{id}/signing-keys/{number}");
    let (status, changed) = room.ask(Method::DELETE, &path(1), None).await;
    assert_eq!((status.as_u16(), changed["signing_keys"].as_array().unwrap().len()), (200, 1));
    assert_eq!(room.ask(Method::DELETE, &path(1), None).await.0, 404);
    assert_eq!(room.ask(Method::DELETE, &path(2), None).await.0, 409);
    room.letters(id, 1).await;
    receiver.until_requests(302).await;
    room.close().await;
    receiver.close().await;
}

async fn a_dead_endpoint_costs_the_others_nothing(backend: Backend) {
    let room = Mailroom::open(backend).await;
    let (dead, good) = (Receiver::open().await, Receiver::open().await);
    dead.mood(Mood::Status(500));
    let (a, b) = (room.webhook_of("dead", &dead).await, room.webhook_of("good", &good).await);
    room.letters(a, 10_000).await;
    room.until_endpoint(a, |endpoint| {
        endpoint["health"] == "failing" && endpoint["next_try_at"] != Value::Null
    })
    .await;
    room.letters(b, 200).await;
    room.until_empty(b).await;
    assert_eq!(good.requests(), 200);
    // While it fails it is asked with one letter at a time, and that costs no letter a try.
    let asked = dead.requests();
    for n in 1..=3 {
        room.advance(601);
        dead.until_requests(asked + n).await;
        let before = room.system.clock.now();
        room.until_endpoint(a, |endpoint| endpoint["next_try_at"].as_str() > Some(before.rfc3339().as_str()))
            .await;
    }
    assert_eq!(dead.requests(), asked + 3);
    let waiting = room.listed(a, "waiting").await;
    let tries: i64 = waiting.iter().map(|delivery| delivery["attempts"].as_i64().unwrap()).sum();
    assert_eq!((waiting.len(), tries), (10_000, 5));
    // Once it is back, all goes out, also what rests for hours.
    dead.mood(Mood::Status(200));
    room.advance(601);
    let endpoint = room.until_empty(a).await;
    assert_eq!((&endpoint["health"], &endpoint["failure"]), (&json!("good"), &Value::Null));
    assert_eq!(dead.got().len(), 10_000);
    room.close().await;
    dead.close().await;
    good.close().await;
}

async fn a_failing_letter_is_tried_again_and_fails_in_the_end(backend: Backend) {
    let room = Mailroom::open(backend).await;
    let receiver = Receiver::open().await;
    let id = room.webhook_of("maps", &receiver).await;
    for (n, rest) in [0, 6, 331, 1_981, 7_921, 19_801, 39_601].into_iter().enumerate() {
        let tries = i64::try_from(n).unwrap();
        room.advance(rest);
        receiver.mood(Mood::Status(500));
        let letter = match n {
            0 => room.letters(id, 1).await[0],
            _ => room.listed(id, "waiting").await[0]["id"].as_str().unwrap().parse().unwrap(),
        };
        room.until_delivery(letter, |delivery| delivery["attempts"] == tries + 1).await;
        // Others go well in between, so the endpoint is not what fails.
        receiver.mood(Mood::Status(200));
        let other = room.letters(id, 1).await[0];
        room.until_delivery(other, |delivery| delivery["state"] == "delivered").await;
    }
    let failed = room.listed(id, "failed").await;
    assert_eq!((failed.len(), &failed[0]["attempts"]), (1, &json!(7)));
    assert_eq!(
        failed[0]["cause"],
        "It was tried 7 times. The last time: It answered 500 Internal Server Error."
    );
    assert_eq!(room.listed(id, "delivered").await.len(), 7);
    room.close().await;
    receiver.close().await;
}

async fn five_days_of_failing_switch_an_endpoint_off_and_a_person_switches_it_on(backend: Backend) {
    let room = Mailroom::open(backend).await;
    let receiver = Receiver::open().await;
    let id = room.webhook_of("maps", &receiver).await;
    receiver.mood(Mood::Status(502));
    room.letters(id, 20).await;
    room.until_endpoint(id, |endpoint| endpoint["next_try_at"] != Value::Null).await;
    let off = until_switched_off(&room, id).await;
    assert_eq!(
        off["failure"],
        "Every delivery has failed for 5 days. The last time: It answered 502 Bad Gateway."
    );
    assert_eq!((&off["waiting"], &off["enabled"]), (&json!(20), &json!(true)));
    let problems = room
        .system
        .store
        .read(|conn| fairlead_store::problems::list(conn, &fairlead_store::problems::Filter::default(), 10));
    let problems = problems.await.unwrap();
    assert_eq!((problems.len(), problems[0].kind.as_str()), (1, "endpoint_disabled"));
    // Nothing more is tried, and nothing is lost.
    let tried = receiver.requests();
    receiver.mood(Mood::Status(200));
    room.advance(86_400);
    room.letters(id, 5).await;
    room.done(&format!("/api/v1/endpoints/{id}/test"), json!({})).await;
    assert_eq!(receiver.requests(), tried + 1, "a test goes out, and nothing else");
    assert_eq!(room.endpoint(id).await["health"], "disabled");
    room.done(&format!("/api/v1/endpoints/{id}/enable"), json!({"reason": "it is mended"})).await;
    let on = room.until_empty(id).await;
    assert_eq!(on["health"], "good");
    assert_eq!(receiver.got().len(), 26);
    // A person switches it off as well.
    room.done(&format!("/api/v1/endpoints/{id}/disable"), json!({"reason": "holidays"})).await;
    room.letters(id, 1).await;
    let off = room.endpoint(id).await;
    assert_eq!((&off["health"], &off["waiting"]), (&json!("off"), &json!(1)));
    room.done(&format!("/api/v1/endpoints/{id}/enable"), json!({"reason": "back"})).await;
    room.until_empty(id).await;
    room.close().await;
    receiver.close().await;
}

/// Lets days go by; the endpoint is asked every eleven hours.
async fn until_switched_off(room: &Mailroom, id: EndpointId) -> Value {
    for _ in 0..11 {
        room.advance(11 * 3_600);
        let now = room.system.clock.now();
        // While it is being asked, the next time is when that would be given up.
        let being_asked = now.plus(Duration::from_secs(120));
        let asked = room.until_endpoint(id, |endpoint| {
            let next = endpoint["next_try_at"].as_str().and_then(Time::parse_rfc3339);
            endpoint["health"] == "disabled" || next.is_some_and(|next| next > now && next != being_asked)
        });
        let asked = asked.await;
        if asked["health"] == "disabled" {
            return asked;
        }
        assert_eq!(asked["health"], "failing");
    }
    panic!("after five days it is on");
}

async fn one_that_is_gone_is_switched_off(backend: Backend) {
    let room = Mailroom::open(backend).await;
    let receiver = Receiver::open().await;
    let id = room.webhook_of("maps", &receiver).await;
    receiver.mood(Mood::Status(410));
    room.letters(id, 3).await;
    let off = room.until_endpoint(id, |endpoint| endpoint["health"] == "disabled").await;
    assert_eq!(
        (&off["failure"], &off["waiting"]),
        (&json!("It answered 410 Gone: it wants nothing any more."), &json!(3))
    );
    room.close().await;
    receiver.close().await;
}

async fn one_that_wants_fewer_is_left_alone(backend: Backend) {
    let room = Mailroom::open(backend).await;
    let receiver = Receiver::open().await;
    let id = room.webhook_of("maps", &receiver).await;
    receiver.mood(Mood::RetryAfter(429, 120));
    let letters = room.letters(id, 30).await;
    let held = room.until_endpoint(id, |endpoint| endpoint["next_try_at"] != Value::Null).await;
    assert_eq!(held["next_try_at"], "2026-06-01T12:02:00Z");
    assert_eq!(held["failing_since"], Value::Null);
    let tried = receiver.requests();
    room.advance(119);
    let other = Receiver::open().await;
    let another = room.webhook_of("other", &other).await;
    room.letters(another, 30).await;
    room.until_empty(another).await;
    assert_eq!(receiver.requests(), tried);
    receiver.mood(Mood::Status(204));
    room.advance(2);
    room.until_empty(id).await;
    assert_eq!(room.delivery(letters[0]).await["delivery"]["attempts"], 1, "waiting costs no try");
    room.close().await;
    receiver.close().await;
    other.close().await;
}

async fn one_that_wants_fewer_gets_nothing_more_of_what_is_in_hand(backend: Backend) {
    let room = Mailroom::open(backend).await;
    let receiver = Receiver::open().await;
    let id = room.webhook_of("maps", &receiver).await;
    let letters = room.letters(id, 2_000).await;
    receiver.until_requests(300).await;
    receiver.mood(Mood::RetryAfter(429, 3_600));
    let before = receiver.requests();
    room.until_endpoint(id, |endpoint| endpoint["next_try_at"] != Value::Null).await;
    room.until_in_hand(&letters, 0).await;
    let more = receiver.requests() - before;
    assert!(more <= 2 * 8, "{more} more came");
    receiver.mood(Mood::Status(200));
    room.advance(3_601);
    room.until_empty(id).await;
    assert_eq!(receiver.got().len(), 2_000);
    room.close().await;
    receiver.close().await;
}

async fn one_that_wants_fewer_for_days_is_switched_off(backend: Backend) {
    let room = Mailroom::open(backend).await;
    let receiver = Receiver::open().await;
    let id = room.webhook_of("maps", &receiver).await;
    receiver.mood(Mood::RetryAfter(429, 3_600));
    room.letters(id, 3).await;
    let held = room.until_endpoint(id, |endpoint| endpoint["next_try_at"] != Value::Null).await;
    assert_ne!(held["health"], "failing", "a pause is no failure yet");
    let off = until_switched_off(&room, id).await;
    assert_eq!(
        off["failure"],
        "Every delivery has failed for 5 days. The last time: It answered 429 Too Many Requests: it wants fewer at a time."
    );
    assert_eq!(off["waiting"], 3);
    let problems = room
        .system
        .store
        .read(|conn| fairlead_store::problems::list(conn, &fairlead_store::problems::Filter::default(), 10));
    assert_eq!(problems.await.unwrap()[0].kind.as_str(), "endpoint_disabled");
    room.close().await;
    receiver.close().await;
}

async fn of_a_slow_endpoints_letters_few_are_in_hand(backend: Backend) {
    let room = Mailroom::open(backend).await;
    let (receiver, other) = (Receiver::open().await, Receiver::open().await);
    let id = room.slow_webhook_of(&receiver).await;
    let letters = room.letters(id, 1_000).await;
    receiver.until_requests(1).await;
    // Others have many turns meanwhile.
    let another = room.webhook_of("other", &other).await;
    room.letters(another, 1_000).await;
    room.until_empty(another).await;
    assert_eq!(room.in_hand(&letters).await, 16);
    receiver.go_on();
    room.until_empty(id).await;
    room.close().await;
    receiver.close().await;
    other.close().await;
}

async fn a_redirect_is_not_followed(backend: Backend) {
    let room = Mailroom::open(backend).await;
    let (receiver, other) = (Receiver::open().await, Receiver::open().await);
    let id = room.webhook_of("maps", &receiver).await;
    receiver.mood(Mood::Redirect("http://169.254.169.254/latest/meta-data".to_owned()));
    let letter = room.letters(id, 1).await[0];
    let tried = room.until_delivery(letter, |delivery| delivery["attempts"] == 1).await;
    let cause = tried["delivery"]["cause"].as_str().unwrap();
    assert!(cause.starts_with("It answered 302 Found and points to http://169.254.169.254/…."), "{cause}");
    receiver.mood(Mood::Redirect(other.url()));
    room.advance(6);
    receiver.until_requests(2).await;
    room.until_delivery(letter, |delivery| delivery["attempts"] == 2).await;
    assert_eq!(other.requests(), 0);
    room.close().await;
    receiver.close().await;
    other.close().await;
}

async fn an_endless_answer_is_cut_off(backend: Backend) {
    let room = Mailroom::open(backend).await;
    let receiver = Receiver::open().await;
    let id = room.webhook_of("maps", &receiver).await;
    for mood in [Mood::Endless, Mood::Long(1 << 20), Mood::Long(5_000)] {
        receiver.mood(mood);
        let letter = room.letters(id, 1).await[0];
        room.until_delivery(letter, |delivery| delivery["state"] == "delivered").await;
        assert_eq!(room.delivery(letter).await["response"].as_str().unwrap().len(), 4_096);
    }
    room.close().await;
    receiver.close().await;
}

async fn one_that_resets_and_one_that_hangs_fail_with_a_sentence(backend: Backend) {
    let room = Mailroom::open(backend).await;
    let (hangs, good) = (Receiver::open().await, Receiver::open().await);
    hangs.mood(Mood::Held);
    let (resets, _) = room.webhook("resets", &format!("http://{}/", resetting().await)).await;
    let config = json!({"kind": "webhook", "url": hangs.url(), "timeout_s": 1, "concurrency": 1});
    let (hung, _) = room.webhook_with("hangs", config).await;
    let fine = room.webhook_of("good", &good).await;
    let (a, b) = (room.letters(resets, 1).await[0], room.letters(hung, 1).await[0]);
    hangs.until_requests(1).await;
    room.letters(fine, 50).await;
    room.until_empty(fine).await;
    let reset = room.until_delivery(a, |delivery| delivery["attempts"] == 1).await;
    assert_eq!(reset["delivery"]["state"], "waiting");
    assert!(reset["delivery"]["cause"].as_str().unwrap().starts_with("The call broke off: "), "{reset}");
    let slow = room.until_delivery(b, |delivery| delivery["attempts"] == 1).await;
    assert_eq!(slow["delivery"]["cause"], "It did not answer within 1 s.");
    room.close().await;
    hangs.close().await;
    good.close().await;
}

async fn one_that_answers_after_29_seconds_has_taken_it_at_the_first_try(backend: Backend) {
    let room = Mailroom::open(backend).await;
    let (late, good) = (Receiver::open().await, Receiver::open().await);
    late.mood(Mood::Held);
    // More than the 30 s that are usual, so that a machine that is busy does not decide.
    let config = json!({"kind": "webhook", "url": late.url(), "timeout_s": 60});
    let (a, secret) = room.webhook_with("late", config).await;
    late.trust(&secret);
    let b = room.webhook_of("good", &good).await;
    let letter = room.letters(a, 1).await[0];
    late.until_requests(1).await;
    let answering = async {
        tokio::time::sleep(Duration::from_secs(29)).await;
        late.go_on();
    };
    tokio::join!(answering, async {
        for _ in 0..5 {
            room.letters(b, 50).await;
            room.until_empty(b).await;
        }
    });
    let taken = room.until_delivery(letter, |delivery| delivery["state"] == "delivered").await;
    assert_eq!((&taken["delivery"]["attempts"], late.requests(), good.requests()), (&json!(1), 1, 250));
    room.close().await;
    late.close().await;
    good.close().await;
}

async fn what_is_not_public_is_not_dialled(backend: Backend) {
    let mut room = Mailroom::open(backend).await;
    let receiver = Receiver::open().await;
    let port = receiver.address.port();
    // The name says nothing; what is behind it counts.
    let (by_name, _) = room.webhook("by name", &format!("http://localhost:{port}/hook")).await;
    let (by_address, _) = room.webhook("by address", &receiver.url()).await;
    room.letters(by_name, 1).await;
    receiver.until_requests(1).await;
    room.restart_with(&[]).await;
    for (id, begins) in [
        (by_name, "It cannot be reached: localhost is not dialled: "),
        (by_address, "127.0.0.1 is no public address"),
    ] {
        let letter = room.letters(id, 1).await[0];
        let refused = room.until_delivery(letter, |delivery| delivery["attempts"] == 1).await;
        let cause = refused["delivery"]["cause"].as_str().unwrap();
        assert!(cause.starts_with(begins) && cause.contains("courier.webhook_networks"), "{cause}");
    }
    assert_eq!(receiver.requests(), 1);
    for url in [
        format!("http://localhost:{port}/"),
        format!("http://127.0.0.1:{port}/"),
        "http://2130706433/".to_owned(),
        "http://[::ffff:10.0.0.1]/".to_owned(),
        "http://169.254.169.254/".to_owned(),
        "https://[fd00::1]/".to_owned(),
    ] {
        let new = json!({"name": "early", "config": {"kind": "webhook", "url": url}});
        let (status, answer) = room.post("/api/v1/endpoints", new).await;
        assert_eq!(status, 422, "{url}");
        assert!(answer["detail"].as_str().unwrap().contains("courier.webhook_networks"), "{url}: {answer}");
    }
    room.close().await;
    receiver.close().await;
}

async fn a_courier_that_stops_in_the_middle_loses_nothing(backend: Backend) {
    let mut room = Mailroom::open(backend).await;
    let receiver = Receiver::open().await;
    receiver.mood(Mood::Held);
    let config = json!({"kind": "webhook", "url": receiver.url(), "timeout_s": 2});
    let (id, secret) = room.webhook_with("maps", config).await;
    receiver.trust(&secret);
    room.letters(id, 200).await;
    receiver.until_requests(8).await;
    room.restart().await;
    receiver.go_on();
    // Where several couriers may run, a claim that was left behind runs out first.
    room.advance(601);
    room.until_empty(id).await;
    assert_eq!(receiver.got().len(), 200);
    room.close().await;
    receiver.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_couriers_share_a_lane_and_lose_nothing() {
    let mut room = Mailroom::open(Backend::Servers).await;
    room.one_more().await;
    let receiver = Receiver::open().await;
    let id = room.webhook_of("maps", &receiver).await;
    for _ in 0..10 {
        room.letters(id, 100).await;
    }
    room.until_empty(id).await;
    let got = receiver.got();
    assert_eq!(got.len(), 1_000);
    assert!(got.values().all(|(times, _)| *times == 1), "nothing ran out, so nothing came twice");
    room.close().await;
    receiver.close().await;
}
