//! The places for those who have come and have not yet said what they want.
//!
//! They are bounded, and whoever says nothing must not keep others out: where no place is free, the one ends that has been
//! silent for longest. Each has a moment to speak first: of a whole fleet that comes at once nobody is silent, it is only not
//! heard yet.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The places of one port.
pub(super) struct Places {
    free: Arc<Semaphore>,
    /// How long each may be silent before another one needs the place.
    moment: Duration,
    waiting: Arc<Waiting>,
    numbers: AtomicU64,
    tasks: TaskTracker,
}

/// Those who wait for the other end, by the number under which they came.
#[derive(Default)]
struct Waiting(Mutex<BTreeMap<u64, Silent>>);

/// One who has not spoken.
struct Silent {
    since: Instant,
    needed: CancellationToken,
}

/// One of the places; free again when this is dropped.
pub(crate) struct Introducing {
    number: u64,
    waiting: Arc<Waiting>,
    tasks: TaskTracker,
    _place: OwnedSemaphorePermit,
}

impl Places {
    pub(super) fn new(most: usize, moment: Duration, tasks: TaskTracker) -> Self {
        let free = Arc::new(Semaphore::new(most));
        Self { free, moment, waiting: Arc::default(), numbers: AtomicU64::new(0), tasks }
    }

    /// The next place: a free one, or the one of whoever has been silent for longest. Safe to be dropped.
    pub(super) async fn take(&self) -> Option<Introducing> {
        let place = loop {
            if let Ok(place) = self.free.clone().try_acquire_owned() {
                break place;
            }
            let look_again = self.waiting.end_oldest(self.moment);
            if let Ok(place) = tokio::time::timeout_at(look_again, self.free.clone().acquire_owned()).await {
                break place.ok()?;
            }
        };
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let (waiting, tasks) = (self.waiting.clone(), self.tasks.clone());
        Some(Introducing { number, waiting, tasks, _place: place })
    }
}

impl Waiting {
    fn inside(&self) -> MutexGuard<'_, BTreeMap<u64, Silent>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends who has been silent for longest, if that is long enough; returns when to look again.
    fn end_oldest(&self, moment: Duration) -> Instant {
        let mut waiting = self.inside();
        let now = Instant::now();
        if let Some(oldest) = waiting.first_entry() {
            let until = oldest.get().since + moment;
            if until > now {
                return until;
            }
            oldest.remove().needed.cancel();
        }
        now + moment
    }
}

impl Introducing {
    /// Waits for the other end, until somebody else needs the place; `None` where that was so.
    pub(super) async fn wait<T>(&self, other_end: impl Future<Output = T>) -> Option<T> {
        let needed = CancellationToken::new();
        let silent = Silent { since: Instant::now(), needed: needed.clone() };
        self.waiting.inside().insert(self.number, silent);
        let said = needed.run_until_cancelled(other_end).await;
        self.waiting.inside().remove(&self.number);
        said
    }

    /// The introduction is over: what goes on is a task of its own, so that it keeps nothing of the introduction.
    pub(super) fn go_on(self, talk: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(talk);
    }
}

impl Drop for Introducing {
    fn drop(&mut self) {
        self.waiting.inside().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn nobody_is_ended_before_there_was_time_to_speak() {
        let places = Places::new(3, Duration::from_secs(3_600), TaskTracker::new());
        let mut fleet = Vec::new();
        for _ in 0..3 {
            let (speak, spoken) = tokio::sync::oneshot::channel();
            let place = places.take().await.unwrap();
            fleet.push((speak, tokio::spawn(async move { place.wait(spoken).await })));
        }
        let (taken, ()) = tokio::join!(places.take(), async {
            tokio::task::yield_now().await;
            assert!(fleet.iter().all(|(_, device)| !device.is_finished()));
            for (speak, device) in fleet.drain(..) {
                speak.send(7).unwrap();
                assert_eq!(device.await.unwrap(), Some(Ok(7)));
            }
        });
        assert!(taken.is_some(), "a place is free when somebody has spoken");
    }

    #[tokio::test]
    async fn whoever_says_nothing_keeps_nobody_out() {
        let places = Places::new(3, Duration::ZERO, TaskTracker::new());
        let spoken = places.take().await.unwrap();
        assert_eq!(spoken.wait(ready(7)).await, Some(7));
        let mut silent = Vec::new();
        for _ in 0..10 {
            let place = places.take().await.unwrap();
            silent.push(tokio::spawn(async move { place.wait(pending::<()>()).await }));
            // It is waited for from here on.
            tokio::task::yield_now().await;
        }
        for ended in silent.drain(..8) {
            assert_eq!(ended.await.unwrap(), None);
        }
        assert!(silent.iter().all(|silent| !silent.is_finished()), "the newest have time to speak");
        assert_eq!(spoken.wait(ready(8)).await, Some(8), "whoever has spoken is not ended");
    }
}
