//! A push that the intake sends to itself by the public address: the way by which the provider's pushes come.

mod judgement;

use std::time::{Duration, Instant};

use fairlead_model::{Imei, Secret, Time, Trust};
use fairlead_wire::rockblock::format_transmit_time;
use reqwest::header::LOCATION;
use reqwest::{Client, Response, Url, redirect, retry};
use serde::Serialize;
use utoipa::ToSchema;

use self::judgement::{Answer, Silence};
use crate::settings::RockblockSettings;

/// How long an answer is waited for. The provider waits 3 s; whoever looks for a fault wants to see it.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most bytes of an answer that are read; the intake's own are shorter.
const LONGEST_ANSWER: usize = 16 * 1024;
/// What the message says.
const TEXT: &str = "Fairlead test push";
/// Stands where the secret path does.
const HIDDEN: &str = "…";

/// What became of a test push.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TestPush {
    /// Where it was sent; a secret path is shown as `…`.
    url: String,
    /// The HTTP status of the answer; null where there was none.
    status: Option<u16>,
    /// How long it took, milliseconds. The provider waits 3 s.
    took_ms: u64,
    /// The provider's pushes come this way.
    ok: bool,
    /// What happened, and what to do about it.
    sentence: String,
}

/// The way to the door and back.
pub(crate) struct RoundTrip {
    public_url: String,
    secret_path: Secret,
    require: Trust,
}

impl RoundTrip {
    pub(crate) fn new(public_url: &str, settings: &RockblockSettings) -> Self {
        Self {
            public_url: public_url.to_owned(),
            secret_path: settings.secret_path.clone(),
            require: settings.require_trust,
        }
    }

    /// Sends one push, as the provider would, and says what became of it. It goes past a proxy that the environment
    /// names for this server's own requests: the provider does not come by it, and it may reach what nobody outside
    /// does.
    ///
    /// # Errors
    /// Where this machine cannot make requests at all.
    pub(crate) async fn make(&self, now: Time) -> Result<TestPush, reqwest::Error> {
        let Some(url) = self.url() else {
            let sentence = format!(
                "`{}` is no address of a web server. Set `http.public_url` to one like https://fleet.example.org.",
                self.public_url
            );
            return Ok(TestPush { url: self.shown(), status: None, took_ms: 0, ok: false, sentence });
        };
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .timeout(PATIENCE)
            .user_agent(concat!("fairlead/", env!("CARGO_PKG_VERSION")))
            .build()?;
        let began = Instant::now();
        let answer = match client.post(url.clone()).form(&form(now)).send().await {
            Ok(response) => read(response).await,
            Err(error) => Answer::None(Silence::of(&error, &url)),
        };
        let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (ok, sentence) = self.judge(&url, &answer);
        let status = match answer {
            Answer::None(_) => None,
            Answer::Read { status, .. } => Some(status),
        };
        Ok(TestPush { url: self.shown(), status, took_ms, ok, sentence })
    }

    fn url(&self) -> Option<Url> {
        let mut url =
            Url::parse(&self.public_url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        let mut path = url.path_segments_mut().ok()?;
        path.pop_if_empty().extend(["rockblock", "incoming"]);
        if !self.secret_path.is_empty() {
            path.push(self.secret_path.expose());
        }
        drop(path);
        Some(url)
    }

    fn shown(&self) -> String {
        let secret = if self.secret_path.is_empty() { String::new() } else { format!("/{HIDDEN}") };
        format!("{}/rockblock/incoming{secret}", self.public_url)
    }
}

/// What the provider pushes, without the network's estimate. A modem's counter has 16 bits; seconds are as good.
fn form(now: Time) -> [(&'static str, String); 5] {
    let seconds = now.micros() / 1_000_000;
    [
        ("imei", Imei::TEST.to_string()),
        ("device_type", "ROCKBLOCK".to_owned()),
        ("momsn", seconds.rem_euclid(1 << 16).to_string()),
        ("transmit_time", format_transmit_time(now)),
        ("data", hex::encode(TEXT)),
    ]
}

async fn read(mut response: Response) -> Answer {
    let status = response.status().as_u16();
    let location =
        response.headers().get(LOCATION).map(|to| String::from_utf8_lossy(to.as_bytes()).into_owned());
    let mut body = Vec::new();
    while body.len() < LONGEST_ANSWER {
        match response.chunk().await {
            Ok(Some(bytes)) => body.extend_from_slice(&bytes),
            Ok(None) => break,
            Err(error) if error.is_timeout() => return Answer::None(Silence::TooLate),
            Err(error) => return Answer::None(Silence::Broken(error.without_url().to_string())),
        }
    }
    Answer::Read { status, location, body: String::from_utf8_lossy(&body).into_owned() }
}

#[cfg(test)]
mod tests {
    use fairlead_web::Code;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    const SECRET: &str = "hush hush";

    pub(super) fn set(secret: &str, require_trust: Trust) -> RockblockSettings {
        RockblockSettings { secret_path: Secret::new(secret), require_trust, ..RockblockSettings::default() }
    }

    fn noon() -> Time {
        Time::parse_rfc3339("2026-06-01T12:00:00Z").unwrap()
    }

    /// A server that says this to one request, and its address; what it was sent comes in the end.
    async fn once(answer: String) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let serve = async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut heard = String::new();
            // The form ends with the text.
            while !heard.ends_with(&hex::encode(TEXT)) {
                let mut bytes = [0; 4_096];
                let n = stream.read(&mut bytes).await.unwrap();
                heard.push_str(&String::from_utf8_lossy(&bytes[..n]));
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
            heard
        };
        (address, tokio::spawn(serve))
    }

    fn http(status: &str, header: &str, body: &str) -> String {
        format!("HTTP/1.1 {status}\r\n{header}Content-Length: {}\r\n\r\n{body}", body.len())
    }

    fn problem(code: Code, detail: &str) -> String {
        let body = format!(r#"{{"code":"{}","detail":"{detail}"}}"#, code.number());
        http(&code.status().to_string(), "Content-Type: application/problem+json\r\n", &body)
    }

    #[tokio::test]
    async fn a_test_push_looks_like_the_providers() {
        let (address, server) = once(http("200 OK", "", "OK")).await;
        let public_url = format!("http://{address}");
        let made = RoundTrip::new(&public_url, &set(SECRET, Trust::SecretPath)).make(noon()).await.unwrap();
        let heard = server.await.unwrap();
        assert!(heard.starts_with("POST /rockblock/incoming/hush%20hush HTTP/1.1\r\n"), "{heard}");
        let body = heard.rsplit("\r\n").next().unwrap();
        let push = fairlead_wire::rockblock::parse(fairlead_wire::rockblock::BodyKind::Form, body.as_bytes());
        let push = push.unwrap();
        assert_eq!((push.imei, push.transmitted_at), (Imei::TEST, Some(noon())));
        assert_eq!((push.payload.as_deref(), push.faults.as_slice()), (Some(TEXT.as_bytes()), [].as_slice()));
        assert_eq!((made.status, made.url), (Some(200), format!("{public_url}/rockblock/incoming/…")));
    }

    #[tokio::test]
    async fn each_answer_has_its_sentence() {
        let elsewhere = "Location: https://other.example/rockblock/incoming/hush%20hush\r\n";
        for (answer, wanted) in [
            (
                http("301 Moved", elsewhere, ""),
                "redirects to https://other.example/rockblock/incoming/…, and the provider",
            ),
            (http("200 OK", "", "<html>Hello</html>"), "is not Fairlead (status 200)"),
            (http("404 Not Found", "", "nothing"), "is not Fairlead (status 404)"),
            (http("502 Bad Gateway", "", "<html>"), "the intake does not answer the proxy (status 502)"),
            (problem(Code::NotFound, ""), "but not its intake: let the proxy hand /rockblock/ to it"),
            (problem(Code::Unavailable, "Not now."), "Fairlead answered 503: Not now."),
            (problem(Code::Untrusted, "Not hush hush."), "set otherwise than this one. It says: Not …."),
            ("nonsense".to_owned(), "broke off"),
        ] {
            let (address, server) = once(answer).await;
            let trip = RoundTrip::new(&format!("http://{address}"), &set(SECRET, Trust::SecretPath));
            let made = trip.make(noon()).await.unwrap();
            server.await.unwrap();
            assert!(!made.ok && made.sentence.contains(wanted), "{wanted}: {}", made.sentence);
            assert!(!format!("{made:?}").contains("hush"), "{made:?}");
        }
    }

    #[tokio::test]
    async fn what_does_not_answer_has_its_sentence() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let nobody = listener.local_addr().unwrap();
        drop(listener);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let no_tls = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(http("400 Bad Request", "", "").as_bytes()).await.unwrap();
        });
        for (public_url, wanted) in [
            (format!("http://{nobody}"), format!("Nothing listens at {nobody}: the connection was refused.")),
            ("http://fleet.invalid".to_owned(), "The name in fleet.invalid is not known".to_owned()),
            (format!("https://{no_tls}"), format!("No TLS with {no_tls}: ")),
            ("fleet.example.org".to_owned(), "`fleet.example.org` is no address of a web server.".to_owned()),
            ("ftp://fleet.example.org".to_owned(), "is no address of a web server.".to_owned()),
        ] {
            let made = RoundTrip::new(&public_url, &set("", Trust::Unsigned)).make(noon()).await.unwrap();
            assert_eq!((made.status, made.ok), (None, false));
            assert!(made.sentence.contains(&wanted), "{wanted}: {}", made.sentence);
        }
    }
}
