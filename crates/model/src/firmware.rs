//! Firmware: mirrors, versions, upgrades of single devices, and roll-outs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::device::DeviceRef;
use crate::words::words;
use crate::{JobId, RolloutId, Time, VersionId};

words! {
    /// How a version is.
    VersionState, "state of a version" {
        /// Its files are being read and checked.
        Preparing "preparing",
        /// It can be given to devices.
        Ready "ready",
        /// It cannot; the cause says why.
        Refused "refused",
    }
}

words! {
    /// Who vouches for a version.
    SignatureState, "state of a signature" {
        /// Nobody.
        Unsigned "unsigned",
        /// A configured key.
        Good "good",
        /// There is a signature, and no configured key made it.
        Bad "bad",
    }
}

words! {
    /// How an upgrade of one device is.
    JobState, "state of an upgrade" {
        /// The version is being prepared.
        Preparing "preparing",
        /// It waits for the device.
        Ready "ready",
        /// The device is fetching files.
        Transferring "transferring",
        /// The device says that it is done.
        Succeeded "succeeded",
        /// The device says that it failed, or the version cannot be given out.
        Failed "failed",
        /// The device was not heard in time.
        TimedOut "timed_out",
        /// A person, or the stop of its roll-out, ended it.
        Cancelled "cancelled",
    }
}

impl JobState {
    /// Whether it goes on.
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Preparing | Self::Ready | Self::Transferring)
    }
}

words! {
    /// How a roll-out is.
    RolloutState, "state of a roll-out" {
        /// A second person must approve it.
        WaitingForApproval "waiting_for_approval",
        /// It can be started.
        Ready "ready",
        /// It goes on.
        Running "running",
        /// A person has paused it.
        Paused "paused",
        /// Too many devices failed; nothing more is offered until a person goes on.
        Stopped "stopped",
        /// Every device has had its turn.
        Finished "finished",
        /// A person ended it.
        Cancelled "cancelled",
    }
}

words! {
    /// How a stage of a roll-out is.
    StageState, "state of a stage" {
        /// Stages before it are not done.
        Waiting "waiting",
        /// Its devices have their turn.
        Running "running",
        /// All of them had it, or enough for the next stage.
        Done "done",
        /// Too many failed.
        Failed "failed",
    }
}

words! {
    /// How a device of a roll-out is.
    TargetState, "state of a device in a roll-out" {
        /// Its turn has not come.
        Waiting "waiting",
        /// It has a job.
        Offered "offered",
        /// It has the version.
        Succeeded "succeeded",
        /// It has not.
        Failed "failed",
        /// It was left out: deleted meanwhile, busy with another job, or it has the version already.
        Skipped "skipped",
    }
}

/// The firmware that a device was seen with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FirmwareSeen {
    /// The version.
    #[schema(value_type = String, format = Uuid)]
    pub version_id: VersionId,
    /// The repository.
    pub source: String,
    /// The branch, tag or commit as it was chosen.
    pub revision: String,
    /// The commit.
    pub commit: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Time,
}

/// A mirrored repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceView {
    /// Its name in the settings.
    pub name: String,
    /// Its address, without credentials.
    pub url: String,
    /// Whether only signed versions are given out.
    pub signature_required: bool,
    /// When it was fetched last.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub fetched_at: Option<Time>,
    /// When fetching failed last, where it has failed since.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub failed_at: Option<Time>,
    /// Why, in a sentence.
    pub failure: Option<String>,
    /// Size of the mirror in bytes.
    pub bytes: i64,
}

words! {
    /// What a revision is.
    RevisionKind, "kind of revision" {
        /// A branch.
        Branch "branch",
        /// A tag.
        Tag "tag",
        /// A commit.
        Commit "commit",
    }
}

/// Something in a repository that can be chosen as a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RevisionView {
    /// What it is.
    pub kind: RevisionKind,
    /// The branch, the tag, or the commit's id.
    pub name: String,
    /// The commit.
    pub commit: String,
    /// The commit's subject.
    pub subject: String,
    /// Who wrote it.
    pub author: String,
    /// When it was committed.
    #[schema(value_type = String, format = DateTime)]
    pub committed_at: Time,
    /// The version that was made of this commit.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub version_id: Option<VersionId>,
}

/// A version that was chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VersionView {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    pub id: VersionId,
    /// The repository.
    pub source: String,
    /// The branch, tag or commit as it was chosen.
    pub revision: String,
    /// The commit.
    pub commit: String,
    /// The commit's subject.
    pub subject: String,
    /// Who wrote it.
    pub author: String,
    /// When it was committed.
    #[schema(value_type = String, format = DateTime)]
    pub committed_at: Time,
    /// How it is.
    pub state: VersionState,
    /// Why it cannot be given out.
    pub cause: Option<String>,
    /// SHA-256 of the list of its files, in hexadecimal, once it is ready.
    pub digest: Option<String>,
    /// Files in it.
    pub files: i64,
    /// Bytes of all files.
    pub bytes: i64,
    /// Who vouches for it.
    pub signature: SignatureState,
    /// The key that does, by its name.
    pub signed_by: Option<String>,
    /// When it was chosen.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// Who chose it.
    pub asked_by: String,
}

/// An upgrade of one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JobView {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    pub id: JobId,
    /// The number by which the device knows it.
    pub number: i64,
    /// The device.
    pub device: DeviceRef,
    /// The version.
    #[schema(value_type = String, format = Uuid)]
    pub version_id: VersionId,
    /// The version's revision, as it was chosen.
    pub revision: String,
    /// The roll-out of which it is a part.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub rollout_id: Option<RolloutId>,
    /// How it is.
    pub state: JobState,
    /// Why it ended so, in a sentence.
    pub cause: Option<String>,
    /// Who asked for it.
    pub asked_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When the device began to fetch.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Time>,
    /// When the device was heard last.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub heard_at: Option<Time>,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Time>,
    /// How often the device began to fetch.
    pub attempts: i32,
    /// Files that this attempt has fetched.
    pub files_done: i64,
    /// Files of the version.
    pub files: i64,
    /// Bytes that this attempt has fetched.
    pub bytes_done: i64,
    /// Bytes of the version.
    pub bytes: i64,
    /// The file that was fetched last.
    pub current_file: Option<String>,
}

/// A stage of a roll-out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StageView {
    /// Its place, from 1.
    pub ordinal: i32,
    /// How it is.
    pub state: StageState,
    /// Percentage of its devices that must succeed before the next stage begins.
    pub success_percent: i32,
    /// Percentage of its devices whose failing stops the whole roll-out.
    pub error_percent: i32,
    /// Devices in it.
    pub devices: i64,
    /// Devices whose turn has not come.
    pub waiting: i64,
    /// Devices with a job.
    pub offered: i64,
    /// Devices that have the version.
    pub succeeded: i64,
    /// Devices that failed.
    pub failed: i64,
    /// Devices that were left out.
    pub skipped: i64,
}

/// A roll-out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RolloutView {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    pub id: RolloutId,
    /// Its name.
    pub name: String,
    /// The version.
    pub version: VersionView,
    /// How it is.
    pub state: RolloutState,
    /// Why it was stopped, paused or cancelled.
    pub cause: Option<String>,
    /// Who made it.
    pub created_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// Whether a second person must approve it.
    pub needs_approval: bool,
    /// Who did.
    pub approved_by: Option<String>,
    /// Whether devices with a line are told to fetch it; else each fetches it when it next looks.
    pub call_devices: bool,
    /// Seconds after which a device that is not heard has failed.
    pub job_timeout_s: i64,
    /// The roll-out that this one takes back.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub rolls_back: Option<RolloutId>,
    /// When it was started.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Time>,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Time>,
    /// Its stages, in order.
    pub stages: Vec<StageView>,
}

/// A device of a roll-out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TargetView {
    /// The device.
    pub device: DeviceRef,
    /// Its stage, from 1.
    pub stage: i32,
    /// How it is.
    pub state: TargetState,
    /// Why, in a sentence.
    pub cause: Option<String>,
    /// Its newest job.
    pub job: Option<JobView>,
}
