//! A list of all files (`MANIFEST`, as `sha256sum` writes it), signed with minisign (`MANIFEST.minisig`).

use std::collections::BTreeMap;

use minisign_verify::{PublicKey, Signature};

use super::{Evidence, Verdict};

/// What the signed list says of a version. It is good only if it names exactly the version's files, each with its hash:
/// a list of other files vouches for those.
pub(super) fn judge(
    keys: &[(String, PublicKey)],
    list: &[u8],
    signature: &[u8],
    evidence: &Evidence<'_>,
) -> Verdict {
    let bad = |why: String| Verdict::Bad(why);
    if list.is_empty() {
        return bad("There is a MANIFEST.minisig and no MANIFEST.".to_owned());
    }
    let signature = std::str::from_utf8(signature).ok().and_then(|text| Signature::decode(text).ok());
    let Some(signature) = signature else {
        return bad("MANIFEST.minisig is no signature of minisign.".to_owned());
    };
    // Both of minisign's ways to sign are sound; the older one is only bound to files that fit into memory.
    let signer = keys.iter().find(|(_, key)| key.verify(list, &signature, true).is_ok());
    let Some((name, _)) = signer else {
        return bad("MANIFEST was not signed so by any key of `minisign_keys`.".to_owned());
    };
    match difference(list, evidence) {
        Some(difference) => bad(format!("{difference} The list was signed with the key {name}.")),
        None => Verdict::Good(name.clone()),
    }
}

/// The first difference between the list and the version, in a sentence.
fn difference(list: &[u8], evidence: &Evidence<'_>) -> Option<String> {
    let Ok(list) = std::str::from_utf8(list) else {
        return Some("MANIFEST is not UTF-8.".to_owned());
    };
    let mut listed = BTreeMap::new();
    for line in list.lines().filter(|line| !line.is_empty()) {
        let Some((hash, path)) = read(line) else {
            let line: String = line.chars().filter(|c| !c.is_control()).take(80).collect();
            return Some(format!("MANIFEST has a line that `sha256sum` does not write: `{line}`."));
        };
        if listed.insert(path, hash).is_some() {
            return Some(format!("MANIFEST names `{path}` twice."));
        }
    }
    for file in &evidence.manifest.files {
        match listed.remove(file.path.as_str()) {
            None => return Some(format!("MANIFEST does not name `{}`.", file.path)),
            Some(hash) if !hash.eq_ignore_ascii_case(&file.sha256) => {
                return Some(format!("`{}` is not what MANIFEST says.", file.path));
            }
            Some(_) => {}
        }
    }
    // What devices do not get may be listed.
    let missing = listed.keys().find(|path| !evidence.left_out.iter().any(|left_out| left_out == *path));
    missing.map(|path| format!("MANIFEST names `{path}`, which is not there."))
}

/// `<64 digits>  <path>` or `<64 digits> *<path>`.
fn read(line: &str) -> Option<(&str, &str)> {
    let (hash, rest) = line.split_at_checked(64)?;
    let path = rest.strip_prefix("  ").or_else(|| rest.strip_prefix(" *"))?;
    let path = path.strip_prefix("./").unwrap_or(path);
    (hash.bytes().all(|c| c.is_ascii_hexdigit()) && !path.is_empty()).then_some((hash, path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::{FileEntry, Manifest};

    fn manifest(files: &[(&str, &str)]) -> Manifest {
        let entry = |(path, digit): &(&str, &str)| FileEntry {
            path: (*path).to_owned(),
            bytes: 1,
            sha1: String::new(),
            sha256: digit.repeat(64),
        };
        Manifest::of(files.iter().map(entry).collect())
    }

    fn differs(list: &str) -> Option<String> {
        let manifest = manifest(&[("main.py", "a"), ("apps/b.py", "b")]);
        let evidence = Evidence {
            manifest: &manifest,
            left_out: &[".github/ci.yml".to_owned()],
            signed_list: None,
            commit: "",
            tags: &[],
            chosen: "",
        };
        difference(list.as_bytes(), &evidence)
    }

    #[test]
    fn a_list_vouches_for_exactly_its_files() {
        let (a, b) = ("a".repeat(64), "B".repeat(64));
        assert_eq!(differs(&format!("{a}  ./main.py\n{b} *apps/b.py\n{a}  .github/ci.yml\n")), None);
        for (list, word) in [
            (format!("{a}  main.py\n"), "does not name `apps/b.py`"),
            (format!("{a}  main.py\n{a}  apps/b.py\n"), "`apps/b.py` is not what"),
            (format!("{a}  main.py\n{b}  apps/b.py\n{b}  evil.py\n"), "`evil.py`, which is not there"),
            (format!("{a}  main.py\n{a}  ./main.py\n"), "twice"),
            ("deadbeef  main.py\n".to_owned(), "does not write"),
            (String::new(), "does not name"),
        ] {
            let sentence = differs(&list).unwrap();
            assert!(sentence.contains(word), "{sentence}");
        }
    }
}
