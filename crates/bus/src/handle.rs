//! Giving a message to its consumer: the same over either transport.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use fairlead_model::queue::QueueMessage;
use futures_util::FutureExt;

use crate::bus::Inner;
use crate::envelope::{self, Envelope};
use crate::verdict::{self, Settlement, Verdict};

/// A message with what its envelope says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery<M> {
    /// The message.
    pub message: M,
    /// What its envelope says.
    pub envelope: Envelope,
}

/// Does the work of one queue. It may be given the same message again: what it does is idempotent by natural keys.
pub trait Consumer: Send + Sync + 'static {
    /// The messages it understands, which name the queue.
    type Message: QueueMessage;

    /// Most messages that it is given together: 1 where it gains nothing by having several.
    const TOGETHER: usize = 1;

    /// Does the work; says `Done` once its effects are durable. A panic counts as a failed try.
    fn handle(&self, delivery: Delivery<Self::Message>) -> impl Future<Output = Verdict> + Send;

    /// Does the work of several messages, all of it or none; true once the effects of all are durable. Where it
    /// says false, or panics, each is handled by itself, so that one bad message costs the others nothing.
    fn handle_together(&self, deliveries: &[Delivery<Self::Message>]) -> impl Future<Output = bool> + Send {
        let _ = deliveries;
        std::future::ready(false)
    }
}

/// How a consumer's messages are given to it: up to `together` at a time, by so many tasks.
pub(crate) struct Portions {
    pub(crate) together: usize,
    pub(crate) tasks: usize,
}

impl Portions {
    /// Of a consumer that has up to `concurrency` messages in hand.
    pub(crate) fn of<C: Consumer>(concurrency: usize) -> Self {
        let together = C::TOGETHER.clamp(1, concurrency.max(1));
        Self { together, tasks: concurrency.div_ceil(together).max(1) }
    }
}

/// A message as the transport has it. `attempt`: how often it was tried before, where the transport knows better
/// than the envelope.
pub(crate) struct Sealed<'a> {
    pub(crate) json: &'a [u8],
    pub(crate) attempt: Option<u32>,
}

/// Has messages handled and says what becomes of each.
pub(crate) async fn handle<C: Consumer>(
    bus: &Inner,
    consumer: &Arc<C>,
    sealed: &[Sealed<'_>],
) -> Vec<Settlement> {
    let mut deliveries = Vec::with_capacity(sealed.len());
    let mut unread = Vec::new();
    for (place, message) in sealed.iter().enumerate() {
        match open::<C::Message>(message) {
            Ok(delivery) => deliveries.push(delivery),
            Err(reason) => unread.push((place, Settlement::Park { reason })),
        }
    }
    let mut settlements = if deliveries.len() > 1 && ask_together(consumer, &deliveries).await {
        vec![Settlement::Done; deliveries.len()]
    } else {
        let mut each = Vec::with_capacity(sealed.len());
        for delivery in deliveries {
            each.push(alone(bus, consumer, delivery).await);
        }
        each
    };
    for (place, settlement) in unread {
        // In rising order, so that each lands where its message stands.
        settlements.insert(place, settlement);
    }
    for settlement in &settlements {
        let (queue, verdict) = (C::Message::NAME, settlement.word());
        metrics::counter!("fairlead_bus_handled_total", "queue" => queue, "verdict" => verdict).increment(1);
    }
    settlements
}

fn open<M: QueueMessage>(sealed: &Sealed<'_>) -> Result<Delivery<M>, String> {
    let (message, mut envelope) = envelope::open::<M>(sealed.json)?;
    envelope.attempt = sealed.attempt.unwrap_or(envelope.attempt);
    Ok(Delivery { message, envelope })
}

async fn ask_together<C: Consumer>(consumer: &Arc<C>, deliveries: &[Delivery<C::Message>]) -> bool {
    let handled = AssertUnwindSafe(async { consumer.handle_together(deliveries).await }).catch_unwind();
    handled.await.unwrap_or(false)
}

async fn alone<C: Consumer>(bus: &Inner, consumer: &Arc<C>, delivery: Delivery<C::Message>) -> Settlement {
    let (id, failed) = (delivery.envelope.id, delivery.envelope.attempt);
    let handled = AssertUnwindSafe(async { consumer.handle(delivery).await }).catch_unwind().await;
    let verdict = handled.unwrap_or_else(|panic| Verdict::Retry {
        reason: format!("the handler panicked: {}", words(&*panic)),
    });
    if let Verdict::Retry { reason } | Verdict::GiveUp { reason } = &verdict {
        tracing::warn!(queue = C::Message::NAME, %id, attempt = failed, reason, "a message was not handled");
    }
    bus.with_dice(|dice| verdict::settle(verdict, failed, bus.options.attempts, dice))
}

/// What a panic said.
fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word")
}
