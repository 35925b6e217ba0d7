//! Kills, on a broker of one's own.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use fairlead_bus::{Delivery, Options, Verdict};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::servers::PrivateServer;
use crate::topics::Note;
use crate::world::{Job, Running, Seen, Worker, World, eventually, options};

/// One broker for all tests here, one after the other.
static BROKER: LazyLock<Arc<Mutex<Option<PrivateServer>>>> = LazyLock::new(Arc::default);

struct Broker(OwnedMutexGuard<Option<PrivateServer>>);

impl Broker {
    async fn own() -> Self {
        let mut broker = BROKER.clone().lock_owned().await;
        if broker.is_none() {
            *broker = Some(tokio::task::spawn_blocking(PrivateServer::rabbitmq).await.unwrap().unwrap());
        }
        Self(broker)
    }

    fn url(&self) -> String {
        self.0.as_ref().unwrap().url().to_owned()
    }

    fn kill(&mut self) {
        self.0.as_mut().unwrap().kill().unwrap();
    }

    async fn restart(&mut self) {
        let mut broker = self.0.take().unwrap();
        let restarted = tokio::task::spawn_blocking(move || broker.restart().map(|()| broker));
        *self.0 = Some(restarted.await.unwrap().unwrap());
    }

    /// Runs `rabbitmqctl` with the broker's own environment.
    async fn control(&self, arguments: &[&str]) {
        let pid = self.0.as_ref().unwrap().pid().unwrap();
        let environment = std::fs::read_to_string(format!("/proc/{pid}/environ")).unwrap();
        let mut command = Command::new(control_program());
        for name in ["HOME", "ERL_EPMD_PORT", "RABBITMQ_NODENAME"] {
            let start = format!("{name}=");
            let value = environment.split('\0').find_map(|pair| pair.strip_prefix(&start)).unwrap();
            command.env(name, value);
        }
        command.args(arguments);
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// RabbitMQ's own script where it can be found; the one in the search path may insist on a user of its own.
fn control_program() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/rabbitmq/lib").into_iter().flatten().flatten();
    let mut own = versions.map(|version| version.path().join("sbin/rabbitmqctl"));
    own.find(|path| path.is_file()).unwrap_or_else(|| "rabbitmqctl".into())
}

pub fn quick() -> Options {
    let short = Duration::from_secs(3);
    Options { lease: Duration::from_secs(5), confirm_timeout: short, broker_timeout: short, ..options() }
}

/// The verdict on a run.
fn verdict(what: &str, asked: usize, seen: &Seen, recovered: Duration) {
    let lost = asked - seen.count();
    let duplicated = seen.deliveries() - seen.count();
    println!(
        "{what}: asked {asked}, ok {}, lost {lost}, duplicated {duplicated}, recovered after {recovered:.1?}",
        seen.count()
    );
    assert_eq!(lost, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_killed_between_publish_and_confirm_loses_nothing() {
    // So many that a fast broker is still at it when it is killed.
    const ALL: u32 = 10_000;
    let mut broker = Broker::own().await;
    let world = World::over(broker.url(), Options { in_flight: 500, ..quick() }).await;
    world.enqueue_all(0..ALL).await;
    eventually("some are confirmed", async || world.waiting().await < i64::from(ALL)).await;
    broker.kill();
    let left = world.waiting().await;
    assert!(left > 0, "all were confirmed before the broker was killed");
    eventually("it is noticed", async || !world.bus.state().reachable).await;
    broker.restart().await;
    let back = Instant::now();
    let seen = Seen::default();
    let _running = world.consume(Worker::done(&seen), 16);
    eventually("all were handled", async || seen.count() == ALL as usize).await;
    world.until_all_is_settled().await;
    verdict(&format!("broker killed with {left} of {ALL} unconfirmed"), ALL as usize, &seen, back.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blocked_connection_hangs_nothing() {
    let broker = Broker::own().await;
    let mut world = World::over(broker.url(), quick()).await;
    let seen = Seen::default();
    let _running = world.consume(Worker::done(&seen), 4);
    world.enqueue(0).await;
    eventually("the first was handled", async || seen.count() == 1).await;

    broker.control(&["set_vm_memory_high_watermark", "0.0001"]).await;
    // The broker blocks who publishes, so it takes a message or two until it says so.
    world.enqueue_all(1..500).await;
    eventually("it is said", async || {
        world.bus.publish(&Note(1));
        world.bus.state().reason.is_some_and(|reason| reason.contains("takes no messages"))
    })
    .await;
    println!("{}", world.bus.state().reason.unwrap_or_default());
    world.enqueue_all(500..1_000).await;
    for n in 0..100_000 {
        world.bus.publish(&Note(n));
    }
    let bus = world.bus.clone();
    let another = Running::new(|stop| Box::pin(async move { bus.run_publisher(stop).await }));
    let stopping = Instant::now();
    another.drain().await;
    assert!(stopping.elapsed() < Duration::from_secs(10));
    world.kill_publishers();
    world.publish();

    broker.control(&["set_vm_memory_high_watermark", "0.4"]).await;
    let back = Instant::now();
    // What the killed publishers had claimed is free once their claims have run out.
    eventually("all were handled", async || seen.count() == 1_000).await;
    world.until_all_is_settled().await;
    assert!(world.bus.state().reachable);
    verdict("blocked by a memory alarm", 1_000, &seen, back.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_messages_survive_kills() {
    const ALL: u32 = 10_000;
    let mut broker = Broker::own().await;
    let mut world = World::over(broker.url(), quick()).await;
    let seen = Seen::default();
    let worker = || {
        Worker::new(&seen, |delivery: Delivery<Job>| async move {
            // Every fiftieth fails at first.
            let fails = delivery.message.n.is_multiple_of(50) && delivery.envelope.attempt == 0;
            if fails { Verdict::Retry { reason: "not yet".into() } } else { Verdict::Done }
        })
    };
    let mut running = world.consume(worker(), 32);
    let start = Instant::now();
    for round in 0..10_u32 {
        world.enqueue_all(round * 1_000..(round + 1) * 1_000).await;
        let some = usize::try_from(round).unwrap() * 1_000 + 300;
        eventually("some were handled", async || seen.count() >= some).await;
        match round % 5 {
            1 => running.kill(),
            2 => world.kill_publishers(),
            3 => broker.kill(),
            _ => {}
        }
        match round % 5 {
            1 => running = world.consume(worker(), 32),
            2 => world.publish(),
            3 => broker.restart().await,
            _ => {}
        }
    }
    let last = Instant::now();
    eventually("all were handled", async || seen.count() == ALL as usize).await;
    world.until_all_is_settled().await;
    println!("10000 through kills took {:.1?}", start.elapsed());
    verdict("2 kills each of broker, publisher, consumer", ALL as usize, &seen, last.elapsed());
}
