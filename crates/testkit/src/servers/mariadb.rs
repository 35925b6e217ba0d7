//! MariaDB: how its data begins, and how it is started.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::process::{Process, is_root, program};

/// Makes a data folder in which the first start finds an empty database.
pub(super) fn prepare(process: &mut Process) -> Result<()> {
    process.run_once(install_command(&process.folder)?)?;
    Ok(fs::write(process.folder.join("init.sql"), "CREATE DATABASE IF NOT EXISTS fairlead;\n")?)
}

fn install_command(folder: &Path) -> Result<Command> {
    let mut command = Command::new(program("mariadb-install-db")?);
    command
        .arg("--no-defaults")
        .arg(format!("--datadir={}", folder.join("data").display()))
        .arg("--auth-root-authentication-method=normal")
        .arg("--skip-test-db");
    if is_root(folder)? {
        command.arg("--user=root");
    }
    Ok(command)
}

/// The server on its data.
pub(super) fn command(folder: &Path, port: u16) -> Result<Command> {
    let mut command = Command::new(program("mariadbd")?);
    command
        .arg("--no-defaults")
        .arg(format!("--datadir={}", folder.join("data").display()))
        .arg(format!("--socket={}", folder.join("socket").display()))
        .arg(format!("--pid-file={}", folder.join("pid").display()))
        .arg(format!("--init-file={}", folder.join("init.sql").display()))
        .arg(format!("--port={port}"))
        .args([
            "--bind-address=127.0.0.1",
            "--skip-networking=0",
            "--skip-name-resolve",
            "--character-set-server=utf8mb4",
            "--max-connections=1000",
            "--innodb-buffer-pool-size=128M",
        ]);
    if is_root(folder)? {
        // A server run by root insists on being told that this is meant.
        command.arg("--user=root");
    }
    Ok(command)
}
