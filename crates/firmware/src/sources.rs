//! The repositories that are mirrored: what the settings say of each, checked.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use fairlead_model::Secret;
use fairlead_runtime::settings::StringList;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::signature::Keys;

/// Longest name of a repository.
const LONGEST_NAME: usize = 64;

/// Shortest pause between two fetches by the timer.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(10);

/// `[firmware.sources.<name>]`
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SourceSettings {
    /// Where the repository is: `https://host/path.git`, `ssh://git@host/path.git`, `git@host:path.git`, `git://…`,
    /// `http://…`, or `file:///path` on this machine. It holds no password: see `credentials`.
    pub url: String,
    /// A file with credentials for https, as `https://user:token@host`, one a line (git's own format).
    pub credentials: PathBuf,
    /// A private key for ssh. The server's key is believed when it is met first, and only that one from then on.
    pub ssh_key: PathBuf,
    /// What the repository's server signs its push webhook with (GitHub, Gitea, Forgejo) or sends with it (GitLab); the
    /// hook is `POST /api/v1/firmware/hooks/<name>`. Empty: there is no hook.
    pub webhook_secret: Secret,
    /// Seconds between two fetches.
    pub interval_s: u32,
    /// Whether a version must carry a good signature to be given to devices.
    pub signature: SignatureRule,
    /// minisign's public keys that vouch for a version by the file `MANIFEST.minisig`, each as `name:RW…`.
    pub minisign_keys: StringList,
    /// SSH public keys that vouch for a version by a signed tag, each as `name:ssh-ed25519 AAAA…`.
    pub ssh_signers: StringList,
    /// Most megabytes that the mirror may take.
    pub max_mb: u32,
}

/// Whether a version needs a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignatureRule {
    /// Without one it is given out too, and shown as unsigned.
    Optional,
    /// Without a good one it is not given out.
    Required,
}

impl Default for SourceSettings {
    fn default() -> Self {
        Self {
            url: String::new(),
            credentials: PathBuf::new(),
            ssh_key: PathBuf::new(),
            webhook_secret: Secret::default(),
            interval_s: 300,
            signature: SignatureRule::Optional,
            minisign_keys: StringList::default(),
            ssh_signers: StringList::default(),
            max_mb: 1_024,
        }
    }
}

/// A repository to mirror, whose settings can be used.
pub(crate) struct Source {
    /// Its name.
    pub(crate) name: String,
    /// Where it is, as git takes it.
    pub(crate) url: String,
    /// The word by which git allows or forbids this way of fetching.
    pub(crate) protocol: &'static str,
    /// A file with credentials for https; empty where there is none.
    pub(crate) credentials: PathBuf,
    /// A private key for ssh; empty where there is none.
    pub(crate) ssh_key: PathBuf,
    /// The webhook's secret; empty where there is no hook.
    pub(crate) webhook_secret: Secret,
    /// Between two fetches by the timer.
    pub(crate) interval: Duration,
    /// Whether only versions with a good signature are given out.
    pub(crate) signature_required: bool,
    /// Who may vouch for a version.
    pub(crate) keys: Keys,
    /// Most bytes of the mirror.
    pub(crate) most_bytes: u64,
}

/// All repositories of the settings, by name.
///
/// # Errors
/// A sentence that names the setting.
pub(crate) fn all(settings: &BTreeMap<String, SourceSettings>) -> Result<BTreeMap<String, Source>, String> {
    settings.iter().map(|(name, settings)| Ok((name.clone(), Source::of(name, settings)?))).collect()
}

impl Source {
    fn of(name: &str, settings: &SourceSettings) -> Result<Self, String> {
        let at = format!("firmware.sources.{name}");
        if !is_name(name) {
            return Err(format!(
                "`{at}`: a repository's name has 1 to {LONGEST_NAME} lower-case letters, digits, `-` and `_`, and \
                 begins with a letter or digit"
            ));
        }
        let protocol = protocol(&settings.url).map_err(|why| format!("`{at}.url` {why}"))?;
        let keys = Keys::parse(&settings.minisign_keys.0, &settings.ssh_signers.0)
            .map_err(|why| format!("`{at}.{why}"))?;
        for (key, file) in [("credentials", &settings.credentials), ("ssh_key", &settings.ssh_key)] {
            // What is wrong is not repeated: it may be the secret itself.
            let text = file.to_string_lossy();
            if text.contains("://") || text.contains(char::is_control) || text.contains("PRIVATE KEY") {
                return Err(format!("`{at}.{key}` names a file; what is in the file does not belong there"));
            }
        }
        let signature_required = settings.signature == SignatureRule::Required;
        if signature_required && keys.is_empty() {
            return Err(format!(
                "`{at}.signature` is `required`, and nobody could sign: set `minisign_keys` or `ssh_signers`"
            ));
        }
        Ok(Self {
            name: name.to_owned(),
            url: settings.url.clone(),
            protocol,
            credentials: settings.credentials.clone(),
            ssh_key: settings.ssh_key.clone(),
            webhook_secret: settings.webhook_secret.clone(),
            interval: Duration::from_secs(settings.interval_s.into()).max(SHORTEST_INTERVAL),
            signature_required,
            keys,
            most_bytes: u64::from(settings.max_mb.max(1)) << 20,
        })
    }

    /// The address without a user's name, for people.
    pub(crate) fn shown_url(&self) -> String {
        match url::Url::parse(&self.url) {
            Ok(mut url) if matches!(url.scheme(), "http" | "https") => {
                // Neither can fail for an address of the web.
                let _ = url.set_username("");
                let _ = url.set_password(None);
                url.to_string()
            }
            _ => self.url.clone(),
        }
    }
}

/// Longest name of a user in an address of http, in characters. Tokens are longer.
const LONGEST_USER: usize = 39;

/// What tokens of well-known servers begin with.
const TOKENS: [&str; 9] = ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "gldt-", "ATBB"];

fn is_name(name: &str) -> bool {
    let fits = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let bytes = name.as_bytes();
    bytes.len() <= LONGEST_NAME
        && bytes.first().copied().is_some_and(fits)
        && bytes.iter().all(|&c| fits(c) || c == b'-' || c == b'_')
}

/// The way of fetching that an address names.
///
/// # Errors
/// What is wrong with it, to be read after the setting's name.
fn protocol(url: &str) -> Result<&'static str, String> {
    if url.is_empty() {
        return Err("is not set".to_owned());
    }
    if url.contains(|c: char| c.is_control() || c.is_whitespace()) || url.starts_with('-') {
        return Err("has characters that an address has not".to_owned());
    }
    let Some((scheme, rest)) = url.split_once("://") else {
        return scp_like(url);
    };
    let protocol = ["https", "http", "ssh", "git", "file"].into_iter().find(|known| *known == scheme);
    let protocol = protocol.ok_or_else(|| {
        format!("begins with `{scheme}://`; it is one of https://, ssh://, git://, http://, file://")
    })?;
    let host = rest.split('/').next().unwrap_or_default();
    let (user, host) = host.rsplit_once('@').unwrap_or(("", host));
    if user.contains(':') {
        return Err(
            "holds a password, which other programs of this machine could read: write `https://user:token@host` into \
             a file, and name that as `credentials`"
                .to_owned(),
        );
    }
    let looks_secret = user.len() > LONGEST_USER || TOKENS.iter().any(|token| user.starts_with(token));
    if matches!(protocol, "https" | "http") && looks_secret {
        return Err(
            "holds a token as the user's name, which other programs of this machine could read: write \
             `https://user:token@host` into a file, and name that as `credentials`"
                .to_owned(),
        );
    }
    match (protocol, host) {
        ("file", "") if rest.starts_with('/') => Ok(protocol),
        ("file", _) => Err("is a file's address with a host; write file:///path".to_owned()),
        (_, host) if host.is_empty() || host.starts_with('-') => Err("names no host".to_owned()),
        _ => Ok(protocol),
    }
}

/// `user@host:path`, which is ssh.
fn scp_like(url: &str) -> Result<&'static str, String> {
    let host = url.split_once(':').filter(|(host, path)| !host.contains('/') && !path.starts_with(':'));
    match host {
        Some((host, path)) if host.contains('@') && !path.is_empty() && !host.contains("@-") => Ok("ssh"),
        _ => Err("is no address; for a folder of this machine write file:///path, for ssh git@host:path"
            .to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_url(url: &str) -> SourceSettings {
        SourceSettings { url: url.to_owned(), ..SourceSettings::default() }
    }

    #[test]
    fn addresses_name_their_protocol() {
        for (url, wanted) in [
            ("https://git.example.org/a/b.git", Some("https")),
            ("https://reader@git.example.org/b.git", Some("https")),
            ("http://127.0.0.1:8000/b.git", Some("http")),
            ("ssh://git@host:2222/b.git", Some("ssh")),
            ("git@host:team/b.git", Some("ssh")),
            ("git://host/b.git", Some("git")),
            ("file:///srv/git/b.git", Some("file")),
            ("", None),
            ("/srv/git/b.git", None),
            ("-upload-pack=x", None),
            ("ext::sh -c x", None),
            ("ext::sh", None),
            ("ftp://host/b.git", None),
            ("https://", None),
            ("file://host/b.git", None),
            ("ssh://-oProxyCommand=x/b.git", None),
            ("a@-oProxyCommand=x:b", None),
            ("https://user:secret@host/b.git", None),
            ("https://ghp_abcdef@github.com/a/b.git", None),
            ("https://0123456789012345678901234567890123456789@host/b.git", None),
            ("https://host/b c.git", None),
        ] {
            assert_eq!(protocol(url).ok(), wanted, "{url}");
        }
    }

    #[test]
    fn settings_that_cannot_be_used_are_refused_with_their_name() {
        let of = |name: &str, settings: &SourceSettings| Source::of(name, settings).err().unwrap_or_default();
        assert!(of("Scout", &with_url("https://h/b")).contains("`firmware.sources.Scout`"));
        assert!(of("../x", &with_url("https://h/b")).contains("lower-case"));
        assert!(of("scout", &with_url("")).contains("`firmware.sources.scout.url` is not set"));
        let mut settings = with_url("https://h/b");
        settings.signature = SignatureRule::Required;
        assert!(of("scout", &settings).contains("nobody could sign"));
        settings.minisign_keys = StringList(vec!["release:RWnonsense".to_owned()]);
        let sentence = of("scout", &settings);
        assert!(sentence.contains("`firmware.sources.scout.minisign_keys`"), "{sentence}");
        assert!(!of("scout", &with_url("https://u:hunter2@h/b")).contains("hunter2"));
        let mut settings = with_url("https://h/b");
        settings.credentials = PathBuf::from("https://u:hunter2@h");
        let sentence = of("scout", &settings);
        assert!(
            sentence.contains("credentials` names a file") && !sentence.contains("hunter2"),
            "{sentence}"
        );
    }

    #[test]
    fn no_users_name_is_shown() {
        let source = Source::of("scout", &with_url("https://reader@git.example.org/b.git")).ok().unwrap();
        assert_eq!(source.shown_url(), "https://git.example.org/b.git");
    }
}
