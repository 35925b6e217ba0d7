//! One test's own store, bus, clock, and what its consumers have seen.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use fairlead_bus::{Bus, BusUrl, Consumer, Delivery, Options, Verdict, enqueue, enqueue_many};
use fairlead_model::queue::QueueMessage;
use fairlead_model::{Clock, ManualClock, Time};
use fairlead_store::outbox::{self, OutboxRow};
use fairlead_store::{Store, StoreUrl};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Which transport a test is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Local,
    Amqp,
}

/// The one kind of work in these tests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    pub n: u32,
}

impl QueueMessage for Job {
    const NAME: &'static str = "job";
    const VERSION: u32 = 1;
    const PURPOSE: &'static str = "Only a test.";
}

/// A test's own world; its database and its queues go with it.
pub struct World {
    pub store: Store,
    pub clock: Clock,
    pub hand: ManualClock,
    pub bus: Bus,
    pub options: Options,
    pub broker: Option<String>,
    publishing: Vec<Running>,
    others: Mutex<Vec<Store>>,
    _folder: Option<tempfile::TempDir>,
    database: Option<Database>,
}

/// Something that runs until it is stopped or killed.
pub struct Running {
    pub stop: CancellationToken,
    pub task: Option<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Running {
    pub fn new(start: impl FnOnce(CancellationToken) -> BoxFuture<'static, ()>) -> Self {
        let stop = CancellationToken::new();
        let task = Some(tokio::spawn(start(stop.clone())));
        Self { stop, task }
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }

    /// Ends it in good order.
    pub async fn drain(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            task.await.unwrap();
        }
    }
}

/// What was handled: how often each number, and with which attempts.
#[derive(Clone, Default)]
pub struct Seen(Arc<Mutex<HashMap<u32, Vec<u32>>>>);

impl Seen {
    pub fn note(&self, delivery: &Delivery<Job>) {
        self.0.lock().unwrap().entry(delivery.message.n).or_default().push(delivery.envelope.attempt);
    }

    /// The attempts of one number, in the order of their deliveries.
    pub fn attempts(&self, n: u32) -> Vec<u32> {
        self.0.lock().unwrap().get(&n).cloned().unwrap_or_default()
    }

    pub fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    pub fn deliveries(&self) -> usize {
        self.0.lock().unwrap().values().map(Vec::len).sum()
    }

    /// Asserts that these were seen once each, and nothing else.
    pub fn assert_once_each(&self, numbers: impl IntoIterator<Item = u32>) {
        let mut seen: Vec<(u32, usize)> =
            self.0.lock().unwrap().iter().map(|(n, at)| (*n, at.len())).collect();
        seen.sort_unstable();
        let mut wanted: Vec<(u32, usize)> = numbers.into_iter().map(|n| (n, 1)).collect();
        wanted.sort_unstable();
        assert_eq!(seen, wanted);
    }
}

/// A consumer made of a closure; what it is given is noted first.
pub struct Worker {
    seen: Seen,
    answer: Box<dyn Fn(Delivery<Job>) -> BoxFuture<'static, Verdict> + Send + Sync>,
}

impl Worker {
    pub fn new<F>(seen: &Seen, answer: impl Fn(Delivery<Job>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Verdict> + Send + 'static,
    {
        Self { seen: seen.clone(), answer: Box::new(move |delivery| Box::pin(answer(delivery))) }
    }

    pub fn done(seen: &Seen) -> Self {
        Self::new(seen, |_| async { Verdict::Done })
    }
}

impl Consumer for Worker {
    type Message = Job;

    async fn handle(&self, delivery: Delivery<Job>) -> Verdict {
        self.seen.note(&delivery);
        (self.answer)(delivery).await
    }
}

pub fn retry(reason: &str) -> Verdict {
    Verdict::Retry { reason: reason.to_owned() }
}

/// Options with which a test need not wait long.
pub fn options() -> Options {
    Options {
        prefix: format!("fl-{}", any_id().simple()),
        sweep: Duration::from_millis(100),
        reconnect: Duration::from_secs(1),
        // The clock is moved by hand, far: claims must not run out by that.
        lease: Duration::from_secs(24 * 3_600),
        seed: Some(1),
        ..Options::default()
    }
}

pub fn setting(name: &str) -> String {
    let value = std::env::var_os(name).and_then(|value| value.into_string().ok());
    value.unwrap_or_else(|| panic!("set {name} or run `cargo xtask test`"))
}

impl World {
    pub async fn new(kind: Kind) -> Self {
        match kind {
            Kind::Local => {
                let folder = tempfile::tempdir().unwrap();
                let url = StoreUrl::Sqlite(folder.path().join("store.sqlite"));
                Self::build(url, None, options(), Some(folder), None, by_hand()).await
            }
            Kind::Amqp => {
                let broker = setting("FAIRLEAD_TEST_AMQP_URL");
                let database = Database::create().await;
                let url = database.url.parse().unwrap();
                Self::build(url, Some(broker), options(), None, Some(database), by_hand()).await
            }
        }
    }

    /// A world over a given broker, with the machine's own clock.
    pub async fn over(broker: String, options: Options) -> Self {
        let database = Database::create().await;
        let url = database.url.parse().unwrap();
        let clock = (Clock::system(), by_hand().1);
        Self::build(url, Some(broker), options, None, Some(database), clock).await
    }

    async fn build(
        store: StoreUrl,
        broker: Option<String>,
        options: Options,
        folder: Option<tempfile::TempDir>,
        database: Option<Database>,
        (clock, hand): (Clock, ManualClock),
    ) -> Self {
        // `RUST_LOG` shows what the bus says.
        let filter = tracing_subscriber::EnvFilter::from_default_env();
        let _ = tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().try_init();
        let store = Store::open(store).unwrap();
        store.migrate().await.unwrap();
        let url: BusUrl = broker.as_deref().unwrap_or("local:").parse().unwrap();
        let bus = Bus::open(url, store.clone(), clock.clone(), options.clone());
        let mut world = Self {
            store,
            clock,
            hand,
            bus,
            options,
            broker,
            publishing: Vec::new(),
            others: Mutex::default(),
            _folder: folder,
            database,
        };
        world.publish();
        world
    }

    /// Another process's bus over the same store and broker.
    pub fn another_bus(&self) -> Bus {
        let url: BusUrl = self.broker.as_deref().unwrap_or("local:").parse().unwrap();
        Bus::open(url, self.another_store(), self.clock.clone(), self.options.clone())
    }

    /// Another process's connections to the same store.
    pub fn another_store(&self) -> Store {
        let store = Store::open(self.store.url().clone()).unwrap();
        self.others.lock().unwrap().push(store.clone());
        store
    }

    /// Runs a publisher.
    pub fn publish(&mut self) {
        let bus = self.bus.clone();
        self.publishing.push(Running::new(|stop| Box::pin(async move { bus.run_publisher(stop).await })));
    }

    /// Stops the publishers, as a crash would.
    pub fn kill_publishers(&mut self) {
        self.publishing.clear();
    }

    pub fn consume(&self, worker: Worker, concurrency: usize) -> Running {
        consume(&self.bus, worker, concurrency)
    }

    pub async fn enqueue(&self, n: u32) {
        self.enqueue_all(n..=n).await;
    }

    pub async fn enqueue_all(&self, numbers: impl IntoIterator<Item = u32>) {
        enqueue_all(&self.store, &self.clock, numbers).await;
    }

    pub async fn enqueue_about(&self, n: u32, correlation: Uuid) {
        let clock = self.clock.clone();
        self.store.write(move |tx| enqueue(tx, &clock, &Job { n }, Some(correlation))).await.unwrap();
    }

    /// Puts an envelope in the outbox just as it is.
    pub async fn put(&self, body: String) {
        let now = self.clock.now();
        let row = OutboxRow {
            id: self.clock.new_id().into(),
            queue: Job::NAME.to_owned(),
            body,
            attempt: 0,
            not_before: now.into(),
            claimed_until: Time::from_micros(0).into(),
        };
        self.store.write(move |tx| outbox::insert(tx, std::slice::from_ref(&row))).await.unwrap();
    }

    /// Whether the outbox has a message that was tried so often.
    pub async fn has_attempt(&self, attempt: i32) -> bool {
        let ever = self.clock.now().plus(Duration::from_secs(1_000_000));
        let rows = self.store.read(move |conn| outbox::due(conn, Job::NAME, ever, 1_000)).await.unwrap();
        rows.iter().any(|row| row.attempt == attempt)
    }

    /// Messages in the outbox.
    pub async fn waiting(&self) -> i64 {
        self.store.read(outbox::backlog).await.unwrap().iter().map(|queue| queue.waiting).sum()
    }

    pub async fn until_all_is_settled(&self) {
        eventually("the outbox is empty", async || self.waiting().await == 0).await;
    }

    /// The open problems: why, and the envelope.
    pub async fn problems(&self) -> Vec<(String, String)> {
        use fairlead_store::problems::{Filter, list};
        let found = self.store.read(|conn| list(conn, &Filter::default(), 100)).await.unwrap();
        found.into_iter().map(|problem| (problem.reason, problem.excerpt.unwrap_or_default())).collect()
    }

    pub async fn until_there_are_problems(&self, count: usize) -> Vec<(String, String)> {
        eventually("there are problems", async || self.problems().await.len() >= count).await;
        self.problems().await
    }
}

pub async fn enqueue_all(store: &Store, clock: &Clock, numbers: impl IntoIterator<Item = u32>) {
    let jobs: Vec<Job> = numbers.into_iter().map(|n| Job { n }).collect();
    let clock = clock.clone();
    store.write(move |tx| enqueue_many(tx, &clock, &jobs, None)).await.unwrap();
}

pub fn consume(bus: &Bus, worker: Worker, concurrency: usize) -> Running {
    let bus = bus.clone();
    Running::new(move |stop| Box::pin(async move { bus.consume(worker, concurrency, stop).await }))
}

/// Waits until something is so; the deadline is generous, since it is there only to end a test that fails.
pub async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so().await {
        assert!(Instant::now() < deadline, "it did not come to be that {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A clock that stands until it is moved.
fn by_hand() -> (Clock, ManualClock) {
    Clock::manual(Time::parse_rfc3339("2026-01-02T03:04:05Z").unwrap())
}

/// Keeps a store until nobody else has it: the last one to let go of it closes its connections, which takes a thread
/// that may block.
fn outlive(store: Store) {
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(2));
        drop(store);
    });
}

/// A database of one test.
struct Database {
    url: String,
    server: Store,
    name: String,
}

impl Database {
    async fn create() -> Self {
        let server = setting("FAIRLEAD_TEST_MYSQL_URL");
        let name = format!("fl_{}", any_id().simple());
        let mut url = url::Url::parse(&server).unwrap();
        url.set_path("information_schema");
        let server = Store::open(url.as_str().parse().unwrap()).unwrap();
        url.set_path(&name);
        let create = format!("CREATE DATABASE {name} CHARACTER SET utf8mb4");
        server.read(move |conn| Ok(conn.batch_execute(&create)?)).await.unwrap();
        Self { url: url.into(), server, name }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let queues = self.broker.clone().map(|broker| (broker, self.options.prefix.clone()));
        let database = self.database.take();
        outlive(self.store.clone());
        self.others.lock().unwrap().drain(..).for_each(outlive);
        let cleaned = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                if let Some(database) = &database {
                    let drop = format!("DROP DATABASE {}", database.name);
                    let _ = database.server.read(move |conn| Ok(conn.batch_execute(&drop)?)).await;
                }
                if let Some((broker, prefix)) = queues {
                    let remove = crate::broker::remove_everything(&broker, &prefix);
                    let _ = tokio::time::timeout(Duration::from_secs(5), remove).await;
                }
            });
        });
        let _ = cleaned.join();
    }
}

/// An id that nothing else has.
pub fn any_id() -> Uuid {
    Clock::system().new_id()
}
