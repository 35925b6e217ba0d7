//! One round of pushing: what is due is posted, what fails is due again, and all of it goes into the ledger.

use std::collections::{BinaryHeap, HashMap, VecDeque};

use anyhow::Result;
use fairlead_model::{Imei, Time};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Progress, wait};
use crate::ledger::{Attempt, EntryNumber, Ledger};
use crate::satellite::{Answer, Delivery, Provider};
use crate::schedule::{END_OF_TIME, Schedule, Soonest};

/// Most pushes that wait for an earlier one of the same modem.
const MAX_WAITING: usize = 1_024;

/// When first attempts are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// At once, one at a time for each modem.
    FlatOut,
    /// When they are due.
    ByClock,
}

/// A push on its way.
struct Job {
    number: EntryNumber,
    delivery: Delivery,
    /// Attempts that failed.
    failed: u32,
}

/// The state of a round. Nothing in it is shared: one task owns it, and posts run beside.
pub(super) struct Round<'a> {
    provider: &'a Provider,
    ledger: &'a Ledger,
    schedule: Schedule,
    pace: Pace,
    retries: BinaryHeap<Soonest<Job>>,
    in_flight: JoinSet<(Job, Answer)>,
    /// Modems with a push on its way, and what waits behind it; empty unless flat out.
    lanes: HashMap<Imei, VecDeque<Job>>,
    waiting: usize,
    progress: Progress,
}

impl<'a> Round<'a> {
    pub(super) fn new(provider: &'a Provider, ledger: &'a Ledger, schedule: Schedule, pace: Pace) -> Self {
        Self {
            provider,
            ledger,
            schedule,
            pace,
            retries: BinaryHeap::new(),
            in_flight: JoinSet::new(),
            lanes: HashMap::new(),
            waiting: 0,
            progress: Progress::default(),
        }
    }

    /// Takes up what an earlier run left unanswered.
    pub(super) fn resume(&mut self, is_ours: impl Fn(&Delivery) -> bool) {
        let now = self.provider.clock().now();
        for (number, entry) in self.ledger.entries().into_iter().enumerate() {
            if entry.is_accepted() || !entry.delivery.is_genuine() || !is_ours(&entry.delivery) {
                continue;
            }
            let failed = u32::try_from(entry.attempts.len()).unwrap_or(u32::MAX);
            // Given up is given up: where the rule has no further delay, nothing is tried.
            if failed == 0 || self.provider.settings().retry.delay(failed).is_some() {
                self.retries.push(Soonest::new(now, Job { number, delivery: entry.delivery, failed }));
            }
        }
    }

    /// Runs until everything is settled or `stop` is cancelled. Posts that are on their way are waited for.
    pub(super) async fn run(
        mut self,
        stop: &CancellationToken,
        mut report: impl FnMut(Progress),
    ) -> Result<Progress> {
        loop {
            self.start_what_is_due()?;
            let next = self.next_due();
            if next.is_none() && self.in_flight.is_empty() {
                break;
            }
            let has_room = self.has_room();
            let clock = self.provider.clock();
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(done) = self.in_flight.join_next() => {
                    self.settle(done?)?;
                    report(self.progress);
                }
                () = wait::until(clock, next.unwrap_or(clock.now())), if next.is_some() && has_room => {}
            }
        }
        while let Some(done) = self.in_flight.join_next().await {
            self.settle_without_more(done?)?;
        }
        report(self.progress);
        Ok(self.progress)
    }

    fn has_room(&self) -> bool {
        self.in_flight.len() < self.provider.settings().in_flight && self.waiting < MAX_WAITING
    }

    /// When there is something to start; `None` where nothing is left.
    fn next_due(&self) -> Option<Time> {
        let retry = self.retries.peek().map(|soonest| soonest.due);
        let first = match (self.pace, self.schedule.next_at()) {
            (Pace::ByClock, first) => first,
            (Pace::FlatOut, first) => first.map(|_| self.provider.clock().now()),
        };
        [retry, first].into_iter().flatten().min()
    }

    fn start_what_is_due(&mut self) -> Result<()> {
        let now = self.provider.clock().now();
        while self.has_room() {
            if self.retries.peek().is_some_and(|soonest| soonest.due <= now)
                && let Some(Soonest { item, .. }) = self.retries.pop()
            {
                self.start(item);
                continue;
            }
            let horizon = if self.pace == Pace::FlatOut { END_OF_TIME } else { now };
            let Some(delivery) = self.schedule.due_by(horizon) else { break };
            self.take(delivery)?;
        }
        Ok(())
    }

    /// Notes a push that is due, unless an earlier run settled it.
    fn take(&mut self, delivery: Delivery) -> Result<()> {
        let failed = match self.ledger.standing(&delivery) {
            Some((_, true)) => return self.skip(),
            Some((1.., false)) if !delivery.is_genuine() => return self.skip(),
            // What was tried before is in `retries` already, where rounds resume.
            Some((_, false)) if self.pace == Pace::ByClock => return self.skip(),
            Some((failed, false)) => failed,
            None => 0,
        };
        let number = self.ledger.note_push(&delivery)?;
        self.start(Job { number, delivery, failed });
        Ok(())
    }

    fn skip(&mut self) -> Result<()> {
        self.progress.skipped += 1;
        Ok(())
    }

    fn start(&mut self, job: Job) {
        if self.pace == Pace::FlatOut {
            let imei = job.delivery.sent.imei;
            if let Some(lane) = self.lanes.get_mut(&imei) {
                lane.push_back(job);
                self.waiting += 1;
                return;
            }
            self.lanes.insert(imei, VecDeque::new());
        }
        self.post(job);
    }

    fn post(&mut self, job: Job) {
        let provider = self.provider.clone();
        self.in_flight.spawn(async move {
            let answer = provider.post(&job.delivery).await;
            (job, answer)
        });
    }

    fn settle(&mut self, done: (Job, Answer)) -> Result<()> {
        let imei = done.0.delivery.sent.imei;
        self.settle_without_more(done)?;
        if let Some(lane) = self.lanes.get_mut(&imei) {
            match lane.pop_front() {
                Some(job) => {
                    self.waiting -= 1;
                    self.post(job);
                }
                None => {
                    self.lanes.remove(&imei);
                }
            }
        }
        Ok(())
    }

    fn settle_without_more(&mut self, (mut job, answer): (Job, Answer)) -> Result<()> {
        let now = self.provider.clock().now();
        let accepted = answer.is_accepted();
        self.ledger.note_attempt(job.number, Attempt { at: now, answer })?;
        if accepted {
            self.progress.accepted += 1;
            return Ok(());
        }
        // A stranger does not try again; the provider does, by its rule.
        if !job.delivery.is_genuine() {
            self.progress.kept_out += 1;
            return Ok(());
        }
        self.progress.failed += 1;
        job.failed = job.failed.saturating_add(1);
        let delay = self.provider.settings().retry.delay(job.failed);
        match delay {
            Some(delay) => self.retries.push(Soonest::new(now.plus(delay), job)),
            None => self.progress.given_up += 1,
        }
        Ok(())
    }
}
