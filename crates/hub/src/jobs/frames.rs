//! Turns the live topic into frames.

use std::sync::Arc;

use fairlead_bus::{Bus, News};
use fairlead_model::live::LiveEvent;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// What every page is told.
#[derive(Clone, Debug)]
pub(crate) enum Frame {
    /// A change, as JSON, written once for all pages.
    Change(Arc<str>),
    /// Something may have been missed: begin anew.
    Begin,
}

/// Writes each piece of news as JSON once, for however many pages.
pub(crate) async fn run(bus: Bus, frames: broadcast::Sender<Frame>, stop: CancellationToken) {
    let mut news = bus.subscribe::<LiveEvent>();
    loop {
        let next = tokio::select! {
            next = news.next() => next,
            () = stop.cancelled() => return,
        };
        let frame = match next {
            News::Message(event) => match serde_json::to_string(&event) {
                Ok(json) => Frame::Change(json.into()),
                Err(error) => {
                    tracing::error!(%error, "a piece of news cannot be written");
                    continue;
                }
            },
            News::Missed => Frame::Begin,
        };
        // Nobody may be looking.
        let _ = frames.send(frame);
    }
}
