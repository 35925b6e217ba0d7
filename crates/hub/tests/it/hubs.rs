//! Several hubs on one system: a device at one, its pages at another, and whoever came last has the line.

use std::net::SocketAddr;

use fairlead_hub::Hub;
use fairlead_model::room::{RoomFrame, Way};
use fairlead_model::{NodeId, Time};
use fairlead_runtime::Host;
use fairlead_store::rooms;
use fairlead_testkit::Backend;

use crate::buoy::Buoy;
use crate::quay::{Page, Quay, next_text, page_at};

fairlead_testkit::on_both_backends!(a_service_calls_a_device, a_hub_that_died_has_no_devices);

/// Two hubs: the addresses of the first, and the second as the quay.
struct Two {
    quay: Quay,
    first_devices: SocketAddr,
    first_web: String,
}

async fn two() -> Two {
    let quay = Quay::open(Backend::Servers, &[]).await;
    let (first_devices, first_web) = (quay.devices, quay.system().url("hub", ""));
    let mut port = quay.port;
    port.system.run(vec![Box::new(Host::<Hub>::new())], &[]).await;
    let devices = port.system.address("hub", "devices");
    let pages = port.system.address("hub", "pages");
    assert_ne!(devices, first_devices);
    Two { quay: Quay { port, devices, pages }, first_devices, first_web }
}

impl Two {
    async fn page_at_first(&self, name: &str) -> Page {
        let token = self.quay.token(fairlead_model::role::Role::Operator, "Bob").await;
        page_at(&format!("{}/api/v1/rooms/{name}/line", self.first_web), &token).await.unwrap()
    }
}

/// Says something until it is handed on: the other hub's word may still be on its way.
async fn say(page: &mut Page, text: &str) {
    while page.say(text).await["type"] != "said" {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_at_one_hub_talks_to_a_device_at_another() {
    let two = two().await;
    let mut buoy = Buoy::dial(two.first_devices, "/PK001").await;
    buoy.say(r#"{"rb/csq":3}"#).await;
    two.quay.until_written("PK001", true).await;
    let mut page = two.quay.page("PK001").await;
    page.until_connected(true).await;
    say(&mut page, r#"["GET","wifi",[]]"#).await;
    assert_eq!(buoy.hears().await, r#"["GET","wifi",[]]"#);
    // What it said before is repeated for those who have just come; then comes what it says now.
    assert_eq!(page.hears().await, r#"{"rb/csq":3}"#);
    for text in ["a", r#"{"not json"#, "ü"] {
        buoy.say(text).await;
        assert_eq!(page.hears().await, text);
    }
    let token = two.quay.token(fairlead_model::role::Role::Viewer, "old").await;
    let mut old_page = two.quay.old_page(&format!("/PK001?token={token}")).await.unwrap();
    buoy.say("b").await;
    while next_text(&mut old_page).await != "b" {}
    // It goes, and the page at the other hub is told.
    drop(buoy);
    page.until_connected(false).await;
    assert_eq!(page.say("x").await["type"], "refused");
    two.quay.port.system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_comes_to_another_hub_has_left_the_first() {
    let two = two().await;
    let mut old = Buoy::dial(two.first_devices, "/PK001").await;
    two.quay.until_written("PK001", true).await;
    let mut first_page = two.page_at_first("PK001").await;
    first_page.until_connected(true).await;
    assert_eq!(first_page.say("to the older").await["type"], "said");
    let mut page = two.quay.page("PK001").await;
    let mut new = two.quay.dial("/PK001").await;
    assert_eq!(page.say("to the newer").await["type"], "said");
    assert_eq!(new.hears().await, "to the newer");
    assert_eq!(old.hears().await, "to the older");
    assert_eq!(old.ended().await, Some(1000));
    // The page at the first hub is with the newer one now.
    say(&mut first_page, "from afar").await;
    assert_eq!(new.hears().await, "from afar");
    new.say("heard").await;
    assert_eq!(page.hears().await, "heard");
    while first_page.hears().await != "heard" {
        // A word that it said before the other hub knew who listens may be missed; what it says next is not.
        new.say("heard").await;
    }
    // And back.
    let mut back = Buoy::dial(two.first_devices, "/PK001").await;
    assert_eq!(new.ended().await, Some(1000));
    say(&mut page, "there").await;
    while back.hears().await != "there" {}
    two.quay.port.system.stop().await;
}

async fn a_service_calls_a_device(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let mut buoy = quay.dial("/PK001").await;
    let mut page = quay.page("PK001").await;
    page.until_connected(true).await;
    let call = |epoch, text: &str| RoomFrame {
        room: "PK001".to_owned(),
        way: Way::Down,
        epoch,
        from: NodeId::new(&quay.system().clock),
        text: text.to_owned(),
        at_micros: 0,
    };
    // Over a broker the hub may not listen yet: nobody has promised that a topic loses nothing.
    let heard = async {
        loop {
            quay.port.publish(&call(99, "for an older connection"));
            quay.port.publish(&call(0, r#"["CMD","reset",[]]"#));
            let next = tokio::time::timeout(std::time::Duration::from_millis(500), buoy.hears()).await;
            if let Ok(text) = next {
                return text;
            }
        }
    };
    assert_eq!(crate::buoy::within(heard).await, r#"["CMD","reset",[]]"#);
    quay.port.system.stop().await;
}

async fn a_hub_that_died_has_no_devices(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let id = quay.register("PK003", None).await;
    // As a hub leaves it that was killed: its lease runs out.
    let (clock, dead) = (quay.system().clock.clone(), NodeId::new(&quay.system().clock));
    let (now, until) = (clock.now(), clock.now().plus(std::time::Duration::from_secs(10)));
    let change = rooms::Change {
        name: "PK003".to_owned(),
        device_id: Some(id),
        address: "10.0.0.1".to_owned(),
        since: now,
        gone: None,
        held: None,
        state: None,
    };
    let claim = move |tx: &mut fairlead_store::Tx<'_>| {
        rooms::renew(tx, dead, until)?;
        rooms::settle(tx, dead, now, std::slice::from_ref(&change))
    };
    quay.system().store.write(claim).await.unwrap();
    let presence = |at: Time| {
        let read = quay.system().store.read(move |conn| rooms::presences(conn, &[id], at));
        async move { read.await.unwrap()[&id].connected }
    };
    assert!(presence(now).await);
    assert!(!presence(until).await);
    quay.system().hand.advance(std::time::Duration::from_secs(11));
    let room = quay.system().get("hub", "/api/v1/rooms/PK003").await;
    assert_eq!(room["presence"]["connected"], false, "{room}");
    let absent = quay.system().get("hub", "/api/v1/rooms?connected=false").await;
    assert_eq!(absent["items"][0]["name"], "PK003");
    // The device comes to another hub, which does not ask the dead one.
    let _buoy = quay.dial("/PK003").await;
    quay.until_written("PK003", true).await;
    quay.port.system.stop().await;
}
