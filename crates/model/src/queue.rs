//! Messages between services: what is said on the durable queues and the passing topics.
//!
//! To add a queue: a struct here with `impl QueueMessage`, and a consumer in the service that does the work.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::live::LiveEvent;
use crate::{MessageId, ModemId};

/// Durable work. Handled at least once, in no promised order.
pub trait QueueMessage: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The queue's name, and the envelope's type.
    const NAME: &'static str;
    /// The newest version of the body that this build understands. A newer one is parked, never dropped.
    const VERSION: u32;
    /// What the queue is for, in a sentence (becomes the reference of messages).
    const PURPOSE: &'static str;
}

/// The names of all durable queues.
pub const QUEUES: [&str; 4] = [MoStored::NAME, MtWaiting::NAME, MoHeard::NAME, DeliveryWaiting::NAME];

/// Passing news: lossy, to everyone who listens.
pub trait TopicMessage: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// The topic's name.
    const NAME: &'static str;
    /// What the topic is for, in a sentence.
    const PURPOSE: &'static str;
}

/// A message of a device is in the store and wants to be understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MoStored {
    /// The stored message.
    #[schemars(with = "uuid::Uuid")]
    pub message_id: MessageId,
    /// A person put it through: the bound on new modems does not apply.
    #[serde(default)]
    pub by_hand: bool,
}

impl QueueMessage for MoStored {
    const NAME: &'static str = "mo.stored";
    const VERSION: u32 = 1;
    const PURPOSE: &'static str = "A message of a device was stored; the tracker decodes it.";
}

/// Something is to be sent to a modem, or may be sent now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MtWaiting {
    /// The modem.
    #[schemars(with = "uuid::Uuid")]
    pub modem_id: ModemId,
}

impl QueueMessage for MtWaiting {
    const NAME: &'static str = "mt.waiting";
    const VERSION: u32 = 1;
    const PURPOSE: &'static str =
        "Something waits to be sent to a modem; the courier sends what may be sent.";
}

/// A modem that is expected to answer was heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MoHeard {
    /// The modem.
    #[schemars(with = "uuid::Uuid")]
    pub modem_id: ModemId,
}

impl QueueMessage for MoHeard {
    const NAME: &'static str = "mo.heard";
    const VERSION: u32 = 1;
    const PURPOSE: &'static str =
        "A modem that was told something has spoken; the courier looks whether that proves delivery.";
}

/// Something waits to be delivered to a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DeliveryWaiting {
    /// The endpoint, or the device.
    pub target_id: Uuid,
}

impl QueueMessage for DeliveryWaiting {
    const NAME: &'static str = "delivery.waiting";
    const VERSION: u32 = 1;
    const PURPOSE: &'static str = "Something waits to be delivered to a target; the courier delivers it.";
}

impl TopicMessage for LiveEvent {
    const NAME: &'static str = "live";
    const PURPOSE: &'static str = "Changes of modems, messages and problems, for the pages that are open.";
}
