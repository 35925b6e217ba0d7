//! A change by a person has a reason.

use serde::Deserialize;
use utoipa::ToSchema;

/// Why something is changed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeReason {
    /// In the person's words; goes into the audit log.
    pub reason: String,
}
