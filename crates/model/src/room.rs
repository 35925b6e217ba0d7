//! Lines of devices: a device and the pages that talk to it meet in a room.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::queue::TopicMessage;
use crate::words::words;
use crate::{DeviceId, NodeId, Time};

/// Whether a device has a line now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Presence {
    /// Whether it is connected.
    pub connected: bool,
    /// Since when it is connected, or not.
    #[schema(value_type = String, format = DateTime)]
    pub since: Time,
}

/// A device's line, as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoomView {
    /// The name with which the device came.
    pub name: String,
    /// The device of the registry; absent where it has none of this name.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub device_id: Option<DeviceId>,
    /// Whether it is there.
    pub presence: Presence,
    /// The address from which it came last.
    pub address: Option<String>,
    /// The newest object of each kind that it has sent, oldest first, verbatim.
    pub values: Vec<String>,
    /// When it sent the newest of them.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub values_at: Option<Time>,
}

/// A device that wanted a line and was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KnockView {
    /// The name with which it came.
    pub name: String,
    /// When it came first.
    #[schema(value_type = String, format = DateTime)]
    pub first_at: Time,
    /// When it came last.
    #[schema(value_type = String, format = DateTime)]
    pub last_at: Time,
    /// How often it came.
    pub times: i64,
    /// From where it came last.
    pub address: String,
    /// Why it was refused, in a sentence.
    pub why: String,
}

/// What a page hears on a device's line, one JSON object a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LineEvent {
    /// How the line is; sent first, and whenever it changes.
    Room {
        /// The line.
        room: RoomView,
    },
    /// The device said something.
    Heard {
        /// When.
        #[schema(value_type = String, format = DateTime)]
        at: Time,
        /// The text, verbatim; it need not be JSON.
        text: String,
    },
    /// What this page said was handed to the device.
    Said {
        /// The page's own number for it.
        id: u32,
    },
    /// What this page said was not handed on.
    Refused {
        /// The page's own number for it.
        id: u32,
        /// Why, in a sentence.
        why: String,
    },
}

/// What a page says on a device's line, one JSON object a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LineOrder {
    /// A number by which the answer is known.
    pub id: u32,
    /// The text for the device, verbatim.
    pub text: String,
}

words! {
    /// The way of a text between hubs.
    Way, "way" {
        /// From a page, or a service, to the device.
        Down "down",
        /// From the device to its pages.
        Up "up",
    }
}

/// A text of a room on its way between processes. Passing: nothing that must not be lost goes this way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RoomFrame {
    /// The room.
    pub room: String,
    /// Where to.
    #[schemars(with = "String")]
    pub way: Way,
    /// Which connection of the device it comes from or is for; 0 is whichever there is.
    pub epoch: i64,
    /// The process from which it comes.
    #[schemars(with = "uuid::Uuid")]
    pub from: NodeId,
    /// The text, verbatim.
    pub text: String,
    /// Unix time in microseconds at which it was heard or said.
    #[schemars(with = "i64")]
    pub at_micros: i64,
}

impl TopicMessage for RoomFrame {
    const NAME: &'static str = "room";
    const PURPOSE: &'static str = "Texts between a device's hub and the other processes: pages on another hub, the firmware service's calls.";
}

/// What a hub tells the others. Passing: each says anew every few seconds where its pages look, and the store knows who
/// has which line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct HubNote {
    /// The hub.
    #[schemars(with = "uuid::Uuid")]
    pub from: NodeId,
    /// Lines that it has now, each with the number of the connection.
    pub taken: Vec<(String, i64)>,
    /// Lines that ended.
    pub left: Vec<String>,
    /// The rooms in which it has pages without having the device: all of them; absent where it does not say.
    pub looks: Option<Vec<String>>,
    /// Whether the others should say where their pages look.
    pub asks: bool,
}

impl HubNote {
    /// A note that says nothing yet.
    pub const fn from(from: NodeId) -> Self {
        Self { from, taken: Vec::new(), left: Vec::new(), looks: None, asks: false }
    }
}

impl TopicMessage for HubNote {
    const NAME: &'static str = "hubs";
    const PURPOSE: &'static str =
        "What hubs tell each other: which lines they have, and where their pages look.";
}
