//! The clock as an argument: real, scaled (for the demo) or moved by hand (for tests).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use uuid::Uuid;

use crate::Time;

/// Tells ids of one microsecond apart, in the order in which they were made.
static COUNTER: AtomicU32 = AtomicU32::new(0);

/// The counter has 30 bits in an id: two of its 32 are the variant's.
const COUNTER_BITS: u32 = 0x3fff_ffff;

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

    /// A fresh `UUIDv7` whose time is this clock's. Ids made in one process sort in the order in which they were made
    /// while its clock does not go back: behind the milliseconds come microseconds (RFC 9562, section 6.2, method 3),
    /// then a counter, then chance.
    pub fn new_id(&self) -> Uuid {
        let micros = u64::try_from(self.now().micros()).unwrap_or(0);
        // Microseconds of the millisecond as a fraction of 12 bits.
        let [.., high, low] = ((micros % 1_000) * 4_096 / 1_000).to_be_bytes();
        let [c0, c1, c2, c3] = (COUNTER.fetch_add(1, Ordering::Relaxed) & COUNTER_BITS).to_be_bytes();
        let [r0, r1, r2, r3, ..] = Uuid::new_v4().into_bytes();
        let rest = [high, low, c0, c1, c2, c3, r0, r1, r2, r3];
        uuid::Builder::from_unix_timestamp_millis(micros / 1_000, &rest).into_uuid()
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
    fn ids_sort_in_the_order_in_which_they_were_made() {
        let (clock, hand) = Clock::manual(Time::from_micros(1_700_000_000_123_456));
        let mut ids: Vec<Uuid> = Vec::new();
        for n in 0..3_000 {
            ids.push(clock.new_id());
            if n % 1_000 == 999 {
                hand.advance(Duration::from_micros(1));
            }
        }
        assert!(ids.is_sorted());
        ids.dedup();
        assert_eq!(ids.len(), 3_000);
        let id = ids[0];
        assert_eq!((id.get_version_num(), id.get_variant()), (7, uuid::Variant::RFC4122));
        assert_eq!(id.get_timestamp().unwrap().to_unix(), (1_700_000_000, 123_000_000));
    }

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
