//! What must be so on either transport.

use std::sync::Arc;
use std::time::Duration;

use fairlead_bus::{Delivery, Verdict, enqueue};
use fairlead_store::StoreError;
use tokio::sync::{Barrier, Semaphore, mpsc};

use crate::world::{Job, Kind, Seen, Worker, World, any_id, consume, enqueue_all, eventually, retry};

/// Makes a test for each transport of each of these.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod local {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(World::new(Kind::Local).await).await;
            })*
            use super::{Kind, World};
        }
        mod amqp {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(World::new(Kind::Amqp).await).await;
            })*
            use super::{Kind, World};
        }
    };
}

on_both!(
    a_message_is_delivered_once_with_its_envelope,
    what_is_rolled_back_is_never_delivered,
    a_retry_comes_after_a_back_off,
    after_twelve_tries_a_person_sees_it_and_can_replay_it,
    what_is_given_up_is_kept_whole,
    poison_is_parked_while_others_flow,
    a_newer_version_and_unreadable_text_are_parked,
    a_consumer_killed_in_mid_handle_loses_nothing,
    two_consumers_compete,
    messages_in_any_order_all_arrive,
    a_row_of_another_process_is_found,
    stopping_finishes_what_is_in_hand,
    a_message_waits_for_its_moment,
);

/// Longer than any back-off.
const LONG: Duration = Duration::from_secs(16 * 60);

async fn a_message_is_delivered_once_with_its_envelope(world: World) {
    let (seen, cause) = (Seen::default(), any_id());
    let (told, mut tell) = mpsc::unbounded_channel();
    let _running = world.consume(
        Worker::new(&seen, move |delivery: Delivery<Job>| {
            let _ = told.send(delivery);
            async { Verdict::Done }
        }),
        8,
    );
    world.enqueue_about(0, cause).await;
    let delivery = tell.recv().await.unwrap();
    assert_eq!(delivery.message, Job { n: 0 });
    assert_eq!(delivery.envelope.correlation_id, Some(cause));
    assert_eq!((delivery.envelope.time, delivery.envelope.attempt), (world.clock.now(), 0));
    world.enqueue_all(1..300).await;
    eventually("all were handled", async || seen.count() == 300).await;
    world.until_all_is_settled().await;
    seen.assert_once_each(0..300);
}

async fn what_is_rolled_back_is_never_delivered(world: World) {
    let seen = Seen::default();
    let _running = world.consume(Worker::done(&seen), 4);
    let clock = world.clock.clone();
    let refused = world.store.write(move |tx| {
        enqueue(tx, &clock, &Job { n: 1 }, None)?;
        Err::<(), _>(StoreError::Refused("no".into()))
    });
    refused.await.unwrap_err();
    world.enqueue(2).await;
    eventually("the other was handled", async || seen.count() == 1).await;
    world.until_all_is_settled().await;
    seen.assert_once_each([2]);
}

async fn a_retry_comes_after_a_back_off(world: World) {
    let seen = Seen::default();
    let _running = world.consume(
        Worker::new(&seen, |delivery: Delivery<Job>| async move {
            if delivery.message.n == 1 && delivery.envelope.attempt < 2 {
                retry("not yet")
            } else {
                Verdict::Done
            }
        }),
        4,
    );
    world.enqueue(1).await;
    for attempt in 0..2 {
        eventually("it was tried", async || seen.attempts(1).len() == attempt + 1).await;
        // Others come through meanwhile, and it waits.
        let other = 10 + u32::try_from(attempt).unwrap();
        world.enqueue(other).await;
        eventually("the other was handled", async || seen.attempts(other).len() == 1).await;
        eventually("the retry waits", async || world.has_attempt(i32::try_from(attempt + 1).unwrap()).await)
            .await;
        assert_eq!(seen.attempts(1).len(), attempt + 1);
        world.hand.advance(Duration::from_secs(4));
    }
    eventually("it was tried again", async || seen.attempts(1).len() == 3).await;
    world.until_all_is_settled().await;
    assert_eq!(seen.attempts(1), [0, 1, 2]);
}

async fn after_twelve_tries_a_person_sees_it_and_can_replay_it(world: World) {
    let seen = Seen::default();
    let running = world.consume(Worker::new(&seen, |_| async { retry("the modem is asleep") }), 4);
    world.enqueue(1).await;
    for attempt in 1..12 {
        eventually("it waits for its next try", async || world.has_attempt(attempt).await).await;
        world.hand.advance(LONG);
    }
    let problems = world.until_there_are_problems(1).await;
    world.until_all_is_settled().await;
    assert_eq!(seen.attempts(1), (0..12).collect::<Vec<u32>>());
    let (reason, envelope) = problems.first().unwrap();
    assert!(reason.contains("tried 12 times; the last time: the modem is asleep"), "{reason}");
    running.drain().await;

    let seen = Seen::default();
    let _running = world.consume(Worker::done(&seen), 4);
    world.put(envelope.clone()).await;
    eventually("the replay was handled", async || seen.count() == 1).await;
    assert_eq!(seen.attempts(1), [0]);
}

async fn what_is_given_up_is_kept_whole(world: World) {
    let seen = Seen::default();
    let give_up = || Verdict::GiveUp { reason: "no such modem".into() };
    let _running = world.consume(Worker::new(&seen, move |_| async move { give_up() }), 4);
    let cause = any_id();
    world.enqueue_about(7, cause).await;
    let problems = world.until_there_are_problems(1).await;
    world.until_all_is_settled().await;
    let (reason, envelope) = problems.first().unwrap();
    assert!(reason.contains("no such modem"), "{reason}");
    let envelope: serde_json::Value = serde_json::from_str(envelope).unwrap();
    assert_eq!(envelope["body"]["n"], 7);
    assert_eq!(envelope["type"], "job");
    assert_eq!(envelope["correlation_id"], cause.to_string());
    assert_eq!(seen.attempts(7), [0]);
}

async fn poison_is_parked_while_others_flow(world: World) {
    let seen = Seen::default();
    let _running = world.consume(
        Worker::new(&seen, |delivery: Delivery<Job>| async move {
            assert_ne!(delivery.message.n, 13, "thirteen");
            Verdict::Done
        }),
        2,
    );
    world.enqueue(13).await;
    for round in 1..12 {
        let other = 100 + u32::try_from(round).unwrap();
        world.enqueue(other).await;
        eventually("others flow", async || seen.attempts(other).len() == 1).await;
        eventually("it waits for its next try", async || world.has_attempt(round).await).await;
        world.hand.advance(LONG);
    }
    let problems = world.until_there_are_problems(1).await;
    world.until_all_is_settled().await;
    let (reason, _) = problems.first().unwrap();
    assert!(reason.contains("the handler panicked") && reason.contains("thirteen"), "{reason}");
    assert_eq!((problems.len(), seen.attempts(13).len()), (1, 12));
}

async fn a_newer_version_and_unreadable_text_are_parked(world: World) {
    let seen = Seen::default();
    let _running = world.consume(Worker::done(&seen), 4);
    let newer = serde_json::json!({
        "v": 2, "type": "job", "id": any_id(), "time": "2026-01-01T00:00:00Z", "body": {"new": [1, 2]},
    });
    world.put(newer.to_string()).await;
    world.put("{\"v\": ".to_owned()).await;
    world.put(serde_json::json!({"v": 1, "type": "job", "body": {"n": 3}}).to_string()).await;
    world.enqueue(1).await;
    let problems = world.until_there_are_problems(3).await;
    world.until_all_is_settled().await;
    seen.assert_once_each([1]);
    let newer = problems.iter().find(|(reason, _)| reason.contains("version 2")).unwrap();
    assert!(newer.1.contains("\"new\":[1,2]"), "{}", newer.1);
    assert!(problems.iter().any(|(_, envelope)| envelope == "{\"v\": "), "{problems:?}");
}

async fn a_consumer_killed_in_mid_handle_loses_nothing(world: World) {
    let first = Seen::default();
    let mut killed = world.consume(Worker::new(&first, |_| std::future::pending()), 3);
    world.enqueue_all(0..10).await;
    eventually("some are in hand", async || first.count() == 3).await;
    killed.kill();
    let second = Seen::default();
    let _running = world.consume(Worker::done(&second), 3);
    eventually("all were handled", async || second.count() == 10).await;
    world.until_all_is_settled().await;
    second.assert_once_each(0..10);
}

async fn two_consumers_compete(world: World) {
    let (seen, both) = (Seen::default(), Arc::new(Barrier::new(2)));
    let worker = |mine: &Seen| {
        let (mine, both) = (mine.clone(), both.clone());
        Worker::new(&seen, move |delivery: Delivery<Job>| {
            let first = mine.count() == 0;
            mine.note(&delivery);
            let both = both.clone();
            async move {
                if first {
                    both.wait().await;
                }
                Verdict::Done
            }
        })
    };
    let (left, right) = (Seen::default(), Seen::default());
    let _running = (world.consume(worker(&left), 1), world.consume(worker(&right), 1));
    world.enqueue_all(0..200).await;
    eventually("all were handled", async || seen.count() == 200).await;
    world.until_all_is_settled().await;
    seen.assert_once_each(0..200);
    assert!(left.count() > 0 && right.count() > 0);
    assert_eq!(left.count() + right.count(), 200);
}

async fn messages_in_any_order_all_arrive(world: World) {
    let seen = Seen::default();
    let _running = world.consume(Worker::done(&seen), 16);
    // Times that jump back and forth give ids and due times in no order.
    for n in 0..100_u32 {
        world.enqueue(n).await;
        let away = Duration::from_secs(u64::from(n * 37 % 11));
        let now = world.clock.now();
        world.hand.set(if n % 2 == 0 { now.plus(away) } else { now.minus(away) });
    }
    world.hand.advance(LONG);
    eventually("all were handled", async || seen.count() == 100).await;
    world.until_all_is_settled().await;
    seen.assert_once_each(0..100);
}

async fn a_row_of_another_process_is_found(world: World) {
    let seen = Seen::default();
    let _running = world.consume(Worker::done(&seen), 4);
    let elsewhere = world.another_store();
    for n in 0..3 {
        enqueue_all(&elsewhere, &world.clock, [n]).await;
        eventually("it was handled", async || seen.attempts(n).len() == 1).await;
    }
    world.until_all_is_settled().await;
    seen.assert_once_each(0..3);
}

async fn stopping_finishes_what_is_in_hand(world: World) {
    let (first, gate) = (Seen::default(), Arc::new(Semaphore::new(0)));
    let waiting = gate.clone();
    let running = world.consume(
        Worker::new(&first, move |_| {
            let gate = waiting.clone();
            async move {
                let _pass = gate.acquire().await;
                Verdict::Done
            }
        }),
        4,
    );
    world.enqueue_all(0..20).await;
    eventually("four are in hand", async || first.count() == 4).await;
    running.stop.cancel();
    gate.close();
    running.drain().await;
    assert_eq!(first.deliveries(), 4);
    let second = Seen::default();
    let _running = consume(&world.bus, Worker::done(&second), 4);
    eventually("the others were handled", async || second.count() == 16).await;
    world.until_all_is_settled().await;
    second.assert_once_each((0..20).filter(|n| first.attempts(*n).is_empty()));
}

async fn a_message_waits_for_its_moment(world: World) {
    let seen = Seen::default();
    let _running = world.consume(Worker::done(&seen), 4);
    let clock = world.clock.clone();
    let later = clock.now().plus(Duration::from_secs(3_600));
    let put = world.store.write(move |tx| fairlead_bus::enqueue_at(tx, &clock, &Job { n: 1 }, None, later));
    put.await.unwrap();
    world.enqueue(2).await;
    eventually("the other was handled", async || seen.count() == 1).await;
    eventually("only one waits", async || world.waiting().await == 1).await;
    world.hand.advance(Duration::from_secs(3_600));
    eventually("it was handled", async || seen.count() == 2).await;
    world.until_all_is_settled().await;
    seen.assert_once_each([1, 2]);
}
