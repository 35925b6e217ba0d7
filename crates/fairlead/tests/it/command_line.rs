//! What a person types, and what they are told.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use fairlead_store::{Store, audit};

use crate::process::{Service, binary, until};

fn fairlead(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(binary("fairlead"))
        .args(["--set", &format!("data.dir={}", folder.display())])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn complained(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_wrong_setting_names_key_source_and_what_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = fairlead(folder.path(), &["--set", "intake.rockblock.require_trst=signed", "config"]);
    assert!(!wrong.status.success());
    let sentence = complained(&wrong);
    for part in ["`intake.rockblock.require_trst`", "--set", "require_trust"] {
        assert!(sentence.contains(part), "{sentence}");
    }
    let wrong = fairlead(folder.path(), &["--set", "intake.rockblock.require_trust=full", "config"]);
    let sentence = complained(&wrong);
    for part in ["require_trust", "unsigned", "listed_address", "secret_path", "signed"] {
        assert!(sentence.contains(part), "{sentence}");
    }
}

#[test]
fn secrets_do_not_print() {
    let folder = tempfile::tempdir().unwrap();
    let set = ["--set", "store.url=mysql://u:hunter2@h/s", "--set", "intake.rockblock.secret_path=hunter2"];
    for more in [&["config"][..], &["config", "--json"]] {
        let printed = fairlead(folder.path(), &[&set[..], more].concat());
        assert!(printed.status.success(), "{}", complained(&printed));
        assert!(!said(&printed).contains("hunter2") && said(&printed).contains("•••"), "{}", said(&printed));
    }
}

#[test]
fn the_annotated_settings_can_be_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let printed = fairlead(folder.path(), &["config"]);
    let file = folder.path().join("fairlead.toml");
    std::fs::write(
        &file,
        said(&printed).replace("# ", "").lines().filter(|l| is_toml(l)).collect::<Vec<_>>().join("\n"),
    )
    .unwrap();
    let again = fairlead(folder.path(), &["--config", &file.to_string_lossy(), "config", "--json"]);
    assert!(again.status.success(), "{}", complained(&again));
}

/// Sections and `key = value`, not the sentences between them.
fn is_toml(line: &str) -> bool {
    let is_key = |name: &str| {
        !name.is_empty()
            && name.chars().all(|c| c.is_ascii_lowercase() || "_.".contains(c) || c.is_ascii_digit())
    };
    line.starts_with('[') || line.split_once(" = ").is_some_and(|(name, _)| is_key(name))
}

#[test]
fn a_token_is_printed_alone_listed_without_its_secret_and_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let made = fairlead(folder.path(), &["token", "create", "--name", "script", "--role", "admin"]);
    let token = said(&made);
    assert!(token.starts_with("fl_") && token.trim().len() == 67 && token.lines().count() == 1, "{token}");
    let listed = said(&fairlead(folder.path(), &["token", "list", "--json"]));
    assert!(listed.contains("script") && !listed.contains(token.trim()), "{listed}");
    assert!(fairlead(folder.path(), &["token", "revoke", "--name", "script"]).status.success());
    let again = fairlead(folder.path(), &["token", "revoke", "--name", "script"]);
    assert!(complained(&again).contains("no token called `script`"));
}

#[test]
fn a_link_names_the_address_under_which_the_server_is_reached() {
    let folder = tempfile::tempdir().unwrap();
    let listen = ["--set", "http.listen=127.0.0.1:8443"];
    let tls = ["--set", "http.tls.cert=cert.pem", "--set", "http.tls.key=key.pem"];
    let public = ["--set", "http.public_url=https://fleet.example.org/"];
    let added = fairlead(folder.path(), &[&listen[..], &["user", "add", "ann"]].concat());
    assert!(said(&added).starts_with("http://127.0.0.1:8443/sign-in#"), "{added:?}");
    let linked = fairlead(folder.path(), &[&listen[..], &tls, &["user", "link", "ann"]].concat());
    assert!(said(&linked).starts_with("https://127.0.0.1:8443/sign-in#"), "{linked:?}");
    let linked = fairlead(folder.path(), &[&listen[..], &tls, &public, &["user", "link", "ann"]].concat());
    assert!(said(&linked).starts_with("https://fleet.example.org/sign-in#"), "{linked:?}");
    assert_eq!(said(&linked).lines().count(), 1);
}

#[tokio::test]
async fn the_audit_log_has_what_was_done_and_not_what_was_refused() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &str| fairlead(folder.path(), &arguments.split(' ').collect::<Vec<_>>());
    let add = ["user", "add", "ann", "--role", "admin", "--password-stdin"];
    let mut adding = Command::new(binary("fairlead"))
        .args(["--set", &format!("data.dir={}", folder.path().display())])
        .args(add)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    adding.stdin.take().unwrap().write_all(b"a buoy in the rain").unwrap();
    assert!(adding.wait().unwrap().success());
    for refused in ["user role ann viewer", "user disable ann", "user remove ann"] {
        assert!(complained(&run(refused)).contains("the last administrator"), "{refused}");
    }
    assert!(complained(&run("token revoke --name nobody")).contains("no token called `nobody`"));
    for done in ["user link ann", "user add bob", "user role bob operator", "user remove bob"] {
        assert!(run(done).status.success(), "{done}");
    }
    let url = format!("sqlite:{}", folder.path().join("fairlead.sqlite").display());
    let store = Store::open(url.parse().unwrap()).unwrap();
    let mut log = store.read(|conn| audit::list(conn, None, None, 100)).await.unwrap();
    log.reverse();
    let noted: Vec<_> = log.iter().map(|entry| format!("{} {}", entry.action, entry.subject)).collect();
    let wanted = [
        "person.add person ann",
        "person.link person ann",
        "person.add person bob",
        "person.change person bob",
        "person.remove person bob",
    ];
    assert_eq!(noted, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_folder_is_refused_and_commands_work_beside_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [format!("data.dir={}", folder.path().display()), "log.filter=error".to_owned()];
    let mut first = Service::new("fairlead", "http.listen", &settings);
    first.start().await;
    let second = fairlead(folder.path(), &["--set", "http.listen=127.0.0.1:0", "serve"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(complained(&second).contains("another fairlead serves from"), "{}", complained(&second));
    let busy = tempfile::tempdir().unwrap();
    let port = first.url().replace("http://", "http.listen=");
    let taken = fairlead(busy.path(), &["--set", &port, "serve"]);
    assert!(complained(&taken).contains("is in use by another program"), "{}", complained(&taken));
    let port = first.url().replace("http://", "hub.device_listen=");
    let taken = fairlead(busy.path(), &["--set", "http.listen=127.0.0.1:0", "--set", &port, "serve"]);
    let complaint = complained(&taken);
    assert_eq!(taken.status.code(), Some(1));
    assert!(complaint.contains("hub.device_listen") && complaint.contains("is in use by"), "{complaint}");
    let token = said(&fairlead(folder.path(), &["token", "create", "--name", "t"]));
    let answer = reqwest::Client::new()
        .get(format!("{}/api/v1/modems", first.url()))
        .bearer_auth(token.trim())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let doctor = fairlead(folder.path(), &["doctor"]);
    assert!(said(&doctor).contains("ok  fsync"), "{}", said(&doctor));
}

#[test]
fn the_doctor_says_what_is_not_well_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let data = format!("data.dir={}", folder.path().join("data").display());
    let fresh = fairlead(folder.path(), &["--set", &data, "doctor"]);
    assert!(said(&fresh).contains("Its schema is empty"), "{}", said(&fresh));
    assert!(fairlead(folder.path(), &["--set", &data, "migrate"]).status.success());
    let well = fairlead(folder.path(), &["--set", &data, "doctor"]);
    assert!(well.status.success(), "{}", said(&well));
    let set = [
        ["--set", data.as_str()],
        ["--set", "store.url=mysql://root@db.invalid:1/x"],
        ["--set", "http.listen=0.0.0.0:80"],
        ["--set", "clock.speed=60"],
        ["--set", "intake.rockblock.secret_path=hunter2"],
        ["--set", "courier.rockblock.url=http://127.0.0.1:1/rockblock/MT"],
        ["--set", "courier.rockblock.username=u"],
        ["--set", "courier.rockblock.password=hunter2"],
    ];
    let found = fairlead(folder.path(), &[&set.concat()[..], &["doctor", "--json"]].concat());
    assert_eq!(found.status.code(), Some(1), "{}", complained(&found));
    let checks: Vec<serde_json::Value> = serde_json::from_str(&said(&found)).unwrap();
    let unwell: Vec<_> = checks.iter().filter(|check| check["ok"] == false).collect();
    let names: Vec<_> = unwell.iter().map(|check| check["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["clock", "secrets", "address", "webhook", "provider", "store"], "{checks:#?}");
    assert!(unwell.iter().all(|check| check["advice"].is_string()), "{unwell:#?}");
    assert!(!said(&found).contains("hunter2"), "{}", said(&found));
    let printed = said(&fairlead(folder.path(), &[&set.concat()[..], &["doctor"]].concat()));
    assert!(printed.contains("!!  clock") && printed.contains("\n     do: Remove clock.speed"), "{printed}");
}

#[test]
fn separate_binaries_ask_for_their_servers() {
    let folder = tempfile::tempdir().unwrap();
    let alone = Command::new(binary("fairlead-intake")).current_dir(folder.path()).output().unwrap();
    assert_eq!(alone.status.code(), Some(1));
    assert!(complained(&alone).contains("RabbitMQ and MySQL/MariaDB"), "{}", complained(&alone));
    let mixed = fairlead(folder.path(), &["--set", "bus.url=amqp://127.0.0.1:1/x", "serve"]);
    assert!(complained(&mixed).contains("needs bus.url = \"local:\""), "{}", complained(&mixed));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_running_server_can_be_started() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [format!("data.dir={}", folder.path().display()), "log.filter=error".to_owned()];
    let mut first = Service::new("fairlead", "http.listen", &settings);
    first.start().await;
    for momsn in 0..20 {
        let body = format!("imei=300434063836590&momsn={momsn}&transmit_time=26-11-21+10%3A00%3A00&data=ff");
        let push = reqwest::Client::new()
            .post(format!("{}/rockblock/incoming", first.url()))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(body);
        assert_eq!(push.send().await.unwrap().status(), 200);
    }
    let token = said(&fairlead(folder.path(), &["token", "create", "--name", "t", "--role", "admin"]));
    let client = reqwest::Client::new();
    let endpoint = serde_json::json!({
        "name": "maps", "config": {"kind": "mqtt", "url": "mqtt://127.0.0.1:9"},
        "secrets": {"username": "buoys", "password": "hunter2"},
    });
    let made =
        client.post(format!("{}/api/v1/endpoints", first.url())).bearer_auth(token.trim()).json(&endpoint);
    let made: serde_json::Value = made.send().await.unwrap().json().await.unwrap();
    let test = format!("api/v1/endpoints/{}/test", made["endpoint"]["id"].as_str().unwrap());
    // What was answered 200 is in the journal or in the store, and so it is in the copy.
    let copy = tempfile::tempdir().unwrap();
    let to = copy.path().join("monday");
    let made = fairlead(folder.path(), &["backup", to.to_str().unwrap()]);
    assert!(made.status.success(), "{}", complained(&made));
    let again = fairlead(folder.path(), &["backup", to.to_str().unwrap()]);
    assert!(complained(&again).contains("is not empty: name a new folder"), "{}", complained(&again));
    first.kill();
    let doctor = said(&fairlead(&to, &["doctor"]));
    assert!(doctor.contains("secrets.key seals endpoints' secrets"), "{doctor}");

    let settings = [format!("data.dir={}", to.display()), "log.filter=error".to_owned()];
    let mut restored = Service::new("fairlead", "http.listen", &settings);
    restored.start().await;
    until("all messages are there", || async {
        let request = client.get(format!("{}/api/v1/messages", restored.url())).bearer_auth(token.trim());
        let messages: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
        messages["items"].as_array().is_some_and(|items| items.len() == 20)
    })
    .await;
    // What is sealed opens with the key that was copied, and with no other.
    let test_of =
        |service: &Service| client.post(format!("{}/{test}", service.url())).bearer_auth(token.trim()).send();
    let tried = test_of(&restored).await.unwrap().text().await.unwrap();
    assert!(tried.contains("cannot be reached"), "{tried}");
    restored.kill();
    std::fs::remove_file(to.join("courier/secrets.key")).unwrap();
    let mut without_key = Service::new("fairlead", "http.listen", &settings);
    without_key.start().await;
    let tried = test_of(&without_key).await.unwrap().text().await.unwrap();
    assert!(tried.contains("courier/secrets.key"), "{tried}");
}

#[test]
fn a_backup_says_what_it_does_not_hold() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("copy");
    let mysql = ["--set", "store.url=mysql://u:hunter2@h/s", "backup", to.to_str().unwrap()];
    let made = fairlead(folder.path(), &mysql);
    assert!(said(&made).contains("mariadb-dump") && !said(&made).contains("hunter2"), "{}", said(&made));
    let nothing = fairlead(folder.path(), &["backup", folder.path().join("other").to_str().unwrap()]);
    assert!(complained(&nothing).contains("fairlead.sqlite does not exist"), "{}", complained(&nothing));
}

#[test]
fn shells_and_manuals_know_the_commands() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        assert!(said(&fairlead(folder.path(), &["completions", shell])).contains("backup"), "{shell}");
    }
    let pages = folder.path().join("man");
    assert!(fairlead(folder.path(), &["man", pages.to_str().unwrap()]).status.success());
    assert!(std::fs::read_to_string(pages.join("fairlead-backup.1")).unwrap().contains("store and journal"));
}
