//! Mirroring: each way to a repository, what goes wrong on it, and that what was there stays.

use std::sync::atomic::Ordering;

use fairlead_testkit::{Backend, on_both_backends};
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;

use crate::bench::{Bench, texts};
use crate::repository::Repository;
use crate::servers::{HttpServer, git_daemon, sshd};

on_both_backends!(
    what_can_be_chosen_is_listed,
    a_repository_that_is_gone_leaves_what_was_there,
    a_signed_webhook_has_the_repository_fetched,
);

/// `reader:secret`.
const LOGIN: &str = "cmVhZGVyOnNlY3JldA==";

async fn what_can_be_chosen_is_listed(backend: Backend) {
    let repository = Repository::with_firmware();
    repository.git(&["tag", "plain"]);
    repository.git(&["tag", "-a", "-m", "words of the tag", "v1.0"]);
    // A subject that would break a list with any other separator, and a tag of something that is no commit.
    let odd = repository.commit("tab\there; \"quotes\" | ünïcode \u{1b}[31m <b>");
    repository.git(&["tag", "of-a-tree", "HEAD^{tree}"]);
    repository.git(&["branch", "feature/a-b"]);
    for n in 0..5 {
        repository.commit(&format!("Step {n} of the mooring"));
    }
    let bench = Bench::with_mirror(backend, &repository.url(), &[]).await;
    let branches = bench.get("sources/scout/revisions?kind=branch").await;
    let mut names = texts(&branches["items"], "name");
    names.sort();
    assert_eq!(names, ["feature/a-b", "main"]);
    let tags = bench.get("sources/scout/revisions?kind=tag").await;
    let first = repository.git(&["rev-parse", "v1.0^{commit}"]);
    let mut names = texts(&tags["items"], "name");
    names.sort();
    assert_eq!(names, ["plain", "v1.0"], "a tag of a tree is nothing that can be chosen");
    assert!(texts(&tags["items"], "commit").iter().all(|commit| *commit == first));
    assert!(texts(&tags["items"], "subject").iter().all(|subject| subject == "The first firmware"));
    // Pages of commits fit together although the branch grows in between.
    let page = bench.get("sources/scout/revisions?kind=commit&limit=3").await;
    let mut subjects = texts(&page["items"], "subject");
    repository.commit("Came in between");
    bench.fetch().await;
    let cursor = page["next_cursor"].as_str().unwrap().replace(' ', "%20");
    let page = bench.get(&format!("sources/scout/revisions?kind=commit&cursor={cursor}")).await;
    subjects.extend(texts(&page["items"], "subject"));
    assert_eq!(page["next_cursor"], Value::Null);
    assert_eq!(subjects.len(), 7);
    assert_eq!(subjects[0], "Step 4 of the mooring");
    assert_eq!(subjects[5], "tab here; \"quotes\" | ünïcode  [31m <b>");
    assert_eq!(page["items"][0]["author"], "Ada Ünlü");
    // Looked for by words and by id.
    let found = bench.get("sources/scout/revisions?kind=commit&q=step%203").await;
    assert_eq!(texts(&found["items"], "subject"), ["Step 3 of the mooring"]);
    let found = bench.get(&format!("sources/scout/revisions?kind=commit&q={}", &odd[..9])).await;
    assert_eq!(texts(&found["items"], "commit"), std::slice::from_ref(&odd));
    let found = bench.get("sources/scout/revisions?kind=branch&q=FEATURE").await;
    assert_eq!(texts(&found["items"], "name"), ["feature/a-b"]);
    // A version that was made of a commit is named beside it.
    let version = bench.settled(&odd).await;
    let found = bench.get(&format!("sources/scout/revisions?kind=commit&q={odd}")).await;
    assert_eq!(found["items"][0]["version_id"], version["id"]);
    for (path, status) in [
        ("sources/nobody/revisions?kind=tag", 404),
        ("sources/scout/revisions?kind=commit&branch=nothing", 404),
        ("sources/scout/revisions?kind=commit&cursor=--help%201", 400),
        ("sources/scout/revisions?kind=nothing", 400),
    ] {
        let url = bench.system.url("firmware", &format!("/api/v1/firmware/{path}"));
        assert_eq!(bench.system.client.get(url).send().await.unwrap().status(), status, "{path}");
    }
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_that_was_too_large_recovers_when_its_repository_does() {
    let repository = Repository::with_firmware();
    let bench = Bench::with_mirror(Backend::Embedded, &repository.url(), &["max_mb=1"]).await;
    repository.git(&["checkout", "-q", "-b", "large"]);
    // Nothing that could be packed.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    let content: Vec<u8> = (0..3 << 20).map(|_| noise()).collect();
    repository.write("large.bin", &content);
    repository.commit("By mistake");
    let failure = bench.fetch().await["failure"].as_str().unwrap_or_default().to_owned();
    assert!(failure.contains("more than 1 MB"), "{failure}");
    repository.git(&["checkout", "-q", "main"]);
    repository.git(&["branch", "-D", "large"]);
    let after = bench.fetch().await;
    assert_eq!(after["failure"], Value::Null, "{after}");
    assert_eq!(bench.settled("main").await["state"], "ready");
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_that_was_lost_is_not_taken_for_an_empty_repository() {
    let repository = Repository::with_firmware();
    let mut bench = Bench::with_mirror(Backend::Embedded, &repository.url(), &[]).await;
    bench.system.stop_services().await;
    std::fs::remove_dir_all(bench.folder().join("mirrors")).unwrap();
    let away = repository.work().with_extension("away");
    std::fs::rename(repository.work(), &away).unwrap();
    bench.run().await;
    bench.source(|source| source["failure"].is_string()).await;
    let url = bench.system.url("firmware", "/api/v1/firmware/sources/scout/revisions?kind=branch");
    assert_eq!(bench.system.client.get(&url).send().await.unwrap().status(), 503);
    assert_eq!(bench.choose("main").await.0, 503);
    std::fs::rename(&away, repository.work()).unwrap();
    assert_eq!(bench.fetch().await["failure"], Value::Null);
    assert_eq!(bench.settled("main").await["state"], "ready");
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_leads_to_the_repository() {
    let repository = Repository::with_firmware();
    let open = HttpServer::start(repository.home(), None).await;
    let daemon = git_daemon(repository.home()).await;
    for url in [open.url(), format!("git://127.0.0.1:{}/scout", daemon.port), repository.url()] {
        let bench = Bench::with_mirror(Backend::Embedded, &url, &[]).await;
        let version = bench.settled("main").await;
        assert_eq!(version["state"], "ready", "{url}: {version}");
        assert!(bench.source(|_| true).await["bytes"].as_i64().unwrap() > 1_000);
        bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_open_a_shut_repository_and_wrong_ones_are_named_and_kept() {
    let repository = Repository::with_firmware();
    let shut = HttpServer::start(repository.home(), Some(LOGIN)).await;
    let file = repository.home().join("credentials");
    let set = format!("credentials={}", file.display());
    let write =
        |secret: &str| std::fs::write(&file, format!("http://reader:{secret}@{}\n", shut.address)).unwrap();
    write("wrong");
    let bench = Bench::open(Backend::Embedded, &shut.url(), &[&set]).await;
    let source = bench.source(|source| source["failure"].is_string()).await;
    let failure = source["failure"].as_str().unwrap();
    assert!(failure.starts_with("The server refuses these credentials"), "{failure}");
    assert!(!failure.contains("wrong"), "{failure}");
    // git would have removed them: they are the operator's.
    assert!(std::fs::read_to_string(&file).unwrap().contains("reader:wrong"));
    let url = bench.system.url("firmware", "/api/v1/firmware/sources/scout/revisions?kind=branch");
    let response = bench.system.client.get(url).send().await.unwrap();
    assert_eq!(response.status(), 503);
    assert!(response.text().await.unwrap().contains("refuses these credentials"));
    let health = bench.system.get("firmware", "/health/ready").await;
    assert!(health.to_string().contains("firmware mirrors"), "{health}");
    write("secret");
    let source = bench.fetch().await;
    assert_eq!(source["failure"], Value::Null, "{source}");
    assert_eq!(bench.settled("main").await["state"], "ready");
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ssh_believes_the_first_host_key_and_no_other() {
    let repository = Repository::with_firmware();
    let public = repository.ssh_key("reader");
    for name in ["host", "other_host"] {
        repository.ssh_key(name);
    }
    let Some(first) = sshd(&public, &repository.home().join("host")).await else { return };
    let user = String::from_utf8(repository.command("id").arg("-un").output().unwrap().stdout).unwrap();
    let address =
        |port: u16| format!("ssh://{}@127.0.0.1:{port}{}", user.trim(), repository.work().display());
    let key = format!("ssh_key={}", repository.home().join("reader").display());
    let bench = Bench::with_mirror(Backend::Embedded, &address(first.port), &[&key]).await;
    assert_eq!(bench.settled("main").await["state"], "ready");
    // The same address with another key: what is known of it is written as for this port.
    let known = bench.folder().join("known_hosts");
    let other = std::fs::read_to_string(repository.home().join("other_host.pub")).unwrap();
    std::fs::write(&known, format!("[127.0.0.1]:{} {other}", first.port)).unwrap();
    let source = bench.fetch().await;
    let failure = source["failure"].as_str().unwrap();
    assert!(failure.starts_with("The server shows another host key"), "{failure}");
    bench.close().await;
    // Without the key that it knows, the server lets nobody in.
    let stranger = format!("ssh_key={}", repository.home().join("host").display());
    let bench = Bench::open(Backend::Embedded, &address(first.port), &[&stranger]).await;
    let source = bench.source(|source| source["failure"].is_string()).await;
    let failure = source["failure"].as_str().unwrap();
    assert!(failure.starts_with("The server refuses these credentials"), "{failure}");
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_in_words() {
    let repository = Repository::with_firmware();
    let server = HttpServer::start(repository.home(), None).await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (url, words) in [
        (format!("http://{}/nothing", server.address), "There is no such repository"),
        (format!("http://{nobody}/scout"), "The server cannot be reached"),
        ("http://host.invalid/scout".to_owned(), "The server's name cannot be resolved"),
        ("file:///nonexistent/scout".to_owned(), "There is no such repository"),
    ] {
        let bench = Bench::open(Backend::Embedded, &url, &[]).await;
        let source = bench.source(|source| source["failure"].is_string()).await;
        let failure = source["failure"].as_str().unwrap();
        assert!(failure.starts_with(words), "{url}: {failure}");
        bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_keeps_within_its_bound_and_leaves_nothing_half_made() {
    let repository = Repository::with_firmware();
    let noise: Vec<u8> = {
        let mut state = 88_172_645_463_325_252_u64;
        let mut next = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()
        };
        (0..400_000).flat_map(|_| next()).collect()
    };
    repository.write("large.bin", &noise);
    repository.commit("Too much");
    let bench = Bench::open(Backend::Embedded, &repository.url(), &["max_mb=1"]).await;
    let source = bench.source(|source| source["failure"].is_string()).await;
    let failure = source["failure"].as_str().unwrap();
    assert!(failure.starts_with("The mirror takes more than 1 MB"), "{failure}");
    let objects = bench.folder().join("mirrors/scout.git/objects/pack");
    let left = std::fs::read_dir(objects).unwrap().flatten();
    assert!(left.map(|entry| entry.file_name()).all(|name| !name.to_string_lossy().starts_with("tmp_")));
    bench.close().await;
}

async fn a_repository_that_is_gone_leaves_what_was_there(backend: Backend) {
    let repository = Repository::with_firmware();
    let server = HttpServer::start(repository.home(), None).await;
    let bench = Bench::with_mirror(backend, &server.url(), &[]).await;
    let before = bench.settled("main").await;
    server.gone.store(true, Ordering::SeqCst);
    let source = bench.fetch().await;
    let failure = source["failure"].as_str().unwrap();
    assert!(failure.starts_with("There is no such repository"), "{failure}");
    assert!(source["fetched_at"].is_string(), "{source}");
    // What was mirrored can still be listed, and chosen.
    let commits = bench.get("sources/scout/revisions?kind=commit").await;
    assert_eq!(commits["items"][0]["commit"], before["commit"]);
    assert_eq!(bench.choose("main").await.0, 200);
    server.gone.store(false, Ordering::SeqCst);
    assert_eq!(bench.fetch().await["failure"], Value::Null);
    bench.close().await;
}

async fn a_signed_webhook_has_the_repository_fetched(backend: Backend) {
    let repository = Repository::with_firmware();
    let bench =
        Bench::with_mirror(backend, &repository.url(), &["webhook_secret=hook", "interval_s=86400"]).await;
    let new = repository.commit("Pushed just now");
    let url = bench.system.url("firmware", "/api/v1/firmware/hooks/scout");
    let body = r#"{"ref":"refs/heads/main"}"#;
    let mut mac = Hmac::<Sha256>::new_from_slice(b"hook").unwrap();
    mac.update(body.as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    // Whoever pushes has no session.
    let stranger = reqwest::Client::new();
    let push =
        |header: &'static str, value: String| stranger.post(&url).header(header, value).body(body).send();
    assert_eq!(
        push("X-Hub-Signature-256", format!("sha256={}", "0".repeat(64))).await.unwrap().status(),
        403
    );
    assert_eq!(push("X-Other", String::new()).await.unwrap().status(), 403);
    let other = url.replace("scout", "nobody");
    assert_eq!(stranger.post(&other).body(body).send().await.unwrap().status(), 404);
    assert_eq!(push("X-Hub-Signature-256", format!("sha256={signature}")).await.unwrap().status(), 202);
    let path = "/api/v1/firmware/sources/scout/revisions?kind=branch";
    bench.system.until("firmware", path, |list| list["items"][0]["commit"] == new).await;
    bench.close().await;
}
