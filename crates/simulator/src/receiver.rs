//! A webhook's receiver: somebody who is told of messages, believes nothing that is not signed, and can be made slow,
//! refusing or dead.
//!
//! Every path but these takes deliveries: `GET /` shows what came, `GET /simulator/heard` tells it as JSON,
//! `PUT /simulator/behaviour` changes how deliveries are met, `POST /simulator/secret` adds a signing secret.

mod books;
pub(crate) mod page;
mod server;
mod signature;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use fairlead_model::Clock;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use books::{Heard, Tally};
pub use signature::{Claims, Unproven, secret, sign, verify};

/// How far a delivery's time may be from the receiver's, as the specification's libraries have it.
const TOLERANCE: Duration = Duration::from_secs(300);

/// How deliveries are met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "behaviour", rename_all = "snake_case")]
pub enum Behaviour {
    /// A proven one is answered 200, any other 401.
    #[default]
    Normal,
    /// The same, later.
    Slow {
        /// Milliseconds.
        millis: u64,
    },
    /// Each is answered with this status, and not taken.
    Answer {
        /// The status, such as 503.
        status: u16,
    },
    /// The connection is closed without an answer, and nothing is taken.
    Dead,
}

/// A running receiver. Clones are the same one; it ends with the last of them.
#[derive(Clone, Debug)]
pub struct Receiver {
    address: SocketAddr,
    desk: Arc<Desk>,
    _ends_with_the_last: Arc<DropGuard>,
}

/// What a receiver knows.
#[derive(Debug)]
struct Desk {
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    secrets: Vec<Vec<u8>>,
    behaviour: Behaviour,
    books: books::Books,
}

impl Receiver {
    /// Listens on `address`, such as `127.0.0.1:0`. A delivery's time is held against `clock`.
    ///
    /// # Errors
    /// Where it is impossible to listen there.
    pub async fn serve(address: &str, clock: Clock) -> Result<Self> {
        let listener =
            TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
        let address = listener.local_addr()?;
        let desk = Arc::new(Desk { clock, state: Mutex::default() });
        let stop = CancellationToken::new();
        tokio::spawn(server::serve(listener, desk.clone(), stop.clone()));
        Ok(Self { address, desk, _ends_with_the_last: Arc::new(stop.drop_guard()) })
    }

    /// The address of a hook here, for an endpoint.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Where a person sees what came.
    pub fn page(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Believes what is signed with this secret, too.
    ///
    /// # Errors
    /// Where it is no signing secret (`whsec_…`).
    pub fn trust(&self, text: &str) -> Result<()> {
        let secret = secret(text).map_err(anyhow::Error::msg)?;
        self.desk.state().secrets.push(secret);
        Ok(())
    }

    /// From now on deliveries are met like this.
    pub fn behave(&self, behaviour: Behaviour) {
        self.desk.state().behaviour = behaviour;
    }

    /// The newest deliveries, oldest first; at most [`Tally::KEPT`].
    pub fn heard(&self) -> Vec<Heard> {
        self.desk.state().books.heard()
    }

    /// What came in all.
    pub fn tally(&self) -> Tally {
        self.desk.state().books.tally()
    }

    /// Whether a delivery of this id was proven and taken, and how often.
    pub fn taken(&self, id: &str) -> u32 {
        self.desk.state().books.taken(id)
    }
}

impl Desk {
    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is whole before the lock is released, a panicking thread or not.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far a delivery's time may be off on this clock, which may be running faster.
    fn tolerance(&self) -> Duration {
        TOLERANCE.saturating_mul(self.clock.speed())
    }
}
