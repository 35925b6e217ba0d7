//! Mosquitto: what it is configured with, and how it is started.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::process::{Process, is_root, program};

/// Writes what the broker is configured with, `lines` at its end, and its one password.
pub(super) fn prepare(process: &mut Process, lines: &str) -> Result<()> {
    write_configuration(&process.folder, process.port, lines)?;
    process.run_once(password_command(&process.folder)?)
}

fn write_configuration(folder: &Path, port: u16, lines: &str) -> Result<()> {
    let at = folder.display();
    // A broker that root starts becomes another user, who may not read this folder, unless told not to.
    let user = if is_root(folder)? { "user root\n" } else { "" };
    let configuration = format!(
        "{user}log_dest stderr\npersistence true\npersistence_location {at}/\n\
         allow_anonymous false\npassword_file {at}/passwords\n\
         listener {port} 127.0.0.1\n{lines}\n"
    );
    fs::write(folder.join("mosquitto.conf"), configuration)?;
    Ok(())
}

fn password_command(folder: &Path) -> Result<Command> {
    let mut command = Command::new(program("mosquitto_passwd")?);
    command.args(["-b", "-c"]).arg(folder.join("passwords")).args(["fairlead", "geheim"]);
    Ok(command)
}

/// The broker on its data.
pub(super) fn command(folder: &Path) -> Result<Command> {
    let mut command = Command::new(program("mosquitto")?);
    command.arg("-c").arg(folder.join("mosquitto.conf"));
    Ok(command)
}
