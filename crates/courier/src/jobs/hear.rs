//! A modem that was told something was heard: does that prove delivery?

use fairlead_bus::{Consumer, Delivery, Verdict};
use fairlead_model::mt::MtState;
use fairlead_model::queue::{MoHeard, MtWaiting};
use fairlead_model::{ModemId, Time};
use fairlead_store::satellite::modems as fleet;
use fairlead_store::satellite::mt::{self, MtRow, modems};
use fairlead_store::satellite::readings::{self, ReadingRow};
use fairlead_store::{StoreError, Tx};

use crate::news;
use crate::proof::{self, Heard, Told};
use crate::service::{Courier, Inner};

/// Messages of a modem that one look takes in.
const WORDS: i64 = 200;

/// Consumes `mo.heard`.
pub(crate) struct Hear(pub(crate) Courier);

impl Consumer for Hear {
    type Message = MoHeard;

    async fn handle(&self, delivery: Delivery<MoHeard>) -> Verdict {
        let (courier, modem) = (self.0.clone(), delivery.message.modem_id);
        match self.0.store.write(move |tx| look(tx, &courier, modem)).await {
            Ok(changed) => {
                changed.into_iter().for_each(|row| news::outgoing(&self.0, row));
                Verdict::Done
            }
            Err(e) => e.into(),
        }
    }
}

/// Judges what a modem has said since it was told something.
pub(crate) fn look(tx: &mut Tx<'_>, courier: &Inner, modem: ModemId) -> Result<Vec<MtRow>, StoreError> {
    let states = [MtState::Accepted, MtState::Unknown];
    let imei = fleet::view(tx, modem)?.imei.to_string();
    fleet::claim(tx, &[imei])?;
    let open = mt::of_modem(tx, modem, &states, i64::from(courier.settings.held_by_provider) * 4)?;
    let told = open.iter().map(told).collect::<Result<Vec<_>, _>>()?;
    let mut changed = Vec::new();
    if let Some(first) = told.iter().map(|told| told.sent_at).min() {
        let words: Vec<Heard> = readings::since(tx, modem, first, WORDS)?.into_iter().map(heard).collect();
        for shown in proof::judge(&told, &words) {
            let Some(mut row) = open.iter().find(|row| row.id == shown.id.into()).cloned() else { continue };
            let was = row.state()?;
            row.confirmed_by = Some(shown.by.into());
            courier.settle(&mut row, shown.state, shown.cause);
            if mt::change(tx, &courier.clock, was, &row)? {
                changed.push(row);
            }
        }
    }
    if changed.len() == open.len() && mt::count_of_modem(tx, modem, &[MtState::Sending])? == 0 {
        let known = modems::get(tx, modem)?;
        modems::put(tx, &modems::MtModemRow { awaits: false, ..known })?;
    }
    if mt::count_of_modem(tx, modem, &[MtState::Queued])? > 0 {
        // There is room at the provider again.
        fairlead_bus::enqueue(tx, &courier.clock, &MtWaiting { modem_id: modem }, None)?;
    }
    Ok(changed)
}

fn told(row: &MtRow) -> Result<Told, StoreError> {
    Ok(Told {
        id: row.id.into(),
        state: row.state()?,
        order: row.order()?,
        proof: row.proof.parse().map_err(StoreError::Fault)?,
        sent_at: row.sent_at.map_or(Time::from(row.created_at), Time::from),
    })
}

fn heard(row: ReadingRow) -> Heard {
    Heard {
        message_id: row.message_id.into(),
        at: row.transmitted_at.into(),
        status: row.status,
        interval_s: row.interval_s,
        sleep_s: row.sleep_s,
        beacon_on: row.beacon_on,
    }
}
