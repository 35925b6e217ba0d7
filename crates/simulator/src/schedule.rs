//! The pushes of a world in the order in which they are due.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use fairlead_model::Time;

use crate::satellite::{Delivery, Events, Faults, deliveries};

/// Later than anything.
pub(crate) const END_OF_TIME: Time = Time::from_micros(i64::MAX);

/// Turns messages in the order of their transmission into pushes in the order of their due times.
pub(crate) struct Schedule {
    events: Events,
    seed: u64,
    faults: Faults,
    planned: BinaryHeap<Soonest<Delivery>>,
}

impl Schedule {
    pub(crate) fn new(events: Events, seed: u64, faults: Faults) -> Self {
        Self { events, seed, faults, planned: BinaryHeap::new() }
    }

    /// When there is something to do next: a push to make, or a session to plan the pushes of. `None` where nothing
    /// is left.
    pub(crate) fn next_at(&self) -> Option<Time> {
        let push = self.planned.peek().map(|soonest| soonest.due);
        [push, self.events.next_at()].into_iter().flatten().min()
    }

    /// The next push that is due by `now`. Nothing is looked at that happens later, so that a device may still be
    /// told something before its next session.
    pub(crate) fn due_by(&mut self, now: Time) -> Option<Delivery> {
        loop {
            // No push is due before its message was sent, so whatever was sent later need not be looked at yet.
            let horizon = self.planned.peek().map_or(now, |soonest| soonest.due.min(now));
            if self.events.next_at().is_none_or(|at| at > horizon) {
                break;
            }
            if let Some(sent) = self.events.advance() {
                for delivery in deliveries(sent, self.seed, &self.faults) {
                    self.planned.push(Soonest::new(delivery.due, delivery));
                }
            }
        }
        if self.planned.peek()?.due > now { None } else { self.planned.pop().map(|soonest| soonest.item) }
    }
}

/// Every push, without regard to the clock.
impl Iterator for Schedule {
    type Item = Delivery;

    fn next(&mut self) -> Option<Delivery> {
        self.due_by(END_OF_TIME)
    }
}

/// Something that is due, ordered so that a heap gives the soonest first.
pub(crate) struct Soonest<T> {
    pub(crate) due: Time,
    pub(crate) item: T,
}

impl<T> Soonest<T> {
    pub(crate) fn new(due: Time, item: T) -> Self {
        Self { due, item }
    }
}

impl<T> Ord for Soonest<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.due.cmp(&self.due)
    }
}

impl<T> PartialOrd for Soonest<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Soonest<T> {
    fn eq(&self, other: &Self) -> bool {
        self.due == other.due
    }
}

impl<T> Eq for Soonest<T> {}
