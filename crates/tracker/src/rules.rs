//! The tracker's decisions: facts in, verdict out.

use fairlead_model::Time;
use fairlead_model::message::IntervalSource;
use fairlead_store::satellite::modems::StateRow;
use fairlead_store::satellite::readings::{Plan, ReadingRow};
use fairlead_store::{Id, Micros};

use crate::rockstar;

/// One more than the highest MOMSN: the counter has 16 bits.
const MOMSN_MODULUS: i32 = 65_536;

/// A jump beyond this is the counter being set back, not messages being lost: a week at one a minute.
const LARGEST_GAP: i32 = 10_080;

/// Transmit times from which an interval is seen.
pub(crate) const OBSERVED: i64 = 8;

/// Fewest spans between messages that tell an interval.
const FEWEST_SPANS: usize = 3;

/// Shortest and longest interval that is believed, seconds: the v2 floor's half, and two days.
const BELIEVED_S: (i64, i64) = (60, 172_800);

/// The numbers that are missing between two messages that follow each other in transmit time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(crate) first: i32,
    pub(crate) last: i32,
    pub(crate) count: i64,
}

/// What is missing between `before` and `after`. The counter wraps from 65,535 to 0; one that went back, or far
/// ahead, was set anew.
pub(crate) fn missing_between(before: Option<i32>, after: Option<i32>) -> Option<Missing> {
    let (before, after) = (before?, after?);
    let step = (after - before).rem_euclid(MOMSN_MODULUS);
    if !(2..=LARGEST_GAP).contains(&step) {
        return None;
    }
    Some(Missing {
        first: (before + 1) % MOMSN_MODULUS,
        last: (after - 1).rem_euclid(MOMSN_MODULUS),
        count: i64::from(step - 1),
    })
}

/// The interval that silence is measured against, and where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interval {
    Reported(i64),
    Observed(i64),
    Assumed(i64),
}

impl Interval {
    pub(crate) const fn seconds(self) -> i64 {
        match self {
            Self::Reported(s) | Self::Observed(s) | Self::Assumed(s) => s,
        }
    }

    pub(crate) const fn source(self) -> IntervalSource {
        match self {
            Self::Reported(_) => IntervalSource::Reported,
            Self::Observed(_) => IntervalSource::Observed,
            Self::Assumed(_) => IntervalSource::Assumed,
        }
    }
}

/// The interval that a message names, where it names one.
pub(crate) fn said(plan: &Plan) -> Option<i64> {
    // A device that was told to sleep speaks again after the sleep.
    let sleep = plan.sleep_s.filter(|s| *s > 0).map(|sleep| sleep.max(plan.interval_s.unwrap_or(0)));
    sleep.or(plan.interval_s.filter(|s| *s > 0))
}

/// What the newest message that says one says; else the median of the spans between messages; else what is assumed.
pub(crate) fn interval(newest_first: &[Plan], assumed_s: i64) -> Interval {
    if let Some(said) = newest_first.iter().find_map(said) {
        return Interval::Reported(said);
    }
    let mut spans: Vec<i64> = newest_first
        .windows(2)
        .filter_map(|pair| match pair {
            [later, earlier] => {
                i64::try_from(Time::from(later.transmitted_at).since(earlier.transmitted_at.into()).as_secs())
                    .ok()
            }
            _ => None,
        })
        .filter(|span| *span > 0)
        .collect();
    spans.sort_unstable();
    match spans.get(spans.len() / 2) {
        Some(median) if spans.len() >= FEWEST_SPANS => {
            Interval::Observed((*median).clamp(BELIEVED_S.0, BELIEVED_S.1))
        }
        _ => Interval::Assumed(assumed_s),
    }
}

/// A place in time that a newer one is compared with: time first, then MOMSN, so that any order of arrival ends
/// the same.
type Place = (Micros, Option<i32>);

/// Whether a message stands after the newest one of its modem.
pub(crate) fn is_newest(state: Option<&StateRow>, reading: &ReadingRow) -> bool {
    let place: Place = (reading.transmitted_at, reading.momsn);
    !reading.clock_ahead && state.is_none_or(|s| place > (s.last_transmitted_at, s.momsn))
}

/// Whether a message was handled after a newer one of its modem.
pub(crate) fn is_late(state: Option<&StateRow>, reading: &ReadingRow) -> bool {
    let place: Place = (reading.transmitted_at, reading.momsn);
    state.is_some_and(|s| place < (s.last_transmitted_at, s.momsn))
}

/// The state after a reading: each group of values gives way only to a newer one. Its interval is another matter.
pub(crate) fn apply(state: Option<StateRow>, reading: &ReadingRow, received_at: Micros) -> StateRow {
    let newest = is_newest(state.as_ref(), reading);
    let mut state = state.unwrap_or_else(|| first_state(reading, received_at));
    if newest {
        state.last_message_id = reading.message_id;
        state.last_transmitted_at = reading.transmitted_at;
        state.last_received_at = received_at;
        state.momsn = reading.momsn;
    }
    apply_fix(&mut state, reading);
    apply_estimate(&mut state, reading);
    apply_report(&mut state, reading);
    state
}

fn first_state(reading: &ReadingRow, received_at: Micros) -> StateRow {
    StateRow {
        modem_id: reading.modem_id,
        last_message_id: reading.message_id,
        last_transmitted_at: reading.transmitted_at,
        last_received_at: received_at,
        momsn: reading.momsn,
        fix_at: None,
        fix_momsn: None,
        fix_latitude: None,
        fix_longitude: None,
        fix_message_id: None,
        estimate_at: None,
        estimate_latitude: None,
        estimate_longitude: None,
        estimate_accuracy_m: None,
        estimate_message_id: None,
        report_at: None,
        report_momsn: None,
        speed_m_s: None,
        course_deg: None,
        battery_v: None,
        interval_s: 0,
        interval_source: String::new(),
        status: None,
        beacon_on: None,
    }
}

fn apply_fix(state: &mut StateRow, reading: &ReadingRow) {
    let newer = (Some(reading.device_at), reading.momsn) > (state.fix_at, state.fix_momsn);
    if reading.latitude.is_some() && newer {
        state.fix_at = Some(reading.device_at);
        state.fix_momsn = reading.momsn;
        state.fix_latitude = reading.latitude;
        state.fix_longitude = reading.longitude;
        state.fix_message_id = Some(reading.message_id);
    }
}

fn apply_estimate(state: &mut StateRow, reading: &ReadingRow) {
    // Two messages of one second are rare; their ids decide, so that the end is the same in any order.
    let newer = (Some(reading.transmitted_at), Some(reading.message_id))
        > (state.estimate_at, state.estimate_message_id);
    if reading.estimate_latitude.is_some() && newer {
        state.estimate_at = Some(reading.transmitted_at);
        state.estimate_latitude = reading.estimate_latitude;
        state.estimate_longitude = reading.estimate_longitude;
        state.estimate_accuracy_m = reading.estimate_accuracy_m;
        state.estimate_message_id = Some(reading.message_id);
    }
}

fn apply_report(state: &mut StateRow, reading: &ReadingRow) {
    let newer = (Some(reading.device_at), reading.momsn) > (state.report_at, state.report_momsn);
    if is_report(reading) && newer {
        state.report_at = Some(reading.device_at);
        state.report_momsn = reading.momsn;
        state.speed_m_s = reading.speed_m_s;
        state.course_deg = reading.course_deg;
        state.battery_v = reading.battery_v;
        state.status.clone_from(&reading.status);
        state.beacon_on = reading.beacon_on;
    }
}

/// Whether the message was one by which a device tells how it fares: of a tracker, one with figures of its own.
fn is_report(reading: &ReadingRow) -> bool {
    let has_figures = reading.latitude.or(reading.speed_m_s).or(reading.course_deg).is_some();
    matches!(reading.kind.as_str(), "PK001" | "PK003" | "PK004" | "PK101")
        || (has_figures && rockstar::is_kind(&reading.kind))
}

/// A gap between two neighbours, ready to be kept.
pub(crate) fn gap(
    modem: Id,
    before: (Micros, Option<i32>),
    after: (Id, Micros, Option<i32>),
) -> Option<fairlead_store::satellite::gaps::GapRow> {
    let missing = missing_between(before.1, after.2)?;
    Some(fairlead_store::satellite::gaps::GapRow {
        before_message: after.0,
        modem_id: modem,
        first_momsn: missing.first,
        last_momsn: missing.last,
        missing: missing.count,
        after_at: before.0,
        before_at: after.1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn reading(n: u8, at: i64, momsn: i32) -> ReadingRow {
        ReadingRow {
            message_id: Uuid::from_bytes([n; 16]).into(),
            modem_id: Uuid::from_bytes([99; 16]).into(),
            transmitted_at: Micros(at),
            momsn: Some(momsn),
            device_at: Micros(at),
            clock_ahead: false,
            late: false,
            kind: "PK101".into(),
            latitude: Some(f64::from(n)),
            longitude: Some(1.0),
            estimate_latitude: Some(f64::from(n)),
            estimate_longitude: Some(2.0),
            estimate_accuracy_m: None,
            speed_m_s: None,
            course_deg: None,
            battery_v: Some(f64::from(n)),
            interval_s: None,
            sleep_s: None,
            status: None,
            beacon_on: None,
            dialect: None,
        }
    }

    #[test]
    fn gaps_understand_the_wrap_and_a_counter_that_was_set_back() {
        let count = |a, b| missing_between(Some(a), Some(b)).map(|m| (m.first, m.last, m.count));
        assert_eq!(count(5, 6), None);
        assert_eq!(count(5, 5), None);
        assert_eq!(count(5, 9), Some((6, 8, 3)));
        assert_eq!(count(65_534, 1), Some((65_535, 0, 2)));
        assert_eq!(count(65_535, 0), None);
        assert_eq!(count(900, 1), None);
        assert_eq!(missing_between(None, Some(3)), None);
    }

    #[test]
    fn any_order_of_arrival_ends_in_the_same_state() {
        let line: Vec<_> = (1..=4).map(|n| reading(n, i64::from(n) * 1_000, i32::from(n))).collect();
        let run = |order: &[usize]| {
            order.iter().fold(None, |state, i| Some(apply(state, &line[*i], line[*i].transmitted_at)))
        };
        let in_order = run(&[0, 1, 2, 3]);
        for order in [[3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1], [3, 0, 1, 2]] {
            assert_eq!(run(&order), in_order, "{order:?}");
        }
        let state = in_order.unwrap();
        assert_eq!((state.momsn, state.fix_latitude, state.battery_v), (Some(4), Some(4.0), Some(4.0)));
    }

    #[test]
    fn a_clock_far_ahead_is_not_the_newest() {
        let mut ahead = reading(9, 1_000_000, 9);
        ahead.clock_ahead = true;
        assert!(!is_newest(None, &ahead));
    }

    #[test]
    fn the_interval_is_what_the_device_says_else_what_it_does() {
        let silent = |s: i64| Plan {
            transmitted_at: Micros(s * 1_000_000),
            interval_s: None,
            sleep_s: None,
            dialect: None,
        };
        let mut plans = [2_400, 1_800, 1_770, 1_200, 600].map(silent);
        assert_eq!(interval(&plans, 600), Interval::Observed(600));
        assert_eq!(interval(&plans[..3], 900), Interval::Assumed(900));
        plans[3].interval_s = Some(1_200);
        assert_eq!(interval(&plans, 600), Interval::Reported(1_200), "an older one said it");
        plans[1].interval_s = Some(0);
        plans[1].sleep_s = Some(7_200);
        assert_eq!(interval(&plans, 600), Interval::Reported(7_200), "a newer one says better");
    }
}
