//! The token of a push: the key that the provider signs with, and whether its claims are about this push.
//!
//! The signature is verified elsewhere; here claims and body are compared by what they mean. The claims carry
//! every field as a string (`"momsn":"932"`), the body may carry numbers.

use serde_json::{Map, Value};

use super::body::RawFields;
use super::push::{Estimate, name};
use super::{Fields, Push};
use crate::excerpt::{excerpt, excerpts_apart};

/// The provider's public key (RS256, RSA-2048, SPKI), as published on Ground Control's page on receiving MO
/// messages. It verifies captured tokens of 2020 and 2022.
pub const PROVIDER_KEY_PEM: &str = "\
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAlaWAVJfNWC4XfnRx96p9
cztBcdQV6l8aKmzAlZdpEcQR6MSPzlgvihaUHNJgKm8t5ShR3jcDXIOI7er30cIN
4/9aVFMe0LWZClUGgCSLc3rrMD4FzgOJ4ibD8scVyER/sirRzf5/dswJedEiMte1
ElMQy2M6IWBACry9u12kIqG0HrhaQOzc6Tr8pHUWTKft3xwGpxCkV+K1N+9HCKFc
cbwb8okRP6FFAMm5sBbw4yAu39IVvcSL43Tucaa79FzOmfGs5mMvQfvO1ua7cOLK
fAwkhxEjirC0/RYX7Wio5yL6jmykAHJqFG2HT0uyjjrQWMtoGgwv9cIcI7xbsDX6
owIDAQAB
-----END PUBLIC KEY-----
";

/// `iss` of the provider's tokens.
pub const ISSUER: &str = "Rock 7";

/// Claims about the token, not about the message.
const TOKEN_CLAIMS: [&str; 2] = ["iss", "iat"];

/// A field in which claims and push differ, and which decides nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimDifference {
    /// Its name on the wire, shortened and escaped.
    pub field: String,
    /// As claimed, shortened and escaped; `None` where it is not claimed.
    pub claimed: Option<String>,
    /// As pushed, shortened and escaped; `None` where it is not pushed.
    pub pushed: Option<String>,
}

/// Why claims are not about a push; it displays as a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimMismatch {
    /// The claims are no JSON object.
    #[error("the token's claims are no object")]
    NotAnObject,
    /// A field that says which message it is differs.
    #[error("the token claims `{field}` to be {claimed}, the push says {pushed}")]
    Differs {
        /// Its name on the wire.
        field: &'static str,
        /// As claimed, shortened and escaped.
        claimed: String,
        /// As pushed, shortened and escaped.
        pushed: String,
    },
}

/// Compares the claims of a verified token with the push that it came with.
///
/// IMEI, MOMSN, transmit time and payload must agree in meaning. Everything else that differs is listed. The
/// token's age is no matter: whether the provider signs a retry anew is not known.
///
/// # Errors
/// Where the claims are about another message.
pub fn compare(claims: &Value, push: &Push) -> Result<Vec<ClaimDifference>, ClaimMismatch> {
    let claims = claims.as_object().ok_or(ClaimMismatch::NotAnObject)?;
    let claimed = claimed_push(claims, push)?;
    must_agree(name::MOMSN, (&claimed.momsn, &claimed.momsn_raw), (&push.momsn, &push.momsn_raw))?;
    must_agree(
        name::TRANSMIT_TIME,
        (&claimed.transmitted_at, &claimed.transmit_time_raw),
        (&push.transmitted_at, &push.transmit_time_raw),
    )?;
    // A missing `data` and an empty one both leave an empty raw text, but only the latter a payload.
    must_agree(
        name::DATA,
        (&claimed.payload, &Some(claimed.data_raw.clone())),
        (&push.payload, &Some(push.data_raw.clone())),
    )?;
    Ok(differences(&claimed, push))
}

/// The claims as a push of their own, so that both sides are read by the same rules.
fn claimed_push(claims: &Map<String, Value>, push: &Push) -> Result<Push, ClaimMismatch> {
    let pairs = claims
        .iter()
        .filter(|(name, _)| !TOKEN_CLAIMS.contains(&name.as_str()))
        .filter_map(|(name, value)| Some((name.into(), claim_text(value)?.into())))
        .collect();
    let differs = |claimed: Option<String>| ClaimMismatch::Differs {
        field: name::IMEI,
        claimed: shown(claimed.as_deref()),
        pushed: shown(Some(push.imei.as_str())),
    };
    let claimed = Push::from_fields(RawFields { pairs, cut: false })
        .map_err(|_| differs(claims.get(name::IMEI).and_then(claim_text)))?;
    if claimed.imei == push.imei { Ok(claimed) } else { Err(differs(Some(claimed.imei.to_string()))) }
}

fn claim_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// Values agree where both were read and are equal. Where neither was, their texts must be the same.
fn must_agree<T: PartialEq>(
    field: &'static str,
    (claimed, claimed_raw): (&Option<T>, &Option<String>),
    (pushed, pushed_raw): (&Option<T>, &Option<String>),
) -> Result<(), ClaimMismatch> {
    let same_text = || folded(claimed_raw.as_deref()) == folded(pushed_raw.as_deref());
    if claimed == pushed && (claimed.is_some() || same_text()) {
        return Ok(());
    }
    let (claimed, pushed) = match (claimed_raw, pushed_raw) {
        (Some(claimed), Some(pushed)) => excerpts_apart(claimed, pushed),
        (claimed, pushed) => (shown(claimed.as_deref()), shown(pushed.as_deref())),
    };
    Err(ClaimMismatch::Differs { field, claimed, pushed })
}

/// A text without blanks and case.
fn folded(text: Option<&str>) -> Option<String> {
    text.map(|text| text.split_whitespace().collect::<String>().to_ascii_lowercase())
}

fn shown(text: Option<&str>) -> String {
    text.map_or_else(|| "absent".to_owned(), excerpt)
}

fn differences(claimed: &Push, push: &Push) -> Vec<ClaimDifference> {
    let (of_claims, of_push) = (minor_fields(claimed), minor_fields(push));
    let mut names: Vec<&str> = of_claims.iter().chain(&of_push).map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let value = |fields: &[(String, String)], name: &str| {
        fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    };
    names
        .into_iter()
        .map(|name| (name, value(&of_claims, name), value(&of_push, name)))
        .filter(|(_, claimed, pushed)| claimed != pushed)
        .map(|(name, claimed, pushed)| ClaimDifference {
            field: excerpt(name),
            claimed: claimed.as_deref().map(excerpt),
            pushed: pushed.as_deref().map(excerpt),
        })
        .collect()
}

/// The fields that decide nothing, each as a text that is equal where the meaning is.
fn minor_fields(push: &Push) -> Vec<(String, String)> {
    let number = |value: f64| value.to_string();
    let estimate = push.estimate.as_ref();
    let known = [
        (name::DEVICE_TYPE, push.device_type.clone()),
        (name::SERIAL, push.serial.as_deref().map(normal)),
        (name::LATITUDE, estimate.map(|e: &Estimate| number(e.latitude.degrees()))),
        (name::LONGITUDE, estimate.map(|e| number(e.longitude.degrees()))),
        (name::CEP, estimate.and_then(|e| e.cep_km).map(number)),
        (name::SESSION_STATUS, push.session_status.map(|status| status.to_string())),
    ];
    let known = known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    known.chain(push.unknown.iter().map(|(name, value)| (name.clone(), normal(value)))).collect()
}

/// A number in one spelling; any other text as it is.
fn normal(text: &str) -> String {
    super::push::decimal(text).map_or_else(|| text.to_owned(), |value| value.to_string())
}

/// The claims that the provider would sign for a push: every field as a string, and `iat` in seconds since 1970.
pub fn claims_for(fields: &Fields, iat: i64) -> Value {
    let mut claims: Map<String, Value> =
        fields.texts().into_iter().map(|(name, text)| (name.to_owned(), Value::String(text))).collect();
    claims.insert("iss".to_owned(), ISSUER.into());
    claims.insert("iat".to_owned(), iat.into());
    Value::Object(claims)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use fairlead_model::{Latitude, Longitude, Time};

    use super::super::{BodyKind, parse};
    use super::*;

    fn fields() -> Fields {
        Fields {
            imei: "300434063836590".parse().unwrap(),
            serial: 123_456,
            momsn: 932,
            transmitted_at: Time::parse_rfc3339("2020-09-03T20:16:13Z").unwrap(),
            latitude: Latitude::new(37.663).unwrap(),
            longitude: Longitude::new(-122.405).unwrap(),
            cep_km: 2.0,
            session_status: Some(0),
            payload: b"PK005;1".to_vec(),
        }
    }

    fn push() -> Push {
        parse(BodyKind::Json, fields().json_body(None).as_bytes()).unwrap()
    }

    fn claims_with(name: &str, value: impl Into<Value>) -> Value {
        let mut claims = claims_for(&fields(), 1_599_164_178);
        claims.as_object_mut().unwrap().insert(name.to_owned(), value.into());
        claims
    }

    #[test]
    fn the_key_is_a_whole_rsa_2048_key() {
        let body: String = PROVIDER_KEY_PEM.lines().filter(|line| !line.starts_with('-')).collect();
        let der = STANDARD.decode(body).unwrap();
        assert_eq!(der.len(), 294);
        assert_eq!(der[..4], [0x30, 0x82, 0x01, 0x22]);
        assert_eq!(der[289..], [0x02, 0x03, 0x01, 0x00, 0x01]);
    }

    #[test]
    fn claims_are_strings() {
        let claims = claims_for(&fields(), 1_599_164_178);
        assert_eq!(claims["iss"], "Rock 7");
        assert_eq!(claims["iat"], 1_599_164_178);
        assert_eq!(claims["momsn"], "932");
        assert_eq!(claims["iridium_latitude"], "37.6630");
        assert_eq!(claims["data"], "504b3030353b31");
    }

    #[test]
    fn spelling_and_age_do_not_matter() {
        for claims in [
            claims_for(&fields(), 0),
            claims_with("momsn", 932),
            claims_with("momsn", "0932"),
            claims_with("transmit_time", "20-09-03%2020%3A16%3A13"),
            claims_with("data", "50 4B 30 30 35 3B 31"),
            claims_with("serial", 123_456.0),
            claims_with("iat", Value::Null),
            claims_with("iridium_cep", 2),
        ] {
            assert_eq!(compare(&claims, &push()), Ok(vec![]), "{claims}");
        }
    }

    #[test]
    fn another_message_is_refused_by_the_field_that_says_so() {
        for (name, value, sentence) in [
            (
                "imei",
                Value::from("300434063836591"),
                "the token claims `imei` to be `300434063836591`, the push says `300434063836590`",
            ),
            ("imei", Value::Null, "the token claims `imei` to be absent, the push says `300434063836590`"),
            ("imei", Value::from(7), "the token claims `imei` to be `7`, the push says `300434063836590`"),
            ("momsn", Value::from("933"), "the token claims `momsn` to be `933`, the push says `932`"),
            ("momsn", Value::Null, "the token claims `momsn` to be absent, the push says `932`"),
            (
                "transmit_time",
                Value::from("20-09-03 20:16:14"),
                "the token claims `transmit_time` to be `20-09-03 20:16:14`, the push says `20-09-03 20:16:13`",
            ),
            ("data", Value::from("00"), "the token claims `data` to be `00`, the push says `504b3030353b31`"),
            ("data", Value::from(""), "the token claims `data` to be ``, the push says `504b3030353b31`"),
        ] {
            let refusal = compare(&claims_with(name, value), &push()).unwrap_err();
            assert_eq!(refusal.to_string(), sentence);
        }
        assert_eq!(compare(&Value::from("x"), &push()), Err(ClaimMismatch::NotAnObject));
    }

    #[test]
    fn absent_and_unreadable_values_agree_with_their_like_alone() {
        let read =
            |data: &str| parse(BodyKind::Form, format!("imei=300434063836590{data}").as_bytes()).unwrap();
        let claims = |data: Value| serde_json::json!({"imei": "300434063836590", "data": data});
        assert_eq!(compare(&claims(Value::Null), &read("")), Ok(vec![]));
        assert_eq!(compare(&claims("z Z".into()), &read("&data=ZZ")), Ok(vec![]));
        assert!(compare(&claims("zz".into()), &read("&data=zy")).is_err());
        assert!(compare(&claims("".into()), &read("")).is_err());
        assert!(compare(&claims(Value::Null), &read("&momsn=1")).is_err());
        assert!(compare(&claims(Value::Null), &read("&transmit_time=soon")).is_err());
    }

    #[test]
    fn other_differences_are_listed() {
        let mut claims = claims_with("iridium_latitude", "37.6631");
        let map = claims.as_object_mut().unwrap();
        map.insert("power".to_owned(), "false".into());
        map.remove("serial");
        let differences = compare(&claims, &push()).unwrap();
        let listed = |field: &str, claimed: Option<&str>, pushed: Option<&str>| ClaimDifference {
            field: field.to_owned(),
            claimed: claimed.map(str::to_owned),
            pushed: pushed.map(str::to_owned),
        };
        assert_eq!(
            differences,
            [
                listed("`iridium_latitude`", Some("`37.6631`"), Some("`37.663`")),
                listed("`power`", Some("`false`"), None),
                listed("`serial`", None, Some("`123456`")),
            ]
        );
    }
}
