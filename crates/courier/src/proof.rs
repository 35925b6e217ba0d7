//! What shows that a device got a message. Each build shows it in its own way, and some things cannot be shown.

use std::collections::BTreeSet;

use fairlead_model::mt::{MtState, Order, Proof};
use fairlead_model::{MessageId, MtId, Time};

/// Two rhythms are the same when they differ by less than this share of the wanted one.
const RHYTHM_SHARE: i64 = 4;
/// And by less than this, in seconds: a wake takes a while.
const RHYTHM_SLACK_S: i64 = 60;

/// Why an accepted message is still open after a session that brought the modem something.
pub(crate) const FETCHED: &str = "The modem fetched a message in this session, and this is the oldest that waited. Its proof is still to come.";

/// A message that was sent, or may have been.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told {
    pub(crate) id: MtId,
    pub(crate) state: MtState,
    pub(crate) order: Order,
    pub(crate) proof: Proof,
    /// When the provider was called.
    pub(crate) sent_at: Time,
    /// The provider's number for it.
    pub(crate) provider_id: Option<String>,
    /// It went by a provider who tells of each session whether the modem fetched something.
    pub(crate) fetch_is_told: bool,
    /// A session was counted already that may have brought it.
    pub(crate) is_fetched: bool,
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
    /// The provider's number of the message that it acknowledges.
    pub(crate) acknowledges: Option<String>,
    /// Whether the modem fetched a message in this session, where the provider tells. It does not tell which.
    pub(crate) fetched: Option<bool>,
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
    let (mut shown, mut fetched) = (Vec::new(), Vec::new());
    for (place, word) in heard.iter().enumerate() {
        let before = heard.get(..place).unwrap_or_default();
        // An acknowledgement names its message: that one, and no other.
        let named = word.acknowledges.as_deref().and_then(|number| {
            open.iter()
                .position(|told| told.proof == Proof::Receipt && told.provider_id.as_deref() == Some(number))
        });
        if let Some(at) = named {
            shown.push(delivered(open.remove(at), word, "The device has acknowledged it by its number."));
        }
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
        if word.fetched == Some(true) {
            let may_be = |told: &&Told| {
                told.fetch_is_told
                    && told.sent_at < word.at
                    && !told.is_fetched
                    && !fetched.contains(&told.id)
            };
            // Where the oldest is one of which nobody knows whether it was sent, nobody knows which it was.
            let oldest = open.iter().position(may_be);
            let is_sure = |at: &usize| open.get(*at).is_some_and(|told| told.state == MtState::Accepted);
            if let Some(at) = oldest.filter(is_sure) {
                let told = open.remove(at);
                if proof_by(told, word) == Proof::None {
                    let cause =
                        "The modem fetched a message in this session, and this was the oldest that waited.";
                    shown.push(delivered(told, word, cause));
                } else {
                    open.insert(at, told);
                    fetched.push(told.id);
                    let (state, by) = (MtState::Accepted, word.message_id);
                    shown.push(Shown { id: told.id, state, by, cause: FETCHED });
                }
            }
        }
        open.retain(|told| {
            let found = follows(told, before, word);
            shown.extend(found.clone());
            found.is_none()
        });
    }
    // What was settled after it was fetched says so once.
    let settled: BTreeSet<MtId> =
        shown.iter().filter(|one| one.state != MtState::Accepted).map(|one| one.id).collect();
    shown.retain(|one| one.state != MtState::Accepted || !settled.contains(&one.id));
    shown
}

/// A message whose proof should have come by now, and how often its device was heard since it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(crate) id: MtId,
    pub(crate) wakes: usize,
}

/// The messages of `open` (oldest first; what `judge` has left) whose device has been heard `wakes` times since, and
/// once more for each that stands before it: a v3 buoy fetches one a wake.
pub(crate) fn missing(open: &[&Told], heard: &[Heard], wakes: usize) -> Vec<Missing> {
    let accepted = open.iter().filter(|told| told.state == MtState::Accepted);
    accepted
        .enumerate()
        .filter_map(|(place, told)| {
            let since: BTreeSet<Time> =
                heard.iter().filter(|word| word.at > told.sent_at).map(|word| word.at).collect();
            let is_due = expects(told, heard) && since.len() >= wakes.max(1).saturating_add(place);
            is_due.then_some(Missing { id: told.id, wakes: since.len() })
        })
        .collect()
}

/// Whether something should show that a message was got.
fn expects(told: &Told, heard: &[Heard]) -> bool {
    told.proof != Proof::None || (told.fetch_is_told && heard.iter().any(|word| word.fetched.is_some()))
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
        Order::Beacon { .. } | Order::Support | Order::Position { .. } => false,
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
        // Where the provider tells what was fetched, being heard alone shows nothing.
        (_, Proof::None)
            if told.state == MtState::Accepted && !(told.fetch_is_told && word.fetched.is_some()) =>
        {
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
        Told {
            id,
            state: MtState::Accepted,
            order,
            proof,
            sent_at: Time::from_micros(at_s * 1_000_000),
            provider_id: Some(format!("12419{n}")),
            fetch_is_told: false,
            is_fetched: false,
        }
    }

    fn heard(n: u8, at_s: i64) -> Heard {
        Heard {
            message_id: Uuid::from_bytes([100 + n; 16]).into(),
            at: Time::from_micros(at_s * 1_000_000),
            status: None,
            interval_s: None,
            sleep_s: None,
            beacon_on: None,
            acknowledges: None,
            fetched: None,
        }
    }

    fn text() -> Order {
        Order::Text { text: "Come home".to_owned() }
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
    fn an_acknowledgement_names_its_message() {
        let asked = [told(1, text(), Proof::Receipt, 100), told(2, text(), Proof::Receipt, 110)];
        let word = |number: &str| Heard { acknowledges: Some(number.to_owned()), ..heard(1, 200) };
        assert_eq!(outcome(&asked, &[word("124192")]), [(asked[1].id, MtState::Delivered)]);
        assert_eq!(outcome(&asked, &[word("9"), heard(2, 800)]), [], "being heard shows nothing");
        let mut other = asked.clone();
        other[0].proof = Proof::Answer;
        let word = Heard { status: Some("normal".to_owned()), ..word("124191") };
        assert_eq!(outcome(&other, &[word]), [], "another provider's number");
    }

    #[test]
    fn a_session_that_fetched_something_fetched_the_oldest() {
        let by_cloudloop = |n, order, proof| Told { fetch_is_told: true, ..told(n, order, proof, 100) };
        let session = |n, at, fetched| Heard { fetched: Some(fetched), ..heard(n, at) };
        let asked = [by_cloudloop(1, text(), Proof::None), by_cloudloop(2, Order::Support, Proof::None)];
        assert_eq!(outcome(&asked, &[session(1, 50, true), session(2, 200, false)]), []);
        let first = (asked[0].id, MtState::Delivered);
        assert_eq!(outcome(&asked, &[session(2, 200, true), session(3, 800, false)]), [first]);
        let both = [first, (asked[1].id, MtState::Delivered)];
        assert_eq!(outcome(&asked, &[session(2, 200, true), session(3, 800, true)]), both);
        let unconfirmable = asked.each_ref().map(|told| (told.id, MtState::Unconfirmable));
        assert_eq!(outcome(&asked, &[heard(4, 200)]), unconfirmable, "nobody told of that session");

        let answers = [by_cloudloop(1, Order::Interval { minutes: 20 }, Proof::Answer)];
        let fetch = Heard { fetched: Some(true), ..answer(1, 200, "normal", 10) };
        assert_eq!(outcome(&answers, std::slice::from_ref(&fetch)), [(answers[0].id, MtState::Accepted)]);
        assert_eq!(judge(&answers, std::slice::from_ref(&fetch))[0].cause, FETCHED);
        let counted = [Told { is_fetched: true, ..answers[0].clone() }];
        assert_eq!(outcome(&counted, std::slice::from_ref(&fetch)), []);
        let answered = [fetch, answer(2, 220, "accepted", 20)];
        assert_eq!(outcome(&answers, &answered), [(answers[0].id, MtState::Delivered)]);
    }

    #[test]
    fn a_proof_is_missed_after_some_wakes() {
        let asked = [told(1, text(), Proof::Receipt, 100), told(2, text(), Proof::Receipt, 110)];
        let open: Vec<&Told> = asked.iter().collect();
        // A burst is two messages of one wake.
        let words = [heard(1, 200), heard(2, 200), heard(3, 800)];
        assert_eq!(missing(&open, &words, 3), []);
        assert_eq!(missing(&open, &words, 2), [Missing { id: asked[0].id, wakes: 2 }]);
        let unprovable = told(1, Order::Support, Proof::None, 100);
        assert_eq!(missing(&[&unprovable], &words, 1), []);
    }

    #[test]
    fn what_cannot_be_shown_says_so_once_the_device_was_heard() {
        let asked = [told(1, Order::Support, Proof::None, 100)];
        assert_eq!(outcome(&asked, &[heard(1, 50)]), []);
        assert_eq!(outcome(&asked, &[heard(1, 200)]), [(asked[0].id, MtState::Unconfirmable)]);
    }
}
