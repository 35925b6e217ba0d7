//! The console from outside: the way in, the system's facts, and the pages.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by a panic")]

mod people;

use std::time::Duration;

use fairlead_console::{Console, sign_in_link};
use fairlead_model::role::Role;
use fairlead_runtime::{Host, Hosted};
use fairlead_store::reports::{self, ReportRow};
use fairlead_testkit::{Backend, System};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

fairlead_testkit::on_both_backends!(
    a_link_signs_in_once_and_for_its_time,
    of_many_who_open_a_link_at_once_one_is_in,
    a_session_lasts_until_its_end,
    a_token_signs_in_with_its_own_role,
    the_system_tells_its_facts_to_those_who_may_know,
    processes_tell_how_they_are_and_are_missed,
    pages_come_with_their_rules,
);

const HOUR: Duration = Duration::from_secs(3_600);

async fn open(backend: Backend, set: &[&str]) -> System {
    let services: Vec<Box<dyn Hosted>> = vec![Box::new(Host::<Console>::new())];
    let set = [&["console.print_link=false"], set].concat();
    System::start(backend, services, &set).await
}

async fn link(system: &System) -> String {
    link_as(system, Role::Operator).await
}

async fn link_as(system: &System, role: Role) -> String {
    let url = system.url("console", "");
    sign_in_link(&system.store, &system.clock, &url, role, HOUR).await.unwrap()
}

fn sign_in(system: &System, link: &str) -> RequestBuilder {
    reqwest::Client::new().post(system.url("console", "/api/v1/session")).json(&json!({"link": link}))
}

/// The cookie of an answer, as a browser sends it back, and its rules.
fn cookie(response: &Response) -> (String, String) {
    let set = response.headers()["Set-Cookie"].to_str().unwrap();
    let (pair, rules) = set.split_once(';').unwrap();
    (pair.to_owned(), rules.to_owned())
}

async fn session(system: &System, cookie: &str) -> (u16, Value) {
    let request = reqwest::Client::new().get(system.url("console", "/api/v1/session"));
    let response = request.header("Cookie", cookie).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn a_link_signs_in_once_and_for_its_time(backend: Backend) {
    let system = open(backend, &[]).await;
    let link_once = link(&system).await;
    let first = sign_in(&system, &link_once).send().await.unwrap();
    assert_eq!(first.status().as_u16(), 200);
    let (cookie, rules) = cookie(&first);
    assert!(
        rules.contains("HttpOnly") && rules.contains("SameSite=Lax") && rules.contains("Path=/"),
        "{rules}"
    );
    assert!(!rules.contains("Secure"), "there is no TLS here");
    let body: Value = first.json().await.unwrap();
    assert_eq!(body["role"], "operator");
    let (status, seen) = session(&system, &cookie).await;
    assert_eq!((status, &seen["csrf"]), (200, &body["csrf"]));

    let again = sign_in(&system, &link_once).send().await.unwrap();
    assert_eq!(again.status().as_u16(), 401);
    assert!(again.headers().get("Set-Cookie").is_none());
    let late = link(&system).await;
    system.hand.advance(HOUR);
    assert_eq!(sign_in(&system, &late).send().await.unwrap().status().as_u16(), 401);
    for wrong in ["", "x", "http://127.0.0.1/sign-in#", "fl_0123"] {
        assert_eq!(sign_in(&system, wrong).send().await.unwrap().status().as_u16(), 401, "{wrong}");
    }
    system.stop().await;
}

async fn of_many_who_open_a_link_at_once_one_is_in(backend: Backend) {
    let system = open(backend, &[]).await;
    let link = link(&system).await;
    let tries = futures_util::future::join_all((0..10).map(|_| sign_in(&system, &link).send())).await;
    let mut answers: Vec<_> = tries.into_iter().map(|answer| answer.unwrap().status().as_u16()).collect();
    answers.sort_unstable();
    assert_eq!(answers, [200, 401, 401, 401, 401, 401, 401, 401, 401, 401]);
    system.stop().await;
}

async fn a_session_lasts_until_its_end(backend: Backend) {
    let system = open(backend, &["console.session_hours=2"]).await;
    let begin = async || {
        let response = sign_in(&system, &link(&system).await).send().await.unwrap();
        let cookie = cookie(&response).0;
        let body: Value = response.json().await.unwrap();
        (cookie, body["csrf"].as_str().unwrap().to_owned())
    };
    let (leaving, word) = begin().await;
    let (staying, _) = begin().await;
    let leave = async |word: Option<&str>| {
        let request = reqwest::Client::new()
            .delete(system.url("console", "/api/v1/session"))
            .header("Cookie", &leaving);
        let request = word.iter().fold(request, |request, word| request.header("X-CSRF-Token", *word));
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(leave(None).await, 403, "another site cannot sign a person out");
    assert_eq!(session(&system, &leaving).await.0, 200);
    assert_eq!(leave(Some(&word)).await, 204);
    assert_eq!(session(&system, &leaving).await.0, 401);
    assert_eq!(session(&system, &staying).await.0, 200);
    system.hand.advance(2 * HOUR);
    assert_eq!(session(&system, &staying).await.0, 401);
    system.stop().await;
}

async fn a_token_signs_in_with_its_own_role(backend: Backend) {
    let system = open(backend, &[]).await;
    let token = fairlead_web::auth::fresh_token();
    let (kept, clock) = (token.clone(), system.clock.clone());
    let until = clock.now().plus(HOUR);
    let create = move |tx: &mut fairlead_store::Tx<'_>| {
        fairlead_store::sign_in::create_token(tx, &clock, "harbour", Role::Viewer, &kept, Some(until))
    };
    system.store.write(create).await.unwrap();
    let response = sign_in(&system, &token).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    let body: Value = response.json().await.unwrap();
    assert_eq!((&body["name"], &body["role"]), (&json!("harbour"), &json!("viewer")));
    system.hand.advance(HOUR);
    assert_eq!(sign_in(&system, &token).send().await.unwrap().status().as_u16(), 401, "the token has ended");
    system.stop().await;
}

async fn the_system_tells_its_facts_to_those_who_may_know(backend: Backend) {
    let system = open(backend, &[]).await;
    let stranger = reqwest::get(system.url("console", "/api/v1/system")).await.unwrap();
    assert_eq!(stranger.status().as_u16(), 401);
    let facts = system.until("console", "/api/v1/system", |facts| facts["bus"]["reachable"] == true).await;
    let kind = match backend {
        Backend::Embedded => "sqlite",
        Backend::Servers => "mysql",
    };
    assert_eq!((&facts["store"]["kind"], &facts["store"]["reachable"]), (&json!(kind), &json!(true)));
    assert_eq!(facts["store"]["schema"], facts["store"]["wanted_schema"]);
    let none = json!({
        "modems": 0, "messages_last_day": 0, "messages_last_day_is_capped": false, "open_problems": 0, "held": 0
    });
    assert_eq!(facts["counts"], none);
    assert!(facts["store"]["size_bytes"].as_u64().unwrap() > 0);
    let queues: Vec<&Value> =
        facts["queues"].as_array().unwrap().iter().map(|queue| &queue["name"]).collect();
    assert_eq!(queues, ["delivery.waiting", "mo.heard", "mo.stored", "mt.waiting"]);
    assert_eq!(facts["now"], json!(system.clock.now()));
    assert!(!facts.to_string().contains("root@"), "no address of a server with its user");
    system.stop().await;
}

async fn processes_tell_how_they_are_and_are_missed(backend: Backend) {
    let mut system = open(backend, &[]).await;
    let own = |facts: &Value| facts["services"].as_array().unwrap().first().cloned().unwrap_or_default();
    let looked = |facts: &Value| own(facts)["findings"].as_array().is_some_and(|found| !found.is_empty());
    let facts = system.until("console", "/api/v1/system", looked).await;
    let service = own(&facts);
    let name = service["process"].as_str().unwrap();
    let kind = if backend == Backend::Embedded { "fairlead@" } else { "console@" };
    assert!(name.starts_with(kind) && name.ends_with(&port(&system)), "{name}");
    assert_eq!(
        (&service["services"], &service["ready"], &service["silent"]),
        (&json!(["console"]), &json!(true), &json!(false))
    );
    let finding = |name: &str| {
        let found = service["findings"].as_array().unwrap().iter().find(|check| check["name"] == name);
        found.cloned().unwrap_or_default()
    };
    assert_eq!((finding("store")["ok"].clone(), finding("bus")["ok"].clone()), (json!(true), json!(true)));
    assert_eq!(finding("address")["advice"], Value::Null);

    // Another process, which is killed: the next one of its name takes its place.
    let row = ReportRow {
        process: "tracker@elsewhere:8082".to_owned(),
        reported_at: system.clock.now().into(),
        report: json!({
            "services": ["tracker"], "version": "9.9.9", "started_at": system.clock.now(), "ready": true,
            "checks": [], "findings": [], "facts": {}, "word of a newer release": 1
        })
        .to_string(),
    };
    system.store.write(move |tx| reports::put(tx, &row)).await.unwrap();
    let other = |facts: &Value| facts["services"].as_array().unwrap().get(1).cloned().unwrap_or_default();
    let facts = system.get("console", "/api/v1/system").await;
    assert_eq!((&other(&facts)["silent"], &other(&facts)["ready"]), (&json!(false), &json!(true)));
    system.hand.advance(Duration::from_secs(21));
    let heard = |facts: &Value| own(facts)["silent"] == false;
    let facts = system.until("console", "/api/v1/system", heard).await;
    assert_eq!((&other(&facts)["silent"], &other(&facts)["ready"]), (&json!(true), &json!(false)));

    system.stop_services().await;
    let left = system.store.read(reports::list).await.unwrap();
    let left: Vec<&str> = left.iter().map(|row| row.process.as_str()).collect();
    assert_eq!(left, ["tracker@elsewhere:8082"], "who drains in good order is not missed");
    system.stop().await;
}

fn port(system: &System) -> String {
    let url = system.url("console", "");
    url.rsplit_once(':').map(|(_, port)| format!(":{port}")).unwrap()
}

async fn pages_come_with_their_rules(backend: Backend) {
    let system = open(backend, &[]).await;
    let get = async |path: &str| reqwest::get(system.url("console", path)).await.unwrap();
    for view in ["/", "/map", "/problems/some-id"] {
        let page = get(view).await;
        assert_eq!(page.status().as_u16(), 200, "{view}");
        assert!(page.headers()["Content-Type"].to_str().unwrap().starts_with("text/html"));
        let policy = page.headers()["Content-Security-Policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"));
        assert_eq!(page.headers()["X-Content-Type-Options"], "nosniff");
    }
    for nothing in ["/assets/none.js", "/api/v1/nothing", "/../Cargo.toml", "/%2e%2e/Cargo.toml"] {
        assert_eq!(get(nothing).await.status().as_u16(), 404, "{nothing}");
    }
    let page = get("/").await;
    let etag = page.headers()["ETag"].clone();
    let again = reqwest::Client::new().get(system.url("console", "/")).header("If-None-Match", etag);
    assert_eq!(again.send().await.unwrap().status().as_u16(), 304);
    system.stop().await;
}
