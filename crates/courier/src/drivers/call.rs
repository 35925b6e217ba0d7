//! One call of a provider. No redirect is followed and nothing is tried again here: a second request could be a second
//! message at sea.

use std::time::Duration;

use anyhow::Context;
use fairlead_model::MtId;
use fairlead_wire::Refusal;
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url, redirect, retry};

use super::Outcome;

/// A connection is made within this, or nothing was sent.
const CONNECT: Duration = Duration::from_secs(10);
/// An idle connection is closed before a provider's own limit would close it under a request.
const IDLE: Duration = Duration::from_secs(15);
/// Most bytes of an answer that are read.
const LONGEST_ANSWER: usize = 4_096;
/// Carries the message's id into the provider's and the proxies' logs.
const REQUEST_ID: &str = "x-request-id";

/// An answer that was read.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: String,
}

/// The HTTP client of one account.
pub(super) fn client(timeout: Duration) -> anyhow::Result<Client> {
    Client::builder()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .connect_timeout(CONNECT)
        .timeout(timeout)
        .pool_idle_timeout(IDLE)
        .user_agent(concat!("fairlead/", env!("CARGO_PKG_VERSION")))
        .build()
        .context("the HTTP client cannot be built")
}

/// The URL of a setting.
pub(super) fn url(account: &str, text: &str) -> anyhow::Result<Url> {
    let url =
        Url::parse(text).with_context(|| format!("courier.{account}.url is `{text}`, which is no URL"))?;
    anyhow::ensure!(
        !url.cannot_be_a_base() && url.has_host(),
        "courier.{account}.url is `{text}`, which names no host"
    );
    Ok(url)
}

/// Asks for the head of the host's first page: the way to it is that of a call, and nobody charges for it. Any answer
/// will do.
pub(super) async fn greet(client: &Client, url: &Url) -> Result<(), String> {
    let mut first_page = url.clone();
    first_page.set_path("/");
    first_page.set_query(None);
    client.head(first_page).timeout(CONNECT).send().await.map(drop).map_err(chain)
}

/// What an answer means that does not say that the message was taken, in whichever words, by a provider whose refusals have
/// no documented codes.
pub(super) fn not_taken(status: StatusCode, words: Option<String>) -> Outcome {
    match (refusal_of(status, words.as_deref()), words) {
        (Some(refusal), words) => {
            Outcome::Refused { refusal, said: words.unwrap_or_else(|| status.to_string()) }
        }
        (None, Some(words)) => Outcome::Unknown { why: format!("The provider answered: {words}") },
        (None, None) => wordless(status),
    }
}

/// What stands behind a refusal. A server that fails says nothing of the message, whatever its words.
fn refusal_of(status: StatusCode, words: Option<&str>) -> Option<Refusal> {
    let words = words.filter(|_| !status.is_server_error());
    Refusal::of_status(status.as_u16()).or_else(|| Refusal::of_words(words?))
}

/// Makes the call, once.
///
/// # Errors
/// What is known where no answer was read to its end.
pub(super) async fn once(request: RequestBuilder, id: MtId) -> Result<Answer, Outcome> {
    match request.header(REQUEST_ID, id.to_string()).send().await {
        Ok(response) => read(response).await,
        Err(error) if error.is_connect() => Err(Outcome::NotSent { why: chain(error) }),
        Err(error) if error.is_timeout() => {
            Err(Outcome::Unknown { why: "The provider did not answer in time".to_owned() })
        }
        Err(error) => Err(Outcome::Unknown { why: format!("The call broke off: {}", chain(error)) }),
    }
}

async fn read(mut response: Response) -> Result<Answer, Outcome> {
    let status = response.status();
    let mut body = Vec::new();
    while body.len() < LONGEST_ANSWER {
        match response.chunk().await {
            Ok(Some(bytes)) => body.extend_from_slice(&bytes),
            Ok(None) => break,
            Err(error) => {
                return Err(Outcome::Unknown { why: format!("The answer broke off: {}", chain(error)) });
            }
        }
    }
    Ok(Answer { status, body: String::from_utf8_lossy(&body).into_owned() })
}

/// An answer that says nothing known of the message.
pub(super) fn wordless(status: StatusCode) -> Outcome {
    Outcome::Unknown { why: format!("The provider answered {status} without a word on the message") }
}

/// The innermost cause says most; the URL is left out, for a password may be in it.
fn chain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_fails_says_nothing_of_the_message() {
        for (status, words, refusal) in [
            (StatusCode::OK, "Thing not found", Some(Refusal::Modem)),
            (StatusCode::BAD_REQUEST, "Nobody has described this", Some(Refusal::Message)),
            (StatusCode::UNAUTHORIZED, "Thing not found", Some(Refusal::Credentials)),
            (StatusCode::SERVICE_UNAVAILABLE, "Service unavailable", None),
            (StatusCode::INTERNAL_SERVER_ERROR, "Thing not found", None),
        ] {
            assert_eq!(refusal_of(status, Some(words)), refusal, "{status} {words}");
        }
    }
}
