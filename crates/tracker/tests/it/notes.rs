//! What people write about a modem.

use fairlead_model::ModemId;
use fairlead_model::role::Role;
use fairlead_store::Tx;
use fairlead_store::satellite::notes;
use fairlead_testkit::Backend;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::sea::{Sea, minutes, start};

fairlead_testkit::on_both_backends!(
    a_note_is_written_read_and_removed,
    a_note_has_bounds,
    notes_are_for_operators
);

/// The address of the notes of the only modem.
async fn notes_of(sea: &Sea) -> String {
    sea.handle(&[sea.message(1, start().minus(minutes(60)), "")]).await;
    format!("/api/v1/modems/{}/notes", sea.modem().await["id"].as_str().unwrap())
}

async fn write(sea: &Sea, client: &Client, path: &str, text: &str) -> (StatusCode, Value) {
    let request = client.post(sea.system.url("tracker", path)).json(&json!({"text": text}));
    let response = request.send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

async fn remove(sea: &Sea, client: &Client, path: &str, note: &Value) -> StatusCode {
    let path = format!("{path}/{}", note["id"].as_str().unwrap());
    client.delete(sea.system.url("tracker", &path)).send().await.unwrap().status()
}

async fn a_note_is_written_read_and_removed(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let path = notes_of(&sea).await;
    let operator = sea.system.client_as(Role::Operator).await;
    let mut written = Vec::new();
    for text in ["Deployed off Monterey.\nLine 40 m.", " Übergeben 🌊 ", "third"] {
        let (status, note) = write(&sea, &operator, &path, text).await;
        assert_eq!(status, StatusCode::CREATED, "{note}");
        assert_eq!(
            (&note["author"], &note["text"], &note["at"]),
            (&json!("operator"), &json!(text.trim()), &json!(sea.system.clock.now()))
        );
        written.insert(0, note);
        sea.system.hand.advance(minutes(1));
    }
    assert_eq!(sea.items(&path).await, written);
    let first = sea.get(&format!("{path}?limit=2")).await;
    let rest = sea.items(&format!("{path}?cursor={}", first["next_cursor"].as_str().unwrap())).await;
    assert_eq!((first["items"].as_array().unwrap().as_slice(), rest.as_slice()), written.split_at(2));

    // A note is removed at its own modem, and once.
    let stranger = "/api/v1/modems/019e830e-1a00-7edf-a648-1715466fba82/notes";
    assert_eq!(remove(&sea, &operator, stranger, &written[1]).await, StatusCode::NOT_FOUND);
    assert_eq!(remove(&sea, &operator, &path, &written[1]).await, StatusCode::NO_CONTENT);
    assert_eq!(remove(&sea, &operator, &path, &written[1]).await, StatusCode::NOT_FOUND);
    assert_eq!(sea.items(&path).await, [written[0].clone(), written[2].clone()]);
    assert_eq!(write(&sea, &operator, stranger, "lost").await.0, StatusCode::NOT_FOUND);

    let subject = format!("modem {}", sea.modem().await["id"].as_str().unwrap());
    let entry = |action: &str, text: &str| {
        ["operator".to_owned(), action.to_owned(), subject.clone(), text.to_owned()]
    };
    assert_eq!(
        sea.audit().await,
        [
            entry("note.add", "Deployed off Monterey.\nLine 40 m."),
            entry("note.add", "third"),
            entry("note.add", "Übergeben 🌊"),
            entry("note.remove", "Übergeben 🌊"),
        ]
    );
    sea.system.stop().await;
}

async fn a_note_has_bounds(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let path = notes_of(&sea).await;
    let client = &sea.system.client;
    for wrong in ["", " \n ", &"é".repeat(4_001)] {
        let (status, answer) = write(&sea, client, &path, wrong).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
        assert_eq!(answer["detail"], "A note has 1 to 4000 characters.");
    }
    let (status, note) = write(&sea, client, &path, &"é".repeat(4_000)).await;
    assert_eq!((status, note["text"].as_str().unwrap().chars().count()), (StatusCode::CREATED, 4_000));

    let id: ModemId = sea.modem().await["id"].as_str().unwrap().parse().unwrap();
    let clock = sea.system.clock.clone();
    let nearly_all = move |tx: &mut Tx<'_>| {
        (2..notes::MOST).try_for_each(|_| notes::add(tx, &clock, id, "test", "one of many").map(drop))
    };
    sea.system.store.write(nearly_all).await.unwrap();
    let tries = futures_util::future::join_all((0..4).map(|_| write(&sea, client, &path, "the last"))).await;
    let taken = tries.iter().filter(|(status, _)| *status == StatusCode::CREATED).count();
    assert_eq!(taken, 1, "{tries:?}");
    let (status, answer) = write(&sea, client, &path, "one too many").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer["detail"], "A modem has at most 1000 notes. Remove one first.");
    assert_eq!(remove(&sea, client, &path, &note).await, StatusCode::NO_CONTENT);
    assert_eq!(write(&sea, client, &path, "there is room").await.0, StatusCode::CREATED);
    sea.system.stop().await;
}

async fn notes_are_for_operators(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let path = notes_of(&sea).await;
    let (_, note) = write(&sea, &sea.system.client, &path, "a note").await;
    let viewer = sea.system.client_as(Role::Viewer).await;
    for (client, status) in [(&Client::new(), StatusCode::UNAUTHORIZED), (&viewer, StatusCode::FORBIDDEN)] {
        assert_eq!(write(&sea, client, &path, "another").await.0, status);
        assert_eq!(remove(&sea, client, &path, &note).await, status);
    }
    assert_eq!(sea.items(&path).await, [note]);
    sea.system.stop().await;
}
