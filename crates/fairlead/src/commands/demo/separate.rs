//! The demo's Fairlead as separate binaries on MariaDB and RabbitMQ, with nginx in front, as in a real
//! installation. A service that dies is started again, as systemd would.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use fairlead_store::Store;
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Stage;
use crate::command_line::tell;
use crate::services;

/// How long a service that died is left before it is started again.
const AGAIN: Duration = Duration::from_secs(1);

/// How long the services may take to become ready.
const READY: Duration = Duration::from_secs(60);

/// How long a service may take to drain.
const DRAIN: Duration = Duration::from_secs(30);

/// Running services, and the proxy before them.
pub(super) struct Separate {
    listen: String,
    store: Store,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// Starts one process a service, and nginx. `own`: what single services are set to, as `key=value`.
pub(super) async fn start(
    stage: &Stage,
    own: &[String],
    mysql: &str,
    amqp: &str,
) -> anyhow::Result<Separate> {
    // Said before anything is started: the port is what people get wrong.
    drop(TcpListener::bind(&stage.listen).with_context(|| format!("cannot listen on {}", stage.listen))?);
    let store = Store::open(mysql.parse().map_err(anyhow::Error::msg)?)?;
    store.migrate().await.context("the schema cannot be prepared")?;
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let mut addresses = Vec::new();
    for name in services::names() {
        let address = free_address()?;
        let mut settings = stage.settings();
        settings.push(format!("store.url={mysql}"));
        settings.push(format!("bus.url={amqp}"));
        settings.push(format!("data.dir={}", stage.folder.display()));
        settings.push(format!("{name}.listen={address}"));
        settings.push(format!("http.public_url=http://{}", stage.listen));
        let section = format!("{name}.");
        settings.extend(own.iter().filter(|pair| pair.starts_with(&section)).cloned());
        let program = beside(&format!("fairlead-{name}"))?;
        tasks.spawn(keep_running(program, in_environment(&settings), stop.clone()));
        addresses.push((name, address));
    }
    let config = nginx_config(stage, &addresses);
    let path = stage.folder.join("nginx.conf");
    std::fs::write(&path, config)?;
    let nginx = ["-e", "stderr", "-p", &stage.folder.to_string_lossy(), "-c", &path.to_string_lossy()]
        .map(str::to_owned)
        .to_vec();
    find_nginx()?;
    tasks.spawn(keep_running_with(PathBuf::from("nginx"), nginx, Vec::new(), stop.clone()));
    let site = Separate { listen: stage.listen.clone(), store, stop, tasks };
    site.until_ready(&addresses).await?;
    Ok(site)
}

impl Separate {
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.listen)
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    pub(super) async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    async fn until_ready(&self, addresses: &[(&'static str, String)]) -> anyhow::Result<()> {
        let client = reqwest::Client::new();
        let deadline = tokio::time::Instant::now() + READY;
        let mut waiting: Vec<String> =
            addresses.iter().map(|(_, address)| format!("http://{address}/health/ready")).collect();
        waiting.push(format!("{}/connection/hc", self.url()));
        while let Some(url) = waiting.last() {
            match client.get(url).send().await {
                Ok(response) if response.status().is_success() => {
                    waiting.pop();
                }
                _ if tokio::time::Instant::now() > deadline => {
                    anyhow::bail!("{url} did not become ready within {} s", READY.as_secs())
                }
                _ => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
        Ok(())
    }
}

async fn keep_running(program: PathBuf, environment: Vec<(String, String)>, stop: CancellationToken) {
    keep_running_with(program, Vec::new(), environment, stop).await;
}

/// Runs a program until the demo ends; one that ends before is started again.
async fn keep_running_with(
    program: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    stop: CancellationToken,
) {
    while !stop.is_cancelled() {
        let spawned = Command::new(&program)
            .args(&arguments)
            .envs(environment.iter().map(|(k, v)| (k, v)))
            .stdin(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn();
        match spawned {
            Ok(mut child) => {
                tokio::select! {
                    ended = child.wait() => {
                        tell(&format!("{} ended ({ended:?}); it is started again", program.display()));
                    }
                    () = stop.cancelled() => return end(child).await,
                }
            }
            Err(error) => tell(&format!("{} cannot be started: {error}", program.display())),
        }
        tokio::select! {
            () = tokio::time::sleep(AGAIN) => {}
            () = stop.cancelled() => {}
        }
    }
}

async fn end(mut child: Child) {
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = pid {
        // One that is gone already needs no signal.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
    if tokio::time::timeout(DRAIN, child.wait()).await.is_err() {
        tell("a service did not drain in time");
    }
}

/// `store.url=x` as `FAIRLEAD__STORE__URL=x`: passwords do not stand in the list of processes.
fn in_environment(settings: &[String]) -> Vec<(String, String)> {
    settings
        .iter()
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| {
            (format!("FAIRLEAD__{}", key.replace('.', "__").to_ascii_uppercase()), value.to_owned())
        })
        .collect()
}

fn beside(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let path = own.parent().unwrap_or_else(|| Path::new(".")).join(name);
    anyhow::ensure!(path.exists(), "{} is missing: build all binaries with `cargo build`", path.display());
    Ok(path)
}

fn find_nginx() -> anyhow::Result<()> {
    let found = std::process::Command::new("nginx").arg("-v").stderr(Stdio::null()).status();
    anyhow::ensure!(
        found.is_ok_and(|status| status.success()),
        "the separate binaries are reached through nginx, which is not installed (Debian: apt install nginx-light)"
    );
    Ok(())
}

/// An address of this machine at which nobody listens.
pub(super) fn free_address() -> anyhow::Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

fn nginx_config(stage: &Stage, addresses: &[(&'static str, String)]) -> String {
    let to = |service: &str| {
        addresses.iter().find(|(name, _)| *name == service).map_or("", |(_, address)| address.as_str())
    };
    let locations: Vec<String> = services::ROUTES
        .iter()
        .map(|(prefix, service)| format!("    location {prefix} {{ proxy_pass http://{}; }}", to(service)))
        .collect();
    format!(
        "daemon off;\nworker_processes 1;\npid {pid};\nerror_log stderr warn;\nevents {{ worker_connections 4096; }}\n\
         http {{\n  access_log off;\n  client_body_temp_path {folder}/nginx-body;\n  proxy_temp_path {folder}/nginx-proxy;\n  \
         fastcgi_temp_path {folder}/nginx-f;\n  uwsgi_temp_path {folder}/nginx-u;\n  scgi_temp_path {folder}/nginx-s;\n  \
         map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}\n  server {{\n    listen {listen};\n    \
         proxy_http_version 1.1;\n    proxy_set_header Host $http_host;\n    proxy_set_header X-Forwarded-For $remote_addr;\n    \
         proxy_set_header Upgrade $http_upgrade;\n    proxy_set_header Connection $connection_upgrade;\n    \
         proxy_next_upstream off;\n    proxy_read_timeout 120s;\n{locations}\n  }}\n}}\n",
        pid = stage.folder.join("nginx.pid").display(),
        folder = stage.folder.display(),
        listen = stage.listen,
        locations = locations.join("\n"),
    )
}
