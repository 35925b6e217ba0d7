//! Endpoints: where routes deliver to, beside devices. What a person writes of one is in one table, how it has been doing in
//! another.

use std::collections::HashMap;
use std::time::Duration;

use diesel::prelude::*;
use fairlead_model::device::SqsQueueView;
use fairlead_model::endpoint::{
    EndpointConfig, EndpointHealth, EndpointKind, EndpointRef, EndpointView, NewEndpoint, SigningKeyView,
};
use fairlead_model::problem::ProblemKind;
use fairlead_model::{Clock, EndpointId, Time};
use serde::{Deserialize, Serialize};

use super::deliveries;
use crate::problems::{self, Finding};
use crate::registry::{Checked, Flaw, readable};
use crate::schema::{endpoint_states, endpoints, routes};
use crate::{Conn, Id, Micros, StoreError, Tx, sequences};

/// Longest name, in characters.
const LONGEST_NAME: usize = 64;
/// Longest address, in bytes.
const LONGEST_URL: usize = 2_000;
/// Longest key, topic or region, in bytes.
const LONGEST_WORD: usize = 200;
/// Routes that are named where an endpoint is still used.
const NAMED: i64 = 10;
/// An endpoint that asks for pauses for so long, and for nothing else, fails.
const ASKS_TOO_LONG: Duration = Duration::from_secs(3_600);
/// Deliveries that are discarded together with their endpoint.
const AT_ONCE: i64 = 500;
/// The sequence that numbers queues at AWS.
const NUMBERS: &str = "queue.number";

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = endpoints)]
#[diesel(treat_none_as_default_value = false)]
struct Row {
    id: Id,
    number: Option<i64>,
    kind: String,
    name: String,
    name_key: String,
    enabled: bool,
    config: String,
    secrets: Option<Vec<u8>>,
    created_at: Micros,
    created_by: String,
    changed_at: Micros,
}

/// An endpoint, as those who deliver to it need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// Its name.
    pub name: String,
    /// Whether a person lets anything be delivered to it.
    pub enabled: bool,
    /// How it is reached.
    pub config: EndpointConfig,
    /// What it asks for that nobody shall read.
    pub secrets: Kept,
    /// When it was changed last.
    pub changed_at: Time,
    /// How it has been doing.
    pub state: StateRow,
}

/// The secrets of an endpoint as they are kept: what may be shown of them, and all of them, sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The user name.
    #[serde(default)]
    pub username: Option<String>,
    /// Whether there is a password.
    #[serde(default)]
    pub has_password: bool,
    /// What signs, the newest first.
    #[serde(default)]
    pub signing_keys: Vec<SigningKeyView>,
    /// All of it, sealed, in hexadecimal digits; empty where there is nothing.
    #[serde(default)]
    pub sealed: String,
}

/// How an endpoint has been doing.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = endpoint_states, primary_key(endpoint_id))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct StateRow {
    /// The endpoint.
    pub endpoint_id: Id,
    /// How many tries failed since the last that went well.
    pub failures_in_a_row: i32,
    /// Since when none has gone well.
    pub failing_since: Option<Micros>,
    /// Until then nothing is sent to it.
    pub open_until: Micros,
    /// When it was switched off because it failed for too long.
    pub disabled_at: Option<Micros>,
    /// Why, in a sentence.
    pub disabled_why: Option<String>,
    /// When something was delivered last.
    pub delivered_at: Option<Micros>,
    /// When a try failed last.
    pub failed_at: Option<Micros>,
    /// Why; none where the last went well.
    pub failure: Option<String>,
}

impl StateRow {
    /// That of an endpoint of which nothing is known.
    pub fn new(id: EndpointId) -> Self {
        Self {
            endpoint_id: id.into(),
            failures_in_a_row: 0,
            failing_since: None,
            open_until: Micros(0),
            disabled_at: None,
            disabled_why: None,
            delivered_at: None,
            failed_at: None,
            failure: None,
        }
    }

    /// Forgets all failures: it is tried again as if there had been none.
    pub fn forgive(&mut self) {
        let delivered_at = self.delivered_at;
        *self = Self { delivered_at, ..Self::new(self.endpoint_id.into()) };
    }

    /// Whether it fails. One that only asks to be left alone does so after a while of nothing else.
    fn is_failing(&self) -> bool {
        let Some(since) = self.failing_since else { return false };
        let last = Time::from(self.failed_at.unwrap_or(since));
        self.failures_in_a_row > 0 || last.since(since.into()) >= ASKS_TOO_LONG
    }

    fn health(&self, enabled: bool) -> EndpointHealth {
        if !enabled {
            EndpointHealth::Off
        } else if self.disabled_at.is_some() {
            EndpointHealth::Disabled
        } else if self.is_failing() {
            EndpointHealth::Failing
        } else if self.delivered_at.is_some() {
            EndpointHealth::Good
        } else {
            EndpointHealth::New
        }
    }
}

impl Row {
    fn config(&self) -> Result<EndpointConfig, StoreError> {
        serde_json::from_str(&self.config)
            .map_err(|e| StoreError::Fault(format!("endpoint {}: {e}", EndpointId::from(self.id))))
    }

    fn kept(&self) -> Result<Kept, StoreError> {
        let Some(secrets) = &self.secrets else { return Ok(Kept::default()) };
        serde_json::from_slice(secrets)
            .map_err(|e| StoreError::Fault(format!("endpoint {}: {e}", EndpointId::from(self.id))))
    }

    fn endpoint(self, state: Option<StateRow>) -> Result<Endpoint, StoreError> {
        let (id, config, secrets) = (self.id.into(), self.config()?, self.kept()?);
        Ok(Endpoint {
            id,
            name: self.name,
            enabled: self.enabled,
            config,
            secrets,
            changed_at: self.changed_at.into(),
            state: state.unwrap_or_else(|| StateRow::new(id)),
        })
    }

    fn view(self, state: Option<StateRow>, waiting: i64, routes: i64) -> Result<EndpointView, StoreError> {
        let (config, kept) = (self.config()?, self.kept()?);
        let state = state.unwrap_or_else(|| StateRow::new(self.id.into()));
        let (health, is_failing) = (state.health(self.enabled), state.is_failing());
        let is_on = self.enabled && state.disabled_at.is_none();
        let waits = is_on && state.open_until > Micros(0);
        Ok(EndpointView {
            id: self.id.into(),
            kind: config.kind(),
            name: self.name,
            number: self.number,
            enabled: self.enabled,
            config: config.in_short(),
            username: kept.username,
            has_password: kept.has_password,
            signing_keys: kept.signing_keys,
            health,
            failure: state.disabled_why.or(state.failure),
            failing_since: state.failing_since.filter(|_| is_failing).map(Into::into),
            next_try_at: waits.then(|| state.open_until.into()),
            delivered_at: state.delivered_at.map(Into::into),
            waiting,
            routes,
            created_at: self.created_at.into(),
            created_by: self.created_by,
            changed_at: self.changed_at.into(),
        })
    }
}

impl Kept {
    fn row(&self) -> Result<Option<Vec<u8>>, StoreError> {
        if *self == Self::default() {
            return Ok(None);
        }
        let written = serde_json::to_vec(self);
        written.map(Some).map_err(|e| StoreError::Fault(format!("secrets cannot be written: {e}")))
    }
}

/// One page of endpoints, in the order in which they were made, behind `after`.
///
/// # Errors
/// What the database says.
pub fn list(conn: &mut Conn, after: Option<EndpointId>, limit: i64) -> Result<Vec<EndpointView>, StoreError> {
    let after = Id::from(after.unwrap_or_else(|| uuid::Uuid::nil().into()));
    let rows: Vec<Row> = endpoints::table
        .filter(endpoints::id.gt(after))
        .order(endpoints::id)
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    with_states(conn, rows)
}

/// These endpoints as they are now; unknown ids are left out.
///
/// # Errors
/// What the database says.
pub fn views(conn: &mut Conn, ids: &[EndpointId]) -> Result<Vec<EndpointView>, StoreError> {
    let ids: Vec<Id> = ids.iter().copied().map(Id::from).collect();
    let rows: Vec<Row> =
        endpoints::table.filter(endpoints::id.eq_any(ids)).select(Row::as_select()).load(conn)?;
    with_states(conn, rows)
}

fn with_states(conn: &mut Conn, rows: Vec<Row>) -> Result<Vec<EndpointView>, StoreError> {
    let ids: Vec<Id> = rows.iter().map(|row| row.id).collect();
    let states: Vec<StateRow> = endpoint_states::table
        .filter(endpoint_states::endpoint_id.eq_any(ids.clone()))
        .select(StateRow::as_select())
        .load(conn)?;
    let mut states: HashMap<Id, StateRow> =
        states.into_iter().map(|state| (state.endpoint_id, state)).collect();
    let used: Vec<(Id, i64)> = routes::table
        .filter(routes::target_id.eq_any(ids.clone()))
        .group_by(routes::target_id)
        .select((routes::target_id, diesel::dsl::count_star()))
        .load(conn)?;
    let used: HashMap<Id, i64> = used.into_iter().collect();
    let waiting = deliveries::count_waiting(conn, &ids)?;
    let view = |row: Row| {
        let (id, state) = (row.id, states.remove(&row.id));
        let count = |of: &HashMap<Id, i64>| of.get(&id).copied().unwrap_or(0);
        row.view(state, count(&waiting), count(&used))
    };
    rows.into_iter().map(view).collect()
}

/// One endpoint as it is now.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn view(conn: &mut Conn, id: EndpointId) -> Result<EndpointView, StoreError> {
    views(conn, &[id])?.pop().ok_or(StoreError::NotFound)
}

/// One endpoint with its secrets, for those who deliver to it.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn get(conn: &mut Conn, id: EndpointId) -> Result<Endpoint, StoreError> {
    let (row, state): (Row, Option<StateRow>) = endpoints::table
        .find(Id::from(id))
        .left_join(endpoint_states::table.on(endpoint_states::endpoint_id.eq(endpoints::id)))
        .select((Row::as_select(), Option::<StateRow>::as_select()))
        .first(conn)?;
    row.endpoint(state)
}

/// How these endpoints are named; unknown ids are left out.
///
/// # Errors
/// What the database says.
pub fn refs(conn: &mut Conn, ids: &[EndpointId]) -> Result<HashMap<EndpointId, EndpointRef>, StoreError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<Id> = ids.iter().copied().map(Id::from).collect();
    let rows: Vec<(Id, String, String)> = endpoints::table
        .filter(endpoints::id.eq_any(ids))
        .select((endpoints::id, endpoints::kind, endpoints::name))
        .load(conn)?;
    let named = |(id, kind, name): (Id, String, String)| {
        let kind: EndpointKind = kind.parse().map_err(StoreError::Fault)?;
        Ok((id.into(), EndpointRef { id: id.into(), kind, name }))
    };
    rows.into_iter().map(named).collect()
}

/// Queues at AWS by their numbers, behind `after`: what old scripts know of endpoints.
///
/// # Errors
/// What the database says.
pub fn sqs_list(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<SqsQueueView>, StoreError> {
    let rows: Vec<Row> = endpoints::table
        .filter(endpoints::number.gt(after))
        .order(endpoints::number)
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    let view = |row: Row| {
        let url = row.config()?.url().to_owned();
        Ok(SqsQueueView {
            id: uuid::Uuid::from(row.id).into(),
            number: row.number.unwrap_or(0),
            label: row.name,
            url,
            created_at: row.created_at.into(),
        })
    };
    rows.into_iter().map(view).collect()
}

/// The endpoint of kind `sqs` that old scripts know by a number.
///
/// # Errors
/// What the database says.
pub fn by_number(conn: &mut Conn, number: i64) -> Result<Option<EndpointId>, StoreError> {
    let found: Option<Id> =
        endpoints::table.filter(endpoints::number.eq(number)).select(endpoints::id).first(conn).optional()?;
    Ok(found.map(Into::into))
}

/// Makes an endpoint of an id that the caller has drawn, and for which it has sealed the secrets.
///
/// # Errors
/// [`StoreError::Conflict`] where somebody was faster; else what the database says.
pub fn create(
    tx: &mut Tx<'_>,
    clock: &Clock,
    id: EndpointId,
    new: &NewEndpoint,
    kept: &Kept,
    by: &str,
) -> Result<Checked<()>, StoreError> {
    let name = match check(tx, None, new)? {
        Ok(name) => name,
        Err(flaws) => return Ok(Err(flaws)),
    };
    let kind = new.config.kind();
    let number = if kind == EndpointKind::Sqs { Some(sequences::next(tx, NUMBERS)?) } else { None };
    let now = Micros::from(clock.now());
    let row = Row {
        id: id.into(),
        number,
        kind: kind.as_str().to_owned(),
        name_key: name.to_lowercase(),
        name,
        enabled: new.enabled,
        config: written(&new.config)?,
        secrets: kept.row()?,
        created_at: now,
        created_by: by.to_owned(),
        changed_at: now,
    };
    diesel::insert_into(endpoints::table).values(row).execute(&mut **tx)?;
    Ok(Ok(()))
}

/// Changes an endpoint. Its kind stays as it is, and so do its secrets where there are no others.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id; [`StoreError::Conflict`] where somebody was faster.
pub fn change(
    tx: &mut Tx<'_>,
    clock: &Clock,
    id: EndpointId,
    new: &NewEndpoint,
    kept: Option<&Kept>,
) -> Result<Checked<()>, StoreError> {
    let before: Row = endpoints::table.find(Id::from(id)).select(Row::as_select()).first(&mut **tx)?;
    if before.kind != new.config.kind().as_str() {
        let sentence = format!("This endpoint is of kind {}, and stays so. Make another one.", before.kind);
        return Ok(Err(vec![Flaw::BadText(sentence)]));
    }
    let name = match check(tx, Some(id), new)? {
        Ok(name) => name,
        Err(flaws) => return Ok(Err(flaws)),
    };
    let secrets = kept.map(Kept::row).transpose()?.map(|secrets| endpoints::secrets.eq(secrets));
    diesel::update(endpoints::table.find(Id::from(id)))
        .set((
            endpoints::name_key.eq(name.to_lowercase()),
            endpoints::name.eq(name),
            endpoints::enabled.eq(new.enabled),
            endpoints::config.eq(written(&new.config)?),
            secrets,
            endpoints::changed_at.eq(Micros::from(clock.now())),
        ))
        .execute(&mut **tx)?;
    Ok(Ok(()))
}

/// Lets nobody else change an endpoint until the transaction ends.
///
/// # Errors
/// What the database says.
pub fn claim(tx: &mut Tx<'_>, id: EndpointId) -> Result<(), StoreError> {
    // It changes nothing; the database locks the row for it.
    diesel::update(endpoints::table.find(Id::from(id)))
        .set(endpoints::created_at.eq(endpoints::created_at))
        .execute(&mut **tx)?;
    Ok(())
}

/// Writes the secrets of an endpoint alone.
///
/// # Errors
/// What the database says.
pub fn put_secrets(tx: &mut Tx<'_>, clock: &Clock, id: EndpointId, kept: &Kept) -> Result<(), StoreError> {
    diesel::update(endpoints::table.find(Id::from(id)))
        .set((endpoints::secrets.eq(kept.row()?), endpoints::changed_at.eq(Micros::from(clock.now()))))
        .execute(&mut **tx)?;
    Ok(())
}

/// Switches an endpoint on or off. Switched on, it is forgiven its failures, and its problem is no more.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn enable(tx: &mut Tx<'_>, clock: &Clock, id: EndpointId, enabled: bool) -> Result<(), StoreError> {
    let found: Option<Id> =
        endpoints::table.find(Id::from(id)).select(endpoints::id).first(&mut **tx).optional()?;
    found.ok_or(StoreError::NotFound)?;
    diesel::update(endpoints::table.find(Id::from(id)))
        .set((endpoints::enabled.eq(enabled), endpoints::changed_at.eq(Micros::from(clock.now()))))
        .execute(&mut **tx)?;
    if enabled {
        resume(tx, clock, id)?;
    }
    Ok(())
}

/// Lets an endpoint be tried at once, whatever pause it is in. One that is switched off stays so.
///
/// # Errors
/// What the database says.
pub fn end_pause(tx: &mut Tx<'_>, id: EndpointId) -> Result<(), StoreError> {
    claim_state(tx, id)?;
    if let Some(mut state) = state(tx, id)?
        && state.disabled_at.is_none()
    {
        state.forgive();
        put_state(tx, &state)?;
    }
    Ok(())
}

/// Forgives an endpoint its failures, and lets all go out that waits for it.
///
/// # Errors
/// What the database says.
pub fn resume(tx: &mut Tx<'_>, clock: &Clock, id: EndpointId) -> Result<(), StoreError> {
    if let Some(mut state) = state(tx, id)? {
        state.forgive();
        put_state(tx, &state)?;
    }
    deliveries::pull_forward(tx, id, clock.now())?;
    problems::forget(tx, ProblemKind::EndpointDisabled, vec![id.to_string()])?;
    Ok(())
}

/// Forgets an endpoint, and says what it was called. What waits for it is discarded: the first of it here, whatever there is
/// more of by who looks after the targets of deliveries.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn remove(tx: &mut Tx<'_>, clock: &Clock, id: EndpointId) -> Result<Checked<String>, StoreError> {
    let name: String = endpoints::table.find(Id::from(id)).select(endpoints::name).first(&mut **tx)?;
    let used: Vec<(i64, String)> = routes::table
        .filter(routes::target_id.eq(Id::from(id)))
        .order(routes::number)
        .limit(NAMED + 1)
        .select((routes::number, routes::name))
        .load(&mut **tx)?;
    if !used.is_empty() {
        return Ok(Err(vec![in_use(&name, &used)]));
    }
    // Whoever removes it at the same time was faster.
    if diesel::delete(endpoints::table.find(Id::from(id))).execute(&mut **tx)? == 0 {
        return Err(StoreError::NotFound);
    }
    diesel::delete(endpoint_states::table.find(Id::from(id))).execute(&mut **tx)?;
    problems::forget(tx, ProblemKind::EndpointDisabled, vec![id.to_string()])?;
    let cause = format!("The endpoint {name} was deleted.");
    deliveries::discard_of_none(tx, id, &cause, clock.now(), AT_ONCE)?;
    Ok(Ok(name))
}

fn in_use(name: &str, used: &[(i64, String)]) -> Flaw {
    let named = |(number, name): &(i64, String)| {
        if name.is_empty() { number.to_string() } else { format!("{number} ({name})") }
    };
    let most = usize::try_from(NAMED).unwrap_or(0);
    let list = used.iter().take(most).map(named).collect::<Vec<_>>().join(", ");
    let (word, those, they) =
        if used.len() == 1 { ("route", "that route", "it") } else { ("routes", "those routes", "them") };
    let more = if used.len() > most { " and more" } else { "" };
    Flaw::Busy(format!(
        "{name} is in use by {word} {list}{more}. Delete {those} first, or let {they} deliver elsewhere."
    ))
}

/// How an endpoint has been doing, where anything was tried.
///
/// # Errors
/// What the database says.
pub fn state(conn: &mut Conn, id: EndpointId) -> Result<Option<StateRow>, StoreError> {
    let found = endpoint_states::table.find(Id::from(id)).select(StateRow::as_select());
    Ok(found.first(conn).optional()?)
}

/// Lets nobody else write down how an endpoint has been doing until the transaction ends.
///
/// # Errors
/// What the database says.
pub fn claim_state(tx: &mut Tx<'_>, id: EndpointId) -> Result<(), StoreError> {
    // It changes nothing; the database locks the row for it.
    diesel::update(endpoint_states::table.find(Id::from(id)))
        .set(endpoint_states::failures_in_a_row.eq(endpoint_states::failures_in_a_row))
        .execute(&mut **tx)?;
    Ok(())
}

/// Until when nothing is sent to these endpoints: for ever where one is switched off; unknown ids are left out.
///
/// # Errors
/// What the database says.
pub fn standing(conn: &mut Conn, ids: &[EndpointId]) -> Result<HashMap<EndpointId, Time>, StoreError> {
    let ids: Vec<Id> = ids.iter().copied().map(Id::from).collect();
    let rows: Vec<(Id, bool, Option<StateRow>)> = endpoints::table
        .left_join(endpoint_states::table.on(endpoint_states::endpoint_id.eq(endpoints::id)))
        .filter(endpoints::id.eq_any(ids))
        .select((endpoints::id, endpoints::enabled, Option::<StateRow>::as_select()))
        .load(conn)?;
    let until = |(id, enabled, state): (Id, bool, Option<StateRow>)| {
        let is_on = enabled && state.as_ref().is_none_or(|state| state.disabled_at.is_none());
        let held = state.map_or(Micros(0), |state| state.open_until);
        (id.into(), if is_on { held.into() } else { Time::from_micros(i64::MAX) })
    };
    Ok(rows.into_iter().map(until).collect())
}

/// Writes down how an endpoint has been doing.
///
/// # Errors
/// What the database says.
pub fn put_state(tx: &mut Tx<'_>, state: &StateRow) -> Result<(), StoreError> {
    let row = endpoint_states::table.find(state.endpoint_id);
    if diesel::update(row).set(state.clone()).execute(&mut **tx)? == 0 {
        let there: Option<Id> = endpoint_states::table
            .find(state.endpoint_id)
            .select(endpoint_states::endpoint_id)
            .first(&mut **tx)
            .optional()?;
        // MySQL counts rows that are as wanted already as unchanged.
        if there.is_none() {
            diesel::insert_into(endpoint_states::table).values(state.clone()).execute(&mut **tx)?;
        }
    }
    Ok(())
}

/// Takes the one probe of an endpoint that is left alone until `seen`; false where somebody else has taken it.
///
/// # Errors
/// What the database says.
pub fn take_probe(tx: &mut Tx<'_>, id: EndpointId, seen: Micros, until: Micros) -> Result<bool, StoreError> {
    let mine = endpoint_states::table.find(Id::from(id)).filter(endpoint_states::open_until.eq(seen));
    Ok(diesel::update(mine).set(endpoint_states::open_until.eq(until)).execute(&mut **tx)? > 0)
}

/// Notes as a problem that an endpoint was switched off.
///
/// # Errors
/// What the database says.
pub fn note_disabled(
    tx: &mut Tx<'_>,
    clock: &Clock,
    id: EndpointId,
    reason: String,
) -> Result<Option<fairlead_model::ProblemId>, StoreError> {
    let finding = Finding {
        kind: ProblemKind::EndpointDisabled,
        subject: id.to_string(),
        reason,
        modem_id: None,
        imei: None,
        message_id: None,
        held_id: None,
        excerpt: None,
    };
    problems::record(tx, clock, finding)
}

fn written(config: &EndpointConfig) -> Result<String, StoreError> {
    serde_json::to_string(config)
        .map_err(|e| StoreError::Fault(format!("an endpoint cannot be written: {e}")))
}

/// The name as it is written down, or all that stands against it.
fn check(conn: &mut Conn, id: Option<EndpointId>, new: &NewEndpoint) -> Result<Checked<String>, StoreError> {
    let mut flaws = config_flaws(&new.config);
    let name = match readable("An endpoint's name", &new.name, LONGEST_NAME) {
        Ok(name) => name,
        Err(flaw) => {
            flaws.push(flaw);
            return Ok(Err(flaws));
        }
    };
    let taken: Option<(Id, String)> = endpoints::table
        .filter(endpoints::name_key.eq(name.to_lowercase()))
        .select((endpoints::id, endpoints::name))
        .first(conn)
        .optional()?;
    let by_another = taken.filter(|(other, _)| id.map(Id::from) != Some(*other));
    flaws.extend(by_another.map(|(_, name)| Flaw::Taken(name)));
    Ok(if flaws.is_empty() { Ok(name) } else { Err(flaws) })
}

/// All that is wrong with how an endpoint is said to be reached.
fn config_flaws(config: &EndpointConfig) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let mut require = |holds: bool, sentence: &str| {
        if !holds {
            flaws.push(Flaw::BadText(sentence.to_owned()));
        }
    };
    let word = |text: &str| (1..=LONGEST_WORD).contains(&text.len()) && !text.chars().any(char::is_control);
    let has_address = |schemes: &[&str]| {
        let fits = |url: url::Url| {
            let nameless = url.username().is_empty() && url.password().is_none();
            nameless && schemes.contains(&url.scheme()) && url.has_host()
        };
        config.url().len() <= LONGEST_URL && url::Url::parse(config.url()).is_ok_and(fits)
    };
    match config {
        EndpointConfig::Webhook { concurrency, timeout_s, .. } => {
            require(
                has_address(&["https", "http"]),
                "A webhook's address is one as `https://example.com/hook`, without user name and password.",
            );
            require((1..=64).contains(concurrency), "concurrency is 1 to 64.");
            require((1..=60).contains(timeout_s), "timeout_s is 1 to 60.");
        }
        EndpointConfig::Sqs { region, .. } => {
            require(
                has_address(&["https", "http"]),
                "A queue's address is one as `https://sqs.us-west-2.amazonaws.com/123456789012/name`.",
            );
            require(region.as_deref().is_none_or(word), "A region is a word as `us-west-2`.");
        }
        EndpointConfig::Amqp { exchange, routing_key, .. } => {
            require(
                has_address(&["amqp", "amqps"]),
                "A broker's address is one as `amqp://host:5672/vhost`; user and password are secrets.",
            );
            let short = |text: &str| text.len() <= LONGEST_WORD && !text.chars().any(char::is_control);
            require(short(exchange), "An exchange's name has at most 200 bytes.");
            require(short(routing_key), "A routing key has at most 200 bytes.");
        }
        EndpointConfig::Mqtt { topic, qos, discovery_prefix, .. } => {
            require(
                has_address(&["mqtt", "mqtts"]),
                "A broker's address is one as `mqtts://host:8883`; user and password are secrets.",
            );
            let plain = |text: &str| word(text) && !text.contains(['+', '#']);
            require(plain(topic), "A topic has 1 to 200 bytes, none of them `+` or `#`.");
            require(*qos <= 2, "qos is 0, 1 or 2.");
            let prefix = discovery_prefix.as_deref();
            require(prefix.is_none_or(plain), "A prefix has 1 to 200 bytes, none of them `+` or `#`.");
        }
    }
    flaws
}
