//! What was read from each message, and where each stands in its modem's line of messages.

use diesel::prelude::*;
use fairlead_model::message::PositionView;
use fairlead_model::{Latitude, Longitude, MessageId, ModemId, PositionSource, Time};

use crate::dialect::insert_rows;
use crate::schema::readings;
use crate::{Conn, Id, Micros, StoreError, Tx};

/// One message as read. Every message of a modem has one, also a mailbox check and an unreadable text.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = readings)]
#[diesel(treat_none_as_default_value = false)]
pub struct ReadingRow {
    /// The message.
    pub message_id: Id,
    /// Its modem.
    pub modem_id: Id,
    /// Transmit time; the receive time where none could be read.
    pub transmitted_at: Micros,
    /// The modem's message number.
    pub momsn: Option<i32>,
    /// The device's own time; the transmit time where it has none.
    pub device_at: Micros,
    /// The device's clock is too far ahead: kept, and never the last one.
    pub clock_ahead: bool,
    /// It was processed after a newer one of the same modem.
    pub late: bool,
    /// The message type, as `PK001`; `empty` for a mailbox check; `unread` for a text that could not be read.
    pub kind: String,
    /// GPS, degrees north.
    pub latitude: Option<f64>,
    /// GPS, degrees east.
    pub longitude: Option<f64>,
    /// The network's estimate, degrees north.
    pub estimate_latitude: Option<f64>,
    /// The network's estimate, degrees east.
    pub estimate_longitude: Option<f64>,
    /// Radius of the network's estimate, metres.
    pub estimate_accuracy_m: Option<f64>,
    /// Speed over ground, metres per second.
    pub speed_m_s: Option<f64>,
    /// Course over ground, degrees true.
    pub course_deg: Option<f64>,
    /// Battery, volts.
    pub battery_v: Option<f64>,
    /// Reporting interval that the device named, seconds.
    pub interval_s: Option<i64>,
    /// Sleep that the device named, seconds.
    pub sleep_s: Option<i64>,
    /// The device's word on its wake-up.
    pub status: Option<String>,
    /// Whether its last-mile beacon is on.
    pub beacon_on: Option<bool>,
    /// The build that seems to speak.
    pub dialect: Option<String>,
}

/// A neighbour in the line of a modem's messages.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = readings)]
pub struct Neighbour {
    /// The message.
    pub message_id: Id,
    /// Its transmit time.
    pub transmitted_at: Micros,
    /// Its number.
    pub momsn: Option<i32>,
}

/// What a message tells of the device's plan, and of the build that speaks.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = readings)]
pub struct Plan {
    /// Its transmit time.
    pub transmitted_at: Micros,
    /// Reporting interval that the device named, seconds.
    pub interval_s: Option<i64>,
    /// Sleep that the device named, seconds.
    pub sleep_s: Option<i64>,
    /// The build that seems to speak.
    pub dialect: Option<String>,
}

/// Writes readings down.
///
/// # Errors
/// [`StoreError::Conflict`] where a message has one already.
pub fn insert(tx: &mut Tx<'_>, rows: &[&ReadingRow]) -> Result<(), StoreError> {
    if !rows.is_empty() {
        insert_rows!(&mut **tx, diesel::insert_into(readings::table), rows.iter().copied());
    }
    Ok(())
}

/// The reading of a message, where it has one.
///
/// # Errors
/// What the database says.
pub fn get(conn: &mut Conn, message: MessageId) -> Result<Option<ReadingRow>, StoreError> {
    Ok(readings::table.find(Id::from(message)).select(ReadingRow::as_select()).first(conn).optional()?)
}

/// Removes the reading of a message that is put through again, or replaced.
///
/// # Errors
/// What the database says.
pub fn remove(tx: &mut Tx<'_>, message: MessageId) -> Result<(), StoreError> {
    diesel::delete(readings::table.find(Id::from(message))).execute(&mut **tx)?;
    Ok(())
}

/// The messages of a modem that stand directly before and after a place in the line. The line is ordered by
/// transmit time, then number; a message whose clock is ahead has no place in it.
///
/// # Errors
/// What the database says.
pub fn neighbours(
    conn: &mut Conn,
    modem: Id,
    at: Micros,
    momsn: Option<i32>,
) -> Result<(Option<Neighbour>, Option<Neighbour>), StoreError> {
    let line = || {
        let line =
            readings::table.filter(readings::modem_id.eq(modem)).filter(readings::clock_ahead.eq(false));
        line.select(Neighbour::as_select())
    };
    // A missing number sorts first on both databases; -1 puts it there in a comparison too.
    let number = momsn.unwrap_or(-1);
    let same_moment = line()
        .filter(readings::transmitted_at.eq(at))
        .order(readings::momsn.asc())
        .limit(100)
        .load::<Neighbour>(conn)?;
    let place = |n: &Neighbour| n.momsn.unwrap_or(-1);
    let mut before = same_moment.iter().rev().find(|n| place(n) < number).cloned();
    let mut after = same_moment.iter().find(|n| place(n) > number).cloned();
    if before.is_none() {
        before = line()
            .filter(readings::transmitted_at.lt(at))
            .order((readings::transmitted_at.desc(), readings::momsn.desc()))
            .first(conn)
            .optional()?;
    }
    if after.is_none() {
        after = line()
            .filter(readings::transmitted_at.gt(at))
            .order((readings::transmitted_at.asc(), readings::momsn.asc()))
            .first(conn)
            .optional()?;
    }
    Ok((before, after))
}

/// Other messages of a modem with the same transmit time and number.
///
/// # Errors
/// What the database says.
pub fn twins(
    conn: &mut Conn,
    modem: Id,
    at: Micros,
    momsn: Option<i32>,
    not: MessageId,
) -> Result<Vec<Id>, StoreError> {
    let Some(momsn) = momsn else { return Ok(Vec::new()) };
    Ok(readings::table
        .filter(readings::modem_id.eq(modem))
        .filter(readings::transmitted_at.eq(at))
        .filter(readings::momsn.eq(momsn))
        .filter(readings::message_id.ne(Id::from(not)))
        .select(readings::message_id)
        .load(conn)?)
}

/// What the newest messages of a modem tell of its plan, newest first.
///
/// # Errors
/// What the database says.
pub fn newest_plans(conn: &mut Conn, modem: Id, limit: i64) -> Result<Vec<Plan>, StoreError> {
    Ok(readings::table
        .filter(readings::modem_id.eq(modem))
        .filter(readings::clock_ahead.eq(false))
        .order((readings::transmitted_at.desc(), readings::momsn.desc()))
        .limit(limit)
        .select(Plan::as_select())
        .load(conn)?)
}

/// The readings of a modem that were transmitted from a moment on, oldest first, with the one before them.
///
/// # Errors
/// What the database says.
pub fn since(conn: &mut Conn, modem: ModemId, from: Time, limit: i64) -> Result<Vec<ReadingRow>, StoreError> {
    let line = || {
        readings::table
            .filter(readings::modem_id.eq(Id::from(modem)))
            .filter(readings::clock_ahead.eq(false))
            .select(ReadingRow::as_select())
    };
    let before: Option<ReadingRow> = line()
        .filter(readings::transmitted_at.lt(Micros::from(from)))
        .order((readings::transmitted_at.desc(), readings::momsn.desc()))
        .first(conn)
        .optional()?;
    let after: Vec<ReadingRow> = line()
        .filter(readings::transmitted_at.ge(Micros::from(from)))
        .order((readings::transmitted_at.asc(), readings::momsn.asc()))
        .limit(limit)
        .load(conn)?;
    Ok(before.into_iter().chain(after).collect())
}

/// The positions of a modem with transmit times in `from..before`, newest first. Each comes with its transmit
/// time, from which the next page goes on.
///
/// # Errors
/// What the database says.
pub fn positions(
    conn: &mut Conn,
    modem: ModemId,
    from: Option<Time>,
    before: Option<Time>,
    limit: i64,
) -> Result<Vec<(Time, Option<PositionView>)>, StoreError> {
    let mut query = readings::table
        .filter(readings::modem_id.eq(Id::from(modem)))
        .select(ReadingRow::as_select())
        .into_boxed();
    if let Some(from) = from {
        query = query.filter(readings::transmitted_at.ge(Micros::from(from)));
    }
    if let Some(before) = before {
        query = query.filter(readings::transmitted_at.lt(Micros::from(before)));
    }
    let rows: Vec<ReadingRow> =
        query.order((readings::transmitted_at.desc(), readings::momsn.desc())).limit(limit).load(conn)?;
    Ok(rows.into_iter().map(|row| (row.transmitted_at.into(), row.position())).collect())
}

/// How far a walk through a modem's readings has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    at: Time,
    /// How many of that moment were passed.
    passed: i64,
}

impl Place {
    /// Before the first reading of a moment.
    pub const fn at(at: Time) -> Self {
        Self { at, passed: 0 }
    }

    /// Behind these readings, which are the next from here.
    fn behind(self, rows: &[ReadingRow]) -> Self {
        let Some(last) = rows.last() else { return self };
        let at = last.transmitted_at;
        let of_it = rows.iter().rev().take_while(|row| row.transmitted_at == at).count();
        let passed = i64::try_from(of_it).unwrap_or(i64::MAX);
        let before = if Micros::from(self.at) == at { self.passed } else { 0 };
        Self { at: at.into(), passed: before.saturating_add(passed) }
    }
}

/// The next readings of a modem with transmit times before `to`, oldest first, and the place behind them. None are
/// left where none come.
///
/// # Errors
/// What the database says.
pub fn walk(
    conn: &mut Conn,
    modem: ModemId,
    place: Place,
    to: Time,
    limit: i64,
) -> Result<(Vec<ReadingRow>, Place), StoreError> {
    // Several can have one moment, and one number too: they are counted, as nothing else tells them apart by an index.
    let rows: Vec<ReadingRow> = readings::table
        .filter(readings::modem_id.eq(Id::from(modem)))
        .filter(readings::transmitted_at.ge(Micros::from(place.at)))
        .filter(readings::transmitted_at.lt(Micros::from(to)))
        .order((readings::transmitted_at.asc(), readings::momsn.asc()))
        .offset(place.passed)
        .limit(limit)
        .select(ReadingRow::as_select())
        .load(conn)?;
    let place = place.behind(&rows);
    Ok((rows, place))
}

impl ReadingRow {
    /// The place it tells of: the GPS fix, else the network's estimate.
    pub fn position(&self) -> Option<PositionView> {
        let gps = (self.latitude, self.longitude, None, self.device_at, PositionSource::Gps);
        let network = (
            self.estimate_latitude,
            self.estimate_longitude,
            self.estimate_accuracy_m,
            self.transmitted_at,
            PositionSource::Satellite,
        );
        [gps, network].into_iter().find_map(|(latitude, longitude, accuracy_m, at, source)| {
            Some(PositionView {
                at: at.into(),
                latitude: Latitude::new(latitude?)?,
                longitude: Longitude::new(longitude?)?,
                accuracy_m,
                source,
                message_id: self.message_id.into(),
                late: self.late,
            })
        })
    }
}
