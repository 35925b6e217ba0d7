//! The smallest client of a websocket: what is measured is the other end.

use std::net::SocketAddr;

use anyhow::{Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Most bytes of an answer to the handshake.
const LONGEST: usize = 4_096;

/// A websocket's own end.
pub(super) struct Socket {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// Opens a websocket.
pub(super) async fn dial(address: SocketAddr, path: &str) -> Result<Socket> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    loop {
        ensure!(stream.read_buf(&mut answer).await? > 0 && answer.len() < LONGEST, "no answer to {path}");
        if let Some(end) = answer.windows(4).position(|end| end == b"\r\n\r\n") {
            if !answer.starts_with(b"HTTP/1.1 101 ") {
                bail!("{path}: {}", String::from_utf8_lossy(&answer));
            }
            let mut unread = answer.split_off(end + 4);
            unread.shrink_to_fit();
            return Ok(Socket { stream, unread });
        }
    }
}

/// A text in a masked frame; a mask of zeros is one.
pub(super) fn masked(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    let mut frame = vec![0x81, 0x80 | 126];
    frame.extend(length.to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    frame
}

impl Socket {
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(bytes).await?)
    }

    /// Reads so many texts, whatever is in them.
    pub(super) async fn read_texts(&mut self, count: usize) -> Result<()> {
        let mut left = count;
        loop {
            while let Some((opcode, length)) = self.frame() {
                self.unread.drain(..length);
                ensure!(opcode != 8, "the line was closed");
                left -= usize::from(opcode == 1);
                if left == 0 {
                    return Ok(());
                }
            }
            ensure!(self.stream.read_buf(&mut self.unread).await? > 0, "the line has ended");
        }
    }

    /// What kind of frame lies at the beginning, and how long it is with its head, once it is there.
    fn frame(&self) -> Option<(u8, usize)> {
        let first = self.unread.first()?;
        let (head, length) = match self.unread.get(1)? {
            126 => {
                let length = self.unread.get(2..4)?;
                (4, usize::from(u16::from_be_bytes(length.try_into().ok()?)))
            }
            short => (2, usize::from(*short)),
        };
        (self.unread.len() >= head + length).then_some((first & 0x0f, head + length))
    }
}
