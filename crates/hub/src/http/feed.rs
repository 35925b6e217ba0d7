//! `/api/v1/feed`: what has changed since a program asked last.

use std::time::Duration;

use actix_web::web;
use fairlead_model::Time;
use fairlead_model::live::LiveEvent;
use fairlead_store::changes::{self, Changed};
use fairlead_store::registry::devices;
use fairlead_store::satellite::{messages, modems, mt};
use fairlead_store::{Conn, StoreError, problems};
use fairlead_web::{ApiError, Code, Viewer};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::{IntoParams, ToSchema};

use crate::service::State;

/// Longest wait for a change, in seconds.
const LONGEST_WAIT_S: u32 = 30;

/// Most changes in an answer; a single unit of work with more is answered whole.
const MOST: usize = 500;

/// Steps that are read at a time.
const STEPS: i64 = 100;

/// What a program wants to know.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FeedQuery {
    /// `next_after` of the answer before. Left out: begin now, with what changes from here on.
    #[param(minimum = 0)]
    after: Option<i64>,
    /// How long to wait for a change where there is none yet, 0 to 30 seconds.
    #[param(minimum = 0, maximum = 30)]
    wait_s: Option<u32>,
}

/// What has changed, each thing once, as it is now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Changes {
    /// The things: modems, messages, problems, messages to devices, and devices, each as in its own list.
    items: Vec<LiveEvent>,
    /// From where to ask next.
    next_after: i64,
    /// Whether there is more already: ask again at once.
    more: bool,
}

/// What has changed since then. First ask without `after` and keep `next_after`; then read the lists; from then on ask
/// with it. Nothing is left out, whatever the order in which it was committed; a thing may come more often than it
/// changed. Linking tells the device and the modem, and not each message that is another's by it. Steps older than `hub.feed_days` are forgotten: whoever was away for longer gets 410 and begins anew.
#[utoipa::path(get, path = "/api/v1/feed", tag = "changes", params(FeedQuery),
    responses((status = 200, body = Changes), (status = 410, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn feed(
    _: Viewer,
    state: web::Data<State>,
    query: web::Query<FeedQuery>,
) -> Result<web::Json<Changes>, ApiError> {
    let wait_s = query.wait_s.unwrap_or(0);
    if wait_s > LONGEST_WAIT_S {
        let sentence = format!("wait_s is 0 to {LONGEST_WAIT_S}, not {wait_s}.");
        return Err(ApiError::new(Code::BadRequest, sentence));
    }
    let deadline = Instant::now() + Duration::from_secs(wait_s.into());
    let mut numbered = state.numbered.subscribe();
    let mut after = query.after;
    loop {
        let now = state.clock.now();
        let Some(changes) = state.store.read(move |conn| look(conn, after, now)).await? else {
            return Err(ApiError::new(
                Code::Forgotten,
                "What follows this number is not kept any more. Ask without `after`, read the lists, and go on from there.",
            ));
        };
        if !changes.items.is_empty() || changes.more || Instant::now() >= deadline {
            return Ok(web::Json(changes));
        }
        after = Some(changes.next_after);
        tokio::select! {
            _ = numbered.changed() => {}
            () = tokio::time::sleep_until(deadline) => {}
            () = state.stop.cancelled() => return Ok(web::Json(changes)),
        }
    }
}

/// What comes after a number, as far as one answer holds it; `None` where that is not kept.
fn look(conn: &mut Conn, after: Option<i64>, now: Time) -> Result<Option<Changes>, StoreError> {
    let Some(after) = after else {
        return Ok(Some(Changes { items: Vec::new(), next_after: changes::last(conn)?, more: false }));
    };
    let Some(steps) = changes::after(conn, after, STEPS)? else { return Ok(None) };
    let mut more = i64::try_from(steps.len()).is_ok_and(|n| n == STEPS);
    let (mut changed, mut next_after) = (Changed::default(), after);
    for step in steps {
        if !changed.is_empty() && changed.len() + step.changed.len() > MOST {
            more = true;
            break;
        }
        changed.extend(step.changed);
        next_after = step.seq;
    }
    Ok(Some(Changes { items: items(conn, changed, now)?, next_after, more }))
}

/// The things as they are now.
fn items(conn: &mut Conn, changed: Changed, now: Time) -> Result<Vec<LiveEvent>, StoreError> {
    let modems = modems::views(conn, &Vec::from_iter(changed.modems))?;
    let messages = messages::views(conn, &Vec::from_iter(changed.messages))?;
    let mut gone = changed.problems.clone();
    let problems = problems::views(conn, &Vec::from_iter(changed.problems))?;
    problems.iter().for_each(|problem| {
        gone.remove(&problem.id);
    });
    let outgoing = mt::views(conn, &Vec::from_iter(changed.outgoing))?;
    let mut items: Vec<LiveEvent> =
        modems.into_iter().map(|modem| LiveEvent::Modem { modem: Box::new(modem) }).collect();
    // Lists come newest first, a feed does not.
    items.extend(messages.into_iter().rev().map(|message| LiveEvent::Message { message }));
    items.extend(problems.into_iter().rev().map(|problem| LiveEvent::Problem { problem }));
    items.extend(gone.into_iter().map(|id| LiveEvent::ProblemGone { id }));
    items.extend(outgoing.into_iter().rev().map(|mt| LiveEvent::Outgoing { mt: Box::new(mt) }));
    let mut gone = changed.devices.clone();
    let devices = devices::views(conn, &Vec::from_iter(changed.devices), now)?;
    devices.iter().for_each(|device| {
        gone.remove(&device.id);
    });
    items.extend(devices.into_iter().map(|device| LiveEvent::Device { device: Box::new(device) }));
    items.extend(gone.into_iter().map(|id| LiveEvent::DeviceGone { id }));
    Ok(items)
}
