//! Looks after what nobody else will: calls of couriers that died, times that are over, work that was not announced.

use std::time::Duration;

use fairlead_model::mt::MtState;
use fairlead_model::queue::MtWaiting;
use fairlead_model::{ModemId, MtId, Time};
use fairlead_store::satellite::mt::{self, MtRow, accounts};
use fairlead_store::{StoreError, Tx};

use crate::news;
use crate::service::{Courier, Inner};

/// Between two sweeps.
const PAUSE: Duration = Duration::from_secs(5);

/// So many sweeps lie between two announcements of all that waits.
const ANNOUNCE_EVERY: u32 = 120;

/// Why a message is unknown whose call nobody is making any more.
const LEFT_BEHIND: &str = "The courier stopped in the middle of the call. The provider may have it or not.";

/// Rows looked at in one transaction.
const PORTION: i64 = 200;

/// Sweeps until the process stops. Each step is a conditional update, so several couriers may sweep.
pub(crate) async fn run(courier: Courier) {
    let mut is_prepared = false;
    let mut sweeps = 0_u32;
    while !courier.stop.is_cancelled() {
        let swept = async {
            if !is_prepared {
                prepare(&courier).await?;
                is_prepared = true;
            }
            sweep(&courier).await?;
            if sweeps.is_multiple_of(ANNOUNCE_EVERY) {
                announce(&courier, None).await?;
            }
            Ok::<(), StoreError>(())
        };
        match swept.await {
            Ok(()) => sweeps = sweeps.wrapping_add(1),
            Err(error) => tracing::warn!(%error, "what waits was not looked after; it is soon"),
        }
        let _ = courier.stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await;
    }
}

/// Before anything is sent, where no other process can be calling: whatever is being sent was left behind.
pub(crate) async fn orphans(courier: &Courier) -> Result<(), StoreError> {
    each(courier, MtState::Sending, |_, _| Some((MtState::Unknown, LEFT_BEHIND))).await
}

/// At the start: the accounts have their rows.
async fn prepare(courier: &Courier) -> Result<(), StoreError> {
    let at_work = courier.clone();
    courier
        .store
        .write(move |tx| {
            for name in at_work.accounts.keys() {
                accounts::claim(tx, name)?;
            }
            Ok(())
        })
        .await?;
    Ok(())
}

async fn sweep(courier: &Courier) -> Result<(), StoreError> {
    each(courier, MtState::Sending, |courier, row| {
        let is_over = Time::from(row.lease_until) <= courier.clock.now();
        is_over.then_some((MtState::Unknown, LEFT_BEHIND))
    })
    .await?;
    each(courier, MtState::Queued, |courier, row| {
        let is_over = Time::from(row.expires_at) <= courier.clock.now();
        is_over.then_some((MtState::Expired, "Its time was over before it could be sent."))
    })
    .await?;
    each(courier, MtState::Accepted, |courier, row| {
        let days = u64::from(courier.settings.provider_keeps_days);
        let sent_at = row.sent_at.map_or(Time::from(row.state_since), Time::from);
        let is_over = sent_at.plus(Duration::from_secs(86_400 * days)) <= courier.clock.now();
        is_over.then_some((
            MtState::Unconfirmable,
            "The device was not heard for as long as the provider keeps a message.",
        ))
    })
    .await
}

/// Goes through all rows of a state, and settles those of which `rule` says so.
async fn each(
    courier: &Courier,
    state: MtState,
    rule: impl Fn(&Inner, &MtRow) -> Option<(MtState, &'static str)> + Copy + Send + 'static,
) -> Result<(), StoreError> {
    let mut after: Option<MtId> = None;
    loop {
        let at_work = courier.clone();
        // Reading is cheap and mostly finds nothing; only what is to be settled is written.
        let rows = courier.store.read(move |conn| mt::in_state(conn, state, after, PORTION)).await?;
        let Some(last) = rows.last().map(|row| MtId::from(row.id)) else { return Ok(()) };
        let due: Vec<MtRow> = rows.into_iter().filter(|row| rule(&at_work, row).is_some()).collect();
        if !due.is_empty() {
            let changed = courier.store.write(move |tx| settle(tx, &at_work, state, &due, rule)).await?;
            changed.into_iter().for_each(|row| news::outgoing(courier, row));
        }
        after = Some(last);
    }
}

fn settle(
    tx: &mut Tx<'_>,
    courier: &Inner,
    was: MtState,
    due: &[MtRow],
    rule: impl Fn(&Inner, &MtRow) -> Option<(MtState, &'static str)>,
) -> Result<Vec<MtRow>, StoreError> {
    let mut changed = Vec::new();
    for row in due {
        let mut row = mt::get(tx, row.id.into())?;
        let Some((becomes, cause)) = rule(courier, &row).filter(|_| row.state == was.as_str()) else {
            continue;
        };
        courier.settle(&mut row, becomes, cause);
        if mt::change(tx, &courier.clock, was, &row)? {
            let modem_id = ModemId::from(row.modem_id);
            fairlead_bus::enqueue(tx, &courier.clock, &MtWaiting { modem_id }, None)?;
            changed.push(row);
        }
    }
    Ok(changed)
}

/// Announces all that waits, of one account or of all: a queue that was lost, or an account that was paused, leaves
/// messages that nobody looks at.
pub(crate) async fn announce(courier: &Courier, account: Option<&'static str>) -> Result<(), StoreError> {
    let mut after: Option<ModemId> = None;
    loop {
        let clock = courier.clock.clone();
        let last = courier
            .store
            .write(move |tx| {
                let modems = mt::waiting_modems(tx, account, after, PORTION)?;
                let waiting: Vec<MtWaiting> =
                    modems.iter().map(|modem_id| MtWaiting { modem_id: *modem_id }).collect();
                fairlead_bus::enqueue_many(tx, &clock, &waiting, None)?;
                Ok(modems.last().copied())
            })
            .await?;
        if last.is_none() {
            return Ok(());
        }
        after = last;
    }
}
