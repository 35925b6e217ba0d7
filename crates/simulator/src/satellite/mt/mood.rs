//! The provider's moods: what may go wrong with a request.

use std::collections::VecDeque;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::satellite::chance;

/// What the provider makes of one request. In JSON: `{"mood":"answer","code":13}`, `{"mood":"slow","millis":1500}`,
/// `{"mood":"hang"}` and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mood", rename_all = "snake_case")]
pub enum Mood {
    /// Does what is documented.
    Normal,
    /// Refuses with this code, whatever was asked.
    Answer {
        /// One of the documented codes, or another.
        code: u16,
    },
    /// Queues and charges at once, and answers later. One who hangs up before is not answered.
    Slow {
        /// How much later, in real milliseconds.
        millis: u64,
    },
    /// Status 500 with a body that is no text; nothing is queued or charged.
    Http500,
    /// Status 500 with the text of a system error; nothing is queued or charged.
    Http500SystemError,
    /// Never answers; nothing is queued or charged.
    Hang,
    /// Reads the request and closes the connection; nothing is queued or charged.
    Close,
    /// Queues and charges, then closes the connection without an answer.
    AnswerLost,
    /// Queues and charges, then closes the connection in the middle of the answer.
    HalfAnswer,
    /// Queues and charges once, and says so in two lines.
    OkTwice,
    /// Status 200 with a page of HTML; nothing is queued or charged.
    Garbage,
    /// Status 302 to the same URL; nothing is queued or charged.
    Redirect,
}

/// Shares of a provider that has bad days, for a client that is to be tried for hours.
pub fn believable_moods() -> Vec<(Mood, f64)> {
    vec![
        (Mood::Slow { millis: 2_000 }, 0.02),
        (Mood::Answer { code: 99 }, 0.01),
        (Mood::Http500, 0.005),
        (Mood::Http500SystemError, 0.005),
        (Mood::Hang, 0.002),
        (Mood::Close, 0.005),
        (Mood::AnswerLost, 0.005),
        (Mood::HalfAnswer, 0.002),
        (Mood::OkTwice, 0.001),
        (Mood::Garbage, 0.002),
        (Mood::Redirect, 0.001),
    ]
}

/// Decides the mood of each request: forced ones first, then chance.
#[derive(Debug)]
pub(super) struct Moods {
    shares: Vec<(Mood, f64)>,
    rng: ChaCha8Rng,
    forced: VecDeque<(Mood, u32)>,
}

impl Moods {
    pub(super) fn new(seed: u64, shares: Vec<(Mood, f64)>) -> Self {
        Self { shares, rng: chance::stream(seed, &["mt", "moods"]), forced: VecDeque::new() }
    }

    pub(super) fn force(&mut self, mood: Mood, times: u32) {
        self.forced.push_back((mood, times));
    }

    pub(super) fn let_be(&mut self) {
        self.forced.clear();
    }

    /// How many requests have a mood forced upon them.
    pub(super) fn forced(&self) -> u64 {
        self.forced.iter().map(|(_, times)| u64::from(*times)).sum()
    }

    pub(super) fn next(&mut self) -> Mood {
        // Drawn for forced ones too, so that forcing does not change what chance has for the requests behind.
        let by_chance = self.by_chance();
        while let Some((mood, times)) = self.forced.front_mut() {
            if let Some(left) = times.checked_sub(1) {
                *times = left;
                return *mood;
            }
            self.forced.pop_front();
        }
        by_chance
    }

    fn by_chance(&mut self) -> Mood {
        let mut luck: f64 = self.rng.random();
        for (mood, share) in &self.shares {
            luck -= share;
            if luck < 0.0 {
                return *mood;
            }
        }
        Mood::Normal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forced_moods_come_first_and_chance_keeps_its_course() {
        let moods = || Moods::new(3, vec![(Mood::Hang, 0.3), (Mood::Close, 0.3)]);
        let mut left_alone = moods();
        let by_chance: Vec<Mood> = (0..200).map(|_| left_alone.next()).collect();
        for (mood, most) in [(Mood::Hang, 85), (Mood::Close, 85), (Mood::Normal, 110)] {
            let count = by_chance.iter().filter(|one| **one == mood).count();
            assert!((35..most).contains(&count), "{mood:?}: {count}");
        }
        let mut forced = moods();
        forced.force(Mood::Garbage, 2);
        forced.force(Mood::Normal, 0);
        forced.force(Mood::OkTwice, 1);
        assert_eq!(forced.forced(), 3);
        let all: Vec<Mood> = (0..200).map(|_| forced.next()).collect();
        assert_eq!(all[..3], [Mood::Garbage, Mood::Garbage, Mood::OkTwice]);
        assert_eq!(all[3..], by_chance[3..]);
    }

    #[test]
    fn moods_are_words_in_json() {
        for (mood, json) in [
            (Mood::Normal, r#"{"mood":"normal"}"#),
            (Mood::Answer { code: 13 }, r#"{"mood":"answer","code":13}"#),
            (Mood::Slow { millis: 5 }, r#"{"mood":"slow","millis":5}"#),
            (Mood::Http500, r#"{"mood":"http500"}"#),
            (Mood::Http500SystemError, r#"{"mood":"http500_system_error"}"#),
            (Mood::AnswerLost, r#"{"mood":"answer_lost"}"#),
        ] {
            assert_eq!(serde_json::to_string(&mood).unwrap(), json);
            assert_eq!(serde_json::from_str::<Mood>(json).unwrap(), mood);
        }
    }
}
