//! How much waits in the outbox, for the metrics.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use fairlead_store::{Store, outbox};

const EVERY: Duration = Duration::from_secs(10);

/// Remembers when it was looked last, so that many loops may ask, and which queues had something.
#[derive(Default)]
pub(crate) struct Backlog {
    looked: Mutex<Option<Instant>>,
    seen: Mutex<BTreeSet<String>>,
}

impl Backlog {
    /// Sets the gauges, unless that was done a moment ago.
    pub(crate) async fn show(&self, store: &Store) {
        if !self.is_due() {
            return;
        }
        match store.read(outbox::backlog).await {
            Ok(queues) => {
                let mut seen = self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                for name in seen.iter().filter(|name| queues.iter().all(|queue| queue.queue != **name)) {
                    metrics::gauge!("fairlead_bus_outbox_waiting", "queue" => name.clone()).set(0.0);
                }
                seen.extend(queues.iter().map(|queue| queue.queue.clone()));
                for queue in queues {
                    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
                    metrics::gauge!("fairlead_bus_outbox_waiting", "queue" => queue.queue)
                        .set(queue.waiting as f64);
                }
            }
            Err(error) => tracing::debug!(%error, "the backlog could not be counted"),
        }
    }

    fn is_due(&self) -> bool {
        let mut last = self.looked.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let due = last.is_none_or(|at| at.elapsed() >= EVERY);
        if due {
            *last = Some(Instant::now());
        }
        due
    }
}
