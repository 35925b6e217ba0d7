//! Ends of routes: a webhook's receiver, an MQTT subscriber, a handset's screen.

use std::time::Duration;

use fairlead_model::{Clock, Time};
use fairlead_simulator::receiver::{Behaviour, Receiver, Unproven, sign};
use fairlead_simulator::satellite::mt::Mailboxes;
use fairlead_simulator::satellite::{Screen, World};
use fairlead_simulator::subscriber::Subscriber;
use reqwest::{Client, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::{DAY, present};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

async fn receiver() -> Receiver {
    let receiver = Receiver::serve("127.0.0.1:0", Clock::manual(present()).0).await.unwrap();
    receiver.trust(SECRET).unwrap();
    receiver
}

async fn deliver(
    receiver: &Receiver,
    secret: &str,
    id: &str,
    at: Time,
    body: &str,
) -> reqwest::Result<Response> {
    let seconds = at.micros() / 1_000_000;
    let signature = sign(secret, id, seconds, body.as_bytes()).unwrap();
    let request = Client::new().post(receiver.url()).header("content-type", "application/json");
    let request = request.header("webhook-id", id).header("webhook-timestamp", seconds);
    request.header("webhook-signature", signature).body(body.to_owned()).send().await
}

#[tokio::test]
async fn a_receiver_takes_what_is_signed_and_refuses_the_rest() {
    let receiver = receiver().await;
    let status = |response: reqwest::Result<Response>| response.unwrap().status().as_u16();
    for times in 1..=2 {
        assert_eq!(status(deliver(&receiver, SECRET, "a", present(), "{}").await), 200);
        assert_eq!(receiver.taken("a"), times);
    }
    assert_eq!(status(deliver(&receiver, OTHER, "b", present(), "{}").await), 401);
    let late = present().minus(Duration::from_secs(301));
    assert_eq!(status(deliver(&receiver, SECRET, "c", late, "{}").await), 401);
    let bare = Client::new().post(receiver.url()).body("{}").send().await;
    assert_eq!(status(bare), 401);
    let why: Vec<_> = receiver.heard().into_iter().map(|heard| heard.unproven).collect();
    let (forged, late, bare) = (Unproven::Forged, Unproven::OutOfTime, Unproven::NoSignature);
    assert_eq!(why, [None, None, Some(forged), Some(late), Some(bare)]);
    let tally = receiver.tally();
    assert_eq!((tally.tries, tally.taken, tally.ids, tally.again, tally.unproven), (5, 2, 1, 1, 3));
    let told = reqwest::get(format!("{}simulator/heard", receiver.page())).await.unwrap();
    let told: serde_json::Value = told.json().await.unwrap();
    assert_eq!((&told["tries"], told["heard"].as_array().unwrap().len()), (&5.into(), 5));
    let page = reqwest::get(receiver.page()).await.unwrap().text().await.unwrap();
    assert!(page.contains("5 tries heard, 2 taken") && page.contains("Forged"), "{page}");
}

#[tokio::test]
async fn a_receiver_behaves_as_it_is_told() {
    let receiver = receiver().await;
    let control = format!("{}simulator/behaviour", receiver.page());
    let told =
        Client::new().put(&control).body(r#"{"behaviour":"answer","status":503}"#).send().await.unwrap();
    assert_eq!(told.status().as_u16(), 200);
    assert_eq!(deliver(&receiver, SECRET, "a", present(), "{}").await.unwrap().status().as_u16(), 503);
    assert_eq!(receiver.taken("a"), 0, "what it refused it has not taken");
    receiver.behave(Behaviour::Dead);
    deliver(&receiver, SECRET, "a", present(), "{}").await.unwrap_err();
    receiver.behave(Behaviour::Slow { millis: 1 });
    assert_eq!(deliver(&receiver, SECRET, "a", present(), "{}").await.unwrap().status().as_u16(), 200);
    assert_eq!(receiver.taken("a"), 1);
    assert_eq!(Client::new().put(&control).body("{}").send().await.unwrap().status().as_u16(), 400);
    // A second secret, as after a rotation, and without a restart.
    let secret = format!("{}simulator/secret", receiver.page());
    let body = format!(r#"{{"secret":"{OTHER}"}}"#);
    assert_eq!(Client::new().post(&secret).body(body).send().await.unwrap().status().as_u16(), 200);
    assert_eq!(deliver(&receiver, OTHER, "d", present(), "{}").await.unwrap().status().as_u16(), 200);
    assert_eq!(
        Client::new().post(&secret).body(r#"{"secret":"x"}"#).send().await.unwrap().status().as_u16(),
        400
    );
}

/// MQTT 3.1.1 as its specification has it, just enough of it: a broker for one subscriber, from bytes.
async fn raw_broker(listener: TcpListener) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut packet = async || {
        let mut head = [0; 2];
        stream.read_exact(&mut head).await.unwrap();
        assert!(head[1] < 128, "these packets are short");
        let mut rest = vec![0; head[1].into()];
        stream.read_exact(&mut rest).await.unwrap();
        match head[0] >> 4 {
            1 => stream.write_all(&[0x20, 2, 0, 0]).await.unwrap(),
            8 => {
                stream.write_all(&[0x90, 3, rest[0], rest[1], 2]).await.unwrap();
                // Kept from before, at QoS 0; then news at QoS 1, number 7.
                stream.write_all(b"\x31\x07\x00\x03a/bhi").await.unwrap();
                stream.write_all(b"\x32\x09\x00\x03a/c\x00\x07yo").await.unwrap();
            }
            kind => return (kind, rest),
        }
        (0, rest)
    };
    loop {
        if let (4, rest) = packet().await {
            assert_eq!(rest, [0, 7], "what it was told at QoS 1 is acknowledged");
            return;
        }
    }
}

#[tokio::test]
async fn a_subscriber_notes_what_it_hears() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("mqtt://{}", listener.local_addr().unwrap());
    let subscriber = Subscriber::start(&url, "a/#", Clock::manual(present()).0).unwrap();
    tokio::time::timeout(Duration::from_secs(60), raw_broker(listener)).await.unwrap();
    assert!(subscriber.is_subscribed());
    let heard = subscriber.heard();
    let told: Vec<_> =
        heard.iter().map(|p| (p.topic.as_str(), p.payload.as_str(), p.qos, p.retained)).collect();
    assert_eq!(told, [("a/b", "hi", 0, true), ("a/c", "yo", 1, false)]);
    let page = subscriber.show("127.0.0.1:0").await.unwrap();
    let told: serde_json::Value =
        reqwest::get(format!("{page}simulator/heard")).await.unwrap().json().await.unwrap();
    assert_eq!((&told["count"], &told["heard"][1]["payload"]), (&2.into(), &"yo".into()));
    for bad in ["http://127.0.0.1", "127.0.0.1:1883", "mqtts://127.0.0.1"] {
        Subscriber::start(bad, "#", Clock::system()).unwrap_err();
    }
}

#[test]
fn a_handset_shows_what_the_real_one_would() {
    let world = World::demo(1, present());
    let crew = world.modem("crew").unwrap();
    let mailboxes = Mailboxes::of(world.modems());
    let world = world.hearing(&mailboxes);
    let texts = [
        // As the specification of the server has it, north and west.
        "+DATA:PK004,3749.5074,N,12216.6021,W,2.371,45.5,210501.0000,1",
        // Unsigned and padded, south and east.
        "+DATA:PK004,3350.1234,S,15112.5678,E,0.5,359.9,000000.0000,0",
        // As the original server sent the same: the sign and the letter cancel each other out.
        "+DATA:PK004,-3350.1234,S,15112.5678,E,0.5,359.9,000000.0000,0",
        // Seven fields, and a command: neither is shown.
        "+DATA:PK004,3749.5074,N,12216.6021,W,2.371,45.5,210501.0000",
        "+DATA:PK006,10;",
    ];
    for (text, number) in texts.into_iter().zip(1..) {
        mailboxes.queue(crew, number, present(), text.into()).unwrap();
    }
    assert_eq!(Screen::of(&mailboxes, crew), Screen::default());
    assert!(world.events(present()..present().plus(DAY)).count() > 0);
    let screen = Screen::of(&mailboxes, crew);
    let places: Vec<_> = screen
        .shown
        .iter()
        .map(|shown| (format!("{:.6}", shown.latitude), format!("{:.6}", shown.longitude)))
        .collect();
    let place = |latitude: &str, longitude: &str| (latitude.to_owned(), longitude.to_owned());
    let expected = [
        place("37.825123", "-122.276702"),
        place("-33.835390", "151.209463"),
        place("33.835390", "151.209463"),
    ];
    assert_eq!(places, expected);
    let first = &screen.shown[0];
    let fields = [&first.speed, &first.course, &first.time, &first.status].map(String::as_str);
    assert_eq!(fields, ["2.371", "45.5", "210501.0000", "1"]);
    assert_eq!(screen.dropped, texts[3..]);
    assert!(screen.crashed.is_empty());
    // A degree without a digit is more than its program can bear; it is up again before its next report.
    mailboxes.queue(crew, 6, present(), b"+DATA:PK004,12.5,S,30.25,W,1,1,000000.0000,0".to_vec()).unwrap();
    assert!(world.events(present()..present().plus(DAY)).count() > 0);
    assert_eq!(Screen::of(&mailboxes, crew).crashed.len(), 1);
}
