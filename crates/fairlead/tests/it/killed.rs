//! Every service and every server killed in turn while a provider pushes; then the books are compared.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fairlead_model::role::Role;
use fairlead_model::{Clock, Secret, Time};
use fairlead_simulator::ledger::Ledger;
use fairlead_simulator::play::seed_history;
use fairlead_simulator::satellite::{Faults, PUBLIC_KEY_PEM, Provider, ProviderSettings, RetryRule, World};
use fairlead_simulator::verify::{Report, verify};
use fairlead_store::{Store, sign_in};
use tokio_util::sync::CancellationToken;

use crate::process::{PATIENCE, Service, until};
use crate::servers::Servers;

/// The world's present: its week of history is what is pushed.
const PRESENT: &str = "2026-06-01T12:00:00Z";

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

    async fn verdict(self, api: &str, token: String) -> Report {
        self.done.await.unwrap();
        verify(&self.ledger, api, &Secret::new(token), PATIENCE).await.unwrap()
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
        .write(move |tx| sign_in::create_token(tx, &Clock::system(), "verify", Role::Viewer, &kept, None))
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
    let settings =
        [format!("data.dir={}", folder.path().display()), key_file(folder.path()), "log.filter=error".into()];
    let mut fairlead = Service::new("fairlead", "http.listen", &settings);
    fairlead.start().await;
    let pushing = Pushing::begin(folder.path(), &fairlead.url(), 3);
    for _ in 0..6 {
        pushing.more(200).await;
        fairlead.kill();
        fairlead.start().await;
    }
    let store =
        Store::open(format!("sqlite:{}/fairlead.sqlite", folder.path().display()).parse().unwrap()).unwrap();
    let token = token(&store).await;
    let report = pushing.verdict(&fairlead.url(), token).await;
    assert_nothing_lost(&report);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_service_and_each_server_is_killed_in_turn_and_nothing_is_lost() {
    let mut servers = Servers::start().await;
    let folder = tempfile::tempdir().unwrap();
    let settings = [servers.settings(folder.path()), vec!["log.filter=off".into()]].concat();
    let with_key = [settings.as_slice(), &[key_file(folder.path())]].concat();
    let mut services = [
        Service::new("fairlead-intake", "intake.listen", &with_key),
        Service::new("fairlead-tracker", "tracker.listen", &settings),
        Service::new("fairlead-hub", "hub.listen", &settings),
        Service::new("fairlead-console", "console.listen", &settings),
    ];
    for service in &mut services {
        service.start().await;
    }
    let [intake, tracker, ..] = &services;
    let (api, pushing) = (tracker.url(), Pushing::begin(folder.path(), &intake.url(), 3));
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
    let store = Store::open(servers.mysql().parse().unwrap()).unwrap();
    let token = token(&store).await;
    let report = pushing.verdict(&api, token).await;
    assert_nothing_lost(&report);
    drop(services);
    servers.stop().await;
}
