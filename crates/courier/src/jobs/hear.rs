//! A modem that was told something was heard: does that prove delivery?

mod told_beside;

use std::collections::HashSet;

use fairlead_bus::{Consumer, Delivery, Verdict};
use fairlead_model::live::LiveEvent;
use fairlead_model::mt::MtState;
use fairlead_model::problem::{ProblemKind, ProblemView};
use fairlead_model::queue::{MoHeard, MtWaiting};
use fairlead_model::{Imei, ModemId, MtId, Time};
use fairlead_store::problems::{self, Finding};
use fairlead_store::satellite::modems as fleet;
use fairlead_store::satellite::mt::{self, MtRow, modems};
use fairlead_store::satellite::readings;
use fairlead_store::{Id, StoreError, Tx};

use self::told_beside::Beside;
use crate::drivers::Provider;
use crate::news;
use crate::proof::{self, FETCHED, Heard, Missing, Shown, Told};
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
            Ok(Seen { changed, problems }) => {
                changed.into_iter().for_each(|row| news::outgoing(&self.0, row));
                problems.into_iter().for_each(|problem| self.0.bus.publish(&LiveEvent::Problem { problem }));
                Verdict::Done
            }
            Err(e) => e.into(),
        }
    }
}

/// What a look has changed.
#[derive(Default)]
pub(crate) struct Seen {
    changed: Vec<MtRow>,
    problems: Vec<ProblemView>,
}

/// Judges what a modem has said since it was told something.
pub(crate) fn look(tx: &mut Tx<'_>, courier: &Inner, modem: ModemId) -> Result<Seen, StoreError> {
    let states = [MtState::Accepted, MtState::Unknown];
    let imei = fleet::view(tx, modem)?.imei;
    fleet::claim(tx, &[imei.to_string()])?;
    let open = mt::of_modem(tx, modem, &states, i64::from(courier.settings.held_by_provider) * 4)?;
    let told = open.iter().map(told).collect::<Result<Vec<_>, _>>()?;
    let mut seen = Seen::default();
    if let Some(first) = told.iter().map(|told| told.sent_at).min() {
        let readings = readings::since(tx, modem, first, WORDS)?;
        let beside = Beside::of(tx, modem, &told, &readings)?;
        let words: Vec<Heard> = readings.into_iter().map(|row| beside.heard(row)).collect();
        let shown = proof::judge(&told, &words);
        beside.note_counted(tx, modem)?;
        for shown in &shown {
            seen.changed.extend(write_down(tx, courier, &open, shown)?);
        }
        let settled: HashSet<MtId> = settled(&seen.changed).collect();
        let left: Vec<&Told> = told.iter().filter(|told| !settled.contains(&told.id)).collect();
        let wakes = usize::try_from(courier.settings.proof_wakes).unwrap_or(usize::MAX);
        for missing in proof::missing(&left, &words, wakes) {
            seen.problems.extend(note_missing(tx, courier, &open, (modem, imei), &missing)?);
        }
    }
    let settled = settled(&seen.changed).count();
    if settled == open.len() && mt::count_of_modem(tx, modem, &[MtState::Sending])? == 0 {
        let known = modems::get(tx, modem)?;
        modems::put(tx, &modems::MtModemRow { awaits: false, ..known })?;
    }
    if mt::count_of_modem(tx, modem, &[MtState::Queued])? > 0 {
        // There is room at the provider again.
        fairlead_bus::enqueue(tx, &courier.clock, &MtWaiting { modem_id: modem }, None)?;
    }
    Ok(seen)
}

/// Those of which nothing more is expected.
fn settled(changed: &[MtRow]) -> impl Iterator<Item = MtId> {
    let is_final = |row: &&MtRow| row.state().is_ok_and(MtState::is_final);
    changed.iter().filter(is_final).map(|row| row.id.into())
}

/// Writes down what was shown of a message. What was missed until then is missed no more.
fn write_down(
    tx: &mut Tx<'_>,
    courier: &Inner,
    open: &[MtRow],
    shown: &Shown,
) -> Result<Option<MtRow>, StoreError> {
    let Some(mut row) = open.iter().find(|row| row.id == shown.id.into()).cloned() else { return Ok(None) };
    let was = row.state()?;
    if shown.state.is_final() {
        row.confirmed_by = Some(shown.by.into());
        problems::forget(tx, ProblemKind::ProofMissing, vec![shown.id.to_string()])?;
    }
    courier.settle(&mut row, shown.state, shown.cause);
    Ok(mt::change(tx, &courier.clock, was, &row)?.then_some(row))
}

/// A proof that did not come is a problem, once for each message, whatever a person makes of it.
fn note_missing(
    tx: &mut Tx<'_>,
    courier: &Inner,
    open: &[MtRow],
    (modem, imei): (ModemId, Imei),
    Missing { id, wakes }: &Missing,
) -> Result<Option<ProblemView>, StoreError> {
    let subject = id.to_string();
    if problems::is_known(tx, ProblemKind::ProofMissing, &subject)? {
        return Ok(None);
    }
    let row = open.iter().find(|row| row.id == Id::from(*id));
    let finding = Finding {
        kind: ProblemKind::ProofMissing,
        subject,
        reason: format!(
            "The device was heard {wakes} times since this was sent to it, and has not shown that it got it. Look \
             whether it does as it was told, and tell it again if it does not."
        ),
        modem_id: Some(modem),
        imei: Some(imei),
        message_id: None,
        held_id: None,
        excerpt: row.map(|row| row.text.clone()),
    };
    let found = problems::record(tx, &courier.clock, finding)?;
    found.map(|id| problems::get(tx, id)).transpose()
}

fn told(row: &MtRow) -> Result<Told, StoreError> {
    Ok(Told {
        id: row.id.into(),
        state: row.state()?,
        order: row.order()?,
        proof: row.proof.parse().map_err(StoreError::Fault)?,
        sent_at: row.sent_at.map_or(Time::from(row.created_at), Time::from),
        provider_id: row.provider_id.clone(),
        fetch_is_told: Provider::of_account(&row.account) == Provider::Cloudloop,
        is_fetched: row.cause == FETCHED,
    })
}
