//! A row of what is exported. The fields' names are the table's heads; a name says the unit.

use fairlead_model::message::MessageView;
use fairlead_model::{Imei, Time};
use fairlead_store::satellite::readings::ReadingRow;
use serde::Serialize;

/// Where a device was, and what it told besides.
#[derive(Debug, Default, Serialize)]
pub(super) struct PositionLine {
    imei: String,
    /// When the device was there.
    time: String,
    pub(super) latitude_deg: f64,
    pub(super) longitude_deg: f64,
    /// `gps`, or `satellite` for the network's estimate.
    source: String,
    /// Radius of the estimate; of a GPS fix there is none.
    accuracy_m: Option<f64>,
    speed_m_s: Option<f64>,
    course_deg: Option<f64>,
    battery_v: Option<f64>,
    interval_s: Option<i64>,
    sleep_s: Option<i64>,
    status: Option<String>,
    beacon_on: Option<bool>,
    kind: String,
    momsn: Option<i32>,
    transmitted_at: String,
    late: bool,
    /// The device's clock was too far ahead to be right.
    clock_ahead: bool,
    message_id: String,
}

/// A message as it came.
#[derive(Debug, Default, Serialize)]
pub(super) struct MessageLine {
    message_id: String,
    imei: String,
    momsn: Option<i32>,
    transmitted_at: Option<String>,
    received_at: String,
    trust: String,
    state: String,
    summary: Option<String>,
    /// Why a value is absent or doubtful.
    marks: String,
    payload_text: Option<String>,
    payload_hex: String,
    replaces: Option<String>,
}

impl PositionLine {
    /// Nothing where the message told no position.
    pub(super) fn of(imei: Imei, row: &ReadingRow) -> Option<Self> {
        let position = row.position()?;
        Some(Self {
            imei: imei.to_string(),
            time: position.at.to_string(),
            latitude_deg: position.latitude.degrees(),
            longitude_deg: position.longitude.degrees(),
            source: position.source.as_str().to_owned(),
            accuracy_m: position.accuracy_m,
            speed_m_s: row.speed_m_s,
            course_deg: row.course_deg,
            battery_v: row.battery_v,
            interval_s: row.interval_s,
            sleep_s: row.sleep_s,
            status: row.status.clone(),
            beacon_on: row.beacon_on,
            kind: row.kind.clone(),
            momsn: row.momsn,
            transmitted_at: Time::from(row.transmitted_at).to_string(),
            late: row.late,
            clock_ahead: row.clock_ahead,
            message_id: position.message_id.to_string(),
        })
    }
}

impl From<MessageView> for MessageLine {
    fn from(message: MessageView) -> Self {
        Self {
            message_id: message.id.to_string(),
            imei: message.imei.to_string(),
            momsn: message.momsn,
            transmitted_at: message.transmitted_at.map(|at| at.to_string()),
            received_at: message.received_at.to_string(),
            trust: message.trust.as_str().to_owned(),
            state: message.state.as_str().to_owned(),
            summary: message.summary,
            marks: message.marks.join(" "),
            payload_text: message.payload_text,
            payload_hex: message.payload_hex,
            replaces: message.replaces.map(|id| id.to_string()),
        }
    }
}
