//! The push API of Rock 7 Core, by which RockSTAR trackers speak: JSON or a form, one message in each push.
//!
//! A tracker's figures are fields of the push; a text is one of them (`message`). One satellite burst makes two
//! pushes, one with the tracker's own position and one with the network's, with the same IMEI, number and time: a
//! message is named by its `id`, and by nothing else.
//!
//! [`parse`] reads a body into a [`Push`]; [`command`] reads the texts by which a tracker steers a buoy; [`claims`]
//! compares a push with its token; [`Fields`] builds the same bodies for a simulated provider; [`read_send_answer`] reads what
//! the provider answers to a text for a tracker.

mod build;
pub mod claims;
mod downlink;
mod key;
mod push;
mod text;
mod trigger;

pub use build::Fields;
pub use downlink::{SendAnswer, read_send_answer};
pub(crate) use push::parse_time;
pub use push::{Push, Source};
pub use text::{Unreadable, command};
pub use trigger::Trigger;

use crate::rockblock::body::{form_fields, json_fields};
use crate::rockblock::{BodyKind, NoImei};

/// Reads the body of a push.
///
/// # Errors
/// [`NoImei`] where nobody can say which tracker it is about.
pub fn parse(kind: BodyKind, body: &[u8]) -> Result<Push, NoImei> {
    let fields = match kind {
        BodyKind::Form => form_fields(body),
        BodyKind::Json => json_fields(body)?,
    };
    Push::from_fields(fields)
}
