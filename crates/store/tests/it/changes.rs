//! The change feed: nothing committed is left out, in whatever order commits come, and whoever follows sees it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fairlead_model::problem::ProblemKind;
use fairlead_model::{Clock, ProblemId, Time};
use fairlead_store::problems::{self, Finding};
use fairlead_store::{Store, StoreError, Tx, changes};
use fairlead_testkit::Backend;

fairlead_testkit::on_both_backends!(
    a_follower_misses_nothing_while_many_write_and_two_number,
    a_unit_that_fails_leaves_no_step,
    what_is_old_is_forgotten_and_the_numbers_go_on,
);

const START: i64 = 1_780_000_000_000_000;

fn find(tx: &mut Tx<'_>, clock: &Clock, subject: &str) -> Result<ProblemId, StoreError> {
    let finding = Finding {
        kind: ProblemKind::FailedWork,
        subject: subject.to_owned(),
        reason: "a test".to_owned(),
        modem_id: None,
        imei: None,
        message_id: None,
        held_id: None,
        excerpt: None,
    };
    Ok(problems::record(tx, clock, finding)?.expect("it is new"))
}

async fn number_all(store: &Store, clock: &Clock) -> usize {
    let mut numbered = 0;
    loop {
        let clock = clock.clone();
        match store.write(move |tx| changes::put_in_order(tx, &clock, 7)).await.unwrap() {
            0 => return numbered,
            n => numbered += n,
        }
    }
}

async fn a_follower_misses_nothing_while_many_write_and_two_number(backend: Backend) {
    const WRITERS: usize = 6;
    const UNITS: usize = 40;
    let (store, _folder, database) = fairlead_testkit::store(backend).await;
    let (clock, _hand) = Clock::manual(Time::from_micros(START));
    let written = Arc::new(AtomicBool::new(false));
    let mut numberers = Vec::new();
    for _ in 0..2 {
        let (store, clock, written) = (store.clone(), clock.clone(), written.clone());
        numberers.push(tokio::spawn(async move {
            let mut numbered = 0;
            loop {
                let last_round = written.load(Ordering::SeqCst);
                numbered += number_all(&store, &clock).await;
                if last_round {
                    return numbered;
                }
                tokio::task::yield_now().await;
            }
        }));
    }
    let follower = tokio::spawn({
        let store = store.clone();
        async move {
            let (mut seen, mut after) = (Vec::new(), 0);
            while seen.len() < WRITERS * UNITS {
                let steps = store.read(move |conn| changes::after(conn, after, 3)).await.unwrap();
                let steps = steps.expect("nothing was forgotten");
                for step in steps {
                    assert_eq!(
                        step.seq,
                        after + 1,
                        "no number is left out, and none comes behind one that was read"
                    );
                    after = step.seq;
                    seen.extend(step.changed.problems);
                }
                tokio::task::yield_now().await;
            }
            seen
        }
    });
    let writers = (0..WRITERS).map(|writer| {
        let (store, clock) = (store.clone(), clock.clone());
        tokio::spawn(async move {
            let mut ids = Vec::new();
            for unit in 0..UNITS {
                let clock = clock.clone();
                let work = move |tx: &mut Tx<'_>| {
                    let id = find(tx, &clock, &format!("{writer}/{unit}"))?;
                    // Some units stay open while later ones commit.
                    std::thread::sleep(Duration::from_millis((writer * unit % 5) as u64));
                    Ok(id)
                };
                ids.push(store.write(work).await.unwrap());
            }
            ids
        })
    });
    let mut all = BTreeSet::new();
    for ids in futures_util::future::join_all(writers).await {
        all.extend(ids.unwrap());
    }
    written.store(true, Ordering::SeqCst);
    let mut numbered = 0;
    for numberer in numberers {
        numbered += numberer.await.unwrap();
    }
    assert_eq!(numbered, WRITERS * UNITS, "each unit has one place");
    let seen = tokio::time::timeout(fairlead_testkit::PATIENCE, follower).await.unwrap().unwrap();
    assert_eq!(seen.len(), all.len());
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), all);
    if let Some(database) = database {
        database.remove().await;
    }
}

async fn a_unit_that_fails_leaves_no_step(backend: Backend) {
    let (store, _folder, database) = fairlead_testkit::store(backend).await;
    let (clock, _hand) = Clock::manual(Time::from_micros(START));
    let of = clock.clone();
    let refused = store.write(move |tx| {
        find(tx, &of, "undone")?;
        Err::<(), _>(StoreError::Refused("by its own rule".to_owned()))
    });
    assert!(refused.await.is_err());
    assert_eq!(number_all(&store, &clock).await, 0);
    assert_eq!(store.read(changes::last).await.unwrap(), 0);
    if let Some(database) = database {
        database.remove().await;
    }
}

async fn what_is_old_is_forgotten_and_the_numbers_go_on(backend: Backend) {
    let (store, _folder, database) = fairlead_testkit::store(backend).await;
    let (clock, hand) = Clock::manual(Time::from_micros(START));
    let seqs = async |after: i64| {
        let steps = store.read(move |conn| changes::after(conn, after, 10)).await.unwrap();
        steps.map(|steps| steps.iter().map(|step| step.seq).collect::<Vec<_>>())
    };
    assert_eq!((seqs(0).await, seqs(1).await), (Some(vec![]), None));
    for n in 0..3 {
        let of = clock.clone();
        store.write(move |tx| find(tx, &of, &n.to_string())).await.unwrap();
        number_all(&store, &clock).await;
        hand.advance(Duration::from_secs(60));
    }
    let before = Time::from_micros(START).plus(Duration::from_secs(90));
    assert_eq!(store.write(move |tx| changes::forget_before(tx, before, 100)).await.unwrap(), 2);
    assert_eq!((seqs(0).await, seqs(1).await, seqs(2).await), (None, None, Some(vec![3])));
    assert_eq!((seqs(3).await, seqs(4).await), (Some(vec![]), None));
    let now = clock.now();
    assert_eq!(store.write(move |tx| changes::forget_before(tx, now, 100)).await.unwrap(), 1);
    assert_eq!((seqs(2).await, seqs(3).await), (None, Some(vec![])));
    let of = clock.clone();
    store.write(move |tx| find(tx, &of, "later")).await.unwrap();
    number_all(&store, &clock).await;
    assert_eq!((seqs(2).await, seqs(3).await), (None, Some(vec![4])));
    if let Some(database) = database {
        database.remove().await;
    }
}
