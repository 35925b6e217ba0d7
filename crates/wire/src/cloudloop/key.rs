//! Keys of a push beside the one of its SBD message.
//!
//! An SBD message is one message, by whichever of the provider's platforms and formats it comes: its key is that of
//! [`rockblock::Push`](crate::rockblock::Push). Formats may tell the time a second apart; then Cloudloop's id says
//! that it is the same message.

use sha2::{Digest, Sha256};

use super::Push;

/// Changes with what goes into the key of a message.
const MESSAGE: &[u8] = b"fairlead cloudloop mo 1";
/// Changes with what goes into the key of a name.
const NAME: &[u8] = b"fairlead cloudloop id 1";

impl Push {
    /// SHA-256 over Cloudloop's id, IMEI, number and payload, where there is an id.
    pub fn message_key(&self) -> Option<[u8; 32]> {
        let momsn = self.sbd.momsn.map_or_else(String::new, |momsn| momsn.to_string());
        let payload = self.sbd.payload.as_deref().unwrap_or(self.sbd.data_raw.as_bytes());
        Some(hash(&[MESSAGE, self.name()?, self.sbd.imei.as_str().as_bytes(), momsn.as_bytes(), payload]))
    }

    /// SHA-256 over Cloudloop's id, where there is one.
    pub fn id_key(&self) -> Option<[u8; 32]> {
        Some(hash(&[NAME, self.name()?]))
    }

    fn name(&self) -> Option<&[u8]> {
        self.id.as_deref().map(|id| id.trim().as_bytes())
    }
}

/// The length comes first, so that no two sequences of parts give the same bytes.
fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}
