//! The line to the hub: a websocket client with the firmware's habits, on a bare TCP connection.

use std::io;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

use super::frame::{self, BINARY, CLOSE, PING, PONG, TEXT};

const CHUNK: usize = 512;
/// Longest head of an answer, in bytes.
const LONGEST_HEAD: usize = 8 * 1_024;
/// Exactly this, or there is no line.
const SWITCHING: &[u8] = b"HTTP/1.1 101 ";

/// Where the hub is.
#[derive(Clone, Debug)]
pub(super) struct Hub {
    host: String,
    port: u16,
}

impl Hub {
    /// Reads an address such as `ws://host:7777`.
    ///
    /// # Errors
    /// Where it is none, or one with encryption, which the firmware does not have.
    pub(super) fn parse(address: &str) -> Result<Self> {
        let url = Url::parse(address).with_context(|| format!("`{address}` is no address of a hub"))?;
        anyhow::ensure!(
            url.scheme() == "ws",
            "the firmware knows plain lines only: ws://host:port, not `{address}`"
        );
        let host = url.host_str().with_context(|| format!("`{address}` names no host"))?.to_owned();
        Ok(Self { host, port: url.port().unwrap_or(80) })
    }
}

/// An open line, or one that the device takes for open.
#[derive(Debug)]
pub(super) struct Line {
    stream: TcpStream,
    /// What was read and not yet understood.
    buffer: Vec<u8>,
}

/// What comes on a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// A text, or bytes that are one.
    Text(String),
    /// A question whether the device is there.
    Ping(Vec<u8>),
    /// Something that changes nothing.
    Nothing,
    /// The hub wants to end it. The firmware neither answers nor closes; it dials anew at its next look.
    Close,
    /// The connection has ended.
    Gone,
    /// Something at which the firmware raises what nobody catches.
    Raised(&'static str),
}

impl Line {
    /// Dials, and waits for an answer as long as it takes.
    ///
    /// # Errors
    /// Where there is no connection, or the answer's first line is not the one that is expected.
    pub(super) async fn dial(hub: &Hub, target: &str, rng: &mut ChaCha8Rng) -> io::Result<Self> {
        let mut stream = TcpStream::connect((hub.host.as_str(), hub.port)).await?;
        let key = STANDARD.encode(rng.random::<[u8; 16]>());
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: {}:{}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nOrigin: http://localhost\r\n\r\n",
            hub.host, hub.port
        );
        stream.write_all(request.as_bytes()).await?;
        let mut line = Self { stream, buffer: Vec::new() };
        let end = loop {
            if let Some(at) = line.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            if line.buffer.len() > LONGEST_HEAD || !line.fill().await? {
                return Err(io::ErrorKind::InvalidData.into());
            }
        };
        let head: Vec<u8> = line.buffer.drain(..end).collect();
        if !head.starts_with(SWITCHING) {
            let first = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
            return Err(io::Error::new(io::ErrorKind::ConnectionRefused, String::from_utf8_lossy(first)));
        }
        Ok(line)
    }

    /// The next thing that comes. Nothing is lost where this is cancelled.
    pub(super) async fn hear(&mut self) -> Heard {
        loop {
            match frame::take(&mut self.buffer) {
                Err(frame::TooLong) => return Heard::Raised("a frame is too long for the memory"),
                Ok(Some(frame)) if !frame.is_last => return Heard::Raised("a message comes in fragments"),
                Ok(Some(frame)) => {
                    return match frame.kind {
                        TEXT | BINARY => String::from_utf8(frame.payload)
                            .map_or(Heard::Raised("a text is no text"), Heard::Text),
                        PING => Heard::Ping(frame.payload),
                        PONG => Heard::Nothing,
                        CLOSE => Heard::Close,
                        _ => Heard::Raised("a frame is of an unknown kind"),
                    };
                }
                Ok(None) if !matches!(self.fill().await, Ok(true)) => return Heard::Gone,
                Ok(None) => {}
            }
        }
    }

    /// Sends a text in one masked frame.
    ///
    /// # Errors
    /// Where the connection fails.
    pub(super) async fn say(&mut self, text: &str, rng: &mut ChaCha8Rng) -> io::Result<()> {
        self.stream.write_all(&frame::masked(TEXT, text.as_bytes(), rng.random())).await
    }

    /// Answers a ping.
    ///
    /// # Errors
    /// Where the connection fails.
    pub(super) async fn pong(&mut self, payload: &[u8], rng: &mut ChaCha8Rng) -> io::Result<()> {
        self.stream.write_all(&frame::masked(PONG, payload, rng.random())).await
    }

    /// Reads what has come; `false` where nothing more will come.
    async fn fill(&mut self) -> io::Result<bool> {
        self.buffer.reserve(CHUNK);
        Ok(self.stream.read_buf(&mut self.buffer).await? > 0)
    }
}
