//! What stands before a websocket: the request that asks for it, and the answer.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use fairlead_model::Secret;
use fairlead_web::networks::TrustedProxies;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::machine::TryParse;
use tokio_tungstenite::tungstenite::handshake::server::{Request, create_response};
use tokio_tungstenite::tungstenite::http::HeaderMap;

use super::line::Line;

/// How long a request may take to come.
const REQUEST: Duration = Duration::from_secs(10);

/// How long an answer may take to leave, and how long is waited until it was read.
const ANSWER: Duration = Duration::from_secs(2);

/// Most bytes of a request.
const LONGEST: usize = 8 * 1024;

/// A request for a websocket.
pub(super) struct Asked {
    /// The path without its first `/`, as it came.
    pub(super) name: String,
    /// The query, as it came.
    query: String,
    /// The headers.
    pub(super) headers: HeaderMap,
    /// What proves that the other end was understood.
    accept: String,
    /// What came behind the request.
    rest: Vec<u8>,
}

/// Why a request is not answered with a websocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The HTTP status.
    pub(super) status: u16,
    /// Why, in a sentence.
    pub(super) why: String,
}

impl Refusal {
    pub(super) fn new(status: u16, why: impl Into<String>) -> Self {
        Self { status, why: why.into() }
    }
}

/// Reads the request; `None` where none came.
pub(super) async fn read(stream: &mut TcpStream) -> Option<Result<Asked, Refusal>> {
    tokio::time::timeout(REQUEST, read_all(stream)).await.unwrap_or(None)
}

async fn read_all(stream: &mut TcpStream) -> Option<Result<Asked, Refusal>> {
    let mut bytes = Vec::with_capacity(512);
    loop {
        // Its end cannot come before the last four bytes that were looked at.
        let looked_at = bytes.len().saturating_sub(3);
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let new = bytes.get(looked_at..).unwrap_or_default();
        if new.windows(4).any(|end| end == b"\r\n\r\n") {
            return Some(understand(&bytes));
        }
        if !begins_well(&bytes) {
            return Some(Err(Refusal::new(400, "This is no request for a websocket.")));
        }
        if bytes.len() >= LONGEST {
            return Some(Err(Refusal::new(431, format!("A request here has at most {LONGEST} bytes."))));
        }
    }
}

/// What is no request at all need not be waited for.
fn begins_well(bytes: &[u8]) -> bool {
    b"GET ".iter().zip(bytes).all(|(wanted, byte)| wanted == byte)
}

fn understand(bytes: &[u8]) -> Result<Asked, Refusal> {
    let not_understood = |error: Error| match error {
        Error::Protocol(ProtocolError::WrongHttpMethod) => {
            Refusal::new(405, "A websocket is asked for with GET.")
        }
        Error::Protocol(ProtocolError::WrongHttpVersion) => {
            Refusal::new(505, "A websocket is asked for with HTTP/1.1.")
        }
        Error::Protocol(
            ProtocolError::MissingConnectionUpgradeHeader | ProtocolError::MissingUpgradeWebSocketHeader,
        ) => Refusal::new(426, "Only websockets are served here."),
        Error::Protocol(ProtocolError::MissingSecWebSocketVersionHeader) => {
            Refusal::new(426, "Only version 13 of the websocket protocol is spoken here.")
        }
        other => Refusal::new(400, format!("The request cannot be read: {other}.")),
    };
    let (length, request) = Request::try_parse(bytes)
        .map_err(not_understood)?
        .ok_or_else(|| Refusal::new(400, "The request cannot be read."))?;
    let answer = create_response(&request).map_err(not_understood)?;
    let accept = answer.headers().get("Sec-WebSocket-Accept").and_then(|value| value.to_str().ok());
    let path = request.uri().path();
    Ok(Asked {
        name: path.strip_prefix('/').unwrap_or(path).to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        accept: accept.unwrap_or_default().to_owned(),
        rest: bytes.get(length..).unwrap_or_default().to_vec(),
        headers: request.into_parts().0.headers,
    })
}

impl Asked {
    /// A parameter of the query, as it came.
    pub(super) fn parameter(&self, name: &str) -> Option<Secret> {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| Secret::new(value))
    }

    /// A header's value.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The address from which it comes: the peer's, or the one that trusted proxies name.
    pub(super) fn address(&self, peer: SocketAddr, proxies: &TrustedProxies) -> IpAddr {
        let lines = self.headers.get_all("x-forwarded-for").iter();
        let lines: Vec<_> = lines.map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
        proxies.see_through(peer.ip(), &lines.join(", "))
    }

    /// Answers with the websocket. The firmware wants exactly this beginning, and looks at nothing else.
    pub(super) async fn accept(self, mut stream: TcpStream) -> Option<Line> {
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\n\r\n",
            self.accept
        );
        // Small texts are not to wait for larger ones.
        let _ = stream.set_nodelay(true);
        tokio::time::timeout(ANSWER, stream.write_all(answer.as_bytes())).await.ok()?.ok()?;
        Some(Line::new(stream, self.rest).await)
    }
}

/// Answers that there is none; `as_json` for pages.
pub(super) async fn refuse(mut stream: TcpStream, refusal: &Refusal, as_json: bool) {
    let Refusal { status, why } = refusal;
    let (kind, body) = if as_json {
        ("application/json", serde_json::json!({ "error": why }).to_string())
    } else {
        ("text/plain; charset=utf-8", format!("{why}\n"))
    };
    let upgrade = if *status == 426 { "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" } else { "" };
    let answer = format!(
        "HTTP/1.1 {status} {}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n{upgrade}Connection: close\r\n\r\n{body}",
        phrase(*status),
        body.len()
    );
    let said = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        // Closed with something unread, the answer would be lost on its way.
        let mut unread = [0; 512];
        while stream.read(&mut unread).await? > 0 {}
        Ok::<(), std::io::Error>(())
    };
    // Whoever does not take it may do without.
    let _ = tokio::time::timeout(ANSWER, said).await;
}

fn phrase(status: u16) -> &'static str {
    use tokio_tungstenite::tungstenite::http::StatusCode;
    StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Refused")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRMWARE: &str = "GET /PK001?key=a%20b&x=1 HTTP/1.1\r\nHost: hub:7777\r\nConnection: Upgrade\r\n\
        Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
        Origin: http://localhost\r\n\r\n";

    #[test]
    fn the_firmwares_request_is_understood() {
        let asked = understand(format!("{FIRMWARE}rest").as_bytes()).unwrap();
        assert_eq!((asked.name.as_str(), asked.rest.as_slice()), ("PK001", b"rest".as_slice()));
        assert_eq!(asked.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "the example of RFC 6455");
        assert_eq!(asked.parameter("key").unwrap().expose(), "a%20b");
        assert!(asked.parameter("token").is_none());
    }

    #[test]
    fn what_is_no_websocket_is_refused_with_a_sentence() {
        for (from, to, status) in [
            ("GET ", "POST ", 405),
            ("HTTP/1.1", "HTTP/1.0", 505),
            ("Upgrade: websocket", "Upgrade: h2c", 426),
            ("Connection: Upgrade", "Connection: close", 426),
            ("Version: 13", "Version: 8", 426),
            ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "X: y", 400),
            ("Host: hub", "Ho st: hub", 400),
        ] {
            let refusal = understand(FIRMWARE.replace(from, to).as_bytes()).err().expect(from);
            assert_eq!(refusal.status, status, "{from}: {}", refusal.why);
        }
        assert!(begins_well(b"GE") && begins_well(b"GET /x") && !begins_well(b"\x16\x03\x01"));
    }
}
