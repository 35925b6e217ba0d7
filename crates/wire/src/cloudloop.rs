//! Cloudloop's webhook, in its three formats: JSON (Lingo), JSON (Core) and form parameters.
//!
//! What it carries is what RockBLOCK's webhook carries, an SBD message of a modem; only the dress differs. So each
//! format is read into a [`rockblock::Push`](crate::rockblock::Push), beside what Cloudloop alone tells.

mod build;
mod downlink;
mod key;
mod lingo;
mod push;

pub use build::{Fields, Format};
pub use downlink::{SendAnswer, read_send_answer};
pub use push::Push;

use crate::rockblock::body::{form_fields, json_fields};
use crate::rockblock::{BodyKind, NoImei};

/// Reads the body of a push.
///
/// # Errors
/// [`NoImei`] where nobody can say which modem it is about.
pub fn parse(kind: BodyKind, body: &[u8]) -> Result<Push, NoImei> {
    match kind {
        BodyKind::Form => push::of_legacy(form_fields(body)),
        BodyKind::Json => {
            let fields = json_fields(body)?;
            if lingo::is_lingo(&fields) { lingo::read(&fields) } else { push::of_legacy(fields) }
        }
    }
}
