//! What a page starts from.

use fairlead_model::Clock;
use fairlead_model::live::LiveEvent;
use fairlead_model::problem::ProblemState;
use fairlead_store::satellite::{messages, modems};
use fairlead_store::{Conn, StoreError, problems};

/// Newest messages in a snapshot.
const MESSAGES: i64 = 50;

/// Newest open problems in a snapshot.
const PROBLEMS: i64 = 200;

/// Everything as it is now.
pub(crate) fn take(conn: &mut Conn, clock: &Clock, limit: i64) -> Result<LiveEvent, StoreError> {
    let mut modems = modems::list(conn, None, limit + 1)?;
    let limit = usize::try_from(limit).unwrap_or(0);
    let more_modems = modems.len() > limit;
    modems.truncate(limit);
    let open = problems::Filter { state: Some(ProblemState::Open), ..Default::default() };
    Ok(LiveEvent::Snapshot {
        now: clock.now(),
        speed: clock.speed(),
        modems,
        more_modems,
        messages: messages::list(conn, &messages::Filter::default(), MESSAGES)?,
        problems: problems::list(conn, &open, PROBLEMS)?,
    })
}
