//! Taking a roll-out back: each device that it reached gets the version that it had before.
//!
//! Former versions differ, and a roll-out has one; so there is a new roll-out for each of them. None of them starts by
//! itself, and none stops for a failure: whatever can be taken back should be.

use std::collections::BTreeMap;

use fairlead_model::device::DeviceRef;
use fairlead_model::firmware::{RolloutView, TargetState, VersionState};
use fairlead_model::{Clock, DeviceId, JobId, RolloutId, VersionId};
use fairlead_store::firmware::rollouts::{self, RolloutRow, TargetFilter, TargetRow};
use fairlead_store::firmware::{jobs, versions};
use fairlead_store::registry::devices;
use fairlead_store::{StoreError, Tx};
use serde::Serialize;
use utoipa::ToSchema;

use crate::rollout::{self, NewRollout, NewStage};

/// Devices looked at in one question.
const PORTION: i64 = 500;

/// What taking a roll-out back has made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RollBack {
    /// A new roll-out for each version that devices had before; they wait to be started.
    pub(crate) rollouts: Vec<RolloutView>,
    /// Devices that it reached and that are not taken back.
    pub(crate) left_out: Vec<LeftOut>,
}

/// A device that is not taken back.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LeftOut {
    /// The device.
    pub(crate) device: DeviceRef,
    /// Why, in a sentence.
    pub(crate) why: String,
}

/// Makes the roll-outs that take one back; a sentence where that cannot be.
pub(crate) fn take_back(
    tx: &mut Tx<'_>,
    clock: &Clock,
    id: RolloutId,
    actor: &str,
) -> Result<Result<RollBack, String>, StoreError> {
    let row = rollouts::claim(tx, id)?;
    if let Some(other) = rollouts::backs(tx, id)?.first() {
        return Ok(Err(format!("This roll-out is taken back already, by {other}. Cancel that one first.")));
    }
    let reached = match reached(tx, &row)? {
        Ok(reached) => reached,
        Err(why) => return Ok(Err(why)),
    };
    if reached.is_empty() {
        return Ok(Err(
            "No device got the version by this roll-out, so there is nothing to take back.".to_owned()
        ));
    }
    let (mut groups, mut left_out): (BTreeMap<VersionId, Vec<DeviceId>>, _) = (BTreeMap::new(), Vec::new());
    let ids: Vec<DeviceId> = reached.iter().map(|target| target.device_id.into()).collect();
    let mut refs = std::collections::HashMap::new();
    for portion in ids.chunks(500) {
        refs.extend(devices::refs(tx, portion)?);
    }
    for target in reached {
        let device = DeviceId::from(target.device_id);
        match former(tx, &row, &target)? {
            Ok(version) => groups.entry(version).or_default().push(device),
            Err(why) => left_out.extend(refs.remove(&device).map(|device| LeftOut { device, why })),
        }
    }
    let mut made = Vec::new();
    for (version, devices) in groups {
        let revision = versions::get(tx, version)?.revision;
        let new = NewRollout {
            name: format!("Back to {revision}: {}", row.name).chars().take(200).collect(),
            version,
            made_by: actor.to_owned(),
            needs_approval: row.needs_approval,
            call_devices: row.call_devices,
            job_timeout_s: row.job_timeout_s,
            rolls_back: Some(id),
            stages: vec![NewStage { success_percent: 100, error_percent: 100, devices }],
        };
        let new = rollout::make(tx, clock, &new)?;
        made.push(rollouts::view(tx, new)?);
    }
    if made.is_empty() {
        let why =
            left_out.first().map(|one| format!(" {}: {}", one.device.name, one.why)).unwrap_or_default();
        return Ok(Err(format!("No device can be taken back.{why}")));
    }
    Ok(Ok(RollBack { rollouts: made, left_out }))
}

/// The devices that a roll-out gave its version; also where their upgrade was given up and they were done later. A
/// sentence while some are still fetching it: they would have it after they were taken back.
fn reached(tx: &mut Tx<'_>, row: &RolloutRow) -> Result<Result<Vec<TargetRow>, String>, StoreError> {
    let (mut reached, mut fetching): (Vec<TargetRow>, _) = (Vec::new(), 0);
    let mut filter = TargetFilter::default();
    loop {
        let portion = rollouts::targets(tx, row.id.into(), &filter, PORTION)?;
        let Some(last) = portion.last() else { break };
        filter.after = Some((last.ordinal, last.device_id.into()));
        let ids: Vec<DeviceId> = portion.iter().map(|target| target.device_id.into()).collect();
        let seen = jobs::seen(tx, &ids)?;
        for target in portion {
            let Some(job) = target.job_id else { continue };
            let state: TargetState = target.state.parse().map_err(StoreError::Fault)?;
            let has = seen.get(&target.device_id.into()).map(|seen| seen.version_id);
            if state == TargetState::Offered && jobs::get(tx, job.into())?.has_begun() {
                fetching += 1;
            } else if state == TargetState::Succeeded || has == Some(row.version_id.into()) {
                reached.push(target);
            }
        }
    }
    if fetching > 0 {
        let who = if fetching == 1 { "1 device is".to_owned() } else { format!("{fetching} devices are") };
        return Ok(Err(format!("{who} still fetching this version. Wait until that is done, or cancel it.")));
    }
    Ok(Ok(reached))
}

/// The version that a device had before, where it can have it again.
fn former(
    tx: &mut Tx<'_>,
    row: &RolloutRow,
    target: &TargetRow,
) -> Result<Result<VersionId, String>, StoreError> {
    let device = DeviceId::from(target.device_id);
    if devices::by_id(tx, device)?.is_none_or(|device| device.deleted_at.is_some()) {
        return Ok(Err("It was deleted.".to_owned()));
    }
    let has = jobs::seen(tx, &[device])?.remove(&device).map(|seen| seen.version_id);
    if has != Some(row.version_id.into()) {
        return Ok(Err("It was given another version since.".to_owned()));
    }
    let Some(job) = target.job_id else { return Ok(Err("Its upgrade is not kept any more.".to_owned())) };
    let Some(former) = jobs::former_version(tx, device, JobId::from(job))? else {
        return Ok(Err("What it had before is not known.".to_owned()));
    };
    let version = versions::get(tx, former)?;
    if version.state()? == VersionState::Refused {
        let sentence = "cannot be given out now; choose that commit again, then take this back";
        return Ok(Err(format!("What it had before, {}, {sentence}.", version.revision)));
    }
    Ok(Ok(former))
}
