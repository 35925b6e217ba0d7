//! The API's description: the services' parts, and what holds for all of them.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::services;

const DESCRIPTION: &str = "The API of Fairlead, the backend that keeps devices in the field on the line. \
    Times are RFC 3339 in UTC; a unit stands in a field's name. Lists are answered in pages: `next_cursor` is the \
    `cursor` of the next one. An error is a problem of RFC 9457 with a stable `code`.";

/// Addresses below this one need a token or a session.
const SIGNED_IN: &str = "/api/v1/";

/// The whole description, OpenAPI 3.1.
pub(crate) fn document() -> anyhow::Result<Value> {
    let info = utoipa::openapi::InfoBuilder::new()
        .title("Fairlead")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .build();
    let mut all = utoipa::openapi::OpenApiBuilder::new().info(info).build();
    for part in services::api_docs() {
        all.merge(part);
    }
    let mut all = serde_json::to_value(all)?;
    if let Some(paths) = all.pointer_mut("/paths").and_then(Value::as_object_mut) {
        for (path, methods) in paths {
            for (method, operation) in methods.as_object_mut().into_iter().flatten() {
                if let Some(operation) = operation.as_object_mut() {
                    complete(path, method, operation);
                }
            }
        }
    }
    if let Some(schemas) = all.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        name_items(schemas);
    }
    let answered = schemas_of(&all, "responses");
    let asked = schemas_of(&all, "requestBody");
    for name in answered.difference(&asked) {
        if let Some(schema) = all.pointer_mut(&format!("/components/schemas/{name}")) {
            require_all(schema);
        }
    }
    let tags = TAGS.map(|(name, description)| json!({"name": name, "description": description}));
    if let Some(all) = all.as_object_mut() {
        all.insert("tags".into(), json!(tags));
    }
    if let Some(components) = all.pointer_mut("/components").and_then(Value::as_object_mut) {
        components.insert("securitySchemes".into(), schemes());
    }
    Ok(all)
}

/// The groups in the order in which a reader meets them.
const TAGS: [(&str, &str); 16] = [
    ("modems", "Devices, where they were, and what of them is missing."),
    ("messages", "What came from devices, raw and as it was read."),
    ("problems", "What needs a person."),
    ("outgoing", "Messages to devices, the accounts that pay for them, and what they cost."),
    ("routes", "What is passed on, from which devices, to whom and in which format."),
    ("endpoints", "Who is told: webhooks, queues, exchanges, topics and devices."),
    ("deliveries", "What was passed on, what waits and what failed."),
    ("devices on the line", "Devices that are connected, their rooms, logs and orders."),
    ("firmware", "Firmware, its versions, builds and roll-outs."),
    ("changes", "What has changed, for programs that must miss nothing."),
    ("live", "Changes as they happen."),
    ("session", "Who is signed in."),
    ("people", "Who may come in, tokens of programs, and who did what."),
    ("system", "This server."),
    ("devices", "Where devices and providers deliver. None of it is for programs."),
    ("old scripts", "Addresses of the systems before this one, for scripts that still call them."),
];

/// A page refers to what it lists: generated code then has one type for it, not one for each place.
fn name_items(schemas: &mut Map<String, Value>) {
    let names: BTreeSet<String> = schemas.keys().cloned().collect();
    for (name, schema) in schemas {
        if let Some(item) = name.strip_prefix("Page_").filter(|item| names.contains(*item))
            && let Some(items) = schema.pointer_mut("/properties/items/items")
        {
            *items = json!({"$ref": format!("#/components/schemas/{item}")});
        }
    }
}

/// Names of the schemas that operations use below `part`, directly or through others.
fn schemas_of(document: &Value, part: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
    for (_, operation) in paths.flat_map(|(_, methods)| methods.as_object().into_iter().flatten()) {
        if let Some(part) = operation.get(part) {
            collect(document, part, &mut found);
        }
    }
    found
}

fn collect(document: &Value, part: &Value, found: &mut BTreeSet<String>) {
    let name = part.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
    if let Some(name) = name
        && found.insert(name.to_owned())
        && let Some(schema) = document.pointer(&format!("/components/schemas/{name}"))
    {
        collect(document, schema, found);
    }
    match part {
        Value::Object(members) => members.values().for_each(|member| collect(document, member, found)),
        Value::Array(items) => items.iter().for_each(|item| collect(document, item, found)),
        _ => {}
    }
}

/// What is answered has every field: one that is not known is null, never absent.
fn require_all(schema: &mut Value) {
    let names =
        schema.get("properties").and_then(Value::as_object).map(|fields| fields.keys().cloned().collect());
    if let (Some(names), Some(schema)) = (names, schema.as_object_mut()) {
        let names: Vec<String> = names;
        schema.insert("required".into(), json!(names));
    }
    match schema {
        Value::Object(members) => members.values_mut().for_each(require_all),
        Value::Array(items) => items.iter_mut().for_each(require_all),
        _ => {}
    }
}

/// What no service says of its operations, as it is the same for all.
fn complete(path: &str, method: &str, operation: &mut Map<String, Value>) {
    operation.insert("operationId".into(), json!(operation_id(path, method)));
    // Who is not signed in may ask for a session, and learns that there is none.
    if path.starts_with(SIGNED_IN) && !path.ends_with("/session") {
        operation.insert("security".into(), json!([{"token": []}, {"session": []}]));
    }
    let problem = json!({"$ref": "#/components/schemas/ProblemJson"});
    if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
        responses.entry("default").or_insert(json!({
            "description": "What stands against it",
            "content": {"application/problem+json": {"schema": problem}},
        }));
        for (status, response) in responses {
            // Every error is a problem; the services name the schema alone.
            let is_error = status.starts_with(['4', '5']);
            let content = response.get_mut("content").and_then(Value::as_object_mut).filter(|_| is_error);
            if let Some(content) = content
                && let Some(body) = content.remove("application/json")
            {
                content.insert("application/problem+json".into(), body);
            }
        }
    }
}

/// `get_modems_id_positions`: the same function name stands in many services, an address in one.
fn operation_id(path: &str, method: &str) -> String {
    let path = path.strip_prefix(SIGNED_IN).unwrap_or(path);
    let words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

fn schemes() -> Value {
    json!({
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token of `fairlead token create`.",
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": fairlead_web::auth::COOKIE,
            "description": format!(
                "The cookie that `POST /api/v1/session` sets. A change needs the session's `{}` as well.",
                fairlead_web::auth::CSRF_HEADER
            ),
        },
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn operations_have_names_of_their_own() {
        let document = document().unwrap();
        let paths = document["paths"].as_object().unwrap();
        let operations: Vec<&Value> =
            paths.values().flat_map(|item| item.as_object().unwrap().values()).collect();
        let ids: BTreeSet<&str> = operations.iter().map(|o| o["operationId"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), operations.len());
        assert!(ids.contains("get_modems_id_positions") && ids.contains("post_outgoing"), "{ids:?}");
    }
}
