//! The settings that all services share.

use std::path::PathBuf;

use fairlead_bus::BusUrl;
use fairlead_model::{Clock, Time};
use fairlead_store::StoreUrl;
use fairlead_web::networks::{Networks, TrustedProxies};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// Settings of every process.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Common {
    /// Where the data are kept.
    pub store: StoreSettings,
    /// How the services talk to each other.
    pub bus: BusSettings,
    /// The folder of the process.
    pub data: DataSettings,
    /// The web server of the one-process shape.
    pub http: HttpSettings,
    /// What is logged, and how.
    pub log: LogSettings,
    /// The clock; only the demo changes it.
    pub clock: ClockSettings,
}

/// `[store]`
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StoreSettings {
    /// `sqlite:PATH` or `mysql://USER:PASSWORD@HOST:PORT/SCHEMA`. Empty: `fairlead.sqlite` in `data.dir`. Separate
    /// service binaries need MySQL or MariaDB.
    #[schemars(extend("format" = "secret"))]
    pub url: String,
    /// Bring the schema up to date at start. Switch it off where `fairlead migrate` is run by hand.
    pub migrate: bool,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self { url: String::new(), migrate: true }
    }
}

/// `[bus]`
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BusSettings {
    /// `local:` (in one process) or `amqp://USER:PASSWORD@HOST:PORT/VHOST` (separate service binaries).
    #[schemars(extend("format" = "secret"))]
    pub url: String,
    /// What the names of queues and exchanges on the broker begin with, so that several systems can share one.
    pub prefix: String,
}

impl Default for BusSettings {
    fn default() -> Self {
        Self { url: "local:".to_owned(), prefix: "fairlead".to_owned() }
    }
}

/// `[data]`
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DataSettings {
    /// The folder for everything that the process keeps on its disk: the SQLite file and the intake's journal.
    pub dir: PathBuf,
}

impl Default for DataSettings {
    fn default() -> Self {
        Self { dir: PathBuf::from("./fairlead-data") }
    }
}

/// `[http]`
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HttpSettings {
    /// Address and port of the one-process shape; port 0 takes a free one.
    pub listen: String,
    /// The address under which people reach the pages, as `https://fleet.example.org`; printed in sign-in links.
    /// Empty: made from `listen`.
    pub public_url: String,
    /// Networks of the proxies in front, as `10.0.7.2/32, fd00:7::/64`: from them, and always from this machine,
    /// `X-Forwarded-For` is believed. Also for separate service binaries.
    pub trusted_proxies: StringList,
    /// A certificate of this server's own.
    pub tls: TlsSettings,
}

/// `[http.tls]`
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TlsSettings {
    /// A file with the certificate, and those between it and the authority's (PEM), for HTTPS without a proxy in front.
    /// Also for the addresses of separate service binaries. Empty: plain HTTP. Changed files are used within a minute,
    /// or at once on SIGHUP.
    pub cert: PathBuf,
    /// The file with the certificate's private key (PEM).
    pub key: PathBuf,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".to_owned(),
            public_url: String::new(),
            trusted_proxies: StringList::default(),
            tls: TlsSettings::default(),
        }
    }
}

impl HttpSettings {
    /// The address under which people reach a server that listens here: the one that is set, or else one made from it.
    pub fn public_address(&self, listening: &str) -> String {
        match self.public_url.trim_end_matches('/') {
            "" if self.tls.is_set() => format!("https://{listening}"),
            "" => format!("http://{listening}"),
            given => given.to_owned(),
        }
    }

    /// Whether browsers may be told to come by TLS alone from now on: this server speaks it, under an address that
    /// somebody chose.
    pub(crate) fn is_https_for_good(&self) -> bool {
        self.tls.is_set() && self.public_url.starts_with("https://")
    }

    /// The proxies that are believed.
    pub(crate) fn proxies(&self) -> Result<TrustedProxies, String> {
        Networks::parse("http.trusted_proxies", &self.trusted_proxies.0).map(TrustedProxies)
    }
}

/// `[log]`
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogSettings {
    /// `human` for people, `json` for programs; `auto` is human on a terminal and json elsewhere.
    pub format: LogFormat,
    /// What is logged, in the syntax of tracing's `EnvFilter`, as `info,fairlead_bus=debug`.
    pub filter: String,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { format: LogFormat::Auto, filter: "info,actix_server=warn".to_owned() }
    }
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Human on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// `[clock]`
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClockSettings {
    /// Seconds of the server's clock in a real second. Other than 1 only in a demo.
    pub speed: u32,
    /// The real moment (RFC 3339) at which a fast clock and the real one agree. Empty: the start.
    pub origin: String,
}

impl Default for ClockSettings {
    fn default() -> Self {
        Self { speed: 1, origin: String::new() }
    }
}

impl ClockSettings {
    /// The clock that is asked for.
    ///
    /// # Errors
    /// A sentence where `origin` is not a time.
    pub fn clock(&self) -> Result<Clock, String> {
        let origin = if self.origin.is_empty() {
            Clock::system().now()
        } else {
            Time::parse_rfc3339(&self.origin)
                .ok_or_else(|| format!("clock.origin is an RFC 3339 time, not `{}`", self.origin))?
        };
        Ok(Clock::scaled(origin, self.speed.max(1)))
    }
}

impl Common {
    /// The store's URL, the default filled in.
    ///
    /// # Errors
    /// A sentence that names the setting.
    pub fn store_url(&self) -> Result<StoreUrl, String> {
        if self.store.url.is_empty() {
            return Ok(StoreUrl::Sqlite(self.data.dir.join("fairlead.sqlite")));
        }
        self.store.url.parse().map_err(|e| format!("store.url: {e}"))
    }

    /// The bus's URL.
    ///
    /// # Errors
    /// A sentence that names the setting.
    pub fn bus_url(&self) -> Result<BusUrl, String> {
        self.bus.url.parse().map_err(|e| format!("bus.url: {e}"))
    }
}

/// A list that is written as a list, or as one text with commas (in the environment).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StringList(pub Vec<String>);

impl<'de> Deserialize<'de> for StringList {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            List(Vec<String>),
            Text(String),
        }
        Ok(Self(match Written::deserialize(d)? {
            Written::List(list) => list,
            Written::Text(text) => {
                text.split(',').map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect()
            }
        }))
    }
}
