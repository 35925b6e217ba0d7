//! Peers that are slow, mad or many: each costs only itself.

use std::time::Duration;

use fairlead_model::role::Role;
use fairlead_store::{Conn, rooms};
use fairlead_testkit::Backend;
use futures_util::StreamExt;
use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;

use crate::buoy::{Buoy, PING, TEXT, frame, request, within};
use crate::quay::{Quay, next_text, old_request};

fairlead_testkit::on_both_backends!(
    a_message_may_have_one_mebibyte_and_not_a_byte_more,
    nonsense_costs_only_whoever_says_it,
    a_page_that_does_not_read_is_cut_off_and_its_neighbour_misses_nothing,
    a_page_that_pings_and_does_not_read_is_cut_off,
    a_device_that_does_not_read_is_told_no_more,
    a_fleet_comes_back_at_once,
);

const MEBIBYTE: usize = 1024 * 1024;

async fn a_message_may_have_one_mebibyte_and_not_a_byte_more(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let token = quay.token(Role::Viewer, "old").await;
    let mut page = quay.old_page(&format!("/PK001?token={token}")).await.unwrap();
    let mut buoy = quay.dial("/PK001").await;
    buoy.say(&"x".repeat(MEBIBYTE)).await;
    assert_eq!(next_text(&mut page).await.len(), MEBIBYTE);
    buoy.send(true, TEXT, &vec![b'y'; MEBIBYTE + 1]).await;
    assert_eq!(buoy.ended().await, Some(1009));
    // In parts it is no smaller.
    let mut buoy = quay.dial("/PK001").await;
    buoy.send(false, TEXT, &vec![b'z'; MEBIBYTE]).await;
    buoy.send(true, 0, b"z").await;
    assert_eq!(buoy.ended().await, Some(1009));
    for (bytes, code) in
        [(frame(true, TEXT, &[0xff, 0xfe]), 1007), (frame(true, 3, b"x"), 1002), (vec![0x81, 1, b'x'], 1002)]
    {
        let mut buoy = quay.dial("/PK001").await;
        buoy.stream.write_all(&bytes).await.unwrap();
        assert_eq!(buoy.ended().await, Some(code), "{bytes:?}");
    }
    let mut buoy = quay.dial("/PK001").await;
    buoy.say("well").await;
    assert_eq!(next_text(&mut page).await, "well");
    quay.port.system.stop().await;
}

/// What a port may get: bytes, halves of requests, halves of frames, requests with a byte turned over.
fn nonsense(dice: &mut StdRng) -> Vec<u8> {
    let mut bytes = request("/PK002").into_bytes();
    match dice.random_range(0..4) {
        0 => {
            bytes = vec![0; dice.random_range(0..2_000)];
            dice.fill_bytes(&mut bytes);
        }
        1 => bytes.truncate(dice.random_range(0..bytes.len())),
        2 => {
            let at = dice.random_range(0..bytes.len());
            bytes[at] = dice.random();
        }
        _ => {
            let mut more = vec![0; dice.random_range(0..300)];
            dice.fill_bytes(&mut more);
            bytes.extend(more);
        }
    }
    bytes
}

async fn nonsense_costs_only_whoever_says_it(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let mut buoy = quay.dial("/PK001").await;
    let mut page = quay.page("PK001").await;
    let mut dice = StdRng::seed_from_u64(7_777);
    let mut open = Vec::new();
    for n in 0..600 {
        let port = if n % 3 == 0 { quay.pages } else { quay.devices };
        let mut stream = TcpStream::connect(port).await.unwrap();
        // The hub may have had enough of it before all of it was said.
        let _ = stream.write_all(&nonsense(&mut dice)).await;
        if n % 2 == 0 {
            open.push(stream);
        }
    }
    buoy.say("well").await;
    assert_eq!(page.hears().await, "well");
    // Those that said only a half are waited for, but not for long.
    for mut stream in open {
        let mut answer = Vec::new();
        let _ = stream.shutdown().await;
        let _ = within(stream.read_to_end(&mut answer)).await;
    }
    let mut after = quay.dial("/PK002").await;
    assert_eq!(page.say("x").await["type"], "said");
    assert_eq!(buoy.hears().await, "x");
    let mut second = quay.page("PK002").await;
    after.say("too").await;
    while second.hears().await != "too" {}
    quay.port.system.stop().await;
}

async fn a_page_that_does_not_read_is_cut_off_and_its_neighbour_misses_nothing(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let token = quay.token(Role::Viewer, "old").await;
    let mut buoy = quay.dial("/PK001").await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let stream = socket.connect(quay.pages).await.unwrap();
    let path = format!("/PK001?token={token}");
    let (mut slow, _) =
        tokio_tungstenite::client_async(old_request(quay.pages, &path), stream).await.unwrap();
    let mut quick = quay.old_page(&path).await.unwrap();
    let text = "x".repeat(64 * 1024);
    for n in 0..200 {
        buoy.say(&format!("{n} {text}")).await;
        assert!(next_text(&mut quick).await.starts_with(&format!("{n} ")));
    }
    // More than fits anywhere on the way.
    let mut read = 0;
    while let Some(Ok(message)) = within(slow.next()).await {
        match message {
            Message::Text(_) => read += 1,
            Message::Close(frame) => assert_eq!(u16::from(frame.unwrap().code), 4_008),
            _ => {}
        }
    }
    assert!(read < 200, "it was not cut off");
    quay.old_page(&path).await.unwrap();
    quay.port.system.stop().await;
}

async fn a_page_that_pings_and_does_not_read_is_cut_off(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let token = quay.token(Role::Viewer, "mad").await;
    let web: std::net::SocketAddr =
        quay.system().url("hub", "").trim_start_matches("http://").trim_end_matches('/').parse().unwrap();
    let request = request("/api/v1/rooms/PK001/line")
        .replace("Host: hub:7777", &format!("Host: {web}\r\nAuthorization: Bearer {token}"))
        .replace("http://localhost", &format!("http://{web}"));
    let mut mad = Buoy::ask(web, &request, Some(4_096)).await.unwrap();
    let pages = async |words: &str| {
        let health = quay.system().client.get(quay.system().url("hub", "/health/ready"));
        let found = health.send().await.unwrap().text().await.unwrap();
        found.contains(words)
    };
    assert!(pages("and 1 pages talk to them").await);
    let pinging = tokio::spawn(async move {
        let many = frame(true, PING, &[b'x'; 125]).repeat(500);
        while mad.stream.write_all(&many).await.is_ok() {}
    });
    within(async {
        while !pages("and 0 pages talk to them").await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    pinging.abort();
    quay.port.system.stop().await;
}

async fn a_device_that_does_not_read_is_told_no_more(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let _deaf = Buoy::ask(quay.devices, &request("/PK001"), Some(4_096)).await.unwrap();
    let mut page = quay.page("PK001").await;
    page.until_connected(true).await;
    let text = "x".repeat(60_000);
    let refused = loop {
        let answer = page.say(&text).await;
        if answer["type"] == "refused" {
            break answer;
        }
    };
    assert!(refused["why"].as_str().unwrap().starts_with("PK001 does not keep up"), "{refused}");
    let mut well = quay.dial("/PK002").await;
    let mut second = quay.page("PK002").await;
    second.until_connected(true).await;
    assert_eq!(second.say("x").await["type"], "said");
    assert_eq!(well.hears().await, "x");
    quay.port.system.stop().await;
}

/// As many as leave the test quick; the benchmark has 5,000.
const FLEET: usize = 2_000;

async fn a_fleet_comes_back_at_once(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    quay.register_fleet(FLEET).await;
    let mut fleet = Vec::new();
    for _ in 0..2 {
        // The first ones are dead by the time that the second come, and nobody has told the hub.
        let mut dialling = JoinSet::new();
        for n in 0..FLEET {
            let hub = quay.devices;
            dialling.spawn(async move { Buoy::dial(hub, &format!("/F{n:04}")).await });
        }
        fleet.extend(dialling.join_all().await);
    }
    let health = quay.system().url("hub", "/health/ready");
    let words = quay.system().client.get(health).send().await.unwrap().text().await.unwrap();
    assert!(words.contains(&format!("{FLEET} devices are here")), "{words}");
    let now = quay.system().clock.now();
    let there = || async {
        let list = move |conn: &mut Conn| rooms::list(conn, Some(true), None, 5_000, now);
        quay.system().store.read(list).await.unwrap().len()
    };
    within(async {
        while there().await < FLEET {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    // Each of the second ones has its line.
    let mut page = quay.page("F1234").await;
    assert_eq!(page.say("you there").await["type"], "said");
    let mut heard = JoinSet::new();
    for mut buoy in fleet.split_off(FLEET) {
        heard.spawn(async move {
            buoy.say(r#"{"batt/main_v":4}"#).await;
            buoy
        });
    }
    let _kept = heard.join_all().await;
    quay.until_room("F0007", |room| room["values"].as_array().unwrap().len() == 1).await;
    drop(fleet);
    quay.port.system.stop().await;
}
