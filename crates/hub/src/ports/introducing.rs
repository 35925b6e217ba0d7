//! The places for those who have come and have not yet said what they want.
//!
//! They are bounded, and whoever says nothing must not keep others out: where no place is free, the one ends that has been
//! silent for longest.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The places of one port.
pub(super) struct Places {
    free: Arc<Semaphore>,
    waiting: Arc<Waiting>,
    numbers: AtomicU64,
    tasks: TaskTracker,
}

/// Those who wait for the other end, by the number under which they came.
#[derive(Default)]
struct Waiting(Mutex<BTreeMap<u64, CancellationToken>>);

/// One of the places; free again when this is dropped.
pub(crate) struct Introducing {
    number: u64,
    waiting: Arc<Waiting>,
    tasks: TaskTracker,
    _place: OwnedSemaphorePermit,
}

impl Places {
    pub(super) fn new(most: usize, tasks: TaskTracker) -> Self {
        let free = Arc::new(Semaphore::new(most));
        Self { free, waiting: Arc::default(), numbers: AtomicU64::new(0), tasks }
    }

    /// The next place: a free one, or the one of whoever has been silent for longest. Safe to be dropped.
    pub(super) async fn take(&self) -> Option<Introducing> {
        let place = match self.free.clone().try_acquire_owned() {
            Ok(place) => place,
            Err(_) => {
                self.waiting.end_oldest();
                self.free.clone().acquire_owned().await.ok()?
            }
        };
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let (waiting, tasks) = (self.waiting.clone(), self.tasks.clone());
        Some(Introducing { number, waiting, tasks, _place: place })
    }
}

impl Waiting {
    fn inside(&self) -> MutexGuard<'_, BTreeMap<u64, CancellationToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end_oldest(&self) {
        if let Some((_, oldest)) = self.inside().pop_first() {
            oldest.cancel();
        }
    }
}

impl Introducing {
    /// Waits for the other end, until somebody else needs the place; `None` where that was so.
    pub(super) async fn wait<T>(&self, other_end: impl Future<Output = T>) -> Option<T> {
        let needed = CancellationToken::new();
        self.waiting.inside().insert(self.number, needed.clone());
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
    async fn whoever_says_nothing_keeps_nobody_out() {
        let places = Places::new(3, TaskTracker::new());
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
