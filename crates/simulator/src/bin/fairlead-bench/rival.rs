//! The rival: FastAPI that publishes to RabbitMQ with confirms before it answers, as a Python team would write it.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use crate::intake::{PROBE, WARM_UP, capacity};
use crate::pool::Source;
use crate::process::{Watched, only_one_named};
use crate::report::{Rival, per_1000};
use crate::server::{Server, free_address};

const SCRIPT: &str = include_str!("../../../rivals/fastapi_intake.py");
const REQUIREMENTS: &str = include_str!("../../../rivals/requirements.txt");
/// The broker's process: the Erlang machine.
const BROKER: &str = "beam.smp";
/// Its own best number of connections; more only wait.
const CONNECTIONS: usize = 64;

/// Installs the rival into a folder of its own and measures it.
pub(crate) async fn measure(
    amqp: &str,
    broker_pid: Option<u32>,
    source: &mut Source,
    span: Duration,
) -> Result<Rival> {
    let folder = tempfile::tempdir()?;
    install(folder.path()).await?;
    let broker = Watched::new(match broker_pid {
        Some(pid) => pid,
        None => only_one_named(BROKER)?,
    });
    let address = free_address()?;
    let mut command = Command::new(folder.path().join("venv/bin/python"));
    command.args(["-m", "uvicorn", "fastapi_intake:app", "--no-access-log", "--log-level", "warning"]);
    command.args(["--host", "127.0.0.1", "--port", &address.port().to_string()]);
    command.current_dir(folder.path()).env("AMQP_URL", amqp).stdout(Stdio::null());
    let server = Server::start(command, address, "/health/ready").await?;
    tracing::info!("FastAPI and its broker");
    let requests = source.requests(PROBE, "/rockblock/incoming")?;
    capacity(&server, requests.clone(), CONNECTIONS, WARM_UP).await?;
    let before = broker.cpu_s()?;
    let measured = capacity(&server, requests, CONNECTIONS, span).await?;
    let broker_s = broker.cpu_s()? - before;
    Ok(Rival { broker_cpu_s_per_1000: per_1000(broker_s, measured.accepted), server: measured })
}

async fn install(folder: &Path) -> Result<()> {
    std::fs::write(folder.join("fastapi_intake.py"), SCRIPT)?;
    std::fs::write(folder.join("requirements.txt"), REQUIREMENTS)?;
    tracing::info!("installing FastAPI and aio-pika from PyPI");
    run(folder, "python3", &["-m", "venv", "venv"]).await?;
    run(folder, "venv/bin/pip", &["install", "--quiet", "--requirement", "requirements.txt"]).await
}

pub(crate) async fn run(folder: &Path, program: &str, arguments: &[&str]) -> Result<()> {
    let path = if program.contains('/') { folder.join(program) } else { program.into() };
    let mut command = Command::new(path);
    let status = command.args(arguments).current_dir(folder).status().await;
    let status = status.with_context(|| format!("{program} cannot be started"))?;
    ensure!(status.success(), "{program} {} ended with {status}", arguments.join(" "));
    Ok(())
}
