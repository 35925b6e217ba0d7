//! People who may sign in by name. A password is kept as a PHC string of argon2id; making one is not the store's work.

use diesel::prelude::*;
use fairlead_model::role::Role;
use fairlead_model::{Clock, PersonId, Time};

use crate::schema::{people, person_links, person_sessions, sessions, sign_in_links};
use crate::{Conn, Digest, Id, Micros, StoreError, Tx, sign_in};

/// Longest name, in characters.
pub const LONGEST_NAME: usize = 64;

/// Most people that are listed; a server has a few dozen.
const MOST: i64 = 1_000;

/// A person. Without `Debug`: a password's hash is in it.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = people)]
#[diesel(treat_none_as_default_value = false)]
pub struct PersonRow {
    /// The person's id.
    pub id: Id,
    /// The name, as it was written.
    pub name: String,
    /// The name without regard to case, by which it is unique.
    pub name_key: String,
    /// What the person may do.
    pub role: String,
    /// The password's PHC string; absent until the person has chosen one.
    pub password: Option<String>,
    /// Whether the person is kept out.
    pub disabled: bool,
    /// The person's choices, as JSON.
    pub preferences: Option<String>,
    /// When the person was added.
    pub created_at: Micros,
    /// When the person signed in last.
    pub last_sign_in_at: Option<Micros>,
}

impl PersonRow {
    /// What the person may do.
    ///
    /// # Errors
    /// [`StoreError::Fault`] where the row holds what this program never writes.
    pub fn role(&self) -> Result<Role, StoreError> {
        self.role.parse().map_err(StoreError::Fault)
    }
}

/// The name in the form by which it is unique.
pub fn name_key(name: &str) -> String {
    name.trim().to_lowercase()
}

/// The name as it is kept.
///
/// # Errors
/// [`StoreError::Refused`] with a sentence where it is no name.
pub fn checked_name(name: &str) -> Result<&str, StoreError> {
    let name = name.trim();
    let length = name.chars().count();
    if length == 0 || length > LONGEST_NAME || name.chars().any(char::is_control) {
        let sentence =
            format!("A name has 1 to {LONGEST_NAME} characters, none of them a control character.");
        return Err(StoreError::Refused(sentence));
    }
    Ok(name)
}

/// Adds a person; `None` where the name is taken.
///
/// # Errors
/// [`StoreError::Refused`] where the name is none; else what the database says.
pub fn create(
    tx: &mut Tx<'_>,
    clock: &Clock,
    name: &str,
    role: Role,
    password: Option<String>,
) -> Result<Option<PersonRow>, StoreError> {
    let name = checked_name(name)?;
    if by_name(tx, name)?.is_some() {
        return Ok(None);
    }
    let row = PersonRow {
        id: PersonId::new(clock).into(),
        name: name.to_owned(),
        name_key: name_key(name),
        role: role.as_str().to_owned(),
        password,
        disabled: false,
        preferences: None,
        created_at: clock.now().into(),
        last_sign_in_at: None,
    };
    diesel::insert_into(people::table).values(row.clone()).execute(&mut **tx)?;
    Ok(Some(row))
}

/// All people, by name.
///
/// # Errors
/// What the database says.
pub fn list(conn: &mut Conn) -> Result<Vec<PersonRow>, StoreError> {
    Ok(people::table.order(people::name_key).limit(MOST).select(PersonRow::as_select()).load(conn)?)
}

/// A person.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn get(conn: &mut Conn, id: PersonId) -> Result<PersonRow, StoreError> {
    Ok(people::table.find(Id::from(id)).select(PersonRow::as_select()).first(conn)?)
}

/// A person, locked until the transaction ends: what is decided by what is read stays true.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn claim(tx: &mut Tx<'_>, id: PersonId) -> Result<PersonRow, StoreError> {
    let same = diesel::update(people::table.find(Id::from(id))).set(people::name.eq(people::name));
    same.execute(&mut **tx)?;
    get(tx, id)
}

/// The person of a name, without regard to case.
///
/// # Errors
/// What the database says.
pub fn by_name(conn: &mut Conn, name: &str) -> Result<Option<PersonRow>, StoreError> {
    let named = people::table.filter(people::name_key.eq(name_key(name)));
    Ok(named.select(PersonRow::as_select()).first(conn).optional()?)
}

/// Whether somebody may let others in: an administrator who has a password and is not kept out.
///
/// # Errors
/// What the database says.
pub fn any_administrator(conn: &mut Conn) -> Result<bool, StoreError> {
    Ok(administrators_but(conn, None)? > 0)
}

/// Gives a person a role, keeps one out, or lets one in again. `false` where nobody would be left who may let others
/// in. Who is kept out is signed out.
///
/// # Errors
/// What the database says.
pub fn change(tx: &mut Tx<'_>, id: PersonId, role: Role, disabled: bool) -> Result<bool, StoreError> {
    let loses = disabled || role != Role::Admin;
    if loses && is_last_administrator(tx, id)? {
        return Ok(false);
    }
    diesel::update(people::table.find(Id::from(id)))
        .set((people::role.eq(role.as_str()), people::disabled.eq(disabled)))
        .execute(&mut **tx)?;
    if disabled {
        sign_out(tx, id, None)?;
    }
    Ok(true)
}

/// Removes a person with sessions and links. `false` where nobody would be left who may let others in.
///
/// # Errors
/// What the database says.
pub fn remove(tx: &mut Tx<'_>, id: PersonId) -> Result<bool, StoreError> {
    if is_last_administrator(tx, id)? {
        return Ok(false);
    }
    sign_out(tx, id, None)?;
    revoke_links(tx, id)?;
    diesel::delete(people::table.find(Id::from(id))).execute(&mut **tx)?;
    Ok(true)
}

/// Keeps a person's password, and ends the person's sessions but one: whoever changes a password may have lost the
/// old one.
///
/// # Errors
/// What the database says.
pub fn set_password(
    tx: &mut Tx<'_>,
    id: PersonId,
    password: &str,
    but: Option<Digest>,
) -> Result<(), StoreError> {
    diesel::update(people::table.find(Id::from(id)))
        .set(people::password.eq(Some(password)))
        .execute(&mut **tx)?;
    revoke_links(tx, id)?;
    sign_out(tx, id, but)?;
    if let Some(session) = but {
        // From now on the password is known to be the person's.
        diesel::update(person_sessions::table.find(session))
            .set(person_sessions::by_link.eq(false))
            .execute(&mut **tx)?;
    }
    Ok(())
}

/// Keeps a person's choices.
///
/// # Errors
/// What the database says.
pub fn set_preferences(tx: &mut Tx<'_>, id: PersonId, json: &str) -> Result<(), StoreError> {
    diesel::update(people::table.find(Id::from(id)))
        .set(people::preferences.eq(Some(json)))
        .execute(&mut **tx)?;
    Ok(())
}

/// Makes a one-time link a person's; earlier ones of that person are good no more.
///
/// # Errors
/// What the database says.
pub fn create_link(tx: &mut Tx<'_>, id: PersonId, secret: &str, expires_at: Time) -> Result<(), StoreError> {
    let person = get(tx, id)?;
    revoke_links(tx, id)?;
    sign_in::create_link(tx, person.role()?, secret, expires_at)?;
    diesel::insert_into(person_links::table)
        .values((person_links::hash.eq(sign_in::hash(secret)), person_links::person_id.eq(Id::from(id))))
        .execute(&mut **tx)?;
    Ok(())
}

/// Whose a link is; `None` where it is nobody's.
///
/// # Errors
/// What the database says.
pub fn of_link(conn: &mut Conn, secret: &str) -> Result<Option<PersonId>, StoreError> {
    let of = person_links::table.find(sign_in::hash(secret)).select(person_links::person_id);
    Ok(of.first::<Id>(conn).optional()?.map(Into::into))
}

/// Notes that a session began with a link that is nobody's: whoever has it may become a person.
///
/// # Errors
/// What the database says.
pub fn mark_link_session(tx: &mut Tx<'_>, session: Digest) -> Result<(), StoreError> {
    diesel::insert_into(person_sessions::table)
        .values((
            person_sessions::hash.eq(session),
            person_sessions::person_id.eq(None::<Id>),
            person_sessions::by_link.eq(true),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Makes a session a person's, who has signed in now.
///
/// # Errors
/// What the database says.
pub fn claim_session(
    tx: &mut Tx<'_>,
    id: PersonId,
    session: Digest,
    by_link: bool,
    now: Time,
) -> Result<(), StoreError> {
    diesel::delete(person_sessions::table.find(session)).execute(&mut **tx)?;
    diesel::insert_into(person_sessions::table)
        .values((
            person_sessions::hash.eq(session),
            person_sessions::person_id.eq(Some(Id::from(id))),
            person_sessions::by_link.eq(by_link),
        ))
        .execute(&mut **tx)?;
    diesel::update(people::table.find(Id::from(id)))
        .set(people::last_sign_in_at.eq(Some(Micros::from(now))))
        .execute(&mut **tx)?;
    Ok(())
}

fn is_last_administrator(tx: &mut Tx<'_>, id: PersonId) -> Result<bool, StoreError> {
    let person = get(tx, id)?;
    let is_one = person.role()? == Role::Admin && !person.disabled && person.password.is_some();
    // Locks them: two who would take each other's role at once do so one after the other.
    diesel::update(people::table.filter(people::role.eq(Role::Admin.as_str())))
        .set(people::role.eq(people::role))
        .execute(&mut **tx)?;
    Ok(is_one && administrators_but(tx, Some(id))? == 0)
}

fn administrators_but(conn: &mut Conn, id: Option<PersonId>) -> Result<usize, StoreError> {
    let found: Vec<Id> = people::table
        .filter(people::role.eq(Role::Admin.as_str()))
        .filter(people::disabled.eq(false))
        .filter(people::password.is_not_null())
        .select(people::id)
        .load(conn)?;
    Ok(found.into_iter().filter(|found| id.is_none_or(|id| Id::from(id) != *found)).count())
}

fn sign_out(tx: &mut Tx<'_>, id: PersonId, but: Option<Digest>) -> Result<(), StoreError> {
    let of = person_sessions::table.filter(person_sessions::person_id.eq(Some(Id::from(id))));
    let mut ended: Vec<Digest> = of.select(person_sessions::hash).load(&mut **tx)?;
    ended.retain(|session| Some(*session) != but);
    diesel::delete(sessions::table.filter(sessions::hash.eq_any(&ended))).execute(&mut **tx)?;
    diesel::delete(person_sessions::table.filter(person_sessions::hash.eq_any(&ended))).execute(&mut **tx)?;
    Ok(())
}

fn revoke_links(tx: &mut Tx<'_>, id: PersonId) -> Result<(), StoreError> {
    let of = person_links::table.filter(person_links::person_id.eq(Id::from(id)));
    let revoked: Vec<Digest> = of.select(person_links::hash).load(&mut **tx)?;
    diesel::delete(sign_in_links::table.filter(sign_in_links::hash.eq_any(&revoked))).execute(&mut **tx)?;
    diesel::delete(person_links::table.filter(person_links::hash.eq_any(&revoked))).execute(&mut **tx)?;
    Ok(())
}
