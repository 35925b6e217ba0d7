//! The pushes of a world in the order in which they are due.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::iter::Peekable;

use fairlead_model::Time;

use crate::satellite::{Delivery, Faults, Sent, deliveries};

/// Turns messages in the order of their transmission into pushes in the order of their due times.
pub(crate) struct Schedule<S: Iterator<Item = Sent>> {
    sent: Peekable<S>,
    seed: u64,
    faults: Faults,
    planned: BinaryHeap<Soonest<Delivery>>,
}

impl<S: Iterator<Item = Sent>> Schedule<S> {
    pub(crate) fn new(sent: S, seed: u64, faults: Faults) -> Self {
        Self { sent: sent.peekable(), seed, faults, planned: BinaryHeap::new() }
    }
}

impl<S: Iterator<Item = Sent>> Iterator for Schedule<S> {
    type Item = Delivery;

    fn next(&mut self) -> Option<Delivery> {
        // No push is due before its message was sent, so whatever was sent later need not be looked at yet.
        loop {
            let horizon = self.planned.peek().map(|soonest| soonest.due);
            let Some(sent) = self.sent.next_if(|sent| horizon.is_none_or(|due| sent.at <= due)) else {
                break;
            };
            for delivery in deliveries(sent, self.seed, &self.faults) {
                self.planned.push(Soonest::new(delivery.due, delivery));
            }
        }
        self.planned.pop().map(|soonest| soonest.item)
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
