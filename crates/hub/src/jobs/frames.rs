//! Turns the live topic into frames.

use std::sync::Arc;
use std::time::Duration;

use fairlead_bus::{Bus, News};
use fairlead_model::live::LiveEvent;
use tokio::sync::broadcast;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Between two frames.
const BETWEEN: Duration = Duration::from_millis(50);

/// Bytes of changes in one frame; a single one may have more.
const BUNDLE_BYTES: usize = 64 * 1024;

/// What every page is told.
#[derive(Clone, Debug)]
pub(crate) enum Frame {
    /// Changes, each a line of JSON, written once for all pages.
    Change(Arc<str>),
    /// Something may have been missed: begin anew.
    Begin,
}

/// Writes each piece of news as JSON once, for however many pages. What comes while a frame has just gone out waits for
/// the next one: a thousand pages cost as many writes a frame, however much is in it.
pub(crate) async fn run(bus: Bus, frames: broadcast::Sender<Frame>, stop: CancellationToken) {
    let mut news = bus.subscribe::<LiveEvent>();
    let mut bundle = String::new();
    let mut free_at = Instant::now();
    loop {
        let next = tokio::select! {
            next = news.next() => next,
            () = tokio::time::sleep_until(free_at), if !bundle.is_empty() => {
                send(&frames, &mut bundle);
                free_at = Instant::now() + BETWEEN;
                continue;
            }
            () = stop.cancelled() => return,
        };
        match next {
            News::Message(event) => match serde_json::to_string(&event) {
                Ok(json) => {
                    if bundle.len() + json.len() > BUNDLE_BYTES {
                        send(&frames, &mut bundle);
                    }
                    if !bundle.is_empty() {
                        bundle.push('\n');
                    }
                    bundle.push_str(&json);
                }
                Err(error) => tracing::error!(%error, "a piece of news cannot be written"),
            },
            News::Missed => {
                bundle.clear();
                // Nobody may be looking.
                let _ = frames.send(Frame::Begin);
            }
        }
    }
}

fn send(frames: &broadcast::Sender<Frame>, bundle: &mut String) {
    if !bundle.is_empty() {
        // Nobody may be looking.
        let _ = frames.send(Frame::Change(std::mem::take(bundle).into()));
    }
}
