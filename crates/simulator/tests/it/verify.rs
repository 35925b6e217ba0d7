//! The check finds what is lost, doubled and forged, and nothing else.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use fairlead_model::{Clock, MessageId, Secret};
use fairlead_simulator::ledger::{Attempt, Ledger};
use fairlead_simulator::satellite::{Answer, Delivery, Faults, Sent, World};
use fairlead_simulator::verify::{Report, Verdict, verify};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{DAY, present};

/// Messages on a page of the scripted Fairlead, whatever is asked for.
const PAGE: usize = 7;
const TOKEN: &str = "let-me-in";

/// One message as the API shows it.
fn shown(sent: &Sent) -> Value {
    json!({
        "id": MessageId::new(&Clock::system()), "modem_id": null, "imei": sent.imei, "momsn": sent.momsn,
        "transmitted_at": sent.at, "transmit_time_raw": null, "received_at": sent.at, "trust": "signed",
        "state": "decoded", "payload_hex": sent.payload_hex(), "payload_text": null, "summary": null,
        "marks": [], "replaces": null,
    })
}

/// A Fairlead that has these messages, newest first, and pages through them.
fn fairlead(messages: Vec<Value>) -> String {
    let server = HttpServer::new(move || {
        let messages = messages.clone();
        App::new().route(
            "/api/v1/messages",
            web::get().to(move |request: HttpRequest, query: web::Query<BTreeMap<String, String>>| {
                let page = page(&messages, &request, &query);
                async { page }
            }),
        )
    })
    .workers(1)
    .disable_signals()
    .bind(("127.0.0.1", 0))
    .unwrap();
    let url = format!("http://{}", server.addrs()[0]);
    tokio::spawn(server.run());
    url
}

fn page(messages: &[Value], request: &HttpRequest, query: &BTreeMap<String, String>) -> HttpResponse {
    if request.headers().get("Authorization").is_none_or(|value| *value != format!("Bearer {TOKEN}")) {
        return HttpResponse::Unauthorized().finish();
    }
    let wanted = |message: &&Value| query.get("state").is_none_or(|state| message["state"] == **state);
    let from: usize = query.get("cursor").map_or(0, |cursor| cursor.parse().unwrap());
    let items: Vec<&Value> = messages.iter().rev().filter(wanted).skip(from).take(PAGE).collect();
    let next_cursor = (items.len() == PAGE).then(|| (from + PAGE).to_string());
    HttpResponse::Ok().json(json!({ "items": items, "next_cursor": next_cursor }))
}

/// Books with forty pushes, each accepted at its first attempt.
fn books() -> (TempDir, Ledger, Vec<Delivery>) {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(&folder.path().join("ledger")).unwrap();
    let world = World::demo(1, present());
    let faults = Faults { duplicate: 0.1, ..Faults::NONE };
    let deliveries: Vec<Delivery> =
        world.deliveries(present().minus(DAY)..present(), faults).take(40).collect();
    for delivery in &deliveries {
        let number = ledger.note_push(delivery).unwrap();
        ledger.note_attempt(number, attempt(Some(200))).unwrap();
    }
    (folder, ledger, deliveries)
}

fn attempt(status: Option<u16>) -> Attempt {
    let error = status.is_none().then(|| "timed out".to_owned());
    Attempt { at: present(), answer: Answer { status, error } }
}

/// What Fairlead should have: every message once.
fn all_messages(deliveries: &[Delivery]) -> Vec<Value> {
    let mut messages: Vec<&Sent> = deliveries.iter().map(|delivery| delivery.sent.as_ref()).collect();
    messages.sort_by_key(|sent| (sent.imei, sent.momsn));
    messages.dedup();
    messages.into_iter().map(shown).collect()
}

async fn check(ledger: &Ledger, messages: Vec<Value>) -> Report {
    verify(ledger, &fairlead(messages), &Secret::new(TOKEN), Duration::ZERO).await.unwrap()
}

fn counts(report: &Report) -> [usize; 6] {
    let Report { ok, recovered, lost, duplicated, unanswered, unexpected, .. } = *report;
    [ok, recovered, lost, duplicated, unanswered, unexpected]
}

#[actix_web::test]
async fn everything_there_once_passes() {
    let (_folder, ledger, deliveries) = books();
    let messages = all_messages(&deliveries);
    let count = messages.len();
    assert!((30..40).contains(&count), "some of the forty pushes are repetitions");
    let report = check(&ledger, messages).await;
    assert!(report.passed);
    assert_eq!((report.sent, counts(&report)), (count, [count, 0, 0, 0, 0, 0]));
    assert!(report.to_string().ends_with("passed"));
}

#[actix_web::test]
async fn a_lost_and_a_duplicated_one_are_found() {
    let (_folder, ledger, deliveries) = books();
    let mut messages = all_messages(&deliveries);
    let lost = messages.remove(3);
    let mut doubled = messages[5].clone();
    doubled["id"] = json!(MessageId::new(&Clock::system()));
    messages.push(doubled.clone());
    let count = messages.len();
    let report = check(&ledger, messages).await;
    assert!(!report.passed);
    assert_eq!(counts(&report), [count - 2, 0, 1, 1, 0, 0]);
    let about = |verdict| {
        let finding = report.findings.iter().find(|finding| finding.verdict == verdict).unwrap();
        json!([finding.imei, finding.momsn])
    };
    assert_eq!(about(Verdict::Lost), json!([lost["imei"], lost["momsn"]]));
    assert_eq!(about(Verdict::Duplicated), json!([doubled["imei"], doubled["momsn"]]));
    let printed = report.to_string();
    assert!(printed.contains("Lost: IMEI") && printed.ends_with("FAILED"), "{printed}");
}

#[actix_web::test]
async fn a_forged_push_that_was_let_in_is_unexpected() {
    let (_folder, ledger, deliveries) = books();
    let mut messages = all_messages(&deliveries);
    let mut forged = deliveries[0].sent.as_ref().clone();
    forged.payload = b"PK005;1".to_vec();
    messages.push(shown(&forged));
    let report = check(&ledger, messages).await;
    assert!(!report.passed);
    assert_eq!(report.unexpected, 1);
}

#[actix_web::test]
async fn other_senders_and_repaired_copies_do_not_count() {
    let (_folder, ledger, deliveries) = books();
    let mut messages = all_messages(&deliveries);
    let mut repaired = messages[0].clone();
    repaired["replaces"] = messages[0]["id"].clone();
    repaired["id"] = json!(MessageId::new(&Clock::system()));
    let mut stranger = messages[1].clone();
    stranger["imei"] = json!("300434063836590");
    messages.extend([repaired, stranger]);
    assert!(check(&ledger, messages).await.passed);
}

#[actix_web::test]
async fn a_push_without_an_answer_is_the_providers_until_a_retry_recovers_it() {
    let (_folder, ledger, deliveries) = books();
    let world = World::demo(1, present());
    let next: Vec<Delivery> =
        world.deliveries(present()..present().plus(DAY), Faults::NONE).take(2).collect();
    for delivery in &next {
        let number = ledger.note_push(delivery).unwrap();
        ledger.note_attempt(number, attempt(None)).unwrap();
    }
    let mut messages = all_messages(&deliveries);
    let count = messages.len();
    // The answer to the first of them got lost, the message did not.
    messages.push(shown(&next[0].sent));
    assert_eq!(counts(&check(&ledger, messages.clone()).await), [count, 0, 0, 0, 2, 0]);

    ledger.note_attempt(ledger.note_push(&next[0]).unwrap(), attempt(Some(200))).unwrap();
    let report = check(&ledger, messages).await;
    assert_eq!(counts(&report), [count, 1, 0, 0, 1, 0]);
    assert!(report.passed);
}

#[actix_web::test]
async fn a_refused_token_is_a_sentence() {
    let (_folder, ledger, _) = books();
    let api = fairlead(Vec::new());
    let refusal = verify(&ledger, &api, &Secret::new("wrong"), Duration::ZERO).await.unwrap_err();
    assert!(refusal.to_string().contains("refuses the token"), "{refusal}");
}
