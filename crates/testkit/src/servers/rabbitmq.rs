//! RabbitMQ: what it is configured with, and how it is started.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::process::{Process, free_port, program};

/// RabbitMQ 3.10 notes half a second later which quorum queues it has, also when it comes back and looks them through.
/// Killed before that, it has a queue in which nobody can find anything: each use of it is answered `INTERNAL_ERROR`,
/// for ever.
pub(super) const SETTLES: Duration = Duration::from_secs(3);

/// Writes what the broker is configured with, `lines` at its end, and starts its `epmd`, whose port is the answer.
pub(super) fn prepare(process: &mut Process, lines: &str) -> Result<u16> {
    write_configuration(&process.folder, process.port, lines)?;
    let epmd_port = free_port()?;
    process.launch_companion(epmd_command(epmd_port), epmd_port)?;
    Ok(epmd_port)
}

fn epmd_command(port: u16) -> Command {
    let mut command = Command::new(program("epmd").unwrap_or_else(|_| PathBuf::from("epmd")));
    command.args(["-address", "127.0.0.1", "-port", &port.to_string()]);
    command
}

fn write_configuration(folder: &Path, port: u16, lines: &str) -> Result<()> {
    let configuration = format!(
        "listeners.tcp.1 = 127.0.0.1:{port}\n\
         log.file = false\nlog.console = true\nlog.console.level = warning\n\
         disk_free_limit.absolute = 50MB\n\
         {lines}\n"
    );
    fs::write(folder.join("rabbitmq.conf"), configuration)?;
    // Empty, so that the machine's own file is not read.
    fs::write(folder.join("environment.conf"), "")?;
    fs::write(folder.join("plugins"), "[].\n")?;
    Ok(())
}

/// The broker on its data.
pub(super) fn command(folder: &Path, port: u16, epmd_port: u16) -> Result<Command> {
    let distribution_port = free_port()?;
    let mut command = Command::new(program("rabbitmq-server")?);
    command
        .env_remove("NOTIFY_SOCKET")
        .env("HOME", folder)
        .env("ERL_EPMD_PORT", epmd_port.to_string())
        .env("ERL_EPMD_ADDRESS", "127.0.0.1")
        .env("ERL_CRASH_DUMP_SECONDS", "0")
        .env("ERL_FLAGS", "-kernel inet_dist_use_interface {127,0,0,1}")
        .env("RABBITMQ_NODENAME", format!("fairlead-{port}@localhost"))
        .env("RABBITMQ_NODE_PORT", port.to_string())
        .env("RABBITMQ_DIST_PORT", distribution_port.to_string())
        .env("RABBITMQ_CONF_ENV_FILE", folder.join("environment.conf"))
        .env("RABBITMQ_CONFIG_FILE", folder.join("rabbitmq.conf"))
        .env("RABBITMQ_ADVANCED_CONFIG_FILE", folder.join("advanced.config"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", folder.join("plugins"))
        .env("RABBITMQ_MNESIA_BASE", folder.join("data"))
        .env("RABBITMQ_LOG_BASE", folder.join("log"))
        .env("RABBITMQ_PID_FILE", folder.join("pid"))
        // The script then becomes the broker instead of waiting beside it: one process, one process id.
        .env("RABBITMQ_ALLOW_INPUT", "1")
        .env("RABBITMQ_SERVER_START_ARGS", "-noinput")
        // Idle schedulers sleep instead of spinning, and are not tied to a core that another broker is tied to.
        .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "+sbwt none +sbwtdcpu none +sbwtdio none")
        .env("RABBITMQ_SCHEDULER_BIND_TYPE", "u");
    Ok(command)
}
