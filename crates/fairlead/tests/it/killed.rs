//! Every service and every server killed in turn while a provider pushes; then the books are compared.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fairlead_model::role::Role;
use fairlead_model::{Clock, EndpointId, Secret, Time};
use fairlead_simulator::ledger::Ledger;
use fairlead_simulator::play::seed_history;
use fairlead_simulator::receiver::Receiver;
use fairlead_simulator::satellite::{
    Faults, PUBLIC_KEY_PEM, Provider, ProviderSettings, RetryRule, Said, World,
};
use fairlead_simulator::verify::{Owed, Report, verify, verify_deliveries};
use fairlead_store::{Store, sign_in};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::process::{PATIENCE, Service, until};
use crate::servers::Servers;

/// The world's present: its week of history is what is pushed.
const PRESENT: &str = "2026-06-01T12:00:00Z";

/// The webhook's receiver is on this machine.
const HERE: &str = "courier.webhook_networks=127.0.0.0/8";
/// What a courier had in hand when it was killed is tried again when its claim has run out, after two minutes.
const CLAIMS_RUN_OUT: Duration = Duration::from_secs(300);

/// A provider that pushes a few days of the demo's world, and keeps books.
struct Pushing {
    ledger: Arc<Ledger>,
    accepted: Arc<AtomicU64>,
    done: tokio::task::JoinHandle<()>,
}

impl Pushing {
    fn begin(folder: &Path, intake: &str, days: u64) -> Self {
        let present = Time::parse_rfc3339(PRESENT).unwrap();
        let world = World::demo(7, present);
        // Retries follow quickly: what is tested is that they find their way, not how long the provider waits.
        let retry = RetryRule { first: Duration::from_millis(50), give_up: Duration::from_secs(3_600) };
        let settings =
            ProviderSettings { retry, in_flight: 32, faults: Faults::BELIEVABLE, ..Default::default() };
        let provider =
            Provider::new(&format!("{intake}/rockblock/incoming"), Clock::system(), settings).unwrap();
        let ledger = Arc::new(Ledger::open(&folder.join("ledger.jsonl")).unwrap());
        ledger.note_world(*world.settings()).unwrap();
        let accepted = Arc::new(AtomicU64::new(0));
        let (books, count) = (ledger.clone(), accepted.clone());
        let past = present.minus(Duration::from_secs(days * 86_400))..present;
        let done = tokio::spawn(async move {
            let stop = CancellationToken::new();
            let watch = move |progress: fairlead_simulator::play::Progress| {
                count.store(progress.accepted, Ordering::SeqCst);
            };
            seed_history(&world, past, &provider, &books, &stop, watch).await.unwrap();
        });
        Self { ledger, accepted, done }
    }

    /// Waits until so many more have been accepted, or all are done.
    async fn more(&self, count: u64) {
        let target = self.accepted.load(Ordering::SeqCst) + count;
        until("more pushes are accepted", || async {
            self.accepted.load(Ordering::SeqCst) >= target || self.done.is_finished()
        })
        .await;
    }

    async fn verdict(self, (tracker, courier): (&str, &str), token: String, passed_on: PassedOn) -> Report {
        self.done.await.unwrap();
        let token = Secret::new(token);
        let report = verify(&self.ledger, tracker, &token, PATIENCE).await.unwrap();
        passed_on.assert_all_arrived(&self.ledger, (tracker, courier), &token).await;
        report
    }
}

/// A route that passes every position on to a webhook, and the webhook's receiver.
struct PassedOn {
    receiver: Receiver,
    endpoint: EndpointId,
}

impl PassedOn {
    async fn begin((tracker, courier): (&str, &str), token: &str) -> Self {
        let receiver = Receiver::serve("127.0.0.1:0", Clock::system()).await.unwrap();
        let config = json!({"kind": "webhook", "url": receiver.url()});
        let wanted = json!({"name": "all", "config": config});
        let made = post(&format!("{courier}/api/v1/endpoints"), token, wanted).await;
        receiver.trust(made["signing_secret"].as_str().unwrap()).unwrap();
        let endpoint = &made["endpoint"]["id"];
        let route = json!({
            "source": {"type": "any"}, "messages": ["position"], "format": "json",
            "target": {"type": "endpoint", "id": endpoint},
        });
        post(&format!("{tracker}/api/v1/routes"), token, route).await;
        Self { receiver, endpoint: serde_json::from_value(endpoint.clone()).unwrap() }
    }

    async fn assert_all_arrived(&self, ledger: &Ledger, (tracker, courier): (&str, &str), token: &Secret) {
        let (since, courier) = (Time::from_micros(0), Some(courier));
        let owed = Owed { endpoint: self.endpoint, receiver: &self.receiver, since, courier };
        let is_position = |sent: &fairlead_simulator::satellite::Sent| matches!(sent.said, Said::Position(_));
        let report =
            verify_deliveries(ledger, &owed, is_position, (tracker, token), CLAIMS_RUN_OUT).await.unwrap();
        eprintln!("{report}");
        assert!(report.passed, "{report}");
        assert!(report.owed > 1_000, "the world is too small to tell: {report}");
        let delivered = report.states.get("delivered").copied().unwrap_or_default();
        assert_eq!(delivered, report.states.values().sum::<usize>(), "{report}");
    }
}

/// Creates something. Where the servers are busy with their start, the answer is 503: nothing was done, ask again.
async fn post(url: &str, token: &str, body: Value) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = reqwest::Client::new().post(url).bearer_auth(token).json(&body).send().await.unwrap();
        let (status, body) = (answer.status().as_u16(), answer.text().await.unwrap());
        if status == 201 {
            return serde_json::from_str(&body).unwrap();
        }
        assert!(status == 503 && Instant::now() < deadline, "{url} answered {status}: {body}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn assert_nothing_lost(report: &Report) {
    assert!(report.passed, "{report}");
    assert!(report.sent > 1_000, "the world is too small to tell: {report}");
    assert_eq!((report.lost, report.duplicated, report.unexpected, report.waiting), (0, 0, 0, 0));
    assert_eq!(report.ok + report.recovered + report.unanswered, report.sent);
    assert_eq!(report.unanswered, 0, "everything was pushed until it was accepted");
    assert!(report.recovered > 0, "no push met a dead server: the kills came too late");
}

async fn token(store: &Store) -> String {
    let secret = fairlead_web::auth::fresh_token();
    let kept = secret.clone();
    store
        .write(move |tx| sign_in::create_token(tx, &Clock::system(), "verify", Role::Admin, &kept, None))
        .await
        .unwrap();
    secret
}

fn key_file(folder: &Path) -> String {
    let path = folder.join("provider.pem");
    std::fs::write(&path, PUBLIC_KEY_PEM).unwrap();
    format!("intake.rockblock.public_key_files={}", path.display())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_one_process_is_killed_again_and_again_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [
        format!("data.dir={}", folder.path().display()),
        key_file(folder.path()),
        HERE.into(),
        "log.filter=error".into(),
    ];
    let mut fairlead = Service::new("fairlead", "http.listen", &settings);
    fairlead.start().await;
    let store =
        Store::open(format!("sqlite:{}/fairlead.sqlite", folder.path().display()).parse().unwrap()).unwrap();
    let (url, token) = (fairlead.url(), token(&store).await);
    let passed_on = PassedOn::begin((&url, &url), &token).await;
    let pushing = Pushing::begin(folder.path(), &fairlead.url(), 3);
    for _ in 0..6 {
        pushing.more(200).await;
        fairlead.kill();
        fairlead.start().await;
    }
    let report = pushing.verdict((&url, &url), token, passed_on).await;
    assert_nothing_lost(&report);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_service_and_each_server_is_killed_in_turn_and_nothing_is_lost() {
    let mut servers = Servers::start().await;
    let folder = tempfile::tempdir().unwrap();
    let settings = [servers.settings(folder.path()), vec![HERE.into(), "log.filter=off".into()]].concat();
    let with_key = [settings.as_slice(), &[key_file(folder.path())]].concat();
    let mut services = [
        Service::new("fairlead-intake", "intake.listen", &with_key),
        Service::new("fairlead-tracker", "tracker.listen", &settings),
        Service::new("fairlead-courier", "courier.listen", &settings),
        Service::new("fairlead-hub", "hub.listen", &settings),
        Service::new("fairlead-console", "console.listen", &settings),
    ];
    for service in &mut services {
        service.start().await;
    }
    let [intake, tracker, courier, ..] = &services;
    let (tracker, courier) = (tracker.url(), courier.url());
    let store = Store::open(servers.mysql().parse().unwrap()).unwrap();
    let token = token(&store).await;
    let passed_on = PassedOn::begin((&tracker, &courier), &token).await;
    let pushing = Pushing::begin(folder.path(), &intake.url(), 3);
    for (index, service) in services.iter_mut().enumerate() {
        pushing.more(150).await;
        service.kill();
        // Nothing is accepted while the intake is dead; without the others everything is.
        if index > 0 {
            pushing.more(20).await;
        }
        service.start().await;
    }
    pushing.more(150).await;
    servers = servers.kill_mariadb().await;
    pushing.more(150).await;
    servers = servers.kill_rabbitmq().await;
    let report = pushing.verdict((&tracker, &courier), token, passed_on).await;
    assert_nothing_lost(&report);
    drop(services);
    servers.stop().await;
}
