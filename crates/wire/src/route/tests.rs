//! Each format and each text by example, with the original's own pairs, and what holds for whatever a message says.

use fairlead_model::device::DeviceKind;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

const IMEI: &str = "300434063836590";

fn at(text: &str) -> Time {
    Time::parse_rfc3339(text).unwrap()
}

fn place(latitude: f64, longitude: f64) -> Option<(Latitude, Longitude)> {
    Some((Latitude::new(latitude).unwrap(), Longitude::new(longitude).unwrap()))
}

/// A buoy's report, row 21 of the pairs of the original.
fn facts(body: &[u8]) -> Facts<'_> {
    let measured_at = at("2020-10-02T21:05:01.086Z");
    Facts {
        message_id: Uuid::from_bytes([1; 16]).into(),
        message: RouteMessage::Position,
        device: Some(DeviceRef {
            id: Uuid::from_bytes([2; 16]).into(),
            kind: DeviceKind::Buoy,
            name: "PK001".to_owned(),
        }),
        received_at: at("2020-10-02T21:07:40Z"),
        pushed: Pushed {
            provider: "rockblock",
            content_type: None,
            body,
            imei: IMEI.parse().unwrap(),
            serial: Some("13760"),
            momsn: Some(441),
            transmitted_at: Some(at("2020-10-02T21:07:37Z")),
            iridium_latitude: Some(37.774),
            iridium_longitude: Some(-122.405),
            iridium_cep_km: Some(4.0),
            session_status: Some(2),
            payload: Some(b"PK001"),
            payload_raw: None,
        },
        said: Said {
            fix: place(37.825_123, -122.276_702),
            speed_m_s: Some(crate::nmea::km_h_to_m_s(2.371)),
            course_deg: Some(45.5),
            battery_v: Some(3.7),
            status_bits: Some(1),
            beacon_on: Some(true),
            ..Said::nothing("PK001", measured_at)
        },
    }
}

const ORIGINAL: &str = "{\"imei\": \"300434063836590\", \"serial\": \"13760\", \"momsn\": 441, \
                        \"transmit_time\": \"20-10-02%2021%3A07%3A37\", \"iridium_latitude\": \"37.7740\", \
                        \"iridium_longitude\": \"-122.4050\", \"iridium_cep\": \"4.0\", \
                        \"iridium_session_status\": \"2\", \"data\": \"504b303031\"}";

const FORM: &[u8] = b"imei=300434063836590&device_type=ROCKBLOCK&serial=13760&momsn=441\
                      &transmit_time=20-10-02%2021%3A07%3A37&iridium_latitude=37.7740&iridium_longitude=-122.4050\
                      &iridium_cep=4.0&iridium_session_status=2&data=504b303031";

#[test]
fn a_form_is_written_as_the_original_did() {
    assert_eq!(original(&facts(FORM)), ORIGINAL);
}

#[test]
fn a_json_push_is_encoded_as_its_form_would_have_been() {
    let body =
        br#"{"JWT":"x.y.z","imei":"300434063836590","device_type":"ROCKBLOCK","serial":13760,"momsn":441,
        "transmit_time":"20-10-02 21:07:37","iridium_latitude":37.7740,"iridium_longitude":-122.4050,
        "iridium_cep":4.0,"iridium_session_status":2,"data":"504b303031"}"#;
    assert_eq!(original(&facts(body)), ORIGINAL);
}

#[test]
fn what_was_received_stays_as_it_was_received() {
    let body = b"imei=300434063836590&momsn=441&transmit_time=20-10-02+21:07:37&data=504B303031&iridium_cep=";
    let row: Value = serde_json::from_str(&original(&facts(body))).unwrap();
    assert_eq!(
        row,
        json!({
            "imei": IMEI, "serial": null, "momsn": 441, "transmit_time": "20-10-02+21:07:37",
            "iridium_latitude": null, "iridium_longitude": null, "iridium_cep": "", "iridium_session_status": null,
            "data": "504B303031",
        })
    );
}

#[test]
fn a_repaired_payload_is_passed_on_repaired() {
    let mut facts = facts(FORM);
    facts.pushed.payload = Some(b"PK101");
    assert!(original(&facts).ends_with("\"data\": \"504b313031\"}"));
    facts.pushed.payload = None;
    facts.pushed.body = b"imei=300434063836590&data=zz";
    assert!(original(&facts).ends_with("\"data\": \"zz\"}"));
}

#[test]
fn another_providers_push_has_the_same_shape() {
    let mut facts = facts(b"{\"id\":\"1\"}");
    facts.pushed.provider = "cloudloop";
    assert_eq!(
        original(&facts),
        ORIGINAL.replace("37.7740", "37.774").replace(".4050", ".405").replace("4.0", "4")
    );
}

#[test]
fn what_python_escapes_is_escaped() {
    let body = "imei=300434063836590&serial=a\"b\\c\u{1}\u{7f}ü🐋&data=504b303031".as_bytes();
    let text = original(&facts(body));
    assert!(text.contains(r#""serial": "a\"b\\c\u0001\u007f\u00fc\ud83d\udc0b""#), "{text}");
    assert!(text.is_ascii());
}

#[test]
fn a_message_is_written_decoded() {
    let mut facts = facts(FORM);
    facts.said.speed_m_s = Some(0.5);
    let expected = json!({
        "version": 1, "message_id": "01010101-0101-0101-0101-010101010101", "message": "position",
        "device": {"id": "02020202-0202-0202-0202-020202020202", "kind": "buoy", "name": "PK001"},
        "imei": IMEI, "serial": "13760", "provider": "rockblock", "momsn": 441,
        "transmitted_at": "2020-10-02T21:07:37Z", "received_at": "2020-10-02T21:07:40Z", "kind": "PK001",
        "measured_at": "2020-10-02T21:05:01.086Z", "clock_ahead": false, "late": false,
        "latitude": 37.825_123, "longitude": -122.276_702, "estimate_latitude": null, "estimate_longitude": null,
        "estimate_accuracy_m": null, "speed_m_s": 0.5, "course_deg": 45.5, "altitude_m": null, "battery_v": 3.7,
        "battery_percent": null, "external_power": null, "temperature_c": null, "interval_s": null,
        "sleep_s": null, "status": null, "status_bits": 1, "beacon_on": true, "trigger": null, "text": null,
        "command": null, "command_value": null, "payload_hex": "504b303031",
    });
    assert_eq!(serde_json::from_str::<Value>(&json(&facts)).unwrap(), expected);
    let feature: Value = serde_json::from_str(&geojson(&facts)).unwrap();
    assert_eq!(
        feature,
        json!({
            "type": "Feature", "id": "01010101-0101-0101-0101-010101010101",
            "geometry": {"type": "Point", "coordinates": [-122.276_702, 37.825_123]}, "properties": expected,
        })
    );
    facts.said.fix = None;
    let feature: Value = serde_json::from_str(&geojson(&facts)).unwrap();
    assert_eq!((&feature["geometry"], &feature["properties"]["latitude"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_schema_names_what_is_written() {
    let names = |schema: &Value| {
        let mut names: Vec<String> = schema["properties"].as_object().unwrap().keys().cloned().collect();
        names.sort_unstable();
        names
    };
    let facts = facts(FORM);
    for format in Format::ALL {
        let schema = serde_json::to_value(schema(*format)).unwrap();
        let written: Value = serde_json::from_str(&write(*format, &facts)).unwrap();
        let mut keys: Vec<String> = written.as_object().unwrap().keys().cloned().collect();
        keys.sort_unstable();
        assert_eq!(names(&schema), keys, "{format:?}");
    }
    let json = serde_json::to_value(schema(Format::Json)).unwrap();
    assert_eq!(json["properties"]["received_at"]["format"], "date-time");
    assert_eq!(content_type(Format::Geojson), "application/geo+json");
}

#[test]
fn a_handset_is_told_unsigned_padded_figures() {
    let told = |fix, measured_at: &str| {
        let mut facts = facts(FORM);
        facts.said.fix = fix;
        facts.said.measured_at = at(measured_at);
        handset_text(&facts)
    };
    let row_21 = told(place(37.825_123, -122.276_702), "2020-10-02T21:05:01.086Z").unwrap();
    assert_eq!(row_21, "+DATA:PK004,3749.5074,N,12216.6021,W,2.371,45.5,210501.0000,1");
    let south = told(place(-33.835_39, 151.209_463), "2020-10-02T00:00:59.999Z").unwrap();
    assert_eq!(south, "+DATA:PK004,3350.1234,S,15112.5678,E,2.371,45.5,000059.0000,1");
    let near = told(place(0.208_333_333, -0.504_166_667), "2020-10-02T21:05:01Z").unwrap();
    assert_eq!(near, "+DATA:PK004,0012.5000,N,00030.2500,W,2.371,45.5,210501.0000,1");
    let sixty = told(place(37.999_999_999, -0.999_999_999), "2020-10-02T21:05:01Z").unwrap();
    assert_eq!(sixty, "+DATA:PK004,3800.0000,N,00100.0000,W,2.371,45.5,210501.0000,1");
    assert_eq!(told(None, "2020-10-02T21:05:01Z"), None, "no fix");
}

#[test]
fn a_clock_far_ahead_sends_nobody_anywhere() {
    let mut facts = facts(FORM);
    facts.said.clock_ahead = true;
    assert_eq!((handset_text(&facts), rockstar_text(&facts)), (None, None));
}

#[test]
fn a_tracker_is_told_signed_degrees_and_letters() {
    let mut facts = facts(FORM);
    let text = rockstar_text(&facts);
    assert_eq!(text.as_deref(), Some("2020-10-02 21:05:01:  37.825123 N, -122.276702 W"));
    facts.said.fix = place(-33.835_39, 151.209_463);
    let text = rockstar_text(&facts);
    assert_eq!(text.as_deref(), Some("2020-10-02 21:05:01:  -33.835390 S, 151.209463 E"));
    facts.said.fix = None;
    assert_eq!(rockstar_text(&facts), None);
}

mod properties {
    use proptest::prelude::*;

    use super::*;
    use crate::pk::MT_LIMIT_BYTES;

    prop_compose! {
        fn said()(
            latitude in -90.0..=90.0_f64,
            longitude in -180.0..=180.0_f64,
            speed_m_s in proptest::option::of(any::<f64>()),
            course_deg in proptest::option::of(any::<f64>()),
            status_bits in proptest::option::of(any::<u32>()),
            micros in any::<i64>(),
        ) -> Said {
            Said {
                fix: place(latitude, longitude),
                speed_m_s,
                course_deg,
                status_bits,
                ..Said::nothing("PK001", Time::from_micros(micros))
            }
        }
    }

    proptest! {
        #[test]
        fn a_handset_is_always_told_eight_fields(said in said()) {
            let facts = Facts { said, ..facts(FORM) };
            let text = handset_text(&facts).unwrap();
            prop_assert!(text.is_ascii() && text.len() <= MT_LIMIT_BYTES, "{text}");
            let fields: Vec<&str> = text.strip_prefix("+DATA:PK004,").unwrap().split(',').collect();
            prop_assert_eq!(fields.len(), 8);
            prop_assert!(!text.contains(';') && !text.contains('-'), "{}", text);
            for (field, degrees) in [(fields[0], 2), (fields[2], 3)] {
                prop_assert_eq!(field.len(), degrees + 7);
                prop_assert!(field[degrees..].parse::<f64>().unwrap() < 60.0, "{}", field);
            }
            prop_assert!(matches!(fields[1], "N" | "S") && matches!(fields[3], "E" | "W"));
            prop_assert!(fields[6].len() == 11 && fields[6].ends_with(".0000"));
        }

        #[test]
        fn any_body_is_written_as_one_line_of_ascii_json(body in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut form = FORM.to_vec();
            form.extend(body);
            let text = original(&facts(&form));
            prop_assert!(text.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            let row: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(row.as_object().unwrap().len(), 9);
        }
    }
}
