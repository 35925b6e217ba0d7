//! Fairlead as a program sees it: the messages it has, and those to devices, page by page.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use fairlead_model::delivery::DeliveryState;
use fairlead_model::message::MessageState;
use fairlead_model::mt::MtState;
use fairlead_model::{DeliveryId, EndpointId, Imei, MessageId, MtId, Secret, Time};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;

const MESSAGES: &str = "/api/v1/messages";
const OUTGOING: &str = "/api/v1/outgoing";
const DELIVERIES: &str = "/api/v1/deliveries";
/// Messages of one page.
const PAGE: &str = "500";
/// More pages than this are a fault of the paging, not messages.
const MOST_PAGES: usize = 100_000;
const TIMEOUT: Duration = Duration::from_secs(30);
/// Who says "not now" (503) is asked again so often, since plugs are being pulled while this looks.
const TRIES: u32 = 30;
const NOT_NOW: Duration = Duration::from_secs(1);

/// What tells one message from another, on both sides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageKey {
    /// The modem.
    pub imei: Imei,
    /// Its message number.
    pub momsn: Option<i32>,
    /// When the network took it.
    pub transmitted_at: Option<Time>,
    /// The payload in lower-case hexadecimal.
    pub payload_hex: String,
}

/// A message that Fairlead has, as far as it matters here.
#[derive(Clone, Debug, Deserialize)]
pub struct Held {
    /// Its id.
    pub id: MessageId,
    /// The modem.
    pub imei: Imei,
    /// Its message number.
    pub momsn: Option<i32>,
    /// When the network took it.
    pub transmitted_at: Option<Time>,
    /// The payload.
    pub payload_hex: String,
    /// What became of it.
    pub state: MessageState,
    /// The message of which this is a repaired copy: no device sent it.
    #[serde(default)]
    pub replaces: Option<MessageId>,
}

impl Held {
    /// What tells it from another.
    pub fn key(&self) -> MessageKey {
        MessageKey {
            imei: self.imei,
            momsn: self.momsn,
            transmitted_at: self.transmitted_at,
            payload_hex: self.payload_hex.to_ascii_lowercase(),
        }
    }
}

/// A message to a device, as far as it matters here.
#[derive(Clone, Debug, Deserialize)]
pub struct Told {
    /// Its id.
    pub id: MtId,
    /// How far it has come.
    pub state: MtState,
    /// The provider's number for it, where an answer with one was read.
    pub provider_id: Option<String>,
}

/// A delivery of a route, as far as it matters here.
#[derive(Clone, Debug, Deserialize)]
pub struct Posted {
    /// Its id, which is the `webhook-id`.
    pub id: DeliveryId,
    /// The message.
    pub message_id: Option<MessageId>,
    /// How far it has come.
    pub state: DeliveryState,
}

/// One step of its life, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Step {
    /// The state from then on.
    pub state: MtState,
}

#[derive(Deserialize)]
struct Page<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Detail {
    steps: Vec<Step>,
}

/// A running Fairlead.
pub struct Peer {
    client: Client,
    /// Its address, without a slash at the end.
    api: String,
    token: Secret,
}

impl Peer {
    /// The Fairlead at `api`, for example `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// Where `api` is no address.
    pub fn new(api: &str, token: &Secret) -> Result<Self> {
        let api = api.trim_end_matches('/').to_owned();
        Url::parse(&api).with_context(|| format!("`{api}` is no address"))?;
        let client = Client::builder().redirect(Policy::none()).no_proxy().timeout(TIMEOUT).build()?;
        Ok(Self { client, api, token: token.clone() })
    }

    /// Whether there is a message that the tracker has not looked at.
    ///
    /// # Errors
    /// As [`Self::messages`].
    pub async fn has_waiting(&self) -> Result<bool> {
        let page: Page<Held> = self.get(MESSAGES, &[("state", "waiting"), ("limit", "1")]).await?;
        Ok(!page.items.is_empty())
    }

    /// All messages.
    ///
    /// # Errors
    /// Where the API cannot be reached, refuses the token, or answers something else than messages.
    pub async fn messages(&self) -> Result<Vec<Held>> {
        self.all(MESSAGES, &[]).await
    }

    /// All messages to devices.
    ///
    /// # Errors
    /// As [`Self::messages`].
    pub async fn told(&self) -> Result<Vec<Told>> {
        self.all(OUTGOING, &[]).await
    }

    /// All deliveries to an endpoint.
    ///
    /// # Errors
    /// As [`Self::messages`].
    pub async fn posted(&self, endpoint: EndpointId) -> Result<Vec<Posted>> {
        self.all(DELIVERIES, &[("endpoint", &endpoint.to_string())]).await
    }

    /// The life of one message to a device, oldest step first.
    ///
    /// # Errors
    /// As [`Self::messages`].
    pub async fn steps(&self, id: MtId) -> Result<Vec<Step>> {
        let detail: Detail = self.get(&format!("{OUTGOING}/{id}"), &[]).await?;
        Ok(detail.steps)
    }

    async fn all<T: DeserializeOwned>(&self, path: &str, filter: &[(&str, &str)]) -> Result<Vec<T>> {
        let mut all = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut query = vec![("limit", PAGE)];
            query.extend_from_slice(filter);
            query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let page: Page<T> = self.get(path, &query).await?;
            all.extend(page.items);
            if page.next_cursor.is_none() {
                return Ok(all);
            }
            if page.next_cursor == cursor {
                bail!("the next page of {path} is the same page again");
            }
            cursor = page.next_cursor;
        }
        bail!("{path} has more than {MOST_PAGES} pages")
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T> {
        let url = format!("{}{path}", self.api);
        let mut response = self.ask(&url, query).await?;
        for _ in 1..TRIES {
            if response.status() != StatusCode::SERVICE_UNAVAILABLE {
                break;
            }
            tokio::time::sleep(NOT_NOW).await;
            response = self.ask(&url, query).await?;
        }
        let status = response.status();
        if status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN {
            bail!("{url} refuses the token ({status})");
        }
        if !status.is_success() {
            bail!("{url} answered {status}");
        }
        response.json().await.with_context(|| format!("{url} answered something else than messages"))
    }

    async fn ask(&self, url: &str, query: &[(&str, &str)]) -> Result<Response> {
        let request = self.client.get(url).query(query).bearer_auth(self.token.expose());
        request.send().await.with_context(|| format!("{url} cannot be reached"))
    }
}
