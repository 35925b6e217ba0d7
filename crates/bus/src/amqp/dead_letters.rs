//! What the broker gave up: messages whose consumers died again and again. Each becomes a problem for a person.

use std::sync::Arc;

use lapin::message::Delivery;
use tokio_util::sync::CancellationToken;

use super::connection::{Line, Link, Trouble};
use super::consumer::settle;
use super::subscription::Subscription;
use crate::backoff;
use crate::bus::Inner;
use crate::verdict::Settlement;

/// Unacknowledged at a time.
const AHEAD: usize = 10;

/// Empties the dead-letter queue until stopped.
pub(crate) async fn run(bus: &Arc<Inner>, link: &Link, stop: &CancellationToken) {
    let mut failed = 0;
    while let Some(line) = stop.run_until_cancelled(link.open()).await {
        if let Some(Err(error)) = stop.run_until_cancelled(consume_on(bus, &line, stop, &mut failed)).await {
            failed += 1;
            tracing::warn!(%error, "the dead-letter queue waits");
            let pause = bus.with_dice(|dice| backoff::before_reconnect(failed, bus.options.reconnect, dice));
            stop.run_until_cancelled(tokio::time::sleep(pause)).await;
        }
    }
}

async fn consume_on(
    bus: &Inner,
    line: &Line,
    stop: &CancellationToken,
    failed: &mut u32,
) -> Result<(), Trouble> {
    line.declare_dead().await?;
    let mut subscription = Subscription::begin(line, line.names.dead(), AHEAD).await?;
    *failed = 0;
    loop {
        // One at a time, so none is unacknowledged here.
        let delivery = subscription.next(true).await?;
        let queue = line.names.queue_of(came_from(&delivery)).to_owned();
        let times = bus.options.delivery_limit;
        let reason = format!("whoever handled it died, {times} times; the broker gave it up");
        tracing::error!(queue, reason, "a message was given up by the broker");
        metrics::counter!("fairlead_bus_dead_total", "queue" => queue.clone()).increment(1);
        settle(bus, &queue, &delivery, Settlement::Park { reason }, stop).await;
    }
}

/// The queue (as the broker calls it) that a dead letter was first in: a message is published to its queue's name.
fn came_from(delivery: &Delivery) -> &str {
    delivery.routing_key.as_str()
}
