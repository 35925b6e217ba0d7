//! The upgrade's client against a server of bytes: what the real one needs, and at what it stumbles.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use fairlead_model::device::DeviceKind;
use fairlead_simulator::firmware_tree::FirmwareTree;
use fairlead_simulator::satellite::bench::{Ended, Flash, Habits, Trouble, UpgradeClient};
use serde_json::{Value, json as value};
use sha1::{Digest, Sha1};

use super::raw_server::{Answer, RawServer, json, with_head};

const TEXT: &str = "text/plain; charset=utf-8";
const READY: &str = r#"{"job_id":7,"status":2}"#;

fn client(server: &RawServer) -> UpgradeClient {
    UpgradeClient::new(&server.url(), DeviceKind::Buoy, "PK001", 1).unwrap().with_habits(Habits::HURRIED)
}

/// What the original answers to `metadata`.
pub(super) fn metadata(tree: &FirmwareTree) -> String {
    let files: serde_json::Map<String, Value> = tree
        .files()
        .iter()
        .map(|(path, content)| (path.clone(), value!([content.len(), hex::encode(Sha1::digest(content))])))
        .collect();
    value!({"size": tree.bytes(), "dirs": tree.folders(), "files": files}).to_string()
}

/// A server that gives out `tree` as the original does.
pub(super) fn original(tree: FirmwareTree) -> impl FnMut(&Value) -> Answer + Send + 'static {
    move |request| match request["cmd"].as_str().unwrap() {
        "check" | "status" => json(READY),
        "metadata" => json(&metadata(&tree)),
        "get_file" => {
            let path = request["file_path"].as_str().unwrap();
            Answer::Bytes(with_head("Content-Length", TEXT, &tree.files()[path]))
        }
        "complete" => json("null"),
        other => panic!("{other}"),
    }
}

/// One that does something else with some requests.
fn original_but(
    tree: FirmwareTree,
    mut otherwise: impl FnMut(&Value) -> Option<Answer> + Send + 'static,
) -> impl FnMut(&Value) -> Answer + Send + 'static {
    let mut original = original(tree);
    move |request| otherwise(request).unwrap_or_else(|| original(request))
}

#[tokio::test]
async fn a_device_has_to_the_byte_what_it_was_given() {
    let [old, new] = [0, 1].map(|version| FirmwareTree::new(1, version));
    let server = RawServer::new(original(new.clone())).await;
    let mut flash = Flash::running(&old);
    assert_eq!(client(&server).run(&mut flash).await, Ended::Upgraded);
    assert_eq!(**flash.files(), *new.files());
    assert_eq!(flash.backup(), Some(old.files()));
    assert!(flash.fresh().is_none());

    let seen = server.seen();
    assert_eq!(seen.len(), 1 + 1 + 107 + 1);
    assert_eq!(
        seen[0].0,
        "POST /v1/buoy/PK001/upgrade HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
         Content-Length: 31\r\n\r\n"
    );
    assert!(!seen[0].0.contains(server.port()));
    assert_eq!(seen[0].1, value!({"cmd": "check", "space": flash.free() + 485_843}));
    assert_eq!(seen[1].1, value!({"cmd": "metadata", "job_id": 7}));
    assert_eq!(seen[2].1["job_id"], 7);
    assert_eq!(seen.last().unwrap().1, value!({"cmd": "complete", "job_id": 7, "status": true}));
}

#[tokio::test]
async fn a_job_that_is_prepared_is_waited_for_by_its_number() {
    let tree = FirmwareTree::new(1, 0);
    let mut answers = [r#"{"job_id":9,"status":0}"#, r#"{"job_id":9,"status":0}"#].into_iter();
    let server = RawServer::new(original_but(tree, move |request| {
        let asks = matches!(request["cmd"].as_str(), Some("check" | "status"));
        asks.then(|| answers.next()).flatten().map(json)
    }))
    .await;
    assert_eq!(client(&server).run(&mut Flash::default()).await, Ended::Upgraded);
    assert_eq!(server.commands()[..4], ["check", "status", "status", "metadata"]);
    assert_eq!(server.seen()[1].1, value!({"cmd": "status", "job_id": 9}));
}

#[tokio::test]
async fn where_there_is_nothing_to_fetch_it_says_so_and_cleans_up() {
    for status in [9, 10] {
        let server = RawServer::new(move |request| {
            json(&if request["cmd"] == "complete" {
                "null".to_owned()
            } else {
                format!(r#"{{"job_id":0,"status":{status}}}"#)
            })
        })
        .await;
        let mut flash = Flash::running(&FirmwareTree::new(1, 0));
        assert_eq!(client(&server).run(&mut flash).await, Ended::Nothing);
        assert!(flash.fresh().is_none());
        assert_eq!(server.seen()[1].1, value!({"cmd": "complete", "job_id": 0, "status": false}));
    }
}

#[tokio::test]
async fn an_unknown_status_is_asked_for_for_ever() {
    for status in [1, 3, 11] {
        let server = RawServer::new(move |_| json(&format!(r#"{{"job_id":7,"status":{status}}}"#))).await;
        let mut flash = Flash::default();
        let mut client = client(&server);
        tokio::select! {
            ended = client.run(&mut flash) => panic!("{ended:?}"),
            () = async { while server.seen().len() < 5 { tokio::task::yield_now().await } } => {}
        }
        assert!(server.commands().iter().all(|command| command == "check"));
        assert!(flash.fresh().is_some(), "/new lies there for ever");
    }
}

#[tokio::test]
async fn headers_in_lower_case_make_empty_files() {
    let tree = FirmwareTree::new(1, 0);
    let files = tree.files().clone();
    let server = RawServer::new(original_but(tree, move |request| {
        let path = request["file_path"].as_str()?;
        Some(Answer::Bytes(with_head("content-length", TEXT, &files[path])))
    }))
    .await;
    assert_aborts(&server, "File didn't hash").await;
}

#[tokio::test]
async fn what_the_client_cannot_read_ends_the_try_without_a_word() {
    let chunked = |body: &[u8]| {
        let mut bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        bytes.extend(format!("{:x}\r\n", body.len()).bytes().chain(body.iter().copied()));
        bytes.extend(b"\r\n0\r\n\r\n");
        bytes
    };
    let cut_short = || b"HTTP/1.0 200 OK\r\nContent-Length: 5000\r\n\r\nhalf of it".to_vec();
    let refused = || b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec();
    let moved = || b"HTTP/1.0 308 Permanent Redirect\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n".to_vec();
    for (command, bytes, raised) in [
        ("check", chunked(READY.as_bytes()), "syntax error in JSON"),
        ("get_file", chunked(b"print(1)\n"), "File didn't hash"),
        ("get_file", cut_short(), "File didn't hash"),
        ("get_file", refused(), "HTTP status 404"),
        ("metadata", moved(), "HTTP status 308"),
        ("metadata", b"".to_vec(), "list index out of range"),
        ("metadata", with_head("Content-Length", TEXT, READY.as_bytes()), "KeyError: size"),
    ] {
        let server = RawServer::new(original_but(FirmwareTree::new(1, 0), move |request| {
            (request["cmd"] == command).then(|| Answer::Bytes(bytes.clone()))
        }))
        .await;
        assert_aborts(&server, raised).await;
    }
}

/// The device does not tell the server, keeps what it had, and leaves `/new` behind.
async fn assert_aborts(server: &RawServer, raised: &str) {
    let before = FirmwareTree::new(1, 5);
    let mut flash = Flash::running(&before);
    let ended = client(server).run(&mut flash).await;
    assert_eq!(ended, Ended::Raised(raised.to_owned()));
    assert!(!server.commands().contains(&"complete".to_owned()));
    assert_eq!(**flash.files(), *before.files());
    assert!(flash.fresh().is_some());
}

#[tokio::test]
async fn json_is_read_until_the_connection_ends() {
    let is_open = Arc::new(AtomicBool::new(true));
    let tree = FirmwareTree::new(1, 0);
    let server = RawServer::new(original_but(tree, {
        let is_open = is_open.clone();
        move |request| {
            let body = with_head("Content-Length", "application/json", READY.as_bytes());
            assert!(
                request["cmd"] == "check" || !is_open.load(Ordering::SeqCst),
                "it did not wait for the end"
            );
            (request["cmd"] == "check").then_some(Answer::KeptOpen(body))
        }
    }))
    .await;
    let ends = async {
        while server.seen().is_empty() {
            tokio::task::yield_now().await;
        }
        // Time for a client that would go on.
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
        is_open.store(false, Ordering::SeqCst);
        server.close_what_is_open();
    };
    let mut flash = Flash::default();
    let mut client = client(&server);
    let (ended, ()) = tokio::join!(client.run(&mut flash), ends);
    assert_eq!(ended, Ended::Upgraded);
}

#[tokio::test]
async fn a_file_is_read_by_its_length_though_the_connection_stays_open() {
    let tree = FirmwareTree::new(1, 0);
    let files = tree.files().clone();
    let server = RawServer::new(original_but(tree, move |request| {
        let path = request["file_path"].as_str()?;
        Some(Answer::KeptOpen(with_head("Content-Length", TEXT, &files[path])))
    }))
    .await;
    assert_eq!(client(&server).run(&mut Flash::default()).await, Ended::Upgraded);
}

#[tokio::test]
async fn a_version_that_leaves_less_than_a_tenth_free_is_not_fetched() {
    let tree = FirmwareTree::new(1, 0);
    for (capacity, ended) in [
        (tree.bytes() * 10 / 9 + 2, Ended::Upgraded),
        (tree.bytes() * 10 / 9 - 2, Ended::Raised("Not enough space".to_owned())),
    ] {
        let server = RawServer::new(original(tree.clone())).await;
        let mut flash = Flash::new(u64::try_from(capacity).unwrap());
        assert_eq!(client(&server).run(&mut flash).await, ended);
    }
}

#[tokio::test]
async fn folders_must_come_after_their_parents() {
    let facts = r#"{"size":0,"dirs":["./apps/buoy","./apps","."],"files":{}}"#;
    let server = RawServer::new(original_but(FirmwareTree::new(1, 0), move |request| {
        (request["cmd"] == "metadata").then(|| json(facts))
    }))
    .await;
    assert_aborts(&server, "[Errno 2] ENOENT").await;
}

#[tokio::test]
async fn power_that_fails_at_random_bytes_is_survived_at_the_next_try() {
    let tree = FirmwareTree::new(1, 1);
    let server = RawServer::new(original(tree.clone())).await;
    let times = 6;
    let mut client = client(&server).with_trouble(Trouble::Cut { times, within: 500_000 });
    let mut flash = Flash::running(&FirmwareTree::new(1, 0));
    for _ in 0..times {
        assert_eq!(client.run(&mut flash).await, Ended::PowerCut);
        assert!(flash.fresh().is_some());
        assert_eq!(**flash.files(), *FirmwareTree::new(1, 0).files());
    }
    assert_eq!(client.run(&mut flash).await, Ended::Upgraded);
    assert_eq!(**flash.files(), *tree.files());
}

#[tokio::test]
async fn what_a_broken_try_of_another_version_left_in_new_is_moved_with_the_rest() {
    let [first, second] = [1, 2].map(|version| FirmwareTree::new(1, version));
    let server = RawServer::new(original(first.clone())).await;
    let mut flash = Flash::running(&FirmwareTree::new(1, 0));
    // It fails at the last file, so that all the others lie in `/new`.
    let mut failing = client(&server).with_trouble(Trouble::BrokenFlash { after: 106 });
    failing.run(&mut flash).await;
    assert_eq!(
        client(&RawServer::new(original(second.clone())).await).run(&mut flash).await,
        Ended::Upgraded
    );
    let strangers: Vec<&String> =
        flash.files().keys().filter(|path| !second.files().contains_key(*path)).collect();
    assert_eq!(strangers, ["./NOTES-3.1.1.md"]);
}

#[tokio::test]
async fn devices_with_troubles_end_as_they_should() {
    let asked = Arc::new(AtomicU32::new(0));
    for (trouble, ended) in [
        (Trouble::SaysFailed, Ended::SaidFailed),
        (Trouble::BrokenFlash { after: 30 }, Ended::Raised("File didn't hash".to_owned())),
        (Trouble::NoNetwork, Ended::NoNetwork),
    ] {
        let counted = asked.clone();
        let server = RawServer::new(original_but(FirmwareTree::new(1, 1), move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            None
        }))
        .await;
        let mut flash = Flash::running(&FirmwareTree::new(1, 0));
        let before = flash.files().clone();
        assert_eq!(client(&server).with_trouble(trouble).run(&mut flash).await, ended);
        assert_eq!(*flash.files(), before);
        let told: Vec<Value> = server
            .seen()
            .into_iter()
            .map(|(_, body)| body)
            .filter(|body| body["cmd"] == "complete")
            .collect();
        match ended {
            Ended::SaidFailed => {
                assert_eq!(told, [value!({"cmd": "complete", "job_id": 7, "status": false})])
            }
            _ => assert!(told.is_empty()),
        }
    }
    assert!(asked.load(Ordering::SeqCst) > 100);
}
