//! Units of work: each is whole or not at all, a bad one costs only itself, and a race is run again.

use fairlead_model::problem::ProblemKind;
use fairlead_model::{Clock, MessageId, Time};
use fairlead_store::problems::{self, Finding};
use fairlead_store::satellite::mt::accounts;
use fairlead_store::satellite::{held, modems};
use fairlead_store::{Store, StoreError, Tx, outbox, sign_in};
use fairlead_testkit::Backend;

fairlead_testkit::on_both_backends!(
    a_unit_that_fails_or_panics_is_undone_alone,
    a_race_for_one_key_is_won_once_and_seen_by_all,
    claimed_messages_go_to_one_publisher,
    a_settled_problem_that_is_found_again_is_open_again,
    what_a_table_cannot_hold_is_bad_data,
    an_account_that_two_begin_with_at_once_keeps_what_either_wrote,
);

fn clock() -> Clock {
    Clock::manual(Time::from_micros(1_780_000_000_000_000)).0
}

fn finding(subject: &str) -> Finding {
    Finding {
        kind: ProblemKind::FailedWork,
        subject: subject.to_owned(),
        reason: "a test".to_owned(),
        modem_id: None,
        imei: None,
        message_id: None,
        held_id: None,
        excerpt: None,
    }
}

async fn subjects(store: &Store) -> i64 {
    store.read(problems::count_open).await.unwrap()
}

async fn a_unit_that_fails_or_panics_is_undone_alone(backend: Backend) {
    let (store, _folder, database) = fairlead_testkit::store(backend).await;
    let unit = |n: u32| {
        let store = store.clone();
        let work = move |tx: &mut Tx<'_>| {
            problems::record(tx, &clock(), finding(&format!("unit {n}")))?;
            match n % 4 {
                2 => Err(StoreError::Refused("by its own rule".to_owned())),
                3 => std::panic::panic_any("a fault in the work"),
                _ => Ok(n),
            }
        };
        async move { store.write(work).await }
    };
    // All at once, so that on SQLite they share commits.
    let results = futures_util::future::join_all((0..200).map(unit)).await;
    for (n, result) in (0..).zip(&results) {
        match n % 4 {
            2 => assert!(matches!(result, Err(StoreError::Refused(_))), "{n}: {result:?}"),
            3 => assert!(matches!(result, Err(StoreError::Fault(_))), "{n}: {result:?}"),
            _ => assert_eq!(*result.as_ref().unwrap(), n),
        }
    }
    assert_eq!(subjects(&store).await, 100);
    // The store goes on.
    store.write(|tx| problems::record(tx, &clock(), finding("later"))).await.unwrap();
    assert_eq!(subjects(&store).await, 101);
    if let Some(database) = database {
        database.remove().await;
    }
}

async fn a_race_for_one_key_is_won_once_and_seen_by_all(backend: Backend) {
    let (one, _folder, database) = fairlead_testkit::store(backend).await;
    let other = Store::open(one.url().clone()).unwrap();
    let add = |n: usize| {
        let store = if n.is_multiple_of(2) { one.clone() } else { other.clone() };
        let imei: fairlead_model::Imei = format!("30043406383659{}", n % 3).parse().unwrap();
        let work = move |tx: &mut Tx<'_>| match modems::by_imei(tx, imei.as_str())? {
            Some((modem, _)) => Ok(modem.id),
            None => Ok(modems::create(tx, &clock(), imei, None, fairlead_model::Trust::Unsigned)?.id),
        };
        async move { store.write(work).await.unwrap() }
    };
    let ids = futures_util::future::join_all((0..60).map(add)).await;
    assert_eq!(one.read(modems::count).await.unwrap(), 3);
    for (n, id) in ids.iter().enumerate() {
        assert_eq!(*id, ids[n % 3], "everybody sees the modem that was added");
    }
    if let Some(database) = database {
        database.remove().await;
    }
}

async fn claimed_messages_go_to_one_publisher(backend: Backend) {
    let (store, _folder, database) = fairlead_testkit::store(backend).await;
    let clock = clock();
    let row = |n: i64| outbox::OutboxRow {
        id: clock.new_id().into(),
        queue: "q".to_owned(),
        body: "{}".to_owned(),
        attempt: 0,
        not_before: fairlead_store::Micros(n),
        claimed_until: fairlead_store::Micros(0),
    };
    let rows: Vec<_> = (0..300).map(row).collect();
    store.write(move |tx| outbox::insert(tx, &rows)).await.unwrap();
    let (now, until) = (Time::from_micros(1_000), Time::from_micros(2_000));
    let claim = |_| store.write(move |tx| outbox::claim(tx, now, until, 40));
    let claimed = futures_util::future::join_all((0..8).map(claim)).await;
    let mut ids: Vec<_> = claimed.into_iter().flat_map(|rows| rows.unwrap()).map(|row| row.id).collect();
    assert!(ids.len() >= 40);
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "no row was given to two");
    // When a publisher has died, its rows are given out again.
    let again =
        store.write(move |tx| outbox::claim(tx, until, Time::from_micros(3_000), 1_000)).await.unwrap();
    assert_eq!(again.len(), 300);
    if let Some(database) = database {
        database.remove().await;
    }
}

async fn a_settled_problem_that_is_found_again_is_open_again(backend: Backend) {
    use fairlead_model::problem::ProblemState;
    let (store, _folder, database) = fairlead_testkit::store(backend).await;
    let record = || store.write(|tx| problems::record(tx, &clock(), finding("the same")));
    let id = record().await.unwrap().unwrap();
    assert_eq!(record().await.unwrap(), None, "the same finding is one problem");
    let settle = |to| store.write(move |tx| problems::settle(tx, &clock(), id, to));
    assert!(settle(ProblemState::Discarded).await.unwrap());
    assert!(!settle(ProblemState::Repaired).await.unwrap(), "it is settled already");
    assert_eq!(record().await.unwrap(), Some(id));
    assert_eq!(store.read(move |conn| problems::get(conn, id)).await.unwrap().state, ProblemState::Open);
    if let Some(database) = database {
        database.remove().await;
    }
}

async fn what_a_table_cannot_hold_is_bad_data(backend: Backend) {
    let (store, _folder, database) = fairlead_testkit::store(backend).await;
    let id = MessageId::new(&clock());
    let missing = store.read(move |conn| fairlead_store::satellite::messages::get(conn, id)).await;
    assert!(matches!(missing, Err(StoreError::NotFound)), "{missing:?}");
    // Names have 200 characters on MySQL; SQLite has no bound.
    let long = "n".repeat(300);
    let role = fairlead_model::role::Role::Viewer;
    let made = store.write(move |tx| sign_in::create_token(tx, &clock(), &long, role, "secret", None)).await;
    match backend {
        Backend::Embedded => assert!(made.is_ok(), "{made:?}"),
        Backend::Servers => assert!(matches!(made, Err(StoreError::BadData(_))), "{made:?}"),
    }
    let twice = store.write(|tx| {
        held::note_signed(tx, "300434063836590", Time::from_micros(1))?;
        held::note_signed(tx, "300434063836590", Time::from_micros(1))
    });
    let twice = twice.await;
    assert!(matches!(twice, Err(StoreError::Conflict(_))), "{twice:?}");
    if let Some(database) = database {
        database.remove().await;
    }
}

async fn an_account_that_two_begin_with_at_once_keeps_what_either_wrote(backend: Backend) {
    let (store, _folder, database) = fairlead_testkit::store(backend).await;
    for n in 0..20 {
        let name = format!("account {n}");
        let of = name.clone();
        let begins = store.write(move |tx| {
            let row = accounts::claim(tx, &of)?;
            // Long enough for the other one to come in between, where it can.
            std::thread::sleep(std::time::Duration::from_millis(5));
            accounts::put(tx, &row)
        });
        let of = name.clone();
        let pauses = store.write(move |tx| {
            let mut row = accounts::claim(tx, &of)?;
            row.paused_since = Some(clock().now().into());
            accounts::put(tx, &row)
        });
        let (begun, paused) = tokio::join!(begins, pauses);
        begun.unwrap();
        paused.unwrap();
        let row = store.read(move |conn| accounts::get(conn, &name)).await.unwrap();
        assert!(row.paused_since.is_some(), "{row:?}");
    }
    if let Some(database) = database {
        database.remove().await;
    }
}
