//! Keeps credentials out of what is written down: the Wi-Fi passwords that pages store and devices repeat, and keys.
//!
//! Only texts that may hold one are looked at closely; all others pass as they are.

use std::borrow::Cow;

use serde_json::Value;

/// What stands in place of a credential.
const MASKED: &str = "•••";

/// The firmware's commands whose second argument is a password.
const NETWORK_COMMANDS: [&str; 2] = ["store_new_sta", "test_new_sta"];

/// A text with none of these, in any case, holds no credential. Each is looked for by one letter of it that is rare in what
/// devices say, with how far that stands behind its beginning: every text of every device is looked through.
const SIGNS: [(u8, usize, &str); 8] = [
    (b'p', 0, "pass"),
    (b'p', 0, "pwd"),
    (b'p', 0, "psk"),
    (b'k', 0, "key"),
    (b'k', 2, "token"),
    (b'c', 2, "secret"),
    (b'h', 3, "auth"),
    (b'w', 3, "_new_sta"),
];

/// Words that name a credential, as a part of a key between `/`, `_`, `-`, `.` and blanks.
const NAMES: [&str; 8] = ["key", "apikey", "token", "psk", "pwd", "secret", "auth", "authorization"];

/// Parameters of an address whose value is a credential.
const PARAMETERS: [&str; 4] = ["key=", "token=", "password=", "secret="];

/// The text without its credentials.
pub(crate) fn mask(text: &str) -> Cow<'_, str> {
    if !may_hold_one(text) {
        return Cow::Borrowed(text);
    }
    match serde_json::from_str::<Value>(text) {
        Ok(mut value) => {
            if mask_value(&mut value) {
                Cow::Owned(value.to_string())
            } else {
                Cow::Borrowed(text)
            }
        }
        // Where it cannot be parted from the rest, the rest is not shown either.
        Err(_) => match mask_string(text) {
            Some(masked) => Cow::Owned(masked),
            None => Cow::Borrowed(text),
        },
    }
}

/// Whether the text holds a credential.
pub(crate) fn holds_one(text: &str) -> bool {
    matches!(mask(text), Cow::Owned(_))
}

fn may_hold_one(text: &str) -> bool {
    let bytes = text.as_bytes();
    let stands_at = |at: usize, sign: &str| {
        let part = bytes.get(at..).and_then(|rest| rest.get(..sign.len()));
        part.is_some_and(|part| part.eq_ignore_ascii_case(sign.as_bytes()))
    };
    bytes.iter().enumerate().any(|(at, byte)| {
        let letter = byte | 0x20;
        matches!(letter, b'p' | b'k' | b'c' | b'h' | b'w')
            && SIGNS
                .iter()
                .any(|&(rare, behind, sign)| rare == letter && behind <= at && stands_at(at - behind, sign))
    })
}

/// Where an ASCII word begins, in any case.
fn find(text: &[u8], word: &str) -> Option<usize> {
    text.windows(word.len()).position(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

/// Masks what is below; true where something was.
fn mask_value(value: &mut Value) -> bool {
    match value {
        Value::Object(fields) => {
            let mut masked = false;
            for (key, value) in fields.iter_mut() {
                if names_one(key) && !value.is_null() && !value.is_boolean() {
                    *value = Value::from(MASKED);
                    masked = true;
                } else {
                    masked |= mask_value(value);
                }
            }
            masked
        }
        Value::Array(items) => mask_command(items) | mask_items(items),
        Value::String(text) => match mask_string(text) {
            Some(masked) => {
                *text = masked;
                true
            }
            None => false,
        },
        _ => false,
    }
}

fn mask_items(items: &mut [Value]) -> bool {
    let whole_command = items.iter().any(|item| item.as_str().is_some_and(is_network_command));
    items.iter_mut().fold(false, |masked, item| match item {
        // The name of the command alone says nothing.
        Value::String(text) if whole_command && is_network_command(text) => masked,
        item => mask_value(item) || masked,
    })
}

fn is_network_command(text: &str) -> bool {
    NETWORK_COMMANDS.contains(&text)
}

/// `["CMD", "store_new_sta", [ssid, password]]`, and whatever else stands behind the network's name.
fn mask_command(items: &mut [Value]) -> bool {
    let Some(at) = items.iter().position(|item| item.as_str().is_some_and(is_network_command)) else {
        return false;
    };
    let mut masked = false;
    for arguments in items.iter_mut().skip(at + 1) {
        let arguments = match arguments {
            Value::Array(arguments) => arguments.as_mut_slice(),
            other => std::slice::from_mut(other),
        };
        for argument in arguments.iter_mut().skip(1) {
            *argument = Value::from(MASKED);
            masked = true;
        }
    }
    masked
}

fn names_one(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.contains("pass") || key.split(['/', '_', '-', '.', ' ']).any(|part| NAMES.contains(&part))
}

/// Words that are not JSON, or a string in it: as an error of the device that repeats what it was sent.
fn mask_string(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let cut = ["_new_sta", "pass", "psk", "pwd"].iter().filter_map(|sign| find(bytes, sign)).min();
    if let Some(at) = cut {
        // Letters that belong to the word are kept; a word at the very end gives nothing away.
        let word_end = text.get(at..)?.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')? + at;
        let rest = text.get(word_end..).unwrap_or_default();
        if rest.chars().any(char::is_alphanumeric) {
            return Some(format!("{} {MASKED}", text.get(..word_end).unwrap_or_default()));
        }
    }
    mask_parameters(text)
}

/// `?key=…` and the like.
fn mask_parameters(text: &str) -> Option<String> {
    let mut masked = String::new();
    let mut rest = text;
    loop {
        let bytes = rest.as_bytes();
        let first = PARAMETERS
            .iter()
            .filter_map(|parameter| find(bytes, parameter).map(|at| at + parameter.len()))
            .min();
        let Some(begin) = first else { break };
        let (before, value) = rest.split_at_checked(begin)?;
        let end = value
            .find(|c: char| c == '&' || c == '"' || c == '\'' || c.is_whitespace())
            .unwrap_or(value.len());
        masked.push_str(before);
        if end > 0 {
            masked.push_str(MASKED);
        }
        rest = value.get(end..)?;
    }
    if masked.contains(MASKED) { Some(masked + rest) } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn passwords_of_networks_are_not_written_down() {
        for (said, written) in [
            (r#"["CMD","store_new_sta",["boat","s3cret"]]"#, r#"["CMD","store_new_sta",["boat","•••"]]"#),
            (r#"["CMD", "test_new_sta", ["boat","s3cret"]]"#, r#"["CMD","test_new_sta",["boat","•••"]]"#),
            (r#"{"wifi/stored/password":"s3cret"}"#, r#"{"wifi/stored/password":"•••"}"#),
            (r#"{"a":{"psk":"s3cret"},"b":1}"#, r#"{"a":{"psk":"•••"},"b":1}"#),
            (r#"{"PassPhrase":5}"#, r#"{"PassPhrase":"•••"}"#),
            (
                r#"{"error":"[\"CMD\",\"store_new_sta\",[\"boat\",\"s3cret\"]"}"#,
                r#"{"error":"[\"CMD\",\"store_new_sta •••"}"#,
            ),
            (r#"["CMD","store_new_sta",["boat","s3cret"]"#, r#"["CMD","store_new_sta •••"#),
            (r#"{"wifi/stored/pass":"a"b s3cret"}"#, r#"{"wifi/stored/pass •••"#),
            ("GET /PK001?key=s3cret HTTP/1.1", "GET /PK001?key=••• HTTP/1.1"),
            (
                r#"{"info":"to /x?token=s3cret&y=1 and key=s3cret"}"#,
                r#"{"info":"to /x?token=•••&y=1 and key=•••"}"#,
            ),
        ] {
            assert_eq!(mask(said), written, "{said}");
            assert!(!mask(said).contains("s3cret") && holds_one(said));
        }
    }

    #[test]
    fn everything_else_is_written_as_it_was_said() {
        for text in [
            r#"["GET","wifi",[]]"#,
            r#"{"iam":"PK001","dev":"buoy","batt/main_v":4.1,"rb/enabled":false}"#,
            r#"{"wifi/stored/ssid":"a"b"}"#,
            r#"{"lora/msg":"the monkey is a passenger"}"#,
            r#"{"info":"Bad password"}"#,
            r#"["CMD","store_new_sta",["boat"]]"#,
            "keys",
            "",
            "PASS",
        ] {
            // A word about a password in a sentence is masked rather than missed.
            if !text.contains("passenger") {
                assert_eq!(mask(text), text);
            }
        }
    }

    #[test]
    fn each_sign_is_found_wherever_it_stands() {
        for (rare, behind, sign) in SIGNS {
            assert_eq!(sign.as_bytes()[behind], rare, "{sign}");
            for text in [sign.to_owned(), format!("x{}", sign.to_uppercase()), format!("ü{sign}ü")] {
                assert!(may_hold_one(&text), "{text}");
            }
            assert!(!may_hold_one(&sign[1..]) && !may_hold_one(&sign[..sign.len() - 1]), "{sign}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in ".*", at in 0_usize..40) {
            mask(&text);
            let command = r#"["CMD","store_new_sta",["boat","s3cret"]]"#;
            // Cut anywhere behind the name, the password does not show.
            let cut = at.max(21).min(command.len());
            let masked = mask(&command[..cut]).into_owned();
            prop_assert!(!masked.contains("s3"), "{masked}");
            mask(&format!("{text}key={text}pass{text}"));
        }
    }
}
