//! Chance from the seed: every part of the world has its own stream of random numbers, so that none disturbs another.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sha2::{Digest, Sha256};

/// The stream of random numbers that belongs to these words under this seed.
pub(crate) fn stream(seed: u64, words: &[&str]) -> ChaCha8Rng {
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    for word in words {
        hash.update(word.as_bytes());
        hash.update([0]);
    }
    ChaCha8Rng::from_seed(hash.finalize().into())
}

/// One of `choices`, or `otherwise` where there is none.
pub(crate) fn one_of<T: Copy>(rng: &mut ChaCha8Rng, choices: &[T], otherwise: T) -> T {
    let index = rng.random_range(0..choices.len().max(1));
    choices.get(index).copied().unwrap_or(otherwise)
}

/// A bell-shaped number around 0 with a spread of 1, never beyond 3.5 (the sum of twelve dice, less six).
pub(crate) fn bell(rng: &mut ChaCha8Rng) -> f64 {
    let sum: f64 = (0..12).map(|_| rng.random::<f64>()).sum();
    (sum - 6.0).clamp(-3.5, 3.5)
}
