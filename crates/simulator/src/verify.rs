//! Checking Fairlead against the ledger, through its public API alone.

mod compare;
mod peer;
mod report;

use std::time::Duration;

use anyhow::Result;
use fairlead_model::Secret;

use crate::ledger::Ledger;

pub use compare::{Finding, Verdict, compare};
pub use peer::{Held, MessageKey, Peer};
pub use report::Report;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// Compares what the ledger says with what Fairlead has.
///
/// First it waits, at most `patience`, until Fairlead has looked at every message; then, within the same time,
/// until nothing that was accepted is missing, as a message may still be on its way to the store.
///
/// # Errors
/// Where the API cannot be reached, refuses the token, or answers something else than messages.
pub async fn verify(ledger: &Ledger, api: &str, token: &Secret, patience: Duration) -> Result<Report> {
    let peer = Peer::new(api, token)?;
    let deadline = tokio::time::Instant::now() + patience;
    while peer.has_waiting().await? && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(PAUSE).await;
    }
    loop {
        // The ledger first: what is accepted while the pages are read is not missing.
        let entries = ledger.entries();
        let held = peer.messages().await?;
        let report = Report::of(compare(&entries, &held), &held);
        if report.lost == 0 && report.waiting == 0 || tokio::time::Instant::now() >= deadline {
            return Ok(report);
        }
        tokio::time::sleep(PAUSE).await;
    }
}
