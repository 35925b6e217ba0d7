//! Devices that were not let in, noted: each name once a second at most, however often it comes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fairlead_bus::Bus;
use fairlead_model::Clock;
use fairlead_model::live::LiveEvent;
use fairlead_store::Store;
use fairlead_store::knocks::{self, KnockRow};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Between two writes.
const BETWEEN: Duration = Duration::from_secs(1);

/// Most names that wait to be written; what comes on top comes again.
const WAITING: usize = 200;

/// Most names that screens are told of after one write: they read the list anew for each.
const TOLD: usize = 5;

/// Who knocked since the last write. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Knocks(Arc<Inner>);

#[derive(Default)]
struct Inner {
    waiting: Mutex<HashMap<String, KnockRow>>,
    news: Notify,
}

impl Knocks {
    /// Notes that a device was not let in.
    pub(crate) fn note(&self, clock: &Clock, name: &str, address: &str, why: &str) {
        let now = clock.now().into();
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= WAITING && !waiting.contains_key(name) && !make_room(&mut waiting, address) {
            return;
        }
        let knock = waiting.entry(name.to_owned()).or_insert_with(|| KnockRow {
            name: name.to_owned(),
            first_at: now,
            last_at: now,
            times: 0,
            address: String::new(),
            why: String::new(),
        });
        knock.last_at = now;
        knock.times += 1;
        address.clone_into(&mut knock.address);
        why.clone_into(&mut knock.why);
        drop(waiting);
        self.0.news.notify_one();
    }

    fn take(&self) -> Vec<KnockRow> {
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rows: Vec<KnockRow> = waiting.drain().map(|(_, row)| row).collect();
        // Always the same order, so that two hubs do not wait for each other.
        rows.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        rows
    }

    /// Writes until the process stops.
    pub(crate) async fn run(self, store: Store, bus: Bus, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = self.0.news.notified() => {}
                () = stop.cancelled() => return,
            }
            let rows = self.take();
            let names: Vec<String> = rows.iter().map(|row| row.name.clone()).collect();
            match store.write(move |tx| knocks::note(tx, &rows)).await {
                Ok(()) => {
                    names.into_iter().take(TOLD).for_each(|name| bus.publish(&LiveEvent::Knock { name }));
                }
                // A device that is not let in comes again.
                Err(error) => tracing::warn!(%error, "devices that were refused were not noted"),
            }
            tokio::select! {
                () = tokio::time::sleep(BETWEEN) => {}
                () = stop.cancelled() => return,
            }
        }
    }
}

/// Leaves out a name of the address that has tried most, where that is not this one; false where it is.
fn make_room(waiting: &mut HashMap<String, KnockRow>, address: &str) -> bool {
    let mut tried: HashMap<&str, usize> = HashMap::new();
    waiting.values().for_each(|knock| *tried.entry(&knock.address).or_default() += 1);
    let Some((most, count)) = tried.iter().max_by_key(|(_, count)| **count) else { return true };
    if tried.get(address).copied().unwrap_or(0) + 1 >= *count {
        return false;
    }
    let left_out = waiting.values().find(|knock| knock.address == *most).map(|knock| knock.name.clone());
    left_out.is_some_and(|name| waiting.remove(&name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_tries_many_names_keeps_nobody_off_the_list() {
        let (clock, knocks) = (Clock::system(), Knocks::default());
        for n in 0..300 {
            knocks.note(&clock, &format!("N{n}"), "10.0.0.9", "x");
        }
        for n in 0..9 {
            knocks.note(&clock, &format!("PK00{n}"), &format!("10.0.0.{}", n % 3), "x");
        }
        let rows = knocks.take();
        assert_eq!(rows.len(), WAITING);
        assert_eq!(rows.iter().filter(|row| row.name.starts_with("PK")).count(), 9);
    }
}
