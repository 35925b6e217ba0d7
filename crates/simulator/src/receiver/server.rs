//! Connections and paths of a receiver.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::signature::{self, Claims, Unproven};
use super::{Behaviour, Desk, Heard, Tally, page};
use crate::http::{Connection, Reply, Request};

/// How long nobody is let in after that failed: the machine is out of something.
const BREATH: Duration = Duration::from_millis(50);
const OK: &str = "200 OK";

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
    while let Ok(Some(request)) = connection.receive().await {
        let (reply, after) = match route(desk, &request) {
            Some(answer) => answer,
            None => return,
        };
        if !after.is_zero() {
            tokio::select! {
                () = tokio::time::sleep(after) => {}
                () = connection.gone() => return,
            }
        }
        if connection.send(&reply.encode(request.keep_alive)).await.is_err() || !request.keep_alive {
            return;
        }
    }
}

/// The answer, and after how long; `None` where there is none.
fn route(desk: &Desk, request: &Request) -> Option<(Reply, Duration)> {
    let reply = match (request.method.as_str(), request.path()) {
        ("GET", "/") => {
            let state = desk.state();
            Reply::html(OK, &page::of_receiver(&state.books.tally(), &state.books.heard(), state.behaviour))
        }
        ("GET", "/simulator/heard") => {
            let state = desk.state();
            Reply::json(&Told { tally: state.books.tally(), heard: state.books.heard() })
        }
        ("PUT", "/simulator/behaviour") => match serde_json::from_slice::<Behaviour>(&request.body) {
            Ok(behaviour) => {
                desk.state().behaviour = behaviour;
                Reply::json(&behaviour)
            }
            Err(error) => Reply::text("400 Bad Request", error.to_string()),
        },
        ("POST", "/simulator/secret") => match secret_of(&request.body) {
            Ok(secret) => {
                desk.state().secrets.push(secret);
                Reply::text(OK, "OK")
            }
            Err(why) => Reply::text("400 Bad Request", why),
        },
        (_, "/simulator/heard" | "/simulator/behaviour" | "/simulator/secret") => {
            Reply::text("405 Method Not Allowed", "")
        }
        ("POST", _) => return take(desk, request),
        _ => Reply::text("404 Not Found", ""),
    };
    Some((reply, Duration::ZERO))
}

fn secret_of(body: &[u8]) -> Result<Vec<u8>, String> {
    let Secret { secret } = serde_json::from_slice(body).map_err(|e| e.to_string())?;
    signature::secret(&secret).map_err(str::to_owned)
}

fn take(desk: &Desk, request: &Request) -> Option<(Reply, Duration)> {
    let (now, tolerance) = (desk.clock.now(), desk.tolerance());
    let mut state = desk.state();
    let header = |name| request.header(name);
    let unproven = match (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature")) {
        (Some(id), Some(timestamp), Some(signatures)) => {
            let claims = Claims { id, timestamp, signatures };
            signature::verify(&state.secrets, claims, &request.body, now, tolerance).err()
        }
        _ => Some(Unproven::NoSignature),
    };
    let by_proof =
        if unproven.is_none() { (200, OK.to_owned()) } else { (401, "401 Unauthorized".to_owned()) };
    let (answer, after) = match state.behaviour {
        Behaviour::Normal => (Some(by_proof), Duration::ZERO),
        Behaviour::Slow { millis } => (Some(by_proof), Duration::from_millis(millis)),
        Behaviour::Answer { status } => (Some((status, format!("{status} As Told"))), Duration::ZERO),
        Behaviour::Dead => (None, Duration::ZERO),
    };
    state.books.note(Heard {
        at: now,
        id: header("webhook-id").unwrap_or_default().to_owned(),
        unproven,
        answered: answer.as_ref().map(|(status, _)| *status),
        content_type: header("content-type").unwrap_or_default().to_owned(),
        body: String::from_utf8_lossy(&request.body).into_owned(),
    });
    answer.map(|(_, line)| (Reply::text(line, ""), after))
}

/// A secret, as `POST /simulator/secret` takes it.
#[derive(Deserialize)]
struct Secret {
    secret: String,
}

/// What `GET /simulator/heard` tells.
#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    tally: Tally,
    heard: Vec<Heard>,
}
