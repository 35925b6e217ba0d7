//! A test of an endpoint: one delivery of no message, tried at once and never again.

use fairlead_model::delivery::{DeliveryAttributes, DeliveryDetail, DeliveryState};
use fairlead_model::queue::DeliveryWaiting;
use fairlead_model::route::RouteTarget;
use fairlead_model::{DeliveryId, EndpointId, Imei};
use fairlead_store::audit::{self, Entry};
use fairlead_store::routing::deliveries::{self, DeliveryRow, NewDelivery, Outcome};
use fairlead_store::routing::endpoints::{self, Endpoint};
use fairlead_store::{StoreError, Tx};
use serde_json::json;

use crate::deliveries::taken;
use crate::endpoints::{Fault, Letter, Sent, TEST};
use crate::service::Courier;

/// The IMEI of a message that no modem sent.
const NOBODY: &str = "000000000000000";

/// What is said of a test until it has come to its end, and for ever where it was cut off.
const UNFINISHED: &str = "The test was not finished.";

/// Makes a test, tries it, and says what came of it.
///
/// # Errors
/// [`StoreError::NotFound`] where there is no such endpoint; else what the database says.
pub(crate) async fn run(courier: &Courier, id: EndpointId, by: String) -> Result<DeliveryDetail, StoreError> {
    let making = courier.clone();
    let (endpoint, row) = courier.store.write(move |tx| make(tx, &making, id, &by)).await?;
    let delivery = DeliveryId::from(row.id);
    let driver = courier.lanes.driver(&endpoint);
    let sent = match (&driver, letter(row)) {
        (Ok(driver), Ok(letter)) => driver.send(&letter).await,
        (Err(why), _) => Sent::failed(why.clone(), Fault::Again),
        (_, Err(error)) => return Err(error),
    };
    courier.lanes.count(driver.as_deref().ok(), &sent);
    let (noting, outcome) = (courier.clone(), outcome(sent));
    let detail = courier.store.write(move |tx| note(tx, &noting, id, delivery, &outcome)).await?;
    courier.lanes.changed(id);
    Ok(detail)
}

fn make(
    tx: &mut Tx<'_>,
    courier: &Courier,
    id: EndpointId,
    by: &str,
) -> Result<(Endpoint, DeliveryRow), StoreError> {
    let endpoint = endpoints::get(tx, id)?;
    let now = courier.clock.now();
    let nobody: Imei = NOBODY.parse().map_err(|e| StoreError::Fault(format!("{NOBODY}: {e}")))?;
    let body = json!({ "test": true, "endpoint": endpoint.name, "at": now.rfc3339() });
    let new = NewDelivery {
        route: None,
        target: RouteTarget::Endpoint { id },
        message: None,
        modem: None,
        device: None,
        format: "json".to_owned(),
        content_type: "application/json".to_owned(),
        attributes: DeliveryAttributes {
            device: "test".to_owned(),
            kind: "modem".to_owned(),
            imei: nobody,
            message: TEST.to_owned(),
            at: now,
            position_at: None,
        },
        body: body.to_string().into_bytes(),
    };
    let row = deliveries::insert_failed(tx, &courier.clock, &new, UNFINISHED)?;
    let entry = Entry {
        actor: by,
        action: "endpoint.test",
        subject: format!("endpoint {id}"),
        detail: &endpoint.name,
    };
    audit::record(tx, &courier.clock, &entry)?;
    Ok((endpoint, row))
}

fn letter(row: DeliveryRow) -> Result<Letter, StoreError> {
    Ok(Letter {
        attributes: row.attributes()?,
        id: row.id.into(),
        attempt: 1,
        created_at: row.created_at.into(),
        is_late: false,
        format: row.format,
        content_type: row.content_type,
        body: row.body.into(),
    })
}

fn outcome(sent: Sent) -> Outcome {
    let (state, cause, status, response) = match sent {
        Sent::Delivered { status, response } => (DeliveryState::Delivered, taken(status), status, response),
        Sent::Failed { why, status, response, .. } => (DeliveryState::Failed, why, status, response),
    };
    Outcome {
        state,
        cause,
        counts: true,
        due_at: None,
        status: status.map(i32::from),
        response: (!response.is_empty()).then_some(response),
        mt_id: None,
    }
}

/// A test that went well shows that a failing endpoint is back. One that is switched off stays so: a person says when it
/// is ready.
fn note(
    tx: &mut Tx<'_>,
    courier: &Courier,
    id: EndpointId,
    delivery: DeliveryId,
    outcome: &Outcome,
) -> Result<DeliveryDetail, StoreError> {
    let now = courier.clock.now();
    deliveries::put_outcome(tx, now, delivery, outcome)?;
    if outcome.state == DeliveryState::Delivered {
        endpoints::claim_state(tx, id)?;
        let mut state = match endpoints::get(tx, id) {
            Ok(endpoint) => endpoint.state,
            Err(StoreError::NotFound) => return deliveries::detail(tx, delivery),
            Err(other) => return Err(other),
        };
        if state.disabled_at.is_none() {
            if state.failing_since.is_some() {
                endpoints::resume(tx, &courier.clock, id)?;
                fairlead_bus::enqueue(tx, &courier.clock, &DeliveryWaiting { target_id: id.uuid() }, None)?;
                state.forgive();
            }
            state.delivered_at = Some(now.into());
            endpoints::put_state(tx, &state)?;
        }
    }
    deliveries::detail(tx, delivery)
}
