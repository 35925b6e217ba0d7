//! Schedules: what devices are told again and again.

use diesel::prelude::*;
use fairlead_model::mt::Order;
use fairlead_model::schedule::{Audience, ScheduleView, Weekday};
use fairlead_model::{ScheduleId, Time};

use super::audience;
use crate::schema::mt_schedules;
use crate::{Conn, Id, Micros, StoreError, Tx};

/// Minutes in an hour.
const HOUR: i32 = 60;

/// One schedule.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = mt_schedules)]
#[diesel(treat_none_as_default_value = false)]
#[diesel(treat_none_as_null = true)]
pub struct ScheduleRow {
    /// Its id.
    pub id: Id,
    /// What people call it.
    pub name: String,
    /// `device` or `group`.
    pub target_kind: String,
    /// The device or the group.
    pub target_id: Id,
    /// The order, as JSON.
    pub told: String,
    /// The words of the days, parted by commas.
    pub days: String,
    /// Minutes since midnight.
    pub at_minute: i32,
    /// The time zone, by its IANA name.
    pub time_zone: String,
    /// When it is done next; empty while it is off.
    pub next_at: Option<Micros>,
    /// When it was done last.
    pub last_at: Option<Micros>,
    /// What came of it.
    pub last_result: Option<String>,
    /// When it was made.
    pub created_at: Micros,
    /// Who made it.
    pub created_by: String,
    /// When somebody changed it last.
    pub changed_at: Micros,
}

impl ScheduleRow {
    /// Who is told.
    ///
    /// # Errors
    /// [`StoreError::Fault`] where the row holds what this program never writes.
    pub fn audience(&self) -> Result<Audience, StoreError> {
        match self.target_kind.as_str() {
            "device" => Ok(Audience::Device { id: self.target_id.into() }),
            "group" => Ok(Audience::Group { id: self.target_id.into() }),
            other => Err(StoreError::Fault(format!("`{other}` is no audience"))),
        }
    }

    /// Who is told from now on.
    pub fn set_audience(&mut self, audience: Audience) {
        let (kind, id) = match audience {
            Audience::Device { id } => ("device", Id::from(id)),
            Audience::Group { id } => ("group", Id::from(id)),
        };
        (self.target_kind, self.target_id) = (kind.to_owned(), id);
    }

    /// What is told.
    ///
    /// # Errors
    /// [`StoreError::Fault`] where the row holds what this program never writes.
    pub fn order(&self) -> Result<Order, StoreError> {
        serde_json::from_str(&self.told).map_err(|e| StoreError::Fault(format!("a schedule's order: {e}")))
    }

    /// What is told from now on.
    ///
    /// # Errors
    /// [`StoreError::Fault`] where it cannot be written.
    pub fn set_order(&mut self, order: &Order) -> Result<(), StoreError> {
        self.told = serde_json::to_string(order)
            .map_err(|e| StoreError::Fault(format!("a schedule's order cannot be written: {e}")))?;
        Ok(())
    }

    /// On which days.
    ///
    /// # Errors
    /// [`StoreError::Fault`] where the row holds what this program never writes.
    pub fn days(&self) -> Result<Vec<Weekday>, StoreError> {
        self.days.split(',').map(|word| word.parse().map_err(StoreError::Fault)).collect()
    }

    /// On which days from now on; each once, in the order of the week.
    pub fn set_days(&mut self, days: &[Weekday]) {
        let chosen = Weekday::ALL.iter().filter(|day| days.contains(day)).map(|day| day.as_str());
        self.days = chosen.collect::<Vec<_>>().join(",");
    }

    /// The schedule as shown.
    ///
    /// # Errors
    /// What the database says.
    pub fn view(self, conn: &mut Conn) -> Result<ScheduleView, StoreError> {
        let audience = self.audience()?;
        Ok(ScheduleView {
            id: self.id.into(),
            enabled: self.next_at.is_some(),
            audience,
            audience_name: audience::name(conn, audience)?.unwrap_or_else(|| audience::GONE.to_owned()),
            order: self.order()?,
            days: self.days()?,
            at: format!("{:02}:{:02}", self.at_minute / HOUR, self.at_minute % HOUR),
            time_zone: self.time_zone,
            next_at: self.next_at.map(Into::into),
            last_at: self.last_at.map(Into::into),
            last_result: self.last_result,
            created_by: self.created_by,
            name: self.name,
        })
    }
}

/// One page of schedules in the order in which they were made, behind `after`.
///
/// # Errors
/// What the database says.
pub fn list(conn: &mut Conn, after: Option<ScheduleId>, limit: i64) -> Result<Vec<ScheduleRow>, StoreError> {
    let after = Id::from(after.unwrap_or_else(|| uuid::Uuid::nil().into()));
    Ok(mt_schedules::table
        .filter(mt_schedules::id.gt(after))
        .order(mt_schedules::id)
        .limit(limit)
        .select(ScheduleRow::as_select())
        .load(conn)?)
}

/// One schedule.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn get(conn: &mut Conn, id: ScheduleId) -> Result<ScheduleRow, StoreError> {
    Ok(mt_schedules::table.find(Id::from(id)).select(ScheduleRow::as_select()).first(conn)?)
}

/// A schedule that nobody else changes, and of which nobody else does a part, until the transaction ends.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn claim(tx: &mut Tx<'_>, id: ScheduleId) -> Result<ScheduleRow, StoreError> {
    let same = diesel::update(mt_schedules::table.find(Id::from(id)));
    same.set(mt_schedules::name.eq(mt_schedules::name)).execute(&mut **tx)?;
    get(tx, id)
}

/// Adds a schedule.
///
/// # Errors
/// What the database says.
pub fn insert(tx: &mut Tx<'_>, row: &ScheduleRow) -> Result<(), StoreError> {
    diesel::insert_into(mt_schedules::table).values(row.clone()).execute(&mut **tx)?;
    Ok(())
}

/// Writes a schedule down as it is now. It must be claimed.
///
/// # Errors
/// What the database says.
pub fn put(tx: &mut Tx<'_>, row: &ScheduleRow) -> Result<(), StoreError> {
    diesel::update(mt_schedules::table.find(row.id)).set(row.clone()).execute(&mut **tx)?;
    Ok(())
}

/// Removes a schedule.
///
/// # Errors
/// What the database says.
pub fn remove(tx: &mut Tx<'_>, id: ScheduleId) -> Result<(), StoreError> {
    diesel::delete(mt_schedules::table.find(Id::from(id))).execute(&mut **tx)?;
    Ok(())
}

/// The schedules whose time has come, the one that waits longest first.
///
/// # Errors
/// What the database says.
pub fn due(conn: &mut Conn, now: Time, limit: i64) -> Result<Vec<ScheduleRow>, StoreError> {
    Ok(mt_schedules::table
        .filter(mt_schedules::next_at.le(Some(Micros::from(now))))
        .order(mt_schedules::next_at)
        .limit(limit)
        .select(ScheduleRow::as_select())
        .load(conn)?)
}

/// Ends a run that was due at `planned`: what came of it, and when the next one is. False where somebody else has, or
/// the schedule was changed meanwhile.
///
/// # Errors
/// What the database says.
pub fn end_run(
    tx: &mut Tx<'_>,
    id: ScheduleId,
    planned: Time,
    next: Option<Time>,
    done_at: Option<Time>,
    result: &str,
) -> Result<bool, StoreError> {
    let still =
        mt_schedules::table.find(Id::from(id)).filter(mt_schedules::next_at.eq(Some(Micros::from(planned))));
    let next = next.map(Micros::from);
    let ended = match done_at {
        Some(at) => diesel::update(still)
            .set((
                mt_schedules::next_at.eq(next),
                mt_schedules::last_at.eq(Some(Micros::from(at))),
                mt_schedules::last_result.eq(Some(result)),
            ))
            .execute(&mut **tx)?,
        None => diesel::update(still)
            .set((mt_schedules::next_at.eq(next), mt_schedules::last_result.eq(Some(result))))
            .execute(&mut **tx)?,
    };
    Ok(ended > 0)
}

/// Notes what came of a run that somebody wanted out of turn.
///
/// # Errors
/// What the database says.
pub fn note_run(tx: &mut Tx<'_>, id: ScheduleId, at: Time, result: &str) -> Result<(), StoreError> {
    diesel::update(mt_schedules::table.find(Id::from(id)))
        .set((mt_schedules::last_at.eq(Some(Micros::from(at))), mt_schedules::last_result.eq(Some(result))))
        .execute(&mut **tx)?;
    Ok(())
}

/// The name of a schedule that tells this group or device, where there is one.
pub(super) fn telling(conn: &mut Conn, subject: Id) -> Result<Option<String>, StoreError> {
    Ok(mt_schedules::table
        .filter(mt_schedules::target_id.eq(subject))
        .order(mt_schedules::id)
        .select(mt_schedules::name)
        .first(conn)
        .optional()?)
}
