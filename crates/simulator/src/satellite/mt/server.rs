//! The server: connections, paths, and what each mood makes of a request.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::charge::{Charge, charged_more_than_once};
use super::desk::Desk;
use super::door::Door;
use super::order::Order;
use super::{Mood, Refusal, page};
use crate::http::{Connection, Reply, Request};
use crate::satellite::Screen;

/// How long nobody is let in after that failed: the machine is out of something.
const BREATH: Duration = Duration::from_millis(50);
const OK: &str = "200 OK";
const SERVER_ERROR: &str = "500 Internal Server Error";
/// No text in any encoding that a client would try first.
const UNREADABLE: &[u8] = &[0xff, 0xfe, 0x00, 0xd8, 0x80];
const PAGE: &str = "<!DOCTYPE html><html><body><h1>Scheduled maintenance</h1></body></html>\n";

/// What is done with a connection after a request.
enum Act {
    /// Answer after a while, and note that for the MT that was charged, if one was.
    Answer { reply: Reply, after: Duration, charged: Option<u64> },
    /// Answer half, and go.
    Half(Reply),
    /// Say nothing until the client goes.
    Hang,
    /// Say nothing and go.
    Close,
}

/// Serves until `stop` is cancelled; open connections are closed then.
pub(super) async fn serve(listener: TcpListener, desk: Arc<Desk>, stop: CancellationToken) {
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, _)) => {
                let (desk, stop) = (desk.clone(), stop.clone());
                tokio::spawn(async move { stop.run_until_cancelled(converse(stream, &desk)).await });
            }
            Err(error) => {
                tracing::warn!(%error, "no connection can be accepted");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

/// Answers a client until one of the two goes.
async fn converse(stream: TcpStream, desk: &Desk) {
    let mut connection = Connection::new(stream);
    loop {
        let request = match connection.receive().await {
            Ok(Some(request)) => request,
            Ok(None) => return,
            Err(error) => {
                tracing::debug!(%error, "a connection is given up");
                return;
            }
        };
        let (reply, after, charged) = match act(desk, &request) {
            Act::Answer { reply, after, charged } => (reply, after, charged),
            Act::Half(reply) => {
                // It is half an answer whether it arrives or not.
                let _ = connection.send(&reply.half()).await;
                return;
            }
            Act::Hang => return connection.gone().await,
            Act::Close => return,
        };
        if !after.is_zero() {
            tokio::select! {
                () = tokio::time::sleep(after) => {}
                () = connection.gone() => return,
            }
        }
        // Noted before it is sent: whoever has the answer finds the note.
        note(desk, charged, true);
        if connection.send(&reply.encode(request.keep_alive)).await.is_err() {
            note(desk, charged, false);
            return;
        }
        if !request.keep_alive {
            return;
        }
    }
}

fn note(desk: &Desk, charged: Option<u64>, answered: bool) {
    if let Some(mt_id) = charged {
        desk.note_answered(mt_id, answered);
    }
}

fn act(desk: &Desk, request: &Request) -> Act {
    if let Some(door) = Door::of(request) {
        return match request.method.as_str() {
            "POST" => take(desk, door, request),
            _ => at_once(Reply::text("405 Method Not Allowed", "")),
        };
    }
    let reply = match (request.method.as_str(), request.path()) {
        ("POST", "/simulator/mood") => match serde_json::from_slice::<Forced>(&request.body) {
            Ok(Forced { mood, times }) => {
                desk.force(mood, times);
                Reply::json(&StillForced { forced: desk.forced() })
            }
            Err(error) => Reply::text("400 Bad Request", error.to_string()),
        },
        ("DELETE", "/simulator/mood") => {
            desk.let_be();
            Reply::json(&StillForced { forced: desk.forced() })
        }
        ("GET", "/simulator/charges") => Reply::json(&Books::of(desk)),
        ("GET", "/simulator/screen") => screen(desk, request),
        ("GET", "/") => Reply::html(OK, &page::of_all(&desk.charges())),
        (_, "/simulator/mood" | "/simulator/charges" | "/simulator/screen") => {
            Reply::text("405 Method Not Allowed", "")
        }
        ("GET", path) => {
            let platform = path.strip_prefix("/simulator/").unwrap_or_default();
            match page::of_platform(platform, &desk.charges(), desk.mailboxes()) {
                Some(page) => Reply::html(OK, &page),
                None => Reply::text("404 Not Found", ""),
            }
        }
        _ => Reply::text("404 Not Found", ""),
    };
    at_once(reply)
}

/// What the handset with the modem `imei` shows.
fn screen(desk: &Desk, request: &Request) -> Reply {
    let imei = url::form_urlencoded::parse(request.query().as_bytes())
        .find(|(key, _)| key == "imei")
        .and_then(|(_, value)| value.parse().ok());
    match imei {
        Some(imei) => Reply::json(&Screen::of(desk.mailboxes(), imei)),
        None => Reply::text("400 Bad Request", "Say which handset: ?imei=…"),
    }
}

/// A request for an MT, in whatever mood it meets.
fn take(desk: &Desk, door: Door, request: &Request) -> Act {
    let order = Order::of_request(door, request);
    match desk.next_mood() {
        Mood::Normal => ordinary(desk, &order, Duration::ZERO),
        Mood::Slow { millis } => ordinary(desk, &order, Duration::from_millis(millis)),
        Mood::OkTwice => match desk.take(&order) {
            Ok(mt_id) => Act::Answer {
                reply: order.door.reply(Ok(mt_id)).twice(),
                after: Duration::ZERO,
                charged: Some(mt_id),
            },
            Err(refusal) => at_once(order.door.reply(Err(refusal))),
        },
        Mood::HalfAnswer => Act::Half(order.door.reply(desk.take(&order))),
        Mood::AnswerLost => {
            // Whatever the verdict is, nobody hears it.
            let _ = desk.take(&order);
            Act::Close
        }
        Mood::Close => Act::Close,
        Mood::Hang => Act::Hang,
        Mood::Answer { code } => at_once(order.door.reply(Err(Refusal::of_code(code)))),
        Mood::Http500 => at_once(Reply::bytes(SERVER_ERROR, UNREADABLE)),
        Mood::Http500SystemError => {
            at_once(order.door.reply(Err(Refusal::SYSTEM_ERROR)).with_status(SERVER_ERROR))
        }
        Mood::Garbage => at_once(Reply::html(OK, PAGE)),
        Mood::Redirect => at_once(Reply::redirect(&request.target)),
    }
}

fn ordinary(desk: &Desk, order: &Order, after: Duration) -> Act {
    let verdict = desk.take(order);
    let charged = verdict.as_ref().ok().copied();
    Act::Answer { reply: order.door.reply(verdict), after, charged }
}

fn at_once(reply: Reply) -> Act {
    Act::Answer { reply, after: Duration::ZERO, charged: None }
}

/// A mood to force, as `POST /simulator/mood` takes it.
#[derive(Deserialize)]
struct Forced {
    #[serde(flatten)]
    mood: Mood,
    #[serde(default = "once")]
    times: u32,
}

fn once() -> u32 {
    1
}

/// How many requests have a mood forced upon them.
#[derive(Serialize)]
struct StillForced {
    forced: u64,
}

/// What `GET /simulator/charges` tells.
#[derive(Serialize)]
struct Books {
    requests: u64,
    credits_left: Option<u64>,
    count: usize,
    credits: u64,
    charged_more_than_once: Vec<String>,
    charges: Vec<Charge>,
}

impl Books {
    fn of(desk: &Desk) -> Self {
        let charges = desk.charges();
        Self {
            requests: desk.requests(),
            credits_left: desk.credits_left(),
            count: charges.len(),
            credits: charges.iter().map(|charge| charge.credits).sum(),
            charged_more_than_once: charged_more_than_once(&charges),
            charges,
        }
    }
}
