//! Sends what waits for a modem, one call at a time.

use std::time::Duration;

use fairlead_bus::{Consumer, Delivery, Verdict};
use fairlead_model::mt::MtState;
use fairlead_model::queue::MtWaiting;
use fairlead_model::{CallId, Clock, ModemId, MtId, ProblemId, Time};
use fairlead_store::satellite::modems as fleet;
use fairlead_store::satellite::mt::{self, MtRow, accounts, calls, modems};
use fairlead_store::{StoreError, Tx};

use crate::budget::{self, Hold};
use crate::drivers::{Parcel, Provider};
use crate::news;
use crate::order::{self, build_of};
use crate::reach;
use crate::rules::{self, Next};
use crate::service::{Courier, Inner};

/// Beyond the time-out of a call: after this a call that is still under way belongs to a courier that died.
const GRACE: Duration = Duration::from_secs(40);

/// The longest wait for an account's next call that is spent here; for a longer one the message waits on the bus.
const SHORT: Duration = Duration::from_secs(1);

/// Calls for one modem before others have their turn.
const IN_A_ROW: usize = 20;

/// Pause before the store is asked again after it failed.
const STORE_PAUSE: Duration = Duration::from_millis(250);

/// How often a known outcome is offered to the store while the process stops.
const LAST_TRIES: u32 = 40;

/// Consumes `mt.waiting`.
pub(crate) struct Serve(pub(crate) Courier);

impl Consumer for Serve {
    type Message = MtWaiting;

    async fn handle(&self, delivery: Delivery<MtWaiting>) -> Verdict {
        let modem = delivery.message.modem_id;
        for _ in 0..IN_A_ROW {
            match self.one(modem).await {
                Ok(true) => {}
                Ok(false) => return Verdict::Done,
                Err(StoreError::NotFound) => return Verdict::Done,
                Err(e) => return e.into(),
            }
        }
        let clock = self.0.clock.clone();
        let again =
            move |tx: &mut Tx<'_>| fairlead_bus::enqueue(tx, &clock, &MtWaiting { modem_id: modem }, None);
        match self.0.store.write(again).await {
            Ok(()) => Verdict::Done,
            Err(e) => Verdict::Retry { reason: e.to_string() },
        }
    }
}

/// What is to be done for a modem now.
enum Turn {
    Nothing,
    /// These have changed without a call; look again.
    Changed(Vec<MtRow>),
    /// Only why this one waits has changed, with the problems that were found.
    Waits(Box<MtRow>, Vec<ProblemId>),
    Call(Box<Call>),
}

/// A message that is marked as being sent, durably: the call may be made, once.
struct Call {
    row: MtRow,
    /// What the provider calls the modem.
    address: String,
    id: CallId,
    flush: bool,
    not_before: Time,
}

impl Serve {
    /// Makes one call for a modem; false where there is nothing to be done for it now.
    async fn one(&self, modem: ModemId) -> Result<bool, StoreError> {
        let courier = self.0.clone();
        let turn = self.0.store.write(move |tx| take_turn(tx, &courier, modem)).await?;
        match turn {
            Turn::Nothing => Ok(false),
            Turn::Changed(rows) => {
                rows.into_iter().for_each(|row| news::outgoing(&self.0, row));
                Ok(true)
            }
            Turn::Waits(row, problems) => {
                news::outgoing(&self.0, *row);
                news::problems(&self.0, problems).await;
                Ok(false)
            }
            Turn::Call(call) => {
                self.call(*call).await;
                Ok(true)
            }
        }
    }

    async fn call(&self, call: Call) {
        news::outgoing(&self.0, call.row.clone());
        wait_until(&self.0.clock, call.not_before).await;
        let account = self.0.account(&call.row.account);
        let Some((account, driver)) = account.and_then(|a| Some((a, a.driver.as_ref()?))) else {
            // It had one a moment ago, in `take_turn`.
            return;
        };
        let parcel = Parcel {
            id: MtId::from(call.row.id),
            address: call.address.clone(),
            text: call.row.text.clone(),
            flush: call.flush,
        };
        let outcome = driver.send(&parcel).await;
        let next = rules::next(outcome, call.row.attempts);
        metrics::counter!("fairlead_courier_calls_total", "outcome" => word(&next)).increment(1);
        if let Next::Pause { cause, alarm: true } = &next {
            tracing::error!(account = account.name, cause, "an account is paused");
        }
        let is_about_account = matches!(next, Next::Pause { .. });
        let Noted { changed, problems } = self.write_down(call, next).await;
        changed.into_iter().for_each(|row| news::outgoing(&self.0, row));
        news::problems(&self.0, problems).await;
        if is_about_account && let Err(error) = news::account_changed(&self.0, account.name).await {
            tracing::debug!(%error, "the pages were not told of an account");
        }
    }

    /// Writes a known outcome down, however long the store is away: it is known nowhere else.
    async fn write_down(&self, call: Call, next: Next) -> Noted {
        let mut last_tries = 0;
        loop {
            let (courier, row, known) = (self.0.clone(), call.row.clone(), next.clone());
            let (id, flushed) = (call.id, call.flush);
            let work = move |tx: &mut Tx<'_>| note(tx, &courier, row.clone(), id, flushed, &known);
            match self.0.store.write(work).await {
                Ok(noted) => return noted,
                Err(error) if last_tries < LAST_TRIES => {
                    tracing::warn!(mt = %MtId::from(call.row.id), %error, "an outcome waits for the store");
                    last_tries += u32::from(self.0.stop.is_cancelled() || !error.is_passing());
                    tokio::time::sleep(STORE_PAUSE).await;
                }
                Err(error) => {
                    let id = MtId::from(call.row.id);
                    tracing::error!(mt = %id, %error, ?next, "an outcome could not be written; it will show as unknown");
                    return Noted::default();
                }
            }
        }
    }
}

fn word(next: &Next) -> &'static str {
    match next {
        Next::Accepted { .. } => "accepted",
        Next::Later { .. } => "later",
        Next::Pause { .. } => "paused",
        Next::Fail { .. } => "failed",
        Next::Unknown { .. } => "unknown",
    }
}

async fn wait_until(clock: &Clock, moment: Time) {
    let ahead = moment.since(clock.now()) / clock.speed().max(1);
    if !ahead.is_zero() {
        tokio::time::sleep(ahead.min(SHORT)).await;
    }
}

/// Chooses the next message for a modem and marks it as being sent. After the commit, and only then, it is called for.
fn take_turn(tx: &mut Tx<'_>, courier: &Inner, modem: ModemId) -> Result<Turn, StoreError> {
    let (clock, now) = (&courier.clock, courier.clock.now());
    let Some(first) = mt::of_modem(tx, modem, &[MtState::Queued], 1)?.pop() else { return Ok(Turn::Nothing) };
    let claimed = fleet::claim(tx, std::slice::from_ref(&first.imei))?;
    let inferred = claimed.into_iter().next().and_then(|(modem, _)| modem.dialect);
    if mt::count_of_modem(tx, modem, &[MtState::Sending])? > 0 {
        // Whoever makes that call looks again after it.
        return Ok(Turn::Nothing);
    }
    let Some(mut row) = mt::of_modem(tx, modem, &[MtState::Queued], 1)?.pop() else {
        return Ok(Turn::Nothing);
    };
    if Time::from(row.expires_at) <= now {
        courier.settle(&mut row, MtState::Expired, "Its time was over before it could be sent.");
        mt::change(tx, clock, MtState::Queued, &row)?;
        return Ok(Turn::Changed(vec![row]));
    }
    let known = modems::get(tx, modem)?;
    if known.fault.is_some() || Time::from(row.not_before) > now {
        return Ok(Turn::Nothing);
    }
    // The build may have become known since, and a row may have lain here for long.
    let build = build_of(&known, inferred.as_deref());
    let provider = Provider::of_account(&row.account);
    let address = match reach::address(tx, provider, modem)? {
        Ok(address) => rules::text_of(&row.order()?, build, provider).map(|written| (address, written)),
        Err(why) => Err(why),
    };
    let address = match address {
        Ok((address, (text, proof))) => {
            row.text = text;
            proof.as_str().clone_into(&mut row.proof);
            address
        }
        Err(why) => {
            courier.settle(&mut row, MtState::Failed, why);
            mt::change(tx, clock, MtState::Queued, &row)?;
            return Ok(Turn::Changed(vec![row]));
        }
    };
    let Some(account) = courier.account(&row.account) else {
        return note_once(tx, courier, row, |name| format!("There is no account `{name}` in the settings."));
    };
    if account.driver.is_none() {
        return note_once(tx, courier, row, |name| provider.not_set(name));
    }
    let held = mt::of_modem(tx, modem, &[MtState::Accepted], i64::from(courier.settings.held_by_provider))?;
    if held.len() >= usize::try_from(courier.settings.held_by_provider).unwrap_or(usize::MAX) {
        return note_once(tx, courier, row, |_| {
            "The provider holds as many as it takes for this modem, until the modem is heard.".to_owned()
        });
    }
    let mut account_row = accounts::claim(tx, account.name)?;
    if account_row.paused_since.is_some() {
        return note_once(tx, courier, row, |name| format!("The account {name} is paused."));
    }
    if let Some(hold) = budget::hold(tx, now, &row)? {
        return wait_for_budget(tx, courier, row, &hold);
    }
    let slot = account_row.next_call_at().max(now);
    if slot > now.plus(courier.on_the_clock(SHORT)) {
        fairlead_bus::enqueue_at(tx, clock, &MtWaiting { modem_id: modem }, None, slot)?;
        return Ok(Turn::Nothing);
    }
    account_row.next_call_at = slot.plus(courier.on_the_clock(account.spacing)).into();
    accounts::put(tx, &account_row)?;

    let flush = courier.settings.flush_superseded
        && provider == Provider::Rockblock
        && row.kind == "interval"
        && !held.is_empty()
        && held.iter().all(|held| held.kind == "interval");
    let lease = courier.on_the_clock(account.timeout + SHORT + GRACE);
    let Some(id) = mark_as_sending(tx, courier, &mut row, lease)? else {
        return Ok(Turn::Changed(Vec::new()));
    };
    if !known.awaits {
        modems::put(tx, &modems::MtModemRow { awaits: true, ..known })?;
    }
    Ok(Turn::Call(Box::new(Call { row, address, id, flush, not_before: slot })))
}

/// The one conditional update before a call, and the call's line in the ledger; `None` where somebody was faster.
fn mark_as_sending(
    tx: &mut Tx<'_>,
    courier: &Inner,
    row: &mut MtRow,
    lease: Duration,
) -> Result<Option<CallId>, StoreError> {
    let (clock, now) = (&courier.clock, courier.clock.now());
    let id = CallId::new(clock);
    row.attempts += 1;
    row.attempt_id = Some(id.into());
    row.sent_at = Some(now.into());
    row.lease_until = now.plus(lease).into();
    courier.settle(row, MtState::Sending, "The provider is being called.");
    if !mt::change(tx, clock, MtState::Queued, row)? {
        return Ok(None);
    }
    let call = calls::CallRow {
        id: id.into(),
        mt_id: row.id,
        modem_id: row.modem_id,
        account: row.account.clone(),
        day: calls::day(now),
        started_at: now.into(),
        ended_at: None,
        outcome: calls::UNDER_WAY.to_owned(),
        credits: row.cost(),
    };
    calls::begin(tx, call)?;
    Ok(Some(id))
}

/// Notes why a message waits, once, and leaves it waiting.
fn note_once(
    tx: &mut Tx<'_>,
    courier: &Inner,
    mut row: MtRow,
    cause: impl FnOnce(&str) -> String,
) -> Result<Turn, StoreError> {
    let cause = cause(&row.account);
    if row.cause != cause {
        row.cause = cause;
        mt::change(tx, &courier.clock, MtState::Queued, &row)?;
    }
    Ok(Turn::Nothing)
}

/// Leaves a message waiting for a budget, and has it looked at again when that renews.
fn wait_for_budget(
    tx: &mut Tx<'_>,
    courier: &Inner,
    mut row: MtRow,
    hold: &Hold,
) -> Result<Turn, StoreError> {
    if row.cause == hold.cause {
        return Ok(Turn::Nothing);
    }
    row.cause.clone_from(&hold.cause);
    mt::change(tx, &courier.clock, MtState::Queued, &row)?;
    if Time::from(row.expires_at) > hold.renews_at {
        let waiting = MtWaiting { modem_id: row.modem_id.into() };
        fairlead_bus::enqueue_at(tx, &courier.clock, &waiting, None, hold.renews_at)?;
    }
    let problem = budget::warn_of_hold(tx, &courier.clock, hold)?;
    Ok(Turn::Waits(Box::new(row), problem.into_iter().collect()))
}

/// What was written down of a call.
#[derive(Default)]
struct Noted {
    changed: Vec<MtRow>,
    /// Problems that it made.
    problems: Vec<ProblemId>,
}

/// Writes down what came of a call, and returns what has changed.
fn note(
    tx: &mut Tx<'_>,
    courier: &Inner,
    row: MtRow,
    id: CallId,
    flushed: bool,
    next: &Next,
) -> Result<Noted, StoreError> {
    let (clock, now) = (&courier.clock, courier.clock.now());
    let modem = ModemId::from(row.modem_id);
    fleet::claim(tx, std::slice::from_ref(&row.imei))?;
    let spent = if matches!(next, Next::Accepted { .. } | Next::Unknown { .. }) { row.cost() } else { 0 };
    calls::end(tx, id, now, word(next), spent)?;
    note_account(tx, courier, &row, next)?;
    let problems =
        if spent > 0 { budget::note_spending(tx, clock, &row.account, modem)? } else { Vec::new() };
    let mut changed = Vec::new();
    let mut current = mt::get(tx, row.id.into())?;
    let was = current.state()?;
    // It may show as unknown by now; what was read is still true of it, if it is about this call.
    let is_ours = current.attempt_id == Some(id.into()) && matches!(was, MtState::Sending | MtState::Unknown);
    if !is_ours {
        return Ok(Noted { changed, problems });
    }
    match next {
        Next::Accepted { provider_id } => {
            if flushed {
                changed.extend(emptied(tx, courier, modem)?);
            }
            current.provider_id = Some(provider_id.clone());
            let cause = format!("The provider has it as number {provider_id}.");
            courier.settle(&mut current, MtState::Accepted, cause);
        }
        // What is newer may be sent already: this one must not follow it.
        Next::Later { .. } | Next::Pause { .. } if give_way(tx, courier, &mut current)? => {}
        Next::Later { pause, cause } => {
            let again = now.plus(*pause);
            current.not_before = again.into();
            current.sent_at = None;
            courier.settle(&mut current, MtState::Queued, cause.clone());
            fairlead_bus::enqueue_at(tx, clock, &MtWaiting { modem_id: modem }, None, again)?;
        }
        Next::Pause { cause, .. } => {
            current.sent_at = None;
            courier.settle(&mut current, MtState::Queued, cause.clone());
        }
        Next::Fail { cause, modem: about_modem } => {
            current.sent_at = None;
            courier.settle(&mut current, MtState::Failed, cause.clone());
            if *about_modem {
                let known = modems::get(tx, modem)?;
                let fault =
                    modems::MtModemRow { fault: Some(cause.clone()), fault_at: Some(now.into()), ..known };
                modems::put(tx, &fault)?;
            }
        }
        Next::Unknown { cause } => courier.settle(&mut current, MtState::Unknown, cause.clone()),
    }
    if mt::change(tx, clock, was, &current)? {
        changed.push(current);
    }
    Ok(Noted { changed, problems })
}

/// Settles a message that comes back unsent where a newer one has taken its place meanwhile; false where none has.
fn give_way(tx: &mut Tx<'_>, courier: &Inner, row: &mut MtRow) -> Result<bool, StoreError> {
    let Some(by) = order::successor(tx, row)? else { return Ok(false) };
    row.sent_at = None;
    let cause = format!("A newer {} took its place: {by}.", row.kind);
    courier.settle(row, MtState::Superseded, cause);
    Ok(true)
}

/// What a call tells of its account: a refusal that is about the account pauses it, and unknown outcomes slow it down.
fn note_account(tx: &mut Tx<'_>, courier: &Inner, row: &MtRow, next: &Next) -> Result<(), StoreError> {
    let now = courier.clock.now();
    let mut account = accounts::claim(tx, &row.account)?;
    let before = account.clone();
    match next {
        Next::Pause { cause, .. } => {
            if account.paused_since.is_none() {
                account.paused_since = Some(now.into());
                account.pause_reason = Some(cause.clone());
            }
            account.unknown_in_a_row = 0;
        }
        Next::Unknown { .. } => {
            account.unknown_in_a_row = account.unknown_in_a_row.saturating_add(1);
            let rested = now.plus(rules::rest(account.unknown_in_a_row));
            account.next_call_at = account.next_call_at.max(rested.into());
        }
        Next::Accepted { .. } | Next::Later { .. } | Next::Fail { .. } => account.unknown_in_a_row = 0,
    }
    if account == before { Ok(()) } else { accounts::put(tx, &account) }
}

/// The provider has emptied the modem's queue: the intervals in it are replaced.
fn emptied(tx: &mut Tx<'_>, courier: &Inner, modem: ModemId) -> Result<Vec<MtRow>, StoreError> {
    let mut superseded = Vec::new();
    let most = i64::from(courier.settings.held_by_provider);
    for mut held in mt::of_modem(tx, modem, &[MtState::Accepted], most)? {
        courier.settle(
            &mut held,
            MtState::Superseded,
            "The provider's queue was emptied for a newer interval.",
        );
        if mt::change(tx, &courier.clock, MtState::Accepted, &held)? {
            superseded.push(held);
        }
    }
    Ok(superseded)
}
