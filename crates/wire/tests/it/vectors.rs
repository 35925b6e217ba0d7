//! The pairs of input and answer of the original system, by the numbers of its fact sheet. Where the original
//! is wrong, the answer here is Fairlead's own.

use std::collections::BTreeMap;

use fairlead_model::Time;
use fairlead_wire::nmea::{self, BadCoordinate, Coordinate, TimeOfDay};
use fairlead_wire::pk::mo::V3Wake;
use fairlead_wire::pk::{Command, Dialect, Message, MtText, ReportKind, Unreadable, WakeReason};
use fairlead_wire::rockblock::parse_transmit_time;

use crate::speakers::{at, decode, decode_at, form, marks, near, place, report, report_of};

/// Row 21, the text that most rows vary.
const ROW_21: &str =
    "PK001;lat:3749.5074,NS:N,lon:12216.6021,EW:W,utc:210501.086,sog:2.371,cog:45.5,sta:01,batt:3.7";

/// The moment of a time of day that a device printed in a message sent at `transmitted_at`.
fn device_time(text: &str, transmitted_at: &str) -> Option<Time> {
    TimeOfDay::parse(text).map(|of_day| of_day.before(at(transmitted_at)))
}

fn degrees(text: &str) -> f64 {
    match nmea::signed_degrees(text) {
        Ok(Coordinate::Sound(value)) => value,
        other => panic!("{text}: {other:?}"),
    }
}

fn mt(text: &str) -> String {
    match decode(text) {
        Ok(Message::Command(command)) => MtText::command(command).as_str().to_owned(),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn row_01_latitude() {
    assert_eq!(degrees("3749.5075"), 37.825_125);
}

#[test]
fn row_02_longitude() {
    assert_eq!(degrees("12216.6023"), 122.276_705);
}

#[test]
fn row_03_degree_zero() {
    assert_eq!(degrees("0012.5000"), 0.208_333_333_333_333_34);
}

#[test]
fn row_04_unpadded_degrees() {
    assert_eq!(degrees("800.0120"), 8.0002);
}

#[test]
fn row_05_a_minus_sign() {
    assert_eq!(degrees("-3749.5075"), -37.825_125);
}

#[test]
fn row_06_a_minus_sign_at_degree_zero_is_kept() {
    assert_eq!(degrees("-0012.5"), -0.208_333_333_333_333_34);
}

#[test]
fn row_07_minutes_above_sixty_are_suspect() {
    assert_eq!(nmea::signed_degrees("3779.1234"), Ok(Coordinate::Suspect(38.318_723_333_333_33)));
    let report = report(&ROW_21.replace("3749.5074", "3779.1234"));
    assert_eq!(place(&report).unwrap().0, 38.318_723_333_333_33);
    assert!(report.fix_is_suspect());
    assert_eq!(marks(&report), ["lat has minutes above 60"]);
}

#[test]
fn row_08_nine_hundred_ninety_nine_is_no_fix() {
    assert_eq!(nmea::signed_degrees("99900.0000"), Ok(Coordinate::NoFix));
    let text = "PK101;lat:99900.0000,NS:N,lon:99900.0000,EW:E,utc:210501,batt:3.9,int:10,sl:0,st:0";
    let report = report(text);
    assert_eq!(report.fix, None);
    assert!(report.says_no_fix());
    assert_eq!(marks(&report), ["lat and lon say that there is no fix"]);
    assert_eq!((report.battery_v, report.wake_reason), (Some(3.9), Some(WakeReason::Normal)));
}

#[test]
fn row_10_what_is_no_coordinate() {
    for text in ["3749", "", "3749.50.75", "5.5", ".5", "None"] {
        assert_eq!(nmea::signed_degrees(text), Err(BadCoordinate::NotDegreeMinutes), "{text}");
    }
}

#[test]
fn row_11_decimal_to_degrees_and_minutes() {
    let latitude = |degrees| nmea::latitude_text(fairlead_model::Latitude::new(degrees).unwrap());
    let longitude = |degrees| nmea::longitude_text(fairlead_model::Longitude::new(degrees).unwrap());
    // The sign travels in the letter: signed texts make handsets point to the wrong hemisphere.
    for (printed, text, letter) in [
        (latitude(37.825_125), "3749.5075", 'N'),
        (latitude(-37.825_125), "3749.5075", 'S'),
        (longitude(122.276_705), "12216.6023", 'E'),
        (longitude(-122.276_705), "12216.6023", 'W'),
    ] {
        assert_eq!((printed.text.as_str(), printed.letter), (text, letter));
    }
}

#[test]
fn row_13_transmit_time_under_layers_of_encoding() {
    let expected = Some(at("2020-10-02T21:07:37Z"));
    for text in [
        "20-10-02 21:07:37",
        "20-10-02%2021%3A07%3A37",
        "20-10-02+21%3A07%3A37",
        "20-10-02%252021%253A07%253A37",
        "20-10-02%25252021%25253A07%25253A37",
    ] {
        assert_eq!(parse_transmit_time(text), expected, "{text}");
        let push = form(&format!("transmit_time={text}&momsn=1&data="));
        assert_eq!(push.transmitted_at, expected, "{text} in a form");
        assert_eq!(push.faults, []);
    }
}

#[test]
fn row_14_transmit_time_at_its_ends() {
    assert_eq!(parse_transmit_time("99-12-31 23:59:59"), Some(at("2099-12-31T23:59:59Z")));
    for bad in ["2020-03-15 22:12:51", "", "20-02-30 22:12:51"] {
        assert_eq!(parse_transmit_time(bad), None, "{bad}");
        let push = form(&format!("transmit_time={bad}&momsn=1&data=504b"));
        assert_eq!((push.transmitted_at, push.faults.len()), (None, 1), "{bad}");
        assert_eq!(push.payload.as_deref(), Some(&b"PK"[..]), "{bad}");
    }
}

#[test]
fn row_15_a_time_before_midnight_belongs_to_the_day_before() {
    assert_eq!(device_time("235958.500", "2020-10-03T00:00:31Z"), Some(at("2020-10-02T23:59:58.500Z")));
}

#[test]
fn row_16_a_clock_one_second_ahead_stays_on_its_day() {
    assert_eq!(device_time("000001.0", "2020-10-03T00:00:00Z"), Some(at("2020-10-03T00:00:01Z")));
}

#[test]
fn row_18_noon_at_noon_and_a_second_ahead_of_it() {
    for sent in ["2020-10-02T12:00:00Z", "2020-10-02T11:59:59Z"] {
        assert_eq!(device_time("120000.000", sent), Some(at("2020-10-02T12:00:00Z")));
    }
}

#[test]
fn row_19_five_digits_are_no_time() {
    let text = ROW_21.replace("210501.086", "12345.6");
    let Ok(Message::Position(report)) = decode_at(&text, "2020-10-02T12:00:00Z") else { panic!("{text}") };
    assert_eq!(report.device_time, at("2020-10-02T12:00:00Z"));
    assert!(report.time_from_transmit);
    assert!(marks(&report).contains(&"utc is `12345.6`: not a time of day like 210501.086".to_owned()));
    assert!(marks(&report).contains(&"utc cannot be used; the transmit time stands in for it".to_owned()));
}

#[test]
fn row_20_a_time_needs_no_fraction_and_must_exist() {
    assert_eq!(device_time("194031", "2020-10-02T21:07:37Z"), Some(at("2020-10-02T19:40:31Z")));
    for absent in ["", "None", "240000.000"] {
        assert_eq!(device_time(absent, "2020-10-02T21:07:37Z"), None);
        let report = report(&ROW_21.replace("210501.086", absent));
        assert_eq!(report.device_time, at("2020-10-02T21:07:37Z"), "{absent}");
        assert!(report.time_from_transmit, "{absent}");
        assert!(marks(&report).iter().any(|mark| mark.starts_with("utc ")), "{absent}");
    }
}

#[test]
fn row_21_a_v2_position() {
    let report = report(ROW_21);
    let (latitude, longitude) = place(&report).unwrap();
    assert!((latitude - 37.825_123).abs() < 5e-7 && (longitude + 122.276_702).abs() < 5e-7);
    assert_eq!(report.kind, ReportKind::Pk001);
    assert_eq!(report.dialect, Some(Dialect::V2Buoy));
    assert_eq!(report.device_time, at("2020-10-02T21:05:01.086Z"));
    assert!(!report.time_from_transmit);
    assert!(near(report.speed_m_s.unwrap(), 2.371 / 3.6));
    assert_eq!((report.speed_raw, report.course_deg), (None, Some(45.5)));
    assert_eq!((report.battery_v, report.status, report.beacon_on()), (Some(3.7), Some(1), Some(true)));
    assert_eq!((report.interval_s, report.sleep_s, report.wake_reason), (None, None, None));
    assert_eq!((report.unknown, report.marks), (BTreeMap::new(), vec![]));
}

#[test]
fn row_22_south_and_east() {
    let text =
        ROW_21.replace("3749.5074,NS:N", "3350.1234,NS:S").replace("12216.6021,EW:W", "15112.5678,EW:E");
    let (latitude, longitude) = place(&report(&text)).unwrap();
    assert!((latitude + 33.835_390).abs() < 5e-7 && (longitude - 151.209_463).abs() < 5e-7);
}

#[test]
fn row_24_south_and_west_of_degree_zero() {
    let text = ROW_21.replace("3749.5074,NS:N", "0012.5,NS:S").replace("12216.6021", "00030.25");
    let (latitude, longitude) = place(&report(&text)).unwrap();
    assert!((latitude + 0.208_333).abs() < 5e-7 && (longitude + 0.504_167).abs() < 5e-7);
}

#[test]
fn row_25_a_missing_or_empty_value_is_absent() {
    let without_status = report(&ROW_21.replace(",sta:01", ""));
    assert_eq!((without_status.status, without_status.beacon_on()), (None, None));
    let without_battery = report(&ROW_21.replace(",batt:3.7", ""));
    assert_eq!(without_battery.battery_v, None);
    assert_eq!(report(&ROW_21.replace("batt:3.7", "batt:")).battery_v, None);
    let without_speed = report(&ROW_21.replace("sog:2.371", "sog:"));
    assert_eq!((without_speed.speed_m_s, without_speed.speed_raw, without_speed.marks), (None, None, vec![]));
    let bad_course = report(&ROW_21.replace("cog:45.5", "cog:x"));
    assert_eq!(bad_course.course_deg, None);
    assert_eq!(marks(&bad_course), ["cog is `x`: not degrees from 0 to 360"]);
}

#[test]
fn row_25_without_a_battery_the_unit_of_speed_is_not_known() {
    let text = ROW_21.replace(",batt:3.7", "");
    let unclear = report(&text);
    assert_eq!((unclear.dialect, unclear.speed_m_s, unclear.speed_raw), (None, None, Some(2.371)));
    assert_eq!(unclear.status, Some(1), "01 is 1 in either base");
    assert_eq!(marks(&unclear), ["sog may be knots or km/h, as the build is not known"]);
    let known = report_of(&text, Some(Dialect::V3Buoy));
    assert_eq!((known.dialect, known.speed_raw), (None, None));
    assert!(near(known.speed_m_s.unwrap(), 2.371 * 1852.0 / 3600.0));
}

#[test]
fn row_26_no_course_and_no_speed() {
    let report = report(&ROW_21.replace(",sog:2.371,cog:45.5", ""));
    assert_eq!((report.speed_m_s, report.speed_raw, report.course_deg), (None, None, None));
    assert!(report.fix.is_some());
    assert_eq!(report.marks, []);
}

#[test]
fn row_27_no_longitude_costs_the_position_alone() {
    let report = report(&ROW_21.replace(",lon:12216.6021,EW:W", ""));
    assert_eq!((report.fix, report.battery_v, report.course_deg), (None, Some(3.7), Some(45.5)));
    assert_eq!(marks(&report), ["lon is missing"]);
}

#[test]
fn row_27_the_status_of_a_v2_buoy_is_hexadecimal() {
    assert_eq!(report(&ROW_21.replace("sta:01", "sta:0A")).status, Some(10));
    assert_eq!(report(&ROW_21.replace("sta:01", "sta:10")).status, Some(16));
    let v3 = ROW_21.replace("batt:3.7", "batt:3.70");
    assert_eq!(report(&v3.replace("sta:01", "sta:10")).status, Some(10));
    let letters = report(&v3.replace("sta:01", "sta:0A"));
    assert_eq!(letters.status, None);
    assert_eq!(marks(&letters), ["sta is `0A`: not status bits"]);
    let unclear = report(&ROW_21.replace("sta:01,batt:3.7", "sta:10"));
    assert_eq!(unclear.status, None);
    assert!(marks(&unclear)[1].starts_with("sta is `10`, decimal or hexadecimal"));
}

#[test]
fn row_28_no_pairs() {
    for text in ["PK001;", "PK001;3749.5074,N,12216.6021,W", "PK001;,,,"] {
        assert!(matches!(decode(text), Err(Unreadable::NoPairs { code: "PK001", .. })), "{text}");
    }
}

#[test]
fn row_29_a_time_without_fraction() {
    let report = report(&ROW_21.replace("210501.086", "210501"));
    assert_eq!(report.device_time, at("2020-10-02T21:05:01Z"));
    assert!(!report.time_from_transmit);
}

#[test]
fn row_31_a_positional_position() {
    let report = report("PK004;3765.7897,N,12223.46653,W,2,18.3,193454.123");
    let (latitude, longitude) = place(&report).unwrap();
    assert!(near(latitude, 38.096_495));
    assert_eq!(longitude, -122.391_108_833_333_33);
    assert_eq!((report.kind, report.dialect), (ReportKind::Pk004, Some(Dialect::Handset)));
    assert!(near(report.speed_m_s.unwrap(), 2.0 / 3.6));
    assert_eq!((report.course_deg, report.status), (Some(18.3), None));
    assert_eq!(report.device_time, at("2020-10-02T19:34:54.123Z"));
    assert_eq!(marks(&report), ["lat has minutes above 60"]);
}

#[test]
fn row_32_a_short_or_damaged_positional_position() {
    let six = report("PK004;3765.7897,N,12223.46653,W,2,18.3");
    assert_eq!((six.device_time, six.time_from_transmit), (at("2020-10-02T21:07:37Z"), true));
    assert!(six.fix.is_some());
    let bad_time = report("PK004;3765.7897,N,12223.46653,W,2,18.3,soon");
    assert_eq!((bad_time.device_time, bad_time.time_from_transmit), (at("2020-10-02T21:07:37Z"), true));
    let bad_speed = report("PK004;3755.7897,N,12223.46653,W,x,18.3,193454.123");
    assert_eq!((bad_speed.speed_m_s, bad_speed.speed_raw, bad_speed.course_deg), (None, None, Some(18.3)));
    assert_eq!(marks(&bad_speed), ["sog is `x`: not a speed"]);
    let surplus = report("PK004;3755.7897,N,12223.46653,W,2,18.3,193454.123,01,9");
    assert_eq!(surplus.status, Some(1));
    assert!(marks(&surplus).contains(&"`9` is one field too many".to_owned()));
}

#[test]
fn row_33_pk101_is_read_and_unknown_types_are_one_problem() {
    let text = "PK101;lat:3750.5117,NS:N,lon:12216.5280,EW:W,utc:191049,batt:3.7,int:10,sl:0,st:1";
    let report = report(text);
    assert_eq!((report.kind, report.dialect), (ReportKind::Pk101, Some(Dialect::V3Buoy)));
    assert_eq!((report.interval_s, report.sleep_s), (Some(600), Some(0)));
    assert_eq!(report.wake_reason, Some(WakeReason::PowerOn));
    assert_eq!(mt("PK007;3600"), "+DATA:PK007,3600;");
    assert_eq!(decode("PK002;x"), Err(Unreadable::UnknownType { code: "PK002".to_owned() }));
}

#[test]
fn row_34_what_is_no_message() {
    assert_eq!(decode(""), Err(Unreadable::Empty));
    for data in ["zz", "504b3", "é"] {
        let push = form(&format!("momsn=1&transmit_time=20-10-02+21:07:37&data={data}"));
        assert_eq!((push.payload, push.faults.len()), (None, 1), "{data}");
    }
    for text in ["pk001;lat:1", "PK001,lat:1", " PK001;lat:1", "PK0011;x", "PK01;x", "XK001;x", "PK001"] {
        assert!(matches!(decode(text), Err(Unreadable::NotPk { .. })), "{text}");
    }
    let latin = form("momsn=1&transmit_time=20-10-02+21:07:37&data=504b3030313be9").payload.unwrap();
    let context = fairlead_wire::pk::Context { transmitted_at: at("2020-10-02T21:07:37Z"), known: None };
    let refused = fairlead_wire::pk::decode(&latin, &context);
    assert_eq!(refused, Err(Unreadable::NotAscii { at: 6, byte: 0xe9 }));
}

#[test]
fn row_35_upper_case_hexadecimal() {
    let payload = form("data=504B3030353B31").payload.unwrap();
    assert_eq!(payload, b"PK005;1");
}

#[test]
fn row_36_beacon_commands() {
    assert_eq!(decode("PK005;1"), Ok(Message::Command(Command::Beacon { on: true })));
    assert_eq!(decode("PK005;0"), Ok(Message::Command(Command::Beacon { on: false })));
    assert_eq!(mt("PK005;1"), "+DATA:PK005,1;");
    assert_eq!(mt("PK005;0"), "+DATA:PK005,0;");
    assert_eq!(MtText::command(Command::Beacon { on: true }).to_hex(), "2b444154413a504b3030352c313b");
}

#[test]
fn row_37_commands_that_say_nothing() {
    for (text, sentence) in [
        ("PK005;2", "PK005 asks for `2`, which is not 1 (on) or 0 (off)"),
        ("PK006;abc", "PK006 asks for `abc`, which is not whole minutes from 1 to 1440"),
        ("PK006;", "PK006 asks for ``, which is not whole minutes from 1 to 1440"),
    ] {
        assert_eq!(decode(text).unwrap_err().to_string(), sentence);
    }
}

#[test]
fn row_38_intervals_in_and_out_of_range() {
    assert_eq!(mt("PK006;10"), "+DATA:PK006,10;");
    assert_eq!(mt("PK006;10,20"), "+DATA:PK006,10;");
    for text in ["PK006;-5", "PK006;99999"] {
        assert!(matches!(decode(text), Err(Unreadable::BadCommand { code: "PK006", .. })), "{text}");
    }
}

#[test]
fn row_39_a_v3_position_after_power_on() {
    let wake = V3Wake {
        place: Some((37.84186, -122.27547)),
        at: Time::from_micros(1_726_686_649_000_000),
        battery_v: 3.74,
        interval_s: 600,
        sleep_s: 0,
        reason: WakeReason::PowerOn,
    };
    let text = wake.pk101();
    let expected = "PK101;lat:3750.5117,NS:N,lon:12216.5280,EW:W,utc:191049,batt:3.7,int:10,sl:0,st:1";
    assert_eq!(text, expected);
    assert_eq!(text.len(), 81);
}

#[test]
fn row_40_a_v3_position_that_confirms_an_interval() {
    let wake = V3Wake {
        place: Some((-8.0002, 151.2095)),
        at: Time::from_micros(1_726_703_999_000_000),
        battery_v: 4.2,
        interval_s: 1200,
        sleep_s: 0,
        reason: WakeReason::Accepted,
    };
    assert_eq!(
        wake.pk101(),
        "PK101;lat:800.0120,NS:S,lon:15112.5702,EW:E,utc:235959,batt:4.2,int:20,sl:0,st:3"
    );
}
