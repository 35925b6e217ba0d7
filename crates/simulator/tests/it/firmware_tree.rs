//! The firmware tree: its shape, and that git has it to the byte.

use std::path::Path;
use std::process::Command;

use fairlead_simulator::firmware_tree::{FirmwareTree, write_repository};

#[test]
fn the_tree_has_the_shape_of_the_real_one() {
    for seed in [1, 2, 77] {
        let tree = FirmwareTree::new(seed, 0);
        assert_eq!(tree.files().len(), 107);
        assert_eq!(tree.files().values().filter(|content| content.is_empty()).count(), 17);
        assert_eq!(tree.folders().len(), 20);
        assert!(tree.folders().contains("."));
        assert!((484_000..488_000).contains(&tree.bytes()), "{}", tree.bytes());
        assert_eq!(tree.files().values().map(|content| content.len()).max(), Some(89_476));
        assert!(tree.files().keys().all(|path| path.starts_with("./")));
        assert!(tree.files().values().any(|content| std::str::from_utf8(content).is_err()));
        assert!(tree.files()["./www/device.html"].windows(2).any(|pair| pair == b"\r\n"));
    }
}

#[test]
fn a_version_is_the_same_again_and_differs_from_the_next_in_a_few_files() {
    let [first, second] = [0, 1].map(|version| FirmwareTree::new(5, version));
    assert_eq!(first, FirmwareTree::new(5, 0));
    assert_ne!(first, FirmwareTree::new(6, 0));
    assert_eq!((first.tag(), second.tag()), ("v3.1.0".to_owned(), "v3.1.1".to_owned()));
    let changed = first.differs_in(&second);
    // Eight files, the version's own, and the notes under their old and their new name.
    assert_eq!(changed.len(), 11, "{changed:?}");
    assert!(changed.contains("./NOTES-3.1.0.md") && changed.contains("./NOTES-3.1.1.md"));
    assert_eq!(second.files().len(), 107);
    assert!((484_000..488_000).contains(&FirmwareTree::new(5, 9).bytes()));
}

#[tokio::test]
async fn git_has_every_version_to_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let repository = write_repository(&folder.path().join("firmware"), 1, 3).await.unwrap();
    let tags: Vec<&str> = repository.versions.iter().map(|version| version.tag.as_str()).collect();
    assert_eq!(tags, ["v3.1.0", "v3.1.1", "v3.1.2"]);
    for version in &repository.versions {
        let listed = git(&repository.folder, &["ls-tree", "-r", "-z", "--name-only", &version.commit]);
        let listed: Vec<String> = listed
            .split(|byte| *byte == 0)
            .filter(|path| !path.is_empty())
            .map(|path| format!("./{}", String::from_utf8_lossy(path)))
            .collect();
        assert_eq!(listed.len(), version.tree.files().len());
        for path in &listed {
            let content = git(&repository.folder, &["cat-file", "blob", &format!("{}:{path}", version.tag)]);
            assert_eq!(content, version.tree.files()[path].to_vec(), "{path} of {}", version.tag);
        }
    }
    let log = String::from_utf8(git(&repository.folder, &["log", "--format=%an %aI", "main"])).unwrap();
    assert_eq!(log.lines().count(), 7);
    assert!(log.lines().last().unwrap().starts_with("Mara Lindqvist 2025-07-01T09:00:00"), "{log}");
    let ahead = git(&repository.folder, &["rev-list", "--count", &format!("main..{}", repository.branch)]);
    assert_eq!(ahead, b"1\n");

    let again = write_repository(&folder.path().join("again"), 1, 3).await.unwrap();
    assert_eq!(again.versions[2].commit, repository.versions[2].commit);
}

fn git(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
