//! The RockBLOCK webhook: MO messages as the provider pushes them, as a form or as JSON.
//!
//! [`parse`] reads a body into a [`Push`]. Nothing but a missing IMEI makes a push unusable; everything else that
//! is wrong with it is a [`Fault`] beside what could be read. [`claims`] compares a push with the claims of the
//! token that came with it, and [`Fields`] builds the same bodies for a simulated provider.

pub(crate) mod body;
mod build;
pub mod claims;
mod downlink;
pub mod export;
mod fault;
mod key;
pub(crate) mod push;
mod transmit_time;

use body::RawFields;
pub use body::{BodyKind, NoImei};
pub use build::Fields;
pub use downlink::{MtAnswer, MtRefusal, read_mt_answer};
pub use fault::Fault;
pub use push::{Estimate, Push};
pub use transmit_time::{format_transmit_time, parse_transmit_time};

/// Reads the body of a push.
///
/// # Errors
/// [`NoImei`] where nobody can say which modem it is about.
pub fn parse(kind: BodyKind, body: &[u8]) -> Result<Push, NoImei> {
    let fields = match kind {
        BodyKind::Form => body::form_fields(body),
        BodyKind::Json => body::json_fields(body)?,
    };
    Push::from_fields(fields)
}
