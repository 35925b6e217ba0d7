//! Signatures by Standard Webhooks: HMAC-SHA-256 over id, time and body.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fairlead_model::Secret;

/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// Bytes in a secret that is made here. The standard takes 24 to 64.
const BYTES: usize = 32;

/// The keys that sign, in the order of their signatures.
pub(crate) struct Signer(Vec<hmac::Key>);

impl Signer {
    /// Takes secrets in.
    ///
    /// # Errors
    /// A sentence where one is not `whsec_` and base64 of 24 to 64 bytes.
    pub(crate) fn new(secrets: &[Secret]) -> Result<Self, String> {
        let key = |secret: &Secret| {
            let bytes = secret.expose().strip_prefix(PREFIX).and_then(|text| STANDARD.decode(text).ok());
            bytes
                .filter(|bytes| (24..=64).contains(&bytes.len()))
                .map(|bytes| hmac::Key::new(hmac::HMAC_SHA256, &bytes))
                .ok_or_else(|| "A signing secret is `whsec_` and 24 to 64 bytes in base64.".to_owned())
        };
        secrets.iter().map(key).collect::<Result<_, _>>().map(Self)
    }

    /// The value of `webhook-signature`: one signature for each key.
    pub(crate) fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        let head = format!("{id}.{seconds}.");
        let signature = |key: &hmac::Key| {
            let mut context = hmac::Context::with_key(key);
            context.update(head.as_bytes());
            context.update(body);
            format!("v1,{}", STANDARD.encode(context.sign()))
        };
        self.0.iter().map(signature).collect::<Vec<_>>().join(" ")
    }
}

/// A fresh secret.
///
/// # Errors
/// A sentence where the machine gives no random bytes.
pub(crate) fn fresh() -> Result<Secret, String> {
    let mut bytes = [0_u8; BYTES];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| "The machine gives no random bytes for a secret.".to_owned())?;
    Ok(Secret::new(format!("{PREFIX}{}", STANDARD.encode(bytes))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_standard() {
        // The example of the standard's own documentation and libraries.
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signer = Signer::new(std::slice::from_ref(&secret)).unwrap();
        let signed = signer.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let both = Signer::new(&[fresh().unwrap(), secret]).unwrap();
        let signed = both.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        let (first, second) = signed.split_once(' ').unwrap();
        assert_eq!(second, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert!(first.starts_with("v1,") && first != second);
    }

    #[test]
    fn a_secret_that_the_standard_does_not_know_is_refused() {
        for wrong in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=", "whsec_???"] {
            assert!(Signer::new(&[Secret::new(wrong)]).is_err(), "{wrong}");
        }
        assert_ne!(fresh().unwrap(), fresh().unwrap());
    }
}
