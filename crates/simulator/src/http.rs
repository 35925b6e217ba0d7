//! HTTP/1.1 on a bare connection: enough for a few paths, and the freedom to be rude on it.

mod reply;

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) use reply::Reply;

const MAX_HEAD: usize = 16 * 1_024;
const MAX_BODY: usize = 1_024 * 1_024;
const CHUNK: usize = 4 * 1_024;
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// A request, read to its end.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query as sent.
    pub(crate) target: String,
    pub(crate) body: Vec<u8>,
    /// Whether the client may send another on the same connection.
    pub(crate) keep_alive: bool,
    headers: Vec<(String, String)>,
}

impl Request {
    pub(crate) fn path(&self) -> &str {
        self.target.split_once('?').map_or(self.target.as_str(), |(path, _)| path)
    }

    pub(crate) fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// The first header of this name, which is given in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn of_head(head: &[u8]) -> Option<Self> {
        let mut lines = std::str::from_utf8(head).ok()?.split("\r\n");
        let mut first = lines.next()?.split(' ');
        let (method, target, version) = (first.next()?, first.next()?, first.next()?);
        let headers: Vec<(String, String)> = lines
            .filter(|line| !line.is_empty())
            .map(|line| line.split_once(':').map(|(k, v)| (k.to_ascii_lowercase(), v.trim().to_owned())))
            .collect::<Option<_>>()?;
        let mut request = Self {
            method: method.to_owned(),
            target: target.to_owned(),
            body: Vec::new(),
            keep_alive: version == "HTTP/1.1",
            headers,
        };
        request.keep_alive &= request.header("connection").is_none_or(|c| !c.eq_ignore_ascii_case("close"));
        Some(request)
    }

    /// `None` where the body has no length that is known before it, or too great a one.
    fn content_length(&self) -> Option<usize> {
        let length = self.header("content-length").map_or(Some(0), |text| text.parse().ok())?;
        (length <= MAX_BODY && self.header("transfer-encoding").is_none()).then_some(length)
    }
}

/// A client's connection.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    /// What was read and not yet understood.
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    /// The next request; `None` where the client has gone.
    ///
    /// # Errors
    /// Where the connection fails, or what comes is no request with a body of known length.
    pub(crate) async fn receive(&mut self) -> io::Result<Option<Request>> {
        let end = loop {
            let found = self.buffer.windows(END_OF_HEAD.len()).position(|window| window == END_OF_HEAD);
            if let Some(at) = found {
                break at + END_OF_HEAD.len();
            }
            if self.buffer.len() > MAX_HEAD {
                return Err(io::ErrorKind::InvalidData.into());
            }
            if !self.fill().await? {
                return Ok(None);
            }
        };
        let head: Vec<u8> = self.buffer.drain(..end).collect();
        let read = Request::of_head(&head).and_then(|request| Some((request.content_length()?, request)));
        let (length, mut request) = read.ok_or(io::ErrorKind::InvalidData)?;
        while self.buffer.len() < length {
            if !self.fill().await? {
                return Ok(None);
            }
        }
        request.body = self.buffer.drain(..length).collect();
        Ok(Some(request))
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// Where the connection fails.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Returns when the client has gone.
    pub(crate) async fn gone(&mut self) {
        // A client that sends on without end is gone too.
        while self.buffer.len() < MAX_BODY && matches!(self.fill().await, Ok(true)) {}
    }

    /// Reads what has come; `false` where nothing more will come. Nothing is lost where this is cancelled.
    async fn fill(&mut self) -> io::Result<bool> {
        self.buffer.reserve(CHUNK);
        Ok(self.stream.read_buf(&mut self.buffer).await? > 0)
    }
}
