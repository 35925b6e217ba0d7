//! The same hub on Python's `websockets`.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::Instant;

use super::Hub;
use crate::process::Watched;
use crate::rival::run;
use crate::server::free_address;

const SCRIPT: &str = include_str!("../../../../rivals/websockets_hub.py");
/// Longest start.
const START: Duration = Duration::from_secs(30);

/// A folder in which Python and `websockets` are.
pub(super) struct Python(TempDir);

/// Installs it, from PyPI.
pub(super) async fn install() -> Result<Python> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("websockets_hub.py"), SCRIPT)?;
    tracing::info!("installing websockets from PyPI");
    run(folder.path(), "python3", &["-m", "venv", "venv"]).await?;
    run(folder.path(), "venv/bin/pip", &["install", "--quiet", "websockets"]).await?;
    Ok(Python(folder))
}

impl Python {
    /// Starts the hub; it is killed when the first of the pair is dropped.
    pub(super) async fn start(&self, compression: Option<&str>) -> Result<(Child, Hub)> {
        let (devices, pages) = (free_address()?, free_address()?);
        let mut command = Command::new(self.0.path().join("venv/bin/python"));
        command.args(["websockets_hub.py", &devices.port().to_string(), &pages.port().to_string()]);
        command.args(compression).current_dir(self.0.path()).stdin(Stdio::null()).kill_on_drop(true);
        let child = command.spawn().context("python cannot be started")?;
        let process = Watched::new(child.id().context("python ended at once")?);
        wait_for(pages).await?;
        Ok((child, Hub { process, devices, pages, proof: String::new() }))
    }
}

async fn wait_for(address: SocketAddr) -> Result<()> {
    let deadline = Instant::now() + START;
    while Instant::now() < deadline {
        if TcpStream::connect(address).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("the rival does not come up")
}
