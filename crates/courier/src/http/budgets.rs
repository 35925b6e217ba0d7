//! Budgets of credits: how much may be spent, and how much is.

use actix_web::{HttpResponse, web};
use fairlead_model::budget::{BudgetScope, BudgetView, NewBudget};
use fairlead_model::problem::{ProblemKind, ProblemState};
use fairlead_model::{BudgetId, ProblemId};
use fairlead_store::audit::{self, Entry};
use fairlead_store::satellite::mt::audience;
use fairlead_store::satellite::mt::budgets::{self, BudgetRow};
use fairlead_store::{Conn, StoreError, Tx, problems};
use fairlead_web::{Admin, ApiError, Code, Page, PageQuery, Viewer};
use uuid::Uuid;

use crate::budget::called;
use crate::jobs::sweep;
use crate::news;
use crate::service::Courier;

/// Most credits of a budget.
const MOST: i64 = 1_000_000_000;

/// A change that was made, or all that stands against it.
type Checked<T> = Result<T, ApiError>;

/// Budgets, in the order in which they were made, with what is spent of each.
#[utoipa::path(get, path = "/api/v1/budgets", tag = "outgoing", params(PageQuery),
    responses((status = 200, body = Page<BudgetView>)))]
pub(crate) async fn list(
    _: Viewer,
    state: web::Data<Courier>,
    page: web::Query<PageQuery>,
) -> Result<web::Json<Page<BudgetView>>, ApiError> {
    let (limit, after) = (page.limit()?, page.cursor::<Uuid>()?.map(BudgetId::from));
    let now = state.clock.now();
    let look = move |conn: &mut Conn| {
        let rows = budgets::list(conn, after, limit + 1)?;
        rows.iter().map(|row| budgets::view(conn, row, now)).collect()
    };
    let items = state.store.read(look).await?;
    Ok(web::Json(Page::of(items, limit, |budget: &BudgetView| budget.id.to_string())))
}

/// Adds a budget. There is one for each account, group or device and period.
#[utoipa::path(post, path = "/api/v1/budgets", tag = "outgoing", request_body = NewBudget,
    responses((status = 201, body = BudgetView),
        (status = 409, description = "There is one of this scope and period", body = fairlead_web::error::ProblemJson),
        (status = 422, description = "All that is wrong is in `errors`", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn add(
    caller: Admin,
    state: web::Data<Courier>,
    new: web::Json<NewBudget>,
) -> Result<HttpResponse, ApiError> {
    let (courier, actor, new) = (state.get_ref().clone(), caller.0.name, new.into_inner());
    let added = state.store.write(move |tx| {
        let row = BudgetRow::new(&courier.clock, &new, &actor);
        if let Err(error) = check(tx, &courier, &new, &row)? {
            return Ok(Err(error));
        }
        budgets::insert(tx, &row)?;
        note(tx, &courier, &actor, "budget.add", &row)?;
        Ok(Ok(budgets::view(tx, &row, courier.clock.now())?))
    });
    Ok(HttpResponse::Created().json(added.await.map_err(raced)??))
}

/// Changes a budget. What waits for it is looked at again.
#[utoipa::path(put, path = "/api/v1/budgets/{id}", tag = "outgoing", params(("id" = Uuid, Path)),
    request_body = NewBudget,
    responses((status = 200, body = BudgetView), (status = 404, body = fairlead_web::error::ProblemJson),
        (status = 409, description = "There is one of this scope and period", body = fairlead_web::error::ProblemJson),
        (status = 422, description = "All that is wrong is in `errors`", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn change(
    caller: Admin,
    state: web::Data<Courier>,
    id: web::Path<Uuid>,
    new: web::Json<NewBudget>,
) -> Result<web::Json<BudgetView>, ApiError> {
    let (courier, actor, new) = (state.get_ref().clone(), caller.0.name, new.into_inner());
    let id = BudgetId::from(id.into_inner());
    let changed = state.store.write(move |tx| {
        let row = budgets::get(tx, id)?.changed(&new);
        if let Err(error) = check(tx, &courier, &new, &row)? {
            return Ok(Err(error));
        }
        budgets::put(tx, &row)?;
        note(tx, &courier, &actor, "budget.change", &row)?;
        let settled = settle(tx, &courier, id, ProblemState::Repaired)?;
        Ok(Ok((budgets::view(tx, &row, courier.clock.now())?, settled)))
    });
    let (view, settled) = changed.await.map_err(raced)??;
    look_again(&state, settled).await?;
    Ok(web::Json(view))
}

/// Removes a budget: nothing waits for it any more.
#[utoipa::path(delete, path = "/api/v1/budgets/{id}", tag = "outgoing", params(("id" = Uuid, Path)),
    responses((status = 204, description = "It is gone"), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn remove(
    caller: Admin,
    state: web::Data<Courier>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let (courier, actor, id) = (state.get_ref().clone(), caller.0.name, BudgetId::from(id.into_inner()));
    let removed = state.store.write(move |tx| {
        let row = budgets::get(tx, id)?;
        budgets::remove(tx, id)?;
        note(tx, &courier, &actor, "budget.remove", &row)?;
        settle(tx, &courier, id, ProblemState::Discarded)
    });
    let settled = removed.await.map_err(raced)?;
    look_again(&state, settled).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// All that stands against a budget.
fn check(
    conn: &mut Conn,
    courier: &Courier,
    new: &NewBudget,
    row: &BudgetRow,
) -> Result<Checked<()>, StoreError> {
    let mut flaws = Vec::new();
    if !(0..=MOST).contains(&new.credits) {
        flaws.push(format!("A budget has 0 to {MOST} credits, not {}.", new.credits));
    }
    if new.warn_percent.is_some_and(|percent| !(1..=100).contains(&percent)) {
        flaws.push("warn_percent is a number from 1 to 100.".to_owned());
    }
    let missing = match &new.scope {
        BudgetScope::Account { name } if courier.account(name).is_none() => {
            let names: Vec<&str> = courier.accounts.keys().copied().collect();
            Some(format!("There is no account `{name}`; there are {}.", names.join(", ")))
        }
        BudgetScope::Group { id } if audience::group_name(conn, *id)?.is_none() => {
            Some(format!("There is no group {id}."))
        }
        BudgetScope::Device { id } if audience::device_name(conn, *id)?.is_none() => {
            Some(format!("There is no device {id}."))
        }
        _ => None,
    };
    flaws.extend(missing);
    if !flaws.is_empty() {
        return Ok(Err(ApiError::all(Code::Unprocessable, flaws)));
    }
    if budgets::same(conn, row)?.is_some() {
        let sentence = format!("There is {} already. Change that one.", called(conn, row)?);
        return Ok(Err(ApiError::new(Code::InTheWay, sentence)));
    }
    Ok(Ok(()))
}

fn note(
    tx: &mut Tx<'_>,
    courier: &Courier,
    actor: &str,
    action: &str,
    row: &BudgetRow,
) -> Result<(), StoreError> {
    let subject = format!("budget {}", BudgetId::from(row.id));
    let detail = format!("{}: {} credits", called(tx, row)?, row.credits);
    audit::record(tx, &courier.clock, &Entry { actor, action, subject, detail: &detail })
}

/// What a person was warned of is out of date.
fn settle(
    tx: &mut Tx<'_>,
    courier: &Courier,
    id: BudgetId,
    state: ProblemState,
) -> Result<Option<ProblemId>, StoreError> {
    problems::settle_subject(tx, &courier.clock, ProblemKind::BudgetLow, &id.to_string(), state)
}

/// What waits may not have to any more.
async fn look_again(courier: &Courier, settled: Option<ProblemId>) -> Result<(), ApiError> {
    news::problems(courier, settled.into_iter().collect()).await;
    Ok(sweep::announce(courier, None).await?)
}

fn raced(error: StoreError) -> ApiError {
    match error {
        StoreError::NotFound => ApiError::not_found("budget"),
        StoreError::Conflict(_) => {
            ApiError::new(Code::InTheWay, "Somebody made a budget of this scope and period just now.")
        }
        other => other.into(),
    }
}
