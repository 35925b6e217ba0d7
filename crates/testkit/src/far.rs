//! An exchange on the test broker that is nobody's of ours, with a queue that takes all of it.

use lapin::options::{
    BasicGetOptions, ExchangeDeclareOptions, ExchangeDeleteOptions, QueueBindOptions, QueueDeclareOptions,
    QueueDeleteOptions,
};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, ConnectionProperties, ExchangeKind};

use crate::{PATIENCE, amqp_url};

/// An exchange that a test publishes to from outside.
pub struct FarExchange {
    /// Its name, and its queue's.
    pub name: String,
    /// The broker's address, without user name and password.
    pub url: String,
    /// The user that is let in.
    pub username: String,
    /// That user's password.
    pub password: String,
    channel: Channel,
    _connection: Connection,
}

/// A message as the queue had it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FarMessage {
    /// Its id.
    pub id: String,
    /// The key it was published with.
    pub key: String,
    /// Its body.
    pub body: Vec<u8>,
}

impl FarExchange {
    /// A name for one; nothing is declared yet.
    ///
    /// # Panics
    /// Where the broker cannot be reached.
    pub async fn new() -> Self {
        let connection = Connection::connect(&amqp_url(), ConnectionProperties::default()).await.unwrap();
        let mut url = url::Url::parse(&amqp_url()).unwrap();
        let (username, password) = (url.username().to_owned(), url.password().unwrap_or_default().to_owned());
        url.set_username("").unwrap();
        url.set_password(None).unwrap();
        Self {
            name: format!("x{}", uuid::Uuid::new_v4().simple()),
            url: url.to_string(),
            username,
            password,
            channel: connection.create_channel().await.unwrap(),
            _connection: connection,
        }
    }

    /// Declares exchange and queue.
    ///
    /// # Panics
    /// Where the broker does not.
    pub async fn declare(&self) {
        let name = self.name.as_str();
        let options = ExchangeDeclareOptions::default();
        let none = FieldTable::default;
        self.channel.exchange_declare(name.into(), ExchangeKind::Topic, options, none()).await.unwrap();
        let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        self.channel.queue_declare(name.into(), durable, none()).await.unwrap();
        let bind = QueueBindOptions::default();
        self.channel.queue_bind(name.into(), name.into(), "#".into(), bind, none()).await.unwrap();
    }

    /// The next messages, in the order of the queue.
    ///
    /// # Panics
    /// Where they do not come within [`PATIENCE`].
    pub async fn next(&self, count: usize) -> Vec<FarMessage> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let mut messages = Vec::new();
        while messages.len() < count {
            let options = BasicGetOptions { no_ack: true };
            match self.channel.basic_get(self.name.as_str().into(), options).await.unwrap() {
                Some(message) => messages.push(FarMessage {
                    id: message.properties.message_id().as_ref().map(ToString::to_string).unwrap_or_default(),
                    key: message.routing_key.to_string(),
                    body: message.data.clone(),
                }),
                None => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            }
            assert!(tokio::time::Instant::now() < deadline, "{} of {count} came", messages.len());
        }
        messages
    }

    /// Removes exchange and queue.
    ///
    /// # Panics
    /// Where the broker does not.
    pub async fn remove(&self) {
        let name = self.name.as_str();
        self.channel.exchange_delete(name.into(), ExchangeDeleteOptions::default()).await.unwrap();
        self.channel.queue_delete(name.into(), QueueDeleteOptions::default()).await.unwrap();
    }
}
