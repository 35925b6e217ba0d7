//! The short-range radio: another buoy in the bay now and then, and somebody who answers what was sent.

use std::collections::VecDeque;

use fairlead_model::Time;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::super::python::single;

/// Share of seconds in which something is heard.
const HEARD: f64 = 0.15;
/// Answers that wait at most.
const MOST_WAITING: usize = 8;

#[derive(Clone, Debug, Default)]
pub(super) struct Lora {
    /// What was sent and not answered yet.
    sent: VecDeque<String>,
}

impl Lora {
    pub(super) fn send(&mut self, text: &str) {
        self.sent.truncate(MOST_WAITING - 1);
        self.sent.push_back(text.to_owned());
    }

    pub(super) fn live(&mut self, now: Time, rng: &mut ChaCha8Rng) -> Vec<String> {
        let heard = if let Some(sent) = self.sent.pop_front() {
            // By string formatting, as everything: a quote that was sent comes back as a quote.
            format!("HS004 ACK {sent}")
        } else if rng.random_bool(HEARD) {
            format!(
                "PK004;3647.{:04},N,12149.{:04},W,0.{},{}.0,{}.0000,0",
                rng.random_range(0..10_000),
                rng.random_range(0..10_000),
                rng.random_range(0..10),
                rng.random_range(0..360),
                now.date_time().format("%H%M%S")
            )
        } else {
            return Vec::new();
        };
        vec![single("lora/msg", &heard), single("lora/rssi", &format!("-{}", rng.random_range(58..112)))]
    }
}
