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
    newest: HashMap<Arc<str>, (Option<DeviceId>, Presence)>,
}

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

    fn take(&self) -> Vec<LiveEvent> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut portion = Vec::new();
        while portion.len() < PORTION
            && let Some(name) = waiting.order.pop_front()
        {
            if let Some((device_id, presence)) = waiting.newest.remove(&name) {
                portion.push(LiveEvent::Presence { name: name.to_string(), device_id, presence });
            }
        }
        portion
    }

    /// Tells until the process stops.
    pub(crate) async fn run(&self, bus: &Bus, stop: &CancellationToken) {
        loop {
            let portion = self.take();
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
