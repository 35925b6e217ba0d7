//! Which modem is meant: one that is known, or one that has not been heard yet.

use diesel::prelude::*;
use fairlead_model::{Clock, Imei, ModemId};

use super::{Checked, Flaw};
use crate::satellite::modems::{self, ModemRow};
use crate::schema::{modem_numbers, modems as table};
use crate::{Conn, Id, StoreError, Tx};

/// How a modem is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModemChoice {
    /// By its id.
    Id(ModemId),
    /// By its number on the network; one that is not known is made known.
    Imei(String),
    /// By the provider's serial number.
    Serial(String),
    /// By the number that old scripts know.
    Number(i64),
}

/// A modem that can be linked: known, or about to be made known.
#[derive(Clone, Debug)]
pub struct PreparedModem {
    pub(super) imei: Imei,
    pub(super) known: Option<ModemRow>,
}

impl PreparedModem {
    /// The id, where it is known.
    pub(super) fn id(&self) -> Option<Id> {
        self.known.as_ref().map(|modem| modem.id)
    }

    /// The modem, made known where it was not.
    pub(super) fn make(self, tx: &mut Tx<'_>, clock: &Clock) -> Result<ModemRow, StoreError> {
        match self.known {
            Some(modem) => Ok(modem),
            None => modems::prepare(tx, clock, &[self.imei])?.pop().ok_or(StoreError::NotFound),
        }
    }
}

/// The modem that is meant.
pub(super) fn find(conn: &mut Conn, choice: &ModemChoice) -> Result<Checked<PreparedModem>, StoreError> {
    let found: Vec<ModemRow> = match choice {
        ModemChoice::Id(id) => table::table.find(Id::from(*id)).select(ModemRow::as_select()).load(conn)?,
        ModemChoice::Imei(text) => {
            let imei = match imei(text) {
                Ok(imei) => imei,
                Err(flaw) => return Ok(Err(vec![flaw])),
            };
            let known = modems::by_imei(conn, imei.as_str())?.map(|(modem, _)| modem);
            return Ok(Ok(PreparedModem { imei, known }));
        }
        ModemChoice::Serial(serial) => {
            table::table.filter(table::serial.eq(serial)).limit(2).select(ModemRow::as_select()).load(conn)?
        }
        ModemChoice::Number(number) => table::table
            .inner_join(modem_numbers::table.on(modem_numbers::modem_id.eq(table::id)))
            .filter(modem_numbers::number.eq(number))
            .select(ModemRow::as_select())
            .load(conn)?,
    };
    let named = choice.to_string();
    Ok(match found.as_slice() {
        [modem] => Ok(known(modem.clone())?),
        [] => Err(vec![Flaw::NoSuchModem(named)]),
        _ => Err(vec![Flaw::SeveralModems(named)]),
    })
}

/// A modem that is known.
pub(super) fn known(modem: ModemRow) -> Result<PreparedModem, StoreError> {
    let imei = modem.imei.parse().map_err(|e| StoreError::Fault(format!("{}: {e}", modem.imei)))?;
    Ok(PreparedModem { imei, known: Some(modem) })
}

/// The IMEI that a text is.
pub(super) fn imei(text: &str) -> Result<Imei, Flaw> {
    let shown: String = text.chars().take(24).collect();
    match text.parse::<Imei>() {
        Ok(imei) if imei == Imei::TEST => {
            Err(Flaw::BadText(format!("{imei} is the sender of test pushes, and no modem.")))
        }
        Ok(imei) => Ok(imei),
        Err(e) => Err(Flaw::BadText(format!("`{shown}` is no IMEI: {e}."))),
    }
}

impl std::fmt::Display for ModemChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Imei(text) | Self::Serial(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
        }
    }
}
