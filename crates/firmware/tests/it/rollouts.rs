//! Roll-outs: stages, thresholds, second persons, restarts, second turns, and the way back.

use std::collections::{BTreeMap, HashSet};

use fairlead_model::device::DeviceKind;
use fairlead_model::role::Role;
use fairlead_model::{DeviceId, RolloutId};
use fairlead_store::audit;
use fairlead_store::firmware::rollouts;
use fairlead_testkit::{Backend, on_both_backends};
use serde_json::{Value, json};

use crate::device::Device;
use crate::field::{Field, hours, large_tree, small_tree};

on_both_backends!(
    stages_follow_each_other_until_all_are_done,
    one_in_five_failing_stops_it,
    silent_devices_stop_it,
    too_few_successes_stop_it_before_the_next_stage,
    a_second_person_approves,
    a_pause_takes_back_what_was_not_begun,
    a_server_that_stops_in_the_middle_goes_on_and_nobody_is_twice_in_it,
    two_processes_step_it_once,
    a_cancelled_one_lets_the_begun_finish,
    who_failed_gets_another_turn,
    a_reached_device_gets_back_what_it_had,
    a_dry_run_says_what_it_would_be,
    what_cannot_be_is_told_all_at_once,
    busy_devices_are_left_out_in_words,
    a_share_is_of_those_that_need_it,
    a_broken_one_stops_no_other,
    who_was_done_too_late_is_taken_back_as_well,
    a_stage_that_nobody_tried_lets_no_other_begin,
);

fn ids(buoys: &[(Device, DeviceId)]) -> Vec<DeviceId> {
    buoys.iter().map(|(_, id)| *id).collect()
}

/// A stage of these devices: 80 % must succeed, 20 % failing stop everything.
fn stage(buoys: &[(Device, DeviceId)]) -> Value {
    json!({"device_ids": ids(buoys), "success_percent": 80, "error_percent": 20})
}

fn path(id: &str) -> String {
    format!("/api/v1/firmware/rollouts/{id}")
}

async fn make(field: &Field, version: &str, stages: Value) -> String {
    let body =
        json!({"name": "To the field", "version_id": version, "stages": stages, "job_timeout_s": 7_200});
    let made = field.done("/api/v1/firmware/rollouts", &body).await;
    assert_eq!(made["state"], "ready");
    made["id"].as_str().unwrap().to_owned()
}

async fn start(field: &Field, id: &str) {
    let started = field.done(&format!("{}/start", path(id)), &json!({})).await;
    assert_eq!(started["state"], "running", "{started:#}");
}

async fn act(field: &Field, id: &str, verb: &str) -> Value {
    field.done(&format!("{}/{verb}", path(id)), &json!({"reason": "a test"})).await
}

/// The counts of a stage, as `waiting offered succeeded failed skipped`.
fn counts(rollout: &Value, stage: usize) -> [i64; 5] {
    ["waiting", "offered", "succeeded", "failed", "skipped"]
        .map(|word| rollout["stages"][stage][word].as_i64().unwrap())
}

/// The devices of a roll-out by name: state and cause.
async fn targets(field: &Field, id: &str) -> BTreeMap<String, (String, String)> {
    let page = field.get(&format!("{}/targets?limit=500", path(id))).await;
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of =
        |target: &Value| (word(&target["device"]["name"]), (word(&target["state"]), word(&target["cause"])));
    page["items"].as_array().unwrap().iter().map(of).collect()
}

async fn upgrade_all(buoys: &mut [(Device, DeviceId)]) {
    for (buoy, _) in buoys {
        assert_eq!(buoy.upgrade().await.unwrap().len(), 3, "{}", buoy.iam);
    }
}

async fn stages_follow_each_other_until_all_are_done(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let version = field.version("v1", &small_tree("one")).await;
    let mut buoys = field.buoys(8).await;
    // The last one is named twice, and belongs to the first stage that names it.
    let stages = json!([stage(&buoys[..1]), stage(&buoys[1..4]), {"percent": 100, "success_percent": 100, "error_percent": 50}]);
    let id = make(&field, &version, stages).await;
    assert_eq!(buoys[0].0.check().await, (0, 10), "it was not started");
    start(&field, &id).await;
    let running = field.until_rollout(&id, |rollout| counts(rollout, 0) == [0, 1, 0, 0, 0]).await;
    let states: Vec<&str> =
        running["stages"].as_array().unwrap().iter().map(|s| s["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["running", "waiting", "waiting"]);
    assert_eq!(buoys[1].0.check().await, (0, 10), "its stage has not begun");
    upgrade_all(&mut buoys[..1]).await;
    field.until_rollout(&id, |rollout| counts(rollout, 1) == [0, 3, 0, 0, 0]).await;
    upgrade_all(&mut buoys[1..4]).await;
    field.until_rollout(&id, |rollout| counts(rollout, 2) == [0, 4, 0, 0, 0]).await;
    upgrade_all(&mut buoys[4..]).await;
    let done = field.until_rollout(&id, |rollout| rollout["state"] == "finished").await;
    assert!(done["ended_at"].is_string() && done["cause"].is_null());
    assert!(targets(&field, &id).await.values().all(|(state, _)| state == "succeeded"));
    for (buoy, id) in &mut buoys {
        assert_eq!(field.seen(*id).await.as_ref(), Some(&version));
        assert_eq!(buoy.check().await, (0, 10));
    }
    assert_eq!(field.jobs().await.len(), 8);
    // A page of its devices.
    let page = field.get(&format!("{}/targets?limit=3&state=succeeded", path(&id))).await;
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = field.get(&format!("{}/targets?limit=500&cursor={cursor}", path(&id))).await;
    let names = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|t| t["device"]["name"].to_string()).collect()
    };
    let all: HashSet<String> = names(&page).into_iter().chain(names(&rest)).collect();
    assert_eq!((all.len(), names(&rest).len()), (8, 5));
    assert_eq!(rest["items"][4]["job"]["state"], "succeeded");
    field.close().await;
}

async fn one_in_five_failing_stops_it(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let version = field.version("v1", &small_tree("one")).await;
    let mut buoys = field.buoys(7).await;
    let id = make(&field, &version, json!([stage(&buoys[..5]), stage(&buoys[5..])])).await;
    start(&field, &id).await;
    field.until_rollout(&id, |rollout| counts(rollout, 0)[1] == 5).await;
    buoys[0].0.upgrade().await.unwrap();
    let busy = buoys[1].0.begin(1).await;
    field.until_job(&job_of(&field, buoys[1].1).await, "transferring").await;
    buoys[2].0.fail().await;
    let stopped = field.until_rollout(&id, |rollout| rollout["state"] == "stopped").await;
    assert_eq!(stopped["cause"], "In stage 1, 1 of 5 devices failed; the roll-out stops at 20 %.");
    assert_eq!(
        (&stopped["stages"][0]["state"], &stopped["stages"][1]["state"]),
        (&json!("failed"), &json!("waiting"))
    );
    // Who has not begun is offered nothing any more; who has begun may finish.
    let stopped = field.until_rollout(&id, |rollout| counts(rollout, 0) == [2, 1, 1, 1, 0]).await;
    assert_eq!(counts(&stopped, 1), [2, 0, 0, 0, 0]);
    for (buoy, _) in &mut buoys[3..] {
        assert_eq!(buoy.check().await, (0, 10));
    }
    assert_eq!(buoys[1].0.check().await, (busy, 2));
    buoys[1].0.upgrade().await.unwrap();
    field.until_rollout(&id, |rollout| counts(rollout, 0) == [2, 0, 2, 1, 0]).await;
    assert!(targets(&field, &id).await[&buoys[3].0.iam].1.contains("was stopped before the device began"));

    // A person goes on, with a reason.
    let no_reason = field.refused(&format!("{}/resume", path(&id)), &json!({}), 409).await;
    assert_eq!(no_reason["detail"], "It was stopped. Say why it may go on; that goes into the audit log.");
    act(&field, &id, "resume").await;
    field.until_rollout(&id, |rollout| counts(rollout, 0) == [0, 2, 2, 1, 0]).await;
    upgrade_all(&mut buoys[3..5]).await;
    field.until_rollout(&id, |rollout| counts(rollout, 1)[1] == 2).await;
    buoys[5].0.upgrade().await.unwrap();
    buoys[6].0.fail().await;
    let again = field.until_rollout(&id, |rollout| rollout["state"] == "stopped").await;
    assert_eq!(again["cause"], "In stage 2, 1 of 2 devices failed; the roll-out stops at 20 %.");
    act(&field, &id, "resume").await;
    field.until_rollout(&id, |rollout| rollout["state"] == "finished").await;
    let log = field.system.store.read(|conn| audit::list(conn, None, None, 100)).await.unwrap();
    let resumed: Vec<_> = log.iter().filter(|entry| entry.action == "rollout.resume").collect();
    assert_eq!((resumed.len(), resumed[0].detail.as_str()), (2, "a test"));
    field.close().await;
}

/// The id of a device's newest job.
async fn job_of(field: &Field, device: DeviceId) -> String {
    let page = field.get(&format!("/api/v1/firmware/jobs?device_id={device}")).await;
    page["items"][0]["id"].as_str().unwrap().to_owned()
}

async fn silent_devices_stop_it(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let version = field.version("v1", &small_tree("one")).await;
    let mut buoys = field.buoys(6).await;
    let id = make(&field, &version, json!([stage(&buoys[..5]), stage(&buoys[5..])])).await;
    start(&field, &id).await;
    field.until_rollout(&id, |rollout| counts(rollout, 0)[1] == 5).await;
    upgrade_all(&mut buoys[..3]).await;
    field.until_rollout(&id, |rollout| counts(rollout, 0) == [0, 2, 3, 0, 0]).await;
    field.system.hand.advance(hours(3));
    let stopped = field.until_rollout(&id, |rollout| rollout["state"] == "stopped").await;
    assert!(stopped["cause"].as_str().unwrap().starts_with("In stage 1, "), "{stopped:#}");
    field.until_rollout(&id, |rollout| counts(rollout, 0) == [0, 0, 3, 2, 0]).await;
    let silent = &targets(&field, &id).await[&buoys[4].0.iam];
    assert_eq!(*silent, ("failed".to_owned(), "The device was not heard within 2 hours.".to_owned()));
    assert_eq!(buoys[5].0.check().await, (0, 10));
    field.close().await;
}

async fn too_few_successes_stop_it_before_the_next_stage(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let version = field.version("v1", &small_tree("one")).await;
    let mut buoys = field.buoys(4).await;
    let mut first = stage(&buoys[..3]);
    first["error_percent"] = json!(60);
    let id = make(&field, &version, json!([first, stage(&buoys[3..])])).await;
    start(&field, &id).await;
    field.until_rollout(&id, |rollout| counts(rollout, 0)[1] == 3).await;
    upgrade_all(&mut buoys[..2]).await;
    buoys[2].0.fail().await;
    let stopped = field.until_rollout(&id, |rollout| rollout["state"] == "stopped").await;
    assert_eq!(
        stopped["cause"],
        "In stage 1, 2 of 3 devices succeeded and no device is left to wait for; the next stage asks for 80 %."
    );
    act(&field, &id, "resume").await;
    field.until_rollout(&id, |rollout| counts(rollout, 1)[1] == 1).await;
    upgrade_all(&mut buoys[3..]).await;
    field.until_rollout(&id, |rollout| rollout["state"] == "finished").await;
    field.close().await;
}

async fn a_second_person_approves(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let version = field.version("v1", &small_tree("one")).await;
    let buoys = field.buoys(1).await;
    let body = json!({
        "name": "Two keys", "version_id": version, "stages": [stage(&buoys)], "needs_approval": true,
        "call_devices": true, "job_timeout_s": 3_600,
    });
    let made = field.done("/api/v1/firmware/rollouts", &body).await;
    assert_eq!((&made["state"], &made["needs_approval"]), (&json!("waiting_for_approval"), &json!(true)));
    let id = made["id"].as_str().unwrap();
    let refused = field.refused(&format!("{}/start", path(id)), &json!({}), 409).await;
    assert_eq!(
        refused["detail"],
        "The roll-out waits for another person's approval, so it cannot be started."
    );
    // By a token it could be the same person.
    let machine = field.system.client_as(Role::Operator).await;
    assert_eq!(field.post_as(&machine, &format!("{}/approve", path(id)), &json!({})).await.status(), 403);
    let (maker, other) = (field.person("Grace").await, field.person("Ada").await);
    let approve = format!("{}/approve", path(id));
    let viewer = field.system.client_as(Role::Viewer).await;
    assert_eq!(field.post_as(&viewer, &approve, &json!({})).await.status(), 403);
    let own: Value = field.post_as(&maker, "/api/v1/firmware/rollouts", &body).await.json().await.unwrap();
    let own = format!("{}/approve", path(own["id"].as_str().unwrap()));
    let refused = field.post_as(&maker, &own, &json!({})).await;
    assert_eq!(refused.status(), 409);
    let refused: Value = refused.json().await.unwrap();
    assert_eq!(refused["detail"], "Who made a roll-out cannot approve it; another person does.");
    let approved: Value = field.post_as(&other, &approve, &json!({})).await.json().await.unwrap();
    assert_eq!((&approved["state"], &approved["approved_by"]), (&json!("ready"), &json!("Ada")));
    assert_eq!(field.post_as(&other, &approve, &json!({})).await.status(), 409);
    start(&field, id).await;
    field.until_rollout(id, |rollout| counts(rollout, 0)[1] == 1).await;
    field.close().await;
}

async fn a_pause_takes_back_what_was_not_begun(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let version = field.version("v1", &small_tree("one")).await;
    let mut buoys = field.buoys(3).await;
    let id = make(&field, &version, json!([stage(&buoys)])).await;
    start(&field, &id).await;
    field.until_rollout(&id, |rollout| counts(rollout, 0)[1] == 3).await;
    buoys[0].0.begin(1).await;
    let paused = act(&field, &id, "pause").await;
    assert_eq!((&paused["state"], &paused["cause"]), (&json!("paused"), &json!("test paused it: a test")));
    // It is so at once, not a second later.
    assert_eq!(counts(&paused, 0), [2, 1, 0, 0, 0]);
    assert_eq!(buoys[1].0.check().await, (0, 10));
    // Time passes without harm for those that wait.
    buoys[0].0.upgrade().await.unwrap();
    field.system.hand.advance(hours(24));
    act(&field, &id, "resume").await;
    field.until_rollout(&id, |rollout| counts(rollout, 0) == [0, 2, 1, 0, 0]).await;
    upgrade_all(&mut buoys[1..]).await;
    let done = field.until_rollout(&id, |rollout| rollout["state"] == "finished").await;
    assert_eq!(counts(&done, 0), [0, 0, 3, 0, 0]);
    for verb in ["start", "pause", "resume", "cancel", "retry"] {
        field.refused(&format!("{}/{verb}", path(&id)), &json!({"reason": "x"}), 409).await;
    }
    field.refused(&format!("{}/explode", path(&id)), &json!({}), 404).await;
    field.close().await;
}

async fn a_server_that_stops_in_the_middle_goes_on_and_nobody_is_twice_in_it(backend: Backend) {
    let mut field = Field::open(backend, &[]).await;
    let version = field.version("v1", &small_tree("one")).await;
    let mut buoys = field.buoys(70).await;
    let id = make(&field, &version, json!([stage(&buoys[..60]), stage(&buoys[60..])])).await;
    start(&field, &id).await;
    for round in 0..7 {
        field.stop_services().await;
        field.run().await;
        let server = field.server();
        buoys.iter_mut().for_each(|(buoy, _)| buoy.server.clone_from(&server));
        field.until_rollout(&id, |rollout| counts(rollout, 0)[0] == 0).await;
        if round == 6 {
            field.until_rollout(&id, |rollout| counts(rollout, 1)[0] == 0).await;
        }
        upgrade_all(&mut buoys[round * 10..][..10]).await;
    }
    let done = field.until_rollout(&id, |rollout| rollout["state"] == "finished").await;
    assert_eq!((counts(&done, 0), counts(&done, 1)), ([0, 0, 60, 0, 0], [0, 0, 10, 0, 0]));
    let jobs = field.jobs().await;
    let devices: HashSet<_> = jobs.iter().map(|job| job.device_id).collect();
    assert_eq!((jobs.len(), devices.len()), (70, 70));
    field.close().await;
}

async fn two_processes_step_it_once(backend: Backend) {
    if backend == Backend::Embedded {
        // There it is one process.
        return;
    }
    let mut field = Field::open(backend, &[]).await;
    let version = field.version("v1", &small_tree("one")).await;
    let _folder = field.one_more().await;
    field
        .system
        .until("firmware", "/api/v1/firmware/sources", |sources| sources[0]["fetched_at"].is_string())
        .await;
    let mut buoys = field.buoys(130).await;
    let id = make(&field, &version, json!([stage(&buoys[..120]), stage(&buoys[120..])])).await;
    start(&field, &id).await;
    field.until_rollout(&id, |rollout| counts(rollout, 0) == [0, 120, 0, 0, 0]).await;
    upgrade_all(&mut buoys[..96]).await;
    // Enough for the next stage.
    field.until_rollout(&id, |rollout| counts(rollout, 1) == [0, 10, 0, 0, 0]).await;
    upgrade_all(&mut buoys[96..]).await;
    field.until_rollout(&id, |rollout| rollout["state"] == "finished").await;
    let jobs = field.jobs().await;
    let numbers: HashSet<_> = jobs.iter().map(|job| job.number).collect();
    let devices: HashSet<_> = jobs.iter().map(|job| job.device_id).collect();
    assert_eq!((jobs.len(), numbers.len(), devices.len()), (130, 130, 130));
    field.close().await;
}

async fn a_cancelled_one_lets_the_begun_finish(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let version = field.version("v1", &small_tree("one")).await;
    let mut buoys = field.buoys(4).await;
    let id = make(&field, &version, json!([stage(&buoys[..3]), stage(&buoys[3..])])).await;
    start(&field, &id).await;
    field.until_rollout(&id, |rollout| counts(rollout, 0)[1] == 3).await;
    buoys[0].0.begin(1).await;
    let cancelled = act(&field, &id, "cancel").await;
    assert_eq!((&cancelled["state"], counts(&cancelled, 0)), (&json!("cancelled"), [0, 1, 0, 0, 2]));
    assert_eq!(counts(&cancelled, 1), [0, 0, 0, 0, 1]);
    buoys[0].0.upgrade().await.unwrap();
    field.until_rollout(&id, |rollout| counts(rollout, 0) == [0, 0, 1, 0, 2]).await;
    let of = targets(&field, &id).await;
    assert_eq!(of[&buoys[3].0.iam].1, "The roll-out was cancelled.");
    assert!(of[&buoys[1].0.iam].1.contains("was cancelled before the device began"));
    assert_eq!(buoys[1].0.check().await, (0, 10));
    // One device called off by a person is neither good nor bad.
    let id = make(&field, &version, json!([stage(&buoys[1..3])])).await;
    start(&field, &id).await;
    field.until_rollout(&id, |rollout| counts(rollout, 0)[1] == 2).await;
    let job = job_of(&field, buoys[1].1).await;
    field.done(&format!("/api/v1/firmware/jobs/{job}/cancel"), &json!({"reason": "in dry dock"})).await;
    upgrade_all(&mut buoys[2..3]).await;
    let done = field.until_rollout(&id, |rollout| rollout["state"] == "finished").await;
    assert_eq!(counts(&done, 0), [0, 0, 1, 0, 1]);
    field.close().await;
}

async fn who_failed_gets_another_turn(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let version = field.version("v1", &small_tree("one")).await;
    let mut buoys = field.buoys(3).await;
    let stages = json!([{"device_ids": ids(&buoys), "success_percent": 100, "error_percent": 100}]);
    let id = make(&field, &version, stages).await;
    start(&field, &id).await;
    field.until_rollout(&id, |rollout| counts(rollout, 0)[1] == 3).await;
    buoys[0].0.upgrade().await.unwrap();
    buoys[1].0.fail().await;
    buoys[2].0.fail().await;
    field.until_rollout(&id, |rollout| rollout["state"] == "finished").await;
    act(&field, &id, "retry").await;
    field.until_rollout(&id, |rollout| counts(rollout, 0) == [0, 2, 1, 0, 0]).await;
    assert_eq!(buoys[0].0.check().await, (0, 10), "who has it takes no part twice");
    upgrade_all(&mut buoys[1..2]).await;
    buoys[2].0.fail().await;
    let done = field.until_rollout(&id, |rollout| rollout["state"] == "finished").await;
    assert_eq!(counts(&done, 0), [0, 0, 2, 1, 0]);
    // Each device is one row, with its newest job.
    let page = field.get(&format!("{}/targets", path(&id))).await;
    assert_eq!(page["items"].as_array().unwrap().len(), 3);
    assert_eq!(field.jobs().await.len(), 5);
    field.close().await;
}

async fn a_reached_device_gets_back_what_it_had(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let old = field.version("v1", &small_tree("one")).await;
    let older = field.version("v0", &small_tree("nought")).await;
    let new = field.version("v2", &small_tree("two")).await;
    let newest = field.version("v3", &small_tree("three")).await;
    let mut buoys = field.buoys(5).await;
    for (nth, version) in [(0, &old), (1, &old), (2, &older), (4, &old)] {
        field.job(buoys[nth].1, version).await;
        buoys[nth].0.upgrade().await.unwrap();
    }
    let id = make(&field, &new, json!([stage(&buoys)])).await;
    field.refused(&format!("{}/roll-back", path(&id)), &json!({}), 409).await;
    start(&field, &id).await;
    field.until_rollout(&id, |rollout| counts(rollout, 0)[1] == 5).await;
    upgrade_all(&mut buoys).await;
    field.until_rollout(&id, |rollout| rollout["state"] == "finished").await;
    field.job(buoys[4].1, &newest).await;
    buoys[4].0.upgrade().await.unwrap();

    let made =
        field.done(&format!("{}/roll-back", path(&id)), &json!({"reason": "it drains the battery"})).await;
    let left_out: BTreeMap<&str, &str> = made["left_out"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["device"]["name"].as_str().unwrap(), one["why"].as_str().unwrap()))
        .collect();
    assert_eq!(left_out.len(), 2, "{made:#}");
    assert_eq!(left_out[buoys[3].0.iam.as_str()], "What it had before is not known.");
    assert_eq!(left_out[buoys[4].0.iam.as_str()], "It was given another version since.");
    let rollouts = made["rollouts"].as_array().unwrap();
    let versions: HashSet<&str> = rollouts.iter().map(|one| one["version"]["id"].as_str().unwrap()).collect();
    assert_eq!(versions, HashSet::from([old.as_str(), older.as_str()]));
    for one in rollouts {
        assert_eq!((&one["state"], &one["rolls_back"]), (&json!("ready"), &json!(id)));
        start(&field, one["id"].as_str().unwrap()).await;
        let offered = |rollout: &Value| counts(rollout, 0)[0] == 0;
        field.until_rollout(one["id"].as_str().unwrap(), offered).await;
    }
    upgrade_all(&mut buoys[..3]).await;
    for one in rollouts {
        field.until_rollout(one["id"].as_str().unwrap(), |rollout| rollout["state"] == "finished").await;
    }
    for (nth, version) in [(0, &old), (1, &old), (2, &older), (3, &new), (4, &newest)] {
        assert_eq!(field.seen(buoys[nth].1).await.as_ref(), Some(version), "{nth}");
    }
    let twice = field.refused(&format!("{}/roll-back", path(&id)), &json!({}), 409).await;
    assert!(
        twice["detail"].as_str().unwrap().starts_with("This roll-out is taken back already, by Back to ")
    );
    field.close().await;
}

async fn a_dry_run_says_what_it_would_be(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let mut tree = large_tree();
    let old = field.version("v1", &tree).await;
    let nine: Vec<String> = tree.keys().filter(|path| path.contains("deep/")).take(8).cloned().collect();
    let mut bytes = 0;
    for path in &nine {
        tree.get_mut(path).unwrap().extend(b"# more\n");
        bytes += tree[path].len();
    }
    tree.insert("new.py".to_owned(), vec![b'#'; 1_000]);
    let new = field.version("v2", &tree).await;
    let mut buoys = field.buoys(12).await;
    field.register(DeviceKind::Handset).await;
    for nth in [0, 1] {
        field.job(buoys[nth].1, &old).await;
        buoys[nth].0.upgrade().await.unwrap();
    }
    let body =
        |stages: Value| json!({"name": "What if", "version_id": new, "stages": stages, "dry_run": true});
    let plan = field.done("/api/v1/firmware/rollouts", &body(json!([stage(&buoys[..2])]))).await;
    assert_eq!(plan["devices"], 2);
    assert_eq!((&plan["files_changed_max"], &plan["bytes_each_max"]), (&json!(9), &json!(bytes + 1_000)));
    assert_eq!(plan["bytes_fetched_each"], json!(485_843 + 8 * 7 + 1_000));
    let first = &plan["stages"][0]["devices"][0];
    assert_eq!((&first["device"]["name"], &first["from"]["version_id"]), (&json!("PK001"), &json!(old)));
    assert_eq!((&first["files_changed"], &first["bytes"]), (&json!(9), &json!(bytes + 1_000)));
    assert_eq!(plan["warnings"], json!(["The version refs/tags/v2 is not signed by a configured key."]));

    // Of thirteen devices 10 % are two; then a third of the rest; then all that are left.
    let share = |percent: u32| json!({"percent": percent, "success_percent": 90, "error_percent": 10});
    let plan = field
        .done("/api/v1/firmware/rollouts", &body(json!([share(10), share(33), share(100), share(100)])))
        .await;
    let sizes: Vec<usize> = plan["stages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stage| stage["devices"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [2, 4, 7, 0]);
    let warnings: Vec<&str> =
        plan["warnings"].as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
    assert!(warnings[0].starts_with("The devices are buoys and handsets"), "{warnings:?}");
    assert!(warnings.contains(&"Stage 4 has no device."), "{warnings:?}");
    assert_eq!(plan["devices"], 13);
    assert_eq!(plan["files_changed_max"], 108, "nothing is known of most of them");
    let buoys_only = json!([{"percent": 100, "kind": "buoy", "success_percent": 90, "error_percent": 10}]);
    assert_eq!(field.done("/api/v1/firmware/rollouts", &body(buoys_only)).await["devices"], 12);
    // Nothing was made, and nothing is offered.
    assert_eq!(field.get("/api/v1/firmware/rollouts").await["items"], json!([]));
    assert_eq!(buoys[3].0.check().await, (0, 10));
    field.close().await;
}

async fn what_cannot_be_is_told_all_at_once(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let version = field.version("v1", &small_tree("one")).await;
    let buoys = field.buoys(1).await;
    let refused = async |change: Value| {
        let mut body = json!({"name": "R", "version_id": version, "stages": [stage(&buoys)]});
        for (key, value) in change.as_object().unwrap() {
            body[key] = value.clone();
        }
        let problem = field.refused("/api/v1/firmware/rollouts", &body, 422).await;
        problem["errors"].as_array().unwrap().len()
    };
    assert_eq!(refused(json!({"name": " ", "stages": [], "job_timeout_s": 5})).await, 3);
    assert_eq!(
        refused(json!({"stages": [{"success_percent": 101, "error_percent": -1, "percent": 0}]})).await,
        2
    );
    assert_eq!(refused(json!({"stages": [{"success_percent": 1, "error_percent": 1}]})).await, 1);
    let unknown = json!({"stages": [{"device_ids": [uuid::Uuid::nil(), uuid::Uuid::max()], "success_percent": 1, "error_percent": 1}]});
    assert_eq!(refused(unknown).await, 2);
    let nobody =
        json!({"stages": [{"group_ids": [uuid::Uuid::nil()], "success_percent": 1, "error_percent": 1}]});
    assert_eq!(refused(nobody).await, 1);
    let lost = json!({"name": "R", "version_id": uuid::Uuid::nil(), "stages": [stage(&buoys)]});
    field.refused("/api/v1/firmware/rollouts", &lost, 404).await;
    field.refused(&path(&uuid::Uuid::nil().to_string()), &json!({}), 404).await;
    field.close().await;
}

async fn busy_devices_are_left_out_in_words(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let old = field.version("v1", &small_tree("one")).await;
    let new = field.version("v2", &small_tree("two")).await;
    let mut buoys = field.buoys(3).await;
    field.job(buoys[0].1, &new).await;
    buoys[0].0.upgrade().await.unwrap();
    field.job(buoys[1].1, &old).await;
    let body = json!({"name": "R", "version_id": new, "stages": [stage(&buoys)], "dry_run": true});
    let plan = field.done("/api/v1/firmware/rollouts", &body).await;
    assert_eq!(plan["devices"], 1);
    assert!(plan["warnings"].as_array().unwrap().contains(&json!("2 devices would be left out now.")));
    let back = json!({"name": "R", "version_id": old, "stages": [stage(&buoys[..1])], "dry_run": true});
    let warning = format!("{} has a version with a later commit: this would take it back.", buoys[0].0.iam);
    assert_eq!(field.done("/api/v1/firmware/rollouts", &back).await["warnings"][0], json!(warning));
    let id = make(&field, &new, json!([stage(&buoys)])).await;
    start(&field, &id).await;
    field.until_rollout(&id, |rollout| counts(rollout, 0) == [0, 1, 0, 0, 2]).await;
    let of = targets(&field, &id).await;
    assert_eq!(of[&buoys[0].0.iam].1, "It has this version already.");
    assert_eq!(of[&buoys[1].0.iam].1, "It was busy with upgrade 2 when its turn came.");
    upgrade_all(&mut buoys[2..]).await;
    field.until_rollout(&id, |rollout| rollout["state"] == "finished").await;
    field.close().await;
}

async fn a_share_is_of_those_that_need_it(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let version = field.version("v1", &small_tree("one")).await;
    let mut buoys = field.buoys(6).await;
    // The first two by name.
    for (buoy, id) in &mut buoys[..2] {
        field.job(*id, &version).await;
        buoy.upgrade().await.unwrap();
    }
    let share = |percent: u32| json!({"percent": percent, "success_percent": 100, "error_percent": 10});
    let stages = json!([share(25), share(100)]);
    let body = json!({"name": "R", "version_id": version, "stages": stages, "dry_run": true});
    let plan = field.done("/api/v1/firmware/rollouts", &body).await;
    let names = |stage: usize| -> Vec<&str> {
        let devices = plan["stages"][stage]["devices"].as_array().unwrap();
        devices.iter().map(|one| one["device"]["name"].as_str().unwrap()).collect()
    };
    assert_eq!((names(0), names(1)), (vec!["PK003"], vec!["PK004", "PK005", "PK006"]));
    for (buoy, id) in &mut buoys[2..] {
        field.job(*id, &version).await;
        buoy.upgrade().await.unwrap();
    }
    let problem = field.refused("/api/v1/firmware/rollouts", &body, 422).await;
    assert_eq!(
        problem["errors"][0]["message"].as_str().or(problem["errors"][0].as_str()).unwrap(),
        "No device would take part: there is none, or all have the version already."
    );
    field.close().await;
}

async fn a_stage_that_nobody_tried_lets_no_other_begin(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let version = field.version("v1", &small_tree("one")).await;
    let mut buoys = field.buoys(3).await;
    field.job(buoys[0].1, &version).await;
    buoys[0].0.upgrade().await.unwrap();
    let stages = json!([stage(&buoys[..1]), stage(&buoys[1..])]);
    let body = json!({"name": "R", "version_id": version, "stages": stages, "dry_run": true});
    let plan = field.done("/api/v1/firmware/rollouts", &body).await;
    let warning = "All devices of stage 1 would be left out now: the roll-out would stop after it.";
    assert!(plan["warnings"].as_array().unwrap().contains(&json!(warning)), "{plan:#}");
    let id = make(&field, &version, stages).await;
    // It may have stopped by the time of the answer.
    act(&field, &id, "start").await;
    let stopped = field.until_rollout(&id, |rollout| rollout["state"] != "running").await;
    assert_eq!((&stopped["state"], counts(&stopped, 1)), (&json!("stopped"), [2, 0, 0, 0, 0]));
    assert!(stopped["cause"].as_str().unwrap().starts_with("Stage 1 is over and nobody took part"));
    act(&field, &id, "resume").await;
    field.until_rollout(&id, |rollout| counts(rollout, 1)[1] == 2).await;
    upgrade_all(&mut buoys[1..]).await;
    field.until_rollout(&id, |rollout| rollout["state"] == "finished").await;
    field.close().await;
}

async fn a_broken_one_stops_no_other(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let version = field.version("v1", &small_tree("one")).await;
    let mut buoys = field.buoys(2).await;
    let broken = make(&field, &version, json!([stage(&buoys[..1])])).await;
    let whole = make(&field, &version, json!([stage(&buoys[1..])])).await;
    start(&field, &broken).await;
    field.until_rollout(&broken, |rollout| counts(rollout, 0)[1] == 1).await;
    let id: RolloutId = broken.parse().unwrap();
    let spoil = move |tx: &mut fairlead_store::Tx<'_>| {
        let (mut stage, _) = rollouts::stages(tx, id)?.remove(0);
        stage.state = "nonsense".to_owned();
        rollouts::put_stage(tx, &stage)
    };
    field.system.store.write(spoil).await.unwrap();
    start(&field, &whole).await;
    field.until_rollout(&whole, |rollout| counts(rollout, 0)[1] == 1).await;
    // What is offered and not begun is taken back.
    act(&field, &whole, "pause").await;
    field.until_rollout(&whole, |rollout| counts(rollout, 0) == [1, 0, 0, 0, 0]).await;
    act(&field, &whole, "resume").await;
    field.until_rollout(&whole, |rollout| counts(rollout, 0)[1] == 1).await;
    upgrade_all(&mut buoys[1..]).await;
    field.until_rollout(&whole, |rollout| rollout["state"] == "finished").await;
    field.close().await;
}

async fn who_was_done_too_late_is_taken_back_as_well(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let old = field.version("v1", &small_tree("one")).await;
    let new = field.version("v2", &small_tree("two")).await;
    let mut buoys = field.buoys(2).await;
    for (buoy, id) in &mut buoys {
        field.job(*id, &old).await;
        buoy.upgrade().await.unwrap();
    }
    let all = json!([{"device_ids": ids(&buoys), "success_percent": 100, "error_percent": 100}]);
    let id = make(&field, &new, all).await;
    start(&field, &id).await;
    field.until_rollout(&id, |rollout| counts(rollout, 0)[1] == 2).await;
    upgrade_all(&mut buoys[..1]).await;
    let number = buoys[1].0.begin(3).await;
    let job = job_of(&field, buoys[1].1).await;
    let job_path = format!("/api/v1/firmware/jobs/{job}");
    field.system.until("firmware", &job_path, |job| job["files_done"] == 3).await;
    let back = format!("{}/roll-back", path(&id));
    let busy = field.refused(&back, &json!({}), 409).await;
    assert_eq!(
        busy["detail"],
        "1 device is still fetching this version. Wait until that is done, or cancel it."
    );
    field.system.hand.advance(hours(3));
    field.until_job(&job, "timed_out").await;
    buoys[1].0.ask(json!({"cmd": "complete", "job_id": number, "status": true})).await.unwrap();
    assert_eq!(field.seen(buoys[1].1).await, Some(new));
    field.until_rollout(&id, |rollout| rollout["state"] != "running").await;
    let made = field.done(&back, &json!({})).await;
    assert_eq!((&made["left_out"], &made["rollouts"][0]["stages"][0]["devices"]), (&json!([]), &json!(2)));
    field.close().await;
}
