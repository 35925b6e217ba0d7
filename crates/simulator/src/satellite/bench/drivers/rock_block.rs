//! The satellite modem: each value when it changes, and a message when one came down.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::super::python::single;

const KEYS: [&str; 7] =
    ["rb/csq", "rb/mo_flag", "rb/mt_flag", "rb/momsn", "rb/mtmsn", "rb/ra_flag", "rb/queue"];
/// Share of seconds in which the bars change.
const BARS: f64 = 0.35;
/// Share of seconds in which a message comes down: one in five minutes.
const MESSAGE: f64 = 1.0 / 300.0;

#[derive(Clone, Debug)]
pub(super) struct RockBlock {
    bars: u32,
    momsn: u32,
    mtmsn: u32,
    /// What was said last, by the place of the key.
    said: [Option<u32>; KEYS.len()],
}

impl RockBlock {
    pub(super) fn new(rng: &mut ChaCha8Rng) -> Self {
        Self {
            bars: 0,
            momsn: rng.random_range(100..9_000),
            mtmsn: rng.random_range(1..400),
            said: [None; KEYS.len()],
        }
    }

    /// From here on everything is said anew.
    pub(super) fn start(&mut self) {
        self.said = [None; KEYS.len()];
    }

    pub(super) fn live(&mut self, rng: &mut ChaCha8Rng) -> Vec<String> {
        if rng.random_bool(BARS) {
            self.bars = rng.random_range(0..=5);
        }
        let message = rng.random_bool(MESSAGE);
        if message {
            self.mtmsn += 1;
        }
        let now = [self.bars, 0, u32::from(message), self.momsn, self.mtmsn, u32::from(message), 0];
        let changed = KEYS.iter().zip(now).zip(self.said).filter(|((_, now), said)| *said != Some(*now));
        let mut values: Vec<String> = changed.map(|((key, now), _)| single(key, &now.to_string())).collect();
        self.said = now.map(Some);
        if message {
            values.push(format!(
                r#"{{"rb/msg": {{"mtmsn": {}, "text": "+DATA:PK006,{};"}}}}"#,
                self.mtmsn,
                rng.random_range(5..60)
            ));
        }
        values
    }
}
