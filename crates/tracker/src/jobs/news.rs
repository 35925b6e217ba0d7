//! Tells the pages what changed: gathered for a tenth of a second, told once, as it is then.
//!
//! Passing by design. In a flood each modem is told once a round, and of the messages only the newest few, so that
//! telling never costs more than understanding.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use fairlead_bus::Bus;
use fairlead_model::live::LiveEvent;
use fairlead_model::{Clock, DeviceId, MessageId, ModemId, ProblemId, Time};
use fairlead_store::registry::devices;
use fairlead_store::satellite::{messages, modems};
use fairlead_store::{Store, problems};
use tokio_util::sync::CancellationToken;

use crate::jobs::understand::{Changed, GATHER};

/// Most of each kind that are told in one round; screens show no more at a time.
const ROUND: usize = 100;

/// What changed since the last round. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct News(Arc<Mutex<Gathered>>);

#[derive(Default)]
struct Gathered {
    messages: BTreeSet<MessageId>,
    modems: BTreeSet<ModemId>,
    problems: BTreeSet<ProblemId>,
    devices: BTreeSet<DeviceId>,
}

impl News {
    /// Adds what a unit of work changed.
    pub(crate) fn changed(&self, changed: Changed) {
        let mut gathered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        gathered.messages.extend(changed.messages);
        while gathered.messages.len() > ROUND {
            gathered.messages.pop_first();
        }
        gathered.modems.extend(changed.modems);
        gathered.problems.extend(changed.problems);
        gathered.devices.extend(changed.devices);
    }

    /// Tells until the process stops.
    pub(crate) async fn tell(self, store: Store, bus: Bus, clock: Clock, stop: CancellationToken) {
        while !stop.is_cancelled() {
            tokio::select! {
                () = tokio::time::sleep(GATHER) => {}
                () = stop.cancelled() => {}
            }
            let round = self.take();
            if round.is_empty() {
                continue;
            }
            let now = clock.now();
            match store.read(move |conn| round.read(conn, now)).await {
                Ok(events) => events.iter().for_each(|event| bus.publish(event)),
                Err(error) => tracing::debug!(%error, "the pages were not told"),
            }
        }
    }

    fn take(&self) -> Gathered {
        let mut gathered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut round = std::mem::take(&mut *gathered);
        // What is beyond the round waits for the next; each is there only once.
        gathered.modems = beyond(&mut round.modems);
        gathered.problems = beyond(&mut round.problems);
        gathered.devices = beyond(&mut round.devices);
        round
    }
}

/// Leaves one round's worth, and returns the rest.
fn beyond<T: Copy + Ord>(all: &mut BTreeSet<T>) -> BTreeSet<T> {
    match all.iter().nth(ROUND).copied() {
        Some(first) => all.split_off(&first),
        None => BTreeSet::new(),
    }
}

impl Gathered {
    fn is_empty(&self) -> bool {
        self.messages.is_empty()
            && self.modems.is_empty()
            && self.problems.is_empty()
            && self.devices.is_empty()
    }

    fn read(
        self,
        conn: &mut fairlead_store::Conn,
        now: Time,
    ) -> Result<Vec<LiveEvent>, fairlead_store::StoreError> {
        let modems = modems::views(conn, &self.modems.into_iter().collect::<Vec<_>>())?;
        let messages = messages::views(conn, &self.messages.into_iter().collect::<Vec<_>>())?;
        let mut events: Vec<LiveEvent> =
            modems.into_iter().map(|modem| LiveEvent::Modem { modem: Box::new(modem) }).collect();
        events.extend(messages.into_iter().rev().map(|message| LiveEvent::Message { message }));
        for id in self.problems {
            events.push(LiveEvent::Problem { problem: problems::get(conn, id)? });
        }
        let devices = devices::views(conn, &Vec::from_iter(self.devices.iter().copied()), now)?;
        let known: BTreeSet<DeviceId> = devices.iter().map(|device| device.id).collect();
        events.extend(devices.into_iter().map(|device| LiveEvent::Device { device: Box::new(device) }));
        events.extend(self.devices.difference(&known).map(|id| LiveEvent::DeviceGone { id: *id }));
        Ok(events)
    }
}
