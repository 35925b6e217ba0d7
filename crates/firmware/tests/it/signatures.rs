//! Signatures: by a list of files and by a tag; good, bad, absent, and where they are required.

use fairlead_testkit::{Backend, on_both_backends};
use minisign::KeyPair;
use serde_json::{Value, json};

use crate::bench::Bench;
use crate::repository::Repository;

on_both_backends!(a_signed_list_vouches_for_its_files, a_signed_tag_vouches_for_its_commit);

fn key() -> KeyPair {
    KeyPair::generate_unencrypted_keypair().unwrap()
}

fn verdict(version: &Value) -> (&str, &str, &str) {
    let text = |field: &str| version[field].as_str().unwrap_or_default();
    // The name; what follows is the mark of the key.
    let by = text("signed_by");
    (text("state"), text("signature"), by.find('(').map_or(by, |end| &by[..=end]))
}

async fn a_signed_list_vouches_for_its_files(backend: Backend) {
    let (ours, theirs) = (key(), key());
    let repository = Repository::with_firmware();
    repository.git(&["branch", "unsigned"]);
    repository.sign_list(&ours);
    repository.git(&["branch", "good"]);
    // A file more than the list names: the list of another tree.
    repository.write("apps/more.py", b"more\n");
    repository.commit("One more");
    repository.git(&["branch", "other-tree"]);
    repository.sign_list(&theirs);
    repository.git(&["branch", "other-key"]);
    let keys = format!("minisign_keys=release:{}", ours.pk.to_base64());
    let mut bench = Bench::with_mirror(backend, &repository.url(), &[&keys, "signature=required"]).await;
    let good = bench.settled("good").await;
    assert_eq!(verdict(&good), ("ready", "good", "release ("));
    let paths = bench.paths(good["id"].as_str().unwrap()).await;
    assert!(paths.iter().all(|path| !path.starts_with("MANIFEST")), "{paths:?}");
    for (revision, words) in [
        ("unsigned", "It is not signed, and this repository's versions must be."),
        ("other-tree", "MANIFEST does not name `apps/more.py`."),
        ("other-key", "MANIFEST was not signed so by any key"),
    ] {
        let refused = bench.settled(revision).await;
        assert_eq!(refused["state"], "refused", "{revision}");
        let cause = refused["cause"].as_str().unwrap();
        assert!(cause.contains(words), "{cause}");
    }
    assert_eq!(std::fs::read_dir(bench.folder().join("prepared")).unwrap().count(), 1);
    assert_eq!(std::fs::read_dir(bench.folder().join("making")).unwrap().count(), 0);
    // Where it is optional, the same are given out, and shown as what they are.
    bench.system.stop_services().await;
    bench.set("signature=optional");
    bench.run().await;
    assert_eq!(verdict(&bench.settled("unsigned").await), ("ready", "unsigned", ""));
    let bad = bench.settled("other-tree").await;
    assert_eq!(verdict(&bad), ("ready", "bad", ""));
    assert!(bad["cause"].as_str().unwrap().contains("apps/more.py"), "{bad}");
    bench.close().await;
}

async fn a_signed_tag_vouches_for_its_commit(backend: Backend) {
    let repository = Repository::with_firmware();
    let alice = repository.ssh_key("alice");
    repository.ssh_key("mallory");
    let keys = format!("ssh_signers=alice:{alice}");
    let bench = Bench::with_mirror(backend, &repository.url(), &[&keys]).await;
    // Chosen by its branch before anybody had signed.
    let before = bench.settled("main").await;
    assert_eq!(verdict(&before), ("ready", "unsigned", ""));
    repository.signed_tag("v1", "alice");
    repository.git(&["tag", "-a", "-m", "no signature", "plain"]);
    bench.fetch().await;
    let (status, now) = bench.choose("v1").await;
    assert_eq!((status, &now["id"]), (200, &before["id"]));
    assert_eq!(verdict(&now), ("ready", "good", "alice ("));
    assert_eq!(
        verdict(&bench.get(&format!("versions/{}", now["id"].as_str().unwrap())).await),
        ("ready", "good", "alice (")
    );
    // Signed by somebody who may not.
    repository.write("main.py", b"evil\n");
    repository.commit("Another one");
    repository.signed_tag("v2", "mallory");
    bench.fetch().await;
    let bad = bench.settled("v2").await;
    assert_eq!(verdict(&bad), ("ready", "bad", ""));
    assert!(bad["cause"].as_str().unwrap().contains("no key of `ssh_signers`"), "{bad}");
    // A good signature under another name, on another commit.
    repository.write("main.py", b"worse\n");
    let worse = repository.commit("Worse");
    let signed = repository.git(&["rev-parse", "refs/tags/v1"]);
    repository.git(&["update-ref", "refs/tags/v3", &signed]);
    let forged =
        repository.git(&["cat-file", "tag", "v1"]).replace(before["commit"].as_str().unwrap(), &worse);
    repository.write("../forged", format!("{forged}\n").as_bytes());
    let forged = repository.git(&["hash-object", "-t", "tag", "-w", "../forged"]);
    repository.git(&["update-ref", "refs/tags/v4", &forged]);
    bench.fetch().await;
    let (_, renamed) = bench.choose("v3").await;
    assert_eq!(
        (&renamed["id"], verdict(&renamed)),
        (&before["id"], ("ready", "good", "alice (")),
        "v1 vouches for it"
    );
    let forged = bench.settled("v4").await;
    assert_eq!((&forged["commit"], verdict(&forged)), (&json!(worse), ("ready", "bad", "")));
    bench.close().await;
}
