//! The consumer of `mo.stored`: what has come together is one unit of work, modem by modem.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use fairlead_bus::{Consumer, Delivery, Verdict};
use fairlead_model::message::{Dialect, MessageState};
use fairlead_model::problem::ProblemKind;
use fairlead_model::queue::{MoHeard, MoStored};
use fairlead_model::{Clock, DeviceId, Imei, MessageId, ModemId, ProblemId, Time, Trust};
use fairlead_store::problems::{self, Finding};
use fairlead_store::satellite::gaps;
use fairlead_store::satellite::messages::{self, MessageRow, Outcome};
use fairlead_store::satellite::modems::{self, ModemRow, StateRow};
use fairlead_store::satellite::mt;
use fairlead_store::satellite::readings::{self, Plan, ReadingRow};
use fairlead_store::{Id, Micros, Store, StoreError, Tx};

use crate::decode::{self, Decoded};
use crate::jobs::news::News;
use crate::routing::message::{self, Before, Heard};
use crate::routing::pass;
use crate::{cloudloop, rockstar, rules};

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
    pub(crate) messages: Vec<MessageId>,
    pub(crate) modems: Vec<ModemId>,
    pub(crate) problems: Vec<ProblemId>,
    pub(crate) devices: Vec<DeviceId>,
}

impl Consumer for Understand {
    type Message = MoStored;

    const TOGETHER: usize = 256;

    async fn handle(&self, delivery: Delivery<MoStored>) -> Verdict {
        let id = delivery.message.message_id;
        match self.work(vec![delivery.message]).await {
            Ok(()) => Verdict::Done,
            Err(StoreError::NotFound) => {
                Verdict::GiveUp { reason: format!("message {id} is not in the store") }
            }
            Err(e) => e.into(),
        }
    }

    async fn handle_together(&self, deliveries: &[Delivery<MoStored>]) -> bool {
        self.work(deliveries.iter().map(|delivery| delivery.message.clone()).collect()).await.is_ok()
    }
}

impl Understand {
    async fn work(&self, wanted: Vec<MoStored>) -> Result<(), StoreError> {
        let (clock, policy) = (self.clock.clone(), self.policy);
        let changed = self.store.write(move |tx| understand(tx, &clock, policy, &wanted)).await?;
        self.news.changed(changed);
        Ok(())
    }
}

/// Understands messages. Handling one again changes nothing.
pub(crate) fn understand(
    tx: &mut Tx<'_>,
    clock: &Clock,
    policy: Policy,
    wanted: &[MoStored],
) -> Result<Changed, StoreError> {
    let ids: HashSet<MessageId> = wanted.iter().map(|stored| stored.message_id).collect();
    let by_hand =
        wanted.iter().filter(|stored| stored.by_hand).map(|stored| stored.message_id.into()).collect();
    let rows = messages::get_all(tx, &ids.iter().copied().collect::<Vec<_>>())?;
    if rows.len() < ids.len() {
        return Err(StoreError::NotFound);
    }
    let mut by_imei: BTreeMap<String, Vec<MessageRow>> = BTreeMap::new();
    for row in rows.into_iter().filter(|row| row.state == MessageState::Waiting.as_str()) {
        by_imei.entry(row.imei.clone()).or_default().push(row);
    }
    if by_imei.is_empty() {
        return Ok(Changed::default());
    }
    let tests = by_imei.remove(Imei::TEST.as_str()).unwrap_or_default();
    let imeis: Vec<String> = by_imei.keys().cloned().collect();
    let mut unit = Unit { tx, clock, policy, by_hand, changed: Changed::default(), heard: Vec::new() };
    tests.iter().try_for_each(|row| unit.note_arrival(row.id.into()))?;
    let mut known: HashMap<String, (ModemRow, Option<StateRow>)> =
        modems::claim(unit.tx, &imeis)?.into_iter().map(|found| (found.0.imei.clone(), found)).collect();
    let mut lines = Vec::with_capacity(by_imei.len());
    for (imei, rows) in by_imei {
        let found = known.remove(&imei);
        lines.extend(unit.read(&imei, found, rows)?);
    }
    // All readings first: whoever then asks for neighbours sees those that came together, too.
    let read: Vec<&ReadingRow> =
        lines.iter().flat_map(|line| line.messages.iter().map(|message| &message.decoded.reading)).collect();
    readings::insert(unit.tx, &read)?;
    let mut states = Vec::with_capacity(lines.len());
    for line in lines {
        states.extend(unit.conclude(line)?);
    }
    modems::put_states(unit.tx, &states)?;
    pass::pass_on(unit.tx, clock, &unit.heard, &unit.by_hand)?;
    unit.tell_the_courier()?;
    Ok(unit.changed)
}

/// Messages of one modem in the order of their line.
struct Line {
    modem: ModemRow,
    imei: Imei,
    /// What is known of the modem after them; `None` where none of them counts.
    state: Option<StateRow>,
    messages: Vec<Read>,
}

/// A message that was read.
struct Read {
    row: MessageRow,
    decoded: Decoded,
    /// It was the newest of its modem when its turn came; with the one before it, where there was one.
    newest: Option<Option<Place>>,
    /// Where its modem was before.
    before: Before,
}

/// Transmit time and number.
type Place = (Micros, Option<i32>);

/// One unit of work.
struct Unit<'u, 'c> {
    tx: &'u mut Tx<'c>,
    clock: &'u Clock,
    policy: Policy,
    by_hand: HashSet<Id>,
    changed: Changed,
    /// What was read and can be passed on.
    heard: Vec<Heard>,
}

impl Unit<'_, '_> {
    /// Of modems that are expected to answer.
    fn tell_the_courier(&mut self) -> Result<(), StoreError> {
        let heard: Vec<Id> = self.changed.modems.iter().copied().map(Id::from).collect();
        let awaited = mt::modems::awaited(self.tx, &heard)?;
        let news: Vec<MoHeard> = awaited.into_iter().map(|modem_id| MoHeard { modem_id }).collect();
        fairlead_bus::enqueue_many(self.tx, self.clock, &news, None)
    }

    /// A test push is no modem's: that it has come is all that it says.
    fn note_arrival(&mut self, id: MessageId) -> Result<(), StoreError> {
        let outcome = Outcome {
            state: MessageState::Decoded,
            modem_id: None,
            summary: Some("Test push: it arrived.".to_owned()),
            marks: Vec::new(),
        };
        messages::set_outcome(self.tx, id, &outcome)?;
        self.changed.messages.push(id);
        Ok(())
    }

    /// Reads messages of one modem; `None` where the modem is unknown and none of them may add it.
    fn read(
        &mut self,
        imei: &str,
        found: Option<(ModemRow, Option<StateRow>)>,
        mut rows: Vec<MessageRow>,
    ) -> Result<Option<Line>, StoreError> {
        let imei: Imei = imei.parse().map_err(|e| StoreError::Fault(format!("{imei}: {e}")))?;
        rows.sort_by_key(|row| (row.transmitted_at.unwrap_or(row.received_at), row.momsn, row.id));
        let mut line = found.map(|(modem, state)| Line { modem, imei, state, messages: Vec::new() });
        for row in rows {
            if line.is_none() {
                line = self.add_modem(&row, imei)?.map(|modem| Line {
                    modem,
                    imei,
                    state: None,
                    messages: Vec::new(),
                });
            }
            match &mut line {
                Some(line) => line.read(row),
                None => self.wait_for_a_person(row.id.into(), imei)?,
            }
        }
        Ok(line)
    }

    /// The modem of a message that is the first of its IMEI; `None` where unsigned messages have added enough today.
    fn add_modem(&mut self, row: &MessageRow, imei: Imei) -> Result<Option<ModemRow>, StoreError> {
        let trust: Trust = row.trust.parse().map_err(StoreError::Fault)?;
        if trust == Trust::Unsigned && !self.by_hand.contains(&row.id) {
            let now = self.clock.now().micros();
            let midnight = Time::from_micros(now - now.rem_euclid(DAY_US));
            if modems::count_unsigned_since(self.tx, midnight)? >= self.policy.unsigned_modems_per_day {
                return Ok(None);
            }
        }
        modems::create(self.tx, self.clock, imei, row.serial.as_deref(), trust).map(Some)
    }

    fn wait_for_a_person(&mut self, id: MessageId, imei: Imei) -> Result<(), StoreError> {
        let reason = format!(
            "Unsigned messages have added {} modems today, which is the limit. Put this through again to add modem \
             {imei}.",
            self.policy.unsigned_modems_per_day
        );
        let finding = Finding::about(ProblemKind::NewModemLimit, id, imei, reason.clone());
        self.changed.problems.extend(problems::record(self.tx, self.clock, finding)?);
        let outcome =
            Outcome { state: MessageState::Problem, modem_id: None, summary: None, marks: vec![reason] };
        messages::set_outcome(self.tx, id, &outcome)?;
        self.changed.messages.push(id);
        Ok(())
    }

    /// Writes down what the messages of a modem change, and returns its state, where they have a say in it.
    fn conclude(&mut self, line: Line) -> Result<Option<StateRow>, StoreError> {
        let Line { modem, imei, mut state, messages } = line;
        if messages.iter().any(|message| !message.decoded.reading.clock_ahead) {
            let plans = self.newest_plans(&messages, modem.id)?;
            self.describe_modem(&modem, &messages, &plans)?;
            if let Some(state) = &mut state {
                let interval = rules::interval(&plans, self.policy.assumed_interval_s);
                state.interval_s = interval.seconds();
                interval.source().as_str().clone_into(&mut state.interval_source);
            }
        } else {
            state = None;
        }
        self.changed.modems.push(modem.id.into());
        let mut to_come: HashSet<Id> = messages.iter().map(|message| message.row.id).collect();
        for message in messages {
            to_come.remove(&message.row.id);
            let id = MessageId::from(message.row.id);
            if !message.decoded.reading.clock_ahead {
                self.place_in_line(&message)?;
            }
            let Read { row, mut decoded, before, .. } = message;
            cloudloop::learn(self.tx, self.clock, modem.id.into(), &row)?;
            let found = record_findings(self.tx, self.clock, &modem, imei, &row, &mut decoded, &to_come)?;
            self.changed.problems.extend(found);
            let outcome = Outcome {
                state: decoded.state,
                modem_id: Some(modem.id.into()),
                summary: decoded.summary,
                marks: decoded.marks,
            };
            messages::set_outcome(self.tx, id, &outcome)?;
            self.changed.messages.push(id);
            if message::can_pass(decoded.state) {
                let Decoded { reading, extra, .. } = decoded;
                self.heard.push(Heard { row, reading, extra, before });
            }
        }
        Ok(state)
    }

    /// Keeps the gaps beside a message true. A gap is a fact about two neighbours, so any order ends the same.
    fn place_in_line(&mut self, message: &Read) -> Result<(), StoreError> {
        let reading = &message.decoded.reading;
        let modem = reading.modem_id;
        let here = (reading.message_id, reading.transmitted_at, reading.momsn);
        // Where no number is, none is missing before or after it.
        let Some(momsn) = reading.momsn else { return Ok(()) };
        if let Some(before) =
            message.newest.filter(|before| before.is_none_or(|(_, number)| number.is_some()))
        {
            // The state knows the neighbour of a message that comes in order.
            if let Some(gap) = before.and_then(|b| rules::gap(modem, b, here)) {
                gaps::set(self.tx, reading.message_id.into(), Some(gap))?;
            }
            return Ok(());
        }
        let place = (reading.transmitted_at, momsn, reading.message_id);
        let (before, after) = readings::neighbours(self.tx, modem, place)?;
        let gap_before = before.and_then(|b| rules::gap(modem, (b.transmitted_at, b.momsn), here));
        gaps::set(self.tx, reading.message_id.into(), gap_before)?;
        if let Some(after) = after {
            let there = (after.message_id, after.transmitted_at, after.momsn);
            gaps::set(self.tx, after.message_id.into(), rules::gap(modem, (here.1, here.2), there))?;
        }
        Ok(())
    }

    /// What the newest messages tell of the modem's plan, these among them. A newest one that tells everything leaves
    /// nothing to ask the others.
    fn newest_plans(&mut self, messages: &[Read], modem: Id) -> Result<Vec<Plan>, StoreError> {
        let newest = messages.iter().rev().find(|message| message.newest.is_some());
        if let Some(Read { decoded: Decoded { reading, .. }, .. }) = newest {
            let plan = Plan {
                transmitted_at: reading.transmitted_at,
                interval_s: reading.interval_s,
                sleep_s: reading.sleep_s,
                dialect: reading.dialect.clone(),
            };
            if rules::said(&plan).is_some() && plan.dialect.is_some() {
                return Ok(vec![plan]);
            }
        }
        readings::newest_plans(self.tx, modem, rules::OBSERVED)
    }

    /// Notes which build speaks, by the newest message that tells, and the serial number. Messages are sent by that: once
    /// it is known, a push that nobody vouches for does not change it.
    fn describe_modem(
        &mut self,
        modem: &ModemRow,
        messages: &[Read],
        plans: &[Plan],
    ) -> Result<(), StoreError> {
        let mut serial = modem.serial.clone();
        for Read { row, newest, .. } in messages {
            let is_vouched = || row.trust.parse::<Trust>().is_ok_and(|trust| trust > Trust::Unsigned);
            let is_known = serial.as_deref().is_some_and(|serial| !serial.trim().is_empty());
            if row.serial.is_some() && (!is_known || (newest.is_some() && is_vouched())) {
                serial.clone_from(&row.serial);
            }
        }
        let dialect = plans.iter().find_map(|plan| plan.dialect.clone()).or_else(|| modem.dialect.clone());
        if serial != modem.serial || dialect != modem.dialect {
            modems::describe(self.tx, modem.id, serial.as_deref(), dialect.as_deref())?;
        }
        Ok(())
    }
}

impl Line {
    /// Reads the next message of the line: those before it may have told which build speaks.
    fn read(&mut self, row: MessageRow) {
        let told = self.messages.iter().rev().filter(|message| message.newest.is_some());
        let told = told.filter_map(|message| message.decoded.reading.dialect.as_deref()).next();
        let known = told.or(self.modem.dialect.as_deref()).and_then(|d| d.parse::<Dialect>().ok());
        let mut decoded = decode::decode(&row, self.modem.id, known);
        decoded.reading.late = rules::is_late(self.state.as_ref(), &decoded.reading);
        let before = self.state.as_ref().map(|state| (state.last_transmitted_at, state.momsn));
        let newest = rules::is_newest(self.state.as_ref(), &decoded.reading).then_some(before);
        let was = self.state.as_ref().filter(|_| newest.is_some()).map_or(Before::Ask, Before::of);
        if !decoded.reading.clock_ahead {
            self.state = Some(rules::apply(self.state.take(), &decoded.reading, row.received_at));
        }
        self.messages.push(Read { row, decoded, newest, before: was });
    }
}

fn record_findings(
    tx: &mut Tx<'_>,
    clock: &Clock,
    modem: &ModemRow,
    imei: Imei,
    row: &MessageRow,
    decoded: &mut Decoded,
    to_come: &HashSet<Id>,
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
    // Two messages of a tracker's burst share number and time; what is wrong between them, their ids tell.
    let mut twins = match rockstar::sent(row) {
        true => Vec::new(),
        false => readings::twins(tx, modem.id, reading.transmitted_at, reading.momsn, id)?,
    };
    // The second of two tells of both.
    twins.retain(|twin| !to_come.contains(twin));
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
