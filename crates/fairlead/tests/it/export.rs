//! What is exported while the server runs, as a spreadsheet, a script and a map would read it.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::process::{Service, binary, until};

const BUOY: &str = "300434063836590";
const OTHER: &str = "300434063836591";

fn export(folder: &Path, arguments: &[&str]) -> Output {
    let data = format!("data.dir={}", folder.display());
    let mut command = Command::new(binary("fairlead"));
    command.args(["--set", &data, "export"]).args(arguments).current_dir(folder);
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn complaint(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A server that has understood two fixes on either side of the antimeridian and a text that cannot be read, and one
/// fix of another buoy.
async fn server(folder: &Path) -> Service {
    let settings = [format!("data.dir={}", folder.display()), "log.filter=error".to_owned()];
    let mut server = Service::new("fairlead", "http.listen", &settings);
    server.start().await;
    let fix = |hour: u32, lon: &str, side: &str| {
        format!("PK101;lat:1000.0000,NS:S,lon:{lon},EW:{side},utc:{hour:02}0000,batt:3.7,int:60,sl:0,st:0")
    };
    let texts = [
        (BUOY, 1, 10, fix(10, "17900.0000", "E")),
        (BUOY, 2, 11, fix(11, "17900.0000", "W")),
        (BUOY, 3, 12, "=nothing; \"quoted\", that reads".to_owned()),
        (OTHER, 1, 10, fix(10, "12216.5280", "W")),
    ];
    for (imei, momsn, hour, text) in texts {
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        let time = format!("26-06-01+{hour}%3A00%3A00");
        let push = reqwest::Client::new()
            .post(format!("{}/rockblock/incoming", server.url()))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(format!("imei={imei}&momsn={momsn}&transmit_time={time}&data={hex}"));
        assert_eq!(push.send().await.unwrap().status(), 200);
    }
    until("all is understood", || async {
        let lines = String::from_utf8(export(folder, &["messages"]).stdout).unwrap();
        lines.matches(",decoded,").count() == 3 && lines.matches(",problem,").count() == 1
    })
    .await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn what_devices_told_is_exported_while_the_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let _server = server(folder.path()).await;

    let table = said(&export(folder.path(), &["positions", "--modem", BUOY]));
    let mut rows = csv::Reader::from_reader(table.as_bytes());
    let heads = rows.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    let column = |name: &str| heads.iter().position(|head| head == name).unwrap();
    let cells = |name: &str| rows.iter().map(|row| &row[column(name)]).collect::<Vec<_>>();
    assert_eq!(cells("time"), ["2026-06-01T10:00:00Z", "2026-06-01T11:00:00Z"]);
    assert_eq!(cells("longitude_deg"), ["179.0", "-179.0"]);
    assert_eq!((cells("imei"), cells("source")), (vec![BUOY; 2], vec!["gps"; 2]));
    assert_eq!((cells("battery_v"), cells("accuracy_m")), (vec!["3.7"; 2], vec![""; 2]));
    assert!(table.ends_with("\r\n"));

    let one = ["positions", "--from", "2026-06-01T11:00:00Z", "--to", "2026-06-02", "--format", "jsonl"];
    let lines = said(&export(folder.path(), &one));
    let line: Value = serde_json::from_str(lines.trim()).unwrap();
    assert_eq!((&line["momsn"], &line["interval_s"]), (&json!(2), &json!(3_600)));

    let all = said(&export(folder.path(), &["messages", "--modem", &format!("{OTHER},{BUOY}")]));
    let rows: Vec<csv::StringRecord> =
        csv::Reader::from_reader(all.as_bytes()).records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 4);
    assert_eq!(rows.last().unwrap().iter().nth(9), Some("=nothing; \"quoted\", that reads"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_map_has_a_line_of_each_modem_and_a_point_for_each_position() {
    let folder = tempfile::tempdir().unwrap();
    let _server = server(folder.path()).await;
    let path = folder.path().join("track.geojson");
    let file = path.to_str().unwrap();
    assert_eq!(said(&export(folder.path(), &["positions", "--format", "geojson", file])), "");
    let map: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let features = map["features"].as_array().unwrap();
    let kinds: Vec<&Value> = features.iter().map(|feature| &feature["geometry"]["type"]).collect();
    assert_eq!(kinds, ["MultiLineString", "Point", "Point", "Point"], "one fix is no line");
    let line = &features[0];
    // The cut is where the straight way crosses.
    let cut = json!([[[179.0, -10.0], [180.0, -10.0]], [[-180.0, -10.0], [-179.0, -10.0]]]);
    assert_eq!(line["geometry"]["coordinates"], cut);
    assert_eq!((&line["properties"]["imei"], &line["properties"]["fixes"]), (&json!(BUOY), &json!(2)));
    assert_eq!(line["properties"]["last_at"], "2026-06-01T11:00:00Z");
    assert_eq!(features[1]["properties"]["battery_v"], 3.7);
    assert_eq!(features[3]["properties"]["imei"], OTHER);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("unfinished")), "{left:?}");
}

#[test]
fn what_cannot_be_exported_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |arguments: &[&str]| complaint(&export(folder.path(), arguments));
    assert!(refused(&["messages", "--format", "geojson"]).contains("a map shows positions"));
    assert!(
        refused(&["positions", "--from", "2026-06-02", "--to", "2026-06-01"]).contains("not before --to")
    );
    assert!(refused(&["positions", "--from", "yesterday"]).contains("a day as 2026-06-01"));
    assert!(refused(&["positions", "--modem", "1"]).contains("15 digits"));
    assert!(refused(&["positions", "--modem", BUOY]).contains(&format!("there is no modem {BUOY}")));
    let empty = said(&export(folder.path(), &["positions"]));
    assert!(empty.starts_with("imei,time,latitude_deg,longitude_deg,source,") && empty.lines().count() == 1);
    let mut command = Command::new(binary("fairlead"));
    command.args(["--set", "data.dir=.", "export", "messages"]).current_dir(folder.path());
    let mut left = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(left.stdout.take());
    let left = left.wait_with_output().unwrap();
    assert!(left.status.success() && left.stderr.is_empty(), "a reader may leave: {left:?}");
}
