//! What the original's own tests pin of its parsing, the units each build means, and the sizes seen in the field.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fairlead_model::{Latitude, Longitude, Time};
use fairlead_wire::nmea::{self, TimeOfDay};
use fairlead_wire::pk::downlink::{self, HandsetReaction};
use fairlead_wire::pk::mo::{self, V2Fix, V3Wake};
use fairlead_wire::pk::{
    Command, Dialect, HandsetPosition, Message, MtText, ReportKind, Unreadable, WakeReason,
};
use fairlead_wire::rockblock::{self, BodyKind, Fields, NoImei, claims};

use crate::speakers::{at, decode, form, marks, near, place, report, report_of};

#[test]
fn six_pairs_out_of_hexadecimal() {
    let text = "PK001;lat:3749.5074,NS:N,lon:12216.6021,EW:W,utc:030501.086,batt:4.7";
    let payload = form(&format!("data={}", hex::encode(text))).payload.unwrap();
    assert_eq!(payload, text.as_bytes());
    let report = report(text);
    assert_eq!(report.kind, ReportKind::Pk001);
    let (latitude, longitude) = place(&report).unwrap();
    assert!(near(latitude, 37.0 + 49.5074 / 60.0) && near(longitude, -122.0 - 16.6021 / 60.0));
    assert_eq!(report.device_time, at("2020-10-02T03:05:01.086Z"));
    assert_eq!((report.battery_v, report.speed_m_s, report.status), (Some(4.7), None, None));
}

#[test]
fn a_payload_without_type_is_pushed_and_cannot_be_read() {
    let text = ";lat:3749.5074,NS:N,lon:12216.6021,EW:W,utc:030501.086,batt:4.7";
    assert!(matches!(decode(text), Err(Unreadable::NotPk { .. })));
    let body = format!(
        "imei=300434063836590&device_type=ROCKBLOCKTEST&serial=123456&momsn=441&transmit_time=20-03-15%2022%3A12%3A51\
         &iridium_latitude=37.7740&iridium_longitude=-122.4050&iridium_cep=2.0&iridium_session_status=0&data={}",
        hex::encode(text)
    );
    let push = rockblock::parse(BodyKind::Form, body.as_bytes()).unwrap();
    assert_eq!(push.imei.as_str(), "300434063836590");
    assert_eq!(push.device_type.as_deref(), Some("ROCKBLOCKTEST"));
    assert_eq!(push.serial.as_deref(), Some("123456"));
    assert_eq!((push.momsn, push.transmitted_at), (Some(441), Some(at("2020-03-15T22:12:51Z"))));
    let estimate = push.estimate.unwrap();
    assert_eq!((estimate.latitude.degrees(), estimate.longitude.degrees()), (37.774, -122.405));
    assert_eq!((estimate.cep_km, push.session_status), (Some(2.0), Some(0)));
    assert_eq!(push.payload.as_deref(), Some(text.as_bytes()));
    assert_eq!((push.jwt, push.unknown, push.faults), (None, BTreeMap::new(), vec![]));
}

#[test]
fn json_numbers_and_strings_mean_the_same() {
    let numbers = r#"{"imei":300434063836590,"device_type":"ROCKBLOCK","serial":123456,"momsn":441,"transmit_time":"20-03-15 22:12:51","iridium_latitude":37.7740,"iridium_longitude":-122.4050,"iridium_cep":2.0,"iridium_session_status":0,"data":"504b"}"#;
    let strings = r#"{"imei":"300434063836590","device_type":"ROCKBLOCK","serial":"123456","momsn":"441","transmit_time":"20-03-15 22:12:51","iridium_latitude":"37.7740","iridium_longitude":"-122.4050","iridium_cep":"2.0","iridium_session_status":"0","data":"504b"}"#;
    let parse = |body: &str| rockblock::parse(BodyKind::Json, body.as_bytes()).unwrap();
    assert_eq!(parse(numbers), parse(strings));
    assert_eq!(parse(numbers).faults, []);
}

#[test]
fn one_bad_json_value_costs_one_field() {
    let body = r#"{"imei":"300434063836590","momsn":1e999,"transmit_time":"\udc00","data":"504b\u0000","serial":{"a":[1]}}"#;
    let push = rockblock::parse(BodyKind::Json, body.as_bytes()).unwrap();
    let faults: Vec<String> = push.faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            r"`data` is `504b\u{0}`, not hexadecimal bytes",
            "`momsn` is `1e999`, not a number from 0 to 65535",
            r"`transmit_time` is `\\udc00`, not a UTC time like 20-10-02 21:07:37",
        ]
    );
    assert_eq!(push.serial.as_deref(), Some(r#"{"a":[1]}"#));
    let refused = rockblock::parse(BodyKind::Json, br#"{"imei":"3004340638365\ud800"}"#).unwrap_err();
    assert_eq!(refused, NoImei::Unreadable { found: r"`3004340638365\\ud800`".to_owned() });
}

#[test]
fn decimal_degrees_print_as_degrees_and_minutes() {
    // 30 degrees, 15 minutes, 50 seconds.
    let text = nmea::latitude_text(Latitude::new(30.263_888_889).unwrap()).text;
    assert_eq!(text, "3015.8333");
}

#[test]
fn every_second_of_a_day_belongs_to_the_24_hours_before_the_allowed_skew() {
    let base = at("2020-01-05T12:45:22.191919Z");
    let latest = base.plus(nmea::ALLOWED_SKEW);
    let day = std::time::Duration::from_secs(86_400);
    for second in 0..86_400 {
        let text = format!("{:02}{:02}{:02}.0000", second / 3600, second / 60 % 60, second % 60);
        let time = TimeOfDay::parse(&text).unwrap().before(base);
        assert!(time <= latest && time > latest.minus(day), "{text}");
        assert_eq!(TimeOfDay::of(time).to_string(), text[..6]);
    }
}

#[test]
fn the_suspect_position_as_pairs_and_by_place() {
    let pairs =
        report("PK001;lat:3779.1234,NS:N,lon:12256.64322,EW:W,utc:104355.9374,sog:3.4,cog:23.5,sta:00");
    let places = report("PK004;3779.1234,N,12256.64322,W,3.4,23.5,104355.9374,00");
    for report in [&pairs, &places] {
        let (latitude, longitude) = place(report).unwrap();
        assert_eq!(latitude, 38.318_723_333_333_33);
        assert!(near(longitude, -122.944_053_666_666));
        assert!(report.fix_is_suspect());
        assert_eq!(report.device_time, at("2020-10-02T10:43:55.937400Z"));
        assert_eq!(
            (report.speed_raw, report.course_deg, report.beacon_on()),
            (Some(3.4), Some(23.5), Some(false))
        );
    }
}

#[test]
fn the_beacon_fixture() {
    assert_eq!(decode("PK005;1"), Ok(Message::Command(Command::Beacon { on: true })));
}

#[test]
fn each_build_means_its_own_unit() {
    let place = "lat:3749.5074,NS:N,lon:12216.6021,EW:W";
    let v2 = report(&format!("PK001;{place},utc:210501.086,sog:3.6,cog:45.5,sta:01,batt:3.7"));
    let v3 = report(&format!("PK001;{place},utc:210501.00,sog:3.6,cog:45.5,batt:3.71"));
    let handset = report(&format!("PK001;{place},utc:210501.086,sog:3.6,cog:45.5"));
    for (report, dialect, m_s) in
        [(v2, Dialect::V2Buoy, 1.0), (v3, Dialect::V3Buoy, 1.852), (handset, Dialect::Handset, 1.0)]
    {
        assert_eq!(report.dialect, Some(dialect));
        assert!(near(report.speed_m_s.unwrap(), m_s), "{dialect}");
    }
}

#[test]
fn a_text_that_tells_its_build_corrects_what_was_known() {
    let text = "PK101;lat:3750.5117,NS:N,lon:12216.5280,EW:W,utc:191049,batt:3.7,int:10,sl:0,st:7,x:y";
    let report = report_of(text, Some(Dialect::V2Buoy));
    assert_eq!(report.dialect, Some(Dialect::V3Buoy));
    assert_eq!(marks(&report), ["the text is that of a v3 buoy, the modem was known as a v2 buoy"]);
    assert_eq!(report.wake_reason, Some(WakeReason::Unknown(7)));
    assert_eq!(report.unknown, BTreeMap::from([("x".to_owned(), "y".to_owned())]));
}

#[test]
fn out_of_range_and_repeated_values_are_marked() {
    let report = report(
        "PK001;lat:9100.0000,NS:N,lon:12216.6021,EW:Q,utc:210501.00,utc:1,cog:361,sog:-1,batt:1e9,int:1441,sl:4321,st:x,junk",
    );
    assert_eq!(report.fix, None);
    assert_eq!(
        marks(&report),
        [
            "`utc` occurs again; the first was taken",
            "`junk` is no `key:value` pair",
            "sog is `-1`: not a speed",
            "lat is `9100.0000`: beyond 90 degrees",
            "EW is `Q`: the hemisphere letter is not E or W",
            "cog is `361`: not degrees from 0 to 360",
            "batt is `1e9`: not volts",
            "int is `1441`: not whole minutes from 1 to 1440",
            "sl is `4321`: not whole minutes from 0 to 4320",
            "st is `x`: not a number",
        ]
    );
}

#[test]
fn pythons_none_is_no_fix_and_an_empty_coordinate_is_missing() {
    let none = report("PK001;lat:None,NS:None,lon:None,EW:None,utc:None,sog:None,cog:None,sta:00,batt:3.7");
    assert_eq!((none.fix, none.speed_m_s, none.battery_v), (None, None, Some(3.7)));
    assert_eq!(
        marks(&none)[..2],
        ["utc is missing", "utc cannot be used; the transmit time stands in for it"]
    );
    assert!(none.says_no_fix());
    let empty = report("PK001;lat:,NS:N,lon:12216.6021,EW:,utc:210501.086,batt:3.7");
    assert!(!empty.says_no_fix());
    assert_eq!(marks(&empty), ["lat is missing", "EW is missing"]);
}

#[test]
fn the_lora_form_is_in_decimal_degrees() {
    let report = report("PK003;-8.0002,151.2095,45.5,2");
    assert_eq!(place(&report), Some((-8.0002, 151.2095)));
    assert_eq!(
        (report.course_deg, report.speed_raw, report.time_from_transmit),
        (Some(45.5), Some(2.0), true)
    );
}

/// A v2 fix off Oakland, with the widest and the narrowest figures that are usual.
fn v2_fix(speed_km_h: f64, course_deg: f64) -> V2Fix {
    V2Fix {
        latitude: Latitude::new(37.825_123_333).unwrap(),
        longitude: Longitude::new(-122.276_701_667).unwrap(),
        at: at("2020-10-02T21:05:01.086Z"),
        speed_km_h,
        course_deg,
    }
}

fn v3_wake(place: Option<(f32, f32)>, interval_s: u32) -> V3Wake {
    let at = at("2025-07-01T21:05:01Z");
    V3Wake { place, at, battery_v: 3.74, interval_s, sleep_s: 0, reason: WakeReason::Normal }
}

#[test]
fn built_texts_are_those_of_the_field() {
    let fix = v2_fix(2.371, 45.5);
    let handset = "PK001;lat:3749.5074,NS:N,lon:12216.6021,EW:W,utc:210501.086,sog:2.371,cog:45.5";
    assert_eq!(fix.handset_pk001(), handset);
    assert_eq!(fix.buoy_pk001(1, Some(3.7)), format!("{handset},sta:01,batt:3.7"));
    assert_eq!(fix.buoy_pk001(10, None), format!("{handset},sta:0A"));
    assert_eq!(fix.handset_pk004(), "PK004;3749.5074,N,12216.6021,W,2.371,45.5,210501.086");
    let wake = v3_wake(Some((37.84186, -122.27547)), 600);
    assert_eq!(
        wake.pk001(1.25, 45.5),
        "PK001;lat:3750.5117,NS:N,lon:12216.5280,EW:W,utc:210501.00,sog:1.2,cog:45.5,batt:3.74"
    );
    assert_eq!(
        wake.pk001_with_plan(),
        "PK001;lat:3750.5117,NS:N,lon:12216.5280,EW:W,utc:210501.00,batt:3.74,int:10,sl:0,st:0"
    );
    assert_eq!(
        v3_wake(None, 600).pk101(),
        "PK101;lat:99900.0000,NS:N,lon:99900.0000,EW:E,utc:210501,batt:3.7,int:10,sl:0,st:0"
    );
    assert_eq!(mo::handset_command(Command::Beacon { on: false }), "PK005;0");
}

#[test]
fn texts_have_the_sizes_of_the_field() {
    for (speed, course) in [(0.0, 0.0), (2.371, 45.5), (12.5, 245.5)] {
        let bytes = v2_fix(speed, course).buoy_pk001(1, Some(3.7)).len();
        assert!((88..=97).contains(&bytes), "{bytes}");
    }
    for (place, interval_s) in
        [(Some((37.84186, -122.27547)), 600), (Some((-8.0002, 151.2095)), 60), (None, 600)]
    {
        let bytes = v3_wake(place, interval_s).pk101().len();
        assert!((79..=83).contains(&bytes), "{bytes}");
    }
    for minutes in [5, 10, 15] {
        let command = Command::Interval(fairlead_wire::pk::ReportInterval::from_minutes(minutes).unwrap());
        assert!((7..=9).contains(&mo::handset_command(command).len()));
        assert!((14..=60).contains(&MtText::command(command).as_str().len()));
    }
}

fn fields_of(payload: &[u8], session_status: Option<i32>) -> Fields {
    Fields {
        imei: "300434063836590".parse().unwrap(),
        serial: 12_345,
        momsn: 441,
        transmitted_at: at("2020-10-02T21:07:37Z"),
        latitude: Latitude::new(37.774).unwrap(),
        longitude: Longitude::new(-122.405).unwrap(),
        cep_km: 2.0,
        session_status,
        payload: payload.to_vec(),
    }
}

#[test]
fn forms_have_the_sizes_of_the_field() {
    // The shortest and the longest that were seen carried a command of 7 bytes and a PK001 of 96.
    assert_eq!(fields_of(b"PK005;1", Some(0)).form_body().len(), 217);
    let position = v2_fix(12.5, 245.5).buoy_pk001(1, Some(3.7));
    assert_eq!(fields_of(position.as_bytes(), Some(0)).form_body().len(), 395);
}

#[test]
fn signed_json_has_the_sizes_of_the_field() {
    // Seen: about 930 to 1350 bytes, and 1066 around 36 bytes of payload, without a session status.
    for (payload_bytes, seen) in [(7, 930), (36, 1066), (96, 1350)] {
        let fields = fields_of(&vec![b'x'; payload_bytes], None);
        let claims = claims::claims_for(&fields, 1_601_672_860).to_string();
        // Header, claims and an RSA-2048 signature.
        let jwt = format!("eyJhbGciOiJSUzI1NiJ9.{}.{}", URL_SAFE_NO_PAD.encode(claims), "s".repeat(342));
        let json = fields.json_body(Some(&jwt));
        assert!(json.len().abs_diff(seen) <= 15, "{} for {seen}", json.len());
        let push = rockblock::parse(BodyKind::Json, json.as_bytes()).unwrap();
        assert_eq!((push.jwt.as_deref(), push.faults), (Some(jwt.as_str()), vec![]));
    }
}

#[test]
fn a_handset_shows_what_it_is_told() {
    let text = MtText::handset_position(&HandsetPosition {
        latitude: Latitude::new(-0.5).unwrap(),
        longitude: Longitude::new(-5.25).unwrap(),
        speed_m_s: Some(10.0),
        course_deg: None,
        at: Time::from_micros(0),
        status: Some(1),
    });
    assert_eq!(
        downlink::handset(text.as_str().as_bytes()),
        HandsetReaction::Shows {
            latitude: -0.5,
            longitude: -5.25,
            rest: ["36", "0", "000000.0000", "1"].map(str::to_owned),
        }
    );
}
