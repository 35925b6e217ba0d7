//! A modem's line of messages: numbers that are missing, clocks that are wrong, texts that clash, work done twice.

use std::time::Duration;

use fairlead_model::MessageId;
use fairlead_store::satellite::messages;
use fairlead_store::sign_in;
use fairlead_testkit::Backend;
use serde_json::{Value, json};

use crate::sea::{Sea, id_of, minutes, pk101, start, stored};

fairlead_testkit::on_both_backends!(
    a_gap_closes_as_its_messages_come,
    a_wrapped_counter_has_its_gap_and_one_set_back_has_none,
    a_clock_ahead_never_has_the_last_word,
    another_text_under_the_same_number_is_kept_and_shown,
    a_message_handled_again_changes_nothing,
    what_the_broker_forgot_is_announced_again,
    work_that_cannot_be_done_is_shown_and_can_be_put_through_again,
);

async fn a_gap_closes_as_its_messages_come(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let at = |n: i32| start().minus(minutes(600)).plus(minutes(10 * u64::from(n.unsigned_abs())));
    let row = |n: i32| sea.message(n, at(n), &pk101(at(n), "3750.5117", 10));
    sea.handle(&[row(5), row(9)]).await;
    assert_eq!(sea.gaps().await, [(6, 8, 3)]);
    assert_eq!(sea.modem().await["missing"], 3);
    sea.handle(&[row(7)]).await;
    assert_eq!(sea.gaps().await, [(8, 8, 1), (6, 6, 1)]);
    sea.handle(&[row(8), row(6)]).await;
    assert_eq!(sea.gaps().await, []);
    let modem = sea.modem().await;
    assert_eq!((&modem["missing"], &modem["momsn"]), (&json!(0), &json!(9)));
    sea.system.stop().await;
}

async fn a_wrapped_counter_has_its_gap_and_one_set_back_has_none(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let numbers = [(0_u64, 65_533), (1, 65_535), (2, 2), (3, 3), (4, 40_000), (5, 1), (6, 2)];
    let rows = numbers.map(|(n, momsn)| {
        let at = start().minus(minutes(600)).plus(minutes(10 * n));
        sea.message(momsn, at, &pk101(at, "3750.5117", 10))
    });
    for row in &rows {
        sea.handle(std::slice::from_ref(row)).await;
    }
    assert_eq!(sea.gaps().await, [(0, 1, 2), (65_534, 65_534, 1)]);
    sea.system.stop().await;
}

async fn a_clock_ahead_never_has_the_last_word(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let (now, soon) = (start(), start().plus(minutes(11)));
    let mut ahead = sea.message(2, soon, &pk101(soon, "1100.0000", 30));
    ahead.received_at = now.into();
    ahead.iridium_latitude = Some(11.0);
    ahead.iridium_longitude = Some(12.0);
    sea.handle(std::slice::from_ref(&ahead)).await;
    let modem = sea.modem().await;
    assert_eq!(
        (&modem["fix"], &modem["last_seen_at"], &modem["momsn"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );

    let mut right = sea.message(1, now.minus(minutes(5)), &pk101(now.minus(minutes(5)), "4500.0000", 10));
    right.received_at = now.into();
    sea.handle(&[right]).await;
    let modem = sea.modem().await;
    assert_eq!(
        (&modem["momsn"], &modem["fix"]["latitude"], &modem["interval_s"]),
        (&json!(1), &json!(45.0), &json!(600))
    );
    assert_eq!(modem["estimate"], Value::Null);
    let kept = sea.detail(id_of(&ahead)).await;
    assert_eq!(
        (&kept["reading"]["clock_ahead"], &kept["message"]["state"]),
        (&json!(true), &json!("decoded"))
    );
    assert!(kept["message"]["marks"].to_string().contains("10 minutes ahead"), "{kept}");

    // Ten minutes are allowed.
    let within = now.plus(minutes(10));
    let mut allowed = sea.message(3, within, &pk101(within, "4600.0000", 10));
    allowed.received_at = now.into();
    sea.handle(&[allowed]).await;
    assert_eq!(sea.modem().await["fix"]["latitude"], 46.0);
    sea.system.stop().await;
}

async fn another_text_under_the_same_number_is_kept_and_shown(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let at = start().minus(minutes(30));
    let first = sea.message(5, at, &pk101(at, "3750.5117", 10));
    let second = sea.message(5, at, &pk101(at, "3850.5117", 10));
    sea.handle(std::slice::from_ref(&first)).await;
    sea.handle(std::slice::from_ref(&second)).await;
    let problems = sea.problems("kind=conflicting_message").await;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0]["message_id"], json!(id_of(&second)));
    assert!(problems[0]["reason"].as_str().unwrap().contains(&id_of(&first).to_string()));
    for row in [&first, &second] {
        assert_eq!(sea.detail(id_of(row)).await["message"]["state"], "decoded");
    }
    assert_eq!(sea.gaps().await, []);
    sea.system.stop().await;
}

async fn enqueue(sea: &Sea, id: MessageId) {
    let clock = sea.system.clock.clone();
    let work = move |tx: &mut fairlead_store::Tx<'_>| fairlead_bus::enqueue(tx, &clock, &stored(id), None);
    sea.system.store.write(work).await.unwrap();
}

async fn a_message_handled_again_changes_nothing(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let at = start().minus(minutes(30));
    let rows =
        [sea.message(1, at, &pk101(at, "3750.5117", 10)), sea.message(2, at.plus(minutes(10)), "garbage")];
    sea.handle(&rows).await;
    let told = async || (sea.modem().await, sea.problems("").await, sea.items("/api/v1/messages").await);
    let before = told().await;
    for row in [&rows[0], &rows[1], &rows[1], &rows[0]] {
        enqueue(&sea, id_of(row)).await;
    }
    // What comes after them in the queue shows that they have been handled.
    let later = at.plus(minutes(20));
    sea.handle(&[sea.message(3, later, &pk101(later, "3850.5117", 10))]).await;
    let empty = async || sea.system.store.read(fairlead_store::outbox::backlog).await.unwrap().is_empty();
    while !empty().await {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let after = told().await;
    assert_eq!(after.1, before.1, "no problem is new, and none has changed");
    assert_eq!(after.2[1..], before.2[..]);
    assert_eq!(after.0["open_problems"], 1);
    sea.system.stop().await;
}

async fn what_the_broker_forgot_is_announced_again(backend: Backend) {
    let mut sea = Sea::open(backend, &[]).await;
    let at = start().minus(minutes(12));
    let old = sea.message(1, at, &pk101(at, "3750.5117", 10));
    let at = start().minus(minutes(8));
    let new = sea.message(2, at, &pk101(at, "3850.5117", 10));
    let keyed = [&old, &new].map(|row| (sign_in::hash(&id_of(row).to_string()), row.clone()));
    // Stored, and on no queue.
    let insert = move |tx: &mut fairlead_store::Tx<'_>| messages::insert(tx, &keyed);
    sea.system.store.write(insert).await.unwrap();
    sea.restart().await;
    let path = format!("/api/v1/messages/{}", id_of(&old));
    sea.system.until("tracker", &path, |detail| detail["message"]["state"] == "decoded").await;
    assert_eq!(sea.detail(id_of(&new)).await["message"]["state"], "waiting", "it may still be on its way");
    sea.system.stop().await;
}

async fn work_that_cannot_be_done_is_shown_and_can_be_put_through_again(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let at = start().minus(minutes(30));
    let row = sea.message(1, at, &pk101(at, "3750.5117", 10));
    enqueue(&sea, id_of(&row)).await;
    let there = |page: &Value| !page["items"].as_array().unwrap().is_empty();
    let page = sea.system.until("tracker", "/api/v1/problems?kind=failed_work", there).await;
    let problem = &page["items"][0];
    assert!(problem["reason"].as_str().unwrap().contains("is not in the store"), "{problem}");

    let id = id_of(&row);
    let key = fairlead_store::sign_in::hash("key");
    let insert = move |tx: &mut fairlead_store::Tx<'_>| {
        fairlead_store::satellite::messages::insert(tx, &[(key, row.clone())])
    };
    sea.system.store.write(insert).await.unwrap();
    let (status, settled) = sea.settle(problem, "replay", None).await;
    assert_eq!((status.as_u16(), &settled["state"]), (200, &json!("replayed")), "{settled}");
    sea.settled().await;
    assert_eq!(sea.detail(id).await["message"]["state"], "decoded");
    sea.system.stop().await;
}
