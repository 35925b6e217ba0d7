//! What only a broker can do to us.

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::{Duration, Instant};

use fairlead_bus::{Delivery, News, Options, Subscription, Verdict};
use lapin::options::{ExchangeDeleteOptions, QueueDeleteOptions};

use crate::chaos::quick;
use crate::proxy::Proxy;
use crate::topics::Note;
use crate::world::{Job, Kind, Running, Seen, Worker, World, consume, eventually, options, setting};

/// A connection of the test's own.
pub async fn raw(broker: &str) -> lapin::Result<lapin::Channel> {
    let connection = lapin::Connection::connect(broker, lapin::ConnectionProperties::default()).await?;
    connection.create_channel().await
}

/// Removes what a test has left on a broker.
pub async fn remove_everything(broker: &str, prefix: &str) -> lapin::Result<()> {
    let channel = raw(broker).await?;
    for queue in ["job", "dead"] {
        delete_queue(&channel, prefix, queue).await?;
    }
    for exchange in ["dead", "topic.note"] {
        let name = format!("{prefix}.{exchange}");
        channel.exchange_delete(name.as_str().into(), ExchangeDeleteOptions::default()).await?;
    }
    channel.close(200, "done".into()).await
}

async fn delete_queue(channel: &lapin::Channel, prefix: &str, queue: &str) -> lapin::Result<u32> {
    let name = format!("{prefix}.{queue}");
    channel.queue_delete(name.as_str().into(), QueueDeleteOptions::default()).await
}

fn broker_url() -> String {
    setting("FAIRLEAD_TEST_AMQP_URL")
}

fn broker_address() -> SocketAddr {
    let url = url::Url::parse(&broker_url()).unwrap();
    let (host, port) = (url.host_str().unwrap(), url.port().unwrap_or(5672));
    (host, port).to_socket_addrs().unwrap().next().unwrap()
}

/// The broker's URL by way of a proxy.
fn url_by(address: SocketAddr) -> String {
    let mut url = url::Url::parse(&broker_url()).unwrap();
    url.set_host(Some(&address.ip().to_string())).unwrap();
    url.set_port(Some(address.port())).unwrap();
    url.into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unroutable_message_is_kept_and_its_queue_declared_again() {
    let world = World::new(Kind::Amqp).await;
    let seen = Seen::default();
    let running = world.consume(Worker::done(&seen), 4);
    world.enqueue(1).await;
    eventually("the first was handled", async || seen.count() == 1).await;
    world.until_all_is_settled().await;
    running.drain().await;
    // Nobody consumes now, so nobody but the publisher can notice.
    let channel = raw(&broker_url()).await.unwrap();
    for round in 1..=5 {
        delete_queue(&channel, &world.options.prefix, "job").await.unwrap();
        world.enqueue_all(round * 100..round * 100 + 50).await;
        world.until_all_is_settled().await;
        let arrived = delete_queue(&channel, &world.options.prefix, "job").await.unwrap();
        assert_eq!(arrived, 50, "messages that are confirmed are in the queue");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_broker_says_how_much_waits() {
    let world = World::new(Kind::Amqp).await;
    world.enqueue_all(0..7).await;
    world.until_all_is_settled().await;
    eventually("the broker counts seven", async || {
        let depths = world.bus.depths(&["none", "job"]).await;
        depths.into_iter().eq([("job".to_owned(), 7)])
    })
    .await;
    let local = World::new(Kind::Local).await;
    assert!(local.bus.depths(&["job"]).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_deleted_under_load_comes_back() {
    let world = World::over(broker_url(), quick()).await;
    let seen = Seen::default();
    let _running = world.consume(Worker::done(&seen), 8);
    let channel = raw(&broker_url()).await.unwrap();
    for round in 0..5 {
        let numbers = round * 200..(round + 1) * 200;
        world.enqueue_all(numbers.clone()).await;
        eventually("some were handled", async || numbers.clone().any(|n| !seen.attempts(n).is_empty())).await;
        delete_queue(&channel, &world.options.prefix, "job").await.unwrap();
    }
    world.enqueue_all(1_000..1_200).await;
    eventually("all that came after it are handled", async || {
        (1_000..1_200).all(|n| !seen.attempts(n).is_empty())
    })
    .await;
    world.until_all_is_settled().await;
    println!(
        "5 deletions under load: {} of 1200 handled, the others were deleted with the queue",
        seen.count()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_that_was_not_told_that_its_queue_is_gone_finds_out() {
    let proxy = Proxy::without_cancels(broker_address()).await;
    let mut world = World::over(url_by(proxy.address), quick()).await;
    let seen = Seen::default();
    let _running = world.consume(Worker::done(&seen), 4);
    let channel = raw(&broker_url()).await.unwrap();
    world.enqueue(1).await;
    eventually("the first was handled", async || seen.count() == 1).await;
    world.until_all_is_settled().await;
    // Gone for good: nobody publishes, so nobody else makes it again.
    delete_queue(&channel, &world.options.prefix, "job").await.unwrap();
    eventually("the queue is there again", async || !world.bus.depths(&["job"]).await.is_empty()).await;
    world.enqueue(2).await;
    eventually("the second was handled", async || seen.count() == 2).await;
    world.until_all_is_settled().await;
    // Gone, and made again by who publishes.
    delete_queue(&channel, &world.options.prefix, "job").await.unwrap();
    world.enqueue_all(3..50).await;
    eventually("all were handled", async || seen.count() == 49).await;
    world.until_all_is_settled().await;
    seen.assert_once_each(1..50);
    world.broker = Some(broker_url());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cable_that_was_pulled_is_noticed() {
    let proxy = Proxy::start("127.0.0.1:0", broker_address(), true).await;
    let quick =
        Options { heartbeat: Duration::from_secs(1), confirm_timeout: Duration::from_secs(2), ..options() };
    let mut world = World::over(url_by(proxy.address), quick).await;
    let seen = Seen::default();
    let _running = world.consume(Worker::done(&seen), 8);
    world.enqueue_all(0..100).await;
    eventually("the first were handled", async || seen.count() == 100).await;
    assert!(world.bus.state().reachable);
    proxy.fall_silent();
    let pulled = Instant::now();
    world.enqueue_all(100..200).await;
    eventually("it is noticed", async || !world.bus.state().reachable).await;
    let noticed = pulled.elapsed();
    let reason = world.bus.state().reason.unwrap();
    proxy.speak();
    eventually("all were handled", async || seen.count() == 200).await;
    world.until_all_is_settled().await;
    println!(
        "half-open: noticed after {noticed:.1?} with a heartbeat of 1 s, whole after {:.1?}; {reason}",
        pulled.elapsed()
    );
    world.broker = Some(broker_url());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_down_or_silent_at_the_start_is_waited_for() {
    let proxy = Proxy::start("127.0.0.1:0", broker_address(), true).await;
    let address = proxy.address;
    drop(proxy);
    let quick = Options { broker_timeout: Duration::from_secs(1), ..options() };
    let mut world = World::over(url_by(address), quick).await;
    let seen = Seen::default();
    let _running = world.consume(Worker::done(&seen), 4);
    world.enqueue(1).await;
    let reason = async || world.bus.state().reason.unwrap_or_default();
    eventually("nobody answers", async || reason().await.contains("refused")).await;
    let proxy = Proxy::start(&address.to_string(), broker_address(), false).await;
    eventually("it is silent", async || reason().await.contains("no answer within 1 s")).await;
    println!("{}", reason().await);
    assert!(!world.bus.state().reachable);
    proxy.speak();
    eventually("it was handled", async || seen.count() == 1).await;
    world.until_all_is_settled().await;
    assert!(world.bus.state().reachable);
    world.broker = Some(broker_url());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_listens_is_told_that_the_connection_was_lost() {
    let proxy = Proxy::start("127.0.0.1:0", broker_address(), true).await;
    let quick = Options { heartbeat: Duration::from_secs(1), ..options() };
    let mut world = World::over(url_by(proxy.address), quick).await;
    let mut subscription = crate::topics::listening(&world).await;
    hears(&world, &mut subscription, Note(1)).await;
    proxy.fall_silent();
    eventually("it is noticed", async || !world.bus.state().reachable).await;
    world.bus.publish(&Note(2));
    proxy.speak();
    // What was said before the silence may still stand in the line.
    while subscription.next().await != News::Missed {}
    hears(&world, &mut subscription, Note(3)).await;
    world.broker = Some(broker_url());
}

/// Says it until it is heard: news are passing, and what is said while a connection is being made is lost.
async fn hears(world: &World, subscription: &mut Subscription<Note>, note: Note) {
    let mut again = tokio::time::interval(Duration::from_millis(50));
    loop {
        tokio::select! {
            heard = subscription.next() => if heard == News::Message(note.clone()) { return },
            _ = again.tick() => world.bus.publish(&note),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_broker_gave_up_becomes_a_problem() {
    let world = World::over(broker_url(), Options { delivery_limit: 2, ..options() }).await;
    let dead = world.bus.clone();
    let _dead = Running::new(|stop| Box::pin(async move { dead.run_dead_letters(stop).await }));
    world.enqueue(1).await;
    // Whoever takes it dies with it.
    for _ in 0..3 {
        let seen = Seen::default();
        let mut dies = world.consume(Worker::new(&seen, |_: Delivery<Job>| std::future::pending()), 1);
        eventually("it was delivered", async || seen.count() == 1).await;
        dies.kill();
    }
    let problems = world.until_there_are_problems(1).await;
    let (reason, envelope) = problems.first().unwrap();
    assert!(reason.starts_with("job:") && reason.contains("the broker gave it up"), "{reason}");
    let seen = Seen::default();
    let _running = world.consume(Worker::done(&seen), 1);
    world.put(envelope.clone()).await;
    eventually("the replay was handled", async || seen.count() == 1).await;
    assert_eq!(seen.attempts(1), [0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_the_work() {
    let world = World::new(Kind::Amqp).await;
    let other = world.another_bus();
    let publisher = other.clone();
    let _publisher = Running::new(|stop| Box::pin(async move { publisher.run_publisher(stop).await }));
    let seen = Seen::default();
    let slow = || Worker::new(&seen, |_| async { Verdict::Done });
    let _running = (world.consume(slow(), 4), consume(&other, slow(), 4));
    let start = Instant::now();
    for batch in 0..50 {
        world.enqueue_all(batch * 100..batch * 100 + 100).await;
    }
    eventually("all were handled", async || seen.count() == 5_000).await;
    world.until_all_is_settled().await;
    println!("5000 messages through the broker, two processes: {:.2?}", start.elapsed());
    seen.assert_once_each(0..5_000);
}
