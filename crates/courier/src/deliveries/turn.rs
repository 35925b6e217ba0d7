//! One turn of a lane: what came of its letters is written down, and the next ones are taken, in one transaction.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use fairlead_model::delivery::DeliveryState;
use fairlead_model::endpoint::EndpointConfig;
use fairlead_model::{DeliveryId, EndpointId, ProblemId, Time};
use fairlead_store::routing::deliveries::{self, DeliveryRow, Outcome};
use fairlead_store::routing::endpoints::{self, Endpoint, StateRow};
use fairlead_store::{Micros, StoreError, Tx};

use super::rules::{self, Next};
use crate::endpoints::Sent;
use crate::service::Inner;

/// For how long what was taken is nobody else's, in real time.
const LEASE: Duration = Duration::from_secs(120);

/// A letter that tells of a moment longer ago may be late.
const FRESH: Duration = Duration::from_secs(60);

/// A letter that was tried.
#[derive(Clone, Debug)]
pub(crate) struct Tried {
    pub(crate) id: DeliveryId,
    /// Which try it was, from 1.
    pub(crate) attempt: i32,
    /// Its place among those that wait.
    pub(crate) due_at: Option<Micros>,
    /// Whether the endpoint was asked with this one letter.
    pub(crate) is_probe: bool,
    pub(crate) sent: Sent,
    /// 0 to 1.
    pub(crate) jitter: f64,
}

impl Tried {
    /// Leaves out what the peer has said of it.
    pub(crate) fn leave_words_out(&mut self) {
        match &mut self.sent {
            Sent::Delivered { response, .. } => response.clear(),
            Sent::Failed { why, response, .. } => {
                "It was not taken; the reason could not be written down.".clone_into(why);
                response.clear();
            }
        }
    }
}

/// What a turn came to.
pub(crate) struct Turn {
    pub(crate) endpoint: Endpoint,
    /// What is to be tried.
    pub(crate) claimed: Vec<DeliveryRow>,
    /// Those of them that are late.
    pub(crate) late: HashSet<DeliveryId>,
    /// Whether the endpoint is asked with one letter, to see whether it is back.
    pub(crate) is_probe: bool,
    /// Whether how the endpoint does is another thing now.
    pub(crate) changed: bool,
    /// The problem that came of it.
    pub(crate) problem: Option<ProblemId>,
}

/// Takes a turn; nothing where the endpoint is no more.
///
/// # Errors
/// What the database says.
pub(crate) fn take(
    tx: &mut Tx<'_>,
    courier: &Inner,
    id: EndpointId,
    tried: &[Tried],
    unsent: &[DeliveryId],
    want: usize,
) -> Result<Option<Turn>, StoreError> {
    let now = courier.clock.now();
    if !tried.is_empty() {
        endpoints::claim_state(tx, id)?;
    }
    if !unsent.is_empty() {
        deliveries::release(tx, unsent)?;
    }
    let mut endpoint = match endpoints::get(tx, id) {
        Ok(endpoint) => endpoint,
        Err(StoreError::NotFound) => return Ok(None),
        Err(other) => return Err(other),
    };
    let before = endpoint.state.clone();
    let mut outcomes = Vec::with_capacity(tried.len());
    let mut is_back = false;
    let attempts = attempts(tx, tried)?;
    for one in tried {
        let was_open = rules::is_open(&endpoint.state);
        let next = rules::note(&mut endpoint.state, &one.sent, one.is_probe, now);
        is_back |= was_open && !rules::is_open(&endpoint.state);
        let attempt = attempts.get(&one.id).map_or(one.attempt, |before| before.saturating_add(1));
        outcomes.push((one.id, outcome(one, attempt, &next, &endpoint.state, now)));
    }
    if !outcomes.is_empty() {
        deliveries::settle(tx, now, &outcomes)?;
        endpoints::put_state(tx, &endpoint.state)?;
    }
    if is_back {
        deliveries::pull_forward(tx, id, now)?;
    }
    let mut problem = None;
    if let (None, Some(why)) = (before.disabled_at, &endpoint.state.disabled_why) {
        let reason = format!("{}: {why} What waits for it is kept until it is switched on.", endpoint.name);
        problem = endpoints::note_disabled(tx, &courier.clock, id, reason)?;
    }
    let (claimed, is_probe) = claim(tx, courier, &mut endpoint, want, now)?;
    let late = late(tx, &endpoint, &claimed, now)?;
    let changed = !tried.is_empty() || !claimed.is_empty();
    Ok(Some(Turn { endpoint, claimed, late, is_probe, changed, problem }))
}

/// Of letters those of whose device a newer one was delivered already: a second try, a person's wish, a message that was
/// long on its way. Asked only where it matters.
fn late(
    tx: &mut Tx<'_>,
    endpoint: &Endpoint,
    claimed: &[DeliveryRow],
    now: Time,
) -> Result<HashSet<DeliveryId>, StoreError> {
    let mut late = HashSet::new();
    let matters = match &endpoint.config {
        EndpointConfig::Mqtt { retain, discovery_prefix, .. } => *retain || discovery_prefix.is_some(),
        _ => false,
    };
    if !matters {
        return Ok(late);
    }
    for row in claimed {
        // One that cannot be read is told of where it is taken in hand.
        let Ok(of) = row.attributes() else { continue };
        let is_fresh = row.attempts == 0 && now.since(of.at) <= FRESH;
        if !is_fresh && deliveries::is_overtaken(tx, row, &of)? {
            late.insert(row.id.into());
        }
    }
    Ok(late)
}

fn claim(
    tx: &mut Tx<'_>,
    courier: &Inner,
    endpoint: &mut Endpoint,
    want: usize,
    now: Time,
) -> Result<(Vec<DeliveryRow>, bool), StoreError> {
    let state = &mut endpoint.state;
    if !endpoint.enabled || !rules::may_go(state, true, now) || want == 0 {
        return Ok((Vec::new(), false));
    }
    let until = now.plus(courier.on_the_clock(LEASE));
    if !rules::is_open(state) {
        let want = i64::try_from(want).unwrap_or(i64::MAX);
        return Ok((deliveries::claim(tx, endpoint.id.uuid(), now, until, want)?, false));
    }
    // Of several couriers one asks. Where it dies over that, another one does so when the letter is free again.
    if !endpoints::take_probe(tx, endpoint.id, state.open_until, until.into())? {
        return Ok((Vec::new(), true));
    }
    let claimed = deliveries::claim(tx, endpoint.id.uuid(), now, until, 1)?;
    if claimed.is_empty() {
        endpoints::put_state(tx, state)?;
    }
    Ok((claimed, true))
}

/// How often letters that failed had been tried: a person may have wished for one again while it was on its way, and then
/// it has all its tries.
fn attempts(tx: &mut Tx<'_>, tried: &[Tried]) -> Result<HashMap<DeliveryId, i32>, StoreError> {
    let failed = tried.iter().filter(|one| matches!(one.sent, Sent::Failed { .. }));
    let failed: Vec<DeliveryId> = failed.map(|one| one.id).collect();
    if failed.is_empty() { Ok(HashMap::new()) } else { deliveries::attempts(tx, &failed) }
}

fn outcome(tried: &Tried, attempt: i32, next: &Next, state: &StateRow, now: Time) -> Outcome {
    let (status, response, why) = match &tried.sent {
        Sent::Delivered { status, response } => (status, response, taken(*status)),
        Sent::Failed { why, status, response, .. } => (status, response, why.clone()),
    };
    let (state, counts, due_at, cause) = match next {
        Next::Delivered => (DeliveryState::Delivered, true, None, why),
        Next::Failed => (DeliveryState::Failed, true, None, why),
        Next::Counted => match rules::pause_after(attempt, tried.jitter) {
            Some(pause) => (DeliveryState::Waiting, true, Some(now.plus(pause).into()), why),
            None => {
                let cause = format!("It was tried {attempt} times. The last time: {why}");
                (DeliveryState::Failed, true, None, cause)
            }
        },
        Next::Kept => (DeliveryState::Waiting, false, Some(tried.due_at.unwrap_or(now.into())), why),
        Next::Behind => (DeliveryState::Waiting, false, Some(state.open_until), why),
    };
    Outcome {
        state,
        cause,
        counts,
        due_at,
        status: status.map(i32::from),
        response: (!response.is_empty()).then(|| response.clone()),
        mt_id: None,
    }
}

/// The cause of a delivery that was taken.
pub(crate) fn taken(status: Option<u16>) -> String {
    match status {
        Some(status) => format!("It was taken with the status {status}."),
        None => "It was taken.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use fairlead_testkit::{Backend, on_both_backends};

    use super::*;
    use crate::endpoints::Fault;

    on_both_backends!(however_much_a_peer_says_it_is_written_down);

    async fn however_much_a_peer_says_it_is_written_down(backend: Backend) {
        let (store, _folder, database) = fairlead_testkit::store(backend).await;
        let sent = Sent::failed("\u{1f40b}".repeat(100_000), Fault::Gone);
        let id = EndpointId::from(uuid::Uuid::from_u128(1));
        let mut state = StateRow::new(id);
        rules::note(&mut state, &sent, false, Time::from_micros(0));
        let written = state.clone();
        store.write(move |tx| endpoints::put_state(tx, &written)).await.unwrap();
        assert_eq!(store.read(move |conn| endpoints::state(conn, id)).await.unwrap(), Some(state));
        if let Some(database) = database {
            database.remove().await;
        }
    }
}
