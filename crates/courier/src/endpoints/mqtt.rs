//! MQTT (3.1.1): a letter is published to a topic of a broker, and has arrived once the broker has acknowledged it
//! (`PUBACK`, `PUBCOMP`); with QoS 0, which knows no such thing, once it was written to the connection.
//!
//! Which broker that is an administrator says, who may as well mean one beside this machine: unlike a webhook's, its
//! address may be private. What a broker's access list forbids MQTT 3.1.1 acknowledges all the same; only the broker's
//! log tells of that.

mod discovery;
mod line;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use fairlead_model::Time;
use fairlead_model::delivery::DeliveryAttributes;
use rumqttc::{MqttOptions, QoS, TlsConfiguration, Transport};
use url::{Host, Url};

use super::names::{check, fill};
use super::{Fault, Letter, OpenSecrets, Sent};
use line::{Line, Message, Trouble};

/// Connecting and publishing may take this long together.
const LIMIT: Duration = Duration::from_secs(15);
/// A connection is made within this many seconds.
const CONNECT_S: u64 = 10;
/// How often an idle connection is tried.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// Letters on their way at a time.
const AT_ONCE: usize = 16;
/// Packet ids in use at most: many more than messages under way, so that none is ever wanted that is taken.
const PACKET_IDS: u16 = 4_096;
/// Most bytes of a body.
const LARGEST: usize = 1_048_576;
/// Most bytes of a packet from the broker, which has nothing long to tell.
const LARGEST_ANSWER: usize = 16_384;
/// Most bytes of a topic.
const LONGEST_TOPIC: usize = 65_535;
/// Topics of which it is known how new the value is that the broker keeps.
const KNOWN_TOPICS: usize = 10_000;

/// Where letters go at one broker.
pub(crate) struct Mqtt {
    options: MqttOptions,
    topic: String,
    qos: QoS,
    retain: bool,
    /// Connecting and publishing may take this long together.
    limit: Duration,
    /// Where Home Assistant looks, if it is told.
    discovery: Option<String>,
    /// Held while a connection is being made, so that many letters make one.
    line: tokio::sync::Mutex<Option<Arc<Line>>>,
    /// How new the last value of each topic was.
    newest: Mutex<HashMap<String, Time>>,
}

/// How a broker is reached, as it is configured.
pub(crate) struct Broker<'c> {
    pub(crate) url: &'c str,
    pub(crate) topic: &'c str,
    pub(crate) qos: u8,
    pub(crate) retain: bool,
    pub(crate) discovery_prefix: Option<&'c str>,
}

impl Mqtt {
    /// A broker of the configuration; nothing is dialled.
    ///
    /// # Errors
    /// A sentence about what cannot be used.
    pub(crate) fn open(broker: &Broker<'_>, secrets: &OpenSecrets) -> Result<Self, String> {
        let mut options = options(broker.url)?;
        if let Some(user) = &secrets.username {
            let password = secrets.password.as_ref().map_or("", |password| password.expose());
            options.set_credentials(user, password);
        }
        check(broker.topic)?;
        let plain = |part: &str| !part.is_empty() && !part.contains(['+', '#', '\0']);
        if !plain(broker.topic) {
            return Err("A topic is published to, so it has no `+` and no `#`.".to_owned());
        }
        let discovery = broker.discovery_prefix.filter(|prefix| !prefix.is_empty());
        if discovery.is_some_and(|prefix| !plain(prefix)) {
            return Err("The discovery prefix is a topic, so it has no `+` and no `#`.".to_owned());
        }
        if discovery.is_some() && !broker.topic.contains("{device}") && !broker.topic.contains("{imei}") {
            return Err(
                "For Home Assistant each device needs a topic of its own: put `{device}` into it.".to_owned()
            );
        }
        Ok(Self {
            options,
            topic: broker.topic.to_owned(),
            qos: match broker.qos {
                0 => QoS::AtMostOnce,
                1 => QoS::AtLeastOnce,
                2 => QoS::ExactlyOnce,
                _ => return Err("QoS is 0, 1 or 2.".to_owned()),
            },
            retain: broker.retain,
            limit: LIMIT,
            discovery: discovery.map(str::to_owned),
            line: tokio::sync::Mutex::default(),
            newest: Mutex::default(),
        })
    }

    pub(crate) const fn at_once(&self) -> usize {
        AT_ONCE
    }

    pub(crate) const fn patience(&self) -> Duration {
        LIMIT
    }

    pub(crate) async fn send(&self, letter: &Letter) -> Sent {
        let topic = fill(&self.topic, &letter.attributes, breaks_out);
        if topic.len() > LONGEST_TOPIC {
            return Sent::failed("The topic is longer than 65,535 bytes.", Fault::Never);
        }
        if letter.body.len() > LARGEST {
            let why = format!("The body has {} bytes; at most {LARGEST} are published.", letter.body.len());
            return Sent::failed(why, Fault::Never);
        }
        // Known outside, for when the time is over.
        let used = Mutex::new(None);
        match tokio::time::timeout(self.limit, self.publish(letter, topic, &used)).await {
            Ok(Ok(())) => Sent::Delivered { status: None, response: Vec::new() },
            Ok(Err(trouble)) => Sent::failed(trouble.to_string(), trouble.fault()),
            Err(_) => {
                // A broker that is silent for so long is left: what waits there is not wanted later.
                if let Some(line) = used.into_inner().unwrap_or_else(PoisonError::into_inner) {
                    line.give_up();
                }
                let seconds = self.limit.as_secs();
                Sent::failed(format!("The broker did not answer within {seconds} s."), Fault::Again)
            }
        }
    }

    async fn publish(
        &self,
        letter: &Letter,
        topic: String,
        used: &Mutex<Option<Arc<Line>>>,
    ) -> Result<(), Trouble> {
        let line = self.line().await?;
        *used.lock().unwrap_or_else(PoisonError::into_inner) = Some(line.clone());
        self.announce(&line, letter).await?;
        let (is_newest, body) = (self.is_kept(&topic, letter), letter.body.clone());
        if let Some(prefix) = &self.discovery
            && is_newest
            && discovery::speaks_of(letter)
        {
            // What is overtaken goes to whoever follows the letters, and leaves the map as it is.
            let (topic, body) = (discovery::state_topic(prefix, &letter.attributes), body.clone());
            line.publish(Message { topic, qos: self.qos, retain: self.retain, body }).await?;
        }
        line.publish(Message { topic, qos: self.qos, retain: self.retain && is_newest, body }).await
    }

    /// Tells Home Assistant of the device, once on each connection.
    async fn announce(&self, line: &Line, letter: &Letter) -> Result<(), Trouble> {
        let Some(prefix) = &self.discovery else { return Ok(()) };
        let of = &letter.attributes;
        if !discovery::speaks_of(letter) || line.has_announced(&of.device) {
            return Ok(());
        }
        // All at once: the broker acknowledges them together.
        let told = discovery::of(prefix, of).into_iter().map(|(topic, body)| {
            line.publish(Message { topic, qos: self.qos, retain: true, body: body.into() })
        });
        futures_util::future::try_join_all(told).await?;
        line.note_announced(&of.device);
        Ok(())
    }

    /// The connection, made where there is none.
    async fn line(&self) -> Result<Arc<Line>, Trouble> {
        let mut line = self.line.lock().await;
        if let Some(line) = line.as_ref().filter(|line| line.is_up()) {
            return Ok(line.clone());
        }
        let made = Arc::new(Line::connect(self.options.clone(), CONNECT_S).await?);
        *line = Some(made.clone());
        Ok(made)
    }

    /// Whether a letter tells how its device is now: then the broker keeps it for those who come later. A test does not.
    fn is_kept(&self, topic: &str, letter: &Letter) -> bool {
        !letter.is_test() && !letter.is_late && self.is_newest(topic, &letter.attributes)
    }

    /// Whether nothing newer went to this topic from here; what was delivered before this driver was opened, or by another
    /// courier, the letter knows ([`Letter::is_late`]). A letter that comes late, by a second try or by a person's wish, must not
    /// take the place of what the broker keeps.
    fn is_newest(&self, topic: &str, of: &DeliveryAttributes) -> bool {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if newest.len() >= KNOWN_TOPICS && !newest.contains_key(topic) {
            newest.clear();
        }
        let known = newest.entry(topic.to_owned()).or_insert(of.at);
        *known = (*known).max(of.at);
        *known == of.at
    }
}

/// What would make a name more than its level of a topic, or a topic of the broker's own.
fn breaks_out(c: char) -> bool {
    matches!(c, '/' | '+' | '#' | '$') || c.is_control()
}

/// How the broker is dialled.
fn options(url: &str) -> Result<MqttOptions, String> {
    const FORM: &str = "The address of a broker is mqtt://HOST:PORT, or mqtts://HOST:PORT for TLS.";
    let parsed = Url::parse(url).map_err(|_| FORM)?;
    let (tls, default_port) = match parsed.scheme() {
        "mqtt" => (false, 1_883),
        "mqtts" => (true, 8_883),
        _ => return Err(FORM.to_owned()),
    };
    let host = parsed.host_str().filter(|host| !host.is_empty()).ok_or(FORM)?;
    if !matches!(parsed.path(), "" | "/") || parsed.query().is_some() || parsed.fragment().is_some() {
        return Err(FORM.to_owned());
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err("The address holds a user name: give user name and password apart.".to_owned());
    }
    let port = parsed.port().unwrap_or(default_port);
    let mut options = MqttOptions::new(client_id(), host, port);
    options
        .set_clean_session(true)
        .set_keep_alive(KEEP_ALIVE)
        .set_inflight(PACKET_IDS)
        .set_max_packet_size(LARGEST_ANSWER, LARGEST);
    if tls {
        if matches!(parsed.host(), Some(Host::Ipv6(_))) || host.starts_with('[') {
            return Err("Over TLS a broker is called by its name, not by an IPv6 address.".to_owned());
        }
        options.set_transport(Transport::tls_with_config(trusting(machines_roots()?)?));
    }
    Ok(options)
}

/// By this a broker knows the client: another for each endpoint that is opened, and no other process's. A broker ends the
/// older of two connections with one id. All brokers take 23 letters and digits.
fn client_id() -> String {
    static PROCESS: LazyLock<u32> = LazyLock::new(rand::random);
    static OPENED: AtomicU32 = AtomicU32::new(1);
    let opened = OPENED.fetch_add(1, Ordering::Relaxed) & 0x0fff_ffff;
    format!("fairlead{:08x}{opened:07x}", *PROCESS)
}

/// The certificates that the machine trusts (`SSL_CERT_FILE` names others).
fn machines_roots() -> Result<rustls::RootCertStore, String> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err("This machine trusts no certificate: install its package `ca-certificates`.".to_owned());
    }
    Ok(roots)
}

fn trusting(roots: rustls::RootCertStore) -> Result<TlsConfiguration, String> {
    let config =
        rustls::ClientConfig::builder_with_provider(rustls::crypto::aws_lc_rs::default_provider().into())
            .with_safe_default_protocol_versions()
            .map_err(|e| format!("TLS cannot be used: {e}."))?
            .with_root_certificates(roots)
            .with_no_client_auth();
    Ok(TlsConfiguration::Rustls(Arc::new(config)))
}

#[cfg(test)]
mod rules {
    use super::*;

    fn opened(url: &str, topic: &str, prefix: Option<&str>) -> Result<Mqtt, String> {
        let broker = Broker { url, topic, qos: 1, retain: true, discovery_prefix: prefix };
        Mqtt::open(&broker, &OpenSecrets::default())
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_a_sentence() {
        let table = [
            ("mqtt://h", "a/{device}", None, ""),
            ("mqtt://[::1]:1884/", "a", None, ""),
            ("mqtts://h", "$aws/rules/x", None, ""),
            ("mqtt://h", "{imei}", Some("homeassistant"), ""),
            ("mqtt://h", "a", Some(""), ""),
            ("http://h", "a", None, "mqtt://HOST"),
            ("mqtt:", "a", None, "mqtt://HOST"),
            ("mqtt://h/path", "a", None, "mqtt://HOST"),
            ("mqtt://u:geheim@h", "a", None, "apart"),
            ("mqtts://[::1]", "a", None, "by its name"),
            ("mqtt://h", "", None, "no `#`"),
            ("mqtt://h", "a/#", None, "no `#`"),
            ("mqtt://h", "a/{who}", None, "means nothing"),
            ("mqtt://h", "a", Some("homeassistant"), "topic of its own"),
            ("mqtt://h", "a/{device}", Some("+"), "discovery prefix"),
        ];
        for (url, topic, prefix, part) in table {
            let refused = opened(url, topic, prefix).err().unwrap_or_default();
            assert!(
                refused.contains(part) && refused.is_empty() == part.is_empty(),
                "{url} {topic}: {refused}"
            );
        }
    }

    #[test]
    fn client_ids_are_those_that_every_broker_takes() {
        let (one, other) = (client_id(), client_id());
        assert_ne!(one, other);
        assert!(one.len() == 23 && one.bytes().all(|b| b.is_ascii_alphanumeric()), "{one}");
    }

    #[test]
    fn what_is_older_is_not_kept_by_the_broker() {
        let mqtt = opened("mqtt://h", "a/{device}", None).unwrap();
        let at = |seconds: i64| DeliveryAttributes {
            device: "PK001".to_owned(),
            kind: "buoy".to_owned(),
            imei: "300434063836590".parse().unwrap(),
            message: "position".to_owned(),
            at: Time::from_micros(seconds * 1_000_000),
            position_at: None,
        };
        for (topic, seconds, newest) in
            [("a", 5, true), ("a", 4, false), ("a", 5, true), ("b", 1, true), ("a", 6, true), ("a", 5, false)]
        {
            assert_eq!(mqtt.is_newest(topic, &at(seconds)), newest, "{topic} {seconds}");
        }
    }
}
