//! The courier's decisions: facts in, verdict out.

use std::time::Duration;

use fairlead_model::message::Dialect;
use fairlead_model::mt::{Order, OrderKind, Proof};
use fairlead_wire::Refusal;
use fairlead_wire::pk::{Command, MT_LIMIT_BYTES, MtText, ReportInterval, SleepSpan};

use crate::drivers::{Outcome, Provider};

/// Shortest interval that a v2 buoy heeds, in minutes: it raises shorter ones to two (v2 firmware).
const V2_SHORTEST_MINUTES: u32 = 2;

/// Pause before the first new try; each later one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
/// Longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(1_800);

/// What a device makes of one kind of order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    /// Why it is of no use, in a sentence.
    pub(crate) refusal: Option<&'static str>,
    pub(crate) proof: Proof,
    pub(crate) range: Option<(u32, u32)>,
}

/// What a device of this build makes of a kind of order that this provider carries; `None` where nobody knows the build.
pub(crate) fn offer(kind: OrderKind, build: Option<Dialect>, provider: Provider) -> Offer {
    if provider == Provider::Rockcore {
        return to_tracker(kind);
    }
    let whole = (ReportInterval::MIN_MINUTES, ReportInterval::MAX_MINUTES);
    let range = match (kind, build) {
        (OrderKind::Interval, Some(Dialect::V2Buoy)) => Some((V2_SHORTEST_MINUTES, whole.1)),
        (OrderKind::Interval, _) => Some(whole),
        (OrderKind::Sleep, _) => Some((SleepSpan::MIN_SECONDS, SleepSpan::MAX_SECONDS)),
        _ => None,
    };
    let (refusal, proof) = match (build, kind) {
        (Some(Dialect::V2Buoy | Dialect::V3Buoy), OrderKind::Position) => {
            (Some("A buoy shows no positions."), Proof::None)
        }
        // Whatever it is told, it says whether it takes it.
        (Some(Dialect::V3Buoy), OrderKind::Text) => (None, Proof::Answer),
        (_, OrderKind::Text | OrderKind::Position) => (None, Proof::None),
        (Some(Dialect::Handset), _) => (Some("A handset shows positions and heeds no command."), Proof::None),
        (Some(Dialect::V3Buoy), OrderKind::Beacon) => {
            (Some("A v3 buoy has no last-mile beacon."), Proof::None)
        }
        (Some(Dialect::V3Buoy), OrderKind::Support) => {
            (Some("A v3 buoy has no support application."), Proof::None)
        }
        (Some(Dialect::V3Buoy), _) => (None, Proof::Answer),
        (Some(Dialect::V2Buoy), OrderKind::Beacon) => (None, Proof::Beacon),
        (Some(Dialect::V2Buoy), OrderKind::Interval) => (None, Proof::Rhythm),
        (Some(Dialect::V2Buoy) | None, _) => (None, Proof::None),
    };
    Offer { refusal, proof, range }
}

/// What a RockSTAR makes of a kind of order: people read it, and it acknowledges what it got.
fn to_tracker(kind: OrderKind) -> Offer {
    let refusal = match kind {
        OrderKind::Text | OrderKind::Position => None,
        _ => Some("A RockSTAR takes texts, and heeds no command."),
    };
    Offer { refusal, proof: if refusal.is_none() { Proof::Receipt } else { Proof::None }, range: None }
}

/// The text of an order for a device of this build, with what would prove it.
///
/// # Errors
/// Why this device cannot be told this, in a sentence.
pub(crate) fn text_of(
    order: &Order,
    build: Option<Dialect>,
    provider: Provider,
) -> Result<(String, Proof), String> {
    let Offer { refusal, proof, range } = offer(order.kind(), build, provider);
    if let Some(refusal) = refusal {
        return Err(refusal.to_owned());
    }
    let text = match order {
        Order::Beacon { on } => MtText::command(Command::Beacon { on: *on }),
        Order::Interval { minutes } => {
            let interval = ReportInterval::from_minutes(*minutes).filter(|_| is_within(*minutes, range));
            MtText::command(Command::Interval(
                interval.ok_or_else(|| out_of_range("An interval", "minutes", range))?,
            ))
        }
        Order::Sleep { seconds } => {
            let span = SleepSpan::from_seconds(*seconds);
            MtText::command(Command::Sleep(span.ok_or_else(|| out_of_range("A sleep", "seconds", range))?))
        }
        Order::Support => MtText::support(),
        Order::Text { text } | Order::Position { text } => {
            if text.is_empty() || text.len() > MT_LIMIT_BYTES {
                let bytes = text.len();
                return Err(format!("A text has 1 to {MT_LIMIT_BYTES} bytes; this one has {bytes}."));
            }
            // It goes to a screen.
            if provider == Provider::Rockcore && text.chars().any(|c| c.is_control() && c != '\n') {
                return Err("A text for a RockSTAR has no control characters.".to_owned());
            }
            return Ok((text.clone(), proof));
        }
    };
    Ok((text.as_str().to_owned(), proof))
}

fn is_within(value: u32, range: Option<(u32, u32)>) -> bool {
    range.is_none_or(|(least, most)| (least..=most).contains(&value))
}

fn out_of_range(what: &str, unit: &str, range: Option<(u32, u32)>) -> String {
    let (least, most) = range.unwrap_or_default();
    format!("{what} for this device has {least} to {most} {unit}.")
}

/// What follows from a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The provider has it.
    Accepted { provider_id: String },
    /// It was surely not sent; again after this pause.
    Later { pause: Duration, cause: String },
    /// It was surely not sent, and the whole account rests until a person has looked.
    Pause { cause: String, alarm: bool },
    /// It was surely not sent, and never will be. `modem`: the provider has something against the modem.
    Fail { cause: String, modem: bool },
    /// Nobody knows.
    Unknown { cause: String },
}

/// What follows from the outcome of a message's `attempts`th call.
pub(crate) fn next(outcome: Outcome, attempts: i32) -> Next {
    match outcome {
        Outcome::Taken { provider_id } => Next::Accepted { provider_id },
        Outcome::NotSent { why } => Next::Later {
            pause: pause(attempts),
            cause: format!("The provider could not be reached: {why}. Nothing was sent."),
        },
        Outcome::Unknown { why } => {
            Next::Unknown { cause: format!("{why}. The provider may have it or not.") }
        }
        Outcome::Refused { refusal, said } => {
            let cause = format!("The provider refused it: {}.", said.trim_end_matches('.'));
            match refusal {
                Refusal::Credentials => Next::Pause { cause, alarm: true },
                Refusal::Credit => Next::Pause { cause, alarm: false },
                Refusal::Modem => Next::Fail { cause, modem: true },
                Refusal::Message => Next::Fail { cause, modem: false },
                Refusal::System => Next::Later { pause: pause(attempts), cause },
            }
        }
    }
}

/// Before the next try of what was tried `attempts` times.
pub(crate) fn pause(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(12);
    FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE)
}

/// How long an account rests after so many unknown outcomes in a row: a provider that hangs must not make unknowns of
/// all that waits.
pub(crate) fn rest(unknown_in_a_row: i32) -> Duration {
    if unknown_in_a_row <= 0 { Duration::ZERO } else { pause(unknown_in_a_row) }
}

/// After how many wakes a device hears a message that stands behind `before` others.
pub(crate) const fn wakes(before: i64, build: Option<Dialect>) -> i64 {
    // A v3 buoy fetches one message a wake; the others fetch all.
    if matches!(build, Some(Dialect::V3Buoy)) { before + 1 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fairlead_wire::rockblock::MtRefusal;

    #[test]
    fn a_rockstar_is_told_texts_alone() {
        let told = |order: Order| text_of(&order, None, Provider::Rockcore);
        let text = |text: &str| Order::Text { text: text.to_owned() };
        assert_eq!(told(text("Come home\nsoon")), Ok(("Come home\nsoon".to_owned(), Proof::Receipt)));
        let position = Order::Position { text: "PK001 36.80000, -122.05000".to_owned() };
        assert_eq!(told(position).map(|(_, proof)| proof), Ok(Proof::Receipt));
        for order in [Order::Beacon { on: true }, Order::Interval { minutes: 5 }, Order::Support] {
            assert_eq!(told(order), Err("A RockSTAR takes texts, and heeds no command.".to_owned()));
        }
        assert!(told(text("")).is_err() && told(text(&"x".repeat(271))).is_err());
        assert_eq!(told(text("a\u{7}")), Err("A text for a RockSTAR has no control characters.".to_owned()));
    }

    #[test]
    fn a_device_is_told_only_what_it_heeds() {
        let text = |order: Order, build| {
            text_of(&order, build, Provider::Rockblock).map(|(text, proof)| (text, proof.as_str()))
        };
        let (v2, v3) = (Some(Dialect::V2Buoy), Some(Dialect::V3Buoy));
        let told = |words: &str, proof| Ok((words.to_owned(), proof));
        assert_eq!(text(Order::Beacon { on: true }, v2), told("+DATA:PK005,1;", "beacon"));
        assert_eq!(text(Order::Interval { minutes: 2 }, v2), told("+DATA:PK006,2;", "rhythm"));
        assert_eq!(text(Order::Interval { minutes: 1 }, v3), told("+DATA:PK006,1;", "answer"));
        assert_eq!(text(Order::Sleep { seconds: 3_600 }, v3), told("+DATA:PK007,3600;", "answer"));
        assert_eq!(text(Order::Support, v2), told("+DATA:SUPPORT,1;", "none"));
        assert_eq!(text(Order::Beacon { on: false }, None), told("+DATA:PK005,0;", "none"));
        for (order, build, why) in [
            (Order::Beacon { on: true }, v3, "A v3 buoy has no last-mile beacon."),
            (Order::Support, v3, "A v3 buoy has no support application."),
            (Order::Interval { minutes: 1 }, v2, "An interval for this device has 2 to 1440 minutes."),
            (Order::Interval { minutes: 0 }, v3, "An interval for this device has 1 to 1440 minutes."),
            (Order::Interval { minutes: 1_441 }, None, "An interval for this device has 1 to 1440 minutes."),
            (Order::Sleep { seconds: 0 }, v3, "A sleep for this device has 1 to 259200 seconds."),
            (Order::Sleep { seconds: 259_201 }, v2, "A sleep for this device has 1 to 259200 seconds."),
            (Order::Text { text: String::new() }, v2, "A text has 1 to 270 bytes; this one has 0."),
            (
                Order::Sleep { seconds: 9 },
                Some(Dialect::Handset),
                "A handset shows positions and heeds no command.",
            ),
        ] {
            assert_eq!(text(order, build), Err(why.to_owned()));
        }
    }

    #[test]
    fn each_answer_has_its_consequence() {
        let refused = |code| {
            let (refusal, said) = (MtRefusal::of(code).refusal(), format!("{code}, no"));
            next(Outcome::Refused { refusal, said }, 1)
        };
        assert!(matches!(refused(10), Next::Pause { alarm: true, .. }));
        assert!(matches!(refused(13), Next::Pause { alarm: false, .. }));
        for code in [11, 12] {
            assert!(matches!(refused(code), Next::Fail { modem: true, .. }));
        }
        for code in [14, 15, 16, 77] {
            assert!(matches!(refused(code), Next::Fail { modem: false, .. }));
        }
        assert!(matches!(refused(99), Next::Later { .. }));
        let why = || "it hung".to_owned();
        assert!(matches!(next(Outcome::NotSent { why: why() }, 1), Next::Later { .. }));
        assert!(matches!(next(Outcome::Unknown { why: why() }, 1), Next::Unknown { .. }));
    }

    #[test]
    fn pauses_double_up_to_half_an_hour() {
        assert_eq!([0, 1, 2, 3, 7, 50].map(|n| pause(n).as_secs()), [30, 30, 60, 120, 1_800, 1_800]);
        assert_eq!(rest(0), Duration::ZERO);
    }
}
