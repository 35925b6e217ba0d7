//! Who vouches for a push: its signature, its path, its address, or nobody.

use std::net::IpAddr;

use anyhow::Context as _;
use fairlead_model::{Secret, Trust};
use fairlead_web::networks::Networks;
use fairlead_wire::rockblock::Push;
use fairlead_wire::rockblock::claims::{self, PROVIDER_KEY_PEM};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};

use crate::settings::RockblockSettings;

/// What is believed at RockBLOCK's door.
pub(crate) struct Doorkeeper {
    keys: Vec<DecodingKey>,
    validation: Validation,
    secret_path: Secret,
    allow_list: Networks,
    require: Trust,
}

/// What is known of a push beside its body.
#[derive(Clone, Debug)]
pub(crate) struct Approach {
    /// The secret in the path, where there was one.
    pub(crate) path_secret: Option<String>,
    /// The address that it comes from, proxies seen through.
    pub(crate) address: Option<IpAddr>,
}

/// What the doorkeeper found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Vouched {
    /// It may come in.
    Let {
        /// By whose word.
        trust: Trust,
        /// Fields that token and push tell differently, and that decide nothing.
        differences: Vec<String>,
    },
    /// It may not, and this is why.
    Kept(String),
}

impl Doorkeeper {
    pub(crate) fn new(settings: &RockblockSettings) -> anyhow::Result<Self> {
        let RockblockSettings { require_trust, secret_path, allow_list, .. } = settings;
        let mut validation = Validation::new(Algorithm::RS256);
        // The provider's tokens carry neither an end nor an audience, and an old one is no reason to refuse.
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        Ok(Self {
            keys: believed_keys(settings)?,
            validation,
            secret_path: secret_path.clone(),
            allow_list: Networks::parse("intake.rockblock.allow_list", &allow_list.0)
                .map_err(anyhow::Error::msg)?,
            require: *require_trust,
        })
    }

    /// Judges a push by its token, its path and its address.
    pub(crate) fn judge(&self, push: &Push, approach: &Approach) -> Vouched {
        let mut differences = Vec::new();
        let mut trust = Trust::Unsigned;
        if let Some(token) = &push.jwt {
            match self.verify(token, push) {
                Ok(found) => {
                    trust = Trust::Signed;
                    differences = found;
                }
                Err(reason) => return Vouched::Kept(reason),
            }
        }
        match (&approach.path_secret, self.secret_path.is_empty()) {
            (Some(given), false) if same_secret(given, self.secret_path.expose()) => {
                trust = trust.max(Trust::SecretPath);
            }
            (Some(_), _) if trust < Trust::Signed => {
                return Vouched::Kept("The secret in the path is not the one that is set.".to_owned());
            }
            _ => {}
        }
        if approach.address.is_some_and(|ip| self.allow_list.contains(ip)) {
            trust = trust.max(Trust::ListedAddress);
        }
        if trust < self.require {
            return Vouched::Kept(format!("Its trust is {trust}; at least {} is asked for.", self.require));
        }
        Vouched::Let { trust, differences }
    }

    /// Whether a believed key signed this very message.
    fn verify(&self, token: &str, push: &Push) -> Result<Vec<String>, String> {
        let header =
            jsonwebtoken::decode_header(token).map_err(|e| format!("Its token cannot be read: {e}."))?;
        if header.alg != Algorithm::RS256 {
            return Err(format!("Its token is signed with {:?}; only RS256 is believed.", header.alg));
        }
        let claims = self
            .keys
            .iter()
            .find_map(|key| jsonwebtoken::decode::<serde_json::Value>(token, key, &self.validation).ok())
            .ok_or("No believed key has signed its token.")?
            .claims;
        let found =
            claims::compare(&claims, push).map_err(|e| format!("Its token is another message's: {e}."))?;
        Ok(found.into_iter().map(|d| d.field).collect())
    }
}

fn believed_keys(settings: &RockblockSettings) -> anyhow::Result<Vec<DecodingKey>> {
    let mut keys = Vec::new();
    if settings.published_key {
        keys.push(DecodingKey::from_rsa_pem(PROVIDER_KEY_PEM.as_bytes())?);
    }
    for path in &settings.public_key_files.0 {
        let about = || format!("intake.rockblock.public_key_files: {path}");
        let pem = std::fs::read(path).with_context(about)?;
        keys.push(DecodingKey::from_rsa_pem(&pem).with_context(about)?);
    }
    Ok(keys)
}

/// Compares digests, so that the time taken tells nothing about the secret.
fn same_secret(given: &str, set: &str) -> bool {
    fairlead_store::sign_in::hash(given) == fairlead_store::sign_in::hash(set)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fairlead_runtime::settings::StringList;
    use fairlead_wire::rockblock::{BodyKind, parse};

    fn doorkeeper(change: impl FnOnce(&mut RockblockSettings)) -> Doorkeeper {
        let mut settings = RockblockSettings::default();
        change(&mut settings);
        Doorkeeper::new(&settings).unwrap()
    }

    fn push(extra: &str) -> Push {
        let body = format!("imei=300434063836590&momsn=1&transmit_time=20-10-02 21:07:37&data=00{extra}");
        parse(BodyKind::Form, body.as_bytes()).unwrap()
    }

    fn approach(path_secret: Option<&str>, address: &str) -> Approach {
        Approach { path_secret: path_secret.map(str::to_owned), address: address.parse().ok() }
    }

    fn trust_of(vouched: &Vouched) -> Option<Trust> {
        match vouched {
            Vouched::Let { trust, .. } => Some(*trust),
            Vouched::Kept(_) => None,
        }
    }

    #[test]
    fn path_and_address_vouch_and_the_higher_counts() {
        let keeper = doorkeeper(|s| {
            s.secret_path = Secret::new("abc");
            s.allow_list = StringList(vec!["212.71.235.32".into()]);
        });
        let judge = |a| trust_of(&keeper.judge(&push(""), &a));
        assert_eq!(judge(approach(None, "10.0.0.1")), Some(Trust::Unsigned));
        assert_eq!(judge(approach(None, "212.71.235.32")), Some(Trust::ListedAddress));
        assert_eq!(judge(approach(Some("abc"), "212.71.235.32")), Some(Trust::SecretPath));
        assert_eq!(judge(approach(Some("abd"), "212.71.235.32")), None);
    }

    #[test]
    fn a_token_that_proves_nothing_is_worse_than_none() {
        let keeper = doorkeeper(|_| {});
        for token in [
            "x",
            "eyJhbGciOiJub25lIn0.e30.",
            "eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
            "eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
        ] {
            let verdict = keeper.judge(&push(&format!("&JWT={token}")), &approach(None, "10.0.0.1"));
            assert!(matches!(verdict, Vouched::Kept(_)), "{token}: {verdict:?}");
        }
    }

    #[test]
    fn less_trust_than_required_is_kept_out() {
        let keeper = doorkeeper(|s| s.require_trust = Trust::Signed);
        let verdict = keeper.judge(&push(""), &approach(None, "10.0.0.1"));
        assert_eq!(verdict, Vouched::Kept("Its trust is unsigned; at least signed is asked for.".to_owned()));
    }
}
