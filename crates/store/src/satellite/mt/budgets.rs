//! Budgets of credits: how much an account, a group or a device may spend in a day or a month, and has.
//!
//! What is spent is summed up from the ledger of calls; nothing is counted twice, and nothing has to be reset.

use diesel::dsl::sum;
use diesel::prelude::*;
use fairlead_model::budget::{BudgetPeriod, BudgetScope, BudgetSpan, BudgetView, NewBudget};
use fairlead_model::mt::MtState;
use fairlead_model::{BudgetId, Clock, ModemId, Time};

use super::audience;
use crate::columns::Digest;
use crate::dialect;
use crate::schema::{credit_budgets, device_links, group_members, mt_calls, mt_messages};
use crate::{Conn, Id, Micros, StoreError, Tx, sign_in};

/// A person is warned when so many percent are spent, where nobody said otherwise.
pub const WARN_PERCENT: i32 = 80;

/// One budget.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = credit_budgets)]
#[diesel(treat_none_as_default_value = false)]
#[diesel(treat_none_as_null = true)]
pub struct BudgetRow {
    /// Its id.
    pub id: Id,
    /// The word for whose spending it bounds.
    pub scope: String,
    /// The account, where it is one's.
    pub account: Option<String>,
    /// The group or the device.
    pub subject_id: Option<Id>,
    /// `day` or `month`.
    pub period: String,
    /// Credits.
    pub credits: i64,
    /// A person is warned when so many percent are spent.
    pub warn_percent: i32,
    /// The first day of the period of which a person was told that it is nearly spent.
    pub warned_for: Option<i32>,
    /// The first day of the period of which a person was told that it is spent.
    pub spent_for: Option<i32>,
    /// Equal for equal scope and period.
    pub same_key: Digest,
    /// When it was made.
    pub created_at: Micros,
    /// Who made it.
    pub created_by: String,
}

/// What makes two budgets the same: whose, and for which time.
fn same_key(scope: &str, subject: &str, period: BudgetPeriod) -> Digest {
    sign_in::hash(&format!("{scope} {subject} {period}"))
}

/// The columns of a scope.
fn columns(scope: &BudgetScope) -> (&'static str, Option<String>, Option<Id>) {
    match scope {
        BudgetScope::Account { name } => ("account", Some(name.clone()), None),
        BudgetScope::Group { id } => ("group", None, Some((*id).into())),
        BudgetScope::Device { id } => ("device", None, Some((*id).into())),
    }
}

fn text(id: Id) -> String {
    uuid::Uuid::from(id).to_string()
}

impl BudgetRow {
    /// A budget that is new.
    pub fn new(clock: &Clock, new: &NewBudget, actor: &str) -> Self {
        let row = Self {
            id: BudgetId::new(clock).into(),
            scope: String::new(),
            account: None,
            subject_id: None,
            period: String::new(),
            credits: 0,
            warn_percent: WARN_PERCENT,
            warned_for: None,
            spent_for: None,
            same_key: Digest([0; 32]),
            created_at: clock.now().into(),
            created_by: actor.to_owned(),
        };
        row.changed(new)
    }

    /// The same budget as somebody wants it now. Whoever was warned is warned again.
    #[must_use]
    pub fn changed(self, new: &NewBudget) -> Self {
        let (scope, account, subject_id) = columns(&new.scope);
        let subject = subject_id.map(text).or_else(|| account.clone()).unwrap_or_default();
        Self {
            scope: scope.to_owned(),
            same_key: same_key(scope, &subject, new.period),
            account,
            subject_id,
            period: new.period.as_str().to_owned(),
            credits: new.credits,
            warn_percent: new.warn_percent.unwrap_or(WARN_PERCENT),
            warned_for: None,
            spent_for: None,
            ..self
        }
    }

    /// For which time it is.
    ///
    /// # Errors
    /// [`StoreError::Fault`] where the row holds what this program never writes.
    pub fn period(&self) -> Result<BudgetPeriod, StoreError> {
        self.period.parse().map_err(StoreError::Fault)
    }

    /// Whose spending it bounds.
    ///
    /// # Errors
    /// [`StoreError::Fault`] where the row holds what this program never writes.
    pub fn scope(&self) -> Result<BudgetScope, StoreError> {
        match (self.scope.as_str(), &self.account, self.subject_id) {
            ("account", Some(name), _) => Ok(BudgetScope::Account { name: name.clone() }),
            ("group", _, Some(id)) => Ok(BudgetScope::Group { id: id.into() }),
            ("device", _, Some(id)) => Ok(BudgetScope::Device { id: id.into() }),
            (scope, ..) => Err(StoreError::Fault(format!("`{scope}` is no scope of a budget"))),
        }
    }
}

/// One page of budgets in the order in which they were made, behind `after`.
///
/// # Errors
/// What the database says.
pub fn list(conn: &mut Conn, after: Option<BudgetId>, limit: i64) -> Result<Vec<BudgetRow>, StoreError> {
    let after = Id::from(after.unwrap_or_else(|| uuid::Uuid::nil().into()));
    Ok(credit_budgets::table
        .filter(credit_budgets::id.gt(after))
        .order(credit_budgets::id)
        .limit(limit)
        .select(BudgetRow::as_select())
        .load(conn)?)
}

/// One budget.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn get(conn: &mut Conn, id: BudgetId) -> Result<BudgetRow, StoreError> {
    Ok(credit_budgets::table.find(Id::from(id)).select(BudgetRow::as_select()).first(conn)?)
}

/// Another budget of the same scope and period.
///
/// # Errors
/// What the database says.
pub fn same(conn: &mut Conn, row: &BudgetRow) -> Result<Option<BudgetRow>, StoreError> {
    Ok(credit_budgets::table
        .filter(credit_budgets::same_key.eq(row.same_key))
        .filter(credit_budgets::id.ne(row.id))
        .select(BudgetRow::as_select())
        .first(conn)
        .optional()?)
}

/// Adds a budget.
///
/// # Errors
/// [`StoreError::Conflict`] where there is one of the same scope and period.
pub fn insert(tx: &mut Tx<'_>, row: &BudgetRow) -> Result<(), StoreError> {
    diesel::insert_into(credit_budgets::table).values(row.clone()).execute(&mut **tx)?;
    Ok(())
}

/// Writes a budget down as it is now.
///
/// # Errors
/// [`StoreError::Conflict`] where there is another one of the same scope and period.
pub fn put(tx: &mut Tx<'_>, row: &BudgetRow) -> Result<(), StoreError> {
    diesel::update(credit_budgets::table.find(row.id)).set(row.clone()).execute(&mut **tx)?;
    Ok(())
}

/// Removes a budget.
///
/// # Errors
/// What the database says.
pub fn remove(tx: &mut Tx<'_>, id: BudgetId) -> Result<(), StoreError> {
    diesel::delete(credit_budgets::table.find(Id::from(id))).execute(&mut **tx)?;
    Ok(())
}

/// The budgets that bound what is sent to a modem by an account, held until the transaction ends: what is summed up
/// for them stays true, because whoever else spends of them waits.
///
/// # Errors
/// What the database says.
pub fn claim(tx: &mut Tx<'_>, account: &str, modem: ModemId) -> Result<Vec<BudgetRow>, StoreError> {
    let any = credit_budgets::table.select(credit_budgets::id).limit(1).first::<Id>(&mut **tx).optional()?;
    if any.is_none() {
        return Ok(Vec::new());
    }
    let keys = keys(tx, account, modem)?;
    let ids: Vec<Id> = credit_budgets::table
        .filter(credit_budgets::same_key.eq_any(keys))
        .select(credit_budgets::id)
        .load(&mut **tx)?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let concerned = credit_budgets::table.filter(credit_budgets::id.eq_any(ids));
    diesel::update(concerned.clone())
        .set(credit_budgets::credits.eq(credit_budgets::credits))
        .execute(&mut **tx)?;
    Ok(concerned.order(credit_budgets::id).select(BudgetRow::as_select()).load(&mut **tx)?)
}

/// The keys of all budgets that there can be for a modem and an account.
fn keys(conn: &mut Conn, account: &str, modem: ModemId) -> Result<Vec<Digest>, StoreError> {
    let device: Option<Id> = device_links::table
        .filter(device_links::open_modem.eq(Some(Id::from(modem))))
        .select(device_links::device_id)
        .first(conn)
        .optional()?;
    let mut subjects = vec![("account", account.to_owned())];
    if let Some(device) = device {
        subjects.push(("device", text(device)));
        let groups: Vec<Id> = group_members::table
            .filter(group_members::device_id.eq(device))
            .select(group_members::group_id)
            .load(conn)?;
        subjects.extend(groups.into_iter().map(|group| ("group", text(group))));
    }
    let of_both = |(scope, subject): &(&str, String)| {
        BudgetPeriod::ALL.iter().map(|period| same_key(scope, subject, *period)).collect::<Vec<_>>()
    };
    Ok(subjects.iter().flat_map(of_both).collect())
}

/// Credits that were spent of a budget in a period: calls that are under way and those of an unknown outcome count.
///
/// # Errors
/// What the database says.
pub fn spent(conn: &mut Conn, row: &BudgetRow, span: BudgetSpan) -> Result<i64, StoreError> {
    let calls = mt_calls::table.filter(mt_calls::day.between(span.first_day, span.last_day));
    let while_linked = mt_calls::started_at
        .ge(device_links::since)
        .and(device_links::until.is_null().or(mt_calls::started_at.nullable().lt(device_links::until)));
    let linked = device_links::modem_id.eq(mt_calls::modem_id);
    let credits: Option<i64> = match row.scope()? {
        BudgetScope::Account { name } => {
            calls.filter(mt_calls::account.eq(name)).select(sum(mt_calls::credits)).first(conn)?
        }
        BudgetScope::Device { id } => calls
            .inner_join(device_links::table.on(linked))
            .filter(device_links::device_id.eq(Id::from(id)))
            .filter(while_linked)
            .select(sum(mt_calls::credits))
            .first(conn)?,
        BudgetScope::Group { id } => calls
            .inner_join(device_links::table.on(linked))
            .inner_join(group_members::table.on(group_members::device_id.eq(device_links::device_id)))
            .filter(group_members::group_id.eq(Id::from(id)))
            .filter(while_linked)
            .select(sum(mt_calls::credits))
            .first(conn)?,
    };
    Ok(credits.unwrap_or(0))
}

/// Credits that what waits to be sent will cost, as far as a budget bounds it.
///
/// # Errors
/// What the database says.
pub fn waiting(conn: &mut Conn, row: &BudgetRow) -> Result<i64, StoreError> {
    let cost = dialect::cost_of_texts(conn);
    let queued = mt_messages::table.filter(mt_messages::state.eq(MtState::Queued.as_str()));
    let linked = device_links::open_modem.eq(mt_messages::modem_id.nullable());
    Ok(match row.scope()? {
        BudgetScope::Account { name } => {
            queued.filter(mt_messages::account.eq(name)).select(cost).first(conn)?
        }
        BudgetScope::Device { id } => queued
            .inner_join(device_links::table.on(linked))
            .filter(device_links::open_device.eq(Some(Id::from(id))))
            .select(cost)
            .first(conn)?,
        BudgetScope::Group { id } => queued
            .inner_join(device_links::table.on(linked))
            .inner_join(group_members::table.on(group_members::device_id.eq(device_links::device_id)))
            .filter(group_members::group_id.eq(Id::from(id)))
            .select(cost)
            .first(conn)?,
    })
}

/// What a budget's account, group or device is called.
///
/// # Errors
/// What the database says.
pub fn scope_name(conn: &mut Conn, row: &BudgetRow) -> Result<String, StoreError> {
    let found = match row.scope()? {
        BudgetScope::Account { name } => Some(name),
        BudgetScope::Group { id } => audience::group_name(conn, id)?,
        BudgetScope::Device { id } => audience::device_name(conn, id)?,
    };
    Ok(found.unwrap_or_else(|| audience::GONE.to_owned()))
}

/// A budget as shown.
///
/// # Errors
/// What the database says.
pub fn view(conn: &mut Conn, row: &BudgetRow, now: Time) -> Result<BudgetView, StoreError> {
    let period = row.period()?;
    let span = period.around(now);
    let spent = spent(conn, row, span)?;
    Ok(BudgetView {
        id: row.id.into(),
        scope: row.scope()?,
        scope_name: scope_name(conn, row)?,
        period,
        credits: row.credits,
        warn_percent: row.warn_percent,
        spent,
        left: row.credits.saturating_sub(spent).max(0),
        renews_at: span.renews_at,
        created_at: row.created_at.into(),
        created_by: row.created_by.clone(),
    })
}

/// Whether a group or a device has a budget: without it, the budget would bound nothing.
///
/// # Errors
/// What the database says.
pub fn bounds(conn: &mut Conn, subject: Id) -> Result<bool, StoreError> {
    let found: Option<Id> = credit_budgets::table
        .filter(credit_budgets::subject_id.eq(Some(subject)))
        .select(credit_budgets::id)
        .first(conn)
        .optional()?;
    Ok(found.is_some())
}
