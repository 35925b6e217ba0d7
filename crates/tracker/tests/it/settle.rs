//! What a person does about a problem.

use fairlead_model::role::Role;
use fairlead_store::sign_in;
use fairlead_testkit::Backend;
use serde_json::{Value, json};

use crate::sea::{Sea, id_of, minutes, pk101, start};

fairlead_testkit::on_both_backends!(
    a_repaired_text_is_a_new_message_that_names_the_old_one,
    what_is_put_through_unrepaired_is_a_problem_again,
    data_that_are_no_hexadecimal_can_be_repaired_and_replayed,
    of_many_who_settle_at_once_one_does,
    every_change_is_written_down,
    a_change_by_cookie_needs_the_pages_word,
);

async fn a_repaired_text_is_a_new_message_that_names_the_old_one(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let at = |n: i32| start().minus(minutes(60)).plus(minutes(10 * u64::from(n.unsigned_abs())));
    let good = |n: i32| sea.message(n, at(n), &pk101(at(n), "3750.5117", 10));
    let bad = sea.message(2, at(2), "PK1O1;lat:4000.0000");
    sea.handle(&[good(1), bad.clone()]).await;
    let problems = sea.problems("state=open").await;
    assert_eq!(problems.len(), 1);
    let problem = &problems[0];
    assert_eq!(
        (&problem["kind"], &problem["excerpt"]),
        (&json!("unreadable_text"), &json!("PK1O1;lat:4000.0000"))
    );
    assert_eq!(sea.modem().await["open_problems"], 1);

    let (status, answer) = sea.settle(problem, "repair", Some("PK101;still wrong")).await;
    assert_eq!(status.as_u16(), 422, "{answer}");
    assert_eq!(sea.problems("state=open").await.len(), 1, "a failed repair settles nothing");
    let (status, answer) = sea.settle(problem, "repair", Some(&pk101(at(2), "4000.0000", 10))).await;
    assert_eq!((status.as_u16(), &answer["state"]), (200, &json!("repaired")), "{answer}");
    sea.settled().await;

    let old = sea.detail(id_of(&bad)).await;
    assert_eq!((&old["message"]["state"], &old["reading"]), (&json!("replaced"), &Value::Null));
    let copies: Vec<_> = sea
        .items("/api/v1/messages")
        .await
        .into_iter()
        .filter(|m| m["replaces"] == json!(id_of(&bad)))
        .collect();
    assert_eq!(copies.len(), 1);
    assert_eq!((&copies[0]["state"], &copies[0]["momsn"]), (&json!("decoded"), &json!(2)));
    assert!(old["message"]["marks"].to_string().contains(copies[0]["id"].as_str().unwrap()));
    let modem = sea.modem().await;
    assert_eq!((&modem["fix"]["latitude"], &modem["open_problems"]), (&json!(40.0), &json!(0)));
    assert_eq!(
        sea.problems("kind=conflicting_message").await.len(),
        0,
        "a copy is no clash with what it replaces"
    );
    sea.handle(&[good(3)]).await;
    assert_eq!(sea.gaps().await, []);
    sea.system.stop().await;
}

async fn what_is_put_through_unrepaired_is_a_problem_again(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let bad = sea.message(2, start().minus(minutes(10)), "garbage");
    sea.handle(std::slice::from_ref(&bad)).await;
    let problem = sea.problems("").await.remove(0);
    sea.system.hand.advance(minutes(1));
    let (status, answer) = sea.settle(&problem, "replay", None).await;
    assert_eq!((status.as_u16(), &answer["state"]), (200, &json!("replayed")));
    sea.settled().await;
    let problems = sea.problems("").await;
    assert_eq!(problems.len(), 1);
    assert_eq!((&problems[0]["id"], &problems[0]["state"]), (&problem["id"], &json!("open")));
    assert_ne!(problems[0]["changed_at"], problem["changed_at"]);

    let (status, _) = sea.settle(&problem, "discard", None).await;
    assert_eq!(status.as_u16(), 200);
    let (status, answer) = sea.settle(&problem, "replay", None).await;
    assert_eq!((status.as_u16(), &answer["code"]), (409, &json!("FL-0409")), "{answer}");
    assert_eq!(sea.detail(id_of(&bad)).await["message"]["state"], "problem");
    sea.system.stop().await;
}

async fn data_that_are_no_hexadecimal_can_be_repaired_and_replayed(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let at = start().minus(minutes(10));
    let mut bad = sea.message(1, at, "");
    bad.payload = None;
    bad.payload_raw = Some("not hex".to_owned());
    sea.handle(std::slice::from_ref(&bad)).await;
    let problem = sea.problems("state=open").await.remove(0);
    assert_eq!((&problem["kind"], &problem["excerpt"]), (&json!("faulty_push"), &json!("not hex")));
    sea.settle(&problem, "replay", None).await;
    sea.settled().await;
    assert_eq!(sea.problems("state=open").await.len(), 1, "it is still no hexadecimal");
    let (status, answer) = sea.settle(&problem, "repair", Some(&pk101(at, "3750.5117", 10))).await;
    assert_eq!(status.as_u16(), 200, "{answer}");
    sea.settled().await;
    assert!(sea.modem().await["fix"].is_object());
    assert_eq!(sea.problems("state=open").await, Vec::<Value>::new());
    sea.system.stop().await;
}

async fn of_many_who_settle_at_once_one_does(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let at = start().minus(minutes(10));
    sea.handle(&[sea.message(1, at, "garbage")]).await;
    let problem = sea.problems("").await.remove(0);
    let text = pk101(at, "3750.5117", 10);
    let tries = (0..8).map(|n| {
        let (way, text) = if n % 2 == 0 { ("repair", Some(text.as_str())) } else { ("replay", None) };
        sea.settle(&problem, way, text)
    });
    let mut answers: Vec<_> =
        futures_util::future::join_all(tries).await.into_iter().map(|(status, _)| status.as_u16()).collect();
    answers.sort_unstable();
    assert_eq!(answers, [200, 409, 409, 409, 409, 409, 409, 409]);
    sea.settled().await;
    assert!(sea.items("/api/v1/messages").await.len() <= 2);
    sea.system.stop().await;
}

async fn every_change_is_written_down(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let at = start().minus(minutes(10));
    let rows = [1, 2, 3].map(|n| sea.message(n, at.plus(minutes(u64::from(n.unsigned_abs()))), "garbage"));
    sea.handle(&rows).await;
    let operator = sea.system.client_as(Role::Operator).await;
    let mut expected = Vec::new();
    for (problem, way) in sea.problems("").await.iter().zip(["repair", "replay", "discard"]) {
        let text = (way == "repair").then_some("PK005;1");
        assert_eq!(sea.settle_as(&operator, problem, way, text).await.0.as_u16(), 200);
        let entry = [
            Role::Operator.as_str().to_owned(),
            format!("problem.{way}"),
            format!("problem {}", problem["id"].as_str().unwrap()),
            "a test".to_owned(),
        ];
        expected.push(entry);
    }
    expected.sort_unstable();
    assert_eq!(sea.audit().await, expected);
    sea.system.stop().await;
}

async fn a_change_by_cookie_needs_the_pages_word(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    sea.handle(&[sea.message(1, start().minus(minutes(10)), "garbage")]).await;
    let problem = sea.problems("").await.remove(0);
    let clock = sea.system.clock.clone();
    let begin = move |tx: &mut fairlead_store::Tx<'_>| {
        let until = clock.now().plus(minutes(60));
        sign_in::create_session(tx, &clock, "cookie", "word", "Ada", Role::Operator, until)
    };
    sea.system.store.write(begin).await.unwrap();
    let browser = reqwest::Client::new();
    let path = format!("/api/v1/problems/{}/discard", problem["id"].as_str().unwrap());
    let discard = async |cookie: &str, word: Option<&str>| {
        let mut request =
            browser.post(sea.system.url("tracker", &path)).json(&json!({"reason": "nothing to do"}));
        request = request.header("Cookie", format!("fairlead_session={cookie}"));
        if let Some(word) = word {
            request = request.header("X-CSRF-Token", word);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap()["code"].clone())
    };
    let look = async || {
        let request = browser.get(sea.system.url("tracker", "/api/v1/problems"));
        request.header("Cookie", "fairlead_session=cookie").send().await.unwrap().status().as_u16()
    };
    assert_eq!(look().await, 200, "looking needs no word");
    assert_eq!(discard("cookie", None).await, (403, json!("FL-0413")));
    assert_eq!(discard("cookie", Some("other")).await, (403, json!("FL-0413")));
    assert_eq!(discard("other", Some("word")).await.0, 401);
    assert_eq!(sea.problems("").await[0]["state"], "open");
    assert_eq!(discard("cookie", Some("word")).await.0, 200);
    sea.system.hand.advance(minutes(61));
    assert_eq!(look().await, 401, "the session has ended");
    sea.system.stop().await;
}
