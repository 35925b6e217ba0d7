//! What was done once in the life of an installation.

use diesel::prelude::*;
use fairlead_model::{Clock, Time};

use crate::schema::milestones;
use crate::{Conn, Micros, StoreError, Tx};

/// When a milestone was reached, if it was.
///
/// # Errors
/// What the database says.
pub fn reached(conn: &mut Conn, name: &str) -> Result<Option<Time>, StoreError> {
    let at = milestones::table.find(name).select(milestones::at).first::<Micros>(conn).optional()?;
    Ok(at.map(Into::into))
}

/// Notes that a milestone was reached, if it was not before.
///
/// # Errors
/// What the database says.
pub fn reach(tx: &mut Tx<'_>, clock: &Clock, name: &str, actor: &str) -> Result<(), StoreError> {
    if reached(tx, name)?.is_none() {
        diesel::insert_into(milestones::table)
            .values((
                milestones::name.eq(name),
                milestones::at.eq(Micros::from(clock.now())),
                milestones::actor.eq(actor),
            ))
            .execute(&mut **tx)?;
    }
    Ok(())
}
