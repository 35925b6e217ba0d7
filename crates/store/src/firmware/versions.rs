//! Versions that were chosen from a repository, and their files.

use std::collections::HashMap;

use diesel::prelude::*;
use fairlead_model::VersionId;
use fairlead_model::firmware::{RolloutState, SignatureState, VersionState, VersionView};

use crate::columns::Digest;
use crate::dialect::{insert_rows, on_either};
use crate::schema::{firmware_files, firmware_versions, rollouts, upgrade_jobs};
use crate::{Conn, Id, Micros, StoreError, Tx};

/// Longest cause and subject that are kept, in characters.
const SENTENCE: usize = 1_000;

/// Longest revision and author that are kept, in characters.
const NAME: usize = 200;

/// Rows in one insert.
const TOGETHER: usize = 500;

/// Most files that a version has; what prepares them refuses more.
pub const MOST_FILES: i64 = 5_000;

/// A version that was chosen.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = firmware_versions)]
#[diesel(treat_none_as_default_value = false)]
pub struct VersionRow {
    /// Its id.
    pub id: Id,
    /// The repository.
    pub source: String,
    /// The branch, tag or commit as it was chosen.
    pub revision: String,
    /// The commit.
    pub commit_id: String,
    /// The commit's subject.
    pub subject: String,
    /// Who wrote it.
    pub author: String,
    /// When it was committed.
    pub committed_at: Micros,
    /// How it is.
    pub state: String,
    /// Why it cannot be given out; of one that can, what is wrong with its signature.
    pub cause: Option<String>,
    /// SHA-256 of the list of its files, once it was prepared.
    pub digest: Option<Digest>,
    /// Files in it.
    pub files: i64,
    /// Folders in it, the root left out.
    pub directories: i64,
    /// Bytes of all files.
    pub bytes: i64,
    /// Who vouches for it.
    pub signature: String,
    /// The key that does, by its name.
    pub signed_by: Option<String>,
    /// Who chose it.
    pub asked_by: String,
    /// When.
    pub created_at: Micros,
    /// When it was prepared.
    pub ready_at: Option<Micros>,
}

/// What changes of a version.
#[derive(AsChangeset)]
#[diesel(table_name = firmware_versions)]
#[diesel(treat_none_as_null = true)]
struct Changes {
    revision: String,
    state: String,
    cause: Option<String>,
    digest: Option<Digest>,
    files: i64,
    directories: i64,
    bytes: i64,
    signature: String,
    signed_by: Option<String>,
    asked_by: String,
    ready_at: Option<Micros>,
}

/// A file of a version.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = firmware_files)]
pub struct FileRow {
    /// The version.
    pub version_id: Id,
    /// As git knows it, without `./`.
    pub path: String,
    /// Its length.
    pub bytes: i64,
    /// SHA-1 of its content, in hexadecimal.
    pub sha1: String,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
}

/// Which versions to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those of this repository.
    pub source: Option<String>,
    /// Only those in this state.
    pub state: Option<VersionState>,
    /// Only those chosen before this one (a page's cursor).
    pub before: Option<VersionId>,
}

impl VersionRow {
    /// How it is.
    ///
    /// # Errors
    /// [`StoreError::Fault`] where the row holds what this program never writes.
    pub fn state(&self) -> Result<VersionState, StoreError> {
        self.state.parse().map_err(StoreError::Fault)
    }

    /// Who vouches for it.
    ///
    /// # Errors
    /// [`StoreError::Fault`] where the row holds what this program never writes.
    pub fn signature(&self) -> Result<SignatureState, StoreError> {
        self.signature.parse().map_err(StoreError::Fault)
    }

    /// The version as shown.
    ///
    /// # Errors
    /// [`StoreError::Fault`] where the row holds what this program never writes.
    pub fn view(self) -> Result<VersionView, StoreError> {
        let (state, signature) = (self.state()?, self.signature()?);
        Ok(VersionView {
            id: self.id.into(),
            source: self.source,
            revision: self.revision,
            commit: self.commit_id,
            subject: self.subject,
            author: self.author,
            committed_at: self.committed_at.into(),
            state,
            cause: self.cause,
            digest: self.digest.map(|digest| hex::encode(digest.0)),
            files: self.files,
            bytes: self.bytes,
            signature,
            signed_by: self.signed_by,
            created_at: self.created_at.into(),
            asked_by: self.asked_by,
        })
    }
}

/// Writes down a version that was just chosen.
///
/// # Errors
/// [`StoreError::Conflict`] where this commit of this repository is there already.
pub fn insert(tx: &mut Tx<'_>, row: &VersionRow) -> Result<(), StoreError> {
    let mut row = row.clone();
    row.subject = row.subject.chars().take(SENTENCE).collect();
    row.author = row.author.chars().take(NAME).collect();
    row.revision = row.revision.chars().take(NAME).collect();
    diesel::insert_into(firmware_versions::table).values(row).execute(&mut **tx)?;
    Ok(())
}

/// Changes a version that is still in the state `was`; false where it is not any more.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none.
pub fn change(tx: &mut Tx<'_>, was: VersionState, row: &VersionRow) -> Result<bool, StoreError> {
    let changes = Changes {
        revision: row.revision.chars().take(NAME).collect(),
        state: row.state.clone(),
        cause: row.cause.as_ref().map(|cause| cause.chars().take(SENTENCE).collect()),
        digest: row.digest,
        files: row.files,
        directories: row.directories,
        bytes: row.bytes,
        signature: row.signature.clone(),
        signed_by: row.signed_by.as_ref().map(|name| name.chars().take(NAME).collect()),
        asked_by: row.asked_by.clone(),
        ready_at: row.ready_at,
    };
    // Held from here on, so that nobody changes it between the look and the change.
    if claim(tx, row.id.into())?.state != was.as_str() {
        return Ok(false);
    }
    diesel::update(firmware_versions::table.find(row.id)).set(changes).execute(&mut **tx)?;
    Ok(true)
}

/// Replaces the files that were noted of a version.
///
/// # Errors
/// What the database says.
pub fn put_files(tx: &mut Tx<'_>, version: VersionId, files: &[FileRow]) -> Result<(), StoreError> {
    let old = firmware_files::table.filter(firmware_files::version_id.eq(Id::from(version)));
    diesel::delete(old).execute(&mut **tx)?;
    for portion in files.chunks(TOGETHER) {
        insert_rows!(&mut **tx, diesel::insert_into(firmware_files::table), portion.iter());
    }
    Ok(())
}

/// One version.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none.
pub fn get(conn: &mut Conn, id: VersionId) -> Result<VersionRow, StoreError> {
    Ok(firmware_versions::table.find(Id::from(id)).select(VersionRow::as_select()).first(conn)?)
}

/// The version that was made of a commit.
///
/// # Errors
/// What the database says.
pub fn by_commit(conn: &mut Conn, source: &str, commit: &str) -> Result<Option<VersionRow>, StoreError> {
    Ok(firmware_versions::table
        .filter(firmware_versions::source.eq(source))
        .filter(firmware_versions::commit_id.eq(commit))
        .select(VersionRow::as_select())
        .first(conn)
        .optional()?)
}

/// The versions that were made of these commits, by commit.
///
/// # Errors
/// What the database says.
pub fn of_commits(
    conn: &mut Conn,
    source: &str,
    commits: &[String],
) -> Result<HashMap<String, VersionId>, StoreError> {
    let rows: Vec<(String, Id)> = firmware_versions::table
        .filter(firmware_versions::source.eq(source))
        .filter(firmware_versions::commit_id.eq_any(commits))
        .select((firmware_versions::commit_id, firmware_versions::id))
        .load(conn)?;
    Ok(rows.into_iter().map(|(commit, id)| (commit, id.into())).collect())
}

/// One page of versions, newest first.
///
/// # Errors
/// What the database says.
pub fn list(conn: &mut Conn, filter: &Filter, limit: i64) -> Result<Vec<VersionRow>, StoreError> {
    let mut query = firmware_versions::table.select(VersionRow::as_select()).into_boxed();
    if let Some(source) = &filter.source {
        query = query.filter(firmware_versions::source.eq(source.clone()));
    }
    if let Some(state) = filter.state {
        query = query.filter(firmware_versions::state.eq(state.as_str()));
    }
    if let Some(before) = filter.before {
        query = query.filter(firmware_versions::id.lt(Id::from(before)));
    }
    Ok(query.order(firmware_versions::id.desc()).limit(limit).load(conn)?)
}

/// Versions that wait to be prepared, oldest first, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn preparing(conn: &mut Conn, limit: i64) -> Result<Vec<VersionRow>, StoreError> {
    Ok(firmware_versions::table
        .filter(firmware_versions::state.eq(VersionState::Preparing.as_str()))
        .order(firmware_versions::id)
        .limit(limit)
        .select(VersionRow::as_select())
        .load(conn)?)
}

/// The digests of the versions that were prepared last, newest first, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn newest_digests(conn: &mut Conn, limit: i64) -> Result<Vec<Digest>, StoreError> {
    let found: Vec<Option<Digest>> = firmware_versions::table
        .filter(firmware_versions::state.eq(VersionState::Ready.as_str()))
        .order(firmware_versions::ready_at.desc())
        .limit(limit)
        .select(firmware_versions::digest)
        .load(conn)?;
    Ok(found.into_iter().flatten().collect())
}

/// The digests of versions that some device is fetching, or is about to.
///
/// # Errors
/// What the database says.
pub fn digests_in_use(conn: &mut Conn) -> Result<Vec<Digest>, StoreError> {
    let busy = upgrade_jobs::table
        .filter(upgrade_jobs::active_device.is_not_null())
        .select(upgrade_jobs::version_id);
    let found: Vec<Option<Digest>> = firmware_versions::table
        .filter(firmware_versions::id.eq_any(busy))
        .select(firmware_versions::digest)
        .distinct()
        .load(conn)?;
    Ok(found.into_iter().flatten().collect())
}

/// Why a version is needed: how many devices have a job with it that goes on, and the name of a roll-out that has not
/// ended.
///
/// # Errors
/// What the database says.
pub fn needed_by(conn: &mut Conn, id: VersionId) -> Result<(i64, Option<String>), StoreError> {
    let jobs = upgrade_jobs::table
        .filter(upgrade_jobs::version_id.eq(Id::from(id)))
        .filter(upgrade_jobs::active_device.is_not_null())
        .count()
        .get_result(conn)?;
    let over = [RolloutState::Finished.as_str(), RolloutState::Cancelled.as_str()];
    let rollout = rollouts::table
        .filter(rollouts::version_id.eq(Id::from(id)))
        .filter(rollouts::state.ne_all(over))
        .select(rollouts::name)
        .first(conn)
        .optional()?;
    Ok((jobs, rollout))
}

/// A page of a version's files, by path, after the one of path `after`.
///
/// # Errors
/// What the database says.
pub fn files(
    conn: &mut Conn,
    version: VersionId,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<FileRow>, StoreError> {
    Ok(firmware_files::table
        .filter(firmware_files::version_id.eq(Id::from(version)))
        .filter(firmware_files::path.gt(after.unwrap_or_default()))
        .order(firmware_files::path)
        .limit(limit)
        .select(FileRow::as_select())
        .load(conn)?)
}

/// What a device with the version `from` (or with none that is known) has to fetch for `to`: the number of files that
/// are new or different, and their bytes.
///
/// # Errors
/// What the database says.
pub fn changed(conn: &mut Conn, from: Option<VersionId>, to: VersionId) -> Result<(i64, i64), StoreError> {
    let mut has = HashMap::new();
    if let Some(from) = from {
        has.extend(files(conn, from, None, MOST_FILES)?.into_iter().map(|file| (file.path, file.sha256)));
    }
    let wanted = files(conn, to, None, MOST_FILES)?;
    let different = wanted.iter().filter(|file| has.get(&file.path) != Some(&file.sha256));
    Ok(different.fold((0, 0), |(count, bytes), file| (count + 1, bytes + file.bytes)))
}

/// Locks a version until the transaction ends, where the database can, and returns it as it is now.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none.
pub fn claim(tx: &mut Tx<'_>, id: VersionId) -> Result<VersionRow, StoreError> {
    // Writing a row locks it on either database.
    let same = firmware_versions::files.eq(firmware_versions::files);
    let target = firmware_versions::table.find(Id::from(id));
    on_either!(&mut **tx, c => diesel::update(target).set(same).execute(c))?;
    get(tx, id)
}
