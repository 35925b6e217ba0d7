//! A test push goes the whole way: out by the public address, in at the door, through the tracker, into the list.

use std::process::Command;

use fairlead_console::Console;
use fairlead_intake::Intake;
use fairlead_model::Imei;
use fairlead_runtime::Host;
use fairlead_testkit::{Backend, System};
use fairlead_tracker::Tracker;
use serde_json::{Value, json};

use crate::process::{Service, binary};

fairlead_testkit::on_both_backends!(a_test_push_arrives_in_the_list, a_new_installation_says_what_it_needs);

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

#[tokio::test(flavor = "multi_thread")]
async fn a_test_push_goes_past_a_proxy_that_the_environment_names() {
    let folder = tempfile::tempdir().unwrap();
    let set = [format!("data.dir={}", folder.path().display()), "log.filter=error".to_owned()];
    let service = Service::new("fairlead", "http.listen", &set);
    let mut fairlead =
        service.with("HTTP_PROXY", "http://127.0.0.1:1").with("no_proxy", "").with("NO_PROXY", "");
    fairlead.start().await;
    let token = Command::new(binary("fairlead"))
        .args(["--set", &set[0], "token", "create", "--name", "t", "--role", "admin"])
        .output()
        .unwrap();
    let token = String::from_utf8(token.stdout).unwrap();
    let request = reqwest::Client::new().post(format!("{}/api/v1/first-run/test", fairlead.url()));
    let made: Value = request.bearer_auth(token.trim()).send().await.unwrap().json().await.unwrap();
    assert_eq!(made["status"], 200, "{made}");
}

async fn a_new_installation_says_what_it_needs(backend: Backend) {
    let services: Vec<Box<dyn fairlead_runtime::Hosted>> = vec![
        Box::new(Host::<Intake>::new()),
        Box::new(Host::<Tracker>::new()),
        Box::new(Host::<Console>::new()),
    ];
    let set = ["console.print_link=false", "intake.rockblock.secret_path=a-secret-of-some-length"];
    let system = System::start(backend, services, &set).await;
    let path = "/api/v1/first-run";
    let told = system.until("console", path, |first_run| first_run["require_trust"] == "unsigned").await;
    assert_eq!((&told["done"], &told["has_secret_path"]), (&json!(false), &json!(true)));
    assert!(told["webhook_url"].as_str().unwrap().ends_with("/rockblock/incoming/…"), "{told}");
    assert_eq!((&told["last_push"], &told["last_refusal"]), (&Value::Null, &Value::Null));

    let door = system.url("intake", "/rockblock/incoming/a-secret-of-some-length");
    let push = async |body: &'static str| {
        let request = system.client.post(&door).header("Content-Type", "application/x-www-form-urlencoded");
        request.body(body).send().await.unwrap().status().as_u16()
    };
    assert_eq!(push("momsn=1&data=41").await, 400);
    let told = system.until("console", path, |first_run| !first_run["last_refusal"].is_null()).await;
    assert_eq!(told["last_refusal"]["status"], 400, "{told}");

    let body = "imei=300434063836590&momsn=1&transmit_time=26-06-01%2012:00:00&data=504b3030313b6c61743a";
    assert_eq!(push(body).await, 200);
    let told = system.until("console", path, |first_run| first_run["done"] == true).await;
    assert_eq!(told["last_push"]["imei"], "300434063836590");
    assert_eq!(told["last_push"]["trust"], "secret_path");
    system.stop().await;
}
