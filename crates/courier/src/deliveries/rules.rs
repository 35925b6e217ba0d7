//! When a letter is tried again, and when an endpoint is left alone. Pure.

use std::time::Duration;

use fairlead_model::Time;
use fairlead_store::Micros;
use fairlead_store::routing::endpoints::StateRow;

use crate::endpoints::{Fault, Sent};

/// Between the tries of one letter. After the last of them it has failed.
const PAUSES_S: [u64; 6] = [5, 300, 1_800, 7_200, 18_000, 36_000];
/// So many failures in a row, whichever the letters, and the endpoint is asked with one letter at a time.
pub(crate) const FAILURES: i32 = 5;
/// Before the first such letter; doubled before each next one.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// The longest of those pauses.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);
/// An endpoint that wants fewer at a time and does not say when is left alone for so long.
const SLOWER: Duration = Duration::from_secs(15);
/// An endpoint that fails for so long without one success is switched off.
pub(crate) const GIVEN_UP: Duration = Duration::from_secs(5 * 86_400);
/// Longer than any letter rests: without a try for so long, an endpoint begins to fail anew.
const QUIET: Duration = Duration::from_secs(12 * 3_600);
/// Longest reason that is kept, in characters: a peer's words may be in it.
const LONGEST_WHY: usize = 1_000;

/// How long a letter rests after its `attempt`th try, from 1; nothing where that was the last. `jitter`, 0 to 1, parts
/// letters that failed together.
pub(crate) fn pause_after(attempt: i32, jitter: f64) -> Option<Duration> {
    let place = usize::try_from(attempt.saturating_sub(1)).unwrap_or(0);
    let pause = PAUSES_S.get(place)?;
    Some(Duration::from_secs(*pause).mul_f64(0.2f64.mul_add(jitter.clamp(0.0, 1.0), 0.9)))
}

/// How long an endpoint is left alone that has failed so often in a row.
fn pause_between(failures: i32) -> Duration {
    let doublings = u32::try_from(failures.saturating_sub(FAILURES)).unwrap_or(0).min(16);
    FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE)
}

/// Whether an endpoint is asked with one letter at a time.
pub(crate) const fn is_open(state: &StateRow) -> bool {
    state.failures_in_a_row >= FAILURES
}

/// What a try means for its letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// It is settled: taken.
    Delivered,
    /// It is settled: it can never go.
    Failed,
    /// This was one of its tries, and there may be more.
    Counted,
    /// This was none of its tries: the endpoint is at fault. It keeps its place.
    Kept,
    /// As [`Next::Kept`]; but the next one to be asked with is another letter.
    Behind,
}

/// Whether a letter may go out now; `is_probe` where it asks whether the endpoint is back.
pub(crate) fn may_go(state: &StateRow, is_probe: bool, now: Time) -> bool {
    let rests = state.disabled_at.is_some() || state.open_until > now.into();
    !rests && (is_probe || !is_open(state))
}

/// Notes a try on its endpoint, and says what it means for the letter.
pub(crate) fn note(state: &mut StateRow, sent: &Sent, is_probe: bool, now: Time) -> Next {
    let Sent::Failed { why, fault, .. } = sent else {
        answered(state, now);
        state.delivered_at = Some(now.into());
        return Next::Delivered;
    };
    let why: String = why.chars().take(LONGEST_WHY).collect();
    match fault {
        Fault::Never => {
            // It answers, and the next letter may go.
            answered(state, now);
            state.failed_at = Some(now.into());
            state.failure = Some(why);
            Next::Failed
        }
        Fault::Slower { after } => {
            let rested = Micros::from(now.plus(after.unwrap_or(SLOWER)));
            // For a probe it is held for as long as a try may take: the answer says more.
            state.open_until = if is_probe { rested } else { state.open_until.max(rested) };
            failing(state, why, now);
            Next::Kept
        }
        Fault::Gone => {
            state.failed_at = Some(now.into());
            state.failure = Some(why.clone());
            disable(state, why, now);
            Next::Kept
        }
        Fault::Again => {
            let was_open = is_open(state);
            // Letters that were on their way when it was first left alone tell nothing new.
            if is_probe || !was_open {
                state.failures_in_a_row = state.failures_in_a_row.saturating_add(1);
                if is_open(state) {
                    state.open_until = now.plus(pause_between(state.failures_in_a_row)).into();
                }
            }
            failing(state, why, now);
            match (was_open, is_probe) {
                (false, _) => Next::Counted,
                (true, false) => Next::Kept,
                (true, true) => Next::Behind,
            }
        }
    }
}

/// It answers well, and its failures are forgiven. A pause that it has asked for it gets all the same, and one that is
/// switched off stays so: a person says when it is ready.
fn answered(state: &mut StateRow, now: Time) {
    if state.disabled_at.is_some() {
        return;
    }
    let asked_for = if is_open(state) { Micros(0) } else { state.open_until };
    state.forgive();
    if asked_for > now.into() {
        state.open_until = asked_for;
    }
}

/// Nothing goes well with it, and after some days of that it is switched off.
fn failing(state: &mut StateRow, why: String, now: Time) {
    // Where nothing was tried for so long, nobody knows how it was in between.
    if state.failed_at.is_none_or(|last| now.since(last.into()) > QUIET) {
        state.failing_since = None;
    }
    state.failed_at = Some(now.into());
    let since = *state.failing_since.get_or_insert(now.into());
    if state.disabled_at.is_none() && now.since(since.into()) >= GIVEN_UP {
        let days = GIVEN_UP.as_secs() / 86_400;
        disable(state, format!("Every delivery has failed for {days} days. The last time: {why}"), now);
    }
    state.failure = Some(why);
}

fn disable(state: &mut StateRow, why: String, now: Time) {
    if state.disabled_at.is_none() {
        state.disabled_at = Some(now.into());
        state.disabled_why = Some(why);
    }
}

#[cfg(test)]
mod tests {
    use fairlead_model::EndpointId;

    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_micros(seconds * 1_000_000)
    }

    fn fresh() -> StateRow {
        StateRow::new(EndpointId::from(uuid::Uuid::from_u128(1)))
    }

    fn good() -> Sent {
        Sent::Delivered { status: Some(200), response: Vec::new() }
    }

    fn bad() -> Sent {
        Sent::failed("No.", Fault::Again)
    }

    fn slower(after: Option<u64>) -> Sent {
        Sent::failed("Slower.", Fault::Slower { after: after.map(Duration::from_secs) })
    }

    #[test]
    fn a_letter_rests_longer_each_time_and_has_seven_tries() {
        let rests: Vec<_> = (1..=8).map(|n| pause_after(n, 0.5).map(|rest| rest.as_secs())).collect();
        let wanted = [5, 300, 1_800, 7_200, 18_000, 36_000].map(Some);
        assert_eq!(rests, [&wanted[..], &[None, None]].concat());
        assert_eq!(pause_after(2, 0.0), Some(Duration::from_secs(270)));
        assert_eq!(pause_after(2, 1.0), Some(Duration::from_secs(330)));
    }

    #[test]
    fn after_five_failures_in_a_row_one_letter_at_a_time_asks_with_growing_pauses() {
        let mut state = fresh();
        for n in 0..5 {
            assert!(!is_open(&state), "{n}");
            assert_eq!(note(&mut state, &bad(), false, at(n)), Next::Counted);
        }
        assert!(is_open(&state));
        assert_eq!(state.open_until, at(4 + 5).into());
        assert_eq!(state.failing_since, Some(at(0).into()));
        // Those that were on their way.
        assert_eq!(note(&mut state, &bad(), false, at(6)), Next::Kept);
        assert_eq!(state.open_until, at(9).into());
        let mut now = 9;
        for pause in [10, 20, 40, 80, 160, 320, 600, 600] {
            assert_eq!(note(&mut state, &bad(), true, at(now)), Next::Behind);
            assert_eq!(state.open_until, at(now + pause).into());
            now += pause;
        }
        assert_eq!(note(&mut state, &good(), true, at(now)), Next::Delivered);
        assert_eq!(state, StateRow { delivered_at: Some(at(now).into()), ..fresh() });
    }

    #[test]
    fn a_success_in_between_begins_the_count_anew() {
        let mut state = fresh();
        for n in 0..20 {
            note(&mut state, &bad(), false, at(n));
            if n % 4 == 3 {
                note(&mut state, &good(), false, at(n));
            }
            assert!(!is_open(&state), "{n}");
        }
    }

    /// Tries it in vain every ten hours, from one hour to another, and says whether it was switched off.
    fn tried_in_vain(state: &mut StateRow, sent: &Sent, hours: std::ops::Range<i64>) -> bool {
        for hour in hours.step_by(10) {
            note(state, sent, false, at(hour * 3_600));
        }
        state.disabled_at.is_some()
    }

    #[test]
    fn five_days_without_a_success_switch_it_off() {
        let mut state = fresh();
        assert!(!tried_in_vain(&mut state, &bad(), 0..120));
        assert!(tried_in_vain(&mut state, &bad(), 120..121));
        assert_eq!(
            state.disabled_why.as_deref(),
            Some("Every delivery has failed for 5 days. The last time: No.")
        );
        // What was on its way does not switch it on.
        let off = state.clone();
        note(&mut state, &good(), false, at(121 * 3_600));
        assert_eq!((state.disabled_at, &state.disabled_why), (off.disabled_at, &off.disabled_why));
        state.forgive();
        assert_eq!(state.disabled_at, None);
    }

    #[test]
    fn a_quiet_week_between_two_failures_does_not_count() {
        let mut state = fresh();
        let days = |n: i64| at(n * 86_400);
        for day in [0, 6, 12] {
            note(&mut state, &bad(), false, days(day));
            assert_eq!((state.disabled_at, state.failing_since), (None, Some(days(day).into())));
        }
    }

    #[test]
    fn an_endpoint_that_wants_fewer_is_left_alone_and_its_letters_keep_their_tries() {
        let mut state = fresh();
        for n in 0..50 {
            assert_eq!(note(&mut state, &slower(Some(60)), false, at(n)), Next::Kept);
        }
        assert_eq!((state.failures_in_a_row, state.failing_since), (0, Some(at(0).into())));
        assert_eq!(state.open_until, at(49 + 60).into());
        // What was on its way and went well does not cut the pause short.
        note(&mut state, &good(), false, at(50));
        assert_eq!((state.open_until, state.failing_since), (at(49 + 60).into(), None));
        assert!(!may_go(&state, false, at(108)) && may_go(&state, false, at(109)));
        note(&mut state, &slower(None), false, at(200));
        assert_eq!(state.open_until, at(215).into());
    }

    #[test]
    fn one_that_wants_fewer_for_five_days_is_switched_off() {
        let mut state = fresh();
        assert!(!tried_in_vain(&mut state, &slower(Some(3_600)), 0..120));
        assert!(tried_in_vain(&mut state, &slower(Some(3_600)), 120..121));
        let mut state = fresh();
        assert!(!tried_in_vain(&mut state, &slower(None), 0..111));
        note(&mut state, &good(), false, at(111 * 3_600));
        assert!(!tried_in_vain(&mut state, &slower(None), 120..221), "one success begins it anew");
    }

    #[test]
    fn a_probe_that_is_asked_to_wait_waits_for_so_long_and_no_longer() {
        let mut state = StateRow { failures_in_a_row: 5, open_until: at(120).into(), ..fresh() };
        assert_eq!(note(&mut state, &slower(Some(5)), true, at(1)), Next::Kept);
        assert_eq!(state.open_until, at(6).into());
        assert!(!may_go(&state, false, at(7)) && may_go(&state, true, at(7)));
    }

    #[test]
    fn a_long_reason_is_cut() {
        let long = "\u{1f40b}".repeat(100_000);
        for fault in [Fault::Again, Fault::Gone, Fault::Never, Fault::Slower { after: None }] {
            let mut state = StateRow { failing_since: Some(at(0).into()), ..fresh() };
            state.failed_at = Some(at(5 * 86_400).into());
            note(&mut state, &Sent::failed(long.clone(), fault), false, at(5 * 86_400));
            let (why, off) = (state.failure.unwrap_or_default(), state.disabled_why.unwrap_or_default());
            assert_eq!(why.chars().count(), LONGEST_WHY, "{fault:?}");
            assert!(off.chars().count() < LONGEST_WHY + 100, "{fault:?}");
        }
    }

    #[test]
    fn one_that_is_gone_is_switched_off_and_one_letter_that_cannot_go_costs_the_others_nothing() {
        let mut state = fresh();
        assert_eq!(note(&mut state, &Sent::failed("Gone.", Fault::Gone), false, at(1)), Next::Kept);
        assert_eq!(state.disabled_why.as_deref(), Some("Gone."));
        let mut state = fresh();
        for n in 0..50 {
            assert_eq!(note(&mut state, &Sent::failed("Large.", Fault::Never), false, at(n)), Next::Failed);
        }
        assert!(!is_open(&state) && state.failing_since.is_none());
    }
}
