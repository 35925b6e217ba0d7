//! A private database and a private broker, for tests that kill them.

use std::path::Path;

use fairlead_testkit::servers::PrivateServer;

/// Both servers. What they do blocks, so it is done aside.
pub struct Servers {
    mariadb: PrivateServer,
    rabbitmq: PrivateServer,
}

impl Servers {
    pub async fn start() -> Self {
        aside(|| Self {
            mariadb: PrivateServer::mariadb().unwrap(),
            rabbitmq: PrivateServer::rabbitmq().unwrap(),
        })
        .await
    }

    /// The database's URL.
    pub fn mysql(&self) -> &str {
        self.mariadb.url()
    }

    /// What a service of these servers is set to, with its data in this folder.
    pub fn settings(&self, folder: &Path) -> Vec<String> {
        vec![
            format!("data.dir={}", folder.display()),
            format!("store.url={}", self.mariadb.url()),
            format!("bus.url={}", self.rabbitmq.url()),
        ]
    }

    /// Kills the database, and starts it again.
    pub async fn kill_mariadb(mut self) -> Self {
        aside(move || {
            self.mariadb.kill().unwrap();
            self.mariadb.restart().unwrap();
            self
        })
        .await
    }

    /// Kills the broker, and starts it again.
    pub async fn kill_rabbitmq(mut self) -> Self {
        aside(move || {
            self.rabbitmq.kill().unwrap();
            self.rabbitmq.restart().unwrap();
            self
        })
        .await
    }

    pub async fn stop(self) {
        let Self { mut mariadb, rabbitmq } = self;
        aside(move || {
            mariadb.stop().unwrap();
            drop(rabbitmq);
        })
        .await;
    }
}

async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}
