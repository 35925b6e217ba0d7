//! A modem that was told something was heard: does that prove delivery?

mod told_beside;

use std::collections::HashSet;
use std::time::Duration;

use fairlead_bus::{Consumer, Delivery, Verdict};
use fairlead_model::live::LiveEvent;
use fairlead_model::mt::{MtState, Proof};
use fairlead_model::problem::{ProblemKind, ProblemView};
use fairlead_model::queue::{MoHeard, MtWaiting};
use fairlead_model::{Imei, ModemId, MtId, Time};
use fairlead_store::problems::{self, Finding};
use fairlead_store::satellite::modems as fleet;
use fairlead_store::satellite::mt::{self, MtRow, modems};
use fairlead_store::satellite::readings::{self, ReadingRow};
use fairlead_store::{Id, StoreError, Tx};

use self::told_beside::{ACKNOWLEDGEMENT, Beside};
use crate::drivers::Provider;
use crate::news;
use crate::proof::{self, FETCHED, Heard, Missing, Shown, Told};
use crate::service::{Courier, Inner};

/// Messages of a modem that one look takes in: the newest, and of those before them the newest that answer something.
const WORDS: i64 = 200;

/// Words of a device on its wake-up that answer what it was told.
const ANSWERS: [&str; 2] = ["accepted", "rejected"];

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
    let imei = fleet::view(tx, modem)?.imei;
    fleet::claim(tx, &[imei.to_string()])?;
    let open = open(tx, courier, modem)?;
    let told = open.iter().map(told).collect::<Result<Vec<_>, _>>()?;
    let mut seen = Seen::default();
    if let Some(first) = told.iter().map(|told| told.sent_at).min() {
        let mut readings = readings::since(tx, modem, first, WORDS)?;
        let mut early = early_answers(tx, courier, modem, &told, first, &readings)?;
        let count = early.len();
        early.append(&mut readings);
        let beside = Beside::of(tx, modem, &told, &early)?;
        let mut answers: Vec<Heard> = early.into_iter().map(|row| beside.heard(row)).collect();
        let words = answers.split_off(count);
        let shown = judge(&told, &answers, &words);
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
    let awaited = [MtState::Sending, MtState::Accepted, MtState::Unknown];
    if mt::count_of_modem(tx, modem, &awaited)? == 0 {
        let known = modems::get(tx, modem)?;
        modems::put(tx, &modems::MtModemRow { awaits: false, ..known })?;
    }
    if mt::count_of_modem(tx, modem, &[MtState::Queued])? > 0 {
        // There is room at the provider again.
        fairlead_bus::enqueue(tx, &courier.clock, &MtWaiting { modem_id: modem }, None)?;
    }
    Ok(seen)
}

/// What was sent to a modem, or may have been, and has not shown itself yet; oldest first. What nobody has settled keeps
/// nothing else out.
fn open(tx: &mut Tx<'_>, courier: &Inner, modem: ModemId) -> Result<Vec<MtRow>, StoreError> {
    let most = i64::from(courier.settings.held_by_provider) * 4;
    let mut open = mt::of_modem(tx, modem, &[MtState::Accepted], most)?;
    let unknown = mt::Filter { states: vec![MtState::Unknown], modem: Some(modem), ..mt::Filter::default() };
    open.extend(mt::list(tx, &unknown, most)?);
    open.sort_unstable_by_key(|row| row.id);
    Ok(open)
}

/// Answers that stand before the newest words: they came late, or many came while nobody looked. As long ago as the
/// provider keeps a message none answers it any more.
fn early_answers(
    tx: &mut Tx<'_>,
    courier: &Inner,
    modem: ModemId,
    told: &[Told],
    first: Time,
    newest: &[ReadingRow],
) -> Result<Vec<ReadingRow>, StoreError> {
    let is_cut = i64::try_from(newest.len()).unwrap_or(i64::MAX) > WORDS;
    let Some(next) = newest.first().filter(|_| is_cut && told.iter().any(is_answered)) else {
        return Ok(Vec::new());
    };
    let kept = Duration::from_secs(86_400 * u64::from(courier.settings.provider_keeps_days));
    let span = (first.max(courier.clock.now().minus(kept)), next.transmitted_at.into());
    let mut early = readings::answers(tx, modem, span, (ACKNOWLEDGEMENT, &ANSWERS), WORDS)?;
    early.retain(|row| newest.iter().all(|other| other.message_id != row.message_id));
    Ok(early)
}

/// Whether a single word of its device can prove it.
fn is_answered(told: &Told) -> bool {
    matches!(told.proof, Proof::Receipt | Proof::Answer)
}

/// What early answers show by themselves, and then the newest words, which follow each other.
fn judge(told: &[Told], early: &[Heard], newest: &[Heard]) -> Vec<Shown> {
    let answered: Vec<Told> = told.iter().filter(|told| is_answered(told)).cloned().collect();
    let mut shown = proof::judge(&answered, early);
    let settled: HashSet<MtId> =
        shown.iter().filter(|shown| shown.state.is_final()).map(|shown| shown.id).collect();
    let left: Vec<Told> = told.iter().filter(|told| !settled.contains(&told.id)).cloned().collect();
    shown.extend(proof::judge(&left, newest));
    shown
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
