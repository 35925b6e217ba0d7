//! Which devices may have a line.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fairlead_model::DeviceId;
use fairlead_model::device::DeviceName;
use fairlead_store::registry::devices::{self, DeviceRow};
use fairlead_store::{Store, StoreError, rooms};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::settings::UnknownDevices;

/// How long the store may take; then counts what was known.
const ASK: Duration = Duration::from_secs(2);

/// Questions to the store at a time, so that a fleet that comes at once leaves room for people.
const QUESTIONS: usize = 6;

/// Most devices that are known without the store.
const KNOWN: i64 = 50_000;

/// Most devices at a time that nobody registered.
pub(crate) const UNREGISTERED: usize = 500;

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
    questions: Semaphore,
}

/// A device that is let in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Admitted {
    /// The name of its room.
    pub(crate) name: String,
    /// The device of the registry.
    pub(crate) id: Option<DeviceId>,
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
    pub(crate) fn new(store: Store, unknown: UnknownDevices) -> Self {
        let questions = Semaphore::new(QUESTIONS);
        Self(Arc::new(Inner { store, unknown, known: Mutex::default(), questions }))
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
                Ok(Admitted { name: device.name, id: Some(device.id.into()) })
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
            Ok(None) => Ok(Admitted { name: name.to_string(), id: None }),
            Err(error) => {
                tracing::warn!(%error, device = %name, "the store does not say whether a device may come in");
                let why = "The registry cannot be reached now. Come again.".to_owned();
                Err(TurnedAway { status: 503, why, knock: None })
            }
        }
    }

    /// The device of this name: as it is now, or else as it was when the store was there.
    async fn find(&self, name: &DeviceName) -> Result<Option<DeviceRow>, StoreError> {
        let asked = name.as_str().to_owned();
        let question = async {
            let _turn = self.0.questions.acquire().await;
            self.0.store.read(move |conn| devices::by_name(conn, &asked)).await
        };
        let answer = tokio::time::timeout(ASK, question).await;
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        match answer.unwrap_or_else(|_| Err(StoreError::Unavailable("it did not answer in time".to_owned())))
        {
            Ok(Some(device)) => {
                known.insert(name.key(), device.clone());
                Ok(Some(device))
            }
            Ok(None) => {
                known.remove(&name.key());
                Ok(None)
            }
            // A store that is away keeps no device out that it has named before.
            Err(error) => known.get(&name.key()).cloned().map(Some).ok_or(error),
        }
    }

    /// Learns the whole registry from time to time, until the process stops.
    pub(crate) async fn run(self, stop: CancellationToken) {
        loop {
            let pause = match self.0.store.read(|conn| rooms::registered(conn, KNOWN)).await {
                Ok(devices) => {
                    let by_name = devices.into_iter().filter_map(|row| Some((row.name_key.clone()?, row)));
                    *self.0.known.lock().unwrap_or_else(PoisonError::into_inner) = by_name.collect();
                    LOOK
                }
                Err(error) => {
                    tracing::debug!(%error, "the registry was not read");
                    LOOK_AGAIN
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => return,
            }
        }
    }
}
