//! Announces again what waits for too long: a broker that lost a queue has lost what was in it, and the store has not.

use std::time::Duration;

use fairlead_model::Clock;
use fairlead_model::queue::MoStored;
use fairlead_store::satellite::messages;
use fairlead_store::{Store, StoreError};
use tokio_util::sync::CancellationToken;

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(300);

/// A message that waits for longer is announced again. Where the tracker is only behind, that does no harm: a message
/// that was understood is not touched.
const PATIENCE: Duration = Duration::from_secs(600);

/// Most messages that are announced again at a time.
const PORTION: i64 = 1_000;

/// Looks at the start, and then again and again until the process stops.
pub(crate) async fn run(store: Store, clock: Clock, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match remind(&store, &clock).await {
            Ok(0) => {}
            Ok(count) => tracing::warn!(count, "messages waited for too long and were announced again"),
            Err(error) => tracing::warn!(%error, "what waits was not looked at; it is soon"),
        }
        let _ = stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await;
    }
}

async fn remind(store: &Store, clock: &Clock) -> Result<usize, StoreError> {
    let clock = clock.clone();
    let before = clock.now().minus(PATIENCE * clock.speed().max(1));
    // Reading is cheap and finds nothing on almost every day.
    let left = store.read(move |conn| messages::left_waiting(conn, before, PORTION)).await?;
    if left.is_empty() {
        return Ok(0);
    }
    let again: Vec<MoStored> =
        left.into_iter().map(|message_id| MoStored { message_id, by_hand: false }).collect();
    let count = again.len();
    store.write(move |tx| fairlead_bus::enqueue_many(tx, &clock, &again, None)).await?;
    Ok(count)
}
