//! The comparison itself: books on one side, messages on the other.

use std::collections::{BTreeMap, HashMap, HashSet};

use fairlead_model::{Imei, MessageId};
use serde::Serialize;

use super::peer::{Held, MessageKey};
use crate::ledger::Entry;
use crate::satellite::Sent;

/// What became of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Accepted at once, and there once.
    Ok,
    /// Accepted after failed attempts, and there once.
    Recovered,
    /// Accepted, and not there.
    Lost,
    /// There more than once.
    Duplicated,
    /// Never accepted: still the provider's.
    Unanswered,
    /// Never sent by this modem, and there: a forged or mangled push was let in.
    Unexpected,
}

/// A verdict and what it is about.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// What became of it.
    pub verdict: Verdict,
    /// The modem.
    pub imei: Imei,
    /// Its message number.
    pub momsn: Option<i32>,
    /// When the network took it.
    pub transmitted_at: Option<fairlead_model::Time>,
    /// How often it was pushed, repetitions counted.
    pub attempts: usize,
    /// The messages that Fairlead has of it.
    pub messages: Vec<MessageId>,
}

/// What the books say of one message, its push and repetitions taken together.
#[derive(Default)]
struct Books {
    attempts: usize,
    accepted: bool,
    failed_first: bool,
}

/// One finding for each message of the books, and one for each message of their modems that nobody sent. What
/// other modems sent is not in the books, and no finding.
pub fn compare(entries: &[Entry], held: &[Held]) -> Vec<Finding> {
    let mut sent: BTreeMap<MessageKey, Books> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.delivery.is_genuine()) {
        let books = sent.entry(key_of(&entry.delivery.sent)).or_default();
        books.attempts += entry.attempts.len();
        books.failed_first |= entry.attempts.first().is_some_and(|first| !first.answer.is_accepted());
        books.accepted |= entry.is_accepted();
    }
    let modems: HashSet<Imei> = entries.iter().map(|entry| entry.delivery.sent.imei).collect();
    let mut there = there(held, &modems);
    let mut findings: Vec<Finding> = sent
        .into_iter()
        .map(|(key, books)| {
            let messages = there.remove(&key).unwrap_or_default();
            finding(verdict(&books, messages.len()), key, books.attempts, messages)
        })
        .collect();
    let unexpected: BTreeMap<_, _> = there.into_iter().collect();
    findings.extend(unexpected.into_iter().map(|(key, ids)| finding(Verdict::Unexpected, key, 0, ids)));
    findings
}

/// The messages of these modems, without the copies that people made.
fn there(held: &[Held], modems: &HashSet<Imei>) -> HashMap<MessageKey, Vec<MessageId>> {
    let mut there: HashMap<MessageKey, Vec<MessageId>> = HashMap::new();
    for message in held.iter().filter(|m| m.replaces.is_none() && modems.contains(&m.imei)) {
        let ids = there.entry(message.key()).or_default();
        // A message may be listed twice where pages shift while they are read.
        if !ids.contains(&message.id) {
            ids.push(message.id);
        }
    }
    there
}

fn verdict(books: &Books, copies: usize) -> Verdict {
    match (books.accepted, copies) {
        (_, 2..) => Verdict::Duplicated,
        (true, 0) => Verdict::Lost,
        (true, 1) if books.failed_first => Verdict::Recovered,
        (true, 1) => Verdict::Ok,
        // It may be there although no answer came back: then the next attempt finds it.
        (false, _) => Verdict::Unanswered,
    }
}

fn finding(verdict: Verdict, key: MessageKey, attempts: usize, messages: Vec<MessageId>) -> Finding {
    Finding {
        verdict,
        imei: key.imei,
        momsn: key.momsn,
        transmitted_at: key.transmitted_at,
        attempts,
        messages,
    }
}

pub(super) fn key_of(sent: &Sent) -> MessageKey {
    MessageKey {
        imei: sent.imei,
        momsn: Some(i32::from(sent.momsn)),
        transmitted_at: Some(sent.at),
        payload_hex: sent.payload_hex(),
    }
}
