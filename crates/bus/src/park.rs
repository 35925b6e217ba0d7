//! Putting a message where a person sees it and can put it through again.

use fairlead_model::Clock;
use fairlead_store::{StoreError, Tx, problems};

use crate::envelope;

/// Longest reason that is kept.
const REASON_CHARS: usize = 500;

/// Makes a problem of a message. Its envelope is kept as new, so that a replay has all its attempts.
pub(crate) fn park(
    tx: &mut Tx<'_>,
    clock: &Clock,
    queue: &str,
    json: &str,
    reason: &str,
) -> Result<(), StoreError> {
    let reason: String = reason.chars().take(REASON_CHARS).collect();
    problems::record_failed_work(tx, clock, queue, &envelope::with_attempt(json, 0), &reason)
}
