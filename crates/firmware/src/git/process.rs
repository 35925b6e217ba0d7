//! Running a program: with a time-out, with a bound on what it says, and with an end to all that it has started.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

/// Most bytes that are kept of what a program complains.
const COMPLAINTS: u64 = 64 << 10;

/// Why a program did not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// The program is not there.
    #[error("git is not installed on this machine")]
    NotInstalled,
    /// It took too long.
    #[error("git took longer than {} s", .0.as_secs())]
    TimedOut(Duration),
    /// It said more than is read.
    #[error("git answered with more than {0} bytes")]
    TooMuch(usize),
    /// It said that it failed; the last lines of its complaint.
    #[error("git failed: {0}")]
    Failed(String),
    /// The system did not let it run.
    #[error("git cannot be run: {0}")]
    System(#[from] std::io::Error),
}

/// A program that has ended.
pub(crate) struct Finished {
    /// Whether it says that all is well.
    pub(crate) ok: bool,
    /// What it answered.
    pub(crate) answer: Vec<u8>,
    /// What it complained of.
    pub(crate) complaint: String,
}

impl Finished {
    /// The answer as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.answer).into_owned()
    }

    /// The answer of a program that must have done well.
    ///
    /// # Errors
    /// [`RunError::Failed`] where it has not.
    pub(crate) fn good(self) -> Result<Self, RunError> {
        if self.ok { Ok(self) } else { Err(RunError::Failed(self.complaint.trim().to_owned())) }
    }
}

/// A program with a process group of its own, all of which ends when this is dropped.
pub(crate) struct Running {
    pub(crate) child: Child,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Result<Self, RunError> {
        let spawned = command.process_group(0).kill_on_drop(true).spawn();
        match spawned {
            Ok(child) => Ok(Self { child }),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Err(RunError::NotInstalled),
            Err(e) => Err(e.into()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Of a program that was waited for there is no id any more, and the group's number may be somebody else's.
        let id = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(group) = id {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Runs a program to its end.
///
/// # Errors
/// See [`RunError`]; a program that says itself that it failed is no error here.
pub(crate) async fn run(mut command: Command, limit: Duration, most: usize) -> Result<Finished, RunError> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = Running::start(command)?;
    let (answer, complaint) = (running.child.stdout.take(), running.child.stderr.take());
    let work = async {
        // Both are read together: a full pipe would stop the program.
        let (answer, complaint) = tokio::try_join!(up_to(answer, most), complaints(complaint))?;
        Ok::<_, RunError>((answer, complaint, running.child.wait().await?))
    };
    let done = tokio::time::timeout(limit, work).await;
    let (answer, complaint, status) = done.map_err(|_| RunError::TimedOut(limit))??;
    Ok(Finished { ok: status.success(), answer, complaint })
}

async fn up_to(from: Option<impl AsyncRead + Unpin>, most: usize) -> Result<Vec<u8>, RunError> {
    let mut read = Vec::new();
    if let Some(from) = from {
        from.take(u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1)).read_to_end(&mut read).await?;
    }
    if read.len() > most { Err(RunError::TooMuch(most)) } else { Ok(read) }
}

/// The first of what is complained; the rest is read and forgotten, so that the program can go on.
pub(crate) async fn complaints(from: Option<impl AsyncRead + Unpin>) -> Result<String, RunError> {
    let Some(mut from) = from else { return Ok(String::new()) };
    let mut kept = Vec::new();
    (&mut from).take(COMPLAINTS).read_to_end(&mut kept).await?;
    tokio::io::copy(&mut from, &mut tokio::io::sink()).await?;
    Ok(String::from_utf8_lossy(&kept).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn what_a_program_has_started_ends_with_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let alive = folder.path().join("alive");
        // A grandchild that would outlive the program and say so.
        let script = format!("(sleep 2; touch {}) & sleep 60", alive.display());
        let error = run(shell(&script), Duration::from_millis(200), 100).await.err().unwrap();
        assert!(matches!(error, RunError::TimedOut(_)), "{error}");
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert!(!alive.exists());
    }

    #[tokio::test]
    async fn answers_and_complaints_are_bounded() {
        let limit = Duration::from_secs(60);
        let long = run(shell("head -c 200000 /dev/zero"), limit, 1_000).await;
        assert!(matches!(long, Err(RunError::TooMuch(1_000))));
        let loud =
            run(shell("head -c 2000000 /dev/zero >&2; echo done; exit 3"), limit, 1_000).await.unwrap();
        assert_eq!((loud.ok, loud.text().as_str()), (false, "done\n"));
        assert!(loud.complaint.len() <= 64 << 10);
        let nothing = run(Command::new("/nonexistent/program"), limit, 10).await;
        assert!(matches!(nothing, Err(RunError::NotInstalled)));
    }
}
