//! What exists on the broker. Everything is declared again on every connection, and declaring is idempotent.
//!
//! All arguments are explicit, so that RabbitMQ 3.10 (no delivery limit by default) and 4 (20, after which a message
//! without a dead-letter exchange is dropped) behave the same.

use std::time::Duration;

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ErrorKind, ExchangeKind};

use super::connection::{Line, Trouble};
use crate::Options;

/// The dead-letter queue is never given up by the broker: nothing would be behind it.
pub(crate) const DEAD_DELIVERY_LIMIT: u32 = 1_000_000;

/// RabbitMQ writes down within half a second that a quorum queue exists. Killed before that (seen with 3.10), it comes
/// back with a queue that never answers; so nothing is published to a new queue before that is over.
const NEW_QUEUE_REST: Duration = Duration::from_secs(1);

/// What things are called on the broker, and the options that their arguments depend on.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    prefix: String,
    delivery_limit: u32,
    topic_length: usize,
}

impl Names {
    pub(crate) fn new(options: &Options) -> Self {
        let Options { prefix, delivery_limit, topic_length, .. } = options.clone();
        Self { prefix, delivery_limit, topic_length }
    }

    pub(crate) fn queue(&self, queue: &str) -> String {
        format!("{}.{queue}", self.prefix)
    }

    /// The queue that a name on the broker stands for.
    pub(crate) fn queue_of<'n>(&self, name: &'n str) -> &'n str {
        name.strip_prefix(self.prefix.as_str()).and_then(|rest| rest.strip_prefix('.')).unwrap_or(name)
    }

    /// The dead-letter exchange, and its one queue.
    pub(crate) fn dead(&self) -> String {
        format!("{}.dead", self.prefix)
    }

    pub(crate) fn topic(&self, topic: &str) -> String {
        format!("{}.topic.{topic}", self.prefix)
    }
}

impl Line {
    /// Declares a queue, with the dead-letter queue behind it, unless that was done on this connection.
    pub(crate) async fn ensure_queue(&self, queue: &str) -> Result<(), Trouble> {
        let name = self.names.queue(queue);
        let _alone = self.declaring.lock().await;
        if self.declared().contains(&name) {
            return Ok(());
        }
        self.make_dead().await?;
        let exists = self.depth(&name).await?.is_some();
        let channel = self.channel().await?;
        self.declare_queue(&channel, &name, queue_arguments(&self.names)).await?;
        if !exists {
            tracing::info!(queue = name, "a queue was made");
            tokio::time::sleep(NEW_QUEUE_REST).await;
        }
        self.declared().insert(name);
        Ok(())
    }

    /// How many messages are ready in a queue, where there is such a queue. The name is the broker's.
    pub(crate) async fn depth(&self, name: &str) -> Result<Option<u32>, Trouble> {
        let channel = self.channel().await?;
        let passive = QueueDeclareOptions { passive: true, ..Default::default() };
        match self.ask(channel.queue_declare(name.into(), passive, FieldTable::default())).await {
            Err(Trouble::Broker(error)) if said(&error, AMQPSoftError::NOTFOUND) => Ok(None),
            result => result.map(|queue| Some(queue.message_count())),
        }
    }

    /// Has a queue declared again the next time.
    pub(crate) fn forget_queue(&self, queue: &str) {
        let mut declared = self.declared();
        declared.remove(&self.names.queue(queue));
        declared.remove(&self.names.dead());
    }

    /// Declares the dead-letter exchange and its queue, whatever was done on this connection.
    pub(crate) async fn declare_dead(&self) -> Result<(), Trouble> {
        let _alone = self.declaring.lock().await;
        self.declared().remove(&self.names.dead());
        self.make_dead().await
    }

    async fn make_dead(&self) -> Result<(), Trouble> {
        let name = self.names.dead();
        if self.declared().contains(&name) {
            return Ok(());
        }
        let channel = self.channel().await?;
        self.declare_fanout(&channel, &name).await?;
        self.declare_queue(&channel, &name, dead_arguments()).await?;
        let channel = self.channel().await?;
        let bind = channel.queue_bind(
            name.as_str().into(),
            name.as_str().into(),
            "".into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        );
        self.ask(bind).await?;
        self.declared().insert(name);
        Ok(())
    }

    /// Declares the exchange of a topic.
    pub(crate) async fn declare_topic(&self, channel: &Channel, topic: &str) -> Result<(), Trouble> {
        self.declare_fanout(channel, &self.names.topic(topic)).await
    }

    /// Declares this process's own queue of a topic, binds it, and says what it is called.
    pub(crate) async fn declare_listener(&self, channel: &Channel, topic: &str) -> Result<String, Trouble> {
        let own = QueueDeclareOptions { exclusive: true, auto_delete: true, ..Default::default() };
        let queue = self.ask(channel.queue_declare("".into(), own, listener_arguments(&self.names))).await?;
        let exchange = self.names.topic(topic);
        let bind = channel.queue_bind(
            queue.name().clone(),
            exchange.into(),
            "".into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        );
        self.ask(bind).await?;
        Ok(queue.name().as_str().to_owned())
    }

    async fn declare_fanout(&self, channel: &Channel, name: &str) -> Result<(), Trouble> {
        let durable = ExchangeDeclareOptions { durable: true, ..Default::default() };
        let declare =
            channel.exchange_declare(name.into(), ExchangeKind::Fanout, durable, FieldTable::default());
        self.ask(declare).await
    }

    /// A queue that exists with other arguments is used as it is: whoever made it so has a reason, and messages get
    /// through. The channel is closed by the broker then.
    async fn declare_queue(
        &self,
        channel: &Channel,
        name: &str,
        arguments: FieldTable,
    ) -> Result<(), Trouble> {
        let durable = QueueDeclareOptions { durable: true, ..Default::default() };
        match self.ask(channel.queue_declare(name.into(), durable, arguments)).await {
            Err(Trouble::Broker(error)) if said(&error, AMQPSoftError::PRECONDITIONFAILED) => {
                tracing::error!(queue = name, %error, "a queue exists with other arguments; it is used as it is");
                Ok(())
            }
            result => result.map(|_| ()),
        }
    }
}

/// Whether the broker refused with this word.
fn said(error: &lapin::Error, word: AMQPSoftError) -> bool {
    matches!(error.kind(), ErrorKind::ProtocolError(said) if *said.kind() == AMQPErrorKind::Soft(word))
}

fn queue_arguments(names: &Names) -> FieldTable {
    table([
        ("x-queue-type", text("quorum")),
        ("x-delivery-limit", number(names.delivery_limit)),
        ("x-dead-letter-exchange", text(&names.dead())),
        ("x-dead-letter-strategy", text("at-least-once")),
        ("x-overflow", text("reject-publish")),
    ])
}

fn dead_arguments() -> FieldTable {
    table([
        ("x-queue-type", text("quorum")),
        ("x-delivery-limit", number(DEAD_DELIVERY_LIMIT)),
        ("x-overflow", text("reject-publish")),
    ])
}

fn listener_arguments(names: &Names) -> FieldTable {
    let length = u32::try_from(names.topic_length.max(1)).unwrap_or(u32::MAX);
    table([("x-max-length", number(length)), ("x-overflow", text("drop-head"))])
}

fn table<const N: usize>(arguments: [(&str, AMQPValue); N]) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, value) in arguments {
        table.insert(name.into(), value);
    }
    table
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

fn number(value: u32) -> AMQPValue {
    AMQPValue::LongLongInt(value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_the_prefix_and_lead_back_to_the_queue() {
        let names = Names::new(&Options { prefix: "sea.one".into(), ..Options::default() });
        assert_eq!(names.queue("mo.stored"), "sea.one.mo.stored");
        assert_eq!(names.queue_of("sea.one.mo.stored"), "mo.stored");
        assert_eq!(names.queue_of("other.mo.stored"), "other.mo.stored");
        assert_eq!(names.dead(), "sea.one.dead");
        assert_eq!(names.topic("live"), "sea.one.topic.live");
    }
}
