//! The same message is one row, however often and in whatever dress it comes; another one is another row.

use std::time::Duration;

use fairlead_model::Time;
use fairlead_testkit::{Backend, START};
use reqwest::StatusCode;

use crate::door::{Door, Push, believe};

fairlead_testkit::on_both_backends!(
    a_hundred_copies_at_once_are_one_message,
    a_repeat_in_another_dress_or_days_later_has_no_effect,
    another_payload_under_the_same_number_is_another_message,
    a_number_that_wraps_or_is_used_again_is_another_message,
);

async fn a_hundred_copies_at_once_are_one_message(backend: Backend) {
    let door = Door::open(backend, &[]).await;
    let push = Push::new(7);
    let copies = (0..100).map(|_| door.push(&push));
    let answers = futures_util::future::join_all(copies).await;
    assert!(answers.iter().all(|status| *status == StatusCode::OK), "{answers:?}");
    let messages = door.messages().await;
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].momsn, Some(7));
    door.system.stop().await;
}

async fn a_repeat_in_another_dress_or_days_later_has_no_effect(backend: Backend) {
    let door = Door::open(backend, &[&believe()]).await;
    let push = Push::new(8).data("504b3030353b31");
    assert_eq!(door.push(&push).await, StatusCode::OK);
    let first = door.messages().await;
    let dressed = [
        push.clone().data("50 4B 30 30 35 3B 31"),
        push.clone().at("26-06-01%2011%3A59%3A30"),
        push.clone().with("iridium_cep", "99").with("serial", "1").with("new_field", "x"),
        push.clone().signed(),
        push.clone(),
    ];
    for again in dressed {
        door.system.hand.advance(Duration::from_secs(86_400));
        assert_eq!(door.push(&again).await, StatusCode::OK);
        assert_eq!(door.push_body("application/json", again.json()).await.0, StatusCode::OK);
    }
    let last = door.messages().await;
    assert_eq!(last.len(), 1);
    assert_eq!((last[0].id, last[0].received_at), (first[0].id, Time::parse_rfc3339(START).unwrap()));
    door.system.stop().await;
}

async fn another_payload_under_the_same_number_is_another_message(backend: Backend) {
    let door = Door::open(backend, &[]).await;
    for data in ["01", "02", "", "zz", "0z"] {
        assert_eq!(door.push(&Push::new(9).data(data)).await, StatusCode::OK);
    }
    let mut kept: Vec<_> = door.messages().await.into_iter().map(|m| m.payload_hex).collect();
    kept.sort_unstable();
    assert_eq!(kept, ["", "01", "02", "0z", "zz"]);
    door.system.stop().await;
}

async fn a_number_that_wraps_or_is_used_again_is_another_message(backend: Backend) {
    let door = Door::open(backend, &[]).await;
    let used = [(65_535, "26-05-31 11:00:00"), (0, "26-05-31 11:10:00"), (0, "25-05-31 11:10:00")];
    for (momsn, time) in used {
        assert_eq!(door.push(&Push::new(momsn).data("01").at(time)).await, StatusCode::OK);
    }
    // Without a number or a time the rest tells.
    for _ in 0..2 {
        assert_eq!(door.push(&Push::new(1).data("01").with("momsn", "")).await, StatusCode::OK);
        assert_eq!(door.push(&Push::new(0).data("01").at("")).await, StatusCode::OK);
    }
    assert_eq!(door.messages().await.len(), 5);
    door.system.stop().await;
}
