//! The intake's state, its tasks and what readiness says about it.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use actix_web::web;
use fairlead_bus::Bus;
use fairlead_model::{Clock, Secret, Time};
use fairlead_runtime::{Common, Context, Facts, Mount, Service, doctor};
use fairlead_store::Store;
use fairlead_store::journal::Journal;
use fairlead_web::health::{Check, Health};
use metrics::Counter;
use serde_json::json;
use tokio::sync::Mutex;

use crate::http;
use crate::jobs::drain::{Doors, Drain, Policy};
use crate::round_trip::RoundTrip;
use crate::settings::Settings;
use crate::trust::Doorkeepers;

/// Characters that a secret in a path has at least.
const SHORTEST_SECRET: usize = 16;

/// The intake.
pub struct Intake;

/// What the doors need.
pub(crate) struct State {
    pub(crate) journal: Journal,
    pub(crate) doorkeepers: Doorkeepers,
    pub(crate) held_budget: Budget,
    pub(crate) counters: Counters,
    pub(crate) store: Store,
    pub(crate) bus: Bus,
    pub(crate) clock: Clock,
    pub(crate) facts: Facts,
    pub(crate) round_trip: RoundTrip,
    /// When the last test push began; locked while one is under way.
    pub(crate) last_test: Mutex<Option<Time>>,
    /// Locked while a file is imported.
    pub(crate) importing: Mutex<()>,
}

/// Counters of the hot path, looked up once.
pub(crate) struct Counters {
    pub(crate) accepted: Counter,
}

impl Service for Intake {
    const NAME: &'static str = "intake";
    type Settings = Settings;

    async fn start(settings: Settings, context: Context) -> anyhow::Result<Mount> {
        let path = context.folder.join("journal.sqlite");
        let journal = Journal::open(&path, settings.journal_max_mb.saturating_mul(1 << 20))?;
        let state = web::Data::new(State {
            journal: journal.clone(),
            doorkeepers: Doorkeepers::new(&settings)?,
            held_budget: Budget::new(settings.held_per_minute),
            counters: Counters { accepted: metrics::counter!("fairlead_intake_accepted_total") },
            store: context.store.clone(),
            bus: context.bus.clone(),
            clock: context.clock.clone(),
            facts: context.facts.clone(),
            round_trip: RoundTrip::new(&context.public_url, &settings.rockblock),
            last_test: Mutex::new(None),
            importing: Mutex::new(()),
        });
        // By the names of `fairlead_model::door::DoorFacts`, which the console reads.
        context.facts.set("require_trust", json!(settings.rockblock.require_trust));
        context.facts.set("has_secret_path", json!(!settings.rockblock.secret_path.is_empty()));
        watch(&context, &journal);
        let policy = Policy {
            unsigned_after_signed: Doors {
                rockblock: settings.rockblock.unsigned_after_signed,
                rockcore: settings.rockcore.unsigned_after_signed,
                cloudloop: settings.cloudloop.unsigned_after_signed,
            },
            held_keep: settings.held_keep,
            by_hand: false,
        };
        let drain = Drain { journal, context: context.clone(), policy };
        context.spawn("intake drain", drain.run());
        Ok(Mount::new(move |config| {
            config.app_data(state.clone());
            http::mount(config);
        }))
    }

    fn doctor(settings: &Settings, common: &Common, doctor: &Health) {
        let dir = common.data.dir.clone();
        doctor.add(move || doctor::fsync(dir.clone()));
        let secrets = [
            ("webhook", "intake.rockblock", &settings.rockblock.secret_path),
            ("webhook for RockSTARs", "intake.rockcore", &settings.rockcore.secret_path),
            ("webhook for Cloudloop", "intake.cloudloop", &settings.cloudloop.secret_path),
        ];
        for (name, section, secret) in secrets.into_iter().filter(|(.., secret)| !secret.is_empty()) {
            let found = guessable(name, section, secret);
            doctor.add(move || std::future::ready(found.clone()));
        }
    }
}

/// Whether the secret in a webhook's path withstands guessing.
fn guessable(name: &str, section: &str, secret: &Secret) -> Check {
    if secret.expose().chars().count() < SHORTEST_SECRET {
        let reason = format!("The secret in its path has fewer than {SHORTEST_SECRET} characters.");
        let advice = format!(
            "Make one with `openssl rand -hex 24`, set {section}.secret_path, and tell the provider."
        );
        return Check::bad(name, reason).bearable().advice(advice);
    }
    Check::good(name, "The secret in its path is long.")
}

/// Readiness: whether pushes are taken. A store that is away is ordinary operation; the lag tells of it.
fn watch(context: &Context, journal: &Journal) {
    let (journal, clock) = (journal.clone(), context.clock.clone());
    context.health.add(move || {
        let (journal, clock) = (journal.clone(), clock.clone());
        async move {
            let state = journal.state().await;
            let lag = state.oldest.map_or(Duration::ZERO, |oldest| clock.now().since(oldest));
            metrics::gauge!("fairlead_intake_journal_waiting")
                .set(f64::from(i32::try_from(state.waiting).unwrap_or(i32::MAX)));
            match state.failed {
                Some(reason) => Check::bad("intake journal", format!("Nothing is accepted: {reason}."))
                    .advice("Make room on the disk, or mend it. It is tried again each second."),
                None => Check::good(
                    "intake journal",
                    match state.waiting {
                        1 => format!("1 message waits for the store, for {} s.", lag.as_secs()),
                        n => format!("{n} messages wait for the store, the oldest for {} s.", lag.as_secs()),
                    },
                ),
            }
        }
    });
}

/// An allowance for each minute.
pub(crate) struct Budget {
    per_minute: u32,
    minute: AtomicI64,
    spent: AtomicU32,
}

impl Budget {
    const fn new(per_minute: u32) -> Self {
        Self { per_minute, minute: AtomicI64::new(0), spent: AtomicU32::new(0) }
    }

    /// Whether there was something left of this minute's allowance.
    pub(crate) fn spend(&self, now: Time) -> bool {
        let minute = now.micros() / 60_000_000;
        if self.minute.swap(minute, Ordering::SeqCst) != minute {
            self.spent.store(0, Ordering::SeqCst);
        }
        self.spent.fetch_add(1, Ordering::SeqCst) < self.per_minute
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_renewed_each_minute() {
        let budget = Budget::new(2);
        let at = |s: i64| Time::from_micros(s * 1_000_000);
        assert_eq!([0, 1, 2].map(|s| budget.spend(at(60 + s))), [true, true, false]);
        assert!(budget.spend(at(120)));
    }
}
