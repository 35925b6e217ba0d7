//! `cargo xtask ui`: installs the pages' packages and builds the pages, each only where something changed.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::packages::{Need, ensure, npm};
use crate::process::{run as run_program, say};
use crate::workspace::{Workspace, files_below};

/// Parts of the pages' folder that do not go into the built pages.
const NOT_BUILT: [&str; 2] = ["e2e/", "."];

pub(crate) fn run() -> Result<()> {
    build(&Workspace::find()?)
}

/// Installs the pages' packages where the lock file changed since the last time.
pub(crate) fn install(workspace: &Workspace) -> Result<()> {
    let pages = workspace.pages();
    let lock = pages.join("package-lock.json");
    if !lock.is_file() {
        bail!(
            "crates/console/pages/package-lock.json is missing: there is nothing to install the pages' packages from"
        );
    }
    if Need::Node.installed().is_none() || Need::Npm.installed().is_none() {
        ensure(&[Need::Node, Need::Npm]).context("the pages are built with Node and npm")?;
    }
    let wanted = fingerprint([("package-lock.json", fs::read(&lock)?.as_slice())]);
    let mark = pages.join("node_modules/.fairlead-lock");
    if is_marked(&mark, &wanted) {
        return Ok(());
    }
    say("Installing the pages' packages (npm ci), about half a minute");
    run_program(&mut npm(&pages, ["ci", "--no-audit", "--no-fund"]))?;
    set_mark(&mark, &wanted)
}

/// Builds the pages where their sources changed since the last time.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    install(workspace)?;
    let pages = workspace.pages();
    let mut sources = Vec::new();
    for name in files_below(&pages)? {
        if !NOT_BUILT.iter().any(|start| name.starts_with(start)) {
            let content = fs::read(pages.join(&name)).with_context(|| format!("cannot read {name}"))?;
            sources.push((name, content));
        }
    }
    let wanted = fingerprint(sources.iter().map(|(name, content)| (name.as_str(), content.as_slice())));
    let mark = pages.join("dist/.fairlead-sources");
    if is_marked(&mark, &wanted) {
        say("The pages are up to date");
        return Ok(());
    }
    say("Building the pages (npm run build)");
    run_program(&mut npm(&pages, ["run", "build"]))?;
    set_mark(&mark, &wanted)
}

fn is_marked(mark: &Path, wanted: &str) -> bool {
    fs::read_to_string(mark).is_ok_and(|found| found == wanted)
}

fn set_mark(mark: &Path, wanted: &str) -> Result<()> {
    // Pages without packages have no node_modules.
    fs::create_dir_all(mark.parent().context("the mark has no folder")?)?;
    fs::write(mark, wanted).with_context(|| format!("cannot write {}", mark.display()))
}

/// One number over names and contents (64-bit FNV-1a): it tells a change, and resists no attacker.
fn fingerprint<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut add = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for (name, content) in files {
        add(name.as_bytes());
        // The length keeps what follows apart from what came before.
        add(&content.len().to_be_bytes());
        add(content);
    }
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_is_fnv_1a() {
        assert_eq!(fingerprint([]), "cbf29ce484222325");
    }

    #[test]
    fn names_contents_and_borders_count() {
        let base = fingerprint([("a", b"xy".as_slice()), ("b", b"z")]);
        assert_ne!(base, fingerprint([("a", b"x".as_slice()), ("b", b"yz")]));
        assert_ne!(base, fingerprint([("c", b"xy".as_slice()), ("b", b"z")]));
        assert_ne!(base, fingerprint([("a", b"xy".as_slice())]));
        assert_eq!(base, fingerprint([("a", b"xy".as_slice()), ("b", b"z")]));
    }
}
