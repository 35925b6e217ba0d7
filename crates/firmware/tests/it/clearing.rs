//! Devices that did not finish a version, or wait for one that ends: with the real client's habits.

use std::collections::BTreeMap;
use std::time::Duration;

use fairlead_model::DeviceId;
use fairlead_model::device::DeviceKind;
use fairlead_simulator::satellite::bench::{Ended, Flash, Habits, Trouble, UpgradeClient};
use fairlead_testkit::{Backend, PATIENCE, on_both_backends};
use serde_json::json;

use crate::field::{Field, Tree, small_tree};

on_both_backends!(
    what_was_left_of_one_version_is_not_mixed_with_another,
    who_had_nothing_to_fetch_meanwhile_is_not_asked_twice,
    whoever_waits_for_what_has_ended_is_let_go,
);

fn client(field: &Field, name: &str) -> UpgradeClient {
    let server = format!("http://{}/v1", field.server());
    UpgradeClient::new(&server, DeviceKind::Buoy, name, 7).unwrap().with_habits(Habits::HURRIED)
}

/// Tries once; a client that waits for ever fails the test.
async fn run(client: &mut UpgradeClient, flash: &mut Flash) -> Ended {
    tokio::time::timeout(PATIENCE, client.run(flash))
        .await
        .unwrap_or_else(|_| panic!("the client waits for ever"))
}

fn on(flash: &Flash) -> Tree {
    let files: BTreeMap<String, Vec<u8>> = flash
        .files()
        .iter()
        .map(|(path, content)| (path.trim_start_matches("./").to_owned(), content.to_vec()))
        .collect();
    files
}

fn first_tree() -> Tree {
    let mut tree = small_tree("one");
    tree.insert("old/only_here.py".to_owned(), b"print('old')".to_vec());
    tree
}

/// A device that fetched all of a version, and failed with its last file. Its job is cancelled.
async fn broken_off(field: &Field, version: &str) -> (String, DeviceId, Flash) {
    let (name, id) = field.register(DeviceKind::Buoy).await;
    let job = field.job(id, version).await;
    let mut flash = Flash::default();
    let mut broken = client(field, &name).with_trouble(Trouble::BrokenFlash { after: 3 });
    assert_eq!(run(&mut broken, &mut flash).await, Ended::Raised("File didn't hash".to_owned()));
    assert!(flash.fresh().unwrap().contains_key("./old/only_here.py"));
    field
        .done(&format!("/api/v1/firmware/jobs/{job}/cancel"), &json!({"reason": "it drains the battery"}))
        .await;
    (name, id, flash)
}

async fn what_was_left_of_one_version_is_not_mixed_with_another(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let first = field.version("v1", &first_tree()).await;
    let second = field.version("v2", &small_tree("two")).await;
    let (name, id, mut flash) = broken_off(&field, &first).await;
    let wanted = json!({"device_id": id, "version_id": second, "call_device": true});
    let job = field.done("/api/v1/firmware/jobs", &wanted).await["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/firmware/jobs/{job}");
    let called = async || field.jobs().await[0].called_at.map(|at| at.0);
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while called().await.is_none() {
        assert!(tokio::time::Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut client = client(&field, &name);
    assert_eq!(run(&mut client, &mut flash).await, Ended::Nothing);
    assert!(flash.fresh().is_none());
    let told = field.get(&path).await;
    assert!(
        told["cause"].as_str().unwrap().starts_with("The device holds files of refs/tags/v1"),
        "{told:#}"
    );
    assert_eq!(told["state"], "ready");
    // It is called again as soon as it may be on its line, not after five minutes.
    let first_call = called().await.unwrap();
    field.system.hand.advance(Duration::from_secs(61));
    while called().await.unwrap() < field.system.clock.now().micros() {
        assert!(tokio::time::Instant::now() < deadline, "{first_call}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(run(&mut client, &mut flash).await, Ended::Upgraded);
    assert_eq!(on(&flash), small_tree("two"));
    assert_eq!(field.until_job(&job, "succeeded").await["cause"], json!(null));
    // The same version again needs nothing of the kind.
    let again = field.job(id, &second).await;
    let mut broken = client.clone().with_trouble(Trouble::BrokenFlash { after: 1 });
    assert!(matches!(run(&mut broken, &mut flash).await, Ended::Raised(_)));
    assert_eq!(run(&mut client, &mut flash).await, Ended::Upgraded);
    field.until_job(&again, "succeeded").await;
    field.close().await;
}

async fn who_had_nothing_to_fetch_meanwhile_is_not_asked_twice(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let first = field.version("v1", &first_tree()).await;
    let second = field.version("v2", &small_tree("two")).await;
    let (name, id, mut flash) = broken_off(&field, &first).await;
    let mut client = client(&field, &name);
    assert_eq!(run(&mut client, &mut flash).await, Ended::Nothing);
    let job = field.job(id, &second).await;
    assert_eq!(run(&mut client, &mut flash).await, Ended::Upgraded);
    assert_eq!(on(&flash), small_tree("two"));
    field.until_job(&job, "succeeded").await;
    field.close().await;
}

async fn whoever_waits_for_what_has_ended_is_let_go(backend: Backend) {
    let field = Field::open(backend, &[]).await;
    let ready = field.version("v1", &small_tree("one")).await;
    let waiting = field.waiting(&ready).await;
    let cancel = async |job: &str| {
        field.done(&format!("/api/v1/firmware/jobs/{job}/cancel"), &json!({"reason": "no"})).await
    };

    let (mut buoy, id) = field.buoys(1).await.remove(0);
    let job = field.job(id, &waiting).await;
    let mut client = client(&field, &buoy.iam);
    let mut flash = Flash::default();
    let path = format!("/api/v1/firmware/jobs/{job}");
    let let_go = async {
        field.system.until("firmware", &path, |job| job["heard_at"].is_string()).await;
        cancel(&job).await;
    };
    let (ended, ()) = tokio::join!(run(&mut client, &mut flash), let_go);
    assert!(matches!(ended, Ended::Raised(_)), "{ended:?}");

    // Where there is another one by then, it is told of that.
    let job = field.job(id, &waiting).await;
    let (number, status) = buoy.check().await;
    assert_eq!(status, 0);
    cancel(&job).await;
    let other = field.job(id, &ready).await;
    let asked = json!({"cmd": "status", "job_id": number});
    assert_eq!(buoy.ask(asked).await.unwrap(), json!({"job_id": number + 1, "status": 2}));
    buoy.upgrade().await.unwrap();
    field.until_job(&other, "succeeded").await;
    field.hide(false);
    field.close().await;
}
