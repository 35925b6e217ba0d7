//! `POST /rockblock/incoming`: RockBLOCK's webhook.
//!
//! 200 means that the push is in the journal, on the disk. Nothing but the local disk is asked before that.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::http::header::{ALLOW, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, Resource, ResponseError, web};
use fairlead_model::door::Refusal;
use fairlead_model::{Imei, MessageId, Time};
use fairlead_store::journal::{JournalError, Record};
use fairlead_web::request::{client_ip, header_lines};
use fairlead_web::{ApiError, Code};
use serde_json::json;

use crate::pushed::Provider;
use crate::record::{Meta, Source};
use crate::rules::{self, Ruling};
use crate::service::State;
use crate::trust::Approach;

/// Longest body in bytes. The longest captured one has 1,350.
const MAX_BODY: usize = 64 * 1024;

/// How long a body may take to arrive; the provider itself waits 3 s for the answer.
const BODY_TIME: Duration = Duration::from_secs(10);

/// Headers that tell about the sender; the rest is noise, or not ours to keep.
const KEPT_HEADERS: [&str; 4] = ["user-agent", "x-forwarded-for", "via", "date"];

/// Longest kept header value, in characters.
const HEADER_LENGTH: usize = 200;

pub(crate) fn resource(path: &str) -> Resource {
    web::resource(path).route(web::post().to(incoming)).default_service(web::to(wrong_method))
}

pub(crate) fn secret_resource(path: &str) -> Resource {
    web::resource(path).route(web::post().to(incoming_secret)).default_service(web::to(wrong_method))
}

/// Takes a push of RockBLOCK, as a form or as JSON.
#[utoipa::path(post, path = "/rockblock/incoming", tag = "devices",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "`OK`: it is kept", body = String),
        (status = 400, description = "No IMEI can be read", body = fairlead_web::error::ProblemJson),
        (status = 401, description = "It is not trusted", body = fairlead_web::error::ProblemJson),
        (status = 413, description = "Larger than 64 KiB", body = fairlead_web::error::ProblemJson),
        (status = 415, description = "Neither a form nor JSON", body = fairlead_web::error::ProblemJson),
        (status = 503, description = "It cannot be kept now", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn incoming(
    request: HttpRequest,
    state: web::Data<State>,
    body: web::Payload,
) -> Result<HttpResponse, ApiError> {
    take(&request, &state, Provider::Rockblock, body, None).await.inspect_err(|error| note(&state, error))
}

/// Takes a push of RockBLOCK on a path that only the provider knows.
#[utoipa::path(post, path = "/rockblock/incoming/{secret}", tag = "devices",
    params(("secret" = String, Path, description = "`intake.rockblock.secret_path`")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "`OK`: it is kept", body = String),
        (status = 401, description = "It is not trusted", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn incoming_secret(
    request: HttpRequest,
    state: web::Data<State>,
    secret: web::Path<String>,
    body: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let secret = Some(secret.into_inner());
    take(&request, &state, Provider::Rockblock, body, secret).await.inspect_err(|error| note(&state, error))
}

/// Whoever sets the way up wants to know what was refused last. What was not trusted is kept as evidence instead.
fn note(state: &State, error: &ApiError) {
    if error.code() != Code::Untrusted {
        let (at, status) = (state.clock.now(), error.code().status().as_u16());
        state.facts.set("last_refusal", json!(Refusal { at, status, reason: error.detail().to_owned() }));
    }
}

async fn wrong_method(state: web::Data<State>) -> HttpResponse {
    let error = only_post();
    note(&state, &error);
    not_allowed(&error)
}

/// A door shows nothing.
pub(super) fn only_post() -> ApiError {
    ApiError::new(Code::MethodNotAllowed, "Messages come here by POST; nothing is shown.")
}

/// The answer to whoever does not post.
pub(super) fn not_allowed(error: &ApiError) -> HttpResponse {
    let mut response = error.error_response();
    response.headers_mut().insert(ALLOW, actix_web::http::header::HeaderValue::from_static("POST"));
    response
}

/// Takes a push at a provider's door.
pub(super) async fn take(
    request: &HttpRequest,
    state: &State,
    provider: Provider,
    body: web::Payload,
    path_secret: Option<String>,
) -> Result<HttpResponse, ApiError> {
    let content_type = accepted_type(request)?;
    let body = read(body).await?;
    let now = state.clock.now();
    let address = client_ip(request);
    let approach = Approach { path_secret, address };
    let parsed = provider.read(content_type, &body);
    let ruling = rules::rule(&parsed, |push| state.doorkeepers.of(provider).judge(push, &approach));
    let source = Source {
        content_type: content_type.map(str::to_owned),
        address: address.map(|ip| ip.to_string()),
        headers: kept_headers(request),
        ..Source::default()
    };
    let id = MessageId::new(&state.clock);
    let meta = serde_json::to_string(&Meta::of(&ruling, provider, source)).map_err(ApiError::internal)?;
    let record = Record::new(id, now, meta, body.to_vec());
    match ruling {
        Ruling::Accept { .. } => accept(state, record).await,
        Ruling::Hold { imei, reason } => {
            // Somebody tries the way here: the answer says what came of it, and it is no evidence of anything.
            if imei != Imei::TEST {
                tracing::warn!(%imei, reason, push = %id, "a push is not trusted");
                keep_evidence(state, record, "untrusted", now).await?;
            }
            Err(ApiError::new(Code::Untrusted, reason))
        }
        Ruling::Refuse { reason } => {
            keep_evidence(state, record, "no_imei", now).await?;
            Err(ApiError::new(Code::NoImei, reason))
        }
    }
}

async fn accept(state: &State, record: Record) -> Result<HttpResponse, ApiError> {
    state.journal.append(record).await.map_err(refused)?;
    state.counters.accepted.increment(1);
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, "text/plain")).body("OK"))
}

/// Keeps what was not let in, as far as its bound allows; beyond that it is only counted.
async fn keep_evidence(state: &State, record: Record, why: &'static str, now: Time) -> Result<(), ApiError> {
    metrics::counter!("fairlead_intake_held_total", "why" => why).increment(1);
    if !state.held_budget.spend(now) {
        metrics::counter!("fairlead_intake_held_dropped_total", "why" => why).increment(1);
        return Ok(());
    }
    state.journal.append(record).await.map_err(refused)
}

fn refused(e: JournalError) -> ApiError {
    metrics::counter!("fairlead_intake_refused_total").increment(1);
    match e {
        JournalError::Busy => {
            let sentence = "More messages arrive than can be kept in time. Send it again.";
            ApiError::new(Code::TooMany, sentence).retry_after(1)
        }
        JournalError::Failed(cause) => {
            tracing::debug!(cause, "a push was refused");
            let sentence = "The message cannot be kept now, so it is not taken. Send it again.";
            ApiError::new(Code::Unavailable, sentence).retry_after(2)
        }
    }
}

/// The content type, where it is one that a push can have; a push without one is looked at.
fn accepted_type(request: &HttpRequest) -> Result<Option<&str>, ApiError> {
    let Some(given) = request.headers().get(CONTENT_TYPE).and_then(|h| h.to_str().ok()) else {
        return Ok(None);
    };
    let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/x-www-form-urlencoded" | "application/json" => Ok(Some(given)),
        _ => Err(ApiError::new(
            Code::WrongType,
            "A push is application/x-www-form-urlencoded or application/json.",
        )),
    }
}

async fn read(body: web::Payload) -> Result<web::Bytes, ApiError> {
    let too_large = || ApiError::new(Code::TooLarge, "A push has at most 64 KiB.");
    let late = || ApiError::new(Code::BadRequest, "The body did not arrive in time.");
    let whole = tokio::time::timeout(BODY_TIME, body.to_bytes_limited(MAX_BODY)).await.map_err(|_| late())?;
    whole
        .map_err(|_| too_large())?
        .map_err(|e| ApiError::new(Code::BadRequest, format!("The body cannot be read: {e}.")))
}

fn kept_headers(request: &HttpRequest) -> BTreeMap<String, String> {
    KEPT_HEADERS
        .iter()
        .filter_map(|name| {
            let value = header_lines(request, name)?;
            Some(((*name).to_owned(), value.chars().take(HEADER_LENGTH).collect()))
        })
        .collect()
}
