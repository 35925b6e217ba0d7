//! What a webhook's receiver was owed, and what it has got.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use fairlead_model::delivery::DeliveryState;
use fairlead_model::{DeliveryId, Imei, MessageId, Time};
use serde::Serialize;

use super::peer::{Held, MessageKey, Posted};
use crate::ledger::Entry;
use crate::receiver::{Receiver, Tally};
use crate::satellite::Sent;

/// Most findings that are printed for people.
const SHOWN: usize = 20;

/// A message that its receiver was owed and has not got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missed {
    /// The modem.
    pub imei: Imei,
    /// Its message number.
    pub momsn: Option<i32>,
    /// The delivery, where one was made.
    pub delivery: Option<DeliveryId>,
    /// How far Fairlead says that it has come.
    pub state: Option<DeliveryState>,
}

/// The outcome of comparing what a receiver was owed with what it has taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeliveryReport {
    /// Whether everything that was owed arrived at least once, and nothing was wrongly signed.
    pub passed: bool,
    /// Messages that the receiver was owed, by the provider's books.
    pub owed: usize,
    /// Of them, those that arrived at least once.
    pub arrived: usize,
    /// How many of Fairlead's deliveries are in each state.
    pub states: BTreeMap<&'static str, usize>,
    /// What the receiver heard.
    pub tally: Tally,
    /// What it was owed and has not got.
    pub missed: Vec<Missed>,
}

/// What is owed: genuine messages of which `is_owed` says so, accepted at `since` or later and never before.
pub(super) fn owed(entries: &[Entry], since: Time, is_owed: impl Fn(&Sent) -> bool) -> Vec<MessageKey> {
    let mut first: BTreeMap<MessageKey, Time> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.delivery.is_genuine() && is_owed(&entry.delivery.sent)) {
        let accepted = entry.attempts.iter().filter(|attempt| attempt.answer.is_accepted());
        // An answer may have been lost on its way: the first attempt of all counts as when it may have come in.
        if let (Some(tried), true) = (entry.attempts.first(), accepted.count() > 0) {
            let at = first.entry(super::compare::key_of(&entry.delivery.sent)).or_insert(tried.at);
            *at = (*at).min(tried.at);
        }
    }
    first.into_iter().filter(|(_, at)| *at >= since).map(|(key, _)| key).collect()
}

impl DeliveryReport {
    pub(super) fn of(owed: &[MessageKey], held: &[Held], posted: &[Posted], receiver: &Receiver) -> Self {
        let ids: HashMap<MessageKey, MessageId> =
            held.iter().filter(|held| held.replaces.is_none()).map(|held| (held.key(), held.id)).collect();
        let by_message: HashMap<MessageId, &Posted> =
            posted.iter().filter_map(|posted| Some((posted.message_id?, posted))).collect();
        let mut states = BTreeMap::new();
        for posted in posted {
            *states.entry(posted.state.as_str()).or_default() += 1;
        }
        let mut missed = Vec::new();
        for key in owed {
            let posted = ids.get(key).and_then(|id| by_message.get(id)).copied();
            if posted.is_none_or(|posted| receiver.taken(&posted.id.to_string()) == 0) {
                missed.push(Missed {
                    imei: key.imei,
                    momsn: key.momsn,
                    delivery: posted.map(|posted| posted.id),
                    state: posted.map(|posted| posted.state),
                });
            }
        }
        let tally = receiver.tally();
        Self {
            passed: missed.is_empty() && tally.unproven == 0,
            owed: owed.len(),
            arrived: owed.len() - missed.len(),
            states,
            tally,
            missed,
        }
    }
}

impl fmt::Display for DeliveryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let states: Vec<String> =
            self.states.iter().map(|(state, count)| format!("{count} {state}")).collect();
        let states = if states.is_empty() { "nothing was delivered".to_owned() } else { states.join(", ") };
        let made: usize = self.states.values().sum();
        let again = usize::try_from(self.tally.again).unwrap_or(usize::MAX);
        let unproven = usize::try_from(self.tally.unproven).unwrap_or(usize::MAX);
        for (name, count, meaning) in [
            ("owed", self.owed, "positions that the webhook's receiver should have got"),
            ("arrived", self.arrived, "of them, signed, at least once"),
            ("missed", self.missed.len(), "of them, never"),
            ("deliveries", made, states.as_str()),
            ("again", again, "arrived more than once: their ids say so"),
            ("unproven", unproven, "not signed as agreed"),
        ] {
            writeln!(f, "{name:<11} {count:>8}   {meaning}")?;
        }
        for Missed { imei, momsn, delivery, state } in self.missed.iter().take(SHOWN) {
            let momsn = momsn.map_or_else(|| "-".to_owned(), |momsn| momsn.to_string());
            let delivery = delivery.map_or_else(|| "none".to_owned(), |id| id.to_string());
            let state = state.map_or("not there", |state| state.as_str());
            writeln!(f, "Missed: IMEI {imei}, MOMSN {momsn}, delivery {delivery}, {state}")?;
        }
        write!(f, "{}", if self.passed { "passed" } else { "FAILED" })
    }
}
