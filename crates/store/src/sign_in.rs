//! Who may come in: tokens of programs, one-time links and sessions of people. Secrets are stored hashed.
//!
//! Each secret has 256 random bits, so a plain SHA-256 is enough; people's passwords need more, see [`crate::people`].

use std::collections::HashMap;
use std::time::Duration;

use diesel::prelude::*;
use fairlead_model::role::{Role, Scope};
use fairlead_model::{Clock, PersonId, SessionId, Time, TokenId};
use sha2::{Digest as _, Sha256};

use crate::columns::Digest;
use crate::people::PersonRow;
use crate::schema::{
    api_tokens, people, person_links, person_sessions, sessions, sign_in_links, token_scopes, token_sessions,
};
use crate::{Conn, Id, Micros, StoreError, Tx};

/// How exactly a token's last use is noted.
const TOUCHED: Duration = Duration::from_secs(60);

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

/// Whose a session is.
#[derive(Queryable, Selectable)]
#[diesel(table_name = person_sessions)]
struct Of {
    person_id: Option<Id>,
    by_link: bool,
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
    /// The person whose session it is; `None` for a token, and for a session that is nobody's.
    pub person: Option<PersonId>,
    /// Whether the session began with a one-time link, so that the person need not know the old password.
    pub by_link: bool,
    /// What a token is limited to; empty where it is not.
    pub scopes: Vec<Scope>,
}

/// A token that was found by its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The token.
    pub id: TokenId,
    /// Whose it is.
    pub identity: Identity,
    /// Its use was not noted for a minute: [`touch_token`] should.
    pub is_untouched: bool,
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

/// Limits a token to parts of the API.
///
/// # Errors
/// What the database says.
pub fn limit_token(tx: &mut Tx<'_>, id: TokenId, scopes: &[Scope]) -> Result<(), StoreError> {
    for scope in scopes {
        diesel::insert_into(token_scopes::table)
            .values((token_scopes::token_id.eq(Id::from(id)), token_scopes::scope.eq(scope.as_str())))
            .execute(&mut **tx)?;
    }
    Ok(())
}

/// What tokens are limited to, those that are.
///
/// # Errors
/// What the database says.
pub fn scopes(conn: &mut Conn, tokens: &[Id]) -> Result<HashMap<Id, Vec<Scope>>, StoreError> {
    let rows: Vec<(Id, String)> = token_scopes::table
        .filter(token_scopes::token_id.eq_any(tokens.to_vec()))
        .order((token_scopes::token_id, token_scopes::scope))
        .select((token_scopes::token_id, token_scopes::scope))
        .load(conn)?;
    let mut found: HashMap<Id, Vec<Scope>> = HashMap::new();
    for (token, scope) in rows {
        found.entry(token).or_default().push(scope.parse().map_err(StoreError::Fault)?);
    }
    Ok(found)
}

/// All tokens, oldest first.
///
/// # Errors
/// What the database says.
pub fn tokens(conn: &mut Conn) -> Result<Vec<TokenRow>, StoreError> {
    Ok(api_tokens::table.order(api_tokens::id).select(TokenRow::as_select()).load(conn)?)
}

/// Removes the tokens of a name; returns how many there were.
///
/// # Errors
/// What the database says.
pub fn revoke_tokens(tx: &mut Tx<'_>, name: &str) -> Result<usize, StoreError> {
    let named: Vec<Id> =
        api_tokens::table.filter(api_tokens::name.eq(name)).select(api_tokens::id).load(&mut **tx)?;
    for id in &named {
        revoke_token(tx, (*id).into())?;
    }
    Ok(named.len())
}

/// Removes a token with the sessions that began with it, and says what it was called; `None` where there is none of
/// this id.
///
/// # Errors
/// What the database says.
pub fn revoke_token(tx: &mut Tx<'_>, id: TokenId) -> Result<Option<String>, StoreError> {
    let token = api_tokens::table.find(Id::from(id));
    let name: Option<String> = token.select(api_tokens::name).first(&mut **tx).optional()?;
    let begun = token_sessions::table.filter(token_sessions::token_id.eq(Id::from(id)));
    let begun: Vec<Digest> = begun.select(token_sessions::hash).load(&mut **tx)?;
    end(tx, &begun)?;
    diesel::delete(token_scopes::table.filter(token_scopes::token_id.eq(Id::from(id)))).execute(&mut **tx)?;
    diesel::delete(token).execute(&mut **tx)?;
    Ok(name)
}

/// Whose token this is, if it is valid now.
///
/// # Errors
/// What the database says.
pub fn by_token(conn: &mut Conn, secret: &str, now: Time) -> Result<Option<Found>, StoreError> {
    let row = api_tokens::table
        .filter(api_tokens::hash.eq(hash(secret)))
        .select(TokenRow::as_select())
        .first(conn)
        .optional()?;
    let Some(token) = row.filter(|t| t.expires_at.is_none_or(|end| Time::from(end) > now)) else {
        return Ok(None);
    };
    let stale = Micros::from(now.minus(TOUCHED));
    let identity = Identity {
        role: token.role.parse().map_err(StoreError::Fault)?,
        name: token.name,
        csrf: None,
        expires_at: token.expires_at.map(Into::into),
        person: None,
        by_link: false,
        scopes: scopes(conn, &[token.id])?.remove(&token.id).unwrap_or_default(),
    };
    Ok(Some(Found {
        id: token.id.into(),
        identity,
        is_untouched: token.last_used_at.is_none_or(|used| used < stale),
    }))
}

/// Notes that a token was used, at most once a minute.
///
/// # Errors
/// What the database says.
pub fn touch_token(tx: &mut Tx<'_>, secret: &str, now: Time) -> Result<(), StoreError> {
    let minute_ago = Micros::from(now.minus(TOUCHED));
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

/// Begins a session that is nobody's, and forgets those that have ended.
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
) -> Result<(), StoreError> {
    let now = Micros::from(clock.now());
    let over: Vec<Digest> =
        sessions::table.filter(sessions::expires_at.le(now)).select(sessions::hash).load(&mut **tx)?;
    end(tx, &over)?;
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
    Ok(())
}

/// Whose session this is, if it has not ended. A person's name and role are those of now.
///
/// # Errors
/// What the database says.
pub fn by_session(conn: &mut Conn, secret: &str, now: Time) -> Result<Option<Identity>, StoreError> {
    let row: Option<(SessionRow, Option<Of>, Option<PersonRow>)> = sessions::table
        .left_join(person_sessions::table.on(person_sessions::hash.eq(sessions::hash)))
        .left_join(people::table.on(people::id.nullable().eq(person_sessions::person_id.nullable())))
        .filter(sessions::hash.eq(hash(secret)))
        .filter(sessions::expires_at.gt(Micros::from(now)))
        .select((SessionRow::as_select(), Option::<Of>::as_select(), Option::<PersonRow>::as_select()))
        .first(conn)
        .optional()?;
    let Some((session, of, person)) = row else { return Ok(None) };
    let mut identity = Identity {
        role: session.role.parse().map_err(StoreError::Fault)?,
        name: session.name,
        csrf: Some(session.csrf),
        expires_at: Some(session.expires_at.into()),
        person: None,
        by_link: of.as_ref().is_some_and(|of| of.by_link),
        scopes: Vec::new(),
    };
    match (of.and_then(|of| of.person_id), person) {
        (None, _) => Ok(Some(identity)),
        (Some(_), Some(person)) if !person.disabled => {
            identity.role = person.role()?;
            identity.person = Some(person.id.into());
            identity.name = person.name;
            Ok(Some(identity))
        }
        // The person is kept out, or is no more.
        (Some(_), _) => Ok(None),
    }
}

/// Notes that a session began with a token, with which it ends.
///
/// # Errors
/// What the database says.
pub fn mark_token_session(tx: &mut Tx<'_>, secret: &str, token: TokenId) -> Result<(), StoreError> {
    diesel::insert_into(token_sessions::table)
        .values((token_sessions::hash.eq(hash(secret)), token_sessions::token_id.eq(Id::from(token))))
        .execute(&mut **tx)?;
    Ok(())
}

/// Ends the sessions that began with a link of nobody's, but this one, and makes the links void that were not used: from
/// now on people have names.
///
/// # Errors
/// What the database says.
pub fn end_of_nobody(tx: &mut Tx<'_>, but: &str) -> Result<(), StoreError> {
    let of_nobody = person_sessions::table.filter(person_sessions::person_id.is_null());
    let mut begun: Vec<Digest> = of_nobody.select(person_sessions::hash).load(&mut **tx)?;
    begun.retain(|session| *session != hash(but));
    end(tx, &begun)?;
    let links: Vec<Digest> = sign_in_links::table
        .left_join(person_links::table.on(person_links::hash.eq(sign_in_links::hash)))
        .filter(person_links::hash.is_null())
        .select(sign_in_links::hash)
        .load(&mut **tx)?;
    diesel::delete(sign_in_links::table.filter(sign_in_links::hash.eq_any(links))).execute(&mut **tx)?;
    Ok(())
}

/// Whose session this is, as it stays until the transaction ends.
///
/// # Errors
/// What the database says.
pub fn claim_session(tx: &mut Tx<'_>, secret: &str, now: Time) -> Result<Option<Identity>, StoreError> {
    let same = diesel::update(sessions::table.find(hash(secret))).set(sessions::name.eq(sessions::name));
    same.execute(&mut **tx)?;
    by_session(tx, secret, now)
}

/// Ends a session.
///
/// # Errors
/// What the database says.
pub fn end_session(tx: &mut Tx<'_>, secret: &str) -> Result<(), StoreError> {
    end(tx, &[hash(secret)])
}

fn end(tx: &mut Tx<'_>, ended: &[Digest]) -> Result<(), StoreError> {
    diesel::delete(sessions::table.filter(sessions::hash.eq_any(ended))).execute(&mut **tx)?;
    diesel::delete(person_sessions::table.filter(person_sessions::hash.eq_any(ended))).execute(&mut **tx)?;
    diesel::delete(token_sessions::table.filter(token_sessions::hash.eq_any(ended))).execute(&mut **tx)?;
    Ok(())
}
