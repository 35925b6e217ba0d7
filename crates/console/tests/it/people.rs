//! People: from the printed link to a colleague with a password, and out again.

use std::time::Duration;

use fairlead_testkit::{Backend, System};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

use crate::{cookie, open};

fairlead_testkit::on_both_backends!(
    the_printed_link_makes_the_first_person_and_she_invites_another,
    guessing_waits_and_the_right_password_waits_with_it,
    many_guesses_at_once_are_no_faster,
    what_began_with_a_token_or_with_nobodys_link_ends_with_it,
    somebody_must_be_left_who_can_let_others_in,
    a_limited_token_opens_only_its_part,
    choices_follow_the_person,
    what_is_no_person_is_refused_in_a_sentence,
);

const GOOD: &str = "a buoy in the rain";
const BETTER: &str = "two buoys in the fog";

/// A browser: a cookie and what must be sent back with it.
struct Browser<'s> {
    system: &'s System,
    cookie: String,
    csrf: String,
}

async fn post_session(system: &System, body: Value) -> Response {
    Client::new().post(system.url("console", "/api/v1/session")).json(&body).send().await.unwrap()
}

async fn sign_in(system: &System, body: Value) -> Result<(Browser<'_>, Value), (u16, Value)> {
    let response = post_session(system, body).await;
    let status = response.status().as_u16();
    if status != 200 {
        return Err((status, response.json().await.unwrap()));
    }
    let (cookie, _) = cookie(&response);
    let view: Value = response.json().await.unwrap();
    let csrf = view["csrf"].as_str().unwrap().to_owned();
    Ok((Browser { system, cookie, csrf }, view))
}

impl Browser<'_> {
    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let request = Client::new()
            .request(method, self.system.url("console", path))
            .header("Cookie", &self.cookie)
            .header("X-CSRF-Token", &self.csrf);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.ask(Method::GET, path, None).await
    }
}

/// The first administrator, with a password.
async fn ada(system: &System) -> Browser<'_> {
    let link = crate::link_as(system, fairlead_model::role::Role::Admin).await;
    let (browser, view) = sign_in(system, json!({"link": link})).await.unwrap();
    assert_eq!(view["may_become_person"], true);
    let person = json!({"name": "Ada", "password": GOOD});
    let (status, view) = browser.ask(Method::PUT, "/api/v1/session/person", Some(person)).await;
    assert_eq!((status, &view["name"], &view["role"]), (200, &json!("Ada"), &json!("admin")), "{view}");
    browser
}

async fn the_printed_link_makes_the_first_person_and_she_invites_another(backend: Backend) {
    let system = open(backend, &[]).await;
    let ada = ada(&system).await;
    let again = json!({"name": "Eve", "password": GOOD});
    assert_eq!(
        ada.ask(Method::PUT, "/api/v1/session/person", Some(again)).await.0,
        409,
        "a link makes one person"
    );

    let new = json!({"name": "Grace", "role": "operator"});
    let (status, invited) = ada.ask(Method::POST, "/api/v1/people", Some(new)).await;
    assert_eq!((status, &invited["person"]["has_password"]), (201, &json!(false)), "{invited}");
    let taken = json!({"name": " gRACE ", "role": "viewer"});
    assert_eq!(ada.ask(Method::POST, "/api/v1/people", Some(taken)).await.0, 409);

    let (grace, view) = sign_in(&system, json!({"link": invited["link"]})).await.unwrap();
    assert_eq!((&view["name"], &view["has_password"]), (&json!("Grace"), &json!(false)));
    let chosen = json!({"new_password": BETTER});
    assert_eq!(grace.ask(Method::PUT, "/api/v1/session/password", Some(chosen)).await.0, 204);
    assert_eq!(grace.get("/api/v1/session").await.1["needs_old_password"], true);
    assert_eq!(grace.get("/api/v1/people").await.0, 403, "an operator lets nobody in");
    let other = json!({"old_password": GOOD, "new_password": GOOD});
    assert_eq!(grace.ask(Method::PUT, "/api/v1/session/password", Some(other)).await.0, 422);

    // Any case, anywhere; a change of the password ends the other sessions, and a new link ends the old ones.
    let (elsewhere, _) = sign_in(&system, json!({"name": "grace", "password": BETTER})).await.unwrap();
    let id = invited["person"]["id"].as_str().unwrap();
    let made = ada.ask(Method::POST, &format!("/api/v1/people/{id}/link"), None).await.1;
    let newer = ada.ask(Method::POST, &format!("/api/v1/people/{id}/link"), None).await.1;
    assert_eq!(sign_in(&system, json!({"link": made["link"]})).await.err().unwrap().0, 401);
    let (by_link, _) = sign_in(&system, json!({"link": newer["link"]})).await.unwrap();
    let forgotten = json!({"new_password": GOOD});
    assert_eq!(by_link.ask(Method::PUT, "/api/v1/session/password", Some(forgotten)).await.0, 204);
    assert_eq!(elsewhere.get("/api/v1/session").await.0, 401);
    assert_eq!(by_link.get("/api/v1/session").await.0, 200);
    assert!(sign_in(&system, json!({"name": "Grace", "password": BETTER})).await.is_err());

    let (_, log) = ada.get("/api/v1/audit?limit=500").await;
    let of_grace: Vec<&str> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .filter(|entry| entry["subject"] == "person Grace")
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    let expected = ["person.add", "password.change", "person.link", "person.link", "password.change"];
    assert_eq!(of_grace, expected);
    assert!(
        !log.to_string().contains(GOOD) && !log.to_string().contains("sign-in#"),
        "secrets are in no log"
    );
    let (_, of_ada) = ada.get("/api/v1/audit?actor=Ada").await;
    assert!(of_ada["items"].as_array().unwrap().iter().all(|entry| entry["actor"] == "Ada"));
    system.stop().await;
}

async fn guessing_waits_and_the_right_password_waits_with_it(backend: Backend) {
    let system = open(backend, &[]).await;
    ada(&system).await;
    let try_with = |password: &str| sign_in(&system, json!({"name": "Ada", "password": password}));
    for _ in 0..5 {
        let (status, problem) = try_with("a buoy in the sun").await.err().unwrap();
        assert_eq!((status, problem["code"].as_str().unwrap()), (401, "FL-0401"));
    }
    let response = post_session(&system, json!({"name": "ada", "password": GOOD})).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["Retry-After"]),
        (429, &"11".parse().unwrap())
    );
    system.hand.advance(Duration::from_secs(11));
    assert!(try_with(GOOD).await.is_ok());
    let (status, problem) =
        sign_in(&system, json!({"name": "Nobody", "password": GOOD})).await.err().unwrap();
    assert_eq!((status, &problem["detail"]), (401, &json!("Name and password do not belong together.")));
    system.stop().await;
}

async fn many_guesses_at_once_are_no_faster(backend: Backend) {
    let system = open(backend, &[]).await;
    ada(&system).await;
    let guesses = (0..40).map(|n| {
        let body = json!({"name": "Ada", "password": format!("a buoy in the sun {n}")});
        async { post_session(&system, body).await.status().as_u16() }
    });
    let mut answers = futures_util::future::join_all(guesses).await;
    answers.retain(|status| *status != 429);
    assert!(answers.len() <= 5 && answers.iter().all(|status| *status == 401), "{answers:?}");
    system.stop().await;
}

async fn what_began_with_a_token_or_with_nobodys_link_ends_with_it(backend: Backend) {
    let system = open(backend, &[]).await;
    let (other, _) =
        sign_in(&system, json!({"link": crate::link_as(&system, fairlead_model::role::Role::Admin).await}))
            .await
            .unwrap();
    let unused = crate::link_as(&system, fairlead_model::role::Role::Admin).await;
    let ada = ada(&system).await;
    assert_eq!(other.get("/api/v1/session").await.0, 401, "from now on people have names");
    assert_eq!(sign_in(&system, json!({"link": unused})).await.err().unwrap().0, 401);

    let wanted = json!({"name": "wall", "role": "viewer"});
    let (_, made) = ada.ask(Method::POST, "/api/v1/tokens", Some(wanted)).await;
    let (wall, view) = sign_in(&system, json!({"link": made["secret"]})).await.unwrap();
    assert_eq!(view["may_become_person"], false);
    let become_person = json!({"name": "Eve", "password": GOOD});
    assert_eq!(wall.ask(Method::PUT, "/api/v1/session/person", Some(become_person)).await.0, 409);
    let path = format!("/api/v1/tokens/{}", made["token"]["id"].as_str().unwrap());
    assert_eq!(ada.ask(Method::DELETE, &path, None).await.0, 204);
    assert_eq!(wall.get("/api/v1/session").await.0, 401);
    system.stop().await;
}

async fn somebody_must_be_left_who_can_let_others_in(backend: Backend) {
    let system = open(backend, &[]).await;
    let ada = ada(&system).await;
    let (_, people) = ada.get("/api/v1/people").await;
    let me = format!("/api/v1/people/{}", people["items"][0]["id"].as_str().unwrap());
    for change in [json!({"role": "viewer"}), json!({"disabled": true})] {
        let (status, problem) = ada.ask(Method::PUT, &me, Some(change)).await;
        assert_eq!((status, problem["code"].as_str().unwrap()), (409, "FL-0420"));
    }
    assert_eq!(ada.ask(Method::DELETE, &me, None).await.0, 409);
    let (_, log) = ada.get("/api/v1/audit").await;
    assert!(!log.to_string().contains("person.remove"), "what was refused has not happened: {log}");

    // An invited one who has not come yet could let nobody in.
    let new = json!({"name": "Grace", "role": "admin"});
    let (_, invited) = ada.ask(Method::POST, "/api/v1/people", Some(new)).await;
    assert_eq!(ada.ask(Method::DELETE, &me, None).await.0, 409);
    let (grace, _) = sign_in(&system, json!({"link": invited["link"]})).await.unwrap();
    let chosen = json!({"new_password": BETTER});
    assert_eq!(grace.ask(Method::PUT, "/api/v1/session/password", Some(chosen)).await.0, 204);

    let (status, kept_out) = grace.ask(Method::PUT, &me, Some(json!({"disabled": true}))).await;
    assert_eq!((status, &kept_out["disabled"]), (200, &json!(true)));
    assert_eq!(ada.get("/api/v1/session").await.0, 401, "who is kept out is signed out");
    assert_eq!(sign_in(&system, json!({"name": "Ada", "password": GOOD})).await.err().unwrap().0, 401);
    let back = json!({"disabled": false, "role": "viewer"});
    assert_eq!(grace.ask(Method::PUT, &me, Some(back)).await.1["role"], "viewer");
    let (ada, view) = sign_in(&system, json!({"name": "Ada", "password": GOOD})).await.unwrap();
    assert_eq!(view["role"], "viewer");
    assert_eq!(grace.ask(Method::DELETE, &me, None).await.0, 204);
    assert_eq!(ada.get("/api/v1/session").await.0, 401);
    system.stop().await;
}

async fn a_limited_token_opens_only_its_part(backend: Backend) {
    let system = open(backend, &[]).await;
    let ada = ada(&system).await;
    let wanted = json!({"name": "grafana", "role": "viewer", "scopes": ["system"], "expires_in_days": 2});
    let (status, made) = ada.ask(Method::POST, "/api/v1/tokens", Some(wanted)).await;
    assert_eq!((status, &made["token"]["scopes"]), (201, &json!(["system"])), "{made}");
    let secret = made["secret"].as_str().unwrap();
    let with_token = async |path: &str| {
        let request = Client::new().get(system.url("console", path)).bearer_auth(secret);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(with_token("/api/v1/system").await, 200);
    for shut in ["/api/v1/people", "/api/v1/session", "/api/v1/audit"] {
        assert_eq!(with_token(shut).await, 403, "{shut}");
    }
    let page = sign_in(&system, json!({"link": secret})).await.err().unwrap();
    assert_eq!(page.0, 422, "{}", page.1);
    let (_, listed) = ada.get("/api/v1/tokens").await;
    let kept =
        listed["items"].as_array().unwrap().iter().find(|token| token["name"] == "grafana").unwrap().clone();
    assert!(kept["last_used_at"].is_string() && kept.get("secret").is_none(), "{kept}");
    system.hand.advance(Duration::from_secs(2 * 86_400));
    assert_eq!(with_token("/api/v1/system").await, 401);
    let path = format!("/api/v1/tokens/{}", kept["id"].as_str().unwrap());
    assert_eq!(ada.ask(Method::DELETE, &path, None).await.0, 204);
    assert_eq!(ada.ask(Method::DELETE, &path, None).await.0, 404);
    system.stop().await;
}

async fn choices_follow_the_person(backend: Backend) {
    let system = open(backend, &["console.tiles_url=https://t.example/{z}/{x}/{y}.png"]).await;
    let ada = ada(&system).await;
    let chosen =
        json!({"zone": "Pacific/Auckland", "speed": "km/h", "coordinates": "minutes", "look": "dark"});
    let kept = ada.ask(Method::PUT, "/api/v1/session/preferences", Some(chosen.clone())).await;
    assert_eq!(kept, (200, chosen.clone()));
    let (_, view) = sign_in(&system, json!({"name": "ada", "password": GOOD})).await.unwrap();
    assert_eq!(
        (&view["preferences"], &view["tiles"]["url"]),
        (&chosen, &json!("https://t.example/{z}/{x}/{y}.png"))
    );
    let page = Client::new().get(system.url("console", "/")).send().await.unwrap();
    let policy = page.headers()["Content-Security-Policy"].to_str().unwrap();
    assert!(policy.contains("img-src 'self' data: https://t.example;"), "{policy}");

    let (nobody, _) = sign_in(&system, json!({"link": crate::link(&system).await})).await.unwrap();
    assert_eq!(nobody.ask(Method::PUT, "/api/v1/session/preferences", Some(chosen)).await.0, 409);
    let wrong = json!({"zone": "a b", "speed": "kn", "coordinates": "decimal", "look": "auto"});
    assert_eq!(ada.ask(Method::PUT, "/api/v1/session/preferences", Some(wrong)).await.0, 422);
    system.stop().await;
}

async fn what_is_no_person_is_refused_in_a_sentence(backend: Backend) {
    let system = open(backend, &[]).await;
    let ada = ada(&system).await;
    for name in ["", "   ", "a\nb", &"x".repeat(65)] {
        let new = json!({"name": name, "role": "viewer"});
        let (status, problem) = ada.ask(Method::POST, "/api/v1/people", Some(new)).await;
        assert_eq!((status, problem["code"].as_str().unwrap()), (422, "FL-0422"), "{name:?}");
    }
    for body in [json!({}), json!({"name": "Ada"}), json!({"link": "x", "name": "Ada", "password": GOOD})] {
        assert_eq!(post_session(&system, body).await.status().as_u16(), 400);
    }
    let nobody = "/api/v1/people/01980000-0000-7000-8000-000000000000";
    assert_eq!(ada.ask(Method::PUT, nobody, Some(json!({"disabled": true}))).await.0, 404);
    assert_eq!(ada.ask(Method::DELETE, nobody, None).await.0, 404);
    let old = [("/v1/app", "/"), ("/v1/device/PK001", "/?q=PK001"), ("/v1/device/a%20b%26", "/?q=a%20b%26")];
    let plain = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for (from, to) in old {
        let answer = plain.get(system.url("console", from)).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers()["Location"].to_str().unwrap()), (308, to));
    }
    system.stop().await;
}
