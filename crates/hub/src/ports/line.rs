//! A websocket as the hub uses it: text in, text out, small buffers, and nobody who waits for anybody.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{FutureExt, Sink, SinkExt, Stream};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::CapacityError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

use crate::rooms::room::Text;

/// Largest message, and largest frame: as the hub had it that Fairlead takes the place of.
pub(crate) const LARGEST: usize = 1024 * 1024;

/// What is read at a time. A fleet's connections are idle for nearly all of their time, and each keeps such a buffer.
const READ_BUFFER: usize = 2 * 1024;

/// Texts are gathered up to this size before they are written.
const WRITE_BUFFER: usize = 8 * 1024;

/// With more than this on its way out, nothing more is read.
const UNHEARD: usize = 64 * 1024;

/// Most that is kept of what is on its way out: a text of the largest size and what stands before and behind it.
const UNSENT: usize = 2 * LARGEST;

/// How long the other end may take to hear that its line ends.
const GOODBYE: Duration = Duration::from_secs(2);

/// Most bytes that are thrown away while it does.
const UNREAD: u64 = 4 * 1024 * 1024;

/// A websocket.
pub(crate) struct Line {
    socket: WebSocketStream<Ear>,
    /// Since when something is on its way out.
    sending_since: Option<Instant>,
    /// Bytes that are.
    sending: usize,
}

/// What happened on a line.
#[derive(Debug)]
pub(crate) enum Turn {
    /// A text came, put together if it came in parts.
    Text(Text),
    /// Bytes came, so many.
    Binary(usize),
    /// What was to be sent has gone out.
    Sent,
    /// The other end is gone.
    Gone,
    /// The other end does not keep to the protocol: how its line should be closed.
    Wrong(CloseCode, &'static str),
}

impl Line {
    /// The line behind a handshake; `rest` is what came with it.
    pub(super) async fn new(stream: TcpStream, rest: Vec<u8>) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER)
            .max_write_buffer_size(UNSENT)
            .max_message_size(Some(LARGEST))
            .max_frame_size(Some(LARGEST));
        let ear = Ear { stream, heard: 0 };
        let socket = WebSocketStream::from_partially_read(ear, rest, Role::Server, Some(config)).await;
        Self { socket, sending_since: None, sending: 0 }
    }

    /// Goes on until something has happened. Safe to be dropped and asked again.
    pub(crate) async fn turn(&mut self) -> Turn {
        poll_fn(|cx| self.poll_turn(cx)).await
    }

    /// The same, if it has happened already.
    pub(crate) fn turn_now(&mut self) -> Option<Turn> {
        self.turn().now_or_never()
    }

    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<Turn> {
        loop {
            if self.sending_since.is_some() {
                match Pin::new(&mut self.socket).poll_flush(cx) {
                    Poll::Ready(Ok(())) => {
                        (self.sending_since, self.sending) = (None, 0);
                        return Poll::Ready(Turn::Sent);
                    }
                    Poll::Ready(Err(_)) => return Poll::Ready(Turn::Gone),
                    // Whoever talks and does not listen is not listened to.
                    Poll::Pending if self.sending > UNHEARD => return Poll::Pending,
                    Poll::Pending => {}
                }
            }
            return Poll::Ready(match Pin::new(&mut self.socket).poll_next(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(Message::Text(text)))) => Turn::Text(text),
                Poll::Ready(Some(Ok(Message::Binary(bytes)))) => Turn::Binary(bytes.len()),
                Poll::Ready(Some(Ok(Message::Ping(bytes)))) => {
                    // Answered below us; the answer is on its way out as everything else is.
                    self.is_on_its_way(bytes.len());
                    continue;
                }
                Poll::Ready(Some(Ok(Message::Pong(_) | Message::Frame(_)))) => continue,
                Poll::Ready(None | Some(Ok(Message::Close(_)))) => Turn::Gone,
                Poll::Ready(Some(Err(error))) => wrong(&error),
            });
        }
    }

    /// Whether what was said before is still on its way.
    pub(crate) fn is_sending(&self) -> bool {
        self.sending_since.is_some()
    }

    /// For how long it has been.
    pub(crate) fn sending_for(&self) -> Duration {
        self.sending_since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Bytes that have come; any of them says that the other end is there.
    pub(crate) fn heard(&self) -> u64 {
        self.socket.get_ref().heard
    }

    /// Puts a text on its way, in one piece; [`Line::turn`] sends it.
    pub(crate) fn say(&mut self, text: Text) -> bool {
        self.put(Message::Text(text))
    }

    /// Asks the other end for a sign of life.
    pub(crate) fn ping(&mut self) -> bool {
        self.put(Message::Ping(Bytes::new()))
    }

    fn put(&mut self, message: Message) -> bool {
        self.is_on_its_way(message.len());
        // It is kept where it cannot leave yet.
        Pin::new(&mut self.socket).start_send(message).is_ok()
    }

    fn is_on_its_way(&mut self, bytes: usize) {
        self.sending_since.get_or_insert_with(Instant::now);
        // A frame's head has two bytes at least.
        self.sending += bytes + 2;
    }

    /// Ends the line with a word, which the other end may take or leave.
    pub(crate) async fn close(mut self, code: CloseCode, why: &'static str) {
        let goodbye = async {
            let frame = CloseFrame { code, reason: why.into() };
            self.socket.send(Message::Close(Some(frame))).await.ok()?;
            let Ear { stream, .. } = self.socket.get_mut();
            stream.shutdown().await.ok()?;
            // Closed with something unread, the word would be lost on its way.
            let mut unread = stream.take(UNREAD);
            let mut bytes = [0; 1024];
            while unread.read(&mut bytes).await.ok()? > 0 {}
            Some(())
        };
        let _ = tokio::time::timeout(GOODBYE, goodbye).await;
    }
}

fn wrong(error: &Error) -> Turn {
    match error {
        Error::Capacity(CapacityError::MessageTooLong { .. }) => {
            Turn::Wrong(CloseCode::Size, "A message has at most 1 MiB.")
        }
        Error::Utf8(_) => Turn::Wrong(CloseCode::Invalid, "A text is UTF-8."),
        Error::Protocol(_) | Error::Capacity(_) => {
            Turn::Wrong(CloseCode::Protocol, "This is no websocket frame.")
        }
        _ => Turn::Gone,
    }
}

/// A stream that counts what comes.
struct Ear {
    stream: TcpStream,
    heard: u64,
}

impl AsyncRead for Ear {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let came = buffer.filled().len() - before;
        self.heard += u64::try_from(came).unwrap_or(0);
        read
    }
}

impl AsyncWrite for Ear {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::{TcpListener, TcpSocket};

    /// A masked ping with 125 bytes.
    fn ping() -> Vec<u8> {
        let mut bytes = vec![0x89, 0x80 | 125, 0, 0, 0, 0];
        bytes.extend([b'x'; 125]);
        bytes
    }

    #[tokio::test]
    async fn whoever_pings_and_does_not_read_is_not_listened_to_any_more() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        let mut deaf = socket.connect(listener.local_addr().unwrap()).await.unwrap();
        let mut line = Line::new(listener.accept().await.unwrap().0, Vec::new()).await;
        let pinging = tokio::spawn(async move {
            let many = ping().repeat(500);
            while deaf.write_all(&many).await.is_ok() {}
        });
        // It is answered as long as the answers have a place to go.
        while line.sending <= UNHEARD {
            tokio::select! {
                turn = line.turn() => assert!(matches!(turn, Turn::Sent), "{turn:?}"),
                () = tokio::time::sleep(Duration::from_millis(10)) => {}
            }
            assert!(line.heard() < 64 * 1024 * 1024, "it is listened to for ever");
        }
        let heard = line.heard();
        assert!(line.is_sending() && line.sending < 2 * UNHEARD, "{}", line.sending);
        for _ in 0..10 {
            assert!(line.turn_now().is_none());
        }
        assert_eq!(line.heard(), heard);
        pinging.abort();
    }
}
