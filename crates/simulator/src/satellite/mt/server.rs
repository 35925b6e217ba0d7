//! The server: connections, paths, and what each mood makes of a request.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::charge::{Charge, charged_more_than_once};
use super::desk::Desk;
use super::http::{Connection, Request};
use super::order::Order;
use super::reply::Reply;
use super::{MT_PATH, Mood, Refusal};

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
    let reply = match (request.method.as_str(), request.path()) {
        ("POST", MT_PATH) => return take(desk, request),
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
        (_, MT_PATH | "/simulator/mood" | "/simulator/charges") => Reply::text("405 Method Not Allowed", ""),
        _ => Reply::text("404 Not Found", ""),
    };
    at_once(reply)
}

/// A request for an MT, in whatever mood it meets.
fn take(desk: &Desk, request: &Request) -> Act {
    let order = Order::of_request(request);
    match desk.next_mood() {
        Mood::Normal => ordinary(desk, &order, Duration::ZERO),
        Mood::Slow { millis } => ordinary(desk, &order, Duration::from_millis(millis)),
        Mood::OkTwice => match desk.take(&order) {
            Ok(mt_id) => Act::Answer {
                reply: Reply::text(OK, format!("OK,{mt_id}\nOK,{mt_id}")),
                after: Duration::ZERO,
                charged: Some(mt_id),
            },
            Err(refusal) => at_once(Reply::text(OK, refusal.to_string())),
        },
        Mood::AnswerLost => {
            // Whatever the verdict is, nobody hears it.
            let _ = desk.take(&order);
            Act::Close
        }
        Mood::Close => Act::Close,
        Mood::Hang => Act::Hang,
        Mood::Answer { code } => at_once(Reply::text(OK, Refusal::of_code(code).to_string())),
        Mood::Http500 => at_once(Reply::bytes(SERVER_ERROR, UNREADABLE)),
        Mood::Http500SystemError => at_once(Reply::text(SERVER_ERROR, Refusal::SYSTEM_ERROR.to_string())),
        Mood::Garbage => at_once(Reply::html(OK, PAGE)),
        Mood::Redirect => at_once(Reply::redirect(&request.target)),
    }
}

fn ordinary(desk: &Desk, order: &Order, after: Duration) -> Act {
    // The status of a refusal is nowhere documented; clients are told to go by the text.
    let (text, charged) = match desk.take(order) {
        Ok(mt_id) => (format!("OK,{mt_id}"), Some(mt_id)),
        Err(refusal) => (refusal.to_string(), None),
    };
    Act::Answer { reply: Reply::text(OK, text), after, charged }
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
