//! What people and programs see of a message and of the modem that sent it.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::device::DeviceRef;
use crate::words::words;
use crate::{Imei, Latitude, Longitude, MessageId, ModemId, PositionSource, Time, Trust};

words! {
    /// What became of a stored message.
    MessageState, "message state" {
        /// Stored; the tracker has not looked at it yet.
        Waiting "waiting",
        /// Read and applied.
        Decoded "decoded",
        /// A mailbox check: a session without a text.
        Empty "empty",
        /// It could not be read or applied; a problem says why.
        Problem "problem",
        /// A person put a repaired copy in its place.
        Replaced "replaced",
    }
}

words! {
    /// A build of the firmware, by what it means with the same letters.
    Dialect, "dialect" {
        /// `MicroPython` buoy: speed in km/h, status in hexadecimal.
        V2Buoy "v2_buoy",
        /// C++ buoy: speed in knots, status (if any) in decimal.
        V3Buoy "v3_buoy",
        /// `MicroPython` handset: speed in km/h, neither status nor battery.
        Handset "handset",
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V2Buoy => "v2 buoy",
            Self::V3Buoy => "v3 buoy",
            Self::Handset => "handset",
        })
    }
}

words! {
    /// What a device says about its wake-up.
    WakeStatus, "status" {
        /// Its interval is over.
        Normal "normal",
        /// It was switched on.
        PowerOn "power_on",
        /// A commanded sleep is over.
        AfterSleep "after_sleep",
        /// It has accepted a command; interval and sleep show the new values.
        Accepted "accepted",
        /// It has rejected a command.
        Rejected "rejected",
        /// A number that no known firmware says.
        Unknown "unknown",
    }
}

words! {
    /// Where the interval comes from that silence is measured against.
    IntervalSource, "source of an interval" {
        /// The device said it.
        Reported "reported",
        /// Its messages come so.
        Observed "observed",
        /// Nobody knows; a setting says what is assumed.
        Assumed "assumed",
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
    /// The build that speaks, as inferred.
    pub dialect: Option<Dialect>,
    /// The device that it is in.
    #[serde(default)]
    pub device: Option<DeviceRef>,
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
    /// Where the interval comes from.
    pub interval_source: IntervalSource,
    /// What the device said about its wake-up.
    pub status: Option<WakeStatus>,
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
    /// The device in which the modem was when it was sent.
    #[serde(default)]
    pub device: Option<DeviceRef>,
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
