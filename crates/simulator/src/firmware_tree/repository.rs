//! The tree in a real git repository, made with the `git` program.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use fairlead_model::Time;
use tokio::process::Command;

use super::FirmwareTree;

/// Longest that one call of git may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// When the first commit was made: 2025-07-01 09:00 UTC.
const FIRST_COMMIT: Time = Time::from_micros(1_751_360_400_000_000);
/// Time between two commits.
const BETWEEN: Duration = Duration::from_secs(53 * 3_600);
/// The branch of what is tried out before it is released.
const TRIAL_BRANCH: &str = "sea-trial";
/// Nobody who exists.
const AUTHORS: [(&str, &str); 3] = [
    ("Mara Lindqvist", "mara@example.org"),
    ("Tomasz Okafor", "tomasz@example.org"),
    ("Ines Brandão", "ines@example.org"),
];

/// A repository of a firmware.
#[derive(Clone, Debug)]
pub struct Repository {
    /// Where it lies.
    pub folder: PathBuf,
    /// The versions on its branch `main`, oldest first.
    pub versions: Vec<TaggedVersion>,
    /// A branch with one commit more than the newest version.
    pub branch: String,
}

/// A version in a repository.
#[derive(Clone, Debug)]
pub struct TaggedVersion {
    /// Its tag.
    pub tag: String,
    /// Its commit.
    pub commit: String,
    /// Its files.
    pub tree: FirmwareTree,
}

impl Repository {
    /// Its address for git on this machine.
    pub fn url(&self) -> String {
        format!("file://{}", self.folder.display())
    }
}

/// Makes a repository with the versions 0 to `versions - 1` of the firmware of `seed` in `folder`, which must be empty
/// or missing: several commits a version, annotated tags `v3.1.0`, `v3.1.1`, …, and a branch `sea-trial`. No setting of
/// the machine or its user takes part: the same arguments give the same commits.
///
/// # Errors
/// Where git is not installed or refuses, or the folder cannot be written.
pub async fn write_repository(folder: &Path, seed: u64, versions: u32) -> Result<Repository> {
    std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let folder = folder.canonicalize()?;
    let mut writer = Writer { folder: &folder, commits: 0, written: None };
    writer.git(&["init", "--quiet", "--initial-branch=main", "--template="]).await?;
    let mut tagged = Vec::new();
    for version in 0..versions {
        tagged.push(writer.version(FirmwareTree::new(seed, version)).await?);
    }
    if versions > 0 {
        writer.trial().await?;
    }
    Ok(Repository { versions: tagged, branch: TRIAL_BRANCH.to_owned(), folder })
}

struct Writer<'a> {
    folder: &'a Path,
    commits: u32,
    written: Option<FirmwareTree>,
}

impl Writer<'_> {
    /// Commits a version and tags it.
    async fn version(&mut self, tree: FirmwareTree) -> Result<TaggedVersion> {
        let tag = tree.tag();
        match self.written.clone() {
            None => {
                let part = |prefixes: &'static [&'static str]| {
                    move |path: &String| prefixes.iter().any(|prefix| path.starts_with(prefix))
                };
                self.write(&tree, part(&["./core", "./drivers", "./lib"]))?;
                self.commit("The board, its radios, and what they share").await?;
                self.write(&tree, part(&["./apps", "./tests"]))?;
                self.commit("One app for each thing a device can be").await?;
                self.write(&tree, |_| true)?;
                self.commit(&format!("Pages of the access point; {tag}")).await?;
            }
            Some(before) => {
                let changed: BTreeSet<String> = tree.differs_in(&before);
                let first: BTreeSet<&String> =
                    changed.iter().filter(|path| path.ends_with(".py")).take(4).collect();
                self.write(&tree, |path| first.contains(path))?;
                self.commit("Less power between two reports").await?;
                for gone in before.files().keys().filter(|path| !tree.files().contains_key(*path)) {
                    std::fs::remove_file(self.folder.join(gone))?;
                }
                self.write(&tree, |path| changed.contains(path))?;
                self.commit(&format!("What the last trip has taught; {tag}")).await?;
            }
        }
        self.git(&["tag", "--annotate", &tag, "--message", &format!("Release {tag}")]).await?;
        let commit = self.git(&["rev-parse", "HEAD"]).await?.trim().to_owned();
        self.written = Some(tree.clone());
        Ok(TaggedVersion { tag, commit, tree })
    }

    /// A branch with one commit that no version has.
    async fn trial(&mut self) -> Result<()> {
        self.git(&["checkout", "--quiet", "-b", TRIAL_BRANCH]).await?;
        std::fs::write(self.folder.join("apps/buoy/trial.py"), "LONGEST_SLEEP_S = 5400\n")?;
        self.commit("Longer sleep, to be tried in the bay").await?;
        self.git(&["checkout", "--quiet", "main"]).await.map(drop)
    }

    fn write(&self, tree: &FirmwareTree, wanted: impl Fn(&String) -> bool) -> Result<()> {
        for (path, content) in tree.files().iter().filter(|(path, _)| wanted(path)) {
            let path = self.folder.join(path);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(&path, content)
                .with_context(|| format!("{} cannot be written", path.display()))?;
        }
        Ok(())
    }

    async fn commit(&mut self, subject: &str) -> Result<()> {
        self.git(&["add", "--all"]).await?;
        self.git(&["commit", "--quiet", "--message", subject]).await?;
        self.commits += 1;
        Ok(())
    }

    async fn git(&self, arguments: &[&str]) -> Result<String> {
        let index = usize::try_from(self.commits)? % AUTHORS.len();
        let (name, email) = AUTHORS.get(index).copied().unwrap_or(("Nobody", "nobody@example.org"));
        let date = FIRST_COMMIT.plus(BETWEEN * self.commits).to_string();
        let mut command = Command::new("git");
        command
            .arg("-C")
            .arg(self.folder)
            // Bytes as they are, and nothing that goes on in the background.
            .args(["-c", "core.autocrlf=false", "-c", "core.fileMode=false", "-c", "gc.auto=0"])
            .args(arguments)
            .env_clear()
            // Where git is found is the one thing that is taken from outside.
            .envs(std::env::vars_os().filter(|(key, _)| key == "PATH"))
            .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1"), ("LC_ALL", "C")])
            .envs([("GIT_AUTHOR_NAME", name), ("GIT_COMMITTER_NAME", name)])
            .envs([("GIT_AUTHOR_EMAIL", email), ("GIT_COMMITTER_EMAIL", email)])
            .envs([("GIT_AUTHOR_DATE", &date), ("GIT_COMMITTER_DATE", &date)])
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = tokio::time::timeout(PATIENCE, command.output())
            .await
            .with_context(|| format!("git {} takes too long", arguments.join(" ")))?
            .context("git cannot be started: is it installed?")?;
        anyhow::ensure!(
            output.status.success(),
            "git {} failed: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr).trim()
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}
