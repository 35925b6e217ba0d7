//! Steps roll-outs on: each second while something runs, and at once when a job of this process has ended.

use std::collections::BTreeSet;
use std::time::Duration;

use fairlead_model::firmware::RolloutState;
use fairlead_model::{JobId, RolloutId};
use fairlead_store::firmware::{jobs, rollouts};
use fairlead_store::{StoreError, Tx};

use crate::news;
use crate::rollout;
use crate::service::Firmware;

/// Between two looks: another process may have ended a job.
const PAUSE: Duration = Duration::from_secs(1);

/// Roll-outs that are stepped on in one look; more run on in the next ones.
const TOGETHER: i64 = 200;

/// Jobs that are taken back in one transaction.
const PORTION: i64 = 100;

/// Steps until the process stops.
pub(crate) async fn run(firmware: Firmware) {
    while !firmware.stop.is_cancelled() {
        if let Err(error) = advance(&firmware).await {
            tracing::warn!(%error, "roll-outs were not stepped on; they are soon");
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = firmware.stages_due.notified() => {}
            () = firmware.stop.cancelled() => {}
        }
    }
}

/// Steps on whatever runs, and takes back what was offered by roll-outs that do not go on.
pub(crate) async fn advance(firmware: &Firmware) -> Result<(), StoreError> {
    let running =
        firmware.store.read(|conn| rollouts::in_state(conn, RolloutState::Running, TOGETHER)).await?;
    for id in running {
        // What is wrong with one roll-out is no reason to leave the others.
        if let Err(error) = step_on(firmware, id).await {
            tracing::error!(rollout = %id, %error, "a roll-out was not stepped on; that is tried again");
        }
    }
    withdraw(firmware).await
}

/// Steps one roll-out on, as far as it comes now.
async fn step_on(firmware: &Firmware, id: RolloutId) -> Result<(), StoreError> {
    let mut is_changed = false;
    loop {
        let clock = firmware.clock.clone();
        let stepped = firmware.store.write(move |tx| rollout::step(tx, &clock, id)).await?;
        news::progress(firmware, stepped.jobs).await;
        is_changed |= stepped.is_changed;
        if !stepped.more || firmware.stop.is_cancelled() {
            break;
        }
    }
    if is_changed {
        news::rollouts(firmware, BTreeSet::from([id])).await;
    }
    Ok(())
}

/// Takes back what was offered and not begun, of roll-outs that were paused, stopped or cancelled.
async fn withdraw(firmware: &Firmware) -> Result<(), StoreError> {
    loop {
        let found = firmware.store.read(|conn| jobs::withdrawn(conn, PORTION)).await?;
        if found.is_empty() {
            return Ok(());
        }
        let clock = firmware.clock.clone();
        let work = move |tx: &mut Tx<'_>| {
            let mut taken: Vec<JobId> = Vec::new();
            for (of, id) in &found {
                if rollout::withdraw(tx, &clock, *of, *id)? {
                    taken.push(*id);
                }
            }
            Ok(taken)
        };
        let taken = firmware.store.write(work).await?;
        if taken.is_empty() {
            // All of them have begun, or their roll-outs go on.
            return Ok(());
        }
        news::jobs(firmware, taken).await;
    }
}
