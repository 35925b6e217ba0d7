//! How long things take.

use std::time::Duration;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// A device's spans of real time, all shortened by one factor where somebody is in a hurry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Habits {
    /// How many times as fast as the real one; 1 is the real one.
    pub haste: u32,
    /// Pause between two looks at whether the line is there, and between two dials.
    pub check: Duration,
    /// Pause between two values of a driver that runs.
    pub live: Duration,
    /// From a reset to the first sign of life.
    pub boot: (Duration, Duration),
    /// Pause between two requests for how an upgrade is.
    pub upgrade_pause: Duration,
    /// Longest wait for Wi-Fi before an upgrade.
    pub wifi: Duration,
    /// What one request costs in a slow radio, beside the server's own time.
    pub request: Duration,
    /// Bytes a second that the flash can write; 0 is without end.
    pub flash_bytes_per_s: u64,
    /// After how long somebody takes a device that went into service back to the bench; `None` where nobody does.
    pub back_on_bench: Option<Duration>,
}

impl Habits {
    /// As the real ones are.
    pub const REAL: Self = Self {
        haste: 1,
        check: Duration::from_secs(5),
        live: Duration::from_secs(1),
        boot: (Duration::from_secs(4), Duration::from_secs(8)),
        upgrade_pause: Duration::from_secs(5),
        wifi: Duration::from_secs(30),
        request: Duration::from_millis(150),
        flash_bytes_per_s: 40_000,
        back_on_bench: None,
    };

    /// For tests: the order of things stays, nobody waits for them.
    pub const HURRIED: Self =
        Self { haste: 100, request: Duration::ZERO, flash_bytes_per_s: 0, ..Self::REAL };

    /// How long a span is in real time.
    pub(super) fn span(&self, span: Duration) -> Duration {
        span / self.haste.max(1)
    }

    /// From a reset to the first sign of life, this time.
    pub(super) fn boot(&self, rng: &mut ChaCha8Rng) -> Duration {
        let (least, most) = self.boot;
        self.span(least + most.saturating_sub(least).mul_f64(rng.random()))
    }

    /// What a file of so many bytes costs beside the server's own time.
    pub(super) fn fetched(&self, bytes: usize) -> Duration {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let written = bytes.saturating_mul(1_000_000).checked_div(self.flash_bytes_per_s).unwrap_or(0);
        self.span(Duration::from_micros(written))
    }
}

impl Default for Habits {
    fn default() -> Self {
        Self::REAL
    }
}
