//! What the pages are told: passing, and nothing depends on it.

use fairlead_model::ProblemId;
use fairlead_model::endpoint::EndpointView;
use fairlead_model::live::LiveEvent;
use fairlead_model::mt::{AccountState, AccountView, MtState};
use fairlead_store::satellite::mt::{self, MtRow, accounts, calls};
use fairlead_store::{Conn, StoreError, problems};

use crate::drivers::Account;
use crate::service::Courier;

/// Days that the page's longer sum covers.
const MONTH: i32 = 30;

/// An account as shown.
///
/// # Errors
/// What the database says.
pub(crate) fn account(
    conn: &mut Conn,
    courier: &Courier,
    account: &Account,
) -> Result<AccountView, StoreError> {
    let row = accounts::get(conn, account.name)?;
    let today = calls::day(courier.clock.now());
    let (state, reason) = match (&row.paused_since, &account.driver) {
        (Some(_), _) => (AccountState::Paused, row.pause_reason.clone()),
        (None, None) => {
            let sentence =
                format!("{} Messages wait until both are.", account.provider.not_set(account.name));
            (AccountState::NoCredentials, Some(sentence))
        }
        (None, Some(_)) => (AccountState::Ready, None),
    };
    Ok(AccountView {
        name: account.name.to_owned(),
        provider: account.provider.as_str().to_owned(),
        state,
        reason,
        paused_since: row.paused_since.map(Into::into),
        waiting: mt::count_of_account(conn, account.name, MtState::Queued)?,
        unknown: mt::count_of_account(conn, account.name, MtState::Unknown)?,
        credits_today: calls::spent(conn, account.name, today)?,
        credits_30_days: calls::spent(conn, account.name, today - MONTH + 1)?,
    })
}

/// Tells that a message has changed.
pub(crate) fn outgoing(courier: &Courier, row: MtRow) {
    match row.view() {
        Ok(mt) => courier.bus.publish(&LiveEvent::Outgoing { mt: Box::new(mt) }),
        Err(error) => tracing::error!(%error, "a message to a device cannot be shown"),
    }
}

/// Tells that an endpoint has changed.
pub(crate) fn endpoint(courier: &Courier, endpoint: EndpointView) {
    courier.bus.publish(&LiveEvent::Endpoint { endpoint: Box::new(endpoint) });
}

/// Tells of a problem that is new.
pub(crate) async fn problem(courier: Courier, id: ProblemId) {
    match courier.store.read(move |conn| problems::get(conn, id)).await {
        Ok(problem) => courier.bus.publish(&LiveEvent::Problem { problem }),
        Err(error) => tracing::warn!(%error, "the pages were not told of a problem"),
    }
}

/// Tells that an account has changed, and how it is now.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this name; else what the database says.
pub(crate) async fn account_changed(
    courier: &Courier,
    name: &'static str,
) -> Result<AccountView, StoreError> {
    let of = courier.clone();
    let shown = courier.store.read(move |conn| {
        let found = of.account(name).ok_or(StoreError::NotFound)?;
        account(conn, &of, found)
    });
    let account = shown.await?;
    courier.bus.publish(&LiveEvent::Account { account: account.clone() });
    Ok(account)
}

/// Tells how problems are now. Lossy by design: nothing depends on it.
pub(crate) async fn problems(courier: &Courier, ids: Vec<ProblemId>) {
    if ids.is_empty() {
        return;
    }
    let found = courier.store.read(move |conn| problems::views(conn, &ids)).await;
    for problem in found.unwrap_or_default() {
        courier.bus.publish(&LiveEvent::Problem { problem });
    }
}
