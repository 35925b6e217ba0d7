//! What modems sent: stored once each, exactly as it was pushed, beside the fields that could be read.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use diesel::prelude::*;
use fairlead_model::device::DeviceRef;
use fairlead_model::message::{MessageState, MessageView};
use fairlead_model::{DeviceId, MessageId, ModemId, Time, Trust};

use crate::columns::Digest;
use crate::dialect::{insert_rows, locked_trust, on_either};
use crate::registry::links::{self, Owners};
use crate::schema::{mo_keys, mo_messages, readings};
use crate::{Conn, Id, Micros, StoreError, Tx};

/// Newest messages of a modem among which one is looked for that somebody vouches for.
const NEWEST: i64 = 100;

/// Longest summary that is kept, in characters.
pub const SUMMARY: usize = 480;

/// One message with everything that was pushed.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = mo_messages)]
#[diesel(treat_none_as_default_value = false)]
pub struct MessageRow {
    /// The id given by the intake.
    pub id: Id,
    /// The provider whose push it was.
    pub provider: String,
    /// The sender.
    pub imei: String,
    /// The modem's message number.
    pub momsn: Option<i32>,
    /// When the modem sent it, by the network.
    pub transmitted_at: Option<Micros>,
    /// The transmit time as pushed.
    pub transmit_time_raw: Option<String>,
    /// When it was received.
    pub received_at: Micros,
    /// Who vouches for it.
    pub trust: String,
    /// What became of it.
    pub state: String,
    /// The payload, where the data were hexadecimal.
    pub payload: Option<Vec<u8>>,
    /// The data as pushed, where they were not.
    pub payload_raw: Option<String>,
    /// The provider's name for the kind of modem.
    pub device_type: Option<String>,
    /// The modem's serial number.
    pub serial: Option<String>,
    /// The network's estimate, degrees north.
    pub iridium_latitude: Option<f64>,
    /// The network's estimate, degrees east.
    pub iridium_longitude: Option<f64>,
    /// Circular error probable of the estimate, kilometres.
    pub iridium_cep_km: Option<f64>,
    /// The network's word on the session; 0 to 4 are good.
    pub session_status: Option<i32>,
    /// The modem, once the tracker has looked.
    pub modem_id: Option<Id>,
    /// What was made of it, in a line.
    pub summary: Option<String>,
    /// Why values are absent or doubtful, a JSON list of sentences.
    pub marks: Option<String>,
    /// The message of which this is a repaired copy.
    pub replaces: Option<Id>,
    /// The body as it came.
    pub body: Vec<u8>,
    /// How it came, as JSON of the intake.
    pub source: String,
}

impl MessageRow {
    /// The content type that its body came with.
    pub fn content_type(&self) -> Option<String> {
        let source: serde_json::Value = serde_json::from_str(&self.source).ok()?;
        Some(source.get("content_type")?.as_str()?.to_owned())
    }
}

/// Which messages to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those of this IMEI.
    pub imei: Option<String>,
    /// Only those in this state.
    pub state: Option<MessageState>,
    /// Only those of this device: of each modem that it had, what was sent then. The newest hundred times count.
    pub device: Option<DeviceId>,
    /// Only those older than this one (a page's cursor).
    pub before: Option<MessageId>,
}

/// What the tracker found out about a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What became of it.
    pub state: MessageState,
    /// Its modem, where there is one.
    pub modem_id: Option<ModemId>,
    /// What was made of it, in a line.
    pub summary: Option<String>,
    /// Why values are absent or doubtful.
    pub marks: Vec<String>,
}

/// The messages that these duplicate keys belong to already.
///
/// # Errors
/// What the database says.
pub fn by_keys(conn: &mut Conn, keys: &[Digest]) -> Result<HashMap<Digest, Id>, StoreError> {
    let rows: Vec<(Digest, Id)> = mo_keys::table.filter(mo_keys::dup_key.eq_any(keys.to_vec())).load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Stores messages with their duplicate keys.
///
/// # Errors
/// [`StoreError::Conflict`] where another process stored one of them in the meantime.
pub fn insert(tx: &mut Tx<'_>, rows: &[(Digest, MessageRow)]) -> Result<(), StoreError> {
    let keys = rows.iter().map(|(key, row)| (mo_keys::dup_key.eq(*key), mo_keys::message_id.eq(row.id)));
    insert_rows!(&mut **tx, diesel::insert_into(mo_keys::table), keys);
    let messages = rows.iter().map(|(_, row)| row);
    insert_rows!(&mut **tx, diesel::insert_into(mo_messages::table), messages);
    Ok(())
}

/// Notes further keys of messages that are stored.
///
/// # Errors
/// [`StoreError::Conflict`] where another process noted one of them in the meantime.
pub fn note_keys(tx: &mut Tx<'_>, keys: &[(Digest, Id)]) -> Result<(), StoreError> {
    if !keys.is_empty() {
        let rows = keys.iter().map(|(key, id)| (mo_keys::dup_key.eq(*key), mo_keys::message_id.eq(*id)));
        insert_rows!(&mut **tx, diesel::insert_into(mo_keys::table), rows);
    }
    Ok(())
}

/// Stores a repaired copy, which has no duplicate key of its own.
///
/// # Errors
/// What the database says.
pub fn insert_repaired(tx: &mut Tx<'_>, row: MessageRow) -> Result<(), StoreError> {
    on_either!(&mut **tx, c => diesel::insert_into(mo_messages::table).values(row).execute(c))?;
    Ok(())
}

/// One message, whole.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn get(conn: &mut Conn, id: MessageId) -> Result<MessageRow, StoreError> {
    Ok(mo_messages::table.find(Id::from(id)).select(MessageRow::as_select()).first(conn)?)
}

/// The provider whose push a modem's newest message was that somebody vouches for; where nobody vouches for any of the
/// newest, the first one's. So no push by itself says that a modem's messages come by another.
///
/// # Errors
/// What the database says.
pub fn usual_provider(conn: &mut Conn, modem: ModemId) -> Result<Option<String>, StoreError> {
    let line = || {
        readings::table
            .inner_join(mo_messages::table.on(mo_messages::id.eq(readings::message_id)))
            .filter(readings::modem_id.eq(Id::from(modem)))
            .filter(readings::clock_ahead.eq(false))
    };
    let newest: Vec<(String, String)> = line()
        .order((readings::transmitted_at.desc(), readings::momsn.desc()))
        .limit(NEWEST)
        .select((mo_messages::provider, mo_messages::trust))
        .load(conn)?;
    let vouched = newest.into_iter().find(|(_, trust)| trust != Trust::Unsigned.as_str());
    if let Some((provider, _)) = vouched {
        return Ok(Some(provider));
    }
    let first = line().order((readings::transmitted_at, readings::momsn)).select(mo_messages::provider);
    Ok(first.first(conn).optional()?)
}

/// One message, as in a list.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn view(conn: &mut Conn, id: MessageId) -> Result<MessageView, StoreError> {
    views(conn, &[id])?.pop().ok_or(StoreError::NotFound)
}

/// Several messages, whole; unknown ids are left out.
///
/// # Errors
/// What the database says.
pub fn get_all(conn: &mut Conn, ids: &[MessageId]) -> Result<Vec<MessageRow>, StoreError> {
    let ids: Vec<Id> = ids.iter().copied().map(Id::from).collect();
    Ok(mo_messages::table.filter(mo_messages::id.eq_any(ids)).select(MessageRow::as_select()).load(conn)?)
}

/// Those of some messages that are trusted at least so much.
///
/// # Errors
/// What the database says.
pub fn trusted(conn: &mut Conn, ids: &[MessageId], least: Trust) -> Result<HashSet<MessageId>, StoreError> {
    let ids: Vec<Id> = ids.iter().copied().map(Id::from).collect();
    let rows: Vec<(Id, String)> = mo_messages::table
        .filter(mo_messages::id.eq_any(ids))
        .select((mo_messages::id, mo_messages::trust))
        .load(conn)?;
    let is_enough = |trust: &String| trust.parse::<Trust>().is_ok_and(|trust| trust >= least);
    Ok(rows.into_iter().filter(|(_, trust)| is_enough(trust)).map(|(id, _)| id.into()).collect())
}

/// The trust in a message. Whoever raises it does so before this, or once this transaction is over.
///
/// # Errors
/// What the database says; [`StoreError::Fault`] for a word that is none.
pub fn claim_trust(tx: &mut Tx<'_>, id: MessageId) -> Result<Trust, StoreError> {
    locked_trust(tx, id.into())?.parse().map_err(StoreError::Fault)
}

/// Raises the trust in a message of which a better vouched copy has come; false where it was trusted as much.
///
/// # Errors
/// What the database says.
pub fn raise_trust(tx: &mut Tx<'_>, id: Id, to: Trust) -> Result<bool, StoreError> {
    let known: Option<String> =
        mo_messages::table.find(id).select(mo_messages::trust).first(&mut **tx).optional()?;
    if known.and_then(|t| t.parse::<Trust>().ok()).is_none_or(|known| known >= to) {
        return Ok(false);
    }
    diesel::update(mo_messages::table.find(id)).set(mo_messages::trust.eq(to.as_str())).execute(&mut **tx)?;
    tx.changed.messages.insert(id.into());
    Ok(true)
}

/// Notes what the tracker found out.
///
/// # Errors
/// What the database says.
pub fn set_outcome(tx: &mut Tx<'_>, id: MessageId, outcome: &Outcome) -> Result<(), StoreError> {
    let marks = (!outcome.marks.is_empty()).then(|| serde_json::json!(outcome.marks).to_string());
    let summary = outcome.summary.as_ref().map(|s| s.chars().take(SUMMARY).collect::<String>());
    diesel::update(mo_messages::table.find(Id::from(id)))
        .set((
            mo_messages::state.eq(outcome.state.as_str()),
            mo_messages::modem_id.eq(outcome.modem_id.map(Id::from)),
            mo_messages::summary.eq(summary),
            mo_messages::marks.eq(marks),
        ))
        .execute(&mut **tx)?;
    tx.changed.messages.insert(id);
    Ok(())
}

/// Messages that were received before a moment and that the tracker has not looked at, oldest first.
///
/// # Errors
/// What the database says.
pub fn left_waiting(conn: &mut Conn, before: Time, limit: i64) -> Result<Vec<MessageId>, StoreError> {
    let ids: Vec<Id> = mo_messages::table
        .filter(mo_messages::state.eq(MessageState::Waiting.as_str()))
        .filter(mo_messages::received_at.lt(Micros::from(before)))
        .order(mo_messages::id.asc())
        .limit(limit)
        .select(mo_messages::id)
        .load(conn)?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// One page of messages, newest first.
///
/// # Errors
/// What the database says.
pub fn list(conn: &mut Conn, filter: &Filter, limit: i64) -> Result<Vec<MessageView>, StoreError> {
    let rows = match filter.device {
        None => page(conn, filter, filter.imei.as_deref(), None, limit)?,
        Some(device) => page_of_device(conn, filter, device, limit)?,
    };
    shown(conn, rows)
}

/// The newest messages in all times of a device together, newest first.
fn page_of_device(
    conn: &mut Conn,
    filter: &Filter,
    device: DeviceId,
    limit: i64,
) -> Result<Vec<Line>, StoreError> {
    let mut rows = Vec::new();
    for (imei, since, until) in links::spans_of(conn, device)? {
        if filter.imei.as_ref().is_none_or(|wanted| *wanted == imei) {
            rows.extend(page(conn, filter, Some(&imei), Some((since, until)), limit)?);
        }
    }
    rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.id));
    rows.truncate(usize::try_from(limit).unwrap_or(0));
    Ok(rows)
}

/// How long before it was transmitted a message cannot have been received, clocks being what they are.
const CLOCKS: Duration = Duration::from_secs(86_400);

fn page(
    conn: &mut Conn,
    filter: &Filter,
    imei: Option<&str>,
    sent: Option<(Micros, Option<Micros>)>,
    limit: i64,
) -> Result<Vec<Line>, StoreError> {
    let mut query = mo_messages::table.select(Line::as_select()).into_boxed();
    if let Some(imei) = imei {
        query = query.filter(mo_messages::imei.eq(imei.to_owned()));
    }
    if let Some((since, until)) = sent {
        let until = until.unwrap_or(Micros(i64::MAX));
        let told = mo_messages::transmitted_at.ge(since).and(mo_messages::transmitted_at.lt(until));
        let untold = mo_messages::received_at.ge(since).and(mo_messages::received_at.lt(until));
        query = query.filter(told.or(mo_messages::transmitted_at.is_null().and(untold)));
        // An id is as old as its message: what came before that time is not looked at.
        query = query.filter(mo_messages::id.ge(Id::lowest(Time::from(since).minus(CLOCKS))));
    }
    if let Some(state) = filter.state {
        query = query.filter(mo_messages::state.eq(state.as_str()));
    }
    if let Some(before) = filter.before {
        query = query.filter(mo_messages::id.lt(Id::from(before)));
    }
    Ok(query.order(mo_messages::id.desc()).limit(limit).load(conn)?)
}

/// The next messages behind `after`, oldest first, of those that came before a moment; of one modem, or of all.
///
/// # Errors
/// What the database says.
pub fn walk(
    conn: &mut Conn,
    imei: Option<&str>,
    after: Id,
    before: Time,
    limit: i64,
) -> Result<Vec<MessageView>, StoreError> {
    let mut query = mo_messages::table
        .filter(mo_messages::id.gt(after))
        .filter(mo_messages::id.lt(Id::lowest(before)))
        .select(Line::as_select())
        .into_boxed();
    if let Some(imei) = imei {
        query = query.filter(mo_messages::imei.eq(imei.to_owned()));
    }
    let rows: Vec<Line> = query.order(mo_messages::id.asc()).limit(limit).load(conn)?;
    shown(conn, rows)
}

/// These messages as they are now, newest first; unknown ids are left out.
///
/// # Errors
/// What the database says.
pub fn views(conn: &mut Conn, ids: &[MessageId]) -> Result<Vec<MessageView>, StoreError> {
    let ids: Vec<Id> = ids.iter().copied().map(Id::from).collect();
    let rows: Vec<Line> = mo_messages::table
        .filter(mo_messages::id.eq_any(ids))
        .order(mo_messages::id.desc())
        .select(Line::as_select())
        .load(conn)?;
    shown(conn, rows)
}

/// How many messages came since a moment, counted up to `most`.
///
/// # Errors
/// What the database says.
pub fn count_since(conn: &mut Conn, since: Time, most: i64) -> Result<i64, StoreError> {
    let recent = mo_messages::table.filter(mo_messages::id.ge(Id::lowest(since)));
    // A count reads every row; where there are this many, the last of them is found first.
    let last: Option<Id> = recent
        .order(mo_messages::id.asc())
        .offset(most.saturating_sub(1))
        .limit(1)
        .select(mo_messages::id)
        .first(conn)
        .optional()?;
    match last {
        Some(_) => Ok(most),
        None => Ok(recent.count().get_result(conn)?),
    }
}

/// Messages as shown, in their order, with the devices in which their modems were then.
fn shown(conn: &mut Conn, rows: Vec<Line>) -> Result<Vec<MessageView>, StoreError> {
    let sent = |row: &Line| row.transmitted_at.unwrap_or(row.received_at);
    let senders: Vec<(String, Micros)> = rows.iter().map(|row| (row.imei.clone(), sent(row))).collect();
    let owners = Owners::of(conn, &senders)?;
    rows.into_iter()
        .map(|row| {
            let device = owners.owner(&row.imei, sent(&row));
            row.view(device)
        })
        .collect()
}

/// A message without its raw body, for lists.
#[derive(Queryable, Selectable)]
#[diesel(table_name = mo_messages)]
struct Line {
    id: Id,
    imei: String,
    momsn: Option<i32>,
    transmitted_at: Option<Micros>,
    transmit_time_raw: Option<String>,
    received_at: Micros,
    trust: String,
    state: String,
    payload: Option<Vec<u8>>,
    payload_raw: Option<String>,
    modem_id: Option<Id>,
    summary: Option<String>,
    marks: Option<String>,
    replaces: Option<Id>,
}

impl Line {
    fn view(self, device: Option<DeviceRef>) -> Result<MessageView, StoreError> {
        let text = self.payload.as_deref().and_then(printable);
        Ok(MessageView {
            device,
            id: self.id.into(),
            modem_id: self.modem_id.map(Into::into),
            imei: self.imei.parse().map_err(|e| StoreError::Fault(format!("{}: {e}", self.imei)))?,
            momsn: self.momsn,
            transmitted_at: self.transmitted_at.map(Into::into),
            transmit_time_raw: self.transmit_time_raw,
            received_at: self.received_at.into(),
            trust: self.trust.parse().map_err(StoreError::Fault)?,
            state: self.state.parse().map_err(StoreError::Fault)?,
            payload_hex: self.payload.map(hex::encode).or(self.payload_raw).unwrap_or_default(),
            payload_text: text,
            summary: self.summary,
            marks: self.marks.and_then(|m| serde_json::from_str(&m).ok()).unwrap_or_default(),
            replaces: self.replaces.map(Into::into),
        })
    }
}

/// The payload as text, where a person could read it.
fn printable(payload: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(payload).ok()?;
    let readable = |c: char| !c.is_control() || matches!(c, '\r' | '\n' | '\t');
    (!text.is_empty() && text.chars().all(readable)).then(|| text.to_owned())
}
