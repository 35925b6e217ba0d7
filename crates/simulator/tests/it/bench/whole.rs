//! A device from its line to its new version and back.

use fairlead_model::Clock;
use fairlead_model::device::DeviceKind;
use fairlead_simulator::firmware_tree::FirmwareTree;
use fairlead_simulator::satellite::bench::{
    BenchFleet, BenchSettings, Doing, Ended, Flash, Habits, register, switch_on,
};
use futures_util::{SinkExt, StreamExt};

use tokio_tungstenite::tungstenite::Message;

use super::raw_hub::RawHub;
use super::raw_server::{RawServer, json};
use super::upgrade::original;
use crate::present;

#[tokio::test]
async fn a_device_that_is_told_to_fetch_firmware_comes_back_with_it() {
    let [old, new] = [0, 1].map(|version| FirmwareTree::new(1, version));
    let server = RawServer::new(original(new.clone())).await;
    let hub = RawHub::new().await;
    let settings = BenchSettings {
        habits: Habits::HURRIED,
        flash: Flash::running(&old),
        ..BenchSettings::new(&hub.url(), &server.url(), "PK001")
    };
    let device = switch_on(settings, &Clock::manual(present()).0).unwrap();
    let mut line = hub.connected().await;
    assert_eq!(*device.report().files, *old.files());
    line.say(r#"["CMD","switch_app",["updatepy"]]"#).await;
    line.hear().await;
    line.hear().await;
    line.say(r#"["CMD","reset",[]]"#).await;
    line.let_go().await;
    // It comes back to the line by itself.
    let _line = hub.connected().await;
    let report = device.until(|report| report.lines == 2).await;
    assert_eq!(
        (report.doing, report.upgrades, report.last_upgrade),
        (Doing::OnLine, 1, Some(Ended::Upgraded))
    );
    assert_eq!(*report.files, *new.files());
    assert_eq!(server.seen()[0].0.lines().next(), Some("POST /v1/buoy/PK001/upgrade HTTP/1.0"));
    device.stop().await;
}

#[tokio::test]
async fn a_device_that_hangs_in_an_upgrade_is_freed_by_its_button() {
    let server = RawServer::new(|_| json(r#"{"job_id":7,"status":3}"#)).await;
    let hub = RawHub::new().await;
    let settings =
        BenchSettings { habits: Habits::HURRIED, ..BenchSettings::new(&hub.url(), &server.url(), "PK001") };
    let device = switch_on(settings, &Clock::manual(present()).0).unwrap();
    let mut line = hub.connected().await;
    line.say(r#"["CMD","switch_app",["updatepy"]]"#).await;
    line.say(r#"["CMD","reset",[]]"#).await;
    device.until(|report| report.doing == Doing::Upgrading).await;
    device.power_cycle();
    let _line = hub.connected().await;
    let report = device.until(|report| report.lines == 2).await;
    assert_eq!((report.upgrades, report.last_upgrade), (0, None));
}

#[tokio::test]
async fn a_fleet_has_names_and_is_switched_off_and_on_as_one() {
    let hub = RawHub::new().await;
    let one = BenchSettings {
        habits: Habits::HURRIED,
        ..BenchSettings::new(&hub.url(), "http://127.0.0.1:9/v1", "")
    };
    let devices = BenchFleet::alike(&one, "PK", 5);
    let fleet = BenchFleet::switch_on(devices, &Clock::manual(present()).0).unwrap();
    let mut lines = Vec::new();
    let mut targets = Vec::new();
    for _ in 0..5 {
        let (mut line, request) = hub.dialled().await;
        targets.push(request.split(' ').nth(1).unwrap().to_owned());
        line.send(super::raw_hub::SWITCHING.as_bytes()).await;
        lines.push(line);
    }
    targets.sort();
    assert_eq!(targets, ["/PK001", "/PK002", "/PK003", "/PK004", "/PK005"]);
    fleet.until_each(|report| report.lines == 1).await;
    fleet.power_cycle();
    for _ in 0..5 {
        lines.push(hub.connected().await);
    }
    fleet.until_each(|report| report.lines == 2).await;
    assert_eq!(fleet.count(|report| report.starts == 2), 5);
    assert_eq!(fleet.device("PK003").unwrap().name(), "PK003");
    fleet.stop().await;
}

#[tokio::test]
async fn a_device_asks_for_its_name() {
    let server = RawServer::new(|request| {
        assert!(request.as_object().unwrap().len() < 2);
        json(&format!(r#"{{"iam":"{}"}}"#, request["iam"].as_str().unwrap_or("PK003")))
    })
    .await;
    assert_eq!(register(&server.url(), DeviceKind::Buoy, None).await.unwrap(), "PK003");
    assert_eq!(register(&server.url(), DeviceKind::Handset, Some("HS009")).await.unwrap(), "HS009");
    let paths: Vec<String> =
        server.seen().iter().map(|(head, _)| head.lines().next().unwrap().to_owned()).collect();
    assert_eq!(paths, ["POST /v1/buoy/register HTTP/1.0", "POST /v1/handset/register HTTP/1.0"]);
}

#[tokio::test]
async fn an_ordinary_websocket_server_understands_the_line() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hub = format!("ws://{}", listener.local_addr().unwrap());
    let settings = BenchSettings {
        habits: Habits::HURRIED,
        ..BenchSettings::new(&hub, "http://127.0.0.1:9/v1", "PK001")
    };
    let _device = switch_on(settings, &Clock::manual(present()).0).unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let mut line = tokio_tungstenite::accept_async(stream).await.unwrap();
    assert!(line.next().await.unwrap().unwrap().to_text().unwrap().starts_with(r#"{"iam": "PK001""#));
    // Long enough for each of the two short lengths of a frame.
    let long = "x".repeat(2_000);
    line.send(Message::text(long.clone())).await.unwrap();
    let answers = [line.next().await, line.next().await].map(|answer| answer.unwrap().unwrap());
    assert_eq!(answers[1].to_text().unwrap(), format!(r#"{{"error":"{long}"}}"#));
}
