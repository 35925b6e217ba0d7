//! What a roll-out would be: which devices in which stage, what each would fetch, and what a person should know before.

use std::collections::{BTreeSet, HashMap, HashSet};

use fairlead_model::device::{DeviceKind, DeviceRef};
use fairlead_model::firmware::{FirmwareSeen, SignatureState};
use fairlead_model::{DeviceId, GroupId, Time, VersionId};
use fairlead_store::firmware::versions::{self, VersionRow};
use fairlead_store::firmware::{jobs, rollouts};
use fairlead_store::registry::devices;
use fairlead_store::{Conn, StoreError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::rules;

/// Most stages of a roll-out.
const MOST_STAGES: usize = 20;

/// Most devices of a roll-out.
const MOST_DEVICES: usize = 5_000;

/// Longest name, in characters.
const LONGEST_NAME: usize = 200;

/// How long a device may be silent, in seconds: a minute to 90 days.
const TIMEOUTS: std::ops::RangeInclusive<i64> = 60..=7_776_000;

/// Which devices a stage takes, and what it asks for. Devices of earlier stages are left out.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StageSpec {
    /// These devices.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub(crate) device_ids: Vec<Uuid>,
    /// The devices of these groups.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub(crate) group_ids: Vec<Uuid>,
    /// Only devices of this kind; not for `device_ids`.
    pub(crate) kind: Option<DeviceKind>,
    /// Only this share of the groups' devices; of all devices, where no groups are named. By name, rounded up.
    #[schema(minimum = 1, maximum = 100)]
    pub(crate) percent: Option<u32>,
    /// Percentage of its devices that must succeed before the next stage begins.
    #[schema(minimum = 0, maximum = 100)]
    pub(crate) success_percent: i32,
    /// Percentage of its devices whose failing stops the whole roll-out; with 0 the first failure does.
    #[schema(minimum = 0, maximum = 100)]
    pub(crate) error_percent: i32,
}

/// A device of a plan.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PlannedDevice {
    /// The device.
    pub(crate) device: DeviceRef,
    /// What it has now; absent where that is not known.
    pub(crate) from: Option<FirmwareSeen>,
    /// Files that are new or different for it.
    files_changed: i64,
    /// Their bytes.
    bytes: i64,
    /// Why it would be left out if its turn were now.
    skipped: Option<String>,
}

/// A stage of a plan.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PlannedStage {
    /// Its devices.
    pub(crate) devices: Vec<PlannedDevice>,
}

/// What a roll-out would be.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RolloutPlan {
    /// Its stages, in order.
    pub(crate) stages: Vec<PlannedStage>,
    /// Devices that would be given the version.
    pub(crate) devices: i64,
    /// Most files that are new or different for one of them.
    files_changed_max: i64,
    /// Most bytes in such files.
    bytes_each_max: i64,
    /// Bytes that each device fetches: the devices' own client fetches all files, also those that are the same.
    bytes_fetched_each: i64,
    /// What a person should know before, a sentence each.
    warnings: Vec<String>,
}

/// What a roll-out is asked for with.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) name: String,
    pub(crate) version: VersionId,
    pub(crate) job_timeout_s: i64,
    pub(crate) stages: Vec<StageSpec>,
}

/// What is wrong with what is asked, as far as that can be said without looking at devices.
pub(crate) fn flaws(asked: &Asked) -> Vec<String> {
    let mut flaws = Vec::new();
    let name = asked.name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        flaws.push(format!("The roll-out needs a name of 1 to {LONGEST_NAME} characters."));
    }
    if !TIMEOUTS.contains(&asked.job_timeout_s) {
        flaws.push(format!("job_timeout_s is {} to {} seconds.", TIMEOUTS.start(), TIMEOUTS.end()));
    }
    if !(1..=MOST_STAGES).contains(&asked.stages.len()) {
        flaws.push(format!("A roll-out has 1 to {MOST_STAGES} stages."));
    }
    for (ordinal, stage) in (1..).zip(&asked.stages) {
        if !(0..=100).contains(&stage.success_percent) || !(0..=100).contains(&stage.error_percent) {
            flaws.push(format!("Stage {ordinal}: success_percent and error_percent are 0 to 100."));
        }
        if stage.percent.is_some_and(|percent| !(1..=100).contains(&percent)) {
            flaws.push(format!("Stage {ordinal}: percent is 1 to 100."));
        }
        if stage.device_ids.is_empty() && stage.group_ids.is_empty() && stage.percent.is_none() {
            flaws.push(format!(
                "Stage {ordinal} names no devices: neither device_ids, group_ids nor percent."
            ));
        }
        if stage.device_ids.len() > MOST_DEVICES || stage.group_ids.len() > MOST_DEVICES {
            flaws.push(format!("Stage {ordinal}: a roll-out has at most {MOST_DEVICES} devices."));
        }
    }
    flaws
}

/// The devices of each stage, or all that stands against them.
fn choose(
    conn: &mut Conn,
    version: VersionId,
    stages: &[StageSpec],
) -> Result<Result<Chosen, Vec<String>>, StoreError> {
    let (mut chosen, mut flaws) = (Chosen::default(), Vec::new());
    let mut taken: HashSet<DeviceId> = HashSet::new();
    for (ordinal, stage) in (1..).zip(stages) {
        let mut devices = Vec::new();
        let mut ids: Vec<DeviceId> = Vec::new();
        for id in stage.device_ids.iter().copied().map(DeviceId::from) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        let named = named(conn, &ids)?;
        for id in &ids {
            match named.get(id) {
                None => flaws.push(format!("Stage {ordinal}: there is no device {id}.")),
                Some(device) if device.kind == DeviceKind::Rockstar => {
                    let sentence = "is a RockSTAR, which takes no firmware from here";
                    flaws.push(format!("Stage {ordinal}: {} {sentence}.", device.name));
                }
                Some(device) => devices.push(device.clone()),
            }
        }
        if !stage.group_ids.is_empty() || stage.percent.is_some() {
            let groups: Vec<GroupId> = stage.group_ids.iter().copied().map(Into::into).collect();
            let most = i64::try_from(MOST_DEVICES + taken.len() + 1).unwrap_or(i64::MAX);
            let found = rollouts::candidates(conn, &groups, stage.kind, most)?;
            let mut rest: Vec<DeviceRef> =
                found.into_iter().filter(|one| !taken.contains(&one.id) && !ids.contains(&one.id)).collect();
            if let Some(percent) = stage.percent {
                // Who has the version tries nothing; a share of them would let the next stage begin untried.
                rest = without(conn, version, rest)?;
                rest.truncate(rules::share(percent, rest.len()));
            }
            devices.extend(rest);
        }
        let asked = devices.len();
        devices.retain(|device| taken.insert(device.id));
        if devices.len() < asked {
            chosen.twice += asked - devices.len();
        }
        if devices.is_empty() {
            chosen.empty.push(ordinal);
        }
        chosen.stages.push(devices);
    }
    if taken.len() > MOST_DEVICES {
        flaws.push(format!("A roll-out has at most {MOST_DEVICES} devices; these are {}.", taken.len()));
    }
    if taken.is_empty() && flaws.is_empty() {
        flaws.push("No device would take part: there is none, or all have the version already.".to_owned());
    }
    Ok(if flaws.is_empty() { Ok(chosen) } else { Err(flaws) })
}

/// Those devices that do not have a version.
fn without(
    conn: &mut Conn,
    version: VersionId,
    devices: Vec<DeviceRef>,
) -> Result<Vec<DeviceRef>, StoreError> {
    let ids: Vec<DeviceId> = devices.iter().map(|device| device.id).collect();
    let mut has = HashSet::new();
    for portion in ids.chunks(500) {
        let seen = jobs::seen(conn, portion)?;
        has.extend(seen.into_iter().filter(|(_, seen)| seen.version_id == version).map(|(id, _)| id));
    }
    Ok(devices.into_iter().filter(|device| !has.contains(&device.id)).collect())
}

#[derive(Default)]
struct Chosen {
    stages: Vec<Vec<DeviceRef>>,
    /// Devices that were named again in a later stage.
    twice: usize,
    /// Stages without a device.
    empty: Vec<i32>,
}

/// Devices of these ids that were not deleted.
fn named(conn: &mut Conn, ids: &[DeviceId]) -> Result<HashMap<DeviceId, DeviceRef>, StoreError> {
    let mut found = HashMap::new();
    for portion in ids.chunks(500) {
        found.extend(devices::refs(conn, portion)?);
    }
    for id in ids {
        if devices::by_id(conn, *id)?.is_none_or(|device| device.deleted_at.is_some()) {
            found.remove(id);
        }
    }
    Ok(found)
}

/// What a roll-out would be, or all that stands against it.
///
/// # Errors
/// [`StoreError::NotFound`] where there is no such version.
pub(crate) fn plan(
    conn: &mut Conn,
    version: &VersionRow,
    stages: &[StageSpec],
) -> Result<Result<RolloutPlan, Vec<String>>, StoreError> {
    let chosen = match choose(conn, version.id.into(), stages)? {
        Ok(chosen) => chosen,
        Err(flaws) => return Ok(Err(flaws)),
    };
    let all: Vec<DeviceId> = chosen.stages.iter().flatten().map(|device| device.id).collect();
    let mut seen = HashMap::new();
    for portion in all.chunks(500) {
        seen.extend(jobs::seen(conn, portion)?);
    }
    let mut differences: HashMap<Option<VersionId>, (i64, i64)> = HashMap::new();
    let mut planned = Vec::new();
    for devices in &chosen.stages {
        let mut stage = Vec::new();
        for device in devices {
            let from = seen.get(&device.id).cloned();
            let has = from.as_ref().map(|from| from.version_id);
            let (files_changed, bytes) = match differences.get(&has) {
                Some(known) => *known,
                None => *differences.entry(has).or_insert(versions::changed(conn, has, version.id.into())?),
            };
            let skipped = match jobs::active_of(conn, device.id)? {
                _ if has == Some(version.id.into()) => Some("It has this version already.".to_owned()),
                Some(job) => Some(format!("It is busy with upgrade {}.", job.number)),
                None => None,
            };
            stage.push(PlannedDevice { device: device.clone(), from, files_changed, bytes, skipped });
        }
        planned.push(PlannedStage { devices: stage });
    }
    let warnings = warnings(conn, version, &chosen, &planned)?;
    let part = || planned.iter().flat_map(|stage| &stage.devices).filter(|one| one.skipped.is_none());
    Ok(Ok(RolloutPlan {
        devices: i64::try_from(part().count()).unwrap_or(i64::MAX),
        files_changed_max: part().map(|one| one.files_changed).max().unwrap_or(0),
        bytes_each_max: part().map(|one| one.bytes).max().unwrap_or(0),
        bytes_fetched_each: version.bytes,
        warnings,
        stages: planned,
    }))
}

fn warnings(
    conn: &mut Conn,
    version: &VersionRow,
    chosen: &Chosen,
    planned: &[PlannedStage],
) -> Result<Vec<String>, StoreError> {
    let mut warnings = Vec::new();
    let devices = || planned.iter().flat_map(|stage| &stage.devices);
    let kinds: BTreeSet<&str> = devices().map(|one| one.device.kind.as_str()).collect();
    if kinds.len() > 1 {
        warnings.push(
            "The devices are buoys and handsets, and all would be given the same version. Make sure that it is for both."
                .to_owned(),
        );
    }
    let newer = newer(conn, version, devices())?;
    if !newer.is_empty() {
        let first = newer.first().copied().unwrap_or_default();
        warnings.push(match newer.len() {
            1 => format!("{first} has a version with a later commit: this would take it back."),
            many => format!("{many} devices, {first} among them, have versions with later commits: this would take them back."),
        });
    }
    if version.signature()? != SignatureState::Good {
        warnings.push(format!("The version {} is not signed by a configured key.", version.revision));
    }
    if chosen.twice > 0 {
        warnings.push(format!(
            "{} named in more than one stage; each belongs to the first.",
            if chosen.twice == 1 {
                "1 device is".to_owned()
            } else {
                format!("{} devices are", chosen.twice)
            }
        ));
    }
    warnings.extend(chosen.empty.iter().map(|ordinal| format!("Stage {ordinal} has no device.")));
    for (ordinal, stage) in (1..).zip(planned) {
        if ordinal < planned.len()
            && !stage.devices.is_empty()
            && stage.devices.iter().all(|one| one.skipped.is_some())
        {
            warnings.push(format!(
                "All devices of stage {ordinal} would be left out now: the roll-out would stop after it."
            ));
        }
    }
    let skipped = devices().filter(|one| one.skipped.is_some()).count();
    if skipped > 0 {
        warnings.push(match skipped {
            1 => "1 device would be left out now.".to_owned(),
            many => format!("{many} devices would be left out now."),
        });
    }
    Ok(warnings)
}

/// The names of devices whose version has a later commit than this one, from the same source.
fn newer<'p>(
    conn: &mut Conn,
    version: &VersionRow,
    devices: impl Iterator<Item = &'p PlannedDevice>,
) -> Result<Vec<&'p str>, StoreError> {
    let mut committed: HashMap<VersionId, Option<Time>> = HashMap::new();
    let mut newer = Vec::new();
    for one in devices {
        let Some(from) = &one.from else { continue };
        let at = match committed.get(&from.version_id) {
            Some(known) => *known,
            None => {
                let row = versions::get(conn, from.version_id)?;
                let at = (row.source == version.source).then_some(Time::from(row.committed_at));
                *committed.entry(from.version_id).or_insert(at)
            }
        };
        if at.is_some_and(|at| at > Time::from(version.committed_at)) {
            newer.push(one.device.name.as_str());
        }
    }
    Ok(newer)
}
