//! News for screens: what the live feed says.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::device::DeviceView;
use crate::endpoint::EndpointView;
use crate::firmware::{JobView, RolloutView, SourceView, VersionView};
use crate::message::{MessageView, ModemView};
use crate::mt::{AccountView, MtView};
use crate::problem::ProblemView;
use crate::room::Presence;
use crate::{DeviceId, EndpointId, ProblemId, Time};

/// One piece of news. It is passing: a screen that missed some asks for a new snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LiveEvent {
    /// A modem's state as it is now.
    Modem {
        /// The state.
        modem: Box<ModemView>,
    },
    /// A message as it is now.
    Message {
        /// The message.
        message: MessageView,
    },
    /// A problem as it is now.
    Problem {
        /// The problem.
        problem: ProblemView,
    },
    /// A problem that is no more, with what it was about.
    ProblemGone {
        /// The problem.
        #[schema(value_type = String, format = Uuid)]
        id: ProblemId,
    },
    /// A message to a device as it is now.
    Outgoing {
        /// The message.
        mt: Box<MtView>,
    },
    /// An account as it is now.
    Account {
        /// The account.
        account: AccountView,
    },
    /// A device of the registry as it is now.
    Device {
        /// The device.
        device: Box<DeviceView>,
    },
    /// A device that was deleted.
    DeviceGone {
        /// The device.
        #[schema(value_type = String, format = Uuid)]
        id: DeviceId,
    },
    /// An endpoint as it is now. Told at most once a second for each, however much is delivered to it.
    Endpoint {
        /// The endpoint.
        endpoint: Box<EndpointView>,
    },
    /// An endpoint that was deleted.
    EndpointGone {
        /// The endpoint.
        #[schema(value_type = String, format = Uuid)]
        id: EndpointId,
    },
    /// A device came, or went.
    Presence {
        /// The name of its line.
        name: String,
        /// The device of the registry, where it has one.
        #[schema(value_type = Option<String>, format = Uuid)]
        device_id: Option<DeviceId>,
        /// How it is now.
        presence: Presence,
    },
    /// A device was refused a line.
    Knock {
        /// The name with which it came.
        name: String,
    },
    /// A mirrored repository as it is now.
    FirmwareSource {
        /// The repository.
        source: SourceView,
    },
    /// A version of a firmware as it is now.
    Version {
        /// The version.
        version: Box<VersionView>,
    },
    /// An upgrade of a device as it is now.
    Job {
        /// The upgrade.
        job: Box<JobView>,
    },
    /// A roll-out as it is now.
    Rollout {
        /// The roll-out.
        rollout: Box<RolloutView>,
    },
    /// Everything a screen starts from, sent first and whenever news may have been missed.
    Snapshot {
        /// The server's time.
        #[schema(value_type = String, format = DateTime)]
        now: Time,
        /// Seconds of the server's clock in one real second; 1 outside the demo.
        speed: u32,
        /// All modems, up to the snapshot's limit.
        modems: Vec<ModemView>,
        /// Whether there are more modems than the snapshot holds.
        more_modems: bool,
        /// The newest messages, newest first.
        messages: Vec<MessageView>,
        /// Open problems, newest first.
        problems: Vec<ProblemView>,
    },
    /// The server's time, sent every few seconds so that a screen notices a dead line.
    Tick {
        /// The server's time.
        #[schema(value_type = String, format = DateTime)]
        now: Time,
        /// Seconds of the server's clock in one real second.
        speed: u32,
    },
}
