//! A bare copy of a repository in a folder of ours, and bringing it up to date.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fairlead_model::VersionId;
use tokio::process::Command;
use tokio::sync::{Mutex, Notify, RwLock, Semaphore};

use super::process::{self, RunError};
use super::{LOCAL, command, command_in, failure};
use crate::sources::Source;

/// How long one fetch may take: a first one, over a slow line, of a large repository.
const FETCH: Duration = Duration::from_secs(1_800);

/// How often a fetch is looked at: whether the mirror has grown too large.
const LOOK: Duration = Duration::from_millis(500);

/// How long tidying up may take.
const TIDY: Duration = Duration::from_secs(600);

/// Fetches at a time.
const FETCHES: usize = 2;

/// Where our own names of commits begin: what a version was made of stays in the mirror, whatever becomes of branches.
const OURS: &str = "refs/fairlead/";

/// All mirrors of this process.
pub(crate) struct Mirrors {
    mirrors: BTreeMap<String, Arc<Mirror>>,
}

/// The mirror of one repository.
pub(crate) struct Mirror {
    /// What the settings say of it.
    pub(crate) source: Source,
    /// Told when somebody wants it fetched soon.
    pub(crate) wanted: Notify,
    /// The firmware folder, git's home.
    home: PathBuf,
    /// The bare repository.
    folder: PathBuf,
    /// Whether it was fetched by this process, or an earlier one in this folder.
    is_filled: AtomicBool,
    /// Whoever fetches holds it.
    fetching: Mutex<()>,
    /// Whoever removes what was left by others holds it alone: it must not take a file for left that is in use.
    sweeping: RwLock<()>,
    /// Shared by all mirrors.
    fetches: Arc<Semaphore>,
}

impl Mirrors {
    /// The mirrors of these repositories below a folder.
    pub(crate) fn new(home: &Path, sources: BTreeMap<String, Source>) -> Self {
        let fetches = Arc::new(Semaphore::new(FETCHES));
        let mirror = |(name, source): (String, Source)| {
            let folder = home.join("mirrors").join(format!("{name}.git"));
            let mirror = Mirror {
                is_filled: AtomicBool::new(has_refs(&folder)),
                folder,
                home: home.to_owned(),
                wanted: Notify::new(),
                fetching: Mutex::new(()),
                sweeping: RwLock::new(()),
                fetches: fetches.clone(),
                source,
            };
            (name, Arc::new(mirror))
        };
        Self { mirrors: sources.into_iter().map(mirror).collect() }
    }

    /// The mirror of a repository by its name.
    pub(crate) fn get(&self, name: &str) -> Option<&Arc<Mirror>> {
        self.mirrors.get(name)
    }

    /// All of them, by name.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Mirror>> {
        self.mirrors.values()
    }
}

impl Mirror {
    /// A call of git about this mirror.
    pub(super) fn call<S: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = command_in(&self.home, &self.folder);
        command.args(arguments);
        command
    }

    /// What git answers about this mirror.
    pub(super) async fn ask<S: AsRef<std::ffi::OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
        most: usize,
    ) -> Result<process::Finished, RunError> {
        process::run(self.call(arguments), LOCAL, most).await
    }

    /// Whether it was ever fetched.
    pub(crate) fn is_there(&self) -> bool {
        self.folder.join("HEAD").is_file()
    }

    /// Fetches all branches and tags; those that are gone at the other end go here too, while what versions were made of
    /// stays. Where it fails, what was there before stays.
    ///
    /// # Errors
    /// What is wrong, in a sentence.
    pub(crate) async fn fetch(&self) -> Result<(), String> {
        let refs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
        self.fetch_refs(&["--prune", "--"], &refs).await?;
        self.is_filled.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Whether what can be chosen is in it: it was fetched here once, and its folder is still there.
    pub(crate) fn is_filled(&self) -> bool {
        self.is_there() && self.is_filled.load(Ordering::Relaxed)
    }

    /// Fetches one commit that no branch or tag leads to any more, where the server lets it go.
    ///
    /// # Errors
    /// What is wrong, in a sentence.
    pub(crate) async fn fetch_commit(&self, commit: &str, version: VersionId) -> Result<(), String> {
        self.fetch_refs(&["--"], &[&format!("{commit}:{OURS}{version}")]).await
    }

    async fn fetch_refs(&self, options: &[&str], refs: &[&str]) -> Result<(), String> {
        // The semaphore is never closed.
        let _turn = self.fetches.acquire().await;
        let _alone = self.fetching.lock().await;
        self.prepare().await?;
        let most = self.most_now().await;
        let mut command = command_in(&self.home, &self.folder);
        self.open_the_way(&mut command);
        command.args(["fetch", "--force", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"]);
        command.arg("--quiet").args(options).arg(&self.source.url).args(refs);
        let fetched = tokio::select! {
            fetched = process::run(command, FETCH, super::ANSWER) => fetched.map_err(|e| e.to_string()),
            too_large = self.watch(most) => Err(too_large),
        };
        let result = match fetched {
            Ok(finished) if finished.ok => self.keeps_within_or_shrinks().await,
            Ok(finished) => Err(failure::sentence(&finished.complaint)),
            Err(sentence) => Err(sentence),
        };
        match &result {
            Ok(()) => self.tidy().await,
            Err(_) => self.sweep().await,
        }
        result
    }

    /// How the source's server is reached and what is shown to it.
    fn open_the_way(&self, command: &mut Command) {
        let source = &self.source;
        let known = ["https", "ssh", "git"];
        if !known.contains(&source.protocol) {
            command.env("GIT_ALLOW_PROTOCOL", format!("{}:{}", known.join(":"), source.protocol));
        }
        if !source.credentials.as_os_str().is_empty() {
            // Git tells a helper to forget what a server has refused. It must not: the file is the operator's.
            let file = quoted(&source.credentials);
            let helper =
                format!("!f() {{ test \"$1\" = get && git credential-store --file={file} get; }}; f");
            command.args(["-c", "credential.helper=", "-c"]).arg(format!("credential.helper={helper}"));
        }
        let mut ssh = format!(
            "ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile={} \
             -o GlobalKnownHostsFile=none -o ConnectTimeout=20 -o ServerAliveInterval=15 -o ServerAliveCountMax=4",
            quoted(&self.home.join("known_hosts"))
        );
        if !source.ssh_key.as_os_str().is_empty() {
            ssh.push_str(" -o IdentitiesOnly=yes -i ");
            ssh.push_str(&quoted(&source.ssh_key));
        }
        command.env("GIT_SSH_COMMAND", ssh).env("GIT_SSH_VARIANT", "ssh");
    }

    /// The repository is there, and nothing in it is left from a fetch that was cut off.
    async fn prepare(&self) -> Result<(), String> {
        if !self.is_there() {
            let folder = self.folder.clone();
            let made = tokio::fs::create_dir_all(&folder).await;
            made.map_err(|e| disk(&e))?;
        }
        self.sweep().await;
        let mut init = command(&self.home);
        init.args(["-c", "init.defaultBranch=main", "init", "--quiet", "--bare", "--template=", "--"]);
        init.arg(&self.folder);
        let made = process::run(init, LOCAL, super::ANSWER).await.map_err(|e| e.to_string())?;
        if made.ok { Ok(()) } else { Err(failure::sentence(&made.complaint)) }
    }

    async fn sweep(&self) {
        let _alone = self.sweeping.write().await;
        sweep(self.folder.clone()).await;
    }

    /// Ends with a sentence when the mirror has grown too large.
    async fn watch(&self, most: u64) -> String {
        loop {
            tokio::time::sleep(LOOK).await;
            if let Err(sentence) = self.keeps_within(most).await {
                return sentence;
            }
        }
    }

    /// How large the mirror may be while it is fetched. One that is too large already may stay so until it was heard that
    /// what made it large is gone at the other end.
    async fn most_now(&self) -> u64 {
        let most = self.source.most_bytes;
        if self.bytes().await <= most {
            return most;
        }
        self.collect().await;
        let bytes = self.bytes().await;
        if bytes <= most { most } else { bytes.min(most.saturating_mul(2)).saturating_add(most / 16) }
    }

    /// What was fetched leaves the mirror within its bound, if need be without what nothing leads to any more.
    async fn keeps_within_or_shrinks(&self) -> Result<(), String> {
        let most = self.source.most_bytes;
        if self.keeps_within(most).await.is_err() {
            self.collect().await;
        }
        self.keeps_within(most).await
    }

    /// Removes whatever no branch, tag or version leads to any more.
    async fn collect(&self) {
        // Nobody may be about to keep what nothing leads to.
        let _alone = self.sweeping.write().await;
        let mut gc = command_in(&self.home, &self.folder);
        gc.args(["-c", "gc.autoDetach=false", "gc", "--prune=now", "--quiet"]);
        if let Err(error) = process::run(gc, TIDY, super::ANSWER).await.and_then(process::Finished::good) {
            tracing::warn!(source = self.source.name, %error, "a mirror that is too large was not tidied");
        }
    }

    async fn keeps_within(&self, most: u64) -> Result<(), String> {
        if self.bytes().await <= most {
            return Ok(());
        }
        Err(format!(
            "The mirror takes more than {} MB (`firmware.sources.{}.max_mb`): allow it more, or look what the \
             repository holds.",
            self.source.most_bytes >> 20,
            self.source.name
        ))
    }

    /// Packs what has gathered. A mirror that could not be tidied is as good as before.
    async fn tidy(&self) {
        let mut gc = command_in(&self.home, &self.folder);
        gc.args(["-c", "gc.auto=2000", "-c", "gc.autoPackLimit=20", "-c", "gc.autoDetach=false"]);
        gc.args(["gc", "--auto", "--quiet"]);
        match process::run(gc, TIDY, super::ANSWER).await.and_then(process::Finished::good) {
            Ok(_) => {}
            Err(error) => tracing::warn!(source = self.source.name, %error, "a mirror was not tidied"),
        }
    }

    /// What the mirror takes on the disk, in bytes.
    pub(crate) async fn bytes(&self) -> u64 {
        let folder = self.folder.clone();
        let counted = tokio::task::spawn_blocking(move || {
            let mut bytes = 0_u64;
            each_file(&folder, &mut |_, found| bytes = bytes.saturating_add(found.len()));
            bytes
        });
        counted.await.unwrap_or(0)
    }

    /// Keeps a version's commit in the mirror, whatever becomes of branches and tags.
    ///
    /// # Errors
    /// Where git cannot write it.
    pub(crate) async fn keep(&self, version: VersionId, commit: &str) -> Result<(), RunError> {
        let _in_use = self.sweeping.read().await;
        let name = format!("{OURS}{version}");
        self.ask(["update-ref", "--no-deref", &name, commit], super::ANSWER).await?.good().map(|_| ())
    }

    /// Lets a version's commit go.
    ///
    /// # Errors
    /// Where git cannot write it.
    pub(crate) async fn let_go(&self, version: VersionId) -> Result<(), RunError> {
        let _in_use = self.sweeping.read().await;
        let name = format!("{OURS}{version}");
        self.ask(["update-ref", "--no-deref", "-d", &name], super::ANSWER).await?.good().map(|_| ())
    }
}

/// Whether there are branches in a mirror's folder: they are written when all that belongs to them is there.
fn has_refs(folder: &Path) -> bool {
    let mut branches = 0;
    each_file(&folder.join("refs/heads"), &mut |_, _| branches += 1);
    branches > 0 || folder.join("packed-refs").is_file()
}

/// Removes what a git that was killed has left: locks, which would stop the next one, and packs that were not finished.
async fn sweep(folder: PathBuf) {
    let swept = tokio::task::spawn_blocking(move || {
        let objects = folder.join("objects");
        each_file(&folder, &mut |path, _| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            // A branch or a tag may have such a name, and is a file too; none may end in `.lock`.
            let is_unfinished =
                path.starts_with(&objects) && (name.starts_with("tmp_") || name.starts_with(".tmp-"));
            let is_left = is_unfinished || path.extension().is_some_and(|end| end == "lock");
            if is_left && let Err(error) = std::fs::remove_file(path) {
                tracing::warn!(path = %path.display(), %error, "a left-over file was not removed");
            }
        });
    });
    if let Err(error) = swept.await {
        tracing::error!(%error, "sweeping a mirror broke off");
    }
}

/// Looks at all files below a folder. What vanishes meanwhile is passed over.
fn each_file(folder: &Path, look: &mut dyn FnMut(&Path, &std::fs::Metadata)) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        match entry.metadata() {
            Ok(found) if found.is_dir() => each_file(&entry.path(), look),
            Ok(found) => look(&entry.path(), &found),
            Err(_) => {}
        }
    }
}

/// A path as one word for the shell by which git runs ssh and helpers.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', r"'\''"))
}

fn disk(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::StorageFull => {
            "The disk is full: make room, or give the service a larger one.".to_owned()
        }
        _ => format!("The mirror's folder cannot be written: {error}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_for_the_shell() {
        assert_eq!(quoted(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }

    #[tokio::test]
    async fn what_a_killed_git_has_left_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("refs/heads")).unwrap();
        std::fs::create_dir_all(at("objects/pack")).unwrap();
        for name in ["packed-refs", "refs/heads/main", "refs/heads/tmp_gps", "objects/pack/pack-1.pack"] {
            std::fs::write(at(name), "x").unwrap();
            std::fs::write(at(&format!("{name}.lock")), "x").unwrap();
        }
        std::fs::write(at("objects/pack/tmp_pack_AbC"), "x").unwrap();
        sweep(folder.path().to_owned()).await;
        let mut left = Vec::new();
        each_file(folder.path(), &mut |path, _| left.push(path.to_owned()));
        left.sort();
        let kept = ["objects/pack/pack-1.pack", "packed-refs", "refs/heads/main", "refs/heads/tmp_gps"];
        assert_eq!(left, kept.map(at));
    }
}
