//! Versions: chosen, prepared, refused, taken off the disk; and what restarts and other people's pushes do to them.

use fairlead_model::VersionId;
use fairlead_model::firmware::{SignatureState, VersionState};
use fairlead_model::role::Role;
use fairlead_store::Micros;
use fairlead_store::firmware::versions::{self, VersionRow};
use fairlead_testkit::{Backend, on_both_backends};
use serde_json::{Value, json};

use crate::bench::{Bench, texts};
use crate::repository::Repository;

on_both_backends!(
    a_version_is_chosen_by_branch_tag_or_commit_and_stays_what_it_was,
    what_devices_cannot_take_is_refused_in_words,
    a_force_push_changes_no_version,
    a_restart_goes_on_with_what_was_being_prepared,
    a_removed_version_is_prepared_again_when_it_is_chosen,
    changed_files_are_counted,
);

async fn a_version_is_chosen_by_branch_tag_or_commit_and_stays_what_it_was(backend: Backend) {
    let repository = Repository::with_firmware();
    repository.git(&["tag", "-a", "-m", "release", "v1"]);
    let first = repository.git(&["rev-parse", "HEAD"]);
    let bench = Bench::with_mirror(backend, &repository.url(), &[]).await;
    let (status, chosen) = bench.choose("main").await;
    assert_eq!((status, &chosen["commit"], &chosen["asked_by"]), (201, &json!(first), &json!("test")));
    let id = chosen["id"].as_str().unwrap();
    let version = bench.until_settled(id).await;
    assert_eq!(
        (&version["state"], &version["files"], &version["bytes"]),
        (&json!("ready"), &json!(4), &json!(34))
    );
    assert_eq!((&version["signature"], &version["cause"]), (&json!("unsigned"), &Value::Null));
    assert_eq!(bench.paths(id).await, [".gitignore", "apps/__init__.py", "apps/buoy/a.py", "main.py"]);
    let page = bench.get(&format!("versions/{id}/files?limit=2")).await;
    let empty = &page["items"][1];
    assert_eq!(empty["sha1"], "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    let rest =
        bench.get(&format!("versions/{id}/files?cursor={}", page["next_cursor"].as_str().unwrap())).await;
    assert_eq!(texts(&rest["items"], "path"), ["apps/buoy/a.py", "main.py"]);
    // By other words for the same commit it is the same version.
    for word in ["v1", "refs/tags/v1", "refs/heads/main", &first, &first[..8]] {
        let (status, same) = bench.choose(word).await;
        assert_eq!((status, &same["id"]), (200, &chosen["id"]), "{word}");
    }
    // The branch moves; what was chosen does not.
    repository.write("main.py", b"import apps.other\n");
    let second = repository.commit("The second firmware");
    bench.fetch().await;
    let newer = bench.settled("main").await;
    assert_eq!(newer["commit"], second);
    assert_eq!(bench.get(&format!("versions/{id}")).await["commit"], first);
    assert_ne!(newer["digest"], version["digest"]);
    let list = bench.get("versions?source=scout&state=ready&limit=1").await;
    assert_eq!(texts(&list["items"], "commit"), [second]);
    let list = bench.get(&format!("versions?cursor={}", list["next_cursor"].as_str().unwrap())).await;
    assert_eq!(texts(&list["items"], "commit"), [first]);
    for (word, status) in [("nothing", 422), ("--all", 422), ("main..", 422), ("", 400), ("HEAD^{tree}", 422)]
    {
        assert_eq!(bench.choose(word).await.0, status, "{word}");
    }
    let viewer = bench.system.client_as(Role::Viewer).await;
    let url = bench.system.url("firmware", "/api/v1/firmware/versions");
    let body = json!({"source": "scout", "revision": "main"});
    assert_eq!(viewer.post(url).json(&body).send().await.unwrap().status(), 403);
    bench.close().await;
}

async fn what_devices_cannot_take_is_refused_in_words(backend: Backend) {
    let repository = Repository::with_firmware();
    std::os::unix::fs::symlink("/etc/passwd", repository.work().join("apps/link")).unwrap();
    repository.commit("A link");
    let bench = Bench::with_mirror(backend, &repository.url(), &[]).await;
    let version = bench.settled("main").await;
    assert_eq!((&version["state"], &version["digest"]), (&json!("refused"), &Value::Null));
    assert_eq!(version["cause"], "`apps/link` is a symbolic link, which devices do not have.");
    repository.git(&["rm", "--quiet", "apps/link"]);
    repository.commit("No link");
    bench.fetch().await;
    assert_eq!(bench.settled("main").await["state"], "ready");
    bench.close().await;
}

async fn a_force_push_changes_no_version(backend: Backend) {
    let repository = Repository::with_firmware();
    let mut bench = Bench::with_mirror(backend, &repository.url(), &[]).await;
    let version = bench.settled("main").await;
    // History is written anew, and the old commit is gone for good at the other end.
    repository.write("main.py", b"something else\n");
    repository.git(&["commit", "--quiet", "--all", "--amend", "-m", "Another history"]);
    repository.git(&["reflog", "expire", "--expire=now", "--all"]);
    repository.git(&["gc", "--quiet", "--prune=now"]);
    assert_eq!(bench.fetch().await["failure"], Value::Null);
    let id = version["id"].as_str().unwrap();
    assert_eq!(bench.get(&format!("versions/{id}")).await, version);
    let commits = bench.get("sources/scout/revisions?kind=commit").await;
    assert_eq!(texts(&commits["items"], "subject"), ["Another history"]);
    // The mirror keeps what the version was made of: it can be prepared again.
    bench.system.stop_services().await;
    let gc = ["gc", "--quiet", "--prune=now"];
    let mirror = bench.folder().join("mirrors/scout.git");
    assert!(repository.command("git").arg("-C").arg(&mirror).args(gc).status().unwrap().success());
    bench.run().await;
    let url = bench.system.url("firmware", &format!("/api/v1/firmware/versions/{id}"));
    // Taking it off the disk lets the commit go; so it is made again without that.
    std::fs::remove_dir_all(bench.folder().join("prepared")).unwrap();
    std::fs::create_dir(bench.folder().join("prepared")).unwrap();
    let row_id: VersionId = id.parse().unwrap();
    let again = move |tx: &mut fairlead_store::Tx<'_>| {
        let mut row = versions::get(tx, row_id)?;
        row.state = VersionState::Preparing.as_str().to_owned();
        versions::change(tx, VersionState::Ready, &row)
    };
    assert!(bench.system.store.write(again).await.unwrap());
    let made = bench.until_settled(id).await;
    assert_eq!((&made["state"], &made["digest"]), (&json!("ready"), &version["digest"]));
    assert_eq!(bench.system.client.delete(url).send().await.unwrap().status(), 200);
    bench.close().await;
}

async fn a_restart_goes_on_with_what_was_being_prepared(backend: Backend) {
    let repository = Repository::with_firmware();
    let commit = repository.git(&["rev-parse", "HEAD"]);
    let mut bench = Bench::with_mirror(backend, &repository.url(), &[]).await;
    bench.system.stop_services().await;
    // As a kill in the middle leaves it: the row, a folder that is half full, a lock of git.
    let id = VersionId::new(&bench.system.clock);
    let row = row(id, &commit);
    bench.system.store.write(move |tx| versions::insert(tx, &row)).await.unwrap();
    let half = bench.folder().join("making/0123");
    std::fs::create_dir_all(&half).unwrap();
    std::fs::write(half.join("incoming"), "half").unwrap();
    std::fs::write(bench.folder().join("mirrors/scout.git/packed-refs.lock"), "").unwrap();
    bench.run().await;
    let version = bench.until_settled(&id.to_string()).await;
    assert_eq!((&version["state"], &version["files"]), (&json!("ready"), &json!(4)));
    assert_eq!(std::fs::read_dir(bench.folder().join("making")).unwrap().count(), 0);
    assert_eq!(bench.fetch().await["failure"], Value::Null);
    bench.close().await;
}

fn row(id: VersionId, commit: &str) -> VersionRow {
    VersionRow {
        id: id.into(),
        source: "scout".to_owned(),
        revision: "main".to_owned(),
        commit_id: commit.to_owned(),
        subject: "The first firmware".to_owned(),
        author: "Ada Ünlü".to_owned(),
        committed_at: Micros(0),
        state: VersionState::Preparing.as_str().to_owned(),
        cause: None,
        digest: None,
        files: 0,
        directories: 0,
        bytes: 0,
        signature: SignatureState::Unsigned.as_str().to_owned(),
        signed_by: None,
        asked_by: "test".to_owned(),
        created_at: Micros(0),
        ready_at: None,
    }
}

async fn a_removed_version_is_prepared_again_when_it_is_chosen(backend: Backend) {
    let repository = Repository::with_firmware();
    let bench = Bench::with_mirror(backend, &repository.url(), &[]).await;
    let version = bench.settled("main").await;
    let folder = bench.folder().join("prepared").join(version["digest"].as_str().unwrap());
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 4);
    let url = bench
        .system
        .url("firmware", &format!("/api/v1/firmware/versions/{}", version["id"].as_str().unwrap()));
    let removed: Value = bench.system.client.delete(&url).send().await.unwrap().json().await.unwrap();
    assert_eq!((&removed["state"], &removed["cause"]), (&json!("refused"), &json!("Removed by test.")));
    assert!(!folder.exists());
    let again = bench.settled("main").await;
    assert_eq!(
        (&again["id"], &again["state"], &again["digest"]),
        (&version["id"], &json!("ready"), &version["digest"])
    );
    assert!(folder.is_dir());
    bench.close().await;
}

async fn changed_files_are_counted(backend: Backend) {
    let repository = Repository::with_firmware();
    let bench = Bench::with_mirror(backend, &repository.url(), &[]).await;
    let old = bench.settled("main").await;
    repository.write("main.py", b"import apps.new\n");
    repository.write("apps/new.py", b"new\n");
    repository.git(&["rm", "--quiet", "apps/buoy/a.py"]);
    repository.commit("Changes");
    bench.fetch().await;
    let new = bench.settled("main").await;
    let id = |version: &Value| version["id"].as_str().unwrap().parse::<VersionId>().unwrap();
    let (old, new) = (id(&old), id(&new));
    let counted = bench.system.store.read(move |conn| {
        Ok([
            versions::changed(conn, Some(old), new)?,
            versions::changed(conn, None, new)?,
            versions::changed(conn, Some(new), new)?,
        ])
    });
    assert_eq!(counted.await.unwrap(), [(2, 20), (4, 26), (0, 0)]);
    bench.close().await;
}
