//! Private servers, from outside: they keep port and data when killed, and leave nothing behind however their owner ends.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

#[path = "../../testkit/src/servers/mod.rs"]
#[expect(dead_code, unreachable_pub, reason = "shared: not every call is made here")]
mod servers;

use servers::PrivateServer;

/// The port in a URL such as `scheme://user@127.0.0.1:<port>/path`.
fn port(url: &str) -> Result<u16> {
    let after = url.rsplit(':').next().and_then(|rest| rest.split('/').next());
    Ok(after.context("no port")?.parse()?)
}

fn listens(url: &str) -> Result<bool> {
    Ok(TcpStream::connect(("127.0.0.1", port(url)?)).is_ok())
}

fn query(url: &str, sql: &str) -> Result<String> {
    let output = Command::new("mariadb")
        .args(["--no-defaults", "--host=127.0.0.1", "--user=root", "--batch", "--skip-column-names"])
        .args([&format!("--port={}", port(url)?), "--execute", sql, "fairlead"])
        .output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

fn entries(folder: &Path) -> Result<usize> {
    Ok(std::fs::read_dir(folder)?.count())
}

#[test]
fn mariadb_keeps_port_and_data_when_killed() {
    let mut database = PrivateServer::mariadb().unwrap();
    let (url, first) = (database.url().to_owned(), database.pid().unwrap());
    query(&url, "CREATE TABLE t (n INT); INSERT INTO t VALUES (7)").unwrap();

    database.kill().unwrap();
    assert_eq!(database.pid(), None);
    assert!(!listens(&url).unwrap());
    database.restart().unwrap();
    assert_ne!(database.pid().unwrap(), first);
    assert_eq!(query(&url, "SELECT n FROM t").unwrap(), "7\n");

    database.stop().unwrap();
    assert!(!listens(&url).unwrap());
    database.restart().unwrap();
    assert_eq!(query(&url, "SELECT n FROM t").unwrap(), "7\n");
}

#[test]
fn rabbitmq_keeps_its_port_when_killed() {
    let mut broker = PrivateServer::rabbitmq().unwrap();
    let (url, first) = (broker.url().to_owned(), broker.pid().unwrap());
    assert!(listens(&url).unwrap());

    broker.kill().unwrap();
    assert!(!listens(&url).unwrap());
    broker.restart().unwrap();
    assert_ne!(broker.pid().unwrap(), first);
    assert_eq!(broker.url(), url);
    assert!(listens(&url).unwrap());

    broker.stop().unwrap();
    assert_eq!(broker.pid(), None);
    assert!(!listens(&url).unwrap());
}

#[test]
fn a_frozen_database_answers_once_thawed() {
    let mut database = PrivateServer::mariadb().unwrap();
    database.freeze().unwrap();
    let url = database.url().to_owned();
    let waiting = std::thread::spawn(move || query(&url, "SELECT 1").unwrap());
    sleep(Duration::from_millis(500));
    assert!(!waiting.is_finished());
    database.thaw().unwrap();
    assert_eq!(waiting.join().unwrap(), "1\n");

    database.freeze().unwrap();
    database.stop().unwrap();
    assert_eq!(database.pid(), None);
}

#[test]
fn nothing_is_left_behind_by_an_owner_that_is_killed() {
    for signal in ["INT", "TERM", "KILL"] {
        let folder = tempfile::tempdir().unwrap();
        let mut owner = Command::new("env")
            // Where the tests run in the background, Ctrl-C may have been switched off for all of them.
            .args(["--default-signal=INT", env!("CARGO_BIN_EXE_xtask"), "servers"])
            .env("TMPDIR", folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(owner.stdout.take().unwrap()).lines().take(2);
        let urls: Vec<String> = lines.map(|line| line.unwrap()).collect();
        assert!(urls.iter().all(|url| listens(url).unwrap()), "{urls:?}");
        assert!(entries(folder.path()).unwrap() >= 2);

        Command::new("/bin/sh")
            .args(["-c", r#"kill -s "$1" "$2""#, "kill", signal, &owner.id().to_string()])
            .status()
            .unwrap();
        owner.wait().unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        while entries(folder.path()).unwrap() > 0 || urls.iter().any(|url| listens(url).unwrap()) {
            assert!(Instant::now() < deadline, "SIG{signal} left servers or folders behind");
            sleep(Duration::from_millis(50));
        }
    }
}
