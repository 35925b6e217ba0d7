//! From a push of a RockSTAR tracker to a reading: its figures are fields of the push, and a text may be a wish.

use fairlead_model::message::MessageState;
use fairlead_store::satellite::messages::MessageRow;
use fairlead_wire::rockblock::BodyKind;
use fairlead_wire::rockcore::{self, Push, Source, Trigger};
use serde::Deserialize;

use crate::decode::{Decoded, sentence};

/// `mo_messages.provider` of what trackers send.
const PROVIDER: &str = "rockcore";

/// `readings.kind` begins so; the trigger follows, as in `RS-ACKNOWLEDGE`.
const KIND: &str = "RS";

/// Longest text in a summary, in characters.
const SHOWN_CHARS: usize = 160;

/// What of a message's source is needed to read its body again.
#[derive(Default, Deserialize)]
struct Came {
    content_type: Option<String>,
}

/// Whether a tracker sent it.
pub(crate) fn sent(row: &MessageRow) -> bool {
    row.provider == PROVIDER
}

/// Whether a reading's kind is one of a tracker's.
pub(crate) fn is_kind(kind: &str) -> bool {
    kind.strip_prefix(KIND).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// Reads a push: figures from the body, the text from the payload, where a person may have repaired it.
pub(crate) fn read(decoded: &mut Decoded, row: &MessageRow) {
    let came: Came = serde_json::from_str(&row.source).unwrap_or_default();
    let push = match rockcore::parse(BodyKind::of(came.content_type.as_deref(), &row.body), &row.body) {
        Ok(push) => push,
        Err(why) => return fail(decoded, sentence(&why)),
    };
    let text = row.payload.as_deref().map(String::from_utf8_lossy);
    apply(decoded, &push);
    let mut command = None;
    if let Some(text) = &text
        && push.trigger == Some(Trigger::Message)
    {
        match rockcore::command(text) {
            Ok(read) => command = read,
            Err(why) => fail(decoded, sentence(&why)),
        }
    }
    decoded.extra.command = command;
    if push.trigger == Some(Trigger::Message) {
        decoded.extra.text = text.as_ref().map(|text| text.clone().into_owned());
    }
    let wish = command.map(|command| format!("{} {}", command.code(), command.value()));
    decoded.summary = Some(summary(&push, text.as_deref(), wish));
}

/// Whether a repaired text can be read: talk can, and a whole command.
pub(crate) fn check(text: &[u8]) -> Result<(), String> {
    rockcore::command(&String::from_utf8_lossy(text)).map(|_| ()).map_err(|why| sentence(&why))
}

fn fail(decoded: &mut Decoded, why: String) {
    decoded.state = MessageState::Problem;
    decoded.unreadable = Some(why);
}

fn apply(decoded: &mut Decoded, push: &Push) {
    let reading = &mut decoded.reading;
    reading.kind = push.trigger.as_ref().map_or_else(|| KIND.to_owned(), |why| format!("{KIND}-{why}"));
    if let Some(measured_at) = push.measured_at {
        reading.device_at = measured_at.into();
    }
    let fix = push.fix();
    reading.latitude = fix.map(|f| f.latitude.degrees());
    reading.longitude = fix.map(|f| f.longitude.degrees());
    // Beside a position of the network stand no figures of the tracker's own.
    if push.source == Some(Source::Gps) {
        reading.speed_m_s = push.speed_m_s;
        reading.course_deg = push.course_deg;
        decoded.extra.altitude_m = push.altitude_m;
    }
    decoded.extra.trigger = push.trigger.as_ref().map(|trigger| trigger.as_str().to_owned());
    decoded.extra.battery_percent = push.battery_percent;
    decoded.extra.external_power = push.external_power;
    decoded.extra.temperature_c = push.temperature_c;
    if push.trigger == Some(Trigger::Acknowledge) {
        decoded.extra.acknowledges = push.message_ack;
    }
    if push.source.is_none() && push.position.is_some() {
        let source = push.fields.get("source").map_or("", String::as_str);
        let shown: String = source.chars().take(24).flat_map(char::escape_default).collect();
        decoded.marks.push(format!(
            "The position was found by `{shown}`, which is neither GPS nor IRIDIUM; it counts as none."
        ));
    }
}

/// The push in a line: numbers with their units, and nothing that is not known.
fn summary(push: &Push, text: Option<&str>, wish: Option<String>) -> String {
    let trigger = push.trigger.as_ref().map_or("RockSTAR", Trigger::as_str);
    let first = match (push.message_ack, push.trigger.as_ref()) {
        (Some(number), Some(Trigger::Acknowledge)) => format!("{trigger} of message {number}"),
        _ => trigger.to_owned(),
    };
    let shown = |text: &str| {
        let cut: String = text.chars().filter(|c| !c.is_control()).take(SHOWN_CHARS).collect();
        format!("“{cut}”")
    };
    let place = push.position.map(|(latitude, longitude)| {
        let of_network = if push.source == Some(Source::Iridium) { " by the network" } else { "" };
        format!("{:.5}, {:.5}{of_network}", latitude.degrees(), longitude.degrees())
    });
    let of_gps = push.source == Some(Source::Gps);
    let values = [
        Some(first),
        text.map(shown),
        wish,
        place,
        push.speed_m_s.filter(|_| of_gps).map(|v| format!("{v:.1} m/s")),
        push.course_deg.filter(|_| of_gps).map(|v| format!("{v:.0}°")),
        push.altitude_m.filter(|_| of_gps).map(|v| format!("{v:.0} m high")),
        push.battery_percent.map(|v| format!("battery {v:.0} %")),
        push.external_power.filter(|on| *on).map(|_| "external power".to_owned()),
        push.temperature_c.map(|v| format!("{v:.0} °C")),
        push.fields
            .get("alert")
            .filter(|alert| is_alert(alert))
            .map(|alert| format!("alert {}", shown(alert))),
    ];
    values.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn is_alert(alert: &str) -> bool {
    !matches!(alert.trim().to_ascii_lowercase().as_str(), "" | "false" | "0")
}
