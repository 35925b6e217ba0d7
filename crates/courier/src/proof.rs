//! What shows that a device got a message. Each build shows it in its own way, and some things cannot be shown.

use fairlead_model::mt::{MtState, Order, Proof};
use fairlead_model::{MessageId, MtId, Time};

/// Two rhythms are the same when they differ by less than this share of the wanted one.
const RHYTHM_SHARE: i64 = 4;
/// And by less than this, in seconds: a wake takes a while.
const RHYTHM_SLACK_S: i64 = 60;

/// A message that was sent, or may have been.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told {
    pub(crate) id: MtId,
    pub(crate) state: MtState,
    pub(crate) order: Order,
    pub(crate) proof: Proof,
    /// When the provider was called.
    pub(crate) sent_at: Time,
}

/// What a device said, as far as it can prove something.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Heard {
    pub(crate) message_id: MessageId,
    pub(crate) at: Time,
    /// Its word on its wake-up: `accepted` and `rejected` are answers.
    pub(crate) status: Option<String>,
    pub(crate) interval_s: Option<i64>,
    pub(crate) sleep_s: Option<i64>,
    pub(crate) beacon_on: Option<bool>,
}

/// What is known now of a message that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) id: MtId,
    pub(crate) state: MtState,
    pub(crate) by: MessageId,
    pub(crate) cause: &'static str,
}

/// What `heard` (oldest first) shows of what was `told` (oldest first).
pub(crate) fn judge(told: &[Told], heard: &[Heard]) -> Vec<Shown> {
    let mut open: Vec<&Told> = told.iter().collect();
    let mut shown = Vec::new();
    for (place, word) in heard.iter().enumerate() {
        let before = heard.get(..place).unwrap_or_default();
        // One word answers at most one message, the oldest that it fits.
        let answered = open.iter().position(|told| told.sent_at < word.at && answers(told, word));
        if let Some(at) = answered {
            let told = open.remove(at);
            shown.push(delivered(told, word, "The device has accepted it and reports the new value."));
        } else if word.status.as_deref() == Some("rejected") {
            let sure = |told: &&Told| told.state == MtState::Accepted && told.sent_at < word.at;
            if let Some(at) = open.iter().position(|told| sure(told) && told.proof != Proof::Beacon) {
                let told = open.remove(at);
                let cause = "The device has said that it does not take it.";
                shown.push(Shown { id: told.id, state: MtState::Rejected, by: word.message_id, cause });
            }
        }
        open.retain(|told| {
            let found = follows(told, before, word);
            shown.extend(found.clone());
            found.is_none()
        });
    }
    shown
}

fn delivered(told: &Told, word: &Heard, cause: &'static str) -> Shown {
    Shown { id: told.id, state: MtState::Delivered, by: word.message_id, cause }
}

/// A v3 buoy reports the new value with the answer to it.
fn answers(told: &Told, word: &Heard) -> bool {
    if told.proof != Proof::Answer || word.status.as_deref() != Some("accepted") {
        return false;
    }
    match told.order {
        Order::Interval { minutes } => word.interval_s == Some(i64::from(minutes) * 60),
        // It is reported in whole minutes.
        Order::Sleep { seconds } => {
            word.sleep_s.is_some_and(|s| s > 0 && (s - i64::from(seconds)).abs() < 60)
        }
        // It takes them in order, and this is the oldest that is open.
        Order::Text { .. } => true,
        Order::Beacon { .. } | Order::Support => false,
    }
}

/// What this device can show: a v3 buoy that still prints PK001 says nothing of its wake, so it never answers.
fn proof_by(told: &Told, word: &Heard) -> Proof {
    match (told.proof, &told.order) {
        (Proof::Answer, Order::Interval { .. }) if word.status.is_none() => Proof::Rhythm,
        (Proof::Answer, _) if word.status.is_none() => Proof::None,
        (proof, _) => proof,
    }
}

/// What follows for a message from a word that does not name it.
fn follows(told: &Told, before: &[Heard], word: &Heard) -> Option<Shown> {
    if word.at <= told.sent_at {
        return None;
    }
    let since = || before.iter().filter(|earlier| earlier.at > told.sent_at);
    match (&told.order, proof_by(told, word)) {
        (Order::Beacon { on }, Proof::Beacon) => {
            let changed = before.last().and_then(|earlier| earlier.beacon_on).is_some_and(|was| was != *on);
            // The word that comes with the session in which it is fetched was composed before.
            let is_later = since().next().is_some();
            (word.beacon_on == Some(*on) && (changed || is_later))
                .then(|| delivered(told, word, "The device reports its beacon as it was told."))
        }
        (Order::Interval { minutes }, Proof::Rhythm) => {
            let wanted = i64::from(*minutes) * 60;
            let mut times: Vec<Time> = since().map(|earlier| earlier.at).collect();
            times.push(word.at);
            let spans: Vec<i64> = times
                .windows(2)
                .filter_map(|pair| match pair {
                    [earlier, later] => i64::try_from(later.since(*earlier).as_secs()).ok(),
                    _ => None,
                })
                .collect();
            let fits = |span: &i64| (span - wanted).abs() <= (wanted / RHYTHM_SHARE).max(RHYTHM_SLACK_S);
            let last_two = spans.get(spans.len().saturating_sub(2)..).unwrap_or_default();
            (last_two.len() == 2 && last_two.iter().all(fits))
                .then(|| delivered(told, word, "The device reports in the new rhythm."))
        }
        (_, Proof::None) if told.state == MtState::Accepted => {
            let cause =
                "The device has been heard since, so it has had it; nothing can show what it made of it.";
            Some(Shown { id: told.id, state: MtState::Unconfirmable, by: word.message_id, cause })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn told(n: u8, order: Order, proof: Proof, at_s: i64) -> Told {
        let id = Uuid::from_bytes([n; 16]).into();
        Told { id, state: MtState::Accepted, order, proof, sent_at: Time::from_micros(at_s * 1_000_000) }
    }

    fn heard(n: u8, at_s: i64) -> Heard {
        Heard {
            message_id: Uuid::from_bytes([100 + n; 16]).into(),
            at: Time::from_micros(at_s * 1_000_000),
            status: None,
            interval_s: None,
            sleep_s: None,
            beacon_on: None,
        }
    }

    fn answer(n: u8, at_s: i64, status: &str, minutes: i64) -> Heard {
        Heard { status: Some(status.into()), interval_s: Some(minutes * 60), ..heard(n, at_s) }
    }

    fn outcome(told: &[Told], heard: &[Heard]) -> Vec<(MtId, MtState)> {
        judge(told, heard).into_iter().map(|shown| (shown.id, shown.state)).collect()
    }

    #[test]
    fn a_v3_buoy_answers_with_the_new_value() {
        let asked = [
            told(1, Order::Interval { minutes: 20 }, Proof::Answer, 100),
            told(2, Order::Interval { minutes: 30 }, Proof::Answer, 110),
        ];
        let words = [answer(0, 90, "accepted", 20), answer(1, 200, "normal", 10)];
        assert_eq!(outcome(&asked, &words), [], "the first came before it was sent");
        let words = [answer(1, 200, "accepted", 20), answer(2, 800, "rejected", 20)];
        let first = (asked[0].id, MtState::Delivered);
        assert_eq!(outcome(&asked, &words), [first, (asked[1].id, MtState::Rejected)]);
        let late = [answer(2, 800, "accepted", 30)];
        assert_eq!(outcome(&asked, &late), [(asked[1].id, MtState::Delivered)], "the first word was lost");
    }

    #[test]
    fn a_sleep_is_told_in_whole_minutes() {
        let asked = [told(1, Order::Sleep { seconds: 3_659 }, Proof::Answer, 100)];
        let word = Heard { sleep_s: Some(3_600), ..answer(1, 200, "accepted", 10) };
        assert_eq!(outcome(&asked, &[word]), [(asked[0].id, MtState::Delivered)]);
    }

    #[test]
    fn an_answer_settles_what_nobody_knew_and_a_rejection_does_not() {
        let mut asked = [told(1, Order::Interval { minutes: 20 }, Proof::Answer, 100)];
        asked[0].state = MtState::Unknown;
        assert_eq!(outcome(&asked, &[answer(1, 200, "rejected", 10)]), []);
        let delivered = [(asked[0].id, MtState::Delivered)];
        assert_eq!(outcome(&asked, &[answer(1, 200, "accepted", 20)]), delivered);
    }

    #[test]
    fn a_v2_buoy_shows_its_beacon() {
        let asked = [told(1, Order::Beacon { on: true }, Proof::Beacon, 100)];
        let word = |n, at, on| Heard { beacon_on: Some(on), ..heard(n, at) };
        assert_eq!(outcome(&asked, &[word(1, 200, false)]), []);
        let delivered = [(asked[0].id, MtState::Delivered)];
        assert_eq!(outcome(&asked, &[word(1, 200, false), word(2, 800, true)]), delivered);
        assert_eq!(outcome(&asked, &[word(1, 200, true)]), [], "it was on, and may not have heard it yet");
        assert_eq!(outcome(&asked, &[word(1, 200, true), word(2, 800, true)]), delivered);
    }

    #[test]
    fn a_v2_buoy_shows_its_rhythm() {
        let asked = [told(1, Order::Interval { minutes: 5 }, Proof::Rhythm, 100)];
        let at = |times: &[i64]| {
            let words: Vec<Heard> =
                times.iter().enumerate().map(|(n, at)| heard(u8::try_from(n).unwrap(), *at)).collect();
            outcome(&asked, &words)
        };
        assert_eq!(at(&[200, 800, 1_400, 2_000]), []);
        assert_eq!(at(&[200, 500]), [], "one span may be chance");
        assert_eq!(at(&[200, 800, 1_100, 1_410]), [(asked[0].id, MtState::Delivered)]);
    }

    #[test]
    fn a_v3_buoy_that_never_answers_shows_its_rhythm() {
        let asked = [
            told(1, Order::Interval { minutes: 5 }, Proof::Answer, 100),
            told(2, Order::Sleep { seconds: 900 }, Proof::Answer, 110),
        ];
        let words = [heard(1, 200), heard(2, 800), heard(3, 1_100), heard(4, 1_410)];
        let expected = [(asked[1].id, MtState::Unconfirmable), (asked[0].id, MtState::Delivered)];
        assert_eq!(outcome(&asked, &words), expected);
    }

    #[test]
    fn what_cannot_be_shown_says_so_once_the_device_was_heard() {
        let asked = [told(1, Order::Support, Proof::None, 100)];
        assert_eq!(outcome(&asked, &[heard(1, 50)]), []);
        assert_eq!(outcome(&asked, &[heard(1, 200)]), [(asked[0].id, MtState::Unconfirmable)]);
    }
}
