//! Deliveries to devices: what waits for one, and how each is settled.

use diesel::prelude::*;
use fairlead_model::delivery::{DeliveryState, NOT_TRUSTED};
use fairlead_model::{DeliveryId, DeviceId, MessageId, ModemId, MtId, RouteId, Time};

use super::deliveries::DeliveryRow;
use crate::schema::{deliveries, device_links, routes};
use crate::{Conn, Id, Micros, StoreError, Tx};

/// The word under which deliveries to devices are stored.
const DEVICE: &str = "device";

/// What a route says of the messages to devices that it makes.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Maker {
    /// The number by which people know it.
    pub number: i64,
    /// Whether it passes anything on.
    pub enabled: bool,
    /// Seconds after which a position is too old.
    pub lives_s: i64,
}

/// What a route says; `None` where it was deleted.
///
/// # Errors
/// What the database says.
pub fn maker(conn: &mut Conn, route: RouteId) -> Result<Option<Maker>, StoreError> {
    let found =
        routes::table.find(Id::from(route)).select((routes::number, routes::enabled, routes::lives_s));
    Ok(found.first(conn).optional()?)
}

/// The modem that is in a device now.
///
/// # Errors
/// What the database says.
pub fn modem_of(conn: &mut Conn, device: DeviceId) -> Result<Option<ModemId>, StoreError> {
    let found = device_links::table
        .filter(device_links::open_device.eq(Some(Id::from(device))))
        .select(device_links::modem_id);
    Ok(found.first::<Id>(conn).optional()?.map(Into::into))
}

/// What waits for a device and is due, in the order in which it is due.
///
/// # Errors
/// What the database says.
pub fn due(conn: &mut Conn, device: DeviceId, now: Time, limit: i64) -> Result<Vec<DeliveryRow>, StoreError> {
    Ok(deliveries::table
        .filter(deliveries::target_id.eq(Id::from(device)))
        .filter(deliveries::due_at.le(Micros::from(now)))
        .filter(deliveries::target_kind.eq(DEVICE))
        .filter(deliveries::state.eq(DeliveryState::Waiting.as_str()))
        .order((deliveries::due_at, deliveries::id))
        .limit(limit)
        .select(DeliveryRow::as_select())
        .load(conn)?)
}

/// What waits for a device of one source, due or not, oldest first.
///
/// # Errors
/// What the database says.
pub fn waiting_from(
    conn: &mut Conn,
    device: DeviceId,
    source: ModemId,
    limit: i64,
) -> Result<Vec<DeliveryRow>, StoreError> {
    Ok(deliveries::table
        .filter(deliveries::target_id.eq(Id::from(device)))
        .filter(deliveries::due_at.is_not_null())
        .filter(deliveries::target_kind.eq(DEVICE))
        .filter(deliveries::state.eq(DeliveryState::Waiting.as_str()))
        .filter(deliveries::modem_id.eq(Id::from(source)))
        .order(deliveries::id)
        .limit(limit)
        .select(DeliveryRow::as_select())
        .load(conn)?)
}

/// Brings a delivery that waits to its end; false where somebody was faster.
///
/// # Errors
/// What the database says.
pub fn settle(
    tx: &mut Tx<'_>,
    id: DeliveryId,
    now: Time,
    (state, cause): (DeliveryState, &str),
    mt: Option<MtId>,
) -> Result<bool, StoreError> {
    let now = Micros::from(now);
    let waiting =
        deliveries::table.find(Id::from(id)).filter(deliveries::state.eq(DeliveryState::Waiting.as_str()));
    let changed = diesel::update(waiting)
        .set((
            deliveries::state.eq(state.as_str()),
            deliveries::cause.eq(cause),
            deliveries::attempts.eq(deliveries::attempts + i32::from(mt.is_some())),
            deliveries::tried_at.eq(Some(now)),
            deliveries::settled_at.eq(Some(now)),
            deliveries::due_at.eq(None::<Micros>),
            deliveries::claimed_until.eq(Micros(0)),
            deliveries::mt_id.eq(mt.map(Id::from)),
        ))
        .execute(&mut **tx)?;
    Ok(changed > 0)
}

/// Lets what failed because its message was trusted too little wait again: somebody vouches for the message now. Returns
/// the devices.
///
/// # Errors
/// What the database says.
pub fn vouched_for(tx: &mut Tx<'_>, message: MessageId, now: Time) -> Result<Vec<DeviceId>, StoreError> {
    let failed: Vec<(Id, Id, String)> = deliveries::table
        .filter(deliveries::message_id.eq(Some(Id::from(message))))
        .filter(deliveries::target_kind.eq(DEVICE))
        .filter(deliveries::state.eq(DeliveryState::Failed.as_str()))
        .select((deliveries::id, deliveries::target_id, deliveries::cause))
        .load(&mut **tx)?;
    let (again, devices): (Vec<Id>, Vec<DeviceId>) = failed
        .into_iter()
        .filter(|(_, _, cause)| cause.ends_with(NOT_TRUSTED))
        .map(|(id, device, _)| (id, DeviceId::from(device)))
        .unzip();
    if again.is_empty() {
        return Ok(devices);
    }
    diesel::update(deliveries::table.filter(deliveries::id.eq_any(again)))
        .set((
            deliveries::state.eq(DeliveryState::Waiting.as_str()),
            deliveries::cause.eq("The provider vouches for its message now."),
            deliveries::due_at.eq(Some(Micros::from(now))),
            deliveries::settled_at.eq(None::<Micros>),
        ))
        .execute(&mut **tx)?;
    Ok(devices)
}

/// Leaves a delivery waiting until then, with the reason.
///
/// # Errors
/// What the database says.
pub fn put_off(tx: &mut Tx<'_>, id: DeliveryId, until: Time, cause: &str) -> Result<(), StoreError> {
    let waiting =
        deliveries::table.find(Id::from(id)).filter(deliveries::state.eq(DeliveryState::Waiting.as_str()));
    diesel::update(waiting)
        .set((
            deliveries::due_at.eq(Some(Micros::from(until))),
            deliveries::cause.eq(cause),
            deliveries::claimed_until.eq(Micros(0)),
        ))
        .execute(&mut **tx)?;
    Ok(())
}
