//! The store or the broker is away: devices stay, and their pages talk to them.

use std::sync::Arc;

use fairlead_testkit::Urls;
use fairlead_testkit::servers::PrivateServer;
use tokio::sync::Mutex;

use crate::port::Port;
use crate::quay::Quay;

struct Servers {
    mariadb: PrivateServer,
    rabbitmq: PrivateServer,
}

type Shared = Arc<Mutex<Servers>>;

async fn servers() -> Shared {
    let start = || Servers {
        mariadb: PrivateServer::mariadb().unwrap(),
        rabbitmq: PrivateServer::rabbitmq().unwrap(),
    };
    Arc::new(Mutex::new(tokio::task::spawn_blocking(start).await.unwrap()))
}

/// Does something to the servers, which blocks.
async fn with(servers: &Shared, work: impl FnOnce(&mut Servers) -> anyhow::Result<()> + Send + 'static) {
    let mut servers = servers.clone().lock_owned().await;
    tokio::task::spawn_blocking(move || work(&mut servers)).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_keeps_no_device_out_and_a_broker_stops_nobody() {
    let servers = servers().await;
    let urls = {
        let servers = servers.lock().await;
        Urls { mysql: servers.mariadb.url().to_owned(), amqp: servers.rabbitmq.url().to_owned() }
    };
    let quay = Quay::of(Port::open_on(Some(urls), &[]).await).await;
    // The hub has heard of both before.
    let mut one = quay.dial("/PK001").await;
    drop(quay.dial("/PK002").await);
    quay.until_written("PK002", false).await;
    let mut page = quay.page("PK001").await;
    page.until_connected(true).await;

    with(&servers, |servers| servers.rabbitmq.kill()).await;
    assert_eq!(page.say("without a broker").await["type"], "said");
    assert_eq!(one.hears().await, "without a broker");

    with(&servers, |servers| servers.mariadb.kill()).await;
    let mut again = quay.dial("/PK001").await;
    page.until_connected(true).await;
    again.say("without a store").await;
    assert_eq!(page.hears().await, "without a store");
    assert_eq!(page.say("nor here").await["type"], "said");
    assert_eq!(again.hears().await, "nor here");
    let two = quay.dial("/PK002").await;
    let unknown = crate::buoy::Buoy::try_dial(quay.devices, "/PK404").await.err().unwrap();
    assert!(unknown.starts_with("HTTP/1.1 503 "), "{unknown}");

    with(&servers, |servers| servers.mariadb.restart()).await;
    with(&servers, |servers| servers.rabbitmq.restart()).await;
    quay.until_written("PK001", true).await;
    quay.until_written("PK002", true).await;
    drop(two);
    quay.until_written("PK002", false).await;
    quay.port.system.stop().await;
}
