//! From the broker to a consumer.
//!
//! A message is acknowledged once what follows from it is durable: its effects (the consumer says so), the outbox row
//! of a retry, or the problem of a message given up.

use std::sync::Arc;
use std::time::Duration;

use fairlead_model::queue::QueueMessage;
use fairlead_store::{StoreError, Tx, outbox};
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicNackOptions};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::connection::{Line, Link, Trouble};
use super::subscription::Subscription;
use crate::bus::Inner;
use crate::enqueue::outbox_row;
use crate::handle::{self, Consumer, Portions, Sealed};
use crate::park::park;
use crate::verdict::Settlement;
use crate::{backoff, envelope};

/// Pause before the store is asked again after it failed.
const STORE_PAUSE: Duration = Duration::from_millis(250);

/// How often the store is asked while stopping; the broker delivers again what is not settled then.
const LAST_TRIES: u32 = 20;

/// Handles one queue until stopped; then finishes what is in hand.
pub(crate) async fn run<C: Consumer>(
    bus: &Arc<Inner>,
    link: &Link,
    consumer: C,
    concurrency: usize,
    stop: &CancellationToken,
) {
    let consumer = Arc::new(consumer);
    let mut at_work = JoinSet::new();
    let mut failed = 0;
    while let Some(line) = stop.run_until_cancelled(link.open()).await {
        let work = Work { bus, consumer: &consumer, concurrency, stop };
        if let Err(error) = work.consume_on(&line, &mut at_work, &mut failed).await {
            failed += 1;
            let queue = C::Message::NAME;
            tracing::warn!(queue, %error, "consuming pauses; the broker keeps the messages");
            let pause = bus.with_dice(|dice| backoff::before_reconnect(failed, bus.options.reconnect, dice));
            stop.run_until_cancelled(tokio::time::sleep(pause)).await;
        }
    }
    while at_work.join_next().await.is_some() {}
}

/// One consumer's work.
struct Work<'a, C> {
    bus: &'a Arc<Inner>,
    consumer: &'a Arc<C>,
    concurrency: usize,
    stop: &'a CancellationToken,
}

impl<C: Consumer> Work<'_, C> {
    async fn consume_on(
        &self,
        line: &Line,
        at_work: &mut JoinSet<()>,
        failed: &mut u32,
    ) -> Result<(), Trouble> {
        let queue = C::Message::NAME;
        line.forget_queue(queue);
        line.ensure_queue(queue).await?;
        let mut subscription = Subscription::begin(line, line.names.queue(queue), self.concurrency).await?;
        let portions = Portions::of::<C>(self.concurrency);
        *failed = 0;
        loop {
            let idle = at_work.is_empty();
            tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                Some(_) = at_work.join_next() => {}
                delivery = subscription.next(idle), if at_work.len() < portions.tasks => {
                    let mut portion = vec![delivery?];
                    // Whatever has come already is handled with it.
                    while portion.len() < portions.together
                        && let Some(next) = subscription.next_now()
                    {
                        portion.push(next);
                    }
                    self.spawn(at_work, portion);
                }
            }
        }
        subscription.cancel().await?;
        while at_work.join_next().await.is_some() {}
        subscription.close().await
    }

    fn spawn(&self, at_work: &mut JoinSet<()>, portion: Vec<Delivery>) {
        let (bus, consumer, stop) = (self.bus.clone(), self.consumer.clone(), self.stop.clone());
        at_work.spawn(async move {
            let sealed: Vec<Sealed<'_>> =
                portion.iter().map(|d| Sealed { json: &d.data, attempt: None }).collect();
            let settlements = handle::handle(&bus, &consumer, &sealed).await;
            for (delivery, settlement) in portion.iter().zip(settlements) {
                settle(&bus, C::Message::NAME, delivery, settlement, &stop).await;
            }
        });
    }
}

/// Makes durable what follows from a message, then acknowledges it.
pub(super) async fn settle(
    bus: &Inner,
    queue: &str,
    delivery: &Delivery,
    settlement: Settlement,
    stop: &CancellationToken,
) {
    let json = String::from_utf8_lossy(&delivery.data).into_owned();
    let mut last_tries = 0;
    // On a lost channel nothing can be acknowledged: the broker delivers the message again.
    while delivery.acker.usable() && last_tries < LAST_TRIES {
        match write(bus, queue, &json, &settlement).await {
            Ok(()) => return answer(bus, delivery, true).await,
            Err(error) if error.is_passing() => {
                tracing::warn!(queue, %error, "what became of a message waits for the store");
                last_tries += u32::from(stop.is_cancelled());
                tokio::time::sleep(STORE_PAUSE).await;
            }
            Err(error) => {
                tracing::error!(queue, %error, "what became of a message cannot be written; it is delivered again");
                tokio::time::sleep(STORE_PAUSE).await;
                return answer(bus, delivery, false).await;
            }
        }
    }
}

/// Acknowledges a message, or has it delivered again.
async fn answer(bus: &Inner, delivery: &Delivery, done: bool) {
    let again = BasicNackOptions { requeue: true, ..Default::default() };
    let answered = async {
        if done { delivery.ack(BasicAckOptions::default()).await } else { delivery.nack(again).await }
    };
    if !matches!(tokio::time::timeout(bus.options.broker_timeout, answered).await, Ok(Ok(true))) {
        tracing::debug!("a message could not be acknowledged; it is delivered again");
    }
}

async fn write(bus: &Inner, queue: &str, json: &str, settlement: &Settlement) -> Result<(), StoreError> {
    let (clock, queue, json) = (bus.clock.clone(), queue.to_owned(), json.to_owned());
    match settlement.clone() {
        Settlement::Done => Ok(()),
        Settlement::PutOff { attempt, pause } => {
            // Not the envelope's id: the row that brought the message may not have been removed yet.
            let (id, not_before) = (clock.new_id(), clock.now().plus(pause));
            let row = outbox_row(id, &queue, envelope::with_attempt(&json, 0), attempt, not_before);
            bus.store.write(move |tx: &mut Tx<'_>| outbox::insert(tx, std::slice::from_ref(&row))).await
        }
        Settlement::Park { reason } => {
            bus.store.write(move |tx: &mut Tx<'_>| park(tx, &clock, &queue, &json, &reason)).await
        }
    }
}
