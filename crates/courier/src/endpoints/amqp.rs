//! AMQP: a letter is published to an exchange of a broker, persistent, and has arrived once the broker confirms it.
//!
//! Which broker that is an administrator says, who may as well mean one beside this machine: unlike a webhook's, its
//! address may be private. Only what the bus itself uses is no target, on whichever broker: it would come back to us.

use std::time::Duration;

use fairlead_bus::exchange::{self, Exchange, NotTaken, Publication};

use super::names::{check, fill};
use super::{Fault, Ground, Letter, OpenSecrets, Sent};

/// Connecting and publishing may take this long together.
const LIMIT: Duration = Duration::from_secs(15);
/// Letters on their way at a time, each on a channel of its own.
const AT_ONCE: usize = 16;

/// One exchange.
pub(crate) struct Amqp {
    exchange: Exchange,
    name: String,
    key: String,
    bus_prefix: String,
}

impl Amqp {
    /// An exchange of the configuration; nothing is dialled.
    ///
    /// # Errors
    /// A sentence about what cannot be used.
    pub(crate) fn open(
        url: &str,
        exchange: &str,
        routing_key: &str,
        mandatory: bool,
        secrets: &OpenSecrets,
        ground: &Ground,
    ) -> Result<Self, String> {
        check(routing_key)?;
        let of_the_bus = exchange::is_of_the_bus(&ground.bus_prefix, exchange, routing_key);
        let password = secrets.password.clone().unwrap_or_default();
        let sign_in = secrets.username.as_deref().map(|user| (user, &password));
        let opened = Exchange::open(url, sign_in, exchange, mandatory, LIMIT)?;
        let amqp = Self {
            exchange: opened,
            name: exchange.to_owned(),
            key: routing_key.to_owned(),
            bus_prefix: ground.bus_prefix.clone(),
        };
        if of_the_bus { Err(amqp.of_the_bus(routing_key)) } else { Ok(amqp) }
    }

    pub(crate) const fn at_once(&self) -> usize {
        AT_ONCE
    }

    pub(crate) const fn patience(&self) -> Duration {
        LIMIT
    }

    pub(crate) async fn send(&self, letter: &Letter) -> Sent {
        let of = &letter.attributes;
        // A dot begins the next word of a key.
        let key = fill(&self.key, of, |c| c == '.');
        if exchange::is_of_the_bus(&self.bus_prefix, &self.name, &key) {
            return Sent::failed(self.of_the_bus(&key), Fault::Never);
        }
        let (id, at) = (letter.id.to_string(), of.at.rfc3339());
        let headers = [
            ("device", of.device.as_str()),
            ("kind", of.kind.as_str()),
            ("imei", of.imei.as_str()),
            ("at", at.as_str()),
            ("format", letter.format.as_str()),
        ];
        let publication = Publication {
            id: &id,
            key: &key,
            kind: &of.message,
            content_type: &letter.content_type,
            at: letter.created_at,
            headers: &headers,
            body: &letter.body,
        };
        match self.exchange.publish(publication).await {
            Ok(()) => Sent::Delivered { status: None, response: Vec::new() },
            Err(why) => {
                let never = matches!(why, NotTaken::KeyTooLong(_));
                let fault = if never { Fault::Never } else { Fault::Again };
                Sent::failed(why.to_string(), fault)
            }
        }
    }

    fn of_the_bus(&self, key: &str) -> String {
        let prefix = &self.bus_prefix;
        if self.name.is_empty() {
            format!(
                "The queue `{key}` may be one of Fairlead's own: choose a key that does not begin with `{prefix}.`."
            )
        } else {
            format!("The exchange `{}` is one of Fairlead's own: choose another.", self.name)
        }
    }
}
