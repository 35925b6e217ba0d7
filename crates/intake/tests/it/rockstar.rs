//! RockSTAR trackers' door: every key is kept, an id is a message, and the token is as good as RockBLOCK's.

use fairlead_model::problem::ProblemKind;
use fairlead_model::role::Role;
use fairlead_model::{Latitude, Longitude, Time, Trust};
use fairlead_testkit::Backend;
use fairlead_wire::rockcore::{Fields, Source, Trigger, claims};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::door::{Door, IMEI, KEYS, answer, token};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json; charset=utf-8";

fairlead_testkit::on_both_backends!(
    a_push_is_kept_whole_in_both_forms_and_once,
    a_burst_is_two_messages,
    another_content_under_the_same_id_is_kept_and_shown,
    a_token_vouches_and_a_forged_one_is_held,
    secret_path_and_addresses_vouch,
    what_cannot_be_taken_is_refused,
);

fn fields(id: &str) -> Fields {
    Fields {
        id: id.to_owned(),
        imei: IMEI.parse().unwrap(),
        device_type: "LEOPARD3".to_owned(),
        serial: 100_015,
        momsn: 441,
        transmitted_at: Time::parse_rfc3339("2026-06-01T11:59:30Z").unwrap(),
        measured_at: Time::parse_rfc3339("2026-06-01T11:59:00Z").unwrap(),
        trigger: Trigger::Routine,
        source: Source::Gps,
        position: (Latitude::new(37.663).unwrap(), Longitude::new(-122.405).unwrap()),
        cep_km: 3,
        speed_knots: 2.5,
        course_deg: 45,
        altitude_m: 12,
        battery_percent: 82,
        message: None,
        message_ack: None,
    }
}

async fn push(door: &Door, content_type: &str, body: String) -> (StatusCode, String) {
    answer(door.post("/rockstar/incoming", content_type).body(body)).await
}

fn believe() -> String {
    format!("intake.rockcore.public_key_files={KEYS}/simulated-provider.pub.pem")
}

/// The claims of these fields, signed by the simulated provider.
fn signed(fields: &Fields) -> String {
    token(&claims::claims_for(&fields.push().unwrap(), 1_780_000_000))
}

async fn a_push_is_kept_whole_in_both_forms_and_once(backend: Backend) {
    let door = Door::open(backend, &[]).await;
    let mut json: Value = serde_json::from_str(&fields("LxbZ").json_body(None)).unwrap();
    json["beacons"] = json!([{"id": 7}]);
    json["brand_new"] = json!("x");
    for _ in 0..3 {
        assert_eq!(push(&door, JSON, json.to_string()).await, (StatusCode::OK, "OK".to_owned()));
    }
    let messages = door.messages().await;
    assert_eq!(messages.len(), 1);
    let row = door.row(messages[0].id).await;
    assert_eq!(
        (row.provider.as_str(), row.momsn, row.serial.as_deref()),
        ("rockcore", Some(441), Some("100015"))
    );
    assert_eq!(row.body, json.to_string().into_bytes());
    assert_eq!((row.payload, row.payload_raw), (None, None));
    let source: Value = serde_json::from_str(&row.source).unwrap();
    assert_eq!(source["unknown"], json!({"brand_new": "x"}));

    let mut said = fields("LxbY");
    said.trigger = Trigger::Message;
    said.message = Some("Beacon on".to_owned());
    assert_eq!(push(&door, FORM, said.form_body()).await.0, StatusCode::OK);
    assert_eq!(push(&door, JSON, said.json_body(None)).await.0, StatusCode::OK);
    let messages = door.messages().await;
    assert_eq!(messages.len(), 2);
    assert!(messages.iter().any(|message| message.payload_text.as_deref() == Some("Beacon on")));
    assert_eq!(door.problems(ProblemKind::FaultyPush).await, []);
    door.system.stop().await;
}

async fn a_burst_is_two_messages(backend: Backend) {
    let door = Door::open(backend, &[]).await;
    for (id, source) in [("a", Source::Gps), ("b", Source::Iridium)] {
        let body = Fields { source, ..fields(id) }.json_body(None);
        assert_eq!(push(&door, JSON, body).await.0, StatusCode::OK);
    }
    assert_eq!(door.messages().await.len(), 2);
    assert_eq!(door.problems(ProblemKind::ConflictingMessage).await, []);
    door.system.stop().await;
}

async fn another_content_under_the_same_id_is_kept_and_shown(backend: Backend) {
    let door = Door::open(backend, &[]).await;
    let first = fields("same");
    let mut other = fields("same");
    other.course_deg = 46;
    assert_eq!(push(&door, JSON, first.json_body(None)).await.0, StatusCode::OK);
    door.drained().await;
    door.tick();
    for _ in 0..2 {
        assert_eq!(push(&door, JSON, other.json_body(None)).await.0, StatusCode::OK);
        assert_eq!(push(&door, FORM, first.form_body()).await.0, StatusCode::OK);
    }
    let messages = door.messages().await;
    assert_eq!(messages.len(), 2);
    let problems = door.problems(ProblemKind::ConflictingMessage).await;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].message_id, Some(messages[0].id));
    let reason = format!("The provider has pushed another message under the same id: {}.", messages[1].id);
    assert_eq!(problems[0].reason, reason);
    door.system.stop().await;
}

async fn a_token_vouches_and_a_forged_one_is_held(backend: Backend) {
    let door = Door::open(backend, &[&believe()]).await;
    let genuine = fields("a");
    let mut forged = fields("a");
    forged.trigger = Trigger::Message;
    forged.message = Some("Beacon off".to_owned());
    let body = forged.json_body(Some(&signed(&genuine)));
    assert_eq!(push(&door, JSON, body).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(push(&door, JSON, genuine.json_body(Some("x"))).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(door.held_count().await, 2);
    assert_eq!(push(&door, JSON, genuine.json_body(Some(&signed(&genuine)))).await.0, StatusCode::OK);
    let trusts: Vec<_> = door.messages().await.iter().map(|message| message.trust).collect();
    assert_eq!(trusts, [Trust::Signed]);
    // The held copy of the very same message is settled; the forged one is evidence.
    assert_eq!(door.held_count().await, 1);
    // Once it is signed for, the unsigned is doubted.
    assert_eq!(push(&door, JSON, fields("b").json_body(None)).await.0, StatusCode::OK);
    assert_eq!((door.messages().await.len(), door.held_count().await), (1, 2));

    // A person lets it in, by its own door's rules; its id is then taken.
    let held = door.problems(ProblemKind::UntrustedPush).await.remove(0).held_id.unwrap();
    let admin = door.system.client_as(Role::Admin).await;
    let request = admin
        .post(door.system.url("intake", &format!("/api/v1/held/{held}/admit")))
        .json(&json!({"reason": "a test", "force": true}));
    let (status, text) = answer(request).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    let messages = door.messages().await;
    assert_eq!(messages.len(), 2);
    assert_eq!(door.row(messages[0].id).await.provider, "rockcore");
    door.system.stop().await;
}

async fn secret_path_and_addresses_vouch(backend: Backend) {
    let set = [
        "intake.rockcore.secret_path=s3cret",
        "intake.rockcore.allow_list=212.71.235.32/32",
        "intake.rockcore.require_trust=listed_address",
    ];
    let door = Door::open(backend, &set).await;
    let send = async |id: &str, path: &str, from: Option<&str>| {
        let mut request = door.post(path, JSON).body(fields(id).json_body(None));
        if let Some(address) = from {
            request = request.header("X-Forwarded-For", address);
        }
        answer(request).await.0
    };
    assert_eq!(send("a", "/rockstar/incoming", None).await, StatusCode::UNAUTHORIZED);
    assert_eq!(send("b", "/rockstar/incoming/wrong", None).await, StatusCode::UNAUTHORIZED);
    assert_eq!(send("c", "/rockstar/incoming/s3cret", None).await, StatusCode::OK);
    assert_eq!(send("d", "/rockstar/incoming", Some("212.71.235.32")).await, StatusCode::OK);
    let mut trusts: Vec<_> = door.messages().await.iter().map(|message| message.trust).collect();
    trusts.sort_unstable();
    assert_eq!(trusts, [Trust::ListedAddress, Trust::SecretPath]);
    door.system.stop().await;
}

async fn what_cannot_be_taken_is_refused(backend: Backend) {
    let door = Door::open(backend, &[]).await;
    let nobody = fields("a").form_body().replace(&format!("imei={IMEI}"), "imei=");
    assert_eq!(push(&door, FORM, nobody).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(push(&door, "text/xml", "<x/>".to_owned()).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let get = door.plain.get(door.system.url("intake", "/rockstar/incoming"));
    assert_eq!(answer(get).await.0, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!((door.messages().await.len(), door.held_count().await), (0, 1));
    door.system.stop().await;
}
