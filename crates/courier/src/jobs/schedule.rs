//! Does what schedules say, when their time has come.
//!
//! A run is ended by a conditional update of the schedule's next time, and each device is told under a key that follows
//! from the schedule and the planned time: several couriers, or one that died in the middle, tell nobody twice.

use std::time::Duration;

use fairlead_model::{ScheduleId, Time};
use fairlead_store::satellite::mt::schedules::{self, ScheduleRow};
use fairlead_store::{StoreError, Tx};

use crate::audience::{self, Saying, Told};
use crate::calendar::Calendar;
use crate::service::Courier;

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(5);

/// Schedules that one look takes in.
const AT_ONCE: i64 = 100;

/// What was missed for longer is not caught up.
const LATEST: Duration = Duration::from_secs(3_600);

/// What is later than this says so.
const IN_TIME: Duration = Duration::from_secs(300);

/// Reasons that a result names.
const REASONS: usize = 5;

/// Longest result, in characters.
const RESULT: usize = 1_000;

/// Looks until the process stops.
pub(crate) async fn run(courier: Courier) {
    while !courier.stop.is_cancelled() {
        if let Err(error) = look(&courier).await {
            tracing::warn!(%error, "the schedules were not looked at; they are soon");
        }
        let pause = PAUSE / courier.clock.speed().max(1);
        let _ = courier.stop.run_until_cancelled(tokio::time::sleep(pause)).await;
    }
}

/// Does what is due.
async fn look(courier: &Courier) -> Result<(), StoreError> {
    let now = courier.clock.now();
    let due = courier.store.read(move |conn| schedules::due(conn, now, AT_ONCE)).await?;
    for row in due {
        let (id, name) = (ScheduleId::from(row.id), row.name.clone());
        if let Err(error) = one(courier, row).await {
            // The others must not wait for it.
            tracing::warn!(schedule = %id, name, %error, "a schedule was not done; it is tried again");
        }
    }
    Ok(())
}

async fn one(courier: &Courier, row: ScheduleRow) -> Result<(), StoreError> {
    let Some(planned) = row.next_at.map(Time::from) else { return Ok(()) };
    let id = ScheduleId::from(row.id);
    let now = courier.clock.now();
    let calendar = Calendar::of(&row)?;
    // Of several that were missed, the last one is meant.
    let at = calendar.after(now.minus(LATEST)).filter(|at| *at <= now);
    let (done_at, result) = match at {
        Some(at) => match tell(courier, &row, planned, at.max(planned)).await? {
            Some(result) => (Some(now), result),
            None => return Ok(()),
        },
        None => (
            None,
            format!("It was due at {planned}, when nothing ran, and was left out: that is too long ago."),
        ),
    };
    let next = calendar.after(now);
    let work = move |tx: &mut Tx<'_>| schedules::end_run(tx, id, planned, next, done_at, &result).map(drop);
    courier.store.write(work).await
}

/// Tells the schedule's devices what it was to tell them at a time, and says what came of it. `None` where somebody else
/// has ended this run.
async fn tell(
    courier: &Courier,
    row: &ScheduleRow,
    planned: Time,
    at: Time,
) -> Result<Option<String>, StoreError> {
    let id = ScheduleId::from(row.id);
    let key = Some(("schedule".to_owned(), format!("{id} {}", at.micros())));
    let said = match tell_audience(courier, row, key, Some((id, planned))).await {
        Ok(Some(told)) => result(&told),
        Ok(None) => return Ok(None),
        Err(StoreError::Refused(why)) => why,
        Err(StoreError::NotFound) => nobody(row),
        Err(other) => return Err(other),
    };
    let is_late = courier.clock.now().since(at) > IN_TIME;
    Ok(Some(if is_late { format!("It was due at {at}, and done late. {said}") } else { said }))
}

/// Tells the schedule's devices, under a key or without one.
///
/// # Errors
/// [`StoreError::NotFound`] where its device or group is gone; [`StoreError::Refused`] where the group is too large; else
/// what the database says.
pub(crate) async fn tell_audience(
    courier: &Courier,
    row: &ScheduleRow,
    key: Option<(String, String)>,
    while_due: Option<(ScheduleId, Time)>,
) -> Result<Option<Told>, StoreError> {
    let (audience, order) = (row.audience()?, row.order()?);
    let by = format!("schedule {}", row.name);
    let listeners = courier.store.read(move |conn| audience::listeners(conn, audience)).await?;
    let saying = Saying { order, by, expires_in: None, key, while_due, noted: None };
    audience::tell(courier, &listeners, saying).await
}

/// What is said where nobody is there to be told.
pub(crate) fn nobody(row: &ScheduleRow) -> String {
    format!("Its {} is gone, so nobody was told. Choose another, or delete the schedule.", row.target_kind)
}

/// What came of a run, in sentences.
pub(crate) fn result(told: &Told) -> String {
    let (taken, refused) = (told.taken.len(), told.refused.len());
    if taken + refused == 0 {
        return "The group has no devices, so nobody was told.".to_owned();
    }
    let were = |n: usize| if n == 1 { "1 device was".to_owned() } else { format!("{n} devices were") };
    let mut sentences = vec![format!("{} told.", were(taken))];
    if refused > 0 {
        sentences.push(format!("{} not:", were(refused)));
        let reasons = told.refused.iter().take(REASONS);
        sentences.extend(reasons.map(|(device, why)| match why.starts_with(&device.name) {
            true => why.clone(),
            false => format!("{}: {why}", device.name),
        }));
        if refused > REASONS {
            sentences.push(format!("And {} more.", refused - REASONS));
        }
    }
    sentences.join(" ").chars().take(RESULT).collect()
}
