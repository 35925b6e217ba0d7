//! Endpoints: each kind has a driver, which makes one try to deliver one letter, and says what came of it.
//!
//! A driver keeps what costs time to make (a client, a connection) and makes it at the first letter, so that opening one
//! waits for nobody. It follows its own time-outs, tries nothing again by itself, and holds no letter back: when the next
//! try is made is the lane's to say.

mod amqp;
mod dialling;
#[cfg(test)]
mod example;
mod mqtt;
mod names;
mod seal;
mod signing;
mod sqs;
mod webhook;

use std::time::Duration;

use bytes::Bytes;
use fairlead_model::delivery::DeliveryAttributes;
use fairlead_model::endpoint::{EndpointConfig, EndpointKind};
use fairlead_model::{Clock, DeliveryId, Secret, Time};

pub(crate) use dialling::Dialling;
pub(crate) use seal::{Sealer, look as look_for_key};
pub(crate) use signing::fresh as fresh_signing_secret;

/// Most bytes of an answer that are kept.
pub(crate) const KEPT: usize = 4_096;

/// What a test says that it is.
pub(crate) const TEST: &str = "test";

/// One letter: what a driver is given.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    /// Stays the same through all tries: whoever receives it knows by it what came before.
    pub(crate) id: DeliveryId,
    /// Which try this is, from 1.
    pub(crate) attempt: i32,
    /// When the delivery was made.
    pub(crate) created_at: Time,
    /// Whether a newer one of its device has gone to the same endpoint.
    pub(crate) is_late: bool,
    /// The format's word.
    pub(crate) format: String,
    /// The body's media type.
    pub(crate) content_type: String,
    /// What the message is, beside its body.
    pub(crate) attributes: DeliveryAttributes,
    /// The body.
    pub(crate) body: Bytes,
}

impl Letter {
    /// Whether a person tries the endpoint with it.
    pub(crate) fn is_test(&self) -> bool {
        self.attributes.message == TEST
    }
}

/// What came of one try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// The endpoint has taken it.
    Delivered {
        /// The HTTP status, where there is one.
        status: Option<u16>,
        /// The first bytes of what it answered.
        response: Vec<u8>,
    },
    /// It has not, or nobody knows.
    Failed {
        /// Why, in a sentence.
        why: String,
        /// The HTTP status, where there is one.
        status: Option<u16>,
        /// The first bytes of what it answered.
        response: Vec<u8>,
        /// What that means.
        fault: Fault,
    },
}

impl Sent {
    /// A failure of which nothing is known but its reason.
    pub(crate) fn failed(why: impl Into<String>, fault: Fault) -> Self {
        Self::Failed { why: why.into(), status: None, response: Vec::new(), fault }
    }

    /// For the metrics.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Delivered { .. } => "delivered",
            Self::Failed { fault: Fault::Slower { .. }, .. } => "throttled",
            Self::Failed { .. } => "failed",
        }
    }
}

/// What a failure means for what comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The endpoint fails. It is tried again later.
    Again,
    /// The endpoint wants fewer at a time. It is asked again later, and that costs no letter a try.
    Slower {
        /// How long it wants to be left alone, where it says.
        after: Option<Duration>,
    },
    /// This letter can never go; the next one may.
    Never,
    /// The endpoint says that it is there no more and wants nothing again.
    Gone,
}

/// An endpoint's secrets, open. Never logged, never answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpenSecrets {
    /// User name, or access key id.
    pub(crate) username: Option<String>,
    /// Password, or secret access key.
    pub(crate) password: Option<Secret>,
    /// What signs a webhook's deliveries, `whsec_` and base64, the newest first.
    pub(crate) signing: Vec<Secret>,
}

/// What drivers stand on.
#[derive(Clone)]
pub(crate) struct Ground {
    /// The time.
    pub(crate) clock: Clock,
    /// Which addresses webhooks may be at.
    pub(crate) dialling: Dialling,
    /// What the names of the bus's own exchanges and queues begin with, which are no targets.
    pub(crate) bus_prefix: String,
}

/// The driver of one endpoint.
pub(crate) enum Driver {
    /// An address that is posted to.
    Webhook(webhook::Webhook),
    /// A queue at AWS.
    Sqs(sqs::Sqs),
    /// An exchange of an AMQP broker.
    Amqp(amqp::Amqp),
    /// A topic of an MQTT broker.
    Mqtt(Box<mqtt::Mqtt>),
}

impl Driver {
    /// The driver of an endpoint. Nothing is dialled.
    ///
    /// # Errors
    /// A sentence about what cannot be used.
    pub(crate) fn open(
        config: &EndpointConfig,
        secrets: &OpenSecrets,
        ground: &Ground,
    ) -> Result<Self, String> {
        match config {
            EndpointConfig::Webhook { url, concurrency, timeout_s } => {
                let patience = Duration::from_secs((*timeout_s).clamp(1, 60).into());
                webhook::Webhook::open(url, patience, *concurrency, secrets, ground).map(Self::Webhook)
            }
            EndpointConfig::Sqs { url, region } => {
                sqs::Sqs::open(url, region.as_deref(), secrets).map(Self::Sqs)
            }
            EndpointConfig::Amqp { url, exchange, routing_key, mandatory } => {
                amqp::Amqp::open(url, exchange, routing_key, *mandatory, secrets, ground).map(Self::Amqp)
            }
            EndpointConfig::Mqtt { url, topic, qos, retain, discovery_prefix } => {
                let discovery_prefix = discovery_prefix.as_deref();
                let broker = mqtt::Broker { url, topic, qos: *qos, retain: *retain, discovery_prefix };
                mqtt::Mqtt::open(&broker, secrets).map(Box::new).map(Self::Mqtt)
            }
        }
    }

    /// Makes one try.
    pub(crate) async fn send(&self, letter: &Letter) -> Sent {
        match self {
            Self::Webhook(webhook) => webhook.send(letter).await,
            Self::Sqs(sqs) => sqs.send(letter).await,
            Self::Amqp(amqp) => amqp.send(letter).await,
            Self::Mqtt(mqtt) => mqtt.send(letter).await,
        }
    }

    /// For the metrics.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Webhook(_) => EndpointKind::Webhook.as_str(),
            Self::Sqs(_) => EndpointKind::Sqs.as_str(),
            Self::Amqp(_) => EndpointKind::Amqp.as_str(),
            Self::Mqtt(_) => EndpointKind::Mqtt.as_str(),
        }
    }

    /// Most letters on their way at a time.
    pub(crate) fn at_once(&self) -> usize {
        match self {
            Self::Webhook(webhook) => webhook.at_once(),
            Self::Sqs(sqs) => sqs.at_once(),
            Self::Amqp(amqp) => amqp.at_once(),
            Self::Mqtt(mqtt) => mqtt.at_once(),
        }
    }

    /// Within how long a try surely has an end.
    pub(crate) fn patience(&self) -> Duration {
        match self {
            Self::Webhook(webhook) => webhook.patience(),
            Self::Sqs(sqs) => sqs.patience(),
            Self::Amqp(amqp) => amqp.patience(),
            Self::Mqtt(mqtt) => mqtt.patience(),
        }
    }
}
