//! What people write about a modem.

use diesel::prelude::*;
use fairlead_model::{Clock, ModemId, NoteId};

use crate::schema::modem_notes;
use crate::{Conn, Id, Micros, StoreError, Tx};

/// Most notes of one modem.
pub const MOST: i64 = 1_000;

/// One note.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = modem_notes)]
pub struct NoteRow {
    /// Its id.
    pub id: Id,
    /// The modem.
    pub modem_id: Id,
    /// When it was written.
    pub at: Micros,
    /// Who wrote it: the name of the session or of the token.
    pub author: String,
    /// The text.
    pub text: String,
}

/// Adds a note. The modem must be claimed, so that no two units of work count at once.
///
/// # Errors
/// [`StoreError::Refused`] where the modem has [`MOST`] notes.
pub fn add(
    tx: &mut Tx<'_>,
    clock: &Clock,
    modem: ModemId,
    author: &str,
    text: &str,
) -> Result<NoteRow, StoreError> {
    let of_modem = modem_notes::table.filter(modem_notes::modem_id.eq(Id::from(modem)));
    let known: i64 = of_modem.count().get_result(&mut **tx)?;
    if known >= MOST {
        return Err(StoreError::Refused(format!("A modem has at most {MOST} notes. Remove one first.")));
    }
    let row = NoteRow {
        id: NoteId::new(clock).into(),
        modem_id: modem.into(),
        at: clock.now().into(),
        author: author.to_owned(),
        text: text.to_owned(),
    };
    diesel::insert_into(modem_notes::table).values(row.clone()).execute(&mut **tx)?;
    Ok(row)
}

/// One page of a modem's notes, newest first, older than the one with id `before`.
///
/// # Errors
/// What the database says.
pub fn list(
    conn: &mut Conn,
    modem: ModemId,
    before: Option<NoteId>,
    limit: i64,
) -> Result<Vec<NoteRow>, StoreError> {
    let mut query = modem_notes::table
        .filter(modem_notes::modem_id.eq(Id::from(modem)))
        .select(NoteRow::as_select())
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(modem_notes::id.lt(Id::from(before)));
    }
    Ok(query.order(modem_notes::id.desc()).limit(limit).load(conn)?)
}

/// Removes a note of a modem, and says what it was.
///
/// # Errors
/// [`StoreError::NotFound`] where the modem has none of this id.
pub fn remove(tx: &mut Tx<'_>, modem: ModemId, id: NoteId) -> Result<NoteRow, StoreError> {
    let note = modem_notes::table.find(Id::from(id)).filter(modem_notes::modem_id.eq(Id::from(modem)));
    let row = note.select(NoteRow::as_select()).first(&mut **tx)?;
    // Whoever removes it at the same time was faster.
    match diesel::delete(modem_notes::table.find(Id::from(id))).execute(&mut **tx)? {
        0 => Err(StoreError::NotFound),
        _ => Ok(row),
    }
}
