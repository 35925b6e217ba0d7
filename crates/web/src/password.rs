//! People's passwords: what is one, how it is kept, whether one is right. Argon2id with the parameters that OWASP's
//! Password Storage Cheat Sheet names first (19 MiB, two passes), which are the library's own.

use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Argon2, Params};

/// Least characters. A long one needs no rules about digits (NIST SP 800-63B).
pub const SHORTEST: usize = 12;

/// Most characters, so that hashing costs no more than it should.
pub const LONGEST: usize = 200;

/// Bytes of salt.
const SALT: usize = 16;

/// Whether this may be somebody's password.
///
/// # Errors
/// The sentence that says why not.
pub fn check(password: &str, name: &str) -> Result<(), String> {
    let length = password.chars().count();
    if !(SHORTEST..=LONGEST).contains(&length) {
        return Err(format!("A password has {SHORTEST} to {LONGEST} characters; this one has {length}."));
    }
    if password.trim().to_lowercase() == name.trim().to_lowercase() {
        return Err("The password is the name.".to_owned());
    }
    let first = password.chars().next();
    if password.chars().all(|c| Some(c) == first) {
        return Err("The password is one character, repeated.".to_owned());
    }
    Ok(())
}

/// The password as it is kept: a PHC string. Takes some hundredths of a second of a processor.
///
/// # Errors
/// What the library says; it does so for no password that [`check`] lets pass.
pub fn hash(password: &str) -> Result<String, String> {
    let salt = SaltString::encode_b64(&rand::random::<[u8; SALT]>()).map_err(|e| e.to_string())?;
    let hashed = Argon2::default().hash_password(password.as_bytes(), &salt).map_err(|e| e.to_string())?;
    Ok(hashed.to_string())
}

/// Whether a password is the one that was kept. Where none was, the same work is done in vain, so that the time tells
/// nobody which names there are.
pub fn is_right(password: &str, kept: Option<&str>) -> bool {
    let argon = Argon2::default();
    match kept.map(PasswordHash::new) {
        Some(Ok(kept)) => argon.verify_password(password.as_bytes(), &kept).is_ok(),
        Some(Err(_)) | None => {
            let mut wasted = [0; Params::DEFAULT_OUTPUT_LEN];
            // What comes out is of no interest.
            let _ = argon.hash_password_into(password.as_bytes(), &[0; SALT], &mut wasted);
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_right_and_another_is_not() {
        let kept = hash("a buoy in the rain").unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(is_right("a buoy in the rain", Some(&kept)));
        assert!(!is_right("a buoy in the sun", Some(&kept)));
        assert!(!is_right("a buoy in the rain", None));
        assert!(!is_right("", Some("not a hash")));
        assert_ne!(kept, hash("a buoy in the rain").unwrap(), "each has its own salt");
    }

    #[test]
    fn what_is_no_password_is_refused_with_a_reason() {
        assert!(check("a buoy in the rain", "ada").is_ok());
        for (password, reason) in [
            ("short", "12 to 200"),
            (&"x".repeat(201), "12 to 200"),
            ("Ada Lovelace ", "is the name"),
            ("zzzzzzzzzzzzz", "one character"),
        ] {
            let said = check(password, "ada lovelace").unwrap_err();
            assert!(said.contains(reason), "{said}");
        }
    }
}
