//! Endpoints and routes by the numbers that old scripts know.

use std::collections::HashMap;

use diesel::prelude::*;
use fairlead_model::endpoint::EndpointKind;
use fairlead_model::{EndpointId, RouteId};

use super::routes::RouteRow;
use crate::schema::{endpoints, routes};
use crate::{Conn, Id, StoreError};

/// The numbers of these endpoints; those that have none are left out.
///
/// # Errors
/// What the database says.
pub fn of_endpoints(conn: &mut Conn, ids: &[EndpointId]) -> Result<HashMap<EndpointId, i64>, StoreError> {
    let ids: Vec<Id> = ids.iter().copied().map(Id::from).collect();
    let rows: Vec<(Id, Option<i64>)> = endpoints::table
        .filter(endpoints::id.eq_any(ids))
        .filter(endpoints::kind.eq(EndpointKind::Sqs.as_str()))
        .select((endpoints::id, endpoints::number))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|(id, number)| Some((id.into(), number?))).collect())
}

/// The route of a number.
///
/// # Errors
/// What the database says.
pub fn route(conn: &mut Conn, number: i64) -> Result<Option<RouteId>, StoreError> {
    let numbered = routes::table.filter(routes::number.eq(number)).select(routes::id);
    Ok(numbered.first::<Id>(conn).optional()?.map(Into::into))
}

/// One page of the routes of single devices by their numbers, behind `after`.
///
/// # Errors
/// What the database says.
pub fn routes_of_devices(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<RouteRow>, StoreError> {
    Ok(routes::table
        .filter(routes::number.gt(after))
        .filter(routes::source_kind.eq("device"))
        .order(routes::number)
        .limit(limit)
        .select(RouteRow::as_select())
        .load(conn)?)
}
