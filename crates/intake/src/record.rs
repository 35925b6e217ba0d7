//! What the journal keeps of a push, and what the store gets of it.

use std::collections::BTreeMap;

use fairlead_model::message::MessageState;
use fairlead_model::problem::ProblemKind;
use fairlead_model::{HeldId, MessageId, Time, Trust};
use fairlead_store::Id;
use fairlead_store::journal::Record;
use fairlead_store::problems::Finding;
use fairlead_store::satellite::held::HeldRow;
use fairlead_store::satellite::messages::MessageRow;
use serde::{Deserialize, Serialize};

use crate::pushed::{Columns, Keys, Provider, Pushed};
use crate::rules::Ruling;

/// `held_pushes.why` of a push whose sender is not believed.
pub(crate) const UNTRUSTED: &str = "untrusted";
/// `held_pushes.why` of a push that names no modem.
pub(crate) const NO_IMEI: &str = "no_imei";
/// `held_pushes.why` of a push that the store does not take.
pub(crate) const UNSTORABLE: &str = "unstorable";

/// The kind of problem that a held push is, by its `why`.
pub(crate) fn kind_of(why: &str) -> ProblemKind {
    match why {
        UNTRUSTED => ProblemKind::UntrustedPush,
        NO_IMEI => ProblemKind::NoImei,
        _ => ProblemKind::FailedWork,
    }
}

/// How a push came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Source {
    /// Its `Content-Type`.
    #[serde(default)]
    pub(crate) content_type: Option<String>,
    /// The address that it came from.
    #[serde(default)]
    pub(crate) address: Option<String>,
    /// Headers that tell about the sender.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// Fields that token and push tell differently.
    #[serde(default)]
    pub(crate) differences: Vec<String>,
    /// Fields of the push that nobody described.
    #[serde(default)]
    pub(crate) unknown: BTreeMap<String, String>,
    /// The file that it was imported from, where it was not pushed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) import: Option<Imported>,
}

/// Where an imported message stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Imported {
    /// The file's name, without its folder.
    pub(crate) file: String,
    /// The row, counted from 1 without the heading.
    pub(crate) row: usize,
}

/// The journal's note beside the body. Fields may be added; a later build reads what an earlier one wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Meta {
    #[serde(flatten)]
    pub(crate) ruling: MetaRuling,
    /// The door that it came to; RockBLOCK's where nothing is said, as builds with one door wrote it.
    #[serde(default, skip_serializing_if = "Provider::is_rockblock")]
    pub(crate) provider: Provider,
    pub(crate) source: Source,
}

/// The ruling as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ruling", rename_all = "snake_case")]
pub(crate) enum MetaRuling {
    Accepted { trust: Trust },
    Held { why: String, reason: String },
}

/// A record made ready for the store.
#[derive(Clone, Debug)]
pub(crate) enum Prepared {
    Message { keys: Keys, trust: Trust, row: Box<MessageRow>, faults: Vec<String> },
    Held { row: Box<HeldRow>, finding: Box<Finding> },
}

impl Meta {
    /// The note for a ruling.
    pub(crate) fn of(ruling: &Ruling, provider: Provider, mut source: Source) -> Self {
        let ruling = match ruling {
            Ruling::Accept { trust, differences } => {
                source.differences.clone_from(differences);
                MetaRuling::Accepted { trust: *trust }
            }
            Ruling::Hold { reason, .. } => MetaRuling::Held { why: UNTRUSTED.into(), reason: reason.clone() },
            Ruling::Refuse { reason } => MetaRuling::Held { why: NO_IMEI.into(), reason: reason.clone() },
        };
        Self { ruling, provider, source }
    }
}

/// Reads a journal record again, as the door did: parsing is pure, so both see the same.
pub(crate) fn prepare(record: &Record) -> Prepared {
    let unread = |e: serde_json::Error| Meta {
        ruling: MetaRuling::Held {
            why: UNSTORABLE.into(),
            reason: format!("The journal's note cannot be read: {e}."),
        },
        provider: Provider::default(),
        source: Source::default(),
    };
    let Meta { ruling, provider, source } = serde_json::from_str(&record.meta).unwrap_or_else(unread);
    match (ruling, provider.read(source.content_type.as_deref(), &record.body)) {
        (MetaRuling::Accepted { trust }, Ok(push)) => message(record, provider, &push, trust, source),
        (MetaRuling::Accepted { .. }, Err(e)) => {
            held(record, provider, None, NO_IMEI, format!("{e}."), &source)
        }
        (MetaRuling::Held { why, reason }, parsed) => {
            held(record, provider, parsed.as_ref().ok(), &why, reason, &source)
        }
    }
}

fn message(record: &Record, provider: Provider, push: &Pushed, trust: Trust, source: Source) -> Prepared {
    let (id, received_at) = (MessageId::from(record.id), record.received_at.into());
    let row = message_row(id, received_at, provider, push, trust, source, &record.body);
    Prepared::Message {
        keys: push.keys(),
        trust,
        row: Box::new(row),
        faults: push.faults().iter().map(ToString::to_string).collect(),
    }
}

/// The store's row of an accepted push.
pub(crate) fn message_row(
    id: MessageId,
    received_at: Time,
    provider: Provider,
    push: &Pushed,
    trust: Trust,
    mut source: Source,
    body: &[u8],
) -> MessageRow {
    let columns: Columns = push.columns();
    let estimate = columns.estimate;
    source.unknown = columns.unknown;
    let cut = |text: Option<String>| text.map(|t| t.chars().take(200).collect::<String>());
    MessageRow {
        id: id.into(),
        provider: provider.as_str().to_owned(),
        imei: push.imei().to_string(),
        momsn: columns.momsn.map(i32::from),
        transmitted_at: columns.transmitted_at.map(Into::into),
        transmit_time_raw: cut(columns.transmit_time_raw),
        received_at: received_at.into(),
        trust: trust.as_str().to_owned(),
        state: MessageState::Waiting.as_str().to_owned(),
        payload_raw: columns.payload_raw,
        payload: columns.payload,
        device_type: cut(columns.device_type),
        serial: cut(columns.serial),
        iridium_latitude: estimate.map(|e| e.latitude.degrees()),
        iridium_longitude: estimate.map(|e| e.longitude.degrees()),
        iridium_cep_km: estimate.and_then(|e| e.cep_km),
        session_status: columns.session_status,
        modem_id: None,
        summary: None,
        marks: None,
        replaces: None,
        body: body.to_vec(),
        source: serde_json::to_string(&source).unwrap_or_default(),
    }
}

fn held(
    record: &Record,
    provider: Provider,
    push: Option<&Pushed>,
    why: &str,
    reason: String,
    source: &Source,
) -> Prepared {
    // The push has no message; its own id becomes the held push's.
    let id = HeldId::from(MessageId::from(record.id).uuid());
    let finding = Finding {
        kind: kind_of(why),
        subject: id.to_string(),
        reason: reason.clone(),
        modem_id: None,
        imei: push.map(Pushed::imei),
        message_id: None,
        held_id: Some(id),
        excerpt: Some(String::from_utf8_lossy(&record.body).into_owned()),
    };
    let row = HeldRow {
        id: Id::from(id),
        provider: provider.as_str().to_owned(),
        why: why.to_owned(),
        reason,
        imei: push.map(|p| p.imei().to_string()),
        dup_key: push.map(|p| p.keys().message),
        received_at: record.received_at,
        body: record.body.clone(),
        source: serde_json::to_string(source).unwrap_or_default(),
    };
    Prepared::Held { row: Box::new(row), finding: Box::new(finding) }
}

/// A record that the store does not take as a message, to be kept as evidence with the reason.
pub(crate) fn set_aside(record: &Record, reason: &str) -> Prepared {
    let meta = serde_json::from_str::<Meta>(&record.meta).map(|meta| (meta.provider, meta.source));
    let (provider, source) = meta.unwrap_or_default();
    let push = provider.read(source.content_type.as_deref(), &record.body).ok();
    let reason = format!("The store did not take it: {reason}");
    held(record, provider, push.as_ref(), UNSTORABLE, reason, &source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_of_a_build_with_one_door_is_rockblocks() {
        let old = r#"{"ruling":"accepted","trust":"signed","source":{"content_type":null}}"#;
        let meta: Meta = serde_json::from_str(old).unwrap();
        assert_eq!(meta.provider, Provider::Rockblock);
        assert!(!serde_json::to_string(&meta).unwrap().contains("provider"));
        let new = Meta { provider: Provider::Cloudloop, ..meta };
        let read: Meta = serde_json::from_str(&serde_json::to_string(&new).unwrap()).unwrap();
        assert_eq!(read, new);
    }
}
