//! Two keys of a push: one of the message, and one of the name that the provider gave it.
//!
//! A push that comes again has both; another message under the same name has the second one alone.

use sha2::{Digest, Sha256};

use super::Push;
use super::push::{name, parse_time};
use crate::rockblock::push::decimal;

/// Changes with what goes into the key of a message.
const MESSAGE: &[u8] = b"fairlead rockcore mo 1";
/// Changes with what goes into the key of a name.
const NAME: &[u8] = b"fairlead rockcore id 1";

impl Push {
    /// SHA-256 over the described fields, each by what it means: neither the token, nor the encoding, nor a field
    /// that the provider adds one day takes part. The first four bytes are the transmit time in whole seconds, so
    /// that keys of one time lie together.
    pub fn duplicate_key(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        put(&mut hash, MESSAGE);
        for field in name::ALL {
            let Some(text) = self.fields.get(field) else { continue };
            put(&mut hash, field.as_bytes());
            put(&mut hash, meaning(text).as_bytes());
        }
        let mut key: [u8; 32] = hash.finalize().into();
        if let Some(time) = self.transmitted_at {
            let [.., a, b, c, d] = time.micros().div_euclid(1_000_000).to_be_bytes();
            key[..4].copy_from_slice(&[a, b, c, d]);
        }
        key
    }

    /// SHA-256 over the provider's id, where the push has one.
    pub fn id_key(&self) -> Option<[u8; 32]> {
        let id = self.id.as_deref()?;
        let mut hash = Sha256::new();
        put(&mut hash, NAME);
        put(&mut hash, id.trim().as_bytes());
        Some(hash.finalize().into())
    }
}

/// One spelling for each number and time; any other text without blanks around it.
pub(super) fn meaning(text: &str) -> String {
    let text = text.trim();
    if let Some(number) = decimal(text) {
        return number.to_string();
    }
    parse_time(text).map_or_else(|| text.to_owned(), |time| time.rfc3339())
}

/// The length comes first, so that no two sequences of fields give the same bytes.
fn put(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::super::{BodyKind, Push, parse};

    const BASE: &str =
        "id=LxbZ&imei=300434063836590&momsn=441&txAt=2020-09-03T20:16:13Z&lat=37.6630&message=hi";

    fn push(body: &str) -> Push {
        parse(BodyKind::Form, body.as_bytes()).unwrap()
    }

    #[test]
    fn spelling_token_and_new_fields_do_not_count() {
        let json = r#"{"JWT":"x","message":"hi","lat":37.663,"momsn":441.0,"new":7,"id":"LxbZ",
            "imei":"300434063836590","txAt":"2020-09-03T20:16:13.000Z","alert":null}"#;
        let other = parse(BodyKind::Json, json.as_bytes()).unwrap();
        assert_eq!(other.duplicate_key(), push(BASE).duplicate_key());
        assert_eq!(other.id_key(), push(BASE).id_key());
    }

    #[test]
    fn the_name_is_one_key_and_the_content_another() {
        let (base, edited) = (push(BASE), push(&BASE.replace("37.6630", "37.6631")));
        assert_ne!(base.duplicate_key(), edited.duplicate_key());
        assert_eq!(base.id_key(), edited.id_key());
        let twin = push(&BASE.replace("LxbZ", "LxbY"));
        assert_ne!(base.duplicate_key(), twin.duplicate_key());
        assert_ne!(base.id_key(), twin.id_key());
        assert_eq!(push("imei=300434063836590").id_key(), None);
    }

    #[test]
    fn the_keys_are_the_same_for_ever() {
        // Changed keys would make every message of the past new again.
        assert_eq!(
            hex::encode(push(BASE).duplicate_key()),
            "5f514f0deb80a113583eed8d5d0e41595101719b66f952bbdff9e60ef7ca0078"
        );
        assert_eq!(
            hex::encode(push(BASE).id_key().unwrap()),
            "462ddd83b9d38bac5f9f944c771523f7ff2c027ce1beb234f65ae0abe281ae1d"
        );
    }
}
