//! The clock as an argument: real, scaled (for the demo) or moved by hand (for tests).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use uuid::Uuid;

use crate::Time;

/// Where a service reads the time. Cheap to clone; all clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Scaled { origin: Time, speed: u32 },
    Manual(Arc<AtomicI64>),
}

/// The hand that moves a [`Clock::manual`] clock.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicI64>);

impl Clock {
    /// The machine's own clock.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that equals the machine's at `origin` and runs `speed` times as fast from there. Processes that
    /// are given the same two numbers agree on the time.
    pub fn scaled(origin: Time, speed: u32) -> Self {
        if speed == 1 { Self::system() } else { Self(Source::Scaled { origin, speed }) }
    }

    /// A clock that stands at `start` until it is moved.
    pub fn manual(start: Time) -> (Self, ManualClock) {
        let cell = Arc::new(AtomicI64::new(start.micros()));
        (Self(Source::Manual(cell.clone())), ManualClock(cell))
    }

    /// The time now.
    pub fn now(&self) -> Time {
        match &self.0 {
            Source::System => system_now(),
            Source::Scaled { origin, speed } => {
                let elapsed = system_now().micros().saturating_sub(origin.micros());
                Time::from_micros(origin.micros().saturating_add(elapsed.saturating_mul(i64::from(*speed))))
            }
            Source::Manual(cell) => Time::from_micros(cell.load(Ordering::SeqCst)),
        }
    }

    /// How many seconds of this clock pass in one real second.
    pub fn speed(&self) -> u32 {
        match &self.0 {
            Source::Scaled { speed, .. } => *speed,
            Source::System | Source::Manual(_) => 1,
        }
    }

    /// A fresh `UUIDv7` (RFC 9562) whose time is this clock's, so that ids sort by receive time.
    pub fn new_id(&self) -> Uuid {
        let micros = u64::try_from(self.now().micros()).unwrap_or(0);
        let ts = uuid::Timestamp::from_unix(
            uuid::NoContext,
            micros / 1_000_000,
            u32::try_from(micros % 1_000_000).unwrap_or(0).saturating_mul(1_000),
        );
        Uuid::new_v7(ts)
    }
}

impl ManualClock {
    /// Moves the clock forward.
    pub fn advance(&self, span: Duration) {
        self.0.fetch_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }

    /// Sets the clock, also backwards: device and server clocks do jump.
    pub fn set(&self, to: Time) {
        self.0.store(to.micros(), Ordering::SeqCst);
    }
}

fn system_now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_by_hand() {
        let (clock, hand) = Clock::manual(Time::from_micros(5));
        assert_eq!(clock.now(), Time::from_micros(5));
        hand.advance(Duration::from_secs(1));
        assert_eq!(clock.clone().now(), Time::from_micros(1_000_005));
    }

    #[test]
    fn ids_carry_the_clocks_time() {
        let (clock, hand) = Clock::manual(Time::from_micros(1_000_000_000_000_000));
        let first = clock.new_id();
        hand.advance(Duration::from_millis(1));
        assert!(first < clock.new_id());
        assert_eq!(first.get_timestamp().unwrap().to_unix().0, 1_000_000_000);
    }
}
