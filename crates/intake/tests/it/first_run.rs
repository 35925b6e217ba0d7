//! A test push goes out and comes in again.

use fairlead_model::problem::ProblemKind;
use fairlead_model::role::Role;
use fairlead_model::{Imei, Trust};
use fairlead_store::reports;
use fairlead_testkit::{Backend, PATIENCE};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::door::{Door, Push};

fairlead_testkit::on_both_backends!(
    a_test_push_comes_in_by_the_public_address,
    a_test_push_that_is_not_trusted_is_no_evidence,
    test_pushes_are_for_administrators_and_rare,
    the_last_refusal_is_reported,
);

async fn test(door: &Door, client: &Client) -> (StatusCode, Value) {
    let response = client.post(door.system.url("intake", "/api/v1/first-run/test")).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

async fn a_test_push_comes_in_by_the_public_address(backend: Backend) {
    let secret = "5f0c3a9d1b7e4f60";
    let door = Door::open(backend, &[&format!("intake.rockblock.secret_path={secret}")]).await;
    let (status, made) = test(&door, &door.system.client).await;
    assert_eq!((status, &made["status"]), (StatusCode::OK, &json!(200)), "{made}");
    assert_eq!(made["url"], door.system.url("intake", "/rockblock/incoming/…"));
    let sentence = made["sentence"].as_str().unwrap();
    assert!(sentence.starts_with("The push arrived and was taken. But the provider cannot reach 127.0.0.1:"));
    assert!(!made.to_string().contains(secret));
    let messages = door.messages().await;
    assert_eq!(messages.len(), 1);
    assert_eq!((messages[0].imei, messages[0].trust), (Imei::TEST, Trust::SecretPath));
    assert_eq!(messages[0].payload_text.as_deref(), Some("Fairlead test push"));
    assert_eq!(messages[0].transmitted_at, Some(door.system.clock.now()));
    assert!(door.problems(ProblemKind::FaultyPush).await.is_empty());
    door.system.stop().await;
}

async fn a_test_push_that_is_not_trusted_is_no_evidence(backend: Backend) {
    let door = Door::open(backend, &["intake.rockblock.require_trust=signed"]).await;
    let (status, made) = test(&door, &door.system.client).await;
    assert_eq!((status, &made["status"]), (StatusCode::OK, &json!(401)), "{made}");
    let sentence = made["sentence"].as_str().unwrap();
    assert!(
        sentence.contains("not let in, as it should be") && sentence.contains("only the provider can sign")
    );
    assert_eq!((door.messages().await, door.held_count().await), (Vec::new(), 0));
    assert!(door.problems(ProblemKind::UntrustedPush).await.is_empty());
    door.system.stop().await;
}

async fn test_pushes_are_for_administrators_and_rare(backend: Backend) {
    let door = Door::open(backend, &[]).await;
    let operator = door.system.client_as(Role::Operator).await;
    assert_eq!(test(&door, &operator).await.0, StatusCode::FORBIDDEN);
    assert_eq!(test(&door, &door.plain).await.0, StatusCode::UNAUTHORIZED);
    let admin = &door.system.client;
    // The clock stands: at most one of many at once, and none right after it.
    let many = futures_util::future::join_all((0..4).map(|_| test(&door, admin))).await;
    let made = many.iter().filter(|(status, _)| *status == StatusCode::OK).count();
    assert_eq!(made, 1, "{many:?}");
    let (status, refused) = test(&door, admin).await;
    assert_eq!((status, &refused["code"]), (StatusCode::TOO_MANY_REQUESTS, &json!("FL-0429")));
    door.system.hand.advance(std::time::Duration::from_secs(2));
    assert_eq!(test(&door, admin).await.0, StatusCode::OK);
    assert_eq!(door.messages().await.len(), 2, "each has a key of its own");
    door.system.stop().await;
}

async fn the_last_refusal_is_reported(backend: Backend) {
    let secret = "intake.rockblock.secret_path=5f0c3a9d1b7e4f60";
    let door = Door::open(backend, &[secret, "intake.rockblock.require_trust=listed_address"]).await;
    let form = "application/x-www-form-urlencoded";
    assert_eq!(door.push_body("text/plain", "hello").await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(door.push_body(form, "momsn=1").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(door.push(&Push::new(1)).await, StatusCode::UNAUTHORIZED, "that one is held");
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let rows = door.system.store.read(reports::list).await.unwrap();
        let facts =
            |row: &reports::ReportRow| serde_json::from_str::<Value>(&row.report).unwrap()["facts"].take();
        let facts: Vec<Value> = rows.iter().map(facts).collect();
        if facts.iter().any(|facts| facts["last_refusal"]["status"] == 400) {
            assert_eq!(facts[0]["require_trust"], "listed_address");
            assert_eq!(facts[0]["has_secret_path"], true);
            assert_eq!(facts[0]["last_refusal"]["at"], json!(door.system.clock.now()));
            assert!(facts[0]["last_refusal"]["reason"].as_str().unwrap().contains("imei"), "{facts:?}");
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "it was not reported: {facts:?}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    door.system.stop().await;
}
