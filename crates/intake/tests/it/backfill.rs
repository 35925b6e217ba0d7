//! The same import over HTTP: counted, bounded, one at a time, and harmless when it is cut off.

use fairlead_model::role::Role;
use fairlead_testkit::{Backend, PATIENCE};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::door::{Door, IMEI, Push};
use crate::import::understood;

fairlead_testkit::on_both_backends!(
    a_file_is_counted_and_closes_gaps,
    a_file_that_is_sent_twice_adds_nothing,
    a_file_that_is_cut_off_is_sent_again,
    an_import_that_breaks_off_goes_on_when_it_is_repeated,
    a_row_that_came_without_a_number_does_not_come_again_with_one,
    a_row_without_a_number_is_the_message_that_is_pushed_later,
    one_file_at_a_time,
    what_is_no_file_is_refused,
);

const PATH: &str = "/api/v1/import?provider=rockblock";

async fn send(door: &Door, client: &Client, query: &str, body: impl Into<reqwest::Body>) -> Response {
    client.post(door.system.url("intake", &format!("{PATH}{query}"))).body(body).send().await.unwrap()
}

async fn import(door: &Door, query: &str, file: &str) -> Value {
    let response = send(door, &door.system.client, query, file.to_owned()).await;
    assert_eq!(response.status(), StatusCode::OK);
    response.json().await.unwrap()
}

/// Rows of a modem, one a minute from 10:00 on, with their numbers from 100 on.
fn numbered(count: u32) -> String {
    let mut file = "imei,momsn,time,data\n".to_owned();
    for n in 0..count {
        let (hour, minute) = (10 + n / 60, n % 60);
        let (day, hour) = (1 + hour / 24, hour % 24);
        file += &format!("{IMEI},{},2026-05-{day:02} {hour:02}:{minute:02}:00,504b{n:08x}\n", 100 + n);
    }
    file
}

async fn a_file_is_counted_and_closes_gaps(backend: Backend) {
    let door = Door::open(backend, &[]).await;
    for (momsn, time) in [(5, "26-06-01 10:00:00"), (8, "26-06-01 10:40:00")] {
        assert_eq!(door.push(&Push::new(momsn).at(time)).await, StatusCode::OK);
    }
    understood(&door).await;
    let mut file = format!(
        "imei,time,data,mood\n{IMEI},2026-06-01 10:10:00,504b01,\n{IMEI},2026-06-01 10:20:00,504b02,\n\
         {IMEI},2026-06-01 10:00:00,{},\n{IMEI},2026-06-01 11:00:00,504b03,\n",
        Push::new(5).data
    );
    for _ in 0..101 {
        file += &format!("{IMEI},yesterday,504b,\n");
    }
    for (dry_run, stored) in [(true, 2), (false, 5)] {
        let report = import(&door, &format!("&dry_run={dry_run}&file=june.csv"), &file).await;
        let count = |name: &str| report[name].as_i64().unwrap();
        assert_eq!(
            ["rows", "new", "numbered", "without_number", "known", "faulty"].map(count),
            [105, 3, 2, 1, 1, 101]
        );
        assert_eq!(
            report["closes"],
            json!([{"imei": IMEI, "first_momsn": 6, "last_momsn": 7, "missing": 2}])
        );
        assert_eq!(report["faulty_rows"].as_array().unwrap().len(), 100);
        assert_eq!(report["faulty_rows"][0]["row"], 5);
        assert!(report["faulty_rows"][0]["reason"].as_str().unwrap().contains("`yesterday`"), "{report}");
        assert_eq!((&report["unknown_columns"], &report["dry_run"]), (&json!(["mood"]), &json!(dry_run)));
        assert_eq!(door.messages().await.len(), stored);
    }
    let entries =
        door.system.store.read(|conn| fairlead_store::audit::list(conn, None, None, 10)).await.unwrap();
    let said: Vec<_> =
        entries.iter().map(|e| (e.actor.as_str(), e.action.as_str(), e.subject.as_str())).collect();
    assert_eq!(said, [("test", "messages.import", "file june.csv")], "a dry run changes nothing");
    door.system.stop().await;
}

async fn a_file_that_is_sent_twice_adds_nothing(backend: Backend) {
    let door = Door::open(backend, &[]).await;
    let file = numbered(450);
    assert_eq!(import(&door, "", &file).await["new"], 450);
    let again = import(&door, "", &file).await;
    assert_eq!((&again["new"], &again["known"]), (&json!(0), &json!(450)));
    assert_eq!(door.messages().await.len(), 450);
    // An operator may; the same rows as JSON are the same messages.
    let operator = door.system.client_as(Role::Operator).await;
    let row = json!([{"imei": IMEI, "momsn": 100, "time": "2026-05-01 10:00:00", "data": "504b00000000"}]);
    let response = send(&door, &operator, "", row.to_string()).await;
    assert_eq!(response.json::<Value>().await.unwrap()["known"], 1);
    door.system.stop().await;
}

async fn a_file_that_is_cut_off_is_sent_again(backend: Backend) {
    let door = Door::open(backend, &[]).await;
    let file = numbered(300);
    let url = door.system.url("intake", PATH);
    let url = reqwest::Url::parse(&url).unwrap();
    let token = fairlead_web::auth::fresh_token();
    let (clock, kept) = (door.system.clock.clone(), token.clone());
    let make = move |tx: &mut fairlead_store::Tx<'_>| {
        fairlead_store::sign_in::create_token(tx, &clock, "cut off", Role::Operator, &kept, None)
    };
    door.system.store.write(make).await.unwrap();
    let address = (url.host_str().unwrap().to_owned(), url.port().unwrap());
    let mut line = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: {}\r\n\r\n",
        file.len()
    );
    line.write_all(head.as_bytes()).await.unwrap();
    line.write_all(&file.as_bytes()[..file.len() / 2]).await.unwrap();
    line.shutdown().await.unwrap();
    let mut answer = Vec::new();
    // It may be answered, or not.
    let _ = line.read_to_end(&mut answer).await;
    assert!(!String::from_utf8_lossy(&answer).contains(" 200 "));
    assert_eq!(door.messages().await.len(), 0, "half a file is no file");
    assert_eq!(until_let_in(&door, &file).await["new"], 300);
    door.system.stop().await;
}

/// Sends a file until no other one is in its way, and returns what came of it.
async fn until_let_in(door: &Door, file: &str) -> Value {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let response = send(door, &door.system.client, "", file.to_owned()).await;
        if response.status() == StatusCode::OK {
            return response.json().await.unwrap();
        }
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert!(tokio::time::Instant::now() < deadline, "the first import does not end");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

async fn an_import_that_breaks_off_goes_on_when_it_is_repeated(backend: Backend) {
    const ALL: usize = 1_000;
    let door = Door::open(backend, &[]).await;
    let file = numbered(u32::try_from(ALL).unwrap());
    for _ in 0..3 {
        let before = door.messages().await.len();
        let first = tokio::spawn({
            let request = door.system.client.post(door.system.url("intake", PATH)).body(file.clone());
            async move { request.send().await.map(|response| response.status()) }
        });
        // As soon as some of it is in, whoever sent it goes away.
        while door.messages().await.len() == before && !first.is_finished() {
            tokio::task::yield_now().await;
        }
        first.abort();
    }
    let last = until_let_in(&door, &file).await;
    assert_eq!(last["new"].as_u64().unwrap() + last["known"].as_u64().unwrap(), 1_000);
    let messages = door.messages().await;
    let numbers: std::collections::BTreeSet<_> = messages.iter().map(|message| message.momsn).collect();
    assert_eq!((messages.len(), numbers.len()), (ALL, ALL));
    door.system.stop().await;
}

async fn a_row_that_came_without_a_number_does_not_come_again_with_one(backend: Backend) {
    let door = Door::open(backend, &[]).await;
    for (momsn, time) in [(5, "26-06-01 10:00:00"), (8, "26-06-01 10:40:00")] {
        assert_eq!(door.push(&Push::new(momsn).at(time)).await, StatusCode::OK);
    }
    door.drained().await;
    let file = "time,data\n2026-06-01 10:10:00,504b01\n2026-06-01 10:20:00,504b02\n";
    let imei = format!("&imei={IMEI}");
    // Nobody knows of the gap yet.
    let report = import(&door, &imei, file).await;
    assert_eq!((&report["new"], &report["without_number"]), (&json!(2), &json!(2)));
    // What was pushed is understood before what was imported.
    understood(&door).await;
    for dry_run in [true, false] {
        let report = import(&door, &format!("{imei}&dry_run={dry_run}"), file).await;
        assert_eq!((&report["new"], &report["known"]), (&json!(0), &json!(2)));
    }
    assert_eq!(door.messages().await.len(), 4);
    door.system.stop().await;
}

async fn a_row_without_a_number_is_the_message_that_is_pushed_later(backend: Backend) {
    let door = Door::open(backend, &[]).await;
    let file = "time,data\n2026-06-01 10:10:00,504b01\n2026-06-01 10:20:00,504b02\n";
    assert_eq!(import(&door, &format!("&imei={IMEI}"), file).await["without_number"], json!(2));
    for (momsn, time, data, messages) in [
        (6, "26-06-01 10:10:00", "504b01", 2),
        (7, "26-06-01 10:20:00", "504b02", 2),
        // Another text, and another time.
        (8, "26-06-01 10:20:00", "504b03", 3),
        (9, "26-06-01 10:30:00", "504b02", 4),
    ] {
        assert_eq!(
            door.push(&Push { data: data.to_owned(), ..Push::new(momsn).at(time) }).await,
            StatusCode::OK
        );
        door.drained().await;
        assert_eq!(door.messages().await.len(), messages, "{momsn}");
    }
    door.system.stop().await;
}

async fn one_file_at_a_time(backend: Backend) {
    let door = Door::open(backend, &[]).await;
    let begin = || {
        let (file, rest) = tokio::sync::oneshot::channel::<Vec<u8>>();
        // The first line comes at once: then the file is on its way, and the door is taken.
        let first = futures_util::stream::once(async { Ok(b"imei,momsn,time,data\n".to_vec()) });
        let stream = futures_util::StreamExt::chain(first, futures_util::stream::once(rest));
        let request = door.system.client.post(door.system.url("intake", PATH));
        (file, tokio::spawn(request.body(reqwest::Body::wrap_stream(stream)).send()))
    };
    let (mut file, mut slow) = begin();
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let row = format!("imei,momsn,time,data\n{IMEI},6,2026-06-01 10:10:00,504b\n");
    loop {
        if slow.is_finished() {
            // It came while another one was looked at, and was sent away itself.
            assert_eq!(slow.await.unwrap().unwrap().status(), StatusCode::TOO_MANY_REQUESTS);
            (file, slow) = begin();
        }
        let response = send(&door, &door.system.client, "&dry_run=true", row.clone()).await;
        if response.status() == StatusCode::TOO_MANY_REQUESTS && !slow.is_finished() {
            assert!(response.headers().contains_key("Retry-After"));
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "two files are imported at once");
    }
    file.send(format!("{IMEI},6,2026-06-01 10:10:00,504b\n").into_bytes()).unwrap();
    assert_eq!(slow.await.unwrap().unwrap().json::<Value>().await.unwrap()["new"], 1);
    assert_eq!(import(&door, "", &row).await["known"], 1);
    door.system.stop().await;
}

async fn what_is_no_file_is_refused(backend: Backend) {
    let door = Door::open(backend, &[]).await;
    let admin = &door.system.client;
    let viewer = door.system.client_as(Role::Viewer).await;
    let url = |query: &str| door.system.url("intake", &format!("/api/v1/import{query}"));
    for query in ["", "?provider=rockcore", "?provider=rockblock&imei=1", "?provider=rockblock&dry_run=maybe"]
    {
        let response = admin.post(url(query)).body("imei,data\n").send().await.unwrap();
        assert_eq!(response.status(), 400, "{query}");
    }
    assert_eq!(send(&door, &viewer, "", "imei,data\n").await.status(), 403);
    for wrong in ["", "{\"a\":"] {
        assert_eq!(send(&door, admin, "", wrong).await.status(), 422);
    }
    let response = send(&door, admin, "", vec![b' '; (50 << 20) + 1]).await;
    assert_eq!(response.status(), 413);
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["detail"], "A file has at most 50 MiB. Export it in parts.");
    door.system.stop().await;
}
