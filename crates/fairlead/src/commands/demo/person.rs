//! The person in whose name the demo does what people do, by the API alone.

use std::time::Duration;

use anyhow::Context as _;
use fairlead_model::Clock;
use fairlead_model::role::Role;
use fairlead_store::{Store, sign_in};
use fairlead_web::auth::fresh_token;
use reqwest::{RequestBuilder, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The person's name, as the audit log has it.
pub(super) const NAME: &str = "demo";

/// Longest that one answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Somebody with a token.
#[derive(Clone)]
pub(super) struct Person {
    client: reqwest::Client,
    api: String,
    token: String,
}

/// A page of a list, of which one is enough here.
#[derive(Deserialize)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
}

impl Person {
    /// Gives the person a token. `api`: where the pages are.
    pub(super) async fn admit(store: &Store, clock: &Clock, api: &str) -> anyhow::Result<Self> {
        let token = fresh_token();
        let (kept, clock) = (token.clone(), clock.clone());
        store.write(move |tx| sign_in::create_token(tx, &clock, NAME, Role::Admin, &kept, None)).await?;
        let client = reqwest::Client::builder().timeout(PATIENCE).build()?;
        Ok(Self { client, api: api.to_owned(), token })
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// Reads something of the API; `path` is what follows `/api/v1/`.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        let (status, body) = send(self.client.get(self.url(path)).bearer_auth(&self.token)).await?;
        read(path, status, &body)
    }

    /// Asks for something. A request with a key is done once, however often it is sent.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
        key: Option<&str>,
    ) -> anyhow::Result<T> {
        let mut request = self.client.post(self.url(path)).bearer_auth(&self.token).json(body);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        let (status, body) = send(request).await?;
        read(path, status, &body)
    }

    /// The same, where it may be too early: nothing is returned then.
    pub(super) async fn try_post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<Option<T>> {
        let request = self.client.post(self.url(path)).bearer_auth(&self.token).json(body);
        let (status, body) = send(request).await?;
        if status == StatusCode::SERVICE_UNAVAILABLE {
            return Ok(None);
        }
        read(path, status, &body).map(Some)
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/v1/{path}", self.api)
    }
}

async fn send(request: RequestBuilder) -> anyhow::Result<(StatusCode, String)> {
    let response = request.send().await?;
    Ok((response.status(), response.text().await?))
}

/// An answer, or what the server says against it.
fn read<T: DeserializeOwned>(path: &str, status: StatusCode, body: &str) -> anyhow::Result<T> {
    anyhow::ensure!(status.is_success(), "{path}: {status}: {body}");
    serde_json::from_str(body).with_context(|| format!("{path}: {body}"))
}
