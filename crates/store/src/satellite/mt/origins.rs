//! Which route made a message to a device, of what: so that the newest position counts, and an answer starts no route anew.

use diesel::prelude::*;
use fairlead_model::mt::{MtState, OrderKind};
use fairlead_model::{ModemId, MtId};

use super::MtRow;
use crate::schema::{mt_messages, mt_origins};
use crate::{Conn, Id, Micros, StoreError, Tx};

/// Where a message to a device comes from.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = mt_origins)]
#[diesel(treat_none_as_default_value = false)]
pub struct OriginRow {
    /// The message to a device.
    pub mt_id: Id,
    /// The route that made it.
    pub route_id: Id,
    /// The delivery that it was made of.
    pub delivery_id: Id,
    /// The modem that sent what it was made of.
    pub source_modem: Id,
    /// When the position in it was taken, where it tells one.
    pub position_at: Option<Micros>,
}

/// Notes where a message comes from, in the transaction in which it is made.
///
/// # Errors
/// [`StoreError::Conflict`] where that is noted already; else what the database says.
pub fn insert(tx: &mut Tx<'_>, row: &OriginRow) -> Result<(), StoreError> {
    diesel::insert_into(mt_origins::table).values(row.clone()).execute(&mut **tx)?;
    Ok(())
}

/// Where a message comes from; `None` where no route made it.
///
/// # Errors
/// What the database says.
pub fn get(conn: &mut Conn, mt: MtId) -> Result<Option<OriginRow>, StoreError> {
    let found = mt_origins::table.find(Id::from(mt)).select(OriginRow::as_select());
    Ok(found.first(conn).optional()?)
}

/// The positions of the modem `source` that wait to be sent to the modem `target`, oldest first.
///
/// # Errors
/// What the database says.
pub fn queued_positions(
    conn: &mut Conn,
    target: ModemId,
    source: ModemId,
    limit: i64,
) -> Result<Vec<MtRow>, StoreError> {
    Ok(mt_messages::table
        .inner_join(mt_origins::table.on(mt_origins::mt_id.eq(mt_messages::id)))
        .filter(mt_messages::modem_id.eq(Id::from(target)))
        .filter(mt_messages::state.eq(MtState::Queued.as_str()))
        .filter(mt_messages::kind.eq(OrderKind::Position.as_str()))
        .filter(mt_origins::source_modem.eq(Id::from(source)))
        .order(mt_messages::id)
        .limit(limit)
        .select(MtRow::as_select())
        .load(conn)?)
}
