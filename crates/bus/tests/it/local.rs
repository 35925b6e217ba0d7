//! What only the bus of one process has.

use std::time::Instant;

use fairlead_bus::BusState;

use crate::world::{Kind, Seen, Worker, World, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_thousand_messages_are_no_bottleneck() {
    let world = World::new(Kind::Local).await;
    let seen = Seen::default();
    let _running = world.consume(Worker::done(&seen), 16);
    let start = Instant::now();
    for batch in 0..200 {
        world.enqueue_all((0..100).map(|n| batch * 100 + n)).await;
    }
    let enqueued = start.elapsed();
    eventually("all were handled", async || seen.count() == 20_000).await;
    world.until_all_is_settled().await;
    let handled = start.elapsed();
    seen.assert_once_each(0..20_000);
    println!("20000 messages: enqueued in {enqueued:.2?}, handled and settled in {handled:.2?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn single_messages_are_found_at_once() {
    let world = World::new(Kind::Local).await;
    let seen = Seen::default();
    let _running = world.consume(Worker::done(&seen), 16);
    let mut waits = Vec::new();
    for n in 0..100 {
        let start = Instant::now();
        world.enqueue(n).await;
        while seen.attempts(n).is_empty() {
            tokio::task::yield_now().await;
        }
        waits.push(start.elapsed());
    }
    waits.sort_unstable();
    println!("from before the commit to the handler: median {:.2?}, worst {:.2?}", waits[50], waits[99]);
}

#[tokio::test]
async fn it_is_always_reachable_and_needs_no_publisher() {
    let world = World::new(Kind::Local).await;
    assert_eq!(world.bus.state(), BusState { kind: "local", reachable: true, reason: None });
    // Returns at once, although nobody stops it.
    world.bus.run_publisher(tokio_util::sync::CancellationToken::new()).await;
    world.bus.run_dead_letters(tokio_util::sync::CancellationToken::new()).await;
}
