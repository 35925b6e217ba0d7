//! An MQTT subscriber: somebody who notes what is published to them, and what the broker had kept.
//!
//! `GET /` shows it, `GET /simulator/heard` tells it as JSON.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use fairlead_model::{Clock, Time};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, Publish, QoS};
use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::http::{Connection, Reply};
use crate::receiver::page::{escaped, plain};

/// Most publications that are kept.
const KEPT: usize = 500;
/// Publications on the page.
const SHOWN: usize = 50;
/// Before the broker is dialled again.
const PAUSE: Duration = Duration::from_millis(500);
/// Largest packet that is read, in bytes.
const LARGEST: usize = 1_024 * 1_024;
/// Where a broker listens that says nothing else.
const PORT: u16 = 1883;

/// One publication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Publication {
    /// When it came.
    pub at: Time,
    /// Its topic.
    pub topic: String,
    /// Its payload as text.
    pub payload: String,
    /// Its quality of service: 0, 1 or 2.
    pub qos: u8,
    /// Whether the broker had kept it from before.
    pub retained: bool,
}

/// A subscriber at work. Clones are the same one; it ends with the last of them.
#[derive(Clone, Debug)]
pub struct Subscriber {
    heard: Arc<Mutex<Books>>,
    _ends_with_the_last: Arc<DropGuard>,
}

#[derive(Debug, Default)]
struct Books {
    count: u64,
    /// How often the broker has confirmed the subscription: once for each connection.
    subscribed: u64,
    newest: VecDeque<Publication>,
}

impl Subscriber {
    /// Subscribes to a filter such as `fairlead/#` at a broker, as `mqtt://127.0.0.1:1883`, and stays.
    ///
    /// # Errors
    /// Where `url` is no address of a broker without TLS.
    pub fn start(url: &str, filter: &str, clock: Clock) -> Result<Self> {
        let address: url::Url = url.parse().with_context(|| format!("`{url}` is no address"))?;
        anyhow::ensure!(address.scheme() == "mqtt", "`{url}` does not begin with mqtt://");
        let host = address.host_str().with_context(|| format!("`{url}` names no host"))?;
        // Two subscribers of one name would take the connection from each other.
        let name = format!("fairlead-simulator-{}", clock.new_id().simple());
        let mut options = MqttOptions::new(name, host, address.port().unwrap_or(PORT));
        options.set_max_packet_size(LARGEST, LARGEST);
        if !address.username().is_empty() {
            options.set_credentials(address.username(), address.password().unwrap_or_default());
        }
        let heard = Arc::new(Mutex::new(Books::default()));
        let stop = CancellationToken::new();
        tokio::spawn(listen(options, filter.to_owned(), clock, heard.clone(), stop.clone()));
        Ok(Self { heard, _ends_with_the_last: Arc::new(stop.drop_guard()) })
    }

    /// Whether the broker has confirmed the subscription.
    pub fn is_subscribed(&self) -> bool {
        books(&self.heard).subscribed > 0
    }

    /// How many publications came.
    pub fn count(&self) -> u64 {
        books(&self.heard).count
    }

    /// The newest publications, oldest first.
    pub fn heard(&self) -> Vec<Publication> {
        books(&self.heard).newest.iter().cloned().collect()
    }

    /// Shows what was heard at `address`, as long as this runs. Returns the page's address.
    ///
    /// # Errors
    /// Where it is impossible to listen there.
    pub async fn show(&self, address: &str) -> Result<String> {
        let listener =
            TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
        let page = format!("http://{}/", listener.local_addr()?);
        let heard = Arc::downgrade(&self.heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Some(heard) = heard.upgrade() else { return };
                tokio::spawn(async move { answer(stream, &heard).await });
            }
        });
        Ok(page)
    }
}

async fn listen(
    options: MqttOptions,
    filter: String,
    clock: Clock,
    heard: Arc<Mutex<Books>>,
    stop: CancellationToken,
) {
    let (client, mut events) = AsyncClient::new(options, 8);
    while let Some(event) = stop.run_until_cancelled(events.poll()).await {
        match event {
            // The queue of requests has room: there is one a connection.
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                if let Err(error) = client.try_subscribe(filter.clone(), QoS::ExactlyOnce) {
                    tracing::warn!(%error, "nothing is subscribed to");
                }
            }
            Ok(Event::Incoming(Packet::SubAck(_))) => books(&heard).subscribed += 1,
            Ok(Event::Incoming(Packet::Publish(publish))) => books(&heard).note(publish, clock.now()),
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "the broker is dialled again");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn answer(stream: TcpStream, heard: &Mutex<Books>) {
    let mut connection = Connection::new(stream);
    while let Ok(Some(request)) = connection.receive().await {
        let reply = match (request.method.as_str(), request.path()) {
            ("GET", "/") => Reply::html("200 OK", &page(&books(heard))),
            ("GET", "/simulator/heard") => {
                let books = books(heard);
                Reply::json(&Told { count: books.count, heard: books.newest.iter().collect() })
            }
            _ => Reply::text("404 Not Found", ""),
        };
        if connection.send(&reply.encode(request.keep_alive)).await.is_err() || !request.keep_alive {
            return;
        }
    }
}

fn page(books: &Books) -> String {
    let mut rows = String::new();
    for Publication { at, topic, payload, qos, retained } in books.newest.iter().rev().take(SHOWN) {
        let kept = if *retained { ", kept by the broker" } else { "" };
        // A String takes whatever is written to it.
        let _ = write!(
            rows,
            "<tr><td>{at}<td>{}<td>QoS {qos}{kept}<td><code>{}</code>",
            escaped(topic),
            escaped(payload)
        );
    }
    let body = format!(
        "<p>{} publications heard.</p><table><tr><th>time<th>topic<th>how<th>payload{rows}</table>",
        books.count
    );
    plain("MQTT subscriber", &body)
}

impl Books {
    fn note(&mut self, publish: Publish, at: Time) {
        self.count += 1;
        if self.newest.len() >= KEPT {
            self.newest.pop_front();
        }
        self.newest.push_back(Publication {
            at,
            topic: publish.topic,
            payload: String::from_utf8_lossy(&publish.payload).into_owned(),
            qos: publish.qos as u8,
            retained: publish.retain,
        });
    }
}

fn books(heard: &Mutex<Books>) -> MutexGuard<'_, Books> {
    // Every change is whole before the lock is released, a panicking thread or not.
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What `GET /simulator/heard` tells.
#[derive(Serialize)]
struct Told<'a> {
    count: u64,
    heard: Vec<&'a Publication>,
}
