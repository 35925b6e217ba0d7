//! Short ways to say what the tests say often.

use fairlead_model::Time;
use fairlead_wire::pk::{self, Context, Dialect, Message, Report, Unreadable};
use fairlead_wire::rockblock::{self, BodyKind, Push};

/// A moment from RFC 3339.
pub(crate) fn at(text: &str) -> Time {
    Time::parse_rfc3339(text).unwrap()
}

/// Reads an MO text taken at `transmitted_at`, as of a modem whose build is not known.
pub(crate) fn decode_at(text: &str, transmitted_at: &str) -> Result<Message, Unreadable> {
    pk::decode(text.as_bytes(), &Context { transmitted_at: at(transmitted_at), known: None })
}

/// Reads an MO text taken at the transmit time of row 21.
pub(crate) fn decode(text: &str) -> Result<Message, Unreadable> {
    decode_at(text, "2020-10-02T21:07:37Z")
}

/// Reads a position text.
pub(crate) fn report(text: &str) -> Report {
    report_of(text, None)
}

/// Reads a position text of a modem whose build may be known.
pub(crate) fn report_of(text: &str, known: Option<Dialect>) -> Report {
    let context = Context { transmitted_at: at("2020-10-02T21:07:37Z"), known };
    match pk::decode(text.as_bytes(), &context) {
        Ok(Message::Position(report)) => *report,
        other => panic!("{text} is no position: {other:?}"),
    }
}

/// The report's place in signed degrees.
pub(crate) fn place(report: &Report) -> Option<(f64, f64)> {
    report.fix.map(|fix| (fix.latitude.degrees(), fix.longitude.degrees()))
}

/// The report's marks as sentences.
pub(crate) fn marks(report: &Report) -> Vec<String> {
    report.marks.iter().map(ToString::to_string).collect()
}

/// A form push of one modem with these further fields.
pub(crate) fn form(rest: &str) -> Push {
    rockblock::parse(BodyKind::Form, format!("imei=300434063836590&{rest}").as_bytes()).unwrap()
}

/// Whether two figures are the same to nine decimals.
pub(crate) fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}
