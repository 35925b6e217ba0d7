//! Upgrades of single devices, and the version that each device was seen with last.

use std::collections::HashMap;

use diesel::prelude::*;
use fairlead_model::firmware::{FirmwareSeen, JobState, JobView, RolloutState, VersionState};
use fairlead_model::{DeviceId, JobId, RolloutId, Time, VersionId};

use crate::dialect::on_either;
use crate::firmware::seen::Seen;
use crate::registry::devices;
use crate::schema::{device_firmware, firmware_versions, rollouts, upgrade_jobs};
use crate::{Conn, Id, Micros, StoreError, Tx, sequences};

/// The sequence from which jobs get the numbers by which devices know them.
const SEQUENCE: &str = "upgrade_jobs";

/// Longest cause that is kept, in characters.
const CAUSE: usize = 1_000;

/// One version for one device.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = upgrade_jobs)]
#[diesel(treat_none_as_default_value = false)]
pub struct JobRow {
    /// Its id.
    pub id: Id,
    /// The number by which the device knows it.
    pub number: i64,
    /// The device.
    pub device_id: Id,
    /// The version.
    pub version_id: Id,
    /// The roll-out of which it is a part.
    pub rollout_id: Option<Id>,
    /// How it is.
    pub state: String,
    /// Why it ended so; while it goes on, what seems to be in its way.
    pub cause: Option<String>,
    /// Who asked for it.
    pub asked_by: String,
    /// When.
    pub created_at: Micros,
    /// When the device could begin.
    pub offered_at: Option<Micros>,
    /// When it began to fetch last.
    pub started_at: Option<Micros>,
    /// When it was heard last.
    pub heard_at: Option<Micros>,
    /// When the job ended.
    pub ended_at: Option<Micros>,
    /// Past this moment a device that was not heard has failed.
    pub deadline_at: Micros,
    /// How long a silence may be, in seconds.
    pub timeout_s: i64,
    /// How often the device began to fetch.
    pub attempts: i32,
    /// Files that this attempt has fetched.
    pub files_done: i64,
    /// Their bytes.
    pub bytes_done: i64,
    /// The file that was fetched last.
    pub current_file: Option<String>,
    /// The files that this attempt has fetched; see [`Seen`].
    pub seen: Option<Vec<u8>>,
    /// Whether the device is told by its line to fetch it.
    pub call_device: bool,
    /// When it was told last.
    pub called_at: Option<Micros>,
    /// The device while the job goes on, so that there is one at most.
    pub active_device: Option<Id>,
    /// When the device said that it has removed what this job, which it did not finish, had left on it.
    pub cleared_at: Option<Micros>,
}

/// What changes of a job.
#[derive(AsChangeset)]
#[diesel(table_name = upgrade_jobs)]
#[diesel(treat_none_as_null = true)]
struct Changes<'r> {
    state: &'r str,
    cause: Option<String>,
    offered_at: Option<Micros>,
    started_at: Option<Micros>,
    heard_at: Option<Micros>,
    ended_at: Option<Micros>,
    deadline_at: Micros,
    attempts: i32,
    files_done: i64,
    bytes_done: i64,
    current_file: Option<&'r str>,
    seen: Option<&'r [u8]>,
    called_at: Option<Micros>,
    active_device: Option<Id>,
    cleared_at: Option<Micros>,
}

/// Which jobs to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those of this device.
    pub device: Option<DeviceId>,
    /// Only those of this roll-out.
    pub rollout: Option<RolloutId>,
    /// Only those that go on, or only those that ended.
    pub active: Option<bool>,
    /// Only those older than this one (a page's cursor).
    pub before: Option<JobId>,
}

impl JobRow {
    /// How it is.
    ///
    /// # Errors
    /// [`StoreError::Fault`] where the row holds what this program never writes.
    pub fn state(&self) -> Result<JobState, StoreError> {
        self.state.parse().map_err(StoreError::Fault)
    }

    /// The files that this attempt has fetched.
    pub fn seen(&self) -> Seen {
        Seen::of(self.seen.as_deref())
    }

    /// Whether its device has begun.
    pub fn has_begun(&self) -> bool {
        self.attempts > 0
    }
}

/// The number of a new job.
///
/// # Errors
/// What the database says.
pub fn next_number(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    sequences::next(tx, SEQUENCE)
}

/// Adds a job.
///
/// # Errors
/// [`StoreError::Conflict`] where the device has one that goes on.
pub fn insert(tx: &mut Tx<'_>, row: &JobRow) -> Result<(), StoreError> {
    on_either!(&mut **tx, c => diesel::insert_into(upgrade_jobs::table).values(row).execute(c))?;
    Ok(())
}

/// One job.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn get(conn: &mut Conn, id: JobId) -> Result<JobRow, StoreError> {
    Ok(upgrade_jobs::table.find(Id::from(id)).select(JobRow::as_select()).first(conn)?)
}

/// The same for a unit of work that will change it: until it is done, no other one changes it.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn claim(tx: &mut Tx<'_>, id: JobId) -> Result<JobRow, StoreError> {
    // Writing a row locks it on either database.
    let same = upgrade_jobs::number.eq(upgrade_jobs::number);
    diesel::update(upgrade_jobs::table.find(Id::from(id))).set(same).execute(&mut **tx)?;
    get(tx, id)
}

/// Writes down a job that was claimed.
///
/// # Errors
/// What the database says.
pub fn put(tx: &mut Tx<'_>, row: &JobRow) -> Result<(), StoreError> {
    let changes = Changes {
        state: &row.state,
        cause: row.cause.as_ref().map(|cause| cause.chars().take(CAUSE).collect()),
        offered_at: row.offered_at,
        started_at: row.started_at,
        heard_at: row.heard_at,
        ended_at: row.ended_at,
        deadline_at: row.deadline_at,
        attempts: row.attempts,
        files_done: row.files_done,
        bytes_done: row.bytes_done,
        current_file: row.current_file.as_deref(),
        seen: row.seen.as_deref(),
        called_at: row.called_at,
        active_device: row.active_device,
        cleared_at: row.cleared_at,
    };
    diesel::update(upgrade_jobs::table.find(row.id)).set(changes).execute(&mut **tx)?;
    Ok(())
}

/// The job of a number.
///
/// # Errors
/// What the database says.
pub fn by_number(conn: &mut Conn, number: i64) -> Result<Option<JobRow>, StoreError> {
    let wanted = upgrade_jobs::table.filter(upgrade_jobs::number.eq(number));
    Ok(wanted.select(JobRow::as_select()).first(conn).optional()?)
}

/// The job of a device that goes on.
///
/// # Errors
/// What the database says.
pub fn active_of(conn: &mut Conn, device: DeviceId) -> Result<Option<JobRow>, StoreError> {
    let wanted = upgrade_jobs::table.filter(upgrade_jobs::active_device.eq(Id::from(device)));
    Ok(wanted.select(JobRow::as_select()).first(conn).optional()?)
}

/// The newest job of a device.
///
/// # Errors
/// What the database says.
pub fn newest_of(conn: &mut Conn, device: DeviceId) -> Result<Option<JobRow>, StoreError> {
    let of_device = upgrade_jobs::table.filter(upgrade_jobs::device_id.eq(Id::from(device)));
    Ok(of_device.order(upgrade_jobs::id.desc()).select(JobRow::as_select()).first(conn).optional()?)
}

/// The job of which a device still holds files that it has not put in their place: the newest that it began, where that
/// ended without success and the device has not said since that it removed them.
///
/// # Errors
/// What the database says.
pub fn unfinished(conn: &mut Conn, device: DeviceId) -> Result<Option<JobRow>, StoreError> {
    let begun: Option<JobRow> = upgrade_jobs::table
        .filter(upgrade_jobs::device_id.eq(Id::from(device)))
        .filter(upgrade_jobs::attempts.gt(0))
        .filter(upgrade_jobs::active_device.is_null())
        .order(upgrade_jobs::id.desc())
        .select(JobRow::as_select())
        .first(conn)
        .optional()?;
    Ok(begun.filter(|row| row.cleared_at.is_none() && row.state != JobState::Succeeded.as_str()))
}

/// One page of jobs, newest first.
///
/// # Errors
/// What the database says.
pub fn list(conn: &mut Conn, filter: &Filter, limit: i64) -> Result<Vec<JobRow>, StoreError> {
    let before = Id::from(filter.before.unwrap_or_else(|| uuid::Uuid::max().into()));
    let mut query =
        upgrade_jobs::table.filter(upgrade_jobs::id.lt(before)).select(JobRow::as_select()).into_boxed();
    if let Some(device) = filter.device {
        query = query.filter(upgrade_jobs::device_id.eq(Id::from(device)));
    }
    if let Some(rollout) = filter.rollout {
        query = query.filter(upgrade_jobs::rollout_id.eq(Id::from(rollout)));
    }
    query = match filter.active {
        Some(true) => query.filter(upgrade_jobs::active_device.is_not_null()),
        Some(false) => query.filter(upgrade_jobs::active_device.is_null()),
        None => query,
    };
    Ok(query.order(upgrade_jobs::id.desc()).limit(limit).load(conn)?)
}

/// Jobs of these ids; unknown ones are left out.
///
/// # Errors
/// What the database says.
pub fn of_ids(conn: &mut Conn, ids: &[JobId]) -> Result<Vec<JobRow>, StoreError> {
    let ids: Vec<Id> = ids.iter().copied().map(Id::from).collect();
    Ok(upgrade_jobs::table.filter(upgrade_jobs::id.eq_any(ids)).select(JobRow::as_select()).load(conn)?)
}

/// Jobs that go on and whose device was not heard until `now`, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn overdue(conn: &mut Conn, now: Time, limit: i64) -> Result<Vec<JobId>, StoreError> {
    let active: Vec<&str> =
        JobState::ALL.iter().filter(|state| state.is_active()).map(|state| state.as_str()).collect();
    let ids: Vec<Id> = upgrade_jobs::table
        .filter(upgrade_jobs::state.eq_any(active))
        .filter(upgrade_jobs::deadline_at.le(Micros::from(now)))
        .limit(limit)
        .select(upgrade_jobs::id)
        .load(conn)?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// Jobs that wait for a version which is not being prepared any more, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn prepared(conn: &mut Conn, limit: i64) -> Result<Vec<JobId>, StoreError> {
    let ids: Vec<Id> = upgrade_jobs::table
        .inner_join(firmware_versions::table.on(firmware_versions::id.eq(upgrade_jobs::version_id)))
        .filter(upgrade_jobs::state.eq(JobState::Preparing.as_str()))
        .filter(firmware_versions::state.ne(VersionState::Preparing.as_str()))
        .limit(limit)
        .select(upgrade_jobs::id)
        .load(conn)?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// Below every device's id: what lies above it in `active_device` are the jobs that go on, which are few, and which SQLite
/// then finds by that index. It knows nothing of how rare a state is.
fn some_device() -> Id {
    uuid::Uuid::nil().into()
}

/// Jobs whose device should be told by its line, and was neither told nor heard since `since`, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn uncalled(conn: &mut Conn, since: Time, limit: i64) -> Result<Vec<JobId>, StoreError> {
    let since = Micros::from(since);
    let waits = [JobState::Ready.as_str(), JobState::Transferring.as_str()];
    let ids: Vec<Id> = upgrade_jobs::table
        .filter(upgrade_jobs::active_device.gt(some_device()))
        .filter(upgrade_jobs::state.eq_any(waits))
        .filter(upgrade_jobs::call_device.eq(true))
        .filter(upgrade_jobs::called_at.is_null().or(upgrade_jobs::called_at.le(since)))
        .filter(upgrade_jobs::heard_at.is_null().or(upgrade_jobs::heard_at.le(since)))
        .limit(limit)
        .select(upgrade_jobs::id)
        .load(conn)?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// Jobs whose device has not begun, and whose roll-out does not go on: at most `limit`.
///
/// # Errors
/// What the database says.
pub fn withdrawn(conn: &mut Conn, limit: i64) -> Result<Vec<(RolloutId, JobId)>, StoreError> {
    let resting =
        [RolloutState::Paused, RolloutState::Stopped, RolloutState::Cancelled].map(RolloutState::as_str);
    let unbegun = [JobState::Preparing, JobState::Ready].map(JobState::as_str);
    let mut ids: Vec<(Id, Id)> = upgrade_jobs::table
        .inner_join(rollouts::table.on(upgrade_jobs::rollout_id.eq(rollouts::id.nullable())))
        .filter(upgrade_jobs::active_device.gt(some_device()))
        .filter(upgrade_jobs::state.eq_any(unbegun))
        .filter(rollouts::state.eq_any(resting))
        .limit(limit)
        .select((rollouts::id, upgrade_jobs::id))
        .load(conn)?;
    // Whoever claims them all does so in one order.
    ids.sort_unstable();
    Ok(ids.into_iter().map(|(rollout, job)| (rollout.into(), job.into())).collect())
}

/// The version that a device was given with success before a job.
///
/// # Errors
/// What the database says.
pub fn former_version(
    conn: &mut Conn,
    device: DeviceId,
    before: JobId,
) -> Result<Option<VersionId>, StoreError> {
    let found: Option<Id> = upgrade_jobs::table
        .filter(upgrade_jobs::device_id.eq(Id::from(device)))
        .filter(upgrade_jobs::id.lt(Id::from(before)))
        .filter(upgrade_jobs::state.eq(JobState::Succeeded.as_str()))
        .order(upgrade_jobs::id.desc())
        .select(upgrade_jobs::version_id)
        .first(conn)
        .optional()?;
    Ok(found.map(Into::into))
}

/// Jobs as shown, in their order.
///
/// # Errors
/// What the database says.
pub fn views(conn: &mut Conn, rows: Vec<JobRow>) -> Result<Vec<JobView>, StoreError> {
    let devices_of: Vec<DeviceId> = rows.iter().map(|row| row.device_id.into()).collect();
    let devices = devices::refs(conn, &devices_of)?;
    let versions: Vec<Id> = rows.iter().map(|row| row.version_id).collect();
    let versions: Vec<(Id, String, i64, i64)> = firmware_versions::table
        .filter(firmware_versions::id.eq_any(versions))
        .select((
            firmware_versions::id,
            firmware_versions::revision,
            firmware_versions::files,
            firmware_versions::bytes,
        ))
        .load(conn)?;
    let versions: HashMap<Id, (String, i64, i64)> =
        versions.into_iter().map(|(id, revision, files, bytes)| (id, (revision, files, bytes))).collect();
    rows.into_iter()
        .map(|row| {
            let state = row.state()?;
            let device = devices.get(&row.device_id.into()).cloned().ok_or(StoreError::NotFound)?;
            let (revision, files, bytes) = versions.get(&row.version_id).cloned().unwrap_or_default();
            Ok(view(row, state, device, revision, (files, bytes)))
        })
        .collect()
}

/// One job as shown.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn view_of(conn: &mut Conn, id: JobId) -> Result<JobView, StoreError> {
    let row = get(conn, id)?;
    views(conn, vec![row])?.pop().ok_or(StoreError::NotFound)
}

fn view(
    row: JobRow,
    state: JobState,
    device: fairlead_model::device::DeviceRef,
    revision: String,
    (files, bytes): (i64, i64),
) -> JobView {
    JobView {
        id: row.id.into(),
        number: row.number,
        device,
        version_id: row.version_id.into(),
        revision,
        rollout_id: row.rollout_id.map(Into::into),
        state,
        cause: row.cause,
        asked_by: row.asked_by,
        created_at: row.created_at.into(),
        started_at: row.started_at.map(Into::into),
        heard_at: row.heard_at.map(Into::into),
        ended_at: row.ended_at.map(Into::into),
        attempts: row.attempts,
        files_done: row.files_done,
        files,
        bytes_done: row.bytes_done,
        bytes,
        current_file: row.current_file,
    }
}

/// The firmware that devices were seen with; those of which nothing is known are left out.
///
/// # Errors
/// What the database says.
pub fn seen(conn: &mut Conn, devices: &[DeviceId]) -> Result<HashMap<DeviceId, FirmwareSeen>, StoreError> {
    let ids: Vec<Id> = devices.iter().copied().map(Id::from).collect();
    let rows: Vec<(Id, Id, Micros, String, String, String)> = device_firmware::table
        .inner_join(firmware_versions::table.on(firmware_versions::id.eq(device_firmware::version_id)))
        .filter(device_firmware::device_id.eq_any(ids))
        .select((
            device_firmware::device_id,
            device_firmware::version_id,
            device_firmware::since,
            firmware_versions::source,
            firmware_versions::revision,
            firmware_versions::commit_id,
        ))
        .load(conn)?;
    let seen = rows.into_iter().map(|(device, version, since, source, revision, commit)| {
        let seen = FirmwareSeen { version_id: version.into(), source, revision, commit, since: since.into() };
        (device.into(), seen)
    });
    Ok(seen.collect())
}

/// Notes that a device has a version since a moment.
///
/// # Errors
/// What the database says.
pub fn note_seen(
    tx: &mut Tx<'_>,
    device: DeviceId,
    version: VersionId,
    since: Time,
) -> Result<(), StoreError> {
    tx.changed.devices.insert(device);
    let (device, version, since) = (Id::from(device), Id::from(version), Micros::from(since));
    let known = diesel::update(device_firmware::table.find(device))
        .set((device_firmware::version_id.eq(version), device_firmware::since.eq(since)))
        .execute(&mut **tx)?;
    if known == 0 {
        diesel::insert_into(device_firmware::table)
            .values((
                device_firmware::device_id.eq(device),
                device_firmware::version_id.eq(version),
                device_firmware::since.eq(since),
            ))
            .execute(&mut **tx)?;
    }
    Ok(())
}
