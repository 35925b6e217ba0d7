//! Servers under measurement, each a child process on a free port of its own.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use fairlead_simulator::satellite::PUBLIC_KEY_PEM;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::Instant;

use crate::process::Watched;

/// Longest start.
const START: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// A server that is killed when it is dropped.
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Its process.
    pub(crate) process: Watched,
    child: Child,
}

impl Server {
    /// Starts a program and waits until `ready` answers 200.
    pub(crate) async fn start(mut command: Command, address: SocketAddr, ready: &str) -> Result<Self> {
        let named = format!("{:?}", command.as_std().get_program());
        let child = command
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{named} cannot be started"))?;
        let pid = child.id().with_context(|| format!("{named} ended at once"))?;
        let mut server = Self { address, process: Watched::new(pid), child };
        server.wait_until_ready(ready).await.with_context(|| format!("{named} does not come up"))?;
        Ok(server)
    }

    async fn wait_until_ready(&mut self, path: &str) -> Result<()> {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build()?;
        let url = format!("http://{}{path}", self.address);
        let deadline = Instant::now() + START;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended with {status}");
            }
            if client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        bail!("{url} does not answer 200 within {START:?}")
    }
}

/// The intake by itself, in a folder of its own, with neither store nor broker: it journals and answers.
pub(crate) struct Intake {
    /// The process.
    pub(crate) server: Server,
    // Removed last.
    _folder: TempDir,
}

impl Intake {
    /// Starts `fairlead-intake`.
    pub(crate) async fn start(program: &Path) -> Result<Self> {
        let folder = tempfile::tempdir().context("a temporary folder")?;
        let (address, nobody) = (free_address()?, free_address()?);
        let config = folder.path().join("fairlead.toml");
        let data = folder.path().join("data");
        let text = format!(
            "[store]\nurl = \"mysql://nobody@{nobody}/none\"\n\n[bus]\nurl = \"amqp://nobody@{nobody}/none\"\n\n\
             [data]\ndir = {data:?}\n\n[log]\nfilter = \"error\"\n\n[intake]\nlisten = \"{address}\"\n"
        );
        std::fs::write(&config, text)?;
        let mut command = Command::new(program);
        command.arg("--config").arg(&config).current_dir(folder.path()).stdout(Stdio::null());
        let server = Server::start(command, address, "/connection/hc").await?;
        Ok(Self { server, _folder: folder })
    }
}

/// Fairlead in one process, in a folder of its own.
pub(crate) struct Fairlead {
    /// The process.
    pub(crate) server: Server,
    program: PathBuf,
    config: PathBuf,
    // Removed last.
    _folder: TempDir,
}

impl Fairlead {
    /// Starts `fairlead serve`; it believes the simulated provider. `more`: further settings, as a file has them.
    pub(crate) async fn start(program: &Path, more: &str) -> Result<Self> {
        Self::start_all(program, more, &[]).await
    }

    /// The same; `set`: settings as `key=value`.
    pub(crate) async fn start_with(program: &Path, set: &[String]) -> Result<Self> {
        Self::start_all(program, "", set).await
    }

    async fn start_all(program: &Path, more: &str, set: &[String]) -> Result<Self> {
        let folder = tempfile::tempdir().context("a temporary folder")?;
        let address = free_address()?;
        let key = folder.path().join("provider.pem");
        std::fs::write(&key, PUBLIC_KEY_PEM)?;
        let config = folder.path().join("fairlead.toml");
        std::fs::write(&config, settings(address, &folder.path().join("data"), &key) + more)?;
        let mut command = Command::new(program);
        command.arg("--config").arg(&config).current_dir(folder.path());
        command.args(set.iter().flat_map(|pair| ["--set", pair])).arg("serve");
        let log = std::fs::File::create(folder.path().join("log"))?;
        command.stdout(log.try_clone()?).stderr(log);
        match Server::start(command, address, "/health/ready").await {
            Ok(server) => Ok(Self { server, program: program.to_owned(), config, _folder: folder }),
            Err(error) => {
                let log = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
                Err(error.context(format!("its last words: {}", last_lines(&log, 5))))
            }
        }
    }

    /// A token for its API, made by its own command line.
    pub(crate) async fn token(&self, role: &str) -> Result<String> {
        token(&self.program, &self.config, role).await
    }
}

/// Fairlead as one process a service, on MySQL and RabbitMQ: what takes messages in, and what sends them.
pub(crate) struct Services {
    /// Takes pushes.
    pub(crate) intake: Server,
    /// Knows the modems.
    pub(crate) tracker: Server,
    /// Sends.
    pub(crate) courier: Server,
    /// For its API.
    pub(crate) token: String,
    // Removed last.
    _folder: TempDir,
}

impl Services {
    /// Starts the services beside `fairlead`, on a database of this name that must exist and be empty.
    pub(crate) async fn start(program: &Path, mysql: &str, amqp: &str, more: &str) -> Result<Self> {
        let folder = tempfile::tempdir().context("a temporary folder")?;
        let key = folder.path().join("provider.pem");
        std::fs::write(&key, PUBLIC_KEY_PEM)?;
        let prefix = format!("bench{}", std::process::id());
        let (intake, tracker, courier) = (free_address()?, free_address()?, free_address()?);
        let config = folder.path().join("fairlead.toml");
        let text = format!(
            "[store]\nurl = \"{mysql}\"\n\n[bus]\nurl = \"{amqp}\"\nprefix = \"{prefix}\"\n\n\
             [data]\ndir = {:?}\n\n[log]\nfilter = \"warn\"\n\n[intake]\nlisten = \"{intake}\"\n\
             rockblock.public_key_files = [{key:?}]\n\n\
             [tracker]\nlisten = \"{tracker}\"\nunsigned_modems_per_day = 100000\n{}",
            folder.path().join("data"),
            more.replace("[courier]", &format!("[courier]\nlisten = \"{courier}\"")),
        );
        std::fs::write(&config, text)?;
        let start = async |name: &str, address| {
            let mut command = Command::new(program.with_file_name(format!("fairlead-{name}")));
            command.arg("--config").arg(&config).current_dir(folder.path()).stdout(Stdio::null());
            Server::start(command, address, "/health/ready").await
        };
        Ok(Self {
            intake: start("intake", intake).await?,
            tracker: start("tracker", tracker).await?,
            courier: start("courier", courier).await?,
            token: token(program, &config, "operator").await?,
            _folder: folder,
        })
    }
}

/// A token for the API of the Fairlead that has this file of settings.
pub(crate) async fn token(program: &Path, config: &Path, role: &str) -> Result<String> {
    let output = Command::new(program)
        .arg("--config")
        .arg(config)
        .args(["token", "create", "--name", "bench", "--role", role])
        .output()
        .await?;
    let said = String::from_utf8_lossy(&output.stdout);
    let token = said.split_whitespace().last().filter(|_| output.status.success());
    token.map(str::to_owned).with_context(|| {
        format!("no token was made: {}", last_lines(&String::from_utf8_lossy(&output.stderr), 3))
    })
}

fn settings(address: SocketAddr, data: &Path, key: &Path) -> String {
    format!(
        "[http]\nlisten = \"{address}\"\n\n[data]\ndir = {data:?}\n\n[log]\nfilter = \"warn\"\n\n\
         [intake.rockblock]\npublic_key_files = [{key:?}]\n\n[tracker]\nunsigned_modems_per_day = 100000\n\n\
         [hub]\ndevice_listen = \"127.0.0.1:0\"\npage_listen = \"127.0.0.1:0\"\n"
    )
}

/// A port that nobody has at this moment.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines.iter().skip(lines.len().saturating_sub(count)).copied().collect::<Vec<_>>().join(" | ")
}
