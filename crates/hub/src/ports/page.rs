//! A page made for the hub that Fairlead takes the place of: texts pass as they are, both ways.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use fairlead_model::Clock;
use fairlead_model::Secret;
use fairlead_model::role::Role;
use fairlead_store::Store;
use fairlead_store::sign_in::Identity;
use fairlead_web::auth::{self, Proof, bearer_of, identify_by};
use fairlead_web::{ApiError, Code};
use tokio::net::TcpStream;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_util::sync::CancellationToken;

use super::Introducing;
use super::handshake::{self, Asked, Refusal};
use super::line::{Line, Turn};
use crate::rooms::room::{News, Text};
use crate::rooms::{NotOpened, PageSeat, Rooms};

/// Most old pages at a time.
const MOST: usize = 1_000;

/// How long a text may take to leave for a page that does not read.
const SEND: Duration = Duration::from_secs(10);

/// Between two looks whether whoever listens still may.
const LOOK_AGAIN: Duration = Duration::from_secs(15);

/// Bytes for a page that are written at a time.
const WRITTEN_TOGETHER: usize = 16 * 1024;

/// Close code: the page did not keep up; it should come back at once.
const TOO_SLOW: CloseCode = CloseCode::Library(4_008);

/// Close code: whoever listens is signed out, or may not any more.
const SIGNED_OUT: CloseCode = CloseCode::Library(4_401);

/// What every page's connection needs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Pages(Arc<Parts>);

/// What it is made of.
pub(crate) struct Parts {
    pub(crate) rooms: Rooms,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) stop: CancellationToken,
}

/// A page that was let in.
struct Guest {
    pages: Pages,
    seat: PageSeat,
    proof: Proof,
    path: String,
    who: Identity,
}

/// Why a page's line ends.
enum End {
    Gone,
    Close(CloseCode, &'static str),
}

impl Pages {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// A connection from its first byte to its last.
    pub(crate) async fn welcome(self, mut stream: TcpStream, _: SocketAddr, introducing: Introducing) {
        let asked = match introducing.wait(handshake::read(&mut stream)).await.flatten() {
            Some(Ok(asked)) => asked,
            Some(Err(refusal)) => {
                introducing.wait(handshake::refuse(stream, &refusal, true)).await;
                return;
            }
            None => return,
        };
        match self.let_in(&asked).await {
            Ok(guest) => {
                if let Some(line) = asked.accept(stream).await {
                    introducing.go_on(talk(line, guest));
                }
            }
            Err(refusal) => {
                introducing.wait(handshake::refuse(stream, &refusal, true)).await;
            }
        }
    }

    async fn let_in(&self, asked: &Asked) -> Result<Guest, Refusal> {
        let proof = proof(asked)?;
        // The part of the API that it belongs to.
        let path = format!("/api/v1/rooms/{}/line", asked.name);
        let who = self.identify(&proof, &path).await.map_err(|error| refusal(&error))?;
        if self.0.rooms.figures().pages() >= MOST {
            return Err(Refusal::new(503, format!("{MOST} pages are open already. Close one.")));
        }
        let seat = self.0.rooms.open(&asked.name).await.map_err(|not| match not {
            NotOpened::NoSuchRoom => Refusal::new(404, format!("There is no device {}.", asked.name)),
            NotOpened::TooMany => Refusal::new(503, "Too many pages look at this device. Close one."),
            NotOpened::Unavailable(error) => {
                tracing::warn!(%error, "a page was refused");
                Refusal::new(503, "The store cannot be reached now. Come again.")
            }
        })?;
        Ok(Guest { pages: self.clone(), seat, proof, path, who })
    }

    async fn identify(&self, proof: &Proof, path: &str) -> Result<Identity, ApiError> {
        identify_by(&self.0.store, &self.0.clock, Some(proof), path, Role::Viewer).await
    }
}

/// With what the page proves who it is: a token, or the cookie of a session, which browsers send along from any site.
fn proof(asked: &Asked) -> Result<Proof, Refusal> {
    if let Some(token) = asked.header("authorization").and_then(bearer_of) {
        return Ok(Proof::Token(Secret::new(token)));
    }
    if let Some(token) = asked.parameter("token") {
        return Ok(Proof::Token(token));
    }
    let cookies = asked.headers.get_all("cookie").iter().filter_map(|header| header.to_str().ok());
    let mut pairs =
        cookies.flat_map(|header| header.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let Some((_, secret)) = pairs.find(|(name, _)| *name == auth::COOKIE) else {
        return Err(Refusal::new(401, "Sign in first, or show a token: ?token=… or Authorization: Bearer."));
    };
    if !is_same_site(asked.header("origin"), asked.header("host")) {
        return Err(Refusal::new(403, "A session is only for pages of this server. Show a token instead."));
    }
    Ok(Proof::Session(Secret::new(secret)))
}

/// Whether a page's origin is this host; its port is another, because the page came from the web server's.
fn is_same_site(origin: Option<&str>, host: Option<&str>) -> bool {
    let Some(origin) = origin else { return true };
    let origin = origin.split_once("://").map_or(origin, |(_, site)| site);
    host.is_some_and(|host| without_port(host).eq_ignore_ascii_case(without_port(origin)))
}

/// `[::1]:80` as `[::1]`, `a:80` as `a`.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

fn refusal(error: &ApiError) -> Refusal {
    Refusal::new(error.code().status().as_u16(), error.detail())
}

async fn talk(mut line: Line, mut guest: Guest) {
    let end = listen(&mut line, &mut guest).await;
    drop(guest);
    if let End::Close(code, why) = end {
        line.close(code, why).await;
    }
}

async fn listen(line: &mut Line, guest: &mut Guest) -> End {
    let stop = guest.pages.0.stop.clone();
    let mut again = tokio::time::interval_at(Instant::now() + LOOK_AGAIN, LOOK_AGAIN);
    let mut tick = tokio::time::interval(SEND / 4);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let stopped = stop.cancelled();
    tokio::pin!(stopped);
    loop {
        let end = tokio::select! {
            turn = line.turn() => guest.hear(line, turn).await,
            news = guest.seat.news.next(), if !line.is_sending() => match news {
                Ok(news) => guest.tell(line, news),
                Err(_) => Some(End::Close(TOO_SLOW, "The page did not keep up.")),
            },
            _ = again.tick() => guest.look_again().await,
            _ = tick.tick() => (line.sending_for() > SEND)
                .then_some(End::Close(TOO_SLOW, "The page did not keep up.")),
            () = &mut stopped => Some(End::Close(CloseCode::Restart, "The hub restarts.")),
        };
        if let Some(end) = end {
            return end;
        }
    }
}

impl Guest {
    /// Tells the page what has come, all that fits into one write.
    fn tell(&mut self, line: &mut Line, first: News) -> Option<End> {
        let (mut bytes, mut next) = (0, Some(first));
        while let Some(news) = next {
            let texts = match news {
                News::Heard { text, .. } => vec![text],
                News::Changed(view) => self.news_of(&view),
            };
            for text in texts {
                bytes += text.len();
                if !line.say(text) {
                    return Some(End::Gone);
                }
            }
            next = if bytes < WRITTEN_TOGETHER { self.seat.news.take() } else { None };
        }
        None
    }

    /// What the device said before the page came.
    fn news_of(&mut self, view: &fairlead_model::room::RoomView) -> Vec<Text> {
        if std::mem::replace(&mut self.seat.begun, true) {
            return Vec::new();
        }
        view.values.iter().map(|text| Text::from(text.clone())).collect()
    }

    async fn hear(&self, line: &mut Line, turn: Turn) -> Option<End> {
        let text = match turn {
            Turn::Text(text) => text,
            Turn::Binary(_) => return self.complain(line, "Only texts are passed on to devices."),
            Turn::Sent => return None,
            Turn::Gone => return Some(End::Gone),
            Turn::Wrong(code, why) => return Some(End::Close(code, why)),
        };
        if self.who.role < Role::Operator {
            let sentence =
                format!("To talk to a device needs the role operator; yours is {}.", self.who.role);
            return self.complain(line, &sentence);
        }
        match self.seat.say(&self.who.name, text).await {
            Ok(()) => None,
            Err(sentence) => self.complain(line, &sentence),
        }
    }

    fn complain(&self, line: &mut Line, sentence: &str) -> Option<End> {
        let text = serde_json::json!({ "error": sentence }).to_string();
        (!line.say(Text::from(text))).then_some(End::Gone)
    }

    /// A session ends, a token is revoked, a role is taken away: the line follows.
    async fn look_again(&mut self) -> Option<End> {
        match self.pages.identify(&self.proof, &self.path).await {
            Ok(who) => {
                self.who = who;
                None
            }
            Err(error) if matches!(error.code(), Code::SignInNeeded | Code::NotAllowed) => {
                Some(End::Close(SIGNED_OUT, "Sign in again."))
            }
            // A store that is away for a moment keeps nobody out.
            Err(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_counts_only_from_this_host() {
        assert!(is_same_site(None, None));
        for (origin, host) in [
            ("https://fleet.example", "fleet.example:7778"),
            ("http://127.0.0.1:8080", "127.0.0.1:7770"),
            ("http://[::1]:8080", "[::1]:7770"),
            ("http://Fleet.example", "fleet.example"),
        ] {
            assert!(is_same_site(Some(origin), Some(host)), "{origin}");
        }
        for (origin, host) in [
            ("https://evil.example", Some("fleet.example:7778")),
            ("https://fleet.example.evil.example", Some("fleet.example")),
            ("null", Some("fleet.example")),
            ("https://fleet.example", None),
        ] {
            assert!(!is_same_site(Some(origin), host), "{origin}");
        }
    }
}
