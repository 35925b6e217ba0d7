//! A queue that is consumed.
//!
//! RabbitMQ (seen with 3.10) does not always tell a consumer that its quorum queue was deleted while it subscribed. It
//! would wait for ever then, beside a queue of the same name that has been made again and fills up; so who hears nothing
//! for a while looks at the queue.

use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use lapin::Channel;
use lapin::message::Delivery;
use lapin::options::{BasicCancelOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;

use super::connection::{Line, Trouble};

/// How long nothing comes before the queue is looked at.
const LOOK: Duration = Duration::from_secs(5);

/// One consumer of one queue, on a channel of its own.
pub(super) struct Subscription<'l> {
    line: &'l Line,
    channel: Channel,
    queue: String,
    deliveries: lapin::Consumer,
    /// At the last look messages were ready, and none has come since.
    passed_over: bool,
}

impl<'l> Subscription<'l> {
    /// Starts to consume a queue (as the broker calls it), with at most `ahead` messages unacknowledged.
    pub(super) async fn begin(line: &'l Line, queue: String, ahead: usize) -> Result<Self, Trouble> {
        let channel = line.channel().await?;
        let ahead = u16::try_from(ahead).unwrap_or(u16::MAX);
        line.ask(channel.basic_qos(ahead, BasicQosOptions::default())).await?;
        let (name, options) = (queue.as_str().into(), BasicConsumeOptions::default());
        let consume = channel.basic_consume(name, "".into(), options, FieldTable::default());
        let deliveries = line.ask(consume).await?;
        Ok(Self { line, channel, queue, deliveries, passed_over: false })
    }

    /// The next message. Where `idle` says that none is unacknowledged, the queue is looked at while nothing comes.
    /// Nothing is lost where this is dropped before it is done.
    pub(super) async fn next(&mut self, idle: bool) -> Result<Delivery, Trouble> {
        let patience = if idle { LOOK } else { Duration::MAX };
        loop {
            match tokio::time::timeout(patience, self.deliveries.next()).await {
                Ok(delivery) => {
                    self.passed_over = false;
                    return Ok(delivery.ok_or(Trouble::Ended)??);
                }
                Err(_) => self.look().await?,
            }
        }
    }

    /// A message that has come already.
    pub(super) fn next_now(&mut self) -> Option<Delivery> {
        // The end of the stream shows again at the next wait.
        self.deliveries.next().now_or_never()??.ok()
    }

    /// Whether it can be believed that nothing comes. One look at messages that are ready is none yet: they may be on
    /// their way.
    async fn look(&mut self) -> Result<(), Trouble> {
        let ready = self.line.depth(&self.queue).await?;
        if ready.is_none() || (self.passed_over && ready > Some(0)) {
            return Err(Trouble::PassedOver);
        }
        self.passed_over = ready > Some(0);
        Ok(())
    }

    /// No more messages are wanted; those that came can still be settled.
    pub(super) async fn cancel(&self) -> Result<(), Trouble> {
        self.line.ask(self.channel.basic_cancel(self.deliveries.tag(), BasicCancelOptions::default())).await
    }

    pub(super) async fn close(self) -> Result<(), Trouble> {
        self.line.ask(self.channel.close(200, "stopped".into())).await
    }
}
