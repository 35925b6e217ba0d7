//! A device on a plain socket, with the firmware's own habits: it wants the status line to begin exactly so and looks at no
//! other header, masks its frames, breaks on a fragment, never answers a close frame and never closes.

use std::net::SocketAddr;

use fairlead_testkit::PATIENCE;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// A frame as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub fin: bool,
    pub opcode: u8,
    pub payload: Vec<u8>,
}

pub const TEXT: u8 = 1;
pub const BINARY: u8 = 2;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;

/// A device with a line.
pub struct Buoy {
    pub stream: TcpStream,
}

/// What a device asks for its line.
pub fn request(path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: hub:7777\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nOrigin: http://localhost\r\n\r\n"
    )
}

impl Buoy {
    /// Dials; fails where it has no line.
    pub async fn dial(hub: SocketAddr, path: &str) -> Self {
        Self::try_dial(hub, path).await.unwrap_or_else(|answer| panic!("{path}: {answer}"))
    }

    /// Dials; the error is the whole answer.
    pub async fn try_dial(hub: SocketAddr, path: &str) -> Result<Self, String> {
        Self::ask(hub, &request(path), None).await
    }

    /// Dials from this address of the machine.
    pub async fn dial_from(address: [u8; 4], hub: SocketAddr, path: &str) -> Result<Self, String> {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((address, 0).into()).unwrap();
        Self::ask_on(socket, hub, &request(path), None).await
    }

    /// Sends a request; `room` bounds what is held unread at this end.
    pub async fn ask(hub: SocketAddr, request: &str, room: Option<u32>) -> Result<Self, String> {
        Self::ask_on(TcpSocket::new_v4().unwrap(), hub, request, room).await
    }

    async fn ask_on(
        socket: TcpSocket,
        hub: SocketAddr,
        request: &str,
        room: Option<u32>,
    ) -> Result<Self, String> {
        if let Some(room) = room {
            socket.set_recv_buffer_size(room).unwrap();
        }
        let mut stream = socket.connect(hub).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let byte = within(stream.read_u8()).await.map_err(|error| error.to_string())?;
            answer.push(byte);
        }
        if answer.starts_with(b"HTTP/1.1 101 ") {
            return Ok(Self { stream });
        }
        let _ = within(stream.read_to_end(&mut answer)).await;
        Err(String::from_utf8(answer).unwrap())
    }

    pub async fn say(&mut self, text: &str) {
        self.send(true, TEXT, text.as_bytes()).await;
    }

    /// Sends a masked frame.
    pub async fn send(&mut self, fin: bool, opcode: u8, payload: &[u8]) {
        self.stream.write_all(&frame(fin, opcode, payload)).await.unwrap();
    }

    /// The next frame; `None` where the line has ended.
    pub async fn frame(&mut self) -> Option<Frame> {
        within(self.read_frame()).await
    }

    async fn read_frame(&mut self) -> Option<Frame> {
        let first = self.stream.read_u8().await.ok()?;
        let length = self.stream.read_u8().await.ok()?;
        assert_eq!(length & 0x80, 0, "a server does not mask");
        let length = match length {
            126 => u64::from(self.stream.read_u16().await.ok()?),
            127 => self.stream.read_u64().await.ok()?,
            short => u64::from(short),
        };
        let mut payload = vec![0; length.try_into().unwrap()];
        self.stream.read_exact(&mut payload).await.ok()?;
        Some(Frame { fin: first & 0x80 != 0, opcode: first & 0x0f, payload })
    }

    /// The next text; breaks, as the firmware does, on one that came in parts.
    pub async fn hears(&mut self) -> String {
        loop {
            let frame = self.frame().await.expect("the line is open");
            match frame.opcode {
                PING => continue,
                TEXT if frame.fin => return String::from_utf8(frame.payload).unwrap(),
                _ => panic!("{frame:?}"),
            }
        }
    }

    /// Waits until the hub ends the line: the code of the close frame, if there was one.
    pub async fn ended(&mut self) -> Option<u16> {
        let mut code = None;
        while let Some(frame) = self.frame().await {
            if frame.opcode == CLOSE {
                code = Some(u16::from_be_bytes(frame.payload[..2].try_into().unwrap()));
            }
        }
        code
    }
}

/// A masked frame.
pub fn frame(fin: bool, opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![u8::from(fin) << 7 | opcode];
    match payload.len() {
        short @ 0..126 => bytes.push(0x80 | u8::try_from(short).unwrap()),
        middle @ 126..65_536 => {
            bytes.push(0x80 | 126);
            bytes.extend(u16::try_from(middle).unwrap().to_be_bytes());
        }
        long => {
            bytes.push(0x80 | 127);
            bytes.extend((long as u64).to_be_bytes());
        }
    }
    let mask = [0x12, 0x34, 0x56, 0x78];
    bytes.extend(mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// What must come, comes in time.
pub async fn within<T>(awaited: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, awaited).await.expect("it comes in time")
}
