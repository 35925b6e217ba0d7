//! Standard Webhooks from the receiver's side, by its specification alone: HMAC-SHA256 (RFC 2104) over
//! `id.timestamp.body`, and a time that is near enough.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fairlead_model::Time;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// Block size of SHA-256 in bytes.
const BLOCK: usize = 64;
const SECRET_PREFIX: &str = "whsec_";
const VERSION: &str = "v1";

/// What a delivery says of itself, as its headers have it.
#[derive(Clone, Copy, Debug)]
pub struct Claims<'a> {
    /// `webhook-id`.
    pub id: &'a str,
    /// `webhook-timestamp`: seconds since 1970.
    pub timestamp: &'a str,
    /// `webhook-signature`: signatures, with blanks between them.
    pub signatures: &'a str,
}

/// Why a delivery is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unproven {
    /// One of the three headers is missing.
    NoSignature,
    /// The receiver knows no secret yet.
    NoSecret,
    /// The timestamp is no number of seconds.
    BadTimestamp,
    /// It was signed too long ago, or in the future.
    OutOfTime,
    /// None of its signatures is one of ours over this id, time and body.
    Forged,
}

/// A secret, as bytes.
///
/// # Errors
/// Where `text` is not `whsec_` and base64 of 24 to 64 bytes.
pub fn secret(text: &str) -> Result<Vec<u8>, &'static str> {
    let encoded = text.trim().strip_prefix(SECRET_PREFIX).ok_or("a secret begins with whsec_")?;
    let bytes = STANDARD.decode(encoded).map_err(|_| "behind whsec_ there is no base64")?;
    if (24..=64).contains(&bytes.len()) { Ok(bytes) } else { Err("a secret has 24 to 64 bytes") }
}

/// Checks a delivery against any of these secrets.
///
/// # Errors
/// Why it is not believed.
pub fn verify(
    secrets: &[Vec<u8>],
    claims: Claims<'_>,
    body: &[u8],
    now: Time,
    tolerance: Duration,
) -> Result<(), Unproven> {
    if secrets.is_empty() {
        return Err(Unproven::NoSecret);
    }
    let seconds: i64 = claims.timestamp.parse().map_err(|_| Unproven::BadTimestamp)?;
    let signed_at = Time::from_micros(seconds.saturating_mul(1_000_000));
    if now.since(signed_at) > tolerance || signed_at.since(now) > tolerance {
        return Err(Unproven::OutOfTime);
    }
    let content = [claims.id.as_bytes(), b".", claims.timestamp.as_bytes(), b".", body].concat();
    let shown: Vec<Vec<u8>> = claims
        .signatures
        .split(' ')
        .filter_map(|one| one.split_once(',').filter(|(version, _)| *version == VERSION))
        .filter_map(|(_, encoded)| STANDARD.decode(encoded).ok())
        .collect();
    let is_ours = secrets.iter().map(|key| hmac_sha256(key, &content)).any(|ours| shown.contains(&ours));
    if is_ours { Ok(()) } else { Err(Unproven::Forged) }
}

/// The signature of a delivery, as `webhook-signature` has it.
///
/// # Errors
/// Where `text` is no signing secret.
pub fn sign(text: &str, id: &str, timestamp_s: i64, body: &[u8]) -> anyhow::Result<String> {
    let key = secret(text).map_err(anyhow::Error::msg)?;
    let content = [format!("{id}.{timestamp_s}.").as_bytes(), body].concat();
    Ok(format!("{VERSION},{}", STANDARD.encode(hmac_sha256(&key, &content))))
}

fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    // Secrets are never longer than a block, so the key is never hashed first.
    let padded = |pad: u8| {
        let mut block: Vec<u8> = key.iter().map(|byte| byte ^ pad).collect();
        block.resize(BLOCK, pad);
        block
    };
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const CLAIMS: Claims<'_> = Claims {
        id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp: "1614265330",
        signatures: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };

    fn checked(secrets: &[&str], claims: Claims<'_>, body: &[u8], at_s: i64) -> Result<(), Unproven> {
        let secrets: Vec<_> = secrets.iter().map(|text| secret(text).unwrap()).collect();
        verify(&secrets, claims, body, Time::from_micros(at_s * 1_000_000), Duration::from_secs(300))
    }

    #[test]
    fn hmac_is_that_of_rfc_4231() {
        let mac = |key: &[u8], text: &[u8]| hex::encode(hmac_sha256(key, text));
        assert_eq!(
            mac(&[0x0b; 20], b"Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
        assert_eq!(
            mac(b"Jefe", b"what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn the_published_example_is_believed() {
        assert_eq!(checked(&[SECRET], CLAIMS, BODY, 1_614_265_330), Ok(()));
        let several = Claims {
            signatures: "v2,eA== v1,eA== v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ..CLAIMS
        };
        let other = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        assert_eq!(checked(&[other, SECRET], several, BODY, 1_614_265_629), Ok(()));
    }

    #[test]
    fn what_is_signed_is_believed() {
        let signature = sign(SECRET, CLAIMS.id, 1_614_265_330, BODY).unwrap();
        assert_eq!(signature, CLAIMS.signatures);
    }

    #[test]
    fn what_is_not_proven_has_a_reason() {
        let at = 1_614_265_330;
        let other = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        for (secrets, claims, body, at_s, why) in [
            (&[][..], CLAIMS, BODY, at, Unproven::NoSecret),
            (&[other], CLAIMS, BODY, at, Unproven::Forged),
            (&[SECRET], CLAIMS, &br#"{"test": 2432232315}"#[..], at, Unproven::Forged),
            (&[SECRET], Claims { id: "msg_other", ..CLAIMS }, BODY, at, Unproven::Forged),
            (&[SECRET], Claims { timestamp: "1614265331", ..CLAIMS }, BODY, at, Unproven::Forged),
            (&[SECRET], Claims { signatures: "v1a,g0hM9SsE", ..CLAIMS }, BODY, at, Unproven::Forged),
            (&[SECRET], Claims { timestamp: "soon", ..CLAIMS }, BODY, at, Unproven::BadTimestamp),
            (&[SECRET], CLAIMS, BODY, at + 301, Unproven::OutOfTime),
            (&[SECRET], CLAIMS, BODY, at - 301, Unproven::OutOfTime),
        ] {
            assert_eq!(checked(secrets, claims, body, at_s), Err(why), "{why:?}");
        }
        for bad in ["", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_?", "whsec_AAAA"] {
            assert!(secret(bad).is_err(), "{bad}");
        }
    }
}
