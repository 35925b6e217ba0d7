//! A device and its pages: what is said arrives, as it was said, and nowhere else.

use fairlead_model::role::Role;
use fairlead_store::{audit, rooms};
use fairlead_testkit::Backend;
use futures_util::SinkExt;
use tokio_tungstenite::tungstenite::Message;

use crate::buoy::{BINARY, PING, PONG, TEXT};
use crate::quay::{Quay, next_text};

fairlead_testkit::on_both_backends!(
    texts_pass_as_they_are_both_ways,
    a_text_in_parts_is_put_together_and_none_is_sent_in_parts,
    a_newer_connection_has_the_line_at_once_though_the_older_one_is_dead,
    a_page_that_comes_later_sees_how_things_are,
    what_is_said_to_nobody_is_refused,
    each_device_has_its_own_room,
    what_was_said_can_be_read_without_passwords,
    a_binary_frame_is_noted_and_the_line_goes_on,
    a_device_that_says_nothing_for_three_pings_has_gone,
    a_restart_ends_the_lines_and_leaves_no_device_behind,
);

/// What the firmware says when a network's name has a quotation mark in it, and other texts that must not be touched.
const TEXTS: [&str; 7] = [
    r#"{"wifi/stored/ssid":"Ann"s boat"}"#,
    r#"{"batt/main_v" : 4.10 ,"x":1e2}"#,
    "ünïcode ✓ 𝄞",
    "",
    "\u{0}\r\n\t",
    r#"["GET","wifi",[]]"#,
    "None",
];

async fn texts_pass_as_they_are_both_ways(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let mut buoy = quay.dial("/PK001").await;
    let mut page = quay.page("PK001").await;
    let token = quay.token(Role::Operator, "old").await;
    let mut old_page = quay.old_page(&format!("/PK001?token={token}")).await.unwrap();
    page.until_connected(true).await;
    let long = "x".repeat(100_000);
    for text in TEXTS.into_iter().chain([long.as_str()]) {
        buoy.say(text).await;
        assert_eq!(page.hears().await, text);
        assert_eq!(next_text(&mut old_page).await, text);
        old_page.send(Message::text(text)).await.unwrap();
        assert_eq!(buoy.hears().await, text);
    }
    for text in TEXTS {
        assert_eq!(page.say(text).await["type"], "said", "{text}");
        assert_eq!(buoy.hears().await, text);
    }
    quay.port.system.stop().await;
}

async fn a_text_in_parts_is_put_together_and_none_is_sent_in_parts(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let mut buoy = quay.dial("/PK001").await;
    let mut page = quay.page("PK001").await;
    buoy.send(false, TEXT, b"{\"a\":").await;
    buoy.send(false, 0, b"1").await;
    buoy.send(true, PING, b"in between").await;
    buoy.send(true, 0, b"}").await;
    assert_eq!(page.hears().await, "{\"a\":1}");
    let pong = buoy.frame().await.unwrap();
    assert_eq!((pong.opcode, pong.payload.as_slice()), (PONG, b"in between".as_slice()));
    // As long as a page may say: it leaves as one frame, which `hears` insists on.
    let long = "y".repeat(60_000);
    assert_eq!(page.say(&long).await["type"], "said");
    assert_eq!(buoy.hears().await, long);
    quay.port.system.stop().await;
}

async fn a_newer_connection_has_the_line_at_once_though_the_older_one_is_dead(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    // It never reads, never answers and never closes; neither does the hub wait for it.
    let mut dead = quay.dial("/PK001").await;
    let mut page = quay.page("PK001").await;
    page.until_connected(true).await;
    assert_eq!(page.say("to the first").await["type"], "said");
    quay.until_written("PK001", true).await;
    let mut new = quay.dial("/PK001").await;
    assert_eq!(page.say("to the second").await["type"], "said");
    assert_eq!(new.hears().await, "to the second", "and nothing that was said before");
    dead.say("late").await;
    new.say("new").await;
    assert_eq!(page.hears().await, "new", "the answer of the older one goes nowhere");
    assert_eq!(dead.hears().await, "to the first");
    assert_eq!(dead.ended().await, Some(1000));

    let noted = || async {
        let log = quay.system().store.read(|conn| audit::list(conn, Some("device"), None, 10)).await.unwrap();
        log.iter().map(|entry| format!("{} {}", entry.action, entry.subject)).collect::<Vec<_>>()
    };
    while noted().await.is_empty() {
        tokio::task::yield_now().await;
    }
    // A third one in the same minute is not another entry.
    drop(new);
    let _third = quay.dial("/PK001").await;
    let mut fourth = quay.dial("/PK001").await;
    assert_eq!(page.say("x").await["type"], "said");
    assert_eq!(fourth.hears().await, "x");
    assert_eq!(noted().await, ["room.taken_over room PK001"]);
    quay.port.system.stop().await;
}

async fn a_page_that_comes_later_sees_how_things_are(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let id = quay.register("PK009", None).await;
    let mut never = quay.page("pk009").await;
    let room = never.until_connected(false).await;
    assert_eq!((room["name"].as_str(), room["device_id"].as_str()), (Some("PK009"), Some(&*id.to_string())));

    let mut buoy = quay.dial("/pk009").await;
    for text in
        [r#"{"iam":"PK009","batt/main_v":3.9}"#, r#"{"rb/csq":4}"#, r#"{"iam":"PK009","batt/main_v":4}"#]
    {
        buoy.say(text).await;
    }
    while never.hears().await != r#"{"iam":"PK009","batt/main_v":4}"# {}
    let wanted = [r#"{"rb/csq":4}"#, r#"{"iam":"PK009","batt/main_v":4}"#];
    let room = quay.page("PK009").await.until_connected(true).await;
    assert_eq!(room["values"], serde_json::json!(wanted));
    let token = quay.token(Role::Viewer, "old").await;
    let mut old_page = quay.old_page(&format!("/PK009?token={token}")).await.unwrap();
    assert_eq!([next_text(&mut old_page).await, next_text(&mut old_page).await], wanted);

    drop(buoy);
    let room = never.until_connected(false).await;
    assert_eq!(room["values"], serde_json::json!(wanted), "they outlive the line,");
    quay.until_written("PK009", false).await;
    drop((never, old_page));
    let kept = quay.until_room("PK009", |room| room["values"].as_array().unwrap().len() == 2).await;
    assert_eq!(kept["values"], serde_json::json!(wanted), "and the room");
    let mut again = quay.dial("/PK009").await;
    again.say(r#"{"rb/csq":5}"#).await;
    let now = [wanted[1], r#"{"rb/csq":5}"#];
    quay.until_room("PK009", |room| room["values"] == serde_json::json!(now)).await;
    let (store, now) = (quay.system().store.clone(), quay.system().clock.now());
    let presences = store.read(move |conn| rooms::presences(conn, &[id], now)).await.unwrap();
    assert!(presences[&id].connected);
    quay.port.system.stop().await;
}

async fn what_is_said_to_nobody_is_refused(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let mut page = quay.page("PK001").await;
    let refused = page.say("x").await;
    assert_eq!(refused["type"], "refused");
    assert!(refused["why"].as_str().unwrap().starts_with("PK001 is not connected."), "{refused}");
    let token = quay.token(Role::Operator, "old").await;
    let mut old_page = quay.old_page(&format!("/PK001?token={token}")).await.unwrap();
    old_page.send(Message::text("x")).await.unwrap();
    let answer: serde_json::Value = serde_json::from_str(&next_text(&mut old_page).await).unwrap();
    assert!(answer["error"].as_str().unwrap().starts_with("PK001 is not connected."), "{answer}");
    // Nothing of it waits for the device.
    let mut buoy = quay.dial("/PK001").await;
    page.until_connected(true).await;
    assert_eq!(page.say("y").await["type"], "said");
    assert_eq!(buoy.hears().await, "y");
    quay.port.system.stop().await;
}

async fn each_device_has_its_own_room(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let (mut one, mut two) = (quay.dial("/PK001").await, quay.dial("/PK002").await);
    let (mut page, mut other) = (quay.page("PK001").await, quay.page("PK001").await);
    let mut second = quay.page("PK002").await;
    for page in [&mut page, &mut other, &mut second] {
        page.until_connected(true).await;
    }
    // Whatever it says of itself, a device's texts are those of the name with which it came.
    two.say(r#"{"iam":"PK001"}"#).await;
    one.say("one").await;
    assert_eq!(page.hears().await, "one");
    assert_eq!(second.hears().await, r#"{"iam":"PK001"}"#);
    assert_eq!(page.say("to one").await["type"], "said");
    assert_eq!(second.say("to two").await["type"], "said");
    assert_eq!((one.hears().await, two.hears().await), ("to one".to_owned(), "to two".to_owned()));
    // What one page says, the other does not hear: the device's next word is the next that it hears.
    one.say("again").await;
    assert_eq!(other.hears().await, "one");
    assert_eq!(other.next().await["text"], "again");
    quay.port.system.stop().await;
}

async fn what_was_said_can_be_read_without_passwords(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let mut buoy = quay.dial("/PK001").await;
    let mut page = quay.page("PK001").await;
    page.until_connected(true).await;
    let order = r#"["CMD","store_new_sta",["boat","s3cret"]]"#;
    assert_eq!(page.say(order).await["type"], "said");
    assert_eq!(buoy.hears().await, order, "the device is told all of it");
    buoy.say(r#"{"error":"[\"CMD\",\"store_new_sta\",[\"boat\",\"s3cret\"]"}"#).await;
    buoy.say(r#"{"wifi/stored/ssid":"boat"}"#).await;
    page.hears().await;
    page.hears().await;
    let log = quay.system().get("hub", "/api/v1/rooms/pk001/log").await;
    let said: Vec<_> = log["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["way"].as_str().unwrap(), line["who"].as_str(), line["text"].as_str().unwrap()))
        .collect();
    let wanted = [
        ("down", Some("Ada"), r#"["CMD","store_new_sta",["boat","•••"]]"#),
        ("up", None, r#"{"error":"[\"CMD\",\"store_new_sta •••"}"#),
        ("up", None, r#"{"wifi/stored/ssid":"boat"}"#),
    ];
    assert_eq!(said, wanted);
    let newest = quay.system().get("hub", "/api/v1/rooms/PK001/log?lines=1").await;
    assert_eq!(newest["lines"].as_array().unwrap().len(), 1);
    // Nothing of it lies anywhere in the folder, and a value with a password in it is not kept for later pages.
    quay.until_room("PK001", |room| room["values"].as_array().unwrap().len() == 1).await;
    let file = quay.system().folder.path().join("hub/rooms/PK001.log");
    assert!(!std::fs::read_to_string(file).unwrap().contains("s3cret"));
    quay.port.system.stop().await;
}

async fn a_binary_frame_is_noted_and_the_line_goes_on(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let mut buoy = quay.dial("/PK001").await;
    let mut page = quay.page("PK001").await;
    buoy.send(true, BINARY, &[0, 1, 2]).await;
    buoy.say("still here").await;
    assert_eq!(page.hears().await, "still here");
    let log = quay.system().get("hub", "/api/v1/rooms/PK001/log").await;
    assert!(log["lines"][0]["text"].as_str().unwrap().contains("binary frame of 3 bytes"), "{log}");
    quay.port.system.stop().await;
}

async fn a_device_that_says_nothing_for_three_pings_has_gone(backend: Backend) {
    let quay = Quay::open(backend, &["hub.device_ping_s=1"]).await;
    let mut page = quay.page("PK001").await;
    let mut mute = quay.dial("/PK001").await;
    let mut late = quay.dial("/PK002").await;
    page.until_connected(true).await;
    let mut second = quay.page("PK002").await;
    second.until_connected(true).await;
    // One answers its second ping, and then says something: it is left alone.
    let mut pings = 0;
    while pings < 2 {
        pings += u32::from(late.frame().await.unwrap().opcode == PING);
    }
    late.send(true, PONG, b"").await;
    page.until_connected(false).await;
    assert_eq!(mute.ended().await, Some(1001));
    late.say("late").await;
    assert_eq!(second.hears().await, "late");
    quay.port.system.stop().await;
}

async fn a_restart_ends_the_lines_and_leaves_no_device_behind(backend: Backend) {
    let mut quay = Quay::open(backend, &[]).await;
    let mut buoy = quay.dial("/PK001").await;
    buoy.say(r#"{"batt/main_v":4.1}"#).await;
    let mut page = quay.page("PK001").await;
    page.until_connected(true).await;
    quay.until_written("PK001", true).await;
    let (ended, left, ()) =
        tokio::join!(buoy.ended(), crate::quay::end(&mut page.socket), quay.port.system.stop_services());
    assert_eq!((ended, left), (Some(1012), Some(1012)));
    let now = quay.system().clock.now();
    let list = quay.system().store.read(move |conn| rooms::list(conn, None, None, 10, now)).await.unwrap();
    assert_eq!((list[0].name.as_str(), list[0].presence.connected), ("PK001", false));
    assert_eq!(list[0].values, [r#"{"batt/main_v":4.1}"#], "what it said last was written at the end");
    quay.port.system.stop().await;
}
