//! Load: as much as is answered (closed loop), or as much as arrives (open model).

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::{JoinSet, LocalSet};
use tokio::time::Instant;

use crate::connection::{Connection, TIMEOUT};
use crate::histogram::Histogram;
use crate::pool::Requests;

/// What a load is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Each connection sends its next request when the last one is answered.
    Closed {
        /// How long.
        span: Duration,
    },
    /// Each connection sends its next request when the last one is answered, so many in all.
    Count(u64),
    /// Requests arrive at a fixed rate, whatever the server does.
    Open {
        /// Requests a second.
        rate: f64,
        /// How long.
        span: Duration,
    },
}

/// What came of a load.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// From the first request to the last answer.
    pub(crate) elapsed: Duration,
    /// Answered with 200.
    pub(crate) accepted: u64,
    /// Answered with something else.
    pub(crate) refused: u64,
    /// Not answered, or not even sent, within the provider's patience.
    pub(crate) unanswered: u64,
    /// Of the accepted, from the moment that each was due.
    pub(crate) latency: Histogram,
    /// Of the accepted, from the moment that each was sent.
    pub(crate) service: Histogram,
}

impl Outcome {
    /// Accepted in a second.
    pub(crate) fn rate(&self) -> f64 {
        self.accepted as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    fn add(&mut self, other: &Self) {
        self.accepted += other.accepted;
        self.refused += other.refused;
        self.unanswered += other.unanswered;
        self.latency.add(&other.latency);
        self.service.add(&other.service);
    }
}

/// Puts a load on a server. All connections live on this thread.
pub(crate) async fn put(
    address: SocketAddr,
    requests: Rc<Requests>,
    shape: Shape,
    connections: usize,
) -> Outcome {
    let plan = Rc::new(Plan { shape, start: Instant::now(), taken: Cell::new(0) });
    let local = LocalSet::new();
    let mut total = local
        .run_until(async {
            let mut tasks = JoinSet::new();
            for _ in 0..connections {
                tasks.spawn_local(one(Connection::new(address), requests.clone(), plan.clone()));
            }
            let mut total = Outcome::default();
            while let Some(done) = tasks.join_next().await {
                match done {
                    Ok(outcome) => total.add(&outcome),
                    Err(error) => tracing::error!("a connection of the load broke: {error}"),
                }
            }
            total
        })
        .await;
    total.elapsed = plan.start.elapsed();
    total
}

/// Who sends what when.
struct Plan {
    shape: Shape,
    start: Instant,
    taken: Cell<u64>,
}

impl Plan {
    /// The moment at which the next request is due; `None` where there is none left.
    fn next(&self) -> Option<Instant> {
        let number = self.taken.get();
        let due = match self.shape {
            Shape::Closed { span } => {
                let now = Instant::now();
                (now < self.start + span).then_some(now)
            }
            Shape::Count(count) => (number < count).then(Instant::now),
            Shape::Open { rate, span } => {
                let after = Duration::from_secs_f64(number as f64 / rate.max(1e-9));
                (after < span).then(|| self.start + after)
            }
        }?;
        self.taken.set(number + 1);
        Some(due)
    }
}

async fn one(mut connection: Connection, requests: Rc<Requests>, plan: Rc<Plan>) -> Outcome {
    let mut outcome = Outcome::default();
    while let Some(due) = plan.next() {
        if due > Instant::now() {
            tokio::time::sleep_until(due).await;
        }
        let sent = Instant::now();
        // The provider's patience is over before a connection became free.
        if sent.duration_since(due) > TIMEOUT {
            outcome.unanswered += 1;
            continue;
        }
        match connection.send(requests.next()).await {
            Ok(200) => {
                outcome.accepted += 1;
                outcome.latency.record(due.elapsed());
                outcome.service.record(sent.elapsed());
            }
            Ok(_) => outcome.refused += 1,
            Err(error) => {
                tracing::debug!("no answer: {error}");
                outcome.unanswered += 1;
            }
        }
    }
    outcome
}
