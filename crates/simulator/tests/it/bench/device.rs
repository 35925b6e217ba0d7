//! The firmware behind the line: each sequence of texts as the real one has it.

use std::time::Duration;

use fairlead_model::Clock;
use fairlead_model::device::DeviceKind;
use fairlead_simulator::satellite::bench::{App, BenchDevice, Driver, Step, Wifi};
use serde_json::Value;

use crate::present;

fn wifi() -> Wifi {
    Wifi::on("Boathouse", "low tide", 21).reaches("Pier", "slack water")
}

fn device() -> BenchDevice {
    device_on(wifi())
}

fn device_on(wifi: Wifi) -> BenchDevice {
    BenchDevice::new("PK001", DeviceKind::Buoy, wifi, 1, Clock::manual(present()).0)
}

/// What the device says; how long it was busy counts for itself.
fn said(steps: Vec<Step>) -> Vec<String> {
    let texts = steps.into_iter().filter_map(|step| match step {
        Step::Say(text) => Some(text),
        Step::Busy(_) => None,
        other => panic!("{other:?}"),
    });
    texts.collect()
}

/// What it says, where the last is its state, without that.
fn before_state(steps: Vec<Step>) -> Vec<String> {
    let mut texts = said(steps);
    assert_state(&texts.pop().unwrap());
    texts
}

fn assert_state(text: &str) -> Value {
    let state: Value = serde_json::from_str(text).unwrap();
    assert_eq!((&state["iam"], &state["dev"]), (&"PK001".into(), &"buoy".into()));
    assert!(state["batt/main_v"].is_f64(), "{text}");
    let keys: Vec<&String> = state.as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), 9, "{text}");
    state
}

#[test]
fn the_state_tells_which_drivers_there_are_with_mixed_types() {
    let mut device = device();
    let state = assert_state(&device.state());
    assert_eq!((&state["gps/enabled"], &state["gps/running"]), (&false.into(), &false.into()));
    device.hear(r#"["CMD","start_gps",[]]"#);
    let state = assert_state(&device.state());
    assert_eq!((&state["gps/enabled"], &state["gps/running"]), (&1.into(), &true.into()));
    assert_eq!((&state["rb/enabled"], &state["lora/running"]), (&false.into(), &false.into()));
}

#[test]
fn wifi_is_nine_lines_and_ten_with_the_access_point() {
    let lines = before_state(device().hear(r#"["GET","wifi",[]]"#));
    assert_eq!(lines.len(), 11);
    assert_eq!(lines[0], r#"{"info":"Querying networking..."}"#);
    assert_eq!(lines[1], r#"{"wifi/stored/ssid":"Boathouse"}"#);
    assert_eq!(lines[2], r#"{"wifi/ap/active":"False"}"#);
    assert_eq!(lines[6], r#"{"wifi/net/connected":"True"}"#);
    assert_eq!(lines[10], r#"{"info":"Done"}"#);
    let keys: Vec<String> = lines[1..10].iter().map(|line| key(line)).collect();
    assert_eq!(
        keys,
        [
            "wifi/stored/ssid",
            "wifi/ap/active",
            "wifi/net/active",
            "wifi/net/mac",
            "wifi/net/ap",
            "wifi/net/connected",
            "wifi/net/ip",
            "wifi/net/gw",
            "wifi/net/dns"
        ]
    );
    let lines =
        before_state(device_on(wifi().with_access_point("Paikea-buoy-PK001")).hear(r#"["GET","wifi",[]]"#));
    assert_eq!(lines.len(), 12);
    assert_eq!(lines[2..4], [r#"{"wifi/ap/active":"True"}"#, r#"{"wifi/ap/ssid":"Paikea-buoy-PK001"}"#]);
}

fn key(line: &str) -> String {
    let value: Value = serde_json::from_str(line).unwrap();
    let object = value.as_object().unwrap();
    assert_eq!(object.len(), 1);
    object.keys().next().unwrap().clone()
}

#[test]
fn hal_keeps_the_device_busy_and_shows_the_state_before_the_battery() {
    for (mut device, errors) in [(device(), 0), (device().with_broken(Driver::RockBlock), 1)] {
        let steps = device.hear(r#"["CMD","hal",[]]"#);
        let Step::Busy(busy) = steps[1] else { panic!("{steps:?}") };
        assert!((Duration::from_secs(6)..Duration::from_secs(15)).contains(&busy));
        let texts = said(steps);
        assert_eq!(texts.len(), 5);
        assert_eq!(texts[..2], [r#"{"info":"Initializing hardware..."}"#, r#"{"info":"Done"}"#]);
        assert_eq!(texts[2], format!(r#"{{"hardware_errors":"{errors}"}}"#));
        let state = assert_state(&texts[3]);
        assert_eq!(state["rb/enabled"], if errors == 0 { Value::from(1) } else { Value::from(false) });
        assert_eq!(key(&texts[4]), "batt/main_v");
    }
}

#[test]
fn a_malformed_request_is_three_errors_and_the_state() {
    for (text, reason) in [
        ("{nonsense", "syntax error in JSON"),
        ("[]", "need more than 0 values to unpack"),
        ("[1,2]", "need more than 2 values to unpack"),
        ("[1,2,3,4]", "too many values to unpack (expected 3)"),
        ("17", "'int' object isn't iterable"),
    ] {
        let errors = before_state(device().hear(text));
        let expected = ["Malformed Request", text, reason].map(|error| format!(r#"{{"error":"{error}"}}"#));
        assert_eq!(errors, expected);
    }
    // Quotes go into the answer as they are, and so it is no JSON.
    let errors = before_state(device().hear(r#"["GET","wifi""#));
    assert_eq!(errors[1], r#"{"error":"["GET","wifi""}"#);
    assert!(serde_json::from_str::<Value>(&errors[1]).is_err());
}

#[test]
fn an_unknown_verb_or_name_brings_the_state_alone() {
    for text in [
        r#"["PUT","wifi",[]]"#,
        r#"["GET","hal",[]]"#,
        r#"["CMD","dance",[]]"#,
        r#"["CMD","start_sonar",[]]"#,
        r#"[1,2,3]"#,
        r#""abc""#,
    ] {
        assert!(before_state(device().hear(text)).is_empty(), "{text}");
    }
}

#[test]
fn networks_are_stored_and_tested() {
    let mut device = device();
    let stored = before_state(device.hear(r#"["CMD","store_new_sta",["Pier","slack water"]]"#));
    assert_eq!(stored, [r#"{"wifi/stored/ssid":"Pier"}"#]);
    assert_eq!(before_state(device.hear(r#"["GET","wifi",[]]"#))[1], r#"{"wifi/stored/ssid":"Pier"}"#);
    let quoted = before_state(device.hear(r#"["CMD","store_new_sta",["Bob \"the\" boat","x"]]"#));
    assert_eq!(quoted, [r#"{"wifi/stored/ssid":"Bob "the" boat"}"#]);
    assert!(serde_json::from_str::<Value>(&quoted[0]).is_err());

    let unknown = before_state(device.hear(r#"["CMD","test_new_sta",["Nowhere","x"]]"#));
    assert_eq!(
        unknown,
        [
            r#"{"info":"Starting network scan"}"#,
            r#"{"wifi/test/result":"Fail"}"#,
            r#"{"info":"Network Nowhere Not Found"}"#
        ]
    );
    let known = before_state(device.hear(r#"["CMD","test_new_sta",["Pier","slack water"]]"#));
    assert_eq!(
        known,
        [
            r#"{"info":"Starting network scan"}"#,
            r#"{"wifi/sta/new_test":"Pier"}"#,
            r#"{"wifi/sta/connected":"True"}"#,
            r#"{"wifi/sta/ip":"192.168.7.21"}"#,
            r#"{"wifi/sta/gw":"192.168.7.1"}"#,
            r#"{"wifi/sta/dns":"192.168.7.1"}"#,
            r#"{"wifi/test/result":"Success"}"#
        ]
    );
    let wrong = before_state(device.hear(r#"["CMD","test_new_sta",["Pier","low tide"]]"#));
    assert_eq!(wrong[2..], [r#"{"wifi/sta/connected":"False"}"#, r#"{"wifi/test/result":"Fail"}"#]);
}

#[test]
fn apps_are_switched_by_their_names() {
    let bad = r#"{"error":"Bad args for app, need at least 1, no more than 2"}"#;
    for (arguments, answer) in [
        ("[]", bad),
        (r#"["a","b","c"]"#, bad),
        (r#"["bogus"]"#, r#"{"error":"bogus not a valid app"}"#),
        (r#"["updatepy"]"#, r#"{"info":"Switching to app updatepy"}"#),
        (r#"["lora_receiver","x"]"#, r#"{"info":"Switching to app lora_receiver"}"#),
    ] {
        let mut device = device();
        assert_eq!(before_state(device.hear(&format!(r#"["CMD","switch_app",{arguments}]"#))), [answer]);
    }
    for app in
        ["buoy", "handset", "irdbase", "lorabase", "lora_receiver", "lora_sender", "ota", "shell", "updatepy"]
    {
        let mut device = device();
        device.hear(&format!(r#"["CMD","switch_app",["{app}"]]"#));
        assert_eq!(device.app().as_str(), app);
    }
}

#[test]
fn service_is_the_work_of_the_devices_kind_and_reset_says_nothing() {
    let mut buoy = device();
    assert!(before_state(buoy.hear(r#"["CMD","service",[]]"#)).is_empty());
    assert_eq!(buoy.app(), App::Buoy);
    let mut handset = BenchDevice::new("HS001", DeviceKind::Handset, wifi(), 1, Clock::manual(present()).0);
    handset.hear(r#"["CMD","service",[]]"#);
    assert_eq!(handset.app(), App::Handset);
    assert_eq!(handset.hear(r#"["CMD","reset",[]]"#), [Step::Reset]);
}

#[test]
fn an_exception_that_nobody_catches_leaves_a_silent_device() {
    for text in [
        r#"["CMD","switch_app",5]"#,
        r#"["CMD","store_new_sta",["only a name"]]"#,
        r#"["CMD","test_new_sta",null]"#,
    ] {
        assert_eq!(device().hear(text), [Step::FallSilent], "{text}");
    }
}

#[test]
fn drivers_show_their_values_while_they_run() {
    let mut device = device();
    assert!(!device.is_live() && device.live().is_empty());
    assert!(before_state(device.hear(r#"["CMD","start_gps",[]]"#)).is_empty());
    assert!(device.is_live());
    let first: Vec<String> = device.live().iter().map(|line| key(line)).collect();
    assert_eq!(first.len(), 8);
    assert!(first.iter().all(|key| key.starts_with("gps/")));
    for prefix in ["gps/location/", "gps/signal/", "gps/course/"] {
        assert!(first.iter().any(|key| key.starts_with(prefix)), "{prefix}");
    }
    // Before the first fix, Python has nothing; after it, a figure.
    let latitudes: Vec<String> = (0..20).map(|_| device.live().swap_remove(0)).collect();
    assert_eq!(latitudes[0], r#"{"gps/location/lat":"None"}"#);
    assert!(latitudes[19].starts_with(r#"{"gps/location/lat":"36.80"#), "{}", latitudes[19]);
    device.hear(r#"["CMD","stop_gps",[]]"#);
    assert!(!device.is_live());

    device.hear(r#"["CMD","start_rb",[]]"#);
    let all = ["rb/csq", "rb/mo_flag", "rb/mt_flag", "rb/momsn", "rb/mtmsn", "rb/ra_flag", "rb/queue"];
    let first: Vec<String> = device.live().iter().map(|line| key(line)).collect();
    assert_eq!(first, all);
    let later: Vec<String> = (0..2_000).flat_map(|_| device.live()).collect();
    assert!(later.len() < 2_000, "values that do not change are not said again");
    let message = later.iter().find(|line| line.starts_with(r#"{"rb/msg""#)).unwrap();
    assert!(serde_json::from_str::<Value>(message).unwrap()["rb/msg"].is_object());
}

#[test]
fn lora_is_heard_and_answers_while_it_runs() {
    let mut device = device();
    let send = r#"["CMD","send_lora",["Hello pier"]]"#;
    assert_eq!(before_state(device.hear(send)), [r#"{"info":"LoRa not running"}"#]);
    device.hear(r#"["CMD","start_lora",[]]"#);
    assert!(before_state(device.hear(send)).is_empty());
    let answer = device.live();
    assert_eq!(answer[0], r#"{"lora/msg":"HS004 ACK Hello pier"}"#);
    assert_eq!(key(&answer[1]), "lora/rssi");
    let heard: Vec<String> = (0..100).flat_map(|_| device.live()).collect();
    assert!(heard.iter().any(|line| line.starts_with(r#"{"lora/msg":"PK004;"#)), "{heard:?}");
}

#[test]
fn a_device_that_does_not_answer_is_an_error_and_does_not_run() {
    let mut device = device().with_broken(Driver::Gps);
    let answer = before_state(device.hear(r#"["CMD","start_gps",[]]"#));
    assert_eq!(answer, [r#"{"error":"gps does not answer"}"#]);
    assert!(!device.is_live());
}

#[test]
fn the_same_seed_makes_the_same_device() {
    let course = |seed: u64| {
        let clock = Clock::manual(present()).0;
        let mut device = BenchDevice::new("PK001", DeviceKind::Buoy, wifi(), seed, clock);
        for order in ["hal", "start_gps", "start_rb", "start_lora"] {
            device.hear(&format!(r#"["CMD","{order}",[]]"#));
        }
        (0..50).flat_map(|_| device.live()).collect::<Vec<_>>()
    };
    assert_eq!(course(4), course(4));
    assert_ne!(course(4), course(5));
}
