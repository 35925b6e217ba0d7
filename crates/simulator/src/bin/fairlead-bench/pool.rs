//! Ready-made requests: plain forms, or pushes that were signed before anything is measured, as signing costs twenty
//! times what checking does.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use fairlead_model::Clock;
use fairlead_simulator::satellite::{
    Body, Delivery, DeliveryForm, Faults, Provider, ProviderSettings, World,
};

use crate::connection::post;

/// Buoys in the fleet.
const FLEET: u32 = 1_000;
/// How long the fleet has been at sea: some two million messages.
const AGE: Duration = Duration::from_secs(25 * 86_400);
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

    /// Whether no request was sent twice.
    pub(crate) fn is_fresh(&self) -> bool {
        self.rounds.get() == 0 || self.rounds.get() == 1 && self.next.get() == 0
    }
}

/// Pushes of a large fleet, each of them once.
pub(crate) struct Source {
    signed: bool,
    deliveries: Box<dyn Iterator<Item = Delivery>>,
    provider: Provider,
}

impl Source {
    pub(crate) fn new(signed: bool) -> Result<Self> {
        let now = Clock::system().now();
        let world = World::fleet(SEED, now.minus(AGE), FLEET);
        let provider = Provider::new("http://127.0.0.1:1/", Clock::system(), ProviderSettings::default())?;
        let deliveries = world.deliveries(now.minus(AGE)..now, Faults::NONE);
        Ok(Self { signed, deliveries: Box::new(deliveries), provider })
    }

    /// The next pushes as requests to a path, made on two threads.
    pub(crate) fn requests(&mut self, count: usize, path: &str) -> Result<Rc<Requests>> {
        let mut deliveries: Vec<Delivery> = self.deliveries.by_ref().take(count).collect();
        if !self.signed {
            for delivery in &mut deliveries {
                Arc::make_mut(&mut delivery.sent).form = DeliveryForm::PlainForm;
            }
        }
        let provider = &self.provider;
        let make = |part: &[Delivery]| -> Result<Vec<Vec<u8>>> {
            let request = |body: Body| post(path, body.content_type, &body.text);
            part.iter().map(|delivery| provider.body(delivery).map(request)).collect()
        };
        let (left, right) = deliveries.split_at(deliveries.len() / 2);
        let all = std::thread::scope(|scope| {
            let left = scope.spawn(|| make(left));
            let mut right = make(right)?;
            let mut all = left.join().ok().context("signing broke off")??;
            all.append(&mut right);
            anyhow::Ok(all)
        })?;
        Requests::new(all).map(Rc::new)
    }
}
