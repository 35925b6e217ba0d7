//! Looks after upgrades: writes down what was heard, offers what has become ready, calls devices, gives up silent ones.

use std::time::Duration;

use fairlead_model::firmware::JobState;
use fairlead_model::room::{RoomFrame, Way};
use fairlead_model::{DeviceId, JobId, Time};
use fairlead_store::firmware::jobs::{self, JobRow};
use fairlead_store::registry::devices;
use fairlead_store::{StoreError, Tx};

use crate::news;
use crate::service::Firmware;
use crate::upgrade::{self, Ending, Heard};

/// Between two sweeps: what was heard is told to the pages as often.
const PAUSE: Duration = Duration::from_secs(1);

/// Between two calls of a device that does not come.
pub(crate) const CALL_AGAIN: Duration = Duration::from_secs(300);

/// How much later than its time a silence is noticed: what other processes have heard is written down by then.
const SLACK: Duration = Duration::from_secs(5);

/// Rows looked at in one transaction.
const PORTION: usize = 100;

/// What a device is told by its line, one text after the other: to be in the upgrade's application from its next start,
/// and to start.
const CALL: [&str; 2] = [r#"["CMD","switch_app",["updatepy"]]"#, r#"["CMD","reset",[]]"#];

/// Sweeps until the process stops. Each step claims its row, so several processes may sweep.
pub(crate) async fn run(firmware: Firmware) {
    while !firmware.stop.is_cancelled() {
        if let Err(error) = sweep(&firmware).await {
            tracing::warn!(%error, "upgrades were not looked after; they are soon");
        }
        let _ = firmware.stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await;
    }
    if let Err(error) = note(&firmware).await {
        tracing::warn!(%error, "what devices fetched last was not written down");
    }
}

async fn sweep(firmware: &Firmware) -> Result<(), StoreError> {
    // What goes wrong with one of these is no reason to leave the others.
    let results =
        [note(firmware).await, offer(firmware).await, give_up(firmware).await, call(firmware).await];
    results.into_iter().collect()
}

/// Writes down what was heard of one device now: for what is heard when the sweeping has ended.
pub(crate) async fn note_one(firmware: &Firmware, id: JobId) -> Result<(), StoreError> {
    let Some(heard) = firmware.progress.take(id).await else { return Ok(()) };
    note_portion(firmware, vec![(id, heard)]).await.map(|_| ())
}

/// Writes down what was heard since the last time.
async fn note(firmware: &Firmware) -> Result<(), StoreError> {
    let mut all = firmware.progress.take_all().await;
    // In one order everywhere, so that two processes do not wait for each other.
    all.heard.sort_unstable_by_key(|(id, _)| *id);
    let mut noted = Vec::new();
    let mut failure = None;
    for portion in all.heard.chunks(PORTION) {
        if failure.is_none() {
            match note_portion(firmware, portion.to_vec()).await {
                Ok(ids) => noted.extend(ids),
                Err(error) => failure = Some(error),
            }
        }
        if failure.is_some() {
            portion.iter().for_each(|(id, heard)| firmware.progress.add(*id, heard.clone()));
        }
    }
    drop(all);
    news::progress(firmware, noted).await;
    failure.map_or(Ok(()), Err)
}

async fn note_portion(firmware: &Firmware, heard: Vec<(JobId, Heard)>) -> Result<Vec<JobId>, StoreError> {
    let work = move |tx: &mut Tx<'_>| {
        let mut noted = Vec::new();
        for (id, heard) in &heard {
            if upgrade::hear(tx, *id, heard)?.is_some() {
                noted.push(*id);
            }
        }
        Ok(noted)
    };
    firmware.store.write(work).await
}

/// Jobs whose version is prepared now are offered; those whose version was refused fail.
async fn offer(firmware: &Firmware) -> Result<(), StoreError> {
    let clock = firmware.clock.clone();
    each(firmware, |conn| jobs::prepared(conn, 500), move |tx, id| upgrade::offer(tx, &clock, id)).await
}

/// Devices that were not heard in time.
async fn give_up(firmware: &Firmware) -> Result<(), StoreError> {
    let (clock, late) = (firmware.clock.clone(), firmware.clock.now().minus(SLACK));
    let work = move |tx: &mut Tx<'_>, id: JobId| {
        let row = jobs::claim(tx, id)?;
        if !row.state()?.is_active() || Time::from(row.deadline_at) > late {
            return Ok(None);
        }
        let why = silence(&row)?;
        upgrade::end(tx, &clock, row, Ending::TimedOut(why)).map(Some)
    };
    each(firmware, move |conn| jobs::overdue(conn, late, 500), work).await
}

fn silence(row: &JobRow) -> Result<String, StoreError> {
    let span = upgrade::span(row.timeout_s);
    let mut why = match (row.state()?, row.heard_at) {
        (JobState::Preparing, _) => format!("The version was not prepared within {span}."),
        (JobState::Transferring, _) => {
            format!("The device began to fetch, and was not heard any more for {span}.")
        }
        (_, None) => format!("The device was not heard within {span}."),
        (_, Some(_)) => format!("The device was heard, and did not begin to fetch within {span}."),
    };
    if let Some(hint) = &row.cause {
        why.push(' ');
        why.push_str(hint);
    }
    Ok(why)
}

/// Does a piece of work with each of some jobs, a few in a transaction, and tells of those that it changed.
async fn each(
    firmware: &Firmware,
    find: impl FnOnce(&mut fairlead_store::Conn) -> Result<Vec<JobId>, StoreError> + Send + 'static,
    work: impl Fn(&mut Tx<'_>, JobId) -> Result<Option<JobRow>, StoreError> + Clone + Send + 'static,
) -> Result<(), StoreError> {
    let mut found = firmware.store.read(find).await?;
    found.sort_unstable();
    for portion in found.chunks(PORTION) {
        let (portion, work) = (portion.to_vec(), work.clone());
        let all = move |tx: &mut Tx<'_>| {
            let mut changed = Vec::new();
            for id in &portion {
                changed.extend(work(tx, *id)?.map(|row| JobId::from(row.id)));
            }
            Ok(changed)
        };
        let changed = firmware.store.write(all).await?;
        if !changed.is_empty() {
            firmware.stages_due.notify_one();
        }
        news::jobs(firmware, changed).await;
    }
    Ok(())
}

/// Tells devices that wait to fetch, by their lines, where they have one; again where they do not come.
async fn call(firmware: &Firmware) -> Result<(), StoreError> {
    let now = firmware.clock.now();
    let since = now.minus(CALL_AGAIN);
    let mut due = firmware.store.read(move |conn| jobs::uncalled(conn, since, 500)).await?;
    due.sort_unstable();
    for portion in due.chunks(PORTION) {
        let portion = portion.to_vec();
        let claimed = move |tx: &mut Tx<'_>| {
            let mut called = Vec::new();
            for id in &portion {
                let mut row = jobs::claim(tx, *id)?;
                // Another process may have called meanwhile.
                if !row.state()?.is_active() || row.called_at.is_some_and(|at| Time::from(at) > since) {
                    continue;
                }
                row.called_at = Some(now.into());
                jobs::put(tx, &row)?;
                called.push(DeviceId::from(row.device_id));
            }
            devices::refs(tx, &called)
        };
        for device in firmware.store.write(claimed).await?.into_values() {
            for text in CALL {
                firmware.bus.publish(&RoomFrame {
                    room: device.name.clone(),
                    way: Way::Down,
                    epoch: 0,
                    from: firmware.node,
                    text: text.to_owned(),
                    at_micros: now.micros(),
                });
            }
        }
    }
    Ok(())
}
