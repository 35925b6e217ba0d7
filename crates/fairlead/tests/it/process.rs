//! Starting, killing and stopping the real binaries.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a process may take to become ready, or a condition to come true. No timing assertion: generous.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Ports that tests do not share with each other.
const ELSEWHERE: [&str; 2] = ["hub.device_listen=127.0.0.1:0", "hub.page_listen=127.0.0.1:0"];

/// One of our binaries, with the settings it is started with each time.
pub struct Service {
    program: PathBuf,
    settings: Vec<String>,
    environment: Vec<(&'static str, String)>,
    address: String,
    child: Option<Child>,
}

impl Service {
    /// A binary that is to listen on a free port; `listen` is the setting for it.
    pub fn new(name: &str, listen: &str, settings: &[String]) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        // What is said later counts.
        let mut settings = [ELSEWHERE.map(str::to_owned).as_slice(), settings].concat();
        settings.push(format!("{listen}={address}"));
        Self { program: binary(name), settings, environment: Vec::new(), address, child: None }
    }

    /// With a variable in its environment.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.environment.push((name, value.to_owned()));
        self
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its address as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Starts it and waits until it answers.
    pub async fn start(&mut self) {
        let mut command = Command::new(&self.program);
        for pair in &self.settings {
            command.arg("--set").arg(pair);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        self.child = Some(command.stdin(Stdio::null()).spawn().unwrap());
        let live = format!("{}/health/live", self.url());
        until("the service answers", || {
            let live = live.clone();
            async move { reqwest::get(&live).await.is_ok_and(|answer| answer.status().is_success()) }
        })
        .await;
    }

    /// `kill -9`, and waits until it is gone.
    pub fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A binary of this workspace, beside `fairlead`.
pub fn binary(name: &str) -> PathBuf {
    let fairlead = PathBuf::from(env!("CARGO_BIN_EXE_fairlead"));
    let path = fairlead.with_file_name(name);
    assert!(path.exists(), "{} is missing: run `cargo build`, or `cargo xtask test`", path.display());
    path
}

/// Waits until something is so.
pub async fn until<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < deadline, "in vain waited until {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
