//! Pushing to an intake that fails, hangs, redirects and recovers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use fairlead_model::{Clock, ManualClock, Secret, Time};
use fairlead_simulator::ledger::{Entry, Ledger};
use fairlead_simulator::play::{Progress, play, seed_history};
use fairlead_simulator::satellite::mt::MtSettings;
use fairlead_simulator::satellite::{Faults, Provider, ProviderSettings, Sent, World};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::{DAY, present};

/// What a scripted intake does with a push.
#[derive(Clone, Copy)]
enum Act {
    Answer(u16),
    Hang,
    Redirect,
}

/// An intake that follows a script, and then answers 200.
struct Scripted {
    url: String,
    seen: Arc<AtomicUsize>,
    redirected: Arc<AtomicUsize>,
}

fn intake(script: &'static [Act]) -> Scripted {
    let seen = Arc::new(AtomicUsize::new(0));
    let redirected = Arc::new(AtomicUsize::new(0));
    let (counter, elsewhere) = (seen.clone(), redirected.clone());
    let server = HttpServer::new(move || {
        let (counter, elsewhere) = (counter.clone(), elsewhere.clone());
        App::new()
            .route(
                "/incoming",
                web::post().to(move || {
                    let act = script.get(counter.fetch_add(1, Ordering::SeqCst)).copied();
                    async move {
                        match act.unwrap_or(Act::Answer(200)) {
                            Act::Answer(status) => HttpResponse::build(status.try_into().unwrap()).finish(),
                            Act::Hang => std::future::pending().await,
                            Act::Redirect => HttpResponse::TemporaryRedirect()
                                .insert_header(("Location", "/elsewhere"))
                                .finish(),
                        }
                    }
                }),
            )
            .default_service(web::to(move || {
                elsewhere.fetch_add(1, Ordering::SeqCst);
                async { HttpResponse::Ok().finish() }
            }))
    })
    .workers(1)
    .disable_signals()
    .bind(("127.0.0.1", 0))
    .unwrap();
    let url = format!("http://{}/incoming", server.addrs()[0]);
    tokio::spawn(server.run());
    Scripted { url, seen, redirected }
}

struct Stage {
    folder: TempDir,
    world: World,
    clock: Clock,
    hand: ManualClock,
    stop: CancellationToken,
    /// How long the provider waits for an answer. A busy machine may take seconds over one; an attempt given up for
    /// that would wait for its retry by a clock that only a hand moves.
    patience: Duration,
}

impl Stage {
    fn new() -> Self {
        Self::with_patience(Duration::from_secs(60))
    }

    fn with_patience(patience: Duration) -> Self {
        let (clock, hand) = Clock::manual(present());
        let folder = tempfile::tempdir().unwrap();
        Self {
            folder,
            world: World::demo(1, present()),
            clock,
            hand,
            stop: CancellationToken::new(),
            patience,
        }
    }

    fn ledger(&self) -> Ledger {
        Ledger::open(&self.folder.path().join("ledger")).unwrap()
    }

    fn provider(&self, url: &str) -> Provider {
        let settings =
            ProviderSettings { timeout: self.patience, faults: Faults::NONE, ..ProviderSettings::default() };
        Provider::new(url, self.clock.clone(), settings).unwrap()
    }

    /// The last message before the present.
    fn last_message(&self) -> Sent {
        self.world.events(present().minus(DAY)..present()).last().unwrap()
    }

    async fn seed_last(&self, url: &str, ledger: &Ledger) -> Progress {
        let range = self.last_message().at..present();
        seed_history(&self.world, range, &self.provider(url), ledger, &self.stop, |_| {}).await.unwrap()
    }
}

/// Lets the other tasks go on until the condition holds.
async fn until(condition: impl Fn() -> bool) {
    tokio::time::timeout(Duration::from_secs(30), async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await
    .unwrap();
}

fn statuses(entry: &Entry) -> Vec<Option<u16>> {
    entry.attempts.iter().map(|attempt| attempt.answer.status).collect()
}

#[actix_web::test]
async fn a_failed_push_is_made_again_after_doubling_delays() {
    let stage = Stage::with_patience(Duration::from_secs(3));
    let intake = intake(&[Act::Answer(500), Act::Hang, Act::Answer(404)]);
    let ledger = stage.ledger();
    let attempts = || ledger.entries().first().map_or(0, |entry| entry.attempts.len());
    let by_hand = async {
        for (made, delay_s) in [(1, 2), (2, 4), (3, 8)] {
            until(|| attempts() == made).await;
            stage.hand.advance(Duration::from_secs(delay_s));
        }
    };
    let (done, ()) = tokio::join!(stage.seed_last(&intake.url, &ledger), by_hand);

    assert_eq!(done, Progress { accepted: 1, failed: 3, ..Progress::default() });
    let entries = ledger.entries();
    assert_eq!(entries.len(), 1);
    assert_eq!(statuses(&entries[0]), [Some(500), None, Some(404), Some(200)]);
    assert!(entries[0].attempts[1].answer.error.is_some());
    let times: Vec<Time> = entries[0].attempts.iter().map(|attempt| attempt.at).collect();
    assert_eq!(times, [0, 2, 6, 14].map(|s| present().plus(Duration::from_secs(s))));
}

#[actix_web::test]
async fn a_redirect_is_refused() {
    let stage = Stage::new();
    let intake = intake(&[Act::Redirect]);
    let ledger = stage.ledger();
    let by_hand = async {
        until(|| ledger.entries().first().is_some_and(|entry| !entry.attempts.is_empty())).await;
        stage.hand.advance(Duration::from_secs(2));
    };
    tokio::join!(stage.seed_last(&intake.url, &ledger), by_hand);
    assert_eq!(statuses(&ledger.entries()[0]), [Some(307), Some(200)]);
    assert_eq!(intake.redirected.load(Ordering::SeqCst), 0);
}

#[actix_web::test]
async fn a_push_is_given_up_after_twelve_hours() {
    let stage = Stage::new();
    let intake = intake(&[Act::Answer(503); 15]);
    let ledger = stage.ledger();
    let attempts = || ledger.entries().first().map_or(0, |entry| entry.attempts.len());
    let by_hand = async {
        for made in 1..15 {
            until(|| attempts() == made).await;
            stage.hand.advance(Duration::from_secs(1 << made));
        }
    };
    let (done, ()) = tokio::join!(stage.seed_last(&intake.url, &ledger), by_hand);
    assert_eq!(done, Progress { failed: 15, given_up: 1, ..Progress::default() });
}

#[actix_web::test]
async fn a_history_is_pushed_once_even_if_it_is_asked_for_twice() {
    let stage = Stage::new();
    let intake = intake(&[]);
    let range = present().minus(DAY / 2)..present();
    let count = stage.world.events(range.clone()).count();
    let mut reported = Progress::default();
    for round in 0..2 {
        let ledger = stage.ledger();
        let provider = stage.provider(&intake.url);
        let done =
            seed_history(&stage.world, range.clone(), &provider, &ledger, &stage.stop, |p| reported = p)
                .await
                .unwrap();
        assert_eq!(
            (done.accepted, done.skipped),
            if round == 0 { (count as u64, 0) } else { (0, count as u64) }
        );
        assert_eq!(reported, done);
    }
    assert_eq!(intake.seen.load(Ordering::SeqCst), count);
}

#[actix_web::test]
async fn the_present_is_played_by_the_clock_and_what_was_left_is_taken_up() {
    let stage = Stage::new();
    let down = "http://127.0.0.1:1/incoming";
    {
        let ledger = stage.ledger();
        let stop_when_tried = async {
            until(|| ledger.entries().first().is_some_and(|entry| !entry.attempts.is_empty())).await;
            stage.stop.cancel();
        };
        let (done, ()) = tokio::join!(stage.seed_last(down, &ledger), stop_when_tried);
        assert_eq!((done.accepted, done.failed), (0, 1));
    }
    let intake = intake(&[]);
    let ledger = stage.ledger();
    let (provider, stop) = (stage.provider(&intake.url), CancellationToken::new());
    let hour = Duration::from_secs(3_600);
    let due = stage.world.deliveries(present()..present().plus(hour), Faults::NONE);
    let expected = due.filter(|delivery| delivery.due <= present().plus(hour)).count();
    let by_hand = async {
        until(|| ledger.entries()[0].is_accepted()).await;
        stage.hand.set(present().plus(hour));
        until(|| ledger.entries().iter().filter(|entry| entry.is_accepted()).count() == expected + 1).await;
        stop.cancel();
    };
    let (done, ()) = tokio::join!(play(&stage.world, present(), &provider, &ledger, &stop, |_| {}), by_hand);
    assert_eq!(done.unwrap().accepted, expected as u64 + 1);
    assert!(expected > 30, "{expected}");
}

#[actix_web::test]
async fn what_is_queued_while_the_world_plays_is_heard_at_the_next_session() {
    let mut stage = Stage::new();
    // One buoy alone: nothing else that happens at sea makes the player look at the time.
    let hours = present()..present().plus(DAY / 4);
    let (world, sessions) = (1..)
        .map(|seed| World::fleet(seed, present(), 1))
        .map(|world| (world.clone(), world.events(hours.clone()).collect::<Vec<Sent>>()))
        .find(|(_, sessions)| sessions[0].payload.starts_with(b"PK101"))
        .unwrap();
    stage.world = world;
    let settings = MtSettings::new("skipper", Secret::new("secret"));
    let api = stage.world.serve_mt("127.0.0.1:0", settings, stage.clock.clone()).await.unwrap();
    let buoy = sessions[0].imei;
    let form = [
        ("imei", buoy.as_str()),
        ("username", "skipper"),
        ("password", "secret"),
        ("data", &hex::encode("+DATA:PK006,45;")),
    ];

    let intake = intake(&[]);
    let (ledger, provider) = (stage.ledger(), stage.provider(&intake.url));
    let texts = || -> Vec<String> {
        let accepted = ledger.entries().into_iter().filter(Entry::is_accepted);
        accepted.map(|entry| String::from_utf8_lossy(&entry.delivery.sent.payload).into_owned()).collect()
    };
    let by_hand = async {
        stage.hand.set(sessions[0].at.plus(Duration::from_secs(10)));
        until(|| texts().len() == 1).await;
        let response = reqwest::Client::new().post(api.url()).form(&form).send().await.unwrap();
        assert!(response.text().await.unwrap().starts_with("OK,"));
        stage.hand.set(sessions[1].at.plus(Duration::from_secs(60)));
        until(|| texts().len() == 3).await;
        stage.stop.cancel();
    };
    let (done, ()) =
        tokio::join!(play(&stage.world, present(), &provider, &ledger, &stage.stop, |_| {}), by_hand);
    done.unwrap();
    let texts = texts();
    assert!(texts[1].ends_with(",st:0") && !texts[1].contains(",int:45,"), "{}", texts[1]);
    assert!(texts[2].ends_with(",int:45,sl:0,st:3"), "{}", texts[2]);
    assert_eq!(api.mailboxes().fetched(buoy)[0].fetched_at, Some(sessions[1].at));
}
