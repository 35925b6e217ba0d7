//! nginx before our programs, with the configuration that is shipped.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::process::until;

/// A running nginx; it ends with the test.
pub struct Proxy {
    child: Child,
    folder: tempfile::TempDir,
    address: String,
}

impl Proxy {
    /// Before all services in one process.
    pub async fn before_one(server: &str) -> Self {
        let shape = shipped("fairlead-one.conf");
        assert!(shape.contains("127.0.0.1:8080"), "the shipped file names another address");
        Self::start(&shape.replace("127.0.0.1:8080", server)).await
    }

    /// Before services of their own; `moved` are those that do not listen where they are expected: where they are, and
    /// where they are expected.
    pub async fn before_several(moved: &[(&str, &str)]) -> Self {
        let mut upstreams = shipped("fairlead-upstreams.conf");
        for (address, expected) in moved {
            assert!(upstreams.contains(expected), "the shipped file does not name {expected}");
            upstreams = upstreams.replace(expected, address);
        }
        Self::start(&format!("{upstreams}\n{}", shipped("fairlead.conf"))).await
    }

    async fn start(shape: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().display();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let shape = shape
            .replace("listen 80;", &format!("listen {address};"))
            .replace("/var/log/nginx/", &format!("{here}/"));
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|of| format!("{of}_temp_path {here}/{of};\n"))
            .concat();
        // One process, so that nothing of it is left when it is killed.
        let conf = format!(
            "daemon off;\nmaster_process off;\npid {here}/pid;\nerror_log {here}/error.log;\nevents {{}}\n\
             http {{\n{temporary}{shape}\n}}\n"
        );
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, conf).unwrap();
        let errors = folder.path().join("error.log");
        let mut command = Command::new(program());
        command.arg("-e").arg(&errors).arg("-p").arg(folder.path()).arg("-c").arg(&file);
        let child = command.stdin(Stdio::null()).spawn().unwrap();
        let proxy = Self { child, folder, address };
        until("nginx answers", || async {
            let answers = tokio::net::TcpStream::connect(&proxy.address).await.is_ok();
            let gone = !Path::new(&format!("/proc/{}", proxy.child.id())).exists();
            assert!(!gone, "nginx ended: {}", proxy.log("error.log"));
            answers
        })
        .await;
        proxy
    }

    /// Its address as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// One of its logs.
    pub fn log(&self, file: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(file)).unwrap_or_default()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn shipped(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../nginx").join(file);
    std::fs::read_to_string(path).unwrap()
}

/// Debian keeps it where only an administrator's path leads.
fn program() -> PathBuf {
    let beside = PathBuf::from("/usr/sbin/nginx");
    if beside.exists() { beside } else { PathBuf::from("nginx") }
}
