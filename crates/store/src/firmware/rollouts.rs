//! Roll-outs: a version for many devices, in stages; each device once.

use std::collections::HashMap;

use diesel::dsl::count_star;
use diesel::prelude::*;
use fairlead_model::device::{DeviceKind, DeviceRef};
use fairlead_model::firmware::{
    JobView, RolloutState, RolloutView, StageState, StageView, TargetState, TargetView,
};
use fairlead_model::{DeviceId, GroupId, JobId, RolloutId, VersionId};

use crate::dialect::{insert_rows, on_either};
use crate::firmware::{jobs, versions};
use crate::registry::devices as registry;
use crate::schema::{devices, group_members, rollout_stages, rollout_targets, rollouts};
use crate::{Conn, Id, Micros, StoreError, Tx};

/// Longest cause that is kept, in characters.
const CAUSE: usize = 1_000;

/// Rows in one insert, and ids in one question.
const TOGETHER: usize = 500;

/// A version for many devices.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = rollouts)]
#[diesel(treat_none_as_default_value = false)]
pub struct RolloutRow {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// The version.
    pub version_id: Id,
    /// How it is.
    pub state: String,
    /// Why it was stopped, paused or cancelled.
    pub cause: Option<String>,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Micros,
    /// Whether a second person must approve it.
    pub needs_approval: bool,
    /// Who did.
    pub approved_by: Option<String>,
    /// When.
    pub approved_at: Option<Micros>,
    /// Whether devices are told by their lines to fetch it.
    pub call_devices: bool,
    /// How long a device may be silent, in seconds.
    pub job_timeout_s: i64,
    /// The roll-out that this one takes back.
    pub rolls_back: Option<Id>,
    /// When it was started.
    pub started_at: Option<Micros>,
    /// When it ended.
    pub ended_at: Option<Micros>,
}

/// What changes of a roll-out.
#[derive(AsChangeset)]
#[diesel(table_name = rollouts)]
#[diesel(treat_none_as_null = true)]
struct Changes<'r> {
    state: &'r str,
    cause: Option<String>,
    approved_by: Option<&'r str>,
    approved_at: Option<Micros>,
    started_at: Option<Micros>,
    ended_at: Option<Micros>,
}

/// A stage of a roll-out.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = rollout_stages)]
#[diesel(treat_none_as_default_value = false)]
pub struct StageRow {
    /// The roll-out.
    pub rollout_id: Id,
    /// Its place, from 1.
    pub ordinal: i32,
    /// Percentage of its devices that must succeed before the next stage begins.
    pub success_percent: i32,
    /// Percentage of its devices whose failing stops the roll-out.
    pub error_percent: i32,
    /// Failures that a person has tolerated by going on.
    pub tolerated: i32,
    /// How it is.
    pub state: String,
    /// When it began.
    pub started_at: Option<Micros>,
    /// When it was done, or failed.
    pub ended_at: Option<Micros>,
}

/// A device of a roll-out.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = rollout_targets)]
#[diesel(treat_none_as_default_value = false)]
pub struct TargetRow {
    /// The roll-out.
    pub rollout_id: Id,
    /// The device.
    pub device_id: Id,
    /// Its stage.
    pub ordinal: i32,
    /// How it is.
    pub state: String,
    /// Its newest job.
    pub job_id: Option<Id>,
    /// Why it is so, in a sentence.
    pub cause: Option<String>,
}

/// How many devices of a stage are how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Their turn has not come.
    pub waiting: i64,
    /// They have a job.
    pub offered: i64,
    /// They have the version.
    pub succeeded: i64,
    /// They failed.
    pub failed: i64,
    /// They were left out.
    pub skipped: i64,
}

/// Which targets to list.
#[derive(Clone, Debug, Default)]
pub struct TargetFilter {
    /// Only those of this stage.
    pub stage: Option<i32>,
    /// Only those in this state.
    pub state: Option<TargetState>,
    /// Only those behind this one (a page's cursor).
    pub after: Option<(i32, DeviceId)>,
}

impl RolloutRow {
    /// How it is.
    ///
    /// # Errors
    /// [`StoreError::Fault`] where the row holds what this program never writes.
    pub fn state(&self) -> Result<RolloutState, StoreError> {
        self.state.parse().map_err(StoreError::Fault)
    }
}

impl StageRow {
    /// How it is.
    ///
    /// # Errors
    /// [`StoreError::Fault`] where the row holds what this program never writes.
    pub fn state(&self) -> Result<StageState, StoreError> {
        self.state.parse().map_err(StoreError::Fault)
    }

    fn view(&self, counts: Counts) -> Result<StageView, StoreError> {
        Ok(StageView {
            ordinal: self.ordinal,
            state: self.state()?,
            success_percent: self.success_percent,
            error_percent: self.error_percent,
            devices: counts.all(),
            waiting: counts.waiting,
            offered: counts.offered,
            succeeded: counts.succeeded,
            failed: counts.failed,
            skipped: counts.skipped,
        })
    }
}

impl Counts {
    /// All of them.
    pub fn all(&self) -> i64 {
        self.waiting + self.offered + self.succeeded + self.failed + self.skipped
    }

    fn add(&mut self, state: TargetState, count: i64) {
        match state {
            TargetState::Waiting => self.waiting += count,
            TargetState::Offered => self.offered += count,
            TargetState::Succeeded => self.succeeded += count,
            TargetState::Failed => self.failed += count,
            TargetState::Skipped => self.skipped += count,
        }
    }
}

/// Adds a roll-out with its stages and devices.
///
/// # Errors
/// What the database says.
pub fn insert(
    tx: &mut Tx<'_>,
    rollout: &RolloutRow,
    stages: &[StageRow],
    targets: &[TargetRow],
) -> Result<(), StoreError> {
    on_either!(&mut **tx, c => diesel::insert_into(rollouts::table).values(rollout).execute(c))?;
    insert_rows!(&mut **tx, diesel::insert_into(rollout_stages::table), stages.iter());
    for portion in targets.chunks(TOGETHER) {
        insert_rows!(&mut **tx, diesel::insert_into(rollout_targets::table), portion.iter());
    }
    Ok(())
}

/// One roll-out.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn get(conn: &mut Conn, id: RolloutId) -> Result<RolloutRow, StoreError> {
    Ok(rollouts::table.find(Id::from(id)).select(RolloutRow::as_select()).first(conn)?)
}

/// The same for a unit of work that will change it: until it is done, no other one changes it.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn claim(tx: &mut Tx<'_>, id: RolloutId) -> Result<RolloutRow, StoreError> {
    // Writing a row locks it on either database.
    let same = rollouts::job_timeout_s.eq(rollouts::job_timeout_s);
    diesel::update(rollouts::table.find(Id::from(id))).set(same).execute(&mut **tx)?;
    get(tx, id)
}

/// Writes down a roll-out that was claimed.
///
/// # Errors
/// What the database says.
pub fn put(tx: &mut Tx<'_>, row: &RolloutRow) -> Result<(), StoreError> {
    let changes = Changes {
        state: &row.state,
        cause: row.cause.as_ref().map(|cause| cause.chars().take(CAUSE).collect()),
        approved_by: row.approved_by.as_deref(),
        approved_at: row.approved_at,
        started_at: row.started_at,
        ended_at: row.ended_at,
    };
    diesel::update(rollouts::table.find(row.id)).set(changes).execute(&mut **tx)?;
    Ok(())
}

/// One page of roll-outs, newest first.
///
/// # Errors
/// What the database says.
pub fn list(conn: &mut Conn, before: Option<RolloutId>, limit: i64) -> Result<Vec<RolloutRow>, StoreError> {
    let before = Id::from(before.unwrap_or_else(|| uuid::Uuid::max().into()));
    Ok(rollouts::table
        .filter(rollouts::id.lt(before))
        .order(rollouts::id.desc())
        .limit(limit)
        .select(RolloutRow::as_select())
        .load(conn)?)
}

/// The roll-outs in a state, oldest first, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn in_state(conn: &mut Conn, state: RolloutState, limit: i64) -> Result<Vec<RolloutId>, StoreError> {
    let ids: Vec<Id> = rollouts::table
        .filter(rollouts::state.eq(state.as_str()))
        .order(rollouts::id)
        .limit(limit)
        .select(rollouts::id)
        .load(conn)?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// The stages of a roll-out with their counts, in order.
///
/// # Errors
/// What the database says.
pub fn stages(conn: &mut Conn, id: RolloutId) -> Result<Vec<(StageRow, Counts)>, StoreError> {
    let rows: Vec<StageRow> = rollout_stages::table
        .filter(rollout_stages::rollout_id.eq(Id::from(id)))
        .order(rollout_stages::ordinal)
        .select(StageRow::as_select())
        .load(conn)?;
    let counted: Vec<(i32, String, i64)> = rollout_targets::table
        .filter(rollout_targets::rollout_id.eq(Id::from(id)))
        .group_by((rollout_targets::ordinal, rollout_targets::state))
        .select((rollout_targets::ordinal, rollout_targets::state, count_star()))
        .load(conn)?;
    let mut counts: HashMap<i32, Counts> = HashMap::new();
    for (ordinal, state, count) in counted {
        counts.entry(ordinal).or_default().add(state.parse().map_err(StoreError::Fault)?, count);
    }
    Ok(rows
        .into_iter()
        .map(|row| {
            let counts = counts.get(&row.ordinal).copied().unwrap_or_default();
            (row, counts)
        })
        .collect())
}

/// Writes down a stage of a roll-out that was claimed.
///
/// # Errors
/// What the database says.
pub fn put_stage(tx: &mut Tx<'_>, row: &StageRow) -> Result<(), StoreError> {
    diesel::update(rollout_stages::table.find((row.rollout_id, row.ordinal)))
        .set((
            rollout_stages::state.eq(&row.state),
            rollout_stages::tolerated.eq(row.tolerated),
            rollout_stages::started_at.eq(row.started_at),
            rollout_stages::ended_at.eq(row.ended_at),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// The device of a roll-out; none where it has no part in it.
///
/// # Errors
/// What the database says.
pub fn target(
    conn: &mut Conn,
    rollout: RolloutId,
    device: DeviceId,
) -> Result<Option<TargetRow>, StoreError> {
    let wanted = rollout_targets::table.find((Id::from(rollout), Id::from(device)));
    Ok(wanted.select(TargetRow::as_select()).first(conn).optional()?)
}

/// Writes down a device of a roll-out.
///
/// # Errors
/// What the database says.
pub fn put_target(tx: &mut Tx<'_>, row: &TargetRow) -> Result<(), StoreError> {
    let cause: Option<String> = row.cause.as_ref().map(|cause| cause.chars().take(CAUSE).collect());
    diesel::update(rollout_targets::table.find((row.rollout_id, row.device_id)))
        .set((
            rollout_targets::state.eq(&row.state),
            rollout_targets::job_id.eq(row.job_id),
            rollout_targets::cause.eq(cause),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// The devices of a roll-out in one state are in another one from now on; returns how many.
///
/// # Errors
/// What the database says.
pub fn move_targets(
    tx: &mut Tx<'_>,
    rollout: RolloutId,
    (from, to): (TargetState, TargetState),
    cause: Option<&str>,
) -> Result<usize, StoreError> {
    let moved = rollout_targets::table
        .filter(rollout_targets::rollout_id.eq(Id::from(rollout)))
        .filter(rollout_targets::state.eq(from.as_str()));
    let cause: Option<String> = cause.map(|cause| cause.chars().take(CAUSE).collect());
    Ok(diesel::update(moved)
        .set((rollout_targets::state.eq(to.as_str()), rollout_targets::cause.eq(cause)))
        .execute(&mut **tx)?)
}

/// The roll-outs that take another one back, and were not cancelled.
///
/// # Errors
/// What the database says.
pub fn backs(conn: &mut Conn, of: RolloutId) -> Result<Vec<String>, StoreError> {
    Ok(rollouts::table
        .filter(rollouts::rolls_back.eq(Id::from(of)))
        .filter(rollouts::state.ne(RolloutState::Cancelled.as_str()))
        .select(rollouts::name)
        .load(conn)?)
}

/// One page of a roll-out's devices, by stage.
///
/// # Errors
/// What the database says.
pub fn targets(
    conn: &mut Conn,
    rollout: RolloutId,
    filter: &TargetFilter,
    limit: i64,
) -> Result<Vec<TargetRow>, StoreError> {
    let mut query = rollout_targets::table
        .filter(rollout_targets::rollout_id.eq(Id::from(rollout)))
        .select(TargetRow::as_select())
        .into_boxed();
    if let Some(stage) = filter.stage {
        query = query.filter(rollout_targets::ordinal.eq(stage));
    }
    if let Some(state) = filter.state {
        query = query.filter(rollout_targets::state.eq(state.as_str()));
    }
    if let Some((ordinal, device)) = filter.after {
        let later = rollout_targets::ordinal.gt(ordinal);
        let beside =
            rollout_targets::ordinal.eq(ordinal).and(rollout_targets::device_id.gt(Id::from(device)));
        query = query.filter(later.or(beside));
    }
    let order = (rollout_targets::ordinal, rollout_targets::device_id);
    Ok(query.order(order).limit(limit).load(conn)?)
}

/// Devices of a roll-out as shown, with their newest jobs, in their order.
///
/// # Errors
/// What the database says.
pub fn target_views(conn: &mut Conn, rows: Vec<TargetRow>) -> Result<Vec<TargetView>, StoreError> {
    let devices_of: Vec<DeviceId> = rows.iter().map(|row| row.device_id.into()).collect();
    let refs = registry::refs(conn, &devices_of)?;
    let ids: Vec<JobId> = rows.iter().filter_map(|row| row.job_id).map(Into::into).collect();
    let found = jobs::of_ids(conn, &ids)?;
    let mut found: HashMap<JobId, JobView> =
        jobs::views(conn, found)?.into_iter().map(|job| (job.id, job)).collect();
    rows.into_iter()
        .map(|row| {
            Ok(TargetView {
                device: refs.get(&row.device_id.into()).cloned().ok_or(StoreError::NotFound)?,
                stage: row.ordinal,
                state: row.state.parse().map_err(StoreError::Fault)?,
                cause: row.cause,
                job: row.job_id.and_then(|id| found.remove(&id.into())),
            })
        })
        .collect()
}

/// A roll-out as shown.
///
/// # Errors
/// What the database says.
pub fn view(conn: &mut Conn, row: RolloutRow) -> Result<RolloutView, StoreError> {
    let state = row.state()?;
    let stages = stages(conn, row.id.into())?;
    Ok(RolloutView {
        id: row.id.into(),
        name: row.name,
        version: versions::get(conn, VersionId::from(row.version_id))?.view()?,
        state,
        cause: row.cause,
        created_by: row.created_by,
        created_at: row.created_at.into(),
        needs_approval: row.needs_approval,
        approved_by: row.approved_by,
        call_devices: row.call_devices,
        job_timeout_s: row.job_timeout_s,
        rolls_back: row.rolls_back.map(Into::into),
        started_at: row.started_at.map(Into::into),
        ended_at: row.ended_at.map(Into::into),
        stages: stages.iter().map(|(stage, counts)| stage.view(*counts)).collect::<Result<_, _>>()?,
    })
}

/// One roll-out as shown.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn view_of(conn: &mut Conn, id: RolloutId) -> Result<RolloutView, StoreError> {
    let row = get(conn, id)?;
    view(conn, row)
}

/// The devices that firmware can be given to, by name, at most `limit`: of these groups, or of none in particular where
/// no groups are named; of one kind, or of all that take firmware.
///
/// # Errors
/// What the database says.
pub fn candidates(
    conn: &mut Conn,
    groups: &[GroupId],
    kind: Option<DeviceKind>,
    limit: i64,
) -> Result<Vec<DeviceRef>, StoreError> {
    let kinds: Vec<&str> = match kind {
        Some(kind) => vec![kind.as_str()],
        None => vec![DeviceKind::Buoy.as_str(), DeviceKind::Handset.as_str()],
    };
    let mut query = devices::table
        .filter(devices::deleted_at.is_null())
        .filter(devices::kind.eq_any(kinds))
        .select((devices::id, devices::kind, devices::name))
        .into_boxed();
    if !groups.is_empty() {
        let groups: Vec<Id> = groups.iter().copied().map(Id::from).collect();
        let members = group_members::table
            .filter(group_members::group_id.eq_any(groups))
            .select(group_members::device_id);
        query = query.filter(devices::id.eq_any(members));
    }
    let rows: Vec<(Id, String, String)> = query.order(devices::name_key).limit(limit).load(conn)?;
    rows.into_iter()
        .map(|(id, kind, name)| {
            Ok(DeviceRef { id: id.into(), kind: kind.parse().map_err(StoreError::Fault)?, name })
        })
        .collect()
}
