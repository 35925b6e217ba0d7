//! HTTP as the firmware speaks it: version 1.0, one connection a request, no time-outs, and headers by their exact
//! spelling.

use std::io;

use anyhow::{Context, Result};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

const CHUNK: usize = 2 * 1_024;
const LONGEST_HEAD: usize = 8 * 1_024;
/// Longest answer that fits into the device's memory, in bytes.
const LONGEST_JSON: usize = 64 * 1_024;
/// Longest file; what is longer is on no flash.
const LONGEST_FILE: usize = 2 * 1_024 * 1_024;
/// The one header that is looked at, in the one spelling that is known.
const CONTENT_LENGTH: &str = "Content-Length:";

/// The server as the device has it stored, such as `http://host:8080/v1`.
#[derive(Clone, Debug)]
pub(super) struct Server {
    host: String,
    port: u16,
    path: String,
}

/// Why a device does not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Halt {
    /// Something was raised; the text is Python's.
    Raised(String),
    /// There is no power any more.
    PowerCut,
}

/// Counts the bytes until the power fails, if it will.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Power {
    left: Option<u64>,
}

impl Power {
    /// Power that fails after so many bytes; never where there is no number.
    pub(super) const fn failing_after(left: Option<u64>) -> Self {
        Self { left }
    }

    /// How many of these bytes still go.
    fn allows(self, bytes: usize) -> usize {
        self.left.map_or(bytes, |left| bytes.min(usize::try_from(left).unwrap_or(usize::MAX)))
    }

    fn spend(&mut self, bytes: usize) -> Result<(), Halt> {
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(u64::try_from(bytes).unwrap_or(u64::MAX));
            if *left == 0 {
                return Err(Halt::PowerCut);
            }
        }
        Ok(())
    }
}

impl Server {
    /// Reads the address of a server.
    ///
    /// # Errors
    /// Where it is none, or one with encryption: a test's business is the protocol.
    pub(super) fn parse(address: &str) -> Result<Self> {
        let url = Url::parse(address).with_context(|| format!("`{address}` is no address of a server"))?;
        anyhow::ensure!(url.scheme() == "http", "simulated devices speak plain http, not `{address}`");
        let host = url.host_str().with_context(|| format!("`{address}` names no host"))?.to_owned();
        let path = url.path().trim_end_matches('/').to_owned();
        Ok(Self { host, port: url.port().unwrap_or(80), path })
    }

    /// Asks for JSON, and reads it to the end of the connection.
    pub(super) async fn json(&self, path: &str, body: &Value, power: &mut Power) -> Result<Value, Halt> {
        let mut answer = self.ask(path, body, power).await?;
        while answer.fill(power).await? {
            if answer.body.len() > LONGEST_JSON {
                return Err(Halt::Raised("memory allocation failed".to_owned()));
            }
        }
        serde_json::from_slice(&answer.body).map_err(|_| Halt::Raised("syntax error in JSON".to_owned()))
    }

    /// Asks for a file, and reads as much of it as the header says; without that header, nothing.
    pub(super) async fn file(&self, path: &str, body: &Value, power: &mut Power) -> Result<Vec<u8>, Halt> {
        let mut answer = self.ask(path, body, power).await?;
        let said = answer.head.split("\r\n").find_map(|line| line.strip_prefix(CONTENT_LENGTH));
        let length = said.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
        if length > LONGEST_FILE {
            return Err(Halt::Raised("[Errno 28] ENOSPC".to_owned()));
        }
        while answer.body.len() < length && answer.fill(power).await? {}
        answer.body.truncate(length);
        Ok(answer.body)
    }

    /// Sends a request and reads the head of its answer.
    async fn ask(&self, path: &str, body: &Value, power: &mut Power) -> Result<Answer, Halt> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(raised)?;
        let body = body.to_string();
        let request = format!(
            "POST {}{path} HTTP/1.0\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.path,
            self.host,
            body.len()
        );
        let mut answer = Answer { stream, head: String::new(), body: Vec::new() };
        let sent = request.as_bytes().get(..power.allows(request.len())).unwrap_or_default();
        answer.stream.write_all(sent).await.map_err(raised)?;
        power.spend(sent.len())?;
        answer.read_head(power).await?;
        match answer.head.split(' ').nth(1) {
            Some("200") => Ok(answer),
            status => Err(Halt::Raised(format!("HTTP status {}", status.unwrap_or("missing")))),
        }
    }
}

struct Answer {
    stream: TcpStream,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    async fn read_head(&mut self, power: &mut Power) -> Result<(), Halt> {
        loop {
            if let Some(at) = self.body.windows(4).position(|window| window == b"\r\n\r\n") {
                let head = self.body.drain(..at + 4).collect::<Vec<u8>>();
                self.head = String::from_utf8_lossy(&head).into_owned();
                return Ok(());
            }
            if self.body.len() > LONGEST_HEAD || !self.fill(power).await? {
                return Err(Halt::Raised("list index out of range".to_owned()));
            }
        }
    }

    /// Reads what has come; `false` where nothing more will come.
    async fn fill(&mut self, power: &mut Power) -> Result<bool, Halt> {
        let mut chunk = [0; CHUNK];
        let room = chunk.get_mut(..power.allows(CHUNK)).unwrap_or_default();
        let read = self.stream.read(room).await.map_err(raised)?;
        self.body.extend(chunk.iter().take(read));
        power.spend(read)?;
        Ok(read > 0)
    }
}

fn raised(error: io::Error) -> Halt {
    Halt::Raised(format!("[Errno {}] {error}", error.raw_os_error().unwrap_or(0)))
}
