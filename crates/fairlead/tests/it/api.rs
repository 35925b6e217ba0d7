//! The API answers as its description says: Schemathesis asks for everything that it allows, and much that it does not.

use std::process::Command;

use fairlead_model::role::Role;
use fairlead_model::{Clock, Time};
use fairlead_store::{Store, sign_in};

use crate::process::{Service, until};

/// Programs that ask this much find what a person would; more takes longer and finds the same.
const EXAMPLES: &str = "20";
/// Not by chance: a run that fails can be repeated.
const SEED: &str = "1";

#[expect(clippy::disallowed_methods, reason = "the test command says where it was installed")]
fn schemathesis() -> Command {
    Command::new(std::env::var("FAIRLEAD_TEST_SCHEMATHESIS").unwrap_or_else(|_| "schemathesis".to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_as_described() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [
        format!("data.dir={}", folder.path().display()),
        "console.print_link=false".to_owned(),
        "log.filter=off".to_owned(),
    ];
    let mut fairlead = Service::new("fairlead", "http.listen", &settings);
    fairlead.start().await;
    let store: Store =
        Store::open(format!("sqlite:{}/fairlead.sqlite", folder.path().display()).parse().unwrap()).unwrap();
    let token = fairlead_web::auth::fresh_token();
    let secret = token.clone();
    store
        .write(move |tx| {
            sign_in::create_token(tx, &Clock::system(), "a test", Role::Admin, &secret, None::<Time>)
        })
        .await
        .unwrap();
    // Something to be found: three devices, and a problem.
    let client = reqwest::Client::new();
    for (momsn, data) in ["504b3030313b", "ffff", ""].iter().enumerate() {
        let body = format!(
            "imei=30043406383659{momsn}&momsn={momsn}&transmit_time=26-11-21+10%3A00%3A00&data={data}"
        );
        let request = client.post(format!("{}/rockblock/incoming", fairlead.url())).body(body);
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        assert!(request.send().await.unwrap().status().is_success());
    }
    until("the devices are there", || async {
        let modems = client.get(format!("{}/api/v1/modems", fairlead.url())).bearer_auth(&token).send();
        let modems: serde_json::Value = modems.await.unwrap().json().await.unwrap();
        modems["items"].as_array().is_some_and(|items| items.len() == 3)
    })
    .await;
    let mut command = schemathesis();
    command
        .args(["run", &format!("{}/api/openapi.json", fairlead.url())])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        // A websocket.
        .args(["--exclude-path", "/api/v1/live"])
        .args([
            "--checks",
            "not_a_server_error,response_schema_conformance,content_type_conformance,status_code_conformance",
        ])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES, "--seed", SEED])
        .args(["--suppress-health-check", "all", "--no-color"])
        .current_dir(folder.path());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
    let output =
        output.unwrap_or_else(|e| panic!("schemathesis cannot be run ({e}); `cargo xtask test` installs it"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
