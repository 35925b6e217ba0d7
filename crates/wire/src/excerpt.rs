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

/// Two texts that differ, each from a little before the first difference: of two long ones the beginnings may be alike.
pub(crate) fn excerpts_apart(one: &str, other: &str) -> (String, String) {
    let alike = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    if alike < SHOWN_CHARS {
        return (excerpt(one), excerpt(other));
    }
    let cut = alike - SHOWN_CHARS / 4;
    let from = |text: &str| excerpt(&text.chars().skip(cut).collect::<String>()).replacen('`', "`...", 1);
    (from(one), from(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_texts_are_shown_where_they_differ() {
        let (one, other) =
            excerpts_apart(&format!("{}1tail", "a".repeat(60)), &format!("{}2", "a".repeat(60)));
        assert_eq!((one.as_str(), other.as_str()), ("`...aaaaaaaaaaaa1tail`", "`...aaaaaaaaaaaa2`"));
        assert_eq!(excerpts_apart("ab", "ac"), ("`ab`".to_owned(), "`ac`".to_owned()));
    }

    #[test]
    fn a_foreign_text_is_cut_and_escaped() {
        assert_eq!(excerpt("a\u{0}\"é\n"), r#"`a\u{0}\"\u{e9}\n`"#);
        assert_eq!(excerpt(&"x".repeat(49)), format!("`{}...`", "x".repeat(48)));
        assert_eq!(excerpt(&"x".repeat(48)), format!("`{}`", "x".repeat(48)));
    }
}
