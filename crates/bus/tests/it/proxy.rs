//! A TCP proxy that can fall silent without a word, as a cable that was pulled.

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
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (forwards, watched) = watch::channel(forwards);
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(connect(near, to, watched.clone()));
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

async fn connect(near: TcpStream, to: SocketAddr, forwards: watch::Receiver<bool>) {
    if !*forwards.borrow() {
        let _kept_open = near;
        return std::future::pending().await;
    }
    let far = TcpStream::connect(to).await.unwrap();
    let (near_reads, near_writes) = near.into_split();
    let (far_reads, far_writes) = far.into_split();
    tokio::join!(pump(near_reads, far_writes, forwards.clone()), pump(far_reads, near_writes, forwards));
}

async fn pump(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut forwards: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = tokio::select! {
            biased;
            () = silence(&mut forwards) => return std::future::pending().await,
            read = from.read(&mut buffer) => read,
        };
        let Ok(length @ 1..) = read else { return };
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

/// Returns once nothing is to be forwarded.
async fn silence(forwards: &mut watch::Receiver<bool>) {
    if forwards.wait_for(|forwards| !forwards).await.is_err() {
        std::future::pending().await
    }
}
