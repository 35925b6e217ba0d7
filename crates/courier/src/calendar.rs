//! When a schedule's next time is: a time of the day, on chosen days, in a time zone with its summer times.

use fairlead_model::Time;
use fairlead_model::schedule::Weekday;
use fairlead_store::StoreError;
use fairlead_store::satellite::mt::schedules::ScheduleRow;
use jiff::Timestamp;
use jiff::civil::{self, Date};
use jiff::tz::{AmbiguousOffset, TimeZone};

/// Days that are looked at for the next time: a week, and the day before and after, because a time can slip into the next
/// day where clocks are put forward over it.
const DAYS: usize = 10;

/// When something is done again and again.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    zone: TimeZone,
    days: Vec<Weekday>,
    at: civil::Time,
}

impl Calendar {
    /// Chosen days, at so many minutes after midnight, in a time zone.
    ///
    /// # Errors
    /// What is wrong with the time zone, in a sentence.
    pub(crate) fn new(time_zone: &str, days: &[Weekday], minute: i32) -> Result<Self, String> {
        let zone = TimeZone::get(time_zone).map_err(|_| {
            format!("There is no time zone `{time_zone}`. One is named like `Europe/Rome`, or `UTC`.")
        })?;
        let part = |n: i32| i8::try_from(n).unwrap_or_default();
        let at = civil::Time::new(part(minute / 60), part(minute % 60), 0, 0)
            .map_err(|_| format!("{minute} minutes are no time of the day."))?;
        Ok(Self { zone, days: days.to_vec(), at })
    }

    /// That of a schedule.
    ///
    /// # Errors
    /// [`StoreError::Fault`] where it cannot be read any more.
    pub(crate) fn of(row: &ScheduleRow) -> Result<Self, StoreError> {
        Self::new(&row.time_zone, &row.days()?, row.at_minute).map_err(StoreError::Fault)
    }

    /// The time zone's name, as it is written.
    pub(crate) fn zone_name(&self) -> Option<&str> {
        self.zone.iana_name()
    }

    /// The first time after a moment; none beyond the end of time.
    pub(crate) fn after(&self, moment: Time) -> Option<Time> {
        let moment = Timestamp::from_microsecond(moment.micros()).ok()?;
        let mut day = moment.to_zoned(self.zone.clone()).date().yesterday().ok()?;
        for _ in 0..DAYS {
            let found = self.on(day).filter(|at| *at > moment);
            if let Some(found) = found.filter(|_| self.days.contains(&weekday(day))) {
                return Some(Time::from_micros(found.as_microsecond()));
            }
            day = day.tomorrow().ok()?;
        }
        None
    }

    /// The time on a day: the first of two; where there is none, the next moment that there is.
    fn on(&self, day: Date) -> Option<Timestamp> {
        let wanted = day.to_datetime(self.at);
        match self.zone.to_ambiguous_timestamp(wanted).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(wanted).ok(),
            AmbiguousOffset::Fold { before, .. } => before.to_timestamp(wanted).ok(),
            AmbiguousOffset::Gap { after, .. } => {
                // By the clock as it was put forward, the wanted time lies before it was.
                let before_the_gap = after.to_timestamp(wanted).ok()?;
                self.zone.following(before_the_gap).next().map(|change| change.timestamp())
            }
        }
    }
}

fn weekday(day: Date) -> Weekday {
    match day.weekday() {
        civil::Weekday::Monday => Weekday::Monday,
        civil::Weekday::Tuesday => Weekday::Tuesday,
        civil::Weekday::Wednesday => Weekday::Wednesday,
        civil::Weekday::Thursday => Weekday::Thursday,
        civil::Weekday::Friday => Weekday::Friday,
        civil::Weekday::Saturday => Weekday::Saturday,
        civil::Weekday::Sunday => Weekday::Sunday,
    }
}

/// The minutes since midnight of a time of the day, written `HH:MM`.
pub(crate) fn minute_of(text: &str) -> Option<i32> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |part: &str, below: i32| {
        let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        part.parse::<i32>().ok().filter(|n| digits && *n < below)
    };
    Some(number(hours, 24)? * 60 + number(minutes, 60)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        Time::parse_rfc3339(text).unwrap()
    }

    /// The next `n` times after a moment.
    fn times(zone: &str, days: &[Weekday], time: &str, from: &str, n: usize) -> Vec<String> {
        let calendar = Calendar::new(zone, days, minute_of(time).unwrap()).unwrap();
        let mut moment = at(from);
        (0..n)
            .map(|_| {
                moment = calendar.after(moment).unwrap();
                moment.rfc3339()
            })
            .collect()
    }

    #[test]
    fn a_time_that_does_not_exist_is_the_next_that_does_and_one_that_comes_twice_comes_once() {
        let daily = Weekday::ALL;
        for (zone, time, from, wanted) in [
            // Clocks go from 02:00 to 03:00 on 29 March 2026, at 01:00 UTC.
            (
                "Europe/Rome",
                "02:30",
                "2026-03-28T00:00:00Z",
                ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"],
            ),
            (
                "Europe/Rome",
                "02:00",
                "2026-03-28T02:00:00Z",
                ["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z", "2026-03-31T00:00:00Z"],
            ),
            (
                "Europe/Rome",
                "03:00",
                "2026-03-28T03:00:00Z",
                ["2026-03-29T01:00:00Z", "2026-03-30T01:00:00Z", "2026-03-31T01:00:00Z"],
            ),
            // And from 03:00 back to 02:00 on 25 October 2026, at 01:00 UTC.
            (
                "Europe/Rome",
                "02:30",
                "2026-10-24T01:00:00Z",
                ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z", "2026-10-27T01:30:00Z"],
            ),
            // Half an hour only.
            (
                "Australia/Lord_Howe",
                "02:10",
                "2026-10-03T00:00:00Z",
                ["2026-10-03T15:30:00Z", "2026-10-04T15:10:00Z", "2026-10-05T15:10:00Z"],
            ),
            // Midnight itself is left out: 6 September 2026 begins at 01:00.
            (
                "America/Santiago",
                "00:00",
                "2026-09-05T12:00:00Z",
                ["2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z", "2026-09-08T03:00:00Z"],
            ),
            // A whole day is left out: 30 December 2011.
            (
                "Pacific/Apia",
                "08:00",
                "2011-12-29T00:00:00Z",
                ["2011-12-29T18:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T18:00:00Z"],
            ),
            (
                "UTC",
                "23:59",
                "2026-12-31T23:58:59Z",
                ["2026-12-31T23:59:00Z", "2027-01-01T23:59:00Z", "2027-01-02T23:59:00Z"],
            ),
        ] {
            assert_eq!(times(zone, daily, time, from, 3), wanted, "{zone} {time}");
        }
    }

    #[test]
    fn only_the_chosen_days_of_the_place_count() {
        // Monday 00:30 in Auckland is Sunday in UTC.
        assert_eq!(
            times("Pacific/Auckland", &[Weekday::Monday], "00:30", "2026-06-01T00:00:00Z", 2),
            ["2026-06-07T12:30:00Z", "2026-06-14T12:30:00Z"]
        );
        assert_eq!(
            times("UTC", &[Weekday::Monday, Weekday::Friday], "12:00", "2026-06-01T12:00:00Z", 3),
            ["2026-06-05T12:00:00Z", "2026-06-08T12:00:00Z", "2026-06-12T12:00:00Z"]
        );
        assert!(Calendar::new("Mars/Base", Weekday::ALL, 0).unwrap_err().contains("Mars/Base"));
        assert!(Calendar::new("UTC", Weekday::ALL, 0).unwrap().after(Time::from_micros(i64::MAX)).is_none());
    }

    #[test]
    fn a_time_of_the_day_has_two_digits_twice() {
        assert_eq!(["00:00", "09:05", "23:59"].map(minute_of), [Some(0), Some(545), Some(1_439)]);
        for wrong in ["24:00", "9:05", "09:60", "0905", "09:5", "", "-1:00", "+9:05", "09:05:00"] {
            assert_eq!(minute_of(wrong), None, "{wrong}");
        }
    }
}
