//! The bus over RabbitMQ.
//!
//! Two connections, each kept up by a supervisor: one only publishes, one only consumes. A broker short of memory
//! stops reading from connections that publish, so acknowledgements must not travel on the same one.

mod connection;
mod consumer;
mod dead_letters;
mod publisher;
mod subscription;
mod topics;
mod topology;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fairlead_model::queue::TopicMessage;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::bus::Inner;
use crate::topic::Passing;
use crate::{AmqpUrl, BusState, Consumer};
use connection::Link;
pub(crate) use connection::{Socket, dial, hang_up};
use topics::Teller;
pub(crate) use topology::DEAD_DELIVERY_LIMIT;

/// How long the broker may take to say how much waits in its queues.
const DEPTHS: Duration = Duration::from_secs(1);

/// One process's side of the broker.
pub(crate) struct Broker {
    publishing: Link,
    consuming: Link,
    teller: Teller,
    closing: CancellationToken,
}

impl Broker {
    /// Starts connecting in the background, until this is dropped.
    pub(crate) fn start(url: &AmqpUrl, bus: &Arc<Inner>) -> Self {
        let closing = CancellationToken::new();
        let publishing = Link::keep_up(url, "publishing", &bus.options, &closing);
        let consuming = Link::keep_up(url, "consuming", &bus.options, &closing);
        let teller = Teller::start(publishing.clone(), closing.clone());
        Self { publishing, consuming, teller, closing }
    }

    pub(crate) async fn consume<C: Consumer>(
        &self,
        bus: &Arc<Inner>,
        consumer: C,
        concurrency: usize,
        stop: CancellationToken,
    ) {
        consumer::run(bus, &self.consuming, consumer, concurrency.max(1), &stop).await;
    }

    pub(crate) async fn run_publisher(&self, bus: &Arc<Inner>, stop: CancellationToken) {
        publisher::run(bus, &self.publishing, &stop).await;
    }

    pub(crate) async fn run_dead_letters(&self, bus: &Arc<Inner>, stop: CancellationToken) {
        dead_letters::run(bus, &self.consuming, &stop).await;
    }

    pub(crate) fn publish<T: TopicMessage>(&self, message: &T) {
        self.teller.tell(message);
    }

    /// Brings a topic into this process.
    pub(crate) fn listen<T: TopicMessage>(&self, bus: &Inner, heard: broadcast::Sender<Passing<T>>) {
        tokio::spawn(topics::listen(
            self.consuming.clone(),
            bus.options.clone(),
            heard,
            self.closing.clone(),
        ));
    }

    /// How many messages are ready in these queues; those that the broker does not speak of in time are left out.
    pub(crate) async fn depths(&self, queues: &[&str]) -> BTreeMap<String, u32> {
        let mut depths = BTreeMap::new();
        let Some(line) = self.consuming.open_now() else { return depths };
        let ask = async {
            for queue in queues {
                match line.depth(&line.names.queue(queue)).await {
                    Ok(Some(depth)) => drop(depths.insert((*queue).to_owned(), depth)),
                    Ok(None) => {}
                    Err(error) => tracing::debug!(%error, queue, "the broker does not say how much waits"),
                }
            }
        };
        // Shorter than the bound on a question: a look is no reason to give a connection up.
        let _ = tokio::time::timeout(DEPTHS, ask).await;
        depths
    }

    pub(crate) fn state(&self) -> BusState {
        let reason = self.publishing.trouble().or_else(|| self.consuming.trouble());
        BusState { kind: "rabbitmq", reachable: reason.is_none(), reason }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}
