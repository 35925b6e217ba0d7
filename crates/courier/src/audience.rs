//! The same order for many devices: some at a time, each once.

use std::sync::Arc;
use std::time::Duration;

use fairlead_model::device::DeviceRef;
use fairlead_model::mt::Order;
use fairlead_model::schedule::Audience;
use fairlead_model::{ModemId, ScheduleId, Time};
use fairlead_store::audit::{self, Entry};
use fairlead_store::satellite::modems as fleet;
use fairlead_store::satellite::mt::audience::{self, Listener};
use fairlead_store::satellite::mt::{self, MtRow, schedules};
use fairlead_store::{Conn, Digest, StoreError, Tx};

use crate::order::{self, Request, Taken, request_key};
use crate::service::Courier;

/// Most devices that one order reaches.
pub(crate) const MOST: i64 = 500;

/// Devices in one unit of work: their modems are held meanwhile.
const PORTION: usize = 25;

/// What is told, and by whom.
#[derive(Clone, Debug)]
pub(crate) struct Saying {
    pub(crate) order: Order,
    pub(crate) by: String,
    pub(crate) expires_in: Option<Duration>,
    /// Who asks and in which words: a device is told the same of them once.
    pub(crate) key: Option<(String, String)>,
    /// Go on only while this schedule is due at this time.
    pub(crate) while_due: Option<(ScheduleId, Time)>,
    /// Where a person asks: to whom, and why.
    pub(crate) noted: Option<Noted>,
}

/// What the audit log is told, once.
#[derive(Clone, Debug)]
pub(crate) struct Noted {
    pub(crate) subject: String,
    pub(crate) detail: String,
}

/// What became of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    /// One message for each device that is told.
    pub(crate) taken: Vec<MtRow>,
    /// The devices that are not, and why.
    pub(crate) refused: Vec<(DeviceRef, String)>,
}

impl Saying {
    /// The key of this request for a device.
    pub(crate) fn key_of(&self, device: &DeviceRef) -> Option<Digest> {
        let (asker, words) = self.key.as_ref()?;
        Some(request_key(asker, &format!("{words} {}", device.id)))
    }
}

/// The devices of an audience.
///
/// # Errors
/// [`StoreError::NotFound`] where it is gone; [`StoreError::Refused`] where it is too large.
pub(crate) fn listeners(conn: &mut Conn, audience: Audience) -> Result<Vec<Listener>, StoreError> {
    let found = audience::listeners(conn, audience, MOST + 1)?;
    if i64::try_from(found.len()).unwrap_or(i64::MAX) > MOST {
        let sentence = format!("One order reaches at most {MOST} devices, and this group has more. Part it.");
        return Err(StoreError::Refused(sentence));
    }
    Ok(found)
}

/// Tells devices something. `None` where the schedule that wants it is not due any more.
///
/// # Errors
/// What the database says. The devices of earlier units of work are told; with a key, asking again tells the rest.
pub(crate) async fn tell(
    courier: &Courier,
    listeners: &[Listener],
    saying: Saying,
) -> Result<Option<Told>, StoreError> {
    let saying = Arc::new(saying);
    let (mut told, mut is_noted) = (Told::default(), false);
    for some in listeners.chunks(PORTION) {
        let (at_work, saying, some) = (courier.clone(), saying.clone(), some.to_vec());
        let work = move |tx: &mut Tx<'_>| portion(tx, &at_work, &saying, &some, is_noted);
        let Some(portion) = again_where_raced(courier, work).await? else { return Ok(None) };
        for taken in portion.taken {
            taken.tell(courier);
            is_noted |= matches!(taken, Taken::New { .. });
            if let Taken::New { row, .. } | Taken::Same(row) = taken {
                told.taken.push(row);
            }
        }
        told.refused.extend(portion.refused);
    }
    Ok(Some(told))
}

/// Two equal requests at once: the other one was first.
async fn again_where_raced<T: Send + 'static>(
    courier: &Courier,
    work: impl FnMut(&mut Tx<'_>) -> Result<T, StoreError> + Clone + Send + 'static,
) -> Result<T, StoreError> {
    match courier.store.write(work.clone()).await {
        Err(StoreError::Conflict(_)) => courier.store.write(work).await,
        done => done,
    }
}

#[derive(Default)]
struct Portion {
    taken: Vec<Taken>,
    refused: Vec<(DeviceRef, String)>,
}

fn portion(
    tx: &mut Tx<'_>,
    courier: &Courier,
    saying: &Saying,
    some: &[Listener],
    is_noted: bool,
) -> Result<Option<Portion>, StoreError> {
    if let Some((schedule, planned)) = saying.while_due
        && !is_due(tx, schedule, planned)?
    {
        return Ok(None);
    }
    // All at once and in their order, so that two who need the same ones do not wait for each other.
    let imeis: Vec<String> =
        some.iter().filter_map(|one| one.modem.as_ref()).map(|(_, imei)| imei.clone()).collect();
    fleet::claim(tx, &imeis)?;
    let keys: Vec<Digest> = some.iter().filter_map(|one| saying.key_of(&one.device)).collect();
    let mut before = mt::by_requests(tx, &keys)?;
    let mut portion = Portion::default();
    for Listener { device, modem } in some {
        let key = saying.key_of(device);
        if let Some(row) = key.and_then(|key| before.remove(&key)) {
            portion.taken.push(Taken::Same(row));
            continue;
        }
        let told = match modem {
            Some((modem, _)) => one(tx, courier, saying, *modem, key)?,
            None => Err(format!("{} has no modem.", device.name)),
        };
        match told {
            Ok(taken) => portion.taken.push(taken),
            Err(why) => portion.refused.push((device.clone(), why)),
        }
    }
    if let Some(noted) = saying.noted.as_ref().filter(|_| !is_noted)
        && portion.taken.iter().any(|taken| matches!(taken, Taken::New { .. }))
    {
        let Noted { subject, detail } = noted.clone();
        let entry = Entry { actor: &saying.by, action: "outgoing.ask", subject, detail: &detail };
        audit::record(tx, &courier.clock, &entry)?;
    }
    Ok(Some(portion))
}

fn is_due(tx: &mut Tx<'_>, schedule: ScheduleId, planned: Time) -> Result<bool, StoreError> {
    match schedules::claim(tx, schedule) {
        Ok(row) => Ok(row.next_at == Some(planned.into())),
        Err(StoreError::NotFound) => Ok(false),
        Err(other) => Err(other),
    }
}

/// One device; `Err` with the reason where it cannot be told this.
fn one(
    tx: &mut Tx<'_>,
    courier: &Courier,
    saying: &Saying,
    modem: ModemId,
    key: Option<Digest>,
) -> Result<Result<Taken, String>, StoreError> {
    let request = Request {
        modem,
        order: saying.order.clone(),
        position_of: None,
        by: saying.by.clone(),
        asked_by_message: None,
        key,
        expires_in: saying.expires_in,
    };
    match order::take(tx, courier, &request) {
        Ok(Taken::KeyReused) => Ok(Err("The Idempotency-Key was used for another request.".to_owned())),
        Ok(taken) => Ok(Ok(taken)),
        Err(StoreError::Refused(why)) => Ok(Err(why)),
        Err(other) => Err(other),
    }
}
