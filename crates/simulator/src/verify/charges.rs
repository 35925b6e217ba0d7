//! The provider's charges on one side, Fairlead's messages to devices on the other.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fairlead_model::MtId;
use fairlead_model::mt::MtState;
use serde::Serialize;

use super::peer::{Step, Told};
use crate::satellite::mt::Charge;

/// What is wrong with a charge, or with a message to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wrong {
    /// Charged more often than anybody wanted it sent.
    ChargedTwice,
    /// Charged, and no message that says it was sent or may have been.
    Stray,
    /// The provider has it, says Fairlead; the provider's charges say otherwise.
    NotCharged,
}

/// Something wrong and what it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MtFinding {
    /// What is wrong.
    pub wrong: Wrong,
    /// The message's id, as the provider or Fairlead has it.
    pub id: Option<String>,
    /// The message's state, where Fairlead has it.
    pub state: Option<MtState>,
}

/// A message to a device, and what people decided about it.
#[derive(Clone, Debug)]
pub struct Life {
    /// The message.
    pub told: Told,
    /// Its steps, where they matter; see [`needs_steps`].
    pub steps: Vec<Step>,
}

impl Life {
    /// How often a person wanted it sent again, not knowing whether it was sent.
    fn sent_again(&self) -> usize {
        let follows = |pair: &[Step]| matches!(pair, [before, after] if before.state == MtState::Unknown && after.state == MtState::Queued);
        self.steps.windows(2).filter(|pair| follows(pair)).count()
    }

    /// Whether a charge for it is in order.
    fn may_be_charged(&self) -> bool {
        was_or_may_be_sent(self.told.state)
            // Unknown once, and then given up or wanted again by a person: the charge may be the first call's.
            || self.steps.iter().any(|step| step.state == MtState::Unknown)
    }
}

fn was_or_may_be_sent(state: MtState) -> bool {
    match state {
        MtState::Accepted
        | MtState::Delivered
        | MtState::Rejected
        | MtState::Unconfirmable
        | MtState::Superseded
        | MtState::Unknown => true,
        MtState::Queued | MtState::Sending | MtState::Failed | MtState::Expired | MtState::Cancelled => false,
    }
}

/// Ids whose steps say whether a person made what would be wrong without one.
pub fn needs_steps(charges: &[Charge], told: &[Told]) -> BTreeSet<MtId> {
    let count = count(charges);
    let is_odd = |told: &&Told| {
        let charged = count.get(told.id.to_string().as_str()).copied().unwrap_or(0);
        charged > 1 || charged == 1 && !was_or_may_be_sent(told.state)
    };
    told.iter().filter(is_odd).map(|told| told.id).collect()
}

/// What is wrong, each once.
pub fn compare_charges(charges: &[Charge], lives: &[Life]) -> Vec<MtFinding> {
    let by_id: HashMap<String, &Life> = lives.iter().map(|life| (life.told.id.to_string(), life)).collect();
    let mut findings = Vec::new();
    for (id, times) in count(charges) {
        let life = by_id.get(id);
        let find =
            |wrong| MtFinding { wrong, id: Some(id.to_owned()), state: life.map(|life| life.told.state) };
        if !life.is_some_and(|life| life.may_be_charged()) {
            findings.push(find(Wrong::Stray));
        }
        if times > 1 + life.map_or(0, |life| life.sent_again()) {
            findings.push(find(Wrong::ChargedTwice));
        }
    }
    // Whoever sent these gave no id: they are not Fairlead's.
    let nameless = charges.iter().filter(|charge| charge.request_id.is_none());
    findings.extend(nameless.map(|_| MtFinding { wrong: Wrong::Stray, id: None, state: None }));
    let charged: BTreeSet<(Option<&str>, String)> =
        charges.iter().map(|charge| (charge.request_id.as_deref(), charge.mt_id.to_string())).collect();
    for Told { id, state, provider_id } in lives.iter().map(|life| &life.told) {
        // Without the provider's number it is a person or the device who says that it was sent.
        let Some(number) = provider_id else { continue };
        let id = id.to_string();
        if !charged.contains(&(Some(id.as_str()), number.clone())) {
            findings.push(MtFinding { wrong: Wrong::NotCharged, id: Some(id), state: Some(*state) });
        }
    }
    findings
}

/// How often each id was charged.
fn count(charges: &[Charge]) -> BTreeMap<&str, usize> {
    let mut count = BTreeMap::new();
    for id in charges.iter().filter_map(|charge| charge.request_id.as_deref()) {
        *count.entry(id).or_default() += 1;
    }
    count
}
