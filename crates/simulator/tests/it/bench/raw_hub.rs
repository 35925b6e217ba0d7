//! A hub of bytes: it says exactly what the test says, and shows exactly what came.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Longest wait for anything.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
pub(super) const SWITCHING: &str =
    "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nx-nobody: reads this\r\n\r\n";

pub(super) struct RawHub {
    listener: TcpListener,
}

impl RawHub {
    pub(super) async fn new() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub(super) fn url(&self) -> String {
        format!("ws://{}", self.listener.local_addr().unwrap())
    }

    /// The next device that dials, and its request.
    pub(super) async fn dialled(&self) -> (RawLine, String) {
        let (stream, _) = timeout(PATIENCE, self.listener.accept()).await.unwrap().unwrap();
        let mut line = RawLine { stream, buffer: Vec::new() };
        loop {
            if let Some(at) = line.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                let head: Vec<u8> = line.buffer.drain(..at + 4).collect();
                return (line, String::from_utf8(head).unwrap());
            }
            assert!(line.fill().await, "the device went away in its request");
        }
    }

    /// The next device that dials, with an open line and after its first state.
    pub(super) async fn connected(&self) -> RawLine {
        let (mut line, _) = self.dialled().await;
        line.send(SWITCHING.as_bytes()).await;
        assert!(line.hear().await.starts_with(r#"{"iam": ""#));
        line
    }
}

pub(super) struct RawLine {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl RawLine {
    pub(super) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Sends a frame as servers do: not masked.
    pub(super) async fn frame(&mut self, first: u8, payload: &[u8]) {
        let mut frame = vec![first, u8::try_from(payload.len()).unwrap()];
        assert!(payload.len() < 126);
        frame.extend(payload);
        self.send(&frame).await;
    }

    pub(super) async fn say(&mut self, text: &str) {
        self.frame(0x81, text.as_bytes()).await;
    }

    /// The next frame of the device: its first byte and what is in it. It must be masked.
    pub(super) async fn next(&mut self) -> (u8, Vec<u8>) {
        loop {
            if let [first, second, rest @ ..] = self.buffer.as_slice() {
                assert!(second & 0x80 != 0, "a client masks its frames");
                let (length, at) = match second & 0x7f {
                    126 if rest.len() < 2 => (usize::MAX, 0),
                    126 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), 2),
                    short => (usize::from(short), 0),
                };
                let whole = length.saturating_add(at + 4);
                if rest.len() >= whole {
                    let mask = &rest[at..at + 4];
                    let payload: Vec<u8> =
                        rest[at + 4..whole].iter().enumerate().map(|(i, byte)| byte ^ mask[i % 4]).collect();
                    let first = *first;
                    self.buffer.drain(..2 + whole);
                    return (first, payload);
                }
            }
            assert!(self.fill().await, "the device closed its line");
        }
    }

    /// The next text of the device.
    pub(super) async fn hear(&mut self) -> String {
        let (first, payload) = self.next().await;
        assert_eq!(first, 0x81, "a whole text");
        String::from_utf8(payload).unwrap()
    }

    /// Returns when the device has let go of this connection; what it still said does not matter.
    pub(super) async fn let_go(&mut self) {
        while self.fill().await {}
    }

    async fn fill(&mut self) -> bool {
        let read = timeout(PATIENCE, self.stream.read_buf(&mut self.buffer)).await.unwrap();
        // A connection that is reset has ended as well.
        read.unwrap_or(0) > 0
    }
}
