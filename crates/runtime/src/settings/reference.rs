//! The reference of settings and the annotated file, both made from the settings structs themselves.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use schemars::Schema;
use serde_json::{Map, Value};

/// A section: its name, its schema and its defaults as JSON.
pub struct Section {
    /// As in the file.
    pub name: String,
    /// What is allowed.
    pub schema: Schema,
    /// The defaults, or the values in use.
    pub values: Value,
}

/// One setting, as described by its struct.
struct Entry {
    key: String,
    description: String,
    value: Value,
    allowed: Vec<String>,
    secret: bool,
}

/// The names of a struct's sections.
pub fn section_names(schema: &Schema) -> Vec<String> {
    properties(schema.as_value(), schema.as_value()).map(|p| p.keys().cloned().collect()).unwrap_or_default()
}

/// What may stand at a place of the settings.
#[derive(Debug)]
pub enum Keys {
    /// A value.
    Value,
    /// These keys.
    Named(BTreeMap<String, Keys>),
    /// Keys that a person chooses, each with the same below it.
    Any(Box<Keys>),
}

/// What may stand under `path`.
pub fn keys(schema: &Schema, path: &[&str]) -> Keys {
    let root = schema.as_value();
    let mut here = root;
    for step in path {
        let Some(next) = properties(root, here).and_then(|p| p.get(*step)) else { return Keys::Value };
        here = next;
    }
    keys_of(root, here)
}

fn keys_of(root: &Value, here: &Value) -> Keys {
    if let Some(fields) = properties(root, here) {
        return Keys::Named(fields.iter().map(|(key, field)| (key.clone(), keys_of(root, field))).collect());
    }
    match each(root, here) {
        Some(one) => Keys::Any(Box::new(keys_of(root, one))),
        None => Keys::Value,
    }
}

/// How a key that a person chooses is written in descriptions.
pub(super) const CHOSEN: &str = "<name>";

/// Settings that take one of a few words: each with its path below the section ([`CHOSEN`] for a key that a person
/// chooses) and the words.
pub fn choices(schema: &Schema) -> Vec<(String, Vec<String>)> {
    let section = Section { name: String::new(), schema: schema.clone(), values: Value::Null };
    entries(&section)
        .into_iter()
        .filter(|entry| !entry.allowed.is_empty())
        .map(|entry| (entry.key, entry.allowed))
        .collect()
}

/// Sections of a struct of sections.
pub fn split(schema: &Schema, values: &Value) -> Vec<Section> {
    let root = schema.as_value();
    let Some(fields) = properties(root, root) else { return Vec::new() };
    fields
        .iter()
        .map(|(name, field)| {
            let mut part = resolve(root, field).clone();
            if let (Value::Object(part), Some(defs)) = (&mut part, root.get("$defs")) {
                part.insert("$defs".to_owned(), defs.clone());
            }
            Section {
                name: name.clone(),
                schema: part.try_into().unwrap_or_default(),
                values: values.get(name).cloned().unwrap_or_default(),
            }
        })
        .collect()
}

/// The reference of settings, as Markdown.
pub fn markdown(sections: &[Section]) -> String {
    let mut text = String::from(
        "# Settings\n\nEvery setting has a default that works. They are read in this order, a later one wins:\n\
         defaults, the file (`/etc/fairlead/fairlead.toml` or `--config FILE`), `FAIRLEAD__SECTION__KEY` in a `.env` \
         file or in the environment, `--set section.key=value`. For a secret, `FAIRLEAD__SECTION__KEY_FILE` names a \
         file that holds it, and a systemd credential `fairlead.section.key` sets it as well.\n",
    );
    for section in sections {
        let _ = write!(text, "\n## `[{}]`\n\n| setting | default | meaning |\n|---|---|---|\n", section.name);
        for entry in entries(section) {
            let allowed = if entry.allowed.is_empty() {
                String::new()
            } else {
                format!(" One of: {}.", entry.allowed.join(", "))
            };
            let _ = writeln!(
                text,
                "| `{}.{}` | `{}` | {}{allowed} |",
                section.name,
                entry.key,
                shown(&entry),
                entry.description
            );
        }
    }
    text
}

/// A settings file with every setting explained; values that equal `defaults` are commented out.
pub fn annotated(sections: &[Section], defaults: &[Section]) -> String {
    let mut text = String::new();
    for section in sections {
        let _ = writeln!(text, "[{}]", section.name);
        let usual = defaults.iter().find(|d| d.name == section.name).map(entries).unwrap_or_default();
        for entry in entries(section) {
            for line in wrap(&entry.description) {
                let _ = writeln!(text, "# {line}");
            }
            if !entry.allowed.is_empty() {
                let _ = writeln!(text, "# One of: {}.", entry.allowed.join(", "));
            }
            let changed = usual.iter().find(|d| d.key == entry.key).is_none_or(|d| d.value != entry.value);
            let mark = if changed { "" } else { "# " };
            let _ = writeln!(text, "{mark}{} = {}\n", entry.key, shown(&entry));
        }
    }
    text
}

fn entries(section: &Section) -> Vec<Entry> {
    let mut found = Vec::new();
    collect(section.schema.as_value(), section.schema.as_value(), &section.values, "", &mut found);
    found
}

fn collect(root: &Value, here: &Value, values: &Value, prefix: &str, found: &mut Vec<Entry>) {
    let Some(fields) = properties(root, here) else { return };
    for (key, field) in fields {
        let value = values.get(key).cloned().unwrap_or_default();
        let target = resolve(root, field);
        let path = format!("{prefix}{key}");
        if properties(root, field).is_some() {
            collect(root, target, &value, &format!("{path}."), found);
            continue;
        }
        if let Some(one) = each(root, field) {
            collect_each(root, one, &value, &path, found);
            continue;
        }
        let words = |v: &Value| v.get("description").and_then(Value::as_str).map(str::to_owned);
        let format = |v: &Value| v.get("format").and_then(Value::as_str) == Some("secret");
        found.push(Entry {
            key: path,
            description: words(field).or_else(|| words(target)).unwrap_or_default().replace('\n', " "),
            value,
            allowed: allowed(target),
            secret: format(field) || format(target),
        });
    }
}

/// The settings below keys that a person chooses: of each that is there, or else of none in particular, as by default.
fn collect_each(root: &Value, one: &Value, values: &Value, path: &str, found: &mut Vec<Entry>) {
    let chosen = values.as_object().filter(|values| !values.is_empty());
    for (name, value) in chosen.into_iter().flatten() {
        collect(root, one, value, &format!("{path}.{name}."), found);
    }
    if chosen.is_none() {
        let usual = |(key, field): (&String, &Value)| Some((key.clone(), field.get("default")?.clone()));
        let fields = properties(root, one).into_iter().flatten();
        let usual = Value::Object(fields.filter_map(usual).collect());
        collect(root, one, &usual, &format!("{path}.{CHOSEN}."), found);
    }
}

fn allowed(schema: &Value) -> Vec<String> {
    let texts =
        |list: &Vec<Value>| list.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect::<Vec<_>>();
    if let Some(list) = schema.get("enum").and_then(Value::as_array) {
        return texts(list);
    }
    let variants = schema.get("oneOf").and_then(Value::as_array);
    variants
        .map(|v| v.iter().filter_map(|one| one.get("const")?.as_str().map(str::to_owned)).collect())
        .unwrap_or_default()
}

/// The value as in a TOML file; of a secret only the part that is not secret.
fn shown(entry: &Entry) -> String {
    match &entry.value {
        Value::String(text) if entry.secret && text.contains('@') => {
            let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
            let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
            format!("\"{scheme}://•••@{host}\"")
        }
        Value::Null => "\"\"".to_owned(),
        other => other.to_string(),
    }
}

fn wrap(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let full = lines.last().is_some_and(|line| line.len() + word.len() > 100);
        if full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

fn properties<'s>(root: &'s Value, schema: &'s Value) -> Option<&'s Map<String, Value>> {
    resolve(root, schema).get("properties").and_then(Value::as_object)
}

/// What each value of a map is, where keys are chosen by a person.
fn each<'s>(root: &'s Value, schema: &'s Value) -> Option<&'s Value> {
    let one = resolve(root, schema).get("additionalProperties").filter(|one| one.is_object())?;
    Some(resolve(root, one))
}

fn resolve<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    let target = schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|r| r.strip_prefix("#/$defs/"))
        .and_then(|name| root.get("$defs")?.get(name));
    target.unwrap_or(schema)
}

/// The values of a section with its secrets masked.
pub fn masked(section: &Section) -> Value {
    let mut values = section.values.clone();
    for entry in entries(section).iter().filter(|e| e.secret) {
        let pointer = format!("/{}", entry.key.replace('.', "/"));
        if let Some(value) = values.pointer_mut(&pointer) {
            *value = Value::String(shown(entry).trim_matches('"').to_owned());
        }
    }
    values
}
