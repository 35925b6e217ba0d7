//! Which devices may have a line.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fairlead_model::DeviceId;
use fairlead_model::device::DeviceName;
use fairlead_store::registry::devices::{self, DeviceRow};
use fairlead_store::{Digest, Store, StoreError, rooms};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::settings::UnknownDevices;

/// How long the store may take; then counts what was known.
const ASK: Duration = Duration::from_secs(2);

/// Devices that the store is asked about in one query: a fleet that comes at once is a few questions.
const TOGETHER: usize = 500;

/// Devices that may wait for the next question.
const WAITING: usize = 4_096;

/// Most devices that are known without the store.
const KNOWN: i64 = 50_000;

/// Most devices at a time that nobody registered: their names have no end, and each has a row and a log.
pub(crate) const UNREGISTERED: usize = 10_000;

/// Between two looks at the whole registry.
const LOOK: Duration = Duration::from_secs(300);

/// The same where the store has not answered.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Who stands at the door. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Door(Arc<Inner>);

struct Inner {
    store: Store,
    unknown: UnknownDevices,
    /// By the name without regard to case: what counts while the store is away.
    known: Mutex<HashMap<String, DeviceRow>>,
    questions: mpsc::Sender<Question>,
}

/// Asks for the device of a name, without regard to case.
struct Question {
    key: String,
    answer: oneshot::Sender<Result<Option<DeviceRow>, StoreError>>,
}

/// Takes the questions to the store.
pub(crate) struct Errand {
    door: Door,
    questions: mpsc::Receiver<Question>,
}

/// A device that is let in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Admitted {
    /// The name of its room.
    pub(crate) name: String,
    /// The device of the registry.
    pub(crate) id: Option<DeviceId>,
    /// The key that was asked of it, hashed.
    pub(crate) key: Option<Digest>,
}

/// A device that is not.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TurnedAway {
    /// The HTTP status.
    pub(crate) status: u16,
    /// Why, in a sentence.
    pub(crate) why: String,
    /// The name under which a person should see it.
    pub(crate) knock: Option<String>,
}

impl Door {
    pub(crate) fn new(store: Store, unknown: UnknownDevices) -> (Self, Errand) {
        let (sender, questions) = mpsc::channel(WAITING);
        let door = Self(Arc::new(Inner { store, unknown, known: Mutex::default(), questions: sender }));
        (door.clone(), Errand { door, questions })
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, DeviceRow>> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a device of this name may come in with this key; `unregistered` are there already.
    pub(crate) async fn ask(
        &self,
        name: &str,
        key: Option<&str>,
        unregistered: usize,
    ) -> Result<Admitted, TurnedAway> {
        let name: DeviceName =
            name.parse().map_err(|why| TurnedAway { status: 400, why: format!("{why}."), knock: None })?;
        let away = |status, why| TurnedAway { status, why, knock: Some(name.to_string()) };
        match self.find(&name).await {
            Ok(Some(device)) if devices::key_matches(&device, key) => {
                Ok(Admitted { name: device.name, id: Some(device.id.into()), key: device.key_hash })
            }
            Ok(Some(device)) => {
                let why = match key {
                    None => format!("{} must show its key: /{}?key=…", device.name, device.name),
                    Some(_) => format!("This is not the key of {}.", device.name),
                };
                Err(TurnedAway { status: 401, why, knock: Some(device.name) })
            }
            Ok(None) if self.0.unknown == UnknownDevices::Refuse => {
                Err(away(403, format!("No device of the registry is called {name}.")))
            }
            Ok(None) if unregistered >= UNREGISTERED => {
                Err(away(503, format!("{UNREGISTERED} devices that nobody registered are here already.")))
            }
            Ok(None) => Ok(Admitted { name: name.to_string(), id: None, key: None }),
            Err(error) => {
                tracing::warn!(%error, device = %name, "the store does not say whether a device may come in");
                let why = "The registry cannot be reached now. Come again.".to_owned();
                Err(TurnedAway { status: 503, why, knock: None })
            }
        }
    }

    /// The device of this name: as it is now, or else as it was when the store was there.
    async fn find(&self, name: &DeviceName) -> Result<Option<DeviceRow>, StoreError> {
        let unheard = |why: &str| StoreError::Unavailable(why.to_owned());
        let question = async {
            let (answer, answered) = oneshot::channel();
            let question = Question { key: name.key(), answer };
            self.0.questions.send(question).await.map_err(|_| unheard("the hub stops"))?;
            answered.await.map_err(|_| unheard("the hub stops"))?
        };
        let answer = tokio::time::timeout(ASK, question).await;
        match answer.unwrap_or_else(|_| Err(unheard("it did not answer in time"))) {
            // A store that is away keeps no device out that it has named before.
            Err(error) => self.known().get(&name.key()).cloned().map(Some).ok_or(error),
            answer => answer,
        }
    }
}

impl Errand {
    /// Asks the store about whoever comes, and learns the whole registry from time to time, until the process stops.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let mut learn_at = Instant::now();
        loop {
            let mut waiting = Vec::new();
            tokio::select! {
                count = self.questions.recv_many(&mut waiting, TOGETHER) => {
                    if count > 0 {
                        self.ask(waiting).await;
                    }
                }
                () = tokio::time::sleep_until(learn_at) => learn_at = Instant::now() + self.learn().await,
                () = stop.cancelled() => return,
            }
        }
    }

    async fn ask(&self, waiting: Vec<Question>) {
        let keys: Vec<String> = waiting.iter().map(|question| question.key.clone()).collect();
        let found = self.door.0.store.read(move |conn| rooms::registered_as(conn, &keys)).await;
        let found: Result<HashMap<String, DeviceRow>, StoreError> = found.map(by_name);
        for Question { key, answer } in waiting {
            let device = match &found {
                Ok(found) => Ok(found.get(&key).cloned()),
                Err(error) => Err(error.clone()),
            };
            match &device {
                Ok(Some(device)) => drop(self.door.known().insert(key, device.clone())),
                Ok(None) => drop(self.door.known().remove(&key)),
                Err(_) => {}
            }
            // Whoever asked may have given up.
            let _ = answer.send(device);
        }
    }

    /// Answers when to do so again.
    async fn learn(&self) -> Duration {
        match self.door.0.store.read(|conn| rooms::registered(conn, KNOWN)).await {
            Ok(devices) => {
                *self.door.known() = by_name(devices);
                LOOK
            }
            Err(error) => {
                tracing::debug!(%error, "the registry was not read");
                LOOK_AGAIN
            }
        }
    }
}

fn by_name(devices: Vec<DeviceRow>) -> HashMap<String, DeviceRow> {
    devices.into_iter().filter_map(|row| Some((row.name_key.clone()?, row))).collect()
}
