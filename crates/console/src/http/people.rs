//! `/api/v1/people`: who may sign in, and as what. Only administrators.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use fairlead_model::role::Role;
use fairlead_model::{Clock, PersonId, Time};
use fairlead_store::audit::{self, Entry};
use fairlead_store::people::{self, PersonRow};
use fairlead_store::{StoreError, Tx};
use fairlead_web::auth::{Admin, fresh_secret};
use fairlead_web::{ApiError, Code, Page};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::account::name_taken;
use crate::service::State;

/// A person who may sign in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PersonView {
    /// The person's id.
    #[schema(value_type = String, format = Uuid)]
    id: PersonId,
    /// The name.
    name: String,
    /// What the person may do.
    role: Role,
    /// Whether the person is kept out.
    disabled: bool,
    /// Whether the person has chosen a password; until then only a link lets the person in.
    has_password: bool,
    /// When the person was added.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// When the person signed in last.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_sign_in_at: Option<Time>,
}

/// A person with the link that lets this person in once.
#[derive(Serialize, ToSchema)]
pub(crate) struct Invitation {
    /// The person.
    person: PersonView,
    /// The link, to be given to the person. It is shown only now.
    link: String,
    /// Until when it is good.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Time,
}

/// A person to be added.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct NewPerson {
    /// 1 to 64 characters, unique without regard to case.
    name: String,
    /// What the person may do.
    role: Role,
}

/// What is to be changed.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct PersonChange {
    /// Another role.
    #[serde(default)]
    role: Option<Role>,
    /// Keep the person out, or let the person in again.
    #[serde(default)]
    disabled: Option<bool>,
}

/// All people, by name.
#[utoipa::path(get, path = "/api/v1/people", tag = "people", responses((status = 200, body = Page<PersonView>)))]
pub(crate) async fn list(_: Admin, state: web::Data<State>) -> Result<web::Json<Page<PersonView>>, ApiError> {
    let rows = state.store.read(people::list).await?;
    let items = rows.into_iter().map(view).collect::<Result<_, _>>()?;
    Ok(web::Json(Page { items, next_cursor: None }))
}

/// Adds a person, who comes in by the link and chooses a password then.
#[utoipa::path(post, path = "/api/v1/people", tag = "people", request_body = NewPerson,
    responses((status = 201, body = Invitation), (status = 409, body = fairlead_web::error::ProblemJson),
        (status = 422, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn add(
    caller: Admin,
    state: web::Data<State>,
    new: web::Json<NewPerson>,
) -> Result<HttpResponse, ApiError> {
    let NewPerson { name, role } = new.into_inner();
    let (secret, expires_at) = link_of(&state);
    let (clock, kept) = (state.clock.clone(), secret.clone());
    let made = state.store.write(move |tx| {
        let Some(person) = people::create(tx, &clock, &name, role, None)? else { return Ok(None) };
        note(tx, &clock, &caller.0.name, "person.add", &person, role.as_str())?;
        people::create_link(tx, person.id.into(), &kept, expires_at)?;
        Ok(Some(person))
    });
    let person = made.await?.ok_or_else(name_taken)?;
    Ok(HttpResponse::Created().json(invitation(&state, person, &secret, expires_at)?))
}

/// Gives a person another role, keeps a person out, or lets one in again.
#[utoipa::path(put, path = "/api/v1/people/{id}", tag = "people", params(("id" = Uuid, Path)),
    request_body = PersonChange,
    responses((status = 200, body = PersonView), (status = 404, body = fairlead_web::error::ProblemJson),
        (status = 409, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn change(
    caller: Admin,
    state: web::Data<State>,
    id: web::Path<Uuid>,
    change: web::Json<PersonChange>,
) -> Result<web::Json<PersonView>, ApiError> {
    let (id, PersonChange { role, disabled }) = (PersonId::from(id.into_inner()), change.into_inner());
    let clock = state.clock.clone();
    let changed = state.store.write(move |tx| {
        let person = people::claim(tx, id)?;
        let (role, disabled) = (role.unwrap_or(person.role()?), disabled.unwrap_or(person.disabled));
        if !people::change(tx, id, role, disabled)? {
            return Ok(None);
        }
        let detail = format!("{role}{}", if disabled { ", kept out" } else { "" });
        note(tx, &clock, &caller.0.name, "person.change", &person, &detail)?;
        people::get(tx, id).map(Some)
    });
    let person = changed.await?.ok_or_else(last_administrator)?;
    Ok(web::Json(view(person)?))
}

/// Makes a new link for a person: for a forgotten password. Earlier links of that person are good no more.
#[utoipa::path(post, path = "/api/v1/people/{id}/link", tag = "people", params(("id" = Uuid, Path)),
    responses((status = 200, body = Invitation), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn link(
    caller: Admin,
    state: web::Data<State>,
    id: web::Path<Uuid>,
) -> Result<web::Json<Invitation>, ApiError> {
    let id = PersonId::from(id.into_inner());
    let (secret, expires_at) = link_of(&state);
    let (clock, kept) = (state.clock.clone(), secret.clone());
    let made = state.store.write(move |tx| {
        let person = people::get(tx, id)?;
        note(tx, &clock, &caller.0.name, "person.link", &person, "")?;
        people::create_link(tx, id, &kept, expires_at)?;
        Ok(person)
    });
    let person = made.await?;
    Ok(web::Json(invitation(&state, person, &secret, expires_at)?))
}

/// Removes a person and ends the person's sessions. What the person did stays in the audit log.
#[utoipa::path(delete, path = "/api/v1/people/{id}", tag = "people", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = fairlead_web::error::ProblemJson),
        (status = 409, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn remove(
    caller: Admin,
    state: web::Data<State>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let (id, clock) = (PersonId::from(id.into_inner()), state.clock.clone());
    let removed = state.store.write(move |tx| {
        let person = people::claim(tx, id)?;
        let is_removed = people::remove(tx, id)?;
        if is_removed {
            note(tx, &clock, &caller.0.name, "person.remove", &person, "")?;
        }
        Ok(is_removed)
    });
    if removed.await? { Ok(HttpResponse::NoContent().finish()) } else { Err(last_administrator()) }
}

/// Writes down what was done to a person.
pub(crate) fn note(
    tx: &mut Tx<'_>,
    clock: &Clock,
    actor: &str,
    action: &str,
    person: &PersonRow,
    detail: &str,
) -> Result<(), StoreError> {
    audit::record(tx, clock, &Entry { actor, action, subject: format!("person {}", person.name), detail })
}

fn last_administrator() -> ApiError {
    ApiError::new(
        Code::InTheWay,
        "This is the last administrator with a password: nobody could let others in. Make another one first.",
    )
}

/// A fresh secret, and until when it is good.
fn link_of(state: &State) -> (String, Time) {
    let valid: Duration = state.invitation.saturating_mul(state.clock.speed());
    (fresh_secret(), state.clock.now().plus(valid))
}

fn invitation(
    state: &State,
    person: PersonRow,
    secret: &str,
    expires_at: Time,
) -> Result<Invitation, ApiError> {
    let link = format!("{}/sign-in#{secret}", state.public_url);
    Ok(Invitation { person: view(person)?, link, expires_at })
}

fn view(row: PersonRow) -> Result<PersonView, StoreError> {
    Ok(PersonView {
        id: row.id.into(),
        role: row.role()?,
        name: row.name,
        disabled: row.disabled,
        has_password: row.password.is_some(),
        created_at: row.created_at.into(),
        last_sign_in_at: row.last_sign_in_at.map(Into::into),
    })
}
