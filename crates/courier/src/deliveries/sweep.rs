//! Looks after what nobody else will: lanes that nobody woke, deliveries to endpoints that are no more, old ones.
//!
//! What may take long is a task of its own ([`tidy`]): lanes are started meanwhile.

use std::collections::HashSet;
use std::time::Duration;

use fairlead_model::EndpointId;
use fairlead_store::routing::{deliveries, endpoints};
use fairlead_store::{StoreError, Tx};
use tokio::time::{Instant, MissedTickBehavior};
use uuid::Uuid;

use super::{SWEEP, lock};

use crate::service::Courier;

/// Targets looked at together.
const PORTION: usize = 200;
/// Between two looks for old deliveries.
const PURGE: Duration = Duration::from_secs(3_600);
/// Between two counts of what waits, for the metrics.
const COUNT: Duration = Duration::from_secs(15);
/// Deliveries that are discarded or forgotten in one transaction.
const TOGETHER: i64 = 500;

/// The targets for which something is due that may be sent. Endpoints that are no more are left to [`tidy`].
///
/// # Errors
/// What the database says.
pub(super) async fn due(courier: &Courier) -> Result<Vec<(Uuid, bool)>, StoreError> {
    let mut after: Option<Uuid> = None;
    let mut due = Vec::new();
    let mut overdue = Duration::ZERO;
    loop {
        let now = courier.clock.now();
        let (last, ready, lost, longest) = courier
            .store
            .read(move |conn| {
                let waiting = deliveries::waiting_targets(conn, after, PORTION)?;
                let last =
                    (waiting.len() == PORTION).then(|| waiting.last().map(|target| target.id)).flatten();
                let ids: Vec<EndpointId> = waiting
                    .iter()
                    .filter(|target| !target.is_device)
                    .map(|target| target.id.into())
                    .collect();
                let standing = endpoints::standing(conn, &ids)?;
                let lost: Vec<EndpointId> = ids.into_iter().filter(|id| !standing.contains_key(id)).collect();
                let is_ready = |id: Uuid| standing.get(&id.into()).is_some_and(|until| *until <= now);
                let ready: Vec<(Uuid, bool)> = waiting
                    .iter()
                    .filter(|target| target.due_at <= now)
                    .filter(|target| target.is_device || is_ready(target.id))
                    .map(|target| (target.id, target.is_device))
                    .collect();
                let longest = waiting.iter().map(|target| now.since(target.due_at)).max();
                Ok((last, ready, lost, longest.unwrap_or_default()))
            })
            .await?;
        overdue = overdue.max(longest);
        due.extend(ready);
        lock(&courier.lanes.lost).extend(lost);
        after = last;
        if after.is_none() {
            metrics::gauge!("fairlead_courier_deliveries_overdue_seconds").set(overdue.as_secs_f64());
            return Ok(due);
        }
    }
}

/// Discards what waits for endpoints that are no more and forgets what was settled long ago, until the process stops.
pub(crate) async fn tidy(courier: Courier) {
    let mut tick = tokio::time::interval(SWEEP);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut purge_at, mut count_at) = (Instant::now(), Instant::now());
    while !courier.stop.is_cancelled() {
        tokio::select! {
            _ = tick.tick() => {}
            () = courier.stop.cancelled() => return,
        }
        if let Err(error) = discard(&courier).await {
            // The next sweep finds them again.
            tracing::warn!(%error, "deliveries to an endpoint that is no more wait for the store");
        }
        if Instant::now() >= count_at {
            match courier.store.read(deliveries::waiting).await {
                Ok(waiting) => metrics::gauge!("fairlead_courier_deliveries_waiting").set(waiting as f64),
                Err(error) => tracing::warn!(%error, "what waits to be delivered was not counted"),
            }
            count_at = Instant::now() + COUNT;
        }
        if Instant::now() < purge_at {
            continue;
        }
        match purge(&courier).await {
            Ok(()) => purge_at = Instant::now() + PURGE,
            Err(error) => tracing::warn!(%error, "old deliveries wait for the store"),
        }
    }
}

/// An endpoint was deleted while much waited for it; or a route that was looked at just before has made one more delivery.
async fn discard(courier: &Courier) -> Result<(), StoreError> {
    let lost = std::mem::take(&mut *lock(&courier.lanes.lost));
    for id in lost {
        while !courier.stop.is_cancelled() {
            let now = courier.clock.now();
            let work = move |tx: &mut Tx<'_>| {
                deliveries::discard_of_none(tx, id, "Its endpoint was deleted.", now, TOGETHER)
            };
            if is_last(courier.store.write(work).await?) {
                break;
            }
        }
    }
    Ok(())
}

/// Forgets what was settled long ago.
async fn purge(courier: &Courier) -> Result<(), StoreError> {
    let days = u64::from(courier.settings.deliveries_kept_days);
    let before = courier.clock.now().minus(Duration::from_secs(86_400 * days));
    while !courier.stop.is_cancelled() {
        if is_last(courier.store.write(move |tx| deliveries::purge(tx, before, TOGETHER)).await?) {
            break;
        }
    }
    Ok(())
}

/// Whether a portion of so many was the last.
fn is_last(portion: usize) -> bool {
    i64::try_from(portion).unwrap_or(i64::MAX) < TOGETHER
}

/// Tells the pages how some endpoints are now.
///
/// # Errors
/// What the database says.
pub(super) async fn tell(courier: &Courier, changed: HashSet<EndpointId>) -> Result<(), StoreError> {
    let ids: Vec<EndpointId> = changed.into_iter().collect();
    let views = courier.store.read(move |conn| endpoints::views(conn, &ids)).await?;
    views.into_iter().for_each(|view| crate::news::endpoint(courier, view));
    Ok(())
}
