//! A tag that was signed with an SSH key (`git tag -s` with `gpg.format=ssh`).

use ssh_key::{HashAlg, PublicKey, SshSig};

use super::Verdict;

/// Where signatures begin (git's `gpg-interface.c`): the last line that begins so starts the signature.
const SSH: &str = "-----BEGIN SSH SIGNATURE-----";
const OTHERS: [(&str, &str); 4] = [
    ("-----BEGIN PGP SIGNATURE-----", "OpenPGP"),
    ("-----BEGIN PGP MESSAGE-----", "OpenPGP"),
    ("-----BEGIN SIGNED MESSAGE-----", "X.509"),
    (SSH, "SSH"),
];

/// The purpose for which git has SSH keys sign.
const NAMESPACE: &str = "git";

/// What a tag's signature says of a commit. `held` is the tag object as git stores it.
pub(super) fn judge(keys: &[(String, PublicKey)], commit: &str, name: &str, held: &[u8]) -> Verdict {
    let Some((payload, signature, kind)) = split(held) else { return Verdict::None };
    if kind != "SSH" {
        return Verdict::Unchecked(format!(
            "The tag {name} has an {kind} signature, which is not checked; sign with an SSH key (gpg.format=ssh)."
        ));
    }
    // A signed tag is about what it says itself, whatever it is called and attached to now.
    if header(payload, "object") != Some(commit) || header(payload, "type") != Some("commit") {
        return Verdict::Bad(format!("The tag {name} was signed for something else than this commit."));
    }
    if header(payload, "tag") != Some(name) {
        let own = header(payload, "tag").unwrap_or("another name");
        return Verdict::Bad(format!("The tag {name} was signed as `{own}`."));
    }
    let Ok(signature) = SshSig::from_pem(signature) else {
        return Verdict::Bad(format!("The signature of the tag {name} cannot be read."));
    };
    if let Some((signer, _)) = keys.iter().find(|(_, key)| key.verify(NAMESPACE, payload, &signature).is_ok())
    {
        return Verdict::Good(signer.clone());
    }
    match keys.iter().find(|(_, key)| key.key_data() == signature.public_key()) {
        Some((signer, _)) => {
            Verdict::Bad(format!("The tag {name} is not what was signed with the key {signer}."))
        }
        None => {
            let fingerprint = signature.public_key().fingerprint(HashAlg::Sha256);
            Verdict::Bad(format!(
                "The tag {name} was signed with {fingerprint}, which is no key of `ssh_signers`."
            ))
        }
    }
}

/// What was signed, the signature, and its kind.
fn split(held: &[u8]) -> Option<(&[u8], &[u8], &'static str)> {
    let mut found = None;
    let mut start = 0;
    for line in held.split_inclusive(|byte| *byte == b'\n') {
        if let Some((_, kind)) = OTHERS.iter().find(|(sign, _)| line.starts_with(sign.as_bytes())) {
            found = Some((start, *kind));
        }
        start += line.len();
    }
    let (start, kind) = found?;
    let (payload, signature) = held.split_at_checked(start)?;
    Some((payload, signature, kind))
}

/// One of the first lines of a tag, which say what it is about.
fn header<'p>(payload: &'p [u8], name: &str) -> Option<&'p str> {
    let end = payload.windows(2).position(|two| two == b"\n\n").unwrap_or(payload.len());
    let text = std::str::from_utf8(payload.get(..end)?).ok()?;
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_signed_ends_where_the_last_signature_begins() {
        let held = format!("object 1\ntype commit\ntag v1\n\n{SSH}\nquoted\n{SSH}\nreal\n");
        let (payload, signature, kind) = split(held.as_bytes()).unwrap();
        assert!(payload.ends_with(b"quoted\n"));
        assert!(signature.ends_with(b"real\n"));
        assert_eq!(kind, "SSH");
        assert_eq!(split(b"object 1\n\nno signature\n"), None);
    }

    #[test]
    fn a_tag_is_about_what_it_says_itself() {
        let held = |object: &str, tag: &str| {
            format!("object {object}\ntype commit\ntag {tag}\n\nobject 1\n{SSH}\nx\n").into_bytes()
        };
        let sentence = |held: Vec<u8>| match judge(&[], "1", "v1", &held) {
            Verdict::Bad(sentence) => sentence,
            other => format!("{other:?}"),
        };
        assert!(sentence(held("2", "v1")).contains("something else"));
        assert!(sentence(held("1", "v0")).contains("signed as `v0`"));
        assert!(sentence(held("1", "v1")).contains("cannot be read"));
        let pgp = b"object 1\ntype commit\ntag v1\n\n-----BEGIN PGP SIGNATURE-----\nx\n";
        assert!(matches!(judge(&[], "1", "v1", pgp), Verdict::Unchecked(why) if why.contains("OpenPGP")));
    }
}
