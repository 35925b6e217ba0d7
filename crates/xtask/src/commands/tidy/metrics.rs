//! The reference of metrics names exactly those that the code has.

use std::collections::BTreeSet;

use super::{Finding, Text};

const REFERENCE: &str = "crates/fairlead/src/commands/metrics.md";
/// What all names begin with.
const OURS: &str = "fairlead_";
/// What makes one.
const MACROS: [&str; 3] = ["counter!(", "gauge!(", "histogram!("];

/// Names the metrics that are missing on one of the two sides.
pub(super) fn check(texts: &[Text]) -> Vec<Finding> {
    let sources = texts.iter().filter(|text| text.path.contains("/src/") && text.is(&[".rs"]));
    let made: BTreeSet<&str> = sources.flat_map(|text| made(&text.content)).collect();
    let reference = texts.iter().find(|text| text.path == REFERENCE);
    let described: BTreeSet<&str> =
        reference.map(|text| described(&text.content).collect()).unwrap_or_default();
    let missing = made.difference(&described).map(|name| format!("{REFERENCE}: say what `{name}` means"));
    let gone = described.difference(&made).map(|name| format!("{REFERENCE}: no code has `{name}`"));
    missing.chain(gone).collect()
}

fn made(source: &str) -> impl Iterator<Item = &str> {
    let calls = MACROS.iter().flat_map(|start| source.split(start).skip(1));
    let names = calls.filter_map(|call| call.trim_start().strip_prefix('"')?.split('"').next());
    names.filter(|name| name.starts_with(OURS))
}

fn described(reference: &str) -> impl Iterator<Item = &str> {
    let names = reference.lines().filter_map(|line| line.strip_prefix("| `")?.split(['`', '{']).next());
    names.filter(|name| name.starts_with(OURS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &str, content: &str) -> Text {
        Text { path: path.to_owned(), content: content.to_owned() }
    }

    #[test]
    fn a_metric_without_meaning_and_a_meaning_without_metric_are_found() {
        let code = "metrics::counter!(\"fairlead_a\", \"why\" => why); metrics::gauge!(\n    \"fairlead_b\").set(1.0);";
        let table =
            "| metric | kind |\n|---|---|\n| `fairlead_a{why}` | counter |\n| `fairlead_c` | gauge |\n";
        let found = check(&[text("crates/x/src/lib.rs", code), text(REFERENCE, table)]);
        let wanted = [
            format!("{REFERENCE}: say what `fairlead_b` means"),
            format!("{REFERENCE}: no code has `fairlead_c`"),
        ];
        assert_eq!(found, wanted);
    }
}
