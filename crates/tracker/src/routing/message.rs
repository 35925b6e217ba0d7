//! A message as routes see it.

use fairlead_model::device::DeviceRef;
use fairlead_model::message::MessageState;
use fairlead_model::route::RouteMessage;
use fairlead_model::{Latitude, Longitude, MessageId, ModemId, Time};
use fairlead_store::satellite::messages::MessageRow;
use fairlead_store::satellite::modems::StateRow;
use fairlead_store::satellite::readings::ReadingRow;
use fairlead_store::{Micros, StoreError};
use fairlead_wire::route::{Facts, Pushed, Said};
use serde::Deserialize;

use crate::decode::{self, Decoded, Extra};
use crate::rockstar;

/// A message that was read, and can be passed on.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) row: MessageRow,
    pub(crate) reading: ReadingRow,
    pub(crate) extra: Extra,
    /// Where its modem was before, as far as that is known without asking.
    pub(crate) before: Before,
}

/// Where a modem was before a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Before {
    /// Its newest position, and when it was there.
    Known { latitude: f64, longitude: f64, at: Micros },
    /// The readings must be asked.
    Ask,
}

impl Before {
    /// Where a modem was, by what is known of it when its newest message comes.
    pub(crate) fn of(state: &StateRow) -> Self {
        match (state.fix_latitude, state.fix_longitude, state.fix_at) {
            (Some(latitude), Some(longitude), Some(at)) => Self::Known { latitude, longitude, at },
            _ => Self::Ask,
        }
    }
}

/// What of a message's source is needed to read its body again.
#[derive(Default, Deserialize)]
struct Came {
    content_type: Option<String>,
}

impl Heard {
    /// A message that was read without a look at the others of its modem.
    pub(crate) fn alone(row: MessageRow, decoded: Decoded) -> Option<Self> {
        let passes = can_pass(decoded.state);
        passes.then_some(Self { row, reading: decoded.reading, extra: decoded.extra, before: Before::Ask })
    }

    /// A message that was read before; `None` where it is not passed on.
    pub(crate) fn again(row: MessageRow, reading: ReadingRow) -> Option<Self> {
        let dialect = reading.dialect.as_deref().and_then(|word| word.parse().ok());
        let decoded = decode::decode(&row, reading.modem_id, dialect);
        Self::alone(row, Decoded { reading, ..decoded })
    }

    pub(crate) fn id(&self) -> MessageId {
        self.row.id.into()
    }

    pub(crate) fn modem(&self) -> ModemId {
        self.reading.modem_id.into()
    }

    /// When it was sent; when it was received, where it does not tell. It decides whose it is.
    pub(crate) fn sent_at(&self) -> Micros {
        self.row.transmitted_at.unwrap_or(self.row.received_at)
    }

    /// What it is, for a route.
    pub(crate) fn message(&self) -> RouteMessage {
        message_of(&self.reading.kind, &self.extra)
    }

    /// Whether it can be the answer to something that its device was told.
    pub(crate) fn answers(&self) -> bool {
        matches!(self.reading.status.as_deref(), Some("accepted" | "rejected"))
            || self.extra.acknowledges.is_some()
    }

    /// What a body of its content type is.
    pub(crate) fn content_type(&self) -> Option<String> {
        serde_json::from_str::<Came>(&self.row.source).unwrap_or_default().content_type
    }

    /// All that one needs of it to pass it on.
    pub(crate) fn facts<'m>(
        &'m self,
        device: Option<DeviceRef>,
        content_type: Option<&'m str>,
    ) -> Result<Facts<'m>, StoreError> {
        let row = &self.row;
        let imei = row.imei.parse().map_err(|e| StoreError::Fault(format!("{}: {e}", row.imei)))?;
        Ok(Facts {
            message_id: self.id(),
            message: self.message(),
            device,
            received_at: row.received_at.into(),
            pushed: Pushed {
                provider: &row.provider,
                content_type,
                body: &row.body,
                imei,
                serial: row.serial.as_deref(),
                momsn: row.momsn,
                transmitted_at: row.transmitted_at.map(Time::from),
                iridium_latitude: row.iridium_latitude,
                iridium_longitude: row.iridium_longitude,
                iridium_cep_km: row.iridium_cep_km,
                session_status: row.session_status,
                payload: row.payload.as_deref(),
                payload_raw: row.payload_raw.as_deref(),
            },
            said: self.said(),
        })
    }

    fn said(&self) -> Said {
        let (reading, extra) = (&self.reading, &self.extra);
        let place = |latitude: Option<f64>, longitude: Option<f64>| {
            Some((Latitude::new(latitude?)?, Longitude::new(longitude?)?))
        };
        let estimate = place(reading.estimate_latitude, reading.estimate_longitude);
        Said {
            kind: reading.kind.clone(),
            measured_at: reading.device_at.into(),
            clock_ahead: reading.clock_ahead,
            late: reading.late,
            fix: place(reading.latitude, reading.longitude),
            estimate: estimate
                .map(|(latitude, longitude)| (latitude, longitude, reading.estimate_accuracy_m)),
            speed_m_s: reading.speed_m_s,
            course_deg: reading.course_deg,
            altitude_m: extra.altitude_m,
            battery_v: reading.battery_v,
            battery_percent: extra.battery_percent,
            external_power: extra.external_power,
            temperature_c: extra.temperature_c,
            interval_s: reading.interval_s,
            sleep_s: reading.sleep_s,
            status: reading.status.clone(),
            status_bits: extra.status_bits,
            beacon_on: reading.beacon_on,
            trigger: extra.trigger.clone(),
            text: extra.text.clone(),
            command: extra.command,
        }
    }
}

/// Whether a message in this state is passed on: what nobody could read waits for a person.
pub(crate) const fn can_pass(state: MessageState) -> bool {
    matches!(state, MessageState::Decoded | MessageState::Empty)
}

/// What a message is, by its type and what it carries.
fn message_of(kind: &str, extra: &Extra) -> RouteMessage {
    if extra.command.is_some() {
        return RouteMessage::Command;
    }
    match kind {
        "PK001" | "PK003" | "PK004" | "PK101" => RouteMessage::Position,
        _ if !rockstar::is_kind(kind) => RouteMessage::Other,
        _ if extra.acknowledges.is_some() => RouteMessage::Other,
        _ => match extra.trigger.as_deref() {
            Some("ACKNOWLEDGE") => RouteMessage::Other,
            Some("MESSAGE") if extra.text.is_some() => RouteMessage::Text,
            _ => RouteMessage::Position,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_is_one_kind_of_message() {
        let said = |trigger: &str, text: Option<&str>| Extra {
            trigger: Some(trigger.to_owned()),
            text: text.map(str::to_owned),
            ..Extra::default()
        };
        let wish = Extra {
            command: Some(fairlead_wire::pk::Command::Beacon { on: true }),
            ..said("MESSAGE", Some("Beacon on"))
        };
        for (kind, extra, wanted) in [
            ("PK001", Extra::default(), RouteMessage::Position),
            ("PK101", Extra::default(), RouteMessage::Position),
            ("PK004", Extra::default(), RouteMessage::Position),
            ("empty", Extra::default(), RouteMessage::Other),
            ("unread", Extra::default(), RouteMessage::Other),
            ("PK006", Extra { command: wish.command, ..Extra::default() }, RouteMessage::Command),
            ("RS-ROUTINE", said("ROUTINE", None), RouteMessage::Position),
            ("RS-ALERT", said("ALERT", None), RouteMessage::Position),
            ("RS-MESSAGE", said("MESSAGE", Some("all well")), RouteMessage::Text),
            ("RS-MESSAGE", wish, RouteMessage::Command),
            ("RS-ACKNOWLEDGE", said("ACKNOWLEDGE", None), RouteMessage::Other),
        ] {
            assert_eq!(message_of(kind, &extra), wanted, "{kind}");
        }
    }
}
