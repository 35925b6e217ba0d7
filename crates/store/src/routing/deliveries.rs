//! Deliveries: one row for each message on its way to one target.

use std::collections::HashMap;

use diesel::prelude::*;
use fairlead_model::delivery::{DeliveryAttributes, DeliveryDetail, DeliveryState, DeliveryView};
use fairlead_model::route::RouteTarget;
use fairlead_model::{Clock, DeliveryId, DeviceId, EndpointId, MessageId, ModemId, MtId, RouteId, Time};
use serde::Serialize;
use uuid::Uuid;

use super::endpoints;
use crate::registry::devices;
use crate::schema::deliveries;
use crate::{Conn, Id, Micros, StoreError, Tx};

/// Most deliveries in one statement, with their bodies.
const TOGETHER: usize = 500;
/// Letters that are looked through for one that is newer than another.
const LOOKED_AT: i64 = 100;
/// Longest cause that is kept, in characters.
const CAUSE: usize = 1_000;
/// The kind of target that is a device.
pub const TO_DEVICE: &str = "device";
/// The kind of target that is an endpoint.
pub const TO_ENDPOINT: &str = "endpoint";

/// One delivery.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = deliveries)]
#[diesel(treat_none_as_default_value = false)]
pub struct DeliveryRow {
    /// Its id.
    pub id: Id,
    /// The route that it is of; none for a test.
    pub route_id: Option<Id>,
    /// `endpoint` or `device`.
    pub target_kind: String,
    /// The endpoint or the device.
    pub target_id: Id,
    /// The message; none for a test.
    pub message_id: Option<Id>,
    /// The modem that sent it.
    pub modem_id: Option<Id>,
    /// The device that it is of.
    pub device_id: Option<Id>,
    /// How far it has come.
    pub state: String,
    /// Why, in a sentence.
    pub cause: String,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried next; none once it is settled.
    pub due_at: Option<Micros>,
    /// Until then somebody has it in hand.
    pub claimed_until: Micros,
    /// When it was made.
    pub created_at: Micros,
    /// When it was tried last.
    pub tried_at: Option<Micros>,
    /// When it came to its end.
    pub settled_at: Option<Micros>,
    /// The HTTP status that was answered last.
    pub status: Option<i32>,
    /// The format.
    pub format: String,
    /// The media type of the body.
    pub content_type: String,
    /// What drivers need to know beside the body, as JSON.
    pub attributes: String,
    /// The body.
    pub body: Vec<u8>,
    /// The first bytes of what was answered last.
    pub response: Option<Vec<u8>>,
    /// The message to a device that was made of it.
    pub mt_id: Option<Id>,
}

/// A delivery that is to be made.
#[derive(Clone, Debug)]
pub struct NewDelivery {
    /// The route.
    pub route: Option<RouteId>,
    /// Where to.
    pub target: RouteTarget,
    /// The message.
    pub message: Option<MessageId>,
    /// The modem that sent it.
    pub modem: Option<ModemId>,
    /// The device that it is of.
    pub device: Option<DeviceId>,
    /// The format's word; `mt` for a device.
    pub format: String,
    /// The media type of the body.
    pub content_type: String,
    /// What drivers need to know beside the body.
    pub attributes: DeliveryAttributes,
    /// The body. For a device: the [`Order`](fairlead_model::mt::Order) as JSON.
    pub body: Vec<u8>,
}

impl NewDelivery {
    fn row(&self, clock: &Clock, now: Time) -> Result<DeliveryRow, StoreError> {
        let (target_kind, target_id) = target(self.target);
        Ok(DeliveryRow {
            id: DeliveryId::new(clock).into(),
            route_id: self.route.map(Into::into),
            target_kind: target_kind.to_owned(),
            target_id: target_id.into(),
            message_id: self.message.map(Into::into),
            modem_id: self.modem.map(Into::into),
            device_id: self.device.map(Into::into),
            state: DeliveryState::Waiting.as_str().to_owned(),
            cause: "It waits for its turn.".to_owned(),
            attempts: 0,
            due_at: Some(now.into()),
            claimed_until: Micros(0),
            created_at: now.into(),
            tried_at: None,
            settled_at: None,
            status: None,
            format: self.format.clone(),
            content_type: self.content_type.clone(),
            attributes: json(&self.attributes)?,
            body: self.body.clone(),
            response: None,
            mt_id: None,
        })
    }
}

/// The words and the id under which a target is stored.
pub const fn target(target: RouteTarget) -> (&'static str, Uuid) {
    match target {
        RouteTarget::Device { id } => (TO_DEVICE, id.uuid()),
        RouteTarget::Endpoint { id } => (TO_ENDPOINT, id.uuid()),
    }
}

fn json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::Fault(format!("a delivery cannot be written: {e}")))
}

/// Makes deliveries. A route delivers a message once: whoever calls sees to that, the database holds it.
///
/// # Errors
/// What the database says.
pub fn insert(tx: &mut Tx<'_>, clock: &Clock, new: &[NewDelivery]) -> Result<Vec<DeliveryId>, StoreError> {
    let now = clock.now();
    let rows = new.iter().map(|one| one.row(clock, now)).collect::<Result<Vec<_>, _>>()?;
    for some in rows.chunks(TOGETHER) {
        crate::dialect::insert_rows!(&mut **tx, diesel::insert_into(deliveries::table), some);
    }
    Ok(rows.iter().map(|row| row.id.into()).collect())
}

impl DeliveryRow {
    /// What drivers need to know beside the body.
    ///
    /// # Errors
    /// [`StoreError::Fault`] where the row holds what this program never writes.
    pub fn attributes(&self) -> Result<DeliveryAttributes, StoreError> {
        read_attributes(self.id, &self.attributes)
    }
}

fn read_attributes(id: Id, attributes: &str) -> Result<DeliveryAttributes, StoreError> {
    serde_json::from_str(attributes)
        .map_err(|e| StoreError::Fault(format!("delivery {}: {e}", DeliveryId::from(id))))
}

/// Makes a delivery that its maker tries at once and nobody tries again: it has failed until [`put_outcome`] says otherwise.
///
/// # Errors
/// What the database says.
pub fn insert_failed(
    tx: &mut Tx<'_>,
    clock: &Clock,
    new: &NewDelivery,
    cause: &str,
) -> Result<DeliveryRow, StoreError> {
    let now = clock.now();
    let row = DeliveryRow {
        state: DeliveryState::Failed.as_str().to_owned(),
        cause: cause.to_owned(),
        due_at: None,
        settled_at: Some(now.into()),
        ..new.row(clock, now)?
    };
    crate::dialect::on_either!(&mut **tx, c => diesel::insert_into(deliveries::table).values(&row).execute(c))?;
    Ok(row)
}

/// Takes what is due for a target, the longest due first: until `until` nobody else takes it.
///
/// # Errors
/// What the database says.
pub fn claim(
    tx: &mut Tx<'_>,
    target: Uuid,
    now: Time,
    until: Time,
    limit: i64,
) -> Result<Vec<DeliveryRow>, StoreError> {
    let mut rows = crate::dialect::claimable_deliveries(tx, target.into(), now.into(), limit)?;
    if rows.is_empty() {
        return Ok(rows);
    }
    let ids: Vec<Id> = rows.iter().map(|row| row.id).collect();
    diesel::update(deliveries::table.filter(deliveries::id.eq_any(ids)))
        .set(deliveries::claimed_until.eq(Micros::from(until)))
        .execute(&mut **tx)?;
    for row in &mut rows {
        row.claimed_until = until.into();
    }
    Ok(rows)
}

/// Gives back what was taken and not tried.
///
/// # Errors
/// What the database says.
pub fn release(tx: &mut Tx<'_>, ids: &[DeliveryId]) -> Result<(), StoreError> {
    let ids: Vec<Id> = ids.iter().copied().map(Id::from).collect();
    let taken = deliveries::table
        .filter(deliveries::id.eq_any(ids))
        .filter(deliveries::state.eq(DeliveryState::Waiting.as_str()));
    diesel::update(taken).set(deliveries::claimed_until.eq(Micros(0))).execute(&mut **tx)?;
    Ok(())
}

/// Gives back all that was taken: where no other process can have anything in hand.
///
/// # Errors
/// What the database says.
pub fn release_all(tx: &mut Tx<'_>) -> Result<usize, StoreError> {
    let taken = deliveries::table
        .filter(deliveries::state.eq(DeliveryState::Waiting.as_str()))
        .filter(deliveries::claimed_until.gt(Micros(0)));
    Ok(diesel::update(taken).set(deliveries::claimed_until.eq(Micros(0))).execute(&mut **tx)?)
}

/// What came of a try.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Outcome {
    /// How far it has come.
    pub state: DeliveryState,
    /// Why, in a sentence.
    pub cause: String,
    /// Whether this was one of its tries.
    pub counts: bool,
    /// When it is tried next; none once it is settled.
    pub due_at: Option<Micros>,
    /// The HTTP status that was answered.
    pub status: Option<i32>,
    /// The first bytes of what was answered.
    pub response: Option<Vec<u8>>,
    /// The message to a device that was made of it.
    pub mt_id: Option<Id>,
}

/// Writes down what came of tries: equal outcomes with one statement. What was settled meanwhile stays as it is.
///
/// # Errors
/// What the database says.
pub fn settle(tx: &mut Tx<'_>, now: Time, outcomes: &[(DeliveryId, Outcome)]) -> Result<(), StoreError> {
    let mut alike: HashMap<&Outcome, Vec<Id>> = HashMap::new();
    for (id, outcome) in outcomes {
        alike.entry(outcome).or_default().push((*id).into());
    }
    for (outcome, ids) in alike {
        let waiting = deliveries::table
            .filter(deliveries::id.eq_any(ids))
            .filter(deliveries::state.eq(DeliveryState::Waiting.as_str()));
        let attempts = deliveries::attempts.eq(deliveries::attempts + i32::from(outcome.counts));
        diesel::update(waiting).set((Ended::of(outcome, now), attempts)).execute(&mut **tx)?;
    }
    Ok(())
}

/// Writes down what came of the one try of a delivery, settled or not.
///
/// # Errors
/// What the database says.
pub fn put_outcome(tx: &mut Tx<'_>, now: Time, id: DeliveryId, outcome: &Outcome) -> Result<(), StoreError> {
    let attempts = deliveries::attempts.eq(deliveries::attempts + i32::from(outcome.counts));
    diesel::update(deliveries::table.find(Id::from(id)))
        .set((Ended::of(outcome, now), attempts))
        .execute(&mut **tx)?;
    Ok(())
}

/// What a try makes of a delivery.
#[derive(AsChangeset)]
#[diesel(table_name = deliveries)]
#[diesel(treat_none_as_null = true)]
struct Ended<'o> {
    state: &'static str,
    cause: String,
    due_at: Option<Micros>,
    claimed_until: Micros,
    tried_at: Option<Micros>,
    settled_at: Option<Micros>,
    status: Option<i32>,
    response: Option<&'o [u8]>,
    mt_id: Option<Id>,
}

impl<'o> Ended<'o> {
    fn of(outcome: &'o Outcome, now: Time) -> Self {
        let now = Micros::from(now);
        Self {
            state: outcome.state.as_str(),
            cause: outcome.cause.chars().take(CAUSE).collect(),
            due_at: outcome.due_at,
            claimed_until: Micros(0),
            tried_at: Some(now),
            settled_at: (outcome.state != DeliveryState::Waiting).then_some(now),
            status: outcome.status,
            response: outcome.response.as_deref(),
            mt_id: outcome.mt_id,
        }
    }
}

/// Whether a letter of the same device that tells of a later moment was delivered to the same endpoint.
///
/// # Errors
/// What the database says.
pub fn is_overtaken(conn: &mut Conn, row: &DeliveryRow, of: &DeliveryAttributes) -> Result<bool, StoreError> {
    // What tells of a later moment was made after that moment, and ids sort by time.
    let millis = u128::try_from(of.at.micros() / 1_000).unwrap_or(0);
    let mut newer = deliveries::table
        .filter(deliveries::id.gt(Id::from(Uuid::from_u128(millis << 80))))
        .filter(deliveries::id.ne(row.id))
        .filter(deliveries::target_id.eq(row.target_id))
        .filter(deliveries::state.eq(DeliveryState::Delivered.as_str()))
        .order(deliveries::id.desc())
        .limit(LOOKED_AT)
        .select((deliveries::id, deliveries::attributes))
        .into_boxed();
    // By the device there is an index; a modem in none has little else to its name.
    newer = match (row.device_id, row.modem_id) {
        (Some(device), _) => newer.filter(deliveries::device_id.eq(device)),
        (None, Some(modem)) => newer.filter(deliveries::modem_id.eq(modem)),
        (None, None) => newer.filter(deliveries::modem_id.is_null()),
    };
    let newer: Vec<(Id, String)> = newer.load(conn)?;
    for (id, attributes) in newer {
        let other = read_attributes(id, &attributes)?;
        if other.imei == of.imei && other.at > of.at {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A target that something waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitingTarget {
    /// The endpoint or the device.
    pub id: Uuid,
    /// Whether it is a device.
    pub is_device: bool,
    /// When the first of it is due.
    pub due_at: Time,
}

/// The targets that something waits for, behind `after`. However much waits for one, it costs one look.
///
/// # Errors
/// What the database says.
pub fn waiting_targets(
    conn: &mut Conn,
    after: Option<Uuid>,
    limit: usize,
) -> Result<Vec<WaitingTarget>, StoreError> {
    let mut after = Id::from(after.unwrap_or(Uuid::nil()));
    let mut targets = Vec::new();
    while targets.len() < limit {
        let next: Option<(Id, String, Option<Micros>)> = deliveries::table
            .filter(deliveries::state.eq(DeliveryState::Waiting.as_str()))
            .filter(deliveries::target_id.gt(after))
            .order((deliveries::target_id, deliveries::due_at, deliveries::id))
            .select((deliveries::target_id, deliveries::target_kind, deliveries::due_at))
            .first(conn)
            .optional()?;
        let Some((id, kind, due_at)) = next else { break };
        after = id;
        targets.push(WaitingTarget {
            id: id.into(),
            is_device: kind == TO_DEVICE,
            due_at: due_at.unwrap_or(Micros(0)).into(),
        });
    }
    Ok(targets)
}

/// How many deliveries wait, whatever their targets.
///
/// # Errors
/// What the database says.
pub fn waiting(conn: &mut Conn) -> Result<i64, StoreError> {
    let waiting = deliveries::table.filter(deliveries::state.eq(DeliveryState::Waiting.as_str()));
    Ok(waiting.count().get_result(conn)?)
}

/// How much waits for each of these targets; those for which nothing does are left out.
pub(super) fn count_waiting(conn: &mut Conn, targets: &[Id]) -> Result<HashMap<Id, i64>, StoreError> {
    let counted: Vec<(Id, i64)> = deliveries::table
        .filter(deliveries::state.eq(DeliveryState::Waiting.as_str()))
        .filter(deliveries::target_id.eq_any(targets.to_vec()))
        .group_by(deliveries::target_id)
        .select((deliveries::target_id, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(counted.into_iter().collect())
}

/// Lets all that waits for an endpoint be due now.
///
/// # Errors
/// What the database says.
pub fn pull_forward(tx: &mut Tx<'_>, target: EndpointId, now: Time) -> Result<usize, StoreError> {
    let later = deliveries::table
        .filter(deliveries::state.eq(DeliveryState::Waiting.as_str()))
        .filter(deliveries::target_id.eq(Id::from(target)))
        .filter(deliveries::due_at.gt(Micros::from(now)));
    Ok(diesel::update(later).set(deliveries::due_at.eq(Some(Micros::from(now)))).execute(&mut **tx)?)
}

/// Discards what waits for an endpoint that is no more, at most `limit`; returns how many.
///
/// # Errors
/// What the database says.
pub fn discard_of_none(
    tx: &mut Tx<'_>,
    target: EndpointId,
    cause: &str,
    now: Time,
    limit: i64,
) -> Result<usize, StoreError> {
    let ids = some(tx, target, DeliveryState::Waiting, limit)?;
    let waiting = deliveries::table
        .filter(deliveries::id.eq_any(ids))
        .filter(deliveries::state.eq(DeliveryState::Waiting.as_str()));
    Ok(diesel::update(waiting).set(discarded(cause, now)).execute(&mut **tx)?)
}

#[derive(AsChangeset)]
#[diesel(table_name = deliveries)]
#[diesel(treat_none_as_null = true)]
struct Settled {
    state: &'static str,
    cause: String,
    due_at: Option<Micros>,
    claimed_until: Micros,
    settled_at: Option<Micros>,
}

fn discarded(cause: &str, now: Time) -> Settled {
    Settled {
        state: DeliveryState::Discarded.as_str(),
        cause: cause.chars().take(CAUSE).collect(),
        due_at: None,
        claimed_until: Micros(0),
        settled_at: Some(now.into()),
    }
}

/// Lets a delivery go out again, from its first try on; returns its target.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn redeliver(tx: &mut Tx<'_>, id: DeliveryId, by: &str, now: Time) -> Result<RouteTarget, StoreError> {
    let row = get(tx, id)?;
    again(tx, &[row.id], by, now)?;
    Ok(target_of(&row.target_kind, row.target_id))
}

fn target_of(kind: &str, id: Id) -> RouteTarget {
    if kind == TO_DEVICE {
        RouteTarget::Device { id: id.into() }
    } else {
        RouteTarget::Endpoint { id: id.into() }
    }
}

fn again(tx: &mut Tx<'_>, ids: &[Id], by: &str, now: Time) -> Result<usize, StoreError> {
    let wanted = deliveries::table.filter(deliveries::id.eq_any(ids.to_vec()));
    // What somebody has in hand at this moment stays there.
    Ok(diesel::update(wanted)
        .set((
            deliveries::state.eq(DeliveryState::Waiting.as_str()),
            deliveries::cause.eq(format!("{by} wants it delivered again.")),
            deliveries::attempts.eq(0),
            deliveries::due_at.eq(Some(Micros::from(now))),
            deliveries::settled_at.eq(None::<Micros>),
            deliveries::mt_id.eq(None::<Id>),
        ))
        .execute(&mut **tx)?)
}

/// Discards a delivery that waits or has failed; false where it is settled otherwise.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn discard(tx: &mut Tx<'_>, id: DeliveryId, by: &str, now: Time) -> Result<bool, StoreError> {
    let row = get(tx, id)?;
    let open = [DeliveryState::Waiting.as_str(), DeliveryState::Failed.as_str()];
    let mine = deliveries::table.find(row.id).filter(deliveries::state.eq_any(open));
    Ok(diesel::update(mine).set(discarded(&format!("{by} discarded it."), now)).execute(&mut **tx)? > 0)
}

/// How often these deliveries were tried; unknown ids are left out.
///
/// # Errors
/// What the database says.
pub fn attempts(conn: &mut Conn, ids: &[DeliveryId]) -> Result<HashMap<DeliveryId, i32>, StoreError> {
    let ids: Vec<Id> = ids.iter().copied().map(Id::from).collect();
    let found: Vec<(Id, i32)> = deliveries::table
        .filter(deliveries::id.eq_any(ids))
        .select((deliveries::id, deliveries::attempts))
        .load(conn)?;
    Ok(found.into_iter().map(|(id, attempts)| (id.into(), attempts)).collect())
}

/// Lets what waits or has failed for an endpoint go out now, the oldest first, at most `limit`; returns how many.
///
/// # Errors
/// What the database says.
pub fn redeliver_some(
    tx: &mut Tx<'_>,
    target: EndpointId,
    state: DeliveryState,
    by: &str,
    now: Time,
    limit: i64,
) -> Result<usize, StoreError> {
    if state == DeliveryState::Waiting {
        let later: Vec<Id> = deliveries::table
            .filter(deliveries::state.eq(state.as_str()))
            .filter(deliveries::target_id.eq(Id::from(target)))
            .filter(deliveries::due_at.gt(Micros::from(now)))
            .order((deliveries::due_at, deliveries::id))
            .limit(limit)
            .select(deliveries::id)
            .load(&mut **tx)?;
        let mine = deliveries::table
            .filter(deliveries::id.eq_any(later))
            .filter(deliveries::state.eq(state.as_str()));
        return Ok(diesel::update(mine)
            .set(deliveries::due_at.eq(Some(Micros::from(now))))
            .execute(&mut **tx)?);
    }
    let ids = some(tx, target, state, limit)?;
    again(tx, &ids, by, now)
}

/// Discards what waits or has failed for an endpoint, at most `limit`; returns how many.
///
/// # Errors
/// What the database says.
pub fn discard_some(
    tx: &mut Tx<'_>,
    target: EndpointId,
    state: DeliveryState,
    by: &str,
    now: Time,
    limit: i64,
) -> Result<usize, StoreError> {
    let ids = some(tx, target, state, limit)?;
    let mine =
        deliveries::table.filter(deliveries::id.eq_any(ids)).filter(deliveries::state.eq(state.as_str()));
    Ok(diesel::update(mine).set(discarded(&format!("{by} discarded it."), now)).execute(&mut **tx)?)
}

fn some(
    conn: &mut Conn,
    target: EndpointId,
    state: DeliveryState,
    limit: i64,
) -> Result<Vec<Id>, StoreError> {
    Ok(deliveries::table
        .filter(deliveries::state.eq(state.as_str()))
        .filter(deliveries::target_id.eq(Id::from(target)))
        .order((deliveries::due_at, deliveries::id))
        .limit(limit)
        .select(deliveries::id)
        .load(conn)?)
}

/// Forgets what was settled before a moment, at most `limit`; returns how many.
///
/// # Errors
/// What the database says.
pub fn purge(tx: &mut Tx<'_>, before: Time, limit: i64) -> Result<usize, StoreError> {
    let old: Vec<Id> = deliveries::table
        .filter(deliveries::settled_at.lt(Micros::from(before)))
        .order(deliveries::settled_at)
        .limit(limit)
        .select(deliveries::id)
        .load(&mut **tx)?;
    Ok(diesel::delete(deliveries::table.filter(deliveries::id.eq_any(old))).execute(&mut **tx)?)
}

/// Which deliveries to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those in this state.
    pub state: Option<DeliveryState>,
    /// Only those to this endpoint.
    pub endpoint: Option<EndpointId>,
    /// Only those of this route.
    pub route: Option<RouteId>,
    /// Only those of this device's messages.
    pub device: Option<DeviceId>,
    /// Only those of this message.
    pub message: Option<MessageId>,
    /// Only those older than this one (a page's cursor).
    pub before: Option<DeliveryId>,
}

/// A delivery without what it carries.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = deliveries)]
struct Listed {
    id: Id,
    route_id: Option<Id>,
    target_kind: String,
    target_id: Id,
    message_id: Option<Id>,
    device_id: Option<Id>,
    state: String,
    cause: String,
    attempts: i32,
    due_at: Option<Micros>,
    created_at: Micros,
    tried_at: Option<Micros>,
    settled_at: Option<Micros>,
    status: Option<i32>,
    attributes: String,
    mt_id: Option<Id>,
}

/// One page of deliveries, newest first.
///
/// # Errors
/// What the database says.
pub fn list(conn: &mut Conn, filter: &Filter, limit: i64) -> Result<Vec<DeliveryView>, StoreError> {
    let before = Id::from(filter.before.unwrap_or_else(|| Uuid::max().into()));
    let mut query =
        deliveries::table.filter(deliveries::id.lt(before)).select(Listed::as_select()).into_boxed();
    if let Some(state) = filter.state {
        query = query.filter(deliveries::state.eq(state.as_str()));
        if state != DeliveryState::Waiting {
            // It says nothing new, and lets one index serve state and target together.
            query = query.filter(deliveries::due_at.is_null());
        }
    }
    if let Some(endpoint) = filter.endpoint {
        query = query.filter(deliveries::target_id.eq(Id::from(endpoint)));
    }
    if let Some(route) = filter.route {
        query = query.filter(deliveries::route_id.eq(Id::from(route)));
    }
    if let Some(device) = filter.device {
        query = query.filter(deliveries::device_id.eq(Id::from(device)));
    }
    if let Some(message) = filter.message {
        query = query.filter(deliveries::message_id.eq(Id::from(message)));
    }
    if filter.message.is_some() {
        // There are as many as routes; put in order here, they need no index of their own.
        let mut rows: Vec<Listed> = query.load(conn)?;
        rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.id));
        rows.truncate(usize::try_from(limit).unwrap_or(0));
        return shown(conn, rows);
    }
    let rows = query.order(deliveries::id.desc()).limit(limit).load(conn)?;
    shown(conn, rows)
}

fn shown(conn: &mut Conn, rows: Vec<Listed>) -> Result<Vec<DeliveryView>, StoreError> {
    let of_kind = |kind: &'static str| rows.iter().filter(move |row| row.target_kind == kind);
    let mut to: Vec<EndpointId> = of_kind(TO_ENDPOINT).map(|row| row.target_id.into()).collect();
    to.sort_unstable();
    to.dedup();
    let endpoints = endpoints::refs(conn, &to)?;
    let mut to: Vec<DeviceId> = of_kind(TO_DEVICE).map(|row| row.target_id.into()).collect();
    to.sort_unstable();
    to.dedup();
    let devices = devices::refs(conn, &to)?;
    let view = |row: Listed| {
        let is_device = row.target_kind == TO_DEVICE;
        Ok(DeliveryView {
            id: row.id.into(),
            route_id: row.route_id.map(Into::into),
            endpoint: if is_device { None } else { endpoints.get(&row.target_id.into()).cloned() },
            target_device: if is_device { devices.get(&row.target_id.into()).cloned() } else { None },
            message_id: row.message_id.map(Into::into),
            device: read_attributes(row.id, &row.attributes)?.device,
            device_id: row.device_id.map(Into::into),
            state: row.state.parse().map_err(StoreError::Fault)?,
            cause: row.cause,
            attempts: row.attempts,
            created_at: row.created_at.into(),
            tried_at: row.tried_at.map(Into::into),
            next_try_at: row.due_at.map(Into::into),
            settled_at: row.settled_at.map(Into::into),
            status: row.status,
            mt_id: row.mt_id.map(MtId::from),
        })
    };
    rows.into_iter().map(view).collect()
}

/// One delivery as it lies there.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn get(conn: &mut Conn, id: DeliveryId) -> Result<DeliveryRow, StoreError> {
    Ok(deliveries::table.find(Id::from(id)).select(DeliveryRow::as_select()).first(conn)?)
}

/// One delivery with what was sent and what was answered.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn detail(conn: &mut Conn, id: DeliveryId) -> Result<DeliveryDetail, StoreError> {
    let row = get(conn, id)?;
    let listed: Listed = deliveries::table.find(row.id).select(Listed::as_select()).first(conn)?;
    let delivery = shown(conn, vec![listed])?.pop().ok_or(StoreError::NotFound)?;
    Ok(DeliveryDetail {
        delivery,
        format: row.format,
        content_type: row.content_type,
        body: String::from_utf8_lossy(&row.body).into_owned(),
        response: row.response.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
    })
}
