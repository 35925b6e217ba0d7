//! Passing news: to everyone who listens, lossy, never in the way of who tells it.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use fairlead_model::queue::TopicMessage;
use tokio::sync::broadcast;

use crate::bus::Inner;

/// What a listener hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News<T> {
    /// A message.
    Message(T),
    /// Some messages were missed (the listener was slow, or the broker was away): a new snapshot is needed.
    Missed,
}

/// Listens to a topic from the moment it was made.
pub struct Subscription<T> {
    heard: broadcast::Receiver<Passing<T>>,
    /// Keeps the topic going.
    _bus: Arc<Inner>,
}

/// What passes inside the process: read once, shared by all listeners.
pub(crate) enum Passing<T> {
    Message(Arc<T>),
    Missed,
}

impl<T> Clone for Passing<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Message(message) => Self::Message(message.clone()),
            Self::Missed => Self::Missed,
        }
    }
}

/// The topics that somebody in this process has listened to.
#[derive(Default)]
pub(crate) struct Topics(Mutex<HashMap<&'static str, Box<dyn Any + Send + Sync>>>);

impl Topics {
    /// The topic's channel in this process, if anybody has ever listened.
    pub(crate) fn channel<T: TopicMessage>(&self) -> Option<broadcast::Sender<Passing<T>>> {
        let topics = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        topics.get(T::NAME)?.downcast_ref().cloned()
    }

    /// The topic's channel in this process, and whether it was made just now.
    fn channel_or_new<T: TopicMessage>(&self, length: usize) -> (broadcast::Sender<Passing<T>>, bool) {
        let mut topics = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(channel) = topics.get(T::NAME).and_then(|any| any.downcast_ref::<broadcast::Sender<_>>())
        {
            return (channel.clone(), false);
        }
        let (channel, _) = broadcast::channel(length.max(1));
        topics.insert(T::NAME, Box::new(channel.clone()));
        (channel, true)
    }
}

impl<T: TopicMessage> Subscription<T> {
    /// The second of the pair is the topic's channel where this is the process's first listener.
    pub(crate) fn new(bus: &Arc<Inner>) -> (Self, Option<broadcast::Sender<Passing<T>>>) {
        let (channel, first) = bus.topics.channel_or_new(bus.options.topic_length);
        (Self { heard: channel.subscribe(), _bus: bus.clone() }, first.then_some(channel))
    }

    /// The next that is heard. Safe to be dropped and asked again.
    pub async fn next(&mut self) -> News<T> {
        match self.heard.recv().await {
            Ok(Passing::Message(message)) => News::Message(Arc::unwrap_or_clone(message)),
            Ok(Passing::Missed) | Err(broadcast::error::RecvError::Lagged(_)) => News::Missed,
            // The bus, which this keeps, keeps the channel.
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}
