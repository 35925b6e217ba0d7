//! What the account was charged for.

use std::collections::HashMap;

use fairlead_model::{Imei, Time};
use serde::{Deserialize, Serialize};

/// One MT that was queued and charged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// When.
    pub at: Time,
    /// The number that the MT was given.
    pub mt_id: u64,
    /// The modem.
    pub imei: Imei,
    /// By which platform: `rockblock`, `rockcore` or `cloudloop`.
    pub platform: String,
    /// The account's username.
    pub account: String,
    /// The text in lower-case hexadecimal.
    pub payload: String,
    /// Credits: one for each 50 bytes, the last of them begun or full.
    pub credits: u64,
    /// Whether the client was answered.
    pub answered: bool,
    /// The request's `x-request-id`, which tells one command sent twice from two commands of one text.
    pub request_id: Option<String>,
}

/// Request ids that were charged more than once, each once, in the order of their second charges.
pub fn charged_more_than_once(charges: &[Charge]) -> Vec<String> {
    let mut counts: HashMap<&str, u32> = HashMap::new();
    let mut twice = Vec::new();
    for id in charges.iter().filter_map(|charge| charge.request_id.as_deref()) {
        let count = counts.entry(id).or_default();
        *count += 1;
        if *count == 2 {
            twice.push(id.to_owned());
        }
    }
    twice
}
