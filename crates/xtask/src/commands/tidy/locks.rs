//! The lock files and the package managers' settings name the public registries only, so that anybody can install.

use super::{Finding, Text};

const CRATES: &str = "registry+https://github.com/rust-lang/crates.io-index";
const NPM: &str = "https://registry.npmjs.org/";

/// Names the lines that lead elsewhere.
pub(super) fn check(texts: &[Text]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for text in texts {
        for (number, line) in text.content.lines().enumerate() {
            if let Some(what) = trouble(&text.path, line.trim()) {
                findings.push(format!("{}:{}: {what}", text.path, number + 1));
            }
        }
    }
    findings
}

/// What is wrong with one line of one file.
fn trouble(path: &str, line: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name {
        "Cargo.lock" if line.starts_with("source = ") && !line.contains(CRATES) => {
            Some("take this crate from crates.io")
        }
        "package-lock.json" if line.starts_with("\"resolved\":") && !line.contains(NPM) => Some(
            "take this package from registry.npmjs.org, or leave `resolved` out (npm config omit-lockfile-registry-resolved)",
        ),
        ".npmrc" if line.contains("registry") && !line.contains(NPM) && !line.starts_with("omit-") => {
            Some("delete it: which registry a machine uses is that machine's own setting")
        }
        "config.toml" if path.contains(".cargo/") && line.starts_with("[source") => {
            Some("delete it: which registry a machine uses is that machine's own setting")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_registries_pass_and_others_do_not() {
        assert_eq!(trouble("Cargo.lock", &format!("source = \"{CRATES}\"")), None);
        assert!(trouble("Cargo.lock", "source = \"git+https://example.org/x\"").is_some());
        assert_eq!(trouble("a/package-lock.json", &format!("\"resolved\": \"{NPM}x.tgz\",")), None);
        assert!(trouble("a/package-lock.json", "\"resolved\": \"http://mirror.example/x.tgz\",").is_some());
        assert!(trouble(".cargo/config.toml", "[source.crates-io]").is_some());
        assert!(trouble("a/.npmrc", "registry=http://mirror.example/").is_some());
    }
}
