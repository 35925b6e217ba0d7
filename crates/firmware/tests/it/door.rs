//! The devices' own protocol, byte for byte.

use fairlead_model::device::DeviceKind;
use fairlead_store::changes;
use fairlead_testkit::{Backend, on_both_backends};
use serde_json::{Value, json};

use crate::device::Device;
use crate::field::{Field, large_tree, small_tree};

on_both_backends!(
    a_tree_is_fetched_by_the_devices_own_client,
    a_line_is_cut_at_any_byte_and_the_upgrade_resumed,
    statuses_are_those_that_the_client_knows,
    only_what_is_on_the_list_is_given,
    another_devices_job_is_not_told_of,
    done_before_it_began_is_not_believed,
    done_is_believed_where_every_file_was_fetched,
    devices_ask_by_themselves_only_where_they_may,
    a_request_that_makes_no_sense_is_answered_all_the_same,
    a_device_gets_its_name,
);

async fn a_tree_is_fetched_by_the_devices_own_client(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let tree = large_tree();
    assert_eq!((tree.len(), tree.values().filter(|file| file.is_empty()).count()), (107, 17));
    assert_eq!(tree.values().map(Vec::len).sum::<usize>(), 485_843);
    let version = field.version("v2.0", &tree).await;
    let (mut buoy, id) = field.buoys(1).await.remove(0);
    let job = field.job(id, &version).await;
    let (number, status) = buoy.check().await;
    assert_eq!(status, 2);

    let list = buoy.post(&json!({"cmd": "metadata", "job_id": number}).to_string()).await.unwrap();
    assert_eq!(list.head.lines().next(), Some("HTTP/1.0 200 OK"));
    assert!(list.head.contains("\r\nContent-Type: application/json"), "{}", list.head);
    assert_eq!(list.file(), list.body);
    let list = list.json();
    assert_eq!(list["size"], 485_843);
    let dirs: Vec<&str> = list["dirs"].as_array().unwrap().iter().map(|dir| dir.as_str().unwrap()).collect();
    assert_eq!((dirs.len(), dirs[0], dirs[1], dirs[2]), (20, ".", "./apps", "./apps/a0"));
    assert_eq!(
        list["files"]["./apps/a7/deep/f007.py"],
        json!([0, "da39a3ee5e6b4b0d3255bfef95601890afd80709"])
    );
    assert!(list["files"]["./.gitignore"].is_array());

    for (path, length) in [("./main.py", 89_476), ("./apps/a7/deep/f007.py", 0)] {
        let request = json!({"cmd": "get_file", "job_id": number, "file_path": path}).to_string();
        let file = buoy.post(&request).await.unwrap();
        let head: Vec<&str> = file.head.lines().collect();
        assert_eq!(head[0], "HTTP/1.0 200 OK");
        assert!(head.contains(&format!("Content-Length: {length}").as_str()), "{}", file.head);
        assert!(head.contains(&"Content-Type: text/plain; charset=utf-8"), "{}", file.head);
        let name = path.rsplit('/').next().unwrap();
        assert!(head.contains(&format!("Content-Disposition: attachment; filename={name}").as_str()));
        let lower = file.head.to_lowercase();
        for unwanted in ["transfer-encoding", "content-encoding", "location:", "keep-alive"] {
            assert!(!lower.contains(unwanted), "{}", file.head);
        }
        // Every header is spelt as the client expects of this one.
        assert!(
            head[1..].iter().all(|line| line.starts_with(|c: char| c.is_ascii_uppercase())),
            "{}",
            file.head
        );
        assert_eq!(file.body.len(), length);
    }
    let has = buoy.upgrade().await.unwrap();
    assert_eq!(has.len(), 107);
    assert!(tree.iter().all(|(path, content)| has[&format!("./{path}")] == *content));
    let job = field.get(&format!("/api/v1/firmware/jobs/{job}")).await;
    assert_eq!(
        (&job["state"], &job["files_done"], &job["bytes_done"]),
        (&json!("succeeded"), &json!(107), &json!(485_843))
    );
    assert_eq!(job["cause"], Value::Null);
    assert_eq!(field.seen(id).await, Some(version));
    // Programs that follow the feed are told that the device has another version.
    let (clock, before) = (field.system.clock.clone(), field.system.store.read(changes::last).await.unwrap());
    field.system.store.write(move |tx| changes::put_in_order(tx, &clock, 100)).await.unwrap();
    let steps =
        field.system.store.read(move |conn| changes::after(conn, before, 100)).await.unwrap().unwrap();
    let last = steps.last().unwrap();
    assert!(last.changed.devices.contains(&id), "{last:?}");
    assert_eq!(buoy.check().await, (0, 10));
    field.close().await;
}

async fn a_line_is_cut_at_any_byte_and_the_upgrade_resumed(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let tree = large_tree();
    let version = field.version("v2.0", &tree).await;
    let (mut buoy, id) = field.buoys(1).await.remove(0);
    let job = field.job(id, &version).await;
    // About 530,000 bytes are the whole of it, heads included.
    let mut state = 0x9e37_79b9_u64;
    let mut cuts = vec![0, 1, 17, 300, 9_000];
    for _ in 0..12 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        cuts.push(usize::try_from(state >> 33).unwrap() % 500_000);
    }
    let mut begun = 0;
    for cut in cuts {
        buoy.cut_after(cut).upgrade().await.unwrap_err();
        let (_, status) = buoy.check().await;
        assert_eq!(status, 2, "cut after {cut} bytes");
        let attempts = field.get(&format!("/api/v1/firmware/jobs/{job}")).await["attempts"].as_i64().unwrap();
        assert!(attempts == begun || attempts == begun + 1, "{attempts} after {begun}");
        begun = attempts;
    }
    let has = buoy.upgrade().await.unwrap();
    assert!(tree.iter().all(|(path, content)| has[&format!("./{path}")] == *content));
    let job = field.until_job(&job, "succeeded").await;
    assert_eq!(job["attempts"], begun + 1);
    assert_eq!(job["files_done"], 107);
    field.close().await;
}

async fn statuses_are_those_that_the_client_knows(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let version = field.version("v1", &small_tree("one")).await;
    let (mut buoy, id) = field.buoys(1).await.remove(0);
    let status = |job: i64| json!({"cmd": "status", "job_id": job});
    assert_eq!(buoy.check().await, (0, 10));
    assert_eq!(buoy.status_of(status(4_711)).await, 404);
    assert_eq!(
        buoy.ask(json!({"cmd": "complete", "job_id": 0, "status": false})).await.unwrap(),
        Value::Null
    );

    let first = field.job(id, &version).await;
    let (number, _) = buoy.check().await;
    assert_eq!(buoy.ask(status(number)).await.unwrap(), json!({"job_id": number, "status": 2}));
    buoy.begin(1).await;
    assert_eq!(field.get(&format!("/api/v1/firmware/jobs/{first}")).await["state"], "transferring");
    // It was begun, and is offered as on the first day: the client waits for ever on 3.
    assert_eq!(buoy.check().await, (number, 2));
    assert_eq!(buoy.ask(status(number)).await.unwrap()["status"], 2);
    buoy.ask(json!({"cmd": "complete", "job_id": number, "status": false})).await.unwrap();
    let failed = field.until_job(&first, "failed").await;
    assert_eq!(failed["cause"], "The device says that it failed.");
    // Whoever waited for it is refused, and so is on its line again.
    assert_eq!(buoy.status_of(status(number)).await, 404);
    assert_eq!(buoy.check().await, (0, 10));
    // What has ended stays as it is, whatever is said of it.
    assert_eq!(
        buoy.ask(json!({"cmd": "complete", "job_id": number, "status": true})).await.unwrap(),
        Value::Null
    );
    assert_eq!(field.get(&format!("/api/v1/firmware/jobs/{first}")).await["state"], "failed");
    let metadata = json!({"cmd": "metadata", "job_id": number});
    assert_eq!(buoy.ask(metadata).await.unwrap(), json!({"job_id": number, "status": 8}));
    let file = json!({"cmd": "get_file", "job_id": number, "file_path": "./main.py"});
    assert_eq!(buoy.status_of(file).await, 404);

    field.job(id, &version).await;
    buoy.upgrade().await.unwrap();
    assert_eq!(buoy.status_of(status(number + 1)).await, 404);
    assert_eq!(
        buoy.ask(json!({"cmd": "metadata", "job_id": 99})).await.unwrap(),
        json!({"job_id": 99, "status": 10})
    );
    field.close().await;
}

async fn only_what_is_on_the_list_is_given(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let mut tree = small_tree("one");
    tree.insert(".github/workflows/ci.yml".to_owned(), b"on: push".to_vec());
    let version = field.version("v1", &tree).await;
    let (mut buoy, id) = field.buoys(1).await.remove(0);
    let job = field.job(id, &version).await;
    let (number, _) = buoy.check().await;
    let list = buoy.ask(json!({"cmd": "metadata", "job_id": number})).await.unwrap();
    assert_eq!(list["dirs"], json!([".", "./lib"]));
    assert_eq!(list["files"].as_object().unwrap().len(), 3);
    let long = "x/".repeat(1_500);
    for path in [
        "../main.py",
        "./../main.py",
        "lib/../main.py",
        "./lib/../../etc/passwd",
        "/etc/passwd",
        "//etc/passwd",
        ".git/config",
        "./.git/config",
        ".git",
        ".github/workflows/ci.yml",
        "./.github/workflows/ci.yml",
        "",
        ".",
        "./",
        "./lib",
        "./lib/",
        "main.py\u{0}",
        "./main.py/",
        "MAIN.PY",
        "..%2fmain.py",
        "lib\\same.py",
        "C:\\main.py",
        "~/main.py",
        long.as_str(),
    ] {
        let request = json!({"cmd": "get_file", "job_id": number, "file_path": path});
        assert_eq!(buoy.status_of(request).await, 404, "{path}");
    }
    assert_eq!(field.get(&format!("/api/v1/firmware/jobs/{job}")).await["state"], "ready");
    field.close().await;
}

async fn another_devices_job_is_not_told_of(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let version = field.version("v1", &small_tree("one")).await;
    let mut buoys = field.buoys(2).await;
    let (mut other, other_id) = buoys.remove(1);
    let (mut own, own_id) = buoys.remove(0);
    let job = field.job(own_id, &version).await;
    let (number, _) = own.check().await;
    assert_eq!(other.check().await, (0, 10));
    for (step, state) in [(0, "ready"), (1, "transferring")] {
        own.begin(step).await;
        let asked = |cmd: &str| json!({"cmd": cmd, "job_id": number});
        assert_eq!(other.status_of(asked("status")).await, 404);
        assert_eq!(other.ask(asked("metadata")).await.unwrap(), json!({"job_id": number, "status": 10}));
        let file = json!({"cmd": "get_file", "job_id": number, "file_path": "./main.py"});
        assert_eq!(other.status_of(file).await, 404);
        for done in [true, false] {
            let complete = json!({"cmd": "complete", "job_id": number, "status": done});
            assert_eq!(other.ask(complete).await.unwrap(), Value::Null);
        }
        assert_eq!(field.get(&format!("/api/v1/firmware/jobs/{job}")).await["state"], state);
    }
    own.upgrade().await.unwrap();
    field.until_job(&job, "succeeded").await;
    assert_eq!(field.seen(other_id).await, None);
    field.close().await;
}

async fn done_before_it_began_is_not_believed(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let ready = field.version("v1", &small_tree("one")).await;
    let waiting = field.waiting(&ready).await;
    let (mut buoy, id) = field.buoys(1).await.remove(0);
    let job = field.job(id, &waiting).await;
    let (number, status) = buoy.check().await;
    assert_eq!(status, 0);
    buoy.ask(json!({"cmd": "complete", "job_id": number, "status": true})).await.unwrap();
    let failed = field.until_job(&job, "failed").await;
    assert_eq!(failed["cause"], "The device says that it is done, and never began.");
    assert_eq!(field.seen(id).await, None);
    field.close().await;
}

async fn done_is_believed_where_every_file_was_fetched(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let version = field.version("v1", &small_tree("one")).await;
    let (mut buoy, id) = field.buoys(1).await.remove(0);
    for (fetched, cause) in [
        (
            0,
            "The device says that it is done, and has fetched 0 of 3 files; not, for example, lib/__init__.py, \
             lib/same.py, main.py.",
        ),
        (2, "The device says that it is done, and has fetched 2 of 3 files; not, for example, main.py."),
    ] {
        let job = field.job(id, &version).await;
        let number = buoy.begin(fetched).await;
        buoy.ask(json!({"cmd": "complete", "job_id": number, "status": true})).await.unwrap();
        assert_eq!(field.until_job(&job, "failed").await["cause"], cause);
        assert_eq!(field.seen(id).await, None);
    }
    // Files of the attempt before do not count: they may have been lost with it.
    let job = field.job(id, &version).await;
    buoy.begin(2).await;
    let number = buoy.begin(0).await;
    let last = json!({"cmd": "get_file", "job_id": number, "file_path": "./main.py"});
    assert_eq!(buoy.status_of(last).await, 200);
    buoy.ask(json!({"cmd": "complete", "job_id": number, "status": true})).await.unwrap();
    assert!(field.until_job(&job, "failed").await["cause"].as_str().unwrap().contains("1 of 3"));
    field.close().await;
}

async fn devices_ask_by_themselves_only_where_they_may(backend: Backend) {
    let mut field = Field::open(backend, &[]).await;
    let (mut buoy, id) = field.buoys(1).await.remove(0);
    assert_eq!(buoy.status_of(json!({"cmd": "init"})).await, 403);
    assert_eq!(buoy.check().await, (0, 10));
    field.stop_services().await;
    field.allow(&["firmware.device_init=true", "firmware.device_init_source=paikea"]);
    field.run().await;
    buoy.server = field.server();
    assert_eq!(buoy.status_of(json!({"cmd": "init"})).await, 422);
    field.version("v1", &small_tree("one")).await;
    let newest = field.version("v2", &small_tree("two")).await;
    let said = buoy.ask(json!({"cmd": "init"})).await.unwrap();
    let number = said["job_id"].as_i64().unwrap();
    assert_eq!(said, json!({"job_id": number, "status": 0}));
    // A second one is the same one.
    assert_eq!(buoy.ask(json!({"cmd": "init"})).await.unwrap(), said);
    assert_eq!(buoy.upgrade().await.unwrap()["./main.py"], b"two");
    assert_eq!(field.seen(id).await, Some(newest));
    field.close().await;
}

async fn a_request_that_makes_no_sense_is_answered_all_the_same(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let (buoy, _) = field.buoys(1).await.remove(0);
    for (body, status) in [
        ("", 400),
        ("{", 400),
        ("[1]", 400),
        (r#"{"cmd":"format"}"#, 400),
        (r#"{"cmd":"status"}"#, 400),
        (r#"{"cmd":"complete","job_id":"1","status":1}"#, 400),
        (&format!(r#"{{"cmd":"check","space":1,"x":"{}"}}"#, "y".repeat(4_096)), 413),
    ] {
        let answer = buoy.clone().post(body).await.unwrap();
        assert_eq!(answer.status(), status, "{body}");
        assert_eq!(answer.file(), answer.body, "{}", answer.head);
        assert!(answer.json()["detail"].as_str().unwrap().len() > 10);
    }
    let named = |kind: &'static str, iam: &str| Device { kind, iam: iam.to_owned(), ..buoy.clone() };
    for (kind, iam, status) in [
        ("handset", "PK001", 404),
        ("buoy", "PK999", 404),
        ("buoy", "pk001", 200),
        ("buoy", "..%2fPK001", 404),
    ] {
        assert_eq!(named(kind, iam).status_of(json!({"cmd": "check"})).await, status, "{kind} {iam}");
    }
    let mut device = buoy.clone();
    device.base = "/d/guessed/v1".to_owned();
    assert_eq!(device.status_of(json!({"cmd": "check"})).await, 403);
    // A client of today is answered in the same way.
    let request =
        "POST /v1/buoy/PK001/upgrade HTTP/1.1\r\nHost: h\r\nContent-Length: 15\r\n\r\n{\"cmd\":\"check\"}";
    let answer = buoy.clone().send(request).await.unwrap();
    assert_eq!(answer.json(), json!({"job_id": 0, "status": 10}));
    assert!(answer.head.contains("Content-Length: 24"), "{}", answer.head);
    assert!(answer.head.contains("Connection: close"), "{}", answer.head);
    field.close().await;
}

async fn a_device_gets_its_name(backend: Backend) {
    let field = Field::open(backend, &["firmware.registration_secret=all-of-us"]).await;
    let (known, _) = field.register(DeviceKind::Buoy).await;
    let register = async |base: &str, kind: &str, body: &str| {
        let request = format!(
            "POST {base}/{kind}/register HTTP/1.0\r\nHost: h\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = Device::new(&field.server(), "buoy", "").send(&request).await.unwrap();
        (answer.status(), answer.json())
    };
    // Nobody has opened the window.
    assert_eq!(register("/v1", "buoy", "{}").await.0, 403);
    assert_eq!(register("/d/guessed/v1", "buoy", "{}").await.0, 403);
    let secret = "/d/all-of-us/v1";
    assert_eq!(register(secret, "buoy", "{}").await, (200, json!({"iam": "PK002"})));
    assert_eq!(register(secret, "buoy", r#"{"iam":"TEST"}"#).await, (200, json!({"iam": "PK003"})));
    assert_eq!(register(secret, "buoy", r#"{"iam":null}"#).await, (200, json!({"iam": "PK004"})));
    assert_eq!(register(secret, "buoy", r#"{"iam":"pk001"}"#).await, (200, json!({"iam": known})));
    assert_eq!(register(secret, "handset", "").await, (200, json!({"iam": "HS001"})));
    assert_eq!(register(secret, "handset", r#"{"iam":"PK001"}"#).await.0, 409);
    assert_eq!(register(secret, "rockstar", "{}").await.0, 404);
    assert_eq!(register(secret, "buoy", r#"{"iam":7}"#).await.0, 400);
    let entries =
        field.system.store.read(|conn| fairlead_store::audit::list(conn, None, None, 100)).await.unwrap();
    let registered = entries.iter().filter(|entry| entry.action == "device.register").count();
    // The known one was registered by the test itself.
    assert_eq!(registered, 5);
    field.close().await;
}
