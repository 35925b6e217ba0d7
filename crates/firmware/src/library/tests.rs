//! What the library gives out when the disk, the repository or the settings have changed under it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use fairlead_model::Clock;
use fairlead_runtime::settings::StringList;
use fairlead_store::firmware::versions::FileRow;
use fairlead_testkit::{Backend, Database};
use tempfile::TempDir;

use super::*;
use crate::jobs::prepare::settle;
use crate::sources::{self, SignatureRule, SourceSettings};

#[path = "../../tests/it/repository.rs"]
#[expect(dead_code, reason = "the tests from outside use more of it")]
mod repository;

use repository::Repository;

/// A library with the one repository `scout`, fetched.
struct Bench {
    library: Library,
    mirrors: Arc<Mirrors>,
    store: Store,
    repository: Repository,
    clock: Clock,
    folder: TempDir,
    _store: (TempDir, Option<Database>),
}

const BOUNDS: Bounds = Bounds { version_max_mb: 64, keep_versions: 20 };

impl Bench {
    async fn open() -> Self {
        Self::with(BOUNDS, tempfile::tempdir().unwrap()).await
    }

    async fn with(bounds: Bounds, folder: TempDir) -> Self {
        let repository = Repository::with_firmware();
        let (store, kept, database) = fairlead_testkit::store(Backend::Embedded).await;
        let mirrors = mirrors(&repository, &folder, |_| {});
        let library = Library::open(store.clone(), mirrors.clone(), folder.path(), bounds).unwrap();
        let bench = Self {
            library,
            mirrors,
            store,
            repository,
            clock: Clock::system(),
            folder,
            _store: (kept, database),
        };
        bench.fetch().await;
        bench
    }

    async fn fetch(&self) {
        self.mirrors.get("scout").unwrap().fetch().await.unwrap();
    }

    /// The same library with other settings of the repository.
    fn reopened(&self, change: impl Fn(&mut SourceSettings)) -> Library {
        let mirrors = mirrors(&self.repository, &self.folder, change);
        Library::open(self.store.clone(), mirrors, self.folder.path(), BOUNDS).unwrap()
    }

    fn row(&self) -> VersionRow {
        VersionRow {
            id: VersionId::new(&self.clock).into(),
            source: "scout".to_owned(),
            revision: "main".to_owned(),
            commit_id: self.repository.git(&["rev-parse", "HEAD"]),
            subject: String::new(),
            author: String::new(),
            committed_at: self.clock.now().into(),
            state: VersionState::Preparing.as_str().to_owned(),
            cause: None,
            digest: None,
            files: 0,
            directories: 0,
            bytes: 0,
            signature: SignatureState::Unsigned.as_str().to_owned(),
            signed_by: None,
            asked_by: "test".to_owned(),
            created_at: self.clock.now().into(),
            ready_at: None,
        }
    }

    /// Prepares what is checked out, as the job does.
    async fn version(&self) -> VersionId {
        let row = self.row();
        let inserted = row.clone();
        self.store.write(move |tx| versions::insert(tx, &inserted)).await.unwrap();
        let made = self.library.prepare(&row).await.unwrap();
        let (id, now) = (VersionId::from(row.id), self.clock.now().into());
        self.store.write(move |tx| settle(tx, row.clone(), Some(&made), now)).await.unwrap().unwrap();
        id
    }

    /// Where a file of a version lies.
    async fn place(&self, version: VersionId, path: &str) -> PathBuf {
        let manifest = self.library.manifest(version).await.unwrap();
        let folder = self.folder.path().join("prepared").join(hex::encode(manifest.digest.0));
        folder.join(&manifest.file(path).unwrap().sha256)
    }
}

fn mirrors(repository: &Repository, folder: &TempDir, change: impl Fn(&mut SourceSettings)) -> Arc<Mirrors> {
    let mut settings = SourceSettings { url: repository.url(), ..SourceSettings::default() };
    change(&mut settings);
    let sources = sources::all(&BTreeMap::from([("scout".to_owned(), settings)])).unwrap();
    Arc::new(Mirrors::new(folder.path(), sources))
}

#[tokio::test]
async fn a_damaged_file_is_never_given_out_and_is_made_again() {
    let bench = Bench::open().await;
    let version = bench.version().await;
    let place = bench.place(version, "main.py").await;
    let right = std::fs::read(&place).unwrap();
    let mut flipped = right.clone();
    flipped[3] ^= 0x10;
    let longer = [right.as_slice(), b"x"].concat();
    for wrong in [flipped, right[..5].to_vec(), Vec::new(), longer] {
        std::fs::write(&place, wrong).unwrap();
        assert_eq!(bench.library.file(version, "./main.py").await.unwrap(), right);
        assert_eq!(std::fs::read(&place).unwrap(), right);
    }
    std::fs::remove_file(&place).unwrap();
    assert_eq!(bench.library.file(version, "main.py").await.unwrap(), right);
    // As on another machine: nothing is there but the store.
    std::fs::remove_dir_all(bench.folder.path().join("prepared")).unwrap();
    std::fs::remove_dir_all(bench.folder.path().join("mirrors")).unwrap();
    let elsewhere = bench.reopened(|_| {});
    assert_eq!(elsewhere.file(version, "main.py").await.unwrap(), right);
    assert_eq!(elsewhere.file(version, "apps/__init__.py").await.unwrap(), "");
}

#[tokio::test]
async fn what_is_damaged_and_cannot_be_made_again_is_an_error() {
    let bench = Bench::open().await;
    let version = bench.version().await;
    let place = bench.place(version, "main.py").await;
    std::fs::write(&place, "evil").unwrap();
    std::fs::remove_dir_all(bench.folder.path().join("mirrors")).unwrap();
    std::fs::remove_dir_all(bench.repository.work()).unwrap();
    let error = bench.library.file(version, "main.py").await.unwrap_err();
    assert!(matches!(error, LibraryError::Damaged(_)), "{error}");
    assert!(!place.exists(), "what was wrong is not left to be given out by mistake");
}

#[tokio::test]
async fn only_paths_of_the_version_lead_to_files() {
    let bench = Bench::open().await;
    let version = bench.version().await;
    bench.repository.write("secret.py", b"of the next version\n");
    bench.repository.commit("Next");
    bench.fetch().await;
    bench.version().await;
    for path in [
        "../scout/main.py",
        "./../main.py",
        "apps/../main.py",
        "/etc/passwd",
        ".git/config",
        "./.git/config",
        "apps",
        ".",
        "",
        "secret.py",
        "main.py/",
        "main.py\0",
        "..%2fmain.py",
        "Main.py",
    ] {
        let error = bench.library.file(version, path).await.unwrap_err();
        assert!(matches!(error, LibraryError::NotFound), "{path}: {error}");
    }
    let nobody = VersionId::new(&bench.clock);
    assert!(matches!(bench.library.manifest(nobody).await, Err(LibraryError::NotFound)));
    let waiting = bench.row();
    let id = VersionId::from(waiting.id);
    bench.repository.commit("Waiting");
    let waiting = VersionRow { commit_id: bench.repository.git(&["rev-parse", "HEAD"]), ..waiting };
    bench.store.write(move |tx| versions::insert(tx, &waiting)).await.unwrap();
    assert!(matches!(bench.library.file(id, "main.py").await, Err(LibraryError::NotReady)));
}

#[tokio::test]
async fn rows_that_were_changed_are_not_believed() {
    let bench = Bench::open().await;
    let version = bench.version().await;
    let evil = move |tx: &mut fairlead_store::Tx<'_>| {
        let mut rows = versions::files(tx, version, None, 100)?;
        let last: &mut FileRow = rows.last_mut().unwrap();
        last.sha256 = "0".repeat(64);
        versions::put_files(tx, version, &rows)
    };
    bench.store.write(evil).await.unwrap();
    let error = bench.library.file(version, "main.py").await.unwrap_err();
    assert!(matches!(error, LibraryError::Store(StoreError::Fault(_))), "{error}");
}

#[tokio::test]
async fn a_signature_that_is_required_by_now_is_missed() {
    let bench = Bench::open().await;
    let version = bench.version().await;
    let key = bench.repository.ssh_key("alice");
    let strict = bench.reopened(|settings| {
        settings.signature = SignatureRule::Required;
        settings.ssh_signers = StringList(vec![format!("alice:{key}")]);
    });
    let error = strict.file(version, "main.py").await.unwrap_err();
    assert!(matches!(error, LibraryError::Refused(_)), "{error}");
    let row = bench.store.read(move |conn| versions::get(conn, version)).await.unwrap();
    assert_eq!(strict.judge(&row).await.unwrap().unwrap().state, SignatureState::Unsigned);
    bench.repository.signed_tag("v1", "alice");
    bench.fetch().await;
    let judged = strict.judge(&row).await.unwrap().unwrap();
    assert_eq!(judged.state, SignatureState::Good);
    let by = judged.signed_by.clone().unwrap();
    assert!(by.starts_with("alice ("), "{by}");
    let mut good = row.clone();
    (good.signature, good.signed_by) = (judged.state.as_str().to_owned(), judged.signed_by);
    bench.store.write(move |tx| versions::change(tx, VersionState::Ready, &good)).await.unwrap();
    strict.file(version, "main.py").await.unwrap();
    // Her key was stolen and exchanged: the old one vouches no more, although the name is the same.
    let other = bench.repository.ssh_key("alice2");
    let exchanged = bench.reopened(|settings| {
        settings.signature = SignatureRule::Required;
        settings.ssh_signers = StringList(vec![format!("alice:{other}")]);
    });
    let error = exchanged.file(version, "main.py").await.unwrap_err();
    assert!(matches!(error, LibraryError::Refused(_)), "{error}");
    // Taken out of the settings, its versions are not given out either: nobody says any more who must have signed.
    let nothing = Arc::new(Mirrors::new(bench.folder.path(), BTreeMap::new()));
    let without = Library::open(bench.store.clone(), nothing, bench.folder.path(), BOUNDS).unwrap();
    let error = without.file(version, "main.py").await.unwrap_err();
    assert!(error.to_string().contains("name no repository `scout` any more"), "{error}");
}

#[tokio::test]
async fn a_full_disk_is_said_and_leaves_nothing_half_made() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::of_one_megabyte(&folder);
    if disk.is_none() {
        eprintln!("no small disk can be made here (that needs root), so none was filled");
        return;
    }
    let bench = Bench::with(BOUNDS, folder).await;
    let version = bench.version().await;
    // Packed it is small.
    bench.repository.write("zeros.bin", &vec![0; 3 << 20]);
    bench.repository.commit("Large");
    bench.fetch().await;
    let error = bench.library.prepare(&bench.row()).await.err().unwrap();
    assert!(error.to_string().starts_with("The disk is full"), "{error}");
    let count = |name: &str| std::fs::read_dir(bench.folder.path().join(name)).unwrap().count();
    assert_eq!((count("making"), count("prepared")), (0, 1));
    assert!(!bench.library.file(version, "main.py").await.unwrap().is_empty());
    drop(disk);
}

/// A small disk in memory at a folder.
struct Disk(PathBuf);

impl Disk {
    fn of_one_megabyte(folder: &TempDir) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(folder.path());
        mount.output().ok()?.status.success().then(|| Self(folder.path().to_owned()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Taken away even while something in it is open.
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}

#[tokio::test]
async fn folders_that_nobody_needs_are_taken_off_the_disk_and_made_again_when_asked_for() {
    let bench = Bench::with(Bounds { keep_versions: 2, ..BOUNDS }, tempfile::tempdir().unwrap()).await;
    let mut all = vec![bench.version().await];
    for n in 0..3 {
        bench.repository.write("main.py", format!("n = {n}\n").as_bytes());
        bench.repository.commit("One more");
        bench.fetch().await;
        all.push(bench.version().await);
    }
    bench.library.clear_out().await.unwrap();
    let mut there = Vec::new();
    for version in &all {
        there.push(bench.place(*version, "main.py").await.exists());
    }
    assert_eq!(there, [false, false, true, true]);
    assert_eq!(bench.library.file(all[1], "main.py").await.unwrap(), "n = 0\n");
    assert!(bench.place(all[1], "main.py").await.exists());
}
