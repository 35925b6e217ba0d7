//! Words and names that do not belong in the repository: notes to oneself, a machine's own paths, names that say nothing.

use super::{Finding, Text};

/// Notes of unfinished work. Written in two parts, so that this file does not contain them.
const NOTES: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];
/// Where paths of one machine or one person begin.
const MACHINE_PATHS: [&str; 5] = [
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/wo", "rk/"),
    concat!("/works", "pace/"),
];
/// Names that could hold anything.
const EMPTY_NAMES: [&str; 4] = ["utils", "helpers", "common", "manager"];
/// Files in which the names of files are names of modules.
const SOURCES: [&str; 4] = [".rs", ".ts", ".tsx", ".mjs"];

/// Names the places where such words stand.
pub(super) fn check(texts: &[Text], files: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    // What a package manager writes is looked at elsewhere.
    for text in texts.iter().filter(|text| !text.is(&[".lock", "package-lock.json", "LICENSE"])) {
        for (number, line) in text.content.lines().enumerate() {
            let place = format!("{}:{}", text.path, number + 1);
            if let Some(note) = NOTES.iter().find(|note| has_word(line, note)) {
                findings.push(format!("{place}: do what the {note} says, or delete it"));
            }
            if let Some(path) = MACHINE_PATHS.iter().find(|path| has_absolute(line, path)) {
                findings.push(format!(
                    "{place}: a path below {path} exists on one machine only; name it relatively"
                ));
            }
        }
    }
    for path in files.iter().filter(|path| SOURCES.iter().any(|ending| path.ends_with(ending))) {
        if let Some(name) = empty_name(path) {
            findings.push(format!("{path}: `{name}` says nothing; name it after what it does"));
        }
    }
    findings
}

/// Whether `word` stands in `line` by itself.
fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

/// Whether a path that begins with `start` stands in `line`; `/api/v1<start>` is another matter.
fn has_absolute(line: &str, start: &str) -> bool {
    line.match_indices(start).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        before.is_none_or(|c| c.is_whitespace() || "\"'`(=:<".contains(c))
    })
}

/// The part of a source file's path that is an empty name, without its ending.
fn empty_name(path: &str) -> Option<&str> {
    let stems = path.split('/').map(|part| part.split('.').next().unwrap_or(part));
    stems.into_iter().find(|stem| EMPTY_NAMES.contains(stem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_whole() {
        assert!(has_word(concat!("// FIX", "ME: later"), NOTES[1]));
        assert!(!has_word(concat!("mas", "TO", "DON"), NOTES[0]));
        assert!(!has_word("let todo = 1;", NOTES[0]));
    }

    #[test]
    fn only_absolute_paths_count() {
        assert!(has_absolute(concat!("see `/ho", "me/anna/x`"), MACHINE_PATHS[1]));
        assert!(!has_absolute(concat!("GET /api/v1/ho", "me/x"), MACHINE_PATHS[1]));
    }

    #[test]
    fn empty_names_are_found_in_any_part() {
        assert_eq!(empty_name("crates/web/src/utils.rs"), Some("utils"));
        assert_eq!(empty_name("crates/web/src/common/mod.rs"), Some("common"));
        assert_eq!(empty_name("crates/web/src/commons.rs"), None);
    }
}
