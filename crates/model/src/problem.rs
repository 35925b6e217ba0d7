//! Things that a person should look at.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{HeldId, Imei, MessageId, ModemId, ProblemId, Time};

/// What kind of attention is asked for. The word is stored, so a kind is never renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// A push was stored although something in it is wrong (no hex, too long, no readable time).
    FaultyPush,
    /// The text of a device could not be read.
    UnreadableText,
    /// The same IMEI, MOMSN and transmit time came with another payload.
    ConflictingMessage,
    /// A push came with a token that does not prove it, or with less trust than is asked for.
    UntrustedPush,
    /// A push from which no IMEI could be read.
    NoImei,
    /// An unknown modem, after the day's allowance of unsigned new modems was used up.
    NewModemLimit,
    /// A handset's command that was not passed on.
    RefusedCommand,
    /// A message on the bus that no handler could finish.
    FailedWork,
    /// An endpoint failed for so long that nothing is delivered to it any more.
    EndpointDisabled,
    /// A device was told something, has been heard since, and has not shown what it should have.
    ProofMissing,
    /// A budget of credits is nearly spent, or spent.
    BudgetLow,
}

impl ProblemKind {
    /// All kinds.
    pub const ALL: [Self; 11] = [
        Self::FaultyPush,
        Self::UnreadableText,
        Self::ConflictingMessage,
        Self::UntrustedPush,
        Self::NoImei,
        Self::NewModemLimit,
        Self::RefusedCommand,
        Self::FailedWork,
        Self::EndpointDisabled,
        Self::ProofMissing,
        Self::BudgetLow,
    ];

    /// The word used in JSON and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FaultyPush => "faulty_push",
            Self::UnreadableText => "unreadable_text",
            Self::ConflictingMessage => "conflicting_message",
            Self::UntrustedPush => "untrusted_push",
            Self::NoImei => "no_imei",
            Self::NewModemLimit => "new_modem_limit",
            Self::RefusedCommand => "refused_command",
            Self::FailedWork => "failed_work",
            Self::EndpointDisabled => "endpoint_disabled",
            Self::ProofMissing => "proof_missing",
            Self::BudgetLow => "budget_low",
        }
    }

    /// The headline a person reads.
    pub const fn title(self) -> &'static str {
        match self {
            Self::FaultyPush => "Something is wrong with a push",
            Self::UnreadableText => "A text could not be read",
            Self::ConflictingMessage => "Two messages claim the same number",
            Self::UntrustedPush => "A push was not trusted",
            Self::NoImei => "A push named no modem",
            Self::NewModemLimit => "A new modem waits for you",
            Self::RefusedCommand => "A handset's command was not passed on",
            Self::FailedWork => "Some work could not be finished",
            Self::EndpointDisabled => "An endpoint was switched off",
            Self::ProofMissing => "A device has not shown that it got something",
            Self::BudgetLow => "A budget is nearly spent",
        }
    }
}

impl std::str::FromStr for ProblemKind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|k| k.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no problem kind"))
    }
}

/// Where a problem stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemState {
    /// Nobody has settled it.
    Open,
    /// A repaired copy was put in.
    Repaired,
    /// It was put through again and went well.
    Replayed,
    /// The held push was let in.
    Admitted,
    /// A person decided that nothing is to be done.
    Discarded,
}

impl ProblemState {
    /// All states.
    pub const ALL: [Self; 5] = [Self::Open, Self::Repaired, Self::Replayed, Self::Admitted, Self::Discarded];

    /// The word used in JSON and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Repaired => "repaired",
            Self::Replayed => "replayed",
            Self::Admitted => "admitted",
            Self::Discarded => "discarded",
        }
    }
}

impl std::str::FromStr for ProblemState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|k| k.as_str() == text).ok_or_else(|| {
            format!("`{text}` is no problem state: open, repaired, replayed, admitted or discarded")
        })
    }
}

/// One problem, as in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProblemView {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    pub id: ProblemId,
    /// Its kind.
    pub kind: ProblemKind,
    /// The headline.
    pub title: String,
    /// Why, in a sentence.
    pub reason: String,
    /// Where it stands.
    pub state: ProblemState,
    /// When it was found.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When it changed last.
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Time,
    /// The modem that it is about.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub modem_id: Option<ModemId>,
    /// The IMEI that it is about.
    #[schema(value_type = Option<String>)]
    pub imei: Option<Imei>,
    /// The message that it is about.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub message_id: Option<MessageId>,
    /// The held push that it is about.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub held_id: Option<HeldId>,
    /// The text or body in question, as far as it is printable, at most 16,000 characters.
    pub excerpt: Option<String>,
}
