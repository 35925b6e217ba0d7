//! Budgets: what they refuse, what they hold back and for how long, and when a person is warned.

use std::time::Duration;

use fairlead_model::problem::ProblemKind;
use fairlead_model::role::Role;
use fairlead_simulator::satellite::mt::Mood;
use fairlead_store::problems;
use fairlead_testkit::{Backend, on_both_backends};
use serde_json::{Value, json};

use crate::desk::{Desk, interval};

on_both_backends!(
    an_order_is_refused_from_one_credit_over_on,
    what_waits_counts_as_spent,
    orders_at_once_do_not_overrun,
    a_message_waits_for_a_budget_that_was_lowered,
    a_message_waits_until_its_budget_renews,
    an_unknown_outcome_counts,
    a_new_month_is_a_new_budget,
    a_group_spends_what_its_devices_spend,
    a_budget_is_made_by_an_administrator_and_once,
);

const HOURS_12: Duration = Duration::from_secs(12 * 3_600);

fn sleep(seconds: u32) -> Value {
    json!({"type": "sleep", "seconds": seconds})
}

fn account(period: &str, credits: i64) -> Value {
    json!({"scope": {"type": "account", "name": "rockblock"}, "period": period, "credits": credits})
}

async fn problem(desk: &Desk) -> Option<String> {
    let filter = problems::Filter { kind: Some(ProblemKind::BudgetLow), ..problems::Filter::default() };
    let found = desk.system.store.read(move |conn| problems::list(conn, &filter, 10)).await.unwrap();
    assert!(found.len() <= 1, "one problem a budget: {found:?}");
    found.into_iter().next().map(|problem| problem.reason)
}

async fn pause(desk: &Desk) {
    desk.done("/api/v1/accounts/rockblock/pause", &json!({"reason": "a test"})).await;
}

async fn resume(desk: &Desk) {
    desk.done("/api/v1/accounts/rockblock/resume", &json!({"reason": "a test"})).await;
}

/// Waits until the cause of a message says this.
async fn until_cause(desk: &Desk, id: &str, says: &str) -> String {
    let path = format!("/api/v1/outgoing/{id}");
    let wanted = |detail: &Value| detail["mt"]["cause"].as_str().unwrap().contains(says);
    let detail = desk.system.until("courier", &path, wanted).await;
    assert_eq!(detail["mt"]["state"], "queued");
    detail["mt"]["cause"].as_str().unwrap().to_owned()
}

async fn an_order_is_refused_from_one_credit_over_on(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let modem = desk.modem(0, Some("v3_buoy")).await;
    let other = desk.modem(1, Some("v3_buoy")).await;
    let device = desk.device("PK001", Some(modem), &[]).await;
    let body = json!({"scope": {"type": "device", "id": device}, "period": "day", "credits": 5});
    let budget = desk.done("/api/v1/budgets", &body).await;
    assert_eq!((&budget["scope_name"], &budget["warn_percent"]), (&json!("PK001"), &json!(80)));
    // Two credits: 51 bytes.
    let two = json!({"type": "text", "text": "x".repeat(51)});
    for (order, left) in [(sleep(600), 4), (two.clone(), 2), (sleep(700), 1)] {
        assert_eq!(problem(&desk).await, None);
        let id = desk.ask(modem, order).await;
        desk.until(&id, "accepted").await;
        let shown = desk.get("/api/v1/budgets").await["items"][0].clone();
        assert_eq!((&shown["spent"], &shown["left"]), (&json!(5 - left), &json!(left)));
    }
    let nearly = "4 of 5 credits of the daily budget of PK001 are spent. It renews at 2026-06-02T00:00:00Z.";
    assert_eq!(problem(&desk).await.as_deref(), Some(nearly));
    let sentence = desk.refused("/api/v1/outgoing", &json!({"modem_id": modem, "order": two}), 422).await;
    assert_eq!(
        sentence,
        "The daily budget of PK001 has 1 of 5 credits left, what waits counted in, and this costs 2. \
         It renews at 2026-06-02T00:00:00Z."
    );
    let last = desk.ask(modem, sleep(800)).await;
    desk.until(&last, "accepted").await;
    let spent = "The daily budget of PK001 is used up: 5 of 5 credits are spent. Messages wait until it renews at \
                 2026-06-02T00:00:00Z, or is raised.";
    assert_eq!(problem(&desk).await.as_deref(), Some(spent));
    desk.refused("/api/v1/outgoing", &json!({"modem_id": modem, "order": sleep(900)}), 422).await;
    // Whoever has no budget is free.
    let id = desk.ask(other, sleep(900)).await;
    desk.until(&id, "accepted").await;
    desk.close().await;
}

async fn what_waits_counts_as_spent(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let modem = desk.modem(0, Some("v3_buoy")).await;
    desk.done("/api/v1/budgets", &account("month", 3)).await;
    pause(&desk).await;
    let mut waiting = vec![desk.ask(modem, interval(20)).await];
    for seconds in [600, 700] {
        waiting.push(desk.ask(modem, sleep(seconds)).await);
    }
    let refused = json!({"modem_id": modem, "order": sleep(900)});
    let sentence = desk.refused("/api/v1/outgoing", &refused, 422).await;
    assert!(sentence.starts_with("The monthly budget of the account rockblock has 0 of 3"), "{sentence}");
    // A newer interval takes an older one's place, and its credit.
    waiting[0] = desk.ask(modem, interval(30)).await;
    desk.refused("/api/v1/outgoing", &refused, 422).await;
    resume(&desk).await;
    for id in &waiting {
        desk.until(id, "accepted").await;
    }
    assert_eq!(desk.charges().len(), 3);
    desk.close().await;
}

async fn orders_at_once_do_not_overrun(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let group = desk.group("North").await;
    let mut modems = Vec::new();
    for n in 0..10 {
        let modem = desk.modem(n, Some("v3_buoy")).await;
        desk.device(&format!("PK00{n}"), Some(modem), &[group]).await;
        modems.push(modem);
    }
    let body = json!({"scope": {"type": "group", "id": group}, "period": "day", "credits": 4});
    let budget = desk.done("/api/v1/budgets", &body).await;
    let ask = async |modem, seconds| {
        let body = json!({"modem_id": modem, "order": sleep(seconds)});
        desk.post("/api/v1/outgoing", &body).await.status().as_u16()
    };
    let mut answers = futures_util::future::join_all(modems.iter().map(|modem| ask(*modem, 600))).await;
    answers.sort_unstable();
    assert_eq!(answers, [201, 201, 201, 201, 422, 422, 422, 422, 422, 422]);
    let spent = |credits: i64| move |list: &Value| list["items"][0]["spent"] == credits;
    desk.system.until("courier", "/api/v1/budgets", spent(4)).await;
    // Taken while there was enough, and too many once there is less.
    let path = format!("/api/v1/budgets/{}", budget["id"].as_str().unwrap());
    let credits = |credits: i64| json!({"scope": body["scope"], "period": "day", "credits": credits});
    pause(&desk).await;
    desk.put(&path, &credits(14)).await;
    let answers = futures_util::future::join_all(modems.iter().map(|modem| ask(*modem, 700))).await;
    assert_eq!(answers, [201; 10]);
    desk.put(&path, &credits(7)).await;
    resume(&desk).await;
    desk.system.until("courier", "/api/v1/budgets", spent(7)).await;
    let held = |list: &Value| {
        let waiting = list["items"].as_array().unwrap();
        waiting.iter().filter(|mt| mt["cause"].as_str().unwrap().contains("budget")).count() == 7
    };
    desk.system.until("courier", "/api/v1/outgoing?state=queued", held).await;
    assert_eq!(desk.charges().len(), 7);
    desk.close().await;
}

async fn a_message_waits_for_a_budget_that_was_lowered(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let modem = desk.modem(0, Some("v3_buoy")).await;
    let budget = desk.done("/api/v1/budgets", &account("day", 5)).await;
    let path = format!("/api/v1/budgets/{}", budget["id"].as_str().unwrap());
    pause(&desk).await;
    let first = desk.ask(modem, sleep(600)).await;
    let second = desk.ask(modem, sleep(700)).await;
    assert_eq!(desk.put(&path, &account("day", 1)).await["credits"], 1);
    resume(&desk).await;
    desk.until(&first, "accepted").await;
    let cause = until_cause(&desk, &second, "budget").await;
    assert_eq!(
        cause,
        "It costs 1 credit, and the daily budget of the account rockblock has fewer left. It waits until that renews \
         at 2026-06-02T00:00:00Z, or is raised."
    );
    assert!(problem(&desk).await.unwrap().contains("is used up"));
    assert_eq!(desk.charges().len(), 1);
    desk.put(&path, &account("day", 2)).await;
    desk.until(&second, "accepted").await;
    desk.delete(&path).await;
    let third = desk.ask(modem, sleep(800)).await;
    desk.until(&third, "accepted").await;
    desk.close().await;
}

async fn a_message_waits_until_its_budget_renews(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let modem = desk.modem(0, Some("v3_buoy")).await;
    pause(&desk).await;
    let mut waiting = Vec::new();
    for seconds in [600, 700] {
        waiting.push(desk.ask(modem, sleep(seconds)).await);
    }
    desk.done("/api/v1/budgets", &account("day", 1)).await;
    resume(&desk).await;
    desk.until(&waiting[0], "accepted").await;
    until_cause(&desk, &waiting[1], "budget").await;
    desk.system.hand.advance(HOURS_12 - Duration::from_secs(1));
    assert_eq!(desk.charges().len(), 1);
    desk.system.hand.advance(Duration::from_secs(1));
    desk.until(&waiting[1], "accepted").await;
    // The new day's warning is one of its own.
    assert!(problem(&desk).await.unwrap().contains("2026-06-03T00:00:00Z"));
    desk.close().await;
}

async fn an_unknown_outcome_counts(backend: Backend) {
    let desk = Desk::open(backend, &["courier.rockblock.timeout_s=1"]).await;
    let modem = desk.modem(0, Some("v3_buoy")).await;
    desk.done("/api/v1/budgets", &account("month", 1)).await;
    // What was surely not sent costs nothing.
    desk.force(Mood::Answer { code: 14 });
    let id = desk.ask(modem, sleep(600)).await;
    desk.until(&id, "failed").await;
    desk.force(Mood::Hang);
    let id = desk.ask(modem, sleep(700)).await;
    desk.until(&id, "unknown").await;
    assert_eq!(desk.get("/api/v1/budgets").await["items"][0]["spent"], 1);
    desk.refused("/api/v1/outgoing", &json!({"modem_id": modem, "order": sleep(800)}), 422).await;
    desk.close().await;
}

async fn a_new_month_is_a_new_budget(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let modem = desk.modem(0, Some("v3_buoy")).await;
    desk.done("/api/v1/budgets", &account("month", 1)).await;
    let id = desk.ask(modem, sleep(600)).await;
    desk.until(&id, "accepted").await;
    let order = json!({"modem_id": modem, "order": sleep(700)});
    // The last second of June, UTC.
    desk.system.hand.advance(Duration::from_secs(29 * 86_400) + HOURS_12 - Duration::from_secs(1));
    let sentence = desk.refused("/api/v1/outgoing", &order, 422).await;
    assert!(sentence.ends_with("It renews at 2026-07-01T00:00:00Z."), "{sentence}");
    desk.system.hand.advance(Duration::from_secs(1));
    let shown = desk.get("/api/v1/budgets").await["items"][0].clone();
    assert_eq!((&shown["spent"], &shown["renews_at"]), (&json!(0), &json!("2026-08-01T00:00:00Z")));
    let id = desk.ask(modem, sleep(700)).await;
    desk.until(&id, "accepted").await;
    desk.refused("/api/v1/outgoing", &order, 422).await;
    desk.close().await;
}

async fn a_group_spends_what_its_devices_spend(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let group = desk.group("North").await;
    let (one, two) = (desk.modem(0, Some("v3_buoy")).await, desk.modem(1, Some("v3_buoy")).await);
    // Before it is a device's, what a modem is told is nobody's.
    let id = desk.ask(two, sleep(600)).await;
    desk.until(&id, "accepted").await;
    desk.system.hand.advance(Duration::from_secs(1));
    desk.device("PK001", Some(one), &[group]).await;
    desk.device("PK002", Some(two), &[group]).await;
    let body = json!({"scope": {"type": "group", "id": group}, "period": "month", "credits": 2});
    desk.done("/api/v1/budgets", &body).await;
    for modem in [one, two] {
        let id = desk.ask(modem, sleep(600)).await;
        desk.until(&id, "accepted").await;
    }
    let sentence =
        desk.refused("/api/v1/outgoing", &json!({"modem_id": two, "order": sleep(700)}), 422).await;
    assert!(
        sentence.starts_with("The monthly budget of the group North has 0 of 2 credits left"),
        "{sentence}"
    );
    assert_eq!(
        desk.group_is_needed(group).await,
        "There is a budget of credits for the group North. Delete that first."
    );
    desk.close().await;
}

async fn a_budget_is_made_by_an_administrator_and_once(backend: Backend) {
    let desk = Desk::open(backend, &[]).await;
    let url = desk.system.url("courier", "/api/v1/budgets");
    let operator = desk.system.client_as(Role::Operator).await;
    assert_eq!(operator.post(&url).json(&account("day", 5)).send().await.unwrap().status(), 403);
    let viewer = desk.system.client_as(Role::Viewer).await;
    assert_eq!(viewer.get(&url).send().await.unwrap().status(), 200);
    let wrong = json!({"scope": {"type": "group", "id": uuid::Uuid::nil()}, "period": "day", "credits": -1,
        "warn_percent": 0});
    let sentence = desk.refused("/api/v1/budgets", &wrong, 422).await;
    for part in ["0 to 1000000000 credits", "warn_percent", "There is no group"] {
        assert!(sentence.contains(part), "{sentence}");
    }
    let day = desk.done("/api/v1/budgets", &account("day", 5)).await;
    desk.done("/api/v1/budgets", &account("month", 50)).await;
    let sentence = desk.refused("/api/v1/budgets", &account("day", 6), 409).await;
    assert_eq!(sentence, "There is the daily budget of the account rockblock already. Change that one.");
    let path = format!("/api/v1/budgets/{}", day["id"].as_str().unwrap());
    let put = |body: Value| desk.system.client.put(desk.system.url("courier", &path)).json(&body).send();
    assert_eq!(put(account("month", 6)).await.unwrap().status(), 409);
    assert_eq!(put(account("day", 6)).await.unwrap().status(), 200);
    let page = desk.get("/api/v1/budgets?limit=1").await;
    assert_eq!(page["items"][0]["credits"], 6);
    let next = format!("/api/v1/budgets?limit=1&cursor={}", page["next_cursor"].as_str().unwrap());
    assert_eq!(desk.get(&next).await["items"][0]["period"], "month");
    desk.delete(&path).await;
    assert_eq!(put(account("day", 6)).await.unwrap().status(), 404);
    for (action, count) in [("budget.add", 2), ("budget.change", 1), ("budget.remove", 1)] {
        assert_eq!(desk.audited(action).await.len(), count, "{action}");
    }
    desk.close().await;
}
