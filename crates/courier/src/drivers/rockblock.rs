//! RockBLOCK: one form, posted once.

use std::time::Duration;

use fairlead_model::Secret;
use fairlead_wire::rockblock::{MtAnswer, read_mt_answer};
use reqwest::{Client, Url};

use super::{Outcome, Parcel, call};
use crate::settings::AccountSettings;

/// One account with RockBLOCK.
pub(crate) struct Rockblock {
    client: Client,
    url: Url,
    username: String,
    password: Secret,
}

impl Rockblock {
    pub(super) fn new(name: &str, settings: &AccountSettings, timeout: Duration) -> anyhow::Result<Self> {
        Ok(Self {
            client: call::client(timeout)?,
            url: call::url(name, &settings.url)?,
            username: settings.username.clone(),
            password: settings.password.clone(),
        })
    }

    pub(super) async fn greet(&self) -> Result<(), String> {
        call::greet(&self.client, &self.url).await
    }

    /// Makes the call, once. The body is the authority, whatever the status.
    pub(super) async fn send(&self, parcel: &Parcel) -> Outcome {
        let data = hex::encode(&parcel.text);
        let mut form = vec![
            ("imei", parcel.address.as_str()),
            ("username", self.username.as_str()),
            ("password", self.password.expose()),
            ("data", data.as_str()),
        ];
        if parcel.flush {
            form.push(("flush", "yes"));
        }
        let answer = match call::once(self.client.post(self.url.clone()).form(&form), parcel.id).await {
            Ok(answer) => answer,
            Err(outcome) => return outcome,
        };
        match read_mt_answer(&answer.body) {
            Some(MtAnswer::Taken { id }) => Outcome::Taken { provider_id: id },
            Some(MtAnswer::Refused { code, text }) => {
                Outcome::Refused { refusal: code.refusal(), said: format!("{code}, {text}") }
            }
            None => call::wordless(answer.status),
        }
    }
}
