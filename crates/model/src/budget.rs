//! Budgets: how many credits may be spent.

use std::fmt;

use chrono::{Datelike, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::words::words;
use crate::{BudgetId, DeviceId, GroupId, Time};

/// Whose spending a budget bounds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum BudgetScope {
    /// All that an account spends.
    Account {
        /// Its name in the settings.
        name: String,
    },
    /// All that is sent to the devices of a group.
    Group {
        /// The group.
        #[schema(value_type = String, format = Uuid)]
        id: GroupId,
    },
    /// All that is sent to a device.
    Device {
        /// The device.
        #[schema(value_type = String, format = Uuid)]
        id: DeviceId,
    },
}

words! {
    /// The time for which a budget is.
    BudgetPeriod, "period of a budget" {
        /// A day (UTC).
        Day "day",
        /// A month of the calendar (UTC).
        Month "month",
    }
}

/// One day or one month for which a budget is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetSpan {
    /// Its first day, counted from 1970-01-01 (UTC).
    pub first_day: i32,
    /// Its last day.
    pub last_day: i32,
    /// When the next one begins.
    pub renews_at: Time,
}

impl BudgetPeriod {
    /// The day or the month in which a moment lies.
    pub fn around(self, moment: Time) -> BudgetSpan {
        let day = moment.date_time().date_naive();
        let (first, next) = match self {
            Self::Day => (day, day.checked_add_days(Days::new(1))),
            Self::Month => {
                let first = day.with_day(1).unwrap_or(day);
                (first, first.checked_add_months(Months::new(1)))
            }
        };
        let next = next.unwrap_or(NaiveDate::MAX);
        BudgetSpan {
            first_day: number_of(first),
            last_day: number_of(next).saturating_sub(1),
            renews_at: next.and_time(chrono::NaiveTime::MIN).and_utc().into(),
        }
    }
}

impl fmt::Display for BudgetPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A day, counted from 1970-01-01.
fn number_of(day: NaiveDate) -> i32 {
    i32::try_from(day.signed_duration_since(NaiveDate::default()).num_days()).unwrap_or(i32::MAX)
}

/// A budget, as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBudget {
    /// Whose spending.
    pub scope: BudgetScope,
    /// In which time.
    pub period: BudgetPeriod,
    /// Credits, 0 to 1,000,000,000. With 0 nothing is sent.
    pub credits: i64,
    /// A person is warned when so many percent are spent, 1 to 100; 80 where nothing is said.
    #[serde(default)]
    pub warn_percent: Option<i32>,
}

/// A budget, and how much of it is spent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BudgetView {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    pub id: BudgetId,
    /// Whose spending.
    pub scope: BudgetScope,
    /// What that is called.
    pub scope_name: String,
    /// In which time.
    pub period: BudgetPeriod,
    /// Credits.
    pub credits: i64,
    /// A person is warned when so many percent are spent.
    pub warn_percent: i32,
    /// Credits spent in this day or month; calls with an unknown outcome count.
    pub spent: i64,
    /// Credits that are left; never below 0.
    pub left: i64,
    /// When the next day or month begins.
    #[schema(value_type = String, format = DateTime)]
    pub renews_at: Time,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// Who made it.
    pub created_by: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_months_are_those_of_the_calendar() {
        let at = |text: &str| Time::parse_rfc3339(text).unwrap();
        let day = |text: &str| BudgetPeriod::Day.around(at(&format!("{text}T00:00:00Z"))).first_day;
        for (period, moment, first, last, renews) in [
            (BudgetPeriod::Day, "2026-06-01T23:59:59.999999Z", "2026-06-01", "2026-06-01", "2026-06-02"),
            (BudgetPeriod::Day, "2026-12-31T00:00:00Z", "2026-12-31", "2026-12-31", "2027-01-01"),
            (BudgetPeriod::Month, "2026-06-30T23:59:59Z", "2026-06-01", "2026-06-30", "2026-07-01"),
            (BudgetPeriod::Month, "2026-07-01T00:00:00Z", "2026-07-01", "2026-07-31", "2026-08-01"),
            (BudgetPeriod::Month, "2028-02-29T12:00:00Z", "2028-02-01", "2028-02-29", "2028-03-01"),
            (BudgetPeriod::Month, "2026-12-31T12:00:00Z", "2026-12-01", "2026-12-31", "2027-01-01"),
        ] {
            let span = period.around(at(moment));
            let renews_at = at(&format!("{renews}T00:00:00Z"));
            assert_eq!(
                span,
                BudgetSpan { first_day: day(first), last_day: day(last), renews_at },
                "{period} {moment}"
            );
        }
        assert_eq!(day("1970-01-02"), 1);
    }
}
