//! What is wrong when fetching fails, in words: git's complaints are for programmers.

/// Longest part of a complaint that is shown as it is, in characters.
const SHOWN: usize = 300;

/// Signs in git's complaints (locale C; git 2.30 to 2.50, OpenSSH 8 to 10), in the order in which they are looked for, and
/// what they mean.
const SIGNS: &[(&[&str], &str)] = &[
    (
        &["No space left on device", "Disk quota exceeded"],
        "The disk is full: make room, or give the service a larger one.",
    ),
    (
        &["REMOTE HOST IDENTIFICATION HAS CHANGED", "Host key verification failed"],
        "The server shows another host key than it did before. If it was meant to change, remove its line from \
         the file known_hosts in the firmware folder; if not, somebody stands in between.",
    ),
    (
        &[
            "Could not resolve host",
            "Could not resolve hostname",
            "unable to look up",
            "Name or service not known",
        ],
        "The server's name cannot be resolved: look at the address in `url` and at this machine's DNS.",
    ),
    (
        &["certificate", "SSL peer", "TLS connect error", "gnutls_handshake"],
        "The server's certificate is not believed: it is out of date, for another name, or of an authority that this \
         machine does not know.",
    ),
    (
        &[
            "UNPROTECTED PRIVATE KEY FILE",
            "Load key",
            "Identity file",
            "error in libcrypto",
            "invalid format",
        ],
        "The private key in `ssh_key` cannot be used: it must be there, be readable for this service alone, and \
         have no passphrase.",
    ),
    (
        &["cannot run ssh", "unable to find remote helper", "is not a git command"],
        "This machine lacks a program that git needs for it: install git and openssh-client whole.",
    ),
    (
        &[
            "Authentication failed",
            "could not read Username",
            "could not read Password",
            "terminal prompts disabled",
            "Permission denied (",
            "returned error: 401",
            "returned error: 403",
            "HTTP Basic: Access denied",
        ],
        "The server refuses these credentials, or wants some: look at `credentials` or `ssh_key`.",
    ),
    (
        &[
            "returned error: 404",
            "Repository not found",
            "repository not exported",
            "does not appear to be a git repository",
            "No such file or directory",
            "does not exist",
            "not found",
        ],
        "There is no such repository there, or these credentials may not see it: look at `url`.",
    ),
    (
        &["dubious ownership"],
        "The repository's folder belongs to another user, so git does not read it: give it to the service's user, or \
         serve it by ssh or https.",
    ),
    (
        &["mismatched algorithms", "unknown object format", "unsupported object format"],
        "The repository uses another object format (SHA-256) than the mirror; only SHA-1 repositories are mirrored.",
    ),
    (
        &[
            "Connection refused",
            "Failed to connect",
            "Could not connect",
            "Couldn't connect",
            "Connection timed out",
            "Operation timed out",
            "No route to host",
            "Network is unreachable",
            "unable to connect",
            "Connection reset",
            "Connection closed by",
            "hung up unexpectedly",
            "early EOF",
            "Operation too slow",
            "returned error: 5",
        ],
        "The server cannot be reached, or broke off: look whether it runs, and whether this machine may connect to it.",
    ),
];

/// The sentence for a complaint of git.
pub(crate) fn sentence(complaint: &str) -> String {
    let last = last_line(complaint);
    if let Some(fault) = complaint.lines().find(|line| line.contains("error: object ")) {
        let fault = clean(fault.trim_start_matches("remote: ").trim_start_matches("error: "));
        return format!("The repository holds something malformed, so nothing was taken: {fault}.");
    }
    for (signs, meaning) in SIGNS {
        if signs.iter().any(|sign| complaint.contains(sign)) {
            return format!("{meaning} (git: {last})");
        }
    }
    format!("git cannot fetch it: {last}")
}

/// The line that says most: the first that is fatal, else the last one.
fn last_line(complaint: &str) -> String {
    let lines = || complaint.lines().map(str::trim).filter(|line| !line.is_empty());
    let found = lines().find_map(|line| line.strip_prefix("fatal: ")).or_else(|| lines().next_back());
    clean(found.unwrap_or("it says nothing"))
}

/// The text without what stands before the host in addresses: many a server's token is written there as a user's name.
fn without_users(text: &str) -> String {
    let mut parts = text.split("://");
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        clean.push_str("://");
        let end = part.find(|c: char| c == '/' || c == '\'' || c == '"' || c.is_whitespace());
        let host = part.get(..end.unwrap_or(part.len())).unwrap_or(part);
        clean.push_str(host.rfind('@').and_then(|at| part.get(at + 1..)).unwrap_or(part));
    }
    clean
}

fn clean(text: &str) -> String {
    let text = without_users(text);
    let printable = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    printable.take(SHOWN).collect::<String>().trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_token_in_an_address_is_shown() {
        for (said, shown) in [
            (
                "fatal: could not read Password for 'https://ghp_abc@github.com': terminal prompts disabled",
                "for 'https://github.com': terminal",
            ),
            ("fatal: x https://user:to@ken@host/a@b.git y", "x https://host/a@b.git y"),
            ("fatal: to ada@example.org and ssh://git@host", "to ada@example.org and ssh://host"),
        ] {
            let sentence = sentence(said);
            assert!(sentence.contains(shown) && !sentence.contains("ghp_"), "{sentence}");
        }
    }

    #[test]
    fn complaints_become_sentences() {
        for (complaint, word) in [
            ("fatal: unable to access 'https://x/': Could not resolve host: x", "resolved"),
            ("fatal: unable to look up h (port 9418) (Name or service not known)", "resolved"),
            (
                "ssh: Could not resolve hostname h: Name or service not known\nfatal: Could not read from remote repository.",
                "resolved",
            ),
            ("fatal: Authentication failed for 'http://127.0.0.1/'", "credentials"),
            ("fatal: could not read Username for 'http://h': terminal prompts disabled", "credentials"),
            (
                "git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.",
                "credentials",
            ),
            ("fatal: repository 'http://h/x.git/' not found", "no such repository"),
            ("fatal: 'x' does not appear to be a git repository", "no such repository"),
            ("fatal: remote error: access denied or repository not exported: /x", "no such repository"),
            (
                "fatal: unable to access 'https://h/': SSL certificate problem: self-signed certificate",
                "certificate",
            ),
            ("fatal: write error: No space left on device\nfatal: index-pack failed", "disk is full"),
            (
                "@@@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @@@\nHost key verification failed.",
                "host key",
            ),
            (
                "fatal: unable to access 'http://h/': Failed to connect to h port 1: Connection refused",
                "reached",
            ),
            ("remote: error: object 123: missingEmail: x\nfatal: fsck error in packed object", "malformed"),
            ("fatal: detected dubious ownership in repository at '/x'", "another user"),
            ("fatal: something new", "git cannot fetch it: something new"),
            ("", "says nothing"),
        ] {
            let sentence = sentence(complaint);
            assert!(sentence.contains(word), "{complaint}: {sentence}");
            assert!(!sentence.contains('\n'), "{sentence}");
        }
    }
}
