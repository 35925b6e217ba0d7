//! Where things are: the root of the workspace, the folder that cargo builds into, the files that belong to it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process;

/// Folders that hold nothing of ours, wherever they lie.
const FOREIGN: [&str; 5] = [".git", "target", "node_modules", "dist", "fairlead-data"];

/// The workspace that this was started in.
#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// Finds the workspace from the current folder upwards.
    pub(crate) fn find() -> Result<Self> {
        let manifest = process::output(Command::new("cargo").args([
            "locate-project",
            "--workspace",
            "--message-format",
            "plain",
        ]))?;
        let root = Path::new(manifest.trim()).parent().context("the workspace's Cargo.toml has no folder")?;
        Ok(Self { root: root.to_owned() })
    }

    /// A path inside the workspace.
    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        self.root.join(inside)
    }

    /// The folder of the browser pages.
    pub(crate) fn pages(&self) -> PathBuf {
        self.path("crates/console/pages")
    }

    /// A cargo command that runs at the root.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = Command::new("cargo");
        command.current_dir(&self.root);
        command
    }

    /// What cargo says about the workspace's own packages.
    pub(crate) fn metadata(&self) -> Result<Value> {
        let text = process::output(self.cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
        serde_json::from_str(&text).context("cargo metadata did not print JSON")
    }

    /// Where cargo puts the program `name`, built in `profile`.
    pub(crate) fn program(&self, name: &str, profile: Profile) -> Result<PathBuf> {
        let metadata = self.metadata()?;
        let target = metadata.get("target_directory").and_then(Value::as_str);
        let target = Path::new(target.context("cargo metadata names no target folder")?);
        Ok(target.join(profile.folder()).join(name))
    }

    /// Every file of ours, as paths relative to the root with forward slashes, sorted.
    pub(crate) fn files(&self) -> Result<Vec<String>> {
        let mut command = Command::new("git");
        command.current_dir(&self.root);
        command.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let mut files: Vec<String> = match command.output() {
            Ok(output) if output.status.success() => {
                let listed = String::from_utf8_lossy(&output.stdout);
                listed.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect()
            }
            // An unpacked archive has no git: then everything that is not built or downloaded is ours.
            _ => files_below(&self.root)?,
        };
        files.retain(|path| self.path(path).is_file());
        files.sort();
        files.dedup();
        Ok(files)
    }
}

/// How the compiler is asked to build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build.
    Dev,
    /// Quick to run.
    Release,
}

impl Profile {
    /// The folder inside the target folder.
    fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release => "release",
        }
    }

    /// What cargo is told.
    pub(crate) fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Dev => &[],
            Self::Release => &["--release"],
        }
    }
}

/// Every file below `folder` except in foreign folders, as relative paths, sorted.
pub(crate) fn files_below(folder: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(current) = waiting.pop() {
        for entry in fs::read_dir(&current).with_context(|| format!("cannot list {}", current.display()))? {
            let entry = entry?;
            if FOREIGN.iter().any(|name| entry.file_name() == *name) {
                continue;
            }
            if entry.file_type()?.is_dir() {
                waiting.push(entry.path());
            } else {
                found.push(entry.path().strip_prefix(folder)?.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The names of the folders directly in `folder`, sorted; none where it does not exist.
pub(crate) fn folders_in(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
    }
    names.sort();
    Ok(names)
}
