//! What can be told to a modem, what stands before it, and what a person says about it.

use actix_web::web;
use fairlead_model::ModemId;
use fairlead_model::message::Dialect;
use fairlead_model::mt::{DownlinkView, MtState, OfferView, OrderKind};
use fairlead_model::queue::MtWaiting;
use fairlead_store::audit::{self, Entry};
use fairlead_store::satellite::modems as fleet;
use fairlead_store::satellite::mt::{self, modems};
use fairlead_store::{Conn, StoreError};
use fairlead_web::{ApiError, Code, Operator, Viewer};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::order::build_of;
use crate::reach::{self, Reach};
use crate::rules;
use crate::service::Courier;

/// What can be told to a modem.
#[utoipa::path(get, path = "/api/v1/downlinks/{modem_id}", tag = "outgoing", params(("modem_id" = Uuid, Path)),
    responses((status = 200, body = DownlinkView), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn get(
    _: Viewer,
    state: web::Data<Courier>,
    id: web::Path<Uuid>,
) -> Result<web::Json<DownlinkView>, ApiError> {
    let (id, courier) = (ModemId::from(id.into_inner()), state.get_ref().clone());
    Ok(web::Json(state.store.read(move |conn| view(conn, &courier, id)).await?))
}

fn view(conn: &mut Conn, courier: &Courier, id: ModemId) -> Result<DownlinkView, StoreError> {
    let modem = fleet::view(conn, id)?;
    let known = modems::get(conn, id)?;
    let build = build_of(&known, modem.dialect.map(Dialect::as_str));
    let Reach { account, provider, refusal } = reach::of(conn, courier, id)?;
    let before = mt::count_of_modem(conn, id, &[MtState::Queued, MtState::Sending, MtState::Accepted])?;
    // Positions are made by routes alone.
    let offers = OrderKind::ALL.iter().filter(|kind| **kind != OrderKind::Position).map(|kind| {
        let offer = rules::offer(*kind, build, provider);
        OfferView {
            kind: *kind,
            refusal: offer.refusal.map(str::to_owned).or_else(|| refusal.clone()),
            proof: offer.proof,
            range: offer.range,
        }
    });
    Ok(DownlinkView {
        modem_id: id,
        generation: build,
        generation_is_set: known.generation.is_some(),
        account,
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
pub(crate) struct DownlinkChange {
    /// The build of its device; null: as its messages tell.
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<Dialect>)]
    generation: Option<Option<Dialect>>,
    /// The account that pays; null: as its device and its messages tell.
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
fn named<'de, T: Deserialize<'de>, D: Deserializer<'de>>(d: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(d).map(Some)
}

/// Says which build a device is, which account pays, or that the provider's objection is put right.
#[utoipa::path(put, path = "/api/v1/downlinks/{modem_id}", tag = "outgoing", params(("modem_id" = Uuid, Path)),
    request_body = DownlinkChange,
    responses((status = 200, body = DownlinkView), (status = 422, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn put(
    caller: Operator,
    state: web::Data<Courier>,
    id: web::Path<Uuid>,
    change: web::Json<DownlinkChange>,
) -> Result<web::Json<DownlinkView>, ApiError> {
    let (id, change) = (ModemId::from(id.into_inner()), change.into_inner());
    if let Some(Some(name)) = &change.account
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
        if let Some(generation) = change.generation {
            known.generation = generation.map(|build| build.as_str().to_owned());
        }
        if let Some(account) = &change.account {
            known.account.clone_from(account);
        }
        if change.clear_fault {
            (known.fault, known.fault_at) = (None, None);
            fairlead_bus::enqueue(tx, &courier.clock, &MtWaiting { modem_id: id }, None)?;
        }
        modems::put(tx, &known)?;
        let subject = format!("modem {id}");
        let entry = Entry { actor: &actor, action: "downlink.set", subject, detail: &change.reason };
        audit::record(tx, &courier.clock, &entry)?;
        view(tx, &courier, id)
    });
    Ok(web::Json(shown.await?))
}
