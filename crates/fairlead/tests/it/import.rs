//! After a long outage: a gap shows, and a file exported from the provider's pages closes it while the server runs.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::process::{Service, binary, until};

const IMEI: &str = "300434063836590";

fn fairlead(folder: &Path, arguments: &[&str]) -> Output {
    let data = format!("data.dir={}", folder.display());
    let mut command = Command::new(binary("fairlead"));
    command.args(["--set", &data]).args(arguments).current_dir(folder);
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn fix(minute: u32) -> String {
    hex(&format!(
        "PK101;lat:1000.0000,NS:N,lon:12216.5280,EW:W,utc:10{minute:02}00,batt:3.7,int:10,sl:0,st:0"
    ))
}

async fn missing(server: &Service, token: &str) -> Option<i64> {
    let answer = reqwest::Client::new().get(format!("{}/api/v1/modems", server.url())).bearer_auth(token);
    let modems: Value = answer.send().await.ok()?.json().await.ok()?;
    modems["items"][0]["missing"].as_i64()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exported_file_closes_the_gap_of_an_outage() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [format!("data.dir={}", folder.path().display()), "log.filter=error".to_owned()];
    let mut server = Service::new("fairlead", "http.listen", &settings);
    server.start().await;
    let token = said(&fairlead(folder.path(), &["token", "create", "--name", "test"]));
    let token = token.trim();
    for (momsn, minute) in [(5, 0), (9, 40)] {
        let form = format!(
            "imei={IMEI}&serial=204514&momsn={momsn}&transmit_time=26-06-01+10%3A{minute:02}%3A30&data={}",
            fix(minute)
        );
        let push = reqwest::Client::new()
            .post(format!("{}/rockblock/incoming", server.url()))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form);
        assert_eq!(push.send().await.unwrap().status(), 200);
    }
    until("the gap shows", || async { missing(&server, token).await == Some(3) }).await;

    let mut table =
        "Date Time (UTC),Device,Direction,Payload,Approx Lat/Lng,Payload (Text),Length (Bytes),Credits\n"
            .to_owned();
    for minute in [40, 30, 20, 10, 0] {
        table +=
            &format!("01/Jun/2026 10:{minute:02}:30,RockBLOCK 204514,MO,{},\"10,-122\",,,2\n", fix(minute));
    }
    table += "some day,RockBLOCK 204514,MO,00,,,,1\n";
    std::fs::write(folder.path().join("export.csv"), &table).unwrap();
    let dry = fairlead(folder.path(), &["import", "rockblock", "export.csv", "--dry-run"]);
    assert!(
        said(&dry).starts_with("6 rows: 3 messages would be new; nothing was changed."),
        "{}",
        said(&dry)
    );

    let done = fairlead(folder.path(), &["import", "rockblock", "export.csv"]);
    assert_eq!(
        said(&done),
        "6 rows: 3 messages are new.\n2 were here already.\n\
         3 of the new ones were given the numbers that were missing there.\n1 rows were not understood.\n"
    );
    let complaint = String::from_utf8(done.stderr.clone()).unwrap();
    assert!(complaint.contains("Row 6: Its time is `some day`, not a UTC time like"), "{complaint}");
    assert!(!done.status.success(), "a row was not understood");
    until("the gap is closed", || async { missing(&server, token).await == Some(0) }).await;

    let again = fairlead(folder.path(), &["import", "rockblock", "export.csv", "--json"]);
    let report: Value = serde_json::from_str(&said(&again)).unwrap();
    assert_eq!((&report["new"], &report["known"]), (&0.into(), &5.into()));
    let nothing = fairlead(folder.path(), &["import", "rockblock", "nothing.csv"]);
    assert!(!nothing.status.success());
    assert!(String::from_utf8(nothing.stderr).unwrap().contains("nothing.csv"));
}
