//! A position text as a report: every value optional, every doubt marked.

use std::collections::BTreeMap;

use fairlead_model::message::WakeStatus;
use fairlead_model::{Fix, Latitude, Longitude, PositionSource, Time};

use super::field::{Field, Fields};
use super::{Context, Dialect, Mark, ReportInterval, SleepSpan, Unreadable, dialect, number};
use crate::excerpt::excerpt;
use crate::nmea::{self, BadCoordinate, Coordinate, TimeOfDay};

/// Bit of the status that tells whether the last-mile beacon is on; no other bit is defined.
const BEACON_BIT: u32 = 1;
const SECONDS_PER_MINUTE: u32 = 60;
/// Longest sleep that a device can report, in minutes.
const MAX_SLEEP_MINUTES: u32 = SleepSpan::MAX_SECONDS / SECONDS_PER_MINUTE;
const MAX_COURSE_DEG: f64 = 360.0;
/// The places of PK004: LoRa, old handsets, and the server's own MT.
const PK004_ORDER: [Field; 8] =
    [Field::Lat, Field::Ns, Field::Lon, Field::Ew, Field::Sog, Field::Cog, Field::Utc, Field::Sta];
/// The places of PK003: decimal degrees, heading, speed.
const PK003_ORDER: [Field; 4] = [Field::Lat, Field::Lon, Field::Cog, Field::Sog];

/// The types of position texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReportKind {
    /// Pairs; every build, with its own units.
    Pk001,
    /// Positional, decimal degrees; the handset's LoRa form.
    Pk003,
    /// Positional; the buoy's LoRa form, and old handsets.
    Pk004,
    /// Pairs; v3 buoys.
    Pk101,
}

impl ReportKind {
    /// `PK` and three digits.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Pk001 => "PK001",
            Self::Pk003 => "PK003",
            Self::Pk004 => "PK004",
            Self::Pk101 => "PK101",
        }
    }

    pub(super) fn of_code(code: &str) -> Option<Self> {
        [Self::Pk001, Self::Pk003, Self::Pk004, Self::Pk101].into_iter().find(|kind| kind.code() == code)
    }
}

/// Why a v3 buoy woke and reported, as firmware 3.1 means it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WakeReason {
    /// 0: its interval.
    Normal,
    /// 1: the first report after power-on.
    PowerOn,
    /// 2: the end of a commanded sleep.
    AfterSleep,
    /// 3: a command was accepted; interval and sleep show the new values.
    Accepted,
    /// 4: a command was rejected.
    Rejected,
    /// Any other number.
    Unknown(u32),
}

impl WakeReason {
    /// The number on the wire.
    pub const fn code(self) -> u32 {
        match self {
            Self::Normal => 0,
            Self::PowerOn => 1,
            Self::AfterSleep => 2,
            Self::Accepted => 3,
            Self::Rejected => 4,
            Self::Unknown(code) => code,
        }
    }

    /// What the number on the wire means.
    pub const fn of_code(code: u32) -> Self {
        match code {
            0 => Self::Normal,
            1 => Self::PowerOn,
            2 => Self::AfterSleep,
            3 => Self::Accepted,
            4 => Self::Rejected,
            other => Self::Unknown(other),
        }
    }

    /// What it says to a person.
    pub const fn status(self) -> WakeStatus {
        match self {
            Self::Normal => WakeStatus::Normal,
            Self::PowerOn => WakeStatus::PowerOn,
            Self::AfterSleep => WakeStatus::AfterSleep,
            Self::Accepted => WakeStatus::Accepted,
            Self::Rejected => WakeStatus::Rejected,
            Self::Unknown(_) => WakeStatus::Unknown,
        }
    }
}

/// What a device reports. A value that is missing, empty or unreadable is `None`.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The type of the text.
    pub kind: ReportKind,
    /// The build, where this text alone tells it.
    pub dialect: Option<Dialect>,
    /// Where the device is, by its own GPS receiver.
    pub fix: Option<Fix>,
    /// When it was there, by its own clock; the transmit time where that cannot be read.
    pub device_time: Time,
    /// Whether `device_time` is the network's transmit time.
    pub time_from_transmit: bool,
    /// Speed over ground in metres per second.
    pub speed_m_s: Option<f64>,
    /// The speed as printed, where its unit is not known; `speed_m_s` is absent then.
    pub speed_raw: Option<f64>,
    /// Course over ground in degrees true, 0 to 360.
    pub course_deg: Option<f64>,
    /// Battery in volts.
    pub battery_v: Option<f64>,
    /// Status bits.
    pub status: Option<u32>,
    /// Reporting interval in seconds.
    pub interval_s: Option<u32>,
    /// Commanded sleep in seconds; 0 is none.
    pub sleep_s: Option<u32>,
    /// Why the device woke.
    pub wake_reason: Option<WakeReason>,
    /// Pairs with a key that no build is known to send.
    pub unknown: BTreeMap<String, String>,
    /// Why values are absent or doubtful.
    pub marks: Vec<Mark>,
}

impl Report {
    /// Whether the last-mile beacon is on: bit 0 of the status.
    pub fn beacon_on(&self) -> Option<bool> {
        self.status.map(|bits| bits & BEACON_BIT != 0)
    }

    /// Whether a coordinate was printed with minutes above 60.
    pub fn fix_is_suspect(&self) -> bool {
        self.marks.iter().any(|mark| matches!(mark, Mark::Suspect(_)))
    }

    /// Whether the device itself says that it has no position.
    pub fn says_no_fix(&self) -> bool {
        self.marks.contains(&Mark::NoFix)
    }
}

/// Reads the body of a position text.
pub(super) fn read(kind: ReportKind, body: &str, context: &Context) -> Result<Report, Unreadable> {
    let code = kind.code();
    let fields = match kind {
        ReportKind::Pk001 | ReportKind::Pk101 => {
            Fields::of_pairs(body).ok_or_else(|| Unreadable::NoPairs { code, found: excerpt(body) })?
        }
        ReportKind::Pk004 => Fields::of_places(body, &PK004_ORDER).ok_or(Unreadable::NoFields { code })?,
        ReportKind::Pk003 => Fields::of_places(body, &PK003_ORDER).ok_or(Unreadable::NoFields { code })?,
    };
    Ok(Reader::new(kind, fields, context).report(context.transmitted_at))
}

/// Fields on their way into a report, and the marks made on that way.
struct Reader<'a> {
    kind: ReportKind,
    fields: Fields<'a>,
    /// As the text shows.
    shown: Option<Dialect>,
    /// As units are taken: shown, else known.
    effective: Option<Dialect>,
    marks: Vec<Mark>,
}

impl<'a> Reader<'a> {
    fn new(kind: ReportKind, mut fields: Fields<'a>, context: &Context) -> Self {
        let shown = dialect::infer(kind, &fields);
        let mut marks = std::mem::take(&mut fields.marks);
        if let (Some(shown), Some(known)) = (shown, context.known)
            && shown != known
        {
            marks.push(Mark::DialectChanged { known, shown });
        }
        Self { kind, fields, shown, effective: shown.or(context.known), marks }
    }

    fn report(mut self, transmitted_at: Time) -> Report {
        let of_day = self.time_of_day();
        let (speed_m_s, speed_raw) = self.speed();
        Report {
            kind: self.kind,
            dialect: self.shown,
            fix: self.fix(),
            device_time: of_day.map_or(transmitted_at, |of_day| of_day.before(transmitted_at)),
            time_from_transmit: of_day.is_none(),
            speed_m_s,
            speed_raw,
            course_deg: self.decimal(Field::Cog, MAX_COURSE_DEG, "not degrees from 0 to 360"),
            battery_v: self.decimal(Field::Batt, f64::MAX, "not volts"),
            status: self.status(),
            interval_s: self.minutes(
                Field::Int,
                ReportInterval::MIN_MINUTES..=ReportInterval::MAX_MINUTES,
                "not whole minutes from 1 to 1440",
            ),
            sleep_s: self.minutes(Field::Sl, 0..=MAX_SLEEP_MINUTES, "not whole minutes from 0 to 4320"),
            wake_reason: self.number(Field::St, number::digits, "not a number").map(WakeReason::of_code),
            unknown: self.fields.unknown,
            marks: self.marks,
        }
    }

    fn unreadable(&mut self, field: Field, text: &str, why: impl ToString) {
        self.marks.push(Mark::Unreadable { field, found: excerpt(text), why: why.to_string() });
    }

    /// Reads a field by `read`; marks it where it is there and cannot be read.
    fn number<T>(&mut self, field: Field, read: impl FnOnce(&str) -> Option<T>, why: &str) -> Option<T> {
        let text = self.fields.text(field)?;
        let value = read(text);
        if value.is_none() {
            self.unreadable(field, text, why);
        }
        value
    }

    fn decimal(&mut self, field: Field, max: f64, why: &str) -> Option<f64> {
        self.number(field, |text| number::decimal(text).filter(|value| (0.0..=max).contains(value)), why)
    }

    /// Whole minutes, as seconds.
    fn minutes(&mut self, field: Field, range: std::ops::RangeInclusive<u32>, why: &str) -> Option<u32> {
        let read = |text: &str| number::digits(text).filter(|minutes| range.contains(minutes));
        self.number(field, read, why).map(|minutes| minutes * SECONDS_PER_MINUTE)
    }

    fn time_of_day(&mut self) -> Option<TimeOfDay> {
        let of_day = match self.fields.text(Field::Utc) {
            Some(_) => self.number(Field::Utc, TimeOfDay::parse, "not a time of day like 210501.086"),
            None => {
                self.marks.push(Mark::Missing(Field::Utc));
                None
            }
        };
        if of_day.is_none() {
            self.marks.push(Mark::TimeFromTransmit);
        }
        of_day
    }

    /// Speed in metres per second, or else the figure as printed where nobody can say in what unit.
    fn speed(&mut self) -> (Option<f64>, Option<f64>) {
        let Some(figure) = self.decimal(Field::Sog, f64::MAX, "not a speed") else {
            return (None, None);
        };
        // The unit of PK003 is nowhere told.
        match self.effective.filter(|_| self.kind != ReportKind::Pk003) {
            Some(Dialect::V3Buoy) => (Some(nmea::knots_to_m_s(figure)), None),
            Some(Dialect::V2Buoy | Dialect::Handset) => (Some(nmea::km_h_to_m_s(figure)), None),
            None => {
                self.marks.push(Mark::SpeedUnitUnknown);
                (None, Some(figure))
            }
        }
    }

    fn status(&mut self) -> Option<u32> {
        let text = self.fields.text(Field::Sta)?;
        let wrong = "not status bits";
        match (self.kind, self.effective) {
            (ReportKind::Pk004, _) | (_, Some(Dialect::V3Buoy)) => {
                self.number(Field::Sta, number::digits, wrong)
            }
            (_, Some(Dialect::V2Buoy)) => self.number(Field::Sta, number::hex_digits, wrong),
            (_, Some(Dialect::Handset) | None) => {
                let hex = self.number(Field::Sta, number::hex_digits, wrong)?;
                if number::digits(text) == Some(hex) {
                    return Some(hex);
                }
                self.marks.push(Mark::StatusBaseUnknown { found: excerpt(text) });
                None
            }
        }
    }

    fn fix(&mut self) -> Option<Fix> {
        // Both are read before either is given up, so that the marks are complete.
        let latitude = self.coordinate(Field::Lat, Field::Ns, nmea::latitude, Latitude::new);
        let longitude = self.coordinate(Field::Lon, Field::Ew, nmea::longitude, Longitude::new);
        let (latitude, longitude) = (latitude?, longitude?);
        Some(Fix { latitude, longitude, accuracy_m: None, source: PositionSource::Gps })
    }

    fn coordinate<T>(
        &mut self,
        field: Field,
        hemisphere: Field,
        of_minutes: fn(&str, &str) -> Result<Coordinate<T>, BadCoordinate>,
        of_degrees: fn(f64) -> Option<T>,
    ) -> Option<T> {
        if self.fields.says_nothing(field) {
            return self.no_fix();
        }
        let Some(text) = self.fields.text(field) else {
            self.marks.push(Mark::Missing(field));
            return None;
        };
        if self.kind == ReportKind::Pk003 {
            let read = |text: &str| number::decimal(text).and_then(of_degrees);
            return self.number(field, read, "not degrees of its axis");
        }
        let letter = self.fields.text(hemisphere);
        match of_minutes(text, letter.unwrap_or_default()) {
            Ok(Coordinate::Sound(value)) => return Some(value),
            Ok(Coordinate::Suspect(value)) => {
                self.marks.push(Mark::Suspect(field));
                return Some(value);
            }
            Ok(Coordinate::NoFix) => return self.no_fix(),
            Err(why @ BadCoordinate::Hemisphere(_)) => match letter {
                Some(letter) => self.unreadable(hemisphere, letter, why),
                None => self.marks.push(Mark::Missing(hemisphere)),
            },
            Err(why) => self.unreadable(field, text, why),
        }
        None
    }

    /// Marks once for both axes.
    fn no_fix<T>(&mut self) -> Option<T> {
        if !self.marks.contains(&Mark::NoFix) {
            self.marks.push(Mark::NoFix);
        }
        None
    }
}
