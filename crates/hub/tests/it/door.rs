//! Who may have a line, and who may talk.

use fairlead_model::device::{DeviceKind, DeviceView};
use fairlead_model::live::LiveEvent;
use fairlead_model::role::Role;
use fairlead_store::registry::devices;
use fairlead_store::{Conn, audit, rooms};
use fairlead_testkit::Backend;
use futures_util::SinkExt;
use serde_json::Value;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::buoy::{Buoy, request, within};
use crate::port::next;
use crate::quay::{Quay, connect, end, next_text, old_request};

fairlead_testkit::on_both_backends!(
    a_device_shows_its_key_where_it_has_one,
    an_unknown_device_is_refused_and_noted,
    a_knock_goes_when_its_device_may_come_in,
    an_unknown_device_may_be_let_in_by_a_setting,
    a_page_needs_rights,
    an_old_page_needs_rights_too,
    what_is_no_websocket_is_told_so,
    screens_are_told_who_comes_and_goes,
    the_registry_is_followed_while_a_device_is_there,
    of_two_devices_of_one_name_the_first_keeps_the_line,
    a_device_that_was_registered_without_a_word_is_known_soon,
    a_device_that_has_a_place_needs_no_other,
    a_name_that_another_device_has_now_begins_anew,
);

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap()
}

async fn refused(quay: &Quay, path: &str) -> String {
    let answer = Buoy::try_dial(quay.devices, path).await;
    answer.err().unwrap_or_else(|| panic!("{path} was let in"))
}

async fn a_device_shows_its_key_where_it_has_one(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    quay.register("PK007", Some("s3cret")).await;
    for path in ["/PK007", "/PK007?key=", "/PK007?key=wrong", "/PK007?kez=s3cret", "/pk007?key=S3CRET"] {
        let answer = refused(&quay, path).await;
        assert_eq!(status(&answer), "401", "{answer}");
    }
    let knocks = quay.system().until("hub", "/api/v1/knocks", |list| list["items"][0]["times"] == 5).await;
    assert_eq!(knocks["items"][0]["name"], "PK007");
    assert!(!knocks.to_string().contains("S3CRET"), "{knocks}");
    let mut buoy = quay.dial("/PK007?x=1&key=s3cret").await;
    let mut page = quay.page("PK007").await;
    buoy.say("in").await;
    assert_eq!(page.hears().await, "in");
    // A key that nobody asks for does no harm.
    quay.dial("/PK001?key=whatever").await;
    quay.port.system.stop().await;
}

async fn an_unknown_device_is_refused_and_noted(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let answer = refused(&quay, "/PK404").await;
    assert_eq!(status(&answer), "403");
    assert!(answer.ends_with("No device of the registry is called PK404.\n"), "{answer}");
    for path in ["/", "/../PK001", "/PK001/x", "/a%20b", "/%50K001"] {
        assert_eq!(status(&refused(&quay, path).await), "400", "{path}");
    }
    for n in 0..150 {
        refused(&quay, &format!("/N{n}")).await;
    }
    let all = |list: &Value| list["items"].as_array().unwrap().len() == 151;
    quay.system().until("hub", "/api/v1/knocks", all).await;
    quay.system().hand.advance(std::time::Duration::from_secs(1));
    for n in 150..230 {
        refused(&quay, &format!("/N{n}")).await;
    }
    let noted = |list: &Value| list["items"].as_array().unwrap().iter().any(|knock| knock["name"] == "N229");
    let list = quay.system().until("hub", "/api/v1/knocks", noted).await;
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 200);
    let knock = items.iter().find(|knock| knock["name"] == "N229").unwrap();
    assert_eq!((knock["times"].as_i64(), knock["address"].as_str()), (Some(1), Some("127.0.0.1")));

    let forget =
        |client: reqwest::Client| client.delete(quay.system().url("hub", "/api/v1/knocks/N229")).send();
    let viewer = quay.system().client_as(Role::Viewer).await;
    assert_eq!(forget(viewer).await.unwrap().status(), 403);
    assert_eq!(forget(quay.system().client.clone()).await.unwrap().status(), 204);
    assert_eq!(forget(quay.system().client.clone()).await.unwrap().status(), 404);
    let log = quay.system().store.read(|conn| audit::list(conn, Some("test"), None, 10)).await.unwrap();
    assert_eq!((log[0].action.as_str(), log[0].subject.as_str()), ("knock.forget", "knock N229"));
    // Registered now, it is let in.
    quay.register("PK404", None).await;
    quay.dial("/PK404").await;
    quay.port.system.stop().await;
}

async fn a_knock_goes_when_its_device_may_come_in(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    quay.register("PK007", Some("s3cret")).await;
    quay.system().hand.advance(std::time::Duration::from_secs(1));
    for path in ["/PK007", "/pk403", "/PK404", "/PK405"] {
        refused(&quay, path).await;
    }
    let knocked = async |wanted: &[&str]| {
        let names = |list: &Value| {
            let items = list["items"].as_array().unwrap().iter();
            let mut names: Vec<_> = items.map(|knock| knock["name"].as_str().unwrap().to_owned()).collect();
            names.sort_unstable();
            names
        };
        quay.system().until("hub", "/api/v1/knocks", |list| names(list) == wanted).await;
    };
    knocked(&["PK007", "PK404", "PK405", "pk403"]).await;
    // It is made known.
    quay.system().hand.advance(std::time::Duration::from_secs(1));
    quay.register("PK403", None).await;
    quay.register("PK404", None).await;
    knocked(&["PK007", "PK405"]).await;
    // It has the line.
    let _buoy = quay.dial("/PK007?key=s3cret").await;
    knocked(&["PK405"]).await;
    quay.port.system.stop().await;
}

async fn an_unknown_device_may_be_let_in_by_a_setting(backend: Backend) {
    let quay = Quay::open(backend, &["hub.unknown_devices=accept"]).await;
    let mut buoy = quay.dial("/bench-7").await;
    quay.until_written("bench-7", true).await;
    let mut page = quay.page("bench-7").await;
    let room = page.until_connected(true).await;
    assert_eq!(room["device_id"], Value::Null);
    buoy.say("hello").await;
    assert_eq!(page.hears().await, "hello");
    assert_eq!(status(&refused(&quay, "/a%20b").await), "400");
    quay.port.system.stop().await;
}

fn http_status(error: Error) -> u16 {
    match error {
        Error::Http(answer) => answer.status().as_u16(),
        other => panic!("{other:?}"),
    }
}

async fn a_page_needs_rights(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let mut buoy = quay.dial("/PK001").await;
    assert_eq!(http_status(quay.page_with("PK001", "fl_wrong").await.err().unwrap()), 401);
    let operator = quay.token(Role::Operator, "op").await;
    assert_eq!(http_status(quay.page_with("PK404", &operator).await.err().unwrap()), 404);
    // A page of another site that has the cookie.
    let mut request = quay.port.signed_in().await;
    *request.uri_mut() = request.uri().to_string().replace("/live", "/rooms/PK001/line").parse().unwrap();
    let address = request.uri().authority().unwrap().as_str().parse().unwrap();
    let mut foreign = request.clone();
    foreign.headers_mut().insert("Origin", "https://evil.example".parse().unwrap());
    assert_eq!(http_status(connect(address, foreign).await.err().unwrap()), 403);
    connect(address, request).await.unwrap();

    let viewer = quay.token(Role::Viewer, "viewer").await;
    let mut page = quay.page_with("PK001", &viewer).await.unwrap();
    buoy.say("to all").await;
    assert_eq!(page.hears().await, "to all");
    let refused = page.say("x").await;
    assert!(refused["why"].as_str().unwrap().contains("role operator"), "{refused}");
    let mut operators = quay.page_with("PK001", &operator).await.unwrap();
    assert_eq!(operators.say("y").await["type"], "said");
    assert_eq!(buoy.hears().await, "y");
    page.socket.send(Message::text("no order")).await.unwrap();
    assert_eq!(end(&mut page.socket).await, Some(1008));
    for path in ["/api/v1/rooms/PK404", "/api/v1/rooms/PK404/log", "/api/v1/rooms/..%2Fx/log"] {
        let answer = quay.system().client.get(quay.system().url("hub", path)).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
    }
    quay.port.system.stop().await;
}

async fn an_old_page_needs_rights_too(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let mut buoy = quay.dial("/PK001").await;
    let quay_ref = &quay;
    let refused = |path: String| async move { http_status(quay_ref.old_page(&path).await.err().unwrap()) };
    let operator = quay.token(Role::Operator, "op").await;
    let viewer = quay.token(Role::Viewer, "viewer").await;
    assert_eq!(refused("/PK001".to_owned()).await, 401);
    assert_eq!(refused("/PK001?token=fl_wrong".to_owned()).await, 401);
    assert_eq!(refused(format!("/PK404?token={operator}")).await, 404);

    let answer = Buoy::try_dial(quay.pages, "/PK001").await.err().unwrap();
    let body: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert!(body["error"].as_str().unwrap().starts_with("Sign in first"), "{body}");

    let mut hearing = quay.old_page(&format!("/PK001?token={viewer}")).await.unwrap();
    hearing.send(Message::text("x")).await.unwrap();
    assert!(next_text(&mut hearing).await.contains("role operator"));
    let cookie = quay.port.signed_in().await.headers()["cookie"].clone();
    for (origin, welcome) in [
        (None, true),
        (Some(format!("http://127.0.0.1:{}", quay.pages.port() ^ 1)), true),
        (Some("https://evil.example".to_owned()), false),
    ] {
        let mut request = old_request(quay.pages, "/PK001");
        request.headers_mut().insert("Cookie", cookie.clone());
        if let Some(origin) = &origin {
            request.headers_mut().insert("Origin", origin.parse().unwrap());
        }
        assert_eq!(connect(quay.pages, request).await.is_ok(), welcome, "{origin:?}");
    }
    let mut request = old_request(quay.pages, "/PK001");
    request.headers_mut().insert("Authorization", format!("Bearer {operator}").parse().unwrap());
    let mut talking = connect(quay.pages, request).await.unwrap();
    talking.send(Message::text("y")).await.unwrap();
    assert_eq!(buoy.hears().await, "y");
    quay.port.system.stop().await;
}

async fn what_is_no_websocket_is_told_so(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let answer = reqwest::get(format!("http://{}/PK001", quay.devices)).await.unwrap();
    assert_eq!(answer.status(), 426);
    assert_eq!(answer.headers()["upgrade"], "websocket");
    let asked = |from: &str, to: &str| {
        let request = request("/PK001").replace(from, to);
        async move { Buoy::ask(quay.devices, &request, None).await.err().unwrap() }
    };
    assert_eq!(status(&asked("Version: 13", "Version: 8").await), "426");
    assert_eq!(status(&asked("GET", "PUT").await), "405");
    assert_eq!(status(&asked("Origin", &format!("X: {}\r\nOrigin", "x".repeat(9_000))).await), "431");
    quay.port.system.stop().await;
}

async fn screens_are_told_who_comes_and_goes(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let (mut screen, _) = quay.port.ready_page().await;
    let mut told = async |kind: &str, name: &str| loop {
        let event = next(&mut screen).await;
        if event["type"] == kind && event["name"] == name {
            return event;
        }
    };
    // Over a broker the hub may not be heard yet.
    loop {
        let _other = quay.dial("/PK002").await;
        if tokio::time::timeout(std::time::Duration::from_secs(2), told("presence", "PK002")).await.is_ok() {
            break;
        }
    }
    let buoy = quay.dial("/PK001").await;
    assert_eq!(told("presence", "PK001").await["presence"]["connected"], true);
    drop(buoy);
    assert_eq!(told("presence", "PK001").await["presence"]["connected"], false);
    refused(&quay, "/PK404").await;
    told("knock", "PK404").await;
    quay.port.system.stop().await;
}

async fn the_registry_is_followed_while_a_device_is_there(backend: Backend) {
    let quay = Quay::open(backend, &["hub.unknown_devices=accept"]).await;
    let mut buoy = quay.dial("/bench-7").await;
    quay.until_written("bench-7", true).await;
    let id = quay.register("bench-7", None).await;
    let device = DeviceView {
        id,
        kind: DeviceKind::Buoy,
        number: 1,
        name: "bench-7".to_owned(),
        serial: None,
        created_at: quay.system().clock.now(),
        created_by: "test".to_owned(),
        modem: None,
        groups: Vec::new(),
        has_key: false,
        presence: None,
        firmware: None,
    };
    // Over a broker the hub may not listen yet.
    let mut made_known = Value::Null;
    while made_known["device_id"] != id.to_string() {
        quay.port.tell(&LiveEvent::Device { device: Box::new(device.clone()) });
        made_known = quay.system().get("hub", "/api/v1/rooms/bench-7").await;
    }
    let (store, now) = (quay.system().store.clone(), quay.system().clock.now());
    within(async {
        let presences = move |conn: &mut Conn| rooms::presences(conn, &[id], now);
        while store.read(presences).await.unwrap().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
    quay.port.tell(&LiveEvent::DeviceGone { id });
    assert_eq!(buoy.ended().await, Some(1000));
    quay.until_written("bench-7", false).await;
    quay.port.system.stop().await;
}

async fn of_two_devices_of_one_name_the_first_keeps_the_line(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let (one, other) = ([127, 0, 0, 2], [127, 0, 0, 3]);
    let dial = |from| Buoy::dial_from(from, quay.devices, "/PK001");
    let mut page = quay.page("PK001").await;
    let _first = dial(one).await.unwrap();
    let _second = dial(other).await.unwrap();
    let mut kept = dial(one).await.unwrap();
    quay.until_written("PK001", true).await;
    for _ in 0..3 {
        let answer = dial(other).await.err().unwrap();
        assert_eq!(status(&answer), "409", "{answer}");
        assert!(answer.ends_with("Give one of them another name, or keys.\n"), "{answer}");
    }
    assert_eq!(page.say("still there").await["type"], "said");
    assert_eq!(kept.hears().await, "still there");
    // What came before the line was written down is forgotten with it.
    let knocked = |list: &Value| list["items"][0]["times"].as_i64().is_some_and(|times| times > 0);
    let knocks = quay.system().until("hub", "/api/v1/knocks", knocked).await;
    let knock = &knocks["items"][0];
    assert_eq!((knock["name"].as_str(), knock["address"].as_str()), (Some("PK001"), Some("127.0.0.3")));
    assert!(knock["why"].as_str().unwrap().contains("is on the line, from 127.0.0.2."), "{knock}");
    // Whoever has it comes again whenever it likes.
    let mut again = dial(one).await.unwrap();
    assert_eq!(kept.ended().await, Some(1000));
    assert_eq!(page.say("you again").await["type"], "said");
    assert_eq!(again.hears().await, "you again");
    within(async {
        let contested = |conn: &mut Conn| audit::list(conn, Some("device"), None, 20);
        while !quay.system().store.read(contested).await.unwrap().iter().any(|entry| {
            entry.action == "room.contested"
                && entry.detail == "the device of 127.0.0.2 keeps the line, one of 127.0.0.3 is turned away"
        }) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
    // When it has gone, the other may have the line.
    drop(again);
    page.until_connected(false).await;
    dial(other).await.unwrap();
    quay.port.system.stop().await;
}

async fn a_device_that_was_registered_without_a_word_is_known_soon(backend: Backend) {
    let quay = Quay::open(backend, &["hub.unknown_devices=accept"]).await;
    let _buoy = quay.dial("/bench-7").await;
    let mut keyless = quay.dial("/bench-8").await;
    quay.until_written("bench-7", true).await;
    let id = quay.register("bench-7", None).await;
    quay.register("bench-8", Some("s3cret")).await;
    quay.until_room("bench-7", |room| room["device_id"] == id.to_string()).await;
    // One that has a key from now on must show it.
    assert_eq!(keyless.ended().await, Some(1000));
    quay.port.system.stop().await;
}

async fn a_device_that_has_a_place_needs_no_other(backend: Backend) {
    let quay = Quay::open(backend, &["hub.device_connections=1"]).await;
    let mut dead = quay.dial("/PK001").await;
    assert_eq!(status(&refused(&quay, "/PK002").await), "503");
    let mut again = quay.dial("/PK001").await;
    assert_eq!(dead.ended().await, Some(1000));
    let mut page = quay.page("PK001").await;
    assert_eq!(page.say("you").await["type"], "said");
    assert_eq!(again.hears().await, "you");
    quay.port.system.stop().await;
}

async fn a_name_that_another_device_has_now_begins_anew(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let id = quay.register("PK009", None).await;
    let mut buoy = quay.dial("/PK009").await;
    buoy.say(r#"{"batt/main_v":4}"#).await;
    quay.until_room("PK009", |room| room["values"].as_array().unwrap().len() == 1).await;
    drop(buoy);
    let kept = |list: &Value| {
        let room = list["items"].as_array().unwrap().iter().find(|room| room["name"] == "PK009").unwrap();
        room["values"].as_array().unwrap().len()
    };
    let path = "/api/v1/rooms?connected=false";
    quay.until_written("PK009", false).await;
    quay.system().until("hub", path, |list| kept(list) == 1).await;

    let clock = quay.system().clock.clone();
    let delete = move |tx: &mut fairlead_store::Tx<'_>| {
        let row = devices::claim(tx, id)?;
        devices::delete(tx, clock.now(), &row)
    };
    quay.system().store.write(delete).await.unwrap().unwrap();
    let new = quay.register("PK009", None).await;
    let room = quay.system().get("hub", "/api/v1/rooms/PK009").await;
    assert_eq!((&room["device_id"], &room["values"]), (&new.to_string().into(), &Value::Array(Vec::new())));
    let buoy = quay.dial("/PK009").await;
    quay.until_written("PK009", true).await;
    let room = quay.system().get("hub", "/api/v1/rooms/PK009").await;
    assert_eq!(room["values"].as_array().unwrap().len(), 0, "{room}");
    drop(buoy);
    quay.until_written("PK009", false).await;
    assert_eq!(kept(&quay.system().get("hub", path).await), 0);
    quay.port.system.stop().await;
}
