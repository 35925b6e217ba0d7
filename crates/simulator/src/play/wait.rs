//! Waiting for a moment of the world in real sleeps.

use std::time::Duration;

use fairlead_model::{Clock, Time};

/// Longest sleep at a stretch, so that a clock that is moved by hand is noticed.
const LONGEST_NAP: Duration = Duration::from_millis(100);
/// Shortest sleep: the timer's own grain.
const SHORTEST_NAP: Duration = Duration::from_millis(1);

/// Returns when `clock` shows `due` or later.
pub(super) async fn until(clock: &Clock, due: Time) {
    loop {
        let left = due.since(clock.now());
        if left.is_zero() {
            return;
        }
        tokio::time::sleep((left / clock.speed().max(1)).clamp(SHORTEST_NAP, LONGEST_NAP)).await;
    }
}
