//! Who may come in: tokens of programs, one-time links and sessions of people. Secrets are stored hashed.
//!
//! Each secret has 256 random bits, so a plain SHA-256 is enough; people's passwords would need more.

use diesel::prelude::*;
use fairlead_model::role::Role;
use fairlead_model::{Clock, SessionId, Time, TokenId};
use sha2::{Digest as _, Sha256};

use crate::columns::Digest;
use crate::schema::{api_tokens, sessions, sign_in_links};
use crate::{Conn, Id, Micros, StoreError, Tx};

/// The SHA-256 of a secret, as it is stored.
pub fn hash(secret: &str) -> Digest {
    Digest(Sha256::digest(secret.as_bytes()).into())
}

/// SHA-256 in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// An API token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = api_tokens)]
#[diesel(treat_none_as_default_value = false)]
pub struct TokenRow {
    /// Its id.
    pub id: Id,
    /// What its owner calls it.
    pub name: String,
    /// What it may do.
    pub role: String,
    /// SHA-256 of the secret.
    pub hash: Digest,
    /// When it was made.
    pub created_at: Micros,
    /// From when it is refused.
    pub expires_at: Option<Micros>,
    /// When it was used last, to the minute.
    pub last_used_at: Option<Micros>,
}

/// A person's session in a browser, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions)]
#[diesel(treat_none_as_default_value = false)]
pub struct SessionRow {
    /// SHA-256 of the cookie's secret.
    pub hash: Digest,
    /// Its id.
    pub id: Id,
    /// The person's name.
    pub name: String,
    /// What the person may do.
    pub role: String,
    /// What a page must send back with every change.
    pub csrf: String,
    /// When it began.
    pub created_at: Micros,
    /// When it ends.
    pub expires_at: Micros,
}

/// Who asks, as found by a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name of the token or of the session.
    pub name: String,
    /// What may be done.
    pub role: Role,
    /// The session's CSRF text; `None` for a token, which no browser sends by itself.
    pub csrf: Option<String>,
    /// When it ends.
    pub expires_at: Option<Time>,
}

/// Keeps a token; only the hash of `secret` is stored.
///
/// # Errors
/// What the database says.
pub fn create_token(
    tx: &mut Tx<'_>,
    clock: &Clock,
    name: &str,
    role: Role,
    secret: &str,
    expires_at: Option<Time>,
) -> Result<TokenId, StoreError> {
    let id = TokenId::new(clock);
    let row = TokenRow {
        id: id.into(),
        name: name.to_owned(),
        role: role.as_str().to_owned(),
        hash: hash(secret),
        created_at: clock.now().into(),
        expires_at: expires_at.map(Into::into),
        last_used_at: None,
    };
    diesel::insert_into(api_tokens::table).values(row).execute(&mut **tx)?;
    Ok(id)
}

/// All tokens, oldest first.
///
/// # Errors
/// What the database says.
pub fn tokens(conn: &mut Conn) -> Result<Vec<TokenRow>, StoreError> {
    Ok(api_tokens::table.order(api_tokens::id).select(TokenRow::as_select()).load(conn)?)
}

/// Removes a token by its name; returns how many there were.
///
/// # Errors
/// What the database says.
pub fn revoke_token(tx: &mut Tx<'_>, name: &str) -> Result<usize, StoreError> {
    Ok(diesel::delete(api_tokens::table.filter(api_tokens::name.eq(name))).execute(&mut **tx)?)
}

/// Whose token this is, if it is valid now.
///
/// # Errors
/// What the database says.
pub fn by_token(conn: &mut Conn, secret: &str, now: Time) -> Result<Option<Identity>, StoreError> {
    let row = api_tokens::table
        .filter(api_tokens::hash.eq(hash(secret)))
        .select(TokenRow::as_select())
        .first(conn)
        .optional()?;
    row.filter(|t| t.expires_at.is_none_or(|end| Time::from(end) > now))
        .map(|t| {
            let role = t.role.parse().map_err(StoreError::Fault)?;
            Ok(Identity { name: t.name, role, csrf: None, expires_at: t.expires_at.map(Into::into) })
        })
        .transpose()
}

/// Notes that a token was used, at most once a minute.
///
/// # Errors
/// What the database says.
pub fn touch_token(tx: &mut Tx<'_>, secret: &str, now: Time) -> Result<(), StoreError> {
    let minute_ago = Micros::from(now.minus(std::time::Duration::from_secs(60)));
    let stale = api_tokens::table
        .filter(api_tokens::hash.eq(hash(secret)))
        .filter(api_tokens::last_used_at.is_null().or(api_tokens::last_used_at.lt(minute_ago)));
    diesel::update(stale).set(api_tokens::last_used_at.eq(Some(Micros::from(now)))).execute(&mut **tx)?;
    Ok(())
}

/// Keeps a one-time sign-in link; only the hash of `secret` is stored.
///
/// # Errors
/// What the database says.
pub fn create_link(tx: &mut Tx<'_>, role: Role, secret: &str, expires_at: Time) -> Result<(), StoreError> {
    diesel::insert_into(sign_in_links::table)
        .values((
            sign_in_links::hash.eq(hash(secret)),
            sign_in_links::role.eq(role.as_str()),
            sign_in_links::expires_at.eq(Micros::from(expires_at)),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Uses a link up and says which role it gives; `None` where it is unknown, used or too old.
///
/// # Errors
/// What the database says.
pub fn use_link(tx: &mut Tx<'_>, secret: &str, now: Time) -> Result<Option<Role>, StoreError> {
    let valid = sign_in_links::table
        .filter(sign_in_links::hash.eq(hash(secret)))
        .filter(sign_in_links::used_at.is_null())
        .filter(sign_in_links::expires_at.gt(Micros::from(now)));
    let used =
        diesel::update(valid).set(sign_in_links::used_at.eq(Some(Micros::from(now)))).execute(&mut **tx)?;
    if used == 0 {
        return Ok(None);
    }
    let role: String =
        sign_in_links::table.find(hash(secret)).select(sign_in_links::role).first(&mut **tx)?;
    role.parse().map(Some).map_err(StoreError::Fault)
}

/// Begins a session, and forgets those that have ended.
///
/// # Errors
/// What the database says.
pub fn create_session(
    tx: &mut Tx<'_>,
    clock: &Clock,
    secret: &str,
    csrf: &str,
    name: &str,
    role: Role,
    expires_at: Time,
) -> Result<Identity, StoreError> {
    let now = Micros::from(clock.now());
    diesel::delete(sessions::table.filter(sessions::expires_at.le(now))).execute(&mut **tx)?;
    let row = SessionRow {
        hash: hash(secret),
        id: SessionId::new(clock).into(),
        name: name.to_owned(),
        role: role.as_str().to_owned(),
        csrf: csrf.to_owned(),
        created_at: now,
        expires_at: expires_at.into(),
    };
    diesel::insert_into(sessions::table).values(row).execute(&mut **tx)?;
    Ok(Identity { name: name.to_owned(), role, csrf: Some(csrf.to_owned()), expires_at: Some(expires_at) })
}

/// Whose session this is, if it has not ended.
///
/// # Errors
/// What the database says.
pub fn by_session(conn: &mut Conn, secret: &str, now: Time) -> Result<Option<Identity>, StoreError> {
    let row = sessions::table
        .find(hash(secret))
        .filter(sessions::expires_at.gt(Micros::from(now)))
        .select(SessionRow::as_select())
        .first(conn)
        .optional()?;
    row.map(|s| {
        let role = s.role.parse().map_err(StoreError::Fault)?;
        Ok(Identity { name: s.name, role, csrf: Some(s.csrf), expires_at: Some(s.expires_at.into()) })
    })
    .transpose()
}

/// Ends a session.
///
/// # Errors
/// What the database says.
pub fn end_session(tx: &mut Tx<'_>, secret: &str) -> Result<(), StoreError> {
    diesel::delete(sessions::table.find(hash(secret))).execute(&mut **tx)?;
    Ok(())
}
