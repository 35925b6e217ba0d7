//! What can be told to a modem, what stands before it, and what a person says about it.

use actix_web::web;
use fairlead_model::ModemId;
use fairlead_model::mt::{DownlinkView, MtState, OfferView};
use fairlead_model::queue::MtWaiting;
use fairlead_store::audit::{self, Entry};
use fairlead_store::satellite::modems as fleet;
use fairlead_store::satellite::mt::{self, modems};
use fairlead_store::{Conn, StoreError};
use fairlead_web::{ApiError, Code, Operator, Viewer};
use fairlead_wire::pk::Dialect;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::drivers::DEFAULT_ACCOUNT;
use crate::order::build_of;
use crate::rules;
use crate::service::Courier;

/// Every kind of order, in the order of a form.
const KINDS: [&str; 5] = ["interval", "sleep", "beacon", "support", "text"];

/// What can be told to a modem.
#[utoipa::path(get, path = "/api/v1/downlinks/{modem_id}", tag = "outgoing", params(("modem_id" = Uuid, Path)),
    responses((status = 200, body = DownlinkView), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn get(
    _: Viewer,
    state: web::Data<Courier>,
    id: web::Path<Uuid>,
) -> Result<web::Json<DownlinkView>, ApiError> {
    let id = ModemId::from(id.into_inner());
    Ok(web::Json(state.store.read(move |conn| view(conn, id)).await?))
}

fn view(conn: &mut Conn, id: ModemId) -> Result<DownlinkView, StoreError> {
    let modem = fleet::view(conn, id)?;
    let known = modems::get(conn, id)?;
    let build = build_of(&known, modem.dialect.as_deref());
    let before = mt::count_of_modem(conn, id, &[MtState::Queued, MtState::Sending, MtState::Accepted])?;
    let offers = KINDS.into_iter().map(|kind| {
        let offer = rules::offer(kind, build);
        OfferView {
            kind: kind.to_owned(),
            refusal: offer.refusal.map(str::to_owned),
            proof: offer.proof,
            range: offer.range,
        }
    });
    Ok(DownlinkView {
        modem_id: id,
        generation: build.map(|build| build.as_str().to_owned()),
        generation_is_set: known.generation.is_some(),
        account: known.account.unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned()),
        fault: known.fault,
        expected_at: modem.expected_at,
        before,
        wakes: rules::wakes(before, build),
        offers: offers.collect(),
    })
}

/// What a person says about sending to a modem. What is not named stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Said {
    /// The build of its device: `v2_buoy`, `v3_buoy` or `handset`; null: as its messages tell.
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<String>)]
    generation: Option<Option<String>>,
    /// The account that pays; null: the first.
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<String>)]
    account: Option<Option<String>>,
    /// What the provider had against it is put right.
    #[serde(default)]
    clear_fault: bool,
    /// In the person's words; goes into the audit log.
    reason: String,
}

/// Tells null from absent.
fn named<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(d).map(Some)
}

/// Says which build a device is, which account pays, or that the provider's objection is put right.
#[utoipa::path(put, path = "/api/v1/downlinks/{modem_id}", tag = "outgoing", params(("modem_id" = Uuid, Path)),
    request_body = Said,
    responses((status = 200, body = DownlinkView), (status = 422, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn put(
    caller: Operator,
    state: web::Data<Courier>,
    id: web::Path<Uuid>,
    said: web::Json<Said>,
) -> Result<web::Json<DownlinkView>, ApiError> {
    let (id, said) = (ModemId::from(id.into_inner()), said.into_inner());
    if let Some(Some(word)) = &said.generation {
        word.parse::<Dialect>().map_err(|e| ApiError::new(Code::Unprocessable, format!("{e}.")))?;
    }
    if let Some(Some(name)) = &said.account
        && state.account(name).is_none()
    {
        let names: Vec<&str> = state.accounts.keys().copied().collect();
        let sentence = format!("There is no account `{name}`; there are {}.", names.join(", "));
        return Err(ApiError::new(Code::Unprocessable, sentence));
    }
    let (courier, actor) = (state.get_ref().clone(), caller.0.name.clone());
    let shown = state.store.write(move |tx| {
        let imei = fleet::view(tx, id)?.imei.to_string();
        fleet::claim(tx, &[imei])?;
        let mut known = modems::get(tx, id)?;
        if let Some(generation) = &said.generation {
            known.generation.clone_from(generation);
        }
        if let Some(account) = &said.account {
            known.account.clone_from(account);
        }
        if said.clear_fault {
            (known.fault, known.fault_at) = (None, None);
            fairlead_bus::enqueue(tx, &courier.clock, &MtWaiting { modem_id: id }, None)?;
        }
        modems::put(tx, &known)?;
        let subject = format!("modem {id}");
        let entry = Entry { actor: &actor, action: "downlink.set", subject, detail: &said.reason };
        audit::record(tx, &courier.clock, &entry)?;
        view(tx, id)
    });
    Ok(web::Json(shown.await?))
}
