//! The courier killed at any moment while it sends; then the provider's charges are compared with what it says.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use fairlead_model::mt::MtState;
use fairlead_model::role::Role;
use fairlead_model::{Clock, Imei, ModemId, Secret, Trust};
use fairlead_simulator::satellite::mt::{Mailboxes, Mood, MtApi, MtSettings, charged_more_than_once, serve};
use fairlead_simulator::verify::{MtReport, Peer, Told, verify_charges};
use fairlead_store::satellite::modems;
use fairlead_store::{Store, sign_in};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::asking::{Asking, Wishes};
use crate::process::{PATIENCE, Service, until};
use crate::servers::Servers;

/// Kills of the courier in one test. 200 of each were run by hand, with `FAIRLEAD_TEST_KILLS=200`; the verdicts are in
/// docs/reliability.md.
const KILLS: u32 = 40;
/// Calls that a courier makes at a time: so many can be under way when it is killed.
const CONCURRENCY: u32 = 2;
/// Modems that can be told something at any time.
const MODEMS: u32 = 20;
/// The longest life of a courier, from its first answer on.
const LONGEST_LIFE: Duration = Duration::from_millis(600);
/// Messages that are there before the first kill.
const HEAD_START: usize = 40;
const USERNAME: &str = "captain@example.org";
const PASSWORD: &str = "x-marks-the-spot";

#[expect(clippy::disallowed_methods, reason = "by hand the test is run for longer")]
fn kills() -> u32 {
    std::env::var("FAIRLEAD_TEST_KILLS").map_or(KILLS, |number| number.parse().unwrap())
}

/// The outside of a courier: a provider in this process that takes its time, and modems.
struct Outside {
    provider: MtApi,
    /// Empties the mailboxes as sessions would, so that the provider has room.
    fetching: tokio::task::JoinHandle<()>,
    modems: Vec<ModemId>,
    token: String,
}

impl Outside {
    async fn open(store: &Store, count: u32) -> Self {
        let imeis: Vec<Imei> = (0..count).map(|n| format!("30043406383{n:04}").parse().unwrap()).collect();
        let slow = |millis| (Mood::Slow { millis }, 0.25);
        let settings = MtSettings {
            moods: vec![slow(2), slow(5), slow(15), slow(40)],
            ..MtSettings::new(USERNAME, Secret::new(PASSWORD))
        };
        let mailboxes = Mailboxes::of(imeis.iter().copied());
        let provider = serve("127.0.0.1:0", settings, Clock::system(), mailboxes).await.unwrap();
        let (boxes, all) = (provider.mailboxes().clone(), imeis.clone());
        let fetching = tokio::spawn(async move {
            loop {
                all.iter().for_each(|imei| boxes.flush(*imei));
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        let token = fairlead_web::auth::fresh_token();
        let secret = token.clone();
        let work = move |tx: &mut fairlead_store::Tx<'_>| {
            let clock = Clock::system();
            sign_in::create_token(tx, &clock, "a test", Role::Operator, &secret, None)?;
            let mut modems = Vec::new();
            for imei in &imeis {
                let row = modems::create(tx, &clock, *imei, None, Trust::Signed)?;
                modems::describe(tx, row.id, None, Some("v3_buoy"))?;
                modems.push(row.id.into());
            }
            Ok(modems)
        };
        let modems = store.write(work).await.unwrap();
        Self { provider, fetching, modems, token }
    }

    /// What a courier is set to, beside store and bus.
    fn settings(&self) -> Vec<String> {
        vec![
            format!("courier.rockblock.url={}", self.provider.url()),
            format!("courier.rockblock.username={USERNAME}"),
            format!("courier.rockblock.password={PASSWORD}"),
            "courier.rockblock.timeout_s=5".into(),
            "courier.rockblock.calls_per_minute=60000".into(),
            format!("courier.concurrency={CONCURRENCY}"),
            // Nobody is heard in this test, so all that was accepted stays with the provider.
            "courier.held_by_provider=10000".into(),
            "courier.waiting_per_modem=10000".into(),
            "log.filter=off".into(),
        ]
    }

    fn asking(&self, couriers: &[String], wishes: Wishes) -> Asking {
        Asking::begin(couriers, &self.token, &self.modems, wishes)
    }

    /// Waits until nothing moves any more, and compares.
    async fn verdict(&self, courier: &str) -> MtReport {
        let token = Secret::new(self.token.clone());
        let peer = Peer::new(courier, &token).unwrap();
        let (mut left, mut since) = (usize::MAX, Instant::now());
        while left > 0 {
            let told = peer.told().await.unwrap_or_default();
            let is_left = |mt: &&Told| matches!(mt.state, MtState::Queued | MtState::Sending);
            let now_left = told.iter().filter(is_left).count();
            if !told.is_empty() && now_left != left {
                (left, since) = (now_left, Instant::now());
            }
            // A long line is no fault, one that stands still is.
            assert!(since.elapsed() < PATIENCE, "{left} of {} messages wait in vain", told.len());
            // Listing thousands is work that slows the sending.
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        verify_charges(|| self.provider.charges(), courier, &token, PATIENCE).await.unwrap()
    }

    /// Everything asked came to an end that is known, or is unknown because of a kill; nothing was charged twice.
    async fn assert_adds_up(&self, courier: &str, asked: &BTreeSet<String>, kills: u32) -> MtReport {
        let report = self.verdict(courier).await;
        eprintln!("{kills} kills:\n{report}");
        assert!(report.passed, "{report}");
        let token = Secret::new(self.token.clone());
        let told = Peer::new(courier, &token).unwrap().told().await.unwrap();
        let there: BTreeSet<String> = told.iter().map(|mt| mt.id.to_string()).collect();
        assert_eq!(&there, asked, "each request made one message");
        let ends = [
            MtState::Accepted,
            MtState::Failed,
            MtState::Expired,
            MtState::Superseded,
            MtState::Cancelled,
            MtState::Unknown,
        ];
        assert_eq!(ends.iter().map(|end| report.count(*end)).sum::<usize>(), asked.len(), "{report}");
        assert_eq!(report.count(MtState::Failed), 0, "nothing was refused");
        assert!(report.count(MtState::Unknown) <= usize::try_from(kills * CONCURRENCY).unwrap(), "{report}");
        let charges = self.provider.charges();
        assert_eq!(charged_more_than_once(&charges), Vec::<String>::new());
        // `passed` says that each accepted one is charged; what is charged besides must be unknown.
        assert!(charges.len() >= report.count(MtState::Accepted));
        assert!(
            charges.len() <= report.count(MtState::Accepted) + report.count(MtState::Unknown),
            "{report}"
        );
        report
    }

    fn close(self) {
        self.fetching.abort();
    }
}

/// Kills a service again and again, each time after a life of a length that nobody chose.
async fn kill_again_and_again(service: &mut Service, times: u32, seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for _ in 0..times {
        tokio::time::sleep(LONGEST_LIFE.mul_f64(rng.random())).await;
        service.kill();
        service.start().await;
    }
}

async fn begin_asking(outside: &Outside, courier: &Service) -> Asking {
    let asking = outside.asking(&[courier.url()], Wishes::Mixed);
    until("messages are asked for", || async { asking.count() >= HEAD_START }).await;
    asking
}

#[tokio::test(flavor = "multi_thread")]
async fn the_one_process_is_killed_while_it_sends_and_nothing_is_charged_twice() {
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite(folder.path());
    store.migrate().await.unwrap();
    let outside = Outside::open(&store, MODEMS).await;
    drop(store);
    let own = vec![format!("data.dir={}", folder.path().display()), "console.print_link=false".into()];
    let settings = [outside.settings(), own].concat();
    let mut fairlead = Service::new("fairlead", "http.listen", &settings);
    fairlead.start().await;
    let asking = begin_asking(&outside, &fairlead).await;
    kill_again_and_again(&mut fairlead, kills(), 11).await;
    let asked = asking.end().await;
    let report = outside.assert_adds_up(&fairlead.url(), &asked, kills()).await;
    assert!(report.count(MtState::Unknown) > 0, "no call was under way at any kill: {report}");
    outside.close();
}

fn sqlite(folder: &Path) -> Store {
    Store::open(format!("sqlite:{}/fairlead.sqlite", folder.display()).parse().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_courier_and_its_servers_are_killed_while_it_sends_and_nothing_is_charged_twice() {
    let mut servers = Servers::start().await;
    let store = Store::open(servers.mysql().parse().unwrap()).unwrap();
    store.migrate().await.unwrap();
    // A modem whose call was left behind waits until that call is surely over. So many modems that there are others
    // to send to, and that wait is made once.
    let outside = Outside::open(&store, MODEMS + kills() * CONCURRENCY).await;
    drop(store);
    let folder = tempfile::tempdir().unwrap();
    let settings = [outside.settings(), servers.settings(folder.path())].concat();
    let mut courier = Service::new("fairlead-courier", "courier.listen", &settings);
    courier.start().await;
    let asking = begin_asking(&outside, &courier).await;
    let (third, rest) = (kills() / 3, kills() - 2 * (kills() / 3));
    kill_again_and_again(&mut courier, third, 12).await;
    servers = servers.kill_mariadb().await;
    kill_again_and_again(&mut courier, third, 13).await;
    servers = servers.kill_rabbitmq().await;
    kill_again_and_again(&mut courier, rest, 14).await;
    let asked = asking.end().await;
    let report = outside.assert_adds_up(&courier.url(), &asked, kills()).await;
    assert!(report.count(MtState::Unknown) > 0, "no call was under way at any kill: {report}");
    outside.close();
    drop(courier);
    servers.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_couriers_share_a_queue_and_send_each_message_once() {
    let servers = Servers::start().await;
    let store = Store::open(servers.mysql().parse().unwrap()).unwrap();
    store.migrate().await.unwrap();
    let outside = Outside::open(&store, MODEMS).await;
    drop(store);
    let folder = tempfile::tempdir().unwrap();
    let settings = [outside.settings(), servers.settings(folder.path())].concat();
    let mut couriers = [0, 1].map(|_| Service::new("fairlead-courier", "courier.listen", &settings));
    for courier in &mut couriers {
        courier.start().await;
    }
    let urls: Vec<String> = couriers.iter().map(Service::url).collect();
    let asked = outside.asking(&urls, Wishes::Plain(50)).all().await;
    let report = outside.assert_adds_up(&urls[0], &asked, 0).await;
    assert_eq!((report.asked, report.count(MtState::Accepted), report.charges), (200, 200, 200), "{report}");
    outside.close();
    drop(couriers);
    servers.stop().await;
}
