//! Whether the claims of a verified token are about this push.
//!
//! The claims carry every field as a string (`"power":"false"`), the body numbers and truth values as such.

use serde_json::{Map, Value};

use super::Push;
use super::key::meaning;
use super::push::name;
use crate::excerpt::excerpt;
use crate::rockblock::claims::{ClaimDifference, ClaimMismatch, ISSUER};

/// Claims about the token, not about the message.
const TOKEN_CLAIMS: [&str; 2] = ["iss", "iat"];

/// The fields that say which message it is, or that something follows from.
const DECISIVE: [&str; 12] = [
    name::ID,
    name::IMEI,
    name::MOMSN,
    name::TX_AT,
    name::TRANSMIT_TIME,
    name::AT,
    name::LAT,
    name::LON,
    name::TRIGGER,
    name::SOURCE,
    name::MESSAGE,
    name::MESSAGE_ACK,
];

/// Compares the claims of a verified token with the push that it came with. What decides must agree in meaning;
/// everything else that differs is listed.
///
/// # Errors
/// Where the claims are about another message.
pub fn compare(claims: &Value, push: &Push) -> Result<Vec<ClaimDifference>, ClaimMismatch> {
    let claims = claims.as_object().ok_or(ClaimMismatch::NotAnObject)?;
    let pushed = |field: &str| push.fields.get(field).cloned();
    for field in DECISIVE {
        let (claimed, pushed) = (claims.get(field).and_then(claim_text), pushed(field));
        if told(claimed.as_deref()) != told(pushed.as_deref()) {
            return Err(ClaimMismatch::Differs {
                field,
                claimed: shown(claimed.as_deref()),
                pushed: shown(pushed.as_deref()),
            });
        }
    }
    let mut names: Vec<&str> = claims.keys().chain(push.fields.keys()).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| !TOKEN_CLAIMS.contains(name) && !DECISIVE.contains(name));
    let compared = names.into_iter().map(|name| (name, claims.get(name).and_then(claim_text), pushed(name)));
    Ok(compared
        .filter(|(_, claimed, pushed)| told(claimed.as_deref()) != told(pushed.as_deref()))
        .map(|(name, claimed, pushed)| ClaimDifference {
            field: excerpt(name),
            claimed: claimed.as_deref().map(excerpt),
            pushed: pushed.as_deref().map(excerpt),
        })
        .collect())
}

fn claim_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// What a text means; an empty one means as little as none.
fn told(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty()).map(meaning)
}

fn shown(text: Option<&str>) -> String {
    text.map_or_else(|| "absent".to_owned(), excerpt)
}

/// The claims that the provider would sign for a push: every field as a string, and `iat` in seconds since 1970.
pub fn claims_for(push: &Push, iat: i64) -> Value {
    let fields = push.fields.iter().map(|(name, text)| (name.clone(), Value::String(text.clone())));
    let mut claims: Map<String, Value> = fields.collect();
    claims.insert("iss".to_owned(), ISSUER.into());
    claims.insert("iat".to_owned(), iat.into());
    Value::Object(claims)
}

#[cfg(test)]
mod tests {
    use super::super::{BodyKind, parse};
    use super::*;

    const BODY: &str = r#"{"id":"x","imei":"300434063836590","txAt":"2023-03-14T09:15:04Z","lat":51.4954,"lon":-3.1704,
        "sog":0,"power":true,"trigger":"MESSAGE","message":"Beacon on"}"#;

    fn push() -> Push {
        parse(BodyKind::Json, BODY.as_bytes()).unwrap()
    }

    fn with(name: &str, value: impl Into<Value>) -> Value {
        let mut claims = claims_for(&push(), 0);
        claims.as_object_mut().unwrap().insert(name.to_owned(), value.into());
        claims
    }

    #[test]
    fn spelling_does_not_matter() {
        for claims in [with("lat", "51.49540"), with("power", "true"), with("sog", "0.0"), with("momsn", "")]
        {
            assert_eq!(compare(&claims, &push()), Ok(vec![]), "{claims}");
        }
    }

    #[test]
    fn what_steers_must_be_signed_for() {
        for (name, value, sentence) in [
            (
                "message",
                Value::from("Beacon off"),
                "the token claims `message` to be `Beacon off`, the push says `Beacon on`",
            ),
            ("message", Value::Null, "the token claims `message` to be absent, the push says `Beacon on`"),
            ("id", "y".into(), "the token claims `id` to be `y`, the push says `x`"),
            ("lat", "51.4955".into(), "the token claims `lat` to be `51.4955`, the push says `51.4954`"),
            ("message_ack", "7".into(), "the token claims `message_ack` to be `7`, the push says absent"),
        ] {
            assert_eq!(compare(&with(name, value), &push()).unwrap_err().to_string(), sentence);
        }
        assert_eq!(compare(&Value::from("x"), &push()), Err(ClaimMismatch::NotAnObject));
    }

    #[test]
    fn the_rest_is_listed() {
        let found = compare(&with("sog", "1"), &push()).unwrap();
        let fields: Vec<_> = found.iter().map(|difference| difference.field.as_str()).collect();
        assert_eq!(fields, ["`sog`"]);
    }
}
