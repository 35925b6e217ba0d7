//! `POST /api/v1/import`: messages from a file that was exported from a provider's pages, as `fairlead import` does it.

use std::time::Duration;

use actix_web::web;
use fairlead_model::Imei;
use fairlead_web::{ApiError, Code, Operator};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::import::{ClosedGap, Import, NotUnderstood, Report, Table};
use crate::service::State;

/// Longest file, bytes.
const MAX_BODY: usize = 50 << 20;

/// How long a file may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(300);

/// Rows that were not understood that are named.
const MOST_NAMED: usize = 100;

/// Longest name of a file, in characters.
const LONGEST_NAME: usize = 100;

/// How a file is imported.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportQuery {
    /// From whose pages it is.
    #[param(inline)]
    provider: ImportProvider,
    /// Only say what would come of it.
    #[serde(default)]
    dry_run: bool,
    /// The modem of rows that name none.
    imei: Option<String>,
    /// The file's name, for the audit log.
    file: Option<String>,
}

/// A provider whose exported files can be read.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ImportProvider {
    /// RockBLOCK.
    Rockblock,
}

/// What came of a file. Rows are counted from 1, without the heading.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessagesImport {
    /// Whether nothing was changed.
    dry_run: bool,
    /// Rows in the file.
    rows: usize,
    /// Messages that are new.
    new: usize,
    /// Of those, how many were given a number because exactly they were missing.
    numbered: usize,
    /// Of those, how many have no number: a gap around them stays open.
    without_number: usize,
    /// Messages that were here already.
    known: usize,
    /// Rows about messages to devices, which are left out.
    to_devices: usize,
    /// Headings of columns that nobody recognised, and that were left out.
    unknown_columns: Vec<String>,
    /// Gaps that the new messages close, the first hundred.
    closes: Vec<ClosedGap>,
    /// How many rows were not understood.
    faulty: usize,
    /// The first hundred of them, and why.
    faulty_rows: Vec<NotUnderstood>,
}

impl MessagesImport {
    fn of(report: Report, dry_run: bool) -> Self {
        let mut faulty_rows = report.not_understood;
        let faulty = faulty_rows.len();
        faulty_rows.truncate(MOST_NAMED);
        Self {
            dry_run,
            rows: report.rows,
            new: report.new,
            numbered: report.numbered,
            without_number: report.without_number,
            known: report.known,
            to_devices: report.to_devices,
            unknown_columns: report.unknown_columns,
            closes: report.closes,
            faulty,
            faulty_rows,
        }
    }
}

/// Puts in messages from a file of the provider's pages, CSV or JSON, at most 50 MiB. What is here already is left out, so
/// a file that was cut off is sent again.
#[utoipa::path(post, path = "/api/v1/import", tag = "messages", params(ImportQuery),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = MessagesImport),
        (status = 413, description = "Larger than 50 MiB", body = fairlead_web::error::ProblemJson),
        (status = 422, description = "It is no such file", body = fairlead_web::error::ProblemJson),
        (status = 429, description = "Another file is being imported", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn import(
    caller: Operator,
    state: web::Data<State>,
    query: web::Query<ImportQuery>,
    body: web::Payload,
) -> Result<web::Json<MessagesImport>, ApiError> {
    let ImportQuery { provider: ImportProvider::Rockblock, dry_run, imei, file } = query.into_inner();
    let imei: Option<Imei> = imei
        .map(|text| text.parse().map_err(|why| ApiError::new(Code::BadRequest, format!("imei: {why}."))))
        .transpose()?;
    // One file at a time is held in memory. Whoever goes away in the middle lets the next one in.
    let _alone = state.importing.try_lock().map_err(|_| {
        ApiError::new(Code::TooMany, "Another file is being imported. Wait until it is done.").retry_after(10)
    })?;
    let bytes = read(body).await?;
    let table = web::block(move || Table::read(&bytes)).await.map_err(ApiError::internal)?;
    let table = table.map_err(|why| ApiError::new(Code::Unprocessable, why))?;
    let import = Import { file: name(file), imei, dry_run, actor: caller.0.name };
    let report = import.run(&state.store, &state.clock, &table).await?;
    Ok(web::Json(MessagesImport::of(report, dry_run)))
}

fn name(file: Option<String>) -> String {
    let name = file.unwrap_or_default();
    let name: String = name.trim().chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    if name.is_empty() { "without a name".to_owned() } else { name }
}

async fn read(body: web::Payload) -> Result<web::Bytes, ApiError> {
    let late = || ApiError::new(Code::BadRequest, "The file did not arrive in time.");
    let too_large = || {
        let sentence = format!("A file has at most {} MiB. Export it in parts.", MAX_BODY >> 20);
        ApiError::new(Code::TooLarge, sentence)
    };
    let whole = tokio::time::timeout(BODY_TIME, body.to_bytes_limited(MAX_BODY)).await.map_err(|_| late())?;
    whole
        .map_err(|_| too_large())?
        .map_err(|e| ApiError::new(Code::BadRequest, format!("The file cannot be read: {e}.")))
}
