//! `POST /api/v1/first-run/test`: tries the way by which the provider's pushes come.

use std::time::Duration;

use actix_web::web;
use fairlead_web::{Admin, ApiError, Code};

use crate::round_trip::TestPush;
use crate::service::State;

/// Between the beginnings of two test pushes.
const PAUSE: Duration = Duration::from_secs(2);

/// Sends a push to this installation's own public address, as the provider would, and says what became of it.
#[utoipa::path(post, path = "/api/v1/first-run/test", tag = "system",
    responses((status = 200, body = TestPush),
        (status = 429, description = "One is under way, or was a moment ago", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn test(_: Admin, state: web::Data<State>) -> Result<web::Json<TestPush>, ApiError> {
    let too_many = |sentence| ApiError::new(Code::TooMany, sentence).retry_after(2);
    let mut last = state.last_test.try_lock().map_err(|_| too_many("A test push is under way."))?;
    let now = state.clock.now();
    let pause = PAUSE.saturating_mul(state.clock.speed().max(1));
    if last.is_some_and(|last| now.since(last) < pause) {
        return Err(too_many("There was a test push a moment ago."));
    }
    *last = Some(now);
    Ok(web::Json(state.round_trip.make(now).await.map_err(ApiError::internal)?))
}
