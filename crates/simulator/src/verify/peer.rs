//! Fairlead as a program sees it: the messages it has, page by page.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use fairlead_model::message::MessageState;
use fairlead_model::{Imei, MessageId, Secret, Time};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;

/// Messages of one page.
const PAGE: &str = "500";
/// More pages than this are a fault of the paging, not messages.
const MOST_PAGES: usize = 100_000;
const TIMEOUT: Duration = Duration::from_secs(30);

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

#[derive(Deserialize)]
struct Page {
    items: Vec<Held>,
    next_cursor: Option<String>,
}

/// A running Fairlead.
pub struct Peer {
    client: Client,
    messages: Url,
    token: Secret,
}

impl Peer {
    /// The Fairlead at `api`, for example `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// Where `api` is no address.
    pub fn new(api: &str, token: &Secret) -> Result<Self> {
        let messages = Url::parse(&format!("{}/api/v1/messages", api.trim_end_matches('/')))
            .with_context(|| format!("`{api}` is no address"))?;
        let client = Client::builder().redirect(Policy::none()).no_proxy().timeout(TIMEOUT).build()?;
        Ok(Self { client, messages, token: token.clone() })
    }

    /// Whether there is a message that the tracker has not looked at.
    ///
    /// # Errors
    /// As [`Self::messages`].
    pub async fn has_waiting(&self) -> Result<bool> {
        let page = self.page(&[("state", "waiting"), ("limit", "1")]).await?;
        Ok(!page.items.is_empty())
    }

    /// All messages.
    ///
    /// # Errors
    /// Where the API cannot be reached, refuses the token, or answers something else than messages.
    pub async fn messages(&self) -> Result<Vec<Held>> {
        let mut all = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut query = vec![("limit", PAGE)];
            query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let page = self.page(&query).await?;
            all.extend(page.items);
            if page.next_cursor.is_none() {
                return Ok(all);
            }
            if page.next_cursor == cursor {
                bail!("the messages' next page is the same page again");
            }
            cursor = page.next_cursor;
        }
        bail!("the messages have more than {MOST_PAGES} pages")
    }

    async fn page(&self, query: &[(&str, &str)]) -> Result<Page> {
        let request = self.client.get(self.messages.clone()).query(query).bearer_auth(self.token.expose());
        let response =
            request.send().await.with_context(|| format!("{} cannot be reached", self.messages))?;
        let status = response.status();
        if status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN {
            bail!("{} refuses the token ({status})", self.messages);
        }
        if !status.is_success() {
            bail!("{} answered {status}", self.messages);
        }
        response
            .json()
            .await
            .with_context(|| format!("{} answered something else than messages", self.messages))
    }
}
