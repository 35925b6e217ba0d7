//! Slows down whoever guesses passwords: after a few failures, one must wait before each next try, longer each time.
//!
//! Kept in memory: a restart forgets it, and the price of a check (argon2id) remains.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use fairlead_model::Time;

/// Failures of a name from one address that cost nothing: people mistype.
const FREE: u32 = 5;

/// Failures of a name from all addresses together that cost nothing.
const FREE_ANYWHERE: u32 = 50;

/// The first wait.
const FIRST: Duration = Duration::from_secs(10);

/// The longest wait.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// After so long without a failure all is forgotten.
const FORGET: Duration = Duration::from_secs(60 * 60);

/// Most entries; beyond it the oldest ones go.
const ENTRIES: usize = 10_000;

/// Failures by name and address. An empty address stands for all of them.
#[derive(Default)]
pub(crate) struct Throttle(Mutex<HashMap<(String, String), Failures>>);

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Time,
}

impl Throttle {
    /// For how long this name must wait at this address; `None` where it may try now.
    pub(crate) fn wait(&self, name: &str, address: &str, now: Time) -> Option<Duration> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = |address: &str, free| {
            let failures = kept.get(&(name.to_owned(), address.to_owned()))?;
            let over = failures.last.plus(pause(failures.count, free));
            (over > now).then(|| over.since(now))
        };
        left(address, FREE).max(left("", FREE_ANYWHERE))
    }

    /// Notes a failure.
    pub(crate) fn failed(&self, name: &str, address: &str, now: Time) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= ENTRIES {
            make_room(&mut kept, now);
        }
        for address in [address, ""] {
            let failures =
                kept.entry((name.to_owned(), address.to_owned())).or_insert(Failures { count: 0, last: now });
            if failures.last.plus(FORGET) < now {
                failures.count = 0;
            }
            *failures = Failures { count: failures.count.saturating_add(1), last: now };
        }
    }

    /// The person is known: what failed before at this address was mistyped.
    pub(crate) fn succeeded(&self, name: &str, address: &str) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(&(name.to_owned(), address.to_owned()));
    }
}

fn make_room(kept: &mut HashMap<(String, String), Failures>, now: Time) {
    kept.retain(|_, failures| failures.last.plus(FORGET) >= now);
    if kept.len() < ENTRIES {
        return;
    }
    let mut times: Vec<Time> = kept.values().map(|failures| failures.last).collect();
    times.sort_unstable();
    let middle = times.get(times.len() / 2).copied().unwrap_or(now);
    kept.retain(|_, failures| failures.last > middle);
}

/// The wait after so many failures: nothing at first, then doubled each time.
fn pause(failures: u32, free: u32) -> Duration {
    match failures.checked_sub(free) {
        None => Duration::ZERO,
        Some(more) => FIRST.saturating_mul(1 << more.min(10)).min(LONGEST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_micros(1_780_000_000_000_000);

    fn fail(throttle: &Throttle, times: u32, address: &str) {
        (0..times).for_each(|_| throttle.failed("ada", address, NOW));
    }

    #[test]
    fn mistyping_is_free_and_guessing_waits_longer_each_time() {
        let throttle = Throttle::default();
        fail(&throttle, FREE - 1, "a");
        assert_eq!(throttle.wait("ada", "a", NOW), None);
        let mut waits = Vec::new();
        for _ in 0..10 {
            fail(&throttle, 1, "a");
            waits.push(throttle.wait("ada", "a", NOW).unwrap());
        }
        assert_eq!(waits[..3], [FIRST, 2 * FIRST, 4 * FIRST]);
        assert_eq!(waits[9], LONGEST);
        assert_eq!(throttle.wait("ada", "a", NOW.plus(LONGEST)), None);
        assert_eq!(throttle.wait("ada", "b", NOW), None, "she herself comes from elsewhere");
        throttle.succeeded("ada", "a");
        assert_eq!(throttle.wait("ada", "a", NOW), None);
    }

    #[test]
    fn many_addresses_together_wait_too_and_memory_is_bounded() {
        let throttle = Throttle::default();
        for n in 0..FREE_ANYWHERE {
            throttle.failed("ada", &n.to_string(), NOW);
        }
        assert_eq!(throttle.wait("ada", "new", NOW), Some(FIRST));
        for n in 0..2 * ENTRIES {
            throttle.failed(&n.to_string(), "a", NOW.plus(Duration::from_millis(n as u64)));
        }
        assert!(throttle.0.lock().unwrap().len() <= ENTRIES + 1);
    }
}
