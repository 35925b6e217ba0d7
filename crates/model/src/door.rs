//! What the intake lets others know of its door.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Time, Trust};

/// How the door stands: what a process with an intake has among the facts of its report, by these names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoorFacts {
    /// The least trust with which a push is let in.
    pub require_trust: Trust,
    /// Whether the address has a secret part.
    pub has_secret_path: bool,
    /// The last push that was not answered with 200, since the process started.
    #[serde(default)]
    pub last_refusal: Option<Refusal>,
}

/// A push that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Refusal {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// The HTTP status that the provider was answered.
    pub status: u16,
    /// Why, in a sentence.
    pub reason: String,
}
