//! What a device does on the MTs that a session brought it, each build with its own quirks.

use std::time::Duration;

use fairlead_model::Time;
use fairlead_wire::pk::WakeReason;
use fairlead_wire::pk::downlink::{self, HandsetReaction, V2Reaction, V3Reaction};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::wake::{Errand, Standing, TEN_MINUTES_S, Wake, Wakes, mark_after};
use crate::satellite::cast::Build;

/// From a v3 buoy's report to its confirmation of what that session brought.
const CONFIRMS_S: std::ops::Range<u64> = 16..25;
/// From a failure of a v2 buoy's program to the moment when it is up again.
const REBOOT: Duration = Duration::from_secs(60);
const SECONDS_PER_MINUTE: u32 = 60;

impl Wakes {
    /// Does what the MTs of the session at `wake` say. `fetch` gives them one by one, oldest first; what is not
    /// fetched waits for another session.
    pub(crate) fn listen(
        &mut self,
        wake: &Wake,
        mut fetch: impl FnMut() -> Option<Vec<u8>>,
        rng: &mut ChaCha8Rng,
    ) {
        match (self.build, wake.errand) {
            // A v3 buoy reads one MT a wake, and has read it when it confirms.
            (Build::V3Buoy { .. }, Errand::Report { fix, .. }) => {
                if let Some(text) = fetch() {
                    self.v3_obeys(wake.at, fix, &text, rng);
                }
            }
            (Build::V3Buoy { .. }, _) => {}
            (Build::V2Buoy, _) => {
                let mut asleep_s = 0;
                while let Some(text) = fetch() {
                    if !self.v2_obeys(wake.at, &text, &mut asleep_s) {
                        break;
                    }
                }
            }
            // What a handset shows on its screen is not to be seen from here. Where its program fails, it leaves the
            // other MTs alone, and is up again before its next report.
            (Build::Handset, _) => {
                while let Some(text) = fetch() {
                    if downlink::handset(&text) == HandsetReaction::Crashes {
                        break;
                    }
                }
            }
        }
    }

    fn v3_obeys(&mut self, at: Time, fix: bool, text: &[u8], rng: &mut ChaCha8Rng) {
        let sleep_s = match downlink::v3_buoy(text) {
            V3Reaction::Rejected => {
                self.reason = WakeReason::Rejected;
                return;
            }
            V3Reaction::Interval { minutes: 0 } => 0,
            V3Reaction::Interval { minutes } => {
                self.interval_s = minutes.saturating_mul(SECONDS_PER_MINUTE);
                0
            }
            // The firmware falls back to ten minutes with it, whatever the interval was.
            V3Reaction::Sleep { seconds } => {
                self.interval_s = TEN_MINUTES_S;
                seconds
            }
        };
        let confirmed_at = at.plus(Duration::from_secs(rng.random_range(CONFIRMS_S)));
        let standing = Standing { reason: WakeReason::Accepted, sleep_s, ..self.standing() };
        self.waiting.push_back(Wake { at: confirmed_at, errand: Errand::Confirmation { standing, fix } });
        self.replanned = true;
        if sleep_s > 0 {
            self.reason = WakeReason::AfterSleep;
            self.next = confirmed_at.plus(Duration::from_secs(sleep_s.into()));
        } else {
            self.next = mark_after(confirmed_at, self.interval_s);
        }
    }

    /// Whether the buoy goes on listening. `asleep_s` is the sleep that the session brought so far.
    fn v2_obeys(&mut self, at: Time, text: &[u8], asleep_s: &mut u64) -> bool {
        for reaction in downlink::v2_buoy(text) {
            match reaction {
                V2Reaction::Beacon { on } => self.beacon_on = on,
                V2Reaction::Interval { seconds } => {
                    // 136 years are as good as for ever, and a time can still be printed.
                    self.interval_s = u32::try_from(seconds).unwrap_or(u32::MAX);
                }
                V2Reaction::Sleep { seconds } => {
                    *asleep_s = asleep_s.saturating_add(seconds).min(u32::MAX.into());
                }
                V2Reaction::Support => {
                    self.is_over = true;
                    return false;
                }
                V2Reaction::Reboot => {
                    // It knows nothing any more of what it was told before.
                    *self = Self::new(self.build, at.plus(REBOOT));
                    return false;
                }
            }
        }
        let pause_s = if *asleep_s > 0 { *asleep_s } else { self.interval_s.into() };
        self.next = at.plus(Duration::from_secs(pause_s));
        true
    }
}
