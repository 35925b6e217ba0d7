//! `cargo xtask tidy`: what no compiler checks. Every finding names the file and says what to do.

mod dependencies;
mod links;
mod locks;
mod metrics;
mod sentences;
mod words;

use std::fs;

use anyhow::{Context, Result, bail};

use crate::process::say;
use crate::workspace::{Workspace, folders_in};

/// One thing that is not as it should be, as a line for a person: the file, what is wrong, what to do.
type Finding = String;

/// A text file of ours.
struct Text {
    path: String,
    content: String,
}

impl Text {
    /// The file's name ends with one of these.
    fn is(&self, endings: &[&str]) -> bool {
        endings.iter().any(|ending| self.path.ends_with(ending))
    }
}

pub(crate) fn run() -> Result<()> {
    let workspace = Workspace::find()?;
    let files = workspace.files()?;
    let texts = read_texts(&workspace, &files)?;

    let mut findings = sentences::check(&texts);
    findings.extend(words::check(&texts, &files));
    findings.extend(locks::check(&texts));
    findings.extend(metrics::check(&texts));
    findings.extend(check_migrations(&workspace)?);
    findings.extend(links::check(&texts, &|path| workspace.path(path).exists()));
    findings.extend(dependencies::check(&texts, &workspace.metadata()?)?);

    for finding in &findings {
        say(finding);
    }
    if !findings.is_empty() {
        bail!("to put right: {}", findings.len());
    }
    say(format!("{} files are tidy", files.len()));
    Ok(())
}

/// Reads the files that are text; pictures, fonts and the like are left out.
fn read_texts(workspace: &Workspace, files: &[String]) -> Result<Vec<Text>> {
    let mut texts = Vec::new();
    for path in files {
        let bytes = fs::read(workspace.path(path)).with_context(|| format!("cannot read {path}"))?;
        if let Ok(content) = String::from_utf8(bytes) {
            texts.push(Text { path: path.clone(), content });
        }
    }
    Ok(texts)
}

/// Each migration exists for both databases.
fn check_migrations(workspace: &Workspace) -> Result<Vec<Finding>> {
    let mysql = folders_in(&workspace.path("migrations/mysql"))?;
    let sqlite = folders_in(&workspace.path("migrations/sqlite"))?;
    let mut findings = lacking("migrations/mysql", "migrations/sqlite", &mysql, &sqlite);
    findings.extend(lacking("migrations/sqlite", "migrations/mysql", &sqlite, &mysql));
    Ok(findings)
}

fn lacking(here: &str, there: &str, ours: &[String], theirs: &[String]) -> Vec<Finding> {
    let missing = ours.iter().filter(|name| !theirs.contains(name));
    missing.map(|name| format!("{here}/{name}: has no twin; write {there}/{name}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_migration_without_twin_is_found() {
        let names = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(lacking("a", "b", &names("1 2"), &names("2 3")), ["a/1: has no twin; write b/1"]);
    }
}
