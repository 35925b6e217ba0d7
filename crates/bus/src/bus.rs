//! The bus of one process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use fairlead_model::Clock;
use fairlead_model::queue::TopicMessage;
use fairlead_store::Store;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio_util::sync::CancellationToken;

use crate::backlog::Backlog;
use crate::topic::{Passing, Subscription, Topics};
use crate::{BusUrl, Consumer, Options, amqp, local};

/// The bus of one process. Cheap to clone.
#[derive(Clone)]
pub struct Bus {
    inner: Arc<Inner>,
    transport: Arc<Transport>,
}

/// What both transports need.
pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) options: Options,
    pub(crate) topics: Topics,
    pub(crate) backlog: Backlog,
    dice: Mutex<StdRng>,
}

enum Transport {
    Local(local::Queues),
    Amqp(amqp::Broker),
}

/// Whether messages get through, for readiness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusState {
    /// `local` or `rabbitmq`.
    pub kind: &'static str,
    /// Whether messages get through now.
    pub reachable: bool,
    /// Why not, in a sentence.
    pub reason: Option<String>,
}

impl Inner {
    pub(crate) fn with_dice<T>(&self, throw: impl FnOnce(&mut StdRng) -> T) -> T {
        throw(&mut self.dice.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Bus {
    /// Opens the bus. A broker need not be up: it is connected to, and connected to again, in the background. Over
    /// a broker this must be called inside a tokio runtime.
    pub fn open(url: BusUrl, store: Store, clock: Clock, options: Options) -> Self {
        let dice = Mutex::new(options.seed.map_or_else(StdRng::from_os_rng, StdRng::seed_from_u64));
        let (topics, backlog) = (Topics::default(), Backlog::default());
        let inner = Arc::new(Inner { store, clock, options, topics, backlog, dice });
        let transport = match url {
            BusUrl::Local => Transport::Local(local::Queues::default()),
            BusUrl::Amqp(url) => Transport::Amqp(amqp::Broker::start(&url, &inner)),
        };
        Self { inner, transport: Arc::new(transport) }
    }

    /// Handles the messages of one queue, up to `concurrency` at a time, until stopped; then takes no more, finishes
    /// what is in hand, and returns. Dropped in between, it loses nothing: what was in hand is handled again.
    pub async fn consume<C: Consumer>(&self, consumer: C, concurrency: usize, stop: CancellationToken) {
        match &*self.transport {
            Transport::Local(queues) => {
                local::consume(&self.inner, queues, consumer, concurrency, stop).await
            }
            Transport::Amqp(broker) => broker.consume(&self.inner, consumer, concurrency, stop).await,
        }
    }

    /// Brings the outbox to the broker until stopped: every process over a broker runs this. Without a broker there
    /// is nothing to do, and it returns at once.
    pub async fn run_publisher(&self, stop: CancellationToken) {
        if let Transport::Amqp(broker) = &*self.transport {
            broker.run_publisher(&self.inner, stop).await;
        }
    }

    /// Makes problems of the messages that the broker gave up, until stopped; one process of the system runs this.
    /// Without a broker there is nothing to do, and it returns at once.
    pub async fn run_dead_letters(&self, stop: CancellationToken) {
        if let Transport::Amqp(broker) = &*self.transport {
            broker.run_dead_letters(&self.inner, stop).await;
        }
    }

    /// Tells everyone who listens. Never waits; what cannot be told is lost.
    pub fn publish<T: TopicMessage>(&self, message: &T) {
        match &*self.transport {
            Transport::Local(_) => {
                if let Some(channel) = self.inner.topics.channel::<T>() {
                    let _ = channel.send(Passing::Message(Arc::new(message.clone())));
                }
            }
            Transport::Amqp(broker) => broker.publish(message),
        }
    }

    /// Listens to a topic from now on. Over a broker the listener hears [`crate::News::Missed`] each time that the
    /// connection has been made, the first time included: that is the moment for a snapshot.
    pub fn subscribe<T: TopicMessage>(&self) -> Subscription<T> {
        let (subscription, first) = Subscription::new(&self.inner);
        if let (Transport::Amqp(broker), Some(channel)) = (&*self.transport, first) {
            broker.listen(&self.inner, channel);
        }
        subscription
    }

    /// How many messages wait on the broker in each of these queues, those in a consumer's hand left out. Nothing of a
    /// queue that the broker does not have, or does not speak of within a second; nothing at all without a broker.
    pub async fn depths(&self, queues: &[&str]) -> BTreeMap<String, u32> {
        match &*self.transport {
            Transport::Local(_) => BTreeMap::new(),
            Transport::Amqp(broker) => broker.depths(queues).await,
        }
    }

    /// What the names of its exchanges and queues on a broker begin with.
    pub fn prefix(&self) -> &str {
        &self.inner.options.prefix
    }

    /// Whether messages get through.
    pub fn state(&self) -> BusState {
        match &*self.transport {
            Transport::Local(_) => BusState { kind: "local", reachable: true, reason: None },
            Transport::Amqp(broker) => broker.state(),
        }
    }
}
