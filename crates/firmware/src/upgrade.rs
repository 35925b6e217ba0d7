//! Upgrades of single devices: the one way in which a job comes into being, goes on, and ends.
//!
//! Every change claims the job's row first and looks at it then, so several processes may do the same work: one of them
//! does it. What a job's end means for its roll-out is written in the same transaction.

use std::sync::Arc;
use std::time::Duration;

use fairlead_model::firmware::{JobState, TargetState, VersionState};
use fairlead_model::{Clock, DeviceId, JobId, RolloutId, Time};
use fairlead_store::firmware::jobs::{self, JobRow};
use fairlead_store::firmware::rollouts;
use fairlead_store::firmware::seen::Seen;
use fairlead_store::firmware::versions::{self, VersionRow};
use fairlead_store::registry::devices;
use fairlead_store::{Conn, StoreError, Tx};

/// A device that asks and has not begun is given at least this long to begin.
const GRACE: Duration = Duration::from_secs(600);

/// So often may a device begin anew. Beyond that it is not bad luck any more.
pub(crate) const MOST_ATTEMPTS: i32 = 50;

/// A job that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) device: DeviceId,
    pub(crate) rollout: Option<RolloutId>,
    pub(crate) asked_by: String,
    /// How long the device may be silent.
    pub(crate) timeout_s: i64,
    /// Whether it is told by its line.
    pub(crate) call_device: bool,
}

/// What became of an asked job.
#[derive(Clone, Debug)]
pub(crate) enum Made {
    /// It is there.
    New(JobRow),
    /// The device has another one that goes on.
    Busy(JobRow),
}

/// How a job ends.
#[derive(Clone, Debug)]
pub(crate) enum Ending {
    /// The device has the version.
    Succeeded,
    /// It has not.
    Failed(String),
    /// It was not heard in time.
    TimedOut(String),
    /// A person ended it.
    Cancelled(String),
    /// Its roll-out was paused or stopped before the device began; its turn comes again.
    TakenBack(String),
}

/// What was heard of a device since it was written down last.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// The attempt that it belongs to.
    pub(crate) attempt: i32,
    /// When.
    pub(crate) at: Time,
    /// The files that it fetched.
    pub(crate) seen: Seen,
    /// The last of them.
    pub(crate) current_file: Option<String>,
    /// What seems to be in its way.
    pub(crate) hint: Option<String>,
    /// Lengths of all files of the version, in the order of their paths.
    pub(crate) sizes: Arc<[i64]>,
}

/// Makes a job of a version that was claimed.
///
/// # Errors
/// [`StoreError::Refused`] where the version cannot be given out.
pub(crate) fn make(
    tx: &mut Tx<'_>,
    clock: &Clock,
    version: &VersionRow,
    wanted: &Wanted,
) -> Result<Made, StoreError> {
    let is_ready = match version.state()? {
        VersionState::Ready => true,
        VersionState::Preparing => false,
        VersionState::Refused => return Err(StoreError::Refused(cannot_be_given(version))),
    };
    // Held until the job is there: whoever deletes the device sees it then.
    match devices::claim(tx, wanted.device) {
        Err(StoreError::NotFound) => return Err(StoreError::Refused("The device was deleted.".to_owned())),
        claimed => drop(claimed?),
    }
    if let Some(busy) = jobs::active_of(tx, wanted.device)? {
        return Ok(Made::Busy(busy));
    }
    let now = clock.now();
    let state = if is_ready { JobState::Ready } else { JobState::Preparing };
    let row = JobRow {
        id: JobId::new(clock).into(),
        number: jobs::next_number(tx)?,
        device_id: wanted.device.into(),
        version_id: version.id,
        rollout_id: wanted.rollout.map(Into::into),
        state: state.as_str().to_owned(),
        cause: None,
        asked_by: wanted.asked_by.clone(),
        created_at: now.into(),
        offered_at: is_ready.then_some(now.into()),
        started_at: None,
        heard_at: None,
        ended_at: None,
        deadline_at: after(now, wanted.timeout_s).into(),
        timeout_s: wanted.timeout_s,
        attempts: 0,
        files_done: 0,
        bytes_done: 0,
        current_file: None,
        seen: None,
        call_device: wanted.call_device,
        called_at: None,
        active_device: Some(wanted.device.into()),
        cleared_at: None,
    };
    jobs::insert(tx, &row)?;
    Ok(Made::New(row))
}

/// Why a refused version is not given out.
pub(crate) fn cannot_be_given(version: &VersionRow) -> String {
    let cause = version.cause.as_deref().unwrap_or("no reason was noted");
    format!("The version {} cannot be given out: {cause}", version.revision)
}

/// A job whose version is prepared is offered to its device; one whose version was refused fails. Nothing where it is
/// neither.
pub(crate) fn offer(tx: &mut Tx<'_>, clock: &Clock, id: JobId) -> Result<Option<JobRow>, StoreError> {
    let mut row = jobs::claim(tx, id)?;
    if row.state()? != JobState::Preparing {
        return Ok(None);
    }
    let version = versions::get(tx, row.version_id.into())?;
    match version.state()? {
        VersionState::Preparing => return Ok(None),
        VersionState::Refused => {
            return end(tx, clock, row, Ending::Failed(cannot_be_given(&version))).map(Some);
        }
        VersionState::Ready => {}
    }
    let now = clock.now();
    row.state = JobState::Ready.as_str().to_owned();
    row.offered_at = Some(now.into());
    row.deadline_at = after(now, row.timeout_s).into();
    jobs::put(tx, &row)?;
    Ok(Some(row))
}

/// The device fetches a file: where it has not begun, it begins now. `None` where the job has ended.
pub(crate) fn begin(tx: &mut Tx<'_>, clock: &Clock, id: JobId) -> Result<Option<JobRow>, StoreError> {
    let mut row = jobs::claim(tx, id)?;
    match row.state()? {
        JobState::Transferring => return Ok(Some(row)),
        JobState::Ready => {}
        _ => return Ok(None),
    }
    attempt(&mut row, clock.now());
    jobs::put(tx, &row)?;
    Ok(Some(row))
}

/// The device asks again for the list of files of a job that it had begun: it begins anew. `None` where the job has
/// ended, or ends now because it began too often.
pub(crate) fn begin_anew(
    tx: &mut Tx<'_>,
    clock: &Clock,
    id: JobId,
) -> Result<(Option<JobRow>, bool), StoreError> {
    let mut row = jobs::claim(tx, id)?;
    match row.state()? {
        JobState::Transferring if row.attempts >= MOST_ATTEMPTS => {
            let cause = format!("The device began {MOST_ATTEMPTS} times and was never done.");
            end(tx, clock, row, Ending::Failed(cause))?;
            Ok((None, true))
        }
        JobState::Transferring => {
            attempt(&mut row, clock.now());
            jobs::put(tx, &row)?;
            Ok((Some(row), true))
        }
        JobState::Ready => Ok((Some(row), false)),
        _ => Ok((None, false)),
    }
}

fn attempt(row: &mut JobRow, now: Time) {
    row.state = JobState::Transferring.as_str().to_owned();
    row.attempts += 1;
    row.started_at = Some(now.into());
    row.heard_at = Some(now.into());
    row.deadline_at = after(now, row.timeout_s).into();
    row.cause = None;
    row.seen = None;
    row.files_done = 0;
    row.bytes_done = 0;
    row.current_file = None;
}

/// Notes what was heard of a device. `None` where the job has ended.
pub(crate) fn hear(tx: &mut Tx<'_>, id: JobId, heard: &Heard) -> Result<Option<JobRow>, StoreError> {
    let mut row = jobs::claim(tx, id)?;
    if !row.state()?.is_active() {
        return Ok(None);
    }
    apply(&mut row, heard)?;
    jobs::put(tx, &row)?;
    Ok(Some(row))
}

/// Adds what was heard to a row that was claimed.
pub(crate) fn apply(row: &mut JobRow, heard: &Heard) -> Result<(), StoreError> {
    row.heard_at = row.heard_at.max(Some(heard.at.into()));
    let until = match row.state()? {
        JobState::Transferring => after(heard.at, row.timeout_s),
        // Not for ever: one that asks again and again and never begins will not.
        _ => {
            let since = Time::from(row.offered_at.unwrap_or(row.created_at));
            heard.at.plus(GRACE).min(after(since, row.timeout_s).plus(GRACE))
        }
    };
    row.deadline_at = row.deadline_at.max(until.into());
    // What a process notes late may belong to an attempt that the device has given up.
    if row.attempts == heard.attempt && !heard.sizes.is_empty() {
        let mut seen = row.seen();
        seen.merge(&heard.seen);
        (row.files_done, row.bytes_done) = seen.sum(&heard.sizes);
        row.seen = Some(seen.bytes().to_vec());
        row.current_file = heard.current_file.clone().or(row.current_file.take());
    }
    if heard.hint.is_some() && row.state()? != JobState::Transferring {
        row.cause.clone_from(&heard.hint);
    }
    Ok(())
}

/// What a job's device still holds of a version that it did not finish, where that is another one than the job's: its
/// client would put these files beside the new ones. The revision, for a sentence.
pub(crate) fn in_its_way(conn: &mut Conn, row: &JobRow) -> Result<Option<String>, StoreError> {
    let left = jobs::unfinished(conn, row.device_id.into())?;
    let Some(left) = left.filter(|left| left.version_id != row.version_id) else { return Ok(None) };
    Ok(Some(versions::get(conn, left.version_id.into())?.revision))
}

/// Notes on a job that its device is told to remove something first. Whether that was not noted yet.
pub(crate) fn wait_until_cleared(tx: &mut Tx<'_>, id: JobId, why: &str) -> Result<bool, StoreError> {
    let mut row = jobs::claim(tx, id)?;
    if !row.state()?.is_active() || row.cause.as_deref() == Some(why) {
        return Ok(false);
    }
    row.cause = Some(why.to_owned());
    jobs::put(tx, &row)?;
    Ok(true)
}

/// The device says that there is nothing unfinished on it any more. Where a job waited for that, its device is called
/// again as if it had been at that moment. True where something was noted.
pub(crate) fn cleared(
    tx: &mut Tx<'_>,
    device: DeviceId,
    now: Time,
    called_at: Time,
) -> Result<bool, StoreError> {
    let Some(left) = jobs::unfinished(tx, device)? else { return Ok(false) };
    let mut left = jobs::claim(tx, left.id.into())?;
    left.cleared_at = Some(now.into());
    jobs::put(tx, &left)?;
    let Some(next) = jobs::active_of(tx, device)? else { return Ok(true) };
    let mut next = jobs::claim(tx, next.id.into())?;
    if next.state()?.is_active() && !next.has_begun() && next.called_at.is_some() {
        next.called_at = next.called_at.min(Some(called_at.into()));
        jobs::put(tx, &next)?;
    }
    Ok(true)
}

/// Ends a job that was claimed and goes on, and notes it on the roll-out and on the device.
pub(crate) fn end(
    tx: &mut Tx<'_>,
    clock: &Clock,
    mut row: JobRow,
    ending: Ending,
) -> Result<JobRow, StoreError> {
    let now = clock.now();
    let (state, cause, target) = match ending {
        Ending::Succeeded => (JobState::Succeeded, None, TargetState::Succeeded),
        Ending::Failed(why) => (JobState::Failed, Some(why), TargetState::Failed),
        Ending::TimedOut(why) => (JobState::TimedOut, Some(why), TargetState::Failed),
        Ending::Cancelled(why) => (JobState::Cancelled, Some(why), TargetState::Skipped),
        Ending::TakenBack(why) => (JobState::Cancelled, Some(why), TargetState::Waiting),
    };
    row.state = state.as_str().to_owned();
    row.cause = cause;
    row.ended_at = Some(now.into());
    row.active_device = None;
    jobs::put(tx, &row)?;
    if state == JobState::Succeeded {
        jobs::note_seen(tx, row.device_id.into(), row.version_id.into(), now)?;
    }
    if let Some(rollout) = row.rollout_id
        && let Some(mut of) = rollouts::target(tx, rollout.into(), row.device_id.into())?
        && of.job_id == Some(row.id)
    {
        of.state = target.as_str().to_owned();
        of.cause.clone_from(&row.cause);
        rollouts::put_target(tx, &of)?;
    }
    Ok(row)
}

fn after(now: Time, seconds: i64) -> Time {
    now.plus(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

/// A span in words, for a sentence about a silence.
pub(crate) fn span(seconds: i64) -> String {
    let of = |count: i64, one: &str| match count {
        1 => format!("1 {one}"),
        many => format!("{many} {one}s"),
    };
    match seconds {
        s if s >= 172_800 && s % 86_400 == 0 => of(s / 86_400, "day"),
        s if s >= 3_600 && s % 3_600 == 0 => of(s / 3_600, "hour"),
        s if s >= 60 && s % 60 == 0 => of(s / 60, "minute"),
        s => of(s, "second"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_people_say_them() {
        let words = [
            (30, "30 seconds"),
            (60, "1 minute"),
            (90, "90 seconds"),
            (3_600, "1 hour"),
            (5_400, "90 minutes"),
        ];
        for (seconds, said) in words.into_iter().chain([(86_400, "24 hours"), (172_800, "2 days")]) {
            assert_eq!(span(seconds), said);
        }
    }
}
