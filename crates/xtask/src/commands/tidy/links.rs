//! Every link in the documentation leads somewhere, and every path it names exists.

use std::path::{Component, Path, PathBuf};

use super::{Finding, Text};

/// Folders whose names begin a path, wherever such a word stands in the documentation.
const FOLDERS: [&str; 6] = ["crates/", "docs/", "migrations/", "deploy/", "systemd/", "nginx/"];

/// Names the links and paths that lead nowhere; `exists` answers for a path from the root.
pub(super) fn check(texts: &[Text], exists: &dyn Fn(&str) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for text in texts.iter().filter(|text| is_documentation(&text.path)) {
        for (number, line) in text.content.lines().enumerate() {
            let place = format!("{}:{}", text.path, number + 1);
            for target in links(line) {
                let path = resolve(&text.path, target);
                if path.as_ref().is_none_or(|path| !exists(path)) {
                    findings.push(format!("{place}: the link `{target}` leads nowhere; mend or remove it"));
                }
            }
            for path in paths(line).into_iter().filter(|path| !exists(path)) {
                findings.push(format!("{place}: `{path}` does not exist; name what does"));
            }
        }
    }
    findings
}

fn is_documentation(path: &str) -> bool {
    path.ends_with(".md") && (!path.contains('/') || path.starts_with("docs/"))
}

/// The targets of relative links `[text](target)` in a line, without anchors.
fn links(line: &str) -> Vec<&str> {
    let targets = line.match_indices("](").filter_map(|(at, opening)| {
        let rest = line.get(at + opening.len()..)?;
        let target = rest.split([')', ' ']).next()?.trim_matches(['<', '>']);
        target.split('#').next()
    });
    targets
        .filter(|target| !target.is_empty() && !target.starts_with("mailto:") && !target.contains("://"))
        .collect()
}

/// The paths from the root that a line names; patterns such as `crates/<service>` or `docs/*.md` are none.
fn paths(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, _) in FOLDERS.iter().flat_map(|folder| line.match_indices(folder)) {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        if before.is_some_and(|c| c.is_alphanumeric() || "/._-~}>".contains(c)) {
            continue;
        }
        let rest = line.get(at..).unwrap_or_default();
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || "/._-".contains(c))).unwrap_or(rest.len());
        let pattern = rest.get(end..).is_some_and(|after| after.starts_with(['<', '*', '{', '…', '$', '[']));
        let path = rest.get(..end).unwrap_or_default();
        if !pattern && !path.contains("...") {
            found.push(path.trim_end_matches(['.', '/']));
        }
    }
    found
}

/// What a link in `file` points to, as a path from the root; nothing where it leads outside.
fn resolve(file: &str, target: &str) -> Option<String> {
    let start = match target.strip_prefix('/') {
        Some(from_root) => PathBuf::from(from_root),
        None => Path::new(file).parent()?.join(target),
    };
    let mut parts: Vec<&str> = Vec::new();
    for component in start.components() {
        match component {
            Component::ParentDir => {
                parts.pop()?;
            }
            Component::Normal(part) => parts.push(part.to_str()?),
            _ => {}
        }
    }
    Some(if parts.is_empty() { String::from(".") } else { parts.join("/") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_links_are_found() {
        let line =
            "See [a](x/a.md#part), [b](https://e.org/b), ![c](c.png \"C\"), [d](#here) and [e](mailto:a@b).";
        assert_eq!(links(line), ["x/a.md", "c.png"]);
    }

    #[test]
    fn paths_are_found_and_patterns_left() {
        let line = "`crates/web/src/lib.rs` holds docs/a-b.md. Not /api/docs/x, crates/<service>, docs/*.md, my-docs/y";
        assert_eq!(paths(line), ["crates/web/src/lib.rs", "docs/a-b.md"]);
        assert_eq!(paths("in `migrations/`"), ["migrations"]);
    }

    #[test]
    fn targets_resolve_from_their_file() {
        assert_eq!(resolve("docs/a/b.md", "../c.md").as_deref(), Some("docs/c.md"));
        assert_eq!(resolve("README.md", "docs/").as_deref(), Some("docs"));
        assert_eq!(resolve("README.md", "../x"), None);
    }

    #[test]
    fn a_dead_link_names_its_line() {
        let text = Text { path: "README.md".into(), content: "ok\n[a](b.md)".into() };
        let findings = check(&[text], &|_| false);
        assert_eq!(findings, ["README.md:2: the link `b.md` leads nowhere; mend or remove it"]);
    }
}
