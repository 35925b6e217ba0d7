//! What devices have fetched, in memory: written down in one batch a second, so that a file costs no transaction.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use fairlead_model::JobId;

use crate::upgrade::Heard;

/// What was heard and is not written down yet, by job. No more jobs are in it than go on.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    heard: Mutex<HashMap<JobId, Heard>>,
    /// Held while everything is being written down: what was taken out for that is nowhere else.
    writing: tokio::sync::Mutex<()>,
}

/// Everything that was heard, taken out to be written down. What is put back comes before this is dropped.
pub(crate) struct Everything<'p> {
    pub(crate) heard: Vec<(JobId, Heard)>,
    _writing: tokio::sync::MutexGuard<'p, ()>,
}

impl Progress {
    /// Adds what was heard of a job's device.
    pub(crate) fn add(&self, job: JobId, heard: Heard) {
        let mut jobs = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        match jobs.get_mut(&job) {
            Some(known) => known.add(heard),
            None => drop(jobs.insert(job, heard)),
        }
    }

    /// Takes out what was heard of one job's device, once nobody is writing everything down: by then it is either here
    /// or written.
    pub(crate) async fn take(&self, job: JobId) -> Option<Heard> {
        let _nobody_writes = self.writing.lock().await;
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).remove(&job)
    }

    /// Takes out everything.
    pub(crate) async fn take_all(&self) -> Everything<'_> {
        let writing = self.writing.lock().await;
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner).drain().collect();
        Everything { heard, _writing: writing }
    }
}

impl Heard {
    /// Adds what was heard before or after; what belongs to an older attempt is worth nothing any more.
    fn add(&mut self, other: Self) {
        let at = self.at.max(other.at);
        if other.attempt > self.attempt {
            *self = other;
        } else if other.attempt == self.attempt {
            self.seen.merge(&other.seen);
            if other.at >= self.at {
                self.current_file = other.current_file.or(self.current_file.take());
                self.hint = other.hint.or(self.hint.take());
            }
            if self.sizes.is_empty() {
                self.sizes = other.sizes;
            }
        }
        self.at = at;
    }
}

#[cfg(test)]
mod tests {
    use fairlead_model::Time;
    use fairlead_store::firmware::seen::Seen;

    use super::*;

    fn heard(attempt: i32, at: i64, place: usize) -> Heard {
        let mut seen = Seen::default();
        seen.insert(place);
        let current_file = Some(format!("{place}.py"));
        Heard { attempt, at: Time::from_micros(at), seen, current_file, hint: None, sizes: [1; 9].into() }
    }

    #[tokio::test]
    async fn what_is_put_back_after_a_failed_write_is_older_than_what_came_meanwhile() {
        let (progress, job) = (Progress::default(), JobId::from(uuid::Uuid::nil()));
        progress.add(job, heard(1, 10, 0));
        let failed = progress.take(job).await.unwrap();
        progress.add(job, heard(1, 20, 1));
        progress.add(job, failed);
        let both = progress.take(job).await.unwrap();
        assert_eq!((both.seen.sum(&both.sizes), both.current_file.as_deref()), ((2, 2), Some("1.py")));
        assert_eq!(both.at, Time::from_micros(20));
        progress.add(job, both);
        // The device began anew.
        progress.add(job, heard(2, 30, 5));
        progress.add(job, heard(1, 40, 6));
        let newest = progress.take(job).await.unwrap();
        assert_eq!((newest.attempt, newest.seen.sum(&newest.sizes)), (2, (1, 1)));
        assert!(progress.take_all().await.heard.is_empty());
    }

    #[tokio::test]
    async fn what_is_being_written_down_is_waited_for() {
        let (progress, job) = (Progress::default(), JobId::from(uuid::Uuid::nil()));
        progress.add(job, heard(1, 10, 0));
        let all = progress.take_all().await;
        // Its device says that it is done, while the writing goes on, and fails.
        let taken = progress.take(job);
        tokio::pin!(taken);
        tokio::select! {
            biased;
            _ = &mut taken => panic!("it did not wait"),
            () = std::future::ready(()) => {}
        }
        all.heard.iter().for_each(|(job, heard)| progress.add(*job, heard.clone()));
        drop(all);
        assert!(taken.await.is_some());
    }
}
