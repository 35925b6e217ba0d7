//! What sending knows of a modem: who pays, which build it is, what the provider has against it.

use diesel::prelude::*;
use fairlead_model::ModemId;

use crate::dialect::on_either;
use crate::schema::mt_modems;
use crate::{Conn, Id, Micros, StoreError, Tx};

/// One modem, as sending sees it.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = mt_modems)]
#[diesel(treat_none_as_default_value = false)]
pub struct MtModemRow {
    /// The modem.
    pub modem_id: Id,
    /// The account that pays, where a person said so.
    pub account: Option<String>,
    /// The build of its device, where a person said so.
    pub generation: Option<String>,
    /// Why the provider takes nothing for it.
    pub fault: Option<String>,
    /// Since when.
    pub fault_at: Option<Micros>,
    /// Something was sent to it that has not shown itself yet: who hears it tells the courier.
    pub awaits: bool,
}

/// What is noted of a modem; nothing in particular where nothing was.
///
/// # Errors
/// What the database says.
pub fn get(conn: &mut Conn, modem: ModemId) -> Result<MtModemRow, StoreError> {
    let id = Id::from(modem);
    let found = mt_modems::table.find(id).select(MtModemRow::as_select()).first(conn).optional()?;
    Ok(found.unwrap_or(MtModemRow {
        modem_id: id,
        account: None,
        generation: None,
        fault: None,
        fault_at: None,
        awaits: false,
    }))
}

/// Writes it down. The modem must be claimed.
///
/// # Errors
/// What the database says.
pub fn put(tx: &mut Tx<'_>, row: &MtModemRow) -> Result<(), StoreError> {
    on_either!(&mut **tx, c => diesel::replace_into(mt_modems::table).values(row).execute(c))?;
    Ok(())
}

/// Those of some modems that are expected to show that they got something.
///
/// # Errors
/// What the database says.
pub fn awaited(conn: &mut Conn, modems: &[Id]) -> Result<Vec<ModemId>, StoreError> {
    let ids: Vec<Id> = mt_modems::table
        .filter(mt_modems::modem_id.eq_any(modems.to_vec()))
        .filter(mt_modems::awaits.eq(true))
        .select(mt_modems::modem_id)
        .load(conn)?;
    Ok(ids.into_iter().map(Into::into).collect())
}
