//! What the provider's customers would see: a page for each platform, with what it was told and what still waits.

use std::fmt::Write as _;

use super::Mailboxes;
use super::charge::Charge;
use crate::receiver::page::{escaped, plain};

/// The platforms: the word in [`Charge::platform`], and what people call it.
pub(super) const PLATFORMS: [(&str, &str); 3] =
    [("rockblock", "RockBLOCK"), ("rockcore", "Rock 7 Core"), ("cloudloop", "Cloudloop")];

/// Messages on a page.
const SHOWN: usize = 50;

/// The page that leads to the others.
pub(super) fn of_all(charges: &[Charge]) -> String {
    let mut rows = String::new();
    for (platform, name) in PLATFORMS {
        let own = || charges.iter().filter(|charge| charge.platform == platform);
        let credits: u64 = own().map(|charge| charge.credits).sum();
        // A String takes whatever is written to it.
        let _ = write!(
            rows,
            "<tr><td><a href=\"/simulator/{platform}\">{name}</a><td>{}<td>{credits}",
            own().count()
        );
    }
    plain("Satellite provider", &format!("<table><tr><th>platform<th>messages<th>credits{rows}</table>"))
}

/// A platform's messages, newest first; `None` where there is no such platform.
pub(super) fn of_platform(platform: &str, charges: &[Charge], mailboxes: &Mailboxes) -> Option<String> {
    let (_, name) = PLATFORMS.iter().find(|(word, _)| *word == platform)?;
    let mut rows = String::new();
    for charge in charges.iter().rev().filter(|charge| charge.platform == platform).take(SHOWN) {
        let waits = mailboxes.waiting(charge.imei).iter().any(|mt| mt.mt_id == charge.mt_id);
        let text = hex::decode(&charge.payload).unwrap_or_default();
        let _ = write!(
            rows,
            "<tr><td>{}<td>{}<td>{}<td><code>{}</code><td>{}<td>{}<td>{}",
            charge.at,
            charge.mt_id,
            charge.imei,
            escaped(&String::from_utf8_lossy(&text)),
            charge.credits,
            if waits { "waits for the modem" } else { "fetched, or flushed" },
            if charge.answered { "yes" } else { "no" },
        );
    }
    let head = "<tr><th>time<th>number<th>modem<th>text<th>credits<th>state<th>client was answered";
    Some(plain(name, &format!("<table>{head}{rows}</table>")))
}
