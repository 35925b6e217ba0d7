//! The doors of the provider's other platforms: what each takes, refuses and answers, and what comes of it at sea.

use fairlead_model::{Clock, Imei, Secret};
use fairlead_simulator::satellite::mt::{
    self, CloudloopAccount, Mailboxes, Mood, MtApi, MtSettings, RockcoreAccount, cloudloop_id,
};
use fairlead_simulator::satellite::{
    Delivery, Faults, Platform, Provider, ProviderSettings, RockStar, Waters, What, World,
};
use fairlead_wire::cloudloop::{self, Format};
use fairlead_wire::rockblock::BodyKind;
use fairlead_wire::rockcore::{self, Trigger};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};

use crate::{DAY, present};

const IMEI: &str = "300434063000017";
const SERIAL: &str = "100001";
const THING: &str = "AagLlVGjyNzQbEOxzvBoRXPekmOvrxJY";
const BAY: Waters = Waters { latitude: 36.78, longitude: -122.06, range_km: 10.0 };

struct Stage {
    api: MtApi,
    client: Client,
}

impl Stage {
    async fn new() -> Self {
        let imei: Imei = IMEI.parse().unwrap();
        let unrented: Imei = "300434063000025".parse().unwrap();
        let mut settings = MtSettings::new("skipper", Secret::new("p"));
        settings.without_rental.insert(unrented);
        settings.rockcore = Some(RockcoreAccount {
            username: "bosun".to_owned(),
            password: Secret::new("p&ss=wörd"),
            trackers: [(SERIAL.to_owned(), imei), ("100002".to_owned(), unrented)].into(),
        });
        settings.cloudloop =
            Some(CloudloopAccount { token: Secret::new("t0ken"), things: [(THING.to_owned(), imei)].into() });
        let mailboxes = Mailboxes::of([imei, unrented]);
        let api = mt::serve("127.0.0.1:0", settings, Clock::manual(present()).0, mailboxes).await.unwrap();
        let client = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self { api, client }
    }

    async fn post(&self, url: &str, query: &[(&str, &str)]) -> Option<(u16, String)> {
        let response = self.client.post(url).query(query).send().await.ok()?;
        let status = response.status();
        Some((status.as_u16(), response.text().await.ok()?))
    }

    async fn text(&self, serial: &str, password: &str, message: &str) -> Option<(u16, String)> {
        let query = [("username", "bosun"), ("password", password), ("message", message)];
        self.post(&format!("{}/{serial}", self.api.rockcore_url()), &query).await
    }

    async fn sbd(&self, thing: &str, token: &str, message: &str) -> Option<(u16, String)> {
        let query = [("token", token), ("thing", thing), ("message", message)];
        self.post(&self.api.cloudloop_url(), &query).await
    }
}

#[tokio::test]
async fn a_text_for_a_tracker_gets_a_receipt() {
    let stage = Stage::new().await;
    let (status, answer) = stage.text(SERIAL, "p&ss=wörd", "Côme home").await.unwrap();
    let charge = stage.api.charges()[0].clone();
    // As the platform was seen to answer.
    let expected = format!("<SendMessage><receipt messageId=\"{}\" /></SendMessage>", charge.mt_id);
    assert_eq!((status, answer.as_str()), (200, expected.as_str()));
    let taken = rockcore::SendAnswer::Taken { id: charge.mt_id.to_string() };
    assert_eq!(rockcore::read_send_answer(&answer), Some(taken));
    let waiting = stage.api.mailboxes().waiting(IMEI.parse().unwrap());
    assert_eq!(waiting[0].payload, "Côme home".as_bytes());
    assert_eq!((charge.account.as_str(), charge.credits, charge.answered), ("bosun", 1, true));
    for (serial, password, message, words) in [
        (SERIAL, "wrong", "x", "Invalid login credentials"),
        ("999999", "p&ss=wörd", "x", "No RockBLOCK with this IMEI found on your account"),
        ("100002", "p&ss=wörd", "x", "RockBLOCK has no line rental"),
        (SERIAL, "p&ss=wörd", "", "No data"),
        (SERIAL, "p&ss=wörd", &"x".repeat(271), "Data too long"),
    ] {
        let (_, answer) = stage.text(serial, password, message).await.unwrap();
        let refused = rockcore::SendAnswer::Refused { text: words.to_owned() };
        assert_eq!(rockcore::read_send_answer(&answer), Some(refused), "{serial} {message}");
    }
    assert_eq!(stage.api.charges().len(), 1);
}

#[tokio::test]
async fn an_mt_for_a_thing_gets_an_id() {
    let stage = Stage::new().await;
    let (status, answer) = stage.sbd(THING, "t0ken", "48656c6c6f").await.unwrap();
    let charge = stage.api.charges()[0].clone();
    let taken = cloudloop::SendAnswer::Taken { id: cloudloop_id(charge.mt_id) };
    assert_eq!(cloudloop::read_send_answer(status, &answer), Some(taken));
    assert_eq!((charge.payload.as_str(), charge.account.as_str()), ("48656c6c6f", "cloudloop"));
    for (thing, token, message, status, words) in [
        (THING, "wrong", "48", 401, "Invalid login credentials"),
        ("other", "t0ken", "48", 400, "No RockBLOCK with this IMEI found on your account"),
        (THING, "t0ken", "zz", 400, "Could not decode hex data"),
        (THING, "t0ken", &"41".repeat(271), 400, "Data too long"),
    ] {
        let (told, answer) = stage.sbd(thing, token, message).await.unwrap();
        let refused = cloudloop::SendAnswer::Refused { text: words.to_owned() };
        assert_eq!((told, cloudloop::read_send_answer(told, &answer)), (status, Some(refused)), "{words}");
    }
    assert_eq!(stage.api.charges().len(), 1);
}

#[tokio::test]
async fn each_platform_has_a_page_with_what_it_was_told() {
    let stage = Stage::new().await;
    let page = async |path: &str| {
        let url = format!("{}{path}", stage.api.page());
        let answer = stage.client.get(url).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    stage.text(SERIAL, "p&ss=wörd", "Come <home>").await.unwrap();
    stage.sbd(THING, "t0ken", "48656c6c6f").await.unwrap();
    stage.sbd(THING, "t0ken", "48656c6c6f").await.unwrap();
    let (_, all) = page("").await;
    for (platform, messages) in [("rockblock", 0), ("rockcore", 1), ("cloudloop", 2)] {
        let path = format!("simulator/{platform}");
        assert!(all.contains(&format!("<a href=\"/{path}\">")), "{all}");
        let (status, own) = page(&path).await;
        assert_eq!((status, own.matches("waits for the modem").count()), (200, messages), "{own}");
    }
    let (_, trackers) = page("simulator/rockcore").await;
    assert!(trackers.contains("Come &lt;home&gt;") && !trackers.contains("Hello"), "{trackers}");
    assert_eq!(page("simulator/nobody").await.0, 404);
}

#[tokio::test]
async fn a_door_without_an_account_lets_nobody_in() {
    let settings = MtSettings::new("skipper", Secret::new("p"));
    let clock = Clock::manual(present()).0;
    let api = mt::serve("127.0.0.1:0", settings, clock, Mailboxes::of_every_modem()).await.unwrap();
    let stage = Stage { api, client: Client::builder().no_proxy().build().unwrap() };
    assert!(stage.text(SERIAL, "p", "x").await.unwrap().1.contains("Invalid login credentials"));
    assert_eq!(stage.sbd(THING, "", "48").await.unwrap().0, 401);
    let get = stage.client.get(stage.api.cloudloop_url()).send().await.unwrap();
    assert_eq!(get.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn each_door_has_the_moods() {
    let stage = Stage::new().await;
    for (mood, charged) in [
        (Mood::HalfAnswer, 1),
        (Mood::Close, 0),
        (Mood::Garbage, 0),
        (Mood::Http500SystemError, 0),
        (Mood::OkTwice, 1),
    ] {
        stage.api.force(mood, 2);
        let before = stage.api.charges().len();
        let text = stage.text(SERIAL, "p&ss=wörd", "x").await;
        let sbd = stage.sbd(THING, "t0ken", "48").await;
        assert_eq!(stage.api.charges().len() - before, 2 * charged, "{mood:?}");
        let answers = (text.is_some(), sbd.is_some());
        let is_cut = matches!(mood, Mood::HalfAnswer | Mood::Close);
        assert_eq!(answers, (!is_cut, !is_cut), "{mood:?}");
        let (Some((_, text)), Some((status, sbd))) = (text, sbd) else { continue };
        let taken = (
            matches!(rockcore::read_send_answer(&text), Some(rockcore::SendAnswer::Taken { .. })),
            matches!(cloudloop::read_send_answer(status, &sbd), Some(cloudloop::SendAnswer::Taken { .. })),
        );
        assert_eq!(taken, (mood == Mood::OkTwice, mood == Mood::OkTwice), "{mood:?}: {text} {sbd}");
    }
}

#[test]
fn a_tracker_acknowledges_what_it_hears() {
    let tracker = RockStar::new(7, 1, BAY).unwrap();
    let mailboxes = Mailboxes::of([tracker.imei()]);
    let range = present()..present().plus(DAY);
    assert_eq!(tracker.pushes_hearing(range.clone(), &mailboxes), tracker.pushes(range.clone()));
    for number in [124_196, 124_197] {
        mailboxes.queue(tracker.imei(), number, present(), b"Come home".to_vec()).unwrap();
    }
    let pushes = tracker.pushes_hearing(range.clone(), &mailboxes);
    assert_eq!(pushes, tracker.pushes_hearing(range.clone(), &mailboxes), "the same each time");
    let acknowledged: Vec<_> = pushes
        .iter()
        .filter(|push| push.trigger == Trigger::Acknowledge)
        .map(|push| push.message_ack)
        .collect();
    assert_eq!(acknowledged, [Some(124_196), Some(124_197)]);
    let ids: std::collections::BTreeSet<_> = pushes.iter().map(|push| push.id.clone()).collect();
    assert_eq!(ids.len(), pushes.len());
    assert_eq!(mailboxes.waiting(tracker.imei()), []);
}

#[test]
fn a_session_by_cloudloop_tells_that_something_was_fetched() {
    let world = World::demo(1, present());
    let imei = world.modems().next().unwrap();
    let mailboxes = Mailboxes::of(world.modems());
    let world = world.hearing(&mailboxes);
    mailboxes.queue(imei, 1, present(), b"+DATA:PK006,20;".to_vec()).unwrap();
    let settings = ProviderSettings { platform: Platform::Cloudloop(Format::Lingo), ..Default::default() };
    let provider =
        Provider::new("http://127.0.0.1:1/", Clock::system(), settings).unwrap().telling(&mailboxes);
    let sent: Vec<Delivery> = world
        .deliveries(present()..present().plus(DAY), Faults::NONE)
        .filter(|delivery| delivery.sent.imei == imei && delivery.what == What::Push)
        .collect();
    let fetched_at = mailboxes.fetched(imei)[0].fetched_at.unwrap();
    for delivery in sent {
        let body = provider.body(&delivery).unwrap().text;
        let push = cloudloop::parse(BodyKind::Json, body.as_bytes()).unwrap();
        let expected = u32::from(delivery.sent.at == fetched_at);
        assert_eq!(push.mtmsn, Some(expected), "{}", delivery.sent.at);
    }
}
