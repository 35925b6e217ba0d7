//! Passing news over the broker: a fanout exchange for each topic, a short-lived queue for each process that listens.

use std::collections::HashSet;
use std::sync::Arc;

use fairlead_model::queue::TopicMessage;
use futures_util::StreamExt;
use lapin::options::{BasicConsumeOptions, BasicPublishOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;

use super::connection::{Line, Link, Trouble};
use crate::topic::Passing;
use crate::{Options, backoff};

/// News that wait to be told; what comes on top is lost.
const WAITING: usize = 4_096;

/// Tells news without ever making anybody wait.
pub(crate) struct Teller(mpsc::Sender<(&'static str, Vec<u8>)>);

impl Teller {
    pub(crate) fn start(link: Link, closing: CancellationToken) -> Self {
        let (teller, news) = mpsc::channel(WAITING);
        tokio::spawn(async move { closing.run_until_cancelled(tell_all(link, news)).await });
        Self(teller)
    }

    pub(crate) fn tell<T: TopicMessage>(&self, message: &T) {
        let told = serde_json::to_vec(message).ok().and_then(|body| self.0.try_send((T::NAME, body)).ok());
        if told.is_none() {
            count(T::NAME, "lost");
        }
    }
}

fn count(topic: &'static str, fate: &'static str) {
    metrics::counter!("fairlead_bus_news_total", "topic" => topic, "fate" => fate).increment(1);
}

/// A channel with the topics that were declared on it.
struct Mouth {
    line: Arc<Line>,
    channel: Channel,
    declared: HashSet<&'static str>,
}

async fn tell_all(link: Link, mut news: mpsc::Receiver<(&'static str, Vec<u8>)>) {
    let mut mouth = None;
    while let Some((topic, body)) = news.recv().await {
        let fate = match tell(&link, &mut mouth, topic, &body).await {
            Ok(true) => "told",
            Ok(false) => "lost",
            Err(error) => {
                tracing::debug!(topic, %error, "news was lost");
                mouth = None;
                "lost"
            }
        };
        count(topic, fate);
    }
}

/// Tells one piece of news, where there is a connection now.
async fn tell(
    link: &Link,
    mouth: &mut Option<Mouth>,
    topic: &'static str,
    body: &[u8],
) -> Result<bool, Trouble> {
    let Some(line) = link.open_now() else { return Ok(false) };
    let mouth = match mouth.take().filter(|mouth| Arc::ptr_eq(&mouth.line, &line)) {
        Some(same) => mouth.insert(same),
        None => {
            let channel = line.channel().await?;
            mouth.insert(Mouth { line: line.clone(), channel, declared: HashSet::new() })
        }
    };
    if !mouth.declared.contains(topic) {
        line.declare_topic(&mouth.channel, topic).await?;
        mouth.declared.insert(topic);
    }
    let properties = BasicProperties::default().with_content_type("application/json".into());
    let exchange = line.names.topic(topic);
    let publish = mouth.channel.basic_publish(
        exchange.into(),
        "".into(),
        BasicPublishOptions::default(),
        body,
        properties,
    );
    line.ask(publish).await?;
    Ok(true)
}

/// Brings a topic into this process until `closing`. After each connection the listeners are told that they missed
/// something.
pub(crate) async fn listen<T: TopicMessage>(
    link: Link,
    options: Options,
    heard: broadcast::Sender<Passing<T>>,
    closing: CancellationToken,
) {
    let mut dice = options.seed.map_or_else(StdRng::from_os_rng, StdRng::seed_from_u64);
    let mut failed = 0;
    while let Some(line) = closing.run_until_cancelled(link.open()).await {
        let Some(ended) = closing.run_until_cancelled(listen_on(&line, &heard, &mut failed)).await else {
            return;
        };
        if let Err(error) = ended {
            tracing::debug!(topic = T::NAME, %error, "a topic is not heard for now");
        }
        failed += 1;
        let pause = backoff::before_reconnect(failed, options.reconnect, &mut dice);
        closing.run_until_cancelled(tokio::time::sleep(pause)).await;
    }
}

async fn listen_on<T: TopicMessage>(
    line: &Line,
    heard: &broadcast::Sender<Passing<T>>,
    failed: &mut u32,
) -> Result<(), Trouble> {
    let channel = line.channel().await?;
    line.declare_topic(&channel, T::NAME).await?;
    let queue = line.declare_listener(&channel, T::NAME).await?;
    let unacknowledged = BasicConsumeOptions { no_ack: true, exclusive: true, ..Default::default() };
    let consume = channel.basic_consume(queue.into(), "".into(), unacknowledged, FieldTable::default());
    let mut news = line.ask(consume).await?;
    *failed = 0;
    let _ = heard.send(Passing::Missed);
    while let Some(delivery) = news.next().await {
        match serde_json::from_slice::<T>(&delivery?.data) {
            Ok(message) => drop(heard.send(Passing::Message(Arc::new(message)))),
            Err(error) => {
                tracing::debug!(topic = T::NAME, %error, "news of another version was not understood")
            }
        }
    }
    Err(Trouble::Ended)
}
