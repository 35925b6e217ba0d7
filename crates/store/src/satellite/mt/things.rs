//! What Cloudloop calls a modem, and which of its sessions were counted.

use diesel::prelude::*;
use fairlead_model::{Clock, ModemId, Time};

use crate::dialect::on_either;
use crate::schema::cloudloop_things;
use crate::{Conn, Id, Micros, StoreError, Tx};

/// Longest name of a thing, in characters.
pub const LONGEST: usize = 64;

/// What Cloudloop calls one modem.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = cloudloop_things)]
#[diesel(treat_none_as_default_value = false)]
pub struct ThingRow {
    /// The modem.
    pub modem_id: Id,
    /// Cloudloop's name for it.
    pub thing: String,
    /// When that was told first.
    pub learned_at: Micros,
    /// The newest session of which was counted what the modem fetched in it.
    pub counted_at: Option<Micros>,
}

/// What Cloudloop calls a modem, where that is known.
///
/// # Errors
/// What the database says.
pub fn get(conn: &mut Conn, modem: ModemId) -> Result<Option<ThingRow>, StoreError> {
    let found = cloudloop_things::table.find(Id::from(modem)).select(ThingRow::as_select());
    Ok(found.first(conn).optional()?)
}

/// Learns what Cloudloop calls a modem. `is_sure`: somebody vouches for it; else a name that is known stays.
///
/// # Errors
/// What the database says.
pub fn learn(
    tx: &mut Tx<'_>,
    clock: &Clock,
    modem: ModemId,
    thing: &str,
    is_sure: bool,
) -> Result<(), StoreError> {
    let known = get(tx, modem)?;
    if known.as_ref().is_some_and(|known| known.thing == thing || !is_sure) {
        return Ok(());
    }
    let row = ThingRow {
        modem_id: modem.into(),
        thing: thing.to_owned(),
        learned_at: clock.now().into(),
        counted_at: known.and_then(|known| known.counted_at),
    };
    on_either!(&mut **tx, c => diesel::replace_into(cloudloop_things::table).values(row).execute(c))?;
    Ok(())
}

/// Notes that sessions up to this one were counted.
///
/// # Errors
/// What the database says.
pub fn note_counted(tx: &mut Tx<'_>, modem: ModemId, at: Time) -> Result<(), StoreError> {
    diesel::update(cloudloop_things::table.find(Id::from(modem)))
        .set(cloudloop_things::counted_at.eq(Some(Micros::from(at))))
        .execute(&mut **tx)?;
    Ok(())
}
