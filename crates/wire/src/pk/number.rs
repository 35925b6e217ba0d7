//! Numbers as devices print them: digits and a point, never `inf`, `1e5` or `+1`.

/// Longest number that is read; the longest that any build prints has ten characters.
const MAX_CHARS: usize = 24;

/// Reads an optional minus sign, digits, and optionally a point and digits.
pub(super) fn decimal(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    (is_digits(whole) && is_digits(fraction) && text.len() <= MAX_CHARS).then(|| text.parse().ok())?
}

/// Reads digits alone.
pub(super) fn digits(text: &str) -> Option<u32> {
    is_digits(text).then(|| text.parse().ok())?
}

/// Reads hexadecimal digits alone, of either case.
pub(super) fn hex_digits(text: &str) -> Option<u32> {
    let all_hex = !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit());
    all_hex.then(|| u32::from_str_radix(text, 16).ok())?
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_numbers_are_numbers() {
        assert_eq!(decimal("-12.50"), Some(-12.5));
        assert_eq!(decimal("7"), Some(7.0));
        for bad in
            ["", "-", ".", "1.", ".5", "+1", "1e5", "inf", "NaN", "1.2.3", " 1", "1234567890123456789012345"]
        {
            assert_eq!(decimal(bad), None, "{bad}");
        }
        assert_eq!(digits("0010"), Some(10));
        assert_eq!(digits("4294967296"), None);
        assert_eq!(hex_digits("0A"), Some(10));
        assert_eq!(hex_digits("+A"), None);
        assert_eq!(hex_digits("1ffffffff"), None);
    }
}
