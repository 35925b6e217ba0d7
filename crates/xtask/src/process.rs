//! Running other programs, so that they end with us and their failures read as sentences.

use std::fmt::Display;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::servers::guard::Guard;

/// Says what happens, on the stream that cargo says it on.
pub(crate) fn say(line: impl Display) {
    eprintln!("{line}");
}

/// Runs a program to its end, its output in view. It is ended when we are.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    let mut guard = Guard::new("TERM", None)?;
    let mut child = command
        .stdin(Stdio::null())
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot start `{shown}`"))?;
    guard.watch(&[child.id()])?;
    let status = child.wait()?;
    guard.watch(&[])?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// Runs a program to its end and returns what it printed; its errors stay in view.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start `{shown}`"))?;
    if !output.status.success() {
        bail!("`{shown}` failed ({})", output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{shown}` did not print UTF-8"))
}

/// Becomes another program: its signals, its terminal and its exit code are then its own. Returns only on failure.
pub(crate) fn become_program(command: &mut Command) -> Result<()> {
    let error = command.exec();
    Err(error).with_context(|| format!("cannot start `{}`", shown(command)))
}

/// The command as a person would type it.
fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command() {
        let error = run(Command::new("/bin/sh").args(["-c", "exit 3"])).unwrap_err();
        assert_eq!(error.to_string(), "`/bin/sh -c exit 3` failed (exit status: 3)");
    }

    #[test]
    fn output_is_what_was_printed() {
        assert_eq!(output(Command::new("/bin/sh").args(["-c", "echo one"])).unwrap(), "one\n");
    }
}
