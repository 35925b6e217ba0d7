//! The same through nginx, with the configuration that is shipped.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use fairlead_testkit::{Backend, PATIENCE, on_both_backends};
use serde_json::json;

use crate::device::Device;
use crate::field::{Field, large_tree};

on_both_backends!(a_tree_is_fetched_through_nginx, a_secret_in_a_path_stays_out_of_the_proxys_log);

/// nginx before one service; it ends with the test.
struct Proxy {
    child: Child,
    folder: tempfile::TempDir,
    address: String,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn shipped(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../nginx").join(file);
    std::fs::read_to_string(path).unwrap()
}

impl Proxy {
    /// nginx as it is shipped for a shape, with other ports and folders.
    async fn start(backend: Backend, server: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().display();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let shape = match backend {
            Backend::Embedded => shipped("fairlead-one.conf").replace("127.0.0.1:8080", server),
            Backend::Servers => {
                let upstreams = shipped("fairlead-upstreams.conf").replace("127.0.0.1:8086", server);
                format!("{upstreams}\n{}", shipped("fairlead.conf"))
            }
        };
        let shape = shape
            .replace("listen 80;", &format!("listen {address};"))
            .replace("/var/log/nginx/", &format!("{here}/"));
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|of| format!("{of}_temp_path {here}/{of};\n"))
            .concat();
        // Without a master there is one process, which ends with this one's.
        let conf = format!(
            "user root;\nmaster_process off;\ndaemon off;\npid {here}/pid;\nerror_log {here}/error.log;\nevents {{}}\nhttp {{\n{temporary}{shape}\n}}\n"
        );
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, conf).unwrap();
        let child = Command::new(program()).args(["-p", &here.to_string(), "-c"]).arg(&file).spawn().unwrap();
        let mut proxy = Self { child, folder, address };
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while tokio::net::TcpStream::connect(&proxy.address).await.is_err() {
            let ended = proxy.child.try_wait().unwrap();
            assert!(ended.is_none() && tokio::time::Instant::now() < deadline, "{}", proxy.log("error.log"));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        proxy
    }

    fn log(&self, file: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(file)).unwrap_or_default()
    }
}

/// Debian keeps it where only an administrator's path leads.
fn program() -> PathBuf {
    let beside = PathBuf::from("/usr/sbin/nginx");
    if beside.exists() { beside } else { PathBuf::from("nginx") }
}

async fn a_tree_is_fetched_through_nginx(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let tree = large_tree();
    let version = field.version("v1", &tree).await;
    let (mut buoy, id) = field.buoys(1).await.remove(0);
    let proxy = Proxy::start(backend, &field.server()).await;
    buoy.server.clone_from(&proxy.address);
    let job = field.job(id, &version).await;
    let (number, _) = buoy.check().await;
    for (path, length) in [("./main.py", 89_476), ("./apps/a7/deep/f007.py", 0)] {
        let request = json!({"cmd": "get_file", "job_id": number, "file_path": path}).to_string();
        let answer = buoy.post(&request).await.unwrap();
        assert!(
            answer.head.lines().any(|line| line == format!("Content-Length: {length}")),
            "{}",
            answer.head
        );
        assert!(!answer.head.to_lowercase().contains("chunked"), "{}", answer.head);
        assert_eq!(answer.body.len(), length);
    }
    for cut in [2_000, 77_777, 300_000] {
        buoy.cut_after(cut).upgrade().await.unwrap_err();
    }
    let has = buoy.upgrade().await.unwrap();
    assert!(tree.iter().all(|(path, content)| has[&format!("./{path}")] == *content));
    assert_eq!(field.until_job(&job, "succeeded").await["files_done"], 107);
    // A refusal is whole, too.
    let refused = buoy.post("{").await.unwrap();
    assert_eq!((refused.status(), refused.file().len()), (400, refused.body.len()));
    field.close().await;
}

async fn a_secret_in_a_path_stays_out_of_the_proxys_log(backend: Backend) {
    let field = Field::open(backend, &["firmware.registration_secret=all-of-us"]).await;
    let (buoy, _) = field.buoys(1).await.remove(0);
    let proxy = Proxy::start(backend, &field.server()).await;
    let mut secret = Device { server: proxy.address.clone(), base: "/d/all-of-us/v1".to_owned(), ..buoy };
    assert_eq!(secret.check().await, (0, 10));
    let deadline = tokio::time::Instant::now() + PATIENCE;
    // The line is written once the answer is away.
    let log = loop {
        let log = proxy.log("fairlead.log");
        if log.ends_with('\n') {
            break log;
        }
        assert!(tokio::time::Instant::now() < deadline, "nothing was logged");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(log.contains("/v1/buoy/PK001/upgrade") && !log.contains("all-of-us"), "{log}");
    field.close().await;
}
