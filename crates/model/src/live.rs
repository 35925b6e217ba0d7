//! News for screens: what the live feed says.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::message::{MessageView, ModemView};
use crate::mt::{AccountView, MtView};
use crate::problem::ProblemView;
use crate::{ProblemId, Time};

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
