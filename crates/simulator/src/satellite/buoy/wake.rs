//! When each build wakes, and when its message reaches the network.

use std::collections::VecDeque;
use std::time::Duration;

use fairlead_model::Time;
use fairlead_wire::pk::{Command, ReportInterval, WakeReason};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::satellite::cast::Build;
use crate::satellite::chance::one_of;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// Between reports of a v2 buoy and of a handset that were told nothing else.
pub(super) const TEN_MINUTES_S: u32 = 600;
/// Seconds that a v2 device is awake before its message is through (gaps of 5:03 to 6:35 at five minutes).
const V2_AWAKE_S: std::ops::Range<u64> = 3..95;
/// After so long without a fix a v2 buoy skips its report.
const V2_GIVES_UP_S: u64 = 900;
/// From a v3 buoy's mark to its message: GPS and modem take their time, at most 360 s.
const V3_SOONEST_S: f64 = 20.0;
const V3_SPREAD_S: f64 = 340.0;
/// A v3 buoy searches so long for a fix.
const V3_GPS_S: f64 = 240.0;
/// The longest wake of a v3 buoy; a retry must end before the next mark.
const V3_LONGEST_S: i64 = 360;
/// When a failed wake of a v3 buoy is tried again, after its mark.
const V3_RETRIES_S: [i64; 3] = [0, 600, 1_200];
/// Share of wakes without a fix.
const NO_FIX: f64 = 0.03;
/// Share of v3 wakes that reach no satellite.
const NO_SATELLITE: f64 = 0.05;
/// Share of a handset's reports that are followed by a command, and by a mailbox check.
const COMMANDS: f64 = 0.03;
const MAILBOX_CHECKS: f64 = 0.02;

/// One time that a device reached the network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Wake {
    /// When the network took the message, whole seconds.
    pub(crate) at: Time,
    /// What for.
    pub(crate) errand: Errand,
}

/// What a device reached the network for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Errand {
    /// To report where it is.
    Report {
        /// What it says of itself.
        standing: Standing,
        /// Whether it knows where it is.
        fix: bool,
    },
    /// To confirm what it was told, within the same wake.
    Confirmation {
        /// What it says of itself now.
        standing: Standing,
        /// Whether it knows where it is.
        fix: bool,
    },
    /// To ask something of a buoy.
    Command(Command),
    /// To look for waiting MT messages.
    MailboxCheck,
}

/// What a buoy says of itself beside its figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Standing {
    /// Why it woke; v3 alone.
    pub(crate) reason: WakeReason,
    /// Its interval in seconds; v3 alone.
    pub(crate) interval_s: u32,
    /// The sleep that it is about to begin, in seconds, 0 for none; v3 alone.
    pub(crate) sleep_s: u32,
    /// Its status bits; v2 alone.
    pub(crate) status: u8,
}

/// The wakes of one device, without end unless it is told to be silent.
#[derive(Clone, Debug)]
pub(crate) struct Wakes {
    pub(super) build: Build,
    /// The next wake (v2, handset) or mark (v3).
    pub(super) next: Time,
    /// From report to report (v2), or from mark to mark (v3), in seconds.
    pub(super) interval_s: u32,
    /// Why the next report of a v3 buoy is made.
    pub(super) reason: WakeReason,
    /// Whether a v2 buoy's last-mile beacon is on.
    pub(super) beacon_on: bool,
    /// Whether the plan is no longer the one that the device was built with.
    pub(super) replanned: bool,
    /// Whether it has left the sea for good.
    pub(super) is_over: bool,
    pub(super) waiting: VecDeque<Wake>,
}

impl Wakes {
    pub(crate) fn new(build: Build, power_on: Time) -> Self {
        let interval_s = match build {
            Build::V3Buoy { interval_s, .. } => interval_s,
            Build::V2Buoy | Build::Handset => TEN_MINUTES_S,
        };
        Self {
            build,
            next: whole_seconds(power_on),
            interval_s,
            reason: WakeReason::PowerOn,
            beacon_on: false,
            replanned: false,
            is_over: false,
            waiting: VecDeque::new(),
        }
    }

    /// The next time that the device reaches the network; `None` where it never will.
    pub(crate) fn next_wake(&mut self, rng: &mut ChaCha8Rng) -> Option<Wake> {
        while !self.is_over {
            if let Some(wake) = self.waiting.pop_front() {
                return Some(wake);
            }
            match self.build {
                Build::V2Buoy => self.v2(rng),
                Build::Handset => self.handset(rng),
                Build::V3Buoy { .. } => self.v3(rng),
            }
        }
        None
    }

    /// What the device says of itself now.
    pub(super) fn standing(&self) -> Standing {
        Standing {
            reason: self.reason,
            interval_s: self.interval_s,
            sleep_s: 0,
            status: u8::from(self.beacon_on),
        }
    }

    fn report(&self, at: Time, fix: bool) -> Wake {
        Wake { at, errand: Errand::Report { standing: self.standing(), fix } }
    }

    fn v2(&mut self, rng: &mut ChaCha8Rng) {
        let sleep = Duration::from_secs(self.interval_s.into());
        if rng.random_bool(NO_FIX) {
            self.next = self.next.plus(Duration::from_secs(V2_GIVES_UP_S)).plus(sleep);
            return;
        }
        let at = self.next.plus(Duration::from_secs(rng.random_range(V2_AWAKE_S)));
        self.waiting.push_back(self.report(at, true));
        self.next = at.plus(sleep);
    }

    fn handset(&mut self, rng: &mut ChaCha8Rng) {
        let at = self.next.plus(Duration::from_secs(rng.random_range(2..8)));
        self.waiting.push_back(self.report(at, true));
        let soon = |rng: &mut ChaCha8Rng| at.plus(Duration::from_secs(rng.random_range(40..400)));
        if rng.random_bool(COMMANDS) {
            let errand = Errand::Command(wish(rng));
            self.waiting.push_back(Wake { at: soon(rng), errand });
        } else if rng.random_bool(MAILBOX_CHECKS) {
            self.waiting.push_back(Wake { at: soon(rng), errand: Errand::MailboxCheck });
        }
        self.next = self.next.plus(Duration::from_secs(TEN_MINUTES_S.into()));
    }

    /// One mark of the grid: the first attempt that reaches a satellite, if any does.
    fn v3(&mut self, rng: &mut ChaCha8Rng) {
        let mark = self.next;
        self.next = mark_after(mark, self.interval_s);
        let to_next_s = (self.next.micros() - mark.micros()) / SECOND;
        for after_s in V3_RETRIES_S {
            // A wake at the mark always happens; a retry only where it is over before the next mark.
            let fits = after_s == 0 || after_s + V3_LONGEST_S <= to_next_s;
            let reached = !rng.random_bool(NO_SATELLITE);
            if !fits || !reached {
                continue;
            }
            let fix = !rng.random_bool(NO_FIX);
            let wait_s = v3_wait_s(fix, rng);
            let at = Time::from_micros(mark.micros() + after_s * SECOND).plus(Duration::from_secs(wait_s));
            self.waiting.push_back(self.report(at, fix));
            self.reason = WakeReason::Normal;
            if self.replanned {
                // Only a commanded plan lets a wake last beyond the following mark, which then passes unseen.
                self.next = self.next.max(mark_after(at, self.interval_s));
            }
            break;
        }
    }
}

/// Seconds from the mark to the message: mostly within two minutes.
fn v3_wait_s(fix: bool, rng: &mut ChaCha8Rng) -> u64 {
    let luck: f64 = rng.random();
    let wait = if fix {
        V3_SOONEST_S + V3_SPREAD_S * luck * luck
    } else {
        V3_GPS_S + V3_SOONEST_S + luck * (V3_SPREAD_S - V3_GPS_S)
    };
    wait as u64
}

/// The next multiple of the interval from midnight UTC; midnight itself is always one.
pub(crate) fn mark_after(time: Time, interval_s: u32) -> Time {
    let interval = i64::from(interval_s.max(1)) * SECOND;
    let of_day = time.micros().rem_euclid(DAY);
    let midnight = time.micros() - of_day;
    let next = (of_day / interval + 1) * interval;
    Time::from_micros(midnight + next.min(DAY))
}

/// A command from the handset's menu.
fn wish(rng: &mut ChaCha8Rng) -> Command {
    let minutes = one_of(rng, &[5, 10, 15], 10);
    match ReportInterval::from_minutes(minutes) {
        Some(interval) if rng.random_bool(0.5) => Command::Interval(interval),
        _ => Command::Beacon { on: rng.random_bool(0.5) },
    }
}

fn whole_seconds(time: Time) -> Time {
    Time::from_micros(time.micros() - time.micros().rem_euclid(SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midnight_caps_odd_intervals() {
        let at = |text: &str| Time::parse_rfc3339(text).unwrap();
        assert_eq!(mark_after(at("2026-01-01T00:00:00Z"), 600), at("2026-01-01T00:10:00Z"));
        assert_eq!(mark_after(at("2026-01-01T00:09:59.999999Z"), 600), at("2026-01-01T00:10:00Z"));
        assert_eq!(mark_after(at("2026-01-01T23:20:00Z"), 2_520), at("2026-01-01T23:48:00Z"));
        assert_eq!(mark_after(at("2026-01-01T23:48:00Z"), 2_520), at("2026-01-02T00:00:00Z"));
    }
}
