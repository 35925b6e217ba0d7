//! The provider's MT API from outside: every answer it has, and every way in which it fails.

use std::time::Duration;

use fairlead_model::{Clock, Imei, Secret};
use fairlead_simulator::satellite::mt::{
    self, Charge, Mailboxes, Mood, MtApi, MtSettings, QUEUE_LIMIT, charged_more_than_once,
};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::present;

const IMEI: &str = "300434063000017";
const UNRENTED: &str = "300434063000025";
/// `+DATA:PK006,30;`
const DATA: &str = "2b444154413a504b3030362c33303b";

struct Stage {
    api: MtApi,
    client: Client,
}

/// What a client makes of an answer: its status and text, or nothing where there was none.
type Heard = Option<(StatusCode, String)>;

impl Stage {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut MtSettings)) -> Self {
        let modems: Vec<Imei> = [IMEI, UNRENTED].iter().map(|imei| imei.parse().unwrap()).collect();
        let mut settings = MtSettings::new("skipper", Secret::new("p&ss=wörd"));
        settings.without_rental.insert(modems[1]);
        change(&mut settings);
        let clock = Clock::manual(present()).0;
        let api = mt::serve("127.0.0.1:0", settings, clock, Mailboxes::of(modems)).await.unwrap();
        let client = Client::builder()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .build()
            .unwrap();
        Self { api, client }
    }

    /// Sends an MT as a form, with these parameters changed or added.
    async fn send(&self, changed: &[(&str, &str)]) -> Heard {
        let mut form =
            vec![("imei", IMEI), ("username", "skipper"), ("password", "p&ss=wörd"), ("data", DATA)];
        form.retain(|(name, _)| changed.iter().all(|(other, _)| other != name));
        form.extend(changed);
        heard(self.client.post(self.api.url()).form(&form)).await
    }

    /// Sends an MT and gives the text of the answer, which must be there and have status 200.
    async fn text(&self, changed: &[(&str, &str)]) -> String {
        let (status, text) = self.send(changed).await.unwrap();
        assert_eq!(status, StatusCode::OK);
        text
    }

    fn waiting(&self) -> usize {
        self.api.mailboxes().waiting(IMEI.parse().unwrap()).len()
    }

    fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.api.address())
    }
}

async fn heard(request: reqwest::RequestBuilder) -> Heard {
    let response = request.send().await.ok()?;
    let status = response.status();
    Some((status, String::from_utf8_lossy(&response.bytes().await.ok()?).into_owned()))
}

fn number(text: &str) -> u64 {
    text.strip_prefix("OK,").unwrap().parse().unwrap()
}

#[tokio::test]
async fn each_mt_gets_a_number_and_waits_for_its_modem() {
    let stage = Stage::new().await;
    let first = number(&stage.text(&[]).await);
    assert_eq!(number(&stage.text(&[]).await), first + 1);
    assert!((4_000_000..5_000_000).contains(&first));
    let waiting = stage.api.mailboxes().waiting(IMEI.parse().unwrap());
    assert_eq!(waiting[0].payload, b"+DATA:PK006,30;");
    assert_eq!((waiting[0].mt_id, waiting[1].mt_id, waiting[0].queued_at), (first, first + 1, present()));

    let (same, other) = (Stage::new().await, Stage::with(|settings| settings.seed = 2).await);
    assert_eq!(number(&same.text(&[]).await), first);
    assert_ne!(number(&other.text(&[]).await), first);
}

#[tokio::test]
async fn parameters_may_stand_in_the_query_and_in_the_body() {
    let stage = Stage::new().await;
    let all = [("imei", IMEI), ("username", "skipper"), ("password", "p&ss=wörd"), ("data", DATA)];
    let in_query = stage.client.post(stage.api.url()).query(&all);
    assert!(heard(in_query).await.unwrap().1.starts_with("OK,"));
    let in_both = stage.client.post(stage.api.url()).query(&all[..2]).form(&all[2..]);
    assert!(heard(in_both).await.unwrap().1.starts_with("OK,"));
    assert_eq!(stage.waiting(), 2);
}

#[tokio::test]
async fn every_documented_refusal_has_its_code() {
    let stage = Stage::with(|settings| settings.credits = Some(6)).await;
    let long = "41".repeat(270);
    let too_long = "41".repeat(271);
    for (changed, answer) in [
        (("password", "wrong"), "FAILED,10,Invalid login credentials"),
        (("username", ""), "FAILED,10,Invalid login credentials"),
        (("imei", "300434063000033"), "FAILED,11,No RockBLOCK with this IMEI found on your account"),
        (("imei", "12"), "FAILED,11,No RockBLOCK with this IMEI found on your account"),
        (("imei", UNRENTED), "FAILED,12,RockBLOCK has no line rental"),
        (("data", "4"), "FAILED,14,Could not decode hex data"),
        (("data", "zz"), "FAILED,14,Could not decode hex data"),
        (("data", &too_long), "FAILED,15,Data too long"),
        (("data", ""), "FAILED,16,No data"),
    ] {
        assert_eq!(stage.text(&[changed]).await, answer, "{changed:?}");
    }
    assert_eq!((stage.waiting(), stage.api.charges().len()), (0, 0));
    // Six credits pay for 270 bytes once.
    assert!(stage.text(&[("data", &long)]).await.starts_with("OK,"));
    assert_eq!(stage.text(&[]).await, "FAILED,13,Your account has insufficient credit");
    assert_eq!(stage.api.credits_left(), Some(0));
    stage.api.set_credits(None);
    assert!(stage.text(&[]).await.starts_with("OK,"));
    assert_eq!(stage.api.requests(), 12);
}

#[tokio::test]
async fn a_credit_pays_for_fifty_bytes() {
    let stage = Stage::new().await;
    for bytes in [1, 49, 50, 51, 100, 101, 270] {
        stage.text(&[("data", &"41".repeat(bytes))]).await;
    }
    let credits: Vec<u64> = stage.api.charges().iter().map(|charge| charge.credits).collect();
    assert_eq!(credits, [1, 1, 1, 2, 2, 3, 6]);
}

#[tokio::test]
async fn a_queue_holds_fifty_and_a_flush_empties_it() {
    let stage = Stage::with(|settings| settings.credits = Some(51)).await;
    for _ in 0..QUEUE_LIMIT {
        assert!(stage.text(&[]).await.starts_with("OK,"));
    }
    assert_eq!(stage.text(&[]).await, "FAILED,99,MT queue full (max of 50)");
    assert_eq!((stage.waiting(), stage.api.charges().len()), (50, 50));
    let flushing = stage.text(&[("flush", "yes")]).await;
    assert_eq!(stage.waiting(), 1);
    assert_eq!(stage.api.mailboxes().waiting(IMEI.parse().unwrap())[0].mt_id, number(&flushing));
    // What cannot be paid for flushes nothing.
    assert_eq!(stage.text(&[("flush", "yes")]).await, "FAILED,13,Your account has insufficient credit");
    assert_eq!(stage.waiting(), 1);
}

#[tokio::test]
async fn a_charge_says_for_what_and_whether_it_was_heard() {
    let stage = Stage::new().await;
    let mt_id = number(&stage.text(&[]).await);
    assert_eq!(
        stage.api.charges(),
        [Charge {
            at: present(),
            mt_id,
            imei: IMEI.parse().unwrap(),
            platform: "rockblock".to_owned(),
            account: "skipper".to_owned(),
            payload: DATA.to_owned(),
            credits: 1,
            answered: true,
            request_id: None,
        }]
    );
}

#[tokio::test]
async fn a_command_that_is_charged_twice_is_found_by_its_request_id() {
    let stage = Stage::new().await;
    let all = [("imei", IMEI), ("username", "skipper"), ("password", "p&ss=wörd"), ("data", DATA)];
    for (id, mood) in [("a", Mood::AnswerLost), ("b", Mood::Normal), ("a", Mood::Normal), ("a", Mood::Normal)]
    {
        stage.api.force(mood, 1);
        heard(stage.client.post(stage.api.url()).header("X-Request-Id", id).form(&all)).await;
    }
    stage.text(&[]).await;
    stage.text(&[]).await;
    assert_eq!(charged_more_than_once(&stage.api.charges()), ["a"]);
}

/// What comes of a request in a mood, how many MTs are charged, and whether the client was told.
#[tokio::test]
async fn each_mood_answers_queues_and_charges_as_it_should() {
    let text = |status: u16, text: &str| Some((StatusCode::from_u16(status).unwrap(), text.to_owned()));
    for (mood, answer, charged) in [
        (Mood::Answer { code: 12 }, text(200, "FAILED,12,RockBLOCK has no line rental"), None),
        (Mood::Answer { code: 77 }, text(200, "FAILED,77,Unknown"), None),
        (Mood::Http500SystemError, text(500, "FAILED,99,System Error"), None),
        (Mood::Http500, text(500, &String::from_utf8_lossy(&[0xff, 0xfe, 0, 0xd8, 0x80])), None),
        (Mood::Redirect, text(302, ""), None),
        (Mood::Close, None, None),
        (Mood::AnswerLost, None, Some(false)),
    ] {
        let stage = Stage::new().await;
        stage.api.force(mood, 1);
        assert_eq!(stage.send(&[]).await, answer, "{mood:?}");
        let told: Vec<bool> = stage.api.charges().iter().map(|charge| charge.answered).collect();
        assert_eq!(told, Vec::from_iter(charged), "{mood:?}");
        assert_eq!(stage.waiting(), told.len(), "{mood:?}");
        // The next one meets a provider in good order, on whatever connection.
        assert!(stage.text(&[]).await.starts_with("OK,"), "{mood:?}");
    }
}

#[tokio::test]
async fn some_moods_say_ok_and_mean_less() {
    let stage = Stage::new().await;
    stage.api.force(Mood::OkTwice, 2);
    let twice = stage.text(&[]).await;
    let (one, other) = twice.split_once('\n').unwrap();
    assert_eq!((one, number(one)), (other, stage.api.charges()[0].mt_id));
    assert_eq!(stage.text(&[("data", "")]).await, "FAILED,16,No data");
    stage.api.force(Mood::Garbage, 1);
    assert!(stage.text(&[]).await.starts_with("<!DOCTYPE html>"));
    stage.api.force(Mood::Slow { millis: 1 }, 1);
    assert!(stage.text(&[]).await.starts_with("OK,"));
    assert_eq!(stage.api.charges().len(), 2);
}

#[tokio::test]
async fn a_redirect_leads_to_itself() {
    let stage = Stage::new().await;
    stage.api.force(Mood::Redirect, 1);
    let response = stage.client.post(stage.api.url()).query(&[("imei", IMEI)]).send().await.unwrap();
    assert_eq!(response.headers()["location"], format!("/rockblock/MT?imei={IMEI}"));
}

#[tokio::test]
async fn a_client_that_hangs_up_is_not_answered() {
    let stage = Stage::new().await;
    let impatient = Client::builder().timeout(Duration::from_millis(200)).no_proxy().build().unwrap();
    let all = [("imei", IMEI), ("username", "skipper"), ("password", "p&ss=wörd"), ("data", DATA)];
    for mood in [Mood::Hang, Mood::Slow { millis: 3_600_000 }] {
        stage.api.let_be();
        stage.api.force(mood, u32::MAX);
        // A machine that is too busy to let the request through in time gets it again.
        let before = stage.api.requests();
        while stage.api.requests() == before {
            assert_eq!(heard(impatient.post(stage.api.url()).form(&all)).await, None);
        }
        let told: Vec<bool> = stage.api.charges().iter().map(|charge| charge.answered).collect();
        // Who is slow has charged at once, who hangs has not.
        assert_eq!(told.is_empty(), mood == Mood::Hang);
        assert!(!told.contains(&true));
    }
}

#[tokio::test]
async fn a_connection_serves_again() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let stage = Stage::new().await;
    let mut connection = tokio::net::TcpStream::connect(stage.api.address()).await.unwrap();
    let one = format!("POST /rockblock/MT?imei={IMEI} HTTP/1.1\r\nHost: x\r\n\r\n");
    let last = "GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    connection.write_all(format!("{one}{one}{last}").as_bytes()).await.unwrap();
    let mut answers = String::new();
    connection.read_to_string(&mut answers).await.unwrap();
    assert_eq!(answers.matches("FAILED,10,Invalid login credentials").count(), 2);
    assert_eq!(answers.matches("HTTP/1.1 200 OK\r\n").count(), 2);
    assert!(answers.contains("HTTP/1.1 404 Not Found\r\n"));
}

#[tokio::test]
async fn another_process_can_force_moods_and_read_the_books() {
    let stage = Stage::with(|settings| settings.credits = Some(10)).await;
    let mood = async |body: Value| {
        let response = stage.client.post(stage.at("/simulator/mood")).json(&body).send().await.unwrap();
        (response.status(), response.text().await.unwrap())
    };
    let ok = |forced: u32| (StatusCode::OK, json!({ "forced": forced }).to_string());
    assert_eq!(mood(json!({"mood": "answer", "code": 99, "times": 2})).await, ok(2));
    assert_eq!(mood(json!({"mood": "ok_twice"})).await, ok(3));
    assert_eq!(mood(json!({"mood": "hang", "times": 1_000_000})).await, ok(1_000_003));
    assert_eq!(mood(json!({"mood": "sulk"})).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(stage.text(&[]).await, "FAILED,99,System Error");
    assert_eq!(stage.text(&[]).await, "FAILED,99,System Error");
    assert!(stage.text(&[]).await.contains('\n'));
    let response = stage.client.delete(stage.at("/simulator/mood")).send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), ok(0).1);

    let response = stage.client.get(stage.at("/simulator/charges")).send().await.unwrap();
    let books: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    let charge = &stage.api.charges()[0];
    assert_eq!(
        books,
        json!({
            "requests": 3, "credits_left": 9, "count": 1, "credits": 1, "charged_more_than_once": [],
            "charges": [{
                "at": "2026-06-17T14:23:11Z", "mt_id": charge.mt_id, "imei": IMEI, "platform": "rockblock", "account": "skipper",
                "payload": DATA, "credits": 1, "answered": true, "request_id": null,
            }],
        })
    );
    for (method, path, status) in
        [("GET", "/rockblock/MT", 405), ("PUT", "/simulator/mood", 405), ("GET", "/nothing", 404)]
    {
        let request = stage.client.request(method.parse().unwrap(), stage.at(path));
        assert_eq!(heard(request).await.unwrap().0.as_u16(), status, "{method} {path}");
    }
}

#[tokio::test]
async fn chance_gives_the_same_moods_for_the_same_seed() {
    let mut stories = Vec::new();
    for seed in [5, 5, 6] {
        let stage = Stage::with(|settings| {
            settings.seed = seed;
            settings.moods = vec![(Mood::Answer { code: 99 }, 0.3), (Mood::Close, 0.2)];
        })
        .await;
        let mut story = Vec::new();
        for _ in 0..40 {
            story.push(stage.send(&[]).await.map(|(_, text)| text.starts_with("OK")));
        }
        for outcome in [Some(true), Some(false), None] {
            assert!(story.contains(&outcome), "{outcome:?}");
        }
        stories.push(story);
    }
    assert_eq!(stories[0], stories[1]);
    assert_ne!(stories[0], stories[2]);
}

#[tokio::test]
async fn it_ends_with_its_last_handle() {
    let stage = Stage::new().await;
    let (address, handle) = (stage.api.address(), stage.api.clone());
    drop(stage);
    assert!(tokio::net::TcpStream::connect(address).await.is_ok());
    drop(handle);
    // The listener is dropped when its task runs again.
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_provider_runs_by_itself() {
    use tokio::io::{AsyncBufReadExt, BufReader};
    let mut provider = tokio::process::Command::new(env!("CARGO_BIN_EXE_fairlead-simulator"))
        .args(["provider", "--listen", "127.0.0.1:0", "--username", "u", "--password", "p", "--credits", "1"])
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(provider.stdout.take().unwrap()).lines();
    let first = lines.next_line().await.unwrap().unwrap();
    let url = first.strip_prefix("MTs are taken at ").unwrap();
    let client = Client::builder().no_proxy().build().unwrap();
    let all = [("imei", IMEI), ("username", "u"), ("password", "p"), ("data", DATA)];
    assert!(heard(client.post(url).form(&all)).await.unwrap().1.starts_with("OK,"));
    assert!(heard(client.post(url).form(&all)).await.unwrap().1.starts_with("FAILED,13,"));
}
