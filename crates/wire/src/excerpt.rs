//! Foreign text as it may appear in a sentence: short, escaped, between backquotes.

/// Longest part of a foreign text that a sentence repeats, in characters.
const SHOWN_CHARS: usize = 48;

/// `text` cut to 48 characters and escaped to ASCII, so that neither its length nor its control
/// characters reach a page or a log.
pub(crate) fn excerpt(text: &str) -> String {
    let shown: String = text.chars().take(SHOWN_CHARS).flat_map(char::escape_default).collect();
    let more = if text.chars().nth(SHOWN_CHARS).is_some() { "..." } else { "" };
    format!("`{shown}{more}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_text_is_cut_and_escaped() {
        assert_eq!(excerpt("a\u{0}\"é\n"), r#"`a\u{0}\"\u{e9}\n`"#);
        assert_eq!(excerpt(&"x".repeat(49)), format!("`{}...`", "x".repeat(48)));
        assert_eq!(excerpt(&"x".repeat(48)), format!("`{}`", "x".repeat(48)));
    }
}
