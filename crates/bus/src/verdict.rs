//! What a consumer says about a message, and what follows from it. Pure.

use std::time::Duration;

use fairlead_store::StoreError;
use rand::Rng;

use crate::backoff;

/// What a consumer says about a message it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Its effects are durable.
    Done,
    /// It may succeed later.
    Retry {
        /// Why, for the log and, in the end, for a person.
        reason: String,
    },
    /// Trying again cannot help: a person has to look at it.
    GiveUp {
        /// Why, in a sentence.
        reason: String,
    },
}

/// What a consumer says whose work the store did not do.
impl From<StoreError> for Verdict {
    fn from(error: StoreError) -> Self {
        let reason = error.to_string();
        if error.is_passing() { Self::Retry { reason } } else { Self::GiveUp { reason } }
    }
}

/// What becomes of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Settlement {
    /// It is gone.
    Done,
    /// It comes again.
    PutOff { attempt: u32, pause: Duration },
    /// A person sees it and can put it through again.
    Park { reason: String },
}

impl Settlement {
    /// For the metrics.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::PutOff { .. } => "retry",
            Self::Park { .. } => "give_up",
        }
    }
}

/// What becomes of a message that had failed `failed` times before this verdict.
pub(crate) fn settle(verdict: Verdict, failed: u32, attempts: u32, dice: &mut impl Rng) -> Settlement {
    match verdict {
        Verdict::Done => Settlement::Done,
        Verdict::GiveUp { reason } => Settlement::Park { reason },
        Verdict::Retry { reason } => {
            let attempt = failed.saturating_add(1);
            if attempt < attempts {
                Settlement::PutOff { attempt, pause: backoff::before_retry(attempt, dice) }
            } else {
                Settlement::Park { reason: format!("tried {attempt} times; the last time: {reason}") }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn what_becomes_of_a_message() {
        let retry = || Verdict::Retry { reason: "no answer".into() };
        let table = [
            (Verdict::Done, 0, "done", 0),
            (Verdict::Done, 99, "done", 0),
            (Verdict::GiveUp { reason: "no such modem".into() }, 0, "give_up", 0),
            (retry(), 0, "retry", 1),
            (retry(), 10, "retry", 11),
            (retry(), 11, "give_up", 0),
            (retry(), u32::MAX, "give_up", 0),
        ];
        for (verdict, failed, word, next) in table {
            let settlement = settle(verdict.clone(), failed, 12, &mut StdRng::seed_from_u64(7));
            assert_eq!(settlement.word(), word, "{verdict:?} after {failed}");
            if let Settlement::PutOff { attempt, .. } = settlement {
                assert_eq!(attempt, next);
            }
        }
    }

    #[test]
    fn a_person_reads_how_often_it_was_tried() {
        let verdict = Verdict::Retry { reason: "no answer".into() };
        let settlement = settle(verdict, 11, 12, &mut StdRng::seed_from_u64(7));
        assert_eq!(
            settlement,
            Settlement::Park { reason: "tried 12 times; the last time: no answer".into() }
        );
    }
}
