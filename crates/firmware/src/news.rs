//! What the pages are told: passing, and nothing depends on it.

use std::collections::BTreeSet;

use fairlead_model::live::LiveEvent;
use fairlead_model::{JobId, RolloutId};
use fairlead_store::firmware::{jobs, rollouts};

use crate::service::Firmware;

/// Tells how these jobs, and the roll-outs of which they are a part, are now.
pub(crate) async fn jobs(state: &Firmware, ids: Vec<JobId>) {
    let of = progress(state, ids).await;
    rollouts(state, of).await;
}

/// Tells how these jobs are now; returns the roll-outs of which they are a part.
pub(crate) async fn progress(state: &Firmware, ids: Vec<JobId>) -> BTreeSet<RolloutId> {
    if ids.is_empty() {
        return BTreeSet::new();
    }
    let found = state.store.read(move |conn| {
        let rows = jobs::of_ids(conn, &ids)?;
        jobs::views(conn, rows)
    });
    match found.await {
        Ok(found) => {
            let of = found.iter().filter_map(|job| job.rollout_id).collect();
            for job in found {
                state.bus.publish(&LiveEvent::Job { job: Box::new(job) });
            }
            of
        }
        Err(error) => {
            tracing::warn!(%error, "pages were not told of upgrades");
            BTreeSet::new()
        }
    }
}

/// Tells how these roll-outs are now.
pub(crate) async fn rollouts(state: &Firmware, ids: BTreeSet<RolloutId>) {
    for id in ids {
        match state.store.read(move |conn| rollouts::view_of(conn, id)).await {
            Ok(rollout) => state.bus.publish(&LiveEvent::Rollout { rollout: Box::new(rollout) }),
            Err(error) => tracing::warn!(%error, "pages were not told of a roll-out"),
        }
    }
}
