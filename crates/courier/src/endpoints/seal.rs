//! Secrets at rest: sealed with AES-256-GCM under a key that is not in the database.

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fairlead_model::endpoint::SigningKeyView;
use fairlead_model::{EndpointId, Secret};
use fairlead_store::routing::endpoints::Kept;
use fairlead_web::health::Check;
use serde::{Deserialize, Serialize};

use super::OpenSecrets;

/// The key's file in the courier's folder.
pub(crate) const FILE: &str = "secrets.key";
/// Bytes of a key.
const KEY: usize = 32;
/// Bytes of a nonce, which stands before what it sealed.
const NONCE: usize = 12;
/// What a sealed text begins with: how it was sealed.
const VERSION: u8 = 1;

/// Seals and opens.
pub(crate) struct Sealer(RandomizedNonceKey);

impl Sealer {
    /// With the key of the settings, or else that of a file, which is made where it is missing.
    ///
    /// # Errors
    /// A sentence about the setting or the file.
    pub(crate) fn open(setting: &Secret, folder: &Path) -> anyhow::Result<Self> {
        if !setting.is_empty() {
            return Self::with(setting.expose()).context("courier.secrets_key cannot be used");
        }
        let path = folder.join(FILE);
        if !path.exists() {
            make(&path).with_context(|| format!("{} cannot be made", path.display()))?;
        }
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        Self::with(&text).with_context(|| format!("{} cannot be used", path.display()))
    }

    fn with(key: &str) -> anyhow::Result<Self> {
        let bytes = STANDARD.decode(key.trim()).ok().filter(|bytes| bytes.len() == KEY);
        let bytes = bytes.context("a key is 32 bytes in base64; `openssl rand -base64 32` makes one")?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, &bytes);
        Ok(Self(key.map_err(|_| anyhow::anyhow!("the key is refused"))?))
    }

    /// Seals a text for an endpoint: it opens for no other.
    ///
    /// # Errors
    /// A sentence where the machine gives no random bytes.
    pub(crate) fn seal(&self, of: EndpointId, text: &str) -> Result<Vec<u8>, String> {
        let mut sealed = text.as_bytes().to_vec();
        let nonce = self
            .0
            .seal_in_place_append_tag(Aad::from(of.uuid().as_bytes()), &mut sealed)
            .map_err(|_| "The secrets could not be sealed.".to_owned())?;
        let mut whole = Vec::with_capacity(1 + NONCE + sealed.len());
        whole.push(VERSION);
        whole.extend_from_slice(nonce.as_ref());
        whole.append(&mut sealed);
        Ok(whole)
    }

    /// Opens what was sealed for an endpoint.
    ///
    /// # Errors
    /// A sentence where it was sealed with another key, or is damaged.
    pub(crate) fn unseal(&self, of: EndpointId, sealed: &[u8]) -> Result<String, String> {
        let opened = || {
            let (version, rest) = sealed.split_first()?;
            let (nonce, rest) = rest.split_at_checked(NONCE)?;
            let nonce = Nonce::try_assume_unique_for_key(nonce).ok().filter(|_| *version == VERSION)?;
            let mut rest = rest.to_vec();
            let text = self.0.open_in_place(nonce, Aad::from(of.uuid().as_bytes()), &mut rest).ok()?;
            String::from_utf8(text.to_vec()).ok()
        };
        opened().ok_or_else(|| {
            "Its secrets were sealed with another key than this courier has. Bring back the key \
             (`courier.secrets_key`, or `courier/secrets.key` in the data folder), or set the secrets anew."
                .to_owned()
        })
    }
}

impl Sealer {
    /// An endpoint's secrets as they are kept. `keys` says what may be shown of those that sign, in the same order.
    ///
    /// # Errors
    /// As [`Sealer::seal`].
    pub(crate) fn close(
        &self,
        of: EndpointId,
        open: &OpenSecrets,
        keys: Vec<SigningKeyView>,
    ) -> Result<Kept, String> {
        let contents = Contents {
            username: open.username.clone(),
            password: open.password.as_ref().map(|password| password.expose().to_owned()),
            signing: open.signing.iter().map(|secret| secret.expose().to_owned()).collect(),
        };
        let is_empty = contents.username.is_none() && contents.password.is_none() && keys.is_empty();
        if is_empty {
            return Ok(Kept::default());
        }
        let text =
            serde_json::to_string(&contents).map_err(|e| format!("The secrets cannot be written: {e}."))?;
        Ok(Kept {
            username: contents.username,
            has_password: contents.password.is_some(),
            signing_keys: keys,
            sealed: hex::encode(self.seal(of, &text)?),
        })
    }

    /// An endpoint's secrets.
    ///
    /// # Errors
    /// As [`Sealer::unseal`].
    pub(crate) fn open_secrets(&self, of: EndpointId, kept: &Kept) -> Result<OpenSecrets, String> {
        if kept.sealed.is_empty() {
            return Ok(OpenSecrets::default());
        }
        let damaged = || "Its secrets are damaged. Set them anew.".to_owned();
        let text = self.unseal(of, &hex::decode(&kept.sealed).map_err(|_| damaged())?)?;
        let contents: Contents = serde_json::from_str(&text).map_err(|_| damaged())?;
        Ok(OpenSecrets {
            username: contents.username,
            password: contents.password.map(Secret::new),
            signing: contents.signing.into_iter().map(Secret::new).collect(),
        })
    }
}

/// What is sealed. It is written nowhere else.
#[derive(Serialize, Deserialize)]
struct Contents {
    username: Option<String>,
    password: Option<String>,
    signing: Vec<String>,
}

/// Whether the key is there, for the doctor: nothing is made.
pub(crate) fn look(setting: &Secret, folder: &Path) -> Check {
    let path = folder.join(FILE);
    if setting.is_empty() && !path.exists() {
        return Check::good("secrets", "The key that seals endpoints' secrets is made at the first start.");
    }
    match Sealer::open(setting, folder) {
        Ok(_) if setting.is_empty() => Check::good(
            "secrets",
            format!("{} seals endpoints' secrets. A backup without it has none of them.", path.display()),
        ),
        Ok(_) => Check::good("secrets", "courier.secrets_key seals endpoints' secrets."),
        Err(error) => Check::bad("secrets", format!("{error:#}.")).advice(
            "Bring back the key that was there; with another one, endpoints' secrets must be set anew.",
        ),
    }
}

/// Makes a key's file that only its owner reads. Of two who make it at once, one wins and both read it.
fn make(path: &Path) -> anyhow::Result<()> {
    let mut key = [0_u8; KEY];
    SystemRandom::new().fill(&mut key).map_err(|_| anyhow::anyhow!("the machine gives no random bytes"))?;
    let folder = path.parent().context("it has no folder")?;
    std::fs::create_dir_all(folder)?;
    let made = folder.join(format!("{FILE}.{}", std::process::id()));
    // What a process left behind that died here is nobody's key yet.
    let _ = std::fs::remove_file(&made);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&made)?;
    writeln!(file, "{}", STANDARD.encode(key))?;
    file.sync_all()?;
    // A link, other than a rename, does not take the place of a key that came in between.
    let linked = std::fs::hard_link(&made, path);
    std::fs::remove_file(&made)?;
    if !path.exists() {
        linked?;
    }
    std::fs::File::open(folder)?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use fairlead_model::{Clock, Time};

    use super::*;

    fn endpoint() -> EndpointId {
        EndpointId::new(&Clock::manual(Time::from_micros(0)).0)
    }

    #[test]
    fn what_is_sealed_opens_with_the_same_key_for_the_same_endpoint() {
        let folder = tempfile::tempdir().unwrap();
        let none = Secret::default();
        let sealer = Sealer::open(&none, folder.path()).unwrap();
        let (one, other) = (endpoint(), EndpointId::from(uuid::Uuid::from_u128(1)));
        let sealed = sealer.seal(one, "hunter2").unwrap();
        assert!(!sealed.windows(7).any(|part| part == b"hunter2"));
        assert_ne!(sealed, sealer.seal(one, "hunter2").unwrap(), "no nonce is used twice");
        // The file is the key, also after a start.
        let again = Sealer::open(&none, folder.path()).unwrap();
        assert_eq!(again.unseal(one, &sealed).unwrap(), "hunter2");
        assert!(again.unseal(other, &sealed).is_err());
        let mut damaged = sealed.clone();
        *damaged.last_mut().unwrap() ^= 1;
        for wrong in [&damaged[..], &sealed[..10], &[]] {
            assert!(again.unseal(one, wrong).unwrap_err().contains("courier.secrets_key"));
        }
        let key = Secret::new(STANDARD.encode([7_u8; 32]));
        assert!(Sealer::open(&key, folder.path()).unwrap().unseal(one, &sealed).is_err());
        assert!(Sealer::open(&Secret::new("short"), folder.path()).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_reads_the_key() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        Sealer::open(&Secret::default(), folder.path()).unwrap();
        let mode = std::fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
