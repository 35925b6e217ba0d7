//! Publishing to an exchange of somebody else's broker: what an endpoint of the kind `amqp` is given.
//!
//! Nothing of the bus's own goes this way. There is no outbox behind it: the caller keeps a message until the broker has
//! confirmed it, and publishes it again where it did not. A connection is made when something is to be published, kept,
//! and made again by the next publishing once it is lost.
//!
//! A channel carries one message at a time. lapin hands a returned (unroutable) message out with whichever confirmation
//! comes next, and a channel ends with the first exchange that is missing; so neither ever concerns another message.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fairlead_model::{Secret, Time};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};
use lapin::types::{AMQPValue, FieldTable, LongString};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, ErrorKind};

use crate::AmqpUrl;
use crate::amqp::{Socket, dial, hang_up};

/// Longest routing key, in bytes: a short string of AMQP.
const LONGEST_KEY: usize = 255;

/// A broker that is silent for twice this many seconds is given up.
const HEARTBEAT_S: u16 = 10;

const PERSISTENT: u8 = 2;

/// An exchange of a broker. Cheap to clone; clones share the connection.
#[derive(Clone)]
pub struct Exchange(Arc<Inner>);

struct Inner {
    url: AmqpUrl,
    exchange: String,
    mandatory: bool,
    limit: Duration,
    /// Held while a connection is being made, so that many messages make one.
    line: tokio::sync::Mutex<Option<Arc<Line>>>,
}

/// One connection while it lasts.
struct Line {
    connection: Connection,
    socket: Socket,
    /// Channels on which nothing is under way.
    idle: Mutex<Vec<Channel>>,
}

/// A message for an exchange. It is published persistent.
#[derive(Clone, Copy, Debug)]
pub struct Publication<'m> {
    /// Its id, the same each time that it is published: the property `message_id`.
    pub id: &'m str,
    /// The routing key.
    pub key: &'m str,
    /// The property `type`.
    pub kind: &'m str,
    /// The property `content_type`.
    pub content_type: &'m str,
    /// The property `timestamp`, which counts whole seconds.
    pub at: Time,
    /// Headers, as texts.
    pub headers: &'m [(&'m str, &'m str)],
    /// What it says.
    pub body: &'m [u8],
}

/// Why a broker does not have a message, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// There is no such exchange.
    #[error("The broker has no exchange `{0}`: declare it there, or name another one.")]
    NoExchange(String),
    /// Nothing is bound that takes it, and the caller insists.
    #[error("No queue takes it: nothing is bound to the exchange `{exchange}` for the key `{key}`.")]
    NoQueue {
        /// The exchange.
        exchange: String,
        /// The routing key.
        key: String,
    },
    /// The broker confirmed that it does not have it.
    #[error("The broker refused the message. A queue of it may be full.")]
    Refused,
    /// The user may not do this.
    #[error("The broker does not allow it: {0}.")]
    NotAllowed(String),
    /// Name and password are wrong.
    #[error("The broker does not let the user `{0}` in: check name and password.")]
    NotLetIn(String),
    /// The broker is short of memory or disk.
    #[error("The broker takes no messages for now: it is short of memory or disk.")]
    Blocked,
    /// It did not answer.
    #[error("The broker did not answer within {} s.", .0.as_secs())]
    Silent(Duration),
    /// The connection was not made, or was lost before the message was confirmed.
    #[error("The broker cannot be reached: {0}.")]
    Away(String),
    /// It can never be published.
    #[error("The routing key has {0} bytes; the longest has {LONGEST_KEY}.")]
    KeyTooLong(usize),
}

impl Exchange {
    /// An exchange at `amqp://host:5672/vhost` (or `amqps://`); nothing is connected yet. With `mandatory`, a message that
    /// no queue takes counts as not taken. Connecting and publishing a message may take `limit`, together.
    ///
    /// # Errors
    /// In a sentence: the address cannot be used, or holds a password.
    pub fn open(
        url: &str,
        sign_in: Option<(&str, &Secret)>,
        exchange: &str,
        mandatory: bool,
        limit: Duration,
    ) -> Result<Self, String> {
        let (user, password) = sign_in.map_or(("guest", "guest"), |(user, secret)| (user, secret.expose()));
        let url = AmqpUrl::foreign(url, user, password, HEARTBEAT_S)?;
        let exchange = exchange.to_owned();
        Ok(Self(Arc::new(Inner { url, exchange, mandatory, limit, line: tokio::sync::Mutex::default() })))
    }

    /// Publishes a message, and returns once the broker has confirmed that it has it.
    ///
    /// # Errors
    /// Where it may not have it. Published again, it may be there twice.
    pub async fn publish(&self, message: Publication<'_>) -> Result<(), NotTaken> {
        if message.key.len() > LONGEST_KEY {
            return Err(NotTaken::KeyTooLong(message.key.len()));
        }
        let inner = &*self.0;
        // Known outside, for when the time is over.
        let used = Mutex::new(None);
        match tokio::time::timeout(inner.limit, inner.publish(message, &used)).await {
            Ok(result) => result,
            Err(_) => {
                let line = used.into_inner().unwrap_or_else(PoisonError::into_inner);
                Err(inner.given_up(line).await)
            }
        }
    }
}

impl Inner {
    async fn publish(
        &self,
        message: Publication<'_>,
        used: &Mutex<Option<Arc<Line>>>,
    ) -> Result<(), NotTaken> {
        let line = self.line().await?;
        *used.lock().unwrap_or_else(PoisonError::into_inner) = Some(line.clone());
        if line.connection.status().blocked() {
            return Err(NotTaken::Blocked);
        }
        let channel = line.channel().await.map_err(|error| self.told(&error))?;
        let confirmed = self.publish_on(&channel, message).await.map_err(|error| self.told(&error))?;
        line.put_back(channel);
        match confirmed {
            Confirmation::Ack(None) => Ok(()),
            Confirmation::Ack(Some(_)) | Confirmation::Nack(Some(_)) => {
                Err(NotTaken::NoQueue { exchange: self.exchange.clone(), key: message.key.to_owned() })
            }
            Confirmation::Nack(None) | Confirmation::NotRequested => Err(NotTaken::Refused),
        }
    }

    async fn publish_on(&self, channel: &Channel, message: Publication<'_>) -> lapin::Result<Confirmation> {
        let options = BasicPublishOptions { mandatory: self.mandatory, ..Default::default() };
        let seconds = u64::try_from(message.at.micros().div_euclid(1_000_000)).unwrap_or_default();
        let mut headers = FieldTable::default();
        for (name, value) in message.headers {
            headers.insert((*name).into(), AMQPValue::LongString(LongString::from(*value)));
        }
        let properties = BasicProperties::default()
            .with_delivery_mode(PERSISTENT)
            .with_app_id("fairlead".into())
            .with_message_id(message.id.into())
            .with_type(message.kind.into())
            .with_content_type(message.content_type.into())
            .with_timestamp(seconds)
            .with_headers(headers);
        let exchange = self.exchange.as_str();
        channel
            .basic_publish(exchange.into(), message.key.into(), options, message.body, properties)
            .await?
            .await
    }

    /// The connection, made where there is none.
    async fn line(&self) -> Result<Arc<Line>, NotTaken> {
        let mut line = self.line.lock().await;
        if let Some(line) = line.as_ref().filter(|line| line.connection.status().connected()) {
            return Ok(line.clone());
        }
        let socket = Socket::default();
        // Dropped before it has connected, it must not leave lapin's thread waiting for a silent broker.
        let mut unfinished = HangUp(Some(socket.clone()));
        let name = format!("fairlead endpoint {}", std::process::id());
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let connection = dial(self.url.uri().clone(), properties, socket.clone())
            .await
            .map_err(|error| self.told(&error))?;
        unfinished.0 = None;
        let made = Arc::new(Line { connection, socket, idle: Mutex::default() });
        *line = Some(made.clone());
        Ok(made)
    }

    /// What a publishing is told that was not over in time. Its connection ends: whatever waits in it is not wanted later.
    async fn given_up(&self, line: Option<Arc<Line>>) -> NotTaken {
        let Some(line) = line else { return NotTaken::Silent(self.limit) };
        let blocked = line.connection.status().blocked();
        hang_up(&line.socket);
        let mut current = self.line.lock().await;
        if current.as_ref().is_some_and(|current| Arc::ptr_eq(current, &line)) {
            *current = None;
        }
        if blocked { NotTaken::Blocked } else { NotTaken::Silent(self.limit) }
    }

    /// What an error of the broker or of the connection means.
    fn told(&self, error: &lapin::Error) -> NotTaken {
        let ErrorKind::ProtocolError(said) = error.kind() else {
            return NotTaken::Away(without_stop(&error.to_string()));
        };
        let words = without_stop(said.get_message().as_str());
        match said.kind() {
            AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND) => NotTaken::NoExchange(self.exchange.clone()),
            AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED) if words.contains("Login was refused") => {
                NotTaken::NotLetIn(self.url.user().to_owned())
            }
            AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED)
            | AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED) => NotTaken::NotAllowed(words),
            AMQPErrorKind::Soft(_) | AMQPErrorKind::Hard(_) => NotTaken::Away(words),
        }
    }
}

impl Line {
    /// A channel with confirmations, on which nothing is under way.
    async fn channel(&self) -> lapin::Result<Channel> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(channel) = idle.filter(|channel| channel.status().connected()) {
            return Ok(channel);
        }
        let channel = self.connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        Ok(channel)
    }

    fn put_back(&self, channel: Channel) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(channel);
    }
}

/// Closes a connection's socket when it is dropped.
struct HangUp(Option<Socket>);

impl Drop for HangUp {
    fn drop(&mut self) {
        if let Some(socket) = self.0.take() {
            hang_up(&socket);
        }
    }
}

/// Whether a message published so would come back to the bus itself, by its exchanges or its queues, whichever broker it
/// is: an endpoint must not be that. `prefix` is the bus's.
pub fn is_of_the_bus(prefix: &str, exchange: &str, key: &str) -> bool {
    // What has no exchange goes to the queue of that name.
    let name = if exchange.is_empty() { key } else { exchange };
    let Some(rest) = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.')) else { return false };
    exchange.is_empty() || rest == "dead" || rest.starts_with("topic.")
}

/// A broker's words, for the middle of a sentence of ours.
fn without_stop(words: &str) -> String {
    words.trim().trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bus_is_no_target() {
        let table = [
            ("amq.topic", "fairlead.buoy.PK001", false),
            ("fairlead.positions", "x", false),
            ("fairlead", "dead", false),
            ("fairlead.dead", "x", true),
            ("fairlead.topic.live", "x", true),
            ("", "fairlead.mo.stored", true),
            ("", "fairlead.dead", true),
            ("", "positions", false),
            ("", "fairleads.positions", false),
        ];
        for (exchange, key, ours) in table {
            assert_eq!(is_of_the_bus("fairlead", exchange, key), ours, "{exchange} {key}");
        }
    }

    #[test]
    fn an_address_that_cannot_be_used_is_refused_with_a_sentence() {
        let limit = Duration::from_secs(1);
        for url in ["", "broker", "http://broker", "amqp://", "amqp://user:geheim@broker", "amqp://broker:x"]
        {
            let refused = Exchange::open(url, None, "positions", true, limit).err().unwrap();
            assert!(refused.ends_with('.') && !refused.contains("geheim"), "{url}: {refused}");
        }
        assert!(Exchange::open("amqps://broker/sea", None, "positions", true, limit).is_ok());
    }
}
