//! The consumer of `mo.stored`: one message, one unit of work.

use std::time::Duration;

use fairlead_bus::{Consumer, Delivery, Verdict};
use fairlead_model::message::MessageState;
use fairlead_model::problem::ProblemKind;
use fairlead_model::queue::MoStored;
use fairlead_model::{Clock, Imei, MessageId, ModemId, ProblemId, Time, Trust};
use fairlead_store::problems::{self, Finding};
use fairlead_store::satellite::gaps;
use fairlead_store::satellite::messages::{self, MessageRow, Outcome};
use fairlead_store::satellite::modems::{self, ModemRow, StateRow};
use fairlead_store::satellite::readings::{self, Plan, ReadingRow};
use fairlead_store::{Store, StoreError, Tx};
use fairlead_wire::pk::Dialect;

use crate::decode::{self, Decoded};
use crate::jobs::news::News;
use crate::rules;

/// Length of a day: the bound on new modems is counted from midnight UTC.
const DAY_US: i64 = 86_400_000_000;

/// What the consumer needs.
pub(crate) struct Understand {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) news: News,
    pub(crate) policy: Policy,
}

/// What the settings say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    pub(crate) unsigned_modems_per_day: i64,
    pub(crate) assumed_interval_s: i64,
}

/// What a unit of work changed, for the pages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    pub(crate) message: Option<MessageId>,
    pub(crate) modem: Option<ModemId>,
    pub(crate) problems: Vec<ProblemId>,
}

impl Consumer for Understand {
    type Message = MoStored;

    async fn handle(&self, delivery: Delivery<MoStored>) -> Verdict {
        let MoStored { message_id, by_hand } = delivery.message;
        let (clock, policy) = (self.clock.clone(), self.policy);
        let work = self.store.write(move |tx| understand(tx, &clock, policy, message_id, by_hand));
        match work.await {
            Ok(changed) => {
                self.news.changed(changed);
                Verdict::Done
            }
            Err(e) if e.is_passing() => Verdict::Retry { reason: e.to_string() },
            Err(StoreError::NotFound) => {
                Verdict::GiveUp { reason: format!("message {message_id} is not in the store") }
            }
            Err(e) => Verdict::GiveUp { reason: e.to_string() },
        }
    }
}

/// Understands one message. Handling it again changes nothing.
pub(crate) fn understand(
    tx: &mut Tx<'_>,
    clock: &Clock,
    policy: Policy,
    id: MessageId,
    by_hand: bool,
) -> Result<Changed, StoreError> {
    let row = messages::get(tx, id)?;
    if row.state != MessageState::Waiting.as_str() {
        return Ok(Changed::default());
    }
    let imei: Imei = row.imei.parse().map_err(|e| StoreError::Fault(format!("{}: {e}", row.imei)))?;
    let Some((modem, state)) = find_modem(tx, clock, policy, &row, imei, by_hand)? else {
        return wait_for_a_person(tx, clock, policy, id, imei);
    };
    let known = modem.dialect.as_deref().and_then(|d| d.parse::<Dialect>().ok());
    let mut decoded = decode::decode(&row, modem.id, known);
    let newest = rules::is_newest(state.as_ref(), &decoded.reading);
    decoded.reading.late = rules::is_late(state.as_ref(), &decoded.reading);
    readings::insert(tx, &decoded.reading)?;
    if !decoded.reading.clock_ahead {
        place_in_line(tx, &decoded.reading, newest, state.as_ref())?;
        let plans = newest_plans(tx, &decoded.reading, newest)?;
        update_state(tx, policy, state, &decoded.reading, &row, &plans)?;
        describe_modem(tx, &modem, &row, &plans, newest)?;
    }
    let problems = record_findings(tx, clock, &modem, imei, &row, &mut decoded)?;
    let outcome = Outcome {
        state: decoded.state,
        modem_id: Some(modem.id.into()),
        summary: decoded.summary,
        marks: decoded.marks,
    };
    messages::set_outcome(tx, id, &outcome)?;
    Ok(Changed { message: Some(id), modem: Some(modem.id.into()), problems })
}

/// The modem of a message: known, or added; `None` where unsigned messages have added enough today.
fn find_modem(
    tx: &mut Tx<'_>,
    clock: &Clock,
    policy: Policy,
    row: &MessageRow,
    imei: Imei,
    by_hand: bool,
) -> Result<Option<(ModemRow, Option<StateRow>)>, StoreError> {
    if let Some(found) = modems::claim(tx, &row.imei)? {
        return Ok(Some(found));
    }
    let trust: Trust = row.trust.parse().map_err(StoreError::Fault)?;
    if trust == Trust::Unsigned && !by_hand {
        let now = clock.now().micros();
        let midnight = Time::from_micros(now - now.rem_euclid(DAY_US));
        if modems::count_unsigned_since(tx, midnight)? >= policy.unsigned_modems_per_day {
            return Ok(None);
        }
    }
    let modem = modems::create(tx, clock, imei, row.serial.as_deref(), trust)?;
    Ok(Some((modem, None)))
}

fn wait_for_a_person(
    tx: &mut Tx<'_>,
    clock: &Clock,
    policy: Policy,
    id: MessageId,
    imei: Imei,
) -> Result<Changed, StoreError> {
    let reason = format!(
        "Unsigned messages have added {} modems today, which is the limit. Put this through again to add modem {imei}.",
        policy.unsigned_modems_per_day
    );
    let finding = Finding::about(ProblemKind::NewModemLimit, id, imei, reason.clone());
    let problems = problems::record(tx, clock, finding)?.into_iter().collect();
    let outcome =
        Outcome { state: MessageState::Problem, modem_id: None, summary: None, marks: vec![reason] };
    messages::set_outcome(tx, id, &outcome)?;
    Ok(Changed { message: Some(id), modem: None, problems })
}

/// Keeps the gaps beside a message true. A gap is a fact about two neighbours, so any order ends the same.
fn place_in_line(
    tx: &mut Tx<'_>,
    reading: &ReadingRow,
    newest: bool,
    state: Option<&StateRow>,
) -> Result<(), StoreError> {
    let modem = reading.modem_id;
    let here = (reading.message_id, reading.transmitted_at, reading.momsn);
    if newest {
        // The state knows the neighbour of a message that comes in order.
        let before = state.map(|s| (s.last_transmitted_at, s.momsn));
        if let Some(gap) = before.and_then(|b| rules::gap(modem, b, here)) {
            gaps::set(tx, reading.message_id.into(), Some(gap))?;
        }
        return Ok(());
    }
    let (before, after) = readings::neighbours(tx, modem, reading.transmitted_at, reading.momsn)?;
    let gap_before = before.and_then(|b| rules::gap(modem, (b.transmitted_at, b.momsn), here));
    gaps::set(tx, reading.message_id.into(), gap_before)?;
    if let Some(after) = after {
        let there = (after.message_id, after.transmitted_at, after.momsn);
        gaps::set(tx, after.message_id.into(), rules::gap(modem, (here.1, here.2), there))?;
    }
    Ok(())
}

/// What the newest messages tell of the modem's plan, this one among them. One that is the newest and tells
/// everything leaves nothing to ask the others.
fn newest_plans(tx: &mut Tx<'_>, reading: &ReadingRow, newest: bool) -> Result<Vec<Plan>, StoreError> {
    let plan = Plan {
        transmitted_at: reading.transmitted_at,
        interval_s: reading.interval_s,
        sleep_s: reading.sleep_s,
        dialect: reading.dialect.clone(),
    };
    if newest && rules::said(&plan).is_some() && plan.dialect.is_some() {
        return Ok(vec![plan]);
    }
    readings::newest_plans(tx, reading.modem_id, rules::OBSERVED)
}

fn update_state(
    tx: &mut Tx<'_>,
    policy: Policy,
    state: Option<StateRow>,
    reading: &ReadingRow,
    row: &MessageRow,
    plans: &[Plan],
) -> Result<(), StoreError> {
    let interval = rules::interval(plans, policy.assumed_interval_s);
    let state = rules::apply(state, reading, row.received_at, interval);
    modems::put_state(tx, &state)
}

/// Notes which build speaks, by the newest message that tells, and the serial number.
fn describe_modem(
    tx: &mut Tx<'_>,
    modem: &ModemRow,
    row: &MessageRow,
    plans: &[Plan],
    newest: bool,
) -> Result<(), StoreError> {
    let told = row.serial.clone().filter(|_| newest || modem.serial.is_none());
    let serial = told.or_else(|| modem.serial.clone());
    let dialect = plans.iter().find_map(|plan| plan.dialect.clone()).or_else(|| modem.dialect.clone());
    if serial != modem.serial || dialect != modem.dialect {
        modems::describe(tx, modem.id, serial.as_deref(), dialect.as_deref())?;
    }
    Ok(())
}

fn record_findings(
    tx: &mut Tx<'_>,
    clock: &Clock,
    modem: &ModemRow,
    imei: Imei,
    row: &MessageRow,
    decoded: &mut Decoded,
) -> Result<Vec<ProblemId>, StoreError> {
    let id = MessageId::from(row.id);
    let mut found = Vec::new();
    let mut record = |tx: &mut Tx<'_>, kind, reason: String| -> Result<(), StoreError> {
        let mut finding = Finding::about(kind, id, imei, reason);
        finding.modem_id = Some(modem.id.into());
        finding.excerpt = excerpt(row);
        found.extend(problems::record(tx, clock, finding)?);
        Ok(())
    };
    if let Some(reason) = &decoded.unreadable {
        decoded.marks.push(reason.clone());
        // Data that are no hexadecimal are a faulty push, and mostly a known one.
        let kind = if row.payload.is_some() { ProblemKind::UnreadableText } else { ProblemKind::FaultyPush };
        record(tx, kind, reason.clone())?;
    }
    let reading = &decoded.reading;
    let twins = readings::twins(tx, modem.id, reading.transmitted_at, reading.momsn, id)?;
    let real: Vec<String> = twins.iter().map(|twin| MessageId::from(*twin).to_string()).collect();
    if !real.is_empty() && row.replaces.is_none() {
        let reason = format!(
            "The same modem has sent another text with the same number and transmit time: {}.",
            real.join(", ")
        );
        decoded.marks.push(reason.clone());
        record(tx, ProblemKind::ConflictingMessage, reason)?;
    }
    Ok(found)
}

/// The text as far as it can be printed.
fn excerpt(row: &MessageRow) -> Option<String> {
    match (&row.payload, &row.payload_raw) {
        (Some(payload), _) => Some(payload.iter().copied().map(printable).collect()),
        (None, raw) => raw.clone(),
    }
}

fn printable(byte: u8) -> char {
    if byte.is_ascii_graphic() || byte == b' ' { char::from(byte) } else { '\u{fffd}' }
}

/// How long the pages' news are gathered before they are told.
pub(crate) const GATHER: Duration = Duration::from_millis(100);
