//! What a provider tells beside a message that bears on what was sent: acknowledgements, and what a session fetched.

use std::collections::HashMap;

use fairlead_model::mt::Proof;
use fairlead_model::{MessageId, ModemId, Time};
use fairlead_store::satellite::messages::{self, MessageRow};
use fairlead_store::satellite::mt::things;
use fairlead_store::satellite::readings::ReadingRow;
use fairlead_store::{StoreError, Tx};
use fairlead_wire::rockblock::BodyKind;
use fairlead_wire::{cloudloop, rockcore};

use crate::proof::{Heard, Told};

/// `readings.kind` of an acknowledgement.
pub(super) const ACKNOWLEDGEMENT: &str = "RS-ACKNOWLEDGE";

/// What was told beside some messages of one modem.
#[derive(Default)]
pub(super) struct Beside {
    acknowledged: HashMap<MessageId, String>,
    fetched: HashMap<MessageId, bool>,
    /// The newest session of which was told what it fetched.
    counted_to: Option<Time>,
}

impl Beside {
    /// Reads the bodies of those messages that may bear on what was `told`.
    pub(super) fn of(
        tx: &mut Tx<'_>,
        modem: ModemId,
        told: &[Told],
        readings: &[ReadingRow],
    ) -> Result<Self, StoreError> {
        let mut beside = Self::default();
        let mut wanted: Vec<MessageId> = Vec::new();
        if told.iter().any(|told| told.proof == Proof::Receipt) {
            let acknowledgements = readings.iter().filter(|row| row.kind == ACKNOWLEDGEMENT);
            wanted.extend(acknowledgements.map(|row| MessageId::from(row.message_id)));
        }
        if told.iter().any(|told| told.fetch_is_told) {
            // A session counts once: what it fetched is one message.
            let counted = things::get(tx, modem)?.and_then(|thing| thing.counted_at);
            for row in readings {
                match counted {
                    Some(counted) if row.transmitted_at <= counted => {
                        beside.fetched.insert(row.message_id.into(), false);
                    }
                    _ => wanted.push(row.message_id.into()),
                }
            }
        }
        if wanted.is_empty() {
            return Ok(beside);
        }
        let times: HashMap<MessageId, Time> =
            readings.iter().map(|row| (row.message_id.into(), row.transmitted_at.into())).collect();
        for row in messages::get_all(tx, &wanted)? {
            beside.read(&row, times.get(&row.id.into()).copied());
        }
        Ok(beside)
    }

    fn read(&mut self, row: &MessageRow, at: Option<Time>) {
        let id = MessageId::from(row.id);
        let kind = BodyKind::of(row.content_type().as_deref(), &row.body);
        match row.provider.as_str() {
            "rockcore" => {
                let push = rockcore::parse(kind, &row.body).ok();
                let push = push.filter(|push| push.trigger == Some(rockcore::Trigger::Acknowledge));
                if let Some(number) = push.and_then(|push| push.message_ack) {
                    self.acknowledged.insert(id, number.to_string());
                }
            }
            "cloudloop" => {
                if let Some(number) = cloudloop::parse(kind, &row.body).ok().and_then(|push| push.mtmsn) {
                    self.fetched.insert(id, number > 0);
                    self.counted_to = self.counted_to.max(at);
                }
            }
            _ => {}
        }
    }

    /// A message as far as it can prove something.
    pub(super) fn heard(&self, row: ReadingRow) -> Heard {
        let message_id = MessageId::from(row.message_id);
        Heard {
            message_id,
            at: row.transmitted_at.into(),
            status: row.status,
            interval_s: row.interval_s,
            sleep_s: row.sleep_s,
            beacon_on: row.beacon_on,
            acknowledges: self.acknowledged.get(&message_id).cloned(),
            fetched: self.fetched.get(&message_id).copied(),
        }
    }

    /// Notes the sessions that were counted.
    pub(super) fn note_counted(&self, tx: &mut Tx<'_>, modem: ModemId) -> Result<(), StoreError> {
        self.counted_to.map_or(Ok(()), |at| things::note_counted(tx, modem, at))
    }
}
