//! `/api/v1/live`: one page's websocket.

use std::time::Duration;

use actix_web::http::header::{HOST, ORIGIN};
use actix_web::{HttpRequest, HttpResponse, web};
use actix_ws::{CloseCode, CloseReason, Message, MessageStream, Session};
use fairlead_model::live::LiveEvent;
use fairlead_model::role::Role;
use fairlead_web::auth::identify;
use fairlead_web::{ApiError, Code, Viewer};
use futures_util::StreamExt;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use crate::jobs::frames::Frame;
use crate::service::State;
use crate::snapshot;

/// How often a page is told the time, so that it notices a dead line.
const TICK: Duration = Duration::from_secs(2);

/// How long one frame may take to leave; a page that takes longer is cut off.
pub(super) const SEND_TIME: Duration = Duration::from_secs(10);

/// How often is looked whether whoever listens still may.
pub(super) const LOOK_AGAIN: Duration = Duration::from_secs(15);

/// Close code: whoever listens is signed out, or may not any more.
pub(super) const SIGNED_OUT: CloseCode = CloseCode::Other(4_401);

/// Close code: the page did not keep up; it should come back at once.
pub(super) const TOO_SLOW: CloseCode = CloseCode::Other(4_008);

/// Why a page's line ends.
pub(super) enum End {
    /// The page left, or its line broke.
    Gone,
    /// We end it, and say why.
    Close(CloseCode, &'static str),
}

/// The live feed: a snapshot, then changes. Each text is one `LiveEvent` a line.
#[utoipa::path(get, path = "/api/v1/live", tag = "live",
    responses((status = 101, description = "A websocket; each text has one LiveEvent a line"),
        (status = 401, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn live(
    _: Viewer,
    request: HttpRequest,
    state: web::Data<State>,
    body: web::Payload,
) -> Result<HttpResponse, ApiError> {
    same_origin(&request)?;
    let (response, session, incoming) = actix_ws::handle(&request, body)
        .map_err(|e| ApiError::new(Code::BadRequest, format!("This address is a websocket: {e}.")))?;
    // Before the snapshot is read, so that nothing falls between the two.
    let frames = state.frames.subscribe();
    actix_web::rt::spawn(serve(state, request, session, incoming, frames));
    Ok(response)
}

/// A browser sends the cookie along from any site; only our own pages may listen.
pub(super) fn same_origin(request: &HttpRequest) -> Result<(), ApiError> {
    let header = |name| request.headers().get(name).and_then(|h| h.to_str().ok());
    let Some(origin) = header(ORIGIN) else { return Ok(()) };
    let site = origin.split_once("://").map_or(origin, |(_, site)| site);
    if header(HOST) == Some(site) {
        return Ok(());
    }
    Err(ApiError::new(Code::NotAllowed, "The live feed is only for pages of this server."))
}

async fn serve(
    state: web::Data<State>,
    request: HttpRequest,
    mut session: Session,
    mut incoming: MessageStream,
    mut frames: Receiver<Frame>,
) {
    metrics::gauge!("fairlead_hub_pages").increment(1);
    let end = talk(&state, &request, &mut session, &mut incoming, &mut frames).await;
    metrics::gauge!("fairlead_hub_pages").decrement(1);
    if let End::Close(code, why) = end {
        let reason = CloseReason { code, description: Some(why.to_owned()) };
        // The page may be gone by now.
        let _ = tokio::time::timeout(SEND_TIME, session.close(Some(reason))).await;
    }
}

async fn talk(
    state: &State,
    request: &HttpRequest,
    session: &mut Session,
    incoming: &mut MessageStream,
    frames: &mut Receiver<Frame>,
) -> End {
    if let Err(end) = begin(state, session).await {
        return end;
    }
    let mut tick = tokio::time::interval(TICK);
    let mut again = tokio::time::interval_at(Instant::now() + LOOK_AGAIN, LOOK_AGAIN);
    loop {
        let done = tokio::select! {
            () = state.stop.cancelled() => Err(End::Close(CloseCode::Restart, "The server restarts.")),
            _ = tick.tick() => send_event(session, &LiveEvent::Tick { now: state.clock.now(), speed: state.clock.speed() }).await,
            _ = again.tick() => still_may_listen(request).await,
            frame = frames.recv() => match frame {
                Ok(Frame::Change(json)) => send(session, json.to_string()).await,
                Ok(Frame::Begin) => begin(state, session).await,
                Err(RecvError::Lagged(_)) => Err(End::Close(TOO_SLOW, "The page did not keep up.")),
                Err(RecvError::Closed) => Err(End::Close(CloseCode::Restart, "The server stops.")),
            },
            heard = incoming.next() => hear(session, heard).await,
        };
        if let Err(end) = done {
            return end;
        }
    }
}

/// A session ends, a token is revoked, a person is kept out: the line ends with it.
async fn still_may_listen(request: &HttpRequest) -> Result<(), End> {
    match identify(request, Role::Viewer).await {
        Err(error) if matches!(error.code(), Code::SignInNeeded | Code::NotAllowed) => {
            Err(End::Close(SIGNED_OUT, "Sign in again."))
        }
        // A store that is away for a moment keeps nobody out.
        _ => Ok(()),
    }
}

async fn begin(state: &State, session: &mut Session) -> Result<(), End> {
    let (clock, limit) = (state.clock.clone(), state.snapshot_modems);
    match state.store.read(move |conn| snapshot::take(conn, &clock, limit)).await {
        Ok(snapshot) => send_event(session, &snapshot).await,
        Err(error) => {
            tracing::warn!(%error, "no snapshot for a page");
            Err(End::Close(CloseCode::Again, "The store cannot be reached now."))
        }
    }
}

async fn send_event(session: &mut Session, event: &LiveEvent) -> Result<(), End> {
    match serde_json::to_string(event) {
        Ok(json) => send(session, json).await,
        Err(_) => Err(End::Close(CloseCode::Error, "The server cannot write this.")),
    }
}

pub(super) async fn send(session: &mut Session, json: String) -> Result<(), End> {
    match tokio::time::timeout(SEND_TIME, session.text(json)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(End::Gone),
        Err(_) => Err(End::Close(TOO_SLOW, "The page did not keep up.")),
    }
}

/// Answers a page's ping; one that pings and does not read keeps nobody waiting.
pub(super) async fn pong(session: &mut Session, bytes: &[u8]) -> Result<(), End> {
    match tokio::time::timeout(SEND_TIME, session.pong(bytes)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(End::Gone),
        Err(_) => Err(End::Close(TOO_SLOW, "The page did not keep up.")),
    }
}

/// A page only listens; what it says beside pings is of no interest.
async fn hear(
    session: &mut Session,
    heard: Option<Result<Message, actix_ws::ProtocolError>>,
) -> Result<(), End> {
    match heard {
        Some(Ok(Message::Ping(bytes))) => pong(session, &bytes).await,
        Some(Ok(Message::Close(_)) | Err(_)) | None => Err(End::Gone),
        Some(Ok(_)) => Ok(()),
    }
}
