//! Latencies in buckets that are 3 % wide, so that a million of them cost a few kilobytes.

use std::time::Duration;

/// Buckets for each doubling.
const FINE: u64 = 32;
const FINE_BITS: u32 = 5;

/// Counts of latencies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    pub(crate) fn record(&mut self, latency: Duration) {
        let bucket = bucket(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(bucket) {
            *count += 1;
            self.total += 1;
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.total += other.total;
    }

    /// The latency in milliseconds that this share of all stays within; 0 where there are none.
    pub(crate) fn quantile_ms(&self, share: f64) -> f64 {
        let wanted = (self.total as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted && *count > 0 {
                return upper_micros(bucket) as f64 / 1_000.0;
            }
        }
        0.0
    }
}

fn bucket(micros: u64) -> usize {
    let doublings = (u64::BITS - micros.leading_zeros()).saturating_sub(FINE_BITS + 1);
    let index = u64::from(doublings) * FINE + (micros >> doublings);
    usize::try_from(index).unwrap_or(usize::MAX)
}

/// The largest figure of a bucket.
fn upper_micros(bucket: usize) -> u64 {
    let bucket = u64::try_from(bucket).unwrap_or(u64::MAX);
    if bucket < 2 * FINE {
        return bucket;
    }
    let doublings = bucket / FINE - 1;
    let step = bucket - doublings * FINE;
    ((step + 1) << doublings) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_holds_what_falls_into_it() {
        for micros in (0..100_000).chain([1 << 30, (1 << 30) + 12_345_678]) {
            let upper = upper_micros(bucket(micros));
            assert!(upper >= micros && upper as f64 <= micros as f64 * 1.032 + 1.0, "{micros} in {upper}");
            assert!(bucket(micros) == 0 || upper_micros(bucket(micros) - 1) < micros, "{micros}");
        }
    }

    #[test]
    fn quantiles_count_from_the_lowest() {
        let mut all = Histogram::default();
        assert_eq!(all.quantile_ms(0.99), 0.0);
        for ms in 1..=100 {
            all.record(Duration::from_micros(ms * 10));
        }
        let mut both = all.clone();
        both.add(&all);
        for (share, ms) in [(0.5, 0.5), (0.99, 0.99), (1.0, 1.0)] {
            assert!((both.quantile_ms(share) - ms).abs() < 0.032, "{}", both.quantile_ms(share));
        }
    }
}
