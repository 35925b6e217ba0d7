//! The two encodings of a push, taken apart into names and texts.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::percent_decode;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::excerpt::excerpt;

/// Most fields of one push that are read; the provider sends a dozen.
const MAX_FIELDS: usize = 64;

/// How a push is encoded; an account chooses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BodyKind {
    /// `application/x-www-form-urlencoded`
    Form,
    /// `application/json`
    Json,
}

impl BodyKind {
    /// The encoding that a `Content-Type` names; where it names neither, the one that the body looks like.
    pub fn of(content_type: Option<&str>, body: &[u8]) -> Self {
        let named = content_type.unwrap_or_default().to_ascii_lowercase();
        if named.contains("json") {
            Self::Json
        } else if named.contains("form-urlencoded") || body.trim_ascii_start().first() != Some(&b'{') {
            Self::Form
        } else {
            Self::Json
        }
    }
}

/// Why a push belongs to no modem; it displays as a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoImei {
    /// There is no such field, or it is empty.
    #[error("`imei` is missing")]
    Missing,
    /// It is not 15 digits.
    #[error("`imei` is {found}, not 15 digits")]
    Unreadable {
        /// What it is, shortened and escaped.
        found: String,
    },
    /// The body is not JSON.
    #[error("`imei` cannot be found, as the body is not JSON: {why}")]
    NotJson {
        /// Where and how it fails.
        why: String,
    },
    /// The body is JSON, but holds no fields.
    #[error("`imei` cannot be found, as the body is no JSON object: {found}")]
    NotAnObject {
        /// The body, shortened and escaped.
        found: String,
    },
}

/// Names and texts of a push in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct RawFields<'a> {
    pub(crate) pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// There were more than are read.
    pub(crate) cut: bool,
}

/// Decodes a form once: `+` is a blank, `%XX` a byte, bytes that are no UTF-8 become U+FFFD.
pub(crate) fn form_fields(body: &[u8]) -> RawFields<'_> {
    let mut parts = body.split(|b| *b == b'&').filter(|part| !part.is_empty());
    let pairs = parts
        .by_ref()
        .take(MAX_FIELDS)
        .map(|part| {
            let mut halves = part.splitn(2, |b| *b == b'=');
            let name = halves.next().unwrap_or_default();
            let value = halves.next().unwrap_or_default();
            (form_text(name), form_text(value))
        })
        .collect();
    RawFields { pairs, cut: parts.next().is_some() }
}

fn form_text(bytes: &[u8]) -> Cow<'_, str> {
    if !bytes.iter().any(|b| matches!(b, b'+' | b'%')) {
        return String::from_utf8_lossy(bytes);
    }
    let blanks: Vec<u8> = bytes.iter().map(|&b| if b == b'+' { b' ' } else { b }).collect();
    percent_decode(&blanks).decode_utf8_lossy().into_owned().into()
}

/// Reads a JSON object, each value on its own: one that is out of range or badly escaped costs that field alone.
pub(crate) fn json_fields(body: &[u8]) -> Result<RawFields<'static>, NoImei> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}').trim();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer
        .deserialize_map(FieldsVisitor)
        .and_then(|fields| deserializer.end().map(|()| fields))
        .map_err(|error| match error.classify() {
            serde_json::error::Category::Data => NoImei::NotAnObject { found: excerpt(text) },
            _ => NoImei::NotJson { why: error.to_string() },
        })
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = RawFields<'static>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawFields<'static>, A::Error> {
        let mut fields = RawFields::default();
        while fields.pairs.len() < MAX_FIELDS {
            let Some((name, value)) = map.next_entry::<Cow<'de, str>, &'de RawValue>()? else {
                return Ok(fields);
            };
            if let Some(text) = json_text(value.get()) {
                fields.pairs.push((name.into_owned().into(), text.into()));
            }
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            fields.cut = true;
        }
        Ok(fields)
    }
}

/// A string's content, or the literal as written: numbers keep every digit. `None` for `null`.
fn json_text(literal: &str) -> Option<String> {
    match literal {
        "null" => None,
        // Escapes that name no character (a lone surrogate) leave the literal to speak for itself.
        _ if literal.starts_with('"') => {
            Some(serde_json::from_str(literal).unwrap_or_else(|_| literal.trim_matches('"').to_owned()))
        }
        _ => Some(literal.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pairs = Vec<(Cow<'static, str>, Cow<'static, str>)>;

    fn json(body: &str) -> Result<Pairs, NoImei> {
        json_fields(body.as_bytes()).map(|fields| fields.pairs)
    }

    fn owned(pairs: &[(&'static str, &'static str)]) -> Pairs {
        pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    #[test]
    fn the_content_type_decides_and_then_the_first_byte() {
        assert_eq!(BodyKind::of(Some("application/json; charset=utf-8"), b"a=1"), BodyKind::Json);
        assert_eq!(BodyKind::of(Some("application/x-www-form-urlencoded"), b"{}"), BodyKind::Form);
        assert_eq!(BodyKind::of(Some("text/plain"), b"\n {}"), BodyKind::Json);
        assert_eq!(BodyKind::of(None, b"imei=1"), BodyKind::Form);
        assert_eq!(BodyKind::of(None, b""), BodyKind::Form);
    }

    #[test]
    fn a_form_is_decoded_once() {
        let fields = form_fields(b"a=1+2%2B3&&b=x=y&c&d=%253A&e=%zz%E9&%66=g");
        let expected =
            [("a", "1 2+3"), ("b", "x=y"), ("c", ""), ("d", "%3A"), ("e", "%zz\u{fffd}"), ("f", "g")];
        assert_eq!(fields.pairs, owned(&expected));
        assert!(!fields.cut);
    }

    #[test]
    fn json_values_keep_their_text() {
        let fields = json(
            r#"{"a":"1","b":37.7740,"c":null,"d":[{"x":1}],"e":1e999,"f":true,"g":"\ud800","\u0041":2}"#,
        );
        let expected = [
            ("a", "1"),
            ("b", "37.7740"),
            ("d", "[{\"x\":1}]"),
            ("e", "1e999"),
            ("f", "true"),
            ("g", "\\ud800"),
            ("A", "2"),
        ];
        assert_eq!(fields, Ok(owned(&expected)));
    }

    #[test]
    fn a_body_without_fields_is_refused_with_a_sentence() {
        for (body, sentence) in [
            (
                "",
                "`imei` cannot be found, as the body is not JSON: EOF while parsing a value at line 1 column 0",
            ),
            ("[1]", "`imei` cannot be found, as the body is no JSON object: `[1]`"),
            ("\"x\"", "`imei` cannot be found, as the body is no JSON object: `\\\"x\\\"`"),
            (
                "{} x",
                "`imei` cannot be found, as the body is not JSON: trailing characters at line 1 column 4",
            ),
            (
                "{\"a\":",
                "`imei` cannot be found, as the body is not JSON: EOF while parsing a value at line 1 column 5",
            ),
        ] {
            assert_eq!(json(body).unwrap_err().to_string(), sentence);
        }
    }

    #[test]
    fn deep_nesting_is_carried_and_not_descended_into() {
        let deep = format!("{{\"a\":{}{},\"b\":1}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(json(&deep).unwrap().len(), 2);
        assert!(json(&"[".repeat(100_000)).is_err());
        assert!(json(&"{\"a\":".repeat(100_000)).is_err());
    }

    #[test]
    fn more_fields_than_a_push_has_are_cut() {
        let body = "a=1&".repeat(65);
        let form = form_fields(body.as_bytes());
        assert_eq!((form.pairs.len(), form.cut), (64, true));
        let members: Vec<String> = (0..65).map(|n| format!("\"f{n}\":1")).collect();
        let json = json_fields(format!("{{{}}}", members.join(",")).as_bytes()).unwrap();
        assert_eq!((json.pairs.len(), json.cut), (64, true));
        let json = json_fields(format!("{{{}}}", members[..64].join(",")).as_bytes()).unwrap();
        assert_eq!((json.pairs.len(), json.cut), (64, false));
    }
}
