//! The PK texts of buoys and handsets: what they say (MO), what they are told (MT), and how each build hears it.
//!
//! An MO text is `PK`, three digits, `;`, then fields between commas. Three builds speak, and two of them share
//! the type PK001 with different units; [`Dialect`] tells them apart.
//!
//! [`decode`] reads MO texts. [`mo`] builds them, as each build does. [`MtText`] is what a server may send, and
//! [`downlink`] is what the devices make of it.

mod command;
mod dialect;
pub mod downlink;
mod field;
mod mark;
pub mod mo;
mod mt;
mod number;
mod report;

pub use command::{Command, ReportInterval, SleepSpan, V2_INTERVAL_FLOOR_S};
use fairlead_model::Time;
pub use fairlead_model::message::Dialect;
pub use field::Field;
pub use mark::Mark;
pub use mt::{HandsetPosition, MT_LIMIT_BYTES, MtText, MtTooLong};
pub use report::{Report, ReportKind, WakeReason};

use crate::excerpt::excerpt;

/// Longest MO text in bytes that the modem sends (RockBLOCK documentation: SBD MO message size).
pub const MO_LIMIT_BYTES: usize = 340;

/// Characters in `PK001;`.
const MARKER_LEN: usize = 6;

/// What must be known beside the text to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// When the network took the message: the date of the device's time of day.
    pub transmitted_at: Time,
    /// The build that this modem is known to carry. It decides where the text itself does not tell.
    pub known: Option<Dialect>,
}

/// What an MO text says.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// Where the device is and how it fares: PK001, PK101, PK004 and the LoRa form PK003.
    Position(Box<Report>),
    /// What a handset wants of the buoy: PK005, PK006, PK007.
    Command(Command),
}

/// Why an MO text could not be read; it displays as a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// No bytes at all: a mailbox check, which the caller should not have passed on.
    #[error("the text is empty")]
    Empty,
    /// A byte above 127.
    #[error("byte {at} of the text is {byte:#04x}, not ASCII")]
    NotAscii {
        /// Its place, counted from 0.
        at: usize,
        /// The byte.
        byte: u8,
    },
    /// It does not begin as every PK text does.
    #[error("the text {found} does not begin with `PK`, three digits and `;`")]
    NotPk {
        /// The text, shortened and escaped.
        found: String,
    },
    /// A type that nobody defined.
    #[error("message type {code} is not known")]
    UnknownType {
        /// `PK` and three digits.
        code: String,
    },
    /// A position text of `key:value` pairs without a pair.
    #[error("{code} carries no `key:value` pair: {found}")]
    NoPairs {
        /// `PK` and three digits.
        code: &'static str,
        /// What it carries, shortened and escaped.
        found: String,
    },
    /// A positional text without a field.
    #[error("{code} carries no field")]
    NoFields {
        /// `PK` and three digits.
        code: &'static str,
    },
    /// A command with a value outside its range, or none.
    #[error("{code} asks for {found}, which is not {wanted}")]
    BadCommand {
        /// `PK` and three digits.
        code: &'static str,
        /// The value, shortened and escaped.
        found: String,
        /// What would have been accepted.
        wanted: &'static str,
    },
}

/// Reads an MO text of any build.
///
/// A value that is missing or unreadable costs that value; the [`Report`]'s marks say which and why. The type
/// marker may be repeated within the text, as the firmware's buffers sometimes do.
///
/// # Errors
/// Where the text is no PK text, its type is unknown, it carries nothing, or it is a command out of range.
pub fn decode(payload: &[u8], context: &Context) -> Result<Message, Unreadable> {
    let (code, body) = split_type(payload)?;
    // Line ends, fill bytes and a closing `;` are the modem's and the MT form's, never part of a value.
    let body = body.trim_end_matches(|c: char| c == ';' || c == '\0' || c.is_ascii_whitespace());
    if let Some(kind) = ReportKind::of_code(&code) {
        return report::read(kind, body, context).map(|report| Message::Position(Box::new(report)));
    }
    command::read(&code, body).map(Message::Command)
}

/// The type, and the text behind it with every further marker of that type removed.
fn split_type(payload: &[u8]) -> Result<(String, String), Unreadable> {
    if payload.is_empty() {
        return Err(Unreadable::Empty);
    }
    if let Some((at, &byte)) = payload.iter().enumerate().find(|(_, b)| !b.is_ascii()) {
        return Err(Unreadable::NotAscii { at, byte });
    }
    let text = String::from_utf8_lossy(payload);
    let marker = text
        .get(..MARKER_LEN)
        .filter(|m| is_marker(m.as_bytes()))
        .ok_or_else(|| Unreadable::NotPk { found: excerpt(&text) })?;
    Ok((marker.trim_end_matches(';').to_owned(), text.replace(marker, "")))
}

fn is_marker(bytes: &[u8]) -> bool {
    matches!(bytes, [b'P', b'K', digits @ .., b';'] if digits.iter().all(u8::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTEXT: Context = Context { transmitted_at: Time::from_micros(0), known: None };

    #[test]
    fn a_repeated_marker_is_removed_everywhere() {
        let split = |text: &str| split_type(text.as_bytes()).unwrap();
        assert_eq!(split("PK001;PK001;x"), ("PK001".to_owned(), "x".to_owned()));
        assert_eq!(split("PK001;aPK001;b;PK002;"), ("PK001".to_owned(), "ab;PK002;".to_owned()));
    }

    #[test]
    fn every_refusal_is_a_sentence_that_shows_what_was_found() {
        for (text, sentence) in [
            (&b""[..], "the text is empty"),
            (b"PK001;\xe9", "byte 6 of the text is 0xe9, not ASCII"),
            (b"pk001;x", "the text `pk001;x` does not begin with `PK`, three digits and `;`"),
            (b"PK\x01", "the text `PK\\u{1}` does not begin with `PK`, three digits and `;`"),
            (b"PK002;x", "message type PK002 is not known"),
            (b"PK001;1,2", "PK001 carries no `key:value` pair: `1,2`"),
            (b"PK004;\r\n", "PK004 carries no field"),
            (b"PK005;2", "PK005 asks for `2`, which is not 1 (on) or 0 (off)"),
            (b"PK006;", "PK006 asks for ``, which is not whole minutes from 1 to 1440"),
            (b"PK007;0", "PK007 asks for `0`, which is not whole seconds from 1 to 259200"),
        ] {
            assert_eq!(decode(text, &CONTEXT).unwrap_err().to_string(), sentence);
        }
    }
}
