//! A server of bytes: each request is shown as it came, and answered with exactly what the test says.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What is answered: bytes, and then the connection is closed or kept open.
pub(super) enum Answer {
    Bytes(Vec<u8>),
    KeptOpen(Vec<u8>),
}

#[derive(Clone)]
pub(super) struct RawServer {
    address: String,
    seen: Arc<Mutex<Vec<(String, Value)>>>,
    kept_open: Arc<Mutex<Vec<TcpStream>>>,
}

impl RawServer {
    /// Answers every request with what `answer` makes of its body.
    pub(super) async fn new(answer: impl FnMut(&Value) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap().to_string(),
            seen: Arc::default(),
            kept_open: Arc::default(),
        };
        let (seen, kept_open) = (server.seen.clone(), server.kept_open.clone());
        tokio::spawn(async move {
            let mut answer = answer;
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                // A client whose power failed sends half a request.
                let Some((head, body)) = read(&mut stream).await else { continue };
                let answered = answer(&body);
                seen.lock().unwrap().push((head, body));
                let (Answer::Bytes(bytes) | Answer::KeptOpen(bytes)) = &answered;
                // It may be gone before it has heard everything.
                let _ = stream.write_all(bytes).await;
                if matches!(answered, Answer::KeptOpen(_)) {
                    kept_open.lock().unwrap().push(stream);
                }
            }
        });
        server
    }

    /// What a device has stored.
    pub(super) fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    pub(super) fn port(&self) -> &str {
        self.address.rsplit(':').next().unwrap()
    }

    /// Closes the connections that were kept open until now.
    pub(super) fn close_what_is_open(&self) {
        self.kept_open.lock().unwrap().clear();
    }

    /// Heads of all requests, and their bodies.
    pub(super) fn seen(&self) -> Vec<(String, Value)> {
        self.seen.lock().unwrap().clone()
    }

    /// The commands of all requests.
    pub(super) fn commands(&self) -> Vec<String> {
        self.seen().iter().map(|(_, body)| body["cmd"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

async fn read(stream: &mut TcpStream) -> Option<(String, Value)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..at + 4].to_vec()).unwrap();
            let length = head.split("\r\n").find_map(|line| line.strip_prefix("Content-Length: "));
            let length: usize = length.unwrap().parse().unwrap();
            while bytes.len() < at + 4 + length {
                if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                    return None;
                }
            }
            assert_eq!(bytes.len(), at + 4 + length);
            return Some((head, serde_json::from_slice(&bytes[at + 4..]).unwrap()));
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return None;
        }
    }
}

/// An answer as the original gives it.
pub(super) fn json(body: &str) -> Answer {
    Answer::Bytes(with_head("Content-Length", "application/json", body.as_bytes()))
}

/// A file as the original gives it, with its length under this name.
pub(super) fn with_head(length: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.0 200 OK\r\nContent-Type: {kind}\r\n{length}: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}
