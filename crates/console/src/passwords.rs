//! Where passwords are hashed: on threads of their own, a few at a time, so that a flood of sign-ins costs neither
//! memory nor the other requests.

use std::time::Duration;

use fairlead_web::{ApiError, Code};
use tokio::sync::Semaphore;

/// Hashes at a time; each takes 19 MiB.
const AT_A_TIME: usize = 2;

/// How long one waits for its turn.
const TURN: Duration = Duration::from_secs(5);

/// The turns.
pub(crate) struct Passwords(Semaphore);

impl Default for Passwords {
    fn default() -> Self {
        Self(Semaphore::new(AT_A_TIME))
    }
}

impl Passwords {
    /// Runs work that hashes.
    ///
    /// # Errors
    /// [`Code::TooMany`] where too many others are before.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let turn = tokio::time::timeout(TURN, self.0.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            let sentence = "Too many people sign in at this moment. Try again soon.";
            return Err(ApiError::new(Code::TooMany, sentence).retry_after(5));
        };
        tokio::task::spawn_blocking(work).await.map_err(ApiError::internal)
    }
}
