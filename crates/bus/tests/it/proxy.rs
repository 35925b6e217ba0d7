//! A TCP proxy that can fall silent without a word, as a cable that was pulled, or withhold a broker's word.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub struct Proxy {
    pub address: SocketAddr,
    forwards: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// Listens on an address (port 0: any) and forwards to another, where `forwards`.
    pub async fn start(address: &str, to: SocketAddr, forwards: bool) -> Self {
        Self::begin(address, to, forwards, false).await
    }

    /// Forwards all that a broker says, but for `basic.cancel`: no consumer hears that its queue is gone.
    pub async fn without_cancels(to: SocketAddr) -> Self {
        Self::begin("127.0.0.1:0", to, true, true).await
    }

    async fn begin(address: &str, to: SocketAddr, forwards: bool, without_cancels: bool) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (forwards, watched) = watch::channel(forwards);
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(connect(near, to, watched.clone(), without_cancels));
            }
        });
        Self { address, forwards, task }
    }

    /// From now on nothing goes through, and nobody is told. Connections that are there stay so for ever.
    pub fn fall_silent(&self) {
        self.forwards.send_replace(false);
    }

    /// New connections go through again.
    pub fn speak(&self) {
        self.forwards.send_replace(true);
    }
}

async fn connect(near: TcpStream, to: SocketAddr, forwards: watch::Receiver<bool>, without_cancels: bool) {
    if !*forwards.borrow() {
        let _kept_open = near;
        return std::future::pending().await;
    }
    let far = TcpStream::connect(to).await.unwrap();
    let (near_reads, near_writes) = near.into_split();
    let (far_reads, far_writes) = far.into_split();
    let answers = without_cancels.then(Frames::default);
    tokio::join!(
        pump(near_reads, far_writes, forwards.clone(), None),
        pump(far_reads, near_writes, forwards, answers)
    );
}

async fn pump(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut forwards: watch::Receiver<bool>,
    mut frames: Option<Frames>,
) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = tokio::select! {
            biased;
            () = silence(&mut forwards) => return std::future::pending().await,
            read = from.read(&mut buffer) => read,
        };
        let Ok(length @ 1..) = read else { return };
        let written = match &mut frames {
            Some(frames) => to.write_all(&frames.without_cancels(&buffer[..length])).await,
            None => to.write_all(&buffer[..length]).await,
        };
        if written.is_err() {
            return;
        }
    }
}

/// What a broker says, frame by frame. A frame of AMQP 0-9-1 (section 2.3.5 of its specification) is a type, a channel
/// (two octets), the length of its payload (four octets), the payload, and an end mark; a method frame's payload begins
/// with the class and the method (two octets each).
#[derive(Default)]
struct Frames {
    begun: Vec<u8>,
}

impl Frames {
    /// The frames that are complete now, in order, but for those that cancel a consumer.
    fn without_cancels(&mut self, bytes: &[u8]) -> Vec<u8> {
        const METHOD: u8 = 1;
        const BASIC_CANCEL: [u8; 4] = [0, 60, 0, 30];
        self.begun.extend_from_slice(bytes);
        let mut through = Vec::new();
        while let Some(head) = self.begun.first_chunk::<7>() {
            let length = u32::from_be_bytes([head[3], head[4], head[5], head[6]]);
            let whole = 7 + usize::try_from(length).unwrap() + 1;
            if self.begun.len() < whole {
                break;
            }
            let frame: Vec<u8> = self.begun.drain(..whole).collect();
            if frame[0] != METHOD || !frame[7..].starts_with(&BASIC_CANCEL) {
                through.extend(frame);
            }
        }
        through
    }
}

/// Returns once nothing is to be forwarded.
async fn silence(forwards: &mut watch::Receiver<bool>) {
    if forwards.wait_for(|forwards| !forwards).await.is_err() {
        std::future::pending().await
    }
}
