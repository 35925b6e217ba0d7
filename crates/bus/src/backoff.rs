//! How long to wait before something is tried again. Pure; the dice are an argument.

use std::time::Duration;

use rand::Rng;

/// Before the second try of a message.
const FIRST: Duration = Duration::from_secs(1);

/// Half as much again, by jitter, is the longest pause: 15 minutes.
const LONGEST_STEP: Duration = Duration::from_secs(600);

/// The pause before the next try of a message that has failed `failed` times: doubling from 1 s, each up to half
/// longer by jitter, never over 15 min.
pub(crate) fn before_retry(failed: u32, dice: &mut impl Rng) -> Duration {
    jittered(doubled(FIRST, failed, LONGEST_STEP), dice)
}

/// The pause before the broker is tried again.
pub(crate) fn before_reconnect(failed: u32, longest: Duration, dice: &mut impl Rng) -> Duration {
    jittered(doubled(Duration::from_millis(100), failed, longest.mul_f64(2.0 / 3.0)), dice)
}

fn doubled(first: Duration, failed: u32, longest: Duration) -> Duration {
    let doublings = failed.saturating_sub(1).min(30);
    first.saturating_mul(1 << doublings).min(longest)
}

fn jittered(step: Duration, dice: &mut impl Rng) -> Duration {
    step.mul_f64(dice.random_range(1.0..=1.5))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn pauses_double_up_to_a_quarter_of_an_hour() {
        let seconds = [(0, 1), (1, 1), (2, 2), (3, 4), (10, 512), (11, 600), (12, 600), (u32::MAX, 600)];
        for (failed, least) in seconds {
            let least = Duration::from_secs(least);
            for seed in 0..100 {
                let pause = before_retry(failed, &mut StdRng::seed_from_u64(seed));
                assert!(pause >= least && pause <= least.mul_f64(1.5), "{failed}: {pause:?}");
                assert!(pause <= Duration::from_secs(15 * 60));
            }
        }
    }

    #[test]
    fn the_same_dice_give_the_same_pause() {
        let pause = |seed| before_retry(5, &mut StdRng::seed_from_u64(seed));
        assert_eq!(pause(1), pause(1));
        assert_ne!(pause(1), pause(2));
    }

    #[test]
    fn a_broker_is_tried_again_soon() {
        let mut dice = StdRng::seed_from_u64(1);
        let longest = Duration::from_secs(5);
        assert!(before_reconnect(1, longest, &mut dice) <= Duration::from_millis(150));
        assert!(before_reconnect(100, longest, &mut dice) <= longest);
    }
}
