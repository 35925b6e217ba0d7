//! What a receiver has heard: the newest deliveries whole, and how often each id came.

use std::collections::{HashMap, VecDeque};

use fairlead_model::Time;
use serde::Serialize;

use super::Unproven;

/// Most ids that are told apart.
const MOST_IDS: usize = 1_000_000;

/// One delivery, or one try of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Heard {
    /// When, on the receiver's clock.
    pub at: Time,
    /// Its `webhook-id`; empty where it has none.
    pub id: String,
    /// Why it is not believed; absent where it is proven.
    pub unproven: Option<Unproven>,
    /// The status that was answered; absent where nothing was.
    pub answered: Option<u16>,
    /// Its media type.
    pub content_type: String,
    /// Its body.
    pub body: String,
}

impl Heard {
    /// Whether it was proven, and the sender told so.
    pub fn is_taken(&self) -> bool {
        self.unproven.is_none() && self.answered.is_some_and(|status| (200..300).contains(&status))
    }
}

/// What came in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Deliveries and tries.
    pub tries: u64,
    /// Of them, those that were proven and taken.
    pub taken: u64,
    /// Of them, those that were not proven.
    pub unproven: u64,
    /// Ids that were taken.
    pub ids: u64,
    /// Tries of ids that had been taken before.
    pub again: u64,
}

impl Tally {
    /// Most deliveries that are kept whole.
    pub const KEPT: usize = 500;
}

#[derive(Debug, Default)]
pub(super) struct Books {
    newest: VecDeque<Heard>,
    taken: HashMap<String, u32>,
    tally: Tally,
}

impl Books {
    pub(super) fn note(&mut self, heard: Heard) {
        self.tally.tries += 1;
        self.tally.unproven += u64::from(heard.unproven.is_some());
        if heard.is_taken() {
            self.tally.taken += 1;
            match self.taken.get_mut(&heard.id) {
                Some(times) => {
                    *times += 1;
                    self.tally.again += 1;
                }
                None => {
                    self.tally.ids += 1;
                    if self.taken.len() < MOST_IDS {
                        self.taken.insert(heard.id.clone(), 1);
                    }
                }
            }
        }
        if self.newest.len() >= Tally::KEPT {
            self.newest.pop_front();
        }
        self.newest.push_back(heard);
    }

    pub(super) fn heard(&self) -> Vec<Heard> {
        self.newest.iter().cloned().collect()
    }

    pub(super) const fn tally(&self) -> Tally {
        self.tally
    }

    pub(super) fn taken(&self, id: &str) -> u32 {
        self.taken.get(id).copied().unwrap_or(0)
    }
}
