//! Properties: nothing panics whatever arrives, and what was built is what is read.

use std::time::Duration;

use fairlead_model::{Latitude, Longitude, Time};
use fairlead_wire::nmea::{self, Coordinate, TimeOfDay};
use fairlead_wire::pk::downlink::{self, V2Reaction, V3Reaction};
use fairlead_wire::pk::mo::{self, V2Fix, V3Wake};
use fairlead_wire::pk::{
    self, Command, Context, Dialect, Message, MtText, Report, ReportInterval, SleepSpan, WakeReason,
};
use fairlead_wire::rockblock::{self, BodyKind, Fields, Push, claims};
use proptest::prelude::*;
use proptest::sample::Index;

/// Longest sentence about a fault; foreign texts in it are bounded.
pub(crate) const MAX_SENTENCE: usize = 700;
/// 2000-01-01 and 2099-12-31, in seconds: what two digits of a year can say.
pub(crate) const TRANSMIT_SECONDS: std::ops::Range<i64> = 946_684_800..4_102_358_400;

/// One thing that can happen to bytes on their way.
#[derive(Clone, Debug)]
pub(crate) enum Mutation {
    Flip(Index, u8),
    Truncate(Index),
    Insert(Index, u8),
    Duplicate(Index, Index),
}

pub(crate) fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        (any::<Index>(), 0_u8..8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        any::<Index>().prop_map(Mutation::Truncate),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Mutation::Insert(at, byte)),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Mutation::Duplicate(from, to)),
    ]
}

pub(crate) fn mutated(text: &str, mutations: &[Mutation]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for mutation in mutations {
        let ends = bytes.len() + 1;
        match mutation {
            Mutation::Flip(at, bit) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
            Mutation::Flip(..) => {}
            Mutation::Truncate(at) => bytes.truncate(at.index(ends)),
            Mutation::Insert(at, byte) => bytes.insert(at.index(ends), *byte),
            Mutation::Duplicate(a, b) => {
                let (from, to) = (a.index(ends).min(b.index(ends)), a.index(ends).max(b.index(ends)));
                bytes.splice(to..to, bytes[from..to].to_vec());
            }
        }
    }
    bytes
}

fn coordinates() -> impl Strategy<Value = (Latitude, Longitude)> {
    // On the grid of four decimals of a degree, which the provider prints.
    (-900_000_i32..=900_000, -1_800_000_i32..=1_800_000).prop_map(|(lat, lon)| {
        (Latitude::new(f64::from(lat) / 1e4).unwrap(), Longitude::new(f64::from(lon) / 1e4).unwrap())
    })
}

prop_compose! {
    pub(crate) fn fields()(
        imei in "[0-9]{15}",
        serial in any::<u32>(),
        momsn in any::<u16>(),
        seconds in TRANSMIT_SECONDS,
        (latitude, longitude) in coordinates(),
        cep in 0_u32..10_000,
        session_status in proptest::option::of(any::<i32>()),
        payload in proptest::collection::vec(any::<u8>(), 0..=340),
    ) -> Fields {
        Fields {
            imei: imei.parse().unwrap(),
            serial,
            momsn,
            transmitted_at: Time::from_micros(seconds * 1_000_000),
            latitude,
            longitude,
            cep_km: f64::from(cep) / 10.0,
            session_status,
            payload,
        }
    }
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        any::<bool>().prop_map(|on| Command::Beacon { on }),
        (1_u32..=1440).prop_map(|m| Command::Interval(ReportInterval::from_minutes(m).unwrap())),
        (1_u32..=259_200).prop_map(|s| Command::Sleep(SleepSpan::from_seconds(s).unwrap())),
    ]
}

fn assert_is_of(push: &Push, fields: &Fields) {
    assert_eq!(push.imei, fields.imei);
    assert_eq!(push.device_type.as_deref(), Some("ROCKBLOCK"));
    assert_eq!(push.serial, Some(fields.serial.to_string()));
    assert_eq!(push.momsn, Some(fields.momsn));
    assert_eq!(push.transmitted_at, Some(fields.transmitted_at));
    let estimate = push.estimate.unwrap();
    assert_eq!((estimate.latitude, estimate.longitude), (fields.latitude, fields.longitude));
    assert_eq!(estimate.cep_km, Some(fields.cep_km));
    assert_eq!(push.session_status, fields.session_status);
    assert_eq!(push.payload.as_deref(), Some(fields.payload.as_slice()));
    assert_eq!(push.is_mailbox_check(), fields.payload.is_empty());
    assert_eq!((push.unknown.len(), push.faults.len()), (0, 0));
}

/// Everything that may be done with bytes that claim to be a push.
fn handle_push(kind: BodyKind, body: &[u8], claims: &serde_json::Value) {
    match rockblock::parse(kind, body) {
        Ok(push) => {
            push.duplicate_key("rockblock");
            let _ = claims::compare(claims, &push);
            assert!(push.faults.iter().all(|fault| fault.to_string().len() <= MAX_SENTENCE));
            assert!(push.unknown.len() <= 64);
            handle_text(push.payload.as_deref().unwrap_or_default());
        }
        Err(refusal) => assert!(refusal.to_string().len() <= MAX_SENTENCE),
    }
}

/// Everything that may be done with bytes that claim to be a PK text.
fn handle_text(text: &[u8]) {
    for transmitted_at in [i64::MIN, 0, i64::MAX].map(Time::from_micros) {
        for known in [None, Some(Dialect::V2Buoy), Some(Dialect::V3Buoy), Some(Dialect::Handset)] {
            match pk::decode(text, &Context { transmitted_at, known }) {
                Ok(Message::Position(report)) => assert_sane(&report, known),
                Ok(Message::Command(command)) => assert!(MtText::command(command).as_str().len() <= 270),
                Err(unreadable) => assert!(unreadable.to_string().len() <= MAX_SENTENCE),
            }
        }
    }
    downlink::v2_buoy(text);
    downlink::v3_buoy(text);
    downlink::handset(text);
}

fn assert_sane(report: &Report, known: Option<Dialect>) {
    assert!(report.marks.iter().all(|mark| mark.to_string().len() <= MAX_SENTENCE));
    assert!(report.speed_m_s.is_none() || report.speed_raw.is_none());
    assert!(report.speed_m_s.is_none() || report.dialect.or(known).is_some());
    for value in
        [report.speed_m_s, report.speed_raw, report.course_deg, report.battery_v].into_iter().flatten()
    {
        assert!(value.is_finite() && value >= 0.0);
    }
}

fn read(text: &str, transmitted_at: Time) -> Report {
    match pk::decode(text.as_bytes(), &Context { transmitted_at, known: None }) {
        Ok(Message::Position(report)) => *report,
        other => panic!("{text}: {other:?}"),
    }
}

proptest! {
    #[test]
    fn a_built_push_reads_the_same_in_both_forms(fields in fields(), jwt in proptest::option::of("[a-zA-Z0-9_.-]{1,40}")) {
        let form = rockblock::parse(BodyKind::Form, fields.form_body().as_bytes()).unwrap();
        let json = rockblock::parse(BodyKind::Json, fields.json_body(jwt.as_deref()).as_bytes()).unwrap();
        assert_is_of(&form, &fields);
        assert_is_of(&json, &fields);
        prop_assert_eq!(&json.jwt, &jwt);
        prop_assert_eq!(form.duplicate_key("rockblock"), json.duplicate_key("rockblock"));
        prop_assert_ne!(form.duplicate_key("rockblock"), form.duplicate_key("cloudloop"));
        let claims = claims::claims_for(&fields, 0);
        prop_assert_eq!(claims::compare(&claims, &form), Ok(vec![]));
        prop_assert_eq!(claims::compare(&claims, &json), Ok(vec![]));
    }

    #[test]
    fn another_message_has_another_key(a in fields(), b in fields()) {
        let key = |fields: &Fields| rockblock::parse(BodyKind::Form, fields.form_body().as_bytes()).unwrap().duplicate_key("rockblock");
        prop_assert_ne!(key(&a), key(&b));
        let mut next = a.clone();
        next.momsn = a.momsn.wrapping_add(1);
        prop_assert_ne!(key(&a), key(&next));
        let mut other = a.clone();
        other.payload.push(0);
        prop_assert_ne!(key(&a), key(&other));
        prop_assert!(claims::compare(&claims::claims_for(&next, 0), &rockblock::parse(BodyKind::Form, a.form_body().as_bytes()).unwrap()).is_err());
    }

    #[test]
    fn mutated_pushes_never_panic(fields in fields(), mutations in proptest::collection::vec(mutation(), 1..8)) {
        let claims = claims::claims_for(&fields, 0);
        handle_push(BodyKind::Form, &mutated(&fields.form_body(), &mutations), &claims);
        handle_push(BodyKind::Json, &mutated(&fields.json_body(Some("a.b.c")), &mutations), &claims);
    }

    #[test]
    fn mutated_claims_never_panic(fields in fields(), mutations in proptest::collection::vec(mutation(), 1..4)) {
        let push = rockblock::parse(BodyKind::Form, fields.form_body().as_bytes()).unwrap();
        let claims = mutated(&claims::claims_for(&fields, 0).to_string(), &mutations);
        if let Ok(claims) = serde_json::from_slice(&claims) {
            let _ = claims::compare(&claims, &push);
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        handle_push(BodyKind::Form, &bytes, &serde_json::Value::Null);
        handle_push(BodyKind::Json, &bytes, &serde_json::Value::Null);
        handle_text(&bytes);
    }

    #[test]
    fn mutated_texts_never_panic(
        which in 0_usize..8,
        mutations in proptest::collection::vec(mutation(), 1..8),
    ) {
        let text = [
            "PK001;lat:3749.5074,NS:N,lon:12216.6021,EW:W,utc:210501.086,sog:2.371,cog:45.5,sta:01,batt:3.7",
            "PK001;lat:800.0120,NS:S,lon:15112.5702,EW:E,utc:210501.00,sog:1.2,cog:45.5,batt:3.74,int:10,sl:0,st:2",
            "PK101;lat:99900.0000,NS:N,lon:99900.0000,EW:E,utc:235959,batt:4.2,int:20,sl:0,st:3",
            "PK004;3765.7897,N,12223.46653,W,2,18.3,193454.123,01",
            "PK003;-8.0002,151.2095,45.5,2",
            "PK006;10,20",
            "+DATA:PK005,1;PK006,5;PK007,60;SUPPORT,1;",
            "+DATA:PK004,3749.5074,N,12216.6021,W,2.371,45.5,210501.0000,1",
        ][which];
        handle_text(&mutated(text, &mutations));
    }

    #[test]
    fn transmit_times_of_any_text_never_panic(text in "\\PC{0,40}") {
        rockblock::parse_transmit_time(&text);
        TimeOfDay::parse(&text);
        let _ = nmea::latitude(&text, "N");
        let _ = nmea::longitude(&text, "W");
    }

    #[test]
    fn degrees_print_and_read_back(latitude in -90.0..=90.0_f64, longitude in -180.0..=180.0_f64) {
        let (lat, lon) = (Latitude::new(latitude).unwrap(), Longitude::new(longitude).unwrap());
        let (lat_text, lon_text) = (nmea::latitude_text(lat), nmea::longitude_text(lon));
        prop_assert_eq!((lat_text.text.len(), lon_text.text.len()), (9, 10));
        prop_assert!(lat_text.text[2..].parse::<f64>().unwrap() < 60.0);
        prop_assert!(lon_text.text[3..].parse::<f64>().unwrap() < 60.0);
        let Ok(Coordinate::Sound(lat)) = nmea::latitude(&lat_text.text, &lat_text.letter.to_string()) else { panic!() };
        let Ok(Coordinate::Sound(lon)) = nmea::longitude(&lon_text.text, &lon_text.letter.to_string()) else { panic!() };
        // Half of a ten-thousandth of a minute, and the noise of doubles.
        let tolerance = 0.5 / 600_000.0 + 1e-12;
        prop_assert!((lat.degrees() - latitude).abs() <= tolerance && (lon.degrees() - longitude).abs() <= tolerance);
        prop_assert_eq!(nmea::latitude_text(lat).text, lat_text.text);
        prop_assert_eq!(nmea::longitude_text(lon).text, lon_text.text);
    }

    #[test]
    fn unpadded_degrees_read_back_to_single_precision(degrees in -180.0..=180.0_f32) {
        let Ok(Coordinate::Sound(read)) = nmea::signed_degrees(&nmea::unpadded_text(degrees)) else { panic!() };
        // Single precision near 180 is 1.5e-5 degrees.
        prop_assert!((read - f64::from(degrees.abs())).abs() < 2e-5);
    }

    #[test]
    fn a_time_of_day_finds_its_moment_again(seconds in TRANSMIT_SECONDS, millis in 0_i64..1000, late in 0_u64..86_000) {
        let meant = Time::from_micros(seconds * 1_000_000 + millis * 1000);
        let of_day = TimeOfDay::parse(&TimeOfDay::of(meant).with_millis()).unwrap();
        prop_assert_eq!(of_day, TimeOfDay::of(meant));
        prop_assert_eq!(of_day.before(meant.plus(Duration::from_secs(late.saturating_sub(600)))), meant);
        prop_assert_eq!(of_day.before(meant.minus(Duration::from_secs(late.min(600)))), meant);
    }

    #[test]
    fn v2_texts_read_back(
        (latitude, longitude) in coordinates(),
        seconds in TRANSMIT_SECONDS,
        speed in 0_u32..100_000,
        course in 0_u32..=3600,
        status in any::<u8>(),
        battery in 0_u32..60,
    ) {
        let at = Time::from_micros(seconds * 1_000_000 + 86_000);
        let speed_km_h = f64::from(speed) / 1000.0;
        let course_deg = f64::from(course) / 10.0;
        let battery_v = f64::from(battery) / 10.0;
        let fix = V2Fix { latitude, longitude, at, speed_km_h, course_deg };
        let buoy = read(&fix.buoy_pk001(status, Some(battery_v)), at.plus(Duration::from_secs(156)));
        let handset = read(&fix.handset_pk001(), at.plus(Duration::from_secs(156)));
        let positional = read(&fix.handset_pk004(), at.plus(Duration::from_secs(156)));
        for (report, dialect) in
            [(&buoy, Dialect::V2Buoy), (&handset, Dialect::Handset), (&positional, Dialect::Handset)]
        {
            prop_assert_eq!(report.dialect, Some(dialect));
            let place = report.fix.unwrap();
            prop_assert!((place.latitude.degrees() - latitude.degrees()).abs() < 1e-6);
            prop_assert!((place.longitude.degrees() - longitude.degrees()).abs() < 1e-6);
            prop_assert_eq!(report.device_time, at);
            prop_assert!((report.speed_m_s.unwrap() * 3.6 - speed_km_h).abs() < 1e-9);
            prop_assert_eq!(report.course_deg, Some(course_deg));
            prop_assert_eq!(report.marks.len(), 0);
        }
        prop_assert_eq!((buoy.status, buoy.battery_v), (Some(status.into()), Some(battery_v)));
        prop_assert_eq!((handset.status, handset.battery_v), (None, None));
    }

    #[test]
    fn v3_texts_read_back(
        place in proptest::option::of((-90.0..=90.0_f32, -180.0..=180.0_f32)),
        seconds in TRANSMIT_SECONDS,
        battery in 0_u32..60,
        interval_min in 1_u32..=1440,
        sleep_min in 0_u32..=4320,
        reason in 0_u32..6,
    ) {
        let at = Time::from_micros(seconds * 1_000_000);
        let reason = WakeReason::of_code(reason);
        let battery_v = battery as f32 / 10.0;
        let wake = V3Wake { place, at, battery_v, interval_s: interval_min * 60, sleep_s: sleep_min * 60, reason };
        for text in [wake.pk101(), wake.pk001_with_plan()] {
            let report = read(&text, at.plus(Duration::from_secs(360)));
            prop_assert_eq!(report.dialect, Some(Dialect::V3Buoy));
            prop_assert_eq!(report.device_time, at);
            prop_assert_eq!(report.battery_v, Some(f64::from(battery) / 10.0));
            prop_assert_eq!((report.interval_s, report.sleep_s), (Some(interval_min * 60), Some(sleep_min * 60)));
            prop_assert_eq!(report.wake_reason, Some(reason));
            prop_assert_eq!(report.says_no_fix(), place.is_none());
            prop_assert_eq!(report.fix.is_some(), place.is_some());
            if let (Some(fix), Some((lat, lon))) = (report.fix, place) {
                prop_assert!((fix.latitude.degrees() - f64::from(lat)).abs() < 2e-5);
                prop_assert!((fix.longitude.degrees() - f64::from(lon)).abs() < 2e-5);
            }
        }
    }

    #[test]
    fn commands_arrive_as_they_were_meant(command in command()) {
        let context = Context { transmitted_at: Time::from_micros(0), known: None };
        prop_assert_eq!(pk::decode(mo::handset_command(command).as_bytes(), &context), Ok(Message::Command(command)));
        let text = MtText::command(command);
        let (v2, v3) = match command {
            Command::Beacon { on } => (V2Reaction::Beacon { on }, V3Reaction::Rejected),
            Command::Interval(interval) => (
                V2Reaction::Interval { seconds: u64::from(interval.seconds()).max(120) },
                V3Reaction::Interval { minutes: interval.minutes().into() },
            ),
            Command::Sleep(span) => {
                (V2Reaction::Sleep { seconds: span.seconds().into() }, V3Reaction::Sleep { seconds: span.seconds() })
            }
        };
        prop_assert_eq!(downlink::v2_buoy(text.as_str().as_bytes()), vec![v2]);
        prop_assert_eq!(downlink::v3_buoy(text.as_str().as_bytes()), v3);
        prop_assert_eq!(hex::decode(text.to_hex()).unwrap(), text.as_str().as_bytes());
    }
}
