//! MT: what is told to a device by satellite, and how far each message has come.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::message::Dialect;
use crate::words::words;
use crate::{Imei, MessageId, ModemId, MtId, Time};

/// What a device is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Order {
    /// PK005: the last-mile LoRa beacon.
    Beacon {
        /// On or off.
        on: bool,
    },
    /// PK006: how often to report.
    Interval {
        /// Whole minutes, 1 to 1440.
        minutes: u32,
    },
    /// PK007: sleep once.
    Sleep {
        /// Whole seconds, 1 to 259,200.
        seconds: u32,
    },
    /// SUPPORT: a v2 buoy reboots into its Wi-Fi support application.
    Support,
    /// A text as it stands, at most 270 bytes. For administrators, but to a RockSTAR: people read it there.
    Text {
        /// The text.
        text: String,
    },
    /// Another device's position, as a route made it. Nobody can ask for it.
    Position {
        /// The text as the device gets it.
        text: String,
    },
}

impl Order {
    /// Its kind.
    pub const fn kind(&self) -> OrderKind {
        match self {
            Self::Beacon { .. } => OrderKind::Beacon,
            Self::Interval { .. } => OrderKind::Interval,
            Self::Sleep { .. } => OrderKind::Sleep,
            Self::Support => OrderKind::Support,
            Self::Text { .. } => OrderKind::Text,
            Self::Position { .. } => OrderKind::Position,
        }
    }

    /// The number in it, where it has one: 1 or 0, minutes, seconds.
    pub fn value(&self) -> Option<i64> {
        match self {
            Self::Beacon { on } => Some(i64::from(*on)),
            Self::Interval { minutes } => Some(i64::from(*minutes)),
            Self::Sleep { seconds } => Some(i64::from(*seconds)),
            Self::Support | Self::Text { .. } | Self::Position { .. } => None,
        }
    }

    /// From what the store keeps; `None` where that makes no order.
    pub fn of(kind: &str, value: Option<i64>, text: &str) -> Option<Self> {
        let number = || u32::try_from(value?).ok();
        Some(match kind.parse().ok()? {
            OrderKind::Beacon => Self::Beacon { on: number()? == 1 },
            OrderKind::Interval => Self::Interval { minutes: number()? },
            OrderKind::Sleep => Self::Sleep { seconds: number()? },
            OrderKind::Support => Self::Support,
            OrderKind::Text => Self::Text { text: text.to_owned() },
            OrderKind::Position => Self::Position { text: text.to_owned() },
        })
    }
}

words! {
    /// What kind of thing a device is told, in the order of a form.
    OrderKind, "kind of order" {
        /// How often to report.
        Interval "interval",
        /// Sleep once.
        Sleep "sleep",
        /// The last-mile beacon.
        Beacon "beacon",
        /// Reboot into the support application.
        Support "support",
        /// A text as it stands.
        Text "text",
        /// Another device's position.
        Position "position",
    }
}

words! {
    /// How far an MT has come.
    MtState, "state of an outgoing message" {
        /// It waits to be sent.
        Queued "queued",
        /// The provider is being called at this moment.
        Sending "sending",
        /// The provider has it.
        Accepted "accepted",
        /// The device has shown that it got it.
        Delivered "delivered",
        /// The device has said that it does not take it.
        Rejected "rejected",
        /// The provider has had it, and the device cannot show that it got it.
        Unconfirmable "unconfirmable",
        /// It was surely not sent, and is not tried again; or a person gave it up.
        Failed "failed",
        /// The provider may have it or not: a person decides.
        Unknown "unknown",
        /// Its time was over before it could be sent.
        Expired "expired",
        /// A newer one of the same kind took its place.
        Superseded "superseded",
        /// A person called it off before it was sent.
        Cancelled "cancelled",
    }
}

impl MtState {
    /// Nothing more happens to it by itself.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Sending | Self::Accepted | Self::Unknown)
    }
}

words! {
    /// What shows that a device got a message.
    Proof, "proof of delivery" {
        /// A v3 buoy answers in its next report: accepted with the new value, or rejected.
        Answer "answer",
        /// A v2 buoy reports its beacon as it was told.
        Beacon "beacon",
        /// A v2 buoy reports in the new rhythm.
        Rhythm "rhythm",
        /// A RockSTAR acknowledges the message by its number.
        Receipt "receipt",
        /// Nothing can show it.
        None "none",
    }
}

words! {
    /// What a person makes of an MT whose outcome is unknown.
    Decision, "decision" {
        /// It was sent: wait for the proof.
        Sent "sent",
        /// Send it again. It may arrive twice.
        SendAgain "send_again",
        /// Let it be.
        GiveUp "give_up",
    }
}

words! {
    /// Whether an account sends.
    AccountState, "state of an account" {
        /// It sends.
        Ready "ready",
        /// It does not, until a person resumes it.
        Paused "paused",
        /// User name or password is missing in the settings.
        NoCredentials "no_credentials",
    }
}

/// Bytes that one credit pays for, begun ones counted whole (Ground Control's price list for RockBLOCK).
pub const BYTES_A_CREDIT: usize = 50;

/// What one sending of so many bytes costs, in credits: one for each 50 bytes begun.
pub fn credits(bytes: usize) -> i32 {
    i32::try_from(bytes.div_ceil(BYTES_A_CREDIT).max(1)).unwrap_or(i32::MAX)
}

words! {
    /// By what credits are summed up.
    CreditsBy, "way to sum up credits" {
        /// By account.
        Account "account",
        /// By modem.
        Modem "modem",
        /// By day (UTC).
        Day "day",
    }
}

/// One message to a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MtView {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    pub id: MtId,
    /// The modem that it is for.
    #[schema(value_type = String, format = Uuid)]
    pub modem_id: ModemId,
    /// That modem's number.
    #[schema(value_type = String)]
    pub imei: Imei,
    /// The account that pays for it.
    pub account: String,
    /// What the device is told.
    pub order: Order,
    /// The text as the device gets it.
    pub text: String,
    /// How far it has come.
    pub state: MtState,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub state_since: Time,
    /// Why it is in this state, in a sentence.
    pub cause: String,
    /// What would show that the device got it.
    pub proof: Proof,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// Who asked: a session, a token, or a handset's message.
    pub created_by: String,
    /// The handset's message that asked for it.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub asked_by_message: Option<MessageId>,
    /// From then on it is not sent any more.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Time,
    /// It is not tried before; shown while it waits for another try.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_try_at: Option<Time>,
    /// How often the provider was called for it.
    pub attempts: i32,
    /// When the provider took it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub sent_at: Option<Time>,
    /// The provider's number for it.
    pub provider_id: Option<String>,
    /// The device's message that proved it.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub confirmed_by: Option<MessageId>,
    /// What one sending of it costs: 1 credit for each 50 bytes begun.
    pub credits: i32,
}

/// One step of an MT's life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MtStep {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// The state from then on.
    pub state: MtState,
    /// Why, in a sentence.
    pub cause: String,
}

/// An account with a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountView {
    /// Its name, as in the settings.
    pub name: String,
    /// The provider.
    pub provider: String,
    /// Whether it sends.
    pub state: AccountState,
    /// Why not, in a sentence.
    pub reason: Option<String>,
    /// Since when it is paused.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub paused_since: Option<Time>,
    /// Messages that wait to be sent by it.
    pub waiting: i64,
    /// Messages of it whose outcome is unknown.
    pub unknown: i64,
    /// Credits spent today (UTC); calls with an unknown outcome count.
    pub credits_today: i64,
    /// Credits spent in the last 30 days.
    pub credits_30_days: i64,
}

/// Whether a modem can be told something of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OfferView {
    /// The kind of order.
    pub kind: OrderKind,
    /// Why it cannot, in a sentence; absent where it can.
    pub refusal: Option<String>,
    /// What would show that the device got it.
    pub proof: Proof,
    /// Least and greatest number that this device heeds.
    pub range: Option<(u32, u32)>,
}

/// What can be told to a modem, and what stands before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DownlinkView {
    /// The modem.
    #[schema(value_type = String, format = Uuid)]
    pub modem_id: ModemId,
    /// The build of its device; absent where nobody knows.
    pub generation: Option<Dialect>,
    /// Whether a person said so; else it is inferred from what the device sends.
    pub generation_is_set: bool,
    /// The account that pays.
    pub account: String,
    /// Why the provider does not take messages for it, in a sentence.
    pub fault: Option<String>,
    /// When its next message should arrive: then it hears what waits.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expected_at: Option<Time>,
    /// Messages that it hears before a new one.
    pub before: i64,
    /// Wakes until it hears a new one: a v3 buoy takes one message a wake.
    pub wakes: i64,
    /// What it can be told.
    pub offers: Vec<OfferView>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credit_pays_for_fifty_bytes_begun() {
        assert_eq!([1, 50, 51, 100, 270].map(credits), [1, 1, 2, 2, 6]);
    }
}
