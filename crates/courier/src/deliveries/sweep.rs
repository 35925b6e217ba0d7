//! Looks after what nobody else will: lanes that nobody woke, deliveries to endpoints that are no more, old ones.

use std::collections::HashSet;
use std::time::Duration;

use fairlead_model::EndpointId;
use fairlead_store::StoreError;
use fairlead_store::routing::{deliveries, endpoints};
use uuid::Uuid;

use crate::service::Courier;

/// Targets looked at together.
const PORTION: usize = 200;
/// Old deliveries that are forgotten in one transaction.
const TOGETHER: i64 = 500;

/// The targets for which something is due that may be sent.
///
/// # Errors
/// What the database says.
pub(super) async fn due(courier: &Courier) -> Result<Vec<(Uuid, bool)>, StoreError> {
    let mut after: Option<Uuid> = None;
    let mut due = Vec::new();
    loop {
        let now = courier.clock.now();
        let (last, ready, lost) = courier
            .store
            .read(move |conn| {
                let waiting = deliveries::waiting_targets(conn, after, PORTION)?;
                let last =
                    (waiting.len() == PORTION).then(|| waiting.last().map(|target| target.id)).flatten();
                let first: Vec<_> = waiting.into_iter().filter(|target| target.due_at <= now).collect();
                let ids: Vec<EndpointId> =
                    first.iter().filter(|target| !target.is_device).map(|target| target.id.into()).collect();
                let standing = endpoints::standing(conn, &ids)?;
                let lost: Vec<EndpointId> = ids.into_iter().filter(|id| !standing.contains_key(id)).collect();
                let is_ready = |id: Uuid| standing.get(&id.into()).is_some_and(|until| *until <= now);
                let ready: Vec<(Uuid, bool)> = first
                    .iter()
                    .filter(|target| target.is_device || is_ready(target.id))
                    .map(|target| (target.id, target.is_device))
                    .collect();
                Ok((last, ready, lost))
            })
            .await?;
        due.extend(ready);
        discard(courier, lost).await?;
        after = last;
        if after.is_none() {
            return Ok(due);
        }
    }
}

/// A route that was looked at just before its endpoint was deleted has made one more delivery.
async fn discard(courier: &Courier, lost: Vec<EndpointId>) -> Result<(), StoreError> {
    if lost.is_empty() {
        return Ok(());
    }
    let now = courier.clock.now();
    courier
        .store
        .write(move |tx| {
            lost.iter().try_for_each(|id| {
                deliveries::discard_all_of(tx, *id, "Its endpoint was deleted.", now).map(|_| ())
            })
        })
        .await
}

/// Forgets what was settled long ago.
///
/// # Errors
/// What the database says.
pub(super) async fn purge(courier: &Courier) -> Result<(), StoreError> {
    let days = u64::from(courier.settings.deliveries_kept_days);
    let before = courier.clock.now().minus(Duration::from_secs(86_400 * days));
    while !courier.stop.is_cancelled() {
        let gone = courier.store.write(move |tx| deliveries::purge(tx, before, TOGETHER)).await?;
        if i64::try_from(gone).unwrap_or(0) < TOGETHER {
            break;
        }
    }
    Ok(())
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
