//! Deliveries: one message on its way to one target.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::device::DeviceRef;
use crate::endpoint::EndpointRef;
use crate::words::words;
use crate::{DeliveryId, DeviceId, Imei, MessageId, MtId, RouteId, Time};

words! {
    /// How far a delivery has come.
    DeliveryState, "state of a delivery" {
        /// It waits for its first or its next try.
        Waiting "waiting",
        /// The endpoint has taken it; or, for a device, a message to it was made.
        Delivered "delivered",
        /// It was tried as often as is of use, or can never go.
        Failed "failed",
        /// It was not sent, because it had become too old.
        Expired "expired",
        /// It was not sent, because a newer position was there.
        Superseded "superseded",
        /// A person decided that it is not sent.
        Discarded "discarded",
    }
}

/// How the cause of a delivery to a device ends that failed because its message is trusted too little. By these words it is
/// found again when somebody vouches for the message after all.
pub const NOT_TRUSTED: &str = "is asked for (`courier.mt_trust`). Nothing was sent.";

/// What the driver of an endpoint needs to know of a message beside its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryAttributes {
    /// The device's name; the modem's IMEI where it is in no device.
    pub device: String,
    /// The device's kind; `modem` where the modem is in none.
    pub kind: String,
    /// The modem.
    pub imei: Imei,
    /// What the message is, a word of [`RouteMessage`](crate::route::RouteMessage); `test` for a test.
    pub message: String,
    /// When the message was sent by the device, or received where it tells no time.
    pub at: Time,
    /// When the position in it was taken, where it has one.
    #[serde(default)]
    pub position_at: Option<Time>,
}

/// One delivery, as in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryView {
    /// Its id: the `webhook-id`, the message id at AMQP, the deduplication id at SQS. It stays through all tries.
    #[schema(value_type = String, format = Uuid)]
    pub id: DeliveryId,
    /// The route; absent for a test, and where it was deleted.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub route_id: Option<RouteId>,
    /// The endpoint that it goes to; absent where it goes to a device, and where it was deleted.
    pub endpoint: Option<EndpointRef>,
    /// The device that it goes to.
    pub target_device: Option<DeviceRef>,
    /// The message; absent for a test.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub message_id: Option<MessageId>,
    /// Whose message it is, by its name then.
    pub device: String,
    /// The device, where it was in one.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub device_id: Option<DeviceId>,
    /// How far it has come.
    pub state: DeliveryState,
    /// Why, in a sentence.
    pub cause: String,
    /// How often it was tried.
    pub attempts: i32,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When it was tried last.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub tried_at: Option<Time>,
    /// When it is tried next; absent once nothing more happens by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_try_at: Option<Time>,
    /// When it came to its end.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub settled_at: Option<Time>,
    /// The HTTP status that was answered last.
    pub status: Option<i32>,
    /// The message to the device that was made of it.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub mt_id: Option<MtId>,
}

/// One delivery with what was sent and what was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryDetail {
    /// The delivery.
    pub delivery: DeliveryView,
    /// The format.
    pub format: String,
    /// The media type of the body.
    pub content_type: String,
    /// The body.
    pub body: String,
    /// What the endpoint answered last, its first 4,096 bytes as text.
    pub response: Option<String>,
}
