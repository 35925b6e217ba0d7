//! A server's process: its folder, its port, and a guard that ends it with its owner.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow, bail};

use super::guard::Guard;

/// How often a start is tried: another program may take the chosen port in between.
const ATTEMPTS: u32 = 3;
/// How long a server may take until it answers; generous, since tests share few cores.
const START_TIMEOUT: Duration = Duration::from_secs(120);
/// How long a server may take to stop in good order before it is killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);
/// Pause between two looks at something awaited.
const POLL: Duration = Duration::from_millis(50);

/// How a server shows that it serves.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ready {
    /// It speaks first, as MySQL does.
    Greets,
    /// It answers the protocol header of AMQP 0-9-1.
    AnswersAmqp,
    /// It answers an MQTT client's first packet, if only by refusing it.
    AnswersMqtt,
    /// It answers a request by HTTP.
    AnswersHttp,
}

impl Ready {
    /// What it is asked with; nothing where it speaks first.
    const fn question(self) -> &'static [u8] {
        match self {
            Self::Greets => b"",
            Self::AnswersAmqp => b"AMQP\x00\x00\x09\x01",
            Self::AnswersMqtt => b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x0a\x00\x01x",
            Self::AnswersHttp => b"GET / HTTP/1.0\r\n\r\n",
        }
    }
}

/// What all kinds of server have in common: a folder, a port, a process, and its guard.
#[derive(Debug)]
pub(super) struct Process {
    name: &'static str,
    pub(super) folder: PathBuf,
    pub(super) port: u16,
    ready: Ready,
    main: Option<Child>,
    companion: Option<Child>,
    guard: Guard,
}

impl Process {
    pub(super) fn prepare(name: &'static str, ready: Ready) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix(&format!("fairlead-{name}-"))
            .tempdir()
            .context("cannot make a temporary folder")?;
        let guard = Guard::new("KILL", Some(folder.path()))?;
        // From here on the guard removes the folder.
        Ok(Self {
            name,
            folder: folder.keep(),
            port: free_port()?,
            ready,
            main: None,
            companion: None,
            guard,
        })
    }

    pub(super) fn pid(&self) -> Option<u32> {
        self.main.as_ref().map(Child::id)
    }

    /// Starts `command` as the leader of its own process group, with its output in the log.
    fn spawn(&self, mut command: Command) -> Result<Child> {
        let log = self.log_file()?;
        command
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))
    }

    fn tell_guard(&mut self) -> Result<()> {
        let groups: Vec<u32> = [&self.main, &self.companion].into_iter().flatten().map(Child::id).collect();
        self.guard.watch(&groups)
    }

    /// Runs a preparing command to its end.
    pub(super) fn run_once(&mut self, command: Command) -> Result<()> {
        self.main = Some(self.spawn(command)?);
        self.tell_guard()?;
        let status = self.main.as_mut().map(Child::wait).transpose()?;
        self.main = None;
        self.tell_guard()?;
        if !status.is_some_and(|status| status.success()) {
            bail!("{} could not be prepared:\n{}", self.name, self.log_tail());
        }
        Ok(())
    }

    /// Starts a process that the server needs beside it, and waits until its port is open.
    pub(super) fn launch_companion(&mut self, command: Command, port: u16) -> Result<()> {
        self.companion = Some(self.spawn(command)?);
        self.tell_guard()?;
        let deadline = Instant::now() + START_TIMEOUT;
        while connect(port).is_err() {
            let ended = self.companion.as_mut().map(Child::try_wait).transpose()?.flatten();
            if ended.is_some() || Instant::now() > deadline {
                bail!("what {} needs beside it did not start:\n{}", self.name, self.log_tail());
            }
            sleep(POLL);
        }
        Ok(())
    }

    /// Starts the server itself and waits until it serves.
    pub(super) fn launch(&mut self, command: Command) -> Result<()> {
        self.main = Some(self.spawn(command)?);
        self.tell_guard()?;
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            let serves = serves(self.port, self.ready);
            let ended = self.main.as_mut().map(Child::try_wait).transpose()?.flatten();
            if let Some(status) = ended {
                self.main = None;
                self.tell_guard()?;
                bail!("{} ended while starting ({status}):\n{}", self.name, self.log_tail());
            }
            if serves {
                return Ok(());
            }
            if Instant::now() > deadline {
                self.kill()?;
                bail!("{} did not serve within {START_TIMEOUT:?}:\n{}", self.name, self.log_tail());
            }
            sleep(POLL);
        }
    }

    pub(super) fn signal(&self, signal: &str) -> Result<()> {
        let pid = self.pid().ok_or_else(|| anyhow!("{} does not run", self.name))?;
        send(signal, &pid.to_string())
    }

    pub(super) fn stop(&mut self) -> Result<()> {
        if self.pid().is_none() {
            return Ok(());
        }
        self.signal("TERM")?;
        self.signal("CONT")?;
        let deadline = Instant::now() + STOP_TIMEOUT;
        while let Some(child) = self.main.as_mut() {
            if child.try_wait()?.is_some() {
                self.main = None;
                return self.tell_guard();
            }
            if Instant::now() > deadline {
                return self.kill();
            }
            sleep(POLL);
        }
        Ok(())
    }

    pub(super) fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.main.take() {
            end(&mut child)?;
            self.tell_guard()?;
        }
        Ok(())
    }

    fn log_file(&self) -> Result<File> {
        Ok(OpenOptions::new().create(true).append(true).open(self.folder.join("output.log"))?)
    }

    /// The last lines of the log, for an error message: the folder is gone when somebody reads it.
    fn log_tail(&self) -> String {
        let log = fs::read(self.folder.join("output.log")).unwrap_or_default();
        let text = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = text.lines().collect();
        lines.iter().skip(lines.len().saturating_sub(25)).copied().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        for mut child in [self.main.take(), self.companion.take()].into_iter().flatten() {
            // The guard, dropped after this, kills what could not be killed here.
            let _ = end(&mut child);
        }
    }
}

/// Kills a process with its whole group, and waits for it.
fn end(child: &mut Child) -> Result<()> {
    if child.try_wait()?.is_none() {
        send("KILL", &format!("-{}", child.id()))?;
        child.wait()?;
    }
    Ok(())
}

/// Sends a signal through the shell: std has no call for signals other than SIGKILL.
fn send(signal: &str, target: &str) -> Result<()> {
    let status = Command::new("/bin/sh")
        .args(["-c", r#"kill -s "$1" -- "$2""#, "kill", signal, target])
        .stdin(Stdio::null())
        .status()
        .context("cannot start /bin/sh")?;
    if !status.success() {
        bail!("SIG{signal} could not be sent to process {target}");
    }
    Ok(())
}

/// Calls `start` until it succeeds, a few times; each call chooses its ports anew.
pub(super) fn attempt<T>(start: impl Fn() -> Result<T>) -> Result<T> {
    let mut result = start();
    for _ in 1..ATTEMPTS {
        match &result {
            Err(error) if error.downcast_ref::<Missing>().is_none() => result = start(),
            _ => break,
        }
    }
    result
}

/// A program that is not installed, which no second attempt changes.
#[derive(Debug)]
struct Missing(&'static str);

impl std::fmt::Display for Missing {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} is not installed", self.0)
    }
}

impl std::error::Error for Missing {}

/// Where a program lies; server programs are often outside the search path of an ordinary user.
pub(super) fn program(name: &'static str) -> Result<PathBuf> {
    // RabbitMQ's own script comes first: the one that Debian puts before it insists on a user of its own.
    const FOLDERS: [&str; 7] = [
        "/usr/lib/rabbitmq/bin",
        "/usr/local/sbin",
        "/usr/local/bin",
        "/usr/sbin",
        "/usr/bin",
        "/opt/homebrew/sbin",
        "/opt/homebrew/bin",
    ];
    let found = FOLDERS.iter().map(|folder| Path::new(folder).join(name)).find(|path| path.is_file());
    found.ok_or_else(|| Missing(name).into())
}

fn connect(port: u16) -> std::io::Result<TcpStream> {
    let stream =
        TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    Ok(stream)
}

/// Whether the server on `port` speaks its protocol, not merely holds the port open.
fn serves(port: u16, ready: Ready) -> bool {
    let Ok(mut stream) = connect(port) else { return false };
    if stream.write_all(ready.question()).is_err() {
        return false;
    }
    // The shortest answer, MQTT's, has four bytes.
    stream.read_exact(&mut [0; 4]).is_ok()
}

/// A port nobody listens on, below the range from which the kernel takes ports for outgoing connections: a server
/// that is down for a moment finds its port still free.
pub(super) fn free_port() -> Result<u16> {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let nanoseconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.subsec_nanos());
    let seed = nanoseconds ^ std::process::id().rotate_left(16);
    for _ in 0..200 {
        let call = CALLS.fetch_add(1, Ordering::Relaxed);
        let mixed = seed.wrapping_add(call.wrapping_mul(7919)).wrapping_mul(2_654_435_761) >> 8;
        let port = u16::try_from(20_000 + mixed % 12_000).context("port out of range")?;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port between 20000 and 32000 is free on 127.0.0.1")
}

/// Whether `folder` was made by root, which is to say whether this process is root's.
pub(super) fn is_root(folder: &Path) -> Result<bool> {
    Ok(fs::metadata(folder)?.uid() == 0)
}
