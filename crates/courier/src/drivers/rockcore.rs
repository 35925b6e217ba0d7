//! Rock 7 Core: a text for a tracker, which is named by its serial number. What it says stands in the query, the
//! password too: the URL goes into no sentence and no log.

use std::time::Duration;

use anyhow::ensure;
use fairlead_model::Secret;
use fairlead_wire::rockcore::{SendAnswer, read_send_answer};
use reqwest::{Client, Url};

use super::{Outcome, Parcel, call};
use crate::settings::RockcoreSettings;

/// One account with Rock 7 Core.
pub(crate) struct Rockcore {
    client: Client,
    url: Url,
    username: String,
    password: Secret,
}

impl Rockcore {
    pub(super) fn new(name: &str, settings: &RockcoreSettings, timeout: Duration) -> anyhow::Result<Self> {
        let url = call::url(name, &settings.url)?;
        ensure!(url.query().is_none(), "courier.{name}.url ends before its `?`; what follows is put there");
        Ok(Self {
            client: call::client(timeout)?,
            url,
            username: settings.username.clone(),
            password: settings.password.clone(),
        })
    }

    pub(super) async fn greet(&self) -> Result<(), String> {
        call::greet(&self.client, &self.url).await
    }

    /// Makes the call, once.
    pub(super) async fn send(&self, parcel: &Parcel) -> Outcome {
        let mut url = self.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(&parcel.address);
        }
        url.query_pairs_mut()
            .append_pair("username", &self.username)
            .append_pair("password", self.password.expose())
            .append_pair("message", &parcel.text);
        let answer = match call::once(self.client.post(url), parcel.id).await {
            Ok(answer) => answer,
            Err(outcome) => return outcome,
        };
        match read_send_answer(&answer.body) {
            Some(SendAnswer::Taken { id }) if answer.status.is_success() => {
                Outcome::Taken { provider_id: id }
            }
            Some(SendAnswer::Refused { text }) => call::not_taken(answer.status, Some(text)),
            _ => call::not_taken(answer.status, None),
        }
    }
}
