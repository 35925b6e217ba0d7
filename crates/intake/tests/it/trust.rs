//! Who is believed, and what becomes of what is not.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fairlead_model::delivery::{DeliveryAttributes, DeliveryState, NOT_TRUSTED};
use fairlead_model::problem::{ProblemKind, ProblemState};
use fairlead_model::role::Role;
use fairlead_model::route::RouteTarget;
use fairlead_model::{DeviceId, RouteId, Trust};
use fairlead_store::Tx;
use fairlead_store::problems::{self, Finding};
use fairlead_store::routing::deliveries::{self, NewDelivery};
use fairlead_store::routing::to_devices;
use fairlead_testkit::Backend;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::door::{Door, KEYS, Push, answer, believe, services, token};

const FORM: &str = "application/x-www-form-urlencoded";

fairlead_testkit::on_both_backends!(
    each_way_to_vouch_is_told_apart,
    a_forwarded_address_counts_only_as_far_as_proxies_vouch_for_it,
    a_forged_token_is_401_kept_apart_and_alarmed,
    what_no_key_vouched_for_comes_in_once_the_key_is_known,
    after_a_signature_the_unsigned_is_doubted,
    unsigned_pushes_of_a_mixed_account_come_in,
    less_trust_than_required_is_kept_out,
    a_better_vouched_copy_lets_its_commands_go_out,
    a_better_vouched_copy_raises_the_trust_and_settles_the_doubt,
);

/// The trust of every message by its number.
async fn trusts(door: &Door) -> Vec<(i32, Trust)> {
    let mut trusts: Vec<_> = door.messages().await.iter().map(|m| (m.momsn.unwrap(), m.trust)).collect();
    trusts.sort_unstable();
    trusts
}

async fn each_way_to_vouch_is_told_apart(backend: Backend) {
    let set =
        ["intake.rockblock.secret_path=s3cret", "intake.rockblock.allow_list=212.71.235.32/32", &believe()];
    let door = Door::open(backend, &set).await;
    let send = async |push: Push, path: &str, forwarded: Option<&str>| {
        let mut request = door.post(path, FORM).body(push.form());
        if let Some(address) = forwarded {
            request = request.header("X-Forwarded-For", address);
        }
        answer(request).await.0
    };
    let (open, secret) = ("/rockblock/incoming", "/rockblock/incoming/s3cret");
    assert_eq!(send(Push::new(1), open, None).await, StatusCode::OK);
    assert_eq!(send(Push::new(2), open, Some("212.71.235.32")).await, StatusCode::OK);
    assert_eq!(send(Push::new(3), secret, Some("212.71.235.32")).await, StatusCode::OK);
    assert_eq!(send(Push::new(4).signed(), open, None).await, StatusCode::OK);
    let json = Push::new(5).signed();
    assert_eq!(door.push_body("application/json", json.json()).await.0, StatusCode::OK);
    assert_eq!(send(Push::new(6), "/rockblock/incoming/wrong", None).await, StatusCode::UNAUTHORIZED);
    // A signature needs no secret.
    assert_eq!(send(Push::new(7).signed(), "/rockblock/incoming/wrong", None).await, StatusCode::OK);
    let expected = [
        (1, Trust::Unsigned),
        (2, Trust::ListedAddress),
        (3, Trust::SecretPath),
        (4, Trust::Signed),
        (5, Trust::Signed),
        (7, Trust::Signed),
    ];
    assert_eq!(trusts(&door).await, expected);
    door.system.stop().await;
}

async fn a_forwarded_address_counts_only_as_far_as_proxies_vouch_for_it(backend: Backend) {
    let set = ["intake.rockblock.allow_list=212.71.235.0/24", "http.trusted_proxies=10.1.1.1/32, fd00::/8"];
    let door = Door::open(backend, &set).await;
    // Each hop adds the address that it heard from at the end, in the same line or in one of its own.
    let chains: [(&[&str], Trust); 7] = [
        (&["212.71.235.32"], Trust::ListedAddress),
        (&["212.71.235.32, 10.1.1.1"], Trust::ListedAddress),
        (&["212.71.235.32", "10.1.1.1"], Trust::ListedAddress),
        (&["212.71.235.32, fd00::1"], Trust::ListedAddress),
        (&["212.71.235.32, 6.6.6.6"], Trust::Unsigned),
        (&["212.71.235.32", "6.6.6.6"], Trust::Unsigned),
        (&["no address, 6.6.6.6"], Trust::Unsigned),
    ];
    for (n, (chain, _)) in (1..).zip(&chains) {
        let mut request = door.post("/rockblock/incoming", FORM).body(Push::new(n).form());
        for line in *chain {
            request = request.header("X-Forwarded-For", *line);
        }
        assert_eq!(answer(request).await.0, StatusCode::OK);
    }
    let found: Vec<_> = trusts(&door).await.into_iter().map(|(_, trust)| trust).collect();
    assert_eq!(found, chains.map(|(_, trust)| trust));
    door.system.stop().await;
}

/// Tokens that prove nothing about a push.
fn forgeries(push: &Push) -> Vec<(&'static str, String)> {
    let part = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let public = std::fs::read(format!("{KEYS}/simulated-provider.pub.pem")).unwrap();
    let with_public_key = jsonwebtoken::encode(
        &Header::new(Algorithm::HS256),
        &push.claims(),
        &EncodingKey::from_secret(&public),
    );
    let genuine = token(&push.claims());
    let (signed_part, signature) = genuine.rsplit_once('.').unwrap();
    let mut spoiled = URL_SAFE_NO_PAD.decode(signature).unwrap();
    spoiled[100] ^= 1;
    vec![
        ("none", format!("{}.{}.", part(json!({"alg": "none"})), part(push.claims()))),
        ("HS256 with the public key", with_public_key.unwrap()),
        ("another message's number", token(&Push::new(999).claims())),
        ("another message's data", token(&push.clone().data("00").claims())),
        ("another message's time", token(&push.clone().at("26-06-01 11:59:31").claims())),
        ("another modem's", token(&push.clone().of("300434063836591").claims())),
        ("a spoiled signature", format!("{signed_part}.{}", URL_SAFE_NO_PAD.encode(spoiled))),
        ("no token at all", "x".to_owned()),
    ]
}

async fn a_forged_token_is_401_kept_apart_and_alarmed(backend: Backend) {
    let door = Door::open(backend, &[&believe()]).await;
    let push = Push::new(1);
    let forgeries = forgeries(&push);
    for (name, token) in &forgeries {
        let (status, text) = door.push_body(FORM, push.clone().with("JWT", token).form()).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{name}: {text}");
        assert!(text.contains("FL-0411"), "{name}: {text}");
        door.tick();
    }
    assert_eq!(door.messages().await, [], "what is not trusted is no message");
    let problems = door.problems(ProblemKind::UntrustedPush).await;
    assert_eq!(problems.len(), forgeries.len());
    for problem in &problems {
        assert_eq!(problem.state, ProblemState::Open);
        let held = door.held(problem.held_id.unwrap()).await.expect("the evidence is kept");
        assert_eq!((held.why.as_str(), held.imei.as_deref()), ("untrusted", Some(push.imei)));
    }

    // It has not occupied the key of the genuine message; an old `iat` is no reason to refuse that one.
    assert_eq!(door.push(&push.signed()).await, StatusCode::OK);
    assert_eq!(trusts(&door).await, [(1, Trust::Signed)]);
    door.system.stop().await;
}

async fn what_no_key_vouched_for_comes_in_once_the_key_is_known(backend: Backend) {
    let mut door = Door::open(backend, &[]).await;
    let push = Push::new(1).signed();
    assert_eq!(door.push(&push).await, StatusCode::UNAUTHORIZED);
    let problem = door.problems(ProblemKind::UntrustedPush).await.remove(0);
    let held = problem.held_id.unwrap();
    let path = format!("/api/v1/held/{held}/admit");
    let body = json!({"reason": "the provider has a new key"});
    let admit = async |door: &Door, client: &reqwest::Client| {
        answer(client.post(door.system.url("intake", &path)).json(&body)).await
    };
    assert_eq!(admit(&door, &door.plain).await.0, StatusCode::UNAUTHORIZED);
    let viewer = door.system.client_as(Role::Viewer).await;
    assert_eq!(admit(&door, &viewer).await.0, StatusCode::FORBIDDEN);
    let operator = door.system.client_as(Role::Operator).await;
    let (status, text) = admit(&door, &operator).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text.contains("No believed key"), "{text}");

    door.system.stop_services().await;
    door.system.run(services(), &[&believe()]).await;
    let (status, text) = admit(&door, &operator).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    let settled: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&settled["id"], &settled["state"]), (&json!(problem.id), &json!("admitted")));
    let message = door.messages().await.remove(0);
    assert_eq!((message.trust, message.momsn), (Trust::Signed, Some(1)));
    assert_eq!(message.received_at, problem.created_at, "it was received when it came");
    assert_eq!(door.held_count().await, 0);
    assert_eq!(admit(&door, &operator).await.0, StatusCode::NOT_FOUND);

    // It counts as a signature, and its copies are repeats.
    assert_eq!(door.push(&push).await, StatusCode::OK);
    assert_eq!(door.push(&Push::new(2)).await, StatusCode::OK);
    assert_eq!(trusts(&door).await, [(1, Trust::Signed)]);
    assert_eq!(door.problems(ProblemKind::UntrustedPush).await.len(), 2);
    door.system.stop().await;
}

async fn after_a_signature_the_unsigned_is_doubted(backend: Backend) {
    let door = Door::open(backend, &[&believe(), "intake.rockblock.secret_path=abc"]).await;
    let other = "300434063836591";
    assert_eq!(door.push(&Push::new(1)).await, StatusCode::OK);
    assert_eq!(door.push(&Push::new(2).signed()).await, StatusCode::OK);
    door.drained().await;
    for push in [Push::new(3), Push::new(3), Push::new(4).of(other)] {
        assert_eq!(
            door.push(&push).await,
            StatusCode::OK,
            "the sender cannot know, and must not push it for hours"
        );
    }
    let by_path = door.post("/rockblock/incoming/abc", FORM).body(Push::new(5).form());
    assert_eq!(answer(by_path).await.0, StatusCode::OK);
    let expected = [(1, Trust::Unsigned), (2, Trust::Signed), (4, Trust::Unsigned), (5, Trust::SecretPath)];
    assert_eq!(trusts(&door).await, expected);
    let problem = door.problems(ProblemKind::UntrustedPush).await.remove(0);

    // Nobody vouches for it: an operator cannot let it in, an administrator can.
    let path = format!("/api/v1/held/{}/admit", problem.held_id.unwrap());
    let admit = |client: &reqwest::Client, force: bool| {
        let request = client.post(door.system.url("intake", &path));
        answer(request.json(&json!({"reason": "seen at sea", "force": force})))
    };
    let operator = door.system.client_as(Role::Operator).await;
    assert_eq!(admit(&operator, false).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(admit(&operator, true).await.0, StatusCode::FORBIDDEN);
    assert_eq!(admit(&door.system.client, false).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(admit(&door.system.client, true).await.0, StatusCode::OK);
    assert!(trusts(&door).await.contains(&(3, Trust::Unsigned)));
    door.system.stop().await;
}

async fn unsigned_pushes_of_a_mixed_account_come_in(backend: Backend) {
    let door = Door::open(backend, &[&believe(), "intake.rockblock.unsigned_after_signed=true"]).await;
    assert_eq!(door.push(&Push::new(1).signed()).await, StatusCode::OK);
    door.drained().await;
    assert_eq!(door.push(&Push::new(2)).await, StatusCode::OK);
    assert_eq!(trusts(&door).await, [(1, Trust::Signed), (2, Trust::Unsigned)]);
    door.system.stop().await;
}

async fn less_trust_than_required_is_kept_out(backend: Backend) {
    let set = [
        "intake.rockblock.require_trust=secret_path",
        "intake.rockblock.secret_path=abc",
        "intake.rockblock.allow_list=127.0.0.1",
    ];
    let door = Door::open(backend, &set).await;
    assert_eq!(door.push(&Push::new(1)).await, StatusCode::UNAUTHORIZED);
    let by_path = door.post("/rockblock/incoming/abc", FORM).body(Push::new(2).form());
    assert_eq!(answer(by_path).await.0, StatusCode::OK);
    assert_eq!(trusts(&door).await, [(2, Trust::SecretPath)]);
    let problem = door.problems(ProblemKind::UntrustedPush).await.remove(0);
    assert!(problem.reason.contains("at least secret_path"), "{}", problem.reason);
    door.system.stop().await;
}

async fn a_better_vouched_copy_lets_its_commands_go_out(backend: Backend) {
    let door = Door::open(backend, &[&believe()]).await;
    assert_eq!(door.push(&Push::new(1)).await, StatusCode::OK);
    door.drained().await;
    // The courier was not to make anything of it.
    let message = door.messages().await.remove(0);
    let clock = door.system.clock.clone();
    let why = format!("What PK001 sent is unsigned; at least listed_address {NOT_TRUSTED}");
    let work = move |tx: &mut Tx<'_>| {
        let new = NewDelivery {
            route: Some(RouteId::new(&clock)),
            target: RouteTarget::Device { id: DeviceId::new(&clock) },
            message: Some(message.id),
            modem: None,
            device: None,
            format: "mt".into(),
            content_type: "application/json".into(),
            attributes: DeliveryAttributes {
                device: "PK001".into(),
                kind: "handset".into(),
                imei: message.imei,
                message: "command".into(),
                at: clock.now(),
                position_at: None,
            },
            body: Vec::new(),
        };
        let id = deliveries::insert(tx, &clock, &[new])?.remove(0);
        to_devices::settle(tx, id, clock.now(), (DeliveryState::Failed, &why), None)?;
        let finding = Finding::about(ProblemKind::RefusedCommand, message.id, message.imei, why.clone());
        problems::record(tx, &clock, finding)?;
        Ok(id)
    };
    let id = door.system.store.write(work).await.unwrap();
    assert_eq!(door.push(&Push::new(1).signed()).await, StatusCode::OK);
    door.drained().await;
    let row = door.system.store.read(move |conn| deliveries::get(conn, id)).await.unwrap();
    assert_eq!((row.state.as_str(), row.due_at.is_some(), row.settled_at), ("waiting", true, None));
    let problem = door.problems(ProblemKind::RefusedCommand).await.remove(0);
    assert_eq!(problem.state, ProblemState::Admitted);
    door.system.stop().await;
}

async fn a_better_vouched_copy_raises_the_trust_and_settles_the_doubt(backend: Backend) {
    let door = Door::open(backend, &[&believe()]).await;
    assert_eq!(door.push(&Push::new(1)).await, StatusCode::OK);
    assert_eq!(door.push(&Push::new(2).signed()).await, StatusCode::OK);
    door.drained().await;
    assert_eq!(door.push(&Push::new(3)).await, StatusCode::OK);
    assert_eq!(door.push(&Push::new(4).with("JWT", "forged")).await, StatusCode::UNAUTHORIZED);
    assert_eq!(door.held_count().await, 2);

    for n in [1, 3, 4] {
        assert_eq!(door.push(&Push::new(n).signed()).await, StatusCode::OK);
    }
    assert_eq!(trusts(&door).await, [1, 2, 3, 4].map(|n| (n, Trust::Signed)));
    assert_eq!(door.held_count().await, 0);
    let problems = door.problems(ProblemKind::UntrustedPush).await;
    assert_eq!(problems.len(), 2);
    assert!(problems.iter().all(|p| p.state == ProblemState::Admitted), "{problems:?}");

    // An unsigned copy of a signed message is a repeat, not a forgery.
    assert_eq!(door.push(&Push::new(3)).await, StatusCode::OK);
    assert_eq!(door.held_count().await, 0);
    assert_eq!(trusts(&door).await.len(), 4);
    door.system.stop().await;
}
