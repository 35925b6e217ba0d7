//! The modems and how each is now: one row of state a modem, never a query over history.

use std::collections::HashMap;
use std::time::Duration;

use diesel::prelude::*;
use fairlead_model::device::DeviceRef;
use fairlead_model::message::{IntervalSource, ModemView, PositionView};
use fairlead_model::{Clock, Imei, Latitude, Longitude, ModemId, PositionSource, Time, Trust};

use super::{gaps, held, word};
use crate::dialect::{self, insert_rows, on_either};
use crate::registry::links;
use crate::schema::{modem_states, modems};
use crate::{Conn, Id, Micros, StoreError, Tx, problems};

/// A modem.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = modems)]
#[diesel(treat_none_as_default_value = false)]
pub struct ModemRow {
    /// Its id.
    pub id: Id,
    /// Its number on the network.
    pub imei: String,
    /// The provider's serial number.
    pub serial: Option<String>,
    /// The build that speaks.
    pub dialect: Option<String>,
    /// When its first message was handled.
    pub first_seen_at: Micros,
    /// The trust in its first message.
    pub first_trust: String,
}

/// How a modem is now. A value is replaced only by one with a newer (device time, MOMSN).
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = modem_states)]
#[diesel(treat_none_as_default_value = false)]
pub struct StateRow {
    /// The modem.
    pub modem_id: Id,
    /// Its newest message by transmit time.
    pub last_message_id: Id,
    /// That message's transmit time.
    pub last_transmitted_at: Micros,
    /// That message's receive time.
    pub last_received_at: Micros,
    /// That message's number.
    pub momsn: Option<i32>,
    /// Device time of the newest GPS fix.
    pub fix_at: Option<Micros>,
    /// Number of the message with that fix.
    pub fix_momsn: Option<i32>,
    /// Degrees north.
    pub fix_latitude: Option<f64>,
    /// Degrees east.
    pub fix_longitude: Option<f64>,
    /// The message with that fix.
    pub fix_message_id: Option<Id>,
    /// Transmit time of the network's newest estimate.
    pub estimate_at: Option<Micros>,
    /// Degrees north.
    pub estimate_latitude: Option<f64>,
    /// Degrees east.
    pub estimate_longitude: Option<f64>,
    /// Radius in metres.
    pub estimate_accuracy_m: Option<f64>,
    /// The message with that estimate.
    pub estimate_message_id: Option<Id>,
    /// Device time of the newest report; speed, course, battery, status and beacon are its.
    pub report_at: Option<Micros>,
    /// Number of the message with that report.
    pub report_momsn: Option<i32>,
    /// Speed over ground, metres per second.
    pub speed_m_s: Option<f64>,
    /// Course over ground, degrees true.
    pub course_deg: Option<f64>,
    /// Battery, volts.
    pub battery_v: Option<f64>,
    /// Interval that silence is measured against, seconds.
    pub interval_s: i64,
    /// Where the interval comes from.
    pub interval_source: String,
    /// The device's word on its wake-up.
    pub status: Option<String>,
    /// Whether its last-mile beacon is on.
    pub beacon_on: Option<bool>,
}

/// The modem of an IMEI, with its state once it has one.
///
/// # Errors
/// What the database says.
pub fn by_imei(conn: &mut Conn, imei: &str) -> Result<Option<(ModemRow, Option<StateRow>)>, StoreError> {
    Ok(modems::table
        .left_join(modem_states::table.on(modem_states::modem_id.eq(modems::id)))
        .filter(modems::imei.eq(imei))
        .select((ModemRow::as_select(), Option::<StateRow>::as_select()))
        .first(conn)
        .optional()?)
}

/// The IMEI of a modem.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn imei(conn: &mut Conn, id: ModemId) -> Result<String, StoreError> {
    Ok(modems::table.find(Id::from(id)).select(modems::imei).first(conn)?)
}

/// The IMEIs of the modems with a serial number, at most two.
///
/// # Errors
/// What the database says.
pub fn imeis_of_serial(conn: &mut Conn, serial: &str) -> Result<Vec<String>, StoreError> {
    let of_serial = modems::table.filter(modems::serial.eq(serial)).order(modems::id);
    Ok(of_serial.limit(2).select(modems::imei).load(conn)?)
}

/// Whether another modem had this serial number before this one, for whose first message nobody vouched.
///
/// # Errors
/// What the database says.
pub fn is_serial_doubted(conn: &mut Conn, modem: ModemId, serial: &str) -> Result<bool, StoreError> {
    let first_trust: String = modems::table.find(Id::from(modem)).select(modems::first_trust).first(conn)?;
    if first_trust.parse::<Trust>().is_ok_and(|trust| trust > Trust::Unsigned) {
        return Ok(false);
    }
    let before = modems::table.filter(modems::serial.eq(serial)).filter(modems::id.lt(Id::from(modem)));
    Ok(before.select(modems::id).first::<Id>(conn).optional()?.is_some())
}

/// The modems of some IMEIs with their states, for a unit of work that will change them: until it is done, no other
/// one gets them so. They are locked in the order of their IMEIs, so that no two units wait for each other.
///
/// # Errors
/// What the database says.
pub fn claim(tx: &mut Tx<'_>, imeis: &[String]) -> Result<Vec<(ModemRow, Option<StateRow>)>, StoreError> {
    let modems = dialect::locked_modems(tx, imeis)?;
    let ids: Vec<Id> = modems.iter().map(|modem| modem.id).collect();
    let states: Vec<StateRow> = modem_states::table
        .filter(modem_states::modem_id.eq_any(ids))
        .select(StateRow::as_select())
        .load(&mut **tx)?;
    let mut states: HashMap<Id, StateRow> = states.into_iter().map(|state| (state.modem_id, state)).collect();
    Ok(modems
        .into_iter()
        .map(|modem| {
            let state = states.remove(&modem.id);
            (modem, state)
        })
        .collect())
}

/// The state of a modem, once it has one.
///
/// # Errors
/// What the database says.
pub fn state(conn: &mut Conn, modem: Id) -> Result<Option<StateRow>, StoreError> {
    Ok(modem_states::table.find(modem).select(StateRow::as_select()).first(conn).optional()?)
}

/// Adds a modem.
///
/// # Errors
/// [`StoreError::Conflict`] where the IMEI has one.
pub fn create(
    tx: &mut Tx<'_>,
    clock: &Clock,
    imei: Imei,
    serial: Option<&str>,
    trust: Trust,
) -> Result<ModemRow, StoreError> {
    let row = ModemRow {
        id: ModemId::new(clock).into(),
        imei: imei.to_string(),
        serial: serial.map(str::to_owned),
        dialect: None,
        first_seen_at: clock.now().into(),
        first_trust: trust.as_str().to_owned(),
    };
    let values = row.clone();
    on_either!(&mut **tx, c => diesel::insert_into(modems::table).values(values).execute(c))?;
    tx.changed.modems.insert(row.id.into());
    Ok(row)
}

/// What stands in place of the trust of a first message where a person made the modem known: it does not count among
/// those that unsigned messages have added.
const BY_HAND: &str = "by_hand";

/// Adds modems that have not been heard yet.
///
/// # Errors
/// [`StoreError::Conflict`] where an IMEI has one.
pub fn prepare(tx: &mut Tx<'_>, clock: &Clock, imeis: &[Imei]) -> Result<Vec<ModemRow>, StoreError> {
    let row = |imei: &Imei| ModemRow {
        id: ModemId::new(clock).into(),
        imei: imei.to_string(),
        serial: None,
        dialect: None,
        first_seen_at: clock.now().into(),
        first_trust: BY_HAND.to_owned(),
    };
    let rows: Vec<ModemRow> = imeis.iter().map(row).collect();
    for some in rows.chunks(dialect::TOGETHER) {
        insert_rows!(&mut **tx, diesel::insert_into(modems::table), some);
    }
    tx.changed.modems.extend(rows.iter().map(|row| ModemId::from(row.id)));
    Ok(rows)
}

/// How many modems came by unsigned messages since a moment. Until the unit of work is done, no other one counts.
///
/// # Errors
/// What the database says.
pub fn count_unsigned_since(tx: &mut Tx<'_>, since: Time) -> Result<i64, StoreError> {
    dialect::lock_first_modem(tx)?;
    Ok(modems::table
        .filter(modems::first_trust.eq(Trust::Unsigned.as_str()))
        .filter(modems::first_seen_at.ge(Micros::from(since)))
        .count()
        .get_result(&mut **tx)?)
}

/// Notes which build speaks, and the serial number.
///
/// # Errors
/// What the database says.
pub fn describe(
    tx: &mut Tx<'_>,
    modem: Id,
    serial: Option<&str>,
    dialect: Option<&str>,
) -> Result<(), StoreError> {
    diesel::update(modems::table.find(modem))
        .set((modems::serial.eq(serial), modems::dialect.eq(dialect)))
        .execute(&mut **tx)?;
    tx.changed.modems.insert(modem.into());
    Ok(())
}

/// Writes states, whether the modems had one or not.
///
/// # Errors
/// What the database says.
pub fn put_states(tx: &mut Tx<'_>, rows: &[StateRow]) -> Result<(), StoreError> {
    // A whole row each time: one statement, prepared once, where an update of so many columns is written anew.
    if !rows.is_empty() {
        insert_rows!(&mut **tx, diesel::replace_into(modem_states::table), rows);
        tx.changed.modems.extend(rows.iter().map(|row| ModemId::from(row.modem_id)));
    }
    Ok(())
}

/// How many modems there are.
///
/// # Errors
/// What the database says.
pub fn count(conn: &mut Conn) -> Result<i64, StoreError> {
    Ok(modems::table.count().get_result(conn)?)
}

/// One modem as shown.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn view(conn: &mut Conn, id: ModemId) -> Result<ModemView, StoreError> {
    views(conn, &[id])?.pop().ok_or(StoreError::NotFound)
}

/// These modems as shown; unknown ids are left out.
///
/// # Errors
/// What the database says.
pub fn views(conn: &mut Conn, ids: &[ModemId]) -> Result<Vec<ModemView>, StoreError> {
    let ids: Vec<Id> = ids.iter().copied().map(Id::from).collect();
    let rows = modems::table
        .left_join(modem_states::table.on(modem_states::modem_id.eq(modems::id)))
        .filter(modems::id.eq_any(ids))
        .order(modems::id)
        .select((ModemRow::as_select(), Option::<StateRow>::as_select()))
        .load(conn)?;
    complete(conn, rows)
}

/// One page of modems in the order in which they came, after the one with id `after`.
///
/// # Errors
/// What the database says.
pub fn list(conn: &mut Conn, after: Option<ModemId>, limit: i64) -> Result<Vec<ModemView>, StoreError> {
    let after = Id::from(after.unwrap_or_else(|| uuid::Uuid::nil().into()));
    let rows = modems::table
        .left_join(modem_states::table.on(modem_states::modem_id.eq(modems::id)))
        .filter(modems::id.gt(after))
        .order(modems::id)
        .limit(limit)
        .select((ModemRow::as_select(), Option::<StateRow>::as_select()))
        .load(conn)?;
    complete(conn, rows)
}

fn complete(conn: &mut Conn, rows: Vec<(ModemRow, Option<StateRow>)>) -> Result<Vec<ModemView>, StoreError> {
    let ids: Vec<Id> = rows.iter().map(|(modem, _)| modem.id).collect();
    let imeis: Vec<String> = rows.iter().map(|(modem, _)| modem.imei.clone()).collect();
    let missing = gaps::missing_by_modem(conn, &ids)?;
    let problems = problems::count_open_by_modem(conn, &ids)?;
    let signed = held::signed_since(conn, &imeis)?;
    let mut devices = links::open_by_modem(conn, &ids)?;
    rows.into_iter()
        .map(|(modem, state)| {
            let facts = Counts {
                device: devices.remove(&modem.id),
                missing: missing.get(&modem.id).copied().unwrap_or(0),
                open_problems: problems.get(&modem.id).copied().unwrap_or(0),
                signed_since: signed.get(&modem.imei).copied(),
            };
            as_shown(modem, state, facts)
        })
        .collect()
}

struct Counts {
    device: Option<DeviceRef>,
    missing: i64,
    open_problems: i64,
    signed_since: Option<Time>,
}

/// Slack that a message has beyond its interval before it is late: a wake takes up to 6 minutes (v3 firmware's
/// limit on one wake).
const WAKE: Duration = Duration::from_secs(360);

/// Intervals after which a device that has not been heard is silent: the firmware's own retries fit in three.
const SILENT_AFTER: u32 = 3;

fn as_shown(modem: ModemRow, state: Option<StateRow>, counts: Counts) -> Result<ModemView, StoreError> {
    let interval = state.as_ref().map(|s| Duration::from_secs(u64::try_from(s.interval_s).unwrap_or(0)));
    let last = state.as_ref().map(|s| Time::from(s.last_transmitted_at));
    let after = |times: u32, slack| Some(last?.plus(interval?.saturating_mul(times)).plus(slack));
    let shown = ModemView {
        device: counts.device,
        id: modem.id.into(),
        imei: modem.imei.parse().map_err(|e| StoreError::Fault(format!("{}: {e}", modem.imei)))?,
        serial: modem.serial,
        dialect: word(modem.dialect.as_deref())?,
        first_seen_at: modem.first_seen_at.into(),
        signed_since: counts.signed_since,
        last_seen_at: last,
        last_received_at: state.as_ref().map(|s| s.last_received_at.into()),
        momsn: state.as_ref().and_then(|s| s.momsn),
        fix: state.as_ref().and_then(StateRow::fix),
        estimate: state.as_ref().and_then(StateRow::estimate),
        speed_m_s: state.as_ref().and_then(|s| s.speed_m_s),
        course_deg: state.as_ref().and_then(|s| s.course_deg),
        battery_v: state.as_ref().and_then(|s| s.battery_v),
        interval_s: state.as_ref().map_or(0, |s| s.interval_s),
        interval_source: word(state.as_ref().map(|s| s.interval_source.as_str()))?
            .unwrap_or(IntervalSource::Assumed),
        status: word(state.as_ref().and_then(|s| s.status.as_deref()))?,
        beacon_on: state.as_ref().and_then(|s| s.beacon_on),
        expected_at: after(1, Duration::ZERO),
        late_at: after(1, WAKE),
        silent_at: after(SILENT_AFTER, WAKE),
        missing: counts.missing,
        open_problems: counts.open_problems,
    };
    Ok(shown)
}

impl StateRow {
    fn fix(&self) -> Option<PositionView> {
        Some(PositionView {
            at: self.fix_at?.into(),
            latitude: Latitude::new(self.fix_latitude?)?,
            longitude: Longitude::new(self.fix_longitude?)?,
            accuracy_m: None,
            source: PositionSource::Gps,
            message_id: self.fix_message_id?.into(),
            late: false,
        })
    }

    fn estimate(&self) -> Option<PositionView> {
        Some(PositionView {
            at: self.estimate_at?.into(),
            latitude: Latitude::new(self.estimate_latitude?)?,
            longitude: Longitude::new(self.estimate_longitude?)?,
            accuracy_m: self.estimate_accuracy_m,
            source: PositionSource::Satellite,
            message_id: self.estimate_message_id?.into(),
            late: false,
        })
    }
}
