//! Messages between services: what is said on the durable queues and the passing topics.
//!
//! To add a queue: a struct here with `impl QueueMessage`, and a consumer in the service that does the work.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::MessageId;
use crate::live::LiveEvent;

/// Durable work. Handled at least once, in no promised order.
pub trait QueueMessage: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The queue's name, and the envelope's type.
    const NAME: &'static str;
    /// The newest version of the body that this build understands. A newer one is parked, never dropped.
    const VERSION: u32;
    /// What the queue is for, in a sentence (becomes the reference of messages).
    const PURPOSE: &'static str;
}

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

impl TopicMessage for LiveEvent {
    const NAME: &'static str = "live";
    const PURPOSE: &'static str = "Changes of modems, messages and problems, for the pages that are open.";
}
