//! One keep-alive connection of a load generator: writes a ready-made request, reads just enough of the answer.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longer than this the provider does not wait either.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(3);
/// Most bytes of an answer.
const MAX_ANSWER: usize = 64 * 1024;

/// A connection that is opened when it is needed.
pub(crate) struct Connection {
    address: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, stream: None, buffer: Vec::with_capacity(1_024) }
    }

    /// Sends a request and gives the status of its answer. After an error the next request has a new connection.
    pub(crate) async fn send(&mut self, request: &[u8]) -> io::Result<u16> {
        let answer = tokio::time::timeout(TIMEOUT, self.exchange(request)).await;
        let answer = answer.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        if answer.is_err() {
            self.stream = None;
        }
        answer
    }

    async fn exchange(&mut self, request: &[u8]) -> io::Result<u16> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(self.address).await?;
                stream.set_nodelay(true)?;
                stream
            }
        };
        stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if let Some(head) = Head::parse(&self.buffer)?
                && self.buffer.len() >= head.length
            {
                self.stream = head.keep_alive.then_some(stream);
                return Ok(head.status);
            }
            if self.buffer.len() > MAX_ANSWER {
                return Err(io::Error::other("the answer is too long"));
            }
            if stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// What must be known of an answer to find its end.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// Of head and body together.
    length: usize,
    keep_alive: bool,
}

impl Head {
    /// `None` while the head is not whole.
    fn parse(bytes: &[u8]) -> io::Result<Option<Self>> {
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
        let unreadable = || io::Error::other("the answer's head cannot be read");
        let head = bytes.get(..end).and_then(|head| std::str::from_utf8(head).ok()).ok_or_else(unreadable)?;
        let mut lines = head.split("\r\n");
        let status_line = lines.next().unwrap_or_default();
        let status = status_line.split(' ').nth(1).and_then(|s| s.parse().ok()).ok_or_else(unreadable)?;
        let (mut length, mut keep_alive) = (None, true);
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse::<usize>().ok();
            } else if name.eq_ignore_ascii_case("connection") {
                keep_alive = !value.trim().eq_ignore_ascii_case("close");
            }
        }
        // Neither the intake nor its rivals answer in chunks.
        let length = end + 4 + length.ok_or_else(|| io::Error::other("the answer has no Content-Length"))?;
        Ok(Some(Self { status, length, keep_alive }))
    }
}

/// The bytes of a POST.
pub(crate) fn post(path: &str, content_type: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Rock7PushApi\r\nContent-Type: {content_type}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_tells_where_the_answer_ends() {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nDate: x\r\n\r\nOK";
        let head = Head { status: 200, length: answer.len(), keep_alive: true };
        assert_eq!(Head::parse(answer).unwrap(), Some(head));
        assert_eq!(Head::parse(&answer[..30]).unwrap(), None);
        let closing = b"HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        let head = Head { status: 503, length: closing.len(), keep_alive: false };
        assert_eq!(Head::parse(closing).unwrap(), Some(head));
        assert!(Head::parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
