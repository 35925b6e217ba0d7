//! The line: what the firmware's websocket client does, to the byte.

use fairlead_model::{Clock, Secret};
use fairlead_simulator::satellite::bench::{BenchSettings, Doing, Habits, Powered, switch_on};

use super::raw_hub::{RawHub, SWITCHING};
use crate::present;

fn device(hub: &RawHub) -> Powered {
    let settings = BenchSettings {
        habits: Habits::HURRIED,
        ..BenchSettings::new(&hub.url(), "http://127.0.0.1:9/v1", "PK001")
    };
    switch_on(settings, &Clock::manual(present()).0).unwrap()
}

#[tokio::test]
async fn the_request_is_the_firmwares_own() {
    let hub = RawHub::new().await;
    let settings = BenchSettings {
        key: Some(Secret::new("s3cret")),
        ..BenchSettings::new(&hub.url(), "http://127.0.0.1:9/v1", "PK001")
    };
    let _device = switch_on(settings, &Clock::manual(present()).0).unwrap();
    let (_line, request) = hub.dialled().await;
    let port = hub.url().rsplit(':').next().unwrap().to_owned();
    let lines: Vec<&str> = request.split("\r\n").collect();
    assert_eq!(
        lines[..4],
        [
            "GET /PK001?key=s3cret HTTP/1.1",
            &format!("Host: 127.0.0.1:{port}"),
            "Connection: Upgrade",
            "Upgrade: websocket"
        ]
    );
    let key = lines[4].strip_prefix("Sec-WebSocket-Key: ").unwrap();
    assert_eq!((key.len(), &key[22..]), (24, "=="));
    assert_eq!(lines[5..], ["Sec-WebSocket-Version: 13", "Origin: http://localhost", "", ""]);
}

#[tokio::test]
async fn only_the_exact_status_line_opens_a_line() {
    let hub = RawHub::new().await;
    let device = device(&hub);
    for answer in [
        "HTTP/1.0 101 Switching Protocols\r\n\r\n",
        "http/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/1.1 101\r\n\r\n",
        "HTTP/1.1 403 Forbidden\r\n\r\n",
        "\r\n\r\n",
    ] {
        let (mut line, _) = hub.dialled().await;
        line.send(answer.as_bytes()).await;
        line.let_go().await;
        assert_eq!(device.report().lines, 0, "{answer}");
    }
    let mut line = hub.connected().await;
    line.say("?").await;
    assert_eq!(line.hear().await, r#"{"error":"Malformed Request"}"#);
    assert_eq!(device.report().lines, 1);
}

#[tokio::test]
async fn every_text_is_answered_with_the_state() {
    let hub = RawHub::new().await;
    let device = device(&hub);
    let mut line = hub.connected().await;
    line.say(r#"["CMD","service",[]]"#).await;
    assert!(line.hear().await.starts_with(r#"{"iam": "PK001""#));
    // A head and a frame in pieces, and several frames at once.
    for byte in [&[0x81], &[3], &b"abc"[..], &[0x81, 1, b'x', 0x81, 1, b'y']] {
        line.send(byte).await;
    }
    for text in ["abc", "x", "y"] {
        assert_eq!(line.hear().await, r#"{"error":"Malformed Request"}"#);
        assert_eq!(line.hear().await, format!(r#"{{"error":"{text}"}}"#));
        assert_eq!(line.hear().await, r#"{"error":"syntax error in JSON"}"#);
        assert!(line.hear().await.starts_with(r#"{"iam": "#));
    }
    assert_eq!(device.until(|report| report.heard == 4).await.doing, Doing::OnLine);
}

#[tokio::test]
async fn a_ping_is_answered_when_the_device_has_time() {
    let hub = RawHub::new().await;
    let _device = device(&hub);
    let mut line = hub.connected().await;
    line.say(r#"["CMD","hal",[]]"#).await;
    line.frame(0x89, b"there?").await;
    let texts = [line.hear().await, line.hear().await];
    assert_eq!(texts, [r#"{"info":"Initializing hardware..."}"#, r#"{"info":"Done"}"#]);
    for _ in 0..3 {
        line.hear().await;
    }
    assert_eq!(line.next().await, (0x8a, b"there?".to_vec()));
}

#[tokio::test]
async fn a_fragment_silences_the_device_and_its_line_stays_open() {
    for first in [0x01, 0x80] {
        let hub = RawHub::new().await;
        let device = device(&hub);
        let mut line = hub.connected().await;
        line.frame(first, b"[\"GET\"").await;
        device.until(|report| report.doing == Doing::Silent).await;
        line.frame(0x89, b"there?").await;
        line.say(r#"["GET","wifi",[]]"#).await;
        // Only its button helps; then it dials anew, and the old line is let go once the new one stands.
        device.power_cycle();
        let mut new = hub.connected().await;
        line.let_go().await;
        new.say("?").await;
        new.hear().await;
        assert_eq!((device.report().starts, device.report().lines), (2, 2));
    }
}

#[tokio::test]
async fn a_close_is_neither_answered_nor_followed_and_the_device_dials_again() {
    let hub = RawHub::new().await;
    let _device = device(&hub);
    let mut line = hub.connected().await;
    line.frame(0x88, &[0x03, 0xe8]).await;
    let (mut new, _) = hub.dialled().await;
    // The old one is still open, without an answer: the first thing on it is its end, and only after the new one stands.
    new.send(SWITCHING.as_bytes()).await;
    new.hear().await;
    line.let_go().await;
    new.say("?").await;
    new.hear().await;
}

#[tokio::test]
async fn a_line_that_ends_is_dialled_again() {
    let hub = RawHub::new().await;
    let device = device(&hub);
    for _ in 0..3 {
        drop(hub.connected().await);
    }
    assert_eq!(device.until(|report| report.lines == 3).await.starts, 1);
}

#[tokio::test]
async fn a_reset_leaves_the_line_without_a_word_and_comes_back_in_the_app_that_was_chosen() {
    let hub = RawHub::new().await;
    let device = device(&hub);
    let mut line = hub.connected().await;
    line.say(r#"["CMD","reset",[]]"#).await;
    let mut new = hub.connected().await;
    line.let_go().await;
    new.say(r#"["CMD","switch_app",["lorabase"]]"#).await;
    assert_eq!(new.hear().await, r#"{"info":"Switching to app lorabase"}"#);
    new.hear().await;
    new.say(r#"["CMD","reset",[]]"#).await;
    new.let_go().await;
    let report = device.until(|report| matches!(report.doing, Doing::Away(_))).await;
    assert_eq!((report.starts, report.lines), (3, 2));
}

#[tokio::test]
async fn a_device_that_was_told_a_network_that_is_not_there_is_lost_until_somebody_comes() {
    let hub = RawHub::new().await;
    let device = device(&hub);
    let mut line = hub.connected().await;
    line.say(r#"["CMD","store_new_sta",["Nowhere","x"]]"#).await;
    assert_eq!(line.hear().await, r#"{"wifi/stored/ssid":"Nowhere"}"#);
    line.hear().await;
    line.say(r#"["CMD","reset",[]]"#).await;
    line.let_go().await;
    device.until(|report| report.doing == Doing::NoNetwork).await;
}

#[tokio::test]
async fn running_drivers_speak_without_being_asked() {
    let hub = RawHub::new().await;
    let _device = device(&hub);
    let mut line = hub.connected().await;
    line.say(r#"["CMD","start_gps",[]]"#).await;
    line.hear().await;
    for _ in 0..3 {
        for _ in 0..8 {
            assert!(line.hear().await.starts_with(r#"{"gps/"#));
        }
    }
}
