//! Putting work on a queue: a row in the caller's transaction, so that a change and what follows it are one.

use fairlead_model::queue::QueueMessage;
use fairlead_model::{Clock, Time};
use fairlead_store::outbox::{self, OutboxRow};
use fairlead_store::{StoreError, Tx};
use uuid::Uuid;

use crate::envelope;

/// Enqueues one message. It is delivered once the transaction has been committed, and never if it is not.
///
/// # Errors
/// What the store says; the transaction must then not be committed.
pub fn enqueue<M: QueueMessage>(
    tx: &mut Tx<'_>,
    clock: &Clock,
    message: &M,
    correlation: Option<Uuid>,
) -> Result<(), StoreError> {
    enqueue_at(tx, clock, message, correlation, clock.now())
}

/// Enqueues one message that is not to be handled before a given moment.
///
/// # Errors
/// What the store says; the transaction must then not be committed.
pub fn enqueue_at<M: QueueMessage>(
    tx: &mut Tx<'_>,
    clock: &Clock,
    message: &M,
    correlation: Option<Uuid>,
    not_before: Time,
) -> Result<(), StoreError> {
    outbox::insert(tx, &[row(clock, message, correlation, not_before)?])
}

/// Enqueues many messages with one insert.
///
/// # Errors
/// What the store says; the transaction must then not be committed.
pub fn enqueue_many<'m, M: QueueMessage>(
    tx: &mut Tx<'_>,
    clock: &Clock,
    messages: impl IntoIterator<Item = &'m M>,
    correlation: Option<Uuid>,
) -> Result<(), StoreError> {
    let now = clock.now();
    let rows: Result<Vec<_>, _> = messages.into_iter().map(|m| row(clock, m, correlation, now)).collect();
    // A statement carries a bounded number of values on either database.
    rows?.chunks(ROWS_IN_ONE_INSERT).try_for_each(|rows| outbox::insert(tx, rows))
}

/// Puts a parked envelope through again, as a new message with all its attempts.
///
/// # Errors
/// [`StoreError::Refused`] where the text is no envelope; else what the store says.
pub fn requeue(tx: &mut Tx<'_>, clock: &Clock, envelope_json: &str) -> Result<(), StoreError> {
    let queue = serde_json::from_str::<serde_json::Value>(envelope_json)
        .ok()
        .and_then(|envelope| envelope.get("type")?.as_str().map(str::to_owned))
        .ok_or_else(|| StoreError::Refused("What was kept of this message is no envelope.".to_owned()))?;
    let body = envelope::with_attempt(envelope_json, 0);
    outbox::insert(tx, &[outbox_row(clock.new_id(), &queue, body, 0, clock.now())])
}

const ROWS_IN_ONE_INSERT: usize = 1_000;

fn row<M: QueueMessage>(
    clock: &Clock,
    message: &M,
    correlation: Option<Uuid>,
    not_before: Time,
) -> Result<OutboxRow, StoreError> {
    let id = clock.new_id();
    let body = envelope::seal(message, id, correlation, clock.now())
        .map_err(|e| StoreError::Fault(format!("a message of `{}` cannot be written: {e}", M::NAME)))?;
    Ok(outbox_row(id, M::NAME, body, 0, not_before))
}

/// A row that nobody has claimed.
pub(crate) fn outbox_row(id: Uuid, queue: &str, body: String, attempt: u32, not_before: Time) -> OutboxRow {
    OutboxRow {
        id: id.into(),
        queue: queue.to_owned(),
        body,
        attempt: i32::try_from(attempt).unwrap_or(i32::MAX),
        not_before: not_before.into(),
        claimed_until: Time::from_micros(0).into(),
    }
}
