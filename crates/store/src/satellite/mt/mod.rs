//! What is told to devices: each message, every step of its life, what it cost, and who pays.

pub mod accounts;
pub mod audience;
pub mod budgets;
pub mod calls;
pub mod modems;
pub mod origins;
pub mod schedules;
pub mod things;

use std::collections::HashMap;

use diesel::prelude::*;
use fairlead_model::mt::{MtState, MtStep, MtView, Order, credits};
use fairlead_model::{Clock, ModemId, MtId, Time};

use crate::columns::Digest;
use crate::dialect::on_either;
use crate::schema::{mt_history, mt_messages, mt_origins};
use crate::{Conn, Id, Micros, StoreError, Tx};

/// Longest cause that is kept, in characters.
const CAUSE: usize = 1_000;

/// Steps of one message that are listed.
const STEPS: i64 = 200;

/// One message to a device.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = mt_messages)]
#[diesel(treat_none_as_default_value = false)]
pub struct MtRow {
    /// Its id.
    pub id: Id,
    /// The modem that it is for.
    pub modem_id: Id,
    /// That modem's number.
    pub imei: String,
    /// The account that pays.
    pub account: String,
    /// The kind of order.
    pub kind: String,
    /// The number in it.
    pub value: Option<i64>,
    /// The text as the device gets it.
    pub text: String,
    /// How far it has come.
    pub state: String,
    /// Since when.
    pub state_since: Micros,
    /// Why, in a sentence.
    pub cause: String,
    /// What would show that the device got it.
    pub proof: String,
    /// When it was asked for.
    pub created_at: Micros,
    /// Who asked.
    pub created_by: String,
    /// The handset's message that asked for it.
    pub asked_by_message: Option<Id>,
    /// Equal requests have equal keys: a second one makes no second message.
    pub request_key: Option<Digest>,
    /// From then on it is not sent.
    pub expires_at: Micros,
    /// It is not tried before.
    pub not_before: Micros,
    /// How often the provider was called.
    pub attempts: i32,
    /// The last call.
    pub attempt_id: Option<Id>,
    /// Past this moment a call that is still under way has been given up by a courier that died.
    pub lease_until: Micros,
    /// When the provider took it; while that is unknown, when it was called.
    pub sent_at: Option<Micros>,
    /// The provider's number.
    pub provider_id: Option<String>,
    /// The device's message that proved it.
    pub confirmed_by: Option<Id>,
}

/// What changes of a message.
#[derive(AsChangeset)]
#[diesel(table_name = mt_messages)]
#[diesel(treat_none_as_null = true)]
struct Changes<'r> {
    state: &'r str,
    state_since: Micros,
    cause: String,
    proof: &'r str,
    expires_at: Micros,
    not_before: Micros,
    attempts: i32,
    attempt_id: Option<Id>,
    lease_until: Micros,
    sent_at: Option<Micros>,
    provider_id: Option<&'r str>,
    confirmed_by: Option<Id>,
}

#[derive(Insertable)]
#[diesel(table_name = mt_history)]
struct Step {
    id: Id,
    mt_id: Id,
    at: Micros,
    state: String,
    cause: String,
}

/// Which messages to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those in one of these states; all where it is empty.
    pub states: Vec<MtState>,
    /// Only those for this modem.
    pub modem: Option<ModemId>,
    /// Only those of this account.
    pub account: Option<String>,
    /// Only those older than this one (a page's cursor).
    pub before: Option<MtId>,
}

impl MtRow {
    /// How far it has come.
    ///
    /// # Errors
    /// [`StoreError::Fault`] where the row holds what this program never writes.
    pub fn state(&self) -> Result<MtState, StoreError> {
        self.state.parse().map_err(StoreError::Fault)
    }

    /// What the device is told.
    ///
    /// # Errors
    /// [`StoreError::Fault`] where the row holds what this program never writes.
    pub fn order(&self) -> Result<Order, StoreError> {
        Order::of(&self.kind, self.value, &self.text)
            .ok_or_else(|| StoreError::Fault(format!("`{}` {:?} is no order", self.kind, self.value)))
    }

    /// What one sending of it costs, in credits.
    pub fn cost(&self) -> i32 {
        credits(self.text.len())
    }

    /// The message as shown.
    ///
    /// # Errors
    /// [`StoreError::Fault`] where the row holds what this program never writes.
    pub fn view(self) -> Result<MtView, StoreError> {
        let (state, order) = (self.state()?, self.order()?);
        let waits = state == MtState::Queued && self.not_before > self.state_since;
        let credits = self.cost();
        Ok(MtView {
            id: self.id.into(),
            modem_id: self.modem_id.into(),
            imei: self.imei.parse().map_err(|e| StoreError::Fault(format!("{}: {e}", self.imei)))?,
            account: self.account,
            order,
            text: self.text,
            state,
            state_since: self.state_since.into(),
            cause: self.cause,
            proof: self.proof.parse().map_err(StoreError::Fault)?,
            created_at: self.created_at.into(),
            created_by: self.created_by,
            asked_by_message: self.asked_by_message.map(Into::into),
            expires_at: self.expires_at.into(),
            next_try_at: waits.then(|| self.not_before.into()),
            attempts: self.attempts,
            sent_at: self.sent_at.map(Into::into),
            provider_id: self.provider_id,
            confirmed_by: self.confirmed_by.map(Into::into),
            credits,
        })
    }
}

/// Adds a message and the first step of its life.
///
/// # Errors
/// [`StoreError::Conflict`] where one of the same request key is there.
pub fn insert(tx: &mut Tx<'_>, clock: &Clock, row: &MtRow) -> Result<(), StoreError> {
    on_either!(&mut **tx, c => diesel::insert_into(mt_messages::table).values(row).execute(c))?;
    step(tx, clock, row)
}

/// Writes a changed message, if it is still in the state that it was read in, with a step of its life; false where
/// somebody was faster.
///
/// # Errors
/// What the database says.
pub fn change(tx: &mut Tx<'_>, clock: &Clock, was: MtState, row: &MtRow) -> Result<bool, StoreError> {
    let changes = Changes {
        state: &row.state,
        state_since: row.state_since,
        cause: cut(&row.cause),
        proof: &row.proof,
        expires_at: row.expires_at,
        not_before: row.not_before,
        attempts: row.attempts,
        attempt_id: row.attempt_id,
        lease_until: row.lease_until,
        sent_at: row.sent_at,
        provider_id: row.provider_id.as_deref(),
        confirmed_by: row.confirmed_by,
    };
    let mine = mt_messages::table.find(row.id).filter(mt_messages::state.eq(was.as_str()));
    let changed = diesel::update(mine).set(changes).execute(&mut **tx)?;
    if changed > 0 {
        step(tx, clock, row)?;
    }
    Ok(changed > 0)
}

fn step(tx: &mut Tx<'_>, clock: &Clock, row: &MtRow) -> Result<(), StoreError> {
    tx.changed.outgoing.insert(row.id.into());
    let step = Step {
        id: clock.new_id().into(),
        mt_id: row.id,
        at: clock.now().into(),
        state: row.state.clone(),
        cause: cut(&row.cause),
    };
    diesel::insert_into(mt_history::table).values(step).execute(&mut **tx)?;
    Ok(())
}

fn cut(cause: &str) -> String {
    cause.chars().take(CAUSE).collect()
}

/// One message.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn get(conn: &mut Conn, id: MtId) -> Result<MtRow, StoreError> {
    Ok(mt_messages::table.find(Id::from(id)).select(MtRow::as_select()).first(conn)?)
}

/// The message that a request made before.
///
/// # Errors
/// What the database says.
pub fn by_request(conn: &mut Conn, key: Digest) -> Result<Option<MtRow>, StoreError> {
    Ok(mt_messages::table
        .filter(mt_messages::request_key.eq(key))
        .select(MtRow::as_select())
        .first(conn)
        .optional()?)
}

/// The messages that requests made before, by their keys.
///
/// # Errors
/// What the database says.
pub fn by_requests(conn: &mut Conn, keys: &[Digest]) -> Result<HashMap<Digest, MtRow>, StoreError> {
    let rows: Vec<MtRow> = mt_messages::table
        .filter(mt_messages::request_key.eq_any(keys.to_vec()))
        .select(MtRow::as_select())
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|row| Some((row.request_key?, row))).collect())
}

/// These messages as they are now, newest first; unknown ids are left out.
///
/// # Errors
/// What the database says.
pub fn views(conn: &mut Conn, ids: &[MtId]) -> Result<Vec<MtView>, StoreError> {
    let ids: Vec<Id> = ids.iter().copied().map(Id::from).collect();
    let rows: Vec<MtRow> = mt_messages::table
        .filter(mt_messages::id.eq_any(ids))
        .order(mt_messages::id.desc())
        .select(MtRow::as_select())
        .load(conn)?;
    rows.into_iter().map(MtRow::view).collect()
}

/// One page of messages, newest first.
///
/// # Errors
/// What the database says.
pub fn list(conn: &mut Conn, filter: &Filter, limit: i64) -> Result<Vec<MtRow>, StoreError> {
    let mut query = mt_messages::table.select(MtRow::as_select()).into_boxed();
    if !filter.states.is_empty() {
        let states: Vec<&str> = filter.states.iter().map(|state| state.as_str()).collect();
        query = query.filter(mt_messages::state.eq_any(states));
    }
    if let Some(modem) = filter.modem {
        query = query.filter(mt_messages::modem_id.eq(Id::from(modem)));
    }
    if let Some(account) = &filter.account {
        query = query.filter(mt_messages::account.eq(account.clone()));
    }
    let before = Id::from(filter.before.unwrap_or_else(|| uuid::Uuid::max().into()));
    query = query.filter(mt_messages::id.lt(before));
    Ok(query.order(mt_messages::id.desc()).limit(limit).load(conn)?)
}

/// The messages for a modem in one of these states, oldest first, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn of_modem(
    conn: &mut Conn,
    modem: ModemId,
    states: &[MtState],
    limit: i64,
) -> Result<Vec<MtRow>, StoreError> {
    let states: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
    Ok(mt_messages::table
        .filter(mt_messages::modem_id.eq(Id::from(modem)))
        .filter(mt_messages::state.eq_any(states))
        .order(mt_messages::id)
        .limit(limit)
        .select(MtRow::as_select())
        .load(conn)?)
}

/// The newest message of a kind for a modem that was made after another one and is in one of these states; of those that
/// routes made of what the modem `source` sent, where one is named.
///
/// # Errors
/// What the database says.
pub fn newest_after(
    conn: &mut Conn,
    row: &MtRow,
    source: Option<ModemId>,
    states: &[MtState],
) -> Result<Option<MtId>, StoreError> {
    let states: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
    let mut query = mt_messages::table
        .left_join(mt_origins::table.on(mt_origins::mt_id.eq(mt_messages::id)))
        .filter(mt_messages::modem_id.eq(row.modem_id))
        .filter(mt_messages::state.eq_any(states))
        .filter(mt_messages::id.gt(row.id))
        .filter(mt_messages::kind.eq(&row.kind))
        .select(mt_messages::id)
        .order(mt_messages::id.desc())
        .into_boxed();
    if let Some(source) = source {
        query = query.filter(mt_origins::source_modem.eq(Id::from(source)));
    }
    Ok(query.first::<Id>(conn).optional()?.map(Into::into))
}

/// How many messages for a modem are in one of these states.
///
/// # Errors
/// What the database says.
pub fn count_of_modem(conn: &mut Conn, modem: ModemId, states: &[MtState]) -> Result<i64, StoreError> {
    let states: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
    Ok(mt_messages::table
        .filter(mt_messages::modem_id.eq(Id::from(modem)))
        .filter(mt_messages::state.eq_any(states))
        .count()
        .get_result(conn)?)
}

/// Messages in a state after the one of id `after`, oldest first: the sweep goes through them in portions.
///
/// # Errors
/// What the database says.
pub fn in_state(
    conn: &mut Conn,
    state: MtState,
    after: Option<MtId>,
    limit: i64,
) -> Result<Vec<MtRow>, StoreError> {
    let after = Id::from(after.unwrap_or_else(|| uuid::Uuid::nil().into()));
    Ok(mt_messages::table
        .filter(mt_messages::state.eq(state.as_str()))
        .filter(mt_messages::id.gt(after))
        .order(mt_messages::id)
        .limit(limit)
        .select(MtRow::as_select())
        .load(conn)?)
}

/// The modems that something waits for, of one account or of all, after the modem of id `after`.
///
/// # Errors
/// What the database says.
pub fn waiting_modems(
    conn: &mut Conn,
    account: Option<&str>,
    after: Option<ModemId>,
    limit: i64,
) -> Result<Vec<ModemId>, StoreError> {
    let after = Id::from(after.unwrap_or_else(|| uuid::Uuid::nil().into()));
    let mut query = mt_messages::table
        .filter(mt_messages::state.eq(MtState::Queued.as_str()))
        .filter(mt_messages::modem_id.gt(after))
        .select(mt_messages::modem_id)
        .distinct()
        .into_boxed();
    if let Some(account) = account {
        query = query.filter(mt_messages::account.eq(account.to_owned()));
    }
    let ids: Vec<Id> = query.order(mt_messages::modem_id).limit(limit).load(conn)?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// How many messages of an account are in a state.
///
/// # Errors
/// What the database says.
pub fn count_of_account(conn: &mut Conn, account: &str, state: MtState) -> Result<i64, StoreError> {
    Ok(mt_messages::table
        .filter(mt_messages::account.eq(account))
        .filter(mt_messages::state.eq(state.as_str()))
        .count()
        .get_result(conn)?)
}

/// The steps of a message's life, oldest first.
///
/// # Errors
/// What the database says.
pub fn steps(conn: &mut Conn, id: MtId) -> Result<Vec<MtStep>, StoreError> {
    let rows: Vec<(Micros, String, String)> = mt_history::table
        .filter(mt_history::mt_id.eq(Id::from(id)))
        .order(mt_history::id)
        .limit(STEPS)
        .select((mt_history::at, mt_history::state, mt_history::cause))
        .load(conn)?;
    rows.into_iter()
        .map(|(at, state, cause)| {
            Ok(MtStep { at: Time::from(at), state: state.parse().map_err(StoreError::Fault)?, cause })
        })
        .collect()
}
