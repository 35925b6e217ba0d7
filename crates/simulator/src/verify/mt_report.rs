//! The outcome of comparing charges with messages to devices, for people and for programs.

use std::collections::BTreeMap;
use std::fmt;

use fairlead_model::mt::MtState;
use serde::Serialize;

use super::charges::{Life, MtFinding, Wrong};
use crate::satellite::mt::Charge;

/// Most findings that are printed for people.
const SHOWN: usize = 20;

/// The outcome of comparing the provider's charges with Fairlead's messages to devices.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MtReport {
    /// Whether nothing is charged twice, charged astray, or sent without a charge.
    pub passed: bool,
    /// Messages that Fairlead was asked for.
    pub asked: usize,
    /// How many of them are in each state.
    pub states: BTreeMap<&'static str, usize>,
    /// What the provider charged for.
    pub charges: usize,
    /// Credits of all charges.
    pub credits: u64,
    /// Messages that were charged more often than anybody wanted them sent.
    pub charged_twice: usize,
    /// Charges of no message that says it was sent or may have been.
    pub stray: usize,
    /// Messages that the provider has, says Fairlead, without a charge.
    pub not_charged: usize,
    /// Everything that is wrong.
    pub findings: Vec<MtFinding>,
}

impl MtReport {
    /// Counts findings.
    pub(super) fn of(charges: &[Charge], lives: &[Life], findings: Vec<MtFinding>) -> Self {
        let count = |wrong| findings.iter().filter(|finding| finding.wrong == wrong).count();
        let mut states = BTreeMap::new();
        for life in lives {
            *states.entry(life.told.state.as_str()).or_default() += 1;
        }
        Self {
            passed: findings.is_empty(),
            asked: lives.len(),
            states,
            charges: charges.len(),
            credits: charges.iter().map(|charge| charge.credits).sum(),
            charged_twice: count(Wrong::ChargedTwice),
            stray: count(Wrong::Stray),
            not_charged: count(Wrong::NotCharged),
            findings,
        }
    }

    /// How many messages are in this state.
    pub fn count(&self, state: MtState) -> usize {
        self.states.get(state.as_str()).copied().unwrap_or(0)
    }
}

impl fmt::Display for MtReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let states: Vec<String> = MtState::ALL
            .iter()
            .filter(|state| self.count(**state) > 0)
            .map(|state| format!("{} {}", self.count(*state), state.as_str()))
            .collect();
        let states = if states.is_empty() { "nothing was asked".to_owned() } else { states.join(", ") };
        let credits = format!("by the provider's books: {} credits", self.credits);
        for (name, count, meaning) in [
            ("told", self.asked, states.as_str()),
            ("charged", self.charges, credits.as_str()),
            ("twice", self.charged_twice, "charged more often than anybody wanted them sent"),
            ("stray", self.stray, "charged, and no message that was sent or may have been"),
            ("not charged", self.not_charged, "sent, says Fairlead; the provider has no charge"),
        ] {
            writeln!(f, "{name:<11} {count:>8}   {meaning}")?;
        }
        for MtFinding { wrong, id, state } in self.findings.iter().take(SHOWN) {
            let id = id.as_deref().unwrap_or("without an id");
            let state = state.map_or("not there", MtState::as_str);
            writeln!(f, "{wrong:?}: message {id}, {state}")?;
        }
        write!(f, "{}", if self.passed { "passed" } else { "FAILED" })
    }
}
