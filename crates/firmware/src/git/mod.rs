//! Repositories through the `git` program: it is run alone, with nothing of this process's environment, and for as long
//! as it may take (see `docs/decisions/0015-the-git-program.md`).

mod blobs;
mod failure;
mod mirror;
mod process;
mod revisions;
mod tree;

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

pub(crate) use blobs::{BlobReader, Content};
pub(crate) use mirror::{Mirror, Mirrors};
pub(crate) use process::RunError;
pub(crate) use revisions::{CommitFacts, Resolved};
pub(crate) use tree::{Blob, Tree, TreeError};

/// Where programs are looked for.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How long git may take for what concerns only this machine.
pub(crate) const LOCAL: Duration = Duration::from_secs(60);

/// Most bytes of an answer that git gives about this machine's own mirror.
pub(crate) const ANSWER: usize = 16 << 20;

/// What holds for every call: nothing runs that came with a repository, and objects are looked at as they come in.
const ALWAYS: [&str; 10] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.quotePath=false",
    "transfer.fsckObjects=true",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.version=2",
    "i18n.logOutputEncoding=UTF-8",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=60",
];

/// A call of git with the environment that all calls have.
pub(crate) fn command(home: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .env_clear()
        .env("PATH", PATH)
        .env("HOME", home)
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_ALLOW_PROTOCOL", "https:ssh:git")
        .env("GIT_NO_REPLACE_OBJECTS", "1")
        .env("GIT_PROTOCOL_FROM_USER", "0")
        .current_dir(home);
    for pair in ALWAYS {
        command.args(["-c", pair]);
    }
    command
}

/// The same for a repository.
pub(crate) fn command_in(home: &Path, repository: &Path) -> Command {
    let mut command = command(home);
    let mut argument = std::ffi::OsString::from("--git-dir=");
    argument.push(repository);
    command.arg(argument);
    command
}

/// What `git --version` says, for the doctor.
///
/// # Errors
/// A sentence where it cannot be run.
pub(crate) async fn version() -> Result<String, String> {
    let mut command = command(&PathBuf::from("/"));
    command.arg("--version");
    let finished = process::run(command, Duration::from_secs(10), 1_000).await.map_err(|e| e.to_string())?;
    Ok(finished.text().trim().trim_start_matches("git version ").to_owned())
}
