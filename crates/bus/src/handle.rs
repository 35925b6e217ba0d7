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

    /// Does the work; says `Done` once its effects are durable. A panic counts as a failed try.
    fn handle(&self, delivery: Delivery<Self::Message>) -> impl Future<Output = Verdict> + Send;
}

/// Has a message handled and says what becomes of it. `attempt`: how often it was tried before, where the transport
/// knows better than the envelope.
pub(crate) async fn handle<C: Consumer>(
    bus: &Inner,
    consumer: &Arc<C>,
    json: &[u8],
    attempt: Option<u32>,
) -> Settlement {
    let queue = C::Message::NAME;
    let settlement = match envelope::open::<C::Message>(json) {
        Err(reason) => Settlement::Park { reason },
        Ok((message, mut envelope)) => {
            envelope.attempt = attempt.unwrap_or(envelope.attempt);
            let (id, failed) = (envelope.id, envelope.attempt);
            let verdict = ask(consumer, Delivery { message, envelope }).await;
            if let Verdict::Retry { reason } | Verdict::GiveUp { reason } = &verdict {
                tracing::warn!(queue, %id, attempt = failed, reason, "a message was not handled");
            }
            bus.with_dice(|dice| verdict::settle(verdict, failed, bus.options.attempts, dice))
        }
    };
    metrics::counter!("fairlead_bus_handled_total", "queue" => queue, "verdict" => settlement.word())
        .increment(1);
    settlement
}

async fn ask<C: Consumer>(consumer: &Arc<C>, delivery: Delivery<C::Message>) -> Verdict {
    let handled = AssertUnwindSafe(async { consumer.handle(delivery).await }).catch_unwind().await;
    handled.unwrap_or_else(|panic| Verdict::Retry {
        reason: format!("the handler panicked: {}", words(&*panic)),
    })
}

/// What a panic said.
fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word")
}
