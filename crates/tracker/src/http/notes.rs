//! What people write about a modem.

use actix_web::{HttpResponse, web};
use fairlead_model::{ModemId, NoteId, Time};
use fairlead_store::audit::{self, Entry};
use fairlead_store::satellite::modems;
use fairlead_store::satellite::notes::{self, NoteRow};
use fairlead_web::{ApiError, Code, Operator, Page, PageQuery, Viewer};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::service::State;

/// Longest note, in characters.
const LONGEST: usize = 4_000;

/// What somebody wrote about a modem.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NoteView {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    id: NoteId,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// Who wrote it.
    author: String,
    /// The text.
    text: String,
}

impl From<NoteRow> for NoteView {
    fn from(row: NoteRow) -> Self {
        Self { id: row.id.into(), at: row.at.into(), author: row.author, text: row.text }
    }
}

/// What is to be written about a modem.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewNote {
    /// The text, 1 to 4,000 characters.
    #[schema(min_length = 1, max_length = 4_000)]
    text: String,
}

/// The notes about a modem, newest first.
#[utoipa::path(get, path = "/api/v1/modems/{id}/notes", tag = "modems", params(("id" = Uuid, Path), PageQuery),
    responses((status = 200, body = Page<NoteView>), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn list(
    _: Viewer,
    state: web::Data<State>,
    id: web::Path<Uuid>,
    page: web::Query<PageQuery>,
) -> Result<web::Json<Page<NoteView>>, ApiError> {
    let (limit, before) = (page.limit()?, page.cursor::<NoteId>()?);
    let id = ModemId::from(id.into_inner());
    let rows = state
        .store
        .read(move |conn| {
            modems::imei(conn, id)?;
            notes::list(conn, id, before, limit + 1)
        })
        .await?;
    let views = rows.into_iter().map(NoteView::from).collect();
    Ok(web::Json(Page::of(views, limit, |note| note.id.to_string())))
}

/// Writes a note about a modem.
#[utoipa::path(post, path = "/api/v1/modems/{id}/notes", tag = "modems", params(("id" = Uuid, Path)),
    request_body = NewNote,
    responses((status = 201, body = NoteView), (status = 404, body = fairlead_web::error::ProblemJson),
        (status = 422, description = "It is empty, too long, or one too many", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn add(
    caller: Operator,
    state: web::Data<State>,
    id: web::Path<Uuid>,
    note: web::Json<NewNote>,
) -> Result<HttpResponse, ApiError> {
    let text = note.text.trim().to_owned();
    if text.is_empty() || text.chars().count() > LONGEST {
        return Err(ApiError::new(Code::Unprocessable, format!("A note has 1 to {LONGEST} characters.")));
    }
    let (clock, author, id) = (state.clock.clone(), caller.0.name, ModemId::from(id.into_inner()));
    let row = state.store.write(move |tx| {
        let imei = modems::imei(tx, id)?;
        modems::claim(tx, &[imei])?;
        let entry =
            Entry { actor: &author, action: "note.add", subject: format!("modem {id}"), detail: &text };
        audit::record(tx, &clock, &entry)?;
        notes::add(tx, &clock, id, &author, &text)
    });
    Ok(HttpResponse::Created().json(NoteView::from(row.await?)))
}

/// Removes a note about a modem. The audit log keeps how it began.
#[utoipa::path(delete, path = "/api/v1/modems/{id}/notes/{note_id}", tag = "modems",
    params(("id" = Uuid, Path), ("note_id" = Uuid, Path)),
    responses((status = 204, description = "It is gone"),
        (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn remove(
    caller: Operator,
    state: web::Data<State>,
    ids: web::Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, ApiError> {
    let (modem, note) = ids.into_inner();
    let (modem, note) = (ModemId::from(modem), NoteId::from(note));
    let (clock, actor) = (state.clock.clone(), caller.0.name);
    let work = move |tx: &mut fairlead_store::Tx<'_>| {
        let row = notes::remove(tx, modem, note)?;
        let subject = format!("modem {modem}");
        let entry = Entry { actor: &actor, action: "note.remove", subject, detail: &row.text };
        audit::record(tx, &clock, &entry)
    };
    state.store.write(work).await?;
    Ok(HttpResponse::NoContent().finish())
}
