//! How a device gets its name: a step that a technician does by hand, on the device's own prompt.

use anyhow::{Context, Result};
use fairlead_model::device::DeviceKind;
use serde_json::{Value, json};

use super::http::{Halt, Power, Server};

/// Asks the server (such as `http://host:8080/v1`, or with the registration secret `http://host:8080/d/SECRET/v1`) for a
/// name; with `iam` the device says which name it has.
///
/// # Errors
/// Where the server is not there or gives no name.
pub async fn register(server: &str, kind: DeviceKind, iam: Option<&str>) -> Result<String> {
    let body = iam.map_or_else(|| json!({}), |iam| json!({ "iam": iam }));
    let answer =
        Server::parse(server)?.json(&format!("/{kind}/register"), &body, &mut Power::default()).await;
    let answer = answer.map_err(|halt| match halt {
        Halt::Raised(text) => anyhow::anyhow!("the server gives no name: {text}"),
        Halt::PowerCut => anyhow::anyhow!("the device has no power"),
    })?;
    let name = answer.get("iam").and_then(Value::as_str);
    name.map(str::to_owned).with_context(|| format!("the server gives no name: {answer}"))
}
