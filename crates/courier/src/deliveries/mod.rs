//! Deliveries: one lane for each target that something waits for. Lanes never wait for one another.
//!
//! What waits is in the store, so a lane that is not woken, or dies, costs time only: the sweep finds what is due, and a
//! claim runs out.

mod device;
mod lane;
mod rules;
mod sweep;
mod turn;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fairlead_bus::{Consumer, Delivery, Verdict};
use fairlead_model::endpoint::EndpointConfig;
use fairlead_model::queue::DeliveryWaiting;
use fairlead_model::{DeviceId, EndpointId};
use fairlead_store::registry::devices;
use fairlead_store::routing::endpoints::{Endpoint, Kept};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

use crate::endpoints::{Driver, Ground, Sealer, Sent};
use crate::service::Courier;

pub(crate) use sweep::tidy;
pub(crate) use turn::taken;

/// Between two sweeps, and the least time between two pieces of news of one endpoint.
const SWEEP: Duration = Duration::from_secs(1);

/// What all lanes share.
pub(crate) struct Lanes {
    sealer: Sealer,
    ground: Ground,
    /// Targets that were named by a message, and are not looked after yet.
    woken: Mutex<HashSet<Uuid>>,
    bell: Notify,
    /// Those of the lanes that run, by their targets.
    bells: Mutex<HashMap<Uuid, Arc<Bell>>>,
    /// Drivers keep connections, so they outlive lanes.
    drivers: Mutex<HashMap<EndpointId, Opened>>,
    /// Endpoints of which the pages are to be told.
    changed: Mutex<HashSet<EndpointId>>,
    /// Endpoints that are no more, for which something waits.
    lost: Mutex<HashSet<EndpointId>>,
}

/// A driver with what it was opened for.
struct Opened {
    config: EndpointConfig,
    secrets: Kept,
    driver: Arc<Driver>,
}

/// Tells a lane that there may be more.
#[derive(Default)]
pub(crate) struct Bell {
    rung: AtomicBool,
    anew: AtomicBool,
    notify: Notify,
}

impl Bell {
    fn ring(&self) {
        self.rung.store(true, Ordering::Release);
        self.notify.notify_one();
    }

    fn ring_anew(&self) {
        self.anew.store(true, Ordering::Release);
        self.ring();
    }

    /// Whether what is in hand is to be put down and taken anew.
    fn wants_anew(&self) -> bool {
        self.anew.swap(false, Ordering::AcqRel)
    }

    /// Whether it was rung since this was asked last.
    fn was_rung(&self) -> bool {
        self.rung.swap(false, Ordering::AcqRel)
    }

    async fn rung(&self) {
        self.notify.notified().await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lanes {
    pub(crate) fn new(sealer: Sealer, ground: Ground) -> Self {
        Self {
            sealer,
            ground,
            woken: Mutex::default(),
            bell: Notify::new(),
            bells: Mutex::default(),
            drivers: Mutex::default(),
            changed: Mutex::default(),
            lost: Mutex::default(),
        }
    }

    /// What seals secrets.
    pub(crate) const fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    /// What drivers stand on.
    pub(crate) const fn ground(&self) -> &Ground {
        &self.ground
    }

    /// Lets a target's lane look for what is due.
    pub(crate) fn wake(&self, target: Uuid) {
        lock(&self.woken).insert(target);
        self.bell.notify_one();
    }

    /// A person has changed an endpoint, or what waits for it: its lane sends nothing more before it has looked again. Lanes
    /// of other processes see it with their next turn.
    pub(crate) fn look_again(&self, id: EndpointId) {
        if let Some(bell) = lock(&self.bells).get(&id.uuid()) {
            bell.ring_anew();
        }
        self.changed(id);
    }

    /// An endpoint's driver, opened for it as it is now.
    ///
    /// # Errors
    /// A sentence about what cannot be used.
    pub(crate) fn driver(&self, endpoint: &Endpoint) -> Result<Arc<Driver>, String> {
        if let Some(opened) = lock(&self.drivers).get(&endpoint.id)
            && opened.config == endpoint.config
            && opened.secrets == endpoint.secrets
        {
            return Ok(opened.driver.clone());
        }
        let secrets = self.sealer.open_secrets(endpoint.id, &endpoint.secrets)?;
        let driver = Arc::new(Driver::open(&endpoint.config, &secrets, &self.ground)?);
        let (config, secrets) = (endpoint.config.clone(), endpoint.secrets.clone());
        lock(&self.drivers).insert(endpoint.id, Opened { config, secrets, driver: driver.clone() });
        Ok(driver)
    }

    /// Closes what an endpoint has open that is no more.
    pub(crate) fn forget(&self, id: EndpointId) {
        lock(&self.drivers).remove(&id);
    }

    /// The pages are told of an endpoint soon.
    pub(crate) fn changed(&self, id: EndpointId) {
        lock(&self.changed).insert(id);
    }

    /// What a turn came to is told.
    fn tell(&self, courier: &Courier, turn: &turn::Turn) {
        if turn.changed {
            self.changed(turn.endpoint.id);
        }
        if let Some(problem) = turn.problem {
            tokio::spawn(crate::news::problem(courier.clone(), problem));
        }
    }

    /// Counts a try.
    pub(crate) fn count(&self, driver: Option<&Driver>, sent: &Sent) {
        let kind = driver.map_or("none", Driver::kind);
        let outcome = sent.word();
        metrics::counter!("fairlead_courier_deliveries_total", "kind" => kind, "outcome" => outcome)
            .increment(1);
    }
}

/// Consumes `delivery.waiting`.
pub(crate) struct Wake(pub(crate) Courier);

impl Consumer for Wake {
    type Message = DeliveryWaiting;

    const TOGETHER: usize = 64;

    /// What waits is in the store; the message is only quicker than the sweep.
    async fn handle(&self, delivery: Delivery<DeliveryWaiting>) -> Verdict {
        self.0.lanes.wake(delivery.message.target_id);
        Verdict::Done
    }

    async fn handle_together(&self, deliveries: &[Delivery<DeliveryWaiting>]) -> bool {
        deliveries.iter().for_each(|delivery| self.0.lanes.wake(delivery.message.target_id));
        true
    }
}

/// Lanes that run, by their targets.
struct Running {
    courier: Courier,
    lanes: JoinSet<Uuid>,
    targets: HashMap<tokio::task::Id, Uuid>,
}

/// Runs lanes until the process stops, and then until each has put down what it has in hand.
pub(crate) async fn run(courier: Courier) {
    let mut running = Running { courier: courier.clone(), lanes: JoinSet::new(), targets: HashMap::new() };
    let mut tick = tokio::time::interval(SWEEP);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !courier.stop.is_cancelled() {
        tokio::select! {
            () = courier.lanes.bell.notified() => {}
            Some(ended) = running.lanes.join_next_with_id(), if !running.lanes.is_empty() => running.ended(ended),
            _ = tick.tick() => running.sweep().await,
            () = courier.stop.cancelled() => {}
        }
        running.start_woken().await;
    }
    while running.lanes.join_next().await.is_some() {}
}

impl Running {
    /// A woken target whose lane runs is told; another one gets its lane.
    async fn start_woken(&mut self) {
        let woken = std::mem::take(&mut *lock(&self.courier.lanes.woken));
        let mut unknown = Vec::new();
        for target in woken {
            match self.bell_of(target) {
                Some(bell) => bell.ring(),
                None => unknown.push(target),
            }
        }
        if unknown.is_empty() {
            return;
        }
        let asked: Vec<DeviceId> = unknown.iter().copied().map(DeviceId::from).collect();
        match self.courier.store.read(move |conn| devices::refs(conn, &asked)).await {
            Ok(devices) => {
                for target in unknown {
                    self.start(target, devices.contains_key(&target.into()));
                }
            }
            // The sweep finds them.
            Err(error) => tracing::warn!(%error, "lanes that were woken wait for the store"),
        }
    }

    fn bell_of(&self, target: Uuid) -> Option<Arc<Bell>> {
        lock(&self.courier.lanes.bells).get(&target).cloned()
    }

    fn start(&mut self, target: Uuid, is_device: bool) {
        let bell = Arc::new(Bell::default());
        let (courier, rung) = (self.courier.clone(), bell.clone());
        let task = self.lanes.spawn(async move {
            if is_device {
                device::run(courier, target.into()).await;
            } else {
                let lanes = courier.lanes.clone();
                lane::run(courier, lanes, target.into(), rung).await;
            }
            target
        });
        self.targets.insert(task.id(), target);
        lock(&self.courier.lanes.bells).insert(target, bell);
    }

    fn ended(&mut self, ended: Result<(tokio::task::Id, Uuid), tokio::task::JoinError>) {
        let id = match &ended {
            Ok((id, _)) => *id,
            Err(error) => {
                // What it had in hand is free when its claims run out.
                tracing::error!(%error, "a lane panicked");
                error.id()
            }
        };
        let Some(target) = self.targets.remove(&id) else { return };
        let bell = lock(&self.courier.lanes.bells).remove(&target);
        // It was rung while it was ending.
        if ended.is_ok() && bell.is_some_and(|bell| bell.was_rung()) {
            self.courier.lanes.wake(target);
        }
    }

    async fn sweep(&mut self) {
        match sweep::due(&self.courier).await {
            Ok(due) => {
                for (target, is_device) in due {
                    match self.bell_of(target) {
                        Some(bell) => bell.ring(),
                        None => self.start(target, is_device),
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "what is to be delivered was not looked after; it is soon"),
        }
        let changed = std::mem::take(&mut *lock(&self.courier.lanes.changed));
        if !changed.is_empty()
            && let Err(error) = sweep::tell(&self.courier, changed).await
        {
            tracing::warn!(%error, "the pages were not told how endpoints are");
        }
    }
}
