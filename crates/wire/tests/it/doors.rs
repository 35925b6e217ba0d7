//! The provider's other webhooks: RockCore's and Cloudloop's, as documented, built, and mutated.

use fairlead_model::{Latitude, Longitude, Time};
use fairlead_wire::cloudloop::{self, Format};
use fairlead_wire::rockblock::{self, BodyKind};
use fairlead_wire::rockcore::{self, Source, Trigger, claims};
use proptest::prelude::*;

use crate::properties::{MAX_SENTENCE, Mutation, TRANSMIT_SECONDS, fields, mutated, mutation};

/// A form of the provider's own description: over mobile telephony, with a number that is no MOMSN.
const GRIFFIN: &str = "imei=300434062929540&device_type=GRIFFIN&serial=100015&momsn=70153268\
    &transmit_time=2023-03-14T09%3A00%3A14Z&id=abgrGXzpmLqPnyqrDDoMnOyoKJdkeVNv&transport=GPRS\
    &txAt=2023-03-14T09%3A00%3A14Z&at=2023-03-14T09%3A00%3A00Z&lat=51.49530&lon=-3.17030&source=GPS&sog=0.2\
    &cog=51&averageSog=0.2&averageCog=51&alt=0&temp=0.0&battery=100&power=false&trigger=BURST";

/// The message of the provider's description of Lingo.
const LINGO: &str = r#"{"id":"38f132ed-73e7-4488-a743-ec00fe7d7879",
    "receivedAt":{"year":2023,"month":10,"day":2,"hour":15,"minute":37,"second":9},
    "identity":{"accountId":"yJGjpPobLlmOdanVkPWAKYzNMgwVZkrR",
        "subscriber":{"id":"X","type":"SUBSCRIBER_TYPE_SBD","description":"RockBLOCK 1234"},
        "hardware":{"id":"j","type":"HARDWARE_TYPE_ROCKBLOCK","imei":"300234065366010","serial":"1234"},
        "identifier":"300234065366010","thingId":"DgXeoxwVPMyrdOBJeEGlqKRJLbajQkzZ"},
    "sbd":{"imei":"300234065366010","cdrReference":"3042022693","momsn":5394,"mtmsn":7,
        "sessionAt":{"year":2023,"month":10,"day":2,"hour":15,"minute":37,"second":8},
        "status":"SESSION_STATUS_OK",
        "location":{"latitude":50.898133333333334,"longitude":-1.1946666666666665,"cep":3}},
    "message":"UEswMDU7MQ==","signature":"s"}"#;

fn time(text: &str) -> Option<Time> {
    Time::parse_rfc3339(text)
}

fn lingo(body: &str) -> cloudloop::Push {
    cloudloop::parse(BodyKind::Json, body.as_bytes()).unwrap()
}

#[test]
fn the_documented_rockcore_form() {
    let push = rockcore::parse(BodyKind::Form, GRIFFIN.as_bytes()).unwrap();
    assert_eq!(push.faults, []);
    assert_eq!(push.unknown().len(), 0);
    assert_eq!(push.id.as_deref(), Some("abgrGXzpmLqPnyqrDDoMnOyoKJdkeVNv"));
    assert_eq!((push.momsn, push.trigger.as_ref()), (None, Some(&Trigger::Burst)));
    assert_eq!(push.transmitted_at, time("2023-03-14T09:00:14Z"));
    assert_eq!(push.measured_at, time("2023-03-14T09:00:00Z"));
    let fix = push.fix().unwrap();
    assert_eq!((fix.latitude.degrees(), fix.longitude.degrees()), (51.4953, -3.1703));
    assert!((push.speed_m_s.unwrap() - 0.102_888).abs() < 1e-5);
    assert_eq!((push.course_deg, push.battery_percent), (Some(51.0), Some(100.0)));
    assert_eq!((push.external_power, push.altitude_m), (Some(false), Some(0.0)));
}

#[test]
fn the_documented_lingo_message() {
    let push = lingo(LINGO);
    assert_eq!(push.id.as_deref(), Some("38f132ed-73e7-4488-a743-ec00fe7d7879"));
    assert_eq!((push.mtmsn, push.thing_id.as_deref()), (Some(7), Some("DgXeoxwVPMyrdOBJeEGlqKRJLbajQkzZ")));
    let sbd = &push.sbd;
    assert_eq!(sbd.faults, []);
    assert_eq!(
        (sbd.imei.as_str(), sbd.momsn, sbd.serial.as_deref()),
        ("300234065366010", Some(5394), Some("1234"))
    );
    assert_eq!(sbd.transmitted_at, time("2023-10-02T15:37:08Z"));
    assert_eq!(sbd.payload.as_deref(), Some(&b"PK005;1"[..]));
    assert_eq!((sbd.session_status, sbd.estimate.unwrap().cep_km), (Some(0), Some(3.0)));
    assert_eq!(sbd.unknown["sbd.mtmsn"], "7");
    assert_eq!(sbd.jwt, None);
}

#[test]
fn a_bare_session_is_a_mailbox_check_with_or_without_a_message() {
    for bare in [LINGO.replace("UEswMDU7MQ==", ""), LINGO.replace(r#""message":"UEswMDU7MQ==","#, "")] {
        let push = lingo(&bare);
        assert!(push.sbd.is_mailbox_check());
        assert_eq!((push.sbd.faults.len(), push.mtmsn), (0, Some(7)));
    }
}

#[test]
fn what_is_wrong_with_lingo_is_named() {
    for (from, to, sentence) in [
        ("UEswMDU7MQ==", "504b", None),
        ("UEswMDU7MQ==", "PK!", Some("`message` is `PK!`, not base64")),
        ("5394", "65536", Some("`momsn` is `65536`, not a number from 0 to 65535")),
        (
            r#""sessionAt":{"year":2023,"month":10"#,
            r#""sessionAt":{"year":1970,"month":13"#,
            Some("`transmit_time` is `1970-13-02 15:37:08`, not a UTC time like 2023-10-18T15:22:09Z"),
        ),
    ] {
        let found = lingo(&LINGO.replace(from, to)).sbd.faults;
        assert_eq!(found.first().map(ToString::to_string).as_deref(), sentence);
    }
    let elsewhere = lingo(&LINGO.replace(r#""sbd":{"imei":"300234065366010","#, r#""sbd":{"#));
    assert_eq!(elsewhere.sbd.imei.as_str(), "300234065366010");
    let nobody = LINGO.replace("300234065366010", "");
    assert!(cloudloop::parse(BodyKind::Json, nobody.as_bytes()).is_err());
}

#[test]
fn an_old_format_may_lie_about_the_century() {
    let of = |time: &str| {
        let body = format!("imei=300234065366010&momsn=1&data=00&transmit_time={time}");
        cloudloop::parse(BodyKind::Form, body.as_bytes()).unwrap().sbd
    };
    assert_eq!(of("2023-10-18T15:22:09Z").transmitted_at, time("2023-10-18T15:22:09Z"));
    assert_eq!(of("23-10-18 15:22:09").transmitted_at, time("2023-10-18T15:22:09Z"));
    let wrong = of("1970-01-01T00:00:00Z");
    assert_eq!(wrong.transmitted_at, None);
    assert_eq!(wrong.transmit_time_raw.as_deref(), Some("1970-01-01T00:00:00Z"));
    assert_eq!(
        wrong.faults[0].to_string(),
        "`transmit_time` is `1970-01-01T00:00:00Z`, not a UTC time like 2023-10-18T15:22:09Z"
    );
}

fn tracker_fields() -> impl Strategy<Value = rockcore::Fields> {
    let place = (-90.0..=90.0_f64, -180.0..=180.0_f64);
    let numbers = (any::<u16>(), 0_u32..300, 0_u32..500, 0_u16..=360, -100_i32..9_000, 0_u8..=100);
    let text = proptest::option::of("[ -~éß☃]{1,60}");
    let trigger = prop_oneof![
        Just(Trigger::Routine),
        Just(Trigger::Burst),
        Just(Trigger::Message),
        Just(Trigger::Acknowledge),
        "[A-Z0-9_]{1,20}".prop_map(Trigger::Other),
    ];
    let rest = (TRANSMIT_SECONDS, text, proptest::option::of(any::<u32>()), any::<bool>(), trigger);
    (place, numbers, rest).prop_map(
        |((lat, lon), (momsn, cep_km, knots, course_deg, altitude_m, battery), rest)| {
            let (seconds, message, ack, of_gps, trigger) = rest;
            let at = Time::from_micros(seconds * 1_000_000);
            let rounded = |v: f64| (v * 1e5).round() / 1e5;
            rockcore::Fields {
                id: format!("id{seconds}"),
                imei: "300434063836590".parse().unwrap(),
                device_type: "LEOPARD3".to_owned(),
                serial: 100_015,
                momsn,
                transmitted_at: at,
                measured_at: at,
                trigger,
                source: if of_gps { Source::Gps } else { Source::Iridium },
                position: (Latitude::new(rounded(lat)).unwrap(), Longitude::new(rounded(lon)).unwrap()),
                cep_km,
                speed_knots: f64::from(knots) / 10.0,
                course_deg,
                altitude_m,
                battery_percent: battery,
                message: message.filter(|text| !text.trim().is_empty()),
                message_ack: ack.map(u64::from),
            }
        },
    )
}

/// Everything that may be done with bytes that claim to be a push of a tracker.
fn handle_rockcore(kind: BodyKind, body: &[u8], claims: &serde_json::Value) {
    match rockcore::parse(kind, body) {
        Ok(push) => {
            push.duplicate_key();
            push.id_key();
            let _ = claims::compare(claims, &push);
            let _ = rockcore::command(push.message.as_deref().unwrap_or_default());
            assert!(push.faults.iter().all(|fault| fault.to_string().len() <= MAX_SENTENCE));
            assert!(push.fields.len() <= 64);
            let figures = [push.speed_m_s, push.course_deg, push.altitude_m, push.battery_percent];
            assert!(figures.into_iter().flatten().all(f64::is_finite));
        }
        Err(refusal) => assert!(refusal.to_string().len() <= MAX_SENTENCE),
    }
}

fn handle_cloudloop(kind: BodyKind, body: &[u8]) {
    match cloudloop::parse(kind, body) {
        Ok(push) => {
            push.message_key();
            push.id_key();
            push.sbd.duplicate_key("rockblock");
            assert!(push.sbd.faults.iter().all(|fault| fault.to_string().len() <= MAX_SENTENCE));
        }
        Err(refusal) => assert!(refusal.to_string().len() <= MAX_SENTENCE),
    }
}

fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    proptest::collection::vec(mutation(), 1..8)
}

proptest! {
    #[test]
    fn a_tracker_reads_the_same_in_both_forms(fields in tracker_fields()) {
        let form = rockcore::parse(BodyKind::Form, fields.form_body().as_bytes()).unwrap();
        let json = rockcore::parse(BodyKind::Json, fields.json_body(Some("a.b.c")).as_bytes()).unwrap();
        for push in [&form, &json] {
            prop_assert_eq!(&push.faults, &[]);
            prop_assert_eq!((push.momsn, push.transmitted_at), (Some(fields.momsn), Some(fields.transmitted_at)));
            prop_assert_eq!((push.trigger.as_ref(), push.source), (Some(&fields.trigger), Some(fields.source)));
            prop_assert_eq!((push.position, &push.message), (Some(fields.position), &fields.message));
            prop_assert_eq!(push.message_ack, fields.message_ack);
            prop_assert_eq!(push.fix().is_some(), fields.source == Source::Gps);
        }
        prop_assert_eq!(form.duplicate_key(), json.duplicate_key());
        prop_assert_eq!(form.id_key(), json.id_key());
        prop_assert_eq!(json.jwt.as_deref(), Some("a.b.c"));
        let signed = claims::claims_for(&form, 0);
        prop_assert_eq!(claims::compare(&signed, &form), Ok(vec![]));
        prop_assert_eq!(claims::compare(&signed, &json), Ok(vec![]));
    }

    #[test]
    fn mutated_trackers_never_panic(fields in tracker_fields(), changes in mutations()) {
        let signed = claims::claims_for(&fields.push().unwrap(), 0);
        handle_rockcore(BodyKind::Form, &mutated(&fields.form_body(), &changes), &signed);
        handle_rockcore(BodyKind::Json, &mutated(&fields.json_body(Some("a.b.c")), &changes), &signed);
    }

    #[test]
    fn any_bytes_never_panic(body in proptest::collection::vec(any::<u8>(), 0..400), text in ".{0,80}") {
        for kind in [BodyKind::Form, BodyKind::Json] {
            handle_rockcore(kind, &body, &serde_json::Value::Null);
            handle_cloudloop(kind, &body);
        }
        let _ = rockcore::command(&text);
    }

    #[test]
    fn cloudloop_in_every_dress_is_rockblocks_message(sbd in fields(), mtmsn in any::<u32>()) {
        let old = rockblock::parse(BodyKind::Form, sbd.form_body().as_bytes()).unwrap();
        let push = cloudloop::Fields { id: "38f132ed".to_owned(), mtmsn, thing_id: "t".to_owned(), sbd };
        for (format, kind) in [(Format::Lingo, BodyKind::Json), (Format::Core, BodyKind::Json), (Format::Form, BodyKind::Form)] {
            let read = cloudloop::parse(kind, push.body(format).as_bytes()).unwrap();
            prop_assert_eq!(&read.sbd.faults, &[]);
            prop_assert_eq!(read.sbd.duplicate_key("rockblock"), old.duplicate_key("rockblock"));
            prop_assert_eq!(&read.sbd.payload, &old.payload);
            prop_assert_eq!((read.sbd.estimate, &read.sbd.serial), (old.estimate, &old.serial));
            prop_assert_eq!(read.id.as_deref(), Some("38f132ed"));
            prop_assert_eq!(read.mtmsn, (format == Format::Lingo).then_some(mtmsn));
        }
    }

    #[test]
    fn mutated_cloudloop_never_panics(sbd in fields(), changes in mutations()) {
        let push = cloudloop::Fields { id: "38f132ed".to_owned(), mtmsn: 1, thing_id: "t".to_owned(), sbd };
        handle_cloudloop(BodyKind::Json, &mutated(&push.body(Format::Lingo), &changes));
        handle_cloudloop(BodyKind::Json, &mutated(&push.body(Format::Core), &changes));
        handle_cloudloop(BodyKind::Form, &mutated(&push.body(Format::Form), &changes));
    }
}
