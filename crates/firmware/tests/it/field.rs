//! One test's firmware service, its repository, and the devices in the field.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use fairlead_firmware::Firmware;
use fairlead_model::device::DeviceKind;
use fairlead_model::{DeviceId, VersionId};
use fairlead_runtime::{Host, Hosted};
use fairlead_store::firmware::jobs::{self, JobRow};
use fairlead_store::firmware::versions;
use fairlead_store::registry::registration;
use fairlead_store::{people, sign_in};
use fairlead_testkit::{Backend, PATIENCE, System};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

use crate::device::Device;

/// A firmware service of one's own.
pub struct Field {
    pub system: System,
    repository: PathBuf,
    set: Vec<String>,
    _folder: tempfile::TempDir,
}

pub fn hours(n: u64) -> Duration {
    Duration::from_secs(3_600 * n)
}

pub fn services() -> Vec<Box<dyn Hosted>> {
    vec![Box::new(Host::<Firmware>::new())]
}

/// Files of a version: a path and a content each.
pub type Tree = BTreeMap<String, Vec<u8>>;

/// A tree like the devices' own: 107 files in 20 folders, 17 of them empty, 485,843 bytes, the longest 89,476.
pub fn large_tree() -> Tree {
    let mut tree = Tree::new();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut noise = |length: usize| -> Vec<u8> {
        let byte = |_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        };
        (0..length).map(byte).collect()
    };
    let mut left = 485_843 - 89_476;
    for n in 0..107_usize {
        let path = match n {
            0 => "main.py".to_owned(),
            1 => ".gitignore".to_owned(),
            n => format!("apps/a{}/{}f{n:03}.py", n % 9, if n % 2 == 0 { "" } else { "deep/" }),
        };
        let length = match n {
            0 => 89_476,
            106 => left,
            n if n % 6 == 1 && n < 103 => 0,
            n => 1_000 + n * 61,
        };
        if n > 0 {
            left -= length;
        }
        tree.insert(path, noise(length));
    }
    tree
}

/// Three files, one of them empty.
pub fn small_tree(word: &str) -> Tree {
    let file = |path: &str, content: &str| (path.to_owned(), content.as_bytes().to_vec());
    Tree::from([
        file("main.py", word),
        file("lib/__init__.py", ""),
        file("lib/same.py", "print('the same')\n"),
    ])
}

/// Runs git in a repository, in the `minute`th minute after noon.
fn git(folder: &Path, minute: usize, words: &[&str]) {
    let date = format!("2026-05-01T12:{minute:02}:00Z");
    let done = Command::new("git")
        .current_dir(folder)
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"])
        .args(words)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_COMMITTER_DATE", &date)
        .env("GIT_AUTHOR_DATE", &date)
        .output()
        .unwrap();
    assert!(done.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&done.stderr));
}

impl Field {
    /// A service with an empty repository.
    pub async fn open(backend: Backend, set: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repository = folder.path().join("paikea");
        std::fs::create_dir(&repository).unwrap();
        git(&repository, 0, &["init", "-q", "-b", "main"]);
        git(&repository, 0, &["commit", "-q", "--allow-empty", "-m", "Nothing yet"]);
        let mut all = vec![
            format!("firmware.sources.paikea.url=file://{}", repository.display()),
            "firmware.sources.paikea.interval_s=10".to_owned(),
        ];
        all.extend(set.iter().map(|s| (*s).to_owned()));
        let words: Vec<&str> = all.iter().map(String::as_str).collect();
        let system = System::start(backend, services(), &words).await;
        Self { system, repository, set: all, _folder: folder }
    }

    /// Settings for the next start.
    pub fn allow(&mut self, set: &[&str]) {
        self.set.extend(set.iter().map(|s| (*s).to_owned()));
    }

    pub async fn stop_services(&mut self) {
        self.system.stop_services().await;
    }

    /// Starts it on the data that are there.
    pub async fn run(&mut self) {
        let words: Vec<&str> = self.set.iter().map(String::as_str).collect();
        self.system.run(services(), &words).await;
    }

    /// Starts one process more on the same store; from now on the others are asked no more by this test.
    pub async fn one_more(&mut self) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let mut set = self.set.clone();
        set.push(format!("data.dir={}", folder.path().display()));
        let words: Vec<&str> = set.iter().map(String::as_str).collect();
        self.system.run(services(), &words).await;
        folder
    }

    /// The repository is there no more, or is there again.
    pub fn hide(&self, is_hidden: bool) {
        let away = self.repository.with_extension("away");
        let (from, to) = if is_hidden { (&self.repository, &away) } else { (&away, &self.repository) };
        std::fs::rename(from, to).unwrap();
    }

    /// A version that stays in preparation: its repository does not answer. The version's id.
    pub async fn waiting(&self, like: &str) -> String {
        self.hide(true);
        let like: VersionId = like.parse().unwrap();
        let mut row = self.system.store.read(move |conn| versions::get(conn, like)).await.unwrap();
        let id = VersionId::new(&self.system.clock);
        (row.id, row.state, row.commit_id) = (id.into(), "preparing".to_owned(), "1".repeat(40));
        self.system.store.write(move |tx| versions::insert(tx, &row)).await.unwrap();
        id.to_string()
    }

    pub fn server(&self) -> String {
        self.system.url("firmware", "").trim_start_matches("http://").to_owned()
    }

    /// Commits a tree and chooses it, without waiting for it to be prepared. The version's id.
    pub async fn choose(&self, name: &str, tree: &Tree) -> String {
        let minute = 1 + std::fs::read_dir(self.repository.join(".git/refs/tags")).unwrap().count();
        for entry in std::fs::read_dir(&self.repository).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap() != ".git" {
                let _ = std::fs::remove_file(&path).or_else(|_| std::fs::remove_dir_all(&path));
            }
        }
        for (path, content) in tree {
            let path = self.repository.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        git(&self.repository, minute, &["add", "-A", "-f"]);
        git(&self.repository, minute, &["commit", "-q", "--allow-empty", "-m", name]);
        git(&self.repository, minute, &["tag", name]);
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            self.post("/api/v1/firmware/sources/paikea/fetch", &json!({})).await;
            let wanted = json!({"source": "paikea", "revision": format!("refs/tags/{name}")});
            let response = self.post("/api/v1/firmware/versions", &wanted).await;
            let status = response.status();
            let body: Value = response.json().await.unwrap();
            if status == StatusCode::CREATED {
                return body["id"].as_str().unwrap().to_owned();
            }
            assert!(tokio::time::Instant::now() < deadline, "{name} was not fetched: {body}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Commits a tree, chooses it, and waits until it can be given out. The version's id.
    pub async fn version(&self, name: &str, tree: &Tree) -> String {
        let id = self.choose(name, tree).await;
        let path = format!("/api/v1/firmware/versions/{id}");
        let done = self.system.until("firmware", &path, |version| version["state"] != "preparing").await;
        assert_eq!(done["state"], "ready", "{done:#}");
        id
    }

    /// Registers a device. Its name and id.
    pub async fn register(&self, kind: DeviceKind) -> (String, DeviceId) {
        let clock = self.system.clock.clone();
        let work = move |tx: &mut fairlead_store::Tx<'_>| registration::register(tx, &clock, kind, None);
        let row = self.system.store.write(work).await.unwrap().unwrap().device;
        (row.name.clone(), row.id.into())
    }

    /// Registers buoys, and switches them on.
    pub async fn buoys(&self, count: usize) -> Vec<(Device, DeviceId)> {
        let mut buoys = Vec::new();
        for _ in 0..count {
            let (name, id) = self.register(DeviceKind::Buoy).await;
            buoys.push((Device::new(&self.server(), "buoy", &name), id));
        }
        buoys
    }

    /// The browser of a person who may operate, and has signed in.
    pub async fn person(&self, name: &'static str) -> Client {
        let (clock, secret) = (self.system.clock.clone(), fairlead_web::auth::fresh_token());
        let kept = secret.clone();
        let work = move |tx: &mut fairlead_store::Tx<'_>| {
            let role = fairlead_model::role::Role::Operator;
            let person = people::create(tx, &clock, name, role, None)?.unwrap();
            let until = clock.now().plus(hours(8));
            sign_in::create_session(tx, &clock, &kept, "csrf", name, role, until)?;
            people::claim_session(tx, person.id.into(), sign_in::hash(&kept), false, clock.now())
        };
        self.system.store.write(work).await.unwrap();
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert("Cookie", format!("{}={secret}", fairlead_web::auth::COOKIE).parse().unwrap());
        headers.insert(fairlead_web::auth::CSRF_HEADER, "csrf".parse().unwrap());
        Client::builder().default_headers(headers).timeout(PATIENCE).build().unwrap()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Response {
        self.post_as(&self.system.client, path, body).await
    }

    pub async fn post_as(&self, client: &Client, path: &str, body: &Value) -> Response {
        client.post(self.system.url("firmware", path)).json(body).send().await.unwrap()
    }

    /// Posts what must be done, and returns the answer.
    pub async fn done(&self, path: &str, body: &Value) -> Value {
        let response = self.post(path, body).await;
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Posts what must be refused, and returns the problem.
    pub async fn refused(&self, path: &str, body: &Value, with: u16) -> Value {
        let response = self.post(path, body).await;
        let status = response.status();
        let problem: Value = response.json().await.unwrap();
        assert_eq!(status.as_u16(), with, "{path} {body}: {problem:#}");
        problem
    }

    pub async fn get(&self, path: &str) -> Value {
        self.system.get("firmware", path).await
    }

    /// Asks for an upgrade of one device. The job's id.
    pub async fn job(&self, device: DeviceId, version: &str) -> String {
        let job =
            self.done("/api/v1/firmware/jobs", &json!({"device_id": device, "version_id": version})).await;
        job["id"].as_str().unwrap().to_owned()
    }

    /// Waits until a job is in a state, and returns it.
    pub async fn until_job(&self, id: &str, state: &str) -> Value {
        let path = format!("/api/v1/firmware/jobs/{id}");
        self.system.until("firmware", &path, |job| job["state"] == state).await
    }

    /// Waits until a roll-out is as wanted, and returns it.
    pub async fn until_rollout(&self, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.system.until("firmware", &format!("/api/v1/firmware/rollouts/{id}"), wanted).await
    }

    /// All jobs, newest first.
    pub async fn jobs(&self) -> Vec<JobRow> {
        self.system.store.read(|conn| jobs::list(conn, &jobs::Filter::default(), 5_000)).await.unwrap()
    }

    /// The version that a device was seen with.
    pub async fn seen(&self, device: DeviceId) -> Option<String> {
        let seen = self.system.store.read(move |conn| jobs::seen(conn, &[device])).await.unwrap();
        seen.get(&device).map(|seen| seen.version_id.to_string())
    }

    pub async fn close(self) {
        self.system.stop().await;
    }
}
