//! What the pages are told: passing, and nothing depends on it.

use std::collections::BTreeSet;

use fairlead_model::firmware::SourceView;
use fairlead_model::live::LiveEvent;
use fairlead_model::{DeviceId, JobId, RolloutId};
use fairlead_store::firmware::sources::SourceRow;
use fairlead_store::firmware::versions::VersionRow;
use fairlead_store::firmware::{jobs, rollouts};
use fairlead_store::registry::devices;

use crate::service::Firmware;
use crate::sources::Source;

/// A repository as shown.
pub(crate) fn view(source: &Source, row: SourceRow) -> SourceView {
    SourceView {
        name: source.name.clone(),
        url: source.shown_url(),
        signature_required: source.signature_required,
        fetched_at: row.fetched_at.map(Into::into),
        failed_at: row.failed_at.map(Into::into),
        failure: row.failure,
        bytes: row.bytes,
    }
}

/// Tells how a repository's mirror is now.
pub(crate) fn source(firmware: &Firmware, source: SourceView) {
    firmware.bus.publish(&LiveEvent::FirmwareSource { source });
}

/// Tells that a version has changed.
pub(crate) fn version(firmware: &Firmware, row: VersionRow) {
    match row.view() {
        Ok(version) => firmware.bus.publish(&LiveEvent::Version { version: Box::new(version) }),
        Err(error) => tracing::error!(%error, "a version of a firmware cannot be shown"),
    }
}

/// Tells how a device is now.
pub(crate) async fn device(firmware: &Firmware, id: DeviceId) {
    let now = firmware.clock.now();
    match firmware.store.read(move |conn| devices::view(conn, id, now)).await {
        Ok(device) => firmware.bus.publish(&LiveEvent::Device { device: Box::new(device) }),
        Err(error) => tracing::warn!(%error, "pages were not told of a device"),
    }
}

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
