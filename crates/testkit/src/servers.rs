//! Private servers (MariaDB, RabbitMQ, Mosquitto, and moto as AWS): started from nothing in a folder of their own, gone
//! with their owner.
//!
//! Each server listens on a free port of 127.0.0.1, reads no configuration of the machine and keeps everything in one
//! temporary folder, so any number of them run beside each other and beside the machine's own. It outlives a
//! [`stop`](PrivateMariaDb::stop), [`kill`](PrivateMariaDb::kill) and [`restart`](PrivateMariaDb::restart) with its
//! port and its data; it does not outlive its owner: a small guard process notices when the owner ends, however it
//! ends (return, panic, Ctrl-C, SIGKILL), then kills the server and removes the folder.
//!
//! Everything here blocks; from async code call it on a blocking thread. This file needs nothing but std, `anyhow` and
//! `tempfile`, because `xtask` compiles it too.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow, bail};

/// How often a start is tried: another program may take the chosen port in between.
const ATTEMPTS: u32 = 3;
/// How long a server may take until it answers; generous, since tests share few cores.
const START_TIMEOUT: Duration = Duration::from_secs(120);
/// How long a server may take to stop in good order before it is killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);
/// Pause between two looks at something awaited.
const POLL: Duration = Duration::from_millis(50);

/// A MariaDB server of one's own, with the user `root` (no password) and an empty database `fairlead`.
#[derive(Debug)]
pub struct PrivateMariaDb {
    server: Server,
    url: String,
}

impl PrivateMariaDb {
    /// Creates a data folder and starts a server on it, with the durability MariaDB has by default.
    ///
    /// # Errors
    /// Where MariaDB is not installed, or does not start; the error ends with what it logged last.
    pub fn start() -> Result<Self> {
        attempt(|| {
            let mut server = Server::prepare("mariadb", Ready::Greets)?;
            server.run_once(install_command(&server.folder)?)?;
            fs::write(server.folder.join("init.sql"), "CREATE DATABASE IF NOT EXISTS fairlead;\n")?;
            server.launch(mariadb_command(&server.folder, server.port)?)?;
            let url = format!("mysql://root@127.0.0.1:{}/fairlead", server.port);
            Ok(Self { server, url })
        })
    }

    /// `mysql://root@127.0.0.1:<port>/fairlead`; the same after a restart.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The server's process id while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.server.pid()
    }

    /// Asks the server to stop in good order and waits until it has.
    ///
    /// # Errors
    /// Where it can be neither stopped nor killed.
    pub fn stop(&mut self) -> Result<()> {
        self.server.stop()
    }

    /// Kills the server at once, as a power cut would.
    ///
    /// # Errors
    /// Where it cannot be killed.
    pub fn kill(&mut self) -> Result<()> {
        self.server.kill()
    }

    /// Starts it again on the same port and data, after stopping it where it still runs.
    ///
    /// # Errors
    /// Where it does not come back; the error ends with what it logged last.
    pub fn restart(&mut self) -> Result<()> {
        self.server.stop()?;
        self.server.launch(mariadb_command(&self.server.folder, self.server.port)?)
    }

    /// Halts the server without closing its connections, so that it seems infinitely slow.
    ///
    /// # Errors
    /// Where it does not run.
    pub fn freeze(&mut self) -> Result<()> {
        self.server.signal("STOP")
    }

    /// Lets a frozen server go on.
    ///
    /// # Errors
    /// Where it does not run.
    pub fn thaw(&mut self) -> Result<()> {
        self.server.signal("CONT")
    }
}

/// A RabbitMQ broker of one's own, with the user `guest` (password `guest`), no plugins, and its own `epmd`.
#[derive(Debug)]
pub struct PrivateRabbitMq {
    server: Server,
    epmd_port: u16,
    url: String,
}

impl PrivateRabbitMq {
    /// Starts an empty broker.
    ///
    /// # Errors
    /// Where RabbitMQ is not installed, or does not start; the error ends with what it logged last.
    pub fn start() -> Result<Self> {
        Self::start_with("")
    }

    /// Starts an empty broker with lines of its own in `rabbitmq.conf`.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with(lines: &str) -> Result<Self> {
        attempt(|| {
            let mut server = Server::prepare("rabbitmq", Ready::AnswersAmqp)?;
            write_broker_configuration(&server.folder, server.port, lines)?;
            let epmd_port = free_port()?;
            server.launch_companion(epmd_command(epmd_port), epmd_port)?;
            server.launch(broker_command(&server.folder, server.port, epmd_port)?)?;
            let url = format!("amqp://guest:guest@127.0.0.1:{}/%2f", server.port);
            Ok(Self { server, epmd_port, url })
        })
    }

    /// `amqp://guest:guest@127.0.0.1:<port>/%2f`; the same after a restart.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The broker's process id while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.server.pid()
    }

    /// Asks the broker to stop in good order and waits until it has.
    ///
    /// # Errors
    /// Where it can be neither stopped nor killed.
    pub fn stop(&mut self) -> Result<()> {
        self.server.stop()
    }

    /// Kills the broker at once, as a power cut would.
    ///
    /// # Errors
    /// Where it cannot be killed.
    pub fn kill(&mut self) -> Result<()> {
        self.server.kill()
    }

    /// Starts it again on the same port and data, after stopping it where it still runs. When this returns it may be
    /// killed again.
    ///
    /// # Errors
    /// Where it does not come back; the error ends with what it logged last.
    pub fn restart(&mut self) -> Result<()> {
        self.server.stop()?;
        self.server.launch(broker_command(&self.server.folder, self.server.port, self.epmd_port)?)?;
        std::thread::sleep(BROKER_SETTLES);
        Ok(())
    }

    /// Halts the broker without closing its connections, so that it seems infinitely slow.
    ///
    /// # Errors
    /// Where it does not run.
    pub fn freeze(&mut self) -> Result<()> {
        self.server.signal("STOP")
    }

    /// Lets a frozen broker go on.
    ///
    /// # Errors
    /// Where it does not run.
    pub fn thaw(&mut self) -> Result<()> {
        self.server.signal("CONT")
    }
}

/// A Mosquitto broker of one's own, which lets in the user `fairlead` with the password `geheim`, and nobody else. What
/// it retains outlives a stop, not a kill.
#[derive(Debug)]
pub struct PrivateMosquitto {
    server: Server,
}

impl PrivateMosquitto {
    /// Starts an empty broker.
    ///
    /// # Errors
    /// Where Mosquitto is not installed, or does not start; the error ends with what it logged last.
    pub fn start() -> Result<Self> {
        Self::start_with("")
    }

    /// Starts an empty broker with lines of its own in `mosquitto.conf`, which belong to its listener.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with(lines: &str) -> Result<Self> {
        attempt(|| {
            let mut server = Server::prepare("mosquitto", Ready::AnswersMqtt)?;
            write_mosquitto_configuration(&server.folder, server.port, lines)?;
            server.run_once(mosquitto_password_command(&server.folder)?)?;
            server.launch(mosquitto_command(&server.folder)?)?;
            Ok(Self { server })
        })
    }

    /// The port on 127.0.0.1; the same after a restart.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.server.port
    }

    /// Asks the broker to stop in good order and waits until it has.
    ///
    /// # Errors
    /// Where it can be neither stopped nor killed.
    pub fn stop(&mut self) -> Result<()> {
        self.server.stop()
    }

    /// Kills the broker at once, as a power cut would.
    ///
    /// # Errors
    /// Where it cannot be killed.
    pub fn kill(&mut self) -> Result<()> {
        self.server.kill()
    }

    /// Starts it again on the same port, after stopping it where it still runs.
    ///
    /// # Errors
    /// Where it does not come back; the error ends with what it logged last.
    pub fn restart(&mut self) -> Result<()> {
        self.server.stop()?;
        self.server.launch(mosquitto_command(&self.server.folder)?)
    }

    /// Halts the broker without closing its connections, so that it seems infinitely slow.
    ///
    /// # Errors
    /// Where it does not run.
    pub fn freeze(&mut self) -> Result<()> {
        self.server.signal("STOP")
    }

    /// Lets a frozen broker go on.
    ///
    /// # Errors
    /// Where it does not run.
    pub fn thaw(&mut self) -> Result<()> {
        self.server.signal("CONT")
    }
}

/// moto's server: AWS as far as a test needs it, with nothing in it.
#[derive(Debug)]
pub struct PrivateMoto {
    server: Server,
    url: String,
}

impl PrivateMoto {
    /// Starts moto's program `moto_server`, which lies where `program` says.
    ///
    /// # Errors
    /// Where it does not start; the error ends with what it logged last.
    pub fn start(program: &Path) -> Result<Self> {
        attempt(|| {
            let mut server = Server::prepare("moto", Ready::AnswersHttp)?;
            let mut command = Command::new(program);
            command.args(["-H", "127.0.0.1", "-p", &server.port.to_string()]);
            server.launch(command)?;
            let url = format!("http://127.0.0.1:{}", server.port);
            Ok(Self { server, url })
        })
    }

    /// `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The server's process id while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.server.pid()
    }
}

/// RabbitMQ 3.10 notes half a second later which quorum queues it has, also when it comes back and looks them through.
/// Killed before that, it has a queue in which nobody can find anything: each use of it is answered `INTERNAL_ERROR`,
/// for ever.
const BROKER_SETTLES: Duration = Duration::from_secs(3);

/// Ends processes, and removes a folder, when the process that holds it ends, in whatever way.
///
/// It is a shell that waits on a pipe which nobody writes to once the holder is gone.
#[derive(Debug)]
pub struct Guard {
    shell: Child,
    orders: Option<ChildStdin>,
}

/// Each line read replaces the list of whom to end; the end of the input means that the holder is gone.
const GUARD_SCRIPT: &str = r#"
trap '' HUP INT QUIT TERM
groups=
while IFS= read -r line; do groups=$line; done
for group in $groups; do kill -s "$1" -- "-$group"; done
[ -n "$2" ] || exit 0
for attempt in 1 2 3 4 5 6 7 8 9 10; do
    rm -rf -- "$2" && exit 0
    sleep 0.2
done
"#;

impl Guard {
    /// A guard that sends `signal` (such as `KILL`) and then removes `folder` (or file), if there is one.
    ///
    /// # Errors
    /// Where no shell can be started.
    pub fn new(signal: &str, folder: Option<&Path>) -> Result<Self> {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", GUARD_SCRIPT, "guard", signal])
            .arg(folder.unwrap_or_else(|| Path::new("")))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("cannot start /bin/sh")?;
        let orders = shell.stdin.take();
        Ok(Self { shell, orders })
    }

    /// Names the process groups to end when the holder ends; replaces the ones named before.
    ///
    /// # Errors
    /// Where the guard itself has been killed.
    pub fn watch(&mut self, groups: &[u32]) -> Result<()> {
        let line = groups.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
        let orders = self.orders.as_mut().context("the guard has been dismissed")?;
        writeln!(orders, "{line}").context("the guard process is gone")
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.orders.take());
        // Nothing useful can be done about a guard that cannot be waited for.
        let _ = self.shell.wait();
    }
}

/// How a server shows that it serves.
#[derive(Debug, Clone, Copy)]
enum Ready {
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

/// What both kinds of server have in common: a folder, a port, a process, and its guard.
#[derive(Debug)]
struct Server {
    name: &'static str,
    folder: PathBuf,
    port: u16,
    ready: Ready,
    main: Option<Child>,
    companion: Option<Child>,
    guard: Guard,
}

impl Server {
    fn prepare(name: &'static str, ready: Ready) -> Result<Self> {
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

    fn pid(&self) -> Option<u32> {
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
    fn run_once(&mut self, command: Command) -> Result<()> {
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
    fn launch_companion(&mut self, command: Command, port: u16) -> Result<()> {
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
    fn launch(&mut self, command: Command) -> Result<()> {
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

    fn signal(&self, signal: &str) -> Result<()> {
        let pid = self.pid().ok_or_else(|| anyhow!("{} does not run", self.name))?;
        send(signal, &pid.to_string())
    }

    fn stop(&mut self) -> Result<()> {
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

    fn kill(&mut self) -> Result<()> {
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

impl Drop for Server {
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
fn attempt<T>(start: impl Fn() -> Result<T>) -> Result<T> {
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
fn program(name: &'static str) -> Result<PathBuf> {
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
fn free_port() -> Result<u16> {
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
fn is_root(folder: &Path) -> Result<bool> {
    Ok(fs::metadata(folder)?.uid() == 0)
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

fn mariadb_command(folder: &Path, port: u16) -> Result<Command> {
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

fn epmd_command(port: u16) -> Command {
    let mut command = Command::new(program("epmd").unwrap_or_else(|_| PathBuf::from("epmd")));
    command.args(["-address", "127.0.0.1", "-port", &port.to_string()]);
    command
}

fn write_broker_configuration(folder: &Path, port: u16, lines: &str) -> Result<()> {
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

fn broker_command(folder: &Path, port: u16, epmd_port: u16) -> Result<Command> {
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

fn write_mosquitto_configuration(folder: &Path, port: u16, lines: &str) -> Result<()> {
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

fn mosquitto_password_command(folder: &Path) -> Result<Command> {
    let mut command = Command::new(program("mosquitto_passwd")?);
    command.args(["-b", "-c"]).arg(folder.join("passwords")).args(["fairlead", "geheim"]);
    Ok(command)
}

fn mosquitto_command(folder: &Path) -> Result<Command> {
    let mut command = Command::new(program("mosquitto")?);
    command.arg("-c").arg(folder.join("mosquitto.conf"));
    Ok(command)
}
