#![doc = include_str!("../README.md")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot be set up fails here"
)]

mod far;
pub mod servers;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Duration;

use fairlead_model::role::Role;
use fairlead_model::{Clock, ManualClock, Time};
use fairlead_runtime::{Arguments, Hosted, Loaded, Process, Running, Shape};
use fairlead_store::{Store, sign_in};
use serde_json::Value;
use tempfile::TempDir;

pub use far::{FarExchange, FarMessage};

/// How long a test waits for what must come before it fails. Generous: it is no timing assertion.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How long a test waits before the bus is given the time that its pauses take.
const PAUSES: Duration = Duration::from_secs(15);

/// The moment at which every test's clock stands at first.
pub const START: &str = "2026-06-01T12:00:00Z";

/// What the store and the bus of a test are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// SQLite and the in-process bus: the one-process shape.
    Embedded,
    /// MariaDB and RabbitMQ: the shape of several processes.
    Servers,
}

/// A system of its own: its servers' parts, its clock, an administrator's token.
pub struct System {
    /// Its clock, which stands until it is moved.
    pub clock: Clock,
    /// The hand that moves the clock.
    pub hand: ManualClock,
    /// Its store; the same object as that of the process started last.
    pub store: Store,
    /// A client with an administrator's token.
    pub client: reqwest::Client,
    /// Its folder.
    pub folder: TempDir,
    addresses: HashMap<&'static str, SocketAddr>,
    running: Vec<Running>,
    database: Option<Database>,
    broker: Option<Broker>,
}

/// A broker's part that belongs to one test.
struct Broker {
    url: String,
    prefix: String,
}

/// The servers of a test on [`Backend::Servers`].
#[derive(Clone, Debug)]
pub struct Urls {
    /// The database server, with any schema that exists.
    pub mysql: String,
    /// The broker.
    pub amqp: String,
}

impl Urls {
    /// The servers that all tests share.
    ///
    /// # Panics
    /// Where the environment does not name them.
    pub fn shared() -> Self {
        Self { mysql: mysql_url(), amqp: amqp_url() }
    }
}

/// Gives each test function, which takes a [`Backend`], one test on each backend.
///
/// ```ignore
/// fairlead_testkit::on_both_backends!(a_message_is_stored_once);
///
/// async fn a_message_is_stored_once(backend: Backend) { … }
/// ```
#[macro_export]
macro_rules! on_both_backends {
    ($($name:ident),* $(,)?) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name($crate::Backend::Embedded).await;
            })*
        }
        mod servers {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name($crate::Backend::Servers).await;
            })*
        }
    };
}

/// A database of one test on a server; dropped with the test.
pub struct Database {
    /// Its URL.
    pub url: String,
    name: String,
    server: String,
}

/// The URL of the test database server.
///
/// # Panics
/// Where it is not set.
pub fn mysql_url() -> String {
    required("FAIRLEAD_TEST_MYSQL_URL")
}

/// The URL of the test broker.
///
/// # Panics
/// Where it is not set.
pub fn amqp_url() -> String {
    required("FAIRLEAD_TEST_AMQP_URL")
}

/// AWS as moto answers for it: one server for all tests of a process, which ends with the process.
///
/// # Panics
/// Where the environment does not say where moto's program is, or it does not start.
pub fn moto_url() -> &'static str {
    static MOTO: OnceLock<servers::PrivateServer> = OnceLock::new();
    let moto = MOTO.get_or_init(|| {
        let program = known("FAIRLEAD_TEST_MOTO").unwrap_or_else(|| {
            panic!(
                "set FAIRLEAD_TEST_MOTO to the program moto_server (`pip install 'moto[server]'`), or run `cargo xtask test`"
            )
        });
        servers::PrivateServer::moto(program.as_ref()).expect("moto starts")
    });
    moto.url()
}

/// An MQTT broker for one test.
///
/// # Panics
/// Where Mosquitto is not installed, or does not start.
pub fn mosquitto() -> servers::PrivateServer {
    servers::PrivateServer::mosquitto().unwrap_or_else(|error| {
        panic!("Mosquitto is needed (`apt-get install mosquitto`, or run `cargo xtask test`): {error:#}")
    })
}

fn required(name: &str) -> String {
    known(name).unwrap_or_else(|| panic!("set {name} or run `cargo xtask test`"))
}

#[expect(clippy::disallowed_methods, reason = "tests learn of their servers by the environment")]
fn known(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl Database {
    /// A new, empty database.
    ///
    /// # Panics
    /// Where the server cannot be reached.
    pub async fn create() -> Self {
        Self::create_on(mysql_url()).await
    }

    /// A new, empty database on a server.
    ///
    /// # Panics
    /// Where the server cannot be reached.
    pub async fn create_on(server: String) -> Self {
        let name = format!("fl_{}", uuid::Uuid::new_v4().simple());
        let admin = Store::open(server.parse().unwrap()).unwrap();
        admin.administer(format!("CREATE DATABASE {name}")).await.unwrap();
        let mut url = url::Url::parse(&server).unwrap();
        url.set_path(&name);
        Self { url: url.to_string(), name, server }
    }

    /// Removes it.
    ///
    /// # Panics
    /// Where the server cannot be reached.
    pub async fn remove(&self) {
        let admin = Store::open(self.server.parse().unwrap()).unwrap();
        admin.administer(format!("DROP DATABASE IF EXISTS {}", self.name)).await.unwrap();
    }
}

/// A migrated store on a backend, with what must be kept as long as it is used.
///
/// # Panics
/// Where it cannot be made.
pub async fn store(backend: Backend) -> (Store, TempDir, Option<Database>) {
    store_in(match backend {
        Backend::Embedded => None,
        Backend::Servers => Some(Database::create().await),
    })
    .await
}

async fn store_in(database: Option<Database>) -> (Store, TempDir, Option<Database>) {
    let folder = tempfile::tempdir().unwrap();
    let url = match &database {
        None => format!("sqlite:{}", folder.path().join("store.sqlite").display()),
        Some(database) => database.url.clone(),
    };
    let store = Store::open(url.parse().unwrap()).unwrap();
    store.migrate().await.unwrap();
    (store, folder, database)
}

impl System {
    /// Starts services on a backend; `set` are settings as `intake.held_keep=5`.
    ///
    /// # Panics
    /// Where they do not start.
    pub async fn start(backend: Backend, services: Vec<Box<dyn Hosted>>, set: &[&str]) -> Self {
        let urls = match backend {
            Backend::Embedded => None,
            Backend::Servers => Some(Urls::shared()),
        };
        Self::start_on(urls, services, set).await
    }

    /// Starts services on these servers; on the embedded backend where there are none.
    ///
    /// # Panics
    /// Where they do not start.
    pub async fn start_on(urls: Option<Urls>, services: Vec<Box<dyn Hosted>>, set: &[&str]) -> Self {
        let (clock, hand) = Clock::manual(Time::parse_rfc3339(START).unwrap());
        let (database, broker) = match urls {
            None => (None, None),
            Some(Urls { mysql, amqp }) => {
                let prefix = format!("t{}", uuid::Uuid::new_v4().simple());
                (Some(Database::create_on(mysql).await), Some(Broker { url: amqp, prefix }))
            }
        };
        let (store, folder, database) = store_in(database).await;
        let mut system = Self {
            client: client(&store, &clock, Role::Admin).await,
            clock,
            hand,
            store,
            folder,
            addresses: HashMap::new(),
            running: Vec::new(),
            database,
            broker,
        };
        system.run(services, set).await;
        system
    }

    /// Starts the services of this system, after [`System::stop_services`], on the data that are there.
    ///
    /// # Panics
    /// Where they do not start.
    pub async fn run(&mut self, services: Vec<Box<dyn Hosted>>, set: &[&str]) {
        let mut common = vec![
            format!("data.dir={}", self.folder.path().display()),
            format!("store.url={}", self.store_url()),
            "http.listen=127.0.0.1:0".to_owned(),
            "hub.device_listen=127.0.0.1:0".to_owned(),
            "hub.page_listen=127.0.0.1:0".to_owned(),
        ];
        common.extend(set.iter().map(|s| (*s).to_owned()));
        match &self.broker {
            None => self.start_process(services, common, Shape::OneProcess).await,
            Some(Broker { url, prefix }) => {
                common.push(format!("bus.url={url}"));
                common.push(format!("bus.prefix={prefix}"));
                for service in services {
                    let mut settings = common.clone();
                    settings.push(format!("{}.listen=127.0.0.1:0", service.name()));
                    self.start_process(vec![service], settings, Shape::Several).await;
                }
            }
        }
    }

    /// What its names on the broker begin with; those of the default settings where it has no broker.
    pub fn bus_prefix(&self) -> &str {
        self.broker.as_ref().map_or("fairlead", |broker| broker.prefix.as_str())
    }

    fn store_url(&self) -> String {
        match &self.database {
            None => format!("sqlite:{}", self.folder.path().join("store.sqlite").display()),
            Some(database) => database.url.clone(),
        }
    }

    async fn start_process(&mut self, services: Vec<Box<dyn Hosted>>, set: Vec<String>, shape: Shape) {
        let names: Vec<_> = services.iter().map(|s| s.name()).collect();
        let schemas: Vec<_> = services.iter().map(|s| (s.name(), s.schema())).collect();
        let arguments = Arguments { config: None, set };
        let loaded = Loaded::read(&arguments, &schemas).unwrap();
        let running = Process { loaded, services, shape, clock: self.clock.clone() }
            .start()
            .await
            .expect("a process starts");
        for name in names {
            self.addresses.insert(name, running.address);
        }
        // What a test writes wakes the process as its own writes do.
        self.store = running.store.clone();
        self.running.push(running);
    }

    /// The address of a service, as `http://127.0.0.1:4711/path`.
    ///
    /// # Panics
    /// Where the service was not started.
    pub fn url(&self, service: &str, path: &str) -> String {
        format!("http://{}{path}", self.addresses.get(service).expect("the service was started"))
    }

    /// Where a service listens beside its web server, as the `hub` for `devices`.
    ///
    /// # Panics
    /// Where it does not.
    pub fn address(&self, service: &str, name: &str) -> SocketAddr {
        let web = self.addresses.get(service).expect("the service was started");
        let running = self.running.iter().find(|running| running.address == *web);
        running.and_then(|running| running.listener(name)).expect("the service listens there")
    }

    /// A client with the token of somebody who has this role.
    ///
    /// # Panics
    /// Where the token cannot be made.
    pub async fn client_as(&self, role: Role) -> reqwest::Client {
        client(&self.store, &self.clock, role).await
    }

    /// Asks a service's API; panics where it does not answer 200 with JSON.
    ///
    /// # Panics
    /// As said.
    pub async fn get(&self, service: &str, path: &str) -> Value {
        let response = self.client.get(self.url(service, path)).send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "GET {path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Waits until an answer of a service's API is as wanted, and returns it.
    ///
    /// # Panics
    /// With the last answer, where it does not come within [`PATIENCE`].
    pub async fn until(&self, service: &str, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let mut pauses_end = tokio::time::Instant::now() + PAUSES;
        loop {
            let answer = self.get(service, path).await;
            if wanted(&answer) {
                return answer;
            }
            let now = tokio::time::Instant::now();
            assert!(now < deadline, "{path} did not become as wanted: {answer:#}");
            if now > pauses_end {
                self.end_pauses().await;
                pauses_end = now + PAUSES;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends the pauses of the bus. A machine under load answers late, and what was not answered in time rests before it is
    /// tried again: by the system's clock, which stands here, so that the pause would never end.
    async fn end_pauses(&self) {
        let statement = "UPDATE outbox SET not_before = 0, claimed_until = 0".to_owned();
        // Where the store is away, or busy, there is a next time.
        let _ = self.store.administer(statement).await;
    }

    /// Stops the services; the data stay.
    pub async fn stop_services(&mut self) {
        for running in self.running.drain(..) {
            running.stop().await;
        }
        self.addresses.clear();
    }

    /// Stops everything and removes the test's database.
    pub async fn stop(mut self) {
        self.stop_services().await;
        if let Some(database) = &self.database {
            database.remove().await;
        }
        if let Some(broker) = &self.broker {
            broker.clear().await;
        }
    }
}

impl Broker {
    /// Removes what the services have made; a broker that is gone has nothing left to remove.
    async fn clear(&self) {
        let Ok(connection) =
            lapin::Connection::connect(&self.url, lapin::ConnectionProperties::default()).await
        else {
            return;
        };
        let channel = connection.create_channel().await.unwrap();
        for queue in fairlead_model::queue::QUEUES.into_iter().chain(["dead"]) {
            let name = format!("{}.{queue}", self.prefix);
            channel
                .queue_delete(name.as_str().into(), lapin::options::QueueDeleteOptions::default())
                .await
                .unwrap();
        }
        for exchange in ["dead", "topic.live", "topic.room", "topic.hubs"] {
            let name = format!("{}.{exchange}", self.prefix);
            let options = lapin::options::ExchangeDeleteOptions::default();
            channel.exchange_delete(name.as_str().into(), options).await.unwrap();
        }
    }
}

/// A client with a fresh token of this role, named `test` for an administrator, else as the role.
async fn client(store: &Store, clock: &Clock, role: Role) -> reqwest::Client {
    // Several systems in one process choose the same provider.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let token = fairlead_web::auth::fresh_token();
    let (kept, clock) = (token.clone(), clock.clone());
    let name = if role == Role::Admin { "test" } else { role.as_str() };
    store.write(move |tx| sign_in::create_token(tx, &clock, name, role, &kept, None)).await.unwrap();
    let mut headers = reqwest::header::HeaderMap::new();
    headers.insert("Authorization", format!("Bearer {token}").parse().unwrap());
    reqwest::Client::builder().default_headers(headers).timeout(PATIENCE).build().unwrap()
}
