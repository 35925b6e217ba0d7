//! Upgrades of single devices: one at a time, through restarts, silences and second thoughts.

use std::time::Duration;

use fairlead_model::VersionId;
use fairlead_model::role::Role;
use fairlead_store::firmware::{jobs, versions};
use fairlead_testkit::{Backend, PATIENCE, on_both_backends};
use serde_json::{Value, json};

use crate::field::{Field, hours, large_tree, small_tree};

on_both_backends!(
    a_device_has_one_upgrade_at_a_time,
    a_version_in_preparation_is_waited_for,
    a_server_that_stops_in_mid_transfer_is_no_loss,
    a_transfer_over_two_processes_is_one,
    a_silent_device_is_given_up,
    a_device_that_is_heard_is_not_given_up,
    a_device_that_asks_for_ever_and_never_begins_is_given_up,
    a_device_that_begins_for_ever_is_given_up,
    a_cancelled_upgrade_gives_no_more_files,
    a_device_that_was_done_too_late_is_known_all_the_same,
    a_device_without_room_is_told_of,
    devices_are_called_until_they_come,
    viewers_change_nothing,
    fifty_devices_at_once,
);

async fn a_device_has_one_upgrade_at_a_time(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let version = field.version("v1", &small_tree("one")).await;
    let (mut buoy, id) = field.buoys(1).await.remove(0);
    let wanted = json!({"device_id": id, "version_id": version, "reason": "a test"});
    let answers =
        futures_util::future::join_all((0..8).map(|_| field.post("/api/v1/firmware/jobs", &wanted))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status().as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
    let problem = field.refused("/api/v1/firmware/jobs", &wanted, 409).await;
    assert_eq!(
        problem["detail"],
        "This device has upgrade 1 that goes on. Wait until it ends, or cancel it."
    );
    buoy.upgrade().await.unwrap();
    field.done("/api/v1/firmware/jobs", &wanted).await;
    let ended = field.get("/api/v1/firmware/jobs?state=ended").await;
    assert_eq!((ended["items"].as_array().unwrap().len(), &ended["items"][0]["number"]), (1, &json!(1)));
    let page = field.get(&format!("/api/v1/firmware/jobs?device_id={id}&limit=1")).await;
    assert_eq!(page["items"][0]["number"], 2);
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = field.get(&format!("/api/v1/firmware/jobs?device_id={id}&limit=1&cursor={cursor}")).await;
    assert_eq!((&rest["items"][0]["number"], &rest["next_cursor"]), (&json!(1), &Value::Null));
    for (body, status) in [
        (json!({"device_id": uuid::Uuid::nil(), "version_id": version}), 404),
        (json!({"device_id": id, "version_id": uuid::Uuid::nil()}), 404),
        (json!({"device_id": id}), 400),
    ] {
        field.refused("/api/v1/firmware/jobs", &body, status).await;
    }
    field.close().await;
}

async fn a_version_in_preparation_is_waited_for(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let (mut buoy, id) = field.buoys(1).await.remove(0);
    let version = field.choose("v1", &large_tree()).await;
    // It may be prepared by now, or not: the device is told to wait, or to go on.
    let job = field.job(id, &version).await;
    assert!([0, 2].contains(&buoy.check().await.1));
    buoy.upgrade().await.unwrap();
    field.until_job(&job, "succeeded").await;
    // One that cannot be prepared ends what waits for it, in words.
    let mut row =
        field.system.store.read(move |conn| versions::get(conn, version.parse().unwrap())).await.unwrap();
    let lost = VersionId::new(&field.system.clock);
    (row.id, row.state, row.commit_id) = (lost.into(), "preparing".to_owned(), "0".repeat(40));
    let clock = field.system.clock.clone();
    let work = move |tx: &mut fairlead_store::Tx<'_>| {
        versions::insert(tx, &row)?;
        let wanted = |number| jobs::JobRow {
            id: fairlead_model::JobId::new(&clock).into(),
            number,
            version_id: row.id,
            state: "preparing".to_owned(),
            active_device: Some(id.into()),
            device_id: id.into(),
            rollout_id: None,
            cause: None,
            asked_by: "test".to_owned(),
            created_at: clock.now().into(),
            offered_at: None,
            started_at: None,
            heard_at: None,
            ended_at: None,
            deadline_at: clock.now().plus(hours(1)).into(),
            timeout_s: 3_600,
            attempts: 0,
            files_done: 0,
            bytes_done: 0,
            current_file: None,
            seen: None,
            call_device: false,
            called_at: None,
            cleared_at: None,
        };
        let row = wanted(jobs::next_number(tx)?);
        jobs::insert(tx, &row)?;
        Ok(fairlead_model::JobId::from(row.id))
    };
    let job = field.system.store.write(work).await.unwrap().to_string();
    let failed = field.until_job(&job, "failed").await;
    assert!(
        failed["cause"].as_str().unwrap().starts_with("The version refs/tags/v1 cannot be given out: "),
        "{failed:#}"
    );
    assert_eq!(buoy.check().await, (0, 10));
    field.close().await;
}

async fn a_server_that_stops_in_mid_transfer_is_no_loss(backend: Backend) {
    let mut field = Field::open(backend, &[]).await;
    let version = field.version("v1", &large_tree()).await;
    let (mut buoy, id) = field.buoys(1).await.remove(0);
    let job = field.job(id, &version).await;
    let (number, _) = buoy.check().await;
    let list = buoy.ask(json!({"cmd": "metadata", "job_id": number})).await.unwrap();
    let files = list["files"].as_object().unwrap();
    // The device does not notice: it asks for the next file when the server is back.
    for (nth, (path, facts)) in files.iter().enumerate() {
        if nth % 30 == 20 {
            field.stop_services().await;
            field.run().await;
            buoy.server = field.server();
        }
        buoy.fetch(number, path, facts).await.unwrap();
    }
    buoy.ask(json!({"cmd": "complete", "job_id": number, "status": true})).await.unwrap();
    let job = field.until_job(&job, "succeeded").await;
    assert_eq!((&job["files_done"], &job["attempts"]), (&json!(107), &json!(1)));
    assert_eq!(field.seen(id).await, Some(version));
    field.close().await;
}

async fn a_transfer_over_two_processes_is_one(backend: Backend) {
    if backend == Backend::Embedded {
        // There it is one process.
        return;
    }
    let mut field = Field::open(backend, &[]).await;
    let version = field.version("v1", &large_tree()).await;
    let (mut buoy, id) = field.buoys(1).await.remove(0);
    let first = field.server();
    let _folder = field.one_more().await;
    let servers = [first, field.server()];
    // The other one has to mirror the repository first.
    field
        .system
        .until("firmware", "/api/v1/firmware/sources", |sources| sources[0]["fetched_at"].is_string())
        .await;
    let job = field.job(id, &version).await;
    let (number, _) = buoy.check().await;
    let list = buoy.ask(json!({"cmd": "metadata", "job_id": number})).await.unwrap();
    for (nth, (path, facts)) in list["files"].as_object().unwrap().iter().enumerate() {
        buoy.server.clone_from(&servers[nth % 2]);
        buoy.fetch(number, path, facts).await.unwrap();
    }
    buoy.ask(json!({"cmd": "complete", "job_id": number, "status": true})).await.unwrap();
    let job = field.until_job(&job, "succeeded").await;
    assert_eq!((&job["files_done"], &job["attempts"]), (&json!(107), &json!(1)));
    field.close().await;
}

async fn a_silent_device_is_given_up(backend: Backend) {
    let field = Field::open(backend, &["firmware.job_timeout_h=2"]).await;
    let version = field.version("v1", &small_tree("one")).await;
    let mut buoys = field.buoys(2).await;
    let never = field.job(buoys[0].1, &version).await;
    let begun = field.job(buoys[1].1, &version).await;
    buoys[1].0.begin(1).await;
    field.until_job(&begun, "transferring").await;
    field.system.hand.advance(hours(3));
    let never = field.until_job(&never, "timed_out").await;
    assert_eq!(never["cause"], "The device was not heard within 2 hours.");
    let begun = field.until_job(&begun, "timed_out").await;
    assert_eq!(begun["cause"], "The device began to fetch, and was not heard any more for 2 hours.");
    assert_eq!(buoys[0].0.check().await, (0, 10));
    let late = json!({"cmd": "metadata", "job_id": begun["number"]});
    assert_eq!(buoys[1].0.ask(late).await.unwrap()["status"], 8);
    field.close().await;
}

async fn a_device_that_is_heard_is_not_given_up(backend: Backend) {
    let field = Field::open(backend, &["firmware.job_timeout_h=2"]).await;
    let version = field.version("v1", &small_tree("one")).await;
    let mut buoys = field.buoys(2).await;
    let slow = field.job(buoys[0].1, &version).await;
    let other = field.job(buoys[1].1, &version).await;
    let number = buoys[0].0.begin(0).await;
    for path in ["./main.py", "./lib/__init__.py", "./lib/same.py"] {
        let file = json!({"cmd": "get_file", "job_id": number, "file_path": path});
        assert_eq!(buoys[0].0.status_of(file).await, 200);
        let done = field.get(&format!("/api/v1/firmware/jobs/{slow}")).await["files_done"].as_i64().unwrap();
        // What was heard is written down once a second.
        let path = format!("/api/v1/firmware/jobs/{slow}");
        field.system.until("firmware", &path, |job| job["files_done"].as_i64().unwrap() > done).await;
        field.system.hand.advance(Duration::from_secs(5_400));
    }
    field.until_job(&other, "timed_out").await;
    assert_eq!(buoys[0].0.check().await, (number, 2));
    buoys[0].0.ask(json!({"cmd": "complete", "job_id": number, "status": true})).await.unwrap();
    field.until_job(&slow, "succeeded").await;
    field.close().await;
}

async fn a_device_that_asks_for_ever_and_never_begins_is_given_up(backend: Backend) {
    let field = Field::open(backend, &["firmware.job_timeout_h=2"]).await;
    let version = field.version("v1", &small_tree("one")).await;
    let (mut buoy, id) = field.buoys(1).await.remove(0);
    let job = field.job(id, &version).await;
    let path = format!("/api/v1/firmware/jobs/{job}");
    // Two hours, and ten minutes for who was heard in the last of them.
    for _ in 0..14 {
        assert_eq!(buoy.check().await.1, 2);
        let now = field.system.clock.now().rfc3339();
        field.system.until("firmware", &path, |job| job["heard_at"] == now).await;
        field.system.hand.advance(Duration::from_secs(540));
    }
    assert_eq!(buoy.check().await.1, 2);
    field.system.hand.advance(Duration::from_secs(540));
    let ended = field.until_job(&job, "timed_out").await;
    assert_eq!(ended["cause"], "The device was heard, and did not begin to fetch within 2 hours.");
    field.close().await;
}

async fn a_device_that_begins_for_ever_is_given_up(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let version = field.version("v1", &small_tree("one")).await;
    let (mut buoy, id) = field.buoys(1).await.remove(0);
    let job = field.job(id, &version).await;
    for _ in 0..50 {
        buoy.begin(1).await;
    }
    let (number, _) = buoy.check().await;
    let last = buoy.ask(json!({"cmd": "metadata", "job_id": number})).await.unwrap();
    assert_eq!(last, json!({"job_id": number, "status": 8}));
    assert_eq!(
        field.until_job(&job, "failed").await["cause"],
        "The device began 50 times and was never done."
    );
    field.close().await;
}

async fn a_cancelled_upgrade_gives_no_more_files(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let version = field.version("v1", &small_tree("one")).await;
    let (mut buoy, id) = field.buoys(1).await.remove(0);
    let job = field.job(id, &version).await;
    let number = buoy.begin(1).await;
    let path = format!("/api/v1/firmware/jobs/{job}/cancel");
    let cancelled = field.done(&path, &json!({"reason": "the wrong buoy"})).await;
    assert_eq!(
        (&cancelled["state"], &cancelled["cause"]),
        (&json!("cancelled"), &json!("test cancelled it: the wrong buoy"))
    );
    field.refused(&path, &json!({"reason": "again"}), 409).await;
    let file = json!({"cmd": "get_file", "job_id": number, "file_path": "./main.py"});
    assert_eq!(buoy.status_of(file).await, 404);
    assert_eq!(buoy.check().await, (0, 10));
    // What was heard before is written down by nobody later.
    field.system.hand.advance(hours(1));
    field.job(id, &version).await;
    buoy.upgrade().await.unwrap();
    assert_eq!(field.get(&format!("/api/v1/firmware/jobs/{job}")).await["state"], "cancelled");
    field.close().await;
}

async fn a_device_that_was_done_too_late_is_known_all_the_same(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let version = field.version("v1", &small_tree("one")).await;
    let (mut buoy, id) = field.buoys(1).await.remove(0);
    let job = field.job(id, &version).await;
    let number = buoy.begin(3).await;
    let path = format!("/api/v1/firmware/jobs/{job}");
    field.system.until("firmware", &path, |job| job["files_done"] == 3).await;
    field.system.hand.advance(hours(48));
    field.until_job(&job, "timed_out").await;
    assert_eq!(field.seen(id).await, None);
    buoy.ask(json!({"cmd": "complete", "job_id": number, "status": true})).await.unwrap();
    assert_eq!(field.seen(id).await, Some(version));
    assert_eq!(field.get(&path).await["state"], "timed_out");
    field.close().await;
}

async fn a_device_without_room_is_told_of(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let version = field.version("v1", &large_tree()).await;
    let (mut buoy, id) = field.buoys(1).await.remove(0);
    let job = field.job(id, &version).await;
    let said = buoy.ask(json!({"cmd": "check", "space": 500_000})).await.unwrap();
    assert_eq!(said["status"], 2);
    let path = format!("/api/v1/firmware/jobs/{job}");
    let hinted = field.system.until("firmware", &path, |job| job["cause"].is_string()).await;
    let hint = "The device says that 500000 bytes are free; the version has 485843, so it will give up.";
    assert_eq!((&hinted["state"], &hinted["cause"]), (&json!("ready"), &json!(hint)));
    field.system.hand.advance(hours(48));
    let ended = field.until_job(&job, "timed_out").await;
    assert_eq!(
        ended["cause"],
        format!("The device was heard, and did not begin to fetch within 24 hours. {hint}")
    );
    field.close().await;
}

async fn devices_are_called_until_they_come(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let version = field.version("v1", &small_tree("one")).await;
    let mut buoys = field.buoys(2).await;
    let called = json!({"device_id": buoys[0].1, "version_id": version, "call_device": true});
    field.done("/api/v1/firmware/jobs", &called).await;
    field.job(buoys[1].1, &version).await;
    let calls = async || -> Vec<Option<i64>> {
        let rows = field.jobs().await;
        rows.iter().rev().map(|row| row.called_at.map(|at| at.0)).collect()
    };
    let until_called = async |at: i64| {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while calls().await != [Some(at), None] {
            assert!(tokio::time::Instant::now() < deadline, "{:?}", calls().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    until_called(field.system.clock.now().micros()).await;
    field.system.hand.advance(Duration::from_secs(301));
    let second = field.system.clock.now().micros();
    until_called(second).await;
    // Who was heard just now is left alone.
    field.system.hand.advance(Duration::from_secs(200));
    buoys[0].0.begin(1).await;
    let job = &field.get("/api/v1/firmware/jobs").await["items"][1];
    let path = format!("/api/v1/firmware/jobs/{}", job["id"].as_str().unwrap());
    field.system.until("firmware", &path, |job| job["files_done"] == 1).await;
    field.system.hand.advance(Duration::from_secs(200));
    buoys[0].0.upgrade().await.unwrap();
    field.system.hand.advance(Duration::from_secs(1_000));
    field.job(buoys[0].1, &version).await;
    assert_eq!(calls().await, [Some(second), None, None]);
    field.close().await;
}

async fn viewers_change_nothing(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let version = field.version("v1", &small_tree("one")).await;
    let (_, id) = field.buoys(1).await.remove(0);
    let job = field.job(id, &version).await;
    let viewer = field.system.client_as(Role::Viewer).await;
    for (path, body) in [
        ("/api/v1/firmware/jobs".to_owned(), json!({"device_id": id, "version_id": version})),
        (format!("/api/v1/firmware/jobs/{job}/cancel"), json!({"reason": "no"})),
        (
            "/api/v1/firmware/rollouts".to_owned(),
            json!({"name": "r", "version_id": version, "stages": [{"device_ids": [id], "success_percent": 1, "error_percent": 1}]}),
        ),
    ] {
        assert_eq!(field.post_as(&viewer, &path, &body).await.status(), 403, "{path}");
    }
    let url = field.system.url("firmware", &format!("/api/v1/firmware/jobs/{job}"));
    assert_eq!(viewer.get(url).send().await.unwrap().status(), 200);
    let url = field.system.url("firmware", "/api/v1/firmware/jobs");
    assert_eq!(reqwest::get(url).await.unwrap().status(), 401);
    field.close().await;
}

async fn fifty_devices_at_once(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let version = field.version("v1", &large_tree()).await;
    let buoys = field.buoys(50).await;
    for (_, id) in &buoys {
        field.job(*id, &version).await;
    }
    let all = buoys.into_iter().map(|(mut buoy, _)| async move { buoy.upgrade().await.unwrap().len() });
    let sizes = futures_util::future::join_all(all).await;
    assert_eq!(sizes, [107; 50]);
    let done = field.get("/api/v1/firmware/jobs?state=ended&limit=500").await;
    assert!(
        done["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|job| job["state"] == "succeeded" && job["files_done"] == 107)
    );
    field.close().await;
}
