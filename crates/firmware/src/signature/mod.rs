//! Who vouches for a version: a configured key, by a signed list of its files or by a signed tag.

mod list;
mod tag;

use fairlead_model::firmware::SignatureState;
use sha2::{Digest as _, Sha256};

use crate::library::Manifest;

/// The keys that vouch for versions of a repository.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    minisign: Vec<(String, minisign_verify::PublicKey)>,
    ssh: Vec<(String, ssh_key::PublicKey)>,
    /// What is kept of each: its name and the beginning of its SHA-256.
    marks: Vec<(Kind, String, String)>,
}

/// How a key is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Minisign,
    Ssh,
}

/// A key's name, and enough of the SHA-256 of what it is to tell it from another one of the same name. `key` is as in the
/// settings; what is said of an ssh key beside its kind and itself does not count.
fn mark(kind: Kind, name: &str, key: &str) -> String {
    let itself = match kind {
        Kind::Minisign => key,
        Kind::Ssh => key.split_whitespace().nth(1).unwrap_or(key),
    };
    let digest = hex::encode(Sha256::digest(itself.as_bytes()));
    format!("{name} ({})", digest.get(..16).unwrap_or_default())
}

/// What is known of a version when its signature is judged.
pub(crate) struct Evidence<'e> {
    /// Its files.
    pub(crate) manifest: &'e Manifest,
    /// Paths that are in the commit and are not given to devices.
    pub(crate) left_out: &'e [String],
    /// The files `MANIFEST` (empty where there is none) and `MANIFEST.minisig`.
    pub(crate) signed_list: Option<(Vec<u8>, Vec<u8>)>,
    /// The commit.
    pub(crate) commit: &'e str,
    /// The tags of the commit that are objects of their own: their names and what they hold.
    pub(crate) tags: &'e [(String, Vec<u8>)],
    /// The branch, tag or commit as it was chosen.
    pub(crate) chosen: &'e str,
}

/// Who vouches for a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Judgement {
    pub(crate) state: SignatureState,
    /// The key: its name and a mark of itself.
    pub(crate) signed_by: Option<String>,
    /// Where it is not good: what is wrong or missing, in a sentence.
    pub(crate) note: Option<String>,
}

/// What one signature says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    /// The configured key of this name made it.
    Good(String),
    /// What is wrong, in a sentence.
    Bad(String),
    /// There is none that is checked; why, in a sentence.
    Unchecked(String),
    /// There is none.
    None,
}

impl Keys {
    /// Reads the keys of the settings.
    ///
    /// # Errors
    /// The setting's name and what is wrong with it.
    pub(crate) fn parse(minisign: &[String], ssh: &[String]) -> Result<Self, String> {
        let mut marks = Vec::new();
        for (kind, setting, entries) in
            [(Kind::Minisign, "minisign_keys", minisign), (Kind::Ssh, "ssh_signers", ssh)]
        {
            for entry in entries {
                let (name, key) = split(setting, entry)?;
                marks.push((kind, name.to_owned(), mark(kind, name, key)));
            }
        }
        let minisign = minisign.iter().map(|entry| {
            let (name, key) = split("minisign_keys", entry)?;
            let key = minisign_verify::PublicKey::from_base64(key).map_err(|_| {
                format!("minisign_keys`: `{name}` has no public key of minisign, which begins with RW")
            })?;
            Ok((name.to_owned(), key))
        });
        let ssh = ssh.iter().map(|entry| {
            let (name, key) = split("ssh_signers", entry)?;
            let key = ssh_key::PublicKey::from_openssh(key)
                .map_err(|_| format!("ssh_signers`: `{name}` has no public key as in a .pub file"))?;
            let algorithm = key.algorithm();
            let checked = [ssh_key::Algorithm::Ed25519, ssh_key::Algorithm::SkEd25519, P256];
            if !checked.contains(&algorithm) {
                return Err(format!(
                    "ssh_signers`: `{name}` is a key of the kind {algorithm}; ssh-ed25519, sk-ssh-ed25519@openssh.com \
                     and ecdsa-sha2-nistp256 are checked"
                ));
            }
            Ok((name.to_owned(), key))
        });
        Ok(Self {
            minisign: minisign.collect::<Result<_, String>>()?,
            ssh: ssh.collect::<Result<_, String>>()?,
            marks,
        })
    }

    /// Whether nobody can vouch.
    pub(crate) fn is_empty(&self) -> bool {
        self.minisign.is_empty() && self.ssh.is_empty()
    }

    /// Whether the key that was written down so vouches for versions. Its name is not enough: a key that was stolen is
    /// exchanged under the same one.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.marks.iter().any(|(_, _, mark)| mark == name)
    }

    fn marked(&self, kind: Kind, verdict: Verdict) -> Verdict {
        match verdict {
            Verdict::Good(name) => Verdict::Good(self.mark(kind, &name)),
            other => other,
        }
    }

    /// What is kept of the key of a name that has vouched.
    fn mark(&self, kind: Kind, name: &str) -> String {
        let found = self.marks.iter().find(|(of, known, _)| *of == kind && known == name);
        found.map_or_else(|| name.to_owned(), |(_, _, mark)| mark.clone())
    }

    /// Who vouches for a version. One good signature is enough; without one, a bad one counts, if it is of the list of
    /// files or of the very tag that was chosen.
    pub(crate) fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let list = match &evidence.signed_list {
            Some((text, signature)) => {
                self.marked(Kind::Minisign, list::judge(&self.minisign, text, signature, evidence))
            }
            None => Verdict::None,
        };
        let mut verdicts = vec![list];
        for (name, held) in evidence.tags {
            let verdict = self.marked(Kind::Ssh, tag::judge(&self.ssh, evidence.commit, name, held));
            let is_chosen = evidence.chosen.strip_prefix("refs/tags/").unwrap_or(evidence.chosen) == name;
            if is_chosen || matches!(verdict, Verdict::Good(_)) {
                verdicts.push(verdict);
            }
        }
        let found = |wanted: fn(&Verdict) -> Option<Judgement>| verdicts.iter().find_map(wanted);
        found(|verdict| match verdict {
            Verdict::Good(name) => Some(Judgement::of(SignatureState::Good, Some(name), None)),
            _ => None,
        })
        .or_else(|| {
            found(|verdict| match verdict {
                Verdict::Bad(why) => Some(Judgement::of(SignatureState::Bad, None, Some(why))),
                _ => None,
            })
        })
        .or_else(|| {
            found(|verdict| match verdict {
                Verdict::Unchecked(why) => Some(Judgement::of(SignatureState::Unsigned, None, Some(why))),
                _ => None,
            })
        })
        .unwrap_or(Judgement::of(SignatureState::Unsigned, None, None))
    }
}

impl Judgement {
    fn of(state: SignatureState, signed_by: Option<&String>, note: Option<&String>) -> Self {
        Self { state, signed_by: signed_by.cloned(), note: note.cloned() }
    }

    /// Why a version that must be signed is refused, in a sentence; nothing where its signature is good.
    pub(crate) fn refusal(&self) -> Option<String> {
        let what = match self.state {
            SignatureState::Good => return None,
            SignatureState::Bad => "Its signature is bad, and this repository's versions must be signed.",
            SignatureState::Unsigned => "It is not signed, and this repository's versions must be.",
        };
        Some(self.note.as_ref().map_or_else(|| what.to_owned(), |note| format!("{what} {note}")))
    }
}

const P256: ssh_key::Algorithm = ssh_key::Algorithm::Ecdsa { curve: ssh_key::EcdsaCurve::NistP256 };

fn split<'e>(setting: &str, entry: &'e str) -> Result<(&'e str, &'e str), String> {
    let parts = entry.split_once(':').map(|(name, key)| (name.trim(), key.trim()));
    parts
        .filter(|(name, key)| !name.is_empty() && name.len() <= 100 && !key.is_empty())
        .ok_or_else(|| format!("{setting}`: an entry is a name, `:`, and a public key"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";

    #[test]
    fn keys_are_read_and_what_is_none_is_named() {
        let keys = Keys::parse(&[], &[format!("alice:{ED25519} a@b")]).unwrap();
        assert!(!keys.is_empty());
        for (minisign, ssh, word) in [
            (Some("RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"), None, "minisign_keys"),
            (Some("release:nonsense"), None, "begins with RW"),
            (None, Some("alice"), "ssh_signers"),
            (None, Some("alice:ssh-ed25519 AAAA"), ".pub"),
        ] {
            let list = |one: Option<&str>| one.into_iter().map(str::to_owned).collect::<Vec<_>>();
            let sentence = Keys::parse(&list(minisign), &list(ssh)).unwrap_err();
            assert!(sentence.contains(word), "{sentence}");
        }
    }

    #[test]
    fn a_commit_without_any_is_unsigned() {
        let manifest = Manifest::of(Vec::new());
        let evidence = Evidence {
            manifest: &manifest,
            left_out: &[],
            signed_list: None,
            commit: "0",
            tags: &[("other".to_owned(), b"object 1\ntype commit\ntag other\n\nwords\n".to_vec())],
            chosen: "main",
        };
        let judgement = Keys::default().judge(&evidence);
        assert_eq!((judgement.state, judgement.note.as_ref()), (SignatureState::Unsigned, None));
        assert!(judgement.refusal().unwrap().starts_with("It is not signed"));
    }
}
