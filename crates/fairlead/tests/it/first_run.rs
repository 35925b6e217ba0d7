//! A test push goes the whole way: out by the public address, in at the door, through the tracker, into the list.

use fairlead_intake::Intake;
use fairlead_model::Imei;
use fairlead_runtime::Host;
use fairlead_testkit::{Backend, System};
use fairlead_tracker::Tracker;
use serde_json::{Value, json};

fairlead_testkit::on_both_backends!(a_test_push_arrives_in_the_list);

async fn a_test_push_arrives_in_the_list(backend: Backend) {
    let services = || -> Vec<Box<dyn fairlead_runtime::Hosted>> {
        vec![Box::new(Host::<Intake>::new()), Box::new(Host::<Tracker>::new())]
    };
    let system = System::start(backend, services(), &[]).await;
    let url = system.url("intake", "/api/v1/first-run/test");
    let made: Value = system.client.post(url).send().await.unwrap().json().await.unwrap();
    assert_eq!(made["status"], 200, "{made}");
    let understood = |page: &Value| page["items"][0]["state"] == "decoded";
    let messages = system.until("tracker", "/api/v1/messages", understood).await;
    let message = &messages["items"][0];
    assert_eq!((&message["imei"], &message["trust"]), (&json!(Imei::TEST), &json!("unsigned")));
    assert_eq!(message["summary"], "Test push: it arrived.");
    for path in ["/api/v1/modems", "/api/v1/problems"] {
        assert_eq!(system.get("tracker", path).await["items"], json!([]), "{path}");
    }
    system.stop().await;
}
