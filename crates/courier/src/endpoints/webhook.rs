//! Webhooks: a letter is posted once to an address, signed by Standard Webhooks.

use std::time::Duration;

use fairlead_model::endpoint::shortened;
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Client, Response, Url, redirect, retry};

use super::signing::Signer;
use super::{Fault, Ground, KEPT, Letter, OpenSecrets, Sent};

/// A connection is made within this.
const CONNECT: Duration = Duration::from_secs(10);
/// An idle connection is closed before most servers would close it under a request.
const IDLE: Duration = Duration::from_secs(15);
/// An answer that goes on for longer than this is not read to its end, and its connection not used again.
const LONGEST_ANSWER: usize = 65_536;
/// How long the rest of an answer is waited for once its status is known.
const REST: Duration = Duration::from_secs(2);
/// The longest that an endpoint may ask to be left alone.
const LONGEST_REST: Duration = Duration::from_secs(3_600);

/// One webhook.
pub(crate) struct Webhook {
    client: Client,
    url: Url,
    signer: Signer,
    ground: Ground,
    patience: Duration,
    at_once: usize,
}

impl Webhook {
    pub(crate) fn open(
        url: &str,
        patience: Duration,
        concurrency: u16,
        secrets: &OpenSecrets,
        ground: &Ground,
    ) -> Result<Self, String> {
        let url = Url::parse(url).map_err(|e| format!("`{url}` is no address: {e}."))?;
        let at_once = usize::from(concurrency.clamp(1, 64));
        let client = Client::builder()
            // Where an endpoint sends us next is nothing that we were told to trust.
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT.min(patience))
            .timeout(patience)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(at_once)
            .tcp_nodelay(true)
            .http1_only()
            .dns_resolver(std::sync::Arc::new(ground.dialling.clone()))
            .user_agent(concat!("fairlead/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| format!("The HTTP client cannot be built: {e}."))?;
        let signer = Signer::new(&secrets.signing)?;
        Ok(Self { client, url, signer, ground: ground.clone(), patience, at_once })
    }

    pub(crate) const fn at_once(&self) -> usize {
        self.at_once
    }

    pub(crate) const fn patience(&self) -> Duration {
        self.patience
    }

    pub(crate) async fn send(&self, letter: &Letter) -> Sent {
        // A name is looked at where it is looked up; an address in the URL is nobody's to look up.
        if let Some(why) = self.ground.dialling.refusal_of(&self.url) {
            return Sent::failed(why, Fault::Again);
        }
        let id = letter.id.to_string();
        let seconds = self.ground.clock.now().micros().div_euclid(1_000_000);
        let request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, &letter.content_type)
            .header("webhook-id", &id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", self.signer.sign(&id, seconds, &letter.body))
            .body(letter.body.clone());
        match request.send().await {
            Ok(answer) => read(answer).await,
            Err(error) => Sent::failed(self.words(error), Fault::Again),
        }
    }

    fn words(&self, error: reqwest::Error) -> String {
        if error.is_timeout() {
            return format!("It did not answer within {} s.", self.patience.as_secs());
        }
        if error.is_connect() {
            return format!("It cannot be reached: {}", sentence(error));
        }
        format!("The call broke off: {}", sentence(error))
    }
}

/// The status is the answer; the body is kept for a person, as far as it comes soon.
async fn read(mut answer: Response) -> Sent {
    let status = answer.status();
    let headers = std::mem::take(answer.headers_mut());
    let mut response = Vec::new();
    // What did not come of a body is not missed: what counts was said before it.
    let _ = tokio::time::timeout(REST, first_bytes(&mut answer, &mut response)).await;
    judge(status, &headers, response)
}

async fn first_bytes(answer: &mut Response, kept: &mut Vec<u8>) {
    let mut seen = 0;
    while seen < LONGEST_ANSWER {
        let Ok(Some(bytes)) = answer.chunk().await else { break };
        seen += bytes.len();
        kept.extend(bytes.iter().copied().take(KEPT.saturating_sub(kept.len())));
    }
}

/// What an answer means.
fn judge(status: reqwest::StatusCode, headers: &HeaderMap, response: Vec<u8>) -> Sent {
    let number = status.as_u16();
    let word = status.canonical_reason().map(|word| format!(" {word}")).unwrap_or_default();
    let answered = format!("It answered {number}{word}");
    let after = headers.get(RETRY_AFTER).and_then(|after| after.to_str().ok()).and_then(retry_after);
    let (why, fault) = match number {
        200..=299 => return Sent::Delivered { status: Some(number), response },
        300..=399 => {
            let to = headers.get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("nowhere");
            // Its path may be a key, as the endpoint's own.
            let to = shortened(to).unwrap_or_else(|| to.to_owned());
            let to: String = to.chars().filter(|c| !c.is_control()).take(500).collect();
            (
                format!(
                    "{answered} and points to {to}. Redirects are not followed; set the address that is meant."
                ),
                Fault::Again,
            )
        }
        410 => (format!("{answered}: it wants nothing any more."), Fault::Gone),
        413 => (format!("{answered}: the body is too large for it."), Fault::Never),
        429 => (format!("{answered}: it wants fewer at a time."), Fault::Slower { after }),
        503 if after.is_some() => (format!("{answered} and asks for a pause."), Fault::Slower { after }),
        _ => (format!("{answered}."), Fault::Again),
    };
    Sent::Failed { why, status: Some(number), response, fault }
}

/// The seconds of `Retry-After`. A date is not read: clocks differ, and hardly anyone sends one.
fn retry_after(text: &str) -> Option<Duration> {
    let seconds = text.trim().parse().ok().map(Duration::from_secs)?;
    Some(seconds.clamp(Duration::from_secs(1), LONGEST_REST))
}

/// The innermost cause says most; the URL, which may hold a key, is left out.
fn sentence(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let text = cause.to_string();
    if text.ends_with('.') { text } else { format!("{text}.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_is_told_up_to_its_host() {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, "https://example.com/in/geheim?session=geheim".parse().unwrap());
        let Sent::Failed { why, .. } = judge(reqwest::StatusCode::FOUND, &headers, Vec::new()) else {
            panic!("a redirect is no delivery");
        };
        assert!(why.contains("points to https://example.com/….") && !why.contains("geheim"), "{why}");
    }
}
