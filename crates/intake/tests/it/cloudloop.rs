//! Cloudloop's door: three formats of one message, bare sessions, and who vouches for what nobody signs.

use fairlead_model::problem::ProblemKind;
use fairlead_model::{Latitude, Longitude, Time, Trust};
use fairlead_testkit::Backend;
use fairlead_wire::cloudloop::{Fields, Format};
use fairlead_wire::rockblock;
use reqwest::StatusCode;
use serde_json::Value;

use crate::door::{Door, IMEI, Push, answer, believe};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

fairlead_testkit::on_both_backends!(
    a_message_in_three_formats_and_by_the_old_platform_is_one,
    a_bare_session_is_a_mailbox_check_and_tells_what_was_fetched,
    formats_that_disagree_about_the_second_are_one_message,
    another_content_under_the_same_id_is_kept_and_shown,
    only_path_and_address_vouch,
    what_the_old_platform_signs_for_is_not_taken_from_anybody,
);

fn fields(id: &str, text: &str) -> Fields {
    let sbd = rockblock::Fields {
        imei: IMEI.parse().unwrap(),
        serial: 204_514,
        momsn: 7,
        transmitted_at: Time::parse_rfc3339("2026-06-01T11:59:30Z").unwrap(),
        latitude: Latitude::new(37.8248).unwrap(),
        longitude: Longitude::new(-122.405).unwrap(),
        cep_km: 4.0,
        session_status: Some(0),
        payload: text.as_bytes().to_vec(),
    };
    Fields { id: id.to_owned(), mtmsn: 0, thing_id: "DgXeoxwV".to_owned(), sbd }
}

async fn push(door: &Door, path: &str, fields: &Fields, format: Format) -> StatusCode {
    let content_type = if format == Format::Form { FORM } else { JSON };
    answer(door.post(path, content_type).body(fields.body(format))).await.0
}

async fn a_message_in_three_formats_and_by_the_old_platform_is_one(backend: Backend) {
    let door = Door::open(backend, &[]).await;
    let sent = fields("38f1", "PK005;1");
    for format in [Format::Lingo, Format::Core, Format::Form, Format::Lingo] {
        assert_eq!(push(&door, "/cloudloop/incoming", &sent, format).await, StatusCode::OK);
    }
    assert_eq!(
        answer(door.post("/rockblock/incoming", FORM).body(sent.sbd.form_body())).await.0,
        StatusCode::OK
    );
    let messages = door.messages().await;
    assert_eq!(messages.len(), 1);
    assert_eq!((messages[0].payload_text.as_deref(), messages[0].momsn), (Some("PK005;1"), Some(7)));
    let row = door.row(messages[0].id).await;
    assert_eq!(
        (row.provider.as_str(), row.iridium_cep_km, row.session_status),
        ("cloudloop", Some(4.0), Some(0))
    );
    assert_eq!(door.problems(ProblemKind::FaultyPush).await, []);
    door.system.stop().await;
}

async fn a_bare_session_is_a_mailbox_check_and_tells_what_was_fetched(backend: Backend) {
    let door = Door::open(backend, &[]).await;
    let bare = Fields { mtmsn: 57, ..fields("bare", "") };
    assert_eq!(push(&door, "/cloudloop/incoming", &bare, Format::Lingo).await, StatusCode::OK);
    let messages = door.messages().await;
    let row = door.row(messages[0].id).await;
    assert_eq!(row.payload.as_deref(), Some(&[][..]));
    let source: Value = serde_json::from_str(&row.source).unwrap();
    assert_eq!(source["unknown"]["sbd.mtmsn"], "57");
    assert_eq!(source["unknown"]["identity.thingId"], "DgXeoxwV");
    door.system.stop().await;
}

async fn formats_that_disagree_about_the_second_are_one_message(backend: Backend) {
    let door = Door::open(backend, &[]).await;
    let sent = fields("38f1", "PK005;1");
    let mut later = sent.clone();
    later.sbd.transmitted_at = Time::parse_rfc3339("2026-06-01T11:59:31Z").unwrap();
    assert_eq!(push(&door, "/cloudloop/incoming", &sent, Format::Lingo).await, StatusCode::OK);
    assert_eq!(push(&door, "/cloudloop/incoming", &later, Format::Core).await, StatusCode::OK);
    assert_eq!(door.messages().await.len(), 1);
    assert_eq!(door.problems(ProblemKind::ConflictingMessage).await, []);
    door.system.stop().await;
}

async fn another_content_under_the_same_id_is_kept_and_shown(backend: Backend) {
    let door = Door::open(backend, &[]).await;
    for text in ["PK005;1", "PK005;0", "PK005;1"] {
        assert_eq!(
            push(&door, "/cloudloop/incoming", &fields("38f1", text), Format::Lingo).await,
            StatusCode::OK
        );
        door.tick();
    }
    assert_eq!(door.messages().await.len(), 2);
    assert_eq!(door.problems(ProblemKind::ConflictingMessage).await.len(), 1);
    door.system.stop().await;
}

async fn only_path_and_address_vouch(backend: Backend) {
    let set = ["intake.cloudloop.secret_path=s3cret", "intake.cloudloop.require_trust=listed_address"];
    let door = Door::open(backend, &set).await;
    let body = |text: &str| fields(text, text).body(Format::Lingo);
    let send = async |text: &str, path: &str, from: &str| {
        answer(door.post(path, JSON).header("X-Forwarded-For", from).body(body(text))).await.0
    };
    let (open, secret) = ("/cloudloop/incoming", "/cloudloop/incoming/s3cret");
    assert_eq!(send("PK005;1", open, "6.6.6.6").await, StatusCode::UNAUTHORIZED);
    assert_eq!(send("PK006;1", "/cloudloop/incoming/no", "52.56.155.169").await, StatusCode::UNAUTHORIZED);
    assert_eq!(send("PK006;2", open, "52.56.155.169").await, StatusCode::OK);
    assert_eq!(send("PK006;3", open, "35.178.100.117").await, StatusCode::OK);
    assert_eq!(send("PK006;4", secret, "6.6.6.6").await, StatusCode::OK);
    let mut trusts: Vec<_> = door.messages().await.iter().map(|message| message.trust).collect();
    trusts.sort_unstable();
    assert_eq!(trusts, [Trust::ListedAddress, Trust::ListedAddress, Trust::SecretPath]);
    door.system.stop().await;
}

async fn what_the_old_platform_signs_for_is_not_taken_from_anybody(backend: Backend) {
    let door = Door::open(backend, &[&believe(), "intake.cloudloop.secret_path=s3cret"]).await;
    assert_eq!(door.push(&Push::new(6).signed()).await, StatusCode::OK);
    door.drained().await;
    let (open, secret) = ("/cloudloop/incoming", "/cloudloop/incoming/s3cret");
    assert_eq!(push(&door, open, &fields("a", "PK005;1"), Format::Lingo).await, StatusCode::OK);
    assert_eq!((door.messages().await.len(), door.held_count().await), (1, 1));
    // The same message on the secret path settles the doubt.
    assert_eq!(push(&door, secret, &fields("a", "PK005;1"), Format::Lingo).await, StatusCode::OK);
    assert_eq!((door.messages().await.len(), door.held_count().await), (2, 0));
    door.system.stop().await;
}
