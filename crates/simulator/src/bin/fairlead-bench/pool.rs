//! Ready-made requests: signed before anything is measured, as signing costs twenty times what checking does.

use std::cell::Cell;
use std::time::Duration;

use anyhow::{Context, Result};
use fairlead_model::Clock;
use fairlead_simulator::satellite::{Delivery, Faults, Provider, ProviderSettings, World};

use crate::connection::post;

/// Buoys in the fleet; a day of theirs is some 90,000 messages.
const FLEET: u32 = 1_000;
const DAY: Duration = Duration::from_secs(86_400);
const SEED: u64 = 1;

/// Requests that are sent round and round.
pub(crate) struct Requests {
    all: Vec<Vec<u8>>,
    next: Cell<usize>,
    rounds: Cell<usize>,
}

impl Requests {
    pub(crate) fn new(all: Vec<Vec<u8>>) -> Result<Self> {
        anyhow::ensure!(!all.is_empty(), "there is nothing to send");
        Ok(Self { all, next: Cell::new(0), rounds: Cell::new(0) })
    }

    /// The next request; after the last the first again.
    pub(crate) fn next(&self) -> &[u8] {
        let at = self.next.get();
        if at + 1 == self.all.len() {
            self.next.set(0);
            self.rounds.set(self.rounds.get() + 1);
        } else {
            self.next.set(at + 1);
        }
        self.all.get(at).map(Vec::as_slice).unwrap_or_default()
    }

    /// How many different ones were taken so far.
    pub(crate) fn distinct(&self) -> usize {
        if self.rounds.get() > 0 { self.all.len() } else { self.next.get() }
    }
}

/// So many different signed pushes of the last days, on two threads.
pub(crate) fn bodies(count: usize) -> Result<Vec<(&'static str, String)>> {
    let now = Clock::system().now();
    let world = World::fleet(SEED, now.minus(30 * DAY), FLEET);
    let deliveries: Vec<Delivery> =
        world.deliveries(now.minus(30 * DAY)..now, Faults::NONE).take(count).collect();
    anyhow::ensure!(deliveries.len() == count, "the fleet sent only {} messages", deliveries.len());
    let settings = ProviderSettings::default();
    let provider = Provider::new("http://127.0.0.1:1/", Clock::system(), settings)?;
    let sign = |part: &[Delivery]| -> Result<Vec<(&'static str, String)>> {
        part.iter().map(|d| provider.body(d).map(|body| (body.content_type, body.text))).collect()
    };
    let (left, right) = deliveries.split_at(deliveries.len() / 2);
    std::thread::scope(|scope| {
        let left = scope.spawn(|| sign(left));
        let mut right = sign(right)?;
        let mut all = left.join().ok().context("signing broke off")??;
        all.append(&mut right);
        Ok(all)
    })
}

/// Bodies as requests to a path.
pub(crate) fn requests(bodies: &[(&'static str, String)], path: &str) -> Result<Requests> {
    Requests::new(bodies.iter().map(|(content_type, body)| post(path, content_type, body)).collect())
}
