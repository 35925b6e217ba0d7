//! A connection that is kept up.
//!
//! lapin's own recovery is not used: the outbox is the truth about what was published, and everything else (topology,
//! consumers, subscriptions) is simply made anew on a new connection.

use std::collections::HashSet;
use std::fmt;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use lapin::tcp::{AMQPUriTcpExt, AsyncTcpStream, OwnedTLSConfig};
use lapin::uri::AMQPUri;
use lapin::{Channel, Connection, ConnectionProperties, Event};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::topology::Names;
use crate::{AmqpUrl, Options, backoff};

/// How often a connection is looked at without being told anything.
const LOOK: Duration = Duration::from_secs(1);

/// Why the broker did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("{0}")]
    Broker(#[from] lapin::Error),
    #[error("no answer within {} s", .0.as_secs())]
    Silence(Duration),
    #[error("the broker ended it")]
    Ended,
    #[error("its queue is gone, or was made again, and the broker has not said so")]
    PassedOver,
    #[error("{0}")]
    Store(#[from] fairlead_store::StoreError),
}

async fn in_time<T>(limit: Duration, question: impl Future<Output = lapin::Result<T>>) -> Result<T, Trouble> {
    Ok(tokio::time::timeout(limit, question).await.map_err(|_| Trouble::Silence(limit))??)
}

/// A connection that is made again whenever it is lost. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Link {
    state: watch::Receiver<State>,
}

#[derive(Clone)]
enum State {
    Down(String),
    /// The broker takes nothing from who publishes, for this reason.
    Blocked(Arc<Line>, String),
    Up(Arc<Line>),
}

/// One connection while it lasts.
pub(crate) struct Line {
    connection: Connection,
    socket: Socket,
    pub(crate) names: Names,
    limit: Duration,
    declared: Mutex<HashSet<String>>,
    /// Held while something is being declared.
    pub(super) declaring: tokio::sync::Mutex<()>,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("status", self.connection.status()).finish_non_exhaustive()
    }
}

impl Line {
    /// Whether it can be expected to carry anything.
    pub(crate) fn is_open(&self) -> bool {
        let status = self.connection.status();
        status.connected() && !status.blocked()
    }

    /// A question to the broker, with a bound on the answer.
    pub(crate) async fn ask<T>(
        &self,
        question: impl Future<Output = lapin::Result<T>>,
    ) -> Result<T, Trouble> {
        let answer = in_time(self.limit, question).await;
        if let Err(Trouble::Silence(_)) = answer {
            self.give_up();
        }
        answer
    }

    pub(crate) async fn channel(&self) -> Result<Channel, Trouble> {
        self.ask(self.connection.create_channel()).await
    }

    /// Ends a connection whose broker answers heartbeats and nothing else: one stuck queue stops, by RabbitMQ's
    /// credit flow, all that goes over the connection. A broker that has said that it takes nothing is waited for.
    pub(crate) fn give_up(&self) {
        if self.is_open() {
            tracing::warn!(
                seconds = self.limit.as_secs(),
                "the broker does not answer; its connection is given up"
            );
            hang_up(&self.socket);
        }
    }

    pub(super) fn declared(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.declared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Link {
    /// Connects, and connects again, until `closing`.
    pub(crate) fn keep_up(
        url: &AmqpUrl,
        role: &'static str,
        options: &Options,
        closing: &CancellationToken,
    ) -> Self {
        let broker = url.host_and_port();
        let (report, state) =
            watch::channel(State::Down(format!("the first connection to {broker} is being made")));
        let supervisor =
            Supervisor { uri: prepared(url, options), broker, role, options: options.clone(), report };
        let closed = closing.clone();
        tokio::spawn(async move { closed.run_until_cancelled(supervisor.run()).await });
        Self { state }
    }

    /// A connection that takes messages, as soon as there is one.
    pub(crate) async fn open(&self) -> Arc<Line> {
        self.wait_for(|state| match state {
            State::Up(line) => Some(line.clone()),
            State::Blocked(..) | State::Down(_) => None,
        })
        .await
    }

    /// The connection that takes messages now, if there is one.
    pub(crate) fn open_now(&self) -> Option<Arc<Line>> {
        match &*self.state.borrow() {
            State::Up(line) if line.is_open() => Some(line.clone()),
            _ => None,
        }
    }

    /// Why no messages get through, in a sentence.
    pub(crate) fn trouble(&self) -> Option<String> {
        match &*self.state.borrow() {
            State::Up(_) => None,
            State::Blocked(_, reason) => Some(format!("RabbitMQ takes no messages for now: {reason}")),
            State::Down(reason) => Some(format!("RabbitMQ is not reachable: {reason}")),
        }
    }

    async fn wait_for(&self, wanted: impl Fn(&State) -> Option<Arc<Line>>) -> Arc<Line> {
        let mut state = self.state.clone();
        loop {
            // A line may have gone without its supervisor having noticed yet.
            let line = wanted(&state.borrow_and_update()).filter(|line| line.connection.status().connected());
            if let Some(line) = line {
                return line;
            }
            let _ = tokio::time::timeout(LOOK, state.changed()).await;
        }
    }
}

/// Keeps one connection up.
struct Supervisor {
    uri: AMQPUri,
    broker: String,
    role: &'static str,
    options: Options,
    report: watch::Sender<State>,
}

impl Supervisor {
    async fn run(self) {
        let mut dice = self.options.seed.map_or_else(StdRng::from_os_rng, StdRng::seed_from_u64);
        let mut failed = 0;
        loop {
            let reason = match self.connect().await {
                Ok((connection, socket)) => {
                    failed = 0;
                    tracing::info!(broker = self.broker, role = self.role, "connected");
                    self.watch_over(connection, socket).await
                }
                Err(trouble) => format!("{} does not answer: {trouble}", self.broker),
            };
            failed += 1;
            tracing::warn!(broker = self.broker, role = self.role, reason, "the broker is not reachable");
            metrics::counter!("fairlead_bus_connection_lost_total", "role" => self.role).increment(1);
            self.report.send_replace(State::Down(reason));
            tokio::time::sleep(backoff::before_reconnect(failed, self.options.reconnect, &mut dice)).await;
        }
    }

    async fn connect(&self) -> Result<(Connection, Socket), Trouble> {
        let socket: Socket = Arc::default();
        let dial = dial(self.uri.clone(), self.properties(), socket.clone());
        let opened = in_time(self.options.broker_timeout, dial).await;
        if opened.is_err() {
            // lapin's thread would wait for a silent broker for ever.
            hang_up(&socket);
        }
        opened.map(|connection| (connection, socket))
    }

    fn properties(&self) -> ConnectionProperties {
        let name = format!("{} {} {}", self.options.prefix, self.role, std::process::id());
        ConnectionProperties::default().with_connection_name(name.into())
    }

    /// Reports on a connection until it is lost; says why.
    async fn watch_over(&self, connection: Connection, socket: Socket) -> String {
        let events = connection.events_listener();
        let line = Arc::new(Line {
            names: Names::new(&self.options),
            limit: self.options.broker_timeout,
            declared: Mutex::default(),
            declaring: tokio::sync::Mutex::default(),
            connection,
            socket,
        });
        let mut last_error = None;
        let mut blocked = None;
        tokio::pin!(events);
        while line.connection.status().connected() {
            self.report.send_if_modified(|state| state.become_that_of(&line, blocked.as_deref()));
            match next_event(&mut events).await {
                Some(Event::ConnectionBlocked(reason)) => {
                    tracing::warn!(
                        broker = self.broker,
                        role = self.role,
                        reason,
                        "the broker takes no messages"
                    );
                    blocked = Some(reason);
                }
                Some(Event::ConnectionUnblocked) => blocked = None,
                Some(Event::Error(error)) => last_error = Some(error.to_string()),
                _ => {}
            }
        }
        let cause = last_error.unwrap_or_else(|| "it was closed".to_owned());
        format!("the connection to {} was lost: {cause}", self.broker)
    }
}

impl State {
    /// Changes to the state of a line that is connected; says whether that is a change.
    fn become_that_of(&mut self, line: &Arc<Line>, blocked: Option<&str>) -> bool {
        let same = match (&*self, blocked) {
            (Self::Up(mine), None) => Arc::ptr_eq(mine, line),
            (Self::Blocked(mine, _), Some(_)) => Arc::ptr_eq(mine, line),
            _ => false,
        };
        if !same {
            *self = blocked.map_or_else(
                || Self::Up(line.clone()),
                |reason| Self::Blocked(line.clone(), reason.to_owned()),
            );
        }
        !same
    }
}

async fn next_event(events: &mut (impl Stream<Item = Event> + Unpin)) -> Option<Event> {
    tokio::time::timeout(LOOK, events.next()).await.ok().flatten()
}

fn prepared(url: &AmqpUrl, options: &Options) -> AMQPUri {
    let mut uri = url.uri().clone();
    let seconds = options.heartbeat.as_secs().clamp(1, 600);
    uri.query.heartbeat = u16::try_from(seconds).ok();
    uri
}

/// The connection's socket, kept so that it can be closed from outside.
pub(crate) type Socket = Arc<Mutex<Option<std::net::TcpStream>>>;

/// Connects, and notes the socket as soon as there is one.
pub(crate) async fn dial(
    uri: AMQPUri,
    properties: ConnectionProperties,
    socket: Socket,
) -> lapin::Result<Connection> {
    let runtime = lapin::runtime::default_runtime()?;
    let dialling = runtime.clone();
    let connect = async move |uri: AMQPUri, _| {
        let tls = OwnedTLSConfig::default();
        let stream = AMQPUriTcpExt::connect_with_config_async(&uri, tls.as_ref(), &dialling).await?;
        let handle = match &stream {
            AsyncTcpStream::Plain(plain) => Some(plain.get_ref().as_fd().try_clone_to_owned()?),
            AsyncTcpStream::Rustls(tls) => Some(tls.get_ref().0.get_ref().as_fd().try_clone_to_owned()?),
            _ => None,
        };
        *socket.lock().unwrap_or_else(PoisonError::into_inner) = handle.map(Into::into);
        Ok(stream)
    };
    Connection::connector(uri, runtime, connect, properties).await
}

/// Ends a connection from outside.
pub(crate) fn hang_up(socket: &Socket) {
    if let Some(socket) = socket.lock().unwrap_or_else(PoisonError::into_inner).take() {
        let _ = socket.shutdown(Shutdown::Both);
    }
}
