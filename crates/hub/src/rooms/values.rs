//! What a device said last: the newest object of each kind, so that a page that comes later sees how things are.

use std::borrow::Cow;
use std::fmt;

use fairlead_model::Time;
use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};

use super::mask;

/// Most kinds of objects that are kept.
const KINDS: usize = 64;

/// Most bytes that are kept of one device.
const BYTES: usize = 16 * 1024;

/// The newest objects of a device, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Values {
    kept: Vec<Value>,
    bytes: usize,
}

#[derive(Debug)]
struct Value {
    /// The object's first key.
    kind: Box<str>,
    text: Box<str>,
    at: Time,
}

impl Values {
    /// Keeps a text, if it is a JSON object, of this kind the newest; true where it was kept. One with a credential in it
    /// is not.
    pub(crate) fn note(&mut self, text: &str, at: Time) -> bool {
        // The length first: to look into a large text takes its time.
        if text.len() > BYTES {
            return false;
        }
        let Some(kind) = kind_of(text) else { return false };
        if mask::holds_one(text) {
            return false;
        }
        if let Some(last) = self.kept.last_mut().filter(|value| *value.kind == *kind) {
            // A device that says the same again and again costs nothing more.
            last.at = at;
            if *last.text != *text {
                self.bytes = self.bytes - last.text.len() + text.len();
                last.text = text.into();
            }
        } else {
            self.forget(&kind);
            self.bytes += text.len() + kind.len();
            self.kept.push(Value { kind: kind.into(), text: text.into(), at });
        }
        while self.kept.len() > KINDS || self.bytes > BYTES {
            self.remove(0);
        }
        true
    }

    /// Takes over what was kept before, as far as nothing newer is there and there is room.
    pub(crate) fn add_earlier(&mut self, earlier: Vec<(Time, String)>) {
        let newer = std::mem::take(self);
        for (at, text) in earlier {
            self.note(&text, at);
        }
        for value in newer.kept {
            self.note(&value.text, value.at);
        }
    }

    /// All of them, oldest first, with their times.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Time, &str)> {
        self.kept.iter().map(|value| (value.at, &*value.text))
    }

    /// When the newest was said.
    pub(crate) fn newest(&self) -> Option<Time> {
        self.kept.last().map(|value| value.at)
    }

    fn forget(&mut self, kind: &str) {
        if let Some(at) = self.kept.iter().position(|value| *value.kind == *kind) {
            self.remove(at);
        }
    }

    fn remove(&mut self, at: usize) {
        let gone = self.kept.remove(at);
        self.bytes -= gone.text.len() + gone.kind.len();
    }
}

/// The first key of a text that is a JSON object with at least one.
fn kind_of(text: &str) -> Option<Cow<'_, str>> {
    // Most of what is no object is seen at once.
    if !text.trim_start().starts_with('{') {
        return None;
    }
    serde_json::from_str::<FirstKey<'_>>(text).ok().map(|first| first.0)
}

struct FirstKey<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for FirstKey<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = FirstKey<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with a key")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<FirstKey<'de>, A::Error> {
                let Key(first) =
                    fields.next_key()?.ok_or_else(|| serde::de::Error::custom("an empty object"))?;
                fields.next_value::<IgnoredAny>()?;
                while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(FirstKey(first))
            }
        }
        d.deserialize_map(Fields)
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(values: &Values) -> Vec<&str> {
        values.all().map(|(_, text)| text).collect()
    }

    fn at(second: i64) -> Time {
        Time::from_micros(second * 1_000_000)
    }

    #[test]
    fn the_newest_of_each_kind_is_kept_in_the_order_in_which_it_came() {
        let mut values = Values::default();
        for (n, text) in
            [r#"{"a":1}"#, r#"{"b":1}"#, r#" { "a" : 2, "b": 9 }"#, r#"{"c\n":[{}]}"#, r#"{"b":2}"#]
                .iter()
                .enumerate()
        {
            assert!(values.note(text, at(n.try_into().unwrap())), "{text}");
        }
        assert_eq!(texts(&values), [r#" { "a" : 2, "b": 9 }"#, r#"{"c\n":[{}]}"#, r#"{"b":2}"#]);
        assert_eq!(values.newest(), Some(at(4)));
    }

    #[test]
    fn what_is_no_object_and_what_is_secret_is_not_kept() {
        let mut values = Values::default();
        for text in
            ["", "x", "{}", "[1]", "\"{}\"", r#"{"a":"b"c"}"#, r#"{"a":1}x"#, r#"{"psk":"x"}"#, "{\"a\":"]
        {
            assert!(!values.note(text, at(1)), "{text}");
        }
        assert!(!values.note(&format!(r#"{{"a":"{}"}}"#, "x".repeat(BYTES)), at(1)));
        assert_eq!((texts(&values).len(), values.bytes), (0, 0));
    }

    #[test]
    fn they_are_bounded_by_number_and_by_size() {
        let mut values = Values::default();
        for n in 0..200 {
            values.note(&format!(r#"{{"k{n}":0}}"#), at(n));
        }
        assert_eq!(values.kept.len(), KINDS);
        assert_eq!(texts(&values).first(), Some(&r#"{"k136":0}"#));
        for n in 0..8 {
            values.note(&format!(r#"{{"big{n}":"{}"}}"#, "x".repeat(BYTES / 4)), at(n));
        }
        let kept: usize = values.kept.iter().map(|value| value.text.len() + value.kind.len()).sum();
        assert!(values.bytes == kept && kept <= BYTES && values.kept.len() == 3, "{kept}");
    }

    #[test]
    fn what_was_kept_before_is_older() {
        let mut values = Values::default();
        values.note(r#"{"a":2}"#, at(9));
        values.add_earlier(vec![(at(1), r#"{"a":1}"#.to_owned()), (at(2), r#"{"b":1}"#.to_owned())]);
        assert_eq!(texts(&values), [r#"{"b":1}"#, r#"{"a":2}"#]);
        assert_eq!(values.newest(), Some(at(9)));
    }
}
