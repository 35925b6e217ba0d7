//! Roll-outs: making one, what people do with it, and its steps.
//!
//! Every change claims the roll-out's row first, so several processes may do the same work: one of them does it. What a
//! roll-out is at is in its rows alone; a server that starts goes on where the last one stopped.

use fairlead_model::firmware::{RolloutState, StageState, TargetState, VersionState};
use fairlead_model::{Clock, DeviceId, JobId, RolloutId, VersionId};
use fairlead_store::firmware::jobs;
use fairlead_store::firmware::rollouts::{self, RolloutRow, StageRow, TargetFilter, TargetRow};
use fairlead_store::firmware::versions;
use fairlead_store::registry::devices;
use fairlead_store::{StoreError, Tx};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::rules::{self, StageFacts, Verdict};
use crate::upgrade::{self, Ending, Made, Wanted};

/// Devices that are given their jobs in one transaction.
const PORTION: i64 = 50;

/// What a roll-out is made of.
#[derive(Clone, Debug)]
pub(crate) struct NewRollout {
    pub(crate) name: String,
    pub(crate) version: VersionId,
    pub(crate) made_by: String,
    pub(crate) needs_approval: bool,
    pub(crate) call_devices: bool,
    pub(crate) job_timeout_s: i64,
    pub(crate) rolls_back: Option<RolloutId>,
    pub(crate) stages: Vec<NewStage>,
}

/// A stage of it.
#[derive(Clone, Debug)]
pub(crate) struct NewStage {
    pub(crate) success_percent: i32,
    pub(crate) error_percent: i32,
    pub(crate) devices: Vec<DeviceId>,
}

/// What a person does with a roll-out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verb {
    /// Lets it begin.
    Start,
    /// Approves it, as the second person.
    Approve,
    /// Offers nothing more to devices that have not begun, until it is resumed.
    Pause,
    /// Goes on after a pause; or, with a reason, after a stop: what has failed until then is tolerated.
    Resume,
    /// Ends it. Devices that have begun may finish.
    Cancel,
    /// Gives the devices that failed another turn.
    Retry,
}

/// What a step has done.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stepped {
    /// Whether there may be more to do at once.
    pub(crate) more: bool,
    /// Whether the roll-out is another one than before.
    pub(crate) is_changed: bool,
    /// Jobs that it has made.
    pub(crate) jobs: Vec<JobId>,
}

impl Verb {
    /// The action in the audit log.
    pub(crate) const fn action(self) -> &'static str {
        match self {
            Self::Start => "rollout.start",
            Self::Approve => "rollout.approve",
            Self::Pause => "rollout.pause",
            Self::Resume => "rollout.resume",
            Self::Cancel => "rollout.cancel",
            Self::Retry => "rollout.retry",
        }
    }
}

/// Makes a roll-out. Its version is claimed here, so that it is not removed at the same time.
///
/// # Errors
/// [`StoreError::NotFound`] where there is no such version; [`StoreError::Refused`] where it cannot be given out.
pub(crate) fn make(tx: &mut Tx<'_>, clock: &Clock, new: &NewRollout) -> Result<RolloutRow, StoreError> {
    let version = versions::claim(tx, new.version)?;
    if version.state()? == VersionState::Refused {
        return Err(StoreError::Refused(upgrade::cannot_be_given(&version)));
    }
    let state = if new.needs_approval { RolloutState::WaitingForApproval } else { RolloutState::Ready };
    let row = RolloutRow {
        id: RolloutId::new(clock).into(),
        name: new.name.clone(),
        version_id: new.version.into(),
        state: state.as_str().to_owned(),
        cause: None,
        created_by: new.made_by.clone(),
        created_at: clock.now().into(),
        needs_approval: new.needs_approval,
        approved_by: None,
        approved_at: None,
        call_devices: new.call_devices,
        job_timeout_s: new.job_timeout_s,
        rolls_back: new.rolls_back.map(Into::into),
        started_at: None,
        ended_at: None,
    };
    let (mut stages, mut targets) = (Vec::new(), Vec::new());
    for (ordinal, stage) in (1..).zip(&new.stages) {
        stages.push(StageRow {
            rollout_id: row.id,
            ordinal,
            success_percent: stage.success_percent,
            error_percent: stage.error_percent,
            tolerated: 0,
            state: StageState::Waiting.as_str().to_owned(),
            started_at: None,
            ended_at: None,
        });
        targets.extend(stage.devices.iter().map(|device| TargetRow {
            rollout_id: row.id,
            device_id: (*device).into(),
            ordinal,
            state: TargetState::Waiting.as_str().to_owned(),
            job_id: None,
            cause: None,
        }));
    }
    rollouts::insert(tx, &row, &stages, &targets)?;
    Ok(row)
}

/// Does what a person wants, where the roll-out is in a state for it; else a sentence that says why not.
pub(crate) fn change(
    tx: &mut Tx<'_>,
    clock: &Clock,
    id: RolloutId,
    verb: Verb,
    actor: &str,
    reason: &str,
) -> Result<Result<RolloutRow, String>, StoreError> {
    use RolloutState::{Cancelled, Finished, Paused, Ready, Running, Stopped, WaitingForApproval};
    let mut row = rollouts::claim(tx, id)?;
    let (state, now) = (row.state()?, clock.now());
    let because = |what: &str| match reason.trim() {
        "" => format!("{actor} {what} it."),
        reason => format!("{actor} {what} it: {reason}"),
    };
    let next = match (verb, state) {
        (Verb::Start, Ready) => {
            row.started_at = Some(now.into());
            Running
        }
        (Verb::Approve, WaitingForApproval) => {
            if row.created_by.eq_ignore_ascii_case(actor) {
                return Ok(Err("Who made a roll-out cannot approve it; another person does.".to_owned()));
            }
            row.approved_by = Some(actor.to_owned());
            row.approved_at = Some(now.into());
            Ready
        }
        (Verb::Pause, Running) => {
            row.cause = Some(because("paused"));
            Paused
        }
        (Verb::Resume, Paused) => Running,
        (Verb::Resume, Stopped) if reason.trim().is_empty() => {
            return Ok(Err("It was stopped. Say why it may go on; that goes into the audit log.".to_owned()));
        }
        (Verb::Resume, Stopped) => {
            tolerate(tx, id)?;
            Running
        }
        (Verb::Cancel, WaitingForApproval | Ready | Running | Paused | Stopped) => {
            let cause = because("cancelled");
            let turned = (TargetState::Waiting, TargetState::Skipped);
            rollouts::move_targets(tx, id, turned, Some("The roll-out was cancelled."))?;
            row.cause = Some(cause);
            row.ended_at = Some(now.into());
            Cancelled
        }
        (Verb::Retry, Running | Paused | Stopped | Finished) => {
            if again(tx, id)? == 0 {
                return Ok(Err(
                    "No device of this roll-out has failed, so there is nothing to try again.".to_owned()
                ));
            }
            row.ended_at = None;
            if state == Paused { Paused } else { Running }
        }
        (verb, state) => return Ok(Err(not_now(verb, state))),
    };
    if next == Running {
        row.cause = None;
    }
    row.state = next.as_str().to_owned();
    rollouts::put(tx, &row)?;
    Ok(Ok(row))
}

fn not_now(verb: Verb, state: RolloutState) -> String {
    let is = match state {
        RolloutState::WaitingForApproval => "waits for another person's approval",
        RolloutState::Ready => "was not started yet",
        RolloutState::Running => "is running",
        RolloutState::Paused => "is paused",
        RolloutState::Stopped => "was stopped",
        RolloutState::Finished => "has finished",
        RolloutState::Cancelled => "was cancelled",
    };
    let not = match verb {
        Verb::Start => "cannot be started",
        Verb::Approve => "needs no approval now",
        Verb::Pause => "cannot be paused",
        Verb::Resume => "cannot be resumed",
        Verb::Cancel => "cannot be cancelled any more",
        Verb::Retry => "cannot be tried again",
    };
    format!("The roll-out {is}, so it {not}.")
}

/// A person goes on after a stop, and takes the responsibility for what has failed until now.
fn tolerate(tx: &mut Tx<'_>, id: RolloutId) -> Result<(), StoreError> {
    for (mut stage, facts) in facts(tx, id)? {
        let (state, tolerated) = rules::go_on(&facts);
        stage.state = state.as_str().to_owned();
        stage.tolerated = tolerated;
        rollouts::put_stage(tx, &stage)?;
    }
    Ok(())
}

/// The devices that failed wait for another turn; returns how many.
fn again(tx: &mut Tx<'_>, id: RolloutId) -> Result<usize, StoreError> {
    let count = rollouts::move_targets(tx, id, (TargetState::Failed, TargetState::Waiting), None)?;
    for (mut stage, facts) in facts(tx, id)? {
        if facts.state == StageState::Failed {
            stage.state = StageState::Running.as_str().to_owned();
        }
        stage.tolerated = 0;
        rollouts::put_stage(tx, &stage)?;
    }
    Ok(count)
}

fn facts(tx: &mut Tx<'_>, id: RolloutId) -> Result<Vec<(StageRow, StageFacts)>, StoreError> {
    let stages = rollouts::stages(tx, id)?;
    stages
        .into_iter()
        .map(|(row, counts)| {
            let facts = StageFacts {
                ordinal: row.ordinal,
                state: row.state()?,
                success_percent: row.success_percent,
                error_percent: row.error_percent,
                tolerated: row.tolerated,
                counts,
            };
            Ok((row, facts))
        })
        .collect()
}

/// Does what a running roll-out has to do next.
pub(crate) fn step(tx: &mut Tx<'_>, clock: &Clock, id: RolloutId) -> Result<Stepped, StoreError> {
    let mut row = rollouts::claim(tx, id)?;
    if row.state()? != RolloutState::Running {
        return Ok(Stepped::default());
    }
    let stages = facts(tx, id)?;
    let judged: Vec<StageFacts> = stages.iter().map(|(_, facts)| facts.clone()).collect();
    let mut stepped = Stepped { more: true, is_changed: true, jobs: Vec::new() };
    let stage_of =
        |ordinal| stages.iter().find(|(stage, _)| stage.ordinal == ordinal).map(|(stage, _)| stage);
    match rules::judge(&judged) {
        Verdict::Wait => return Ok(Stepped::default()),
        Verdict::Begin(stage) => put(tx, clock, stage_of(stage), StageState::Running)?,
        Verdict::Done(stage) => put(tx, clock, stage_of(stage), StageState::Done)?,
        Verdict::Offer(stage) => match offer(tx, clock, &row, stage)? {
            Ok(jobs) => stepped.jobs = jobs,
            Err(why) => stop(tx, &mut row, why)?,
        },
        Verdict::Stop { stage, why } => {
            put(tx, clock, stage_of(stage), StageState::Failed)?;
            stop(tx, &mut row, why)?;
        }
        Verdict::Finish => {
            row.state = RolloutState::Finished.as_str().to_owned();
            row.ended_at = Some(clock.now().into());
            rollouts::put(tx, &row)?;
        }
    }
    stepped.more = row.state()? == RolloutState::Running;
    Ok(stepped)
}

fn stop(tx: &mut Tx<'_>, row: &mut RolloutRow, why: String) -> Result<(), StoreError> {
    tracing::warn!(rollout = row.name, why, "a roll-out stopped by itself");
    row.state = RolloutState::Stopped.as_str().to_owned();
    row.cause = Some(why);
    rollouts::put(tx, row)
}

fn put(
    tx: &mut Tx<'_>,
    clock: &Clock,
    stage: Option<&StageRow>,
    state: StageState,
) -> Result<(), StoreError> {
    let mut stage = stage.cloned().ok_or(StoreError::NotFound)?;
    let now = Some(clock.now().into());
    stage.state = state.as_str().to_owned();
    if state == StageState::Running {
        stage.started_at = stage.started_at.or(now);
        stage.ended_at = None;
    } else {
        stage.ended_at = now;
    }
    rollouts::put_stage(tx, &stage)
}

/// Gives some waiting devices of a stage their jobs, or leaves them out. A sentence where the version cannot be given
/// out any more.
fn offer(
    tx: &mut Tx<'_>,
    clock: &Clock,
    row: &RolloutRow,
    stage: i32,
) -> Result<Result<Vec<JobId>, String>, StoreError> {
    let version = versions::claim(tx, row.version_id.into())?;
    if version.state()? == VersionState::Refused {
        return Ok(Err(upgrade::cannot_be_given(&version)));
    }
    let waiting =
        TargetFilter { stage: Some(stage), state: Some(TargetState::Waiting), ..TargetFilter::default() };
    let mut made = Vec::new();
    let targets = rollouts::targets(tx, row.id.into(), &waiting, PORTION)?;
    let ids: Vec<DeviceId> = targets.iter().map(|target| target.device_id.into()).collect();
    let seen = jobs::seen(tx, &ids)?;
    for mut target in targets {
        let device = DeviceId::from(target.device_id);
        let has = seen.get(&device).is_some_and(|seen| seen.version_id == row.version_id.into());
        let is_there = devices::by_id(tx, device)?.is_some_and(|device| device.deleted_at.is_none());
        let skipped = if !is_there {
            Err("It was deleted before its turn.".to_owned())
        } else if has {
            Err("It has this version already.".to_owned())
        } else {
            let wanted = Wanted {
                device,
                rollout: Some(row.id.into()),
                asked_by: row.created_by.clone(),
                timeout_s: row.job_timeout_s,
                call_device: row.call_devices,
            };
            match upgrade::make(tx, clock, &version, &wanted)? {
                Made::New(job) => Ok(job),
                Made::Busy(job) => {
                    Err(format!("It was busy with upgrade {} when its turn came.", job.number))
                }
            }
        };
        match skipped {
            Ok(job) => {
                target.state = TargetState::Offered.as_str().to_owned();
                target.job_id = Some(job.id);
                target.cause = None;
                made.push(job.id.into());
            }
            Err(why) => {
                target.state = TargetState::Skipped.as_str().to_owned();
                target.cause = Some(why);
            }
        }
        rollouts::put_target(tx, &target)?;
    }
    Ok(Ok(made))
}

/// Takes the job back from a device that has not begun, where its roll-out does not go on. False where it has begun, or
/// the roll-out goes on again.
pub(crate) fn withdraw(tx: &mut Tx<'_>, clock: &Clock, of: RolloutId, id: JobId) -> Result<bool, StoreError> {
    let rollout = rollouts::claim(tx, of)?;
    let why = |what: &str| format!("The roll-out {} was {what} before the device began.", rollout.name);
    let ending = match rollout.state()? {
        RolloutState::Paused => Ending::TakenBack(why("paused")),
        RolloutState::Stopped => Ending::TakenBack(why("stopped")),
        RolloutState::Cancelled => Ending::Cancelled(why("cancelled")),
        _ => return Ok(false),
    };
    let row = jobs::claim(tx, id)?;
    if !row.state()?.is_active() || row.has_begun() {
        return Ok(false);
    }
    upgrade::end(tx, clock, row, ending).map(|_| true)
}
