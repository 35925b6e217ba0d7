//! The provider's mobile-terminated side: takes MTs over HTTP, keeps them until a modem fetches them, and charges for
//! each. It can be told to fail in every way that a client has to survive.
//!
//! `POST /rockblock/MT` is RockBLOCK's. `POST /API2/SendMessage/<serial>` is Rock 7 Core's and
//! `POST /Data/DoSendSbdMessage` Cloudloop's, each where it has an account: what they refuse, and how, is nowhere
//! described, and said here as it may be believed. `POST` and `DELETE /simulator/mood`, `GET /simulator/charges` and
//! `GET /simulator/screen` are not: by them another process does what a test in this one does through [`MtApi`]. `GET /` leads to
//! a page for each platform, with what it was told.

mod charge;
mod desk;
mod door;
mod mailbox;
mod mood;
mod order;
mod page;
mod refusal;
mod server;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use fairlead_model::{Clock, Imei, Secret};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use charge::{Charge, charged_more_than_once};
use desk::Desk;
pub use door::cloudloop_id;
pub use mailbox::{Mailboxes, Mt, QUEUE_LIMIT, QueueFull};
pub use mood::{Mood, believable_moods};
pub use refusal::Refusal;

/// The path that takes MTs.
pub const MT_PATH: &str = "/rockblock/MT";
/// The path that takes texts for trackers; a serial number stands behind it.
pub const ROCKCORE_PATH: &str = "/API2/SendMessage";
/// The path that takes MTs for Cloudloop's things.
pub const CLOUDLOOP_PATH: &str = "/Data/DoSendSbdMessage";

/// An account with Rock 7 Core.
#[derive(Clone, Debug)]
pub struct RockcoreAccount {
    /// Who must ask.
    pub username: String,
    /// With what.
    pub password: Secret,
    /// Its trackers, by their serial numbers.
    pub trackers: BTreeMap<String, Imei>,
}

/// An account with Cloudloop.
#[derive(Clone, Debug)]
pub struct CloudloopAccount {
    /// With what one must ask.
    pub token: Secret,
    /// Its modems, by Cloudloop's names for them.
    pub things: BTreeMap<String, Imei>,
}

/// The account whose MTs are taken, and what goes wrong with them.
#[derive(Clone, Debug)]
pub struct MtSettings {
    /// Who must ask.
    pub username: String,
    /// With what.
    pub password: Secret,
    /// Credits on the account; without a number it never runs out.
    pub credits: Option<u64>,
    /// Modems of the account that have no line rental.
    pub without_rental: BTreeSet<Imei>,
    /// Where chance and the first MT's number come from.
    pub seed: u64,
    /// Moods that come by chance, each with its share of the requests; in the rest nothing goes wrong.
    pub moods: Vec<(Mood, f64)>,
    /// The account with Rock 7 Core, where there is one.
    pub rockcore: Option<RockcoreAccount>,
    /// The account with Cloudloop, where there is one.
    pub cloudloop: Option<CloudloopAccount>,
}

impl MtSettings {
    /// An account on which nothing goes wrong and that never runs out of credit.
    pub fn new(username: impl Into<String>, password: Secret) -> Self {
        Self {
            username: username.into(),
            password,
            credits: None,
            without_rental: BTreeSet::new(),
            seed: 1,
            moods: Vec::new(),
            rockcore: None,
            cloudloop: None,
        }
    }
}

/// A running MT API and the way to control it. Clones are the same API; it ends with the last of them.
#[derive(Clone, Debug)]
pub struct MtApi {
    address: SocketAddr,
    desk: Arc<Desk>,
    stop: CancellationToken,
    _ends_with_the_last: Arc<DropGuard>,
}

/// Starts the MT API on `address`, such as `127.0.0.1:0`. MTs get their times from `clock`.
///
/// # Errors
/// Where it is impossible to listen there.
pub async fn serve(address: &str, settings: MtSettings, clock: Clock, mailboxes: Mailboxes) -> Result<MtApi> {
    let listening = async {
        let listener = TcpListener::bind(address).await?;
        Ok::<_, std::io::Error>((listener.local_addr()?, listener))
    };
    let (address, listener) = listening.await.with_context(|| format!("cannot listen on {address}"))?;
    let desk = Arc::new(Desk::new(settings, clock, mailboxes));
    let stop = CancellationToken::new();
    tokio::spawn(server::serve(listener, desk.clone(), stop.clone()));
    Ok(MtApi { address, desk, _ends_with_the_last: Arc::new(stop.clone().drop_guard()), stop })
}

impl MtApi {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The page that leads to those of the platforms.
    pub fn page(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The URL that takes MTs.
    pub fn url(&self) -> String {
        format!("http://{}{MT_PATH}", self.address)
    }

    /// The URL that takes texts for trackers, before their serial numbers.
    pub fn rockcore_url(&self) -> String {
        format!("http://{}{ROCKCORE_PATH}", self.address)
    }

    /// The URL that takes MTs for Cloudloop's things.
    pub fn cloudloop_url(&self) -> String {
        format!("http://{}{CLOUDLOOP_PATH}", self.address)
    }

    /// What waits for the modems, and what they fetched.
    pub fn mailboxes(&self) -> &Mailboxes {
        self.desk.mailboxes()
    }

    /// Forces a mood upon the next `times` requests, behind those that are forced already.
    pub fn force(&self, mood: Mood, times: u32) {
        self.desk.force(mood, times);
    }

    /// Forgets every forced mood.
    pub fn let_be(&self) {
        self.desk.let_be();
    }

    /// How many requests for an MT have come, whatever became of them.
    pub fn requests(&self) -> u64 {
        self.desk.requests()
    }

    /// Every charge, in the order of the MTs' numbers.
    pub fn charges(&self) -> Vec<Charge> {
        self.desk.charges()
    }

    /// What is left on the account; `None` where it never runs out.
    pub fn credits_left(&self) -> Option<u64> {
        self.desk.credits_left()
    }

    /// Sets what is left on the account.
    pub fn set_credits(&self, credits: Option<u64>) {
        self.desk.set_credits(credits);
    }

    /// Closes every connection and listens no more.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Returns when it was stopped.
    pub async fn stopped(&self) {
        self.stop.cancelled().await;
    }
}
