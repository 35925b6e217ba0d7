//! Tells screens which devices came and went: the newest of each, and not all of a fleet in one moment.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fairlead_bus::Bus;
use fairlead_model::DeviceId;
use fairlead_model::live::LiveEvent;
use fairlead_model::room::Presence;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Between two portions.
const BETWEEN: Duration = Duration::from_millis(100);

/// Most devices in a portion.
const PORTION: usize = 30;

/// What is to be told.
#[derive(Default)]
pub(crate) struct Presences {
    waiting: Mutex<Queue>,
    news: Notify,
}

#[derive(Default)]
struct Queue {
    order: VecDeque<Arc<str>>,
    newest: HashMap<Arc<str>, Told>,
}

/// The device of the registry, and whether it is there.
type Told = (Option<DeviceId>, Presence);

impl Presences {
    /// Has it told soon.
    pub(crate) fn tell(&self, name: &Arc<str>, device_id: Option<DeviceId>, presence: Presence) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.newest.insert(name.clone(), (device_id, presence)).is_none() {
            waiting.order.push_back(name.clone());
        }
        drop(waiting);
        self.news.notify_one();
    }

    /// The next portion, as it is now: what was told first may have been put in last. A room that is gone by now was left as
    /// it was told.
    fn take(&self, now: impl Fn(&str) -> Option<Told>) -> Vec<LiveEvent> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut portion = Vec::new();
        while portion.len() < PORTION
            && let Some(name) = waiting.order.pop_front()
        {
            if let Some(told) = waiting.newest.remove(&name) {
                let (device_id, presence) = now(&name).unwrap_or(told);
                portion.push(LiveEvent::Presence { name: name.to_string(), device_id, presence });
            }
        }
        portion
    }

    /// Tells until the process stops.
    pub(crate) async fn run(&self, bus: &Bus, now: impl Fn(&str) -> Option<Told>, stop: &CancellationToken) {
        loop {
            let portion = self.take(&now);
            if portion.is_empty() {
                tokio::select! {
                    () = self.news.notified() => continue,
                    () = stop.cancelled() => return,
                }
            }
            portion.iter().for_each(|event| bus.publish(event));
            tokio::select! {
                () = tokio::time::sleep(BETWEEN) => {}
                () = stop.cancelled() => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fairlead_model::Time;

    #[test]
    fn screens_are_told_how_it_is_and_not_what_was_put_in_last() {
        let presences = Presences::default();
        let presence = |connected| Presence { connected, since: Time::from_micros(7) };
        for name in ["here", "gone"] {
            presences.tell(&name.into(), None, presence(true));
            presences.tell(&name.into(), None, presence(false));
        }
        let told = presences.take(|name| (name == "here").then(|| (None, presence(true))));
        let connected: Vec<bool> = told
            .iter()
            .map(|event| match event {
                LiveEvent::Presence { presence, .. } => presence.connected,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(connected, [true, false]);
        assert!(presences.take(|_| None).is_empty());
    }
}
