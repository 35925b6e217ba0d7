//! A device on the line: how it comes in, and what is done while it is there.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use fairlead_model::Clock;
use fairlead_web::networks::TrustedProxies;
use tokio::net::TcpStream;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_util::sync::CancellationToken;

use super::Introducing;
use super::handshake::{self, Asked, Refusal};
use super::line::{Line, Turn};
use crate::rooms::door::Door;
use crate::rooms::knocks::Knocks;
use crate::rooms::{DeviceSeat, Rooms, why};

/// How long a text may take to leave for a device that does not read.
const SEND: Duration = Duration::from_secs(60);

/// Texts of one device that are passed on before others have their turn.
const IN_A_ROW: usize = 32;

/// Bytes for a device that are written at a time.
const WRITTEN_TOGETHER: usize = 4 * 1024;

/// What every device's connection needs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Devices(Arc<Parts>);

/// What it is made of.
pub(crate) struct Parts {
    pub(crate) rooms: Rooms,
    pub(crate) door: Door,
    pub(crate) knocks: Knocks,
    pub(crate) clock: Clock,
    pub(crate) proxies: TrustedProxies,
    /// Most devices at a time.
    pub(crate) most: usize,
    /// Between two pings.
    pub(crate) beat: Duration,
    pub(crate) stop: CancellationToken,
}

/// Why a device's line ends.
enum End {
    Gone,
    Close(CloseCode, &'static str),
}

impl Devices {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// A connection from its first byte to its last.
    pub(crate) async fn welcome(self, mut stream: TcpStream, from: SocketAddr, introducing: Introducing) {
        let asked = match introducing.wait(handshake::read(&mut stream)).await.flatten() {
            Some(Ok(asked)) => asked,
            Some(Err(refusal)) => {
                self.0.rooms.figures().refused.increment(1);
                introducing.wait(handshake::refuse(stream, &refusal, false)).await;
                return;
            }
            None => return,
        };
        let address = asked.address(from, &self.0.proxies).to_string();
        match self.let_in(&asked, address).await {
            // The older connection has lost its line from here on.
            Ok(seat) => match asked.accept(stream).await {
                Some(line) => introducing.go_on(talk(line, seat, self.0.beat, self.0.stop.clone())),
                None => drop(seat),
            },
            Err(refusal) => {
                self.0.rooms.figures().refused.increment(1);
                introducing.wait(handshake::refuse(stream, &refusal, false)).await;
            }
        }
    }

    async fn let_in(&self, asked: &Asked, address: String) -> Result<DeviceSeat, Refusal> {
        let Parts { rooms, door, knocks, clock, most, beat, .. } = &*self.0;
        let figures = rooms.figures();
        let key = asked.parameter("key");
        let key = key.as_ref().map(|key| key.expose());
        match door.ask(&asked.name, key, figures.unregistered()).await {
            // A device that has a place, should it be with a dead connection, needs no other.
            Ok(admitted) if figures.devices() >= *most && !rooms.has(&admitted.name) => {
                tracing::warn!(most, "a device was refused: hub.device_connections are here already");
                Err(Refusal::new(503, format!("{most} devices are here already. Come again.")))
            }
            Ok(admitted) => {
                let name = admitted.name.clone();
                rooms.arrive(admitted, &address, *beat).map_err(|holder| {
                    let why = format!("Another device of the name {name} is on the line");
                    let advice = "Give one of them another name, or keys";
                    knocks.note(clock, &name, &address, &format!("{why}, from {holder}. {advice}."));
                    Refusal::new(409, format!("{why}. {advice}."))
                })
            }
            Err(away) => {
                if let Some(name) = &away.knock {
                    tracing::debug!(name, address, why = away.why, "a device was refused");
                    knocks.note(clock, name, &address, &away.why);
                }
                Err(Refusal::new(away.status, away.why))
            }
        }
    }
}

async fn talk(mut line: Line, mut seat: DeviceSeat, beat: Duration, stop: CancellationToken) {
    let end = listen(&mut line, &mut seat, beat, stop).await;
    let name = seat.name().to_owned();
    // Its room knows before the other end does: a device that does not read its farewell is in nobody's way.
    drop(seat);
    match end {
        End::Gone => tracing::debug!(device = name, "a device has gone"),
        End::Close(code, why) => {
            tracing::debug!(device = name, why, "a device's line ends");
            line.close(code, why).await;
        }
    }
}

async fn listen(line: &mut Line, seat: &mut DeviceSeat, beat: Duration, stop: CancellationToken) -> End {
    let quarter = (beat / 4).max(Duration::from_millis(10));
    let mut tick = tokio::time::interval_at(Instant::now() + quarter, quarter);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut pulse = Pulse::default();
    let stopped = stop.cancelled();
    tokio::pin!(stopped);
    loop {
        tokio::select! {
            turn = line.turn() => if let Some(end) = take(line, seat, turn) {
                return end;
            },
            text = seat.texts.next(), if !line.is_sending() => match text {
                Ok(first) => {
                    let (mut bytes, mut next) = (0, Some(first));
                    while let Some(text) = next {
                        bytes += text.len();
                        if !line.say(text) {
                            return End::Gone;
                        }
                        next = if bytes < WRITTEN_TOGETHER { seat.texts.take() } else { None };
                    }
                }
                Err(end) => return End::Close(CloseCode::Normal, why(end)),
            },
            _ = tick.tick() => {
                if line.sending_for() > SEND {
                    return cut_off(seat, "does not read what it is told");
                }
                let beat = pulse.beat(line.heard());
                let contested = seat.quarter(pulse.silent == 0);
                match beat {
                    Beat::Silent => return cut_off(seat, "has not been heard of for three pings"),
                    Beat::Rest if !contested => {}
                    Beat::Ping | Beat::Rest if line.is_sending() => {}
                    Beat::Ping | Beat::Rest => if !line.ping() {
                        return End::Gone;
                    },
                }
            },
            () = &mut stopped => return End::Close(CloseCode::Restart, "The hub restarts."),
        }
    }
}

fn cut_off(seat: &DeviceSeat, why: &'static str) -> End {
    seat.count_cut_off();
    tracing::info!(device = seat.name(), "a device {why}: its line is cut off");
    End::Close(CloseCode::Away, "Nothing was heard of you for too long.")
}

/// What came, and what has come with it.
fn take(line: &mut Line, seat: &DeviceSeat, first: Turn) -> Option<End> {
    let mut turn = first;
    let mut row = 0;
    loop {
        match turn {
            Turn::Text(text) => seat.heard(&text),
            Turn::Binary(bytes) => {
                tracing::debug!(device = seat.name(), bytes, "a binary frame of a device is not passed on");
                seat.remark(&format!("(a binary frame of {bytes} bytes, which is not passed on)"));
            }
            Turn::Sent => {}
            Turn::Gone => return Some(End::Gone),
            Turn::Wrong(code, why) => return Some(End::Close(code, why)),
        }
        row += 1;
        if row == IN_A_ROW {
            return None;
        }
        turn = line.turn_now()?;
    }
}

/// When to ask for a sign of life, and when to give up, in quarters of a beat.
#[derive(Default)]
struct Pulse {
    heard: u64,
    quarters: u32,
    silent: u32,
}

#[derive(Debug, PartialEq, Eq)]
enum Beat {
    Rest,
    Ping,
    Silent,
}

impl Pulse {
    /// A quarter has passed; `heard` is how much has come so far.
    fn beat(&mut self, heard: u64) -> Beat {
        self.silent = if heard == self.heard { self.silent + 1 } else { 0 };
        self.heard = heard;
        self.quarters = (self.quarters + 1) % 4;
        match (self.silent, self.quarters) {
            (12.., _) => Beat::Silent,
            (_, 0) => Beat::Ping,
            _ => Beat::Rest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_given_up_after_three_pings_without_a_single_byte() {
        let mut pulse = Pulse::default();
        let beats: Vec<Beat> = (0..12).map(|_| pulse.beat(0)).collect();
        let pings = beats.iter().filter(|beat| **beat == Beat::Ping).count();
        assert_eq!((pings, beats.last()), (2, Some(&Beat::Silent)));
        let mut pulse = Pulse::default();
        for n in 0..100 {
            // One byte in each three beats is enough.
            assert_ne!(pulse.beat(n / 11), Beat::Silent);
        }
    }
}
