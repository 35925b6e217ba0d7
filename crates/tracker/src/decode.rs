//! From a stored message to a reading: what the text says, and the line in which a person reads it.

use fairlead_model::message::{Dialect, MessageState};
use fairlead_model::{Latitude, Longitude, Time};
use fairlead_store::satellite::messages::MessageRow;
use fairlead_store::satellite::readings::ReadingRow;
use fairlead_store::{Id, Micros};
use fairlead_wire::pk::{self, Context, Message, Report};
use fairlead_wire::rockblock::Estimate;

use crate::rockstar;

/// Metres in a kilometre: the network's CEP comes in kilometres.
const M_PER_KM: f64 = 1_000.0;

/// What a message says.
pub(crate) struct Decoded {
    pub(crate) reading: ReadingRow,
    pub(crate) state: MessageState,
    pub(crate) summary: Option<String>,
    pub(crate) marks: Vec<String>,
    /// Why the text could not be read, where it could not.
    pub(crate) unreadable: Option<String>,
    /// What it says beside the reading.
    pub(crate) extra: Extra,
}

/// What a message says that has no column among the readings.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Extra {
    /// Status bits.
    pub(crate) status_bits: Option<u32>,
    /// Altitude, metres.
    pub(crate) altitude_m: Option<f64>,
    /// Battery, percent of full.
    pub(crate) battery_percent: Option<f64>,
    /// Whether it has power from outside.
    pub(crate) external_power: Option<bool>,
    /// Temperature, degrees Celsius.
    pub(crate) temperature_c: Option<f64>,
    /// Why a tracker speaks.
    pub(crate) trigger: Option<String>,
    /// The text that somebody typed on a tracker.
    pub(crate) text: Option<String>,
    /// What is wanted of a buoy.
    pub(crate) command: Option<pk::Command>,
    /// The provider's number of the message that a tracker says it has.
    pub(crate) acknowledges: Option<u64>,
}

/// Reads a message of a modem whose build is known, or not.
pub(crate) fn decode(row: &MessageRow, modem_id: Id, known: Option<Dialect>) -> Decoded {
    let received_at = Time::from(row.received_at);
    let transmitted_at = row.transmitted_at.map_or(received_at, Time::from);
    let mut decoded = Decoded {
        reading: blank(row, modem_id, transmitted_at),
        state: MessageState::Decoded,
        summary: None,
        marks: Vec::new(),
        unreadable: None,
        extra: Extra::default(),
    };
    match row.payload.as_deref() {
        _ if rockstar::sent(row) => rockstar::read(&mut decoded, row),
        None => {
            decoded.state = MessageState::Problem;
            decoded.unreadable = Some("The data are not hexadecimal.".to_owned());
        }
        Some([]) => {
            decoded.state = MessageState::Empty;
            "empty".clone_into(&mut decoded.reading.kind);
        }
        Some(payload) => match pk::decode(payload, &Context { transmitted_at, known }) {
            Ok(Message::Position(report)) => apply_report(&mut decoded, &report),
            Ok(Message::Command(command)) => {
                decoded.extra.command = Some(command);
                command.code().clone_into(&mut decoded.reading.kind);
                decoded.reading.dialect = Some(Dialect::Handset.as_str().to_owned());
                decoded.summary = Some(format!("{} {}", command.code(), command.value()));
            }
            Err(why) => {
                decoded.state = MessageState::Problem;
                decoded.unreadable = Some(sentence(&why));
            }
        },
    }
    mark_clock(&mut decoded, received_at);
    decoded
}

/// Whether a repaired text of a message can be read.
pub(crate) fn check(
    row: &MessageRow,
    text: &[u8],
    transmitted_at: Time,
    known: Option<Dialect>,
) -> Result<(), String> {
    if rockstar::sent(row) {
        return rockstar::check(text);
    }
    pk::decode(text, &Context { transmitted_at, known }).map(|_| ()).map_err(|e| sentence(&e))
}

fn blank(row: &MessageRow, modem_id: Id, transmitted_at: Time) -> ReadingRow {
    let estimate = estimate(row).map(|e| e.fix());
    ReadingRow {
        message_id: row.id,
        modem_id,
        transmitted_at: transmitted_at.into(),
        momsn: row.momsn,
        device_at: transmitted_at.into(),
        clock_ahead: false,
        late: false,
        kind: "unread".to_owned(),
        latitude: None,
        longitude: None,
        estimate_latitude: estimate.map(|f| f.latitude.degrees()),
        estimate_longitude: estimate.map(|f| f.longitude.degrees()),
        estimate_accuracy_m: row.iridium_cep_km.map(|km| km * M_PER_KM),
        speed_m_s: None,
        course_deg: None,
        battery_v: None,
        interval_s: None,
        sleep_s: None,
        status: None,
        beacon_on: None,
        dialect: None,
    }
}

/// The network's estimate. 0, 0 with a wide radius is how a session without one is pushed.
fn estimate(row: &MessageRow) -> Option<Estimate> {
    Some(Estimate {
        latitude: Latitude::new(row.iridium_latitude?)?,
        longitude: Longitude::new(row.iridium_longitude?)?,
        cep_km: row.iridium_cep_km,
    })
    .filter(|e| e.latitude.degrees() != 0.0 || e.longitude.degrees() != 0.0)
}

fn apply_report(decoded: &mut Decoded, report: &Report) {
    let reading = &mut decoded.reading;
    report.kind.code().clone_into(&mut reading.kind);
    reading.device_at = report.device_time.into();
    reading.latitude = report.fix.map(|f| f.latitude.degrees());
    reading.longitude = report.fix.map(|f| f.longitude.degrees());
    reading.speed_m_s = report.speed_m_s;
    reading.course_deg = report.course_deg;
    reading.battery_v = report.battery_v;
    reading.interval_s = report.interval_s.map(i64::from);
    reading.sleep_s = report.sleep_s.map(i64::from);
    reading.status = report.wake_reason.map(|r| r.status().as_str().to_owned());
    reading.beacon_on = report.beacon_on();
    reading.dialect = report.dialect.map(|d| d.as_str().to_owned());
    decoded.extra.status_bits = report.status;
    decoded.marks = report.marks.iter().map(sentence).collect();
    decoded.summary = Some(summary(report));
}

/// What the wire says of a value, as a sentence of its own.
pub(crate) fn sentence(said: &impl ToString) -> String {
    let said = said.to_string();
    let mut letters = said.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    let stop = if said.ends_with('.') { "" } else { "." };
    first.into_iter().chain(letters).chain(stop.chars()).collect()
}

/// The report in a line: numbers with their units, and nothing that is not known.
fn summary(report: &Report) -> String {
    let place = report.fix.map_or_else(
        || "no fix".to_owned(),
        |f| format!("{:.5}, {:.5}", f.latitude.degrees(), f.longitude.degrees()),
    );
    let values = [
        Some(place),
        report.battery_v.map(|v| format!("{v} V")),
        report.speed_m_s.map(|v| format!("{v:.1} m/s")),
        report.course_deg.map(|v| format!("{v:.0}°")),
        report.interval_s.map(|s| format!("every {} min", s / 60)),
        report.sleep_s.filter(|s| *s > 0).map(|s| format!("sleeps {} min", s / 60)),
    ];
    let line: Vec<String> = values.into_iter().flatten().collect();
    format!("{} {}", report.kind.code(), line.join(" · "))
}

/// A time far ahead of ours is kept, marked, and stands in the line where it was received.
fn mark_clock(decoded: &mut Decoded, received_at: Time) {
    let reading = &mut decoded.reading;
    let ahead = |t: Micros| Time::from(t).is_too_far_ahead_of(received_at);
    if ahead(reading.transmitted_at) || ahead(reading.device_at) {
        reading.clock_ahead = true;
        decoded.marks.push(format!(
            "The time of this message is more than 10 minutes ahead of its arrival at {received_at}; it does not \
             count as the newest."
        ));
    }
    if ahead(reading.transmitted_at) {
        reading.transmitted_at = received_at.into();
    }
}
