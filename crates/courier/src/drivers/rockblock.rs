//! RockBLOCK: one form, posted once. No redirect is followed and nothing is tried again here: a second request could be
//! a second message at sea.

use std::time::Duration;

use anyhow::Context;
use fairlead_model::Secret;
use fairlead_wire::rockblock::{MtAnswer, read_mt_answer};
use reqwest::{Client, Response, Url, redirect, retry};

use super::{Outcome, Parcel};
use crate::settings::AccountSettings;

/// A connection is made within this, or nothing was sent.
const CONNECT: Duration = Duration::from_secs(10);
/// An idle connection is closed before a provider's own limit would close it under a request.
const IDLE: Duration = Duration::from_secs(15);
/// Most bytes of an answer that are read.
const LONGEST_ANSWER: usize = 4_096;
/// Carries the message's id into the provider's and the proxies' logs.
const REQUEST_ID: &str = "x-request-id";

/// One account with RockBLOCK.
pub(crate) struct Rockblock {
    client: Client,
    url: Url,
    username: String,
    password: Secret,
}

impl Rockblock {
    pub(crate) fn new(name: &str, settings: &AccountSettings) -> anyhow::Result<Self> {
        let url = Url::parse(&settings.url)
            .with_context(|| format!("courier.{name}.url is `{}`, which is no URL", settings.url))?;
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .connect_timeout(CONNECT)
            .timeout(settings.timeout())
            .pool_idle_timeout(IDLE)
            .user_agent(concat!("fairlead/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("the HTTP client cannot be built")?;
        Ok(Self { client, url, username: settings.username.clone(), password: settings.password.clone() })
    }

    /// Asks for the head of the host's first page: the way to it is that of a call, and nobody charges for it. Any
    /// answer will do.
    pub(crate) async fn greet(&self) -> Result<(), String> {
        let mut first_page = self.url.clone();
        first_page.set_path("/");
        first_page.set_query(None);
        self.client.head(first_page).timeout(CONNECT).send().await.map(drop).map_err(chain)
    }

    /// Makes the call, once.
    pub(crate) async fn send(&self, parcel: &Parcel) -> Outcome {
        let data = hex::encode(&parcel.text);
        let mut form = vec![
            ("imei", parcel.imei.as_str()),
            ("username", self.username.as_str()),
            ("password", self.password.expose()),
            ("data", data.as_str()),
        ];
        if parcel.flush {
            form.push(("flush", "yes"));
        }
        let request =
            self.client.post(self.url.clone()).header(REQUEST_ID, parcel.id.to_string()).form(&form);
        match request.send().await {
            Ok(response) => read(response).await,
            Err(error) if error.is_connect() => Outcome::NotSent { why: chain(error) },
            Err(error) if error.is_timeout() => {
                Outcome::Unknown { why: "The provider did not answer in time".to_owned() }
            }
            Err(error) => Outcome::Unknown { why: format!("The call broke off: {}", chain(error)) },
        }
    }
}

/// The body is the authority, whatever the status.
async fn read(mut response: Response) -> Outcome {
    let status = response.status();
    let mut body = Vec::new();
    while body.len() < LONGEST_ANSWER {
        match response.chunk().await {
            Ok(Some(bytes)) => body.extend_from_slice(&bytes),
            Ok(None) => break,
            Err(error) => {
                return Outcome::Unknown { why: format!("The answer broke off: {}", chain(error)) };
            }
        }
    }
    match read_mt_answer(&String::from_utf8_lossy(&body)) {
        Some(MtAnswer::Taken { id }) => Outcome::Taken { provider_id: id },
        Some(MtAnswer::Refused { code, text }) => Outcome::Refused { code, text },
        None => {
            Outcome::Unknown { why: format!("The provider answered {status} without a word on the message") }
        }
    }
}

/// The innermost cause says most; the URL is left out.
fn chain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
