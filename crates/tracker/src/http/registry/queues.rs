//! Queues at AWS, by label.

use actix_web::{HttpResponse, web};
use fairlead_model::QueueId;
use fairlead_model::device::SqsQueueView;
use fairlead_store::audit::{self, Entry};
use fairlead_store::registry::queues;
use fairlead_web::{ApiError, Operator, Page, PageQuery, Viewer};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::made;
use crate::service::State;

/// A queue to be made known.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewQueue {
    /// Its label: 1 to 64 characters, unique without regard to case.
    label: String,
    /// Its address.
    url: String,
}

/// Queues, in the order in which they were made known.
#[utoipa::path(get, path = "/api/v1/queues", tag = "devices", params(PageQuery),
    responses((status = 200, body = Page<SqsQueueView>)))]
pub(crate) async fn list(
    _: Viewer,
    state: web::Data<State>,
    page: web::Query<PageQuery>,
) -> Result<web::Json<Page<SqsQueueView>>, ApiError> {
    let (limit, after) = (page.limit()?, page.cursor::<i64>()?.unwrap_or(0));
    let items = state.store.read(move |conn| queues::list(conn, after, limit + 1)).await?;
    Ok(web::Json(Page::of(items, limit, |queue| queue.number.to_string())))
}

/// Makes a queue known.
#[utoipa::path(post, path = "/api/v1/queues", tag = "devices", request_body = NewQueue,
    responses((status = 201, body = SqsQueueView),
        (status = 409, description = "The label is taken", body = fairlead_web::error::ProblemJson),
        (status = 422, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn add(
    caller: Operator,
    state: web::Data<State>,
    new: web::Json<NewQueue>,
) -> Result<HttpResponse, ApiError> {
    let (clock, actor, NewQueue { label, url }) = (state.clock.clone(), caller.0.name, new.into_inner());
    let added = state.store.write(move |tx| {
        let added = queues::add(tx, &clock, &label, &url)?;
        if let Ok(queue) = &added {
            let detail = format!("{}: {}", queue.label, queue.url);
            let subject = format!("queue {}", queue.id);
            audit::record(
                tx,
                &clock,
                &Entry { actor: &actor, action: "queue.add", subject, detail: &detail },
            )?;
        }
        Ok(added)
    });
    Ok(HttpResponse::Created().json(made(added.await?)?))
}

/// Forgets a queue.
#[utoipa::path(delete, path = "/api/v1/queues/{id}", tag = "devices", params(("id" = Uuid, Path)),
    responses((status = 204, description = "It is gone"), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn remove(
    caller: Operator,
    state: web::Data<State>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let (clock, actor, id) = (state.clock.clone(), caller.0.name, QueueId::from(id.into_inner()));
    let removed = state.store.write(move |tx| {
        let queue = queues::remove(tx, id)?;
        let subject = format!("queue {id}");
        let entry = Entry { actor: &actor, action: "queue.remove", subject, detail: &queue.label };
        audit::record(tx, &clock, &entry)
    });
    removed.await?;
    Ok(HttpResponse::NoContent().finish())
}
