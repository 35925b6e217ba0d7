//! Where the bus is: one URL.

use std::fmt;
use std::str::FromStr;

use lapin::uri::{AMQPScheme, AMQPUri};

/// A parsed `bus.url`. Printing it leaves the password out.
#[derive(Clone, PartialEq, Eq)]
pub enum BusUrl {
    /// `local:`: in this process, over the store.
    Local,
    /// `amqp://user:password@host:port/vhost` (or `amqps://`): a RabbitMQ broker.
    Amqp(AmqpUrl),
}

/// Where a RabbitMQ broker is.
#[derive(Clone, PartialEq, Eq)]
pub struct AmqpUrl(AMQPUri);

const FORMS: &str = "a bus URL is local: or amqp://USER:PASSWORD@HOST:PORT/VHOST (amqps:// for TLS)";

const FOREIGN: &str = "The address of a broker is amqp://HOST:PORT/VHOST, or amqps:// for TLS.";

impl FromStr for BusUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once("://") {
            None if text == "local:" || text == "local" => Ok(Self::Local),
            Some(("amqp" | "amqps", _)) => AmqpUrl::parse(text).map(Self::Amqp),
            _ => Err(FORMS.to_owned()),
        }
    }
}

impl AmqpUrl {
    fn parse(text: &str) -> Result<Self, String> {
        let url = url::Url::parse(text).map_err(|e| format!("not a URL: {e}"))?;
        if url.host_str().is_none_or(str::is_empty) {
            return Err(FORMS.to_owned());
        }
        let mut uri: AMQPUri = text.parse().map_err(|e| format!("not an AMQP URL: {e}"))?;
        if url.path() == "/" {
            // A trailing slash names, to the letter, the virtual host without a name. Nobody means that.
            "/".clone_into(&mut uri.vhost);
        }
        Ok(Self(uri))
    }

    /// A broker of somebody else, whose user and password are given apart.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) fn foreign(text: &str, user: &str, password: &str, heartbeat_s: u16) -> Result<Self, String> {
        if !text.starts_with("amqp://") && !text.starts_with("amqps://") {
            return Err(FOREIGN.to_owned());
        }
        let Self(mut uri) = Self::parse(text).map_err(|_| FOREIGN.to_owned())?;
        if text.contains('@') {
            return Err("The address holds a user name: give user name and password apart.".to_owned());
        }
        user.clone_into(&mut uri.authority.userinfo.username);
        password.clone_into(&mut uri.authority.userinfo.password);
        uri.query.heartbeat = Some(heartbeat_s);
        Ok(Self(uri))
    }

    /// The name under which the broker is signed in to.
    pub(crate) fn user(&self) -> &str {
        &self.0.authority.userinfo.username
    }

    /// The broker's host and port, for sentences about it.
    pub fn host_and_port(&self) -> String {
        format!("{}:{}", self.0.authority.host, self.0.authority.port)
    }

    pub(crate) fn uri(&self) -> &AMQPUri {
        &self.0
    }
}

impl fmt::Display for AmqpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.0.scheme == AMQPScheme::AMQPS { "amqps" } else { "amqp" };
        let user = &self.0.authority.userinfo.username;
        write!(f, "{scheme}://{user}:•••@{}", self.host_and_port())?;
        match self.0.vhost.as_str() {
            "/" => Ok(()),
            vhost => write!(f, "/{vhost}"),
        }
    }
}

impl fmt::Display for BusUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("local:"),
            Self::Amqp(url) => fmt::Display::fmt(url, f),
        }
    }
}

impl fmt::Debug for AmqpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for BusUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_say_what_is_wrong_and_never_print_a_password() {
        let printed = [
            ("local:", "local:"),
            ("amqp://fairlead:geheim@broker:5673/sea", "amqp://fairlead:•••@broker:5673/sea"),
            ("amqp://fairlead:geheim@broker", "amqp://fairlead:•••@broker:5672"),
            ("amqp://fairlead:geheim@broker/", "amqp://fairlead:•••@broker:5672"),
            ("amqp://fairlead:geheim@broker/%2f", "amqp://fairlead:•••@broker:5672"),
            ("amqps://fairlead:geheim@broker", "amqps://fairlead:•••@broker:5671"),
        ];
        for (text, shown) in printed {
            let url: BusUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), shown);
        }
        for text in ["", "locale:", "amqp:", "amqp://", "redis://broker", "amqp://broker:x"] {
            let refused = text.parse::<BusUrl>().unwrap_err();
            assert!(refused.contains("URL"), "{text}: {refused}");
        }
    }
}
