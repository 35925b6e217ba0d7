//! Every source file opens with a sentence that says what it is.

use super::{Finding, Text};

/// Names the source files that open with something else.
pub(super) fn check(texts: &[Text]) -> Vec<Finding> {
    let sources = texts.iter().filter(|text| text.is(&[".rs", ".ts", ".tsx"]));
    sources
        .filter(|text| !opens_with_sentence(&text.content, text.is(&[".rs"])))
        .map(|text| format!("{}: open it with a comment of at least one sentence: what it is for", text.path))
        .collect()
}

/// Whether the first thing in `source` is a comment whose first paragraph is a sentence.
fn opens_with_sentence(source: &str, rust: bool) -> bool {
    // A crate whose README is its documentation opens with that.
    if rust && source.starts_with("#![doc = include_str!(\"") {
        return true;
    }

    let mut lines =
        source.lines().skip_while(|line| line.trim().is_empty() || is_shebang(line, rust)).map(str::trim);
    let Some((opening, first)) = lines.next().and_then(opened) else { return false };
    let mut paragraph = vec![first];
    // A line of another kind belongs to another comment: the file's ends where the first item's begins.
    let next = if opening.starts_with("/*") { "*" } else { opening };
    for line in lines.take_while(|_| !first.ends_with("*/")) {
        match line.strip_prefix(next).filter(|text| next == "*" || !text.starts_with(['/', '!'])) {
            Some(text) if !text.trim().is_empty() && text != "/" => paragraph.push(text),
            _ if paragraph.iter().all(|text| text.trim().is_empty()) && line.starts_with(next) => {}
            _ => break,
        }
    }
    let paragraph = paragraph.join(" ");
    let sentence = paragraph.trim().trim_end_matches("*/").trim_end();
    sentence.split_whitespace().count() >= 2 && sentence.ends_with(['.', ':', '!', '?', ')'])
}

/// The opening of the comment that a line begins with, and what follows it.
fn opened(line: &str) -> Option<(&'static str, &str)> {
    let openings = ["//!", "///", "//", "/**", "/*!", "/*"];
    openings.into_iter().find_map(|opening| Some((opening, line.strip_prefix(opening)?)))
}

fn is_shebang(line: &str, rust: bool) -> bool {
    line.starts_with("#!") && !(rust && line.starts_with("#!["))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_with_a_sentence_pass() {
        for source in [
            "//! Reads frames.\n\nuse x;",
            "\n// Draws the map of\n// all devices.\nimport x",
            "/** One row. */\nconst a = 1",
            "/**\n * Draws rows.\n *\n * @param a\n */\nexport",
            "#!/usr/bin/env node\n// Runs the tests:\nimport x",
            "//! Adds numbers.\n/// ```\nfn a() {}",
            "/*\n * Draws rows\n * and more.\n */",
            "//! Says it (at length, in brackets)\n//! and ends.\n//!\n//! More",
        ] {
            assert!(opens_with_sentence(source, false), "{source}");
        }
    }

    #[test]
    fn everything_else_is_found() {
        for source in [
            "",
            "use x;\n//! Late.",
            "//! x",
            "//! two words\nfn a() {}",
            "/** two words */",
            "/**\n * two words\n */\nx.",
            "#![warn(x)]\n//! Late.",
        ] {
            assert!(!opens_with_sentence(source, true), "{source}");
        }
    }
}
