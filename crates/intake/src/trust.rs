//! Who vouches for a push: its signature, its path, its address, or nobody.

use std::net::IpAddr;

use anyhow::Context as _;
use fairlead_model::{Secret, Trust};
use fairlead_runtime::settings::StringList;
use fairlead_web::networks::Networks;
use fairlead_wire::rockblock::claims::{self, ClaimDifference, ClaimMismatch, PROVIDER_KEY_PEM};
use fairlead_wire::{rockblock, rockcore};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;

use crate::pushed::{Provider, Pushed};
use crate::settings::{CloudloopSettings, RockblockSettings, RockcoreSettings, Settings};

/// One for each door.
pub(crate) struct Doorkeepers {
    rockblock: Doorkeeper,
    rockcore: Doorkeeper,
    cloudloop: Doorkeeper,
}

impl Doorkeepers {
    pub(crate) fn new(settings: &Settings) -> anyhow::Result<Self> {
        Ok(Self {
            rockblock: Doorkeeper::new(&settings.rockblock)?,
            rockcore: Doorkeeper::of_rockcore(&settings.rockcore)?,
            cloudloop: Doorkeeper::of_cloudloop(&settings.cloudloop)?,
        })
    }

    pub(crate) const fn of(&self, provider: Provider) -> &Doorkeeper {
        match provider {
            Provider::Rockblock => &self.rockblock,
            Provider::Rockcore => &self.rockcore,
            Provider::Cloudloop => &self.cloudloop,
        }
    }
}

/// A push that may carry a token.
pub(crate) trait Claimed {
    /// The token, not verified.
    fn token(&self) -> Option<&str>;

    /// Whether verified claims are about this push, and what else they tell differently.
    fn compare(&self, claims: &Value) -> Result<Vec<ClaimDifference>, ClaimMismatch>;
}

impl Claimed for rockblock::Push {
    fn token(&self) -> Option<&str> {
        self.jwt.as_deref()
    }

    fn compare(&self, claims: &Value) -> Result<Vec<ClaimDifference>, ClaimMismatch> {
        claims::compare(claims, self)
    }
}

impl Claimed for Pushed {
    /// Cloudloop signs nothing.
    fn token(&self) -> Option<&str> {
        match self {
            Self::Rockblock(push) => push.token(),
            Self::Rockcore(push) => push.jwt.as_deref(),
            Self::Cloudloop(_) => None,
        }
    }

    fn compare(&self, claims: &Value) -> Result<Vec<ClaimDifference>, ClaimMismatch> {
        match self {
            Self::Rockblock(push) => push.compare(claims),
            Self::Rockcore(push) => rockcore::claims::compare(claims, push),
            Self::Cloudloop(push) => push.sbd.compare(claims),
        }
    }
}

/// What is believed at one door.
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
        let keys = believed_keys("intake.rockblock", settings.published_key, &settings.public_key_files)?;
        Self::build("intake.rockblock", keys, secret_path, allow_list, *require_trust)
    }

    fn of_rockcore(settings: &RockcoreSettings) -> anyhow::Result<Self> {
        let RockcoreSettings { require_trust, secret_path, allow_list, .. } = settings;
        let keys = believed_keys("intake.rockcore", settings.published_key, &settings.public_key_files)?;
        Self::build("intake.rockcore", keys, secret_path, allow_list, *require_trust)
    }

    fn of_cloudloop(settings: &CloudloopSettings) -> anyhow::Result<Self> {
        let CloudloopSettings { require_trust, secret_path, allow_list, .. } = settings;
        Self::build("intake.cloudloop", Vec::new(), secret_path, allow_list, *require_trust)
    }

    fn build(
        section: &str,
        keys: Vec<DecodingKey>,
        secret_path: &Secret,
        allow_list: &StringList,
        require: Trust,
    ) -> anyhow::Result<Self> {
        let mut validation = Validation::new(Algorithm::RS256);
        // The provider's tokens carry neither an end nor an audience, and an old one is no reason to refuse.
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let allow_list = Networks::parse(&format!("{section}.allow_list"), &allow_list.0);
        Ok(Self {
            keys,
            validation,
            secret_path: secret_path.clone(),
            allow_list: allow_list.map_err(anyhow::Error::msg)?,
            require,
        })
    }

    /// Judges a push by its token, its path and its address.
    pub(crate) fn judge(&self, push: &impl Claimed, approach: &Approach) -> Vouched {
        let mut differences = Vec::new();
        let mut trust = Trust::Unsigned;
        if let Some(token) = push.token() {
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
    fn verify(&self, token: &str, push: &impl Claimed) -> Result<Vec<String>, String> {
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
        let found = push.compare(&claims).map_err(|e| format!("Its token is another message's: {e}."))?;
        Ok(found.into_iter().map(|d| d.field).collect())
    }
}

fn believed_keys(section: &str, published: bool, files: &StringList) -> anyhow::Result<Vec<DecodingKey>> {
    let mut keys = Vec::new();
    if published {
        keys.push(DecodingKey::from_rsa_pem(PROVIDER_KEY_PEM.as_bytes())?);
    }
    for path in &files.0 {
        let about = || format!("{section}.public_key_files: {path}");
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
    use fairlead_wire::rockblock::{BodyKind, Push, parse};

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
