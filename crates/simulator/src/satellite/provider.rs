//! The provider's side of the webhook: posts a push, reads the answer, and knows when to try again.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use fairlead_model::Clock;
use fairlead_wire::cloudloop::Format;
use fairlead_wire::rockcore;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_TYPE};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use serde::{Deserialize, Serialize};

use super::body::{Body, Maker};
use super::mt::Mailboxes;
use super::plan::{Delivery, Faults};

/// The key that an intake must trust to believe this provider.
pub const PUBLIC_KEY_PEM: &str = include_str!("../../keys/simulated-provider.pub.pem");

/// What the provider calls itself.
const USER_AGENT: &str = "Rock7PushApi";
/// Longest text that is kept about a failed attempt.
const LONGEST_ERROR: usize = 200;

/// Which of the provider's platforms pushes the messages of buoys and handsets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Platform {
    /// The older one, each modem in its own form, to the door for RockBLOCK.
    #[default]
    Rockblock,
    /// Its successor, in this format and unsigned, to the door for Cloudloop.
    Cloudloop(Format),
}

/// How the provider behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProviderSettings {
    /// Which platform pushes.
    pub platform: Platform,
    /// An answer that takes longer, in real time, is none.
    pub timeout: Duration,
    /// When a push is tried again, in the world's time.
    pub retry: RetryRule,
    /// Most pushes on their way at once.
    pub in_flight: usize,
    /// What goes wrong.
    pub faults: Faults,
}

impl Default for ProviderSettings {
    fn default() -> Self {
        Self {
            platform: Platform::default(),
            timeout: Duration::from_secs(3),
            retry: RetryRule::default(),
            in_flight: 64,
            faults: Faults::BELIEVABLE,
        }
    }
}

/// Doubling delays, up to a total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryRule {
    /// From the first failure to the second attempt; every further delay is twice the one before.
    pub first: Duration,
    /// No attempt is made later than this after the first.
    pub give_up: Duration,
}

impl Default for RetryRule {
    fn default() -> Self {
        Self { first: Duration::from_secs(2), give_up: Duration::from_secs(12 * 3_600) }
    }
}

impl RetryRule {
    /// How long to wait after `failed` attempts; `None` where it is time to give up.
    pub fn delay(&self, failed: u32) -> Option<Duration> {
        let doublings = failed.checked_sub(1)?;
        let delay = self.first.checked_mul(1_u32.checked_shl(doublings)?)?;
        // The delays so far and this one: first · (2^failed − 1).
        let total = delay.checked_mul(2)?.checked_sub(self.first)?;
        (total <= self.give_up).then_some(delay)
    }
}

/// What came of one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The HTTP status; `None` where there was no answer in time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
    /// Why there was none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
}

impl Answer {
    /// The message is off the provider's hands.
    pub fn is_accepted(&self) -> bool {
        self.status == Some(200)
    }
}

/// A provider that pushes to one address.
#[derive(Clone)]
pub struct Provider {
    url: Url,
    clock: Clock,
    settings: ProviderSettings,
    client: Client,
    maker: Arc<Maker>,
    /// What the modems fetched, where Cloudloop tells of it.
    mailboxes: Option<Mailboxes>,
}

impl Provider {
    /// A provider that pushes to `url` and lives by `clock`.
    ///
    /// # Errors
    /// Where `url` is none, or the HTTP client cannot be built.
    pub fn new(url: &str, clock: Clock, settings: ProviderSettings) -> Result<Self> {
        let client = Client::builder()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .timeout(settings.timeout)
            .user_agent(USER_AGENT)
            .pool_max_idle_per_host(settings.in_flight)
            .build()
            .context("the HTTP client")?;
        let url = Url::parse(url).with_context(|| format!("`{url}` is no address to push to"))?;
        Ok(Self { url, clock, settings, client, maker: Arc::new(Maker::new()?), mailboxes: None })
    }

    /// The same provider, whose Cloudloop tells of each session whether it brought something from `mailboxes`.
    #[must_use]
    pub fn telling(self, mailboxes: &Mailboxes) -> Self {
        Self { mailboxes: Some(mailboxes.clone()), ..self }
    }

    /// The clock that the provider lives by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// How the provider behaves.
    pub fn settings(&self) -> &ProviderSettings {
        &self.settings
    }

    /// The body that is pushed for a delivery.
    ///
    /// # Errors
    /// Where it cannot be signed.
    pub fn body(&self, delivery: &Delivery) -> Result<Body> {
        match self.settings.platform {
            Platform::Rockblock => self.maker.body(delivery),
            Platform::Cloudloop(format) => {
                let (imei, at) = (delivery.sent.imei, delivery.sent.at);
                let mtmsn = self.mailboxes.as_ref().map_or(0, |mailboxes| mailboxes.mtmsn(imei, at));
                self.maker.cloudloop_body(delivery, format, mtmsn)
            }
        }
    }

    /// The body that is pushed for a tracker, signed unless it should not be.
    ///
    /// # Errors
    /// Where it cannot be signed.
    pub fn tracker_body(&self, fields: &rockcore::Fields, signed: bool) -> Result<Body> {
        self.maker.tracker_body(fields, signed.then_some(fields.transmitted_at))
    }

    /// Makes one attempt to push what a tracker sent, to the address that this provider pushes to.
    pub async fn post_tracker(&self, fields: &rockcore::Fields, signed: bool) -> Answer {
        self.answer(self.tracker_body(fields, signed)).await
    }

    /// Makes one attempt. A redirect is an answer like any other that is not 200.
    pub async fn post(&self, delivery: &Delivery) -> Answer {
        self.answer(self.body(delivery)).await
    }

    async fn answer(&self, body: Result<Body>) -> Answer {
        match self.try_post(body).await {
            Ok(status) => Answer { status: Some(status), error: None },
            Err(error) => Answer {
                status: None,
                error: Some(format!("{error:#}").chars().take(LONGEST_ERROR).collect()),
            },
        }
    }

    async fn try_post(&self, body: Result<Body>) -> Result<u16> {
        let body = body?;
        let response = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, body.content_type)
            .header(ACCEPT_ENCODING, "gzip")
            .body(body.text)
            .send()
            .await?;
        let status = response.status().as_u16();
        // The body is read so that the connection serves again; what it says does not matter.
        response.bytes().await?;
        Ok(status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_until_twelve_hours_are_over() {
        let rule = RetryRule::default();
        let mut total = 0;
        let mut attempts = Vec::new();
        for failed in 1.. {
            let Some(delay) = rule.delay(failed) else { break };
            total += delay.as_secs();
            attempts.push(total);
        }
        let schedule = [2, 6, 14, 30, 62, 126, 254, 510, 1022, 2046, 4094, 8190, 16382, 32766];
        assert_eq!(attempts, schedule);
        assert_eq!(rule.delay(0), None);
        assert_eq!(rule.delay(u32::MAX), None);
    }
}
