//! Repositories: how each mirror is, fetching one now, and what can be chosen in it.

use std::collections::HashMap;

use actix_web::{HttpResponse, web};
use fairlead_model::VersionId;
use fairlead_model::firmware::{RevisionKind, RevisionView, SourceView};
use fairlead_store::audit::{self, Entry};
use fairlead_store::firmware::{sources, versions};
use fairlead_web::{ApiError, Code, Operator, Page, PageQuery, Viewer};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::git::{CommitFacts, Mirror, Resolved, RunError};
use crate::news;
use crate::service::Firmware;

/// Longest text that is looked for, in bytes.
const LONGEST_SEARCH: usize = 200;

/// Branches that are looked at where none is named, the first that is there.
const USUAL: [&str; 3] = ["main", "master", "trunk"];

/// All repositories, with how each mirror is.
#[utoipa::path(get, path = "/api/v1/firmware/sources", tag = "firmware", responses((status = 200, body = Vec<SourceView>)))]
pub(crate) async fn list(
    _: Viewer,
    state: web::Data<Firmware>,
) -> Result<web::Json<Vec<SourceView>>, ApiError> {
    let mut views = Vec::new();
    for mirror in state.mirrors.all() {
        views.push(view(&state, mirror).await?);
    }
    Ok(web::Json(views))
}

/// Has a repository fetched soon, beside its timer.
#[utoipa::path(post, path = "/api/v1/firmware/sources/{name}/fetch", tag = "firmware", params(("name" = String, Path)),
    responses((status = 202, description = "It is fetched soon; the live line tells how it went", body = SourceView),
        (status = 404, body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn fetch(
    caller: Operator,
    state: web::Data<Firmware>,
    name: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let mirror = mirror(&state, &name)?;
    let (clock, actor, subject) = (state.clock.clone(), caller.0.name, format!("firmware source {name}"));
    state
        .store
        .write(move |tx| {
            let entry =
                Entry { actor: &actor, action: "firmware.fetch", subject: subject.clone(), detail: "" };
            audit::record(tx, &clock, &entry)
        })
        .await?;
    mirror.wanted.notify_one();
    Ok(HttpResponse::Accepted().json(view(&state, mirror).await?))
}

/// What can be chosen is listed so.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RevisionsQuery {
    /// `branch`, `tag` or `commit`.
    #[param(inline)]
    kind: RevisionKind,
    /// For commits: of which branch. Where it is not said, of `main`, `master` or `trunk`, or else of the newest branch.
    branch: Option<String>,
    /// Only those with this in their name or words; of commits also the one with this id.
    q: Option<String>,
    /// Revisions in the page, 1 to 500; 50 where it is not said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Branches, tags, or the commits of a branch, newest first.
#[utoipa::path(get, path = "/api/v1/firmware/sources/{name}/revisions", tag = "firmware",
    params(("name" = String, Path), RevisionsQuery),
    responses((status = 200, body = Page<RevisionView>), (status = 404, body = fairlead_web::error::ProblemJson),
        (status = 503, description = "The repository was not fetched yet", body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn revisions(
    _: Viewer,
    state: web::Data<Firmware>,
    name: web::Path<String>,
    query: web::Query<RevisionsQuery>,
) -> Result<web::Json<Page<RevisionView>>, ApiError> {
    let RevisionsQuery { kind, branch, q, limit, cursor } = query.into_inner();
    let page = PageQuery { limit, cursor };
    let limit = page.limit()?;
    let wanted = q.unwrap_or_default().trim().to_owned();
    if wanted.len() > LONGEST_SEARCH || wanted.contains(char::is_control) {
        return Err(ApiError::new(
            Code::BadRequest,
            format!("q has at most {LONGEST_SEARCH} bytes of text."),
        ));
    }
    let mirror = fetched(&state, &name).await?;
    let _turn = state.questions.acquire().await.map_err(ApiError::internal)?;
    let mut found = match kind {
        RevisionKind::Commit => commits(mirror, branch.as_deref(), &wanted, limit, page.cursor()?).await?,
        kind => refs(mirror, kind, &wanted, limit, page.cursor()?).await?,
    };
    let ids: Vec<String> = found.items.iter().map(|revision| revision.commit.clone()).collect();
    let source = mirror.source.name.clone();
    let versions: HashMap<String, VersionId> =
        state.store.read(move |conn| versions::of_commits(conn, &source, &ids)).await?;
    for revision in &mut found.items {
        revision.version_id = versions.get(&revision.commit).copied();
    }
    Ok(web::Json(found))
}

/// A page of branches or tags. The cursor is time and name of the page's last one.
async fn refs(
    mirror: &Mirror,
    kind: RevisionKind,
    wanted: &str,
    limit: i64,
    cursor: Option<String>,
) -> Result<Page<RevisionView>, ApiError> {
    let wanted = wanted.to_lowercase();
    let after = match &cursor {
        None => None,
        Some(cursor) => Some(
            cursor.split_once(' ').and_then(|(at, name)| Some((at.parse::<i64>().ok()?, name))).ok_or_else(
                || ApiError::new(Code::BadRequest, "cursor is not one that this list gave out."),
            )?,
        ),
    };
    let is_after = |revision: &RevisionView| {
        after.is_none_or(|(at, name)| {
            let time = revision.committed_at.micros();
            time < at || (time == at && revision.name.as_str() > name)
        })
    };
    let is_wanted = |revision: &RevisionView| {
        let texts = [&revision.name, &revision.subject, &revision.author, &revision.commit];
        wanted.is_empty() || texts.iter().any(|text| text.to_lowercase().contains(&wanted))
    };
    let all = mirror.refs(kind).await.map_err(silent)?;
    let more = usize::try_from(limit).unwrap_or(0).saturating_add(1);
    let items = all.into_iter().filter(|one| is_after(one) && is_wanted(one)).take(more).collect();
    Ok(Page::of(items, limit, |last| format!("{} {}", last.committed_at.micros(), last.name)))
}

/// A page of commits. The cursor is the branch's commit as it was on the first page, and how many were shown: pages fit
/// together although the branch grows.
async fn commits(
    mirror: &Mirror,
    branch: Option<&str>,
    wanted: &str,
    limit: i64,
    cursor: Option<String>,
) -> Result<Page<RevisionView>, ApiError> {
    let (tip, shown) = match cursor {
        Some(cursor) => cursor
            .split_once(' ')
            .filter(|(tip, _)| tip.len() >= 40 && tip.bytes().all(|c| c.is_ascii_hexdigit()))
            .and_then(|(tip, shown)| Some((tip.to_owned(), shown.parse::<usize>().ok()?)))
            .ok_or_else(|| ApiError::new(Code::BadRequest, "cursor is not one that this list gave out."))?,
        None => (tip_of(mirror, branch).await?, 0),
    };
    // A commit's id leads to it, wherever it is.
    if shown == 0
        && wanted.len() >= 7
        && wanted.bytes().all(|c| c.is_ascii_hexdigit())
        && let Resolved::Commit(facts) = mirror.resolve(wanted).await.map_err(silent)?
        && facts.commit.starts_with(&wanted.to_ascii_lowercase())
    {
        return Ok(Page { items: vec![of_commit(facts)], next_cursor: None });
    }
    let more = usize::try_from(limit).unwrap_or(0).saturating_add(1);
    let found = mirror.commits(&tip, wanted, shown, more).await.map_err(silent)?;
    let next = shown + more - 1;
    Ok(Page::of(found.into_iter().map(of_commit).collect(), limit, |_| format!("{tip} {next}")))
}

async fn tip_of(mirror: &Mirror, branch: Option<&str>) -> Result<String, ApiError> {
    let branches = mirror.refs(RevisionKind::Branch).await.map_err(silent)?;
    let named = |name: &str| branches.iter().find(|one| one.name == name);
    let found = match branch {
        Some(name) => named(name),
        None => USUAL.into_iter().find_map(named).or_else(|| branches.first()),
    };
    match (found, branch) {
        (Some(found), _) => Ok(found.commit.clone()),
        (None, Some(name)) => Err(ApiError::new(Code::NotFound, format!("There is no branch {name}."))),
        (None, None) => Err(ApiError::new(Code::NotFound, "The repository has no branches.")),
    }
}

fn of_commit(facts: CommitFacts) -> RevisionView {
    RevisionView {
        kind: RevisionKind::Commit,
        name: facts.commit.clone(),
        commit: facts.commit,
        subject: facts.subject,
        author: facts.author,
        committed_at: facts.committed_at,
        version_id: None,
    }
}

async fn view(firmware: &Firmware, mirror: &Mirror) -> Result<SourceView, ApiError> {
    let name = mirror.source.name.clone();
    let row = firmware.store.read(move |conn| sources::get(conn, &name)).await?;
    Ok(news::view(&mirror.source, row))
}

fn mirror<'f>(firmware: &'f Firmware, name: &str) -> Result<&'f Mirror, ApiError> {
    let found = firmware.mirrors.get(name);
    found.map(AsRef::as_ref).ok_or_else(|| {
        ApiError::new(Code::NotFound, format!("The settings name no firmware repository `{name}`."))
    })
}

/// A mirror that was fetched at least once.
///
/// # Errors
/// [`Code::NotFound`], or [`Code::Unavailable`] with what is wrong with it.
pub(super) async fn fetched<'f>(firmware: &'f Firmware, name: &str) -> Result<&'f Mirror, ApiError> {
    let mirror = mirror(firmware, name)?;
    // The row is of all processes; this one's folder may be new, or have been lost.
    if mirror.is_filled() {
        return Ok(mirror);
    }
    let view = view(firmware, mirror).await?;
    let why = view.failure.unwrap_or_else(|| "It is being fetched for the first time.".to_owned());
    let sentence = format!("{name} was not fetched yet. {why}");
    Err(ApiError::new(Code::Unavailable, sentence).retry_after(10))
}

/// Git did not answer about a mirror of ours.
pub(super) fn silent(error: RunError) -> ApiError {
    ApiError::internal(error)
}
