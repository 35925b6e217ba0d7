//! `/api/v1/knocks`: devices that wanted a line and were refused.

use actix_web::{HttpResponse, web};
use fairlead_model::room::KnockView;
use fairlead_store::audit::{self, Entry};
use fairlead_store::{StoreError, Tx, knocks};
use fairlead_web::{ApiError, Code, Operator, Page, Viewer};

use crate::service::State;

/// Devices that wanted a line and were refused, the newest first: 200 names at most.
#[utoipa::path(get, path = "/api/v1/knocks", tag = "devices on the line",
    responses((status = 200, body = Page<KnockView>)))]
pub(crate) async fn list(_: Viewer, state: web::Data<State>) -> Result<web::Json<Page<KnockView>>, ApiError> {
    let items = state.store.read(knocks::list).await?;
    Ok(web::Json(Page { items, next_cursor: None }))
}

/// Takes a name off the list; a device that comes again is on it again.
#[utoipa::path(delete, path = "/api/v1/knocks/{name}", tag = "devices on the line",
    params(("name" = String, Path, description = "The name with which it came")),
    responses((status = 204), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn forget(
    Operator(who): Operator,
    state: web::Data<State>,
    name: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let (clock, name) = (state.clock.clone(), name.into_inner());
    let work = move |tx: &mut Tx<'_>| -> Result<bool, StoreError> {
        let forgotten = knocks::forget(tx, &name)?;
        if forgotten {
            let subject = format!("knock {name}");
            let entry = Entry { actor: &who.name, action: "knock.forget", subject, detail: "" };
            audit::record(tx, &clock, &entry)?;
        }
        Ok(forgotten)
    };
    if state.store.write(work).await? {
        return Ok(HttpResponse::NoContent().finish());
    }
    Err(ApiError::new(Code::NotFound, "No device of this name has been refused."))
}
