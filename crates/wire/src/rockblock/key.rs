//! The duplicate key: the same message pushed twice, in whatever form, has the same one.

use sha2::{Digest, Sha256};

use super::Push;

/// Changes with what goes into the key, so that keys of different makings never meet.
const DOMAIN: &[u8] = b"fairlead rockblock mo 1";

/// How a value is known; part of the key, so that an absent one equals no other.
#[derive(Clone, Copy)]
enum Known {
    Absent = 0,
    Read = 1,
    Raw = 2,
}

impl Push {
    /// SHA-256 over provider, IMEI, MOMSN, normalised transmit time and decoded payload; what could not be read
    /// goes in as its text. Neither tokens nor encodings nor the estimate take part: a second push of a message
    /// may differ in all of them.
    ///
    /// The first four bytes are the transmit time in whole seconds, so that keys of one time lie together: a table
    /// of random keys has each of them on another page.
    pub fn duplicate_key(&self, provider: &str) -> [u8; 32] {
        self.key(provider, self.momsn, self.momsn_raw.as_deref())
    }

    /// The key that the same message has where its number is not told, as in a table of the provider's pages.
    pub fn key_without_number(&self, provider: &str) -> [u8; 32] {
        self.key(provider, None, None)
    }

    fn key(&self, provider: &str, momsn: Option<u16>, momsn_raw: Option<&str>) -> [u8; 32] {
        let mut hash = Sha256::new();
        put(&mut hash, Known::Read, DOMAIN);
        put(&mut hash, Known::Read, provider.as_bytes());
        put(&mut hash, Known::Read, self.imei.as_str().as_bytes());
        let momsn = momsn.map(u16::to_be_bytes);
        put_read_or_raw(&mut hash, momsn.as_ref().map(<[u8; 2]>::as_slice), momsn_raw);
        let time = self.transmitted_at.map(|time| time.micros().to_be_bytes());
        put_read_or_raw(&mut hash, time.as_ref().map(<[u8; 8]>::as_slice), self.transmit_time_raw.as_deref());
        let data = Some(self.data_raw.as_str()).filter(|text| !text.is_empty());
        put_read_or_raw(&mut hash, self.payload.as_deref(), data);
        let mut key: [u8; 32] = hash.finalize().into();
        if let Some(time) = self.transmitted_at {
            let [.., a, b, c, d] = time.micros().div_euclid(1_000_000).to_be_bytes();
            key[..4].copy_from_slice(&[a, b, c, d]);
        }
        key
    }
}

fn put_read_or_raw(hash: &mut Sha256, read: Option<&[u8]>, raw: Option<&str>) {
    match (read, raw) {
        (Some(bytes), _) => put(hash, Known::Read, bytes),
        (None, Some(text)) => put(hash, Known::Raw, text.as_bytes()),
        (None, None) => put(hash, Known::Absent, b""),
    }
}

/// The length comes first, so that no two sequences of fields give the same bytes.
fn put(hash: &mut Sha256, known: Known, bytes: &[u8]) {
    hash.update([known as u8]);
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::super::{BodyKind, parse};

    fn key(body: &str) -> [u8; 32] {
        parse(BodyKind::Form, body.as_bytes()).unwrap().duplicate_key("rockblock")
    }

    const BASE: &str = "imei=300434063836590&momsn=441&transmit_time=20-03-15%2022%3A12%3A51&data=504b";

    #[test]
    fn formatting_and_tokens_do_not_change_the_key() {
        for same in [
            "data=50+4B&transmit_time=20-03-15+22:12:51&momsn=0441&imei=300434063836590",
            "imei=300434063836590&momsn=441&transmit_time=20-03-15%252022%253A12%253A51&data=504b",
            &format!("{BASE}&JWT=x&iridium_cep=4.0&serial=1&iridium_session_status=2&extra=1"),
        ] {
            assert_eq!(key(same), key(BASE), "{same}");
        }
    }

    #[test]
    fn every_part_of_the_key_counts() {
        let mut keys = vec![parse(BodyKind::Form, BASE.as_bytes()).unwrap().duplicate_key("cloudloop")];
        for body in [
            BASE,
            "imei=300434063836591&momsn=441&transmit_time=20-03-15+22:12:51&data=504b",
            "imei=300434063836590&momsn=442&transmit_time=20-03-15+22:12:51&data=504b",
            "imei=300434063836590&momsn=441&transmit_time=20-03-15+22:12:52&data=504b",
            "imei=300434063836590&momsn=441&transmit_time=20-03-15+22:12:51&data=504c",
            "imei=300434063836590&momsn=441&transmit_time=20-03-15+22:12:51&data=",
            "imei=300434063836590&momsn=441&transmit_time=20-03-15+22:12:51",
            "imei=300434063836590&momsn=441&transmit_time=20-03-15+22:12:51&data=zz",
            "imei=300434063836590&momsn=441&transmit_time=20-03-15+22:12:51&data=zy",
            "imei=300434063836590&momsn=441&data=504b",
            "imei=300434063836590&momsn=441&transmit_time=soon&data=504b",
            "imei=300434063836590&transmit_time=20-03-15+22:12:51&data=504b",
            "imei=300434063836590&momsn=x&transmit_time=20-03-15+22:12:51&data=504b",
            "imei=300434063836590&momsn=y&transmit_time=20-03-15+22:12:51&data=504b",
        ] {
            keys.push(key(body));
        }
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), count);
    }

    #[test]
    fn the_key_is_the_same_for_ever() {
        // A changed key would make every message of the past new again.
        assert_eq!(
            hex::encode(key(BASE)),
            "5e6ea8632f0b204e035faaf79a4050432350d04bb72c4b5f1ba5e7e3c2c37c6e"
        );
    }
}
