//! The outcome of a comparison, for people and for programs.

use std::fmt;

use fairlead_model::message::MessageState;
use serde::Serialize;

use super::compare::{Finding, Verdict};
use super::peer::Held;

/// Most findings of one kind that are printed for people.
const SHOWN: usize = 20;

/// The outcome of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Whether nothing is lost, duplicated or unexpected.
    pub passed: bool,
    /// Messages in the books.
    pub sent: usize,
    /// Accepted at once, and there once.
    pub ok: usize,
    /// Accepted after failed attempts, and there once.
    pub recovered: usize,
    /// Accepted, and not there.
    pub lost: usize,
    /// There more than once.
    pub duplicated: usize,
    /// Never accepted.
    pub unanswered: usize,
    /// There, and never sent.
    pub unexpected: usize,
    /// Messages that Fairlead has not looked at yet.
    pub waiting: usize,
    /// Everything that is neither ok nor recovered.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Counts findings.
    pub(super) fn of(findings: Vec<Finding>, held: &[Held]) -> Self {
        let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
        let (lost, duplicated) = (count(Verdict::Lost), count(Verdict::Duplicated));
        let unexpected = count(Verdict::Unexpected);
        Self {
            passed: lost == 0 && duplicated == 0 && unexpected == 0,
            sent: findings.len() - unexpected,
            ok: count(Verdict::Ok),
            recovered: count(Verdict::Recovered),
            lost,
            duplicated,
            unanswered: count(Verdict::Unanswered),
            unexpected,
            waiting: held.iter().filter(|message| message.state == MessageState::Waiting).count(),
            findings: findings
                .into_iter()
                .filter(|finding| !matches!(finding.verdict, Verdict::Ok | Verdict::Recovered))
                .collect(),
        }
    }

    fn rows(&self) -> [(&'static str, usize, &'static str); 8] {
        [
            ("sent", self.sent, "by the provider's books"),
            ("ok", self.ok, "answered 200 at once, there once"),
            ("recovered", self.recovered, "answered 200 after failed attempts, there once"),
            ("unanswered", self.unanswered, "never answered 200: the provider has them still"),
            ("lost", self.lost, "answered 200 and not there"),
            ("duplicated", self.duplicated, "there more than once"),
            ("unexpected", self.unexpected, "there, but never sent: forged or mangled"),
            ("waiting", self.waiting, "there, but not looked at yet"),
        ]
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, count, meaning) in self.rows() {
            writeln!(f, "{name:<11} {count:>8}   {meaning}")?;
        }
        for kind in [Verdict::Lost, Verdict::Duplicated, Verdict::Unexpected] {
            for finding in self.findings.iter().filter(|finding| finding.verdict == kind).take(SHOWN) {
                let momsn = finding.momsn.map_or_else(|| "-".to_owned(), |momsn| momsn.to_string());
                let at = finding.transmitted_at.map_or_else(|| "-".to_owned(), |at| at.to_string());
                let (imei, count) = (finding.imei, finding.messages.len());
                writeln!(f, "{kind:?}: IMEI {imei}, MOMSN {momsn}, sent {at}, there {count} times")?;
            }
        }
        write!(f, "{}", if self.passed { "passed" } else { "FAILED" })
    }
}
