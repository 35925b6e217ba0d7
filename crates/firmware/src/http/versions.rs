//! Versions: choosing one, looking at it and its files, taking it off the disk.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use fairlead_model::VersionId;
use fairlead_model::firmware::{SignatureState, VersionState, VersionView};
use fairlead_store::audit::{self, Entry};
use fairlead_store::firmware::versions::{self, FileRow, Filter, VersionRow};
use fairlead_store::{StoreError, Tx};
use fairlead_web::{ApiError, Code, Operator, Page, PageQuery, Viewer};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::sources::{fetched, silent};
use crate::git::{CommitFacts, Resolved};
use crate::news;
use crate::service::Firmware;

/// Longest word for a revision, in bytes.
const LONGEST_REVISION: usize = 200;

/// Which versions are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Only those of this repository.
    source: Option<String>,
    /// Only those in this state.
    #[param(inline)]
    state: Option<VersionState>,
    /// Versions in the page, 1 to 500; 50 where it is not said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[param(format = Uuid)]
    cursor: Option<String>,
}

/// Versions that were chosen, newest first.
#[utoipa::path(get, path = "/api/v1/firmware/versions", tag = "firmware", params(ListQuery),
    responses((status = 200, body = Page<VersionView>)))]
pub(crate) async fn list(
    _: Viewer,
    state: web::Data<Firmware>,
    query: web::Query<ListQuery>,
) -> Result<web::Json<Page<VersionView>>, ApiError> {
    let ListQuery { source, state: wanted, limit, cursor } = query.into_inner();
    let page = PageQuery { limit, cursor };
    let (limit, before) = (page.limit()?, page.cursor::<VersionId>()?);
    let filter = Filter { source, state: wanted, before };
    let items = state
        .store
        .read(move |conn| {
            versions::list(conn, &filter, limit + 1)?.into_iter().map(VersionRow::view).collect()
        })
        .await?;
    Ok(web::Json(Page::of(items, limit, |version: &VersionView| version.id.to_string())))
}

/// What is to become a version.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewVersion {
    /// The repository.
    source: String,
    /// A branch, a tag, a commit's id or its beginning (7 digits at least). `refs/heads/…` and `refs/tags/…` tell a branch
    /// and a tag of one name apart.
    revision: String,
}

/// Chooses a version: its commit is fixed now, and it is prepared soon. What was refused before is tried anew.
#[utoipa::path(post, path = "/api/v1/firmware/versions", tag = "firmware", request_body = NewVersion,
    responses((status = 201, body = VersionView), (status = 200, description = "This commit was chosen before", body = VersionView),
        (status = 404, body = fairlead_web::error::ProblemJson),
        (status = 422, description = "There is no such revision", body = fairlead_web::error::ProblemJson),
        (status = 503, description = "The repository was not fetched yet", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn choose(
    caller: Operator,
    state: web::Data<Firmware>,
    new: web::Json<NewVersion>,
) -> Result<HttpResponse, ApiError> {
    let NewVersion { source, revision } = new.into_inner();
    let revision = revision.trim().to_owned();
    if revision.is_empty() || revision.len() > LONGEST_REVISION {
        let sentence = format!("revision has 1 to {LONGEST_REVISION} bytes.");
        return Err(ApiError::new(Code::BadRequest, sentence));
    }
    let mirror = fetched(&state, &source).await?;
    let facts = match mirror.resolve(&revision).await.map_err(silent)? {
        Resolved::Commit(facts) => facts,
        Resolved::Nothing => {
            return Err(ApiError::new(
                Code::Unprocessable,
                format!(
                    "{source} has no branch, tag or commit `{revision}`. If it was pushed just now, fetch the \
                     repository first."
                ),
            ));
        }
        Resolved::Ambiguous => {
            return Err(ApiError::new(
                Code::Unprocessable,
                format!(
                    "{source} has a branch and a tag `{revision}`; write refs/heads/{revision} or refs/tags/{revision}."
                ),
            ));
        }
    };
    let by = caller.0.name;
    let chosen = Chosen { source, revision, facts, by: by.clone() };
    let (firmware, work) = (state.get_ref().clone(), chosen.clone());
    let taken = state.store.write(move |tx| take(tx, &firmware, &work)).await;
    let (row, status) = match taken {
        // Two at once: the other one was first.
        Err(StoreError::Conflict(_)) => {
            let firmware = state.get_ref().clone();
            state.store.write(move |tx| take(tx, &firmware, &chosen)).await?
        }
        taken => taken?,
    };
    // It is kept again when it is prepared, in this process or in another one.
    if let Err(error) = mirror.keep(row.id.into(), &row.commit_id).await {
        tracing::warn!(%error, "a version's commit was not kept in the mirror; preparing it does so");
    }
    state.chosen.notify_one();
    let row = if row.state()? == VersionState::Ready { judged_again(&state, row, &by).await? } else { row };
    news::version(&state, row.clone());
    Ok(HttpResponse::build(status).json(row.view()?))
}

/// What somebody has chosen.
#[derive(Clone)]
struct Chosen {
    source: String,
    revision: String,
    facts: CommitFacts,
    by: String,
}

fn take(
    tx: &mut Tx<'_>,
    firmware: &Firmware,
    chosen: &Chosen,
) -> Result<(VersionRow, StatusCode), StoreError> {
    let facts = &chosen.facts;
    let found = versions::by_commit(tx, &chosen.source, &facts.commit)?;
    let (row, status) = match found {
        Some(found) => {
            let mut row = versions::claim(tx, found.id.into())?;
            if row.state()? != VersionState::Refused {
                return Ok((row, StatusCode::OK));
            }
            row.revision.clone_from(&chosen.revision);
            row.asked_by.clone_from(&chosen.by);
            row.state = VersionState::Preparing.as_str().to_owned();
            row.cause = None;
            versions::change(tx, VersionState::Refused, &row)?;
            (row, StatusCode::OK)
        }
        None => {
            let row = fresh(firmware, chosen);
            versions::insert(tx, &row)?;
            (row, StatusCode::CREATED)
        }
    };
    let subject = format!("firmware version {}", VersionId::from(row.id));
    let detail = format!("{} {} {}", chosen.source, chosen.revision, facts.commit);
    let entry = Entry { actor: &chosen.by, action: "firmware.choose", subject, detail: &detail };
    audit::record(tx, &firmware.clock, &entry)?;
    Ok((row, status))
}

fn fresh(firmware: &Firmware, chosen: &Chosen) -> VersionRow {
    VersionRow {
        id: VersionId::new(&firmware.clock).into(),
        source: chosen.source.clone(),
        revision: chosen.revision.clone(),
        commit_id: chosen.facts.commit.clone(),
        subject: chosen.facts.subject.clone(),
        author: chosen.facts.author.clone(),
        committed_at: chosen.facts.committed_at.into(),
        state: VersionState::Preparing.as_str().to_owned(),
        cause: None,
        digest: None,
        files: 0,
        directories: 0,
        bytes: 0,
        signature: SignatureState::Unsigned.as_str().to_owned(),
        signed_by: None,
        asked_by: chosen.by.clone(),
        created_at: firmware.clock.now().into(),
        ready_at: None,
    }
}

/// A version that is ready, chosen again: a tag may vouch for it by now, or a key that was not known before.
async fn judged_again(firmware: &Firmware, row: VersionRow, by: &str) -> Result<VersionRow, ApiError> {
    let judgement = match firmware.library.judge(&row).await {
        Ok(Some(judgement)) => judgement,
        Ok(None) => return Ok(row),
        Err(error) => {
            tracing::warn!(%error, "a version's signature was not looked at again");
            return Ok(row);
        }
    };
    let mut now = row.clone();
    now.signature = judgement.state.as_str().to_owned();
    now.signed_by = judgement.signed_by;
    now.cause = judgement.note;
    if now == row {
        return Ok(row);
    }
    let (clock, by) = (firmware.clock.clone(), by.to_owned());
    let work = move |tx: &mut Tx<'_>| {
        if !versions::change(tx, VersionState::Ready, &now)? {
            // Somebody has removed it meanwhile.
            return versions::get(tx, now.id.into());
        }
        let subject = format!("firmware version {}", VersionId::from(now.id));
        let who = now.signed_by.as_ref().map(|key| format!(", signed by {key}")).unwrap_or_default();
        let detail = format!("{} {} is {} now{who}", now.source, now.commit_id, now.signature);
        let entry = Entry { actor: &by, action: "firmware.judge", subject, detail: &detail };
        audit::record(tx, &clock, &entry)?;
        Ok(now.clone())
    };
    Ok(firmware.store.write(work).await?)
}

/// One version.
#[utoipa::path(get, path = "/api/v1/firmware/versions/{id}", tag = "firmware", params(("id" = Uuid, Path)),
    responses((status = 200, body = VersionView), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn get(
    _: Viewer,
    state: web::Data<Firmware>,
    id: web::Path<Uuid>,
) -> Result<web::Json<VersionView>, ApiError> {
    let id = VersionId::from(id.into_inner());
    Ok(web::Json(state.store.read(move |conn| versions::get(conn, id)?.view()).await?))
}

/// A file of a version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FileView {
    /// As git knows it.
    path: String,
    /// Its length.
    bytes: i64,
    /// SHA-1 of its content, in hexadecimal.
    sha1: String,
    /// SHA-256 of its content, in hexadecimal.
    sha256: String,
}

/// Which files are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FilesQuery {
    /// Files in the page, 1 to 500; 50 where it is not said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The files of a version, by path.
#[utoipa::path(get, path = "/api/v1/firmware/versions/{id}/files", tag = "firmware",
    params(("id" = Uuid, Path), FilesQuery),
    responses((status = 200, body = Page<FileView>), (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn files(
    _: Viewer,
    state: web::Data<Firmware>,
    id: web::Path<Uuid>,
    query: web::Query<FilesQuery>,
) -> Result<web::Json<Page<FileView>>, ApiError> {
    let FilesQuery { limit, cursor } = query.into_inner();
    let limit = PageQuery { limit, cursor: None }.limit()?;
    let id = VersionId::from(id.into_inner());
    let rows = state.store.read(move |conn| {
        versions::get(conn, id)?;
        versions::files(conn, id, cursor.as_deref(), limit + 1)
    });
    let view =
        |row: FileRow| FileView { path: row.path, bytes: row.bytes, sha1: row.sha1, sha256: row.sha256 };
    let items = rows.await?.into_iter().map(view).collect();
    Ok(web::Json(Page::of(items, limit, |file: &FileView| file.path.clone())))
}

/// Takes a version off the disk. It cannot be given out any more; chosen again, it is prepared anew.
#[utoipa::path(delete, path = "/api/v1/firmware/versions/{id}", tag = "firmware", params(("id" = Uuid, Path)),
    responses((status = 200, body = VersionView), (status = 404, body = fairlead_web::error::ProblemJson),
        (status = 409, description = "A device or a roll-out needs it", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn remove(
    caller: Operator,
    state: web::Data<Firmware>,
    id: web::Path<Uuid>,
) -> Result<web::Json<VersionView>, ApiError> {
    let id = VersionId::from(id.into_inner());
    let (clock, actor) = (state.clock.clone(), caller.0.name);
    let removed = state.store.write(move |tx| {
        let mut row = versions::claim(tx, id)?;
        if let Some(needed) = need(tx, id)? {
            return Ok(Err(needed));
        }
        let was = row.state()?;
        row.state = VersionState::Refused.as_str().to_owned();
        row.cause = Some(format!("Removed by {actor}."));
        versions::change(tx, was, &row)?;
        let subject = format!("firmware version {id}");
        let detail = format!("{} {} {}", row.source, row.revision, row.commit_id);
        let entry = Entry { actor: &actor, action: "firmware.remove", subject, detail: &detail };
        audit::record(tx, &clock, &entry)?;
        Ok(Ok(row))
    });
    let row = removed.await?.map_err(|needed| ApiError::new(Code::InTheWay, needed))?;
    if let Some(mirror) = state.mirrors.get(&row.source)
        && let Err(error) = mirror.let_go(id).await
    {
        tracing::warn!(%error, "a removed version's commit stays in the mirror");
    }
    if let Err(error) = state.library.clear_out().await {
        tracing::warn!(%error, "a removed version's folder stays on the disk for now");
    }
    news::version(&state, row.clone());
    Ok(web::Json(row.view()?))
}

/// Why a version cannot be removed, in a sentence.
fn need(tx: &mut Tx<'_>, id: VersionId) -> Result<Option<String>, StoreError> {
    let (jobs, rollout) = versions::needed_by(tx, id)?;
    if jobs > 0 {
        return Ok(Some(format!(
            "{jobs} devices are fetching it, or are about to. Cancel their upgrades first."
        )));
    }
    Ok(rollout.map(|name| format!("The roll-out {name} has not ended. Cancel it first.")))
}
