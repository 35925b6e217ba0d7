//! A firmware service with one repository, `scout`.

use fairlead_firmware::Firmware;
use fairlead_runtime::{Host, Hosted};
use fairlead_testkit::{Backend, System};
use serde_json::{Value, json};

/// The service under test.
pub struct Bench {
    pub system: System,
    settings: Vec<String>,
}

pub fn services() -> Vec<Box<dyn Hosted>> {
    vec![Box::new(Host::<Firmware>::new())]
}

impl Bench {
    /// Starts it with the repository at `url`; `set` are settings of it, as `max_mb=1`.
    pub async fn open(backend: Backend, url: &str, set: &[&str]) -> Self {
        let mut settings = vec![format!("firmware.sources.scout.url={url}")];
        settings.extend(set.iter().map(|pair| format!("firmware.sources.scout.{pair}")));
        let system = System::start(backend, services(), &refs(&settings)).await;
        Self { system, settings }
    }

    /// The same, once the repository was fetched.
    pub async fn with_mirror(backend: Backend, url: &str, set: &[&str]) -> Self {
        let bench = Self::open(backend, url, set).await;
        bench.source(|source| source["fetched_at"].is_string()).await;
        bench
    }

    /// Sets a setting of the repository for the next start.
    pub fn set(&mut self, pair: &str) {
        self.settings.push(format!("firmware.sources.scout.{pair}"));
    }

    /// Starts it anew on what is there.
    pub async fn run(&mut self) {
        self.system.run(services(), &refs(&self.settings)).await;
    }

    /// Waits until the source is as wanted.
    pub async fn source(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        self.system.until("firmware", "/api/v1/firmware/sources", |list| wanted(&list[0])).await[0].clone()
    }

    /// Has the repository fetched and waits until it was, or until that failed.
    pub async fn fetch(&self) -> Value {
        // The clock stands; moved, it tells this fetch from the one before.
        self.system.hand.advance(std::time::Duration::from_secs(1));
        let now = self.system.clock.now().rfc3339();
        let url = self.system.url("firmware", "/api/v1/firmware/sources/scout/fetch");
        assert_eq!(self.system.client.post(url).send().await.unwrap().status(), 202);
        self.source(|source| source["fetched_at"] == now || source["failed_at"] == now).await
    }

    /// Chooses a version; returns the status and the body.
    pub async fn choose(&self, revision: &str) -> (u16, Value) {
        let url = self.system.url("firmware", "/api/v1/firmware/versions");
        let body = json!({"source": "scout", "revision": revision});
        let response = self.system.client.post(url).json(&body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Chooses a version and waits until it is ready or refused.
    pub async fn settled(&self, revision: &str) -> Value {
        let (status, version) = self.choose(revision).await;
        assert!(status == 201 || status == 200, "{status} {version}");
        self.until_settled(version["id"].as_str().unwrap()).await
    }

    /// Waits until a version is ready or refused.
    pub async fn until_settled(&self, id: &str) -> Value {
        let path = format!("/api/v1/firmware/versions/{id}");
        self.system.until("firmware", &path, |version| version["state"] != "preparing").await
    }

    /// The paths of a version's files.
    pub async fn paths(&self, id: &str) -> Vec<String> {
        let list = self.get(&format!("versions/{id}/files?limit=500")).await;
        texts(&list["items"], "path")
    }

    /// A question below `/api/v1/firmware/`.
    pub async fn get(&self, path: &str) -> Value {
        self.system.get("firmware", &format!("/api/v1/firmware/{path}")).await
    }

    /// The service's folder.
    pub fn folder(&self) -> std::path::PathBuf {
        self.system.folder.path().join("firmware")
    }

    pub async fn close(self) {
        self.system.stop().await;
    }
}

/// One field of each item.
pub fn texts(items: &Value, field: &str) -> Vec<String> {
    items.as_array().unwrap().iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

fn refs(settings: &[String]) -> Vec<&str> {
    settings.iter().map(String::as_str).collect()
}
