//! `/api/v1/rooms/{name}/line`: one page's websocket to one device.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use actix_ws::{CloseCode, CloseReason, Message, MessageStream, Session};
use fairlead_model::role::Role;
use fairlead_model::room::{LineEvent, LineOrder, RoomView};
use fairlead_store::sign_in::Identity;
use fairlead_web::auth::identify;
use fairlead_web::{ApiError, Code, Viewer};
use futures_util::StreamExt;
use tokio::time::{Duration, Instant};

use super::live::{End, LOOK_AGAIN, SEND_TIME, SIGNED_OUT, TOO_SLOW, pong, same_origin, send};
use super::rooms::not_opened;
use crate::rooms::PageSeat;
use crate::rooms::room::{News, Text};
use crate::service::State;

/// How often a page is asked for a sign of life, so that a dead line is noticed.
const PING: Duration = Duration::from_secs(30);

/// A page of which nothing was heard for so long has gone.
const SILENCE: Duration = Duration::from_secs(90);

/// The line to a device: first how it is, then what the device says and what becomes of what this page says. Each text is
/// one `LineEvent`; the page sends `LineOrder`s, for which the role operator is needed.
#[utoipa::path(get, path = "/api/v1/rooms/{name}/line", tag = "devices on the line",
    params(("name" = String, Path, description = "The device's name")),
    responses((status = 101, description = "A websocket; each text is one LineEvent, what the page sends is LineOrders"),
        (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn line(
    Viewer(who): Viewer,
    request: HttpRequest,
    state: web::Data<State>,
    name: web::Path<String>,
    body: web::Payload,
) -> Result<HttpResponse, ApiError> {
    same_origin(&request)?;
    let seat = state.rooms.open(&name).await.map_err(|not| not_opened(&name, not))?;
    let (response, session, incoming) = actix_ws::handle(&request, body)
        .map_err(|e| ApiError::new(Code::BadRequest, format!("This address is a websocket: {e}.")))?;
    let page = Page { state, request, session, seat, who, heard_at: Instant::now() };
    actix_web::rt::spawn(page.serve(incoming));
    Ok(response)
}

/// A page at the end of its line.
struct Page {
    state: web::Data<State>,
    request: HttpRequest,
    session: Session,
    seat: PageSeat,
    who: Identity,
    heard_at: Instant,
}

impl Page {
    async fn serve(mut self, incoming: MessageStream) {
        let end = self.talk(incoming).await;
        let Self { session, seat, .. } = self;
        drop(seat);
        if let End::Close(code, why) = end {
            let reason = CloseReason { code, description: Some(why.to_owned()) };
            // The page may be gone by now.
            let _ = tokio::time::timeout(SEND_TIME, session.close(Some(reason))).await;
        }
    }

    async fn talk(&mut self, mut incoming: MessageStream) -> End {
        let stop = self.state.stop.clone();
        let mut again = tokio::time::interval_at(Instant::now() + LOOK_AGAIN, LOOK_AGAIN);
        let mut ping = tokio::time::interval_at(Instant::now() + PING, PING);
        loop {
            let done = tokio::select! {
                () = stop.cancelled() => Err(End::Close(CloseCode::Restart, "The server restarts.")),
                news = self.seat.news.next() => match news {
                    Ok(News::Heard { at, text }) => self.tell(&LineEvent::Heard { at, text: text.to_string() }).await,
                    Ok(News::Changed(view)) => self.tell(&LineEvent::Room { room: room(view) }).await,
                    Err(_) => Err(End::Close(TOO_SLOW, "The page did not keep up.")),
                },
                heard = incoming.next() => self.hear(heard).await,
                _ = again.tick() => self.look_again().await,
                _ = ping.tick() => self.ping().await,
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    async fn tell(&mut self, event: &LineEvent) -> Result<(), End> {
        match serde_json::to_string(event) {
            Ok(json) => send(&mut self.session, json).await,
            Err(_) => Err(End::Close(CloseCode::Error, "The server cannot write this.")),
        }
    }

    async fn hear(&mut self, heard: Option<Result<Message, actix_ws::ProtocolError>>) -> Result<(), End> {
        self.heard_at = Instant::now();
        match heard {
            Some(Ok(Message::Text(text))) => match serde_json::from_str::<LineOrder>(&text) {
                Ok(order) => self.order(order).await,
                Err(_) => Err(End::Close(
                    CloseCode::Policy,
                    "A page says LineOrders: {\"id\": 1, \"text\": \"…\"}.",
                )),
            },
            Some(Ok(Message::Ping(bytes))) => pong(&mut self.session, &bytes).await,
            Some(Ok(Message::Binary(_) | Message::Continuation(_))) => {
                Err(End::Close(CloseCode::Unsupported, "A page says whole texts."))
            }
            Some(Ok(Message::Pong(_) | Message::Nop)) => Ok(()),
            Some(Ok(Message::Close(_)) | Err(_)) | None => Err(End::Gone),
        }
    }

    async fn order(&mut self, order: LineOrder) -> Result<(), End> {
        let LineOrder { id, text } = order;
        let said = if self.who.role < Role::Operator {
            Err(format!("To talk to a device needs the role operator; yours is {}.", self.who.role))
        } else {
            self.seat.say(&self.who.name, Text::from(text)).await
        };
        let event = match said {
            Ok(()) => LineEvent::Said { id },
            Err(why) => LineEvent::Refused { id, why },
        };
        self.tell(&event).await
    }

    /// A session ends, a token is revoked, a role is taken away: the line follows.
    async fn look_again(&mut self) -> Result<(), End> {
        match identify(&self.request, Role::Viewer).await {
            Ok(who) => {
                self.who = who;
                Ok(())
            }
            Err(error) if matches!(error.code(), Code::SignInNeeded | Code::NotAllowed) => {
                Err(End::Close(SIGNED_OUT, "Sign in again."))
            }
            // A store that is away for a moment keeps nobody out.
            Err(_) => Ok(()),
        }
    }

    async fn ping(&mut self) -> Result<(), End> {
        if self.heard_at.elapsed() > SILENCE {
            return Err(End::Gone);
        }
        let asked = tokio::time::timeout(SEND_TIME, self.session.ping(b""));
        match asked.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Close(TOO_SLOW, "The page did not keep up.")),
        }
    }
}

fn room(view: Arc<RoomView>) -> RoomView {
    Arc::unwrap_or_clone(view)
}
