//! Servers of repositories: git over HTTP, `git daemon`, and OpenSSH's server.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fairlead_testkit::PATIENCE;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// `git http-backend` behind a small HTTP server.
pub struct HttpServer {
    pub address: SocketAddr,
    /// Whether it answers 404, as a server does whose repository is gone.
    pub gone: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl HttpServer {
    /// Serves the repositories below a folder; `login` is what `Authorization: Basic` must hold, in base64.
    pub async fn start(root: &Path, login: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, gone) = (listener.local_addr().unwrap(), Arc::new(AtomicBool::new(false)));
        let (root, missing) = (root.to_owned(), gone.clone());
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (root, missing) = (root.clone(), missing.clone());
                tokio::spawn(async move {
                    // A client that breaks off is its own affair.
                    let _ = answer(stream, &root, login, missing.load(Ordering::SeqCst)).await;
                });
            }
        });
        Self { address, gone, task }
    }

    pub fn url(&self) -> String {
        format!("http://{}/scout", self.address)
    }
}

/// Answers one request as CGI has it, and closes.
async fn answer(stream: TcpStream, root: &Path, login: Option<&str>, gone: bool) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let header = |name: &str| {
        let found = lines.iter().skip(1).filter_map(|line| line.split_once(": "));
        found.clone().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
    };
    let mut body = vec![0; header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0)];
    stream.read_exact(&mut body).await?;
    let mut words = lines[0].split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let short = |status: &str| format!("HTTP/1.1 {status}\r\nConnection: close\r\n").into_bytes();
    let answer = if gone {
        [short("404 Not Found"), b"Content-Length: 0\r\n\r\n".to_vec()].concat()
    } else if login.is_some_and(|login| header("authorization") != Some(format!("Basic {login}"))) {
        let ask = b"WWW-Authenticate: Basic realm=\"git\"\r\nContent-Length: 0\r\n\r\n".to_vec();
        [short("401 Unauthorized"), ask].concat()
    } else {
        let mut cgi = tokio::process::Command::new("git");
        cgi.arg("http-backend")
            .env("GIT_PROJECT_ROOT", root)
            .env("GIT_HTTP_EXPORT_ALL", "1")
            .env("PATH_INFO", path)
            .env("QUERY_STRING", query)
            .env("REQUEST_METHOD", method)
            .env("REMOTE_ADDR", "127.0.0.1")
            .env("CONTENT_TYPE", header("content-type").unwrap_or_default())
            .env("CONTENT_LENGTH", body.len().to_string())
            .env("HTTP_CONTENT_ENCODING", header("content-encoding").unwrap_or_default())
            .env("GIT_PROTOCOL", header("git-protocol").unwrap_or_default())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = cgi.spawn()?;
        let mut input = child.stdin.take().unwrap();
        let feed = async move { input.write_all(&body).await };
        let (_, output) = tokio::join!(feed, child.wait_with_output());
        let said = output?.stdout;
        let status = if said.starts_with(b"Status: 404") { "404 Not Found" } else { "200 OK" };
        [short(status), said].concat()
    };
    stream.write_all(&answer).await?;
    stream.shutdown().await
}

/// A server of its own process, which ends with this.
pub struct Server {
    child: Child,
    pub port: u16,
    /// What belongs to it.
    _folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Waits until somebody listens on a port.
async fn reached(port: u16) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        assert!(tokio::time::Instant::now() < deadline, "nobody listens on {port}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// `git daemon` for the repositories below a folder.
pub async fn git_daemon(root: &Path) -> Server {
    let (port, folder) = (free_port(), tempfile::tempdir().unwrap());
    let mut base = std::ffi::OsString::from("--base-path=");
    base.push(root);
    // The program itself: git would start it as a child, which would outlive it.
    let programs = Command::new("git").arg("--exec-path").output().unwrap().stdout;
    let mut daemon = Command::new(Path::new(String::from_utf8(programs).unwrap().trim()).join("git-daemon"));
    daemon.args(["--export-all", "--listen=127.0.0.1", "--reuseaddr", &format!("--port={port}")]);
    let child = daemon.arg(base).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    reached(port).await;
    Server { child, port, _folder: folder }
}

/// OpenSSH's server, which lets in whoever has the private key to `public`, as the user that runs the test; `host_key` is
/// the file with its own key. `None` where it is not installed: `cargo xtask test` installs it.
pub async fn sshd(public: &str, host_key: &Path) -> Option<Server> {
    let program =
        ["/usr/sbin/sshd", "/usr/bin/sshd"].map(PathBuf::from).into_iter().find(|path| path.is_file());
    let Some(program) = program else {
        eprintln!("sshd is not installed, so ssh was not tried");
        return None;
    };
    // Where it shuts itself in as root.
    let _ = std::fs::create_dir_all("/run/sshd");
    let (port, folder) = (free_port(), tempfile::tempdir().unwrap());
    let (keys, config) = (folder.path().join("authorized_keys"), folder.path().join("sshd_config"));
    std::fs::write(&keys, format!("{public}\n")).unwrap();
    let text = format!(
        "ListenAddress 127.0.0.1:{port}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nUsePAM no\n\
         StrictModes no\nPasswordAuthentication no\nPermitRootLogin yes\n",
        host_key.display(),
        keys.display()
    );
    std::fs::write(&config, text).unwrap();
    let mut daemon = Command::new(program);
    let child =
        daemon.arg("-D").arg("-f").arg(&config).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    reached(port).await;
    Some(Server { child, port, _folder: folder })
}
