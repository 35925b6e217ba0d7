//! Checking Fairlead against the ledger and the provider's charges, through its public API alone.

mod charges;
mod compare;
mod mt_report;
mod peer;
mod report;

use std::time::Duration;

use anyhow::Result;
use fairlead_model::Secret;
use fairlead_model::mt::MtState;

use crate::ledger::Ledger;
use crate::satellite::mt::Charge;

pub use charges::{Life, MtFinding, Wrong, compare_charges, needs_steps};
pub use compare::{Finding, Verdict, compare};
pub use mt_report::MtReport;
pub use peer::{Held, MessageKey, Peer, Step, Told};
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

/// Compares what the provider charged for with what Fairlead says of its messages to devices.
///
/// What a person decided is taken into account: an unknown message that was sent again may be charged twice. It
/// looks again, at most for `patience`, while a call is under way or something is wrong: a charge and the note of it
/// are not one moment.
///
/// # Errors
/// Where the API cannot be reached, refuses the token, or answers something else than messages.
pub async fn verify_charges(
    charges: impl Fn() -> Vec<Charge> + Send,
    api: &str,
    token: &Secret,
    patience: Duration,
) -> Result<MtReport> {
    let peer = Peer::new(api, token)?;
    let deadline = tokio::time::Instant::now() + patience;
    loop {
        // The charges first: whatever is charged later belongs to a message that is there by then.
        let charged = charges();
        let told = peer.told().await?;
        let odd = needs_steps(&charged, &told);
        let mut lives = Vec::with_capacity(told.len());
        for told in told {
            let steps = if odd.contains(&told.id) { peer.steps(told.id).await? } else { Vec::new() };
            lives.push(Life { told, steps });
        }
        let report = MtReport::of(&charged, &lives, compare_charges(&charged, &lives));
        let is_still = report.passed && report.count(MtState::Sending) == 0;
        if is_still || tokio::time::Instant::now() >= deadline {
            return Ok(report);
        }
        tokio::time::sleep(PAUSE).await;
    }
}
