//! Endpoints: where routes deliver to, beside devices.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::words::words;
use crate::{EndpointId, Secret, Time};

words! {
    /// What an endpoint is.
    EndpointKind, "kind of endpoint" {
        /// An address that is posted to.
        Webhook "webhook",
        /// A queue at AWS.
        Sqs "sqs",
        /// An exchange of an AMQP 0-9-1 broker.
        Amqp "amqp",
        /// A topic of an MQTT broker.
        Mqtt "mqtt",
    }
}

/// An endpoint where it is only named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EndpointRef {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    pub id: EndpointId,
    /// What it is.
    pub kind: EndpointKind,
    /// Its name.
    pub name: String,
}

/// How an endpoint is reached. Nothing in it is secret.
///
/// `{device}`, `{kind}` and `{imei}` in a key or a topic stand for the device's name (the modem's IMEI where it is in no
/// device), its kind (`modem` where it is in none) and the modem's IMEI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum EndpointConfig {
    /// An address that is posted to, signed by Standard Webhooks.
    Webhook {
        /// The address, `https` or `http`.
        url: String,
        /// Requests at a time, 1 to 64.
        #[serde(default = "eight")]
        concurrency: u16,
        /// Seconds within which it must have answered, 1 to 60.
        #[serde(default = "thirty")]
        timeout_s: u16,
    },
    /// A queue at AWS.
    Sqs {
        /// The queue's address.
        url: String,
        /// The region; read from the address where it is not said.
        #[serde(default)]
        region: Option<String>,
    },
    /// An exchange of an AMQP broker.
    Amqp {
        /// The broker, as `amqp://host:5672/vhost`; user and password are secrets.
        url: String,
        /// The exchange. It must be there.
        exchange: String,
        /// The routing key.
        #[serde(default = "position_key")]
        routing_key: String,
        /// Whether a message that no queue takes counts as not delivered.
        #[serde(default = "yes")]
        mandatory: bool,
    },
    /// A topic of an MQTT broker.
    Mqtt {
        /// The broker, as `mqtt://host:1883` or `mqtts://host:8883`; user and password are secrets.
        url: String,
        /// The topic.
        #[serde(default = "position_topic")]
        topic: String,
        /// 0, 1 or 2.
        #[serde(default = "one")]
        qos: u8,
        /// Whether the broker keeps the last one for those who come later.
        #[serde(default = "yes")]
        retain: bool,
        /// Where Home Assistant looks for devices, mostly `homeassistant`; absent where it shall not be told.
        #[serde(default)]
        discovery_prefix: Option<String>,
    },
}

const fn eight() -> u16 {
    8
}
const fn thirty() -> u16 {
    30
}
const fn yes() -> bool {
    true
}
const fn one() -> u8 {
    1
}
fn position_key() -> String {
    "fairlead.{kind}.{device}".to_owned()
}
fn position_topic() -> String {
    "fairlead/{kind}/{device}".to_owned()
}

impl EndpointConfig {
    /// What it is.
    pub const fn kind(&self) -> EndpointKind {
        match self {
            Self::Webhook { .. } => EndpointKind::Webhook,
            Self::Sqs { .. } => EndpointKind::Sqs,
            Self::Amqp { .. } => EndpointKind::Amqp,
            Self::Mqtt { .. } => EndpointKind::Mqtt,
        }
    }

    /// Its address.
    pub fn url(&self) -> &str {
        match self {
            Self::Webhook { url, .. }
            | Self::Sqs { url, .. }
            | Self::Amqp { url, .. }
            | Self::Mqtt { url, .. } => url,
        }
    }

    /// As it is shown: whoever knows the path or the query of a webhook's address can often write there, so of these only
    /// `…` is left.
    #[must_use]
    pub fn in_short(mut self) -> Self {
        if let Self::Webhook { url, .. } = &mut self
            && let Some(short) = shortened(url)
        {
            *url = short;
        }
        self
    }
}

/// An address up to its host, as it may be shown and logged; `None` where there is no more to it. One without a host, as
/// `/there`, is nothing but a path.
pub fn shortened(url: &str) -> Option<String> {
    let Some((scheme, behind)) = url.split_once("://") else {
        return (!matches!(url, "" | "/")).then(|| "/…".to_owned());
    };
    let (authority, rest) = behind.split_at(behind.find(['/', '?', '#']).unwrap_or(behind.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    let is_whole = host == authority && matches!(rest, "" | "/");
    (!is_whole).then(|| format!("{scheme}://{host}/…"))
}

/// What an endpoint asks for that nobody shall read. It is sealed before it is stored, and never answered.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EndpointSecrets {
    /// User name (AMQP, MQTT), or access key id (SQS). Without one, SQS takes the machine's own credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Password (AMQP, MQTT), or secret access key (SQS).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub password: Option<Secret>,
}

/// An endpoint, as it is asked for.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEndpoint {
    /// Its name; 1 to 64 characters.
    pub name: String,
    /// Whether anything is delivered to it.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// How it is reached. In a change, an address as it is shown in short stays as it is.
    pub config: EndpointConfig,
    /// Secrets. Where they, or one of them, are left out in a change, what is there stays; an empty one is removed.
    #[serde(default)]
    pub secrets: Option<EndpointSecrets>,
}

words! {
    /// How an endpoint is.
    EndpointHealth, "health of an endpoint" {
        /// Nothing was delivered yet.
        New "new",
        /// The last delivery went well.
        Good "good",
        /// Deliveries fail; it is tried again from time to time.
        Failing "failing",
        /// A person has switched it off.
        Off "off",
        /// It failed for so long that nothing is delivered to it until a person switches it on again.
        Disabled "disabled",
    }
}

/// One of a webhook's signing secrets, by what may be shown of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SigningKeyView {
    /// Its number; the newest signs first.
    pub number: i32,
    /// Its first characters after `whsec_`.
    pub hint: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
}

/// An endpoint, as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EndpointView {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    pub id: EndpointId,
    /// What it is.
    pub kind: EndpointKind,
    /// Its name.
    pub name: String,
    /// The number by which old scripts know it; queues at AWS only.
    pub number: Option<i64>,
    /// Whether anything is delivered to it.
    pub enabled: bool,
    /// How it is reached. A webhook's address is shown in short, `https://host/…`: its path may be a key. An administrator who
    /// asks for this endpoint alone gets it whole.
    pub config: EndpointConfig,
    /// The user name it is reached with, where one is set.
    pub username: Option<String>,
    /// Whether a password is set.
    pub has_password: bool,
    /// What signs a webhook's deliveries.
    pub signing_keys: Vec<SigningKeyView>,
    /// How it is.
    pub health: EndpointHealth,
    /// What went wrong last, in a sentence; absent where the last delivery went well.
    pub failure: Option<String>,
    /// Since when every delivery has failed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub failing_since: Option<Time>,
    /// When it is tried next; absent where nothing holds it up.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_try_at: Option<Time>,
    /// When something was delivered last.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub delivered_at: Option<Time>,
    /// Deliveries that wait.
    pub waiting: i64,
    /// Routes that deliver to it.
    pub routes: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// Who made it.
    pub created_by: String,
    /// When it was changed last.
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Time,
}

/// An endpoint that was made, or whose secret was renewed: the only time that a signing secret is answered.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct EndpointMade {
    /// The endpoint.
    pub endpoint: EndpointView,
    /// The new signing secret of a webhook, `whsec_` and base64; shown once.
    pub signing_secret: Option<String>,
}

impl std::fmt::Debug for EndpointMade {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let secret = self.signing_secret.as_ref().map(|_| "***");
        f.debug_struct("EndpointMade")
            .field("endpoint", &self.endpoint)
            .field("signing_secret", &secret)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhooks_path_is_not_shown() {
        for (url, shown) in [
            ("https://example.com/hooks/geheim", "https://example.com/…"),
            ("http://10.0.0.7:8080/?key=geheim", "http://10.0.0.7:8080/…"),
            ("https://me:geheim@example.com", "https://example.com/…"),
            ("https://example.com#geheim", "https://example.com/…"),
            ("https://example.com/", "https://example.com/"),
            ("https://example.com", "https://example.com"),
            ("https://example.com/…", "https://example.com/…"),
            ("/hooks/geheim", "/…"),
            ("/", "/"),
        ] {
            let config = EndpointConfig::Webhook { url: url.to_owned(), concurrency: 1, timeout_s: 1 };
            assert_eq!(config.in_short().url(), shown);
        }
    }

    #[test]
    fn a_signing_secret_is_in_no_log() {
        let config = EndpointConfig::Webhook { url: "https://x/".to_owned(), concurrency: 1, timeout_s: 1 };
        let endpoint = EndpointView {
            id: uuid::Uuid::nil().into(),
            kind: config.kind(),
            name: "maps".to_owned(),
            number: None,
            enabled: true,
            config,
            username: None,
            has_password: false,
            signing_keys: Vec::new(),
            health: EndpointHealth::New,
            failure: None,
            failing_since: None,
            next_try_at: None,
            delivered_at: None,
            waiting: 0,
            routes: 0,
            created_at: Time::from_micros(0),
            created_by: "test".to_owned(),
            changed_at: Time::from_micros(0),
        };
        let made = EndpointMade { endpoint, signing_secret: Some("whsec_geheim".to_owned()) };
        let written = format!("{made:?} {made:#?}");
        assert!(written.contains("maps") && !written.contains("whsec_"), "{written}");
    }
}
