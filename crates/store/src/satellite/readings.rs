//! What was read from each message, and where each stands in its modem's line of messages.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use diesel::prelude::*;
use fairlead_model::message::PositionView;
use fairlead_model::{DeviceId, Latitude, Longitude, MessageId, ModemId, PositionSource, Time};

use crate::dialect::insert_rows;
use crate::registry::links;
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

/// The numbered messages of a modem that stand directly before and after a place in the line. The line is ordered by
/// transmit time, number and id; a message whose clock is ahead has no place in it, and one without a number says
/// nothing about numbers.
///
/// # Errors
/// What the database says.
pub fn neighbours(
    conn: &mut Conn,
    modem: Id,
    (at, momsn, message): (Micros, i32, Id),
) -> Result<(Option<Neighbour>, Option<Neighbour>), StoreError> {
    let line = || {
        readings::table
            .filter(readings::modem_id.eq(modem))
            .filter(readings::clock_ahead.eq(false))
            .filter(readings::momsn.is_not_null())
            .select(Neighbour::as_select())
    };
    let same_moment = line()
        .filter(readings::transmitted_at.eq(at))
        .order((readings::momsn.asc(), readings::message_id.asc()))
        .limit(100)
        .load::<Neighbour>(conn)?;
    let place = |n: &Neighbour| (n.momsn.unwrap_or(-1), n.message_id);
    let mut before = same_moment.iter().rev().find(|n| place(n) < (momsn, message)).cloned();
    let mut after = same_moment.iter().find(|n| place(n) > (momsn, message)).cloned();
    if before.is_none() {
        before = line()
            .filter(readings::transmitted_at.lt(at))
            .order((readings::transmitted_at.desc(), readings::momsn.desc(), readings::message_id.desc()))
            .first(conn)
            .optional()?;
    }
    if after.is_none() {
        after = line()
            .filter(readings::transmitted_at.gt(at))
            .order((readings::transmitted_at.asc(), readings::momsn.asc(), readings::message_id.asc()))
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

/// The messages of a modem that were transmitted within a second from `at` on, at most a hundred.
///
/// # Errors
/// What the database says.
pub fn of_second(conn: &mut Conn, modem: Id, at: Micros) -> Result<Vec<MessageId>, StoreError> {
    let ids: Vec<Id> = readings::table
        .filter(readings::modem_id.eq(modem))
        .filter(readings::transmitted_at.ge(at))
        .filter(readings::transmitted_at.lt(Micros(at.0.saturating_add(1_000_000))))
        .limit(100)
        .select(readings::message_id)
        .load(conn)?;
    Ok(ids.into_iter().map(Into::into).collect())
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

/// The newest readings of a modem that were transmitted from a moment on, oldest first, with the one before them.
///
/// # Errors
/// What the database says.
pub fn since(conn: &mut Conn, modem: ModemId, from: Time, limit: i64) -> Result<Vec<ReadingRow>, StoreError> {
    let line = || {
        readings::table
            .filter(readings::modem_id.eq(Id::from(modem)))
            .filter(readings::clock_ahead.eq(false))
            .order((readings::transmitted_at.desc(), readings::momsn.desc()))
            .select(ReadingRow::as_select())
    };
    let mut found: Vec<ReadingRow> = line()
        .filter(readings::transmitted_at.ge(Micros::from(from)))
        .limit(limit.saturating_add(1))
        .load(conn)?;
    // Of more than that, the first one is the one before.
    if found.len() <= usize::try_from(limit).unwrap_or(usize::MAX) {
        let before = line().filter(readings::transmitted_at.lt(Micros::from(from)));
        found.extend(before.first(conn).optional()?);
    }
    found.reverse();
    Ok(found)
}

/// The newest readings of a modem with transmit times in `from..=to`, oldest first, that say something of a message to
/// its device by themselves: those of a kind, and those with one of some words on the wake-up.
///
/// # Errors
/// What the database says.
pub fn answers(
    conn: &mut Conn,
    modem: ModemId,
    (from, to): (Time, Time),
    (kind, statuses): (&str, &[&str]),
    limit: i64,
) -> Result<Vec<ReadingRow>, StoreError> {
    let mut found: Vec<ReadingRow> = readings::table
        .filter(readings::modem_id.eq(Id::from(modem)))
        .filter(readings::clock_ahead.eq(false))
        .filter(readings::transmitted_at.ge(Micros::from(from)))
        .filter(readings::transmitted_at.le(Micros::from(to)))
        .filter(readings::kind.eq(kind).or(readings::status.eq_any(statuses.to_vec())))
        .order((readings::transmitted_at.desc(), readings::momsn.desc()))
        .limit(limit)
        .select(ReadingRow::as_select())
        .load(conn)?;
    found.reverse();
    Ok(found)
}

/// A place in the line of a modem's messages. It names one message, also among several of one transmit time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Transmit time.
    pub transmitted_at: Time,
    /// The modem's message number.
    pub momsn: Option<i32>,
    /// The message.
    pub message_id: MessageId,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let momsn = self.momsn.map(|n| n.to_string()).unwrap_or_default();
        write!(f, "{}.{momsn}.{}", self.transmitted_at.micros(), self.message_id)
    }
}

impl FromStr for Place {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let place = || {
            let (at, rest) = text.split_once('.')?;
            let (momsn, message) = rest.split_once('.')?;
            Some(Self {
                transmitted_at: Time::from_micros(at.parse().ok()?),
                momsn: if momsn.is_empty() { None } else { Some(momsn.parse().ok()?) },
                message_id: message.parse().ok()?,
            })
        };
        place().ok_or_else(|| format!("`{text}` is no place in a line of messages"))
    }
}

/// Which readings of a modem to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// Only those not transmitted before this moment.
    pub from: Option<Time>,
    /// Only those transmitted before this moment.
    pub to: Option<Time>,
    /// Only those that stand before this place (a page's cursor).
    pub before: Option<Place>,
}

/// One page of a modem's readings, newest first.
///
/// # Errors
/// What the database says.
pub fn page(
    conn: &mut Conn,
    modem: ModemId,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<ReadingRow>, StoreError> {
    let mut query = readings::table
        .filter(readings::modem_id.eq(Id::from(modem)))
        .select(ReadingRow::as_select())
        .into_boxed();
    if let Some(from) = filter.from {
        query = query.filter(readings::transmitted_at.ge(Micros::from(from)));
    }
    if let Some(to) = filter.to {
        query = query.filter(readings::transmitted_at.lt(Micros::from(to)));
    }
    if let Some(place) = filter.before {
        let (at, id) = (Micros::from(place.transmitted_at), Id::from(place.message_id));
        let earlier = readings::transmitted_at.lt(at);
        let least = readings::momsn.is_null();
        // The first condition says no more than the second, but it alone tells an index where to begin.
        query = query.filter(readings::transmitted_at.le(at));
        query = match place.momsn {
            Some(momsn) => {
                let same_number = readings::momsn.eq(momsn).and(readings::message_id.lt(id));
                query.filter(earlier.or(readings::momsn.lt(momsn)).or(least).or(same_number))
            }
            None => query.filter(earlier.or(least.and(readings::message_id.lt(id)))),
        };
    }
    let newest_first = (readings::transmitted_at.desc(), readings::momsn.desc(), readings::message_id.desc());
    Ok(query.order(newest_first).limit(limit).load(conn)?)
}

/// The next readings of a modem with transmit times in `from..to`, oldest first, behind a place where one is named.
///
/// # Errors
/// What the database says.
pub fn walk(
    conn: &mut Conn,
    modem: ModemId,
    (from, to): (Time, Time),
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<ReadingRow>, StoreError> {
    let mut query = readings::table
        .filter(readings::modem_id.eq(Id::from(modem)))
        .filter(readings::transmitted_at.lt(Micros::from(to)))
        .select(ReadingRow::as_select())
        .into_boxed();
    // As in a page: what an index begins at, and beside it what it cannot tell.
    query = match after {
        None => query.filter(readings::transmitted_at.ge(Micros::from(from))),
        Some(place) => {
            let (at, id) = (Micros::from(place.transmitted_at), Id::from(place.message_id));
            let later = readings::transmitted_at.gt(at);
            let query = query.filter(readings::transmitted_at.ge(at));
            match place.momsn {
                Some(momsn) => {
                    let same_number = readings::momsn.eq(momsn).and(readings::message_id.gt(id));
                    query.filter(later.or(readings::momsn.gt(momsn)).or(same_number))
                }
                None => {
                    let least = readings::momsn.is_null().and(readings::message_id.gt(id));
                    query.filter(later.or(readings::momsn.is_not_null()).or(least))
                }
            }
        }
    };
    let oldest_first = (readings::transmitted_at.asc(), readings::momsn.asc(), readings::message_id.asc());
    Ok(query.order(oldest_first).limit(limit).load(conn)?)
}

/// What was read from these messages; those of which nothing was are left out.
///
/// # Errors
/// What the database says.
pub fn of_messages(conn: &mut Conn, ids: &[MessageId]) -> Result<HashMap<MessageId, ReadingRow>, StoreError> {
    let ids: Vec<Id> = ids.iter().copied().map(Id::from).collect();
    let rows: Vec<ReadingRow> = readings::table
        .filter(readings::message_id.eq_any(ids))
        .select(ReadingRow::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.message_id.into(), row)).collect())
}

/// Where a device was before a message of one of its modems (`modem`, sent at `place`): the newest position by its own
/// receiver that was sent before, while its modem was in it.
///
/// # Errors
/// What the database says.
pub fn fix_before(
    conn: &mut Conn,
    device: DeviceId,
    modem: Id,
    place: Place,
) -> Result<Option<(f64, f64)>, StoreError> {
    let (at, id) = (Micros::from(place.transmitted_at), Id::from(place.message_id));
    for (linked, since, until) in links::modems_before(conn, device, at)? {
        let mut query = readings::table
            .filter(readings::modem_id.eq(linked))
            .filter(readings::transmitted_at.ge(since))
            .filter(readings::transmitted_at.le(until.map_or(at, |until| until.min(at))))
            .filter(readings::latitude.is_not_null())
            .filter(readings::longitude.is_not_null())
            .filter(readings::clock_ahead.eq(false))
            .filter(readings::message_id.ne(id))
            .select((readings::latitude.assume_not_null(), readings::longitude.assume_not_null()))
            .into_boxed();
        if linked == modem {
            let earlier = readings::transmitted_at.lt(at);
            query = match place.momsn {
                Some(momsn) => {
                    query.filter(earlier.or(readings::momsn.lt(momsn)).or(readings::momsn.is_null()))
                }
                None => query.filter(earlier),
            };
        }
        let newest_first =
            (readings::transmitted_at.desc(), readings::momsn.desc(), readings::message_id.desc());
        if let Some(found) = query.order(newest_first).first(conn).optional()? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// A message, and where its modem's device was by its own receiver, degrees north and east.
pub type Fix = (MessageId, (f64, f64));

/// Where a modem was by its own receiver behind a place in its line: messages in their order, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn fixes_after(conn: &mut Conn, modem: Id, place: Place, limit: i64) -> Result<Vec<Fix>, StoreError> {
    let at = Micros::from(place.transmitted_at);
    let behind = readings::transmitted_at.gt(at);
    let mut query = readings::table
        .filter(readings::modem_id.eq(modem))
        .filter(readings::transmitted_at.ge(at))
        .filter(readings::clock_ahead.eq(false))
        .filter(readings::latitude.is_not_null())
        .filter(readings::longitude.is_not_null())
        .select((
            readings::message_id,
            (readings::latitude.assume_not_null(), readings::longitude.assume_not_null()),
        ))
        .into_boxed();
    query = match place.momsn {
        Some(momsn) => query.filter(behind.or(readings::momsn.gt(momsn))),
        None => query.filter(behind),
    };
    let found: Vec<(Id, (f64, f64))> = query
        .order((readings::transmitted_at.asc(), readings::momsn.asc(), readings::message_id.asc()))
        .limit(limit)
        .load(conn)?;
    Ok(found.into_iter().map(|(id, position)| (id.into(), position)).collect())
}

/// When a modem's first message was transmitted, of those that stand in its line.
///
/// # Errors
/// What the database says.
pub fn first_transmitted(conn: &mut Conn, modem: Id) -> Result<Option<Time>, StoreError> {
    let first: Option<Micros> = readings::table
        .filter(readings::modem_id.eq(modem))
        .order(readings::transmitted_at)
        .select(readings::transmitted_at)
        .first(conn)
        .optional()?;
    Ok(first.map(Into::into))
}

/// How many messages of a modem were transmitted since a moment, of those that stand in its line.
///
/// # Errors
/// What the database says.
pub fn count_since(conn: &mut Conn, modem: Id, since: Time) -> Result<i64, StoreError> {
    let of_modem = readings::table.filter(readings::modem_id.eq(modem));
    Ok(of_modem.filter(readings::transmitted_at.ge(Micros::from(since))).count().get_result(conn)?)
}

impl ReadingRow {
    /// Where its message stands in the line.
    pub fn place(&self) -> Place {
        Place {
            transmitted_at: self.transmitted_at.into(),
            momsn: self.momsn,
            message_id: self.message_id.into(),
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let message_id = MessageId::from(uuid::Uuid::from_bytes([7; 16]));
        for momsn in [None, Some(0), Some(65_535)] {
            let place = Place { transmitted_at: Time::from_micros(1_780_315_200_000_001), momsn, message_id };
            assert_eq!(place.to_string().parse(), Ok(place));
        }
        for wrong in ["", "1", "1.2", "1.2.3", ".2.07070707-0707-0707-0707-070707070707"] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong}");
        }
    }
}
