//! Checking Fairlead against the ledger and the provider's charges, through its public API alone.

mod charges;
mod compare;
mod deliveries;
mod mt_report;
mod peer;
mod report;

use std::time::Duration;

use anyhow::Result;
use fairlead_model::delivery::DeliveryState;
use fairlead_model::mt::MtState;
use fairlead_model::{EndpointId, Secret, Time};

use crate::ledger::Ledger;
use crate::receiver::Receiver;
use crate::satellite::Sent;
use crate::satellite::mt::Charge;

pub use charges::{Life, MtFinding, Wrong, compare_charges, needs_steps};
pub use compare::{Finding, Verdict, compare};
pub use deliveries::{DeliveryReport, Missed};
pub use mt_report::MtReport;
pub use peer::{Held, MessageKey, Peer, Posted, Step, Told};
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

/// What a webhook's receiver should have got, and since when.
pub struct Owed<'a> {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// Its receiver.
    pub receiver: &'a Receiver,
    /// When the route to it was there.
    pub since: Time,
    /// The API that lists its deliveries, where it is not the one that lists messages: the courier's own.
    pub courier: Option<&'a str>,
}

/// Compares what a webhook's receiver was owed by the ledger with what it has taken. `is_owed` says of a message whether
/// its route passes it on.
///
/// It looks again, at most for `patience`, while something waits or is missing.
///
/// # Errors
/// Where the API cannot be reached, refuses the token, or answers something else than deliveries.
pub async fn verify_deliveries(
    ledger: &Ledger,
    owed: &Owed<'_>,
    is_owed: impl Fn(&Sent) -> bool + Send,
    (api, token): (&str, &Secret),
    patience: Duration,
) -> Result<DeliveryReport> {
    let peer = Peer::new(api, token)?;
    let courier = Peer::new(owed.courier.unwrap_or(api), token)?;
    let deadline = tokio::time::Instant::now() + patience;
    loop {
        // The ledger first: what is accepted while the pages are read is not missed.
        let keys = deliveries::owed(&ledger.entries(), owed.since, &is_owed);
        let (posted, held) = (courier.posted(owed.endpoint).await?, peer.messages().await?);
        let report = DeliveryReport::of(&keys, &held, &posted, owed.receiver);
        let waits = posted.iter().any(|posted| posted.state == DeliveryState::Waiting);
        if report.passed && !waits || tokio::time::Instant::now() >= deadline {
            return Ok(report);
        }
        tokio::time::sleep(PAUSE).await;
    }
}
