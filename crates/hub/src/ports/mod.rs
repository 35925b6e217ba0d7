//! The ports where devices and old pages come: a websocket each, without the web server's buffers.

pub(crate) mod device;
mod handshake;
mod introducing;
mod line;
pub(crate) mod page;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use introducing::Introducing;
use introducing::Places;

/// Connections at a time that have not yet said what they want.
const HANDSHAKES: usize = 2_048;

/// For how long whoever says nothing has a place although others want it: a request that was sent at once is here by then,
/// even over a slow line and when a whole fleet comes.
const MOMENT: Duration = Duration::from_secs(2);

/// Pause where the process has no room for one more connection.
const NO_ROOM: Duration = Duration::from_millis(100);

/// How long those who are there may take to hear that the process stops.
const GOODBYE: Duration = Duration::from_secs(5);

/// Lets in whoever comes until the process stops; then waits until they have gone.
pub(crate) async fn serve<F, Talk>(listener: TcpListener, stop: CancellationToken, talk: F)
where
    F: Fn(TcpStream, SocketAddr, Introducing) -> Talk + Send,
    Talk: Future<Output = ()> + Send + 'static,
{
    let tasks = TaskTracker::new();
    let places = Places::new(HANDSHAKES, MOMENT, tasks.clone());
    while let Some(Some(introducing)) = stop.run_until_cancelled(places.take()).await {
        let accepted = match stop.run_until_cancelled(listener.accept()).await {
            Some(accepted) => accepted,
            None => break,
        };
        match accepted {
            Ok((stream, from)) => {
                tasks.spawn(talk(stream, from, introducing));
            }
            Err(error) => {
                // Whoever broke off again is of no interest.
                if !is_theirs(&error) {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(NO_ROOM).await;
                }
            }
        }
    }
    drop(listener);
    tasks.close();
    if tokio::time::timeout(GOODBYE, tasks.wait()).await.is_err() {
        tracing::warn!(left = tasks.len(), "not everybody has heard that the hub stops");
    }
}

fn is_theirs(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
