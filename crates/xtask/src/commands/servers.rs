//! `cargo xtask servers`: private servers to develop against, until Ctrl-C.

use std::io::{Write, stdout};

use anyhow::Result;

use crate::packages::{Need, ensure};
use crate::process::say;
use crate::servers::PrivateServer;

/// The variable that names the database which the tests use.
pub(crate) const MYSQL_VARIABLE: &str = "FAIRLEAD_TEST_MYSQL_URL";
/// The variable that names the broker which the tests use.
pub(crate) const AMQP_VARIABLE: &str = "FAIRLEAD_TEST_AMQP_URL";

/// Where the servers are, and the ones among them that are ours and end with this.
#[derive(Debug, Default)]
pub(crate) struct Servers {
    pub(crate) mysql: Option<String>,
    pub(crate) amqp: Option<String>,
    mariadb: Option<PrivateServer>,
    rabbitmq: Option<PrivateServer>,
}

impl Servers {
    /// Takes the servers that were given, and starts what is wanted and was not.
    pub(crate) fn start(mysql: Wanted, amqp: Wanted) -> Result<Self> {
        let mut needs = Vec::new();
        if mysql == Wanted::Private {
            needs.push(Need::MariaDb);
        }
        if amqp == Wanted::Private {
            needs.push(Need::RabbitMq);
        }
        ensure(&needs)?;
        let mut servers = Self::default();
        match mysql {
            Wanted::Given(url) => servers.mysql = Some(url),
            Wanted::Not => {}
            Wanted::Private => {
                say("Starting a private MariaDB");
                let started = PrivateServer::mariadb()?;
                servers.mysql = Some(started.url().to_owned());
                servers.mariadb = Some(started);
            }
        }
        match amqp {
            Wanted::Given(url) => servers.amqp = Some(url),
            Wanted::Not => {}
            Wanted::Private => {
                say("Starting a private RabbitMQ, about 10 seconds");
                let started = PrivateServer::rabbitmq()?;
                servers.amqp = Some(started.url().to_owned());
                servers.rabbitmq = Some(started);
            }
        }
        Ok(servers)
    }

    /// What a test finds in its environment.
    pub(crate) fn variables(&self) -> Vec<(&'static str, &str)> {
        let all = [(MYSQL_VARIABLE, &self.mysql), (AMQP_VARIABLE, &self.amqp)];
        all.into_iter().filter_map(|(name, url)| Some((name, url.as_deref()?))).collect()
    }
}

/// Whether a server is needed, and whose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// None is needed.
    Not,
    /// The one at this URL.
    Given(String),
    /// One of our own.
    Private,
}

impl Wanted {
    /// The one that was given, else one of our own.
    pub(crate) fn given_or_private(url: Option<&String>) -> Self {
        url.map_or(Self::Private, |url| Self::Given(url.clone()))
    }
}

pub(crate) fn run() -> Result<()> {
    let servers = Servers::start(Wanted::Private, Wanted::Private)?;
    let mut out = stdout().lock();
    for (name, url) in servers.variables() {
        writeln!(out, "export {name}={url}")?;
    }
    out.flush()?;
    say("Both servers run until Ctrl-C; their data goes with them.");
    loop {
        // Ctrl-C ends this process, and the guards then end the servers.
        std::thread::park();
    }
}
