//! What sending has cost.

use actix_web::web;
use fairlead_model::Time;
use fairlead_model::mt::CreditsBy;
use fairlead_store::satellite::mt::calls;
use fairlead_web::{ApiError, Code, Page, Viewer};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::service::Courier;

/// Length of a day in microseconds.
const DAY_US: i64 = 86_400_000_000;
/// Days that are summed up where none are named.
const DAYS: i32 = 30;

/// Which sums are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CreditsQuery {
    /// By account where it is not said.
    #[param(value_type = Option<CreditsBy>, inline)]
    by: Option<String>,
    /// First day (UTC), as 2026-11-21; 29 days before the last where it is not said.
    #[param(format = Date)]
    from: Option<String>,
    /// Last day (UTC); today where it is not said.
    #[param(format = Date)]
    to: Option<String>,
}

/// A sum of credits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreditsView {
    /// The account's name, the modem's IMEI, or the day.
    key: String,
    /// The same, for a person.
    label: String,
    /// Credits; of a call with an unknown outcome, what it may have cost.
    credits: i64,
    /// Calls of the provider.
    calls: i64,
}

/// Credits by account, modem or day.
#[utoipa::path(get, path = "/api/v1/credits", tag = "outgoing", params(CreditsQuery),
    responses((status = 200, body = Page<CreditsView>), (status = 400, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn list(
    _: Viewer,
    state: web::Data<Courier>,
    query: web::Query<CreditsQuery>,
) -> Result<web::Json<Page<CreditsView>>, ApiError> {
    let CreditsQuery { by, from, to } = query.into_inner();
    let by = match by {
        None => CreditsBy::Account,
        Some(word) => word.parse().map_err(|e: String| ApiError::new(Code::BadRequest, e))?,
    };
    let today = calls::day(state.clock.now());
    let to = to.map(|text| day("to", &text)).transpose()?.unwrap_or(today);
    let from = from.map(|text| day("from", &text)).transpose()?.unwrap_or(to.saturating_sub(DAYS - 1));
    let sums = state.store.read(move |conn| calls::sums(conn, by, from, to)).await?;
    let items = sums.into_iter().map(|sum| {
        let key = if by == CreditsBy::Day { date(&sum.key) } else { sum.key };
        CreditsView { label: key.clone(), key, credits: sum.credits, calls: sum.calls }
    });
    Ok(web::Json(Page { items: items.collect(), next_cursor: None }))
}

fn day(name: &str, text: &str) -> Result<i32, ApiError> {
    Time::parse_rfc3339(&format!("{text}T00:00:00Z")).map(calls::day).ok_or_else(|| {
        ApiError::new(Code::BadRequest, format!("{name} is a day like 2026-11-21, not `{text}`."))
    })
}

fn date(day: &str) -> String {
    let number: i64 = day.parse().unwrap_or_default();
    Time::from_micros(number.saturating_mul(DAY_US)).rfc3339().chars().take(10).collect()
}
