//! The bodies that the provider pushes, signed with the simulator's own key.

use anyhow::{Context, Result};
use fairlead_model::{Latitude, Longitude, Time};
use fairlead_wire::cloudloop::{self, Format};
use fairlead_wire::rockblock::{Fields, claims};
use fairlead_wire::rockcore;
use jsonwebtoken::{Algorithm, EncodingKey, Header};

use super::cast::DeliveryForm;
use super::plan::{Delivery, Malformed, What};
use super::sent::Sent;

/// The private half of the simulated provider's key. It is public, and worthless.
pub const SIGNING_KEY_PEM: &str = include_str!("../../keys/simulated-provider.pem");

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json; charset=utf-8";

/// The content of one push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// Its `Content-Type`.
    pub content_type: &'static str,
    /// Its text.
    pub text: String,
}

/// Makes bodies. Equal deliveries give equal bodies, to the byte: RS256 adds no chance of its own.
pub(crate) struct Maker {
    key: EncodingKey,
}

impl Maker {
    pub(crate) fn new() -> Result<Self> {
        let key =
            EncodingKey::from_rsa_pem(SIGNING_KEY_PEM.as_bytes()).context("the simulator's signing key")?;
        Ok(Self { key })
    }

    /// The body of a delivery.
    pub(crate) fn body(&self, delivery: &Delivery) -> Result<Body> {
        let sent = &delivery.sent;
        let fields = fields(sent)?;
        let token = match sent.form {
            DeliveryForm::PlainForm => None,
            DeliveryForm::SignedJson | DeliveryForm::SignedForm => Some(self.token(&fields, delivery)?),
        };
        let encode = |fields: &Fields| match (sent.form, &token) {
            (DeliveryForm::SignedJson, token) => fields.json_body(token.as_deref()),
            (_, Some(token)) => format!("{}&JWT={token}", fields.form_body()),
            (_, None) => fields.form_body(),
        };
        let text = match delivery.what {
            What::Push | What::Repeat => encode(&fields),
            What::Malformed(Malformed::Forged) => {
                encode(&Fields { payload: forged(&fields.payload), ..fields })
            }
            What::Malformed(Malformed::Truncated) => half(&encode(&fields)),
            What::Malformed(Malformed::NoImei) => nameless(&encode(&fields), sent),
        };
        let content_type = if sent.form == DeliveryForm::SignedJson { JSON } else { FORM };
        Ok(Body { content_type, text })
    }

    /// The body of a delivery by Cloudloop, where nothing is signed: what is forged is told from nothing, so a body that
    /// should not be let in names no modem.
    pub(crate) fn cloudloop_body(&self, delivery: &Delivery, format: Format, mtmsn: u32) -> Result<Body> {
        let sent = &delivery.sent;
        let second = sent.at.micros().div_euclid(1_000_000);
        let push = cloudloop::Fields {
            id: format!("{}-{}-{second}", sent.imei, sent.momsn),
            mtmsn,
            thing_id: thing(sent.serial),
            sbd: fields(sent)?,
        };
        let whole = push.body(format);
        let text = match delivery.what {
            What::Push | What::Repeat => whole,
            What::Malformed(Malformed::Truncated) if format != Format::Form => half(&whole),
            What::Malformed(_) => whole.replace(sent.imei.as_str(), ""),
        };
        Ok(Body { content_type: if format == Format::Form { FORM } else { JSON }, text })
    }

    /// The body of a tracker's push, with a token of this moment where there is one.
    pub(crate) fn tracker_body(&self, fields: &rockcore::Fields, signed_at: Option<Time>) -> Result<Body> {
        let token = signed_at.map(|at| {
            let push = fields.push().context("a tracker has an IMEI")?;
            self.sign(&rockcore::claims::claims_for(&push, at.micros().div_euclid(1_000_000)))
        });
        Ok(Body { content_type: JSON, text: fields.json_body(token.transpose()?.as_deref()) })
    }

    fn token(&self, fields: &Fields, delivery: &Delivery) -> Result<String> {
        let issued_at = delivery.signed_at.micros().div_euclid(1_000_000);
        self.sign(&claims::claims_for(fields, issued_at))
    }

    fn sign(&self, claims: &serde_json::Value) -> Result<String> {
        // The provider's header holds the algorithm and nothing else.
        let header = Header { typ: None, ..Header::new(Algorithm::RS256) };
        jsonwebtoken::encode(&header, claims, &self.key).context("the token cannot be signed")
    }
}

/// What Cloudloop calls the modem with this serial number.
pub fn thing(serial: u32) -> String {
    format!("thing{serial}")
}

fn fields(sent: &Sent) -> Result<Fields> {
    Ok(Fields {
        imei: sent.imei,
        serial: sent.serial,
        momsn: sent.momsn,
        transmitted_at: sent.at,
        latitude: Latitude::new(sent.estimate.latitude).context("the estimate lies beyond a pole")?,
        longitude: Longitude::new(sent.estimate.longitude)
            .context("the estimate lies beyond the date line")?,
        cep_km: sent.estimate.cep_km,
        session_status: Some(sent.session_status.into()),
        payload: sent.payload.clone(),
    })
}

/// Another text of the same length: one digit differs. Of nothing, a command is forged.
pub(crate) fn forged(payload: &[u8]) -> Vec<u8> {
    let mut forged = payload.to_vec();
    match forged.iter_mut().rev().find(|byte| byte.is_ascii_digit()) {
        Some(digit) => *digit = if *digit == b'9' { b'0' } else { *digit + 1 },
        None => forged = b"PK005;1".to_vec(),
    }
    forged
}

fn half(text: &str) -> String {
    text.chars().take(text.len() / 2).collect()
}

/// The same body without its IMEI.
fn nameless(text: &str, sent: &Sent) -> String {
    let imei = sent.imei.as_str();
    text.replacen(&format!("\"imei\":\"{imei}\","), "", 1).replacen(&format!("imei={imei}&"), "", 1)
}
