//! What the intake answers while store, broker or journal are away, and what is there afterwards.

use std::collections::BTreeSet;
use std::sync::mpsc;
use std::time::Duration;

use fairlead_model::Time;
use fairlead_model::problem::{ProblemKind, ProblemState};
use fairlead_store::satellite::messages;
use fairlead_store::{Conn, Store, outbox};
use fairlead_testkit::servers::PrivateServer;
use fairlead_testkit::{Backend, PATIENCE, Urls, amqp_url, mysql_url};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::door::{Door, Push, answer, services, sql, waiting};

const FORM: &str = "application/x-www-form-urlencoded";

/// As a missing privilege or a table of the next release would have it: the store answers, and takes nothing.
const AWAY: &str = "ALTER TABLE mo_keys RENAME TO mo_keys_away";
const BACK: &str = "ALTER TABLE mo_keys_away RENAME TO mo_keys";

fairlead_testkit::on_both_backends!(
    a_journal_that_was_left_full_is_drained_once_after_the_restart,
    a_full_journal_refuses_and_recovers,
    a_journal_full_of_large_pushes_is_drained,
    one_message_that_the_store_refuses_fails_alone,
);

async fn numbers(door: &Door) -> Vec<i32> {
    let mut numbers: Vec<_> = door.messages().await.iter().map(|m| m.momsn.unwrap()).collect();
    numbers.sort_unstable();
    numbers
}

async fn push_all(door: &Door, numbers: std::ops::Range<u32>) {
    let pushes: Vec<_> = numbers.map(Push::new).collect();
    let answers = futures_util::future::join_all(pushes.iter().map(|push| door.push(push))).await;
    assert!(answers.iter().all(|status| *status == StatusCode::OK), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_frozen_or_gone_every_push_is_taken() {
    let mut database = tokio::task::spawn_blocking(PrivateServer::mariadb).await.unwrap().unwrap();
    let urls = Urls { mysql: database.url().to_owned(), amqp: amqp_url() };
    let door = Door::open_on(Some(urls), &[]).await;
    push_all(&door, 0..10).await;
    assert_eq!(door.messages().await.len(), 10);

    database.freeze().unwrap();
    push_all(&door, 10..60).await;
    database.thaw().unwrap();
    assert_eq!(numbers(&door).await, (0..60).collect::<Vec<_>>());

    let mut database =
        tokio::task::spawn_blocking(move || database.kill().map(|()| database)).await.unwrap().unwrap();
    push_all(&door, 50..110).await;
    let database =
        tokio::task::spawn_blocking(move || database.restart().map(|()| database)).await.unwrap().unwrap();
    assert_eq!(numbers(&door).await, (0..110).collect::<Vec<_>>());
    door.system.stop().await;
    drop(database);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_another_program_holds_the_sqlite_file_every_push_is_taken() {
    let door = Door::open(Backend::Embedded, &[]).await;
    push_all(&door, 0..10).await;
    assert_eq!(door.messages().await.len(), 10);

    let other = Store::open(door.system.store.url().clone()).unwrap();
    let (held, is_held) = tokio::sync::oneshot::channel();
    let (let_go, wait) = mpsc::channel::<()>();
    let mut held = Some(held);
    let holder = tokio::spawn(async move {
        // Inside this unit of work the file is locked for everybody else who writes.
        let hold = move |_: &mut fairlead_store::Tx<'_>| {
            held.take().map(|held| held.send(()));
            let _ = wait.recv();
            Ok(())
        };
        other.write(hold).await
    });
    is_held.await.unwrap();
    push_all(&door, 10..60).await;
    let ready = door.ready().await;
    assert_eq!(waiting(&ready), Some(50), "the store has none of them, and readiness says so: {ready}");
    assert_eq!(ready["ready"], true);
    drop(let_go);
    holder.await.unwrap().unwrap();
    assert_eq!(numbers(&door).await, (0..60).collect::<Vec<_>>());
    door.system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_broker_is_gone_everything_is_taken_and_stored_and_told_later() {
    let broker = tokio::task::spawn_blocking(PrivateServer::rabbitmq).await.unwrap().unwrap();
    let urls = Urls { mysql: mysql_url(), amqp: broker.url().to_owned() };
    let mut broker = tokio::task::spawn_blocking(move || {
        let mut broker = broker;
        broker.kill().map(|()| broker)
    })
    .await
    .unwrap()
    .unwrap();
    let door = Door::open_on(Some(urls), &[]).await;
    push_all(&door, 0..50).await;
    assert_eq!(numbers(&door).await, (0..50).collect::<Vec<_>>());
    let waits = async || door.system.store.read(outbox::backlog).await.unwrap();
    assert_eq!(waits().await[0].waiting, 50);

    let broker =
        tokio::task::spawn_blocking(move || broker.restart().map(|()| broker)).await.unwrap().unwrap();
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !waits().await.is_empty() {
        assert!(tokio::time::Instant::now() < deadline, "the broker has not confirmed everything");
        // Pauses between tries are the clock's.
        door.system.hand.advance(Duration::from_secs(1));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    door.system.stop().await;
    drop(broker);
}

async fn a_journal_that_was_left_full_is_drained_once_after_the_restart(backend: Backend) {
    let mut door = Door::open(backend, &[]).await;
    sql(&door.system.store, AWAY).await;
    push_all(&door, 0..100).await;
    push_all(&door, 0..10).await;
    assert_eq!(door.push_body(FORM, "momsn=1").await.0, StatusCode::BAD_REQUEST);
    let ready = door.ready().await;
    assert_eq!((waiting(&ready), &ready["ready"]), (Some(111), &json!(true)), "{ready}");

    for _ in 0..2 {
        door.system.stop_services().await;
        door.system.run(services(), &[]).await;
        let ready = door.ready().await;
        assert_eq!(waiting(&ready), Some(111), "{ready}");
    }
    sql(&door.system.store, BACK).await;
    assert_eq!(numbers(&door).await, (0..100).collect::<Vec<_>>());
    assert_eq!(door.problems(ProblemKind::NoImei).await.len(), 1);
    door.system.stop().await;
}

async fn a_full_journal_refuses_and_recovers(backend: Backend) {
    let door = Door::open(backend, &["intake.journal_max_mb=1"]).await;
    sql(&door.system.store, AWAY).await;
    let large = |n: u32| Push::new(n).with("filler", "x".repeat(30_000));
    let mut taken = BTreeSet::new();
    let mut refused = 0;
    for n in 0..200 {
        let response = door.post("/rockblock/incoming", FORM).body(large(n).form()).send().await.unwrap();
        match response.status() {
            StatusCode::OK => drop(taken.insert(i32::try_from(n).unwrap())),
            StatusCode::SERVICE_UNAVAILABLE => {
                assert!(response.headers().contains_key("Retry-After"));
                refused += 1;
            }
            other => panic!("{other}: {}", response.text().await.unwrap()),
        }
    }
    assert!(refused > 0 && taken.len() < 60, "1 MB holds {} pushes of 30 kB", taken.len());
    sql(&door.system.store, BACK).await;
    assert_eq!(
        numbers(&door).await,
        taken.iter().copied().collect::<Vec<_>>(),
        "what was answered 200 is there"
    );

    // Whoever was refused sends again, and is taken once the file has been checked.
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while door.push(&large(199)).await != StatusCode::OK {
        assert!(tokio::time::Instant::now() < deadline, "the journal does not recover");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(numbers(&door).await.contains(&199));
    door.system.stop().await;
}

async fn a_journal_full_of_large_pushes_is_drained(backend: Backend) {
    let door = Door::open(backend, &[]).await;
    sql(&door.system.store, AWAY).await;
    // What is no hexadecimal is stored twice, and the unknown field a third time.
    let large = |n| Push::new(n).data("z".repeat(62_000)).with("filler", "x".repeat(1_000)).form();
    for first in (0..300).step_by(50) {
        let answers = (first..first + 50).map(|n| door.push_body(FORM, large(n)));
        let answers = futures_util::future::join_all(answers).await;
        assert!(answers.iter().all(|(status, _)| *status == StatusCode::OK));
    }
    sql(&door.system.store, BACK).await;
    door.drained().await;
    let since = Time::from_micros(0);
    let count = move |conn: &mut Conn| messages::count_since(conn, since, 1_000);
    assert_eq!(door.system.store.read(count).await.unwrap(), 300);
    door.system.stop().await;
}

async fn one_message_that_the_store_refuses_fails_alone(backend: Backend) {
    let door = Door::open(backend, &[]).await;
    let (refuse, allow) = match backend {
        Backend::Embedded => (
            "CREATE TRIGGER refuse BEFORE INSERT ON mo_messages WHEN NEW.serial = 'refused' \
             BEGIN SELECT RAISE(ABORT, 'CONSTRAINT refuse failed'); END",
            "DROP TRIGGER refuse",
        ),
        Backend::Servers => (
            "ALTER TABLE mo_messages ADD CONSTRAINT refuse CHECK (serial <> 'refused')",
            "ALTER TABLE mo_messages DROP CONSTRAINT refuse",
        ),
    };
    sql(&door.system.store, refuse).await;
    sql(&door.system.store, AWAY).await;
    push_all(&door, 0..3).await;
    assert_eq!(door.push(&Push::new(3).with("serial", "refused")).await, StatusCode::OK);
    push_all(&door, 4..7).await;
    sql(&door.system.store, BACK).await;

    assert_eq!(numbers(&door).await, [0, 1, 2, 4, 5, 6], "the others are stored, in one batch with it");
    let problem = door.problems(ProblemKind::FailedWork).await.remove(0);
    assert_eq!(problem.state, ProblemState::Open);
    assert!(problem.reason.contains("The store did not take it"), "{}", problem.reason);
    let held = problem.held_id.unwrap();
    assert_eq!(door.held(held).await.unwrap().why, "unstorable");

    // Once the reason is gone, a person lets it in.
    sql(&door.system.store, allow).await;
    let path = format!("/api/v1/held/{held}/admit");
    let request = door.system.client.post(door.system.url("intake", &path));
    let (status, text) =
        answer(request.json(&json!({"reason": "the table was mended", "force": true}))).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    let settled: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(settled["state"], "admitted");
    assert_eq!(numbers(&door).await, (0..7).collect::<Vec<_>>());
    door.system.stop().await;
}
