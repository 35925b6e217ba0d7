//! A certificate of the server's own: served, replaced while it runs, and kept where its successor is of no use.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use rcgen::{CertifiedKey, KeyPair};
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

impl Server {
    fn start(pair: &Pair) -> Self {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), pair, pair);
        let log = folder.path().join("log");
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let mut command = Command::new(binary("fairlead"));
        for pair in [
            format!("data.dir={}", folder.path().join("data").display()),
            format!("http.listen={address}"),
            format!("http.tls.cert={}", folder.path().join("cert.pem").display()),
            format!("http.tls.key={}", folder.path().join("key.pem").display()),
        ] {
            command.arg("--set").arg(pair);
        }
        command.stdin(Stdio::null()).stderr(std::fs::File::create(&log).unwrap()).kill_on_drop(true);
        Self { address, log, folder, child: command.spawn().unwrap() }
    }

    /// Whether it answers somebody who believes this certificate alone.
    async fn answers_with(&self, pair: &Pair, version: Version) -> bool {
        let believed = reqwest::Certificate::from_der(pair.cert.der()).unwrap();
        let client = reqwest::Client::builder()
            .tls_certs_only([believed])
            .tls_version_min(version)
            .tls_version_max(version)
            .build()
            .unwrap();
        let answer = client.get(format!("https://{}/health/live", self.address)).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
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
    let server = Server::start(&first);
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
