//! Providers: each turns a message into one call, and what came of it into an [`Outcome`].

mod rockblock;

use std::collections::BTreeMap;
use std::sync::Arc;

use fairlead_model::MtId;
use fairlead_web::health::Check;
use fairlead_wire::rockblock::MtRefusal;

pub(crate) use rockblock::Rockblock;

use crate::settings::{AccountSettings, Settings};

/// The account that pays where nobody said otherwise.
pub(crate) const DEFAULT_ACCOUNT: &str = "rockblock";

/// What is sent.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    /// The message, for the provider's logs and ours.
    pub(crate) id: MtId,
    pub(crate) imei: String,
    pub(crate) text: String,
    /// The provider empties the modem's queue first.
    pub(crate) flush: bool,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// An answer was read: the provider has it.
    Taken { provider_id: String },
    /// An answer was read: it has not.
    Refused { code: MtRefusal, text: String },
    /// No connection was made, so not a byte of the request left.
    NotSent { why: String },
    /// Anything else.
    Unknown { why: String },
}

/// One account with a provider.
pub(crate) struct Account {
    pub(crate) name: &'static str,
    pub(crate) settings: AccountSettings,
    /// `None` without user name or password.
    pub(crate) driver: Option<Rockblock>,
}

/// Why an account without a driver does not send.
pub(crate) fn not_set(name: &str) -> String {
    format!("courier.{name}.username or courier.{name}.password is not set.")
}

/// Whether an account's provider is there, by a question that costs nothing.
pub(crate) async fn reached(name: &'static str, driver: Arc<Rockblock>) -> Check {
    match driver.greet().await {
        Ok(()) => Check::good("provider", format!("The provider of courier.{name} is reached.")),
        Err(why) => Check::bad("provider", format!("The provider of courier.{name} is not reached: {why}."))
            .bearable()
            .advice(format!("Let this machine reach it, or correct courier.{name}.url.")),
    }
}

/// The accounts of the settings: the first always, the others where they have a user name.
///
/// # Errors
/// A sentence about the setting that cannot be used.
pub(crate) fn accounts(settings: &Settings) -> anyhow::Result<BTreeMap<&'static str, Account>> {
    let mut accounts = BTreeMap::new();
    for (name, settings, always) in [
        (DEFAULT_ACCOUNT, &settings.rockblock, true),
        ("rockblock_2", &settings.rockblock_2, false),
        ("rockblock_3", &settings.rockblock_3, false),
    ] {
        if !always && settings.username.is_empty() {
            continue;
        }
        let complete = !settings.username.is_empty() && !settings.password.is_empty();
        let driver = complete.then(|| Rockblock::new(name, settings)).transpose()?;
        accounts.insert(name, Account { name, settings: settings.clone(), driver });
    }
    Ok(accounts)
}
