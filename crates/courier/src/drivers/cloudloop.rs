//! Cloudloop: an SBD message for a modem, which is named by Cloudloop's own word for it, its thing. The token stands in
//! the query: the URL goes into no sentence and no log.

use std::time::Duration;

use anyhow::ensure;
use fairlead_model::Secret;
use fairlead_wire::cloudloop::{SendAnswer, read_send_answer};
use reqwest::{Client, Url};

use super::{Outcome, Parcel, call};
use crate::settings::CloudloopSettings;

/// One account with Cloudloop.
pub(crate) struct Cloudloop {
    client: Client,
    url: Url,
    token: Secret,
}

impl Cloudloop {
    pub(super) fn new(name: &str, settings: &CloudloopSettings, timeout: Duration) -> anyhow::Result<Self> {
        let url = call::url(name, &settings.url)?;
        ensure!(url.query().is_none(), "courier.{name}.url ends before its `?`; what follows is put there");
        Ok(Self { client: call::client(timeout)?, url, token: settings.token.clone() })
    }

    pub(super) async fn greet(&self) -> Result<(), String> {
        call::greet(&self.client, &self.url).await
    }

    /// Makes the call, once.
    pub(super) async fn send(&self, parcel: &Parcel) -> Outcome {
        let mut url = self.url.clone();
        url.query_pairs_mut()
            .append_pair("token", self.token.expose())
            .append_pair("thing", &parcel.address)
            .append_pair("message", &hex::encode(&parcel.text));
        let answer = match call::once(self.client.post(url), parcel.id).await {
            Ok(answer) => answer,
            Err(outcome) => return outcome,
        };
        match read_send_answer(answer.status.as_u16(), &answer.body) {
            Some(SendAnswer::Taken { id }) => Outcome::Taken { provider_id: id },
            Some(SendAnswer::Refused { text }) => call::not_taken(answer.status, Some(text)),
            None => call::not_taken(answer.status, None),
        }
    }
}
