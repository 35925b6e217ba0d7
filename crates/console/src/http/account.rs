//! `/api/v1/session/…`: what a person says of oneself: password, choices, and at first the name.

use actix_web::{HttpRequest, HttpResponse, web};
use fairlead_model::PersonId;
use fairlead_store::StoreError;
use fairlead_store::people::{self, PersonRow};
use fairlead_store::sign_in::{self, Identity};
use fairlead_web::{ApiError, Caller, Code, password};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::people::note;
use super::session::{SessionView, cookie_of};
use crate::service::State;

/// Longest name of a time zone, in characters.
const LONGEST_ZONE: usize = 64;

/// What a person has chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Preferences {
    /// `utc`, `local` (the browser's) or a name of the IANA time zone database.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_+/-]+$")]
    zone: String,
    /// The unit of speeds.
    speed: SpeedUnit,
    /// How coordinates are written.
    coordinates: CoordinateStyle,
    /// Light or dark.
    look: Look,
}

/// A unit of speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum SpeedUnit {
    /// Knots.
    #[serde(rename = "kn")]
    Knots,
    /// Kilometres per hour.
    #[serde(rename = "km/h")]
    KilometresPerHour,
    /// Metres per second.
    #[serde(rename = "m/s")]
    MetresPerSecond,
}

/// How coordinates are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CoordinateStyle {
    /// Decimal degrees.
    Decimal,
    /// Degrees and decimal minutes.
    Minutes,
}

/// Light or dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Look {
    /// As the system has it.
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// A new password.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PasswordChange {
    /// The old one, where the session's `needs_old_password` says so.
    #[serde(default)]
    old_password: Option<String>,
    /// 12 to 200 characters.
    new_password: String,
}

/// Name and password of the first person.
#[derive(Deserialize, ToSchema)]
pub(crate) struct FirstPerson {
    /// 1 to 64 characters.
    name: String,
    /// 12 to 200 characters.
    password: String,
}

/// Keeps the person's choices.
#[utoipa::path(put, path = "/api/v1/session/preferences", tag = "session", request_body = Preferences,
    responses((status = 200, body = Preferences), (status = 409, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn preferences(
    caller: Caller,
    state: web::Data<State>,
    chosen: web::Json<Preferences>,
) -> Result<web::Json<Preferences>, ApiError> {
    let id = person_of(&caller)?;
    let zone = &chosen.zone;
    let plain = |c: char| c.is_ascii_alphanumeric() || "_+/-".contains(c);
    if zone.is_empty() || zone.len() > LONGEST_ZONE || !zone.chars().all(plain) {
        let sentence = "zone is `utc`, `local` or a name like `Europe/Rome`.";
        return Err(ApiError::new(Code::Unprocessable, sentence));
    }
    let json = serde_json::to_string(&chosen.0).map_err(ApiError::internal)?;
    state.store.write(move |tx| people::set_preferences(tx, id, &json)).await?;
    Ok(chosen)
}

/// Changes the password. Other sessions of the person end.
#[utoipa::path(put, path = "/api/v1/session/password", tag = "session", request_body = PasswordChange,
    responses((status = 204), (status = 409, body = fairlead_web::error::ProblemJson),
        (status = 422, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn change_password(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<State>,
    change: web::Json<PasswordChange>,
) -> Result<HttpResponse, ApiError> {
    let id = person_of(&caller)?;
    let PasswordChange { old_password, new_password } = change.into_inner();
    let person = state.store.read(move |conn| people::get(conn, id)).await?;
    password::check(&new_password, &person.name).map_err(|why| ApiError::new(Code::Unprocessable, why))?;
    if !caller.0.by_link {
        prove(&state, &person, old_password).await?;
    }
    let kept = state.passwords.hash(new_password).await?;
    let (clock, session) = (state.clock.clone(), cookie_of(&request).map(|secret| sign_in::hash(&secret)));
    let changed = state.store.write(move |tx| {
        note(tx, &clock, &person.name, "password.change", &person, "")?;
        people::set_password(tx, id, &kept, session)
    });
    changed.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Who has the session need not be the person: it may have been left open. It is no place to guess either.
async fn prove(state: &State, person: &PersonRow, old_password: Option<String>) -> Result<(), ApiError> {
    let (kept, given) = (person.password.clone(), old_password.unwrap_or_default());
    if kept.is_none() {
        return Ok(());
    }
    let whose = (person.name_key.as_str(), "an open session");
    if state.passwords.is_right(&state.clock, whose, given, kept).await? {
        return Ok(());
    }
    Err(ApiError::new(Code::Unprocessable, "The old password is not right."))
}

/// Makes the session of the printed link a person's.
#[utoipa::path(put, path = "/api/v1/session/person", tag = "session", request_body = FirstPerson,
    responses((status = 200, body = SessionView), (status = 409, body = fairlead_web::error::ProblemJson),
        (status = 422, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn become_person(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<State>,
    first: web::Json<FirstPerson>,
) -> Result<web::Json<SessionView>, ApiError> {
    let FirstPerson { name, password } = first.into_inner();
    let identity = caller.0;
    let session = cookie_of(&request).filter(|_| is_nobodys(&identity)).ok_or_else(somebodys)?;
    people::checked_name(&name)?;
    password::check(&password, &name).map_err(|why| ApiError::new(Code::Unprocessable, why))?;
    let kept = state.passwords.hash(password).await?;
    let (clock, role) = (state.clock.clone(), identity.role);
    let made = state.store.write(move |tx| {
        // Again, where nobody else writes: two at once would make two persons.
        if !sign_in::claim_session(tx, &session, clock.now())?.is_some_and(|now| is_nobodys(&now)) {
            return Ok(Err(somebodys()));
        }
        let Some(person) = people::create(tx, &clock, &name, role, Some(kept.clone()))? else {
            return Ok(Err(name_taken()));
        };
        note(tx, &clock, &person.name, "person.add", &person, "by the printed link")?;
        people::claim_session(tx, person.id.into(), sign_in::hash(&session), false, clock.now())?;
        sign_in::end_of_nobody(tx, &session)?;
        let identity = sign_in::by_session(tx, &session, clock.now())?.ok_or(StoreError::NotFound)?;
        Ok(Ok((identity, person)))
    });
    let (identity, person) = made.await??;
    Ok(web::Json(SessionView::of(&state, identity, Some(&person))))
}

fn is_nobodys(identity: &Identity) -> bool {
    identity.person.is_none() && identity.by_link
}

fn somebodys() -> ApiError {
    let sentence = "Only the session of a sign-in link that is nobody's can become a person's.";
    ApiError::new(Code::InTheWay, sentence)
}

pub(crate) fn name_taken() -> ApiError {
    ApiError::new(Code::InTheWay, "Somebody has this name already.")
}

fn person_of(caller: &Caller) -> Result<PersonId, ApiError> {
    caller.0.person.ok_or_else(|| {
        ApiError::new(Code::InTheWay, "This session is no person's: there is nobody to keep this for.")
    })
}
