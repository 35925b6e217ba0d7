//! Where passwords are hashed and checked: on threads of their own, a few at a time, so that a flood of sign-ins costs
//! neither memory nor the other requests; and slower the more somebody guesses.

use std::sync::Arc;
use std::time::Duration;

use fairlead_model::Clock;
use fairlead_web::{ApiError, Code, password};
use tokio::sync::Semaphore;

use crate::throttle::Throttle;

/// Hashes at a time; each takes 19 MiB.
const AT_A_TIME: usize = 2;

/// How long one waits for its turn.
const TURN: Duration = Duration::from_secs(5);

/// The turns, and who must wait for one.
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    throttle: Throttle,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_A_TIME)), throttle: Throttle::default() }
    }
}

impl Passwords {
    /// The password as it is kept.
    ///
    /// # Errors
    /// [`Code::TooMany`] where too many others are before.
    pub(crate) async fn hash(&self, given: String) -> Result<String, ApiError> {
        self.in_turn(move || password::hash(&given)).await?.map_err(ApiError::internal)
    }

    /// Whether a password is the one that was kept for a name; whoever guesses from an address must wait.
    ///
    /// # Errors
    /// [`Code::TooMany`] with the time after which to try again.
    pub(crate) async fn is_right(
        &self,
        clock: &Clock,
        (name, address): (&str, &str),
        given: String,
        kept: Option<String>,
    ) -> Result<bool, ApiError> {
        if let Err(wait) = self.throttle.begin(name, address, clock.now()) {
            let seconds = wait.div_f64(f64::from(clock.speed())).as_secs() + 1;
            let sentence = format!("There were too many wrong passwords. Try again in {seconds} s.");
            let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
            return Err(ApiError::new(Code::TooMany, sentence).retry_after(seconds));
        }
        let is_right = self.in_turn(move || password::is_right(&given, kept.as_deref())).await?;
        if is_right {
            self.throttle.succeeded(name, address);
        }
        Ok(is_right)
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let turn = tokio::time::timeout(TURN, self.turns.clone().acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            let sentence = "Too many people sign in at this moment. Try again soon.";
            return Err(ApiError::new(Code::TooMany, sentence).retry_after(5));
        };
        // The turn goes with the work: a caller who leaves does not end it.
        let work = move || {
            let _turn = turn;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(ApiError::internal)
    }
}
