//! The addresses, words and shapes that scripts for the system before this one know.
//!
//! Devices, modems, queues and routes have numbers there. What was refused has the words of then, and a status that says what
//! it is; lists are bounded, and a `Link` header leads to what follows.

pub(crate) mod changes;
pub(crate) mod device;
pub(crate) mod lists;
pub(crate) mod routing;

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use fairlead_model::device::DeviceKind;
use fairlead_model::{ModemId, Time};
use fairlead_store::registry::numbers;
use fairlead_web::ApiError;
use serde::Serialize;

use crate::service::State;

/// Most rows of one answer.
const MOST: i64 = 5_000;

pub(crate) fn mount(config: &mut web::ServiceConfig) {
    config
        .route("/v1/buoys", web::get().to(lists::buoys))
        .route("/v1/handsets", web::get().to(lists::handsets))
        .route("/v1/rockstars", web::get().to(lists::rockstars))
        .route("/v1/rockblocks", web::get().to(lists::rockblocks))
        .route("/v1/queues", web::get().to(lists::queues))
        .route("/v1/errors", web::get().to(lists::errors))
        .route("/v1/routing", web::get().to(routing::list))
        .route("/v1/routing/create", web::post().to(routing::create))
        .route("/v1/routing/enable", web::post().to(routing::enable))
        .route("/v1/routing/delete", web::post().to(routing::delete))
        .route("/v1/buoys/create", web::post().to(changes::create_buoy))
        .route("/v1/handsets/create", web::post().to(changes::create_handset))
        .route("/v1/{things:[a-z]+}s/link", web::post().to(changes::link))
        .route("/v1/{things:[a-z]+}s/unlink", web::post().to(changes::unlink))
        .route("/v1/{things:[a-z]+}s/delete", web::post().to(changes::delete))
        .route("/v1/buoys/{number}", web::get().to(device::buoy))
        .route("/v1/handsets/{number}", web::get().to(device::handset))
        .route("/v1/buoys/{number}/messages", web::get().to(device::buoy_messages))
        .route("/v1/handsets/{number}/messages", web::get().to(device::handset_messages));
}

/// What stands against a request: each with its status; the answer has the first one's.
#[derive(Default)]
pub(super) struct Errors(Vec<(StatusCode, String)>);

impl Errors {
    pub(super) fn add(&mut self, status: StatusCode, text: impl Into<String>) {
        self.0.push((status, text.into()));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As a list by itself.
    pub(super) fn flat(self) -> HttpResponse {
        let (status, texts) = self.parts();
        HttpResponse::build(status).json(texts)
    }

    /// As `{"errors": […]}`.
    pub(super) fn wrapped(self) -> HttpResponse {
        let (status, texts) = self.parts();
        HttpResponse::build(status).json(serde_json::json!({ "errors": texts }))
    }

    fn parts(self) -> (StatusCode, Vec<String>) {
        let status = self.0.first().map_or(StatusCode::OK, |(status, _)| *status);
        (status, self.0.into_iter().map(|(_, text)| text).collect())
    }
}

/// One answer of a list, with the address of what follows where there is more than it holds.
pub(super) fn bounded<T: Serialize>(
    path: &str,
    parameter: &str,
    mut rows: Vec<T>,
    place: impl Fn(&T) -> String,
) -> HttpResponse {
    let most = usize::try_from(MOST).unwrap_or(0);
    let more = rows.len() > most;
    rows.truncate(most);
    let next = rows.last().filter(|_| more).map(|last| next_page(path, parameter, &place(last)));
    page(rows, next)
}

/// The `Link` header that leads to what follows.
pub(super) fn next_page(path: &str, parameter: &str, place: &str) -> String {
    format!("<{path}?{parameter}={place}>; rel=\"next\"")
}

/// Rows, and where they go on.
pub(super) fn page<T: Serialize>(rows: Vec<T>, next: Option<String>) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    if let Some(next) = next {
        answer.insert_header(("Link", next));
    }
    answer.json(rows)
}

/// A time as those scripts read it: UTC without saying so.
pub(super) fn naive(time: Time) -> String {
    time.date_time().format("%Y-%m-%dT%H:%M:%S%.6f").to_string()
}

/// The numbers of modems; those that nobody asked for yet are given out.
pub(super) async fn numbers_of(
    state: &State,
    modems: Vec<ModemId>,
) -> Result<HashMap<ModemId, i64>, ApiError> {
    let of = modems.clone();
    let known = state.store.read(move |conn| numbers::of(conn, &of)).await?;
    if modems.iter().all(|id| known.contains_key(id)) {
        return Ok(known);
    }
    Ok(state.store.write(move |tx| numbers::give(tx, &modems)).await?)
}

/// The kind of device of a path's plural.
pub(super) fn kind_of(thing: &str) -> Option<DeviceKind> {
    thing.parse().ok().filter(|kind| matches!(kind, DeviceKind::Buoy | DeviceKind::Handset))
}
