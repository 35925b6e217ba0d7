//! A certificate of the server's own: served, replaced while it runs, and kept where its successor is of no use.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use rcgen::{CertifiedKey, KeyPair};
use reqwest::Response;
use reqwest::header::STRICT_TRANSPORT_SECURITY;
use reqwest::tls::Version;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use crate::process::{binary, until};

type Pair = CertifiedKey<KeyPair>;

/// A server with the files that it is given.
struct Server {
    address: String,
    log: PathBuf,
    folder: tempfile::TempDir,
    child: Child,
}

fn pair() -> Pair {
    rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap()
}

fn put(folder: &Path, cert: &Pair, key: &Pair) {
    std::fs::write(folder.join("cert.pem"), cert.cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), key.signing_key.serialize_pem()).unwrap();
}

/// What the log names, as soon as the line is whole.
fn address(log: &Path) -> Option<String> {
    let log = std::fs::read_to_string(log).unwrap();
    let line = log.lines().find(|line| line.contains(r#""message":"serving""#))?;
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    line["address"].as_str().map(str::to_owned)
}

impl Server {
    /// Starts it and waits until it says where it listens.
    async fn start(pair: &Pair, set: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), pair, pair);
        let log = folder.path().join("log");
        let mut command = Command::new(binary("fairlead"));
        for pair in [
            format!("data.dir={}", folder.path().join("data").display()),
            "http.listen=127.0.0.1:0".to_owned(),
            "hub.device_listen=127.0.0.1:0".to_owned(),
            "hub.page_listen=127.0.0.1:0".to_owned(),
            "log.format=json".to_owned(),
            format!("http.tls.cert={}", folder.path().join("cert.pem").display()),
            format!("http.tls.key={}", folder.path().join("key.pem").display()),
        ] {
            command.arg("--set").arg(pair);
        }
        command.args(set.iter().flat_map(|pair| ["--set", pair]));
        command.stdin(Stdio::null()).stderr(std::fs::File::create(&log).unwrap()).kill_on_drop(true);
        let child = command.spawn().unwrap();
        until("the server says where it listens", || async { address(&log).is_some() }).await;
        Self { address: address(&log).unwrap(), log, folder, child }
    }

    /// What it answers somebody who believes this certificate alone.
    async fn get(&self, path: &str, pair: &Pair, version: Version) -> reqwest::Result<Response> {
        let believed = reqwest::Certificate::from_der(pair.cert.der()).unwrap();
        let client = reqwest::Client::builder()
            .tls_certs_only([believed])
            .tls_version_min(version)
            .tls_version_max(version)
            .build()
            .unwrap();
        client.get(format!("https://{}{path}", self.address)).send().await
    }

    async fn answers_with(&self, pair: &Pair, version: Version) -> bool {
        self.get("/health/live", pair, version).await.is_ok_and(|answer| answer.status().is_success())
    }

    fn reload(&self) {
        let pid = Pid::from_raw(i32::try_from(self.child.id().unwrap()).unwrap()).unwrap();
        kill_process(pid, Signal::HUP).unwrap();
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_replaced_while_it_is_served() {
    let (first, second, third) = (pair(), pair(), pair());
    let server = Server::start(&first, &[]).await;
    until("the server answers", || server.answers_with(&first, Version::TLS_1_3)).await;
    assert!(server.answers_with(&first, Version::TLS_1_2).await);
    assert!(!server.answers_with(&second, Version::TLS_1_3).await);
    until("the link is printed", || async { server.log().contains("/sign-in#") }).await;
    assert!(server.log().contains(&format!("https://{}/sign-in#", server.address)), "{}", server.log());

    put(server.folder.path(), &second, &second);
    server.reload();
    until("the second is served", || server.answers_with(&second, Version::TLS_1_3)).await;
    assert!(!server.answers_with(&first, Version::TLS_1_3).await);

    put(server.folder.path(), &third, &first);
    server.reload();
    until("the third is refused", || async { server.log().contains("does not fit") }).await;
    assert!(server.answers_with(&second, Version::TLS_1_3).await);
    assert!(!server.log().contains("PRIVATE"));
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_are_told_to_come_by_tls_alone_where_the_address_is_for_good() {
    let pair = pair();
    for (set, wanted) in [
        (&["http.public_url=https://fleet.example.org"][..], Some("max-age=31536000")),
        // An address that nobody chose, or one that is still without TLS, is no promise for a year.
        (&[], None),
        (&["http.public_url=http://fleet.example.org"], None),
    ] {
        let server = Server::start(&pair, set).await;
        until("the server answers", || server.answers_with(&pair, Version::TLS_1_3)).await;
        for path in ["/", "/api/v1/modems", "/nothing/here"] {
            let answer = server.get(path, &pair, Version::TLS_1_3).await.unwrap();
            let told = answer.headers().get(STRICT_TRANSPORT_SECURITY).map(|value| value.to_str().unwrap());
            assert_eq!(told, wanted, "{set:?} {path}");
        }
    }
}
