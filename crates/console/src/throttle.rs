//! Slows down whoever guesses passwords: after a few tries, one must wait before each next one, longer each time.
//!
//! A try counts before it is known whether it is right, so that many at once are as slow as one after the other. Counted
//! is by name and address, and by address over all names; never by name alone, which would let a stranger keep somebody
//! out. Kept in memory: a restart forgets it, and the price of a check (argon2id) remains.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use fairlead_model::Time;
use fairlead_store::{Digest, sign_in};

/// Tries of a name from one address that cost nothing: people mistype.
const FREE: u32 = 5;

/// Wrong tries from an address, whatever the names, that cost nothing: a whole crew can sit behind one.
const FREE_OF_ADDRESS: u32 = 50;

/// The first wait.
const FIRST: Duration = Duration::from_secs(10);

/// The longest wait.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// After so long without a try all is forgotten.
const FORGET: Duration = Duration::from_secs(60 * 60);

/// Most entries; beyond it the oldest ones go.
const ENTRIES: usize = 10_000;

/// Tries by name and address, hashed, so that each entry has the same few bytes.
#[derive(Default)]
pub(crate) struct Throttle(Mutex<HashMap<Digest, Tries>>);

#[derive(Clone, Copy)]
struct Tries {
    count: u32,
    last: Time,
}

impl Throttle {
    /// Counts a try.
    ///
    /// # Errors
    /// How long this name must wait at this address, or this address with any name; the try does not count then.
    pub(crate) fn begin(&self, name: &str, address: &str, now: Time) -> Result<(), Duration> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = keys(name, address);
        let wait = keys.iter().filter_map(|(key, free)| {
            let tries = kept.get(key)?;
            let over = tries.last.plus(pause(tries.count, *free));
            (over > now).then(|| over.since(now))
        });
        if let Some(wait) = wait.max() {
            return Err(wait);
        }
        if kept.len() >= ENTRIES {
            make_room(&mut kept, now);
        }
        for (key, _) in keys {
            let tries = kept.entry(key).or_insert(Tries { count: 0, last: now });
            if tries.last.plus(FORGET) < now {
                tries.count = 0;
            }
            *tries = Tries { count: tries.count.saturating_add(1), last: now };
        }
        Ok(())
    }

    /// The try was right: what failed before of this name at this address was mistyped.
    pub(crate) fn succeeded(&self, name: &str, address: &str) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let [(pair, _), (alone, _)] = keys(name, address);
        let mistyped = kept.remove(&pair).map_or(0, |tries| tries.count);
        if let Some(tries) = kept.get_mut(&alone) {
            tries.count = tries.count.saturating_sub(mistyped);
        }
    }
}

/// The entries of a try, each with what is free of it.
fn keys(name: &str, address: &str) -> [(Digest, u32); 2] {
    // No name has a line's end, so the two never meet.
    let pair = sign_in::hash(&format!("{address}\n{name}"));
    [(pair, FREE), (sign_in::hash(address), FREE_OF_ADDRESS)]
}

fn make_room(kept: &mut HashMap<Digest, Tries>, now: Time) {
    kept.retain(|_, tries| tries.last.plus(FORGET) >= now);
    if kept.len() < ENTRIES {
        return;
    }
    let mut times: Vec<Time> = kept.values().map(|tries| tries.last).collect();
    times.sort_unstable();
    let middle = times.get(times.len() / 2).copied().unwrap_or(now);
    kept.retain(|_, tries| tries.last > middle);
}

/// The wait after so many tries: nothing at first, then doubled each time.
fn pause(tries: u32, free: u32) -> Duration {
    match tries.checked_sub(free) {
        None => Duration::ZERO,
        Some(more) => FIRST.saturating_mul(1 << more.min(10)).min(LONGEST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_micros(1_780_000_000_000_000);

    #[test]
    fn mistyping_is_free_and_guessing_waits_longer_each_time() {
        let throttle = Throttle::default();
        for _ in 0..FREE {
            assert_eq!(throttle.begin("ada", "a", NOW), Ok(()));
        }
        let (mut now, mut waits) = (NOW, Vec::new());
        for _ in 0..10 {
            let wait = throttle.begin("ada", "a", now).unwrap_err();
            waits.push(wait);
            now = now.plus(wait);
            assert_eq!(throttle.begin("ada", "a", now), Ok(()));
        }
        assert_eq!(waits[..3], [FIRST, 2 * FIRST, 4 * FIRST]);
        assert_eq!(waits[9], LONGEST);
        assert_eq!(throttle.begin("ada", "b", now), Ok(()), "she herself comes from elsewhere");
        throttle.succeeded("ada", "a");
        assert_eq!(throttle.begin("ada", "a", now), Ok(()));
    }

    #[test]
    fn an_address_that_tries_many_names_waits_and_memory_is_bounded() {
        let throttle = Throttle::default();
        for n in 0..FREE_OF_ADDRESS {
            assert_eq!(throttle.begin(&n.to_string(), "a", NOW), Ok(()));
        }
        assert_eq!(throttle.begin("ada", "a", NOW), Err(FIRST));
        assert_eq!(throttle.begin("ada", "b", NOW), Ok(()), "nobody else waits");
        for n in 0..2 * ENTRIES {
            let later = NOW.plus(Duration::from_millis(n as u64));
            let _ = throttle.begin(&"x".repeat(1_000), &n.to_string(), later);
        }
        assert!(throttle.0.lock().unwrap().len() <= ENTRIES + 1);
    }

    #[test]
    fn a_crew_behind_one_address_that_types_right_never_waits() {
        let throttle = Throttle::default();
        for n in 0..10 * FREE_OF_ADDRESS {
            let name = (n % 7).to_string();
            assert_eq!(throttle.begin(&name, "a", NOW), Ok(()));
            throttle.succeeded(&name, "a");
        }
    }
}
