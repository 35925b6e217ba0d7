//! Texts to trackers by Rock 7 Core, and messages by Cloudloop: each answer, and what follows from it.

use fairlead_model::device::DeviceKind;
use fairlead_model::role::Role;
use fairlead_model::{ModemId, Trust};
use fairlead_simulator::satellite::mt::{Mood, charged_more_than_once, cloudloop_id};
use fairlead_store::registry::ModemChoice;
use fairlead_store::registry::devices::{self, NewDevice};
use fairlead_store::satellite::modems;
use fairlead_store::satellite::mt::modems as modems_of_sending;
use fairlead_testkit::{Backend, on_both_backends};
use serde_json::{Value, json};

use crate::desk::{Desk, PASSWORD, TOKEN, TRACKERS, hex, imei, interval, minutes, serial};

on_both_backends!(
    a_text_goes_to_a_tracker_as_it_stands,
    a_modem_of_cloudloop_is_told_by_its_thing,
    an_account_follows_from_the_device_and_its_messages,
    what_nobody_vouches_for_leads_no_message_astray,
    a_refusal_has_its_class,
    what_nobody_knows_is_never_repeated_anywhere,
    platforms_that_are_not_there_cost_nothing,
    what_has_no_name_there_is_refused_with_advice,
);

/// The two platforms beside RockBLOCK.
const PLATFORMS: [&str; 2] = ["rockcore", "cloudloop"];

fn text(words: &str) -> Value {
    json!({"type": "text", "text": words})
}

/// A modem that a platform reaches.
async fn modem(desk: &Desk, platform: &str, n: u32) -> ModemId {
    if platform == "rockcore" { desk.tracker(n).await } else { desk.thing(n, None).await }
}

async fn account(desk: &Desk, name: &str) -> Value {
    let list = desk.get("/api/v1/accounts").await;
    list["items"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap().clone()
}

async fn a_text_goes_to_a_tracker_as_it_stands(backend: Backend) {
    let desk = Desk::everywhere(backend, &[]).await;
    let modem = desk.tracker(0).await;
    let words = "Côme home: 50 % & more + soon?\nA.";
    // People read it, so an operator may write it.
    let operator = desk.system.client_as(Role::Operator).await;
    let body = json!({"modem_id": modem, "order": text(words)});
    let asked =
        operator.post(desk.system.url("courier", "/api/v1/outgoing")).json(&body).send().await.unwrap();
    assert_eq!(asked.status(), 201);
    let id = asked.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
    let mt = desk.until(&id, "accepted").await;
    let charges = desk.charges();
    assert_eq!((charges.len(), hex(&charges[0].payload).as_str()), (1, words));
    assert_eq!((charges[0].imei, charges[0].account.as_str()), (imei(0), TRACKERS));
    assert_eq!(
        (&mt["account"], &mt["provider_id"]),
        (&json!("rockcore"), &json!(charges[0].mt_id.to_string()))
    );
    assert_eq!(charges[0].request_id.as_deref(), Some(id.as_str()));
    assert_eq!(desk.steps(&id).await, ["queued", "sending", "accepted"]);
    // Other devices make of a text what they can: that is an administrator's.
    let buoy = desk.modem(5, Some("v3_buoy")).await;
    let body = json!({"modem_id": buoy, "order": text("x")});
    let refused =
        operator.post(desk.system.url("courier", "/api/v1/outgoing")).json(&body).send().await.unwrap();
    assert_eq!(refused.status(), 403);
    for order in [interval(20), json!({"type": "beacon", "on": true})] {
        let body = json!({"modem_id": modem, "order": order});
        let sentence = desk.refused("/api/v1/outgoing", &body, 422).await;
        assert_eq!(sentence, "A RockSTAR takes texts, and heeds no command.");
    }
    let offers = desk.get(&format!("/api/v1/downlinks/{modem}")).await["offers"].clone();
    let offered: Vec<&str> = offers
        .as_array()
        .unwrap()
        .iter()
        .filter(|offer| offer["refusal"].is_null())
        .map(|offer| offer["kind"].as_str().unwrap())
        .collect();
    assert_eq!(offered, ["text"]);
    desk.close().await;
}

async fn a_modem_of_cloudloop_is_told_by_its_thing(backend: Backend) {
    let desk = Desk::everywhere(backend, &[]).await;
    let modem = desk.thing(3, Some("v3_buoy")).await;
    let id = desk.ask(modem, interval(20)).await;
    let mt = desk.until(&id, "accepted").await;
    let charges = desk.charges();
    assert_eq!((charges.len(), hex(&charges[0].payload).as_str()), (1, "+DATA:PK006,20;"));
    assert_eq!((charges[0].imei, charges[0].account.as_str()), (imei(3), "cloudloop"));
    assert_eq!((&mt["account"], &mt["proof"]), (&json!("cloudloop"), &json!("answer")));
    assert_eq!(mt["provider_id"], cloudloop_id(charges[0].mt_id));
    assert_eq!(account(&desk, "cloudloop").await["provider"], "cloudloop");
    assert_eq!(account(&desk, "cloudloop").await["credits_today"], 1);
    desk.close().await;
}

async fn an_account_follows_from_the_device_and_its_messages(backend: Backend) {
    let desk = Desk::everywhere(backend, &[]).await;
    let of = async |modem: ModemId| {
        desk.get(&format!("/api/v1/downlinks/{modem}")).await["account"].as_str().unwrap().to_owned()
    };
    let silent = desk.modem(0, None).await;
    assert_eq!(of(silent).await, "rockblock");
    assert_eq!(of(desk.tracker(1).await).await, "rockcore");
    let by_cloudloop = desk.thing(2, None).await;
    assert_eq!(of(by_cloudloop).await, "cloudloop");
    // One that comes by Cloudloop and never told its name is told as before.
    let nameless = desk.modem(3, None).await;
    desk.session(nameless, 3, None).await;
    assert_eq!(of(nameless).await, "rockblock");
    // What somebody registered as a RockSTAR is one before its first message.
    let registered = desk.modem(4, None).await;
    let clock = desk.system.clock.clone();
    let work = move |tx: &mut fairlead_store::Tx<'_>| {
        let new = NewDevice {
            kind: DeviceKind::Rockstar,
            name: Some("RS1".to_owned()),
            modem: Some(ModemChoice::Id(registered)),
            serial: None,
            since: None,
            groups: Vec::new(),
        };
        devices::create(tx, &clock, &new, "a test").map(|made| made.map(drop))
    };
    desk.system.store.write(work).await.unwrap().unwrap();
    assert_eq!(of(registered).await, "rockcore");
    // A person's word comes first.
    let path = desk.system.url("courier", &format!("/api/v1/downlinks/{by_cloudloop}"));
    let body = json!({"account": "rockblock", "reason": "a test"});
    assert_eq!(desk.system.client.put(path).json(&body).send().await.unwrap().status(), 200);
    assert_eq!(of(by_cloudloop).await, "rockblock");
    desk.close().await;
}

async fn what_nobody_vouches_for_leads_no_message_astray(backend: Backend) {
    let desk = Desk::everywhere(backend, &[]).await;
    // Its serial number was written at the device; a push has told another one.
    let written = desk.modem(1, None).await;
    let clock = desk.system.clock.clone();
    let work = move |tx: &mut fairlead_store::Tx<'_>| {
        let new = NewDevice {
            kind: DeviceKind::Rockstar,
            name: Some("RS1".to_owned()),
            modem: Some(ModemChoice::Id(written)),
            serial: Some(serial(1)),
            since: None,
            groups: Vec::new(),
        };
        modems::describe(tx, written.into(), Some(&serial(2)), None)?;
        devices::create(tx, &clock, &new, "a test").map(|made| made.map(drop))
    };
    desk.system.store.write(work).await.unwrap().unwrap();
    let id = desk.ask(written, text("One")).await;
    desk.until(&id, "accepted").await;
    assert_eq!(desk.charges()[0].imei, imei(1));
    // A serial number that another modem had before.
    let tracker = desk.tracker(3).await;
    desk.system.hand.advance(minutes(1));
    let clock = desk.system.clock.clone();
    let work = move |tx: &mut fairlead_store::Tx<'_>| {
        let row = modems::create(tx, &clock, imei(4), Some(&serial(3)), Trust::Unsigned)?;
        let rockcore = modems_of_sending::MtModemRow {
            account: Some("rockcore".to_owned()),
            ..modems_of_sending::get(tx, row.id.into())?
        };
        modems_of_sending::put(tx, &rockcore)?;
        Ok(row.id.into())
    };
    let like_it: ModemId = desk.system.store.write(work).await.unwrap();
    let body = json!({"modem_id": like_it, "order": text("x")});
    let why = desk.refused("/api/v1/outgoing", &body, 422).await;
    assert!(why.starts_with("Another modem had the serial number"), "{why}");
    let id = desk.ask(tracker, text("Two")).await;
    desk.until(&id, "accepted").await;
    // An unsigned push by another provider says nothing of who pays.
    let of = async |modem: ModemId| {
        desk.get(&format!("/api/v1/downlinks/{modem}")).await["account"].as_str().unwrap().to_owned()
    };
    let by_cloudloop = desk.thing(5, None).await;
    for modem in [tracker, by_cloudloop] {
        desk.system.hand.advance(minutes(10));
        desk.unsigned(modem, 3, "rockblock").await;
    }
    assert_eq!((of(tracker).await.as_str(), of(by_cloudloop).await.as_str()), ("rockcore", "cloudloop"));
    // Where nobody vouches for anything, the first message counts.
    let unsigned = desk.modem(6, None).await;
    for provider in ["rockcore", "rockblock"] {
        desk.system.hand.advance(minutes(10));
        desk.unsigned(unsigned, 6, provider).await;
    }
    assert_eq!(of(unsigned).await, "rockcore");
    desk.close().await;
}

async fn a_refusal_has_its_class(backend: Backend) {
    let desk = Desk::everywhere(backend, &[]).await;
    for platform in PLATFORMS {
        // The account: it rests until a person has looked, and what waits is sent then.
        let first = modem(&desk, platform, if platform == "rockcore" { 0 } else { 5 }).await;
        for code in [10, 13] {
            desk.force(Mood::Answer { code });
            let id = desk.ask(first, text("One")).await;
            let paused = |list: &Value| {
                let mut all = list["items"].as_array().unwrap().iter();
                let of_platform = all.find(|one| one["name"] == platform).unwrap();
                of_platform["reason"].as_str().is_some_and(|why| why.starts_with("The provider refused it: "))
            };
            desk.system.until("courier", "/api/v1/accounts", paused).await;
            let path = format!("/api/v1/accounts/{platform}/resume");
            desk.done(&path, &json!({"reason": "put right"})).await;
            desk.until(&id, "accepted").await;
        }
        // The message: never again. Nothing is held against the modem.
        desk.force(Mood::Answer { code: 15 });
        let id = desk.ask(first, text("Two")).await;
        let mt = desk.until(&id, "failed").await;
        assert_eq!(mt["cause"], "The provider refused it: Data too long.");
        // A fault whose words leave open what became of it.
        desk.force(Mood::Answer { code: 99 });
        let id = desk.ask(first, text("Three")).await;
        let mt = desk.until(&id, "unknown").await;
        assert_eq!(mt["cause"], "The provider answered: System Error. The provider may have it or not.");
        desk.system.hand.advance(minutes(60));
        // The modem: nothing is taken for it until a person has looked.
        desk.force(Mood::Answer { code: 11 });
        let id = desk.ask(first, text("Four")).await;
        desk.until(&id, "failed").await;
        let sentence =
            desk.refused("/api/v1/outgoing", &json!({"modem_id": first, "order": text("x")}), 422).await;
        assert!(sentence.starts_with("The provider takes nothing for this modem"), "{sentence}");
    }
    assert_eq!(desk.charges().len(), 4);
    assert!(charged_more_than_once(&desk.charges()).is_empty());
    desk.close().await;
}

async fn what_nobody_knows_is_never_repeated_anywhere(backend: Backend) {
    let set = ["courier.rockcore.timeout_s=1", "courier.cloudloop.timeout_s=1"];
    let desk = Desk::everywhere(backend, &set).await;
    let moods = [
        (Mood::Hang, 0),
        (Mood::Close, 0),
        (Mood::AnswerLost, 1),
        (Mood::HalfAnswer, 1),
        (Mood::Garbage, 0),
        (Mood::Redirect, 0),
        (Mood::Http500, 0),
        (Mood::Http500SystemError, 0),
    ];
    let mut calls = 0;
    for (n, platform) in (0..).zip(PLATFORMS) {
        let modem = modem(&desk, platform, n).await;
        for (mood, charged) in moods {
            let before = desk.charges().len();
            desk.force(mood);
            let id = desk.ask(modem, text("Come home")).await;
            let mt = desk.until(&id, "unknown").await;
            calls += 1;
            let cause = mt["cause"].as_str().unwrap();
            assert!(cause.ends_with("The provider may have it or not."), "{platform} {mood:?}: {cause}");
            for secret in [PASSWORD, TOKEN, TRACKERS, "http"] {
                assert!(!cause.contains(secret), "{platform} {mood:?}: {cause}");
            }
            assert_eq!(desk.charges().len() - before, charged, "{platform} {mood:?}");
            // The account rests for a while after each.
            desk.system.hand.advance(minutes(60));
        }
        desk.force(Mood::OkTwice);
        let id = desk.ask(modem, text("Come home")).await;
        desk.until(&id, "accepted").await;
        calls += 1;
    }
    assert_eq!((desk.provider.requests(), desk.charges().len()), (calls, 6));
    assert!(charged_more_than_once(&desk.charges()).is_empty());
    desk.close().await;
}

async fn platforms_that_are_not_there_cost_nothing(backend: Backend) {
    // A port of this machine that nobody listens on.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let set = [
        format!("courier.rockcore.url=http://{nobody}/API2/SendMessage"),
        format!("courier.cloudloop.url=http://{nobody}/Data/DoSendSbdMessage"),
    ];
    let desk = Desk::everywhere(backend, &[&set[0], &set[1]]).await;
    for (n, platform) in (0..).zip(PLATFORMS) {
        let modem = modem(&desk, platform, n).await;
        let id = desk.ask(modem, text("Come home")).await;
        let path = format!("/api/v1/outgoing/{id}");
        let tried = |detail: &Value| detail["mt"]["state"] == "queued" && detail["mt"]["attempts"] == 1;
        let detail = desk.system.until("courier", &path, tried).await;
        let cause = detail["mt"]["cause"].as_str().unwrap();
        assert!(cause.starts_with("The provider could not be reached"), "{cause}");
        assert!(!cause.contains(PASSWORD) && !cause.contains(TOKEN), "{cause}");
        assert_eq!(account(&desk, platform).await["credits_today"], 0);
    }
    desk.close().await;
}

async fn what_has_no_name_there_is_refused_with_advice(backend: Backend) {
    let desk = Desk::everywhere(backend, &[]).await;
    let modem = desk.modem(0, Some("v3_buoy")).await;
    let path = desk.system.url("courier", &format!("/api/v1/downlinks/{modem}"));
    let body = json!({"account": "cloudloop", "reason": "a test"});
    let view: Value = desk.system.client.put(path).json(&body).send().await.unwrap().json().await.unwrap();
    assert_eq!(view["account"], "cloudloop");
    let sentence =
        desk.refused("/api/v1/outgoing", &json!({"modem_id": modem, "order": interval(5)}), 422).await;
    assert!(sentence.starts_with("Cloudloop names a modem by its thing, and none is known"), "{sentence}");
    assert_eq!(view["offers"][0]["refusal"], sentence);
    desk.close().await;

    // A RockSTAR without an account for it.
    let desk = Desk::open(backend, &[]).await;
    let modem = desk.tracker(0).await;
    let sentence =
        desk.refused("/api/v1/outgoing", &json!({"modem_id": modem, "order": text("x")}), 422).await;
    assert!(
        sentence.contains("courier.rockcore.username or courier.rockcore.password is not set"),
        "{sentence}"
    );
    assert_eq!(desk.provider.requests(), 0);
    desk.close().await;
}
