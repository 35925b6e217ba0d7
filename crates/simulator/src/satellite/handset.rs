//! What a handset shows of the MTs that it has fetched.

use fairlead_model::{Imei, Time};
use fairlead_wire::pk::downlink::{self, HandsetReaction};
use serde::Serialize;

use super::mt::Mailboxes;

/// A buoy on a handset's screen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shown {
    /// The provider's number of the MT.
    pub mt_id: u64,
    /// The session that brought it.
    pub fetched_at: Time,
    /// Degrees north, as the handset computes them.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Kilometres an hour, as it takes the figure to be.
    pub speed: String,
    /// Course as received.
    pub course: String,
    /// Time of day as received.
    pub time: String,
    /// Status as received.
    pub status: String,
}

/// A handset's screen.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Screen {
    /// The positions that it has shown, the newest last.
    pub shown: Vec<Shown>,
    /// MTs that it dropped: no PK004 of eight fields.
    pub dropped: Vec<String>,
    /// MTs on which its program failed.
    pub crashed: Vec<String>,
}

impl Screen {
    /// The screen of the handset with this modem, by what it has fetched.
    pub fn of(mailboxes: &Mailboxes, imei: Imei) -> Self {
        let mut screen = Self::default();
        for mt in mailboxes.fetched(imei) {
            let Some(fetched_at) = mt.fetched_at else { continue };
            let text = || String::from_utf8_lossy(&mt.payload).into_owned();
            match downlink::handset(&mt.payload) {
                HandsetReaction::Shows { latitude, longitude, rest: [speed, course, time, status] } => {
                    let mt_id = mt.mt_id;
                    screen.shown.push(Shown {
                        mt_id,
                        fetched_at,
                        latitude,
                        longitude,
                        speed,
                        course,
                        time,
                        status,
                    });
                }
                HandsetReaction::Ignored => screen.dropped.push(text()),
                HandsetReaction::Crashes => screen.crashed.push(text()),
            }
        }
        screen
    }
}
