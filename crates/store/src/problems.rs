//! Things that a person should look at. (kind, subject) is the natural key: the same finding is one problem,
//! however often it is made.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use fairlead_model::problem::{ProblemKind, ProblemState, ProblemView};
use fairlead_model::{Clock, HeldId, Imei, MessageId, ModemId, ProblemId};

use crate::schema::problems;
use crate::{Conn, Id, Micros, StoreError, Tx};

/// Longest excerpt that is kept, in characters.
pub const EXCERPT: usize = 16_000;

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = problems)]
#[diesel(treat_none_as_default_value = false)]
struct Row {
    id: Id,
    kind: String,
    subject: String,
    reason: String,
    state: String,
    created_at: Micros,
    changed_at: Micros,
    modem_id: Option<Id>,
    imei: Option<String>,
    message_id: Option<Id>,
    held_id: Option<Id>,
    excerpt: Option<String>,
}

/// A finding, before it is written down.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What kind it is.
    pub kind: ProblemKind,
    /// What it is about, unique within the kind: mostly the message's id.
    pub subject: String,
    /// Why, in a sentence.
    pub reason: String,
    /// The modem it is about.
    pub modem_id: Option<ModemId>,
    /// The IMEI it is about.
    pub imei: Option<Imei>,
    /// The message it is about.
    pub message_id: Option<MessageId>,
    /// The held push it is about.
    pub held_id: Option<HeldId>,
    /// The text in question.
    pub excerpt: Option<String>,
}

impl Finding {
    /// A finding about a message.
    pub fn about(kind: ProblemKind, message_id: MessageId, imei: Imei, reason: String) -> Self {
        Self {
            kind,
            subject: message_id.to_string(),
            reason,
            modem_id: None,
            imei: Some(imei),
            message_id: Some(message_id),
            held_id: None,
            excerpt: None,
        }
    }
}

/// Which problems to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those in this state.
    pub state: Option<ProblemState>,
    /// Only those of this kind.
    pub kind: Option<ProblemKind>,
    /// Only those older than this one (a page's cursor).
    pub before: Option<ProblemId>,
}

/// Writes a finding down; returns the id of a problem that is new, or that was settled and is open again.
///
/// # Errors
/// What the database says.
pub fn record(tx: &mut Tx<'_>, clock: &Clock, finding: Finding) -> Result<Option<ProblemId>, StoreError> {
    let known = problems::table
        .filter(problems::kind.eq(finding.kind.as_str()))
        .filter(problems::subject.eq(finding.subject.clone()))
        .select((problems::id, problems::state))
        .first::<(Id, String)>(&mut **tx)
        .optional()?;
    match known {
        Some((_, state)) if state == ProblemState::Open.as_str() => return Ok(None),
        Some((id, _)) => return reopen(tx, clock, id, finding.reason).map(Some),
        None => {}
    }
    let id = ProblemId::new(clock);
    let now = Micros::from(clock.now());
    let row = Row {
        id: id.into(),
        kind: finding.kind.as_str().to_owned(),
        subject: finding.subject,
        reason: finding.reason.chars().take(EXCERPT).collect(),
        state: ProblemState::Open.as_str().to_owned(),
        created_at: now,
        changed_at: now,
        modem_id: finding.modem_id.map(Into::into),
        imei: finding.imei.map(|i| i.to_string()),
        message_id: finding.message_id.map(Into::into),
        held_id: finding.held_id.map(Into::into),
        excerpt: finding.excerpt.map(|e| e.chars().take(EXCERPT).collect()),
    };
    let of = row.modem_id;
    diesel::insert_into(problems::table).values(row).execute(&mut **tx)?;
    note(tx, id, of);
    Ok(Some(id))
}

/// A problem counts among those of its modem, which is another one then.
fn note(tx: &mut Tx<'_>, id: ProblemId, of: Option<Id>) {
    tx.changed.problems.insert(id);
    tx.changed.modems.extend(of.map(ModemId::from));
}

/// What was settled was found again: somebody put it through once more, and it did not go well.
fn reopen(tx: &mut Tx<'_>, clock: &Clock, id: Id, reason: String) -> Result<ProblemId, StoreError> {
    diesel::update(problems::table.find(id))
        .set((
            problems::state.eq(ProblemState::Open.as_str()),
            problems::reason.eq(reason),
            problems::changed_at.eq(Micros::from(clock.now())),
        ))
        .execute(&mut **tx)?;
    let of = problems::table.find(id).select(problems::modem_id).first(&mut **tx)?;
    note(tx, id.into(), of);
    Ok(id.into())
}

/// Writes down that a message on the bus could not be finished, with the whole envelope, so that it can be put
/// through again.
///
/// # Errors
/// What the database says.
pub fn record_failed_work(
    tx: &mut Tx<'_>,
    clock: &Clock,
    queue: &str,
    envelope_json: &str,
    reason: &str,
) -> Result<(), StoreError> {
    let id = serde_json::from_str::<serde_json::Value>(envelope_json)
        .ok()
        .and_then(|envelope| envelope.get("id")?.as_str().map(str::to_owned))
        .unwrap_or_else(|| crate::sign_in::sha256_hex(envelope_json.as_bytes()));
    let finding = Finding {
        kind: ProblemKind::FailedWork,
        subject: format!("{queue} {id}").chars().take(128).collect(),
        reason: format!("{queue}: {reason}"),
        modem_id: None,
        imei: None,
        message_id: None,
        held_id: None,
        excerpt: Some(envelope_json.to_owned()),
    };
    record(tx, clock, finding).map(|_| ())
}

/// One problem.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn get(conn: &mut Conn, id: ProblemId) -> Result<ProblemView, StoreError> {
    view(problems::table.find(Id::from(id)).select(Row::as_select()).first(conn)?)
}

/// These problems as they are now, newest first; unknown ids are left out.
///
/// # Errors
/// What the database says.
pub fn views(conn: &mut Conn, ids: &[ProblemId]) -> Result<Vec<ProblemView>, StoreError> {
    let ids: Vec<Id> = ids.iter().copied().map(Id::from).collect();
    let rows: Vec<Row> = problems::table
        .filter(problems::id.eq_any(ids))
        .order(problems::id.desc())
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(view).collect()
}

/// One page of problems, newest first.
///
/// # Errors
/// What the database says.
pub fn list(conn: &mut Conn, filter: &Filter, limit: i64) -> Result<Vec<ProblemView>, StoreError> {
    let mut query = problems::table.select(Row::as_select()).into_boxed();
    if let Some(state) = filter.state {
        query = query.filter(problems::state.eq(state.as_str()));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(problems::kind.eq(kind.as_str()));
    }
    if let Some(before) = filter.before {
        query = query.filter(problems::id.lt(Id::from(before)));
    }
    let rows: Vec<Row> = query.order(problems::id.desc()).limit(limit).load(conn)?;
    rows.into_iter().map(view).collect()
}

/// How many problems are open.
///
/// # Errors
/// What the database says.
pub fn count_open(conn: &mut Conn) -> Result<i64, StoreError> {
    Ok(problems::table.filter(problems::state.eq(ProblemState::Open.as_str())).count().get_result(conn)?)
}

/// How many problems are open for each of these modems; those with none are left out.
///
/// # Errors
/// What the database says.
pub fn count_open_by_modem(conn: &mut Conn, modems: &[Id]) -> Result<HashMap<Id, i64>, StoreError> {
    let wanted: Vec<Option<Id>> = modems.iter().copied().map(Some).collect();
    let rows: Vec<(Option<Id>, i64)> = problems::table
        .filter(problems::state.eq(ProblemState::Open.as_str()))
        .filter(problems::modem_id.eq_any(wanted))
        .group_by(problems::modem_id)
        .select((problems::modem_id, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|(id, n)| Some((id?, n))).collect())
}

/// Settles an open problem. `false` where it was settled already.
///
/// # Errors
/// What the database says.
pub fn settle(
    tx: &mut Tx<'_>,
    clock: &Clock,
    id: ProblemId,
    state: ProblemState,
) -> Result<bool, StoreError> {
    let open = problems::table
        .filter(problems::id.eq(Id::from(id)))
        .filter(problems::state.eq(ProblemState::Open.as_str()));
    let changed = diesel::update(open)
        .set((problems::state.eq(state.as_str()), problems::changed_at.eq(Micros::from(clock.now()))))
        .execute(&mut **tx)?;
    if changed == 1 {
        let of = problems::table.find(Id::from(id)).select(problems::modem_id).first(&mut **tx)?;
        note(tx, id, of);
    }
    Ok(changed == 1)
}

/// Settles the open problem of a kind about a subject, where there is one, and says which it was.
///
/// # Errors
/// What the database says.
pub fn settle_subject(
    tx: &mut Tx<'_>,
    clock: &Clock,
    kind: ProblemKind,
    subject: &str,
    state: ProblemState,
) -> Result<Option<ProblemId>, StoreError> {
    let found = problems::table
        .filter(problems::kind.eq(kind.as_str()))
        .filter(problems::subject.eq(subject))
        .select(problems::id)
        .first::<Id>(&mut **tx)
        .optional()?;
    match found {
        Some(id) if settle(tx, clock, id.into(), state)? => Ok(Some(id.into())),
        _ => Ok(None),
    }
}

/// The messages about which there is an open problem of a kind.
///
/// # Errors
/// What the database says.
pub fn open_about(
    conn: &mut Conn,
    kind: ProblemKind,
    messages: &[MessageId],
) -> Result<HashSet<MessageId>, StoreError> {
    let subjects: Vec<String> = messages.iter().map(MessageId::to_string).collect();
    let found: Vec<Option<Id>> = problems::table
        .filter(problems::kind.eq(kind.as_str()))
        .filter(problems::subject.eq_any(subjects))
        .filter(problems::state.eq(ProblemState::Open.as_str()))
        .select(problems::message_id)
        .load(conn)?;
    Ok(found.into_iter().flatten().map(Into::into).collect())
}

/// Whether there is a problem of a kind about a subject, open or settled.
///
/// # Errors
/// What the database says.
pub fn is_known(conn: &mut Conn, kind: ProblemKind, subject: &str) -> Result<bool, StoreError> {
    let known = problems::table
        .filter(problems::kind.eq(kind.as_str()))
        .filter(problems::subject.eq(subject))
        .select(problems::id)
        .first::<Id>(conn)
        .optional()?;
    Ok(known.is_some())
}

/// Removes the problems of a kind about these subjects, where what they were about is gone.
///
/// # Errors
/// What the database says.
pub fn forget(tx: &mut Tx<'_>, kind: ProblemKind, subjects: Vec<String>) -> Result<usize, StoreError> {
    let moot: Vec<Id> = problems::table
        .filter(problems::kind.eq(kind.as_str()))
        .filter(problems::subject.eq_any(subjects))
        .select(problems::id)
        .load(&mut **tx)?;
    tx.changed.problems.extend(moot.iter().map(|id| ProblemId::from(*id)));
    Ok(diesel::delete(problems::table.filter(problems::id.eq_any(moot))).execute(&mut **tx)?)
}

/// The envelope of failed work, whole, for putting it through again.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn excerpt(conn: &mut Conn, id: ProblemId) -> Result<Option<String>, StoreError> {
    Ok(problems::table.find(Id::from(id)).select(problems::excerpt).first(conn)?)
}

fn view(row: Row) -> Result<ProblemView, StoreError> {
    let kind: ProblemKind = row.kind.parse().map_err(StoreError::Fault)?;
    Ok(ProblemView {
        id: row.id.into(),
        kind,
        title: kind.title().to_owned(),
        reason: row.reason,
        state: row.state.parse().map_err(StoreError::Fault)?,
        created_at: row.created_at.into(),
        changed_at: row.changed_at.into(),
        modem_id: row.modem_id.map(Into::into),
        imei: row.imei.and_then(|i| i.parse().ok()),
        message_id: row.message_id.map(Into::into),
        held_id: row.held_id.map(Into::into),
        excerpt: row.excerpt,
    })
}
