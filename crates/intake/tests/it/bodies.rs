//! What a push may look like, and what is answered to what is none.

use fairlead_model::Time;
use fairlead_model::message::MessageState;
use fairlead_model::problem::{ProblemKind, ProblemState};
use fairlead_testkit::Backend;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::door::{Door, IMEI, Push, answer, token};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json; charset=utf-8";

fairlead_testkit::on_both_backends!(
    a_form_and_json_are_stored_alike,
    what_is_odd_is_stored_with_a_problem_where_something_is_wrong,
    without_an_imei_nothing_is_stored_and_the_field_is_named,
    refused_pushes_are_kept_within_their_bounds,
    wrong_methods_types_and_sizes_are_refused,
);

async fn a_form_and_json_are_stored_alike(backend: Backend) {
    let door = Door::open(backend, &[]).await;
    let push = |n| {
        let push = Push::new(n).data("504b3030353b31").with("iridium_session_status", "0");
        push.with("battery_of_tomorrow", "full & \"well\" \u{1f6f0}")
    };
    assert_eq!(door.push_body(FORM, push(1).form()).await, (StatusCode::OK, "OK".to_owned()));
    door.tick();
    assert_eq!(door.push_body(JSON, push(2).json()).await, (StatusCode::OK, "OK".to_owned()));

    let messages = door.messages().await;
    assert_eq!(messages.iter().map(|m| m.momsn).collect::<Vec<_>>(), [Some(2), Some(1)]);
    for message in messages {
        assert_eq!(message.imei.as_str(), IMEI);
        assert_eq!(message.state, MessageState::Waiting);
        assert_eq!(message.payload_text.as_deref(), Some("PK005;1"));
        assert_eq!(message.transmitted_at, Time::parse_rfc3339("2026-06-01T11:59:30Z"));
        let row = door.row(message.id).await;
        assert_eq!((row.serial.as_deref(), row.device_type.as_deref()), (Some("204514"), Some("ROCKBLOCK")));
        assert_eq!((row.iridium_latitude, row.iridium_longitude), (Some(37.8248), Some(-122.405)));
        assert_eq!((row.iridium_cep_km, row.session_status), (Some(4.0), Some(0)));
        let source: Value = serde_json::from_str(&row.source).unwrap();
        assert_eq!(source["unknown"], json!({"battery_of_tomorrow": "full & \"well\" \u{1f6f0}"}));
        assert_eq!(source["address"], "127.0.0.1");
        let body = if row.momsn == Some(1) { push(1).form() } else { push(2).json() };
        assert_eq!(String::from_utf8(row.body).unwrap(), body, "the body is kept as it came");
    }
    assert!(door.problems(ProblemKind::FaultyPush).await.is_empty());
    door.system.stop().await;
}

/// A body of one push, what its payload is in the end, and words of the problem where there is one.
type OddPush = (Vec<u8>, Option<Vec<u8>>, Option<&'static str>);

fn odd_pushes() -> Vec<OddPush> {
    let imei = "imei=300434063836590";
    let text = |text: String| text.into_bytes();
    let wanted = |hex: &str| Some(hex::decode(hex).unwrap());
    vec![
        (
            text(format!("{imei}&data=01")),
            wanted("01"),
            Some("`momsn` is missing; `transmit_time` is missing"),
        ),
        (text(Push::new(12).data("50 4b30\n30 353b31").form()), wanted("504b3030353b31"), None),
        (
            text(format!("{imei}&momsn=13&transmit_time=26-06-01%252011%253A59%253A30&data=03")),
            wanted("03"),
            None,
        ),
        (text(Push::new(14).data("ab".repeat(341)).form()), wanted(&"ab".repeat(341)), Some("341 bytes")),
        (text(Push::new(15).data("ab".repeat(340)).form()), wanted(&"ab".repeat(340)), None),
        (text(Push::new(16).data("not hex").form()), None, Some("`data` is `not hex`")),
        (text(Push::new(17).data("abc").form()), None, Some("`data` is `abc`")),
        (text(Push::new(18).data("").form()), Some(Vec::new()), None),
        (text(format!("{imei}&momsn=19&transmit_time=26-06-01 11:59:30")), None, Some("`data` is missing")),
        (text(format!("{}&data=07", Push::new(20).form())), wanted("504300000014"), Some("more than once")),
        (
            text(Push::new(21).at("2026-06-01 11:59:30").form()),
            wanted("504300000015"),
            Some("`transmit_time`"),
        ),
        ([text(Push::new(22).form()), b"&x=\x00\xff%00%ff".to_vec()].concat(), wanted("504300000016"), None),
        (text(Push::new(23).with("serial", "\u{1f6f0}".repeat(500)).form()), wanted("504300000017"), None),
        (text(Push::new(24).with("iridium_latitude", "91").form()), wanted("504300000018"), Some("`91`")),
    ]
}

async fn what_is_odd_is_stored_with_a_problem_where_something_is_wrong(backend: Backend) {
    let door = Door::open(backend, &[]).await;
    let pushes = odd_pushes();
    for (body, ..) in &pushes {
        let (status, text) = door.push_body(FORM, body.clone()).await;
        assert_eq!(status, StatusCode::OK, "{} {text}", String::from_utf8_lossy(body));
        door.tick();
    }
    let mut messages = door.messages().await;
    messages.reverse();
    let problems = door.problems(ProblemKind::FaultyPush).await;
    assert_eq!(messages.len(), pushes.len());
    for (message, (body, payload, wrong)) in messages.iter().zip(pushes) {
        let about = String::from_utf8_lossy(&body).into_owned();
        let row = door.row(message.id).await;
        assert_eq!(row.body, body);
        assert_eq!(row.payload, payload, "{about}");
        let problem = problems.iter().find(|p| p.message_id == Some(message.id));
        match (wrong, problem) {
            (Some(wrong), Some(problem)) => {
                assert!(problem.reason.contains(wrong), "{about}: {}", problem.reason);
                assert_eq!(problem.state, ProblemState::Open);
            }
            (wrong, problem) => assert!(wrong.is_none() && problem.is_none(), "{about}: {problem:?}"),
        }
    }
    let raw = messages.iter().find(|m| m.momsn == Some(16)).unwrap();
    assert_eq!(raw.payload_hex, "not hex", "what cannot be decoded is kept as it came");
    door.system.stop().await;
}

async fn without_an_imei_nothing_is_stored_and_the_field_is_named(backend: Backend) {
    let door = Door::open(backend, &[]).await;
    let bodies: [(&str, &[u8]); 7] = [
        (FORM, b""),
        (FORM, b"momsn=1&data=00"),
        (FORM, b"imei=12345&data=00"),
        (FORM, b"imei=&data=00"),
        (JSON, b"[1, 2]"),
        (JSON, b"{\"imei\": 3004340"),
        (JSON, b"imei=300434063836590&data=00"),
    ];
    for (content_type, body) in bodies {
        let (status, text) = door.push_body(content_type, body).await;
        let problem: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(status, StatusCode::BAD_REQUEST, "{text}");
        assert_eq!(problem["code"], "FL-0410");
        assert!(problem["detail"].as_str().unwrap().contains("`imei`"), "{text}");
        door.tick();
    }
    assert_eq!(door.messages().await, []);
    let problems = door.problems(ProblemKind::NoImei).await;
    assert_eq!(problems.len(), bodies.len());
    let mut kept = Vec::new();
    for problem in problems {
        let held = door.held(problem.held_id.unwrap()).await.expect("the body is kept");
        assert_eq!(held.why, "no_imei");
        kept.push(held.body);
    }
    kept.sort();
    let mut sent = bodies.map(|(_, body)| body.to_vec());
    sent.sort();
    assert_eq!(kept, sent);
    door.system.stop().await;
}

async fn refused_pushes_are_kept_within_their_bounds(backend: Backend) {
    let door = Door::open(backend, &["intake.held_keep=3", "intake.held_per_minute=5"]).await;
    let refuse = async |n: u32, wanted: StatusCode| {
        let body = if wanted == StatusCode::UNAUTHORIZED {
            Push::new(n).with("JWT", "forged").form()
        } else {
            format!("momsn={n}")
        };
        assert_eq!(door.push_body(FORM, body).await.0, wanted);
        door.tick();
    };
    // More than a minute's allowance: each is answered alike, the rest is not kept.
    for n in 0..5 {
        refuse(n, StatusCode::BAD_REQUEST).await;
    }
    for n in 5..10 {
        refuse(n, StatusCode::UNAUTHORIZED).await;
    }
    assert_eq!(door.held_count().await, 3);
    let kept = door.problems(ProblemKind::NoImei).await;
    let mut bodies: Vec<_> = kept.iter().filter_map(|p| p.excerpt.clone()).collect();
    bodies.sort_unstable();
    assert_eq!(bodies, ["momsn=2", "momsn=3", "momsn=4"], "the oldest went first, with their problems");
    assert!(door.problems(ProblemKind::UntrustedPush).await.is_empty());

    // A minute later there is a new allowance; each kind has its own bound.
    door.system.hand.advance(std::time::Duration::from_secs(60));
    for n in 10..15 {
        refuse(n, StatusCode::UNAUTHORIZED).await;
    }
    assert_eq!(door.held_count().await, 6);
    assert_eq!(door.problems(ProblemKind::UntrustedPush).await.len(), 3);
    assert_eq!(door.problems(ProblemKind::NoImei).await.len(), 3);
    assert_eq!(door.messages().await, []);
    door.system.stop().await;
}

async fn wrong_methods_types_and_sizes_are_refused(backend: Backend) {
    let door = Door::open(backend, &["intake.rockblock.secret_path=abc"]).await;
    assert_eq!(door.push(&Push::new(1)).await, StatusCode::OK);
    for path in ["/rockblock/incoming", "/rockblock/incoming/abc"] {
        for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
            let response = door.plain.request(method, door.system.url("intake", path)).send().await.unwrap();
            assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
            assert_eq!(response.headers()["Allow"], "POST");
            assert!(!response.text().await.unwrap().contains(IMEI), "nothing is shown");
        }
    }
    for content_type in ["text/plain", "multipart/form-data; boundary=x", "application/xml", ""] {
        let (status, text) = door.push_body(content_type, Push::new(2).form()).await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{text}");
    }
    let with_length = |length: usize| {
        let body = format!("{}&filler=", Push::new(3).form());
        format!("{body}{}", "x".repeat(length - body.len()))
    };
    let (status, text) = door.push_body(FORM, with_length(64 * 1024 + 1)).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{text}");
    let long_token = token(&json!({"filler": "x".repeat(30_000)}));
    let (status, _) = door.push_body(FORM, Push::new(4).with("JWT", long_token).form()).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(door.push_body(FORM, with_length(64 * 1024)).await.0, StatusCode::OK);
    assert_eq!(door.messages().await.len(), 2);

    let heartbeat = door.plain.get(door.system.url("intake", "/connection/hc"));
    assert_eq!(answer(heartbeat).await, (StatusCode::OK, "OK".to_owned()));
    door.system.stop().await;
}
