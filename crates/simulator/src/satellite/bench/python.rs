//! How the firmware writes values: Python's own text, put into JSON by string formatting, quotes and all.

use serde_json::Value;

/// One object with one key, its value a text that is put in as it is: one with a quote in it makes no JSON.
pub(super) fn single(key: &str, value: &str) -> String {
    format!(r#"{{"{key}":"{value}"}}"#)
}

/// The same for an optional value: `None` is what Python prints.
pub(super) fn single_or_none(key: &str, value: Option<&str>) -> String {
    single(key, value.unwrap_or("None"))
}

/// A truth as Python prints it.
pub(super) const fn truth(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

/// What `verb, name, args = json.loads(text)` gives, or the text of what it raises.
pub(super) fn unpack(text: &str) -> Result<[Value; 3], String> {
    let items = match serde_json::from_str(text) {
        Ok(Value::Array(items)) => items,
        // Python unpacks an object's keys and a text's letters as well.
        Ok(Value::Object(object)) => object.into_iter().map(|(key, _)| Value::String(key)).collect(),
        Ok(Value::String(text)) => text.chars().map(|letter| Value::String(letter.into())).collect(),
        Ok(Value::Bool(_)) => return Err("'bool' object isn't iterable".to_owned()),
        Ok(Value::Null) => return Err("'NoneType' object isn't iterable".to_owned()),
        Ok(Value::Number(_)) => return Err("'int' object isn't iterable".to_owned()),
        Err(_) => return Err("syntax error in JSON".to_owned()),
    };
    let count = items.len();
    <[Value; 3]>::try_from(items).map_err(|_| match count {
        0..=2 => format!("need more than {count} values to unpack"),
        _ => "too many values to unpack (expected 3)".to_owned(),
    })
}
