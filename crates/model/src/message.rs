//! What people and programs see of a message and of the modem that sent it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Imei, Latitude, Longitude, MessageId, ModemId, PositionSource, Time, Trust};

/// What became of a stored message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// Stored; the tracker has not looked at it yet.
    Waiting,
    /// Read and applied.
    Decoded,
    /// A mailbox check: a session without a text.
    Empty,
    /// It could not be read or applied; a problem says why.
    Problem,
    /// A person put a repaired copy in its place.
    Replaced,
}

impl MessageState {
    /// All states.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Decoded, Self::Empty, Self::Problem, Self::Replaced];

    /// The word used in JSON and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Decoded => "decoded",
            Self::Empty => "empty",
            Self::Problem => "problem",
            Self::Replaced => "replaced",
        }
    }
}

impl std::str::FromStr for MessageState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|s| s.as_str() == text).ok_or_else(|| {
            format!("`{text}` is no message state: waiting, decoded, empty, problem or replaced")
        })
    }
}

/// A position with its time, as shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PositionView {
    /// When the device was there, by its own clock where it has one.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// Degrees north.
    #[schema(value_type = f64)]
    pub latitude: Latitude,
    /// Degrees east.
    #[schema(value_type = f64)]
    pub longitude: Longitude,
    /// Radius of uncertainty in metres; absent for a GPS fix.
    pub accuracy_m: Option<f64>,
    /// Who measured it.
    #[schema(value_type = String)]
    pub source: PositionSource,
    /// The message that told it.
    #[schema(value_type = String, format = Uuid)]
    pub message_id: MessageId,
    /// Arrived after a newer one.
    pub late: bool,
}

/// One modem on the line, with what is known of it now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModemView {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    pub id: ModemId,
    /// Its number on the network.
    #[schema(value_type = String)]
    pub imei: Imei,
    /// The provider's serial number, printed on the modem.
    pub serial: Option<String>,
    /// The build that speaks, as inferred: `v2_buoy`, `v3_buoy` or `handset`.
    pub dialect: Option<String>,
    /// When the first message from it was stored.
    #[schema(value_type = String, format = DateTime)]
    pub first_seen_at: Time,
    /// When the provider signed for it first; from then on unsigned messages are not trusted.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub signed_since: Option<Time>,
    /// Transmit time of the newest message.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_seen_at: Option<Time>,
    /// Receive time of the newest message.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_received_at: Option<Time>,
    /// MOMSN of the newest message, 0 to 65,535.
    pub momsn: Option<i32>,
    /// Newest GPS fix.
    pub fix: Option<PositionView>,
    /// Newest estimate of the satellite network.
    pub estimate: Option<PositionView>,
    /// Speed over ground in metres per second.
    pub speed_m_s: Option<f64>,
    /// Course over ground in degrees true.
    pub course_deg: Option<f64>,
    /// Battery voltage.
    pub battery_v: Option<f64>,
    /// Reporting interval in seconds that the page measures silence against.
    pub interval_s: i64,
    /// Where the interval comes from: `reported`, `observed` or `assumed`.
    pub interval_source: String,
    /// What the device said about its wake-up: `normal`, `power_on`, `after_sleep`, `accepted`, `rejected`.
    pub status: Option<String>,
    /// Whether the last-mile beacon is on.
    pub beacon_on: Option<bool>,
    /// When the next message should arrive.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expected_at: Option<Time>,
    /// From this moment it is late.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub late_at: Option<Time>,
    /// From this moment it is silent.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub silent_at: Option<Time>,
    /// Messages that its MOMSN says were sent and that never arrived.
    pub missing: i64,
    /// Problems of it that are open.
    pub open_problems: i64,
}

/// One stored message, as in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MessageView {
    /// Its id, given before it was journalled.
    #[schema(value_type = String, format = Uuid)]
    pub id: MessageId,
    /// The modem, once the tracker has looked at it.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub modem_id: Option<ModemId>,
    /// The sender.
    #[schema(value_type = String)]
    pub imei: Imei,
    /// The modem's message number, 0 to 65,535.
    pub momsn: Option<i32>,
    /// When the modem sent it, by the network.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub transmitted_at: Option<Time>,
    /// The transmit time exactly as pushed.
    pub transmit_time_raw: Option<String>,
    /// When it was received here.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Time,
    /// Who vouches for it.
    #[schema(value_type = String)]
    pub trust: Trust,
    /// What became of it.
    pub state: MessageState,
    /// The payload in hexadecimal, or the pushed text where it is not hexadecimal.
    pub payload_hex: String,
    /// The payload as text, where it is printable.
    pub payload_text: Option<String>,
    /// What we made of it, in one line.
    pub summary: Option<String>,
    /// Why a value is absent or doubtful, a sentence each.
    pub marks: Vec<String>,
    /// The message of which this is a repaired copy.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub replaces: Option<MessageId>,
}
