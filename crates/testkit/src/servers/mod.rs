//! Private servers (MariaDB, RabbitMQ, Mosquitto, and moto as AWS): started from nothing in a folder of their own, gone
//! with their owner.
//!
//! Each server listens on a free port of 127.0.0.1, reads no configuration of the machine and keeps everything in one
//! temporary folder, so any number of them run beside each other and beside the machine's own. It outlives a
//! [`stop`](PrivateServer::stop), [`kill`](PrivateServer::kill) and [`restart`](PrivateServer::restart) with its
//! port and its data; it does not outlive its owner: a small guard process notices when the owner ends, however it
//! ends (return, panic, Ctrl-C, SIGKILL), then kills the server and removes the folder.
//!
//! Everything here blocks; from async code call it on a blocking thread. It needs nothing but std, `anyhow` and
//! `tempfile`, because `xtask` compiles it too.

pub mod guard;
mod mariadb;
mod mosquitto;
mod process;
mod rabbitmq;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use self::process::{Process, Ready, attempt};

/// A server of one's own, which runs.
#[derive(Debug)]
pub struct PrivateServer {
    process: Process,
    kind: Kind,
    url: String,
}

/// What a server is, and what its next start needs to know.
#[derive(Debug)]
enum Kind {
    MariaDb,
    RabbitMq { epmd_port: u16 },
    Mosquitto,
    Moto { program: PathBuf },
}

impl PrivateServer {
    /// MariaDB on an empty data folder, with the durability it has by default, the user `root` (no password) and an empty
    /// database: `mysql://root@127.0.0.1:<port>/fairlead`.
    ///
    /// # Errors
    /// Where MariaDB is not installed, or does not start; the error ends with what it logged last.
    pub fn mariadb() -> Result<Self> {
        attempt(|| {
            let mut process = Process::prepare("mariadb", Ready::Greets)?;
            mariadb::prepare(&mut process)?;
            let url = format!("mysql://root@127.0.0.1:{}/fairlead", process.port);
            Self::launch(process, Kind::MariaDb, url)
        })
    }

    /// RabbitMQ, empty, with the user `guest` (password `guest`), no plugins, and its own `epmd`:
    /// `amqp://guest:guest@127.0.0.1:<port>/%2f`.
    ///
    /// # Errors
    /// Where RabbitMQ is not installed, or does not start; the error ends with what it logged last.
    pub fn rabbitmq() -> Result<Self> {
        Self::rabbitmq_with("")
    }

    /// [`rabbitmq`](Self::rabbitmq) with lines of its own in `rabbitmq.conf`.
    ///
    /// # Errors
    /// As [`rabbitmq`](Self::rabbitmq).
    pub fn rabbitmq_with(lines: &str) -> Result<Self> {
        attempt(|| {
            let mut process = Process::prepare("rabbitmq", Ready::AnswersAmqp)?;
            let epmd_port = rabbitmq::prepare(&mut process, lines)?;
            let url = format!("amqp://guest:guest@127.0.0.1:{}/%2f", process.port);
            Self::launch(process, Kind::RabbitMq { epmd_port }, url)
        })
    }

    /// Mosquitto, empty, which lets in the user `fairlead` with the password `geheim`, and nobody else. What it retains
    /// outlives a stop, not a kill.
    ///
    /// # Errors
    /// Where Mosquitto is not installed, or does not start; the error ends with what it logged last.
    pub fn mosquitto() -> Result<Self> {
        Self::mosquitto_with("")
    }

    /// [`mosquitto`](Self::mosquitto) with lines of its own in `mosquitto.conf`, which belong to its listener.
    ///
    /// # Errors
    /// As [`mosquitto`](Self::mosquitto).
    pub fn mosquitto_with(lines: &str) -> Result<Self> {
        attempt(|| {
            let mut process = Process::prepare("mosquitto", Ready::AnswersMqtt)?;
            mosquitto::prepare(&mut process, lines)?;
            let url = format!("mqtt://fairlead:geheim@127.0.0.1:{}", process.port);
            Self::launch(process, Kind::Mosquitto, url)
        })
    }

    /// moto's `moto_server`, which lies where `program` says: AWS as far as a test needs it, with nothing in it, at
    /// `http://127.0.0.1:<port>`.
    ///
    /// # Errors
    /// Where it does not start; the error ends with what it logged last.
    pub fn moto(program: &Path) -> Result<Self> {
        attempt(|| {
            let process = Process::prepare("moto", Ready::AnswersHttp)?;
            let url = format!("http://127.0.0.1:{}", process.port);
            Self::launch(process, Kind::Moto { program: program.to_owned() }, url)
        })
    }

    fn launch(mut process: Process, kind: Kind, url: String) -> Result<Self> {
        process.launch(kind.command(&process)?)?;
        Ok(Self { process, kind, url })
    }

    /// Where it is; the same after a restart.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its port on 127.0.0.1; the same after a restart.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.process.port
    }

    /// Its process id while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.process.pid()
    }

    /// Asks it to stop in good order and waits until it has.
    ///
    /// # Errors
    /// Where it can be neither stopped nor killed.
    pub fn stop(&mut self) -> Result<()> {
        self.process.stop()
    }

    /// Kills it at once, as a power cut would.
    ///
    /// # Errors
    /// Where it cannot be killed.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// Starts it again on the same port and data, after stopping it where it still runs. When this returns it may be killed
    /// again.
    ///
    /// # Errors
    /// Where it does not come back; the error ends with what it logged last.
    pub fn restart(&mut self) -> Result<()> {
        self.process.stop()?;
        self.process.launch(self.kind.command(&self.process)?)?;
        if matches!(self.kind, Kind::RabbitMq { .. }) {
            std::thread::sleep(rabbitmq::SETTLES);
        }
        Ok(())
    }

    /// Halts it without closing its connections, so that it seems infinitely slow.
    ///
    /// # Errors
    /// Where it does not run.
    pub fn freeze(&mut self) -> Result<()> {
        self.process.signal("STOP")
    }

    /// Lets a frozen one go on.
    ///
    /// # Errors
    /// Where it does not run.
    pub fn thaw(&mut self) -> Result<()> {
        self.process.signal("CONT")
    }
}

impl Kind {
    fn command(&self, process: &Process) -> Result<Command> {
        match self {
            Self::MariaDb => mariadb::command(&process.folder, process.port),
            Self::RabbitMq { epmd_port } => rabbitmq::command(&process.folder, process.port, *epmd_port),
            Self::Mosquitto => mosquitto::command(&process.folder),
            Self::Moto { program } => {
                let mut command = Command::new(program);
                command.args(["-H", "127.0.0.1", "-p", &process.port.to_string()]);
                Ok(command)
            }
        }
    }
}
