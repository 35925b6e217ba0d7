//! Endpoints: where routes deliver to. They hold secrets, so an administrator writes them.

use actix_web::{HttpResponse, web};
use fairlead_model::delivery::DeliveryDetail;
use fairlead_model::endpoint::{
    EndpointConfig, EndpointKind, EndpointMade, EndpointSecrets, EndpointView, NewEndpoint, SigningKeyView,
};
use fairlead_model::live::LiveEvent;
use fairlead_model::queue::DeliveryWaiting;
use fairlead_model::role::Role;
use fairlead_model::{EndpointId, Secret};
use fairlead_store::audit::{self, Entry};
use fairlead_store::registry::{Checked, Flaw, Status};
use fairlead_store::routing::endpoints::{self, Endpoint, Kept};
use fairlead_store::{Conn, StoreError, Tx};
use fairlead_web::{Admin, ApiError, ChangeReason, Code, Page, PageQuery, Viewer};
use uuid::Uuid;

use crate::endpoints::{Driver, OpenSecrets, Sealer, fresh_signing_secret};
use crate::news;
use crate::service::Courier;
use crate::trial;

/// Most secrets that sign one webhook's deliveries.
const MOST_KEYS: usize = 5;
/// Characters of a signing secret that are shown.
const HINT: usize = 4;
/// Longest user name or password, in bytes.
const LONGEST_SECRET: usize = 4_096;

/// Endpoints, in the order in which they were made.
#[utoipa::path(get, path = "/api/v1/endpoints", tag = "endpoints", params(PageQuery),
    responses((status = 200, body = Page<EndpointView>)))]
pub(crate) async fn list(
    _: Viewer,
    state: web::Data<Courier>,
    page: web::Query<PageQuery>,
) -> Result<web::Json<Page<EndpointView>>, ApiError> {
    let (limit, after) = (page.limit()?, page.cursor::<EndpointId>()?);
    let items = state.store.read(move |conn| endpoints::list(conn, after, limit + 1)).await?;
    Ok(web::Json(Page::of(items, limit, |endpoint| endpoint.id.to_string())))
}

/// One endpoint.
#[utoipa::path(get, path = "/api/v1/endpoints/{id}", tag = "endpoints", params(("id" = Uuid, Path)),
    responses((status = 200, body = EndpointView), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn get(
    caller: Viewer,
    state: web::Data<Courier>,
    id: web::Path<Uuid>,
) -> Result<web::Json<EndpointView>, ApiError> {
    let (id, is_admin) = (id.into_inner().into(), caller.0.role == Role::Admin);
    let look = move |conn: &mut Conn| {
        let mut view = endpoints::view(conn, id)?;
        if is_admin {
            view.config = endpoints::get(conn, id)?.config;
        }
        Ok(view)
    };
    Ok(web::Json(state.store.read(look).await?))
}

/// Makes an endpoint. The answer is the only one that has a webhook's signing secret.
#[utoipa::path(post, path = "/api/v1/endpoints", tag = "endpoints", request_body = NewEndpoint,
    responses((status = 201, body = EndpointMade),
        (status = 409, description = "The name is taken", body = fairlead_web::error::ProblemJson),
        (status = 422, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn create(
    caller: Admin,
    state: web::Data<Courier>,
    new: web::Json<NewEndpoint>,
) -> Result<HttpResponse, ApiError> {
    let new = new.into_inner();
    let id = EndpointId::new(&state.clock);
    let wish = new.secrets.clone().unwrap_or_default();
    let mut open = asked_for(&state, id, &Kept::default(), &wish)?;
    let mut keys = Vec::new();
    let mut signing_secret = None;
    if new.config.kind() == EndpointKind::Webhook {
        let secret = fresh_signing_secret().map_err(ApiError::internal)?;
        keys.push(shown(&state, 1, &secret));
        signing_secret = Some(secret.expose().to_owned());
        open.signing.push(secret);
    }
    check(&state, &new.config, &open).await?;
    let kept = state.lanes.sealer().close(id, &open, keys).map_err(ApiError::internal)?;
    let (clock, actor) = (state.clock.clone(), caller.0.name);
    let made_it = state.store.write(move |tx| {
        let checked = endpoints::create(tx, &clock, id, &new, &kept, &actor)?;
        if checked.is_ok() {
            let detail = told(&new);
            let subject = format!("endpoint {id}");
            audit::record(
                tx,
                &clock,
                &Entry { actor: &actor, action: "endpoint.create", subject, detail: &detail },
            )?;
        }
        Ok(checked)
    });
    made(made_it.await)?;
    let endpoint = changed(&state, id).await?;
    Ok(HttpResponse::Created().json(EndpointMade { endpoint, signing_secret }))
}

/// Changes an endpoint. Secrets that are left out stay as they are, each by itself; an empty one goes. An endpoint that is on
/// is tried at once.
#[utoipa::path(put, path = "/api/v1/endpoints/{id}", tag = "endpoints", params(("id" = Uuid, Path)),
    request_body = NewEndpoint,
    responses((status = 200, body = EndpointView), (status = 404, body = fairlead_web::error::ProblemJson),
        (status = 409, description = "The name is taken", body = fairlead_web::error::ProblemJson),
        (status = 422, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn change(
    caller: Admin,
    state: web::Data<Courier>,
    id: web::Path<Uuid>,
    new: web::Json<NewEndpoint>,
) -> Result<web::Json<EndpointView>, ApiError> {
    let (id, mut new) = (EndpointId::from(id.into_inner()), new.into_inner());
    let Endpoint { config, secrets: before, .. } =
        state.store.read(move |conn| endpoints::get(conn, id)).await?;
    keep_address(&mut new.config, &config);
    let open = match &new.secrets {
        Some(wish) => asked_for(&state, id, &before, wish)?,
        // What does not open is a failure of its own.
        None => state.lanes.sealer().open_secrets(id, &before).unwrap_or_default(),
    };
    check(&state, &new.config, &open).await?;
    let (courier, actor) = (state.clone(), caller.0.name);
    let change = state.store.write(move |tx| {
        let clock = &courier.clock;
        endpoints::claim(tx, id)?;
        let kept = match &new.secrets {
            Some(wish) => Some(changed_secrets(tx, courier.lanes.sealer(), id, wish)?),
            None => None,
        };
        let checked = endpoints::change(tx, clock, id, &new, kept.as_ref())?;
        if checked.is_ok() {
            record(tx, clock, &actor, "endpoint.change", id, &told(&new))?;
            if new.enabled {
                endpoints::resume(tx, clock, id)?;
                fairlead_bus::enqueue(tx, clock, &DeliveryWaiting { target_id: id.uuid() }, None)?;
            }
        }
        Ok(checked)
    });
    made(change.await)?;
    state.lanes.look_again(id);
    Ok(web::Json(changed(&state, id).await?))
}

/// Deletes an endpoint that no route delivers to. What waits for it is discarded.
#[utoipa::path(delete, path = "/api/v1/endpoints/{id}", tag = "endpoints", params(("id" = Uuid, Path)),
    responses((status = 204, description = "It is gone"), (status = 404, body = fairlead_web::error::ProblemJson),
        (status = 409, description = "Routes deliver to it", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn remove(
    caller: Admin,
    state: web::Data<Courier>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let id = EndpointId::from(id.into_inner());
    let (clock, actor) = (state.clock.clone(), caller.0.name);
    let removed = state.store.write(move |tx| {
        let checked = endpoints::remove(tx, &clock, id)?;
        if let Ok(name) = &checked {
            record(tx, &clock, &actor, "endpoint.delete", id, name)?;
        }
        Ok(checked)
    });
    made(removed.await)?;
    state.lanes.look_again(id);
    state.lanes.forget(id);
    state.bus.publish(&LiveEvent::EndpointGone { id });
    Ok(HttpResponse::NoContent().finish())
}

/// Switches an endpoint on: what waits for it goes out now.
#[utoipa::path(post, path = "/api/v1/endpoints/{id}/enable", tag = "endpoints", params(("id" = Uuid, Path)),
    request_body = ChangeReason,
    responses((status = 200, body = EndpointView), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn enable(
    caller: Admin,
    state: web::Data<Courier>,
    id: web::Path<Uuid>,
    reason: web::Json<ChangeReason>,
) -> Result<web::Json<EndpointView>, ApiError> {
    switch(&caller, &state, id.into_inner().into(), true, reason.into_inner().reason).await
}

/// Switches an endpoint off: what comes for it waits.
#[utoipa::path(post, path = "/api/v1/endpoints/{id}/disable", tag = "endpoints", params(("id" = Uuid, Path)),
    request_body = ChangeReason,
    responses((status = 200, body = EndpointView), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn disable(
    caller: Admin,
    state: web::Data<Courier>,
    id: web::Path<Uuid>,
    reason: web::Json<ChangeReason>,
) -> Result<web::Json<EndpointView>, ApiError> {
    switch(&caller, &state, id.into_inner().into(), false, reason.into_inner().reason).await
}

async fn switch(
    caller: &Admin,
    state: &Courier,
    id: EndpointId,
    on: bool,
    reason: String,
) -> Result<web::Json<EndpointView>, ApiError> {
    let (clock, actor) = (state.clock.clone(), caller.0.name.clone());
    state
        .store
        .write(move |tx| {
            endpoints::enable(tx, &clock, id, on)?;
            if on {
                fairlead_bus::enqueue(tx, &clock, &DeliveryWaiting { target_id: id.uuid() }, None)?;
            }
            let action = if on { "endpoint.enable" } else { "endpoint.disable" };
            record(tx, &clock, &actor, action, id, &reason)
        })
        .await?;
    state.lanes.look_again(id);
    Ok(web::Json(changed(state, id).await?))
}

/// Delivers a small test to an endpoint, also to one that is off, and answers what came of it. It is tried once.
#[utoipa::path(post, path = "/api/v1/endpoints/{id}/test", tag = "endpoints", params(("id" = Uuid, Path)),
    responses((status = 200, body = DeliveryDetail), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn test(
    caller: Admin,
    state: web::Data<Courier>,
    id: web::Path<Uuid>,
) -> Result<web::Json<DeliveryDetail>, ApiError> {
    Ok(web::Json(trial::run(&state, id.into_inner().into(), caller.0.name).await?))
}

/// Makes a new signing secret for a webhook, answered this once. Those that are there go on signing, too.
#[utoipa::path(post, path = "/api/v1/endpoints/{id}/signing-keys", tag = "endpoints", params(("id" = Uuid, Path)),
    responses((status = 201, body = EndpointMade), (status = 404, body = fairlead_web::error::ProblemJson),
        (status = 409, description = "There are five", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn add_key(
    caller: Admin,
    state: web::Data<Courier>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let id = EndpointId::from(id.into_inner());
    let secret = fresh_signing_secret().map_err(ApiError::internal)?;
    let (fresh, of) = (secret.clone(), state.get_ref().clone());
    let rekey = move |open: &mut OpenSecrets, keys: &mut Vec<SigningKeyView>| {
        if keys.len() >= MOST_KEYS {
            let sentence =
                format!("{MOST_KEYS} secrets sign already. Delete one that nobody checks any more.");
            return Err(Flaw::Busy(sentence));
        }
        let number = keys.iter().map(|key| key.number).max().unwrap_or(0).saturating_add(1);
        keys.insert(0, shown(&of, number, &fresh));
        open.signing.insert(0, fresh.clone());
        Ok(number)
    };
    let endpoint = keys_changed(&caller, &state, id, "endpoint.key.add", rekey).await?;
    let signing_secret = Some(secret.expose().to_owned());
    Ok(HttpResponse::Created().json(EndpointMade { endpoint, signing_secret }))
}

/// Deletes a signing secret of a webhook; the last one stays.
#[utoipa::path(delete, path = "/api/v1/endpoints/{id}/signing-keys/{number}", tag = "endpoints",
    params(("id" = Uuid, Path), ("number" = i32, Path)),
    responses((status = 200, body = EndpointView), (status = 404, body = fairlead_web::error::ProblemJson),
        (status = 409, description = "It is the last one", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn remove_key(
    caller: Admin,
    state: web::Data<Courier>,
    path: web::Path<(Uuid, i32)>,
) -> Result<web::Json<EndpointView>, ApiError> {
    let (id, number) = path.into_inner();
    let rekey = move |open: &mut OpenSecrets, keys: &mut Vec<SigningKeyView>| {
        let Some(place) = keys.iter().position(|key| key.number == number) else {
            return Err(Flaw::NoSuchGroup(String::new()));
        };
        if keys.len() == 1 {
            return Err(Flaw::Busy("The last secret stays: make another one first.".to_owned()));
        }
        keys.remove(place);
        if place < open.signing.len() {
            open.signing.remove(place);
        }
        Ok(number)
    };
    Ok(web::Json(keys_changed(&caller, &state, id.into(), "endpoint.key.delete", rekey).await?))
}

/// Changes what signs a webhook's deliveries; `rekey` says the number of the secret that it is about.
async fn keys_changed(
    caller: &Admin,
    state: &Courier,
    id: EndpointId,
    action: &'static str,
    rekey: impl Fn(&mut OpenSecrets, &mut Vec<SigningKeyView>) -> Result<i32, Flaw> + Send + 'static,
) -> Result<EndpointView, ApiError> {
    let (courier, actor) = (state.clone(), caller.0.name.clone());
    let change = state.store.write(move |tx| {
        endpoints::claim(tx, id)?;
        let endpoint = endpoints::get(tx, id)?;
        if endpoint.config.kind() != EndpointKind::Webhook {
            return Err(StoreError::Refused("Only a webhook has secrets that sign.".to_owned()));
        }
        let sealer = courier.lanes.sealer();
        let mut keys = endpoint.secrets.signing_keys.clone();
        let mut open = sealer.open_secrets(id, &endpoint.secrets).map_err(StoreError::Refused)?;
        match rekey(&mut open, &mut keys) {
            Ok(number) => {
                let kept: Kept = sealer.close(id, &open, keys).map_err(StoreError::Fault)?;
                endpoints::put_secrets(tx, &courier.clock, id, &kept)?;
                record(tx, &courier.clock, &actor, action, id, &format!("number {number}"))?;
                Ok(Ok(()))
            }
            Err(Flaw::NoSuchGroup(_)) => Err(StoreError::NotFound),
            Err(flaw) => Ok(Err(vec![flaw])),
        }
    });
    made(change.await)?;
    changed(state, id).await
}

/// What may be shown of a signing secret.
fn shown(courier: &Courier, number: i32, secret: &Secret) -> SigningKeyView {
    let hint = secret.expose().trim_start_matches("whsec_").chars().take(HINT).collect();
    SigningKeyView { number, hint, created_at: courier.clock.now() }
}

/// The secrets that an endpoint has after a change: what is not said stays, and what is said to be empty goes.
fn merged(
    sealer: &Sealer,
    id: EndpointId,
    before: &Kept,
    wish: &EndpointSecrets,
) -> Result<OpenSecrets, String> {
    let open = match sealer.open_secrets(id, before) {
        Ok(open) => open,
        Err(why) if !before.signing_keys.is_empty() => return Err(why),
        Err(why) if before.has_password && wish.password.is_none() => return Err(why),
        // What cannot be opened is replaced, where nothing in it is needed.
        Err(_) => OpenSecrets { username: before.username.clone(), ..OpenSecrets::default() },
    };
    let username = wish.username.clone().or(open.username).filter(|name| !name.is_empty());
    let password = wish.password.clone().or(open.password).filter(|password| !password.is_empty());
    Ok(OpenSecrets { username, password, signing: open.signing })
}

/// As [`merged`], where what a person says can be used.
fn asked_for(
    state: &Courier,
    id: EndpointId,
    before: &Kept,
    wish: &EndpointSecrets,
) -> Result<OpenSecrets, ApiError> {
    let EndpointSecrets { username, password } = wish;
    let longest =
        username.as_ref().map_or(0, String::len).max(password.as_ref().map_or(0, |p| p.expose().len()));
    if longest > LONGEST_SECRET {
        let sentence = format!("A user name or a password has at most {LONGEST_SECRET} bytes.");
        return Err(ApiError::new(Code::Unprocessable, sentence));
    }
    merged(state.lanes.sealer(), id, before, wish).map_err(|why| ApiError::new(Code::InTheWay, why))
}

/// As [`merged`], sealed; of an endpoint that nobody else changes meanwhile.
fn changed_secrets(
    tx: &mut Tx<'_>,
    sealer: &Sealer,
    id: EndpointId,
    wish: &EndpointSecrets,
) -> Result<Kept, StoreError> {
    let before = endpoints::get(tx, id)?.secrets;
    let open = merged(sealer, id, &before, wish).map_err(StoreError::Refused)?;
    sealer.close(id, &open, before.signing_keys).map_err(StoreError::Fault)
}

/// An address as it is shown in short is the one that is there.
fn keep_address(new: &mut EndpointConfig, before: &EndpointConfig) {
    if let (EndpointConfig::Webhook { url, .. }, EndpointConfig::Webhook { url: was, .. }) = (new, before)
        && *url == before.clone().in_short().url()
    {
        url.clone_from(was);
    }
}

/// What the audit log says of an endpoint: its address without what may be a key.
fn told(new: &NewEndpoint) -> String {
    format!("{}: {}", new.name.trim(), new.config.clone().in_short().url())
}

/// What can be said of how an endpoint is reached before anything is delivered.
async fn check(state: &Courier, config: &EndpointConfig, open: &OpenSecrets) -> Result<(), ApiError> {
    let refused = |why: String| ApiError::all(Code::Unprocessable, vec![why]);
    if config.kind() == EndpointKind::Webhook && config.url().contains('…') {
        return Err(refused("This address is as it is shown in short. Give it whole.".to_owned()));
    }
    // An address that is none is a flaw that is found with all others.
    let Ok(url) = url::Url::parse(config.url()) else { return Ok(()) };
    if config.kind() == EndpointKind::Webhook
        && let Some(why) = state.lanes.ground().dialling.early_refusal_of(&url).await
    {
        return Err(refused(why));
    }
    Driver::open(config, open, state.lanes.ground()).map(drop).map_err(refused)
}

fn record(
    tx: &mut Tx<'_>,
    clock: &fairlead_model::Clock,
    actor: &str,
    action: &str,
    id: EndpointId,
    detail: &str,
) -> Result<(), StoreError> {
    audit::record(tx, clock, &Entry { actor, action, subject: format!("endpoint {id}"), detail })
}

/// How an endpoint is now that was changed; the pages are told.
async fn changed(state: &Courier, id: EndpointId) -> Result<EndpointView, ApiError> {
    let view = state.store.read(move |conn| endpoints::view(conn, id)).await?;
    news::endpoint(state, view.clone());
    Ok(view)
}

/// What was made, or all that stands against it: 409 where that is only what is there already, else 422.
fn made<T>(checked: Result<Checked<T>, StoreError>) -> Result<T, ApiError> {
    match checked {
        Err(StoreError::Conflict(_)) => {
            Err(ApiError::new(Code::InTheWay, "Somebody made one of this name at the same time."))
        }
        checked => checked?.map_err(|flaws| {
            let in_the_way = flaws.iter().all(|flaw| flaw.status() == Status::InTheWay);
            let code = if in_the_way { Code::InTheWay } else { Code::Unprocessable };
            ApiError::all(code, flaws.iter().map(Flaw::to_string).collect())
        }),
    }
}
